//! `nix-archiver env`: the environments that the home-manager module makes of pins.
//!
//! Each is a folder with programs in `bin`, linked by its name into a folder of the user's settings.

use std::{
    env::{self, JoinPathsError},
    ffi::OsString,
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
};

use anyhow::Context;
use serde_json::json;

use crate::{exit::Exit, json::print, place};

const EXAMPLES: &str = "\
Examples:
  nix-archiver env list
  nix-archiver env enter web                 a shell with the environment; `exit` leaves it
  eval \"$(nix-archiver env export web)\"      in .envrc for direnv, or in the shell there is

home-manager makes the environments: programs.nix-archiver.devEnvironments.<name>.packages.";

/// What is done with environments.
#[derive(Debug, clap::Subcommand)]
#[command(after_help = EXAMPLES)]
pub enum Action {
    /// List the environments.
    List {
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Start a shell that has an environment before everything else.
    #[command(after_help = "Example:\n  nix-archiver env enter web")]
    Enter {
        /// The environment.
        name: String,
    },
    /// Print what a shell evaluates to have an environment.
    #[command(after_help = "Example:\n  eval \"$(nix-archiver env export web)\"")]
    Export {
        /// The environment.
        name: String,
    },
}

/// Runs the command.
///
/// # Errors
/// If the environments cannot be read, or the shell not be started.
pub fn run(action: Action) -> anyhow::Result<Exit> {
    let folder = place::settings()?.join("nix-archiver/environments");
    let names = names(&folder).with_context(|| format!("reading {}", folder.display()))?;
    let wanted = match &action {
        Action::List { json } => return list(&folder, &names, *json),
        Action::Enter { name } | Action::Export { name } => name,
    };
    if !names.contains(wanted) {
        let there = match names.is_empty() {
            true => "home-manager has made none".to_owned(),
            false => format!("there are {}", names.join(", ")),
        };
        writeln!(io::stderr(), "there is no environment {wanted}; {there}")?;
        return Ok(Exit::Nothing);
    }
    let programs = folder.join(wanted).join("bin");
    match action {
        Action::Enter { .. } => enter(wanted, &programs),
        _ => export(wanted, &programs),
    }
}

/// The environments there are, in the order of their names.
fn names(folder: &Path) -> io::Result<Vec<String>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut names = Vec::new();
    for entry in entries {
        names.extend(entry?.file_name().into_string());
    }
    names.sort();
    Ok(names)
}

fn list(folder: &Path, names: &[String], json: bool) -> anyhow::Result<Exit> {
    let mut out = io::stdout().lock();
    if json {
        let one = |name: &String| json!({ "name": name, "path": folder.join(name) });
        let all: Vec<_> = names.iter().map(one).collect();
        print(&mut out, &json!({ "environments": all }))?;
    } else {
        for name in names {
            writeln!(out, "{name}")?;
        }
    }
    Ok(if names.is_empty() { Exit::Nothing } else { Exit::Fine })
}

/// The user's programs, those of an environment first.
fn path_with(programs: &Path) -> Result<OsString, JoinPathsError> {
    let now = env::var_os("PATH").unwrap_or_default();
    env::join_paths([programs.to_owned()].into_iter().chain(env::split_paths(&now)))
}

#[cfg(unix)]
fn enter(name: &str, programs: &Path) -> anyhow::Result<Exit> {
    use std::os::unix::process::CommandExt;

    let shell = env::var_os("SHELL").filter(|shell| !shell.is_empty());
    let shell = PathBuf::from(shell.unwrap_or_else(|| "/bin/sh".into()));
    let path = path_with(programs).context("the environment's folder has a colon in its name")?;
    let mut command = std::process::Command::new(&shell);
    // The shell takes this program's place, so that its exit code and signals are the shell's own.
    let error = command.env("PATH", path).env("NIX_ARCHIVER_ENV", name).exec();
    Err(error).with_context(|| format!("starting {}", shell.display()))
}

#[cfg(not(unix))]
fn enter(_: &str, programs: &Path) -> anyhow::Result<Exit> {
    path_with(programs)?;
    Err(crate::exit::usage("environments are for systems that Nix runs on"))
}

fn export(name: &str, programs: &Path) -> anyhow::Result<Exit> {
    let programs = programs.to_str().context("the environment's folder is not named in UTF-8")?;
    let quoted = |text: &str| format!("'{}'", text.replace('\'', r"'\''"));
    let mut out = io::stdout().lock();
    writeln!(out, "export PATH={}\"${{PATH:+:$PATH}}\"", quoted(programs))?;
    writeln!(out, "export NIX_ARCHIVER_ENV={}", quoted(name))?;
    Ok(Exit::Fine)
}
