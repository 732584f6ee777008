//! What a reader promises: the contract of all sources, and what is special about one on disk.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::{
    collections::BTreeSet,
    fs,
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use model::{
    AttrPath, Commit, CommitId, Facts, MemorySource, Package, PackageSource, Release, SourceError,
    Span,
    contract::{contract, samples},
};
use nix_archiver_catalog::{BranchLedger, Ledger, Reader, Writer, from_packages};
use proptest::prelude::*;

/// A source that removes its directory at the end.
struct Held {
    reader: Reader,
    _dir: tempfile::TempDir,
}

macro_rules! forward {
    ($($name:ident($($arg:ident: $type:ty),*) -> $out:ty;)*) => {
        $(fn $name(&self, $($arg: $type),*) -> Result<$out, model::SourceError> {
            self.reader.$name($($arg),*)
        })*
    };
}

impl PackageSource for Held {
    forward! {
        by_prefix(prefix: &str, limit: usize) -> Vec<model::Summary>;
        names(prefix: &str, limit: usize) -> Vec<model::Name>;
        by_similar_name(name: &str, edits: u8, limit: usize) -> Vec<model::Summary>;
        by_words(query: &str, limit: usize) -> Vec<model::Summary>;
        package(path: &model::AttrPath) -> Option<model::Package>;
        places(branch: &str, commits: &[model::CommitId]) -> Vec<Option<model::resolve::Place>>;
        status() -> model::IndexStatus;
    }
}

#[test]
fn the_contract_in_one_commit() {
    contract(|packages| {
        let dir = tempfile::tempdir().unwrap();
        let mut writer = Writer::open(dir.path()).unwrap();
        let (ledger, records) = from_packages(&packages);
        records.into_iter().for_each(|record| writer.put(record).unwrap());
        writer.commit(ledger).unwrap();
        Box::new(Held { reader: Reader::open(dir.path()).unwrap(), _dir: dir })
    });
}

#[test]
fn the_contract_over_many_commits() {
    contract(|packages| {
        let dir = tempfile::tempdir().unwrap();
        let mut writer = Writer::open(dir.path()).unwrap();
        let (ledger, records) = from_packages(&packages);
        let reader = Mutex::new(None);
        for (n, record) in records.into_iter().enumerate() {
            // Each path is first there with less, under another name too, and then as it should be.
            let mut gone = record.clone();
            gone.attr_path = AttrPath::top(&format!("nodejs{n}"));
            let mut less = record.clone();
            less.releases.truncate(1);
            less.releases[0].facts.description = Some("javascript".to_owned());
            writer.put(less).unwrap();
            writer.put(gone.clone()).unwrap();
            writer.commit(ledger.clone()).unwrap();
            reader.lock().unwrap().get_or_insert_with(|| Reader::open(dir.path()).unwrap());
            gone.releases.clear();
            writer.put(record).unwrap();
            writer.put(gone).unwrap();
            writer.commit(ledger.clone()).unwrap();
        }
        drop(writer);
        Box::new(Held { reader: reader.into_inner().unwrap().unwrap(), _dir: dir })
    });
}

fn one_release(path: AttrPath) -> Package {
    let commit = Commit { id: CommitId([1; 20]), date: 0 };
    let span = Span { branch: "b".into(), first: commit, last: commit, open: true };
    let facts = Facts { description: Some("ab ba a".to_owned()), ..Facts::default() };
    let release = Release { version: "1".to_owned(), facts, spans: vec![span] };
    Package { attr_path: path, alias_of: None, releases: vec![release] }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    /// Random small names against the plain reading of the promises.
    #[test]
    fn the_same_answers_as_from_memory(
        names in prop::collection::btree_set("[aAbB.é-]{1,5}", 1..60),
        queries in prop::collection::vec("[abBé-]{0,6}", 20),
    ) {
        let packages: Vec<Package> =
            names.iter().map(|name| one_release(AttrPath::top(name))).collect();
        let memory = MemorySource::new(packages.clone());
        let dir = tempfile::tempdir().unwrap();
        let mut writer = Writer::open(dir.path()).unwrap();
        let (ledger, records) = from_packages(&packages);
        for half in records.chunks(records.len().div_ceil(2)) {
            half.iter().for_each(|record| writer.put(record.clone()).unwrap());
            writer.commit(ledger.clone()).unwrap();
        }
        let reader = Reader::open(dir.path()).unwrap();
        for query in &queries {
            for limit in [1, 3, 100] {
                prop_assert_eq!(reader.by_prefix(query, limit), memory.by_prefix(query, limit));
                prop_assert_eq!(reader.names(query, limit), memory.names(query, limit));
                for edits in [1, 2] {
                    prop_assert_eq!(
                        reader.by_similar_name(query, edits, limit),
                        memory.by_similar_name(query, edits, limit),
                        "{:?} within {}", query, edits
                    );
                }
            }
        }
    }
}

