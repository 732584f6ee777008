//! The checks.

use model::{AttrPath, PackageSource, SourceError};
use syntax::{Pin, PinFile, Refusal, TextRange, Value};

use super::{Diagnostic, Problem, file_range, index_missing};
use crate::{
    Index, Snapshot,
    memo::{Remembered, Standing},
};

/// How many names spelt alike are offered.
const SIMILAR: usize = 3;

/// For how many unknown names of one file the ones spelt alike are looked up. In a file with more,
/// something else is wrong.
const LOOK_UPS: usize = 64;

pub(crate) fn diagnostics(snapshot: &Snapshot) -> Result<Vec<Diagnostic>, SourceError> {
    let file = match &snapshot.document.pins {
        Ok(file) => file,
        Err(refusal) => return Ok(vec![refused(snapshot, *refusal)]),
    };
    if file.sets.is_empty() {
        return Ok(Vec::new());
    }
    let source = match snapshot.index {
        // Nothing is unknown yet.
        Index::Loading => return Ok(Vec::new()),
        Index::Failed(error) => return Ok(missing(snapshot, file, error)),
        Index::Ready(source) => source,
    };
    let Some(index) = snapshot.memo.ask(source)? else {
        return Ok(missing(snapshot, file, &SourceError::Missing("its place yet".to_owned())));
    };
    let mut found = Vec::new();
    for pin in &file.pins {
        let look_up = found.len() < LOOK_UPS;
        found.extend(check_pin(&index, pin, look_up)?);
    }
    Ok(found)
}

/// Checks one pin. `look_up` says whether names that are spelt alike are looked for.
pub(crate) fn check_pin(
    index: &Remembered,
    pin: &Pin,
    look_up: bool,
) -> Result<Option<Diagnostic>, SourceError> {
    // What is still being typed, or what only Nix can tell, is not judged.
    let is_text = matches!(pin.value, Value::Text(_) | Value::Long(_));
    if pin.is_cut_off() || !is_text {
        return Ok(None);
    }
    let literal = pin.version();
    let text = literal.map(|literal| literal.text.as_str()).unwrap_or_default();
    let (path, reach) = (pin.path.clone(), index.reach.clone());
    let (range, problem) = match &*index.standing(&pin.path, text)? {
        Standing::Fine => return Ok(None),
        Standing::UnknownPackage => {
            let similar = if look_up { similar(index.source, &path)? } else { Vec::new() };
            (pin.name_range(), Problem::UnknownPackage { path, similar, reach })
        }
        Standing::UnknownVersion { nearest, beyond } => {
            let (version, nearest, beyond) = (text.to_owned(), nearest.clone(), *beyond);
            let range = literal.map_or_else(|| pin.name_range(), |literal| literal.range);
            (range, Problem::UnknownVersion { path, version, nearest, reach, beyond })
        }
    };
    Ok(Some(Diagnostic { range, problem }))
}

/// Attribute paths spelt alike, and those of the same name in other sets.
fn similar(source: &dyn PackageSource, path: &AttrPath) -> Result<Vec<AttrPath>, SourceError> {
    let edits = if path.as_str().len() < 5 { 1 } else { 2 };
    let mut found: Vec<AttrPath> = Vec::new();
    for summary in source.by_similar_name(path.as_str(), edits, SIMILAR)? {
        found.push(summary.attr_path);
    }
    if found.is_empty() {
        let leaf = path.leaf();
        for summary in source.by_words(&leaf, 64)? {
            if summary.attr_path.leaf().eq_ignore_ascii_case(&leaf) && found.len() < SIMILAR {
                found.push(summary.attr_path);
            }
        }
    }
    Ok(found)
}

fn missing(snapshot: &Snapshot, file: &PinFile, error: &SourceError) -> Vec<Diagnostic> {
    // A file without pins needs no index.
    let needed = !file.pins.is_empty();
    let diagnostic = Diagnostic { range: file_range(snapshot), problem: index_missing(error) };
    needed.then_some(diagnostic).into_iter().collect()
}

fn refused(snapshot: &Snapshot, refusal: Refusal) -> Diagnostic {
    let at = match refusal {
        Refusal::TooDeep { at } => {
            let (start, _) = snapshot.document.lines.bounds(snapshot.document.lines.line(at));
            TextRange::new(start.min(at), at)
        }
        Refusal::TooLong => TextRange::empty(0),
    };
    // A line of nothing but brackets is no place for a mark as long as the line.
    let range = if at.len() > 200 { TextRange::empty(at.end) } else { at };
    Diagnostic { range, problem: Problem::Refused(refusal) }
}
