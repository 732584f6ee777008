//! What is remembered of the index from one request to the next.
//!
//! A feature that goes over all pins of a file asks the same few thousand questions at each key.
//! The answers that it needs are small, and stay the same until the index does.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use model::{
    AttrPath, Commit, IndexStatus, Lock, LockedPin, Manifest, Package, PackageSource, Release,
    Requirement, SourceError, Wish,
    audit::{self, Wrong},
    relock::{self, RelockError, Unmet},
    version,
};

use crate::{describe, diagnostic::Nearest, updates::Updates};

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
    answers: HashMap<String, Option<Arc<Standing>>>,
    /// Why the pins that name a branch or a commit cannot come from there.
    places: HashMap<String, Option<Unmet>>,
    /// What is wrong with entries of locks.
    locked: HashMap<String, Option<Wrong>>,
}

/// How a pin of a known package stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Standing {
    /// When the package was last seen, if that was not at the newest commit of any branch.
    pub gone: Option<i64>,
    /// The home page of the release, or of the newest one.
    pub homepage: Option<String>,
    /// What its text is.
    pub asked: Asked,
}

/// What a pin's text is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Asked {
    /// Nothing yet.
    NoVersion,
    /// A requirement that some versions meet.
    Allows,
    /// A requirement that no version meets, or a text that is none; `why` says which.
    Unmet { why: String },
    /// A version that the package had.
    Release(Box<Known>),
    /// No version, and the start of some; `newest` is the highest stable one of them.
    Start { newest: String },
    /// No version that the package had.
    Unknown {
        /// What there is instead.
        nearest: Nearest,
        /// Whether it is higher than all that there is.
        beyond: bool,
    },
}

/// What is remembered of a release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Known {
    pub vulnerabilities: Vec<String>,
    pub broken: bool,
    pub updates: Updates,
    pub first: i64,
    pub last: Commit,
    pub open: bool,
    /// The file of nixpkgs that it was defined in, as of `last`.
    pub file: Option<String>,
}

/// The index during one request.
pub(crate) struct Remembered<'a> {
    pub source: &'a dyn PackageSource,
    /// What the index covers.
    pub status: IndexStatus,
    /// How far it goes.
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
            *inner = Inner { status: Some(status.clone()), ..Inner::default() };
        }
        Ok(Some(Remembered { source, status, reach, memo: self }))
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Remembered<'_> {
    /// How a pin of `path` to `text` stands; `None` if the index has never seen the path.
    pub fn standing(
        &self,
        path: &AttrPath,
        text: &str,
    ) -> Result<Option<Arc<Standing>>, SourceError> {
        // No attribute path has this sign.
        let key = format!("{path}\0{text}");
        if let Some(known) = self.memo.lock().answers.get(&key) {
            return Ok(known.clone());
        }
        let package = self.source.package(path)?;
        let standing = package.map(|package| Arc::new(standing(&package, text)));
        let mut inner = self.memo.lock();
        if inner.answers.len() >= MOST {
            inner.answers.clear();
        }
        inner.answers.insert(key, standing.clone());
        Ok(standing)
    }
}

impl Remembered<'_> {
    /// Why what a pin asks for is not on the branch or at the commit that it names; `None` if it is,
    /// or if the pin names neither.
    pub fn misplaced(&self, wish: &Wish) -> Result<Option<Unmet>, SourceError> {
        if wish.channel.is_none() && wish.revision.is_none() {
            return Ok(None);
        }
        let key =
            format!("{}\0{}\0{:?}\0{:?}", wish.path, wish.requirement, wish.channel, wish.revision);
        if let Some(known) = self.memo.lock().places.get(&key) {
            return Ok(known.clone());
        }
        let one = Manifest { pins: vec![wish.clone()] };
        let found = match relock::available(self.source, &one) {
            Ok(()) => None,
            Err(RelockError::Unmet(mut unmet)) => unmet.pop(),
            Err(RelockError::Source(error)) => return Err(error),
        };
        let mut inner = self.memo.lock();
        if inner.places.len() >= MOST {
            inner.places.clear();
        }
        inner.places.insert(key, found.clone());
        Ok(found)
    }
}

