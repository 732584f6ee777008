//! `nix-archiver diff FILE`.

use std::{
    io::{self, Write},
    path::PathBuf,
};

use model::AttrPath;
use serde_json::json;

use crate::{configured, exit::Exit, json::print, place::Place, project::Project};

/// Show what a configuration has otherwise than packages.nix and the lock.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  nix-archiver diff flake.nix
  nix-archiver diff /etc/nixos/configuration.nix --json

It ends with 1 if something is different.")]
pub struct Args {
    /// The configuration, as `sync --from` reads it.
    other: PathBuf,
    /// The file with the pins; the lock is beside it.
    #[arg(long, value_name = "FILE", default_value = "packages.nix")]
    file: PathBuf,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// What is different about a pin.
struct Difference {
    path: AttrPath,
    /// What the configuration has, and where.
    there: Option<(String, String)>,
    /// What packages.nix asks for.
    asked: Option<String>,
    /// What the lock gives it.
    locked: Option<String>,
}

/// Runs the command.
///
/// # Errors
/// If files or the index cannot be read.
pub fn run(args: Args, place: &Place) -> anyhow::Result<Exit> {
    let project = Project::read(&args.file)?;
    if let Some(exit) = project.refused()? {
        return Ok(exit);
    }
    let lock = project.lock()?;
    let locked = |path: &AttrPath| {
        lock.sound().and_then(|lock| lock.pins.get(path)).map(|pin| pin.version.clone())
    };
    let found = configured::read(&args.other, &place.source())?;
    let mut differences = Vec::new();
    for pin in &found.pins {
        let asked = project.manifest.get(&pin.path).map(|wish| wish.requirement.to_string());
        let locked = locked(&pin.path);
        let same = asked.as_ref() == Some(&pin.version)
            || asked.is_some() && locked.as_ref() == Some(&pin.version);
        if !same {
            let there = Some((pin.version.clone(), pin.place.clone()));
            differences.push(Difference { path: pin.path.clone(), there, asked, locked });
        }
    }
    for wish in &project.manifest.pins {
        if found.pins.iter().all(|pin| pin.path != wish.path) {
            differences.push(Difference {
                path: wish.path.clone(),
                there: None,
                asked: Some(wish.requirement.to_string()),
                locked: locked(&wish.path),
            });
        }
    }
    let mut err = io::stderr().lock();
    for note in &found.notes {
        writeln!(err, "note: {note}")?;
    }
    show(&differences, args.json)?;
    let same = differences.is_empty() && found.notes.is_empty();
    Ok(if same { Exit::Fine } else { Exit::Findings })
}

fn show(differences: &[Difference], json: bool) -> io::Result<()> {
    let mut out = io::stdout().lock();
    if json {
        let one = |d: &Difference| {
            let there = d.there.as_ref();
            json!({
                "attrPath": d.path,
                "version": there.map(|(version, _)| version),
                "place": there.map(|(_, place)| place),
                "requirement": d.asked,
                "locked": d.locked,
            })
        };
        let all: Vec<_> = differences.iter().map(one).collect();
        return print(&mut out, &json!({ "differences": all }));
    }
    for Difference { path, there, asked, locked } in differences {
        let locked = locked.as_ref().map(|version| format!(", locked at {version}"));
        let locked = locked.unwrap_or_default();
        match (there, asked) {
            (Some((version, place)), None) => writeln!(out, "+ {path} {version} ({place})")?,
            (Some((version, place)), Some(asked)) => {
                writeln!(out, "  {path} {version} ({place}), and \"{asked}\" here{locked}")?;
            }
            (None, Some(asked)) => writeln!(out, "- {path} \"{asked}\"{locked}")?,
            (None, None) => {}
        }
    }
    Ok(())
}
