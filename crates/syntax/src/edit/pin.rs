//! Edits of the pins of a file. They touch what they are about: comments, order and layout of the
//! rest stay as they are.
//!
//! All but [`set_version`] are for text without mistakes; in broken text a place may be another than
//! it seems.

use model::{AttrPath, attr_path::quoted_if_needed};

use super::{TextEdit, escape, frame::Frame};
use crate::{Notation, Pin, PinFile, TextRange, Value};

/// Why an edit is not made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unchanged {
    /// The file's value is not written as an attribute set.
    #[error(
        "the file's value is not written as an attribute set, `{{ … }}`, so nothing can be added"
    )]
    NoSet,
    /// Only Nix can tell what the pin is.
    #[error("`{0}` is not a literal; change it by hand")]
    NotALiteral(AttrPath),
    /// The pin has no long form.
    #[error("`{0}` is written in strings, which have no room for that")]
    InStrings(AttrPath),
    /// The fields of a pin stand in several places.
    #[error("the fields of `{0}` are written in several places; change it by hand")]
    Scattered(AttrPath),
}

/// Makes `version` the version or requirement of a pin. A quote or `;` that is missing is added.
///
/// # Errors
/// [`Unchanged::NotALiteral`].
pub fn set_version(text: &str, pin: &Pin, version: &str) -> Result<Vec<TextEdit>, Unchanged> {
    let literal = pin.version().ok_or_else(|| Unchanged::NotALiteral(pin.path.clone()))?;
    let frame = Frame::of_literal(text, pin, literal);
    let change = match literal.indented && literal.closed {
        // What is escaped between `''` is not what is between quotes.
        true => TextEdit::replace(literal.range, format!("\"{}\"", escape(version))),
        false => TextEdit::replace(literal.content, frame.around(version)),
    };
    Ok([Some(change), frame.extra()].into_iter().flatten().collect())
}

/// Adds a code to those that are not to be reported for a pin. A pin in the short form takes the long
/// one.
///
/// # Errors
/// [`Unchanged`] if the pin's version or its `ignore` is no literal, its fields stand apart, or it has
/// no long form.
pub fn ignore(text: &str, pin: &Pin, code: &str) -> Result<Vec<TextEdit>, Unchanged> {
    let not_literal = || Unchanged::NotALiteral(pin.path.clone());
    let version = pin.version().filter(|literal| literal.closed).ok_or_else(not_literal)?;
    if pin.notation != Notation::Binding {
        return Err(Unchanged::InStrings(pin.path.clone()));
    }
    let Value::Long(fields) = &pin.value else {
        let written = version.range.of(text);
        let long = format!("{{ version = {written}; ignore = [ \"{code}\" ]; }}");
        let mut edits = vec![TextEdit::replace(version.range, long)];
        edits.extend(Frame::of_literal(text, pin, version).extra());
        return Ok(edits);
    };
    let known = fields.iter().find(|field| field.key.name == "ignore").map(|field| &field.value);
    match known {
        Some(Value::Text(literal)) if literal.closed => {
            let list = format!("[ {} \"{code}\" ]", literal.range.of(text));
            return Ok(vec![TextEdit::replace(literal.range, list)]);
        }
        Some(Value::Other(range))
            if range.of(text).starts_with('[') && range.of(text).ends_with(']') =>
        {
            let inside = &text[..range.end - 1];
            let end = inside.trim_end().len();
            let gap = TextRange::new(end, range.end - 1);
            // A list over several lines keeps its lines.
            let after = if gap.of(text).contains('\n') { gap.of(text) } else { " " };
            return Ok(vec![TextEdit::replace(gap, format!(" \"{code}\"{after}"))]);
        }
        Some(_) => return Err(not_literal()),
        None => {}
    }
    let inside = |range: TextRange| pin.range.start <= range.start && range.end <= pin.range.end;
    let braced =
        text[pin.name_range().end..].trim_start_matches(|c: char| c.is_whitespace() || c == '=');
    if !fields.iter().all(|field| inside(field.key.range)) || !braced.starts_with('{') {
        return Err(Unchanged::Scattered(pin.path.clone()));
    }
    let behind = &text[version.range.end..pin.range.end];
    let semicolon = behind.find(';').filter(|at| behind[..*at].trim().is_empty());
    let end = version.range.end + semicolon.map_or(0, |at| at + 1);
    let key = fields.iter().find(|field| field.key.name == "version").map(|field| field.key.range);
    let before = match key.filter(|key| first_of_line(text, key.start)) {
        Some(key) => format!("{}{}", newline(text), indent_at(text, key.start)),
        None => " ".to_owned(),
    };
    let missing = if semicolon.is_some() { "" } else { ";" };
    let field = format!("{missing}{before}ignore = [ \"{code}\" ];");
    Ok(vec![TextEdit::replace(TextRange::empty(end), field)])
}

