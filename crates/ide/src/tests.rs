//! Tests of the features: a text with `$0` where the cursor is, a small index, and what a person
//! would see.

mod actions;
mod completion;
mod diagnostics;
mod elsewhere;
mod hover;
mod lock;
mod view;

use std::sync::Arc;

use model::{
    AttrPath, Commit, CommitId, Facts, MemorySource, Package, Release, Span, date::parse_day,
};

use crate::{Document, Index, LockFile, Memo, Settings, Snapshot};

/// Nine packages. Commits are told apart by their day.
pub(crate) fn source() -> MemorySource {
    let node = package(
        "nodejs",
        "Event-driven I/O for *V8*",
        &[
            ("22.1.0", "2024-05-02", "open"),
            ("22.0.0-rc.1", "2024-04-20", "2024-04-23"),
            ("20.18.1", "2024-11-01", "2024-12-24"),
            ("20.11.0", "2024-01-10", "2024-03-01"),
            ("20.9.0", "2023-10-25", "2023-11-20"),
            ("18.20.0", "2023-03-26", "2024-04-01"),
        ],
    );
    let mut requests = package(
        "python3Packages.requests",
        "HTTP library for humans",
        &[("2.28.2", "2023-02-01", "open"), ("2.28.1", "2022-07-01", "2023-01-31")],
    );
    requests.releases[1].facts.file = Some("pkgs/python modules/requests.nix".to_owned());
    requests.releases[1].facts.known_vulnerabilities = vec!["CVE-2023-32681".into()];
    let mut alias = package("nodejs_22", "Event-driven I/O", &[("22.1.0", "2024-05-02", "open")]);
    alias.alias_of = Some(AttrPath::top("nodejs"));
    MemorySource::new([
        node,
        alias,
        requests,
        package("python3", "A language", &[("3.11.7", "2023-12-05", "open")]),
        package("python3Packages.numpy", "Arrays", &[("1.26.4", "2024-02-10", "open")]),
        package("perlPackages.JSON", "JSON", &[("4.10", "2022-10-10", "open")]),
        package("nodePackages.\"@angular/cli\"", "Angular", &[("17.0.0", "2023-11-08", "open")]),
        package("git", "Version control", &[("2.44.0", "2024-02-23", "open")]),
        package("go", "A language", &[("1.21.5", "2023-12-06", "open")]),
    ])
}

pub(crate) fn package(path: &str, description: &str, versions: &[(&str, &str, &str)]) -> Package {
    let commit = |day: &str| {
        let date = parse_day(day).expect("a day");
        let mut id = [0xab; 20];
        id[..8].copy_from_slice(&date.to_be_bytes());
        Commit { id: CommitId(id), date }
    };
    let releases = versions.iter().map(|(version, first, last)| {
        let open = *last == "open";
        let last = commit(if open { "2024-12-31" } else { last });
        let span = Span { branch: Arc::from("nixpkgs-unstable"), first: commit(first), last, open };
        Release {
            version: (*version).to_owned(),
            facts: Facts {
                description: Some(description.to_owned()),
                homepage: Some("https://example.org/".to_owned()),
                license: Some("MIT".to_owned()),
                ..Facts::default()
            },
            spans: vec![span],
        }
    });
    Package {
        attr_path: AttrPath::parse(path).expect("an attribute path"),
        alias_of: None,
        releases: releases.collect(),
    }
}

/// Asks a feature with the cursor at `$0`; the moment is the first day of 2025.
pub(crate) fn at_cursor<T>(fixture: &str, ask: impl FnOnce(&Snapshot, usize) -> T) -> T {
    at_cursor_of(Document::new, fixture, ask)
}

/// The same with a text that is read so.
pub(crate) fn at_cursor_of<T>(
    read: fn(String) -> Document,
    fixture: &str,
    ask: impl FnOnce(&Snapshot, usize) -> T,
) -> T {
    let offset = fixture.find("$0").expect("the fixture has a cursor");
    let document = read(fixture.replacen("$0", "", 1));
    let source = source();
    let now = parse_day("2025-01-01").expect("a day") + 5;
    let (index, memo) = (Index::Ready(&source), Memo::default());
    let settings = &Settings::default();
    ask(
        &Snapshot {
            document: &document,
            lock: LockFile::Unknown,
            index,
            memo: &memo,
            settings,
            now,
        },
        offset,
    )
}
