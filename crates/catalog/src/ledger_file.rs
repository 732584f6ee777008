//! The commits of a branch on disk, in a file that only ever grows.
//!
//! A ledger file is the eight bytes `NXLEDGR1` and then, for each commit from the oldest, 28 bytes:
//! the twenty of its id and its date (seconds since 1970, eight bytes, lowest first). Which part
//! of the file counts is said by the note of a commit of the index ([`crate::note`]); what a killed
//! process left behind that part is written over by the next one. So a commit of the index writes only
//! the commits that are new, and a reader sees the piece that belongs to the rows it sees.

use std::{
    fs::OpenOptions,
    io::{self, Seek, SeekFrom, Write},
    path::Path,
};

use model::{Commit, CommitId};
use tantivy::{
    HasLen,
    directory::{Directory, MmapDirectory, OwnedBytes},
};

const MAGIC: &[u8; 8] = b"NXLEDGR1";
const ENTRY: usize = 28;

/// Writes a file with these commits; it must not exist.
pub(crate) fn create(path: &Path, commits: &[Commit]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
    file.write_all(MAGIC)?;
    file.write_all(&to_bytes(commits))?;
    file.sync_all()
}

/// Makes `commits` of a file whose first `kept` commits are the first of them already. What a killed
/// process left behind those is written over; nothing is cut off, because a reader may have the
/// file mapped.
pub(crate) fn extend(path: &Path, kept: usize, commits: &[Commit]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).open(path)?;
    file.seek(SeekFrom::Start((MAGIC.len() + kept * ENTRY) as u64))?;
    file.write_all(&to_bytes(&commits[kept..]))?;
    file.sync_all()
}

/// The first commits of a ledger file, mapped: a look-up touches a handful of tens of thousands.
#[derive(Debug)]
pub(crate) struct Commits {
    bytes: OwnedBytes,
}

impl Commits {
    /// The first `count` commits of the ledger file with this name in a directory.
    ///
    /// # Errors
    /// If the file cannot be read, is not a ledger file, or is too short.
    pub fn open(directory: &MmapDirectory, name: &str, count: usize) -> io::Result<Self> {
        let invalid = |why| io::Error::new(io::ErrorKind::InvalidData, why);
        let file = directory.open_read(Path::new(name)).map_err(io::Error::other)?;
        let end = MAGIC.len() + count * ENTRY;
        if file.len() < end {
            return Err(invalid("it is too short"));
        }
        let (magic, entries) = file.slice_to(end).read_bytes()?.split(MAGIC.len());
        if *magic != MAGIC[..] {
            return Err(invalid("it is not a ledger file"));
        }
        Ok(Self { bytes: entries })
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.bytes.len() / ENTRY
    }

    /// The commit at a place.
    pub fn get(&self, place: u32) -> Option<Commit> {
        self.bytes.chunks_exact(ENTRY).nth(place as usize).map(from_bytes)
    }

    /// All of them, the oldest first.
    pub fn iter(&self) -> impl Iterator<Item = Commit> {
        self.bytes.chunks_exact(ENTRY).map(from_bytes)
    }
}

fn to_bytes(commits: &[Commit]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(commits.len() * ENTRY);
    for commit in commits {
        bytes.extend(commit.id.0);
        bytes.extend(commit.date.to_le_bytes());
    }
    bytes
}

fn from_bytes(entry: &[u8]) -> Commit {
    let (id, date) = entry.split_at(20);
    Commit {
        id: CommitId(id.try_into().expect("an entry is 28 bytes")),
        date: i64::from_le_bytes(date.try_into().expect("an entry is 28 bytes")),
    }
}
