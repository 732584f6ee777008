//! What can go wrong with an index on disk, told apart by what there is to do about it.

use std::{io, path::Path, path::PathBuf};

use model::SourceError;
use tantivy::{TantivyError, directory::error::OpenWriteError};

/// Why the index cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Another process has the index open for writing.
    #[error(
        "another process{} is writing the version index at {dir}; wait for it to end, or stop it",
        .by.as_deref().map(|id| format!(" (process id {id})")).unwrap_or_default()
    )]
    Locked {
        /// Where the index is.
        dir: PathBuf,
        /// The process id of the writer, where it could be read.
        by: Option<String>,
    },
    /// The directory holds something else.
    #[error(
        "{0} is not empty and holds no version index; \
         name an empty directory, or one that does not exist yet"
    )]
    NotAnIndex(PathBuf),
    /// The index cannot be read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The index cannot be written. What was there before is still there.
    #[error(
        "the version index at {place} cannot be written: {why}; \
         see that the disk has room and that you may write there, then run it again \
         (what was committed before is kept)"
    )]
    Write {
        /// The file or directory.
        place: PathBuf,
        /// What went wrong.
        why: String,
    },
    /// What was handed over to be written contradicts itself.
    #[error("refused to write to the version index: {0}")]
    Inconsistent(String),
}

impl Error {
    /// A failed write of a file of ours.
    pub(crate) fn write(place: &Path, why: &io::Error) -> Self {
        Self::Write { place: place.to_owned(), why: why.to_string() }
    }

    /// A failed write inside tantivy.
    pub(crate) fn tantivy_write(dir: &Path, why: &TantivyError) -> Self {
        Self::Write { place: dir.to_owned(), why: plain(why) }
    }
}

/// A failed read of something under `place`.
pub(crate) fn unreadable(place: &Path, why: impl Into<String>) -> SourceError {
    SourceError::Unreadable { place: place.display().to_string(), why: why.into() }
}

/// An error of tantivy's as a reader's error.
pub(crate) fn tantivy_read(place: &Path, why: &TantivyError) -> SourceError {
    match why {
        TantivyError::IncompatibleIndex(_) => SourceError::Format {
            place: place.display().to_string(),
            found: plain(why),
            wanted: crate::schema::FORMAT.to_string(),
        },
        _ => unreadable(place, plain(why)),
    }
}

/// tantivy's errors in plain words where its own are those of a debugger.
fn plain(error: &TantivyError) -> String {
    match error {
        TantivyError::IoError(io) => io.to_string(),
        TantivyError::OpenWriteError(OpenWriteError::IoError { io_error, filepath }) => {
            format!("{}: {io_error}", filepath.display())
        }
        TantivyError::OpenReadError(open) => open.to_string(),
        TantivyError::DataCorruption(corruption) => format!("damaged data: {corruption:?}"),
        other => other.to_string(),
    }
}
