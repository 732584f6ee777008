//! How quickly history is read: `NIXPKGS_REPO=PATH cargo bench -p nix-archiver-indexer`.
//!
//! With `NIXPKGS_REPO` it reads the newest 5,000 commits of that clone's `nixpkgs-unstable` (or as
//! many as `NIXPKGS_COMMITS` says; `all` is the whole branch), else a history that it makes.

#![expect(clippy::print_stdout, reason = "a bench says what it measured")]

use std::{
    io::Write,
    path::Path,
    process::{Command, Stdio},
    sync::atomic::AtomicBool,
    time::Instant,
};

use catalog::Writer;
use eval::{Change, Observation, Part, Source, Tracker, nix::NixTracker};
use indexer::{Options, Progress};
use model::Commit;
use nix_archiver_indexer as indexer;

/// What the figures of the real thing are called.
const EVALUATOR: &str = "the evaluator";

fn main() {
    // `cargo test --benches` runs this to see that it works; figures need the full count.
    let in_earnest = std::env::args().any(|arg| arg == "--bench");
    let dir = tempfile::tempdir().expect("there is room for a folder");
    let options = match std::env::var_os("NIXPKGS_REPO") {
        Some(repository) => real(Path::new(&repository), in_earnest),
        None => made(&dir.path().join("nixpkgs"), if in_earnest { 20_000 } else { 200 }),
    };
    type Make = fn(Part) -> Box<dyn Tracker>;
    let blind: Make = |_| Box::new(Blind);
    let evaluator: Make = |part| Box::new(NixTracker::of(part));
    for (what, tracker) in [("walk and diff alone", blind), (EVALUATOR, evaluator)] {
        let index = tempfile::tempdir().expect("there is room for a folder");
        let options = Options { tracker, ..options.clone() };
        let mut writer = Writer::open(index.path()).expect("the index opens");
        let begun = Instant::now();
        let never = AtomicBool::new(false);
        let report = indexer::run(&options, &mut writer, &mut Silent, &never);
        let report = report.expect("the history can be read");
        writer.close().expect("the index is closed");
        let took = begun.elapsed().as_secs_f64();
        println!(
            "{what:<20} {:>6} commits in {took:>7.2} s: {:>6.0} a second; {:>7} files read; {:>6} \
             packages known, {:>5} not certain; {}",
            report.commits,
            report.commits as f64 / took,
            report.files,
            report.known,
            report.unknown,
            peak(),
        );
        if what == EVALUATOR {
            assert!(report.known > 0, "it knows something");
            verify(&options, index.path(), if in_earnest { 300 } else { 20 });
        }
    }
}

/// Looks at places of the index again, each alone and from scratch. What was read quickly must be
/// right as well.
fn verify(options: &Options, index: &Path, count: usize) {
    let (ledger, mut records) = catalog::reader::read_all(index).expect("the index can be read");
    records.sort_by(|a, b| a.attr_path.cmp(&b.attr_path));
    let never = AtomicBool::new(false);
    let begun = Instant::now();
    let verified =
        indexer::verify(&options.repository, &ledger, &records, count, 0, &never, &mut |_| {});
    let verified = verified.expect("the history can be read");
    assert!(verified.differences.is_empty(), "{:?}", verified.differences);
    println!(
        "looked at again      {:>6} places in {:>7.2} s: no difference",
        verified.looked_at,
        begun.elapsed().as_secs_f64(),
    );
}

fn real(repository: &Path, in_earnest: bool) -> Options {
    let count = std::env::var("NIXPKGS_COMMITS").unwrap_or_else(|_| "5000".to_owned());
    let count = if in_earnest { count.as_str() } else { "20" };
    Options {
        branch: Some("nixpkgs-unstable".to_owned()),
        since: (count != "all").then(|| format!("nixpkgs-unstable~{count}")),
        ..Options::new(repository)
    }
}

/// A repository of this many commits, each of which changes one of a thousand packages, and every
/// tenth the file that makes up the package set.
fn made(dir: &Path, commits: usize) -> Options {
    const PACKAGES: usize = 1_000;
    let file = |n: usize, version: usize| {
        let text = format!(
            "{{ stdenv }}:\nstdenv.mkDerivation rec {{\n  pname = \"p{n}\";\n  version = \
             \"1.{version}\";\n}}\n"
        );
        blob(&format!("pkgs/p{n}/default.nix"), &text)
    };
    let all = |last: usize| {
        let names = (0..PACKAGES).map(|n| format!("    p{n} = callPackage ../p{n} {{ }};\n"));
        let text = format!(
            "{{ system ? \"x86_64-linux\" }}:\nlet\n  lib = import ../../lib;\n  stdenv = (import \
             ../stdenv {{ allPackages = null; inherit system; }}).stdenv;\n  callPackage = \
             lib.callPackageWith pkgs;\n  pkgs = with pkgs; {{\n    inherit stdenv lib;\n{}    \
             last = p{last};\n  }};\nin pkgs\n",
            names.collect::<String>(),
        );
        blob("pkgs/top-level/all-packages.nix", &text)
    };
    let mut stream = String::new();
    for n in 0..commits {
        let date = 1_500_000_000 + n;
        stream.push_str(&format!(
            "commit refs/heads/main\ncommitter A <a@example.org> {date} +0000\ndata 0\n"
        ));
        if n == 0 {
            stream.push_str(&blob("default.nix", "import ./pkgs/top-level/all-packages.nix"));
            stream.push_str(&blob("pkgs/stdenv/default.nix", "throw \"not built\""));
            stream.push_str(&blob(
                "lib/default.nix",
                "{ callPackageWith = auto: fn: args: let f = import fn; in f \
                 (builtins.intersectAttrs (builtins.functionArgs f) auto // args); }",
            ));
            (0..PACKAGES).for_each(|n| stream.push_str(&file(n, 0)));
        }
        stream.push_str(&if n % 10 == 0 { all(n % PACKAGES) } else { file(n % PACKAGES, n) });
    }
    let git = |arguments: &[&str]| {
        let mut git = Command::new("git");
        git.arg("-C").arg(dir).args(arguments).stdin(Stdio::piped());
        git.spawn().expect("git is installed")
    };
    std::fs::create_dir_all(dir).expect("the folder can be made");
    for (arguments, input) in [
        (["init", "--quiet", "--bare"].as_slice(), ""),
        (["fast-import", "--quiet"].as_slice(), stream.as_str()),
    ] {
        let mut child = git(arguments);
        let mut stdin = child.stdin.take().expect("it is piped");
        stdin.write_all(input.as_bytes()).expect("git reads its input");
        drop(stdin);
        assert!(child.wait().expect("git ends").success(), "git {arguments:?}");
    }
    Options { branch: Some("main".to_owned()), ..Options::new(dir) }
}

/// A file of a commit, in the format of `git fast-import`.
fn blob(path: &str, text: &str) -> String {
    format!("M 100644 inline {path}\ndata {}\n{text}\n", text.len())
}

/// The most memory that the process had so far, where the system tells.
fn peak() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.map_or_else(String::new, |peak| format!("peak memory {}", peak.trim()))
}

/// Looks at nothing and says nothing.
struct Blind;

impl Tracker for Blind {
    fn start(&mut self, _: &dyn Source) -> Vec<Observation> {
        Vec::new()
    }

    fn step(&mut self, _: &dyn Source, _: &[Change]) -> Vec<Observation> {
        Vec::new()
    }
}

struct Silent;

impl Progress for Silent {
    fn begin(&mut self, _: &str, _: usize) {}
    fn read(&mut self, _: usize, _: Commit) {}
    fn saved(&mut self, _: Commit) {}
}
