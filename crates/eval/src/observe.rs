//! What is said about an attribute path at a revision, and the seam through which a walk over
//! history asks for it.

use model::{AttrPath, Facts};

use crate::source::{Change, Source};

/// What one attribute path was at one revision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observation {
    /// The attribute path.
    pub attr_path: AttrPath,
    /// What it was.
    pub outcome: Outcome,
}

/// What an attribute path was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// A package with a version that is certain.
    Known {
        /// The version, never empty.
        version: String,
        /// What else is certain.
        facts: Facts,
        /// The path that this one is only another name of.
        alias_of: Option<AttrPath>,
    },
    /// Certainly not a package with a version: removed, an error, or without a version.
    Gone,
    /// It may be a package; what it is could not be known, for this reason.
    Unknown(String),
}

/// Follows nixpkgs along a line of revisions, and says after each step what changed.
///
/// What a tracker said of an attribute path holds for every later revision until it says something
/// else of it: silence means that it looked, and that nothing changed. An attribute path that it
/// never spoke of is [`Outcome::Gone`]. Of what is not in its [`Part`](crate::Part) it never speaks, and
/// that means nothing.
pub trait Tracker {
    /// Looks at a whole revision: all observations, none of which is [`Outcome::Gone`]. Whatever
    /// was followed before is forgotten.
    fn start(&mut self, source: &dyn Source) -> Vec<Observation>;

    /// Goes on to the next revision, whose tree differs from the one before in exactly `changes`
    /// (sorted by path): the observations that differ from those before.
    fn step(&mut self, source: &dyn Source, changes: &[Change]) -> Vec<Observation>;
}
