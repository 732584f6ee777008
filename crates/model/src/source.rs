//! The one way in which features ask for packages.

use std::sync::Arc;

use serde::Serialize;

use crate::{
    AttrPath, Commit, CommitId, Package,
    resolve::{Marks, Place},
};

/// Where packages come from: the index on disk, a set in memory, a team's server. Every
/// implementation answers the same questions in the same way; one contract suite holds them to it.
///
/// Look-ups ignore case. A limit bounds the length of the answer, never its truth: what is left out
/// is what sorts last.
pub trait PackageSource: Send + Sync {
    /// Packages whose attribute path begins with `prefix`, in text order of the path, at most
    /// `limit`. `python3Packages.` lists what is in that set.
    ///
    /// # Errors
    /// [`SourceError`] if the source cannot be read.
    fn by_prefix(&self, prefix: &str, limit: usize) -> Result<Vec<Summary>, SourceError>;

    /// The names of one level that begin with `prefix`, in text order of their paths (that of a set
    /// with its dot), at most `limit`: for `py`, packages such as `python3`, and sets such as `python3Packages` once each,
    /// however many packages they hold. For `python3Packages.`, what is right in that set. A path
    /// that is both a package and a set is there twice, the package first.
    ///
    /// The provided method reads through [`Self::by_prefix`] and gives up on names behind the first
    /// few thousand packages; a source that can skip over a set should do better.
    ///
    /// # Errors
    /// [`SourceError`] if the source cannot be read.
    fn names(&self, prefix: &str, limit: usize) -> Result<Vec<Name>, SourceError> {
        names_by_prefix(self, prefix, limit)
    }

    /// Packages whose attribute path is at most `edits` (1 or 2) insertions, deletions,
    /// replacements or swaps away from `name`, nearest first, then in text order, at most `limit`.
    ///
    /// # Errors
    /// [`SourceError`] if the source cannot be read.
    fn by_similar_name(
        &self,
        name: &str,
        edits: u8,
        limit: usize,
    ) -> Result<Vec<Summary>, SourceError>;

    /// Packages whose attribute path, name or description has all the words of `query`, best match
    /// first, at most `limit`.
    ///
    /// # Errors
    /// [`SourceError`] if the source cannot be read.
    fn by_words(&self, query: &str, limit: usize) -> Result<Vec<Summary>, SourceError>;

    /// Everything known of one attribute path (case matters here), or `None` if it never was there
    /// as far as the source has looked.
    ///
    /// # Errors
    /// [`SourceError`] if the source cannot be read.
    fn package(&self, path: &AttrPath) -> Result<Option<Package>, SourceError>;

    /// Where commits are on the first-parent line of a branch, in the order in which they are given,
    /// counted from the oldest commit of the line that the source has; `None` for a commit that it
    /// does not have there. Dates cannot say it: on the lines of nixpkgs they go back now and then,
    /// by hours.
    ///
    /// The provided method knows no places. What needs them gets by with less, but never wrong.
    ///
    /// # Errors
    /// [`SourceError`] if the source cannot be read.
    fn places(
        &self,
        branch: &str,
        commits: &[CommitId],
    ) -> Result<Vec<Option<Place>>, SourceError> {
        let _ = branch;
        Ok(vec![None; commits.len()])
    }

    /// The commits that channels released, as far as the source was told of them.
    ///
    /// The provided method knows of none.
    ///
    /// # Errors
    /// [`SourceError`] if the source cannot be read.
    fn marks(&self) -> Result<Arc<Marks>, SourceError> {
        Ok(Arc::default())
    }

    /// What the source covers.
    ///
    /// # Errors
    /// [`SourceError`] if the source cannot be read.
    fn status(&self) -> Result<IndexStatus, SourceError>;
}

/// A name of one level: something to write, or something to write a dot behind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub enum Name {
    /// A package.
    Package(Summary),
    /// A set that holds packages, such as `python3Packages`.
    Set(AttrPath),
}

