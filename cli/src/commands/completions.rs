//! `nix-archiver completions` and `nix-archiver man`: what a shell and `man` want to know.

use std::io::{self, Write};

use clap_complete::Shell;

use crate::exit::{self, Exit};

const EXAMPLES: &str = "\
Examples:
  nix-archiver completions bash > ~/.local/share/bash-completion/completions/nix-archiver
  nix-archiver completions zsh > ~/.zfunc/_nix-archiver
  nix-archiver completions fish > ~/.config/fish/completions/nix-archiver.fish";

/// Print what a shell completes commands and options with.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The shell.
    shell: Shell,
}

/// Print a manual page, in the format of man(7).
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  nix-archiver man | man -l -\n  nix-archiver man lock > nix-archiver-lock.1"
)]
pub struct ManArgs {
    /// The command that it is about [default: the program].
    command: Option<String>,
}

/// Runs `completions` for a program.
///
/// # Errors
/// If nobody takes them.
pub fn run(args: Args, mut program: clap::Command) -> anyhow::Result<Exit> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut program, "nix-archiver", &mut script);
    io::stdout().lock().write_all(&script)?;
    Ok(Exit::Fine)
}

/// Runs `man` for a program.
///
/// # Errors
/// If it has no such command, or nobody takes the page.
pub fn man(args: &ManArgs, program: clap::Command) -> anyhow::Result<Exit> {
    let mut program = program;
    program.build();
    let about = match &args.command {
        None => program,
        Some(name) => {
            let command = program.find_subcommand(name).cloned();
            let command = command.filter(|command| !command.is_hide_set());
            command.ok_or_else(|| exit::usage(format!("there is no command {name}")))?
        }
    };
    let mut page = Vec::new();
    clap_mangen::Man::new(about).render(&mut page)?;
    io::stdout().lock().write_all(&page)?;
    Ok(Exit::Fine)
}
