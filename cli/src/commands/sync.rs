//! `nix-archiver sync --from FILE`.

use std::{
    io::{self, Write},
    path::PathBuf,
};

use model::Requirement;
use syntax::edit::{apply, pin as edit};

use crate::{
    configured,
    exit::{self, Exit},
    place::Place,
    project::{Project, replace},
};

const EXAMPLES: &str = "\
Examples:
  nix-archiver sync --from shell.nix --dry-run
  nix-archiver sync --from flake.nix            with the flake.lock beside it
  nix-archiver sync --from /etc/nixos/configuration.nix --file packages.nix

Read are pins in the forms of nix-archiver's own library and modules, and packages that are taken
out of a nixpkgs of a certain revision: by fetchTarball, fetchFromGitHub or fetchGit, or as an input
of a flake. Which version they have there, the index says.";

/// Read pins out of a configuration into packages.nix.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The configuration: a file of Nix, or a flake.lock.
    #[arg(long, value_name = "FILE")]
    from: PathBuf,
    /// The file with the pins; it is made if it is not there.
    #[arg(long, value_name = "FILE", default_value = "packages.nix")]
    file: PathBuf,
    /// Change pins that are there with another version; they stay otherwise.
    #[arg(long)]
    overwrite: bool,
    /// Print the file as it would be, and write nothing.
    #[arg(long)]
    dry_run: bool,
}

/// Runs the command.
///
/// # Errors
/// If files or the index cannot be read or written.
pub fn run(args: Args, place: &Place) -> anyhow::Result<Exit> {
    let found = configured::read(&args.from, &place.source())?;
    let mut project = match args.file.exists() {
        true => Project::read(&args.file)?,
        false => Project::of(args.file.clone(), "{\n}\n".to_owned())?,
    };
    if let Some(exit) = project.refused()? {
        return Ok(exit);
    }
    let before = project.text.clone();
    let mut err = io::stderr().lock();
    let mut exit = Exit::Fine;
    for note in &found.notes {
        writeln!(err, "note: {note}")?;
        exit = Exit::Findings;
    }
    for pin in &found.pins {
        let (path, version) = (&pin.path, pin.version.as_str());
        if let Err(error) = Requirement::parse(version) {
            writeln!(err, "note: {}: {error}", pin.place)?;
            exit = Exit::Findings;
            continue;
        }
        let there = project.file.pins.iter().find(|there| there.path == *path);
        let now = there.and_then(|there| there.version()).map(|literal| literal.text.clone());
        let change = match (there, now) {
            (Some(_), Some(now)) if now == version => continue,
            (Some(there), Some(now)) if args.overwrite => {
                writeln!(err, "  {path} {now} -> {version} ({})", pin.place)?;
                edit::set_version(&project.text, there, version)
            }
            (Some(_), now) => {
                let now = now.unwrap_or_else(|| "no literal".to_owned());
                writeln!(
                    err,
                    "note: {}: `{path}` is {version} there, and {now} here; --overwrite takes the \
                     other",
                    pin.place
                )?;
                exit = Exit::Findings;
                continue;
            }
            (None, _) => {
                writeln!(err, "+ {path} {version} ({})", pin.place)?;
                edit::add(&project.text, &project.file, path, version).map(|edit| vec![edit])
            }
        };
        let change = change.map_err(|error| exit::usage(error.to_string()))?;
        project = Project::of(project.path.clone(), apply(&project.text, &change))?;
    }
    if found.pins.is_empty() {
        writeln!(err, "no pins were found in {}", args.from.display())?;
        return Ok(Exit::Nothing);
    }
    if args.dry_run {
        write!(io::stdout().lock(), "{}", project.text)?;
    } else if project.text != before || !args.file.exists() {
        replace(&args.file, &project.text)?;
    }
    Ok(exit)
}
