//! Inlay hints: behind a pin, what wants attention.

use model::{Kind, SourceError};
use syntax::{Pin, TextEdit, TextRange, edit::pin::set_version};

use crate::{
    Index, Snapshot, describe,
    diagnostic::is_ignored,
    memo::{Asked, Known},
    settings::InlayHints,
};

/// A hint behind a pin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hint {
    /// Where it stands: behind the pin's `;`.
    pub offset: usize,
    /// The text.
    pub label: String,
    /// What it means.
    pub tooltip: String,
    /// What takes the update that it speaks of; none if it speaks of none.
    pub edits: Vec<TextEdit>,
}

pub(crate) fn hints(snapshot: &Snapshot, range: TextRange) -> Result<Vec<Hint>, SourceError> {
    let shown = snapshot.settings.inlay_hints;
    let (Index::Ready(source), Some(file)) = (snapshot.index, snapshot.document.pin_file()) else {
        return Ok(Vec::new());
    };
    if shown == InlayHints::Off {
        return Ok(Vec::new());
    }
    let Some(index) = snapshot.memo.ask(source)? else { return Ok(Vec::new()) };
    let mut hints = Vec::new();
    for pin in file.pins_in(range) {
        let Some(literal) = pin.version() else { continue };
        let Some(standing) = index.standing(&pin.path, &literal.text)? else { continue };
        if let Asked::Release(known) = &standing.asked {
            hints.extend(hint(&snapshot.document.text, pin, known, shown == InlayHints::All));
        }
    }
    Ok(hints)
}

fn hint(text: &str, pin: &Pin, known: &Known, all: bool) -> Option<Hint> {
    let mut words = Vec::new();
    let mut meaning = Vec::new();
    if !known.vulnerabilities.is_empty() {
        words.push("insecure".to_owned());
        meaning.push(format!("Known vulnerabilities: {}.", known.vulnerabilities.join(", ")));
    }
    if known.broken {
        words.push("broken".to_owned());
        meaning.push("nixpkgs marked it as broken.".to_owned());
    }
    if all {
        words.push(describe::period(known.first, known.last.date, known.open));
    }
    let quiet = is_ignored(text, pin, Kind::Outdated);
    let update = known.updates.in_line.as_ref().filter(|_| !quiet);
    if let Some(update) = update {
        words.push(format!("↑ {update}"));
        meaning.push(format!("{update} is the newest of the line."));
    }
    if let Some(newest) =
        known.updates.newest.as_ref().filter(|newest| !quiet && Some(*newest) != update)
    {
        if all {
            words.push(format!("newest {newest}"));
        }
        meaning.push(format!("{newest} is the newest of all."));
    }
    (!words.is_empty()).then(|| Hint {
        offset: pin.range.end,
        label: words.join(" · "),
        tooltip: meaning.join(" "),
        edits: update.and_then(|update| set_version(text, pin, update).ok()).unwrap_or_default(),
    })
}
