//! `cargo xtask starter --repo PATH`: the starter index that the program carries, made again.

use crate::{
    Result,
    exec::{self, cargo, command},
};

/// The branch to read: the one that most people follow.
const BRANCH: &str = "nixpkgs-unstable";

/// Builds the program, has it index the whole of that branch of the clone at `repo`, and writes what
/// it found to the file that the next build carries. An index that an earlier run left is gone on
/// with.
///
/// # Errors
/// If the program does not build, or cannot read the clone.
pub fn run(repo: &str) -> Result {
    exec::run(cargo(&["build", "--release", "--quiet", "--package", "nix-archiver"]))?;
    let repo =
        std::path::absolute(repo).map_err(|e| format!("cannot tell where {repo} is: {e}"))?;
    let index = exec::target_dir().join("starter-index");
    let file = exec::root().join("cli/starter.bin");

    let mut read = command(exec::program(), &["index", "--from-scratch", "--branch", BRANCH]);
    read.arg("--repo").arg(repo).arg("--index").arg(&index);
    exec::run(read)?;
    let mut write = command(exec::program(), &["starter"]);
    write.arg("--index").arg(&index).arg("--output").arg(&file);
    exec::run(write)?;
    println!("Build again for the program to carry it.");
    Ok(())
}
