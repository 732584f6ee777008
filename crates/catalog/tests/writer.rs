//! What a writer promises: atomic commits, one writer at a time, a ledger that only grows.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::{fs, path::Path, sync::Arc};

use model::{AttrPath, Commit, CommitId, Facts, SourceError};
use nix_archiver_catalog::{
    BranchLedger, Error, Ledger, Reader, Record, RecordedRelease, RecordedSpan, Writer,
};

fn commit(n: u32) -> Commit {
    let mut id = [7; 20];
    id[..4].copy_from_slice(&n.to_be_bytes());
    Commit { id: CommitId(id), date: 1_500_000_000 + i64::from(n) * 600 }
}

fn ledger(commits: u32) -> Ledger {
    let branch = BranchLedger {
        name: Arc::from("nixpkgs-unstable"),
        commits: (0..commits).map(commit).collect(),
        ..BranchLedger::default()
    };
    Ledger { branches: vec![branch] }
}

fn record(name: &str, versions: &[&str]) -> Record {
    let release = |version: &&str| RecordedRelease {
        version: (*version).to_owned(),
        facts: Facts { description: Some("A tool".to_owned()), ..Facts::default() },
        spans: vec![RecordedSpan { branch: 0, first: 0, last: None }],
    };
    Record {
        attr_path: AttrPath::parse(name).unwrap(),
        alias_of: None,
        releases: versions.iter().map(release).collect(),
    }
}

fn all(writer: &Writer) -> Vec<Record> {
    let mut all = Vec::new();
    writer.for_each_record(&mut |record| all.push(record)).unwrap();
    all.sort_by(|a, b| a.attr_path.cmp(&b.attr_path));
    all
}

fn ledger_files(dir: &Path) -> Vec<(String, u64)> {
    let files = fs::read_dir(dir).unwrap().map(Result::unwrap);
    let name = |file: &fs::DirEntry| file.file_name().into_string().unwrap();
    let mut files: Vec<_> = files
        .filter(|file| name(file).starts_with("ledger-"))
        .map(|file| (name(&file), file.metadata().unwrap().len()))
        .collect();
    files.sort();
    files
}

#[test]
fn what_is_committed_is_there_again() {
    let dir = tempfile::tempdir().unwrap();
    let dir = &dir.path().join("deep/er");
    let (a, b) = (record("a", &["2", "1"]), record("python3Packages.b", &["0.1"]));
    let mut writer = Writer::open(dir).unwrap();
    assert_eq!(writer.ledger(), &Ledger::default());
    writer.put(a.clone()).unwrap();
    writer.put(b.clone()).unwrap();
    assert_eq!(writer.record(&a.attr_path).unwrap(), Some(a.clone()));
    writer.commit(ledger(3)).unwrap();
    assert_eq!(writer.record(&a.attr_path).unwrap(), Some(a.clone()));

    let newer = record("a", &["3", "2", "1"]);
    writer.put(newer.clone()).unwrap();
    assert_eq!(all(&writer), [newer.clone(), b.clone()]);
    writer.commit(ledger(5)).unwrap();
    writer.put(record("lost", &["1"])).unwrap();
    writer.close().unwrap();

    let mut writer = Writer::open(dir).unwrap();
    assert_eq!(writer.ledger(), &ledger(5));
    assert_eq!(all(&writer), [newer.clone(), b.clone()]);
    writer.put(record("python3Packages.b", &[])).unwrap();
    assert_eq!(all(&writer), std::slice::from_ref(&newer));
    writer.commit(ledger(5)).unwrap();
    assert_eq!(all(&writer), [newer]);
    assert_eq!(writer.record(&b.attr_path).unwrap(), None);
}

#[test]
fn many_commits_leave_few_segments_and_every_record() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = Writer::open(dir.path()).unwrap();
    for n in 0..40u32 {
        writer.put(record(&format!("p{n:02}"), &["1"])).unwrap();
        writer.put(record("often", &[&n.to_string()])).unwrap();
        writer.commit(ledger(n + 1)).unwrap();
    }
    writer.close().unwrap();
    let stores = fs::read_dir(dir.path()).unwrap().map(|file| file.unwrap().path());
    let stores = stores.filter(|path| path.extension().is_some_and(|e| e == "store")).count();
    assert!(stores <= 3, "{stores} segments");
    let writer = Writer::open(dir.path()).unwrap();
    assert_eq!(all(&writer).len(), 41);
    assert_eq!(writer.record(&AttrPath::top("often")).unwrap(), Some(record("often", &["39"])));
    assert_eq!(writer.ledger(), &ledger(40));
}

