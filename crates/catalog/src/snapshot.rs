//! One commit of the index, open for reading: its rows and the ledger that belongs to them.

use std::{
    collections::{BTreeMap, HashMap},
    fs, io,
    path::Path,
    sync::{Arc, OnceLock},
    time::SystemTime,
};

use model::{
    BranchStatus, Commit, CommitId, IndexStatus, SourceError,
    resolve::{Mark, Marks, Place},
};
use tantivy::{Index, ReloadPolicy, Searcher, directory::MmapDirectory};

use crate::{
    BranchLedger, Ledger,
    convert::Places,
    directory::ReadOnly,
    error::{tantivy_read, unreadable},
    ledger_file::Commits,
    note::{self, META, Origin},
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
    origin: Origin,
    branches: Vec<Branch>,
    status: OnceLock<IndexStatus>,
    marks: OnceLock<Arc<Marks>>,
}

/// A branch of the ledger.
struct Branch {
    name: Arc<str>,
    commits: Commits,
    failed: Vec<u32>,
    channels: BTreeMap<Arc<str>, Vec<u32>>,
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
        let failed = |error| tantivy_read(dir, &error);
        let directory = MmapDirectory::open(dir).map_err(|error| failed(error.into()))?;
        let searcher = open_rows(ReadOnly(directory.clone())).map_err(failed)?;
        let fields = Fields::new();
        if *searcher.schema() != fields.schema {
            return Err(unreadable(dir, "its fields are not those of its format"));
        }
        let mut branches = Vec::new();
        for branch in note.branches {
            let commits = Commits::open(&directory, &branch.file, branch.commits as usize);
            branches.push(Branch {
                name: Arc::from(branch.name),
                commits: commits.map_err(|e| unreadable(&dir.join(&branch.file), e.to_string()))?,
                failed: branch.failed,
                channels: branch.channels,
            });
        }
        let (origin, status, marks) = (note.origin, OnceLock::new(), OnceLock::new());
        Ok(Some(Self { searcher, fields, stamp, origin, branches, status, marks }))
    }

    /// Whether the index in `dir` is still at this commit.
    pub fn is_current(&self, dir: &Path) -> bool {
        Stamp::of(dir).is_ok_and(|stamp| stamp == self.stamp)
    }

    /// The whole ledger.
    pub fn ledger(&self) -> Ledger {
        let branches = self.branches.iter().map(|branch| BranchLedger {
            name: branch.name.clone(),
            commits: branch.commits.iter().collect(),
            failed: branch.failed.clone(),
            channels: branch.channels.clone(),
        });
        Ledger { branches: branches.collect() }
    }

    /// Where commits are on the line of a branch. One pass over the line, however many are asked for.
    pub fn places(&self, branch: &str, commits: &[CommitId]) -> Vec<Option<Place>> {
        let mut places: HashMap<CommitId, Option<Place>> =
            commits.iter().map(|commit| (*commit, None)).collect();
        if let Some(branch) = self.branches.iter().find(|own| &*own.name == branch) {
            for (at, commit) in (0..).zip(branch.commits.iter()) {
                if let Some(place) = places.get_mut(&commit.id) {
                    *place = Some(Place { at, commit });
                }
            }
        }
        commits.iter().map(|commit| places[commit]).collect()
    }

    /// The commits that channels released.
    pub fn marks(&self) -> Arc<Marks> {
        self.marks.get_or_init(|| Arc::new(self.read_marks())).clone()
    }

    fn read_marks(&self) -> Marks {
        let marks = self.branches.iter().flat_map(|branch| {
            let all = branch.channels.iter();
            all.flat_map(|(channel, places)| places.iter().map(move |at| (channel, *at)))
                .filter_map(|(channel, at)| {
                    let commit = branch.commits.get(at)?;
                    let place = Place { at: at.into(), commit };
                    Some((branch.name.clone(), Mark { place, channel: channel.clone() }))
                })
        });
        Marks::new(marks)
    }

    /// What the index covers.
    ///
    /// # Errors
    /// [`SourceError::Unreadable`] if a part of it is damaged.
    pub fn status(&self, dir: &Path) -> Result<IndexStatus, SourceError> {
        if let Some(status) = self.status.get() {
            return Ok(status.clone());
        }
        let mut branches = Vec::new();
        for (number, branch) in (0..).zip(&self.branches) {
            let ends = self.commit(number, Some(0)).zip(self.commit(number, None));
            let Some((from, head)) = ends else { continue };
            let (name, commits) = (branch.name.to_string(), branch.commits.len() as u64);
            branches.push(BranchStatus { name, from, head, commits });
        }
        branches.sort_by_key(|branch| std::cmp::Reverse(branch.head.date));
        let status = IndexStatus {
            origin: self.origin.into(),
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

fn open_rows(directory: ReadOnly) -> tantivy::Result<Searcher> {
    let mut index = Index::open(directory)?;
    index.set_tokenizers(schema::tokenizers());
    let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual);
    Ok(reader.try_into()?.searcher())
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
        let commits = &self.branches.get(usize::from(branch))?.commits;
        let place = place.or_else(|| u32::try_from(commits.len().checked_sub(1)?).ok())?;
        commits.get(place)
    }
}
