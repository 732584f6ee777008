//! Hover: the history of what is pinned.

use model::{Requirement, SourceError};
use syntax::{Pin, TextRange};

use crate::{Index, LockFile, Markup, Snapshot, describe};

/// What is shown over a pin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hover {
    /// The part of the pin that it is about.
    pub range: TextRange,
    /// The text.
    pub markup: Markup,
}

pub(crate) fn hover(snapshot: &Snapshot, offset: usize) -> Result<Option<Hover>, SourceError> {
    let Some((pin, range)) = snapshot.document.pin_at(offset) else { return Ok(None) };
    let Index::Ready(source) = snapshot.index else { return Ok(None) };
    let Some(mut markup) = describe_pin(snapshot, source, pin)? else { return Ok(None) };
    if let LockFile::Read(lock) = snapshot.lock
        && let Some(locked) = lock.pins.get(&pin.path)
    {
        let asked = pin.version().map(|literal| literal.text.as_str()).unwrap_or_default();
        let marks = source.marks()?;
        describe::locked(&mut markup, &marks, (lock, locked), asked, snapshot.now);
    }
    describe::index(&mut markup, source, snapshot.now)?;
    Ok(Some(Hover { range, markup }))
}

fn describe_pin(
    snapshot: &Snapshot,
    source: &dyn model::PackageSource,
    pin: &Pin,
) -> Result<Option<Markup>, SourceError> {
    let Some(package) = source.package(&pin.path)? else { return Ok(None) };
    let Some(newest) = package.newest() else { return Ok(None) };
    let text = pin.version().map(|literal| literal.text.as_str()).unwrap_or_default();
    Ok(Some(match package.release(text) {
        Some(release) => describe::release(source, &package, release, snapshot.now)?,
        None if Requirement::parse(text).is_ok_and(|r| r.exact().is_some()) => {
            describe::unknown_version(&package, text)
        }
        None => {
            let mut markup = describe::package(&package, newest, snapshot.now);
            describe::requirement(&mut markup, &package, text);
            markup
        }
    }))
}
