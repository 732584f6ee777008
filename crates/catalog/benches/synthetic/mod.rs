//! A made-up index of a million versions, the same each time: 100,000 attribute paths, 1,000 of
//! them with exactly 200 versions, over a history of 70,000 commits. Shared by the benches.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use catalog::{BranchLedger, Ledger, Record, RecordedRelease, RecordedSpan, Writer};
use model::{AttrPath, Commit, CommitId, Facts};

/// How many commits the branch has.
const COMMITS: u32 = 70_000;

/// How many versions there are in all.
pub const ROWS: u32 = 1_000_000;

/// How many attribute paths.
pub const PATHS: u32 = 100_000;

/// How many of them have [`MANY_VERSIONS`].
const WITH_MANY: u32 = 1_000;

/// How many versions those have.
pub const MANY_VERSIONS: u32 = 200;

/// Written into the directory when everything is there.
const DONE: &str = ".complete-2";

/// The index, made in a subdirectory of `parent` unless an earlier bench did.
pub fn index(parent: &Path) -> PathBuf {
    let dir = parent.join(format!("synthetic-index-{}", catalog::FORMAT));
    if !dir.join(DONE).exists() {
        let _ = std::fs::remove_dir_all(&dir);
        let mut writer = Writer::open(&dir).expect("the target directory can be written");
        for n in 0..PATHS {
            writer.put(record(n)).expect("records are sound");
        }
        writer.commit(ledger()).expect("the index can be written");
        writer.close().expect("the index can be closed");
        std::fs::write(dir.join(DONE), "").expect("the target directory can be written");
    }
    dir
}

/// The attribute path with a number. One in six is in a set whose name begins with `python`.
pub fn path(n: u32) -> String {
    let stem = word(n / 6);
    match n % 6 {
        0 => format!("python{}Packages.{stem}", 3 + n / 6 % 2),
        1 => format!("haskellPackages.{stem}"),
        2 => format!("{stem}-{}", word(n.wrapping_mul(31)).split('-').next().unwrap_or("x")),
        3 => format!("perlPackages.{stem}"),
        4 => format!("{stem}_{}", n % 10),
        _ => stem,
    }
}

/// A pronounceable name that belongs to this number alone.
fn word(n: u32) -> String {
    const START: [&str; 20] = [
        "b", "br", "c", "ch", "d", "f", "fl", "g", "h", "k", "l", "m", "n", "p", "pl", "r", "s",
        "st", "t", "w",
    ];
    const MIDDLE: [&str; 10] = ["a", "ai", "e", "ea", "i", "o", "oo", "ou", "u", "y"];
    let mut rest = scatter(n) % 8_000_000;
    let mut word = String::new();
    for _ in 0..3 {
        word.push_str(START[(rest % 20) as usize]);
        word.push_str(MIDDLE[(rest / 20 % 10) as usize]);
        rest /= 200;
    }
    format!("{word}-{n}").replace('-', if n.is_multiple_of(3) { "-" } else { "" })
}

fn scatter(n: u32) -> u32 {
    n.wrapping_add(1).wrapping_mul(2_654_435_761).rotate_left(13) ^ n
}

/// The record with a number.
pub fn record(n: u32) -> Record {
    let many = n.is_multiple_of(PATHS / WITH_MANY);
    let rest = ROWS - WITH_MANY * MANY_VERSIONS;
    let few = rest / (PATHS - WITH_MANY);
    // The first ones of the others have one more, so that the sum is right.
    let count = if many { MANY_VERSIONS } else { few + u32::from(n < extra(rest, few)) };
    let facts = Facts {
        pname: Some(word(n / 6)),
        description: Some(format!(
            "A {} {} for the {} of {}",
            ["fast", "small", "portable", "simple", "modern"][(n % 5) as usize],
            ["library", "editor", "compiler", "server", "viewer"][(n / 5 % 5) as usize],
            ["conversion", "inspection", "transfer", "analysis"][(n / 25 % 4) as usize],
            word(n % 500),
        )),
        homepage: Some(format!("https://{}.example.org", word(n / 6))),
        license: Some(["MIT", "GPL-3.0-or-later", "Apache-2.0"][(n % 3) as usize].to_owned()),
        file: Some(format!("pkgs/{}/{}/default.nix", word(n % 40), word(n / 6))),
        ..Facts::default()
    };
    let step = COMMITS / (count + 1);
    let release = |k: u32| RecordedRelease {
        version: format!("{}.{}.{}", k / 20, k / 4 % 5, k % 4),
        facts: facts.clone(),
        spans: vec![RecordedSpan {
            branch: 0,
            first: k * step + n % step,
            last: (k + 1 < count).then(|| (k + 1) * step + n % step - 1),
        }],
    };
    Record {
        attr_path: AttrPath::parse(&path(n)).expect("made-up names are valid"),
        alias_of: None,
        releases: (0..count).rev().map(release).collect(),
    }
}

/// Below which number an attribute path without many versions has one more than the others.
fn extra(rest: u32, few: u32) -> u32 {
    let missing = rest - few * (PATHS - WITH_MANY);
    // One in a hundred has many versions and takes no part.
    missing + missing.div_ceil(PATHS / WITH_MANY - 1)
}

fn ledger() -> Ledger {
    let commit = |n: u32| {
        let mut id = [0; 20];
        for (k, part) in (0u32..).zip(id.chunks_mut(4)) {
            part.copy_from_slice(&scatter(n ^ scatter(k)).to_be_bytes());
        }
        Commit { id: CommitId(id), date: 1_100_000_000 + i64::from(n) * 6_000 }
    };
    let commits = (0..COMMITS).map(commit).collect();
    let branch =
        BranchLedger { name: Arc::from("nixpkgs-unstable"), commits, ..BranchLedger::default() };
    Ledger { branches: vec![branch] }
}
