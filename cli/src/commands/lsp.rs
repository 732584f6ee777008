//! `nix-archiver lsp`.

use std::{
    io::{IsTerminal, stdin},
    path::PathBuf,
    sync::Arc,
};

use anyhow::Context;
use lsp::Nixpkgs;
use model::{CommitId, PackageSource};

use crate::{
    exit::{self, Exit},
    memory,
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

/// The clone of nixpkgs that the settings of the server name.
struct Clone(PathBuf);

impl Nixpkgs for Clone {
    fn nar_hash(&self, commit: CommitId) -> Result<String, String> {
        indexer::nar_hash(&self.0, commit).map_err(|error| error.to_string())
    }

    fn file(&self, commit: CommitId, path: &str) -> Result<Option<String>, String> {
        indexer::file_at(&self.0, commit, path).map_err(|error| error.to_string())
    }
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
    memory::take_small_pages();
    let (index, cache) = (place.index.clone(), place.cache.clone());
    let place = place.clone();
    let config = lsp::Config {
        open_source: Arc::new(move || Ok(Arc::new(place.source()) as Arc<dyn PackageSource>)),
        open_nixpkgs: Arc::new(|path| Arc::new(Clone(path.to_owned())) as Arc<dyn Nixpkgs>),
        index: Some(index),
        cache,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        give_back: memory::give_back,
    };
    match lsp::run(config).context("the language server could not start")? {
        0 => Ok(Exit::Fine),
        // The protocol has a code of its own for an editor that left without a word.
        code => std::process::exit(code.into()),
    }
}
