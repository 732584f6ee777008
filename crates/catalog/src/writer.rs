//! Writing the index: records are gathered in memory and go to disk, with the ledger that they
//! follow from, in one atomic commit.

use std::{
    collections::BTreeMap,
    fs::{self, File, OpenOptions, TryLockError},
    io::{Read, Seek, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

use model::{AttrPath, SourceError, memory::words};
use tantivy::{
    Index, IndexReader, IndexWriter, ReloadPolicy, TantivyDocument, TantivyError, Term,
    directory::MmapDirectory,
    indexer::{IndexWriterOptions, LogMergePolicy},
    schema::Value,
};

use crate::{
    BranchLedger, Error, Ledger, Record, codec,
    error::{tantivy_read, unreadable},
    ledger_file::{self, Commits},
    lookup,
    note::{self, BranchNote, Note, Origin},
    schema::{self, Fields},
};

/// The file whose lock a writer holds. The system frees the lock of a process that ends in
/// whatever way, so a leftover file blocks nobody.
const LOCK: &str = "writer.lock";

/// How the names of ledger files begin.
const LEDGER: &str = "ledger-";

/// What tantivy may gather in memory before it writes a segment, in bytes.
const MEMORY: usize = 48 << 20;

/// More segments than this are merged into one by [`Writer::close`]: each one costs every look-up.
const FEW_SEGMENTS: usize = 3;

/// The one process that writes an index.
///
/// Nothing of what is [`put`](Self::put) is on disk, or seen by readers, before
/// [`commit`](Self::commit) returns; from then on all of it is, and a process killed in between
/// leaves the commit before. After an error of `commit` the writer is of no use any more: drop it
/// and open another.
pub struct Writer {
    dir: PathBuf,
    fields: Fields,
    reader: IndexReader,
    writer: IndexWriter,
    note: Note,
    ledger: Ledger,
    pending: BTreeMap<AttrPath, Option<Pending>>,
    /// Dropped last, when everything else is closed.
    _lock: File,
}

/// An attribute path that waits for the next commit.
struct Pending {
    entry: Vec<u8>,
    name_words: String,
    text_words: String,
    releases: u64,
    /// The branch and place furthest along that its spans name, to be held against the ledger.
    reach: BTreeMap<u16, u32>,
}

impl Writer {
    /// Opens the index in `dir` for writing, or makes an empty one there.
    ///
    /// # Errors
    /// [`Error::Locked`] while another process writes it, [`Error::NotAnIndex`] if the directory
    /// holds other things, [`Error::Source`] if it holds an index that cannot be read or has
    /// another format, [`Error::Write`] if it cannot be written.
    pub fn open(dir: &Path) -> Result<Self, Error> {
        Self::open_as(dir, Origin::Indexed)
    }

    /// As [`open`](Self::open); what is committed is said to come from `origin`.
    pub(crate) fn open_as(dir: &Path, origin: Origin) -> Result<Self, Error> {
        fs::create_dir_all(dir).map_err(|error| Error::write(dir, &error))?;
        refuse_foreign(dir)?;
        let lock = lock(dir)?;
        let note = note::read(dir)?;
        let fields = Fields::new();
        let index = open_index(dir, &fields)?;
        let ledger = match &note {
            Some(note) => read_ledger(dir, note)?,
            None => Ledger::default(),
        };
        let options = IndexWriterOptions::builder()
            .num_worker_threads(1)
            .num_merge_threads(1)
            .memory_budget_per_thread(MEMORY)
            .build();
        let writer: IndexWriter =
            index.writer_with_options(options).map_err(|error| match error {
                TantivyError::LockFailure(..) => Error::Locked { dir: dir.to_owned(), by: None },
                error => Error::tantivy_write(dir, &error),
            })?;
        let mut merging = LogMergePolicy::default();
        merging.set_min_num_segments(FEW_SEGMENTS + 1);
        writer.set_merge_policy(Box::new(merging));
        let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into();
        let reader = reader.map_err(|error| tantivy_read(dir, &error))?;
        let committed = note.is_some();
        let mut note = note.unwrap_or(Note::new(origin));
        note.origin = origin;
        let mut this = Self {
            dir: dir.to_owned(),
            fields,
            reader,
            writer,
            note,
            ledger,
            pending: BTreeMap::new(),
            _lock: lock,
        };
        if !committed {
            this.commit_note(this.note.clone())?;
        }
        this.remove_stale_ledgers();
        Ok(this)
    }

    /// Where the index is.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// What was looked at, as of the last commit.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// What is recorded of an attribute path: as it was put last, committed or not.
    ///
    /// # Errors
    /// [`Error::Source`] if the index cannot be read.
    pub fn record(&self, path: &AttrPath) -> Result<Option<Record>, Error> {
        let entry = match self.pending.get(path) {
            Some(pending) => pending.as_ref().map(|pending| pending.entry.clone()),
            None => lookup::entry(&self.reader.searcher(), &self.fields, path.as_str())
                .map_err(|error| tantivy_read(&self.dir, &error))?,
        };
        entry.map(|entry| self.decode(&entry)).transpose()
    }

    /// Hands every record to `each`, as they were put last, committed or not, in no particular
    /// order.
    ///
    /// # Errors
    /// [`Error::Source`] if the index cannot be read.
    pub fn for_each_record(&self, each: &mut dyn FnMut(Record)) -> Result<(), Error> {
        for pending in self.pending.values().flatten() {
            each(self.decode(&pending.entry)?);
        }
        for_each_entry(&self.reader.searcher(), &self.fields, &self.dir, &mut |entry| {
            let record = codec::decode(entry).map_err(|e| unreadable(&self.dir, e.to_string()))?;
            if !self.pending.contains_key(&record.attr_path) {
                each(record);
            }
            Ok(())
        })?;
        Ok(())
    }

    /// Takes a record in, in place of what was recorded of its attribute path. A record without
    /// releases removes the attribute path.
    ///
    /// # Errors
    /// [`Error::Inconsistent`] if a version is empty or a release has no span.
    pub fn put(&mut self, mut record: Record) -> Result<(), Error> {
        let path = &record.attr_path;
        for release in &record.releases {
            if release.version.is_empty() {
                return Err(Error::Inconsistent(format!("{path} has a version without text")));
            }
            if release.spans.is_empty() {
                let version = &release.version;
                return Err(Error::Inconsistent(format!("{path} {version} was never there")));
            }
        }
        record.sort();
        let pending = Pending::new(&record);
        self.pending.insert(record.attr_path, pending);
        Ok(())
    }

    /// Makes everything that was put since the last commit, and this ledger, the state of the
    /// index, in one step. Of a ledger that goes on from the last one only what is new is written.
    ///
    /// # Errors
    /// [`Error::Inconsistent`] if a record names a commit that the ledger does not have;
    /// [`Error::Write`] if it cannot be written. The index is as it was then.
    pub fn commit(&mut self, ledger: Ledger) -> Result<(), Error> {
        if self.pending.is_empty() && ledger == self.ledger {
            return Ok(());
        }
        self.check(&ledger)?;
        let mut note = Note::new(self.note.origin);
        for (place, branch) in ledger.branches.iter().enumerate() {
            note.branches.push(self.write_ledger(place, branch)?);
        }
        for (path, pending) in std::mem::take(&mut self.pending) {
            self.stage(&path, pending)?;
        }
        self.commit_note(note)?;
        self.ledger = ledger;
        self.remove_stale_ledgers();
        Ok(())
    }

    /// Ends the writing: waits for what goes on in the background, and makes few segments of many,
    /// so that look-ups are quick. What was put and not committed is dropped.
    ///
    /// # Errors
    /// [`Error::Write`] if it cannot be written; the last commit stays.
    pub fn close(mut self) -> Result<(), Error> {
        let failed = |error: TantivyError| Error::tantivy_write(&self.dir, &error);
        let searcher = self.reader.searcher();
        let segments = searcher.segment_readers();
        let deleted: u32 = segments.iter().map(|s| s.num_deleted_docs()).sum();
        let many_deleted = u64::from(deleted) * 4 > searcher.num_docs();
        if segments.len() > FEW_SEGMENTS || many_deleted {
            // Merges that run already would take the segments away in between.
            self.writer.wait_merging_threads().map_err(failed)?;
            let index = self.reader.searcher().index().clone();
            let ids = index.searchable_segment_ids().map_err(failed)?;
            let mut writer: IndexWriter =
                index.writer_with_num_threads(1, MEMORY).map_err(failed)?;
            writer.merge(&ids).wait().map_err(failed)?;
            self.writer = writer;
        }
        self.writer.garbage_collect_files().wait().map_err(failed)?;
        self.writer.wait_merging_threads().map_err(failed)
    }

    fn decode(&self, entry: &[u8]) -> Result<Record, Error> {
        Ok(codec::decode(entry).map_err(|error| unreadable(&self.dir, error.to_string()))?)
    }

    /// Every place that a waiting record names must be one that was looked at.
    fn check(&self, ledger: &Ledger) -> Result<(), Error> {
        for (path, pending) in &self.pending {
            for (&branch, &place) in pending.iter().flat_map(|pending| &pending.reach) {
                let looked_at = ledger.branches.get(usize::from(branch));
                if looked_at.is_none_or(|branch| place as usize >= branch.commits.len()) {
                    return Err(Error::Inconsistent(format!(
                        "{path} was seen at commit {place} of branch {branch}, \
                         which the ledger does not have"
                    )));
                }
            }
        }
        Ok(())
    }

    /// Brings a branch's commits to disk, behind those that are there if it goes on from them.
    fn write_ledger(&self, place: usize, branch: &BranchLedger) -> Result<BranchNote, Error> {
        let before = self.ledger.branches.get(place).zip(self.note.branches.get(place));
        let kept = before
            .filter(|(old, _)| old.name == branch.name && branch.commits.starts_with(&old.commits));
        let (file, written) = match kept {
            Some((old, note)) if old.commits.len() == branch.commits.len() => {
                (note.file.clone(), Ok(()))
            }
            Some((old, note)) => {
                let path = self.dir.join(&note.file);
                let kept = old.commits.len();
                (note.file.clone(), ledger_file::extend(&path, kept, &branch.commits))
            }
            None => {
                let file = self.unused_ledger_name();
                let written = ledger_file::create(&self.dir.join(&file), &branch.commits);
                (file, written)
            }
        };
        written.map_err(|error| Error::write(&self.dir.join(&file), &error))?;
        Ok(BranchNote {
            name: branch.name.to_string(),
            file,
            commits: u32::try_from(branch.commits.len()).map_err(|_| {
                Error::Inconsistent(format!("{} has too many commits", branch.name))
            })?,
            failed: branch.failed.clone(),
            channels: branch.channels.clone(),
        })
    }

    fn unused_ledger_name(&self) -> String {
        let mut names = (1..).map(|n| format!("{LEDGER}{n}.bin"));
        names.find(|name| !self.dir.join(name).exists()).expect("a directory is finite")
    }

    fn stage(&mut self, path: &AttrPath, pending: Option<Pending>) -> Result<(), Error> {
        let fields = &self.fields;
        self.writer.delete_term(Term::from_field_text(fields.path, path.as_str()));
        let Some(pending) = pending else { return Ok(()) };
        let mut document = TantivyDocument::new();
        document.add_text(fields.path, path.as_str());
        document.add_text(fields.key, path.as_str().to_lowercase());
        document.add_text(fields.name_words, pending.name_words);
        document.add_text(fields.text_words, pending.text_words);
        document.add_u64(fields.releases, pending.releases);
        document.add_bytes(fields.entry, &pending.entry);
        let added = self.writer.add_document(document);
        added.map(drop).map_err(|error| Error::tantivy_write(&self.dir, &error))
    }

    fn commit_note(&mut self, note: Note) -> Result<(), Error> {
        let failed = |error: TantivyError| Error::tantivy_write(&self.dir, &error);
        let mut prepared = self.writer.prepare_commit().map_err(failed)?;
        prepared.set_payload(&note.to_text());
        prepared.commit().map_err(failed)?;
        self.note = note;
        self.reader.reload().map_err(|error| tantivy_read(&self.dir, &error))?;
        Ok(())
    }

    /// Removes ledger files that no commit names any more. One that cannot be removed (because a
    /// reader has it open, on some systems) is tried again next time.
    fn remove_stale_ledgers(&self) {
        let Ok(files) = fs::read_dir(&self.dir) else { return };
        for file in files.flatten() {
            let name = file.file_name();
            let is_used = |branch: &BranchNote| name.to_str() == Some(&branch.file);
            let is_ledger = name.to_str().is_some_and(|name| name.starts_with(LEDGER));
            if is_ledger && !self.note.branches.iter().any(is_used) {
                let _ = fs::remove_file(file.path());
            }
        }
    }
}

impl Pending {
    /// What is stored of a record, or `None` if it has no release.
    fn new(record: &Record) -> Option<Self> {
        let newest = codec::newest(record)?;
        let pname = newest.facts.pname.as_deref().unwrap_or_default();
        let mut reach = BTreeMap::new();
        for span in record.releases.iter().flat_map(|release| &release.spans) {
            let furthest = reach.entry(span.branch).or_insert(span.first);
            *furthest = (*furthest).max(span.first).max(span.last.unwrap_or(0));
        }
        Some(Self {
            entry: codec::encode(record),
            name_words: joined_words(&format!("{} {pname}", record.attr_path)),
            text_words: joined_words(newest.facts.description.as_deref().unwrap_or_default()),
            releases: record.releases.len() as u64,
            reach,
        })
    }
}

fn joined_words(text: &str) -> String {
    words(text).collect::<Vec<_>>().join(" ")
}

/// Hands each stored entry to `each`.
pub(crate) fn for_each_entry(
    searcher: &tantivy::Searcher,
    fields: &Fields,
    dir: &Path,
    each: &mut dyn FnMut(&[u8]) -> Result<(), SourceError>,
) -> Result<(), SourceError> {
    for segment in searcher.segment_readers() {
        let store = segment.get_store_reader(1);
        let store = store.map_err(|error| unreadable(dir, error.to_string()))?;
        for document in store.iter::<TantivyDocument>(segment.alive_bitset()) {
            let document = document.map_err(|error| tantivy_read(dir, &error))?;
            match document.get_first(fields.entry).and_then(|value| value.as_bytes()) {
                Some(entry) => each(entry)?,
                None => return Err(unreadable(dir, "a document has no entry")),
            }
        }
    }
    Ok(())
}

/// A directory with other people's files in it is not ours to write into.
fn refuse_foreign(dir: &Path) -> Result<(), Error> {
    if dir.join(note::META).exists() {
        return Ok(());
    }
    let failed = |error| Error::write(dir, &error);
    for file in fs::read_dir(dir).map_err(failed)? {
        // What a process leaves that was killed before its first commit.
        let name = file.map_err(failed)?.file_name();
        let ours = name
            .to_str()
            .is_some_and(|name| name == LOCK || name.starts_with(LEDGER) || name.starts_with('.'));
        if !ours {
            return Err(Error::NotAnIndex(dir.to_owned()));
        }
    }
    Ok(())
}

fn lock(dir: &Path) -> Result<File, Error> {
    let path = dir.join(LOCK);
    let failed = |error| Error::write(&path, &error);
    let opened = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path);
    let mut file = opened.map_err(failed)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut text = String::new();
            // Some systems do not let a locked file be read; the process id is a courtesy.
            let _ = file.read_to_string(&mut text);
            let by = Some(text.trim().to_owned()).filter(|text| !text.is_empty());
            return Err(Error::Locked { dir: dir.to_owned(), by });
        }
        Err(TryLockError::Error(error)) => return Err(failed(error)),
    }
    file.set_len(0).map_err(failed)?;
    file.rewind().map_err(failed)?;
    write!(file, "{}", std::process::id()).map_err(failed)?;
    Ok(file)
}

fn open_index(dir: &Path, fields: &Fields) -> Result<Index, Error> {
    let failed = |error: TantivyError| -> Error { tantivy_read(dir, &error).into() };
    let mmap = MmapDirectory::open(dir).map_err(|error| failed(error.into()))?;
    let mut index = Index::open_or_create(mmap, fields.schema.clone()).map_err(failed)?;
    index.set_tokenizers(schema::tokenizers());
    Ok(index)
}

/// The whole ledger of a commit.
fn read_ledger(dir: &Path, note: &Note) -> Result<Ledger, SourceError> {
    let directory = MmapDirectory::open(dir).map_err(|e| tantivy_read(dir, &e.into()))?;
    let mut branches = Vec::new();
    for branch in &note.branches {
        let commits = Commits::open(&directory, &branch.file, branch.commits as usize)
            .map_err(|error| unreadable(&dir.join(&branch.file), error.to_string()))?;
        branches.push(BranchLedger {
            name: Arc::from(branch.name.as_str()),
            commits: commits.iter().collect(),
            failed: branch.failed.clone(),
            channels: branch.channels.clone(),
        });
    }
    Ok(Ledger { branches })
}
