//! `nix-archiver editor NAME`.

use std::{
    fs,
    io::{self, BufRead, IsTerminal, Write},
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::Context;

use crate::{
    editors::{Editor, Folders, Piece, Standing, difference},
    exit::{self, Exit},
    project::replace,
};

const EXAMPLES: &str = "\
Examples:
  nix-archiver editor helix               prints what to put where
  nix-archiver editor helix --install     shows the difference, asks, and does it
  nix-archiver editor vscode --install --vsix nix-archiver-linux-x64.vsix";

/// Set up an editor: print what to put where, or put it there.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The editor.
    #[arg(value_enum)]
    editor: Editor,
    /// Do it: show the difference, ask, and write. What else is in the files stays.
    #[arg(long)]
    install: bool,
    /// Do not ask.
    #[arg(long, requires = "install")]
    yes: bool,
    /// For VS Code: the package of the extension.
    #[arg(long, value_name = "FILE", requires = "install")]
    vsix: Option<PathBuf>,
}

/// Runs the command.
///
/// # Errors
/// If files cannot be read or written, or the editor cannot be started.
pub fn run(args: Args) -> anyhow::Result<Exit> {
    let folders = Folders::find()?;
    match (args.install, args.editor) {
        (false, editor) => print(editor, &folders),
        (true, Editor::Vscode) => install_vsix(&args),
        (true, editor) => install(editor, &folders, args.yes),
    }
}

fn print(editor: Editor, folders: &Folders) -> anyhow::Result<Exit> {
    let mut out = io::stdout().lock();
    for piece in editor.pieces(folders) {
        let path = piece.path.display();
        match piece.comment {
            Some(_) => writeln!(out, "Add to {path}:\n")?,
            None => writeln!(out, "Write to {path}:\n")?,
        }
        for line in piece.text.lines() {
            writeln!(out, "{}", format!("    {line}").trim_end())?;
        }
        writeln!(out)?;
    }
    writeln!(out, "{}", editor.then(folders))?;
    if editor != Editor::Vscode {
        writeln!(out, "\n`nix-archiver editor {} --install` does it.", editor.key())?;
    }
    Ok(Exit::Fine)
}

fn install(editor: Editor, folders: &Folders, yes: bool) -> anyhow::Result<Exit> {
    let mut changes: Vec<(Piece, String)> = Vec::new();
    for piece in editor.pieces(folders) {
        let old = piece.read()?;
        match piece.standing(old.as_deref())? {
            Standing::Current => {}
            Standing::ByHand(line) => anyhow::bail!(
                "{}:{line}: nix-archiver has been set up here by hand; leave it so, or remove it and \
                 try again",
                piece.path.display()
            ),
            Standing::Missing | Standing::Different => {
                let new = piece.put_into(old.as_deref())?;
                writeln!(io::stdout(), "{}", difference(&piece.path, old.as_deref(), &new))?;
                changes.push((piece, new));
            }
        }
    }
    if changes.is_empty() {
        writeln!(io::stdout(), "{} is set up already.\n{}", editor.name(), editor.then(folders))?;
        return Ok(Exit::Fine);
    }
    let what = if changes.len() == 1 { "this file" } else { "these files" };
    if !yes && !agreed(&format!("Write {what}?"))? {
        writeln!(io::stdout(), "nothing was written")?;
        return Ok(Exit::Nothing);
    }
    for (piece, text) in &changes {
        make_folder_of(&piece.path)?;
        replace(&piece.path, text)?;
    }
    writeln!(io::stdout(), "{} is set up. {}", editor.name(), editor.then(folders))?;
    Ok(Exit::Fine)
}

fn install_vsix(args: &Args) -> anyhow::Result<Exit> {
    let Some(vsix) = &args.vsix else {
        return Err(exit::usage(
            "VS Code installs a package: name it with --vsix FILE (`cargo xtask dist` makes it)",
        ));
    };
    let vsix = fs::canonicalize(vsix).with_context(|| format!("reading {}", vsix.display()))?;
    let Some(code) = Editor::Vscode.programs().iter().find_map(|name| on_path(name)) else {
        anyhow::bail!(
            "none of {} is on PATH; in VS Code, call `Extensions: Install from VSIX…` and choose {}",
            Editor::Vscode.programs().join(", "),
            vsix.display()
        );
    };
    let (code, vsix) = (code.display(), vsix.display());
    writeln!(io::stdout(), "{code} --install-extension {vsix}")?;
    if !args.yes && !agreed("Run this?")? {
        writeln!(io::stdout(), "nothing was installed")?;
        return Ok(Exit::Nothing);
    }
    let status = Command::new(code.to_string())
        .args(["--install-extension", &vsix.to_string(), "--force"])
        .status()
        .with_context(|| format!("starting {code}"))?;
    anyhow::ensure!(status.success(), "{code} did not install it ({status})");
    Ok(Exit::Fine)
}

/// Asks the person at the terminal.
fn agreed(question: &str) -> anyhow::Result<bool> {
    if !io::stdin().is_terminal() {
        return Err(exit::usage("there is nobody to ask; say --yes to have it done"));
    }
    write!(io::stdout(), "{question} [y/N] ")?;
    io::stdout().flush()?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

fn make_folder_of(file: &Path) -> anyhow::Result<()> {
    let folder = file.parent().expect("the files of an editor are in a folder");
    fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))
}

/// Where a program is that would be started by its name.
pub fn on_path(name: &str) -> Option<PathBuf> {
    let folders = std::env::var_os("PATH")?;
    let file = format!("{name}{}", std::env::consts::EXE_SUFFIX);
    std::env::split_paths(&folders).map(|folder| folder.join(&file)).find(|path| is_program(path))
}

#[cfg(unix)]
fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(path).is_ok_and(|m| m.is_file() && m.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_program(path: &Path) -> bool {
    path.is_file()
}
