//! What is wrong with the pins of a file.

mod check;

use std::{cmp::Ordering, fmt};

use model::{AttrPath, Package, SourceError, version};
use syntax::{Refusal, TextRange};

use crate::Snapshot;

pub(crate) use check::{check_pin, diagnostics};

/// A problem and where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// Where.
    pub range: TextRange,
    /// What.
    pub problem: Problem,
}

/// A problem. Each kind has a code that stays the same for ever.
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
    /// There is no index to ask.
    IndexMissing {
        /// Why, and what to do.
        why: String,
    },
    /// The file cannot be read.
    Refused(Refusal),
}

/// The versions next to one that does not exist.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Nearest {
    /// The highest below it.
    pub below: Option<String>,
    /// The lowest above it.
    pub above: Option<String>,
    /// The highest stable one of its line.
    pub newest_in_line: Option<String>,
    /// That of the three which has most in common with it.
    pub best: Option<String>,
}

/// How much a problem matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// Nothing will work.
    Error,
    /// It may not be what is meant.
    Warning,
    /// Worth knowing.
    Information,
}

impl Problem {
    /// The name of the kind, as it is shown, documented and configured.
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnknownPackage { .. } => "unknown-package",
            Self::UnknownVersion { .. } => "unknown-version",
            Self::IndexMissing { .. } => "index-missing",
            Self::Refused(_) => "file-not-read",
        }
    }

    /// How much it matters.
    pub fn severity(&self) -> Severity {
        match self {
            Self::UnknownPackage { .. } => Severity::Error,
            // It may exist by now.
            Self::UnknownVersion { beyond: true, .. } => Severity::Warning,
            Self::UnknownVersion { .. } => Severity::Error,
            Self::IndexMissing { .. } | Self::Refused(_) => Severity::Warning,
        }
    }
}

/// The message: what is wrong, and what is known instead.
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownPackage { path, similar, reach } => {
                write!(
                    f,
                    "nixpkgs never had a package `{path}` as far as the index goes ({reach})"
                )?;
                write_list(f, "; did you mean ", similar)
            }
            Self::UnknownVersion { path, version, nearest, reach, beyond } => {
                match beyond {
                    true => write!(
                        f,
                        "`{path}` {version} is higher than any version that the index knows (up to {reach})"
                    )?,
                    false => write!(
                        f,
                        "`{path}` never had version {version} as far as the index goes ({reach})"
                    )?,
                }
                write_list(f, "; there is ", &nearest.all())
            }
            Self::IndexMissing { why } => f.write_str(why),
            Self::Refused(refusal) => refusal.fmt(f),
        }
    }
}

impl Nearest {
    /// The versions of a package next to a text that is none of them.
    pub(crate) fn of(package: &Package, text: &str) -> Self {
        // A pre-release is chosen only where one is asked for.
        let fits = |v: &&str| version::is_prerelease(text) || !version::is_prerelease(v);
        let versions =
            || package.releases.iter().map(|release| release.version.as_str()).filter(fits);
        // Releases are sorted newest first.
        let below = versions().find(|v| version::compare(v, text) == Ordering::Less);
        let above = versions().rfind(|v| version::compare(v, text) == Ordering::Greater);
        let in_line = package.newest_in_line(text).map(|release| release.version.as_str());
        let shared = |candidate: &str| {
            let pairs = version::components(candidate).zip(version::components(text));
            pairs.take_while(|(a, b)| a == b).count()
        };
        let order =
            |a: &&str, b: &&str| shared(a).cmp(&shared(b)).then_with(|| version::compare(a, b));
        // A text that is the start of versions (`20`) means the newest of those.
        let best = [above, in_line, below].into_iter().flatten().max_by(order);
        let own = |version: Option<&str>| version.map(str::to_owned);
        Self { below: own(below), above: own(above), newest_in_line: own(in_line), best: own(best) }
    }

    /// The versions, each once, the best first.
    pub fn all(&self) -> Vec<&str> {
        let mut all: Vec<&str> = Vec::new();
        for version in [&self.best, &self.below, &self.above, &self.newest_in_line] {
            match version {
                Some(version) if !all.contains(&version.as_str()) => all.push(version),
                _ => {}
            }
        }
        all
    }
}

fn write_list<T: fmt::Display>(
    f: &mut fmt::Formatter<'_>,
    words: &str,
    items: &[T],
) -> fmt::Result {
    for (at, item) in items.iter().enumerate() {
        let before = match at {
            0 => words,
            _ if at + 1 == items.len() => " or ",
            _ => ", ",
        };
        write!(f, "{before}{item}")?;
    }
    Ok(())
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
