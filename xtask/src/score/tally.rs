//! What is right, wrong, too much and missing in what was said of a commit.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// A row of a table.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    pub path: &'a str,
    pub pname: &'a str,
    /// Empty where there is none.
    pub version: &'a str,
    /// Why there is no version, where somebody said so.
    pub why: &'a str,
}

/// Attribute paths, and whole sets, that count neither way.
pub struct Absent<'a> {
    paths: HashSet<&'a str>,
    sets: HashSet<&'a str>,
}

impl<'a> Absent<'a> {
    pub fn new(list: &'a str) -> Self {
        let named = list.lines().map(str::trim).filter(|line| !line.is_empty());
        let (sets, paths): (HashSet<_>, HashSet<_>) = named.partition(|name| name.ends_with(".*"));
        let sets = sets.iter().map(|set| set.trim_end_matches(".*")).collect();
        Self { paths, sets }
    }

    fn has(&self, path: &str) -> bool {
        let above = |(dot, _): (usize, &str)| self.sets.contains(&path[..dot]);
        self.paths.contains(path) || path.match_indices('.').any(above)
    }
}

/// How many pairs of attribute path and version of a kind there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    pub right: usize,
    /// Said with another version than the true one.
    pub wrong: usize,
    /// Said of a path that is not there.
    pub extra: usize,
    pub missing: usize,
}

impl Counts {
    /// How many there are in truth.
    pub fn truths(&self) -> usize {
        self.right + self.wrong + self.missing
    }

    /// The share of what there is that was said.
    pub fn recall(&self) -> f64 {
        share(self.right, self.truths())
    }

    /// The share of what was said that is true.
    pub fn precision(&self) -> f64 {
        share(self.right, self.right + self.wrong + self.extra)
    }

    fn bad(&self) -> usize {
        self.wrong + self.extra + self.missing
    }
}

#[expect(clippy::cast_precision_loss, reason = "a share is printed with two places")]
fn share(part: usize, all: usize) -> f64 {
    if all == 0 { 1.0 } else { part as f64 / all as f64 }
}

/// An attribute path, its true version and the one that was said.
pub type Example<'a> = (&'a str, &'a str, &'a str);

/// What came of holding what was said against the truth.
pub struct Tally<'a> {
    /// By first name; the top level's has no name.
    groups: BTreeMap<&'a str, Counts>,
    examples: BTreeMap<&'static str, Vec<Example<'a>>>,
    reasons: HashMap<&'a str, usize>,
    /// How many of the distinct pairs of name and version within sets were said of any path, and how
    /// many there are.
    pub distinct: (usize, usize),
}

impl<'a> Tally<'a> {
    /// Counts. What is absent, and what has no version in truth, counts neither way; nor does what
    /// was said of a set that the truth says nothing of.
    pub fn of(truth: &[Row<'a>], said: &[Row<'a>], absent: &Absent<'_>) -> Self {
        let above = |path: &'a str| path.rsplit_once('.').map_or("", |(set, _)| set);
        let covered: HashSet<&str> =
            truth.iter().map(|row| above(row.path)).chain(std::iter::once("")).collect();
        let counted: Vec<_> = truth.iter().filter(|row| !absent.has(row.path)).collect();
        let (versioned, without): (Vec<&Row<'_>>, Vec<&Row<'_>>) =
            counted.into_iter().partition(|row| !row.version.is_empty());
        let without: HashSet<&str> = without.iter().map(|row| row.path).collect();
        let truth: BTreeMap<&str, &Row<'_>> =
            versioned.iter().map(|row| (row.path, *row)).collect();
        let reasons: HashMap<&str, &str> = said.iter().map(|row| (row.path, row.why)).collect();
        let said: BTreeMap<&str, &Row<'_>> = said
            .iter()
            .filter(|row| !row.version.is_empty())
            .filter(|row| !absent.has(row.path) && !without.contains(row.path))
            .map(|row| (row.path, row))
            .collect();

        let inner = |rows: &BTreeMap<&'a str, &Row<'a>>| -> BTreeSet<(&'a str, &'a str)> {
            let inner = rows.values().filter(|row| row.path.contains('.'));
            inner.map(|row| (row.pname, row.version)).collect()
        };
        let (all, found) = (inner(&truth), inner(&said));
        let distinct = (all.intersection(&found).count(), all.len());
        let mut tally = Self {
            groups: BTreeMap::new(),
            examples: BTreeMap::new(),
            reasons: HashMap::new(),
            distinct,
        };
        for (path, row) in &truth {
            match said.get(path) {
                Some(found) if found.version == row.version => tally.group(path).right += 1,
                Some(found) => {
                    tally.group(path).wrong += 1;
                    tally.note("wrong", (path, row.version, found.version));
                }
                None => {
                    tally.group(path).missing += 1;
                    tally.note("missing", (path, row.version, "nothing"));
                    let why = reasons.get(path).copied().unwrap_or_default();
                    let why = if why.is_empty() { "nothing was said of it" } else { why };
                    *tally.reasons.entry(why).or_default() += 1;
                }
            }
        }
        for (path, row) in &said {
            if !truth.contains_key(path) && covered.contains(above(path)) {
                tally.group(path).extra += 1;
                tally.note("extra", (path, "nothing", row.version));
            }
        }
        tally
    }

