//! `nix-archiver apply packages.nix --target WHERE`.

use std::{
    fs, io,
    io::{IsTerminal, Write},
    path::{Path, PathBuf},
};

use anyhow::Context;
use clap::ValueEnum;
use model::render::{Format, render};
use similar::TextDiff;

use crate::{
    commands::generate::sound_lock,
    exit::{self, Exit},
    marked, place,
    project::{Project, replace},
};

const EXAMPLES: &str = "\
Examples:
  nix-archiver apply packages.nix --target flake --dry-run
  nix-archiver apply packages.nix --target home-manager
  sudo nix-archiver apply packages.nix --target system --as-root

Targets, and the files that they want:
  system        a NixOS module, /etc/nixos/pinned-packages.nix
  home-manager  a home-manager module, ~/.config/home-manager/pinned-packages.nix
  flake         a flake, flake.nix beside packages.nix

A file that something else made, or that was changed since, is left alone.";

/// Write the locked packages to where a system, a home or a flake has them from.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The file with the pins; the lock is beside it.
    #[arg(default_value = "packages.nix")]
    file: PathBuf,
    /// Who is to have the packages.
    #[arg(long, value_name = "WHERE")]
    target: Target,
    /// Write to this file instead.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Show what would change, and write nothing.
    #[arg(long)]
    dry_run: bool,
    /// Write without asking, also on a terminal.
    #[arg(short, long)]
    yes: bool,
    /// Yes, this is run as root on purpose.
    #[arg(long)]
    as_root: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Target {
    /// NixOS.
    System,
    /// A user's home.
    HomeManager,
    /// A flake.
    Flake,
}

impl Target {
    fn format(self) -> Format {
        match self {
            Self::System => Format::NixosModule,
            Self::HomeManager => Format::HomeManager,
            Self::Flake => Format::Flake,
        }
    }

    /// The file that it wants.
    fn file(self, pins: &Path) -> anyhow::Result<PathBuf> {
        Ok(match self {
            Self::System => PathBuf::from("/etc/nixos/pinned-packages.nix"),
            Self::HomeManager => place::settings()?.join("home-manager/pinned-packages.nix"),
            Self::Flake => pins.with_file_name("flake.nix"),
        })
    }

    /// What is left to do.
    fn next(self) -> &'static str {
        match self {
            Self::System => {
                "it is used once `imports` in configuration.nix has ./pinned-packages.nix; then: \
                 nixos-rebuild switch"
            }
            Self::HomeManager => {
                "it is used once `imports` in home.nix has ./pinned-packages.nix; then: home-manager \
                 switch"
            }
            Self::Flake => "enter its shell with: nix develop",
        }
    }
}

/// Runs the command.
///
/// # Errors
/// If files cannot be read or written, or this is run as root by surprise.
pub fn run(args: Args) -> anyhow::Result<Exit> {
    if is_root() && !args.as_root && !args.dry_run {
        return Err(exit::usage(
            "this is run as root, and what it writes will be root's; if that is meant, say --as-root",
        ));
    }
    let project = Project::read(&args.file)?;
    let lock = match sound_lock(&project)? {
        Ok(lock) => lock,
        Err(exit) => return Ok(exit),
    };
    let path = match args.output {
        Some(output) => output,
        None => args.target.file(&args.file)?,
    };
    let new = marked::mark(&render(&lock, args.target.format()));
    let old = match fs::read_to_string(&path) {
        Ok(old) => Some(old),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(error).with_context(|| format!("reading {}", path.display())),
    };
    let mut err = io::stderr().lock();
    if let Some(old) = &old
        && let Err(why) = marked::is_own(old)
    {
        writeln!(
            err,
            "error: {} {why}, and is left as it is; move it away, or name another file with --output",
            path.display()
        )?;
        return Ok(Exit::Findings);
    }
    if old.as_deref() == Some(&new) {
        writeln!(err, "{} is as it is to be", path.display())?;
        return Ok(Exit::Fine);
    }
    show(&path, old.as_deref().unwrap_or_default(), &new)?;
    if args.dry_run {
        return Ok(Exit::Fine);
    }
    if !args.yes && io::stdin().is_terminal() && io::stdout().is_terminal() && !agreed()? {
        writeln!(err, "nothing was written")?;
        return Ok(Exit::Findings);
    }
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
    }
    replace(&path, &new)?;
    writeln!(err, "{} is written; {}", path.display(), args.target.next())?;
    Ok(Exit::Fine)
}

/// Prints what is different, as `diff -u` does.
fn show(path: &Path, old: &str, new: &str) -> io::Result<()> {
    let name = path.display().to_string();
    let diff = TextDiff::from_lines(old, new);
    let mut out = io::stdout().lock();
    write!(out, "{}", diff.unified_diff().context_radius(3).header(&name, &name))
}

fn agreed() -> io::Result<bool> {
    write!(io::stderr(), "Write it? [y/N] ")?;
    let mut answer = String::new();
    io::stdin().read_line(&mut answer)?;
    Ok(["y", "yes"].contains(&answer.trim().to_lowercase().as_str()))
}

#[cfg(unix)]
fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

#[cfg(not(unix))]
fn is_root() -> bool {
    false
}
