//! Yesterday's indexes, opened by today's code. Each format version has a tiny one in
//! `data/format-N`, written by the code of its time: of the formats that are still read every
//! answer is held to what was put in, and of the others the refusal.
//!
//! `NIX_ARCHIVER_BLESS=1` writes the one of the present format, if it is not there yet.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::{fs, path::PathBuf};

use model::{AttrPath, Commit, CommitId, Facts, Package, PackageSource, Release, Span};
use nix_archiver_catalog::{FORMAT, Reader, Writer, from_packages};

fn place(format: u32) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("tests/data/format-{format}"))
}

/// What is in each of them. It stays as it is, whatever becomes of other samples.
fn packages() -> Vec<Package> {
    let commit = |n: u8| Commit { id: CommitId([n; 20]), date: 1_400_000_000 + i64::from(n) };
    let span = |branch: &str, first, last, open| Span {
        branch: branch.into(),
        first: commit(first),
        last: commit(last),
        open,
    };
    let facts = Facts {
        pname: Some("requests".to_owned()),
        description: Some("HTTP for Humans™".to_owned()),
        homepage: Some("http://docs.python-requests.org".to_owned()),
        license: Some("Apache-2.0".to_owned()),
        file: Some("pkgs/development/python-modules/requests".to_owned()),
        broken: true,
        known_vulnerabilities: vec!["CVE-2018-18074".to_owned()],
    };
    let nodejs = vec![
        Release {
            version: "9.11.1".to_owned(),
            facts: Facts::default(),
            spans: vec![span("nixos-unstable", 5, 9, true), span("nixos-unstable", 2, 3, false)],
        },
        Release {
            version: "8.9.4".to_owned(),
            facts: Facts::default(),
            spans: vec![span("nixos-18.03", 1, 7, false)],
        },
    ];
    let requests = vec![Release {
        version: "2.18.4".to_owned(),
        facts,
        spans: vec![span("nixos-18.03", 3, 8, true)],
    }];
    let path = |text| AttrPath::parse(text).unwrap();
    vec![
        Package { attr_path: path("nodejs"), alias_of: None, releases: nodejs },
        Package {
            attr_path: path("python3Packages.\"re.quests\""),
            alias_of: Some(path("python3Packages.requests")),
            releases: requests,
        },
    ]
}

#[test]
fn the_present_format_is_read_and_written() {
    let stored = place(FORMAT);
    if std::env::var_os("NIX_ARCHIVER_BLESS").is_some() && !stored.exists() {
        let mut writer = Writer::open(&stored).unwrap();
        let (ledger, records) = from_packages(&packages());
        records.into_iter().for_each(|record| writer.put(record).unwrap());
        writer.commit(ledger).unwrap();
        writer.close().unwrap();
    }
    let reader = Reader::open(&stored).unwrap();
    for package in packages() {
        assert_eq!(reader.package(&package.attr_path).unwrap(), Some(package));
    }
    let summaries: Vec<_> = packages().iter().filter_map(Package::summary).collect();
    assert_eq!(reader.by_prefix("", 10).unwrap(), summaries);
    assert_eq!(reader.by_words("http humans", 10).unwrap(), summaries[1..]);
    assert_eq!(reader.by_similar_name("nodesj", 2, 10).unwrap(), summaries[..1]);
    let status = reader.status().unwrap();
    assert_eq!((status.packages, status.releases, status.branches.len()), (2, 3, 2));

    // Written to in another place, so that it stays as it is.
    let copy = tempfile::tempdir().unwrap();
    for file in fs::read_dir(&stored).unwrap().map(Result::unwrap) {
        fs::copy(file.path(), copy.path().join(file.file_name())).unwrap();
    }
    let mut writer = Writer::open(copy.path()).unwrap();
    let (ledger, records) = from_packages(&packages());
    assert_eq!(writer.ledger(), &ledger);
    for record in records {
        assert_eq!(writer.record(&record.attr_path).unwrap().as_ref(), Some(&record));
    }
    let mut gone = writer.record(&AttrPath::top("nodejs")).unwrap().unwrap();
    gone.releases.clear();
    writer.put(gone).unwrap();
    writer.commit(ledger).unwrap();
    writer.close().unwrap();
    let reader = Reader::open(copy.path()).unwrap();
    assert_eq!(reader.by_prefix("", 10).unwrap(), summaries[1..]);
}
