//! The smallest set of points that serves every pin; among the smallest the one with the smallest
//! sum of ranks.
//!
//! First a set is made by going along the points and taking one wherever a pin would be left
//! without. Then all smaller or better ones are searched, depth first: of the pins not served yet,
//! the one that the fewest points serve is served in each possible way. A branch of the search is
//! cut off where even the pins that share no point with each other need too many more. What is left
//! when the budget is used up is bettered by exchanging single points.

use super::points::Table;

/// How many steps the search may take: about a tenth of a second.
const BUDGET: u64 = 25_000_000;

/// How large a table may be, times the points taken from it, for the way that looks at all of it for
/// each point that it takes.
const MOST_LOOKS: usize = 50_000_000;

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    /// The points.
    pub points: Vec<usize>,
    /// Whether nothing better is possible.
    pub proved: bool,
}

/// Finds the set. Every one of the `pins` must be served by a point.
pub(super) fn smallest(table: &Table, pins: usize) -> Found {
    if pins == 0 {
        return Found { points: Vec::new(), proved: true };
    }
    let mut search = Search::new(table, pins);
    search.begin();
    let needed = search.lower_bound();
    if search.best.len() > needed || search.best_cost > search.floor {
        search.deepen();
    }
    let ended = search.steps <= BUDGET;
    let ideal = search.best.len() == needed && search.best_cost == search.floor;
    if !ended {
        search.exchange();
    }
    let proved = ended || ideal;
    Found { points: search.best, proved }
}

struct Search<'a> {
    /// For each point the pins it serves, with their ranks.
    serves: &'a [Vec<(u32, u32)>],
    /// For each pin the points that serve it, with its ranks there: the most wanted first.
    served_by: Vec<Vec<(u32, u32)>>,
    /// The pins, those whose last point comes first in front.
    by_last_point: Vec<u32>,
    /// The pins, those with the fewest points in front.
    by_choice: Vec<u32>,
    /// The sum of ranks that no set can be below.
    floor: u64,
    /// The points that were chosen on the way to this place of the search.
    chosen: Vec<usize>,
    /// By how many chosen points each pin is served.
    cover: Vec<u32>,
    /// How often each point was tried already in a branch beside this one.
    tried: Vec<u32>,
    /// When each point was last seen by [`Self::lower_bound`].
    seen: Vec<u64>,
    now: u64,
    steps: u64,
    best: Vec<usize>,
    best_cost: u64,
}

impl<'a> Search<'a> {
    fn new(table: &'a Table, pins: usize) -> Self {
        let serves = &table.serves[..];
        let mut served_by: Vec<Vec<(u32, u32)>> = vec![Vec::new(); pins];
        for (point, served) in (0..).zip(serves) {
            for (pin, rank) in served {
                served_by[*pin as usize].push((point, *rank));
            }
        }
        let last = |pin: &u32| served_by[*pin as usize].iter().map(|(point, _)| *point).max();
        let mut by_last_point: Vec<u32> = (0..).take(pins).collect();
        by_last_point.sort_by_key(last);
        let mut by_choice = by_last_point.clone();
        by_choice.sort_by_key(|pin| served_by[*pin as usize].len());
        let mut floor = 0;
        for points in &mut served_by {
            points.sort_unstable_by_key(|(point, rank)| (*rank, u32::MAX - *point));
            floor += u64::from(points.first().expect("every pin is served by a point").1);
        }
        Self {
            serves,
            served_by,
            by_last_point,
            by_choice,
            floor,
            chosen: Vec::new(),
            cover: vec![0; pins],
            tried: vec![0; serves.len()],
            seen: vec![0; serves.len()],
            now: 0,
            steps: 0,
            best: Vec::new(),
            best_cost: u64::MAX,
        }
    }

