//! `nix-archiver lock [packages.nix]`.

use std::{
    collections::BTreeSet,
    io::{self, Write},
    path::PathBuf,
};

use model::{
    Lock, PackageSource, Plan,
    relock::{self, RelockError, Relocked},
    resolve::Goal,
};
use serde_json::json;

use crate::{
    exit::Exit,
    finding,
    json::print,
    place::Place,
    prefetch,
    project::{Locked, Project, replace},
};

const EXAMPLES: &str = "\
Examples:
  nix-archiver lock
  nix-archiver lock --repo ~/src/nixpkgs      also computes the hashes that pure evaluation needs
  nix-archiver lock --prefetch                has an installed Nix download and hash the revisions
  nix-archiver lock --check                   for CI: fails if packages.lock is out of date";

/// Choose a version and a revision of nixpkgs for each pin of packages.nix, as few revisions as
/// possible, and write them to packages.lock.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The file with the pins; the lock is beside it.
    #[arg(default_value = "packages.nix")]
    file: PathBuf,
    /// Write nothing; exit with 1 if the lock is not what it would be.
    #[arg(long)]
    check: bool,
    /// Take the newest version of every pin, however many revisions that needs.
    #[arg(long)]
    newest: bool,
    #[command(flatten)]
    common: Common,
}

/// Options of the commands that write a lock.
#[derive(Debug, clap::Args)]
pub struct Common {
    /// Compute the hashes of the revisions from this clone of nixpkgs.
    #[arg(long, value_name = "PATH")]
    pub repo: Option<PathBuf>,
    /// Have an installed Nix download the revisions and compute their hashes, from here if a URL is
    /// given, in which `{rev}` stands for the commit.
    #[arg(long, value_name = "URL", num_args = 0..=1, require_equals = true,
          default_missing_value = prefetch::ARCHIVES, conflicts_with = "repo")]
    pub prefetch: Option<String>,
    /// Show what would change, and write nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// Runs the command.
///
/// # Errors
/// If files, the clone or the index cannot be read or written.
pub fn run(args: Args, place: &Place) -> anyhow::Result<Exit> {
    let project = Project::read(&args.file)?;
    if let Some(exit) = project.refused()? {
        return Ok(exit);
    }
    let source = place.source();
    let goal = if args.newest { Goal::NewestVersions } else { Goal::FewestRevisions };
    let relocked = match relock::lock(&source, &project.manifest, goal) {
        Ok(relocked) => relocked,
        Err(error) => return unmet(&project, &source, error),
    };
    let old = project.lock()?;
    let new = finish(relocked, &old, &args.common)?;
    write(&project, &old, &new, &args.common, args.check)
}

/// Draws the pins that nothing does for.
///
/// # Errors
/// If the index cannot be read.
pub fn unmet(
    project: &Project,
    source: &dyn PackageSource,
    error: RelockError,
) -> anyhow::Result<Exit> {
    let RelockError::Unmet(unmet) = error else { return Err(error.into()) };
    let mut err = io::stderr().lock();
    for found in finding::unmet(project, source, &unmet)? {
        writeln!(err, "{}", found.draw(false))?;
    }
    Ok(Exit::Findings)
}

/// Adds the hashes that are known, or that the clone or Nix tells.
///
/// # Errors
/// If the clone cannot be read, or does not have a revision, or Nix cannot download it.
pub fn finish(relocked: Relocked, old: &Locked, common: &Common) -> anyhow::Result<Relocked> {
    let Relocked { mut lock, proved } = relocked;
    if let Some(old) = old.sound() {
        lock.take_hashes(old);
    }
    for revision in lock.revisions.values_mut().filter(|r| r.nar_hash.is_none()) {
        let commit = revision.commit.id;
        revision.nar_hash = match (&common.repo, &common.prefetch) {
            (Some(repo), _) => Some(indexer::nar_hash(repo, commit)?),
            // What writes nothing downloads nothing.
            (None, Some(archives)) if !common.dry_run => {
                Some(prefetch::nar_hash(archives, commit)?)
            }
            _ => None,
        };
    }
    Ok(Relocked { lock, proved })
}

/// Writes the lock, unless that is not asked for, and says what is different.
///
/// # Errors
/// If the lock cannot be written.
pub fn write(
    project: &Project,
    old: &Locked,
    new: &Relocked,
    common: &Common,
    check: bool,
) -> anyhow::Result<Exit> {
    let text = new.lock.print();
    let changed = old.text() != Some(text.as_str());
    if changed && !check && !common.dry_run {
        replace(&project.lock_path(), &text)?;
    }
    say(old, new, changed, common.json)?;
    let mut err = io::stderr().lock();
    if let Locked::Bad { error, .. } = old {
        let path = project.lock_path();
        writeln!(err, "note: {}:{}: it was no sound lock: {error}", path.display(), error.line)?;
    }
    let bare = new.lock.revisions.values().filter(|r| r.nar_hash.is_none()).count();
    if bare > 0 {
        writeln!(
            err,
            "note: {bare} of {} revisions have no hash yet, so pure evaluation refuses them; --repo \
             PATH computes it from a clone of nixpkgs, --prefetch has Nix download them",
            new.lock.revisions.len()
        )?;
    }
    if !new.proved {
        writeln!(err, "note: fewer revisions may do: there are too many ways to try them all")?;
    }
    if check && changed {
        writeln!(err, "{} is out of date; run `nix-archiver lock`", project.lock_path().display())?;
        return Ok(Exit::Findings);
    }
    Ok(Exit::Fine)
}

fn say(old: &Locked, new: &Relocked, changed: bool, json: bool) -> io::Result<()> {
    let empty = Lock::default();
    let plan = Plan::between(old.sound().unwrap_or(&empty), &new.lock);
    let mut out = io::stdout().lock();
    if !json {
        return writeln!(out, "{plan}");
    }
    let changes = plan.changes.iter().map(|change| {
        let state = |state: &model::plan::State| {
            json!({
                "requirement": state.requirement,
                "version": state.version,
                "commit": state.commit.as_ref().map(|(id, _)| id.to_string()),
            })
        };
        json!({
            "attrPath": change.path,
            "from": change.old.as_ref().map(state),
            "to": change.new.as_ref().map(state),
        })
    });
    let names: BTreeSet<String> =
        new.lock.revisions.values().map(|r| r.commit.id.to_string()).collect();
    let answer = json!({
        "changed": changed,
        "pins": plan.pins,
        "revisions": names,
        "provedFewest": new.proved,
        "changes": changes.collect::<Vec<_>>(),
    });
    print(&mut out, &answer)
}
