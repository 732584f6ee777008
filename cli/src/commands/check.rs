//! `nix-archiver check [packages.nix]`.

use std::{
    io::{self, BufWriter, IsTerminal, Write},
    path::PathBuf,
};

use clap::ValueEnum;
use model::relock::{self, RelockError};
use serde_json::json;

use crate::{
    exit::Exit,
    finding::{self, Finding},
    json::print,
    place::Place,
    project::Project,
};

const EXAMPLES: &str = "\
Examples:
  nix-archiver check
  nix-archiver check --deny warnings --format github      in a workflow on GitHub
  nix-archiver check --format sarif > findings.sarif

A pin of the long form may say which findings are not to be reported for it:
  openssl = { version = \"1.0.2u\"; ignore = [ \"insecure\" ]; };";

/// Check packages.nix against the index and the lock.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The file with the pins; the lock is beside it.
    #[arg(default_value = "packages.nix")]
    file: PathBuf,
    /// How the findings are printed.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// Exit with 1 for warnings too, not for errors alone.
    #[arg(long, value_enum, value_name = "WHAT")]
    deny: Option<Deny>,
}

#[derive(Debug, Clone, Copy, Default, ValueEnum)]
enum Format {
    /// Drawn into the lines they are about.
    #[default]
    Text,
    /// A list of them.
    Json,
    /// The Static Analysis Results Interchange Format, version 2.1.0.
    Sarif,
    /// Commands to the log of a workflow on GitHub.
    Github,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Deny {
    Warnings,
}

/// Runs the command.
///
/// # Errors
/// If the files or the index cannot be read.
pub fn run(args: Args, place: &Place) -> anyhow::Result<Exit> {
    let project = Project::read(&args.file)?;
    let source = place.source();
    let mut findings = finding::in_text(&project);
    match relock::available(&source, &project.manifest) {
        Ok(()) => {}
        Err(RelockError::Unmet(unmet)) => {
            findings.extend(finding::unmet(&project, &source, &unmet)?);
        }
        Err(error) => return Err(error.into()),
    }
    let lock = project.lock()?;
    findings.extend(finding::in_lock(&project, &lock));
    findings.extend(finding::in_locked(&project, &source, &lock)?);
    findings.extend(finding::in_facts(&project, &source, lock.sound())?);
    let mut findings = finding::not_ignored(&project, findings);
    findings.sort_by_key(|found| (found.file != args.file.display().to_string(), found.place()));
    report(&findings, args.format)?;
    let fails = |found: &Finding| found.is_error() || args.deny.is_some();
    Ok(if findings.iter().any(fails) { Exit::Findings } else { Exit::Fine })
}

fn report(findings: &[Finding], format: Format) -> io::Result<()> {
    let colour = io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let mut out = BufWriter::new(io::stdout().lock());
    match format {
        Format::Text => {
            for found in findings {
                writeln!(out, "{}\n", found.draw(colour))?;
            }
            let errors = findings.iter().filter(|found| found.is_error()).count();
            match (errors, findings.len() - errors) {
                (0, 0) => writeln!(out, "nothing to mend")?,
                (errors, warnings) => writeln!(out, "errors: {errors}, warnings: {warnings}")?,
            }
        }
        Format::Json => {
            let all: Vec<_> = findings.iter().map(Finding::json).collect();
            print(&mut out, &json!({ "findings": all }))?;
        }
        Format::Sarif => print(&mut out, &finding::sarif(findings))?,
        Format::Github => {
            for found in findings {
                writeln!(out, "{}", found.github())?;
            }
        }
    }
    out.flush()
}