    /// A first set: taking a point wherever a pin would be left without; and another, taking the
    /// point that serves the most pins each time. The smaller one stays.
    fn begin(&mut self) {
        for pin in self.by_last_point.clone() {
            if self.cover[pin as usize] == 0 {
                let last = self.served_by[pin as usize].iter().map(|(point, _)| *point).max();
                self.choose(last.expect("every pin is served by a point") as usize);
            }
        }
        let by_order = self.without_needless();
        self.clear();
        let mut left = self.cover.len();
        let table: usize = self.serves.iter().map(Vec::len).sum();
        while left > 0 && table * by_order.len() < MOST_LOOKS {
            let gain = |point: &usize| {
                self.serves[*point].iter().filter(|(pin, _)| self.cover[*pin as usize] == 0).count()
            };
            let most = (0..self.serves.len()).max_by_key(gain);
            self.choose(most.expect("every pin is served by a point"));
            left = self.cover.iter().filter(|count| **count == 0).count();
            if self.chosen.len() >= by_order.len() {
                break;
            }
        }
        self.best = by_order;
        if left == 0 {
            let by_gain = self.without_needless();
            if by_gain.len() < self.best.len() {
                self.best = by_gain;
            }
        }
        self.clear();
        self.best_cost = self.cost(&self.best);
    }

    /// The chosen points less those whose pins the others serve as well.
    fn without_needless(&mut self) -> Vec<usize> {
        for point in self.chosen.clone() {
            let needless = self.serves[point].iter().all(|(pin, _)| self.cover[*pin as usize] > 1);
            if needless {
                self.drop_point(point);
                self.chosen.retain(|chosen| *chosen != point);
            }
        }
        self.chosen.clone()
    }

    fn choose(&mut self, point: usize) {
        self.chosen.push(point);
        for (pin, _) in &self.serves[point] {
            self.cover[*pin as usize] += 1;
        }
    }

    fn drop_point(&mut self, point: usize) {
        for (pin, _) in &self.serves[point] {
            self.cover[*pin as usize] -= 1;
        }
    }

    fn clear(&mut self) {
        self.chosen.clear();
        self.cover.fill(0);
    }

    /// The sum of the ranks that the pins get from these points, which must serve all.
    fn cost(&self, points: &[usize]) -> u64 {
        let mut ranks = vec![u32::MAX; self.cover.len()];
        for (pin, rank) in points.iter().flat_map(|point| &self.serves[*point]) {
            let known = &mut ranks[*pin as usize];
            *known = (*known).min(*rank);
        }
        ranks.into_iter().map(u64::from).sum()
    }

    /// How many points the pins that are not served yet need at least: as many as there are pins
    /// among them of which no two share a point.
    fn lower_bound(&mut self) -> usize {
        let by_last_point = std::mem::take(&mut self.by_last_point);
        let one = self.apart(&by_last_point);
        self.by_last_point = by_last_point;
        let by_choice = std::mem::take(&mut self.by_choice);
        let other = self.apart(&by_choice);
        self.by_choice = by_choice;
        one.max(other)
    }

    fn apart(&mut self, order: &[u32]) -> usize {
        self.now += 1;
        let mut count = 0;
        for pin in order {
            if self.cover[*pin as usize] > 0 {
                continue;
            }
            let points = &self.served_by[*pin as usize];
            self.steps += 1;
            let shares = points.iter().any(|(point, _)| {
                self.steps += 1;
                self.seen[*point as usize] == self.now
            });
            if !shares {
                count += 1;
                self.steps += points.len() as u64;
                for (point, _) in points {
                    self.seen[*point as usize] = self.now;
                }
            }
        }
        count
    }

