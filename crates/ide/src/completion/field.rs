//! The long form: its keys, and what their values can be.

use model::{Kind, PackageSource, SourceError, date::format_day};
use syntax::{Field, Pin, TextRange, Value, pins::LONG_FORM_KEYS};

use crate::{Completions, Item, ItemKind, Snapshot};

/// The kinds of problems that are about one pin, so that a pin may ask not to hear of them.
const OF_A_PIN: [Kind; 6] = [
    Kind::Insecure,
    Kind::Broken,
    Kind::Removed,
    Kind::Outdated,
    Kind::UnknownVersion,
    Kind::UnknownPackage,
];

/// The keys that a long form does not have yet.
pub(super) fn keys(
    source: &dyn PackageSource,
    pin: &Pin,
    at: Option<&Field>,
    range: TextRange,
) -> Result<Completions, SourceError> {
    let Value::Long(fields) = &pin.value else { return Ok(Completions::default()) };
    let taken = |key: &str| {
        let others = fields.iter().filter(|field| at.is_none_or(|at| at.key != field.key));
        others.into_iter().any(|field| field.key.name == key)
    };
    let goes_on = at.is_some_and(|field| !matches!(field.value, Value::Missing(None)));
    let newest = source
        .package(&pin.path)?
        .and_then(|package| package.newest().map(|release| release.version.clone()));
    let newest = newest.unwrap_or_default();
    let mut items = Vec::new();
    for key in LONG_FORM_KEYS.into_iter().filter(|key| !taken(key)) {
        let (about, plain, snippet) = match key {
            "version" => {
                let plain = syntax::edit::escape(&newest);
                let stop = super::name::snippet_escape(&plain);
                ("a version or requirement", format!("\"{plain}\""), format!("\"${{1:{stop}}}\""))
            }
            "revision" => ("the commit it must come from", "\"\"".to_owned(), "\"$1\"".to_owned()),
            "channel" => ("the branch it must come from", "\"\"".to_owned(), "\"$1\"".to_owned()),
            "input" => ("the flake input it stands for", "\"\"".to_owned(), "\"$1\"".to_owned()),
            "ignore" => (
                "the problems that are not to be reported for it",
                "[ \"\" ]".to_owned(),
                "[ \"$1\" ]".to_owned(),
            ),
            _ => {
                ("whether it may have known vulnerabilities", "true".to_owned(), "true".to_owned())
            }
        };
        let whole = |value: &str| match goes_on {
            true => key.to_owned(),
            false => format!("{key} = {value};"),
        };
        items.push(Item {
            label: key.to_owned(),
            kind: ItemKind::Field,
            detail: Some(about.to_owned()),
            text: whole(&plain),
            snippet: (!goes_on).then(|| whole(&snippet) + "$0"),
            reopen: !goes_on && key != "allowInsecure",
            ..blank(range)
        });
    }
    Ok(Completions { items, incomplete: false })
}

/// What the value of a field can be.
pub(super) fn values(
    snapshot: &Snapshot,
    source: &dyn PackageSource,
    pin: &Pin,
    field: &Field,
    offset: usize,
) -> Result<Completions, SourceError> {
    let text = &snapshot.document.text;
    let mut values: Vec<(String, String)> = Vec::new();
    match field.key.name.as_str() {
        "channel" => {
            for branch in source.status()?.branches {
                let day = format_day(branch.head.date);
                values.push((branch.name, format!("known up to {day}")));
            }
        }
        "revision" => {
            let asked = pin.version().map(|literal| literal.text.as_str()).unwrap_or_default();
            let package = source.package(&pin.path)?;
            if let Some(release) = package.as_ref().and_then(|package| package.release(asked)) {
                let ends = [("last", release.last_seen()), ("first", release.first_seen())];
                for (which, commit) in ends {
                    let id = commit.id.to_string();
                    if values.iter().all(|(known, _)| *known != id) {
                        let seen = format!("{asked} {which} seen {}", format_day(commit.date));
                        values.push((id, seen));
                    }
                }
            }
        }
        "ignore" => {
            let written = match &field.value {
                Value::Other(range) => range.of(text),
                _ => "",
            };
            for kind in OF_A_PIN {
                if !written.contains(&format!("\"{}\"", kind.code())) {
                    values.push((kind.code().to_owned(), kind.summary().to_owned()));
                }
            }
        }
        "allowInsecure" => {
            values.push(("true".to_owned(), "Nix may build it all the same".to_owned()));
            values.push(("false".to_owned(), "Nix refuses it".to_owned()));
        }
        _ => {}
    }
    let quoted = field.key.name != "allowInsecure";
    let Some((range, open, close)) = place(text, field, offset, quoted) else {
        return Ok(Completions::default());
    };
    let items = values.into_iter().map(|(value, about)| Item {
        text: format!("{open}{value}{close}"),
        label: value,
        kind: ItemKind::Value,
        detail: Some(about),
        ..blank(range)
    });
    Ok(Completions { items: items.collect(), incomplete: false })
}

/// The text that a value replaces, and the quotes that are missing around it.
fn place(
    text: &str,
    field: &Field,
    offset: usize,
    quoted: bool,
) -> Option<(TextRange, &'static str, &'static str)> {
    let quote = if quoted { "\"" } else { "" };
    match &field.value {
        Value::Text(literal) if quoted => {
            Some((literal.content, "", if literal.closed { "" } else { "\"" }))
        }
        Value::Other(range) if quoted => {
            // In a list: the string that the cursor is in.
            let before = &text[range.start..offset.max(range.start)];
            let inside = before.matches('"').count() % 2 == 1;
            if !inside {
                let list = before.starts_with('[');
                return list.then_some((TextRange::empty(offset), quote, quote));
            }
            let start = range.start + before.rfind('"')? + 1;
            let rest = &text[offset..range.end.max(offset)];
            let end = rest.find(['"', '\n', ']', ' ']).unwrap_or(rest.len());
            let close = if rest[end..].starts_with('"') { "" } else { "\"" };
            Some((TextRange::new(start, offset + end), "", close))
        }
        Value::Other(range) => Some((*range, "", "")),
        Value::Missing(Some(_)) => Some((TextRange::empty(offset), quote, quote)),
        _ => None,
    }
}

fn blank(range: TextRange) -> Item {
    Item {
        label: String::new(),
        kind: ItemKind::Field,
        detail: None,
        range,
        text: String::new(),
        snippet: None,
        extra: Vec::new(),
        // The list is whole, so that the client chooses from it by itself.
        filter: String::new(),
        preselect: false,
        discouraged: false,
        reopen: false,
        origin: None,
    }
}