/// A package as a list shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// The attribute path.
    pub attr_path: AttrPath,
    /// The path that this one is another name of.
    pub alias_of: Option<AttrPath>,
    /// Its newest version (see [`Package::newest`]).
    pub newest: String,
    /// When that version was last seen, in seconds since 1970-01-01T00:00:00Z.
    pub newest_seen: i64,
    /// How many versions it ever had.
    pub versions: usize,
    /// Its description as of the newest commit.
    pub description: Option<String>,
}

/// [`PackageSource::names`] for sources that can only list packages.
fn names_by_prefix<S: PackageSource + ?Sized>(
    source: &S,
    prefix: &str,
    limit: usize,
) -> Result<Vec<Name>, SourceError> {
    const MOST: usize = 4096;
    let level = level(prefix);
    let mut room = limit.saturating_mul(4).clamp(1, MOST);
    loop {
        let packages = source.by_prefix(prefix, room)?;
        let whole = packages.len() < room;
        let mut names: Vec<Name> = Vec::new();
        let mut last_set: Option<AttrPath> = None;
        for summary in packages {
            let segments = summary.attr_path.segments();
            if segments.len() <= level + 1 {
                names.push(Name::Package(summary));
                continue;
            }
            // A path with more segments than another has one at least.
            let Ok(set) = AttrPath::from_segments(&segments[..=level]) else { continue };
            if last_set.as_ref() != Some(&set) {
                last_set = Some(set.clone());
                names.push(Name::Set(set));
            }
        }
        if whole || names.len() >= limit || room >= MOST {
            names.truncate(limit);
            return Ok(names);
        }
        room = (room * 4).min(MOST);
    }
}

/// How many segments of an attribute path are whole in a prefix of its text form: the dots outside
/// quotes.
pub fn level(prefix: &str) -> usize {
    dots(prefix).count()
}

/// The offsets of the dots between the segments of an attribute path's text form, or of a prefix
/// of it.
pub fn dots(text: &str) -> impl Iterator<Item = usize> {
    let mut quoted = false;
    let mut escaped = false;
    text.bytes().enumerate().filter_map(move |(at, byte)| {
        if std::mem::take(&mut escaped) {
            return None;
        }
        match byte {
            b'"' => quoted = !quoted,
            b'\\' => escaped = quoted,
            b'.' if !quoted => return Some(at),
            _ => {}
        }
        None
    })
}

/// What a source covers, so that a user can see how old its answers are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct IndexStatus {
    /// Where the index came from.
    pub origin: IndexOrigin,
    /// The branches that were read, the newest head first.
    pub branches: Vec<BranchStatus>,
    /// How many attribute paths are known.
    pub packages: u64,
    /// How many pairs of attribute path and version are known.
    pub releases: u64,
}

/// Where an index came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum IndexOrigin {
    /// The facts that the program carries.
    Starter,
    /// A clone of nixpkgs that the user had indexed.
    Indexed,
}

/// How far one branch was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BranchStatus {
    /// The branch, such as `nixpkgs-unstable`.
    pub name: String,
    /// The oldest commit that was looked at.
    pub from: Commit,
    /// The newest commit that was looked at.
    pub head: Commit,
    /// How many commits of its first-parent line were looked at.
    pub commits: u64,
}

impl IndexStatus {
    /// The newest commit of all branches.
    pub fn newest(&self) -> Option<Commit> {
        self.branches.iter().map(|b| b.head).max_by_key(|c| c.date)
    }
}

/// Why a source cannot answer. Each case is something else for the user to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    /// There is no index at the place given (a path, for the local index).
    #[error("there is no version index at {0}")]
    Missing(String),
    /// The index was written in another format than this program reads.
    #[error("the version index at {place} has format {found}; this program reads format {wanted}")]
    Format {
        /// Where the index is.
        place: String,
        /// The format it has.
        found: String,
        /// The format this program reads.
        wanted: String,
    },
    /// The index is there and cannot be read.
    #[error("the version index at {place} cannot be read: {why}")]
    Unreadable {
        /// Where the index is.
        place: String,
        /// What went wrong.
        why: String,
    },
}
