//! Quick fixes: to a version that exists, to a name that exists.

use model::{AttrPath, attr_path::quoted_if_needed};
use syntax::{Pin, TextEdit};

use crate::{CodeAction, Diagnostic, Document, Problem, context::set_version, diagnostic::Nearest};

pub(super) fn fixes(document: &Document, pin: &Pin, diagnostic: &Diagnostic) -> Vec<CodeAction> {
    match &diagnostic.problem {
        Problem::UnknownVersion { nearest, .. } => to_versions(document, pin, diagnostic, nearest),
        Problem::UnknownPackage { similar, .. } => to_names(document, pin, diagnostic, similar),
        Problem::IndexMissing { .. } | Problem::Refused(_) => Vec::new(),
    }
}

fn to_versions(
    document: &Document,
    pin: &Pin,
    diagnostic: &Diagnostic,
    nearest: &Nearest,
) -> Vec<CodeAction> {
    let Some(literal) = pin.version() else { return Vec::new() };
    let is = |part: &Option<String>, version: &str| part.as_deref() == Some(version);
    let actions = nearest.all().into_iter().map(|version| {
        let roles = [
            (is(&nearest.below, version), "next below"),
            (is(&nearest.above, version), "next above"),
            (is(&nearest.newest_in_line, version), "newest of its line"),
        ];
        let roles: Vec<&str> = roles.iter().filter(|(is, _)| *is).map(|(_, role)| *role).collect();
        CodeAction {
            title: format!("Change to {version} ({})", roles.join(", ")),
            edits: set_version(&document.text, pin, literal, version),
            solves: Some(diagnostic.clone()),
            preferred: is(&nearest.best, version),
        }
    });
    actions.collect()
}

fn to_names(
    document: &Document,
    pin: &Pin,
    diagnostic: &Diagnostic,
    similar: &[AttrPath],
) -> Vec<CodeAction> {
    let Some(file) = document.pin_file() else { return Vec::new() };
    let set = &file.sets[pin.set].path;
    let written = |path: &AttrPath| {
        let segments = path.segments();
        // What is in another set cannot be written in this one.
        let rest = segments.strip_prefix(set.as_slice()).filter(|rest| !rest.is_empty())?;
        Some(rest.iter().map(|name| quoted_if_needed(name)).collect::<Vec<_>>().join("."))
    };
    let names = similar.iter().filter_map(|path| Some((path, written(path)?)));
    let actions = names.enumerate().map(|(at, (path, written))| CodeAction {
        title: format!("Change to {path}"),
        edits: vec![TextEdit::replace(pin.name_range(), written)],
        solves: Some(diagnostic.clone()),
        preferred: at == 0,
    });
    actions.collect()
}
