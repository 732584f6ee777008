//! Other versions for pins that are fine, and new pins.

use model::{AttrPath, Kind, Package, Requirement, SourceError, version};
use syntax::{
    Pin, PinFile, TextEdit,
    edit::pin::{Unchanged, add, ignore, set_version},
};

use super::{ActionKind, Call, CodeAction, Task};
use crate::{
    Document, Snapshot,
    diagnostic::is_ignored,
    memo::{Asked, Remembered},
    updates::Updates,
};

/// How many lines of versions are offered beside the one that is pinned.
const LINES: usize = 6;

/// For a pin of an exact version: the newest patch, minor and major one (the title says the jump),
/// and the requirements that allow newer ones. For a requirement: the version that it allows. For
/// both: the newest of other lines, and a way to choose among all.
pub(super) fn rewrites(
    snapshot: &Snapshot,
    index: &Remembered,
    pin: &Pin,
) -> Result<Vec<CodeAction>, SourceError> {
    let Some(literal) = pin.version() else { return Ok(Vec::new()) };
    let Some(package) = index.source.package(&pin.path)? else { return Ok(Vec::new()) };
    let rewrite = |title: String, version: &str| CodeAction {
        title,
        kind: ActionKind::Rewrite,
        solves: None,
        preferred: false,
        task: Task::Edits(set_version(&snapshot.document.text, pin, version).unwrap_or_default()),
    };
    let Some(updates) = updates(index, pin)? else {
        let requirement = Requirement::parse(&literal.text).ok();
        let requirement = requirement.filter(|requirement| requirement.exact().is_none());
        let versions = package.releases.iter().map(|release| release.version.as_str());
        let best = requirement.as_ref().and_then(|r| r.select(versions).into_iter().next());
        let title = |best| format!("Pin to {best}, the newest that {} allows", literal.text);
        let mut actions: Vec<_> = best.map(|best| rewrite(title(best), best)).into_iter().collect();
        if best.is_some() {
            actions.push(choose(pin));
        }
        return Ok(actions);
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
    for (line, version) in other_lines(&package, &literal.text) {
        if updates.newest.as_deref() != Some(version) {
            actions.push(rewrite(format!("Pin to {version}, the newest of {line}"), version));
        }
    }
    actions.push(choose(pin));
    if updates.newest.is_some() && !is_ignored(&snapshot.document.text, pin, Kind::Outdated) {
        let edits = ignore(&snapshot.document.text, pin, Kind::Outdated.code());
        actions.extend(edits.ok().map(|edits| CodeAction {
            title: format!("Ignore updates of {}", pin.path),
            kind: ActionKind::Rewrite,
            solves: None,
            preferred: false,
            task: Task::Edits(edits),
        }));
    }
    Ok(actions)
}

fn choose(pin: &Pin) -> CodeAction {
    CodeAction {
        title: format!("Choose a version of {}…", pin.path),
        kind: ActionKind::Rewrite,
        solves: None,
        preferred: false,
        task: Task::Call(Call::Choose(pin.path.clone())),
    }
}

/// The newest versions of the lines that `text` is not of, the newest line first.
fn other_lines<'a>(package: &'a Package, text: &str) -> Vec<(&'a str, &'a str)> {
    let mut lines: Vec<(&str, &str)> = Vec::new();
    let stable = package.releases.iter().map(|release| release.version.as_str());
    for version in stable.filter(|version| !version::is_prerelease(version)) {
        let line = version::line(version);
        if line != version::line(text) && lines.iter().all(|(known, _)| *known != line) {
            lines.push((line, version));
        }
    }
    lines.truncate(LINES);
    lines
}

/// The edits that bring every pin of an exact version to the newest of its line.
pub(super) fn to_newest_in_line(
    snapshot: &Snapshot,
    file: &PinFile,
    index: &Remembered,
) -> Result<Vec<TextEdit>, SourceError> {
    let mut edits = Vec::new();
    for pin in &file.pins {
        if is_ignored(&snapshot.document.text, pin, Kind::Outdated) {
            continue;
        }
        if let Some(updates) = updates(index, pin)?
            && let Some(version) = &updates.in_line
        {
            edits.extend(set_version(&snapshot.document.text, pin, version).unwrap_or_default());
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

/// The edits that pin an attribute path to a version: in the pin that is there, or in a new one
/// behind the last of the innermost set that fits.
pub(crate) fn set_pin(
    document: &Document,
    path: &AttrPath,
    version: &str,
) -> Result<Vec<TextEdit>, Unchanged> {
    let text = &document.text;
    let file = document.pin_file().ok_or(Unchanged::NoSet)?;
    match file.pins.iter().find(|pin| pin.path == *path) {
        Some(pin) => set_version(text, pin, version),
        None if !document.is_packages_nix => Err(Unchanged::NoSet),
        None => add(text, file, path, version).map(|edit| vec![edit]),
    }
}
