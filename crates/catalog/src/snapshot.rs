//! One commit of the index, open for reading: its rows and the ledger that belongs to them.

use std::{
    fs::{self, File},
    io,
    path::Path,
    sync::{Arc, Mutex, OnceLock},
    time::SystemTime,
};

use model::{BranchStatus, Commit, IndexStatus, SourceError};
use tantivy::{Index, ReloadPolicy, Searcher, directory::MmapDirectory};

use crate::{
    BranchLedger, Ledger,
    convert::Places,
    directory::ReadOnly,
    error::{tantivy_read, unreadable},
    ledger_file::Commits,
    note::{self, META, Note},
    schema::{self, Fields, RELEASES},
};

/// How often a reader begins again because a writer committed meanwhile. Opening takes about a
/// millisecond and a commit takes several, so the second try is all but certain.
const TRIES: usize = 100;

/// One commit of the index.
pub(crate) struct Snapshot {
    pub searcher: Searcher,
    pub fields: Fields,
    stamp: Stamp,
    note: Note,
    branches: Vec<Branch>,
    status: OnceLock<IndexStatus>,
}

/// A branch of the ledger; its commits are read when the first is asked for.
struct Branch {
    name: Arc<str>,
    count: usize,
    file: Mutex<File>,
    commits: OnceLock<Commits>,
}

/// What tells one `meta.json` from the next: each commit makes a new file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stamp {
    modified: SystemTime,
    length: u64,
    #[cfg(unix)]
    inode: u64,
}

impl Stamp {
    /// The stamp of the index in `dir` now.
    ///
    /// # Errors
    /// If there is no index, or it may not be looked at.
    pub fn of(dir: &Path) -> io::Result<Self> {
        let meta = fs::metadata(dir.join(META))?;
        Ok(Self {
            modified: meta.modified()?,
            length: meta.len(),
            #[cfg(unix)]
            inode: std::os::unix::fs::MetadataExt::ino(&meta),
        })
    }
}

impl Snapshot {
    /// Opens the newest commit of the index in `dir`. Rows, ledger and note are taken one after the
    /// other; if `meta.json` is the same file before and after, they belong together.
    ///
    /// # Errors
    /// [`SourceError::Missing`] if nothing was ever committed there, and the other cases as they
    /// say.
    pub fn open(dir: &Path) -> Result<Self, SourceError> {
        let missing = || SourceError::Missing(dir.display().to_string());
        for _ in 0..TRIES {
            let stamp = match Stamp::of(dir) {
                Ok(stamp) => stamp,
                Err(error) if absent(&error) => return Err(missing()),
                Err(error) => return Err(unreadable(dir, error.to_string())),
            };
            let opened = Self::open_parts(dir, stamp);
            if Stamp::of(dir).is_ok_and(|now| now == stamp) {
                return opened?.ok_or_else(missing);
            }
        }
        Err(unreadable(dir, "it changes faster than it can be opened"))
    }

