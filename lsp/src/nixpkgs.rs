//! A clone of nixpkgs on this machine, for what only its commits can tell. Git is not read here: who
//! starts the server says how.

use std::{path::Path, sync::Arc};

use model::CommitId;

/// A clone of nixpkgs.
pub trait Nixpkgs: Send + Sync {
    /// The NAR hash of the tree of a commit, `sha256-…`, as packages.lock has it.
    ///
    /// # Errors
    /// In words, if the clone does not have all of the commit.
    fn nar_hash(&self, commit: CommitId) -> Result<String, String>;

    /// The text of a file at a commit; `None` if there is none at that path.
    ///
    /// # Errors
    /// In words, if the clone does not have the commit, or the file is no text.
    fn file(&self, commit: CommitId, path: &str) -> Result<Option<String>, String>;
}

/// Gives the clone in a folder. It is opened when it is asked something.
pub type OpenNixpkgs = dyn Fn(&Path) -> Arc<dyn Nixpkgs> + Send + Sync;
