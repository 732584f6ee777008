//! What is said at the moment of every attribute path of a branch, and what is to be written of it.

use std::collections::BTreeMap;

use catalog::{Ledger, Writer};
use eval::{Observation, Outcome};
use model::AttrPath;
use rustc_hash::FxHashMap;

use crate::{
    error::Error,
    spans::{Event, Line, apply, open_release},
};

/// Follows one branch: takes observations in, and hands records to the catalog.
pub struct Follower {
    branch: u16,
    /// Whether each attribute path that is not gone is known.
    standing: FxHashMap<AttrPath, bool>,
    /// What was observed since the last time that it was written.
    waiting: BTreeMap<AttrPath, Vec<Event>>,
}

impl Follower {
    /// A branch by its place in the ledger.
    pub fn new(branch: u16) -> Self {
        Self { branch, standing: FxHashMap::default(), waiting: BTreeMap::new() }
    }

    /// Takes in what was observed at a place of the line.
    pub fn observe(&mut self, place: u32, observations: Vec<Observation>) {
        for Observation { attr_path, outcome } in observations {
            let standing = match outcome {
                Outcome::Known { version, facts, alias_of } => {
                    let event = Event::Seen { place, version, facts, alias_of };
                    self.waiting.entry(attr_path.clone()).or_default().push(event);
                    self.standing.insert(attr_path, true);
                    continue;
                }
                Outcome::Gone => self.standing.remove(&attr_path),
                Outcome::Unknown(_) => self.standing.insert(attr_path.clone(), false),
            };
            if standing == Some(true) {
                self.waiting.entry(attr_path).or_default().push(Event::Ended { place });
            }
        }
    }

    /// Takes in that nothing could be observed at a place of the line.
    pub fn fail(&mut self, place: u32) {
        for (path, known) in std::mem::take(&mut self.standing) {
            if known {
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
                        news.remove(&record.attr_path);
                        known.push(record.attr_path);
                    }
                }
                _ => lost.push(record.attr_path),
            }
        })?;
        self.standing.extend(known.into_iter().map(|path| (path, true)));
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
        self.standing.values().filter(|known| !**known).count() as u64
    }

    /// How many attribute paths have a version.
    pub fn known(&self) -> u64 {
        self.standing.values().filter(|known| **known).count() as u64
    }
}