/// Adds a pin behind the last one of the innermost set that its path leads through.
///
/// # Errors
/// [`Unchanged::NoSet`].
pub fn add(
    text: &str,
    file: &PinFile,
    path: &AttrPath,
    version: &str,
) -> Result<TextEdit, Unchanged> {
    let segments = path.segments();
    let is_long = |path: &[String]| {
        let long = |pin: &&Pin| matches!(pin.value, Value::Long(_));
        file.pins.iter().filter(long).any(|pin| pin.path.segments() == path)
    };
    let sets = file.sets.iter().enumerate().filter(|(_, set)| {
        set.braced
            && segments.len() > set.path.len()
            && segments.starts_with(&set.path)
            && !is_long(&set.path)
    });
    let (at, set) = sets.max_by_key(|(_, set)| set.path.len()).ok_or(Unchanged::NoSet)?;
    let names = segments[set.path.len()..].iter().map(|name| quoted_if_needed(name));
    let binding = format!("{} = \"{}\";", names.collect::<Vec<_>>().join("."), escape(version));
    let newline = newline(text);
    let body = set.body.of(text);
    if !body.contains('\n') && !body.trim().is_empty() {
        let end = set.body.start + body.trim_end().len();
        return Ok(TextEdit::replace(TextRange::empty(end), format!(" {binding}")));
    }
    let outer = indent_at(text, set.body.start);
    if body.trim().is_empty() {
        let lines = format!("{newline}{outer}  {binding}{newline}{outer}");
        return Ok(TextEdit::replace(set.body, lines));
    }
    let own = file.pins.iter().filter(|pin| pin.set == at).map(|pin| pin.range);
    let inner = file.sets.iter().filter_map(|set| set.binding.as_ref());
    let inner = inner.filter(|binding| binding.outer == at).map(|binding| binding.range);
    let last = own.chain(inner).max_by_key(|range| range.end);
    let comments = file
        .comments
        .iter()
        .filter(|comment| set.body.start <= comment.start && comment.end <= set.body.end);
    let (end, indent) = match last {
        Some(last) => {
            let indent = match first_of_line(text, last.start) {
                true => indent_at(text, last.start).to_owned(),
                false => format!("{outer}  "),
            };
            // A comment on the same line belongs to what stands before it.
            let beside = comments.clone().find(|comment| {
                comment.start >= last.end && !text[last.end..comment.start].contains('\n')
            });
            (beside.map_or(last.end, |comment| comment.end), indent)
        }
        None => {
            let end = comments.clone().map(|comment| comment.end).max();
            (end.unwrap_or(set.body.start), format!("{outer}  "))
        }
    };
    Ok(TextEdit::replace(TextRange::empty(end), format!("{newline}{indent}{binding}")))
}

/// Removes a pin, with its line and the comment on it where it has them to itself.
///
/// # Errors
/// [`Unchanged`] if the pin cannot be taken out by itself.
pub fn remove(text: &str, file: &PinFile, pin: &Pin) -> Result<TextEdit, Unchanged> {
    match &pin.value {
        // What `inherit` lists has no binding of its own.
        Value::Other(range) if *range == pin.range => {
            return Err(Unchanged::NotALiteral(pin.path.clone()));
        }
        Value::Long(fields)
            if fields.iter().any(|field| {
                !(pin.range.start <= field.key.range.start && field.key.range.end <= pin.range.end)
            }) =>
        {
            return Err(Unchanged::Scattered(pin.path.clone()));
        }
        _ => {}
    }
    let line_start = text[..pin.range.start].rfind('\n').map_or(0, |at| at + 1);
    let mut end = pin.range.end;
    let beside = |end: usize| {
        let comment = file.comments.iter().find(|comment| comment.start >= end)?;
        let alone = text[end..comment.start].trim_matches([' ', '\t']).is_empty();
        (alone && comment.of(text).starts_with('#')).then_some(comment.end)
    };
    if first_of_line(text, pin.range.start) {
        end = beside(end).unwrap_or(end);
        let rest = &text[end..];
        let line_end = rest.find('\n').map_or(text.len(), |at| end + at + 1);
        if text[end..line_end].trim().is_empty() {
            return Ok(TextEdit::replace(TextRange::new(line_start, line_end), ""));
        }
    }
    let before = text[..pin.range.start].trim_end_matches([' ', '\t']).len();
    Ok(TextEdit::replace(TextRange::new(before.max(line_start), pin.range.end), ""))
}

