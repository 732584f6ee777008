//! The order of versions against Nix itself: a table that Nix made, of every pair of the versions
//! in `data/versions.txt`; and Nix as it is installed, asked anew for the table and for thousands
//! of pairs beyond it.
//!
//! `NIX_ARCHIVER_BLESS=1` writes the table again from what Nix says.

#![allow(clippy::disallowed_types, reason = "Nix is another process")]
#![allow(clippy::unwrap_used, reason = "a test may panic")]
#![allow(clippy::disallowed_methods, reason = "Nix is another process, and reads a file")]

use std::{cmp::Ordering, fs, path::Path, process::Command};

use nix_archiver_model::version::compare;

const VERSIONS: &str = include_str!("data/versions.txt");
const TABLE: &str = "tests/data/compare-versions.tsv";

/// The listed versions.
fn versions() -> Vec<&'static str> {
    let lines = VERSIONS.lines().map(|line| line.split('#').next().unwrap_or_default().trim_end());
    lines.filter(|l| !l.is_empty()).map(|l| if l == "\"\"" { "" } else { l }).collect()
}

/// Each listed version with itself and with each one after it.
fn pairs() -> Vec<(String, String)> {
    let versions = versions();
    let after = |(n, a): (usize, &&str)| {
        let a = (*a).to_owned();
        versions[n..].iter().map(move |b| (a.clone(), (*b).to_owned())).collect::<Vec<_>>()
    };
    versions.iter().enumerate().flat_map(after).collect()
}

/// Pairs made of the pieces that Nix tells apart, the same each time.
fn made_up(count: usize) -> Vec<(String, String)> {
    const PIECES: [&str; 24] = [
        ".",
        ".",
        "-",
        "0",
        "1",
        "2",
        "9",
        "10",
        "00",
        "01",
        "2147483647",
        "2147483648",
        "99999999999999999999",
        "a",
        "b",
        "rc",
        "pre",
        "prea",
        "alpha",
        "_",
        "+",
        "~",
        "é",
        " ",
    ];
    let mut state = 0x9e37_79b9_7f4a_7c15u64;
    let mut next = |below: usize| {
        // SplitMix64 (https://prng.di.unimi.it/splitmix64.c).
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % below as u64) as usize
    };
    let mut pairs = Vec::new();
    for _ in 0..count {
        let mut version = |from: &str| {
            let mut version = from.to_owned();
            for _ in 0..next(6) {
                version.push_str(PIECES[next(PIECES.len())]);
            }
            version
        };
        let common = version("");
        pairs.push((version(&common), version(&common)));
    }
    pairs
}

/// What Nix says of each pair.
fn ask_nix(pairs: &[(String, String)]) -> Vec<Ordering> {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("versions-{}", pairs.len()));
    fs::create_dir_all(&dir).unwrap();
    let quoted = |text: &str| format!("\"{text}\"");
    let list = pairs.iter().map(|(a, b)| format!("[{},{}]", quoted(a), quoted(b)));
    fs::write(dir.join("pairs.json"), format!("[{}]", list.collect::<Vec<_>>().join(",\n")))
        .unwrap();
    let compare = "map (pair: builtins.compareVersions (builtins.head pair) (builtins.elemAt pair 1)) \
                   (builtins.fromJSON (builtins.readFile ./pairs.json))";
    fs::write(dir.join("compare.nix"), compare).unwrap();
    let mut nix = Command::new("nix-instantiate");
    nix.args(["--store", "dummy://", "--eval", "--strict", "--json", "compare.nix"]);
    let output = nix.current_dir(&dir).output().expect("cargo xtask test installs Nix");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let numbers = text.trim().trim_start_matches('[').trim_end_matches(']').split(',');
    numbers.map(|number| number.trim().parse::<i8>().unwrap().cmp(&0)).collect()
}

fn hold(pairs: &[(String, String)], wanted: &[Ordering]) {
    assert_eq!(pairs.len(), wanted.len());
    for ((a, b), &wanted) in pairs.iter().zip(wanted) {
        assert_eq!(compare(a, b), wanted, "{a:?} and {b:?}");
        assert_eq!(compare(b, a), wanted.reverse(), "{b:?} and {a:?}");
    }
}

/// The table: a version, another, and -1, 0 or 1, between tabs.
fn table() -> Vec<((String, String), Ordering)> {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(TABLE)).unwrap();
    let row = |line: &str| {
        let [a, b, order] = line.split('\t').collect::<Vec<_>>().try_into().unwrap();
        ((a.to_owned(), b.to_owned()), order.parse::<i8>().unwrap().cmp(&0))
    };
    text.lines().map(row).collect()
}

#[test]
fn as_in_the_table() {
    let (in_table, wanted): (Vec<_>, Vec<_>) = table().into_iter().unzip();
    assert!(in_table.len() > 2_000, "{} pairs", in_table.len());
    assert_eq!(in_table, pairs(), "the table is of other versions: NIX_ARCHIVER_BLESS=1 makes it");
    hold(&in_table, &wanted);
}

#[test]
fn as_nix_says() {
    let listed = pairs();
    let says = ask_nix(&listed);
    if std::env::var_os("NIX_ARCHIVER_BLESS").is_some() {
        let row = |((a, b), order): (&(String, String), &Ordering)| {
            format!("{a}\t{b}\t{}\n", *order as i8)
        };
        let text: String = listed.iter().zip(&says).map(row).collect();
        fs::write(Path::new(env!("CARGO_MANIFEST_DIR")).join(TABLE), text).unwrap();
    }
    let table: Vec<_> = table().into_iter().map(|(_, order)| order).collect();
    assert_eq!(table, says, "this Nix says something else than the one that made the table");
    let made_up = made_up(20_000);
    hold(&made_up, &ask_nix(&made_up));
}

/// A list can be sorted by it: were the order not transitive, the result would be any.
#[test]
fn it_is_an_order() {
    let versions = versions();
    for a in &versions {
        for b in &versions {
            for c in &versions {
                if compare(a, b).is_le() && compare(b, c).is_le() {
                    assert!(compare(a, c).is_le(), "{a:?} <= {b:?} <= {c:?}");
                }
            }
        }
    }
}
