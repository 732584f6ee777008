//! Look-ups in the index on disk.
//!
//! A reader answers each question from one commit of the index. Before each answer it looks at
//! the stamp of `meta.json` (about a microsecond), and opens the newer commit if there is one:
//! exact, without a thread that watches, and without anything to do for whoever asks.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use model::{
    AttrPath, CommitId, IndexStatus, Name, Package, PackageSource, SourceError, Summary,
    memory::{distance, words},
    resolve::{Marks, Place},
    source::{dots, level},
};
use tantivy::{
    DocAddress, InvertedIndexReader, SegmentReader, Term,
    collector::TopDocs,
    postings::TermInfo,
    query::{BooleanQuery, BoostQuery, FuzzyTermQuery, Occur, Query, TermQuery},
    schema::IndexRecordOption,
};

use crate::{
    codec::{self, Head},
    convert::{self, Places},
    error::{tantivy_read, unreadable},
    lookup,
    record::{Ledger, Record},
    snapshot::Snapshot,
    writer::for_each_entry,
};

/// How much more a word counts in a name than in a description.
const NAME_BOOST: f32 = 3.0;

/// Names longer than this are not looked for among similar ones: the automaton grows with the
/// name, and no attribute path is nearly as long.
const LONGEST_NAME: usize = 500;

/// The index in a directory, open for look-ups; see [`PackageSource`]. It writes nothing there, not
/// even a lock, and works while another process writes.
pub struct Reader {
    dir: PathBuf,
    snapshot: Mutex<Arc<Snapshot>>,
}

/// Everything that one commit of an index has, in no order.
///
/// # Errors
/// [`SourceError`] if the index cannot be read.
pub fn read_all(dir: &Path) -> Result<(Ledger, Vec<Record>), SourceError> {
    let snapshot = Snapshot::open(dir)?;
    let mut records = Vec::new();
    for_each_entry(&snapshot.searcher, &snapshot.fields, dir, &mut |entry| {
        let record = codec::decode(entry);
        records.push(record.map_err(|error| unreadable(dir, error.to_string()))?);
        Ok(())
    })?;
    Ok((snapshot.ledger(), records))
}

/// A document by its key, the attribute path in lower case.
type Found = (String, DocAddress);

impl Reader {
    /// Opens the index in `dir`.
    ///
    /// # Errors
    /// [`SourceError::Missing`] if there is none or nothing was ever committed to it,
    /// [`SourceError::Format`] and [`SourceError::Unreadable`] as they say.
    pub fn open(dir: &Path) -> Result<Self, SourceError> {
        let snapshot = Mutex::new(Arc::new(Snapshot::open(dir)?));
        Ok(Self { dir: dir.to_owned(), snapshot })
    }

    /// Where the index is.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The newest commit.
    pub(crate) fn snapshot(&self) -> Result<Arc<Snapshot>, SourceError> {
        let mut snapshot = self.snapshot.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if !snapshot.is_current(&self.dir) {
            *snapshot = Arc::new(Snapshot::open(&self.dir)?);
        }
        Ok(snapshot.clone())
    }

    fn failed(&self, error: tantivy::TantivyError) -> SourceError {
        tantivy_read(&self.dir, &error)
    }

    fn damaged(&self, error: codec::Damaged) -> SourceError {
        unreadable(&self.dir, error.to_string())
    }

    fn entry(&self, snapshot: &Snapshot, at: DocAddress) -> Result<Vec<u8>, SourceError> {
        let entry = lookup::entry_at(&snapshot.searcher, snapshot.fields.entry, at);
        let entry = entry.map_err(|error| self.failed(error))?;
        entry.ok_or_else(|| unreadable(&self.dir, "a document has no entry"))
    }

    fn summary(&self, snapshot: &Snapshot, at: DocAddress) -> Result<Summary, SourceError> {
        let entry = self.entry(snapshot, at)?;
        let head = codec::decode_head(&entry).map_err(|error| self.damaged(error))?;
        let Head { attr_path, alias_of, newest, releases, description, last_seen } = head;
        let mut newest_seen = None;
        for (branch, place) in last_seen {
            let beyond = || unreadable(&self.dir, "a span goes beyond the ledger");
            let date = snapshot.commit(branch, place).ok_or_else(beyond)?.date;
            newest_seen = newest_seen.max(Some(date));
        }
        let newest_seen =
            newest_seen.ok_or_else(|| unreadable(&self.dir, "a version was never seen"))?;
        Ok(Summary { attr_path, alias_of, newest, newest_seen, versions: releases, description })
    }

