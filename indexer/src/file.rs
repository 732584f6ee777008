//! One file of one commit, as text.

use std::path::Path;

use model::CommitId;

use crate::{Error, repository};

/// Why a file cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The repository cannot be opened.
    #[error(transparent)]
    Repository(#[from] Error),
    /// An object is missing or damaged, or the file is no text.
    #[error("{path} of commit {} cannot be read: {why}", commit.short())]
    Unreadable {
        /// The commit.
        commit: CommitId,
        /// The file.
        path: String,
        /// What is the matter.
        why: String,
    },
}

/// The text of a file at a commit, from the objects of a clone; `None` if there is no file at this
/// path.
///
/// # Errors
/// [`FileError`] if the clone does not have the commit or the file, or the file is not UTF-8.
pub fn file_at(repo: &Path, commit: CommitId, path: &str) -> Result<Option<String>, FileError> {
    let repository = repository::open(repo)?;
    let failed = |why: String| FileError::Unreadable { commit, path: path.to_owned(), why };
    let found = repository.find_commit(gix::ObjectId::Sha1(commit.0));
    let tree = found.map_err(|error| failed(error.to_string()))?;
    let tree = tree.tree().map_err(|error| failed(error.to_string()))?;
    let entry = tree.lookup_entry_by_path(path).map_err(|error| failed(error.to_string()))?;
    let Some(entry) = entry.filter(|entry| entry.mode().is_blob()) else { return Ok(None) };
    let mut object = entry.object().map_err(|error| failed(error.to_string()))?;
    let text = String::from_utf8(std::mem::take(&mut object.data));
    text.map(Some).map_err(|_| failed("it is not UTF-8".to_owned()))
}