#[test]
fn a_ledger_that_goes_on_is_not_rewritten() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = Writer::open(dir.path()).unwrap();
    writer.commit(ledger(1000)).unwrap();
    assert_eq!(ledger_files(dir.path()), [("ledger-1.bin".to_owned(), 8 + 28 * 1000)]);
    writer.commit(ledger(1001)).unwrap();
    assert_eq!(ledger_files(dir.path()), [("ledger-1.bin".to_owned(), 8 + 28 * 1001)]);
    let meta = fs::metadata(dir.path().join("meta.json")).unwrap().len();
    assert!(meta < 2000, "{meta} bytes");

    // One that does not go on gets a file of its own, and the old one goes.
    let mut other = ledger(10);
    other.branches[0].commits.remove(0);
    other.branches[0].failed = vec![2, 4];
    writer.commit(other.clone()).unwrap();
    assert_eq!(ledger_files(dir.path()), [("ledger-2.bin".to_owned(), 8 + 28 * 9)]);
    drop(writer);
    assert_eq!(Writer::open(dir.path()).unwrap().ledger(), &other);
}

#[test]
fn what_a_killed_writer_left_behind_the_ledger_is_written_over() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = Writer::open(dir.path()).unwrap();
    writer.commit(ledger(10)).unwrap();
    drop(writer);
    let file = dir.path().join("ledger-1.bin");
    let mut torn = fs::read(&file).unwrap();
    torn.extend([9; 28 * 5 + 3]);
    fs::write(&file, torn).unwrap();
    fs::write(dir.path().join("ledger-7.bin"), "stale").unwrap();

    let mut writer = Writer::open(dir.path()).unwrap();
    assert_eq!(writer.ledger(), &ledger(10));
    for commits in [11, 20] {
        writer.commit(ledger(commits)).unwrap();
        let files: Vec<_> = ledger_files(dir.path()).into_iter().map(|(name, _)| name).collect();
        assert_eq!(files, ["ledger-1.bin"], "the stale one is gone");
        drop(writer);
        writer = Writer::open(dir.path()).unwrap();
        assert_eq!(writer.ledger(), &ledger(commits));
    }
}

#[test]
fn a_second_writer_is_told_who_holds_the_index() {
    let dir = tempfile::tempdir().unwrap();
    let writer = Writer::open(dir.path()).unwrap();
    let error = Writer::open(dir.path()).err().unwrap();
    let Error::Locked { by: Some(by), .. } = &error else { panic!("{error}") };
    assert_eq!(by, &std::process::id().to_string());
    drop(writer);
    Writer::open(dir.path()).unwrap();
}

#[test]
fn contradictions_are_refused_and_change_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = Writer::open(dir.path()).unwrap();
    assert!(matches!(writer.put(record("a", &[""])), Err(Error::Inconsistent(_))));
    let mut never = record("a", &["1"]);
    never.releases[0].spans.clear();
    assert!(matches!(writer.put(never), Err(Error::Inconsistent(_))));

    let mut beyond = record("a", &["1"]);
    beyond.releases[0].spans[0].last = Some(3);
    writer.put(beyond).unwrap();
    let error = writer.commit(ledger(3)).unwrap_err();
    assert!(matches!(error, Error::Inconsistent(_)), "{error}");
    writer.commit(ledger(4)).unwrap();
}

#[test]
fn a_directory_of_other_things_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("thesis.txt"), "years of work").unwrap();
    let error = Writer::open(dir.path()).err().unwrap();
    assert!(matches!(error, Error::NotAnIndex(_)), "{error}");
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
}

#[test]
fn another_format_is_named() {
    let dir = tempfile::tempdir().unwrap();
    Writer::open(dir.path()).unwrap().commit(ledger(1)).unwrap();
    let meta = dir.path().join("meta.json");
    let text = fs::read_to_string(&meta).unwrap();
    for (format, wanted) in [("0", "format 0"), ("77", "format 77")] {
        let changed = text.replace(r#"\"format\":1"#, &format!(r#"\"format\":{format}"#));
        assert_ne!(changed, text);
        fs::write(&meta, changed).unwrap();
        let error = Writer::open(dir.path()).err().unwrap();
        assert!(matches!(&error, Error::Source(SourceError::Format { .. })), "{error}");
        assert!(error.to_string().contains(wanted), "{error}");
        let error = Reader::open(dir.path()).err().unwrap();
        assert!(matches!(&error, SourceError::Format { .. }), "{error}");
        assert!(error.to_string().contains(wanted), "{error}");
    }
}