    /// The summaries of what was found, which is sorted by rank and then key, in that order and
    /// then by path, at most `limit`.
    fn summaries<R: PartialEq>(
        &self,
        snapshot: &Snapshot,
        found: &[(R, Found)],
        limit: usize,
    ) -> Result<Vec<Summary>, SourceError> {
        let mut summaries = Vec::with_capacity(limit.min(found.len()));
        for same in found.chunk_by(|a, b| a.0 == b.0 && a.1.0 == b.1.0) {
            if summaries.len() >= limit {
                break;
            }
            let start = summaries.len();
            for (_, (_, at)) in same {
                summaries.push(self.summary(snapshot, *at)?);
            }
            summaries[start..].sort_by(|a, b| a.attr_path.cmp(&b.attr_path));
        }
        summaries.truncate(limit);
        Ok(summaries)
    }
}

impl PackageSource for Reader {
    fn by_prefix(&self, prefix: &str, limit: usize) -> Result<Vec<Summary>, SourceError> {
        let snapshot = self.snapshot()?;
        let prefix = prefix.to_lowercase();
        let found = with_prefix(&snapshot, &prefix, limit).map_err(|e| self.failed(e))?;
        self.summaries(&snapshot, &found, limit)
    }

    fn names(&self, prefix: &str, limit: usize) -> Result<Vec<Name>, SourceError> {
        let snapshot = self.snapshot()?;
        let prefix = prefix.to_lowercase();
        let found = one_level(&snapshot, &prefix, limit).map_err(|e| self.failed(e))?;
        let level = level(&prefix);
        let mut names: Vec<Name> = Vec::new();
        for same in found.chunk_by(|a, b| a.0 == b.0) {
            if names.len() >= limit {
                break;
            }
            if !same[0].0.ends_with('.') {
                let same: Vec<((), Found)> = same.iter().cloned().map(|one| ((), one)).collect();
                let packages = self.summaries(&snapshot, &same, limit - names.len())?;
                names.extend(packages.into_iter().map(Name::Package));
                continue;
            }
            // Any package of a set tells how the set is written.
            let inside = self.summary(&snapshot, same[0].1)?.attr_path.segments();
            let set = inside.get(..=level).and_then(|set| AttrPath::from_segments(set).ok());
            names.extend(set.map(Name::Set));
        }
        Ok(names)
    }

    fn by_similar_name(
        &self,
        name: &str,
        edits: u8,
        limit: usize,
    ) -> Result<Vec<Summary>, SourceError> {
        let snapshot = self.snapshot()?;
        let name = name.to_lowercase();
        if name.len() > LONGEST_NAME {
            return Ok(Vec::new());
        }
        let found = similar(&snapshot, &name, edits.min(2)).map_err(|e| self.failed(e))?;
        self.summaries(&snapshot, &found, limit)
    }

    fn by_words(&self, query: &str, limit: usize) -> Result<Vec<Summary>, SourceError> {
        let snapshot = self.snapshot()?;
        let found = with_words(&snapshot, query, limit).map_err(|e| self.failed(e))?;
        found.into_iter().map(|at| self.summary(&snapshot, at)).collect()
    }

    fn package(&self, path: &AttrPath) -> Result<Option<Package>, SourceError> {
        let snapshot = self.snapshot()?;
        let entry = lookup::entry(&snapshot.searcher, &snapshot.fields, path.as_str());
        let Some(entry) = entry.map_err(|e| self.failed(e))? else { return Ok(None) };
        let record = codec::decode(&entry).map_err(|error| self.damaged(error))?;
        convert::package(record, &*snapshot).map(Some).map_err(|error| self.damaged(error))
    }

    fn places(
        &self,
        branch: &str,
        commits: &[CommitId],
    ) -> Result<Vec<Option<Place>>, SourceError> {
        Ok(self.snapshot()?.places(branch, commits))
    }

    fn marks(&self) -> Result<Arc<Marks>, SourceError> {
        Ok(self.snapshot()?.marks())
    }

    fn status(&self) -> Result<IndexStatus, SourceError> {
        self.snapshot()?.status(&self.dir)
    }
}

/// The documents whose key begins with `prefix`, by key: the first `limit`, and those with the
/// same key as the last of them. Only the term dictionary is read, none of the entries.
fn with_prefix(
    snapshot: &Snapshot,
    prefix: &str,
    limit: usize,
) -> tantivy::Result<Vec<((), Found)>> {
    let mut found = Vec::new();
    for (ord, segment) in (0..).zip(snapshot.searcher.segment_readers()) {
        let index = segment.inverted_index(snapshot.fields.key)?;
        let mut keys = index.terms().range().ge(prefix).into_stream()?;
        let start = found.len();
        while found.len() - start < limit && keys.advance() {
            if !keys.key().starts_with(prefix.as_bytes()) {
                break;
            }
            for at in documents(&index, segment, ord, keys.value())? {
                found.push(((), (text(keys.key()), at)));
            }
        }
    }
    found.sort();
    Ok(found)
}