    /// The parts of a snapshot, which may be of different commits.
    fn open_parts(dir: &Path, stamp: Stamp) -> Result<Option<Self>, SourceError> {
        // A writer's first commit is an empty one: it says nothing about nixpkgs yet.
        let Some(note) = note::read(dir)?.filter(|note| !note.branches.is_empty()) else {
            return Ok(None);
        };
        let open = || -> tantivy::Result<Searcher> {
            let mut index = Index::open(ReadOnly(MmapDirectory::open(dir)?))?;
            index.set_tokenizers(schema::tokenizers());
            let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual);
            Ok(reader.try_into()?.searcher())
        };
        let searcher = open().map_err(|error| tantivy_read(dir, &error))?;
        let fields = Fields::new();
        if *searcher.schema() != fields.schema {
            return Err(unreadable(dir, "its fields are not those of its format"));
        }
        let mut branches = Vec::new();
        for branch in &note.branches {
            let path = dir.join(&branch.file);
            let file = File::open(&path).map_err(|error| unreadable(&path, error.to_string()))?;
            branches.push(Branch {
                name: Arc::from(branch.name.as_str()),
                count: branch.commits as usize,
                file: Mutex::new(file),
                commits: OnceLock::new(),
            });
        }
        Ok(Some(Self { searcher, fields, stamp, note, branches, status: OnceLock::new() }))
    }

    /// Whether the index in `dir` is still at this commit.
    pub fn is_current(&self, dir: &Path) -> bool {
        Stamp::of(dir).is_ok_and(|stamp| stamp == self.stamp)
    }

    /// Reads the commits of all branches, if that was not done yet, so that [`Places`] can answer.
    ///
    /// # Errors
    /// [`SourceError::Unreadable`] if a ledger file is damaged.
    pub fn load_ledger(&self, dir: &Path) -> Result<&Self, SourceError> {
        for (branch, note) in self.branches.iter().zip(&self.note.branches) {
            if branch.commits.get().is_some() {
                continue;
            }
            let mut file = branch.file.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
            let commits = Commits::read(&mut file, branch.count)
                .map_err(|error| unreadable(&dir.join(&note.file), error.to_string()))?;
            // Another thread may have been quicker with the same.
            let _ = branch.commits.set(commits);
        }
        Ok(self)
    }

    /// The whole ledger.
    ///
    /// # Errors
    /// [`SourceError::Unreadable`] if a ledger file is damaged.
    pub fn ledger(&self, dir: &Path) -> Result<Ledger, SourceError> {
        self.load_ledger(dir)?;
        let branches = self.branches.iter().zip(&self.note.branches).map(|(branch, note)| {
            let commits = branch.commits.get().into_iter().flat_map(Commits::iter).collect();
            BranchLedger { name: branch.name.clone(), commits, failed: note.failed.clone() }
        });
        Ok(Ledger { branches: branches.collect() })
    }

    /// What the index covers.
    ///
    /// # Errors
    /// [`SourceError::Unreadable`] if a part of it is damaged.
    pub fn status(&self, dir: &Path) -> Result<IndexStatus, SourceError> {
        if let Some(status) = self.status.get() {
            return Ok(status.clone());
        }
        self.load_ledger(dir)?;
        let mut branches = Vec::new();
        for (number, branch) in (0..).zip(&self.branches) {
            let ends = self.commit(number, Some(0)).zip(self.commit(number, None));
            let Some((from, head)) = ends else { continue };
            let (name, commits) = (branch.name.to_string(), branch.count as u64);
            branches.push(BranchStatus { name, from, head, commits });
        }
        branches.sort_by_key(|branch| std::cmp::Reverse(branch.head.date));
        let status = IndexStatus {
            origin: self.note.origin.into(),
            branches,
            packages: self.searcher.num_docs(),
            releases: self.releases().map_err(|error| tantivy_read(dir, &error))?,
        };
        Ok(self.status.get_or_init(|| status).clone())
    }

    fn releases(&self) -> tantivy::Result<u64> {
        let mut sum = 0;
        for segment in self.searcher.segment_readers() {
            let column = segment.fast_fields().u64(RELEASES)?.first_or_default_col(0);
            sum += segment.doc_ids_alive().map(|doc| column.get_val(doc)).sum::<u64>();
        }
        Ok(sum)
    }
}

/// Whether an error means that there is nothing at a path.
fn absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

impl Places for Snapshot {
    fn branch(&self, branch: u16) -> Option<Arc<str>> {
        Some(self.branches.get(usize::from(branch))?.name.clone())
    }

    fn commit(&self, branch: u16, place: Option<u32>) -> Option<Commit> {
        let branch = self.branches.get(usize::from(branch))?;
        let place = place.or_else(|| u32::try_from(branch.count.checked_sub(1)?).ok())?;
        branch.commits.get()?.get(place)
    }
}
