//! The commits that need to be looked at: a handful of the hundred thousands that there are.
//!
//! A commit can be moved on along its branch until the first stretch that it lies in ends, and
//! still serves what it served. So only last commits of stretches matter; and of those only the
//! ones that some stretch begins before and since the last one that was kept, because the others
//! serve nothing that that one does not. The ends of stretches that are known to lie on several
//! branches at once matter as well: moving along one branch would leave the others.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
};

use super::{Offer, Place, Places, Revision, Stretch};
use crate::CommitId;

/// Which point serves which pin, and how well.
#[derive(Debug, Default)]
pub(super) struct Table {
    /// For each point, the pins it serves, each with its rank: how many newer versions the pin
    /// offers than the newest one here.
    pub serves: Vec<Vec<(u32, u32)>>,
}

/// The commits that matter.
#[derive(Debug)]
pub(super) struct Points {
    /// In the order of the branches, and along each from the oldest.
    commits: Vec<Revision>,
    /// What they serve.
    pub table: Table,
}

/// How large a table may be. Pins such as `*`, a thousand of them, offer more; then the points are
/// thinned out.
const MOST_ENTRIES: usize = 3_000_000;

/// A stretch that serves a pin.
struct Interval {
    pin: u32,
    rank: u32,
    first: Place,
    last: Place,
}

/// The stretches on each branch.
type Lines = BTreeMap<Arc<str>, Vec<Interval>>;

impl Points {
    /// The commits that matter for these pins.
    pub fn of(pins: &[&[Offer]], places: &Places) -> Self {
        let mut lines = Lines::new();
        for (pin, offers) in (0..).zip(pins) {
            for (rank, offer) in (0..).zip(offers.iter()) {
                for Stretch { branch, first, last } in &offer.stretches {
                    let interval = Interval { pin, rank, first: *first, last: *last };
                    lines.entry(branch.clone()).or_default().push(interval);
                }
            }
        }
        let each =
            |intervals: &[Interval]| intervals.iter().map(|i| (i.first.at, i.last)).collect();
        let shared = shared(pins, places);
        let mut commits = candidates(&lines, &shared, true, each);
        let mut here = places_of(&commits);
        let entries = served(&lines, &here).map(|(_, points)| points.len()).sum::<usize>();
        if entries > MOST_ENTRIES {
            commits = candidates(&lines, &shared, false, joined);
            here = places_of(&commits);
        }
        let mut serves: Vec<Vec<(u32, u32)>> = vec![Vec::new(); commits.len()];
        for (interval, points) in served(&lines, &here) {
            let served = (interval.pin, interval.rank);
            points.iter().for_each(|(_, point)| serves[*point].push(served));
        }
        for served in &mut serves {
            // The best rank of each pin.
            served.sort_unstable();
            served.dedup_by_key(|(pin, _)| *pin);
        }
        Self { commits, table: Table { serves } }
    }

    /// Where and what a point is.
    pub fn revision(&self, point: usize) -> Revision {
        self.commits[point].clone()
    }
}

/// The commits that matter where those stretches of each branch are looked at that `stretches` gives,
/// and if `every`, the ends that are `shared`.
fn candidates(
    lines: &Lines,
    shared: &Places,
    every: bool,
    stretches: impl Fn(&[Interval]) -> Vec<(u64, Place)>,
) -> Vec<Revision> {
    let mut commits: Vec<Revision> = Vec::new();
    let mut taken: HashSet<CommitId> = HashSet::new();
    for (branch, intervals) in lines {
        let mut own = needed(stretches(intervals));
        let ends = intervals.iter().flat_map(|interval| [interval.first, interval.last]);
        own.extend(ends.filter(|end| every && shared.contains_key(&end.commit.id)));
        own.sort_by_key(|place| place.at);
        for Place { at, commit } in own {
            if taken.insert(commit.id) {
                let places = shared.get(&commit.id).cloned();
                let places = places.unwrap_or_else(|| vec![(branch.clone(), at)]);
                commits.push(Revision { commit, places });
            }
        }
    }
    commits
}

/// Where points are on each branch, from the oldest, and which they are.
type Here = HashMap<Arc<str>, Vec<(u64, usize)>>;

fn places_of(commits: &[Revision]) -> Here {
    let mut here = Here::new();
    for (point, revision) in commits.iter().enumerate() {
        for (branch, at) in &revision.places {
            here.entry(branch.clone()).or_default().push((*at, point));
        }
    }
    here.values_mut().for_each(|points| points.sort_unstable());
    here
}

/// Each interval with the points in it.
fn served<'a>(
    lines: &'a Lines,
    here: &'a Here,
) -> impl Iterator<Item = (&'a Interval, &'a [(u64, usize)])> {
    lines.iter().flat_map(|(branch, intervals)| {
        let points = here.get(branch).map_or(&[][..], Vec::as_slice);
        intervals.iter().map(move |interval| {
            let from = points.partition_point(|(at, _)| *at < interval.first.at);
            let to = points.partition_point(|(at, _)| *at <= interval.last.at);
            (interval, &points[from..to.max(from)])
        })
    })
}

/// The last commits that matter of stretches of one branch: each that some stretch begins at or
/// before, and behind the last commit that was kept before it.
fn needed(mut stretches: Vec<(u64, Place)>) -> Vec<Place> {
    stretches.sort_unstable_by_key(|(first, _)| *first);
    let mut begun = stretches.iter().map(|(first, _)| *first).peekable();
    let mut ends: Vec<Place> = stretches.iter().map(|(_, last)| *last).collect();
    ends.sort_unstable_by_key(|last| last.at);
    let keep = |end: &Place| {
        let mut news = false;
        while begun.next_if(|first| *first <= end.at).is_some() {
            news = true;
        }
        news
    };
    ends.into_iter().filter(keep).collect()
}

/// The stretches of each pin without regard to versions: those that follow one another are one.
fn joined(intervals: &[Interval]) -> Vec<(u64, Place)> {
    let mut sorted: Vec<&Interval> = intervals.iter().collect();
    sorted.sort_unstable_by_key(|interval| (interval.pin, interval.first.at));
    let mut out: Vec<(u64, Place)> = Vec::new();
    let mut pin = None;
    for interval in sorted {
        match out.last_mut() {
            Some((_, last)) if pin == Some(interval.pin) && interval.first.at <= last.at + 1 => {
                if interval.last.at > last.at {
                    *last = interval.last;
                }
            }
            _ => out.push((interval.first.at, interval.last)),
        }
        pin = Some(interval.pin);
    }
    out
}

/// The ends of stretches that are on several branches, with all their places.
fn shared(pins: &[&[Offer]], known: &Places) -> Places {
    let mut places = Places::new();
    for stretch in pins.iter().flat_map(|offers| offers.iter()).flat_map(|o| &o.stretches) {
        for end in [stretch.first, stretch.last] {
            let own = places.entry(end.commit.id);
            let own = own.or_insert_with(|| known.get(&end.commit.id).cloned().unwrap_or_default());
            if own.iter().all(|(branch, _)| *branch != stretch.branch) {
                own.push((stretch.branch.clone(), end.at));
            }
        }
    }
    places.retain(|_, places| places.len() > 1);
    places.values_mut().for_each(|places| places.sort());
    places
}
