//! The packages of this machine: the user's own index where there is one, the starter otherwise.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex},
};

use model::{
    AttrPath, CommitId, IndexStatus, Name, Package, PackageSource, SourceError, Summary,
    resolve::{Marks, Place},
};

use crate::{Error, Reader, starter};

/// A [`PackageSource`] that answers from the index in a directory, or for as long as nothing was
/// committed there, from the starter. It goes over from one to the other by itself, when an index
/// appears or is removed. An index that is there and cannot be read is an error: the starter is no
/// substitute for it.
///
/// [`status`](PackageSource::status) says which of the two answers.
pub struct LocalSource {
    index: PathBuf,
    starter: &'static [u8],
    cache: Option<PathBuf>,
    open: Mutex<Open>,
}

/// What has been opened so far.
#[derive(Default)]
struct Open {
    index: Option<Arc<Reader>>,
    starter: Option<Arc<Reader>>,
}

impl LocalSource {
    /// Packages from the index in the directory `index`, or from the starter file `starter`, which
    /// is unpacked below `cache` at the first need. Without a `cache` there is no starter.
    /// Nothing is opened yet.
    pub fn new(index: PathBuf, starter: &'static [u8], cache: Option<PathBuf>) -> Self {
        Self { index, starter, cache, open: Mutex::default() }
    }

    fn ask<T>(
        &self,
        question: impl Fn(&Reader) -> Result<T, SourceError>,
    ) -> Result<T, SourceError> {
        match self.index()?.map(|index| question(&index)) {
            None | Some(Err(SourceError::Missing(_))) => {}
            Some(answer) => return answer,
        }
        self.open.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).index = None;
        let starter = self.starter()?;
        question(&starter)
    }

    fn index(&self) -> Result<Option<Arc<Reader>>, SourceError> {
        let mut open = self.open.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if open.index.is_none() {
            open.index = match Reader::open(&self.index) {
                Ok(reader) => Some(Arc::new(reader)),
                Err(SourceError::Missing(_)) => None,
                Err(error) => return Err(error),
            };
        }
        Ok(open.index.clone())
    }

    fn starter(&self) -> Result<Arc<Reader>, SourceError> {
        let mut open = self.open.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if let Some(reader) = &open.starter {
            return Ok(reader.clone());
        }
        let missing = || SourceError::Missing(self.index.display().to_string());
        let cache = self.cache.as_deref().ok_or_else(missing)?;
        let dir = starter::install(self.starter, cache).map_err(|error| match error {
            Error::Source(error) => error,
            other => SourceError::Unreadable {
                place: cache.display().to_string(),
                why: format!("the starter index could not be unpacked there: {other}"),
            },
        })?;
        let reader = Arc::new(Reader::open(&dir)?);
        open.starter = Some(reader.clone());
        Ok(reader)
    }
}

impl PackageSource for LocalSource {
    fn by_prefix(&self, prefix: &str, limit: usize) -> Result<Vec<Summary>, SourceError> {
        self.ask(|reader| reader.by_prefix(prefix, limit))
    }

    fn names(&self, prefix: &str, limit: usize) -> Result<Vec<Name>, SourceError> {
        self.ask(|reader| reader.names(prefix, limit))
    }

    fn by_similar_name(
        &self,
        name: &str,
        edits: u8,
        limit: usize,
    ) -> Result<Vec<Summary>, SourceError> {
        self.ask(|reader| reader.by_similar_name(name, edits, limit))
    }

    fn by_words(&self, query: &str, limit: usize) -> Result<Vec<Summary>, SourceError> {
        self.ask(|reader| reader.by_words(query, limit))
    }

    fn package(&self, path: &AttrPath) -> Result<Option<Package>, SourceError> {
        self.ask(|reader| reader.package(path))
    }

    fn places(
        &self,
        branch: &str,
        commits: &[CommitId],
    ) -> Result<Vec<Option<Place>>, SourceError> {
        self.ask(|reader| reader.places(branch, commits))
    }

    fn marks(&self) -> Result<Arc<Marks>, SourceError> {
        self.ask(PackageSource::marks)
    }

    fn status(&self) -> Result<IndexStatus, SourceError> {
        self.ask(PackageSource::status)
    }
}
