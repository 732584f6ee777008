//! The commands, each in a file of its own.

use model::{AttrPath, Commit};

use crate::{exit::Exit, place::Place};

pub mod check;
pub mod doctor;
pub mod editor;
pub mod export;
pub mod fmt;
pub mod generate;
pub mod index;
pub mod info;
pub mod lock;
pub mod lsp;
pub mod pin;
pub mod search;
pub mod starter;
pub mod update;

/// What can be asked for.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Find packages by name or words, and which of them had a version.
    Search(search::Args),
    /// Show every version of a package: when it was there, and how to get it.
    Info(info::Args),
    /// Read the history of a clone of nixpkgs into the version index.
    Index(index::Args),
    /// Print every span of every version, one a line, with tabs between columns.
    Export(export::Args),
    /// Add a pin to packages.nix, or change the version of one.
    Pin(pin::Args),
    /// Remove a pin from packages.nix.
    Unpin(pin::UnpinArgs),
    /// Choose versions and revisions for the pins, and write packages.lock.
    Lock(lock::Args),
    /// Move pins to newer versions.
    Update(update::Args),
    /// Check packages.nix against the index and the lock.
    Check(check::Args),
    /// Put the layout of the pins in packages.nix into order.
    Fmt(fmt::Args),
    /// Write Nix that gives the locked packages.
    Generate(generate::Args),
    /// Set up an editor: print what to put where, or put it there.
    Editor(editor::Args),
    /// Look for what is wrong with this set-up: program, index, clone, lock, editors.
    Doctor(doctor::Args),
    /// Start the language server, which an editor talks to over standard input and output.
    Lsp(lsp::Args),
    /// Write the index as a starter file, to be carried by the program.
    #[command(hide = true)]
    Starter(starter::Args),
}

impl Command {
    /// Does it.
    ///
    /// # Errors
    /// For which [`crate::exit::report`] knows words and an exit code.
    pub fn run(self, place: &Place) -> anyhow::Result<Exit> {
        match self {
            Self::Search(args) => search::run(args, place),
            Self::Info(args) => info::run(args, place),
            Self::Index(args) => index::run(args, place),
            Self::Export(args) => export::run(args, place),
            Self::Pin(args) => pin::run(args, place),
            Self::Unpin(args) => pin::unpin(args),
            Self::Lock(args) => lock::run(args, place),
            Self::Update(args) => update::run(args, place),
            Self::Check(args) => check::run(args, place),
            Self::Fmt(args) => fmt::run(args),
            Self::Generate(args) => generate::run(args),
            Self::Editor(args) => editor::run(args),
            Self::Doctor(args) => doctor::run(args, place),
            Self::Lsp(args) => lsp::run(args, place),
            Self::Starter(args) => starter::run(args, place),
        }
    }
}

/// The command that gets a package as it was at a commit.
pub fn run_line(path: &AttrPath, commit: Commit) -> String {
    let target = format!("nixpkgs/{}#{path}", commit.id);
    // The quotes of an attribute name are for Nix; the shell must leave them alone.
    let plain = |c: char| c.is_ascii_alphanumeric() || "/#._-".contains(c);
    if target.chars().all(plain) {
        return format!("nix shell {target}");
    }
    format!("nix shell '{}'", target.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use model::CommitId;

    use super::*;

    #[test]
    fn what_a_shell_would_change_is_quoted() {
        let commit = Commit { id: CommitId([0xab; 20]), date: 0 };
        let rev = "ab".repeat(20);
        for (path, wanted) in [
            ("nodejs-8_x", format!("nix shell nixpkgs/{rev}#nodejs-8_x")),
            ("a.\"@b/c\"", format!("nix shell 'nixpkgs/{rev}#a.\"@b/c\"'")),
            ("foo'", format!(r"nix shell 'nixpkgs/{rev}#foo'\'''")),
        ] {
            assert_eq!(run_line(&AttrPath::parse(path).expect(path), commit), wanted);
        }
    }
}
