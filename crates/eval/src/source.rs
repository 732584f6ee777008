//! The seam to a nixpkgs tree: directories and files of one revision, by path.

use std::sync::Arc;

/// The id of a git object (SHA-1). Equal ids mean equal contents.
pub type ObjectId = [u8; 20];

/// What a directory entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryKind {
    /// A directory.
    Directory,
    /// A file, executable or not.
    File,
    /// A symbolic link; its blob is the target's path.
    Link,
    /// A submodule: nothing of it is in the repository.
    Submodule,
}

/// An entry of a directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// What it is.
    pub kind: EntryKind,
    /// Its object.
    pub id: ObjectId,
}

/// Why a tree or file could not be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    /// The repository does not hold the object, as in a partial clone. What depends on it is
    /// unknown.
    #[error("object {0} is not in the repository")]
    Absent(String),
    /// The object is there and cannot be read.
    #[error("object {id} cannot be read: {why}")]
    Corrupt {
        /// The object, forty hexadecimal digits.
        id: String,
        /// What went wrong.
        why: String,
    },
}

/// The files of one revision. Paths go from the root of nixpkgs, with `/` between names and none
/// at either end; the root itself is the empty path.
pub trait Source {
    /// The entry at a path, or `None` if there is nothing there. Links are not followed.
    ///
    /// # Errors
    /// [`SourceError`] if a directory on the way cannot be read.
    fn entry(&self, path: &str) -> Result<Option<Entry>, SourceError>;

    /// The entries of the directory at a path by name, in byte order of the names, or `None` if
    /// there is no directory there.
    ///
    /// # Errors
    /// [`SourceError`] if the directory cannot be read.
    fn list(&self, path: &str) -> Result<Option<Vec<(String, Entry)>>, SourceError>;

    /// The contents of a file.
    ///
    /// # Errors
    /// [`SourceError`] if the object is absent or cannot be read.
    fn blob(&self, id: &ObjectId) -> Result<Arc<[u8]>, SourceError>;
}

/// What one commit did to one path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The path of a file, link or submodule; directories are not reported themselves.
    pub path: String,
    /// What was there before.
    pub old: Option<Entry>,
    /// What is there now.
    pub new: Option<Entry>,
}