    fn group(&mut self, path: &'a str) -> &mut Counts {
        self.groups.entry(path.split_once('.').map_or("", |(set, _)| set)).or_default()
    }

    fn note(&mut self, kind: &'static str, example: Example<'a>) {
        self.examples.entry(kind).or_default().push(example);
    }

    /// Of the top level.
    pub fn top(&self) -> Counts {
        self.groups.get("").copied().unwrap_or_default()
    }

    /// Of all sets together.
    pub fn sets(&self) -> Counts {
        let sets = self.groups.iter().filter(|(name, _)| !name.is_empty());
        sets.fold(Counts::default(), |sum, (_, of)| Counts {
            right: sum.right + of.right,
            wrong: sum.wrong + of.wrong,
            extra: sum.extra + of.extra,
            missing: sum.missing + of.missing,
        })
    }

    /// The sets with the most that is not as it should be, worst first.
    pub fn worst(&self, most: usize) -> Vec<(&'a str, &Counts)> {
        let sets = self.groups.iter().filter(|(name, of)| !name.is_empty() && of.bad() > 0);
        let mut sets: Vec<_> = sets.map(|(name, of)| (*name, of)).collect();
        sets.sort_by_key(|(_, of)| std::cmp::Reverse(of.bad()));
        sets.truncate(most);
        sets
    }

    /// What is not as it should be, by kind.
    pub fn examples(&self) -> &BTreeMap<&'static str, Vec<Example<'a>>> {
        &self.examples
    }

    /// Why what is missing is missing, most frequent first.
    pub fn reasons(&self) -> Vec<(&'a str, usize)> {
        let mut reasons: Vec<_> = self.reasons.iter().map(|(why, count)| (*why, *count)).collect();
        reasons.sort_by_key(|(why, count)| (std::cmp::Reverse(*count), *why));
        reasons
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(text: &str) -> Row<'_> {
        let mut columns = text.split(' ');
        let mut next = || columns.next().unwrap_or_default();
        Row { path: next(), pname: next(), version: next(), why: next() }
    }

    #[test]
    fn each_kind_is_counted_where_it_belongs() {
        let truth = ["a a 1", "b b 2", "c c 3", "s.a a 1", "s.b b 2", "gone.x x 1", "script s "];
        let said = ["a a 1", "b b 9", "c c  hidden", "s.a a 1", "s.b b  ", "s.c c 1", "script s 1"]
            .into_iter()
            .chain(["other.x x 1"]);
        let truth: Vec<_> = truth.into_iter().map(row).collect();
        let said: Vec<_> = said.map(row).collect();
        let tally = Tally::of(&truth, &said, &Absent::new("gone.*\n"));
        assert_eq!(tally.top(), Counts { right: 1, wrong: 1, extra: 0, missing: 1 });
        assert_eq!(tally.sets(), Counts { right: 1, wrong: 0, extra: 1, missing: 1 });
        assert_eq!(tally.distinct, (1, 2));
        assert_eq!(tally.reasons(), [("hidden", 1), ("nothing was said of it", 1)]);
        assert_eq!(tally.worst(3).len(), 1);
        assert!((tally.top().precision() - 0.5).abs() < 1e-9);
        assert!((tally.sets().recall() - 0.5).abs() < 1e-9);
    }
}
