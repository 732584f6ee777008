//! The checks.

use std::cmp::Ordering;

use model::{AttrPath, Package, PackageSource, SourceError, version};
use syntax::{Pin, PinFile, Refusal, TextRange, Value};

use super::{Diagnostic, Nearest, Problem, file_range, index_missing};
use crate::{Index, Snapshot, describe, requirement::is_requirement};

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
    let Some(reach) = describe::reach(&source.status()?) else {
        return Ok(missing(snapshot, file, &SourceError::Missing("its place yet".to_owned())));
    };
    let mut found = Vec::new();
    for pin in &file.pins {
        let look_up = found.len() < LOOK_UPS;
        found.extend(check_pin(source, pin, &reach, look_up)?);
    }
    Ok(found)
}

/// Checks one pin. `look_up` says whether names that are spelt alike are looked for.
pub(crate) fn check_pin(
    source: &dyn PackageSource,
    pin: &Pin,
    reach: &str,
    look_up: bool,
) -> Result<Option<Diagnostic>, SourceError> {
    // What is still being typed, or what only Nix can tell, is not judged.
    let is_text = matches!(pin.value, Value::Text(_) | Value::Long(_));
    if pin.is_cut_off() || !is_text {
        return Ok(None);
    }
    let Some(package) = source.package(&pin.path)? else {
        let similar = if look_up { similar(source, &pin.path)? } else { Vec::new() };
        let problem =
            Problem::UnknownPackage { path: pin.path.clone(), similar, reach: reach.to_owned() };
        return Ok(Some(Diagnostic { range: pin.name_range(), problem }));
    };
    let Some(literal) = pin.version() else { return Ok(None) };
    let text = literal.text.as_str();
    if text.is_empty() || package.release(text).is_some() || is_requirement(text) {
        return Ok(None);
    }
    let highest = package.releases.first().map(|release| release.version.as_str());
    let problem = Problem::UnknownVersion {
        path: pin.path.clone(),
        version: text.to_owned(),
        nearest: nearest(&package, text),
        reach: reach.to_owned(),
        beyond: highest.is_some_and(|highest| version::compare(text, highest).is_gt()),
    };
    Ok(Some(Diagnostic { range: literal.range, problem }))
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

fn nearest(package: &Package, text: &str) -> Nearest {
    // A pre-release is chosen only where one is asked for.
    let fits = |v: &&str| version::is_prerelease(text) || !version::is_prerelease(v);
    let versions = || package.releases.iter().map(|release| release.version.as_str()).filter(fits);
    // Releases are sorted newest first.
    let below = versions().find(|v| version::compare(v, text) == Ordering::Less);
    let above = versions().rfind(|v| version::compare(v, text) == Ordering::Greater);
    let in_line = package.newest_in_line(text).map(|release| release.version.as_str());
    let shared = |candidate: &str| {
        let pairs = version::components(candidate).zip(version::components(text));
        pairs.take_while(|(a, b)| a == b).count()
    };
    let order = |a: &&str, b: &&str| shared(a).cmp(&shared(b)).then_with(|| version::compare(a, b));
    // A text that is the start of versions (`20`) means the newest of those.
    let best = [above, in_line, below].into_iter().flatten().max_by(order);
    let own = |version: Option<&str>| version.map(str::to_owned);
    Nearest { below: own(below), above: own(above), newest_in_line: own(in_line), best: own(best) }
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
