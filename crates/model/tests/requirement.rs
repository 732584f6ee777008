//! Requirements against Cargo's own reading of them, where both mean the same: versions of three
//! numbers, `^` and `~` of any length, wildcards, and comparisons with whole versions.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use nix_archiver_model::Requirement;
use proptest::prelude::*;
use semver::{Version, VersionReq};

fn number() -> impl Strategy<Value = u64> {
    prop_oneof![4 => 0..3_u64, 1 => 9..12_u64]
}

fn version() -> impl Strategy<Value = String> {
    (number(), number(), number()).prop_map(|(a, b, c)| format!("{a}.{b}.{c}"))
}

fn start() -> impl Strategy<Value = String> {
    let parts = prop::collection::vec(number(), 1..=3);
    parts.prop_map(|parts| parts.iter().map(u64::to_string).collect::<Vec<_>>().join("."))
}

fn condition() -> impl Strategy<Value = String> {
    prop_oneof![
        (prop_oneof![Just("^"), Just("~")], start())
            .prop_map(|(sign, from)| format!("{sign}{from}")),
        (prop_oneof![Just(">="), Just(">"), Just("<="), Just("<"), Just("=")], version())
            .prop_map(|(sign, bound)| format!("{sign}{bound}")),
        (number(), number()).prop_map(|(a, b)| format!("{a}.{b}.*")),
        number().prop_map(|a| format!("{a}.x")),
        Just("*".to_owned()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3_000))]

    #[test]
    fn as_cargo_says(
        conditions in prop::collection::vec(condition(), 1..3),
        versions in prop::collection::vec(version(), 1..12),
    ) {
        let text = conditions.join(", ");
        // Cargo takes `*` alone only; each condition is asked for itself.
        let cargo: Vec<VersionReq> =
            conditions.iter().map(|condition| VersionReq::parse(condition).unwrap()).collect();
        let ours = Requirement::parse(&text).unwrap();
        let blanks = Requirement::parse(&conditions.join(" ")).unwrap();
        let either = Requirement::parse(&conditions.join(" || ")).unwrap();
        for version in &versions {
            let parsed = Version::parse(version).unwrap();
            let wanted = cargo.iter().all(|cargo| cargo.matches(&parsed));
            prop_assert_eq!(ours.allows(version, None), wanted, "{} and {}", &text, version);
            prop_assert_eq!(blanks.allows(version, None), wanted);
            let one = cargo.iter().any(|cargo| cargo.matches(&parsed));
            prop_assert_eq!(either.allows(version, None), one);
        }
        // What is selected is what is allowed, the newest first.
        let selected = ours.select(versions.iter().map(String::as_str));
        let mut wanted: Vec<Version> = versions.iter().map(|v| Version::parse(v).unwrap()).collect();
        wanted.retain(|version| cargo.iter().all(|cargo| cargo.matches(version)));
        wanted.sort();
        wanted.dedup();
        wanted.reverse();
        let wanted: Vec<String> = wanted.iter().map(Version::to_string).collect();
        prop_assert_eq!(selected, wanted);
    }
}
