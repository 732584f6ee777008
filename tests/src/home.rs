//! A folder with pins and an index, as their user has it.

use std::{
    fs,
    path::PathBuf,
    process::{Command, Stdio},
};

use tempfile::TempDir;

use crate::{
    lsp_client::program,
    nix::{Ended, end},
    small_index::{packages, write},
};

/// A folder with an index, a packages.nix and its lock.
pub struct Home {
    /// The folder.
    pub dir: TempDir,
}

impl Home {
    /// A folder whose packages.nix is this.
    ///
    /// # Panics
    /// If there is no room for it.
    pub fn new(pins: &str) -> Self {
        let home = Self { dir: tempfile::tempdir().expect("a directory") };
        write(&home.path("index"), &packages());
        fs::write(home.path("packages.nix"), pins).expect("it is ours");
        home
    }

    /// A path in it.
    pub fn path(&self, below: &str) -> PathBuf {
        self.dir.path().join(below)
    }

    /// What a file in it says.
    ///
    /// # Panics
    /// If it cannot be read.
    pub fn text(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).expect("it is there")
    }

    /// The program with these arguments, in the folder and with its index.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(program());
        self.surround(&mut command);
        command.args(args);
        command
    }

    /// Gives a command the folder, its index, and nothing of the user's.
    pub fn surround(&self, command: &mut Command) {
        command.current_dir(self.dir.path()).env("NIX_ARCHIVER_INDEX", self.path("index"));
        command.env("XDG_CONFIG_HOME", self.path("config")).stdin(Stdio::null());
    }

    /// Runs the program to its end.
    ///
    /// # Panics
    /// If it panics.
    #[track_caller]
    pub fn run(&self, args: &[&str]) -> Ended {
        let ended = end(&mut self.command(args));
        assert!(!ended.err.contains("panicked"), "{}", ended.err);
        ended
    }

    /// Runs the program, which must end with this code.
    ///
    /// # Panics
    /// If it ends with another.
    #[track_caller]
    pub fn ends(&self, code: i32, args: &[&str]) -> Ended {
        let ended = self.run(args);
        assert_eq!(ended.code, Some(code), "{args:?}: {}{}", ended.out, ended.err);
        ended
    }

    /// What lies beside the files that are meant to be there.
    ///
    /// # Panics
    /// If the folder cannot be read.
    pub fn left_behind(&self) -> Vec<String> {
        let entries = fs::read_dir(self.dir.path()).expect("it is there");
        let names = entries.map(|e| e.expect("it can be read").file_name().into_string());
        let mut names: Vec<String> = names.map(|name| name.expect("UTF-8")).collect();
        names.retain(|name| name.starts_with(".nix-archiver"));
        names
    }
}
