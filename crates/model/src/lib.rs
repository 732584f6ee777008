//! The words that every part of nix-archiver shares: attribute paths, version order, commits,
//! presence spans, packages, and the one question-and-answer trait ([`PackageSource`]) through
//! which features ask for them.
//!
//! Pure: no disk, no clock, no environment.

pub mod attr_path;
pub mod audit;
pub mod contract;
pub mod date;
pub mod finding;
pub mod history;
pub mod lock;
pub mod manifest;
pub mod memory;
pub mod plan;
pub mod relock;
pub mod render;
pub mod requirement;
pub mod resolve;
pub mod source;
pub mod version;

pub use attr_path::AttrPath;
pub use finding::{Kind, Severity};
pub use history::{Commit, CommitId, Facts, Package, Release, Span};
pub use lock::{Lock, LockedIndex, LockedPin, LockedRevision};
pub use manifest::{Manifest, Wish};
pub use memory::MemorySource;
pub use plan::Plan;
pub use requirement::Requirement;
pub use source::{
    BranchStatus, IndexOrigin, IndexStatus, Name, PackageSource, SourceError, Summary,
};
