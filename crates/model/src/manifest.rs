//! What a packages.nix asks for, as data. The text itself, and where in it each pin stands, is the
//! business of the crate that reads Nix.

use crate::{AttrPath, CommitId, Requirement};

/// The pins of a packages.nix, in the order of the text, each attribute path once.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Manifest {
    /// The pins.
    pub pins: Vec<Wish>,
}

/// What is asked of one attribute path: `"^1.2"`, or the long form, `{ version = "^1.2"; … }`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    /// The attribute path from the top of nixpkgs.
    pub path: AttrPath,
    /// The version or requirement.
    pub requirement: Requirement,
    /// The commit of nixpkgs that it must come from.
    pub revision: Option<CommitId>,
    /// The branch that it must come from, such as `nixos-unstable`.
    pub channel: Option<String>,
    /// The flake input that it stands for. Kept for tools that ask; locking does not use it.
    pub input: Option<String>,
    /// The codes of findings that are not to be reported for it.
    pub ignore: Vec<String>,
    /// Whether it may be built although nixpkgs knows of vulnerabilities.
    pub allow_insecure: bool,
}

impl Wish {
    /// A wish for what a requirement allows, and nothing else.
    pub fn new(path: AttrPath, requirement: Requirement) -> Self {
        Self {
            path,
            requirement,
            revision: None,
            channel: None,
            input: None,
            ignore: Vec::new(),
            allow_insecure: false,
        }
    }
}

impl Manifest {
    /// The wish for an attribute path.
    pub fn get(&self, path: &AttrPath) -> Option<&Wish> {
        self.pins.iter().find(|wish| wish.path == *path)
    }
}
