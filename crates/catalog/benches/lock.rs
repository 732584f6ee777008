//! Locking a thousand pins over a million versions. `cargo bench -p nix-archiver-catalog --bench lock`.

#![allow(clippy::print_stdout, reason = "a bench is for people")]

#[path = "synthetic/mod.rs"]
mod synthetic;

extern crate nix_archiver_catalog as catalog;

use std::{hint::black_box, path::Path};

use catalog::Reader;
use criterion::{Criterion, criterion_group, criterion_main};
use model::{AttrPath, Manifest, Requirement, Wish, relock, resolve::Goal};

const PINS: u32 = 1_000;

/// Pins of every sort of package, each asking for what `requirement` says.
fn pins(requirement: impl Fn(&Reader, u32, &AttrPath) -> String, reader: &Reader) -> Manifest {
    let wish = |n: u32| {
        // Every tenth has two hundred versions.
        let n = if n.is_multiple_of(10) { n * 10 } else { n * 97 + 1 };
        let path = AttrPath::parse(&synthetic::path(n)).expect("made-up names are valid");
        let requirement = requirement(reader, n, &path);
        Wish::new(path, Requirement::parse(&requirement).expect("it is one"))
    };
    Manifest { pins: (0..PINS).map(wish).collect() }
}

/// One of the versions of a package.
fn exact(reader: &Reader, n: u32, path: &AttrPath) -> String {
    let package = model::PackageSource::package(reader, path).expect("it can be read");
    let releases = package.expect("it is there").releases;
    releases[n as usize % releases.len()].version.clone()
}

fn lock(c: &mut Criterion) {
    let dir = synthetic::index(Path::new(env!("CARGO_TARGET_TMPDIR")));
    let reader = Reader::open(&dir).expect("the index opens");
    let mut group = c.benchmark_group("lock 1,000 pins over 1,000,000 versions");
    group.sample_size(10);
    for (name, pins) in [
        ("exact", pins(exact, &reader)),
        ("requirements", pins(|_, n, _| format!("0.{}.*", n % 2), &reader)),
        ("whatever there is", pins(|_, _, _| "*".to_owned(), &reader)),
    ] {
        let locked = relock::lock(&reader, &pins, Goal::FewestRevisions).expect("all can be had");
        let revisions = locked.lock.revisions.len();
        println!("{name}: {revisions} revisions, proved: {}", locked.proved);
        group.bench_function(name, |b| {
            b.iter(|| relock::lock(&reader, black_box(&pins), Goal::FewestRevisions))
        });
    }
    group.finish();
}

criterion_group!(benches, lock);
criterion_main!(benches);
