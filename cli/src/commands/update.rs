//! `nix-archiver update [NAME…]`.

use std::{
    collections::BTreeSet,
    io::{self, Write},
    path::PathBuf,
};

use model::{AttrPath, Package, PackageSource, Release, relock, resolve::Goal, version};
use syntax::edit::{apply, pin::set_version};

use crate::{
    commands::lock::{Common, finish, unmet, write},
    exit::{self, Exit},
    finding,
    place::Place,
    project::{Project, replace},
};

const EXAMPLES: &str = "\
Examples:
  nix-archiver update                          every pin, to the newest version
  nix-archiver update nodejs --to minor        within the same major version
  nix-archiver update nodejs --to 20.11.0
  nix-archiver update nodejs --align           others may move, for fewer revisions
  nix-archiver update --check-security         nothing with known vulnerabilities";

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
    /// Pass over versions of which nixpkgs knows vulnerabilities, say where one is locked all the
    /// same, and exit with 1 then.
    #[arg(long)]
    check_security: bool,
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
                let newer = |package: Package| {
                    newer(&package, now, &args.to, args.check_security).map(str::to_owned)
                };
                package.and_then(newer)
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
    let new = finish(relocked, &old, &args.common)?;
    if after.text != project.text && !args.common.dry_run {
        replace(&project.path, &after.text)?;
    }
    let exit = write(&after, &old, &new, &args.common, false)?;
    if !args.check_security {
        return Ok(exit);
    }
    let facts = finding::in_facts(&after, &source, Some(&new.lock))?;
    let facts = finding::not_ignored(&after, facts);
    let insecure: Vec<_> =
        facts.iter().filter(|found| found.kind == model::Kind::Insecure).collect();
    let mut err = io::stderr().lock();
    for found in &insecure {
        writeln!(err, "{}", found.draw(false))?;
    }
    Ok(if insecure.is_empty() { exit } else { Exit::Findings })
}

/// The newest stable version that is as far from `now` as may be, if it is above it; only those that
/// have no known vulnerabilities, if that matters.
fn newer<'a>(package: &'a Package, now: &str, to: &str, secure: bool) -> Option<&'a str> {
    let kept = match to {
        "patch" => 2,
        "minor" => 1,
        _ => 0,
    };
    let same = |candidate: &&str| {
        let mut own = version::components(candidate);
        version::components(now).take(kept).all(|part| own.next() == Some(part))
    };
    let allowed = |release: &&Release| !secure || release.facts.known_vulnerabilities.is_empty();
    let versions = package.releases.iter().filter(allowed);
    let versions = versions.map(|release| release.version.as_str()).filter(same);
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
        assert_eq!(newer(&nodejs, "9.1.0", "latest", false), Some("10.0.0"));
        assert_eq!(newer(&nodejs, "9.1.0", "minor", false), Some("9.11.1"));
        assert_eq!(newer(&nodejs, "9.1.0", "patch", false), None);
        assert_eq!(newer(&nodejs, "10.0.0", "latest", false), None);
        assert_eq!(newer(&nodejs, "12", "latest", false), None, "nothing goes down");
    }
}
