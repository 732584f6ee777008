//! The lock file: its text, what is wrong with a text, how one is made, what is different in it.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeSet;

use nix_archiver_model::{
    AttrPath, Commit, CommitId, Lock, LockedIndex, LockedPin, LockedRevision, Manifest,
    MemorySource, Plan, Requirement, Wish,
    contract::samples,
    lock::{LockError, LockProblem},
    relock::{self, RelockError, Why},
    render::{Format, render},
    resolve::Goal,
};
use proptest::prelude::*;

const TEXT: &str = r#"{
  "index": {
    "branch": "nixpkgs-unstable",
    "commit": "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a",
    "date": "2017-10-12"
  },
  "pins": {
    "nodejs": {
      "attrPath": [
        "nodejs"
      ],
      "requirement": "^9",
      "revision": "nixpkgs-1",
      "version": "9.11.1"
    },
    "python3Packages.requests": {
      "attrPath": [
        "python3Packages",
        "requests"
      ],
      "requirement": "2.18.4",
      "revision": "nixpkgs-1",
      "version": "2.18.4"
    }
  },
  "revisions": {
    "nixpkgs-1": {
      "lastModified": 1507776000,
      "owner": "NixOS",
      "repo": "nixpkgs",
      "rev": "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a",
      "type": "github"
    }
  },
  "version": 1
}
"#;

fn wish(path: &str, requirement: &str) -> Wish {
    Wish::new(AttrPath::parse(path).unwrap(), Requirement::parse(requirement).unwrap())
}

fn manifest(pins: &[(&str, &str)]) -> Manifest {
    Manifest { pins: pins.iter().map(|(path, requirement)| wish(path, requirement)).collect() }
}

fn lock(pins: &[(&str, &str)]) -> Lock {
    let source = MemorySource::new(samples());
    relock::lock(&source, &manifest(pins), Goal::FewestRevisions).unwrap().lock
}

/// The version of each pin and the number that the commit is made of.
fn chosen(lock: &Lock) -> Vec<String> {
    let of = |(path, pin): (&AttrPath, &LockedPin)| {
        let commit = lock.revision_of(pin).unwrap().commit;
        format!("{path} {} {}", pin.version, commit.id.0[0])
    };
    lock.pins.iter().map(of).collect()
}

#[test]
fn the_text_of_a_lock() {
    let lock = lock(&[("python3Packages.requests", "2.18.4"), ("nodejs", "^9")]);
    assert_eq!(lock.print(), TEXT);
    assert_eq!(Lock::parse(TEXT).unwrap(), lock);
    assert_eq!(
        Lock::default().print(),
        "{\n  \"pins\": {},\n  \"revisions\": {},\n  \"version\": 1\n}\n"
    );
}

#[test]
fn few_revisions_before_new_versions() {
    assert_eq!(chosen(&lock(&[("nodejs", "*")])), ["nodejs 10.0.0 60"]);
    // Both were there together between 50 and 60.
    let both = [("nodejs", "*"), ("nodejs-8_x", "8.11.1")];
    assert_eq!(chosen(&lock(&both)), ["nodejs 10.0.0 60", "nodejs-8_x 8.11.1 60"]);
    let apart = [("nodejs", "10.0.0"), ("nodejs-8_x", "*")];
    assert_eq!(chosen(&lock(&apart)), ["nodejs 10.0.0 60", "nodejs-8_x 8.11.1 60"]);
    let two = [("nodejs", "10.0.0"), ("nodejs-8_x", "8.9.4")];
    assert_eq!(chosen(&lock(&two)), ["nodejs 10.0.0 60", "nodejs-8_x 8.9.4 39"]);
    // Together they serve at one commit if one of them is older than it could be.
    let source = MemorySource::new(samples());
    let wishes = manifest(&[
        ("nodejs", ">=9"),
        ("python3Packages.requests", "*"),
        ("nodePackages.@angular/cli", "*"),
    ]);
    let few = relock::lock(&source, &wishes, Goal::FewestRevisions).unwrap();
    let new = relock::lock(&source, &wishes, Goal::NewestVersions).unwrap();
    assert!(few.proved && new.proved);
    assert_eq!(few.lock.revisions.len(), 1);
    assert_eq!(few.lock.pins[&AttrPath::top("nodejs")].version, "9.11.1");
    assert_eq!(new.lock.revisions.len(), 2);
    assert_eq!(new.lock.pins[&AttrPath::top("nodejs")].version, "10.0.0");
}

