//! `cargo xtask`: what people do with this repository, one command each. It only starts other
//! programs, in order, and says what came of it; the product's logic is elsewhere.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "this program talks to people")]

mod bench;
mod counts;
mod demo;
mod dist;
mod exec;
mod needs;
mod score;
mod starter;
mod steps;
mod test;

use std::process::ExitCode;

/// Anything that went wrong, in words for the person at the terminal.
type Result<T = ()> = std::result::Result<T, String>;

const USAGE: &str = "\
cargo xtask demo                 see the product at work on examples/, in the terminal
cargo xtask test                 install what the tests need, and run all of them
cargo xtask bench [--repo PATH]  measure (with --repo: on real nixpkgs history too)
cargo xtask starter --repo PATH  make the starter index again from a clone of nixpkgs
cargo xtask score --repo PATH --facts DIR
                                 hold what is said of whole revisions against what Nix says
cargo xtask dist                 build what is shipped, into artifacts/dist";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match arguments.as_slice() {
        ["demo"] => demo::run(),
        ["test"] => test::run(),
        ["bench"] => bench::run(None),
        ["bench", "--repo", repo] => bench::run(Some(repo)),
        ["starter", "--repo", repo] => starter::run(repo),
        ["score", "--repo", repo, "--facts", facts] => score::run(repo, facts),
        ["dist"] => dist::run(),
        ["help" | "--help" | "-h"] => {
            println!("{USAGE}");
            Ok(())
        }
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("error: {why}");
            ExitCode::FAILURE
        }
    }
}
