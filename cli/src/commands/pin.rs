//! `nix-archiver pin NAME[@VERSION]` and `nix-archiver unpin NAME`.

use std::{
    io::{self, Write},
    path::{Path, PathBuf},
};

use model::{
    AttrPath, Manifest, PackageSource, Requirement, Wish, attr_path::split_version, relock,
};
use syntax::edit::{TextEdit, apply, pin as edit};

use crate::{
    commands::lock::unmet,
    exit::{self, Exit},
    place::Place,
    project::{Project, replace},
};

const EXAMPLES: &str = "\
Examples:
  nix-archiver pin nodejs                        the newest version
  nix-archiver pin nodejs@20.11.0
  nix-archiver pin 'python3Packages.requests@^2.28'";

/// Add a pin to packages.nix, or change the version of one.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The attribute path, and the version or requirement behind an `@`.
    name: String,
    #[command(flatten)]
    target: Target,
}

/// Remove a pin from packages.nix.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  nix-archiver unpin nodejs")]
pub struct UnpinArgs {
    /// The attribute path.
    name: String,
    #[command(flatten)]
    target: Target,
}

/// What is edited, and whether it is written.
#[derive(Debug, clap::Args)]
pub struct Target {
    /// The file with the pins.
    #[arg(long, value_name = "FILE", default_value = "packages.nix")]
    file: PathBuf,
    /// Print the file as it would be, and write nothing.
    #[arg(long)]
    dry_run: bool,
}

/// Runs `pin`.
///
/// # Errors
/// If the name is none, or files or the index cannot be read or written.
pub fn run(args: Args, place: &Place) -> anyhow::Result<Exit> {
    let (path, version) = split(&args.name)?;
    let source = place.source();
    let version = match (version, source.package(&path)?) {
        (Some(version), _) => version,
        // What is not there is told below.
        (None, package) => {
            let newest = package.as_ref().and_then(|package| package.newest());
            newest.map_or_else(|| "*".to_owned(), |release| release.version.clone())
        }
    };
    let requirement = Requirement::parse(&version).map_err(|e| exit::usage(e.to_string()))?;
    let project = match args.target.file.exists() {
        true => Project::read(&args.target.file)?,
        false => Project::of(args.target.file.clone(), "{\n}\n".to_owned())?,
    };
    if let Some(exit) = project.refused()? {
        return Ok(exit);
    }
    let change = match project.file.pins.iter().find(|pin| pin.path == path) {
        Some(pin) => edit::set_version(&project.text, pin, &version),
        None => edit::add(&project.text, &project.file, &path, &version).map(|edit| vec![edit]),
    };
    let change = change.map_err(|e| exit::usage(e.to_string()))?;
    let after = Project::of(project.path.clone(), apply(&project.text, &change))?;
    let one = Manifest { pins: vec![Wish::new(path, requirement)] };
    if let Err(error) = relock::available(&source, &one) {
        return unmet(&after, &source, error);
    }
    write(&args.target, &project.text, &after.text)
}

/// Runs `unpin`.
///
/// # Errors
/// If the name is none, or the file cannot be read or written.
pub fn unpin(args: UnpinArgs) -> anyhow::Result<Exit> {
    let path = AttrPath::parse(&args.name).map_err(|e| exit::usage(e.to_string()))?;
    let project = Project::read(&args.target.file)?;
    if let Some(exit) = project.refused()? {
        return Ok(exit);
    }
    let Some(pin) = project.file.pins.iter().find(|pin| pin.path == path) else {
        let file = project.path.display();
        writeln!(io::stderr(), "{path} is not pinned in {file}")?;
        return Ok(Exit::Findings);
    };
    let change: TextEdit = edit::remove(&project.text, &project.file, pin)
        .map_err(|error| exit::usage(error.to_string()))?;
    write(&args.target, &project.text, &apply(&project.text, &[change]))
}

fn write(target: &Target, before: &str, after: &str) -> anyhow::Result<Exit> {
    if target.dry_run {
        write!(io::stdout().lock(), "{after}")?;
    } else if before != after || !Path::new(&target.file).exists() {
        replace(&target.file, after)?;
    }
    Ok(Exit::Fine)
}

/// An attribute path, and what stands behind an `@`, if that is not part of a name.
fn split(name: &str) -> anyhow::Result<(AttrPath, Option<String>)> {
    let (path, version) = split_version(name);
    let path = AttrPath::parse(path).map_err(|error| exit::usage(error.to_string()))?;
    Ok((path, version.map(str::to_owned)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_stands_behind_the_name() {
        for (name, path, version) in [
            ("nodejs", "nodejs", None),
            ("nodejs@20.11.0", "nodejs", Some("20.11.0")),
            ("a.b@^1 || ^2", "a.b", Some("^1 || ^2")),
            ("nodePackages.@angular/cli", "nodePackages.\"@angular/cli\"", None),
            ("nodePackages.@angular/cli@6", "nodePackages.\"@angular/cli\"", Some("6")),
            ("a.\"@b/c\"@6", "a.\"@b/c\"", Some("6")),
        ] {
            let (found, asked) = split(name).expect(name);
            assert_eq!((found.as_str(), asked.as_deref()), (path, version), "{name}");
        }
        assert!(split("@1").is_err() || split("@1").is_ok_and(|(_, version)| version.is_none()));
    }
}
