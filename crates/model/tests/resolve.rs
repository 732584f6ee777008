//! The resolver against trying everything.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::{collections::BTreeSet, sync::Arc};

use nix_archiver_model::{
    Commit, CommitId,
    resolve::{Goal, Mark, Marks, Offer, Place, Places, Resolution, Stretch, resolve},
};
use proptest::prelude::*;

/// The commit at a place. Commits of the shared part of all branches are the same; the dates do not
/// grow along the line, as they do not in nixpkgs.
fn place(branch: usize, at: u64) -> Place {
    let mut id = [0; 20];
    id[0] = if at < 3 { 99 } else { u8::try_from(branch).unwrap() };
    id[1] = u8::try_from(at).unwrap();
    Place { at, commit: Commit { id: CommitId(id), date: i64::try_from(at ^ 1).unwrap() } }
}

/// Where the commits are that both branches have.
fn places() -> Places {
    let both = |at| ["stable", "unstable"].map(|name| (Arc::from(name), at)).to_vec();
    (0..3).map(|at| (place(0, at).commit.id, both(at))).collect()
}

fn stretch(branch: usize, first: u64, last: u64) -> Stretch {
    let name = Arc::from(["stable", "unstable"][branch]);
    Stretch { branch: name, first: place(branch, first), last: place(branch, last) }
}

type Pin = Vec<Vec<(usize, u64, u64)>>;

fn offers(pins: &[Pin]) -> Vec<Vec<Offer>> {
    let offer = |(n, stretches): (usize, &Vec<(usize, u64, u64)>)| Offer {
        version: n.to_string(),
        stretches: stretches
            .iter()
            .map(|(b, first, length)| stretch(*b, *first, first + length))
            .collect(),
    };
    pins.iter().map(|pin| pin.iter().enumerate().map(offer).collect()).collect()
}

/// The rank that a pin gets at a commit: how many newer versions it offers.
fn rank(pin: &[Offer], commit: CommitId) -> Option<usize> {
    let holds = |stretch: &Stretch| {
        let branch = usize::from(&*stretch.branch == "unstable");
        (stretch.first.at..=stretch.last.at).any(|at| place(branch, at).commit.id == commit)
    };
    pin.iter().position(|offer| offer.stretches.iter().any(holds))
}

/// The fewest commits of all there are, and the smallest sum of ranks with as many.
fn brute_force(pins: &[Vec<Offer>], commits: &[CommitId]) -> (usize, usize) {
    let table: Vec<Vec<usize>> = pins
        .iter()
        .map(|pin| commits.iter().map(|c| rank(pin, *c).unwrap_or(usize::MAX)).collect())
        .collect();
    let all = (1_u32..1 << commits.len()).filter_map(|set| {
        let chosen = |n: &usize| set & (1 << n) != 0;
        let best = |ranks: &Vec<usize>| (0..ranks.len()).filter(chosen).map(|n| ranks[n]).min();
        let ranks = table.iter().map(|ranks| best(ranks).filter(|rank| *rank != usize::MAX));
        Some((set.count_ones() as usize, ranks.sum::<Option<usize>>()?))
    });
    all.min().unwrap()
}

/// Holds an answer to its own pins; how many commits, and the sum of ranks.
fn holds(pins: &[Vec<Offer>], found: &Resolution) -> (usize, usize) {
    let mut sum = 0;
    for (pin, choice) in pins.iter().zip(&found.choices) {
        let commit = found.revisions[choice.revision].id;
        // The version is really there, and none newer is at that commit.
        assert_eq!(rank(pin, commit), Some(choice.offer));
        sum += choice.offer;
    }
    let used: BTreeSet<usize> = found.choices.iter().map(|choice| choice.revision).collect();
    assert_eq!(used.len(), found.revisions.len(), "each revision is used");
    assert!(found.revisions.is_sorted_by(|a, b| (a.date, a.id) >= (b.date, b.id)));
    (found.revisions.len(), sum)
}

fn pins(stretches: usize, versions: usize, most: usize) -> impl Strategy<Value = Vec<Pin>> {
    let stretch = (0..2_usize, 0..6_u64, 0..3_u64);
    let offer = prop::collection::vec(stretch, 1..=stretches);
    prop::collection::vec(prop::collection::vec(offer, 1..=versions), 1..=most)
}