/// Puts the layout of the pins into order: two blanks of indentation for each set, one blank on both
/// sides of `=`, none before `;`, none at the end of lines, and one newline at the end of the file.
/// Nothing else changes; done twice, it is as done once.
pub fn tidy(text: &str, file: &PinFile) -> Vec<TextEdit> {
    let mut edits = Vec::new();
    let mut indents: Vec<String> = Vec::new();
    for set in &file.sets {
        let outer = set.binding.as_ref().map(|binding| indents[binding.outer].clone());
        let outer = outer.unwrap_or_else(|| indent_at(text, set.body.start).to_owned());
        indents.push(format!("{outer}  "));
        // The brace that closes it.
        reindent(text, set.body.end, &outer, &mut edits);
    }
    for (inner, set) in file.sets.iter().enumerate() {
        if let Some(binding) = &set.binding {
            let first = binding.segments.first().map(|segment| segment.range.start);
            // A long form written field by field has no binding of its own.
            if let Some(first) = first.filter(|_| inner > 0) {
                reindent(text, first, &indents[binding.outer], &mut edits);
            }
        }
    }
    for pin in &file.pins {
        let pieces: Vec<(TextRange, &Value)> = match &pin.value {
            Value::Long(fields) => fields.iter().map(|f| (f.key.range, &f.value)).collect(),
            value => vec![(pin.name_range(), value)],
        };
        for (name, value) in pieces {
            if let Some(set) = file.set_at(name.start) {
                reindent(text, name.start, &indents[set], &mut edits);
            }
            let value = match value {
                Value::Text(literal) => literal.range,
                Value::Other(range) if range.start > name.end => *range,
                _ => continue,
            };
            respace(text, TextRange::new(name.end, value.start), " = ", &mut edits);
            let behind = &text[value.end..];
            let blanks = behind.len() - behind.trim_start_matches([' ', '\t']).len();
            if blanks > 0 && behind[blanks..].starts_with(';') {
                edits.push(TextEdit::replace(TextRange::new(value.end, value.end + blanks), ""));
            }
        }
    }
    for comment in &file.comments {
        if let Some(set) = file.set_at(comment.start)
            && comment.of(text).starts_with('#')
            && !in_value(file, comment.start)
        {
            reindent(text, comment.start, &indents[set], &mut edits);
        }
    }
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let kept = line.trim_end().len();
        let end = start + line.trim_end_matches(['\n', '\r']).len();
        let blanks = TextRange::new(start + kept, end.max(start + kept));
        let inside = file.set_at(blanks.start).is_some() && !in_value(file, blanks.start);
        let at_end = text[blanks.start..].trim().is_empty();
        if !blanks.is_empty() && inside && !at_end {
            edits.push(TextEdit::replace(blanks, ""));
        }
        start += line.len();
    }
    let end = TextRange::new(text.trim_end().len(), text.len());
    if end.of(text) != "\n" && !file.sets.is_empty() {
        edits.push(TextEdit::replace(end, "\n"));
    }
    // The blanks of an empty line may be spoken of twice.
    edits.sort_by_key(|edit| (edit.range, edit.text.clone()));
    edits.dedup();
    edits
}

/// Whether an offset is inside a value that only Nix can read, or a string.
fn in_value(file: &PinFile, offset: usize) -> bool {
    let inside = |range: TextRange| range.start < offset && offset < range.end;
    let value = |value: &Value| match value {
        Value::Text(literal) => inside(literal.range),
        Value::Other(range) => inside(*range),
        _ => false,
    };
    file.pins_in(TextRange::empty(offset)).iter().any(|pin| match &pin.value {
        Value::Long(fields) => fields.iter().any(|field| value(&field.value)),
        own => value(own),
    })
}

/// Gives the line an indentation if what is at the offset is the first of it.
fn reindent(text: &str, at: usize, indent: &str, edits: &mut Vec<TextEdit>) {
    let start = text[..at].rfind('\n').map_or(0, |at| at + 1);
    if first_of_line(text, at) && start > 0 && text[start..at] != *indent {
        edits.push(TextEdit::replace(TextRange::new(start, at), indent));
    }
}

/// Makes the text between a name and its value `wanted`, if it holds nothing else than that and
/// blanks.
fn respace(text: &str, range: TextRange, wanted: &str, edits: &mut Vec<TextEdit>) {
    let found = range.of(text);
    if found != wanted && found.trim() == wanted.trim() && !found.contains('\n') {
        edits.push(TextEdit::replace(range, wanted));
    }
}

/// How the lines of a text end.
fn newline(text: &str) -> &'static str {
    if text.contains("\r\n") { "\r\n" } else { "\n" }
}

/// The blanks that the line of an offset begins with.
fn indent_at(text: &str, at: usize) -> &str {
    let start = text[..at].rfind('\n').map_or(0, |at| at + 1);
    let line = &text[start..];
    &line[..line.len() - line.trim_start_matches([' ', '\t']).len()]
}

fn first_of_line(text: &str, at: usize) -> bool {
    let start = text[..at].rfind('\n').map_or(0, |at| at + 1);
    text[start..at].trim_matches([' ', '\t']).is_empty()
}
