//! Small version indexes, made for tests.

use std::{path::Path, sync::Arc};

use model::{
    AttrPath, Commit, CommitId, Facts, Package, Release, Span,
    date::{DAY, parse_day},
};
use serde_json::Value;

use crate::lsp_client::Client;

/// The day up to which the indexes go, in seconds since 1970-01-01T00:00:00Z.
pub fn last_day() -> i64 {
    parse_day("2024-12-31").expect("this is a day")
}

/// A server that has been greeted, with the index of [`packages`] in a directory of its own.
///
/// # Panics
/// If the index cannot be written, or the server does not start.
pub fn greet(capabilities: Value) -> (tempfile::TempDir, Client) {
    let dir = tempfile::tempdir().expect("a directory");
    let index = dir.path().join("index");
    write(&index, &packages());
    let client = Client::greet(&index, capabilities);
    (dir, client)
}

/// Writes an index of these packages to a directory.
///
/// # Panics
/// If it cannot be written.
pub fn write(dir: &Path, packages: &[Package]) {
    let (ledger, records) = catalog::from_packages(packages);
    let mut writer = catalog::Writer::open(dir).expect("the index opens for writing");
    for record in records {
        writer.put(record).expect("the record is sound");
    }
    writer.commit(ledger).expect("the index is written");
    writer.close().expect("the index is closed");
}

/// A handful of packages.
pub fn packages() -> Vec<Package> {
    vec![
        package(
            "nodejs",
            "Event-driven I/O",
            &["22.1.0", "22.0.0-rc.1", "20.18.1", "20.11.0", "18.20.0"],
        ),
        package("python3", "A language", &["3.11.7", "3.6.4"]),
        package("python3Packages.numpy", "Arrays", &["1.26.4"]),
        package("python3Packages.requests", "HTTP for humans", &["2.28.2", "2.28.1"]),
        package("git", "Version control", &["2.44.0"]),
    ]
}

/// A package with these versions, the newest first: each was there for a hundred days, the newest
/// up to [`last_day`].
pub fn package(path: &str, description: &str, versions: &[&str]) -> Package {
    let release = |(age, version): (i64, &&str)| {
        let last = last_day() - age * 100 * DAY;
        let span = Span {
            branch: Arc::from("nixpkgs-unstable"),
            first: commit(last - 99 * DAY),
            last: commit(last),
            open: age == 0,
        };
        Release {
            version: (*version).to_owned(),
            facts: Facts {
                description: Some(description.to_owned()),
                license: Some("MIT".to_owned()),
                ..Facts::default()
            },
            spans: vec![span],
        }
    };
    Package {
        attr_path: AttrPath::parse(path).expect("the path is one"),
        alias_of: None,
        releases: (0..).zip(versions).map(release).collect(),
    }
}

fn commit(date: i64) -> Commit {
    let mut id = [0xab; 20];
    id[..8].copy_from_slice(&date.to_be_bytes());
    Commit { id: CommitId(id), date }
}