#[test]
fn one_pin_moves_no_other() {
    let source = MemorySource::new(samples());
    let old = lock(&[("nodejs", "10.0.0"), ("nodejs-8_x", "*")]);
    let wishes = manifest(&[("nodejs", "^9"), ("nodejs-8_x", "*")]);
    let nodejs = BTreeSet::from([AttrPath::top("nodejs")]);
    let new = relock::update(&source, &wishes, &old, &nodejs).unwrap().lock;
    assert_eq!(chosen(&new), ["nodejs 9.11.1 90", "nodejs-8_x 8.11.1 60"]);
    // The other one moves when it is asked for, to where the first one is.
    let other = BTreeSet::from([AttrPath::top("nodejs-8_x")]);
    let newer = relock::update(&source, &wishes, &new, &other).unwrap().lock;
    assert_eq!(chosen(&newer), ["nodejs 9.11.1 90", "nodejs-8_x 8.11.1 90"]);
    assert_eq!(newer.revisions.len(), 1, "what nothing comes from is left out");
    let gone = relock::update(&source, &manifest(&[("nodejs", "^9")]), &new, &BTreeSet::new());
    assert_eq!(chosen(&gone.unwrap().lock), ["nodejs 9.11.1 90"]);
    let text = Plan::between(&old, &new).to_string();
    assert_eq!(
        text,
        "  nodejs 10.0.0 -> 9.11.1 (5a5a5a5a5a5a of 2017-10-12)\n2 pins on 2 revisions"
    );
    assert!(Plan::between(&new, &new).is_empty());
}

#[test]
fn a_commit_or_branch_that_is_asked_for() {
    let source = MemorySource::new(samples());
    let mut wish = wish("nodejs", "*");
    wish.revision = Some(CommitId([52; 20]));
    let one = |wish: &Wish| {
        let manifest = Manifest { pins: vec![wish.clone()] };
        relock::lock(&source, &manifest, Goal::FewestRevisions).map(|locked| chosen(&locked.lock))
    };
    // This source has no commit between the ends of spans.
    let Err(RelockError::Unmet(unmet)) = one(&wish) else { panic!("52 is nowhere") };
    assert!(matches!(unmet[0].why, Why::NotAtRevision { .. }), "{unmet:?}");
    // The nodejs of then: other packages' spans end there.
    wish.revision = Some(CommitId([60; 20]));
    assert_eq!(one(&wish).unwrap(), ["nodejs 10.0.0 60"]);
    wish.revision = Some(CommitId([85; 20]));
    assert_eq!(one(&wish).unwrap(), ["nodejs 9.11.1 85"]);
    wish.revision = None;
    wish.channel = Some("nixos-17.09".to_owned());
    let Err(RelockError::Unmet(unmet)) = one(&wish) else { panic!("not on that branch") };
    assert!(unmet[0].to_string().ends_with("it does on nixpkgs-unstable"), "{}", unmet[0]);
}

#[test]
fn what_nothing_does_for() {
    let source = MemorySource::new(samples());
    let wishes =
        manifest(&[("nodej", "1"), ("nodejs", "9"), ("nodejs", "9.12"), ("nodejs", ">90")]);
    let error = relock::lock(&source, &wishes, Goal::FewestRevisions).unwrap_err();
    assert_eq!(
        error.to_string(),
        "nixpkgs never had a package `nodej` as far as the index goes\n\
         `nodejs` never had version 9; write \"9.*\" for the newest that begins so\n\
         `nodejs` never had version 9.12; the nearest are 9.11.1 below and 10.0.0 above\n\
         no version of `nodejs` meets \">90\"; the newest is 10.0.0"
    );
}

#[test]
fn what_is_allowed_although_insecure_is_named() {
    let mut wish = wish("python3Packages.requests", "*");
    wish.allow_insecure = true;
    let source = MemorySource::new(samples());
    let locked =
        relock::lock(&source, &Manifest { pins: vec![wish] }, Goal::FewestRevisions).unwrap().lock;
    let pin = locked.pins.values().next().unwrap();
    assert_eq!(pin.allow_insecure.as_deref(), Some("requests-2.18.4"));
    assert_eq!(Lock::parse(&locked.print()).unwrap(), locked);
    assert!(render(&locked, Format::Frozen).contains("(permit [ \"requests-2.18.4\" ])"));
}

#[test]
fn hashes_stay_with_their_commits() {
    let hash = format!("sha256-{}=", "a".repeat(43));
    let mut old = lock(&[("nodejs", "*")]);
    old.revisions.values_mut().for_each(|r| r.nar_hash = Some(hash.clone()));
    let mut new = lock(&[("nodejs", "*"), ("nodejs-8_x", "8.9.4")]);
    new.take_hashes(&old);
    assert_eq!(new.revisions["nixpkgs-1"].nar_hash, Some(hash));
    assert_eq!(new.revisions["nixpkgs-2"].nar_hash, None);
}

