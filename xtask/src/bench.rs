//! `cargo xtask bench`: every bench of the workspace.

use crate::{Result, exec};

/// Runs every bench; those that need real history are given the clone at `repo`, if there is one.
///
/// # Errors
/// If a bench does not build or fails.
pub fn run(repo: Option<&str>) -> Result {
    let mut bench = exec::cargo(&["bench", "--workspace", "--profile", "release"]);
    if let Some(repo) = repo {
        let repo =
            std::path::absolute(repo).map_err(|e| format!("cannot tell where {repo} is: {e}"))?;
        bench.env("NIXPKGS_REPO", repo);
    }
    exec::run(bench)
}
