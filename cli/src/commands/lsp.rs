//! `nix-archiver lsp`.

use std::{
    io::{IsTerminal, stdin},
    sync::Arc,
};

use anyhow::Context;
use model::PackageSource;

use crate::{
    exit::{self, Exit},
    place::Place,
};

/// Start the language server, which an editor talks to over standard input and output.
#[derive(Debug, Default, clap::Args)]
pub struct Args {
    /// Talk over standard input and output, which the server always does.
    #[arg(long, hide = true)]
    stdio: bool,
    /// Some editors say who they are; the server ends with its input, so it need not know.
    #[arg(long = "clientProcessId", hide = true)]
    client_process_id: Option<u32>,
}

/// Runs the command: serves one editor until it says goodbye.
///
/// # Errors
/// If a person started it at a terminal, or the system gives no threads.
pub fn run(_args: Args, place: &Place) -> anyhow::Result<Exit> {
    if stdin().is_terminal() {
        return Err(exit::usage(
            "the language server talks to an editor, which has to start it itself; \
             docs/editors says how to set yours up",
        ));
    }
    let place = place.clone();
    let config = lsp::Config {
        open_source: Arc::new(move || Ok(Arc::new(place.source()) as Arc<dyn PackageSource>)),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    };
    match lsp::run(config).context("the language server could not start")? {
        0 => Ok(Exit::Fine),
        // The protocol has a code of its own for an editor that left without a word.
        code => std::process::exit(code.into()),
    }
}
