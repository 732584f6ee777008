//! What can be done about pins: quick fixes.

mod fix;

use model::SourceError;
use syntax::{TextEdit, TextRange};

use crate::{Diagnostic, Index, Snapshot, diagnostic::check_pin};

/// Something that can be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeAction {
    /// What it does.
    pub title: String,
    /// The edits that do it.
    pub edits: Vec<TextEdit>,
    /// The problem that it solves.
    pub solves: Option<Diagnostic>,
    /// Whether it is the best way to solve its problem.
    pub preferred: bool,
}

pub(crate) fn code_actions(
    snapshot: &Snapshot,
    range: TextRange,
) -> Result<Vec<CodeAction>, SourceError> {
    let (Index::Ready(source), Some(file)) = (snapshot.index, snapshot.document.pin_file()) else {
        return Ok(Vec::new());
    };
    let Some(index) = snapshot.memo.ask(source)? else { return Ok(Vec::new()) };
    let mut actions = Vec::new();
    for pin in file.pins_in(range) {
        if let Some(diagnostic) = check_pin(&index, pin, true)? {
            actions.extend(fix::fixes(snapshot.document, pin, &diagnostic));
        }
    }
    Ok(actions)
}
