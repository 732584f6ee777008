//! What each attribute path of a nixpkgs tree is: name, version and the rest of its metadata,
//! read from the source text. Nothing is built, nothing is run, and what cannot be known is said
//! to be unknown.
//!
//! Pure: trees and files come through [`Source`].

pub mod nix;
pub mod observe;
mod part;
pub mod source;

pub use observe::{Observation, Outcome, Tracker};
pub use part::Part;
pub use source::{Change, Entry, EntryKind, ObjectId, Source, SourceError};
