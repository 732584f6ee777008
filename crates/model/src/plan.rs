//! What is different in one lock from another, for people to read.

use std::{collections::BTreeSet, fmt};

use crate::{AttrPath, CommitId, Lock, LockedPin, date::format_day};

/// What is different.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The pins that are, in text order of their paths.
    pub changes: Vec<Change>,
    /// How many pins stay as they are.
    pub unchanged: usize,
    /// How many pins there are afterwards.
    pub pins: usize,
    /// How many revisions of nixpkgs serve them afterwards.
    pub revisions: usize,
}

/// What is different about a pin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Its attribute path.
    pub path: AttrPath,
    /// What it was; `None` if it is new.
    pub old: Option<State>,
    /// What it is; `None` if it is gone.
    pub new: Option<State>,
}

/// What a lock says of a pin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    /// What is asked for.
    pub requirement: String,
    /// The version.
    pub version: String,
    /// The commit of nixpkgs and the day of it; `None` if the lock does not have it.
    pub commit: Option<(CommitId, String)>,
}

impl Plan {
    /// What leads from one lock to another. The names of revisions do not matter, nor do hashes.
    pub fn between(old: &Lock, new: &Lock) -> Self {
        let paths: BTreeSet<&AttrPath> = old.pins.keys().chain(new.pins.keys()).collect();
        let mut changes = Vec::new();
        let mut unchanged = 0;
        for path in paths {
            let state = |lock: &Lock| lock.pins.get(path).map(|pin| State::of(lock, pin));
            let (old, new) = (state(old), state(new));
            match old == new {
                true => unchanged += 1,
                false => changes.push(Change { path: path.clone(), old, new }),
            }
        }
        Self { changes, unchanged, pins: new.pins.len(), revisions: new.revisions.len() }
    }

    /// Whether the pins are the same.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }
}

impl State {
    fn of(lock: &Lock, pin: &LockedPin) -> Self {
        let revision = lock.revision_of(pin).map(|revision| revision.commit);
        Self {
            requirement: pin.requirement.clone(),
            version: pin.version.clone(),
            commit: revision.map(|commit| (commit.id, format_day(commit.date))),
        }
    }

    fn commit(&self) -> String {
        let words = |(id, day): &(CommitId, String)| format!("{} of {day}", id.short());
        self.commit.as_ref().map_or_else(|| "no revision".to_owned(), words)
    }
}

/// One line a change, and one that sums up.
impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for change in &self.changes {
            writeln!(f, "{change}")?;
        }
        write!(f, "{} on {}", count(self.pins, "pin"), count(self.revisions, "revision"))
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = &self.path;
        match (&self.old, &self.new) {
            (None, None) => Ok(()),
            (None, Some(new)) => write!(f, "+ {path} {} ({})", new.version, new.commit()),
            (Some(old), None) => write!(f, "- {path} {}", old.version),
            (Some(old), Some(new)) if old.version != new.version => {
                write!(f, "  {path} {} -> {} ({})", old.version, new.version, new.commit())
            }
            (Some(old), Some(new)) if old.commit != new.commit => {
                write!(f, "  {path} {}, from {} -> {}", new.version, old.commit(), new.commit())
            }
            (Some(old), Some(new)) => {
                let (old, new) = (&old.requirement, &new.requirement);
                write!(f, "  {path}: `{old}` is now `{new}`")
            }
        }
    }
}

/// A number and what it counts.
fn count(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}