/// The documents whose key begins with `prefix` and goes on in the same segment, and for each set
/// on that level one document inside it, under the set's key with its dot; by key, the first
/// `limit` of each segment of the index. The keys inside a set are jumped over.
fn one_level(snapshot: &Snapshot, prefix: &str, limit: usize) -> tantivy::Result<Vec<Found>> {
    let level = level(prefix);
    let mut found = Vec::new();
    for (ord, segment) in (0..).zip(snapshot.searcher.segment_readers()) {
        let index = segment.inverted_index(snapshot.fields.key)?;
        let mut from = prefix.to_owned();
        let start = found.len();
        'jumps: loop {
            let mut keys = index.terms().range().ge(&from).into_stream()?;
            loop {
                if found.len() - start >= limit || !keys.advance() {
                    break 'jumps;
                }
                let key = text(keys.key());
                if !key.starts_with(prefix) {
                    break 'jumps;
                }
                let documents = documents(&index, segment, ord, keys.value())?;
                let Some(dot) = dots(&key).nth(level) else {
                    found.extend(documents.into_iter().map(|at| (key.clone(), at)));
                    continue;
                };
                let Some(inside) = documents.first() else { continue };
                found.push((key[..=dot].to_owned(), *inside));
                // The byte behind the dot: no key of the set is as high.
                from = format!("{}/", &key[..dot]);
                continue 'jumps;
            }
        }
    }
    found.sort();
    Ok(found)
}

/// The documents whose key is at most `edits` edits away from `name`, the nearest first, then by
/// key.
fn similar(snapshot: &Snapshot, name: &str, edits: u8) -> tantivy::Result<Vec<(usize, Found)>> {
    let term = Term::from_field_text(snapshot.fields.key, name);
    let query = FuzzyTermQuery::new(term, edits, true);
    let mut found = Vec::new();
    for (ord, segment) in (0..).zip(snapshot.searcher.segment_readers()) {
        let index = segment.inverted_index(snapshot.fields.key)?;
        let mut keys = index.terms().search(query.automaton()?).into_stream()?;
        while keys.advance() {
            let key = text(keys.key());
            let distance = distance(name, &key);
            for at in documents(&index, segment, ord, keys.value())? {
                found.push((distance, (key.clone(), at)));
            }
        }
    }
    found.sort();
    Ok(found)
}

/// The documents with all the words of `query`, the best match first.
fn with_words(snapshot: &Snapshot, query: &str, limit: usize) -> tantivy::Result<Vec<DocAddress>> {
    let fields = &snapshot.fields;
    let one_word = |word: String| -> Box<dyn Query> {
        let term = |field| {
            let term = Term::from_field_text(field, &word);
            Box::new(TermQuery::new(term, IndexRecordOption::WithFreqs)) as Box<dyn Query>
        };
        Box::new(BooleanQuery::union(vec![
            Box::new(BoostQuery::new(term(fields.name_words), NAME_BOOST)),
            term(fields.text_words),
        ]))
    };
    let words: Vec<_> = words(query).map(|word| (Occur::Must, one_word(word))).collect();
    let limit = limit.min(usize::try_from(snapshot.searcher.num_docs()).unwrap_or(usize::MAX));
    if words.is_empty() || limit == 0 {
        return Ok(Vec::new());
    }
    let best = TopDocs::with_limit(limit).order_by_score();
    let found = snapshot.searcher.search(&BooleanQuery::new(words), &best)?;
    Ok(found.into_iter().map(|(_, at)| at).collect())
}

/// The documents under a term that are not deleted.
fn documents(
    index: &InvertedIndexReader,
    segment: &SegmentReader,
    segment_ord: u32,
    term: &TermInfo,
) -> tantivy::Result<Vec<DocAddress>> {
    let mut postings = index.read_postings_from_terminfo(term, IndexRecordOption::Basic)?;
    let documents = std::iter::from_fn(|| lookup::next_alive(&mut postings, segment));
    Ok(documents.map(|doc_id| DocAddress { segment_ord, doc_id }).collect())
}

/// A key as text. All keys are written from texts.
fn text(key: &[u8]) -> String {
    String::from_utf8_lossy(key).into_owned()
}
