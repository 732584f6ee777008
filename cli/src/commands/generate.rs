//! `nix-archiver generate`.

use std::{
    io::{self, Write},
    path::PathBuf,
};

use model::{
    Kind, Lock,
    render::{Format, render},
};

use crate::{
    exit::Exit,
    finding,
    project::{Locked, Project, replace},
};

const EXAMPLES: &str = "\
Examples:
  nix-archiver generate --format shell -o shell.nix
  nix-archiver generate -i packages.nix -o pinned.nix --format frozen

Formats:
  frozen        a function to the set of the pinned packages
  overlay       an overlay that puts them in the place of their namesakes
  nixos-module  a NixOS module that installs them
  home-manager  a home-manager module that installs them
  flake         a flake that exports them
  shell         a development shell that has them all";

/// Write Nix that gives the locked packages, and needs nothing but Nix.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The file with the pins; the lock is beside it.
    #[arg(short, long, value_name = "FILE", default_value = "packages.nix")]
    input: PathBuf,
    /// The file to write [default: standard output].
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// What the file is for.
    #[arg(long, value_name = "FORMAT")]
    format: Format,
    /// Print the file, and write nothing.
    #[arg(long)]
    dry_run: bool,
}

/// Runs the command.
///
/// # Errors
/// If files cannot be read or written.
pub fn run(args: Args) -> anyhow::Result<Exit> {
    let project = Project::read(&args.input)?;
    let lock = match sound_lock(&project)? {
        Ok(lock) => lock,
        Err(exit) => return Ok(exit),
    };
    let text = render(&lock, args.format);
    match args.output.filter(|_| !args.dry_run) {
        Some(output) => replace(&output, &text)?,
        None => write!(io::stdout().lock(), "{text}")?,
    }
    Ok(Exit::Fine)
}

/// The lock of a project, if both are sound and the one was made for the other; what is wrong is
/// drawn on standard error, and gives the exit code.
///
/// # Errors
/// If the lock cannot be read.
pub fn sound_lock(project: &Project) -> anyhow::Result<Result<Lock, Exit>> {
    if let Some(exit) = project.refused()? {
        return Ok(Err(exit));
    }
    let on_disk = project.lock()?;
    let findings = finding::in_lock(project, &on_disk);
    let mut err = io::stderr().lock();
    for found in &findings {
        writeln!(err, "{}", found.draw(false))?;
    }
    // A lock of other wishes would give something else than what packages.nix says.
    let stale = findings.iter().any(|found| found.is_error() || found.kind == Kind::LockStale);
    Ok(match on_disk {
        Locked::Sound { lock, .. } if !stale => Ok(lock),
        _ => Err(Exit::Findings),
    })
}
