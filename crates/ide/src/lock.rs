//! Locking from an editor: what a file asks for, locked as `nix-archiver lock` does it.

use std::{collections::BTreeSet, fmt};

use model::{
    AttrPath, Lock, Manifest, PackageSource, Requirement, Wish,
    relock::{self, RelockError, Relocked},
    resolve::Goal,
    version,
};
use syntax::{
    TextEdit,
    edit::pin::set_version,
    manifest::{self, Complaint},
};

use crate::Document;

/// Why a file is not locked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotLocked {
    /// It is no packages.nix, and only those have a lock.
    NotPackagesNix,
    /// Its text is too long or nests too deep to be read.
    NotRead,
    /// Its text says something that cannot be locked.
    Text {
        /// The line, counted from 1.
        line: usize,
        /// What is the matter.
        why: String,
    },
    /// A name that is to be locked anew is not pinned.
    NotPinned(AttrPath),
    /// The index cannot be read, or has nothing for some of the pins.
    Index(RelockError),
}

/// Pins that were moved so that fewer revisions serve them all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Aligned {
    /// The edits; none if they would spare no revision.
    pub edits: Vec<TextEdit>,
    /// How many revisions the pins need as they are.
    pub before: usize,
    /// How many they need behind the edits.
    pub after: usize,
}

/// Locks the pins of a file: those that are named, as `nix-archiver update NAME` does, or all of
/// them. Hashes that the old lock knows are taken over.
///
/// # Errors
/// [`NotLocked`] says why it cannot be done.
pub fn relock(
    document: &Document,
    source: &dyn PackageSource,
    old: Option<&Lock>,
    names: &BTreeSet<AttrPath>,
) -> Result<Relocked, NotLocked> {
    let manifest = manifest_of(document)?;
    if let Some(name) = names.iter().find(|name| manifest.get(name).is_none()) {
        return Err(NotLocked::NotPinned(name.clone()));
    }
    let mut relocked = match old {
        Some(old) if !names.is_empty() => relock::update(source, &manifest, old, names),
        _ => relock::lock(source, &manifest, Goal::FewestRevisions),
    }
    .map_err(NotLocked::Index)?;
    if let Some(old) = old {
        relocked.lock.take_hashes(old);
    }
    Ok(relocked)
}

/// Moves pins of exact versions to newer ones of their lines, if fewer revisions serve all pins
/// then. Requirements, pre-releases and pins that name a revision stay.
///
/// # Errors
/// [`NotLocked`] says why it cannot be done.
pub fn align(document: &Document, source: &dyn PackageSource) -> Result<Aligned, NotLocked> {
    let manifest = manifest_of(document)?;
    let lock = |manifest: &Manifest| {
        relock::lock(source, manifest, Goal::FewestRevisions).map_err(NotLocked::Index)
    };
    let as_it_is = lock(&manifest)?.lock;
    let wider = Manifest { pins: manifest.pins.iter().cloned().map(widened).collect() };
    let aligned = lock(&wider)?.lock;
    let (before, after) = (as_it_is.revisions.len(), aligned.revisions.len());
    let mut edits = Vec::new();
    if after < before {
        let pins = document.pin_file().map(|file| file.pins.as_slice()).unwrap_or_default();
        for pin in pins {
            let Some(exact) = manifest.get(&pin.path).and_then(|wish| wish.requirement.exact())
            else {
                continue;
            };
            let locked = aligned.pins.get(&pin.path).map(|locked| locked.version.as_str());
            if let Some(version) = locked.filter(|version| *version != exact) {
                edits.extend(set_version(&document.text, pin, version).unwrap_or_default());
            }
        }
    }
    Ok(Aligned { edits, before, after })
}

/// The same wish for this version or a newer one of its line.
fn widened(wish: Wish) -> Wish {
    let Some(exact) = wish.requirement.exact() else { return wish };
    if wish.revision.is_some() || version::is_prerelease(exact) {
        return wish;
    }
    // A requirement is read anew by its text: one that would say something else is left out.
    let wider = Requirement::parse(&format!("^{exact}"));
    match wider.ok().filter(|wider| wider.exact().is_none() && wider.allows(exact, None)) {
        Some(requirement) => Wish { requirement, ..wish },
        None => wish,
    }
}

fn manifest_of(document: &Document) -> Result<Manifest, NotLocked> {
    if !document.is_packages_nix {
        return Err(NotLocked::NotPackagesNix);
    }
    let file = document.pin_file().ok_or(NotLocked::NotRead)?;
    let text = &document.text;
    let at = |offset: usize, why: String| NotLocked::Text {
        line: text[..offset].matches('\n').count() + 1,
        why,
    };
    if let Some(error) = file.errors.first() {
        return Err(at(error.range.start, error.to_string()));
    }
    if file.sets.is_empty() {
        return Err(at(0, "the value is not written as an attribute set".to_owned()));
    }
    let (manifest, complaints) = manifest::manifest(text, file);
    match complaints.into_iter().find(|complaint| !complaint.kind.is_warning()) {
        Some(Complaint { range, kind }) => Err(at(range.start, kind.to_string())),
        None => Ok(manifest),
    }
}

impl fmt::Display for NotLocked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotPackagesNix => f.write_str("only a packages.nix is locked"),
            Self::NotRead => f.write_str("the file is too large, or nests too deep, to be read"),
            Self::Text { line, why } => write!(f, "line {line}: {why}"),
            Self::NotPinned(path) => write!(f, "{path} is not pinned in this file"),
            Self::Index(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for NotLocked {}
