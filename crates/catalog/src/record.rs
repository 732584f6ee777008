//! What the index stores, in the terms of the one who writes it: commits are places on a branch's
//! first-parent line, so that a span is two small numbers and an open one need not be rewritten
//! each time that the branch grows.

use std::{collections::BTreeMap, sync::Arc};

use model::{AttrPath, Commit, Facts};

/// Everything stored of one attribute path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The attribute path.
    pub attr_path: AttrPath,
    /// The path that it is another name of, as of the newest observation.
    pub alias_of: Option<AttrPath>,
    /// Its releases, newest version first.
    pub releases: Vec<RecordedRelease>,
}

/// One version of an attribute path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedRelease {
    /// The version, never empty.
    pub version: String,
    /// What was said of it when it was last seen.
    pub facts: Facts,
    /// Its spans: by branch, and within a branch the oldest first. One at least.
    pub spans: Vec<RecordedSpan>,
}

/// A stretch of a branch's first-parent line; see [`model::Span`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct RecordedSpan {
    /// The branch, as its place in [`Ledger::branches`].
    pub branch: u16,
    /// The place of its first commit in [`BranchLedger::commits`].
    pub first: u32,
    /// The place of its last commit, or `None` for "up to the newest commit of the ledger".
    pub last: Option<u32>,
}

/// What was looked at. Stored in the same commit of the index as the records that follow from it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ledger {
    /// The branches; a branch keeps its place for as long as the index lives.
    pub branches: Vec<BranchLedger>,
}

/// How far a branch was read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BranchLedger {
    /// The branch's name, such as `nixpkgs-unstable`.
    pub name: Arc<str>,
    /// Every commit that was looked at, oldest first: an unbroken piece of its first-parent line.
    pub commits: Vec<Commit>,
    /// The places in `commits` whose tree could not be read. No span covers them.
    pub failed: Vec<u32>,
    /// The places in `commits` that channels released, by channel, each list from the oldest. A
    /// starter file does not hold them.
    pub channels: BTreeMap<Arc<str>, Vec<u32>>,
}