impl Remembered<'_> {
    /// What is not so of what a lock says, by attribute path; asked of pins for which the lock was
    /// made, each with its entry.
    ///
    /// # Errors
    /// [`SourceError`] if the index cannot be read.
    pub fn audit<'a>(
        &self,
        lock: &Lock,
        pins: impl Iterator<Item = (&'a AttrPath, &'a LockedPin)>,
    ) -> Result<HashMap<AttrPath, Wrong>, SourceError> {
        let mut wrong = HashMap::new();
        let mut unknown: HashMap<&AttrPath, String> = HashMap::new();
        {
            let inner = self.memo.lock();
            for (path, pin) in pins {
                let revision = lock.revision_of(pin).map(|revision| revision.commit.id);
                let LockedPin { requirement, version, .. } = pin;
                let key = format!("{path}\0{requirement}\0{version}\0{revision:?}");
                match inner.locked.get(&key) {
                    Some(known) => wrong.extend(known.clone().map(|known| (path.clone(), known))),
                    None => _ = unknown.insert(path, key),
                }
            }
        }
        if unknown.is_empty() {
            return Ok(wrong);
        }
        let wish = |path: &AttrPath| {
            let requirement = Requirement::parse(&lock.pins.get(path)?.requirement).ok()?;
            Some(Wish::new(path.clone(), requirement))
        };
        let manifest = Manifest { pins: unknown.keys().filter_map(|path| wish(path)).collect() };
        let found = audit::audit(self.source, &manifest, lock)?;
        wrong.extend(found.into_iter().map(|found| (found.path.clone(), found)));
        let mut inner = self.memo.lock();
        if inner.locked.len() + unknown.len() > MOST {
            inner.locked.clear();
        }
        inner.locked.extend(unknown.into_iter().map(|(path, key)| (key, wrong.get(path).cloned())));
        Ok(wrong)
    }
}

fn standing(package: &Package, text: &str) -> Standing {
    let release = package.release(text);
    let shown = release.or_else(|| package.newest());
    Standing {
        gone: gone(package),
        homepage: shown.and_then(|release| release.facts.homepage.clone()),
        asked: match release {
            Some(release) => Asked::Release(Box::new(known(package, release))),
            None => asked(package, text),
        },
    }
}

fn gone(package: &Package) -> Option<i64> {
    let spans = || package.releases.iter().flat_map(|release| &release.spans);
    if spans().any(|span| span.open) {
        return None;
    }
    spans().map(|span| span.last.date).max()
}

fn known(package: &Package, release: &Release) -> Known {
    let facts = &release.facts;
    Known {
        vulnerabilities: facts.known_vulnerabilities.clone(),
        broken: facts.broken,
        updates: Updates::of(package, &release.version),
        first: release.first_seen().date,
        last: release.last_seen(),
        open: release.spans.iter().any(|span| span.open),
        file: facts.file.clone(),
    }
}

fn unmet(package: &Package, text: &str) -> String {
    let newest = package.newest().map(|newest| newest.version.as_str()).unwrap_or_default();
    format!("no version meets `{text}`; the newest is {newest}")
}

fn asked(package: &Package, text: &str) -> Asked {
    if text.is_empty() {
        return Asked::NoVersion;
    }
    let versions = || package.releases.iter().map(|release| release.version.as_str());
    match Requirement::parse(text) {
        Ok(requirement) if requirement.exact().is_none() => {
            return match requirement.select(versions()).is_empty() {
                false => Asked::Allows,
                true => Asked::Unmet { why: unmet(package, text) },
            };
        }
        Err(error) => return Asked::Unmet { why: error.to_string() },
        Ok(_) => {}
    }
    let begins = |version: &&str| version.strip_prefix(text).is_some_and(|r| r.starts_with('.'));
    if let Some(newest) = version::newest(versions().filter(begins)) {
        return Asked::Start { newest: newest.to_owned() };
    }
    let highest = versions().next();
    Asked::Unknown {
        nearest: Nearest::of(package, text),
        beyond: highest.is_some_and(|highest| version::compare(text, highest).is_gt()),
    }
}
