//! The kinds of problems that are found in a packages.nix, its lock and the index: one table of
//! codes, severities and what they are about. The language server, `nix-archiver check`, the
//! settings and the documents all take them from here.

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

/// A kind of problem; [`Kind::summary`] says what each is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "each is described in the one table below")]
pub enum Kind {
    UnknownPackage,
    UnknownVersion,
    PartialVersion,
    RequirementUnmet,
    NotOnChannel,
    NotAtRevision,
    NotALiteral,
    NoVersion,
    DuplicatePin,
    UnknownField,
    BadField,
    SyntaxError,
    NoPins,
    Insecure,
    Broken,
    Removed,
    Outdated,
    LockMissing,
    LockUnreadable,
    LockStale,
    LockMismatch,
    NoHash,
    IndexMissing,
    IndexOld,
    FileNotRead,
}

/// What is fixed of a kind.
struct Row {
    code: &'static str,
    editor: Option<Severity>,
    summary: &'static str,
}

/// The page that has a section for each code.
const PAGE: &str = "https://github.com/nix-archiver/nix-archiver/blob/main/docs/diagnostics.md";

impl Kind {
    /// All kinds, in the order of the documents.
    pub const ALL: [Self; 25] = [
        Self::UnknownPackage,
        Self::UnknownVersion,
        Self::PartialVersion,
        Self::RequirementUnmet,
        Self::NotOnChannel,
        Self::NotAtRevision,
        Self::NotALiteral,
        Self::NoVersion,
        Self::DuplicatePin,
        Self::UnknownField,
        Self::BadField,
        Self::SyntaxError,
        Self::NoPins,
        Self::Insecure,
        Self::Broken,
        Self::Removed,
        Self::Outdated,
        Self::LockMissing,
        Self::LockUnreadable,
        Self::LockStale,
        Self::LockMismatch,
        Self::NoHash,
        Self::IndexMissing,
        Self::IndexOld,
        Self::FileNotRead,
    ];

    fn row(self) -> Row {
        use Severity::{Error, Information, Warning};
        let row = |code, editor, summary| Row { code, editor, summary };
        match self {
            Self::UnknownPackage => row(
                "unknown-package",
                Some(Error),
                "The index has never seen a package of this name.",
            ),
            Self::UnknownVersion => row(
                "unknown-version",
                Some(Error),
                "The index has never seen the package with this version. A version that is higher \
                 than all that the index knows is a warning at most: it may be newer than the index.",
            ),
            Self::PartialVersion => row(
                "partial-version",
                Some(Error),
                "No version is written so, but versions begin so: `20` where there is `20.11.0`.",
            ),
            Self::RequirementUnmet => row(
                "requirement-unmet",
                Some(Error),
                "No version of the package meets the requirement, or the text is none.",
            ),
            Self::NotOnChannel => row(
                "not-on-channel",
                Some(Error),
                "The version was never seen on the branch that the pin's `channel` asks for.",
            ),
            Self::NotAtRevision => row(
                "not-at-revision",
                Some(Error),
                "The version is not known to be there at the commit that the pin's `revision` asks \
                 for.",
            ),
            Self::NotALiteral => row(
                "not-a-literal",
                Some(Information),
                "A pin is not a plain string, so that only Nix can tell its value.",
            ),
            Self::NoVersion => {
                row("no-version", Some(Error), "A pin in the long form has no `version`.")
            }
            Self::DuplicatePin => {
                row("duplicate-pin", Some(Error), "A package is pinned twice, which Nix refuses.")
            }
            Self::UnknownField => row(
                "unknown-field",
                Some(Error),
                "A pin in the long form has a field that means nothing.",
            ),
            Self::BadField => row(
                "bad-field",
                Some(Error),
                "A field of the long form has a value of another sort.",
            ),
            // Language servers for Nix report it, and stand beside this one.
            Self::SyntaxError => row("syntax-error", None, "The text is not Nix."),
            // A file of this name may be something else.
            Self::NoPins => {
                row("no-pins", None, "The file's value is not written as an attribute set.")
            }
            Self::Insecure => {
                row("insecure", Some(Warning), "The pinned version has known vulnerabilities.")
            }
            Self::Broken => {
                row("broken", Some(Warning), "nixpkgs marked the pinned version as broken.")
            }
            Self::Removed => row(
                "removed",
                Some(Information),
                "The package is not in the newest commits that were indexed.",
            ),
            // To stay behind is what a pin is for; inlay hints show it without a mark.
            Self::Outdated => row("outdated", None, "There is a newer version."),
            // Pins are of use without a lock too.
            Self::LockMissing => {
                row("lock-missing", None, "There is no packages.lock beside the file.")
            }
            Self::LockUnreadable => {
                row("lock-unreadable", Some(Warning), "The packages.lock cannot be used.")
            }
            Self::LockStale => row(
                "lock-stale",
                Some(Warning),
                "The packages.lock is of pins that have changed since.",
            ),
            Self::LockMismatch => row(
                "lock-mismatch",
                Some(Warning),
                "The packages.lock has a version that its pin does not allow, or that its revision does not have.",
            ),
            // What is generated works without hashes, only not in pure evaluation.
            Self::NoHash => row(
                "no-hash",
                None,
                "The packages.lock lacks the hash of a revision, which pure evaluation needs.",
            ),
            Self::IndexMissing => row(
                "index-missing",
                Some(Warning),
                "There is no version index, or it cannot be read.",
            ),
            Self::IndexOld => row(
                "index-old",
                Some(Information),
                "The version index has not been brought up to date for long; `index.oldAfterDays` \
                 says how long that is.",
            ),
            Self::FileNotRead => row(
                "file-not-read",
                Some(Warning),
                "The file is too large, or nests too deep, to be read.",
            ),
        }
    }

    /// Its name, as it is shown, documented and configured. It stays the same for ever.
    pub fn code(self) -> &'static str {
        self.row().code
    }

    /// The kind with this code.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }

    /// How much it matters in an editor where no setting says otherwise; `None` if it is not
    /// reported there then.
    pub fn default_severity(self) -> Option<Severity> {
        self.row().editor
    }

    /// What it is about, in a sentence or two of Markdown.
    pub fn summary(self) -> &'static str {
        self.row().summary
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_has_a_code_of_its_own() {
        for kind in Kind::ALL {
            assert_eq!(Kind::from_code(kind.code()), Some(kind));
            assert!(kind.summary().ends_with('.'), "{kind:?}");
        }
        assert_eq!(Kind::from_code("no-such-kind"), None);
    }
}
