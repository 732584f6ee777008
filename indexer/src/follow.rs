//! What is said at the moment of every attribute path of a branch, and what is to be written of it.

use std::{
    collections::BTreeMap,
    hash::{DefaultHasher, Hash as _, Hasher as _},
};

use catalog::{Ledger, Writer};
use eval::{Observation, Outcome};
use model::AttrPath;
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
                let mut hasher = DefaultHasher::new();
                (version, facts, alias_of).hash(&mut hasher);
                Some(Self::Known(hasher.finish()))
            }
            Outcome::Unknown(_) => Some(Self::Unknown),
            Outcome::Gone => None,
        }
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
        self.standing.retain(|path, standing| {
            let stays = there.contains(path);
            if !stays && matches!(standing, Standing::Known(_)) {
                self.waiting.entry(path.clone()).or_default().push(Event::Ended { place });
            }
            stays
        });
        self.observe(place, observations);
    }

    /// Takes in that nothing could be observed at a place of the line.
    pub fn fail(&mut self, place: u32) {
        for (path, standing) in std::mem::take(&mut self.standing) {
            if let Standing::Known(_) = standing {
                self.waiting.entry(path).or_default().push(Event::Ended { place });
            }
        }
    }

    /// Takes up the thread: `observations` are all that is observed at the newest place of the
    /// index. Where the catalog says the same there is nothing to write.
    ///
    /// # Errors
    /// [`Error::Catalog`] if the index cannot be read.
    pub fn resume(
        &mut self,
        place: u32,
        observations: Vec<Observation>,
        writer: &Writer,
    ) -> Result<(), Error> {
        let mut news: BTreeMap<AttrPath, Outcome> =
            observations.into_iter().map(|o| (o.attr_path, o.outcome)).collect();
        let mut known = Vec::new();
        let mut lost = Vec::new();
        writer.for_each_record(&mut |record| {
            let Some(open) = open_release(&record, self.branch) else { return };
            match news.get(&record.attr_path) {
                Some(Outcome::Known { version, facts, alias_of }) => {
                    let same = *version == open.version
                        && *facts == open.facts
                        && *alias_of == record.alias_of;
                    if same {
                        let outcome = news.remove(&record.attr_path);
                        let standing = outcome.as_ref().and_then(Standing::of);
                        known.extend(standing.map(|standing| (record.attr_path, standing)));
                    }
                }
                _ => lost.push(record.attr_path),
            }
        })?;
        self.standing.extend(known);
        // What was seen at this place by an earlier run was seen; it is what comes after that is
        // not vouched for.
        for path in lost {
            self.waiting.entry(path).or_default().push(Event::Ended { place: place + 1 });
        }
        let news = news.into_iter().map(|(attr_path, outcome)| Observation { attr_path, outcome });
        self.observe(place, news.collect());
        Ok(())
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
