//! `cargo xtask bench`: every bench of the workspace.

use crate::{Result, exec};

/// Runs every bench; those that need real history are given the clone at `repo`, if there is one.
///
/// # Errors
/// If a bench does not build or fails.
pub fn run(repo: Option<&str>) -> Result {
    let mut bench = exec::cargo(&["bench", "--workspace", "--profile", "release"]);
    if let Some(repo) = repo {
        bench.env("NIXPKGS_REPO", exec::root().join(repo));
    }
    exec::run(bench)
}
