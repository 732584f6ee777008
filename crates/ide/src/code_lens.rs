//! The line above the pins: how many there are, and how many have updates.

use model::{Kind, SourceError};
use syntax::TextRange;

use crate::{Index, LockFile, Snapshot, diagnostic::is_ignored, memo::Asked};

/// The line above the pins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lens {
    /// The place above which it stands.
    pub range: TextRange,
    /// The text.
    pub title: String,
    /// Whether to choose it brings all pins to the newest of their line.
    pub updates: bool,
}

pub(crate) fn lens(snapshot: &Snapshot) -> Result<Option<Lens>, SourceError> {
    let Some(file) = snapshot.document.packages_nix() else { return Ok(None) };
    let (Some(top), false) = (file.sets.first(), file.pins.is_empty()) else { return Ok(None) };
    if !snapshot.settings.code_lens {
        return Ok(None);
    }
    // The brace before the body.
    let range = TextRange::new(top.body.start.saturating_sub(1), top.body.start);
    let mut title = match file.pins.len() {
        1 => "1 pin".to_owned(),
        count => format!("{count} pins"),
    };
    let mut updates = 0;
    if let Index::Ready(source) = snapshot.index
        && let Some(index) = snapshot.memo.ask(source)?
    {
        for pin in &file.pins {
            let Some(literal) = pin.version() else { continue };
            if is_ignored(&snapshot.document.text, pin, Kind::Outdated) {
                continue;
            }
            let standing = index.standing(&pin.path, &literal.text)?;
            updates += usize::from(standing.is_some_and(|standing| {
                matches!(&standing.asked, Asked::Release(known) if known.updates.in_line.is_some())
            }));
        }
        title += &match updates {
            0 => " · no updates in their lines".to_owned(),
            1 => " · take 1 update in its line".to_owned(),
            count => format!(" · take {count} updates in their lines"),
        };
    }
    if let LockFile::Read(lock) = snapshot.lock {
        let current = lock.pins.len() == file.pins.len()
            && file.pins.iter().all(|pin| {
                let locked = lock.pins.get(&pin.path).map(|pin| pin.requirement.as_str());
                locked.is_some() && locked == pin.version().map(|literal| literal.text.as_str())
            });
        title += &match (current, lock.revisions.len()) {
            (false, _) => " · the lock is out of date".to_owned(),
            (true, 1) => " · locked to 1 revision".to_owned(),
            (true, count) => format!(" · locked to {count} revisions"),
        };
    }
    Ok(Some(Lens { range, title, updates: updates > 0 }))
}
