//! `nix-archiver index`.

use crate::{exit::Exit, place::Place};

/// Read the history of a clone of nixpkgs into the version index.
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Runs the command.
///
/// # Errors
/// If the repository cannot be read, or the index not written.
pub fn run(_args: Args, _place: &Place) -> anyhow::Result<Exit> {
    anyhow::bail!("this build cannot read history yet")
}
