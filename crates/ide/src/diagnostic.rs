//! What is wrong with the pins of a file.

mod check;
mod message;
mod nearest;

use model::{AttrPath, SourceError, audit::Wrong, lock::LockError, relock::Unmet};
pub use model::{Kind, Severity};
use syntax::{Refusal, TextRange, manifest::ComplaintKind};

pub(crate) use check::{Checks, diagnostics, is_ignored};
pub use nearest::Nearest;

use crate::Snapshot;

/// A problem and where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// Where.
    pub range: TextRange,
    /// What. Its message is what it is displayed as.
    pub problem: Problem,
    /// How much it matters, by the settings.
    pub severity: Severity,
}

/// A problem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Problem {
    /// The index has never seen the attribute path.
    UnknownPackage {
        /// The attribute path.
        path: AttrPath,
        /// Those that are spelt alike, the nearest first.
        similar: Vec<AttrPath>,
        /// How far the index goes.
        reach: String,
    },
    /// The index knows the attribute path and has never seen it with this version.
    UnknownVersion {
        /// The attribute path.
        path: AttrPath,
        /// The version.
        version: String,
        /// What there is instead.
        nearest: Nearest,
        /// How far the index goes.
        reach: String,
        /// Whether the version is higher than all that the index knows, so that it may be newer
        /// than the index.
        beyond: bool,
    },
    /// The text is no version, and the start of some.
    PartialVersion {
        /// The attribute path.
        path: AttrPath,
        /// The text.
        version: String,
        /// The highest stable of the versions that begin so.
        newest: String,
    },
    /// No version meets the requirement, or the text is no requirement.
    RequirementUnmet {
        /// The attribute path.
        path: AttrPath,
        /// Which of the two, and what to write instead.
        why: String,
    },
    /// The branch or commit that the pin names does not have what it asks for.
    Misplaced(Unmet),
    /// A part of the long form is missing or is not what it has to be.
    LongForm(ComplaintKind),
    /// The text is not Nix.
    Syntax(&'static str),
    /// The file's value is not written as an attribute set.
    NoPins,
    /// The value is not a plain string.
    NotALiteral {
        /// The attribute path.
        path: AttrPath,
        /// The value as it is written, if it is a version without its quotes.
        written: Option<String>,
    },
    /// The attribute path is pinned a second time.
    DuplicatePin {
        /// The attribute path.
        path: AttrPath,
        /// Where it is pinned first.
        first: TextRange,
    },
    /// The version has known vulnerabilities.
    Insecure {
        /// The attribute path.
        path: AttrPath,
        /// The version.
        version: String,
        /// Their names; one at least.
        vulnerabilities: Vec<String>,
    },
    /// The version is marked as broken.
    Broken {
        /// The attribute path.
        path: AttrPath,
        /// The version.
        version: String,
    },
    /// The index has not seen the attribute path at the newest commit of any branch.
    Removed {
        /// The attribute path.
        path: AttrPath,
        /// When it was last seen, in seconds since 1970-01-01T00:00:00Z.
        last_seen: i64,
        /// How far the index goes.
        reach: String,
    },
    /// There is a newer version. One of the two is there at least.
    Outdated {
        /// The attribute path.
        path: AttrPath,
        /// The version that is pinned.
        version: String,
        /// The newest of its line, if that is newer.
        in_line: Option<String>,
        /// The newest of all, if that is newer.
        newest: Option<String>,
    },
    /// There is no packages.lock.
    LockMissing,
    /// The packages.lock is none.
    LockUnreadable(LockError),
    /// The lock is of a packages.nix that asked for something else.
    LockStale {
        /// The attribute path.
        path: AttrPath,
        /// Whether and how the lock differs.
        how: Stale,
    },
    /// What the lock says of a pin is not so.
    LockMismatch(Wrong),
    /// The lock lacks the hashes of so many revisions.
    NoHash {
        /// How many.
        revisions: usize,
    },
    /// There is no index to ask.
    IndexMissing {
        /// Why, and what to do.
        why: String,
    },
    /// The index has not been brought up to date for long.
    IndexOld {
        /// How far it goes.
        reach: String,
        /// How long ago that was.
        age: String,
        /// Whether it is the one that the program carries.
        starter: bool,
    },
    /// The file cannot be read.
    Refused(Refusal),
}

