//! `cargo xtask demo`: the real server, asked over its real protocol about the files in `examples/`,
//! and its answers drawn as an editor would show them.

mod draw;
mod scenes;
mod server;

use std::{path::Path, process::Command};

use crate::{
    Result,
    exec::{self, cargo},
};
use server::Server;

const INSTALL: &str = " VS Code   cargo xtask dist
           code --install-extension artifacts/dist/nix-archiver-<platform>.vsix
 Neovim    cargo install --path cli
           copy editors/neovim/nix-archiver.lua (0.11: lsp/nix-archiver.lua) into your configuration
 Helix     cargo install --path cli
           copy editors/helix/languages.toml into your configuration
 Emacs     cargo install --path cli
           copy editors/emacs/nix-archiver.el into your configuration

 docs/editors/ has a page for each. Then open a file named packages.nix.

 The answers above came from the starter index that the program carries. For every version up to
 today, make your own index from a clone of nixpkgs:

           nix-archiver index --repo path/to/nixpkgs";

/// Builds the program and shows it at work.
///
/// # Errors
/// If it does not build, and as [`show`].
pub fn run() -> Result {
    println!("Building nix-archiver (the first time takes a few minutes) ...");
    exec::run(cargo(&["build", "--release", "--quiet", "--package", "nix-archiver"]))?;
    show()
}

/// Shows the program, which has been built, at work.
///
/// # Errors
/// If an answer that the demo is about does not come.
pub fn show() -> Result {
    let quiet_home = exec::target_dir().join("demo-home");
    let mut server = Server::start(&exec::program(), &quiet_home)?;
    scenes::type_a_version(&mut server)?;
    scenes::type_a_name(&mut server)?;
    scenes::hover(&mut server)?;
    scenes::mistakes(&mut server)?;
    server.stop()?;
    command_line(&["info", "python3", "3.6.4"], &quiet_home)?;
    draw::title("In your own editor");
    println!("{INSTALL}");
    Ok(())
}

/// Runs a command of the program and shows it with its output.
fn command_line(arguments: &[&str], home: &Path) -> Result {
    draw::title("And on the command line");
    println!("$ nix-archiver {}", arguments.join(" "));
    let mut command = exec::command(exec::program(), arguments);
    at_home(&mut command, home);
    exec::run(command)
}

/// Gives a program an empty home, so that it answers from the starter index that it carries, whatever
/// index this machine has.
fn at_home(command: &mut Command, home: &Path) {
    command
        .env("HOME", home)
        .env("XDG_DATA_HOME", home.join("data"))
        .env("XDG_CACHE_HOME", home.join("cache"))
        .env_remove("NIX_ARCHIVER_INDEX");
}