#[track_caller]
fn wrong(from: &str, to: &str, line: usize, words: &str) {
    assert!(TEXT.contains(from), "{from}");
    let error = Lock::parse(&TEXT.replacen(from, to, 1)).unwrap_err();
    assert!(error.to_string().contains(words), "{error}");
    assert_eq!(error.line, line, "{error}");
}

#[test]
fn a_text_that_is_no_lock() {
    wrong("\"version\": 1\n", "\"version\": 2\n", 35, "has format 2");
    wrong("\"version\": 1\n", "\"version\": \"1\"\n", 35, "must be a number");
    wrong("  \"revisions\"", "  \"more\": 1,\n  \"revisions\"", 26, "`more` means nothing");
    wrong("      \"requirement\": \"^9\",\n", "", 8, "a pin lacks the key `requirement`");
    wrong("\"nixpkgs-1\",", "\"nixpkgs-7\",", 13, "no revision `nixpkgs-7`");
    wrong("\"python3Packages\",", "\"python2Packages\",", 16, "`python2Packages.requests`");
    wrong("\"github\"", "\"gitlab\"", 32, "`type` must be");
    wrong("1507776000", "\"1507776000\"", 28, "`lastModified` must be");
    wrong("\"rev\": \"5a", "\"rev\": \"5x", 31, "`rev` must be a commit id");
    wrong("\"owner\"", "\"narHash\": \"abc\",\n      \"owner\"", 29, "`narHash` must be");
    wrong("\"^9\",", "\"^9\"", 13, "not JSON: a `,` or `}` is expected");
    wrong("\"^9\",", "\"^9\",\n      \"requirement\": \"1\",", 13, "`requirement` is there twice");
    wrong("{\n  \"index\"", "[\n  \"index\"", 2, "not JSON");
    for text in ["", "{", "[]", "{} x", "\"\\u00zz\"", &"[".repeat(100_000), "{\"version\": 1}"] {
        assert!(Lock::parse(text).is_err(), "{text:.20}");
    }
    let problem = |line, problem| Err(LockError { line, problem });
    assert_eq!(
        Lock::parse("{}"),
        problem(1, LockProblem::MissingKey { key: "version", place: "the lock" })
    );
}

fn locks() -> impl Strategy<Value = Lock> {
    let revision = (any::<[u8; 20]>(), 0..4_000_000_000_i64, prop::option::of("[A-Za-z0-9+/]{43}"));
    let revisions = prop::collection::btree_map("[a-z\"\\\\ ]{0,6}", revision, 1..4);
    let pin = (".{0,6}", ".{0,6}", any::<prop::sample::Index>(), prop::option::of(".{0,6}"));
    let path = prop::collection::vec(".{0,5}", 1..3);
    let pins = prop::collection::btree_map(path, pin, 0..5);
    (revisions, pins, prop::option::of((".{0,6}", any::<[u8; 20]>(), ".{0,6}"))).prop_map(
        |(revisions, pins, index)| {
            let names: Vec<String> = revisions.keys().cloned().collect();
            let revisions = revisions.into_iter().map(|(name, (id, date, hash))| {
                let nar_hash = hash.map(|hash| format!("sha256-{hash}="));
                (name, LockedRevision { commit: Commit { id: CommitId(id), date }, nar_hash })
            });
            let pins = pins.into_iter().map(|(path, (requirement, version, at, insecure))| {
                let revision = at.get(&names).clone();
                let pin = LockedPin { requirement, version, revision, allow_insecure: insecure };
                (AttrPath::from_segments(path).unwrap(), pin)
            });
            Lock {
                revisions: revisions.collect(),
                pins: pins.collect(),
                index: index.map(|(branch, id, date)| LockedIndex {
                    branch,
                    commit: CommitId(id),
                    date,
                }),
            }
        },
    )
}

proptest! {
    #[test]
    fn a_lock_survives_its_text(lock in locks()) {
        let text = lock.print();
        let read = Lock::parse(&text).unwrap();
        prop_assert_eq!(&read, &lock);
        prop_assert_eq!(read.print(), text);
    }

    #[test]
    fn any_text_is_read_or_refused(text in "[\\[\\]{}\",:\\\\ a1-]{0,30}") {
        let _ = Lock::parse(&text);
    }
}