/// How a lock is behind its packages.nix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stale {
    /// The lock does not have the pin.
    NotLocked,
    /// The lock has the pin for this other requirement.
    Other(String),
    /// The file does not have the lock's pin.
    NotPinned,
}

impl Problem {
    /// What kind it is of.
    pub fn kind(&self) -> Kind {
        match self {
            Self::UnknownPackage { .. } => Kind::UnknownPackage,
            Self::UnknownVersion { .. } => Kind::UnknownVersion,
            Self::PartialVersion { .. } => Kind::PartialVersion,
            Self::RequirementUnmet { .. } => Kind::RequirementUnmet,
            Self::Misplaced(unmet) => unmet.kind(),
            Self::LongForm(complaint) => complaint.kind(),
            Self::Syntax(_) => Kind::SyntaxError,
            Self::NoPins => Kind::NoPins,
            Self::NotALiteral { .. } => Kind::NotALiteral,
            Self::DuplicatePin { .. } => Kind::DuplicatePin,
            Self::Insecure { .. } => Kind::Insecure,
            Self::Broken { .. } => Kind::Broken,
            Self::Removed { .. } => Kind::Removed,
            Self::Outdated { .. } => Kind::Outdated,
            Self::LockMissing => Kind::LockMissing,
            Self::LockUnreadable(_) => Kind::LockUnreadable,
            Self::LockStale { .. } => Kind::LockStale,
            Self::LockMismatch(_) => Kind::LockMismatch,
            Self::NoHash { .. } => Kind::NoHash,
            Self::IndexMissing { .. } => Kind::IndexMissing,
            Self::IndexOld { .. } => Kind::IndexOld,
            Self::Refused(_) => Kind::FileNotRead,
        }
    }

    /// The gravest that this one may be, whatever the settings say of its kind.
    pub(crate) fn at_most(&self) -> Severity {
        match self {
            // It may exist by now.
            Self::UnknownVersion { beyond: true, .. } => Severity::Warning,
            _ => Severity::Error,
        }
    }

    /// Another place of the same file that it is about, and what is there.
    pub fn related(&self) -> Option<(TextRange, String)> {
        match self {
            Self::DuplicatePin { path, first } => {
                Some((*first, format!("`{path}` is pinned here first")))
            }
            _ => None,
        }
    }
}

/// A place in the packages.lock that a problem is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InLock<'a> {
    /// The entry of a pin.
    Pin(&'a AttrPath),
    /// A line, counted from 1.
    Line(usize),
}

impl Problem {
    /// The place in the packages.lock that it is about, if it is about one.
    pub fn in_lock(&self) -> Option<InLock<'_>> {
        match self {
            Self::LockStale { path, how: Stale::Other(_) | Stale::NotPinned }
            | Self::LockMismatch(Wrong { path, .. }) => Some(InLock::Pin(path)),
            Self::LockUnreadable(error) => Some(InLock::Line(error.line)),
            _ => None,
        }
    }
}

/// What the index is missing, as a problem of the whole file.
pub(crate) fn index_missing(error: &SourceError) -> Problem {
    let advice = match error {
        SourceError::Missing(_) => {
            "`nix-archiver index --repo PATH` builds one from a clone of nixpkgs"
        }
        SourceError::Format { .. } => "`nix-archiver index` builds it anew",
        SourceError::Unreadable { .. } => "if it stays so, delete it and run `nix-archiver index`",
    };
    Problem::IndexMissing { why: format!("{error}; {advice}") }
}

/// The place for a problem of the whole file: its first pin, or the start of its set.
pub(crate) fn file_range(snapshot: &Snapshot) -> TextRange {
    let Some(file) = snapshot.document.pin_file() else { return TextRange::empty(0) };
    let first = file.pins.first().map(|pin| pin.name_range());
    first
        .or_else(|| file.sets.first().map(|set| TextRange::empty(set.body.start)))
        .unwrap_or_default()
}
