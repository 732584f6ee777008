//! What is remembered of the index from one request to the next.
//!
//! A feature that goes over all pins of a file asks the same few thousand questions at each key.
//! The answers that it needs are small, and stay the same until the index does.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use model::{AttrPath, IndexStatus, Package, PackageSource, SourceError, version};

use crate::{describe, diagnostic::Nearest, requirement::is_requirement};

/// How many answers are remembered. Beyond, all are forgotten and begun anew: files with so many
/// pins are not edited by people.
const MOST: usize = 50_000;

/// Answers of the index. They are forgotten when the index covers something else than before.
#[derive(Debug, Default)]
pub struct Memo {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    /// What the index covered when the answers were given.
    status: Option<IndexStatus>,
    answers: HashMap<String, Arc<Standing>>,
}

/// How a pin stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Standing {
    /// The index has never seen the attribute path.
    UnknownPackage,
    /// The attribute path is known, and the text is a version that it had, or one that is not
    /// judged: a requirement, or nothing yet.
    Fine,
    /// The attribute path is known, and the text is no version that it had.
    UnknownVersion {
        /// What there is instead.
        nearest: Nearest,
        /// Whether it is higher than all that there is.
        beyond: bool,
    },
}

/// The index during one request.
pub(crate) struct Remembered<'a> {
    pub source: &'a dyn PackageSource,
    /// How far the index goes.
    pub reach: String,
    memo: &'a Memo,
}

impl Memo {
    /// Begins a request; `None` if the index covers nothing.
    pub(crate) fn ask<'a>(
        &'a self,
        source: &'a dyn PackageSource,
    ) -> Result<Option<Remembered<'a>>, SourceError> {
        let status = source.status()?;
        let Some(reach) = describe::reach(&status) else { return Ok(None) };
        let mut inner = self.lock();
        if inner.status.as_ref() != Some(&status) {
            *inner = Inner { status: Some(status), answers: HashMap::new() };
        }
        Ok(Some(Remembered { source, reach, memo: self }))
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Remembered<'_> {
    /// How a pin of `path` to `text` stands.
    pub fn standing(&self, path: &AttrPath, text: &str) -> Result<Arc<Standing>, SourceError> {
        // No attribute path has this sign.
        let key = format!("{path}\0{text}");
        if let Some(known) = self.memo.lock().answers.get(&key) {
            return Ok(known.clone());
        }
        let standing = Arc::new(match self.source.package(path)? {
            None => Standing::UnknownPackage,
            Some(package) => standing(&package, text),
        });
        let mut inner = self.memo.lock();
        if inner.answers.len() >= MOST {
            inner.answers.clear();
        }
        inner.answers.insert(key, standing.clone());
        Ok(standing)
    }
}

fn standing(package: &Package, text: &str) -> Standing {
    if text.is_empty() || package.release(text).is_some() || is_requirement(text) {
        return Standing::Fine;
    }
    let highest = package.releases.first().map(|release| release.version.as_str());
    Standing::UnknownVersion {
        nearest: Nearest::of(package, text),
        beyond: highest.is_some_and(|highest| version::compare(text, highest).is_gt()),
    }
}
