//! Look-ups over a million versions. `cargo bench -p nix-archiver-catalog`.

#[path = "synthetic/mod.rs"]
mod synthetic;

extern crate nix_archiver_catalog as catalog;

use std::{hint::black_box, path::Path};

use catalog::Reader;
use criterion::{Criterion, criterion_group, criterion_main};
use model::{AttrPath, PackageSource};

fn lookups(c: &mut Criterion) {
    let dir = synthetic::index(Path::new(env!("CARGO_TARGET_TMPDIR")));
    let reader = Reader::open(&dir).expect("the index opens");
    let status = reader.status().expect("it can be read");
    assert_eq!(status.releases, u64::from(synthetic::ROWS));
    assert_eq!(status.packages, u64::from(synthetic::PATHS));

    c.bench_function("open", |b| b.iter(|| Reader::open(black_box(&dir)).expect("opens")));
    c.bench_function("open and list 10", |b| {
        b.iter(|| Reader::open(black_box(&dir)).expect("opens").by_prefix("pyt", 10))
    });
    for limit in [10, 100] {
        c.bench_function(&format!("prefix pyt, first {limit}"), |b| {
            b.iter(|| reader.by_prefix(black_box("pyt"), limit))
        });
    }
    let names: Vec<String> = (0..2000).map(|n| synthetic::path(n * 49 + 7)).collect();
    let mut next = names.iter().cycle();
    c.bench_function("mixed prefixes of 4, first 10", |b| {
        b.iter(|| {
            let name = next.next().expect("endless");
            reader.by_prefix(name.get(..4).unwrap_or(name), 10)
        })
    });
    c.bench_function("prefix that matches nothing", |b| {
        b.iter(|| reader.by_prefix(black_box("zzzz"), 10))
    });
    // Each name with two neighbours swapped.
    let typos: Vec<String> = names.iter().map(|name| swap(name)).collect();
    for edits in [1, 2] {
        let mut next = typos.iter().cycle();
        c.bench_function(&format!("similar, {edits} edits"), |b| {
            b.iter(|| reader.by_similar_name(next.next().expect("endless"), edits, 10))
        });
    }
    for words in ["portable editor", "library"] {
        c.bench_function(&format!("words: {words}"), |b| {
            b.iter(|| reader.by_words(black_box(words), 10))
        });
    }
    let mut many = (0..1000).map(|n| AttrPath::parse(&synthetic::path(n * 100)).expect("valid"));
    let many: Vec<_> = many.by_ref().collect();
    let mut next = many.iter().cycle();
    c.bench_function("200 versions of one package", |b| {
        b.iter(|| {
            let package = reader.package(next.next().expect("endless"));
            let package = package.expect("it can be read").expect("it is there");
            assert_eq!(package.releases.len(), synthetic::MANY_VERSIONS as usize);
            package
        })
    });
    let missing = AttrPath::top("no-such-package");
    c.bench_function("a package that is not there", |b| b.iter(|| reader.package(&missing)));
    c.bench_function("status", |b| b.iter(|| reader.status()));
}

fn swap(name: &str) -> String {
    let mut chars: Vec<char> = name.chars().collect();
    let middle = chars.len() / 2;
    chars.swap(middle - 1, middle);
    chars.into_iter().collect()
}

criterion_group!(benches, lookups);
criterion_main!(benches);
