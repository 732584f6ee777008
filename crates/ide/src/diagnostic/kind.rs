//! The kinds of problems: one table of codes, severities and what they are about, from which the
//! settings and their documents are made.

/// How much a problem matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// A remark that editors show faintly.
    Hint,
    /// Worth knowing.
    Information,
    /// It may not be what is meant.
    Warning,
    /// Nothing will work.
    Error,
}

/// A kind of problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// See [`Problem::UnknownPackage`](super::Problem::UnknownPackage).
    UnknownPackage,
    /// See [`Problem::UnknownVersion`](super::Problem::UnknownVersion).
    UnknownVersion,
    /// See [`Problem::PartialVersion`](super::Problem::PartialVersion).
    PartialVersion,
    /// See [`Problem::RequirementUnmet`](super::Problem::RequirementUnmet).
    RequirementUnmet,
    /// See [`Problem::NotALiteral`](super::Problem::NotALiteral).
    NotALiteral,
    /// See [`Problem::DuplicatePin`](super::Problem::DuplicatePin).
    DuplicatePin,
    /// See [`Problem::Insecure`](super::Problem::Insecure).
    Insecure,
    /// See [`Problem::Broken`](super::Problem::Broken).
    Broken,
    /// See [`Problem::Removed`](super::Problem::Removed).
    Removed,
    /// See [`Problem::Outdated`](super::Problem::Outdated).
    Outdated,
    /// See [`Problem::LockMissing`](super::Problem::LockMissing).
    LockMissing,
    /// See [`Problem::LockUnreadable`](super::Problem::LockUnreadable).
    LockUnreadable,
    /// See [`Problem::LockStale`](super::Problem::LockStale).
    LockStale,
    /// See [`Problem::LockMismatch`](super::Problem::LockMismatch).
    LockMismatch,
    /// See [`Problem::IndexMissing`](super::Problem::IndexMissing).
    IndexMissing,
    /// See [`Problem::IndexOld`](super::Problem::IndexOld).
    IndexOld,
    /// See [`Problem::Refused`](super::Problem::Refused).
    FileNotRead,
}

/// The page that has a section for each code.
const PAGE: &str = "https://github.com/nix-archiver/nix-archiver/blob/main/docs/diagnostics.md";

impl Kind {
    /// All kinds, in the order of the documents.
    pub const ALL: [Self; 17] = [
        Self::UnknownPackage,
        Self::UnknownVersion,
        Self::PartialVersion,
        Self::RequirementUnmet,
        Self::NotALiteral,
        Self::DuplicatePin,
        Self::Insecure,
        Self::Broken,
        Self::Removed,
        Self::Outdated,
        Self::LockMissing,
        Self::LockUnreadable,
        Self::LockStale,
        Self::LockMismatch,
        Self::IndexMissing,
        Self::IndexOld,
        Self::FileNotRead,
    ];

    /// Its name, as it is shown, documented and configured. It stays the same for ever.
    pub fn code(self) -> &'static str {
        match self {
            Self::UnknownPackage => "unknown-package",
            Self::UnknownVersion => "unknown-version",
            Self::PartialVersion => "partial-version",
            Self::RequirementUnmet => "requirement-unmet",
            Self::NotALiteral => "not-a-literal",
            Self::DuplicatePin => "duplicate-pin",
            Self::Insecure => "insecure",
            Self::Broken => "broken",
            Self::Removed => "removed",
            Self::Outdated => "outdated",
            Self::LockMissing => "lock-missing",
            Self::LockUnreadable => "lock-unreadable",
            Self::LockStale => "lock-stale",
            Self::LockMismatch => "lock-mismatch",
            Self::IndexMissing => "index-missing",
            Self::IndexOld => "index-old",
            Self::FileNotRead => "file-not-read",
        }
    }

    /// How much it matters where no setting says otherwise; `None` if it is not reported then.
    pub fn default_severity(self) -> Option<Severity> {
        match self {
            Self::UnknownPackage
            | Self::UnknownVersion
            | Self::PartialVersion
            | Self::RequirementUnmet
            | Self::DuplicatePin => Some(Severity::Error),
            Self::Insecure | Self::Broken | Self::IndexMissing | Self::FileNotRead => {
                Some(Severity::Warning)
            }
            Self::NotALiteral | Self::Removed | Self::IndexOld => Some(Severity::Information),
            Self::LockUnreadable | Self::LockStale | Self::LockMismatch => Some(Severity::Warning),
            // Pins are of use without a lock too.
            Self::LockMissing => None,
            // To stay behind is what a pin is for; inlay hints show it without a mark.
            Self::Outdated => None,
        }
    }

    /// What it is about, in a sentence.
    pub fn summary(self) -> &'static str {
        match self {
            Self::UnknownPackage => "The index has never seen a package of this name.",
            Self::UnknownVersion => {
                "The index has never seen the package with this version. A version that is higher \
                 than all that the index knows is a warning at most: it may be newer than the index."
            }
            Self::PartialVersion => {
                "No version is written so, but versions begin so: `20` where there is `20.11.0`."
            }
            Self::RequirementUnmet => {
                "No version of the package meets the requirement, or the text is none."
            }
            Self::NotALiteral => {
                "A pin is not a plain string, so that only Nix can tell its value."
            }
            Self::DuplicatePin => "A package is pinned twice, which Nix refuses.",
            Self::Insecure => "The pinned version has known vulnerabilities.",
            Self::Broken => "nixpkgs marked the pinned version as broken.",
            Self::Removed => "The package is not in the newest commits that were indexed.",
            Self::Outdated => "There is a newer version.",
            Self::LockMissing => "There is no packages.lock beside the file.",
            Self::LockUnreadable => "The packages.lock cannot be used.",
            Self::LockStale => "The packages.lock is of pins that have changed since.",
            Self::LockMismatch => {
                "The packages.lock has a version that its pin does not allow, or that never was."
            }
            Self::IndexMissing => "There is no version index, or it cannot be read.",
            Self::IndexOld => {
                "The version index has not been brought up to date for long; `index.oldAfterDays` \
                 says how long that is."
            }
            Self::FileNotRead => "The file is too large, or nests too deep, to be read.",
        }
    }

    /// The web page that explains it.
    pub fn page(self) -> String {
        format!("{PAGE}#{}", self.code())
    }
}

impl Severity {
    /// All of them, the gravest first.
    pub const ALL: [Self; 4] = [Self::Error, Self::Warning, Self::Information, Self::Hint];

    /// Its name in the settings.
    pub fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Information => "information",
            Self::Hint => "hint",
        }
    }
}
