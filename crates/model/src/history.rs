//! What the index knows about a package: which versions it had, and between which commits.

use std::{fmt, str::FromStr, sync::Arc};

use serde::{Deserialize, Serialize};

use crate::{AttrPath, version};

/// The id of a git commit (SHA-1).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CommitId(pub [u8; 20]);

/// A commit of a branch and when it was committed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Commit {
    /// Its id.
    pub id: CommitId,
    /// Its committer date, in seconds since 1970-01-01T00:00:00Z.
    pub date: i64,
}

/// A stretch of a branch's first-parent line during which an attribute path was seen to have one
/// version: at `first`, at `last`, and at every commit between them. Nothing is said about the
/// commits outside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// The branch whose first-parent line this is about, such as `nixos-unstable`.
    pub branch: Arc<str>,
    /// The oldest commit of the stretch.
    pub first: Commit,
    /// The newest commit of the stretch.
    pub last: Commit,
    /// Whether `last` is the newest commit of the branch that the index has looked at: as far as
    /// the index goes, the attribute path still has this version.
    pub open: bool,
}

/// What a nixpkgs expression says about a package, as of one commit. A field that is `None` (or an
/// empty list) was not said, or could not be known.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct Facts {
    /// The package's own name, `requests` for `python3Packages.requests`.
    pub pname: Option<String>,
    /// `meta.description`.
    pub description: Option<String>,
    /// `meta.homepage`; the first, where there are several.
    pub homepage: Option<String>,
    /// `meta.license`, as SPDX ids where nixpkgs gives them, joined by `, `.
    pub license: Option<String>,
    /// The file that defines the version, from the root of nixpkgs: `pkgs/…/default.nix`.
    pub file: Option<String>,
    /// `meta.broken`.
    pub broken: bool,
    /// `meta.knownVulnerabilities`.
    pub known_vulnerabilities: Vec<String>,
}

/// One version that an attribute path had, with everything that is known of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Release {
    /// The version's text, never empty.
    pub version: String,
    /// What was said of it at the newest commit of its newest span.
    pub facts: Facts,
    /// When it was there: one span at least, the one with the newest `last` first.
    pub spans: Vec<Span>,
}

/// An attribute path and every version it had.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Package {
    /// The attribute path.
    pub attr_path: AttrPath,
    /// The path that this one is only another name of, as of the newest commit.
    pub alias_of: Option<AttrPath>,
    /// Its versions, newest first in Nix's version order ([`version::newest_first`]).
    pub releases: Vec<Release>,
}

impl Package {
    /// The release with exactly this version.
    pub fn release(&self, version: &str) -> Option<&Release> {
        self.releases.iter().find(|r| r.version == version)
    }

    /// The highest stable release, or the highest of all if none is stable.
    pub fn newest(&self) -> Option<&Release> {
        self.release(version::newest(self.releases.iter().map(|r| r.version.as_str()))?)
    }

    /// The highest stable release of the line that `version` belongs to (see [`version::line`]).
    pub fn newest_in_line(&self, version: &str) -> Option<&Release> {
        let line = version::line(version);
        let in_line = self.releases.iter().map(|r| r.version.as_str());
        self.release(version::newest(in_line.filter(|v| version::line(v) == line))?)
    }
}

impl Release {
    /// The oldest commit at which this version was seen, of all branches.
    pub fn first_seen(&self) -> Commit {
        let first = self.spans.iter().map(|s| s.first).min_by_key(|c| c.date);
        first.expect("a release has one span at least")
    }

    /// The newest commit at which this version was seen, of all branches: the default to pin.
    pub fn last_seen(&self) -> Commit {
        let last = self.spans.iter().map(|s| s.last).max_by_key(|c| c.date);
        last.expect("a release has one span at least")
    }
}

impl CommitId {
    /// The first twelve hexadecimal digits: short for people, and still unique in nixpkgs.
    pub fn short(&self) -> String {
        self.to_string()[..12].to_owned()
    }
}

impl fmt::Display for CommitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for CommitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CommitId({self})")
    }
}

/// A text is not forty hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a commit id of forty hexadecimal digits")]
pub struct NotACommitId(String);

impl FromStr for CommitId {
    type Err = NotACommitId;

    fn from_str(text: &str) -> Result<Self, NotACommitId> {
        let digits = text.as_bytes();
        if digits.len() != 40 {
            return Err(NotACommitId(text.to_owned()));
        }
        let mut id = [0; 20];
        for (byte, pair) in id.iter_mut().zip(digits.chunks(2)) {
            let value = |digit: u8| (digit as char).to_digit(16);
            let (Some(high), Some(low)) = (value(pair[0]), value(pair[1])) else {
                return Err(NotACommitId(text.to_owned()));
            };
            *byte = u8::try_from(high * 16 + low).expect("two hexadecimal digits fit a byte");
        }
        Ok(Self(id))
    }
}

impl TryFrom<String> for CommitId {
    type Error = NotACommitId;

    fn try_from(text: String) -> Result<Self, NotACommitId> {
        text.parse()
    }
}

impl From<CommitId> for String {
    fn from(id: CommitId) -> Self {
        id.to_string()
    }
}
