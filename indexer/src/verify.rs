//! The index held against the repository: attribute paths at commits, picked at random, looked at
//! alone and from scratch.

use std::{
    collections::BTreeMap,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
};

use catalog::{BranchLedger, Ledger, Record};
use eval::{Outcome, SourceError, nix::look_at};
use model::{AttrPath, Commit};

use crate::{error::Error, objects::Objects, repository, stretches::damaged, tree::Revision};

/// An attribute path of which index and repository say different things.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The attribute path.
    pub attr_path: AttrPath,
    /// The commit.
    pub commit: Commit,
    /// The version that the index says it had, if any.
    pub index: Option<String>,
    /// What the repository says.
    pub repository: Outcome,
}

/// What a verification found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verified {
    /// How many pairs of attribute path and commit were looked at.
    pub looked_at: usize,
    /// At how many of these the index has a version.
    pub versions: usize,
    /// Where the two differ.
    pub differences: Vec<Difference>,
}

/// Looks at `count` pairs of attribute path and commit again. Half of them are picked from what the
/// index says was there, half from anywhere on a branch, so that what it leaves out is looked at as
/// well. The same `seed` picks the same pairs.
///
/// # Errors
/// [`Error`] if the repository cannot be read or lacks a commit of the index.
pub fn verify(
    repository: &Path,
    ledger: &Ledger,
    records: &[Record],
    count: usize,
    seed: u64,
    interrupt: &AtomicBool,
    progress: &mut dyn FnMut(usize),
) -> Result<Verified, Error> {
    let objects = Objects::new(repository::open(repository)?);
    let mut verified = Verified::default();
    // By branch and place, so that neighbours share what was read.
    let mut picked: BTreeMap<(u16, u32), Vec<&Record>> = BTreeMap::new();
    for n in 0..count as u64 {
        if let Some((branch, place, record)) = pick(ledger, records, seed, n) {
            picked.entry((branch, place)).or_default().push(record);
        }
    }
    for ((branch, place), records) in picked {
        let branch_ledger = &ledger.branches[usize::from(branch)];
        let commit = branch_ledger.commits[place as usize];
        let header = repository::header(objects.repository(), commit.id)?;
        let header = header.ok_or_else(|| Error::MissingCommit {
            commit: commit.id,
            branch: branch_ledger.name.to_string(),
        })?;
        let revision = Revision { objects: &objects, tree: header.tree.0 };
        for record in records {
            if interrupt.load(Ordering::Relaxed) {
                return Ok(verified);
            }
            let index = version_at(record, branch, place);
            let repository = look_at(&revision, &record.attr_path);
            if let Some(error @ SourceError::Corrupt { .. }) = objects.take_damaged() {
                return Err(damaged(&error, commit.id));
            }
            verified.looked_at += 1;
            verified.versions += usize::from(index.is_some());
            progress(verified.looked_at);
            let found = match &repository {
                Outcome::Known { version, .. } => Some(version.as_str()),
                Outcome::Gone | Outcome::Unknown(_) => None,
            };
            if index != found {
                verified.differences.push(Difference {
                    attr_path: record.attr_path.clone(),
                    commit,
                    index: index.map(str::to_owned),
                    repository,
                });
            }
        }
    }
    Ok(verified)
}

/// The pair number `n`.
fn pick<'a>(
    ledger: &Ledger,
    records: &'a [Record],
    seed: u64,
    n: u64,
) -> Option<(u16, u32, &'a Record)> {
    let random = |what: u64, below: usize| {
        let mut hasher = DefaultHasher::new();
        (seed, n, what).hash(&mut hasher);
        (below > 0).then(|| (hasher.finish() % below as u64) as usize)
    };
    let record = &records[random(0, records.len())?];
    let length = |branch: &BranchLedger| branch.commits.len();
    if n.is_multiple_of(2) {
        let branch = random(1, ledger.branches.len())?;
        let place = random(2, length(&ledger.branches[branch]))?;
        // A commit that could not be read says nothing.
        let place = u32::try_from(place).ok()?;
        let failed = ledger.branches[branch].failed.contains(&place);
        return (!failed).then_some((u16::try_from(branch).ok()?, place, record));
    }
    let spans: Vec<_> = record.releases.iter().flat_map(|release| &release.spans).collect();
    let span = spans[random(1, spans.len())?];
    let end = u32::try_from(length(&ledger.branches[usize::from(span.branch)])).ok()?;
    let last = span.last.unwrap_or(end - 1);
    let offset = random(2, (last - span.first) as usize + 1)?;
    // Mistakes are likeliest at the ends of a span.
    let place = match random(3, 3)? {
        0 => span.first,
        1 => last,
        _ => span.first + u32::try_from(offset).ok()?,
    };
    Some((span.branch, place, record))
}

/// The version that a record has at a place of a branch.
fn version_at(record: &Record, branch: u16, place: u32) -> Option<&str> {
    let release = record.releases.iter().find(|release| {
        release.spans.iter().any(|span| {
            span.branch == branch
                && span.first <= place
                && span.last.is_none_or(|last| place <= last)
        })
    });
    release.map(|release| release.version.as_str())
}
