//! Quick fixes: to a version that exists, to a name that exists, and to Nix that says what was
//! meant.

use model::{AttrPath, Package, SourceError, attr_path::quoted_if_needed, version};
use syntax::{
    Pin, TextEdit, TextRange,
    edit::{
        in_notation,
        pin::{ignore, set_version},
    },
};

use super::{ActionKind, Call, CodeAction, Task};
use crate::{Diagnostic, Kind, Problem, Snapshot, diagnostic::Nearest, memo::Remembered};

pub(super) fn fixes(
    snapshot: &Snapshot,
    index: Option<&Remembered>,
    pin: &Pin,
    diagnostic: &Diagnostic,
) -> Result<Vec<CodeAction>, SourceError> {
    let text = &snapshot.document.text;
    let to_version = |title: String, version: &str, preferred: bool| {
        let edits = set_version(text, pin, version).unwrap_or_default();
        action(title, edits, diagnostic, preferred)
    };
    Ok(match (&diagnostic.problem, pin.version()) {
        (Problem::UnknownVersion { nearest, .. }, Some(_)) => {
            let to = nearest.all().into_iter().map(|version| {
                let best = nearest.best.as_deref() == Some(version);
                let title = format!("Change to {version} ({})", roles(nearest, version));
                to_version(title, version, best)
            });
            to.collect()
        }
        (Problem::PartialVersion { version, newest, .. }, Some(_)) => vec![
            to_version(format!("Change to {newest} (newest {version})"), newest, true),
            to_version(
                format!("Change to {version}.* (any {version})"),
                &format!("{version}.*"),
                false,
            ),
        ],
        (Problem::Insecure { .. } | Problem::Broken { .. }, Some(literal)) => {
            let Some(package) = index.map(|i| i.source.package(&pin.path)).transpose()?.flatten()
            else {
                return Ok(Vec::new());
            };
            let sound = sound_versions(&package, &literal.text);
            let to = sound.into_iter().enumerate().map(|(at, (version, role))| {
                to_version(format!("Change to {version} ({role})"), version, at == 0)
            });
            to.collect()
        }
        (Problem::UnknownPackage { similar, .. }, _) => {
            to_names(snapshot, pin, diagnostic, similar)
        }
        (Problem::NotALiteral { written: Some(written), .. }, _) => {
            let edits = vec![
                TextEdit::replace(TextRange::empty(diagnostic.range.start), "\""),
                TextEdit::replace(TextRange::empty(diagnostic.range.end), "\""),
            ];
            vec![action(format!("Put quotes around {written}"), edits, diagnostic, true)]
        }
        (Problem::DuplicatePin { .. }, _) => {
            let edit = TextEdit::replace(without_its_line(text, pin.range), "");
            vec![action("Remove this pin".to_owned(), vec![edit], diagnostic, false)]
        }
        _ => Vec::new(),
    })
}

/// What else may be done about a problem: to lock the pin anew, or not to hear of it.
pub(super) fn others(text: &str, pin: &Pin, diagnostic: &Diagnostic) -> Vec<CodeAction> {
    let kind = diagnostic.problem.kind();
    match kind {
        Kind::LockStale | Kind::LockMismatch => {
            let title = format!("Lock {} anew", pin.path);
            let call = Task::Call(Call::LockOne(pin.path.clone()));
            vec![CodeAction { task: call, ..action(title, Vec::new(), diagnostic, true) }]
        }
        Kind::Insecure | Kind::Broken | Kind::Removed | Kind::Outdated => {
            let edits = ignore(text, pin, kind.code()).ok();
            let title = || format!("Do not report `{}` for {}", kind.code(), pin.path);
            edits.map(|edits| action(title(), edits, diagnostic, false)).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

fn action(
    title: String,
    edits: Vec<TextEdit>,
    diagnostic: &Diagnostic,
    preferred: bool,
) -> CodeAction {
    CodeAction {
        title,
        kind: ActionKind::QuickFix,
        solves: Some(diagnostic.clone()),
        preferred,
        task: Task::Edits(edits),
    }
}

fn roles(nearest: &Nearest, version: &str) -> String {
    let is = |part: &Option<String>| part.as_deref() == Some(version);
    let roles = [
        (is(&nearest.below), "next below"),
        (is(&nearest.above), "next above"),
        (is(&nearest.newest_in_line), "newest of its line"),
    ];
    let roles: Vec<&str> = roles.iter().filter(|(is, _)| *is).map(|(_, role)| *role).collect();
    roles.join(", ")
}

/// The newest version of the line and the newest of all that are neither insecure nor broken.
fn sound_versions<'a>(package: &'a Package, text: &str) -> Vec<(&'a str, &'static str)> {
    let sound = || {
        let sound = package.releases.iter().filter(|release| {
            !release.facts.broken && release.facts.known_vulnerabilities.is_empty()
        });
        sound.map(|release| release.version.as_str())
    };
    let line = version::line(text);
    let in_line = version::newest(sound().filter(|version| version::line(version) == line));
    let newest = version::newest(sound());
    let mut found: Vec<_> =
        in_line.map(|v| (v, "newest sound one of its line")).into_iter().collect();
    found.extend(newest.filter(|v| Some(*v) != in_line).map(|v| (v, "newest sound one")));
    found
}

fn to_names(
    snapshot: &Snapshot,
    pin: &Pin,
    diagnostic: &Diagnostic,
    similar: &[AttrPath],
) -> Vec<CodeAction> {
    let Some(file) = snapshot.document.pin_file() else { return Vec::new() };
    let set = &file.sets[pin.set].path;
    let written = |path: &AttrPath| {
        let segments = path.segments();
        // What is in another set cannot be written in this one.
        let rest = segments.strip_prefix(set.as_slice()).filter(|rest| !rest.is_empty())?;
        let names: Vec<String> = rest.iter().map(|name| quoted_if_needed(name)).collect();
        Some(in_notation(pin.notation, names.join(".")))
    };
    let names = similar.iter().filter_map(|path| Some((path, written(path)?)));
    let actions = names.enumerate().map(|(at, (path, written))| {
        let edits = vec![TextEdit::replace(pin.name_range(), written)];
        action(format!("Change to {path}"), edits, diagnostic, at == 0)
    });
    actions.collect()
}

/// A range with the rest of its lines, if nothing else stands there.
fn without_its_line(text: &str, range: TextRange) -> TextRange {
    let start = text[..range.start].rfind('\n').map_or(0, |at| at + 1);
    let end = text[range.end..].find('\n').map_or(text.len(), |at| range.end + at + 1);
    let alone =
        text[start..range.start].trim().is_empty() && text[range.end..end].trim().is_empty();
    if alone { TextRange::new(start, end) } else { range }
}