#[test]
fn a_new_commit_is_seen_at_once() {
    let dir = tempfile::tempdir().unwrap();
    assert!(matches!(Reader::open(dir.path()), Err(SourceError::Missing(_))));
    assert!(matches!(Reader::open(&dir.path().join("none")), Err(SourceError::Missing(_))));
    let mut writer = Writer::open(dir.path()).unwrap();
    // Nothing was looked at yet: that is not an index to answer from.
    assert!(matches!(Reader::open(dir.path()), Err(SourceError::Missing(_))));
    let mut reader = None;
    for n in 0..20usize {
        let packages: Vec<_> =
            (0..=n).map(|n| one_release(AttrPath::top(&format!("p{n:03}")))).collect();
        let (ledger, records) = from_packages(&packages);
        records.into_iter().for_each(|record| writer.put(record).unwrap());
        if let Some(reader) = &reader {
            let reader: &Reader = reader;
            assert_eq!(reader.by_prefix("p", 1000).unwrap().len(), n, "not before the commit");
        }
        writer.commit(ledger).unwrap();
        let reader = reader.get_or_insert_with(|| Reader::open(dir.path()).unwrap());
        assert_eq!(reader.by_prefix("p", 1000).unwrap().len(), n + 1);
        assert_eq!(reader.status().unwrap().packages, n as u64 + 1);
    }
    let reader = reader.unwrap();
    drop(writer);
    fs::remove_file(dir.path().join("meta.json")).unwrap();
    assert!(matches!(reader.by_prefix("p", 1), Err(SourceError::Missing(_))));
}

/// Every commit puts as many packages as the ledger has commits; a reader that mixed two commits
/// would see other numbers.
#[test]
fn rows_and_ledger_are_always_of_one_commit() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = Writer::open(dir.path()).unwrap();
    let state = |n: u32| {
        let commits = (0..n).map(|n| Commit { id: CommitId([1; 20]), date: i64::from(n) });
        let branch = BranchLedger {
            name: "b".into(),
            commits: commits.collect(),
            ..BranchLedger::default()
        };
        Ledger { branches: vec![branch] }
    };
    let (_, records) = from_packages(&[one_release(AttrPath::top("p"))]);
    let put = |writer: &mut Writer, n: u32| {
        let mut record = records[0].clone();
        record.attr_path = AttrPath::top(&format!("p{n}"));
        writer.put(record).unwrap();
        // One that is put again each time, so that there are deletions and merges.
        writer.put(records[0].clone()).unwrap();
        writer.commit(state(n)).unwrap();
    };
    put(&mut writer, 1);
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let read = || {
            let reader = Reader::open(dir.path()).unwrap();
            let mut seen = BTreeSet::new();
            while !done.load(Ordering::Relaxed) {
                let status = reader.status().unwrap();
                assert_eq!(status.packages, status.branches[0].commits + 1);
                assert_eq!(status.branches[0].head.date + 1, status.branches[0].commits as i64);
                let found = reader.by_prefix("", 10_000).unwrap();
                assert!(found.len() as u64 >= status.packages);
                // All spans are open: seen last at the newest commit of the very same state.
                assert!(found.iter().all(|p| p.newest_seen + 2 == found.len() as i64));
                seen.insert(found.len());
            }
            seen.len()
        };
        let readers = [scope.spawn(read), scope.spawn(read)];
        for n in 2..60 {
            put(&mut writer, n);
        }
        done.store(true, Ordering::Relaxed);
        for reader in readers {
            let states = reader.join().unwrap();
            assert!(states > 5, "a reader saw {states} states go by");
        }
    });
}

#[test]
fn a_reader_leaves_no_trace() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = Writer::open(dir.path()).unwrap();
    let (ledger, records) = from_packages(&samples());
    records.into_iter().for_each(|record| writer.put(record).unwrap());
    writer.commit(ledger).unwrap();
    writer.close().unwrap();
    for name in [".tantivy-meta.lock", ".tantivy-writer.lock", "writer.lock"] {
        let _ = fs::remove_file(dir.path().join(name));
    }
    let list = || -> BTreeSet<_> {
        fs::read_dir(dir.path()).unwrap().map(|file| file.unwrap().file_name()).collect()
    };
    let before = list();
    let reader = Reader::open(dir.path()).unwrap();
    assert_eq!(reader.by_prefix("", 100).unwrap().len(), samples().len());
    assert_eq!(list(), before);
}

#[test]
fn damage_is_an_error_that_names_the_place() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = Writer::open(dir.path()).unwrap();
    let (ledger, records) = from_packages(&samples());
    records.into_iter().for_each(|record| writer.put(record).unwrap());
    writer.commit(ledger).unwrap();
    writer.close().unwrap();
    let files: Vec<_> = fs::read_dir(dir.path()).unwrap().map(|f| f.unwrap().path()).collect();
    let mut errors = 0;
    for file in files {
        let whole = fs::read(&file).unwrap();
        for damaged in [&whole[..whole.len() / 2], b"", &[0xff; 3000][..]] {
            fs::write(&file, damaged).unwrap();
            let ask = || -> Result<(), SourceError> {
                let reader = Reader::open(dir.path())?;
                reader.by_prefix("node", 10)?;
                reader.by_words("javascript", 10)?;
                reader.by_similar_name("nodesj", 2, 10)?;
                samples().iter().try_for_each(|p| reader.package(&p.attr_path).map(drop))?;
                reader.status().map(drop)
            };
            if let Err(error) = ask() {
                errors += 1;
                assert!(error.to_string().contains(dir.path().to_str().unwrap()), "{error}");
            }
        }
        fs::write(&file, whole).unwrap();
    }
    assert!(errors > 10, "only {errors} errors");
    assert!(Reader::open(dir.path()).is_ok());
}
