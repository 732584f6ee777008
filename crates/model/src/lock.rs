//! The lock file, packages.lock: which version each pin got, from which revision of nixpkgs.
//!
//! It is JSON that Nix reads by itself, `builtins.fromJSON (builtins.readFile ./packages.lock)`,
//! with sorted keys, an indent of two spaces and a newline at the end, so that the same lock is
//! always the same bytes. What a file says that this program would not write is an error, so that
//! nothing is lost when it is written again.

mod json;
mod read;

use std::{collections::BTreeMap, fmt::Write};

use crate::{AttrPath, Commit, CommitId, date::format_day};

/// The version of the format that this program reads and writes.
pub const FORMAT: u64 = 1;

/// A lock.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Lock {
    /// The revisions of nixpkgs, by name: `nixpkgs-1` and so on.
    pub revisions: BTreeMap<String, LockedRevision>,
    /// The pins.
    pub pins: BTreeMap<AttrPath, LockedPin>,
    /// How far the version index went that was asked.
    pub index: Option<LockedIndex>,
}

/// A revision of nixpkgs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockedRevision {
    /// Its commit; the date is Nix's `lastModified`.
    pub commit: Commit,
    /// The hash of its tree, as Nix writes it: `sha256-…`. `None` if nobody has computed it yet.
    pub nar_hash: Option<String>,
}

/// What a pin got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockedPin {
    /// What packages.nix asked for.
    pub requirement: String,
    /// The version that the attribute path has at the revision.
    pub version: String,
    /// The revision, as its name in [`Lock::revisions`].
    pub revision: String,
    /// The name (`openssl-1.0.2u`) that Nix is to permit although nixpkgs knows of vulnerabilities.
    pub allow_insecure: Option<String>,
}

/// How far a version index went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockedIndex {
    /// The branch with the newest commit.
    pub branch: String,
    /// That commit.
    pub commit: CommitId,
    /// The day of it, `YYYY-MM-DD`.
    pub date: String,
}

/// Why a text is no lock that this program can use.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{problem}")]
pub struct LockError {
    /// The line that is wrong, counted from 1.
    pub line: usize,
    /// What is wrong with it.
    pub problem: LockProblem,
}

/// What can be wrong with a lock.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LockProblem {
    /// It is not JSON.
    #[error("this is not JSON: {0}; `nix-archiver lock` writes the file anew")]
    Syntax(&'static str),
    /// It is of another version of the format.
    #[error(
        "the lock has format {0}, and this nix-archiver reads format {FORMAT}; use the nix-archiver \
         that wrote it, or write it anew with `nix-archiver lock`"
    )]
    Format(String),
    /// It has a key that the format does not know.
    #[error("the key `{key}` means nothing in {place}; remove it, or run `nix-archiver lock`")]
    UnknownKey {
        /// The key.
        key: String,
        /// What has it.
        place: &'static str,
    },
    /// It lacks a key.
    #[error("{place} lacks the key `{key}`; `nix-archiver lock` writes the file anew")]
    MissingKey {
        /// The key.
        key: &'static str,
        /// What lacks it.
        place: &'static str,
    },
    /// It has a key twice.
    #[error("the key `{0}` is there twice; remove one, or run `nix-archiver lock`")]
    DuplicateKey(String),
    /// A value is not what the format wants there.
    #[error("`{key}` must be {wanted}; `nix-archiver lock` writes the file anew")]
    Value {
        /// The key that it is the value of.
        key: String,
        /// What would be right.
        wanted: &'static str,
    },
    /// A pin names a revision that is not there.
    #[error("there is no revision `{0}` in this lock; `nix-archiver lock` writes the file anew")]
    NoRevision(String),
    /// A pin's name is not that of its attribute path.
    #[error(
        "the pin `{name}` has the attribute path of `{path}`; `nix-archiver lock` writes the file \
         anew"
    )]
    OtherPath {
        /// The name of the pin.
        name: String,
        /// What its attribute path would be called.
        path: AttrPath,
    },
}

impl Lock {
    /// Reads a lock.
    ///
    /// # Errors
    /// [`LockError`] names the line, and says what to do.
    pub fn parse(text: &str) -> Result<Self, LockError> {
        read::lock(&json::parse(text)?)
    }

