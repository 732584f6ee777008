//! Where a pin leads: to its package's source in nixpkgs, as of the pinned revision; and which pin an
//! entry of a lock is of.

use model::{AttrPath, CommitId, Lock, SourceError};
use syntax::{Pin, TextRange};

use crate::{Index, LockFile, Snapshot};

/// Where a pin leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Definition {
    /// The part of the pin that the cursor is on.
    pub range: TextRange,
    /// The attribute path.
    pub path: AttrPath,
    /// The file that defined it; `None` if it is not known.
    pub source: Option<SourceFile>,
}

/// A file of nixpkgs at a revision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceFile {
    /// The revision.
    pub commit: CommitId,
    /// The file, from the top of nixpkgs.
    pub file: String,
    /// The version that the package has there.
    pub version: String,
}

pub(crate) fn definition(
    snapshot: &Snapshot,
    offset: usize,
) -> Result<Option<Definition>, SourceError> {
    let Some((pin, range)) = snapshot.document.pin_at(offset) else { return Ok(None) };
    Ok(Some(Definition { range, path: pin.path.clone(), source: source(snapshot, pin)? }))
}

/// The pin whose entry in the text of a lock holds a line, counted from 0.
pub fn locked_at(text: &str, line: usize) -> Option<AttrPath> {
    let lines = Lock::parse(text).ok()?.lines(text);
    let begun = lines.into_iter().filter(|(_, first)| *first <= line + 1);
    let (path, first) = begun.max_by_key(|(_, first)| *first)?;
    let indent = |line: &str| line.len() - line.trim_start().len();
    let mut rest = text.lines().skip(first - 1);
    let own = indent(rest.next()?);
    // Its last line is the next one that is indented as its first.
    let last = first + rest.position(|line| indent(line) <= own)?;
    (line <= last).then_some(path)
}

/// At the locked revision, if the lock is of this very pin; else at the newest commit that is known
/// to have the pinned version.
fn source(snapshot: &Snapshot, pin: &Pin) -> Result<Option<SourceFile>, SourceError> {
    let Index::Ready(index) = snapshot.index else { return Ok(None) };
    let Some(package) = index.package(&pin.path)? else { return Ok(None) };
    let asked = pin.version().map(|literal| literal.text.as_str()).unwrap_or_default();
    let locked = match snapshot.lock {
        LockFile::Read(lock) => lock.pins.get(&pin.path).and_then(|locked| {
            let revision = lock.revision_of(locked)?;
            (locked.requirement == asked).then_some((locked.version.as_str(), revision.commit.id))
        }),
        _ => None,
    };
    let version = locked.map_or(asked, |(version, _)| version);
    let Some(release) = package.release(version) else { return Ok(None) };
    let commit = locked.map_or(release.last_seen().id, |(_, commit)| commit);
    let version = version.to_owned();
    Ok(release.facts.file.clone().map(|file| SourceFile { commit, file, version }))
}
