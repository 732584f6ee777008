//! `nix-archiver`: every version of every nixpkgs package, on the command line and in the editor.

mod age;
mod commands;
mod configured;
mod editors;
mod exit;
mod find;
mod finding;
mod json;
mod marked;
mod memory;
mod place;
mod prefetch;
mod project;
mod table;

use std::process::ExitCode;

use clap::{CommandFactory, Parser};

use crate::{
    commands::Command,
    exit::Exit,
    place::{Place, PlaceArgs},
};

/// Every version of every nixpkgs package: look it up here, or while you type in your editor.
#[derive(Debug, Parser)]
#[command(name = "nix-archiver", version, after_help = exit::HELP)]
struct Cli {
    #[command(flatten)]
    place: PlaceArgs,
    /// Some editors start a language server with this alone.
    #[arg(long, hide = true)]
    stdio: bool,
    /// Some editors say who they are; the server ends with its input, so it need not know.
    #[arg(long = "clientProcessId", hide = true)]
    client_process_id: Option<u32>,
    #[command(subcommand)]
    command: Option<Command>,
}

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(answer) => {
            // Help and version go to standard output and are no error. Nobody may be listening.
            let _ = answer.print();
            return if answer.use_stderr() { Exit::Usage } else { Exit::Fine }.into();
        }
    };
    start_log();
    match run(cli) {
        Ok(exit) => exit.into(),
        Err(error) => exit::report(&error).into(),
    }
}

fn run(cli: Cli) -> anyhow::Result<Exit> {
    let command = match cli.command {
        Some(command) => command,
        None if cli.stdio => Command::Lsp(commands::lsp::Args::default()),
        None => {
            let mut help = Cli::command();
            return Err(exit::usage(format!("say what to do\n\n{}", help.render_help())));
        }
    };
    match command {
        // What the program is called needs no place.
        Command::Completions(args) => commands::completions::run(args, Cli::command()),
        Command::Man(args) => commands::completions::man(&args, Cli::command()),
        command => command.run(&Place::find(cli.place)?),
    }
}

/// What the program does goes to standard error where `NIX_ARCHIVER_LOG` asks for it, in the way
/// of `debug` or `catalog=trace,info`. Standard output is for answers alone.
fn start_log() {
    let filter = tracing_subscriber::EnvFilter::builder()
        .with_default_directive(tracing::level_filters::LevelFilter::WARN.into())
        .with_env_var("NIX_ARCHIVER_LOG")
        .from_env_lossy();
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(false)
        .init();
}
