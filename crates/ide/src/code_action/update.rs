//! Other versions for pins that are fine, and new pins.

use model::{AttrPath, Requirement, SourceError, attr_path::quoted_if_needed, version};
use syntax::{Pin, PinFile, TextEdit, TextRange, edit};

use super::{ActionKind, CodeAction, Task};
use crate::{
    Document, Snapshot,
    context::set_version,
    memo::{Asked, Remembered},
    updates::Updates,
};

/// For a pin of an exact version: the newest patch, minor and major one (the title says the jump),
/// and the requirements that allow newer ones. For a requirement: the version that it allows.
pub(super) fn rewrites(
    snapshot: &Snapshot,
    index: &Remembered,
    pin: &Pin,
) -> Result<Vec<CodeAction>, SourceError> {
    let Some(literal) = pin.version() else { return Ok(Vec::new()) };
    let rewrite = |title: String, version: &str| CodeAction {
        title,
        kind: ActionKind::Rewrite,
        solves: None,
        preferred: false,
        task: Task::Edits(set_version(&snapshot.document.text, pin, literal, version)),
    };
    let Some(updates) = updates(index, pin)? else {
        let Some(package) = index.source.package(&pin.path)? else { return Ok(Vec::new()) };
        let Ok(requirement) = Requirement::parse(&literal.text) else { return Ok(Vec::new()) };
        if requirement.exact().is_some() {
            return Ok(Vec::new());
        }
        let versions = package.releases.iter().map(|release| release.version.as_str());
        let best = requirement.select(versions).into_iter().next();
        let title = |best| format!("Pin to {best}, the newest that {requirement} allows");
        return Ok(best.map(|best| rewrite(title(best), best)).into_iter().collect());
    };
    let group = |count| {
        let shared: Vec<&str> = version::components(&literal.text).take(count).collect();
        shared.join(".")
    };
    let actions = updates.jumps().into_iter().map(|(version, jump)| {
        let of = match jump {
            "patch" => group(2),
            "minor" => group(1),
            _ => "all".to_owned(),
        };
        rewrite(format!("Pin to {version}, the newest of {of} ({jump} update)"), version)
    });
    let mut actions: Vec<_> = actions.collect();
    // A requirement is read anew by its text: one that would say something else is not offered.
    for (sign, allows) in [("~", "newer patches"), ("^", "newer versions of its line")] {
        let wider = format!("{sign}{}", literal.text);
        let newer = Requirement::parse(&wider).is_ok_and(|r| r.allows(&literal.text, None));
        if newer && !version::is_prerelease(&literal.text) {
            actions.push(rewrite(format!("Allow {allows}: {wider}"), &wider));
        }
    }
    Ok(actions)
}

/// The edits that bring every pin of an exact version to the newest of its line.
pub(super) fn to_newest_in_line(
    snapshot: &Snapshot,
    file: &PinFile,
    index: &Remembered,
) -> Result<Vec<TextEdit>, SourceError> {
    let mut edits = Vec::new();
    for pin in &file.pins {
        if let Some(literal) = pin.version()
            && let Some(updates) = updates(index, pin)?
            && let Some(version) = &updates.in_line
        {
            edits.extend(set_version(&snapshot.document.text, pin, literal, version));
        }
    }
    Ok(edits)
}

fn updates(index: &Remembered, pin: &Pin) -> Result<Option<Updates>, SourceError> {
    let Some(literal) = pin.version() else { return Ok(None) };
    let standing = index.standing(&pin.path, &literal.text)?;
    Ok(standing.and_then(|standing| match &standing.asked {
        Asked::Release(known) => Some(known.updates.clone()),
        _ => None,
    }))
}

/// The edits that pin an attribute path to a version: in the pin that is there, or in a new one at
/// the end of the innermost set that fits. `None` if the file holds no set, or pins the path with
/// something else than a string.
pub(crate) fn set_pin(
    document: &Document,
    path: &AttrPath,
    version: &str,
) -> Option<Vec<TextEdit>> {
    let (text, file) = (&document.text, document.pin_file()?);
    if let Some(pin) = file.pins.iter().find(|pin| pin.path == *path) {
        return Some(set_version(text, pin, pin.version()?, version));
    }
    let segments = path.segments();
    let fits =
        |set: &&syntax::Set| segments.len() > set.path.len() && segments.starts_with(&set.path);
    let set = file.sets.iter().filter(fits).max_by_key(|set| set.path.len())?;
    let names = segments[set.path.len()..].iter().map(|name| quoted_if_needed(name));
    let name = names.collect::<Vec<_>>().join(".");
    let pin = format!("{name} = \"{}\";", edit::escape(version));

    let body = set.body.of(text);
    let behind_last = set.body.start + body.trim_end().len();
    let newline = if text.contains("\r\n") { "\r\n" } else { "\n" };
    if !body.contains('\n') {
        // A set of one line stays one.
        let gap = TextRange::new(behind_last, set.body.end);
        return Some(vec![TextEdit::replace(gap, format!(" {pin} "))]);
    }
    let line_of = |at: usize| &text[text[..at].rfind('\n').map_or(0, |at| at + 1)..];
    let blanks =
        |line: &str| line[..line.len() - line.trim_start_matches([' ', '\t']).len()].to_owned();
    let neighbour = file.pins.iter().rfind(|pin| {
        set.body.start <= pin.range.start
            && pin.range.end <= set.body.end
            && file.sets[pin.set].path == set.path
    });
    let indent = match neighbour {
        Some(pin) => blanks(line_of(pin.range.start)),
        None => blanks(line_of(set.body.start)) + "  ",
    };
    Some(vec![TextEdit::replace(TextRange::empty(behind_last), format!("{newline}{indent}{pin}"))])
}
