//! `nix-archiver fmt [packages.nix]`.

use std::{
    io::{self, Write},
    path::PathBuf,
};

use syntax::edit::{apply, pin::tidy};

use crate::{
    exit::Exit,
    project::{Project, replace},
};

/// Put the layout of the pins in packages.nix into order: indentation, blanks around `=`, the ends
/// of lines. Their order and the comments stay.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  nix-archiver fmt --check")]
pub struct Args {
    /// The file with the pins.
    #[arg(default_value = "packages.nix")]
    file: PathBuf,
    /// Write nothing; exit with 1 if something is out of order.
    #[arg(long)]
    check: bool,
}

/// Runs the command.
///
/// # Errors
/// If the file cannot be read or written.
pub fn run(args: Args) -> anyhow::Result<Exit> {
    let project = Project::read(&args.file)?;
    if !project.file.errors.is_empty() {
        // What is broken is not what it seems; it stays as it is.
        return Ok(project.refused()?.unwrap_or(Exit::Findings));
    }
    let after = apply(&project.text, &tidy(&project.text, &project.file));
    if after == project.text {
        return Ok(Exit::Fine);
    }
    if args.check {
        let file = args.file.display();
        writeln!(io::stderr(), "{file} is out of order; `nix-archiver fmt {file}` mends it")?;
        return Ok(Exit::Findings);
    }
    replace(&args.file, &after)?;
    Ok(Exit::Fine)
}
