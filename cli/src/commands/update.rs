//! `nix-archiver update [NAME…]`.

use std::{collections::BTreeSet, path::PathBuf};

use model::{AttrPath, Package, PackageSource, relock, resolve::Goal, version};
use syntax::edit::{apply, pin::set_version};

use crate::{
    commands::lock::{Common, finish, unmet, write},
    exit::{self, Exit},
    place::Place,
    project::{Project, replace},
};

const EXAMPLES: &str = "\
Examples:
  nix-archiver update                          every pin, to the newest version
  nix-archiver update nodejs --to minor        within the same major version
  nix-archiver update nodejs --to 20.11.0
  nix-archiver update nodejs --align           others may move, for fewer revisions";

/// Move pins to newer versions: exact ones in packages.nix, and all of them in packages.lock.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The attribute paths of the pins [default: all].
    #[arg(value_name = "NAME")]
    names: Vec<String>,
    /// The file with the pins; the lock is beside it.
    #[arg(long, value_name = "FILE", default_value = "packages.nix")]
    file: PathBuf,
    /// Lock all pins anew, so that as few revisions as possible serve them.
    #[arg(long)]
    align: bool,
    /// How far: a version, or within the same minor or major version, or to the newest.
    #[arg(long, value_name = "VERSION|patch|minor|latest", default_value = "latest")]
    to: String,
    #[command(flatten)]
    common: Common,
}

/// Runs the command.
///
/// # Errors
/// If a name is none, or files, the clone or the index cannot be read or written.
pub fn run(args: Args, place: &Place) -> anyhow::Result<Exit> {
    let names: anyhow::Result<BTreeSet<AttrPath>> = args
        .names
        .iter()
        .map(|name| AttrPath::parse(name).map_err(|error| exit::usage(error.to_string())))
        .collect();
    let names = names?;
    let relative = ["patch", "minor", "latest"].contains(&args.to.as_str());
    if !relative && names.len() != 1 {
        return Err(exit::usage(format!("name the one pin that is to have version {}", args.to)));
    }
    let project = Project::read(&args.file)?;
    if let Some(exit) = project.refused()? {
        return Ok(exit);
    }
    if let Some(name) = names.iter().find(|name| project.manifest.get(name).is_none()) {
        let file = project.path.display();
        return Err(exit::usage(format!("{name} is not pinned in {file}")));
    }
    let source = place.source();
    let mut edits = Vec::new();
    for pin in &project.file.pins {
        let Some(wish) = project.manifest.get(&pin.path) else { continue };
        let all = names.is_empty();
        let version = match (relative, wish.requirement.exact()) {
            _ if !all && !names.contains(&pin.path) => continue,
            (false, _) => Some(args.to.clone()),
            (true, Some(now)) => {
                let package = source.package(&pin.path)?;
                package.and_then(|package| newer(&package, now, &args.to).map(str::to_owned))
            }
            // A requirement says by itself how far the lock may go.
            (true, None) => None,
        };
        if let Some(version) = version.filter(|version| *version != wish.requirement.as_str()) {
            let change = set_version(&project.text, pin, &version);
            edits.extend(change.map_err(|e| exit::usage(e.to_string()))?);
        }
    }
    let after = Project::of(project.path.clone(), apply(&project.text, &edits))?;
    let old = project.lock()?;
    let relocked = match old.sound() {
        Some(old) if !names.is_empty() && !args.align => {
            relock::update(&source, &after.manifest, old, &names)
        }
        _ => relock::lock(&source, &after.manifest, Goal::FewestRevisions),
    };
    let relocked = match relocked {
        Ok(relocked) => relocked,
        Err(error) => return unmet(&after, &source, error),
    };
    let new = finish(relocked, &old, args.common.repo.as_deref())?;
    if after.text != project.text && !args.common.dry_run {
        replace(&project.path, &after.text)?;
    }
    write(&after, &old, &new, &args.common, false)
}

/// The newest stable version that is as far from `now` as may be, if it is above it.
fn newer<'a>(package: &'a Package, now: &str, to: &str) -> Option<&'a str> {
    let kept = match to {
        "patch" => 2,
        "minor" => 1,
        _ => 0,
    };
    let same = |candidate: &&str| {
        let mut own = version::components(candidate);
        version::components(now).take(kept).all(|part| own.next() == Some(part))
    };
    let versions = package.releases.iter().map(|release| release.version.as_str()).filter(same);
    let newest = version::newest(versions)?;
    let stable = !version::is_prerelease(newest) || version::is_prerelease(now);
    (stable && version::compare(newest, now).is_gt()).then_some(newest)
}

#[cfg(test)]
mod tests {
    use model::contract::samples;

    use super::*;

    #[test]
    fn how_far_an_update_goes() {
        let nodejs = samples().into_iter().find(|p| p.attr_path == AttrPath::top("nodejs"));
        let nodejs = nodejs.expect("it is a sample");
        assert_eq!(newer(&nodejs, "9.1.0", "latest"), Some("10.0.0"));
        assert_eq!(newer(&nodejs, "9.1.0", "minor"), Some("9.11.1"));
        assert_eq!(newer(&nodejs, "9.1.0", "patch"), None);
        assert_eq!(newer(&nodejs, "10.0.0", "latest"), None);
        assert_eq!(newer(&nodejs, "12", "latest"), None, "nothing goes down");
    }
}
