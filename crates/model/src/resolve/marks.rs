//! Channel releases: commits of nixpkgs that a channel was moved to, after they were built and tested.
//! What is taken from one of them is in the binary cache.

use std::{collections::BTreeMap, ops::RangeInclusive, sync::Arc};

use super::Place;
use crate::{CommitId, PackageSource, Release, SourceError};

/// The channel releases among the commits of each branch.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Marks {
    /// By branch, each list from the oldest commit.
    lines: BTreeMap<Arc<str>, Vec<Mark>>,
}

/// A commit that a channel released.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// The commit, and where it is on the line of the branch.
    pub place: Place,
    /// The channel, such as `nixos-18.03`.
    pub channel: Arc<str>,
}

impl Marks {
    /// Marks by their branches, in any order.
    pub fn new(marks: impl IntoIterator<Item = (Arc<str>, Mark)>) -> Self {
        let mut lines: BTreeMap<Arc<str>, Vec<Mark>> = BTreeMap::new();
        for (branch, mark) in marks {
            lines.entry(branch).or_default().push(mark);
        }
        for line in lines.values_mut() {
            line.sort_by(|a, b| (a.place.at, &a.channel).cmp(&(b.place.at, &b.channel)));
        }
        Self { lines }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// The newest release among the commits of a branch at these places.
    pub fn newest(&self, branch: &str, places: RangeInclusive<u64>) -> Option<&Mark> {
        let line = self.lines.get(branch)?;
        let after = line.partition_point(|mark| mark.place.at <= *places.end());
        line[..after].last().filter(|mark| places.contains(&mark.place.at))
    }

    /// The release that a commit is.
    pub fn of(&self, commit: CommitId) -> Option<&Mark> {
        self.lines.values().flatten().find(|mark| mark.place.commit.id == commit)
    }

    /// The newest commit with this version that a channel released, if the source, of which these
    /// are the marks, knows of one.
    ///
    /// # Errors
    /// [`SourceError`] if the source cannot be read.
    pub fn released(
        &self,
        source: &dyn PackageSource,
        release: &Release,
    ) -> Result<Option<Mark>, SourceError> {
        if self.is_empty() {
            return Ok(None);
        }
        let mut newest: Option<&Mark> = None;
        for span in &release.spans {
            let ends = source.places(&span.branch, &[span.first.id, span.last.id])?;
            let [Some(first), Some(last)] = ends[..] else { continue };
            let found = self.newest(&span.branch, first.at..=last.at);
            newest = newest.into_iter().chain(found).max_by_key(|mark| mark.place.commit.date);
        }
        Ok(newest.cloned())
    }
}
