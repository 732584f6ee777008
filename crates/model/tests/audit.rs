//! Locks that say what is not so.

use std::sync::Arc;

use nix_archiver_model::{
    AttrPath, Commit, CommitId, Facts, Lock, LockedPin, LockedRevision, Manifest, MemorySource,
    Package, Release, Requirement, Span, Wish, audit::audit,
};

fn commit(at: u8) -> Commit {
    Commit { id: CommitId([at; 20]), date: i64::from(at) * 86_400 }
}

/// `a` was 1.0 from the first commit to the second, and 2.0 from the third to the fourth.
fn source() -> MemorySource {
    let release = |version: &str, first, last| Release {
        version: version.to_owned(),
        facts: Facts::default(),
        spans: vec![Span {
            branch: Arc::from("main"),
            first: commit(first),
            last: commit(last),
            open: false,
        }],
    };
    MemorySource::new(vec![Package {
        attr_path: AttrPath::top("a"),
        alias_of: None,
        releases: vec![release("2.0", 3, 4), release("1.0", 1, 2)],
    }])
}

/// What is found wrong with a lock of `a`, for somebody who asks for `asked`.
fn wrong(asked: &str, requirement: &str, version: &str, at: u8) -> Vec<String> {
    let path = AttrPath::top("a");
    let asked = Requirement::parse(asked).expect("it is one");
    let manifest = Manifest { pins: vec![Wish::new(path.clone(), asked)] };
    let mut lock = Lock::default();
    let revision = LockedRevision { commit: commit(at), nar_hash: None };
    lock.revisions.insert("nixpkgs-1".to_owned(), revision);
    let pin = LockedPin {
        requirement: requirement.to_owned(),
        version: version.to_owned(),
        revision: "nixpkgs-1".to_owned(),
        allow_insecure: None,
    };
    lock.pins.insert(path, pin);
    let found = audit(&source(), &manifest, &lock).expect("memory can be read");
    found.iter().map(ToString::to_string).collect()
}

#[test]
fn what_is_so_is_not_complained_of() {
    for (asked, version, at) in
        [("1.0", "1.0", 1), ("*", "2.0", 4), ("latest", "1.0", 2), ("~1", "1.0", 2)]
    {
        assert_eq!(wrong(asked, asked, version, at), [""; 0], "{asked} {version} {at}");
    }
    // Of a commit that the index does not know, it cannot say anything.
    assert_eq!(wrong("*", "*", "3.0", 9), [""; 0]);
    // A lock for something else is another complaint's business.
    assert_eq!(wrong("2.0", "1.0", "1.0", 4), [""; 0]);
}

#[test]
fn what_is_not_so_is() {
    let rest = "; `nix-archiver lock` writes the file anew";
    let unmet = format!("the lock gives `a` version 2.0, which does not meet \"1.0\"{rest}");
    assert_eq!(wrong("1.0", "1.0", "2.0", 4), [unmet]);
    for version in ["1.0", "1.5"] {
        let found = wrong("*", "*", version, 4);
        let begins = format!("the lock gives `a` version {version}, and it had version 2.0 at ");
        assert!(found.len() == 1 && found[0].starts_with(&begins), "{found:?}");
    }
}
