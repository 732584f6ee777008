//! What a user waits for: the whole program, from its start to its end, over a million versions.
//! `cargo bench -p nix-archiver`.

#![expect(clippy::print_stdout, reason = "a bench says what it measured")]

#[path = "../../crates/catalog/benches/synthetic/mod.rs"]
mod synthetic;

use std::{
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

/// How often each command line is run.
const RUNS: usize = 101;

fn main() {
    // `cargo test --benches` runs this to see that it works; figures need the full count.
    let runs = if std::env::args().any(|arg| arg == "--bench") { RUNS } else { 1 };
    let dir = synthetic::index(Path::new(env!("CARGO_TARGET_TMPDIR")));
    let exact = synthetic::path(100);
    for (what, code, args) in [
        ("the program alone", 0, vec!["--version"]),
        ("a miss", 1, vec!["search", "nosuchpackage"]),
        ("an exact name", 0, vec!["search", &exact]),
        ("a broad prefix", 0, vec!["search", "pyt"]),
        ("a broad prefix and a version", 0, vec!["search", "pyt", "0.1.2"]),
        ("words", 0, vec!["search", "portable editor"]),
        ("200 versions", 0, vec!["info", &exact]),
        ("200 versions as JSON", 0, vec!["info", &exact, "--json"]),
        ("a mistyped name", 1, vec!["info", "haskelPackages.nothing"]),
    ] {
        let mut times: Vec<Duration> = (0..runs).map(|_| run(&dir, &args, code)).collect();
        times.sort();
        let at = |share: usize| times[(times.len() - 1) * share / 100].as_secs_f64() * 1000.0;
        println!("{what:<30} median {:>6.2} ms   95 % within {:>6.2} ms", at(50), at(95));
    }
}

fn run(index: &Path, args: &[&str], code: i32) -> Duration {
    let start = Instant::now();
    let status = Command::new(env!("CARGO_BIN_EXE_nix-archiver"))
        .args(args)
        .env("NIX_ARCHIVER_INDEX", index)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .expect("the program starts");
    let took = start.elapsed();
    assert_eq!(status.code(), Some(code), "{args:?}");
    took
}
