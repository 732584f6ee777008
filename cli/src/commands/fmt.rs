//! `nix-archiver fmt [packages.nix]`.

use std::{
    io::{self, Write},
    path::PathBuf,
};

use ide::{Document, FileTask, Index, LockFile, Memo, Settings, Snapshot};
use syntax::{
    TextEdit,
    edit::{apply, pin::tidy},
};

use crate::{
    exit::Exit,
    project::{Project, replace},
};

/// Put the layout of the pins in packages.nix into order: indentation, blanks around `=`, the ends
/// of lines. The comments stay, and so does their order, unless it is asked for.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  nix-archiver fmt --check\n  nix-archiver fmt --sort")]
pub struct Args {
    /// The file with the pins.
    #[arg(default_value = "packages.nix")]
    file: PathBuf,
    /// Write nothing; exit with 1 if something is out of order.
    #[arg(long)]
    check: bool,
    /// Sort the pins by name as well, within the groups that blank lines make, each with its
    /// comments.
    #[arg(long)]
    sort: bool,
}

/// Runs the command.
///
/// # Errors
/// If the file cannot be read or written.
pub fn run(args: Args) -> anyhow::Result<Exit> {
    let project = Project::read(&args.file)?;
    if !project.file.errors.is_empty() {
        // What is broken is not what it seems; it stays as it is.
        return Ok(project.refused()?.unwrap_or(Exit::Findings));
    }
    let sorted = if args.sort { sorted(project.text.clone())? } else { project.text.clone() };
    let sorted = Project::of(project.path.clone(), sorted)?;
    let after = apply(&sorted.text, &tidy(&sorted.text, &sorted.file));
    if after == project.text {
        return Ok(Exit::Fine);
    }
    if args.check {
        let file = args.file.display();
        let sort = if args.sort { "--sort " } else { "" };
        writeln!(io::stderr(), "{file} is out of order; `nix-archiver fmt {sort}{file}` mends it")?;
        return Ok(Exit::Findings);
    }
    replace(&args.file, &after)?;
    Ok(Exit::Fine)
}

/// A text with its pins sorted, by the rules of the editor's action.
fn sorted(mut text: String) -> anyhow::Result<String> {
    let (memo, settings) = (Memo::default(), Settings::default());
    loop {
        let document = Document::new(text);
        let snapshot = Snapshot {
            document: &document,
            index: Index::Loading,
            lock: LockFile::Unknown,
            memo: &memo,
            settings: &settings,
            now: 0,
        };
        let edits: Vec<TextEdit> = snapshot.edits(FileTask::Sort)?;
        // Where a set is sorted, the sets in it are sorted the next time.
        if edits.is_empty() {
            return Ok(document.text);
        }
        text = apply(&document.text, &edits);
    }
}
