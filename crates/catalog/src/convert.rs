//! From what is stored (places on a branch) to what is asked for (commits), and back.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use model::{Commit, CommitId, Package, Release, Span, version};

use crate::{BranchLedger, Ledger, Record, RecordedRelease, RecordedSpan, codec::Damaged};

/// Looks up the branch with a number and the commit at a place on it; without a place, its newest.
pub(crate) trait Places {
    /// `None` if the ledger has no such branch or place.
    fn branch(&self, branch: u16) -> Option<Arc<str>>;
    /// As above.
    fn commit(&self, branch: u16, place: Option<u32>) -> Option<Commit>;
}

impl Places for Ledger {
    fn branch(&self, branch: u16) -> Option<Arc<str>> {
        Some(self.branches.get(usize::from(branch))?.name.clone())
    }

    fn commit(&self, branch: u16, place: Option<u32>) -> Option<Commit> {
        let commits = &self.branches.get(usize::from(branch))?.commits;
        match place {
            Some(place) => commits.get(place as usize).copied(),
            None => commits.last().copied(),
        }
    }
}

const BEYOND: Damaged = Damaged("a span goes beyond the ledger");

/// The record in the terms of the model.
pub(crate) fn package(record: Record, places: &dyn Places) -> Result<Package, Damaged> {
    let mut releases = Vec::with_capacity(record.releases.len());
    for release in record.releases {
        let mut spans = Vec::with_capacity(release.spans.len());
        for span in &release.spans {
            spans.push(Span {
                branch: places.branch(span.branch).ok_or(BEYOND)?,
                first: places.commit(span.branch, Some(span.first)).ok_or(BEYOND)?,
                last: places.commit(span.branch, span.last).ok_or(BEYOND)?,
                open: span.last.is_none(),
            });
        }
        spans.sort_by(|a, b| b.last.date.cmp(&a.last.date).then(b.first.date.cmp(&a.first.date)));
        releases.push(Release { version: release.version, facts: release.facts, spans });
    }
    Ok(Package { attr_path: record.attr_path, alias_of: record.alias_of, releases })
}

/// Packages as records, with the smallest ledger that has all their commits, in order of their
/// dates: for an index put together from what another source gave. A span that is open must end at
/// the newest commit of its branch.
///
/// # Panics
/// If there are more branches or commits than the index can number.
pub fn from_packages(packages: &[Package]) -> (Ledger, Vec<Record>) {
    let mut branches: BTreeMap<Arc<str>, BTreeMap<(i64, CommitId), u32>> = BTreeMap::new();
    let releases = packages.iter().flat_map(|package| &package.releases);
    for span in releases.flat_map(|release| &release.spans) {
        let commits = branches.entry(span.branch.clone()).or_default();
        for commit in [span.first, span.last] {
            commits.insert((commit.date, commit.id), 0);
        }
    }
    let mut ledger = Ledger::default();
    let mut numbers = HashMap::new();
    for (name, commits) in &mut branches {
        let number = u16::try_from(ledger.branches.len()).expect("branches fit 16 bits");
        numbers.insert(name.clone(), number);
        for (place, at) in (0..).zip(commits.values_mut()) {
            *at = place;
        }
        let commits = commits.keys().map(|&(date, id)| Commit { id, date }).collect();
        ledger.branches.push(BranchLedger {
            name: name.clone(),
            commits,
            ..BranchLedger::default()
        });
    }
    let place = |span: &Span, commit: Commit| branches[&span.branch][&(commit.date, commit.id)];
    let recorded = |span: &Span| RecordedSpan {
        branch: numbers[&span.branch],
        first: place(span, span.first),
        last: (!span.open).then(|| place(span, span.last)),
    };
    let records = packages.iter().map(|package| {
        let releases = package.releases.iter().map(|release| {
            let mut spans: Vec<_> = release.spans.iter().map(recorded).collect();
            spans.sort();
            RecordedRelease {
                version: release.version.clone(),
                facts: release.facts.clone(),
                spans,
            }
        });
        let (attr_path, alias_of) = (package.attr_path.clone(), package.alias_of.clone());
        let mut record = Record { attr_path, alias_of, releases: releases.collect() };
        record.sort();
        record
    });
    let records = records.collect();
    (ledger, records)
}

impl Record {
    /// Puts the releases into the order that readers rely on: newest version first.
    pub(crate) fn sort(&mut self) {
        self.releases.sort_by(|a, b| version::newest_first(&a.version, &b.version));
    }
}