/// Every commit of both branches.
fn commits() -> Vec<CommitId> {
    let all = (0..2).flat_map(|branch| (0..9).map(move |at| place(branch, at).commit.id));
    all.collect::<BTreeSet<_>>().into_iter().collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn nothing_serves_better(pins in pins(2, 3, 7)) {
        let offers = offers(&pins);
        let found = resolve(&offers, &places(), &Marks::default(), Goal::FewestRevisions);
        prop_assert!(found.proved);
        prop_assert_eq!(holds(&offers, &found), brute_force(&offers, &commits()));
        prop_assert_eq!(resolve(&offers, &places(), &Marks::default(), Goal::FewestRevisions), found);
    }

    #[test]
    fn exact_pins_with_several_stretches(pins in pins(3, 1, 9)) {
        let offers = offers(&pins);
        let found = resolve(&offers, &places(), &Marks::default(), Goal::FewestRevisions);
        prop_assert_eq!(holds(&offers, &found), brute_force(&offers, &commits()));
    }

    #[test]
    fn newest_versions_first(pins in pins(2, 3, 7)) {
        let offers = offers(&pins);
        let found = resolve(&offers, &places(), &Marks::default(), Goal::NewestVersions);
        let newest: Vec<Vec<Offer>> = offers.iter().map(|pin| vec![pin[0].clone()]).collect();
        prop_assert_eq!(holds(&newest, &found), brute_force(&newest, &commits()));
    }

    /// Where every pin has one stretch of one branch, the known way from left to right is exact.
    #[test]
    fn stabbing_intervals(ends in prop::collection::vec((0..200_u64, 0..40_u64), 1..120)) {
        let pins: Vec<Pin> = ends.iter().map(|(f, l)| vec![vec![(1, *f, *l)]]).collect();
        let pins: Vec<Vec<Offer>> = pins.into_iter().map(|pin| {
            let (_, first, length) = pin[0][0];
            vec![Offer { version: String::new(), stretches: vec![stretch(1, first, first + length)] }]
        }).collect();
        let found = resolve(&pins, &places(), &Marks::default(), Goal::FewestRevisions);
        prop_assert!(found.proved);
        let mut by_end: Vec<(u64, u64)> = ends.iter().map(|(f, l)| (f + l, *f)).collect();
        by_end.sort_unstable();
        let mut points: Vec<u64> = Vec::new();
        for (last, first) in by_end {
            if points.last().is_none_or(|point| *point < first) {
                points.push(last);
            }
        }
        prop_assert_eq!(found.revisions.len(), points.len());
        // These are also the newest that will do.
        let mut own: Vec<CommitId> = found.revisions.iter().map(|commit| commit.id).collect();
        own.sort_unstable();
        let mut wanted: Vec<CommitId> = points.iter().map(|at| place(1, *at).commit.id).collect();
        wanted.sort_unstable();
        prop_assert_eq!(own, wanted);
    }
}

#[test]
fn no_pins_need_no_revision() {
    let found = resolve(&[], &places(), &Marks::default(), Goal::FewestRevisions);
    assert_eq!((found.revisions.len(), found.choices.len(), found.proved), (0, 0, true));
}

/// Of the commits that serve just as well, a channel's release is taken; versions and the number of
/// revisions stay what they are without releases.
#[test]
fn releases_of_channels_are_preferred() {
    let mark = |branch: usize, at: u64| {
        let name: Arc<str> = Arc::from(["stable", "unstable"][branch]);
        (name, Mark { place: place(branch, at), channel: Arc::from("nixos-18.03") })
    };
    let answer = |pins: &[Pin], marks: Vec<(Arc<str>, Mark)>| {
        let offers = offers(pins);
        let found = resolve(&offers, &places(), &Marks::new(marks), Goal::FewestRevisions);
        holds(&offers, &found);
        found.revisions.iter().map(|commit| commit.id.0[1]).collect::<Vec<_>>()
    };
    let one: Pin = vec![vec![(1, 10, 20)]];
    let two: Pin = vec![vec![(1, 15, 20)]];
    // The newest release, not the newest commit.
    assert_eq!(answer(std::slice::from_ref(&one), vec![]), [30]);
    let releases = vec![mark(1, 12), mark(1, 22), mark(1, 40), mark(0, 25)];
    assert_eq!(answer(std::slice::from_ref(&one), releases), [22]);
    // It has to serve both.
    assert_eq!(answer(&[one.clone(), two.clone()], vec![mark(1, 12), mark(1, 17)]), [17]);
    assert_eq!(answer(&[one.clone(), two.clone()], vec![mark(1, 12)]), [30]);
    // An older version is no price for it.
    let newer: Pin = vec![vec![(1, 25, 5)], vec![(1, 10, 14)]];
    assert_eq!(answer(&[newer], vec![mark(1, 12)]), [30]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn releases_cost_neither_revisions_nor_versions(
        pins in pins(2, 3, 7),
        marked in prop::collection::vec((0..2_usize, 0..9_u64), 0..6),
    ) {
        let marks = marked.iter().map(|(branch, at)| {
            let name: Arc<str> = Arc::from(["stable", "unstable"][*branch]);
            (name, Mark { place: place(*branch, *at), channel: Arc::from("a channel") })
        });
        let offers = offers(&pins);
        let found = resolve(&offers, &places(), &Marks::new(marks), Goal::FewestRevisions);
        prop_assert_eq!(holds(&offers, &found), brute_force(&offers, &commits()));
    }
}
