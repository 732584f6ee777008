//! `nix-archiver starter`: what `cargo xtask starter` uses to make the file that the program
//! carries.

use std::{io::Write, path::PathBuf};

use anyhow::Context;

use crate::{exit::Exit, place::Place};

/// Write the index as a starter file, to be carried by the program.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The file to write.
    #[arg(long, value_name = "FILE")]
    output: PathBuf,
}

/// Runs the command.
///
/// # Errors
/// If the index cannot be read, or the file not written.
pub fn run(args: Args, place: &Place) -> anyhow::Result<Exit> {
    let size = catalog::starter::write(&place.index, &args.output)
        .context("the starter file could not be made")?;
    writeln!(std::io::stdout(), "{size} bytes in {}", args.output.display())?;
    Ok(Exit::Fine)
}
