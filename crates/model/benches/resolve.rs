//! How long it takes to find the fewest revisions for many pins.

#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs, reason = "a bench is for people")]

use std::{hint::black_box, sync::Arc};

use criterion::{Criterion, criterion_group, criterion_main};
use nix_archiver_model::{
    Commit, CommitId,
    resolve::{Goal, Marks, Offer, Place, Places, Stretch, resolve},
};

/// How many commits the branch has: about as many as ten years of a channel.
const COMMITS: u64 = 70_000;

/// The next of a row of numbers that looks like chance and is the same each time: `SplitMix64`
/// (<https://prng.di.unimi.it/splitmix64.c>).
fn next(state: &mut u64, below: u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (z ^ (z >> 31)) % below
}

fn place(at: u64) -> Place {
    let mut id = [0; 20];
    id[..8].copy_from_slice(&at.to_be_bytes());
    Place { at, commit: Commit { id: CommitId(id), date: i64::try_from(at).unwrap() * 3_600 } }
}

/// A package that gets a new version every few hundred or thousand commits, now and then one back
/// for a while: those of its versions that a requirement allows, the newest first.
fn package(state: &mut u64, allowed: usize) -> Vec<Offer> {
    let branch: Arc<str> = Arc::from("nixos-unstable");
    let pace = 300 + next(state, 6_000);
    let mut at = next(state, pace);
    let mut versions: Vec<Offer> = Vec::new();
    while at < COMMITS {
        let end = (at + 1 + next(state, 2 * pace)).min(COMMITS - 1);
        let stretch = Stretch { branch: branch.clone(), first: place(at), last: place(end) };
        match versions.len().checked_sub(2) {
            Some(before) if next(state, 12) == 0 => versions[before].stretches.push(stretch),
            _ => versions.push(Offer { version: at.to_string(), stretches: vec![stretch] }),
        }
        at = end + 1;
    }
    let room = versions.len().saturating_sub(allowed) as u64 + 1;
    let from = usize::try_from(next(state, room)).unwrap();
    let to = (from + allowed).min(versions.len());
    versions.drain(to..);
    versions.drain(..from);
    versions.reverse();
    versions
}

fn bench(c: &mut Criterion) {
    let mut state = 7;
    let exact: Vec<_> = (0..1_000).map(|_| package(&mut state, 1)).collect();
    let lines: Vec<_> = (0..1_000).map(|n| package(&mut state, 1 + n % 8)).collect();
    let any: Vec<_> = (0..1_000).map(|_| package(&mut state, 1_000)).collect();
    let few: Vec<_> = (0..12).map(|n| package(&mut state, 1 + n % 8)).collect();
    let mut group = c.benchmark_group("resolve");
    group.sample_size(10);
    for (name, pins) in [
        ("12 pins, exact and requirements", &few),
        ("1,000 exact pins", &exact),
        ("1,000 pins, exact and requirements", &lines),
        ("1,000 pins that allow everything", &any),
    ] {
        let found = resolve(pins, &Places::new(), &Marks::default(), Goal::FewestRevisions);
        let ranks: usize = found.choices.iter().map(|choice| choice.offer).sum();
        println!(
            "{name}: {} revisions, {ranks} newer versions passed over, proved: {}",
            found.revisions.len(),
            found.proved
        );
        group.bench_function(name, |b| {
            b.iter(|| {
                resolve(black_box(pins), &Places::new(), &Marks::default(), Goal::FewestRevisions)
            });
        });
    }
    group.finish();
}

criterion_group!(benches, bench);
criterion_main!(benches);
