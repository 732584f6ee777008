//! What is said at the moment of every attribute path of a branch, and what is to be written of it.

use std::{
    collections::BTreeMap,
    hash::{DefaultHasher, Hash as _, Hasher as _},
};

use catalog::{Ledger, Writer};
use eval::{Observation, Outcome};
use model::{AttrPath, Facts};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::{
    error::Error,
    spans::{Event, Line, apply, open_release},
};

/// Follows one branch: takes observations in, and hands records to the catalog.
pub struct Follower {
    branch: u16,
    /// What each attribute path that is not gone is.
    standing: FxHashMap<AttrPath, Standing>,
    /// What was observed since the last time that it was written.
    waiting: BTreeMap<AttrPath, Vec<Event>>,
}

/// What an attribute path was said to be when it was last spoken of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    /// A package; what was said of it, hashed.
    Known(u64),
    Unknown,
}

impl Standing {
    fn of(outcome: &Outcome) -> Option<Self> {
        match outcome {
            Outcome::Known { version, facts, alias_of } => {
                Some(Self::known(version, facts, alias_of.as_ref()))
            }
            Outcome::Unknown(_) => Some(Self::Unknown),
            Outcome::Gone => None,
        }
    }

    fn known(version: &str, facts: &Facts, alias_of: Option<&AttrPath>) -> Self {
        let mut hasher = DefaultHasher::new();
        (version, facts, alias_of).hash(&mut hasher);
        Self::Known(hasher.finish())
    }
}

impl Follower {
    /// A branch by its place in the ledger.
    pub fn new(branch: u16) -> Self {
        Self { branch, standing: FxHashMap::default(), waiting: BTreeMap::new() }
    }

    /// Takes in what was observed at a place of the line: what is different from the place before.
    pub fn observe(&mut self, place: u32, observations: Vec<Observation>) {
        for Observation { attr_path, outcome } in observations {
            let now = Standing::of(&outcome);
            let before = match now {
                Some(now) => self.standing.insert(attr_path.clone(), now),
                None => self.standing.remove(&attr_path),
            };
            if before == now {
                continue;
            }
            if let Outcome::Known { version, facts, alias_of } = outcome {
                let event = Event::Seen { place, version, facts, alias_of };
                self.waiting.entry(attr_path).or_default().push(event);
            } else if let Some(Standing::Known(_)) = before {
                self.waiting.entry(attr_path).or_default().push(Event::Ended { place });
            }
        }
    }

    /// Takes in everything that is there at a place of the line: what is not mentioned is gone.
    pub fn observe_all(&mut self, place: u32, observations: Vec<Observation>) {
        let there: FxHashSet<_> = observations.iter().map(|o| o.attr_path.clone()).collect();
        self.end(place, |path| !there.contains(path));
        self.observe(place, observations);
    }

    /// Takes in that nothing could be observed at a place of the line.
    pub fn fail(&mut self, place: u32) {
        self.end(place, |_| true);
    }

    /// From a place on nothing is said of these any more.
    fn end(&mut self, place: u32, which: impl Fn(&AttrPath) -> bool) {
        for (path, standing) in self.standing.extract_if(|path, _| which(path)) {
            if let Standing::Known(_) = standing {
                self.waiting.entry(path).or_default().push(Event::Ended { place });
            }
        }
    }

    /// Recalls what the catalog says is there at the newest place of the branch.
    ///
    /// # Errors
    /// [`Error::Catalog`] if the index cannot be read.
    pub fn recall(&mut self, writer: &Writer) -> Result<(), Error> {
        writer.for_each_record(&mut |record| {
            if let Some(open) = open_release(&record, self.branch) {
                let standing =
                    Standing::known(&open.version, &open.facts, record.alias_of.as_ref());
                self.standing.insert(record.attr_path, standing);
            }
        })?;
        Ok(())
    }

    /// Takes up the thread: `observations` are all that is observed at the newest place of the
    /// index. Where they say what was recalled there is nothing to write.
    pub fn resume(&mut self, place: u32, observations: Vec<Observation>) {
        let known = observations.iter().filter(|o| matches!(o.outcome, Outcome::Known { .. }));
        let known: FxHashSet<_> = known.map(|o| o.attr_path.clone()).collect();
        // What was seen at this place by an earlier run was seen; it is what comes after that is
        // not vouched for.
        self.end(place + 1, |path| !known.contains(path));
        self.observe(place, observations);
    }

    /// Writes what was observed, together with the ledger, in one commit of the index.
    ///
    /// # Errors
    /// [`Error::Catalog`] if the index cannot be written.
    pub fn save(&mut self, writer: &mut Writer, ledger: &Ledger) -> Result<(), Error> {
        let date = |branch: u16, place: Option<u32>| {
            let commits = &ledger.branches[usize::from(branch)].commits;
            let commit = match place {
                Some(place) => commits.get(place as usize),
                None => commits.last(),
            };
            commit.map_or(0, |commit| commit.date)
        };
        let line = Line { branch: self.branch, date: &date };
        for (path, events) in std::mem::take(&mut self.waiting) {
            let before = writer.record(&path)?;
            writer.put(apply(before, &path, &line, &events))?;
        }
        writer.commit(ledger.clone())?;
        Ok(())
    }

    /// How many attribute paths are there of which nothing certain is known.
    pub fn unknown(&self) -> u64 {
        self.standing.values().filter(|s| **s == Standing::Unknown).count() as u64
    }

    /// How many attribute paths have a version.
    pub fn known(&self) -> u64 {
        self.standing.len() as u64 - self.unknown()
    }
}