    /// The text of the lock; [`Self::parse`] reads it back.
    pub fn print(&self) -> String {
        let mut out = String::from("{\n");
        if let Some(LockedIndex { branch, commit, date }) = &self.index {
            out.push_str("  \"index\": {\n");
            fields(
                &mut out,
                4,
                &[
                    ("branch", json::text(branch)),
                    ("commit", json::text(&commit.to_string())),
                    ("date", json::text(date)),
                ],
            );
            out.push_str("  },\n");
        }
        out.push_str("  \"pins\": {");
        // The keys are in the order of their texts, as those of a path are.
        for (n, (path, pin)) in self.pins.iter().enumerate() {
            out.push_str(if n == 0 { "\n" } else { ",\n" });
            writeln!(out, "    {}: {{", json::text(path.as_str())).expect(INFALLIBLE);
            let segments = path.segments();
            let segments: Vec<String> =
                segments.iter().map(|s| format!("        {}", json::text(s))).collect();
            let path = format!("[\n{}\n      ]", segments.join(",\n"));
            let mut all = Vec::new();
            if let Some(name) = &pin.allow_insecure {
                all.push(("allowInsecure", json::text(name)));
            }
            all.push(("attrPath", path));
            all.push(("requirement", json::text(&pin.requirement)));
            all.push(("revision", json::text(&pin.revision)));
            all.push(("version", json::text(&pin.version)));
            fields(&mut out, 6, &all);
            out.push_str("    }");
        }
        out.push_str(if self.pins.is_empty() { "},\n" } else { "\n  },\n" });
        out.push_str("  \"revisions\": {");
        for (n, (name, LockedRevision { commit, nar_hash })) in self.revisions.iter().enumerate() {
            out.push_str(if n == 0 { "\n" } else { ",\n" });
            writeln!(out, "    {}: {{", json::text(name)).expect(INFALLIBLE);
            let mut all = vec![("lastModified", commit.date.to_string())];
            if let Some(hash) = nar_hash {
                all.push(("narHash", json::text(hash)));
            }
            all.push(("owner", json::text(OWNER)));
            all.push(("repo", json::text(REPO)));
            all.push(("rev", json::text(&commit.id.to_string())));
            all.push(("type", json::text(TYPE)));
            fields(&mut out, 6, &all);
            out.push_str("    }");
        }
        out.push_str(if self.revisions.is_empty() { "},\n" } else { "\n  },\n" });
        writeln!(out, "  \"version\": {FORMAT}\n}}").expect(INFALLIBLE);
        out
    }

    /// On which lines, counted from 1, the entries of the pins begin in the text that the lock was
    /// read from.
    pub fn lines(&self, text: &str) -> BTreeMap<AttrPath, usize> {
        let names: BTreeMap<String, &AttrPath> =
            self.pins.keys().map(|path| (json::text(path.as_str()), path)).collect();
        let line = |(at, line): (usize, &str)| {
            let name = line.trim().strip_suffix('{')?.trim_end().strip_suffix(':')?;
            names.get(name.trim_end()).map(|path| ((*path).clone(), at))
        };
        (1..).zip(text.lines()).filter_map(line).collect()
    }

    /// The revision that a pin comes from.
    pub fn revision_of(&self, pin: &LockedPin) -> Option<&LockedRevision> {
        self.revisions.get(&pin.revision)
    }

    /// What the revision at a place in a list of revisions, the newest first, is called.
    pub fn revision_name(at: usize) -> String {
        format!("nixpkgs-{}", at + 1)
    }
}

impl LockedIndex {
    /// The index goes up to a commit of a branch.
    pub fn new(branch: &str, head: Commit) -> Self {
        Self { branch: branch.to_owned(), commit: head.id, date: format_day(head.date) }
    }
}

/// Where nixpkgs is: in the words of a flake's lock.
const OWNER: &str = "NixOS";
const REPO: &str = "nixpkgs";
const TYPE: &str = "github";

const INFALLIBLE: &str = "a string takes all that is written to it";

/// Writes the fields of an object, a line each.
fn fields(out: &mut String, indent: usize, fields: &[(&str, String)]) {
    for (n, (key, value)) in fields.iter().enumerate() {
        let comma = if n + 1 == fields.len() { "" } else { "," };
        writeln!(out, "{:indent$}{}: {value}{comma}", "", json::text(key)).expect(INFALLIBLE);
    }
}