    /// Searches below the points that are chosen.
    fn deepen(&mut self) {
        self.steps += self.cover.len() as u64;
        if self.steps > BUDGET {
            return;
        }
        let open = |pin: &&u32| self.cover[**pin as usize] == 0;
        let free = |pin: &u32| {
            let points = self.served_by[*pin as usize].iter();
            points.filter(|(point, _)| self.tried[*point as usize] == 0).count()
        };
        // The one with the fewest points is soon found: they are sorted by how many there were.
        let few = self.by_choice.iter().filter(open).take(8);
        let Some((_, pin)) = few.map(|pin| (free(pin), *pin)).min() else {
            let cost = self.cost(&self.chosen);
            self.steps += self.cover.len() as u64;
            if (self.chosen.len(), cost) < (self.best.len(), self.best_cost) {
                self.best = self.chosen.clone();
                self.best_cost = cost;
            }
            return;
        };
        let size = self.chosen.len() + self.lower_bound();
        if (size, self.least_cost()) >= (self.best.len(), self.best_cost) {
            return;
        }
        let points: Vec<usize> =
            self.served_by[pin as usize].iter().map(|p| p.0 as usize).collect();
        let mut left_out = Vec::new();
        for point in points {
            if self.tried[point] > 0 {
                continue;
            }
            self.choose(point);
            self.deepen();
            self.drop_point(point);
            self.chosen.pop();
            self.tried[point] += 1;
            left_out.push(point);
            if self.steps > BUDGET {
                break;
            }
        }
        for point in left_out {
            self.tried[point] -= 1;
        }
    }

    /// A sum of ranks that nothing found below here is under: each pin gets its best rank of those
    /// points that were chosen or not tried yet.
    fn least_cost(&mut self) -> u64 {
        let mut sum = 0;
        for points in &self.served_by {
            let mut best = u32::MAX;
            for (point, rank) in points {
                self.steps += 1;
                // Points are sorted by rank, and a point that was tried beside this branch is not
                // chosen in it.
                if self.tried[*point as usize] == 0 {
                    best = *rank;
                    break;
                }
            }
            sum += u64::from(best);
        }
        sum
    }

    /// Exchanges single points for others as long as that makes the sum of ranks smaller.
    fn exchange(&mut self) {
        let mut budget = BUDGET;
        let mut at = 0;
        let mut unchanged = 0;
        while unchanged < self.best.len() && budget > 0 {
            at = (at + 1) % self.best.len();
            match self.better_in_place_of(at, &mut budget) {
                Some((point, cost)) => {
                    self.best[at] = point;
                    self.best_cost = cost;
                    unchanged = 0;
                }
                None => unchanged += 1,
            }
        }
    }

    /// A point that in place of the one at `at` makes the sum smaller, and the sum.
    fn better_in_place_of(&self, at: usize, budget: &mut u64) -> Option<(usize, u64)> {
        let mut ranks = vec![u32::MAX; self.cover.len()];
        let others = self.best.iter().enumerate().filter(|(n, _)| *n != at);
        for (pin, rank) in others.flat_map(|(_, point)| &self.serves[*point]) {
            let known = &mut ranks[*pin as usize];
            *known = (*known).min(*rank);
        }
        let alone: Vec<usize> = (0..ranks.len()).filter(|pin| ranks[*pin] == u32::MAX).collect();
        let without: u64 = ranks.iter().filter(|r| **r != u32::MAX).map(|r| u64::from(*r)).sum();
        let pin = alone.iter().min_by_key(|pin| self.served_by[**pin].len())?;
        let mut found: Option<(usize, u64)> = None;
        for (point, _) in &self.served_by[*pin] {
            let served = &self.serves[*point as usize];
            *budget = budget.saturating_sub(served.len() as u64 + 1);
            let mut cost = without;
            let mut also = 0;
            for (pin, rank) in served {
                match ranks[*pin as usize] {
                    u32::MAX => {
                        also += 1;
                        cost += u64::from(*rank);
                    }
                    known => cost -= u64::from(known.saturating_sub(*rank)),
                }
            }
            let best = found.map_or(self.best_cost, |(_, cost)| cost);
            if also == alone.len() && cost < best {
                found = Some((*point as usize, cost));
            }
        }
        found
    }
}
