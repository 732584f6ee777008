//! What the cursor stands on.

use crate::{Field, Literal, Notation, Pin, PinFile, Segment, TextRange, Value};

/// What a cursor stands on, with what an edit there would replace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place<'a> {
    /// In the name of a pin, or where one can be begun.
    Name(NamePlace<'a>),
    /// In the string that holds a pin's version or requirement.
    Version {
        /// The pin.
        pin: &'a Pin,
        /// The string.
        literal: &'a Literal,
    },
    /// Behind a pin's `=`, where a string is wanted and none has been opened.
    Value {
        /// The pin.
        pin: &'a Pin,
        /// The bare text that stands there, such as `20.1`; empty if there is none.
        range: TextRange,
    },
    /// On another part of a long form.
    Field {
        /// The pin.
        pin: &'a Pin,
        /// The field.
        field: &'a Field,
        /// Whether it is the name of the field, and not its value.
        on_key: bool,
    },
    /// In a long form, where a field can be begun.
    NewField {
        /// The pin.
        pin: &'a Pin,
    },
}

/// The place of a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamePlace<'a> {
    /// The set that the name is in, as its place in [`PinFile::sets`].
    pub set: usize,
    /// The names from the top set to the one at the cursor, as far as they are whole: those of the
    /// enclosing sets and those before the last dot.
    pub before: Vec<String>,
    /// The part of the name at the cursor that is before it, without quotes.
    pub typed: String,
    /// Whether the name at the cursor has an opening quote.
    pub quoted: bool,
    /// From the first name of this binding to the end of the name at the cursor.
    pub range: TextRange,
    /// The pin, if there is one already.
    pub pin: Option<&'a Pin>,
    /// Whether an `=` follows, or more names do: only the name is to be written.
    pub goes_on: bool,
    /// How the pin is written, or is to be.
    pub notation: Notation,
}

/// What the cursor at `offset` stands on, or `None` where nothing of ours is.
pub fn locate<'a>(text: &str, file: &'a PinFile, offset: usize) -> Option<Place<'a>> {
    if !text.is_char_boundary(offset) || in_comment(text, file, offset) {
        return None;
    }
    match file.pin_at(offset) {
        Some(pin) => in_pin(text, file, pin, offset),
        None => fresh_name(text, file, offset).map(Place::Name),
    }
}

fn in_pin<'a>(text: &str, file: &'a PinFile, pin: &'a Pin, offset: usize) -> Option<Place<'a>> {
    if let Some(at) = pin.segments.iter().position(|segment| segment.range.touches(offset)) {
        return Some(Place::Name(in_name(text, file, pin, at, offset)));
    }
    if let Some(at) = pin.segments.iter().position(|segment| segment.range.start > offset)
        && at > 0
    {
        return behind_dot(text, file, pin, at, offset).map(Place::Name);
    }
    if let Value::Long(fields) = &pin.value {
        let known = fields.iter().find_map(|field| in_field(text, pin, field, offset));
        return known.or_else(|| new_field(text, pin, fields, offset));
    }
    if offset <= pin.name_range().end {
        return None;
    }
    match &pin.value {
        Value::Text(literal) if literal.content.touches(offset) => {
            Some(Place::Version { pin, literal })
        }
        Value::Missing(Some(equals)) => {
            let line = &text[*equals..];
            let line = &line[..line.find(['\n', '\r']).unwrap_or(line.len())];
            let here = *equals <= offset && offset <= equals + line.len();
            here.then(|| Place::Value { pin, range: TextRange::empty(offset) })
        }
        Value::Other(range) if range.touches(offset) => {
            let bare = |c: char| c.is_ascii_alphanumeric() || "._-+^~*<>=".contains(c);
            let is_version = range.of(text).starts_with(|c: char| !c.is_ascii_alphabetic())
                && range.of(text).chars().all(bare);
            is_version.then_some(Place::Value { pin, range: *range })
        }
        _ => None,
    }
}

fn in_field<'a>(text: &str, pin: &'a Pin, field: &'a Field, offset: usize) -> Option<Place<'a>> {
    let on_key = field.key.range.touches(offset);
    match &field.value {
        Value::Text(literal) if literal.content.touches(offset) => {
            let version = field.key.name == "version";
            Some(if version {
                Place::Version { pin, literal }
            } else {
                Place::Field { pin, field, on_key: false }
            })
        }
        _ if on_key => Some(Place::Field { pin, field, on_key }),
        Value::Other(range) if range.touches(offset) => {
            Some(Place::Field { pin, field, on_key: false })
        }
        Value::Missing(Some(equals)) => {
            let line = &text[*equals..];
            let line = &line[..line.find(['\n', '\r', ';', '}']).unwrap_or(line.len())];
            let here = *equals <= offset && offset <= equals + line.len();
            here.then_some(Place::Field { pin, field, on_key: false })
        }
        _ => None,
    }
}

/// A place for another field: inside the braces of the long form, behind the `{` or a `;`.
fn new_field<'a>(text: &str, pin: &'a Pin, fields: &[Field], offset: usize) -> Option<Place<'a>> {
    let name_end = pin.name_range().end;
    if offset <= name_end || offset >= pin.range.end {
        return None;
    }
    let behind_name = text[name_end..offset].trim_start();
    let braced =
        behind_name.strip_prefix('=').is_some_and(|rest| rest.trim_start().starts_with('{'));
    let before = text[..offset].trim_end_matches([' ', '\t', '\n', '\r']);
    let value_end = |field: &Field| match &field.value {
        Value::Text(literal) => literal.range.end,
        Value::Other(range) => range.end,
        _ => field.key.range.end,
    };
    let in_a_field = fields.iter().any(|f| f.key.range.start < offset && offset <= value_end(f));
    let begins = before.ends_with(['{', ';']) || before.ends_with("*/");
    (braced && begins && !in_a_field).then_some(Place::NewField { pin })
}

fn in_name<'a>(
    text: &str,
    file: &PinFile,
    pin: &'a Pin,
    at: usize,
    offset: usize,
) -> NamePlace<'a> {
    let Segment { range, .. } = &pin.segments[at];
    let quoted = range.of(text).starts_with('"');
    let start = range.start + usize::from(quoted);
    let typed = text[start.min(offset)..offset].trim_end_matches('"').to_owned();
    let outer = file.sets[pin.set].path.iter().cloned();
    let inner = pin.segments[..at].iter().map(|segment| segment.name.clone());
    // What is on a later line is another pin that the path has run into while it is being typed.
    let same_line = |end: usize| !text[range.end..end].contains(['\n', '\r']);
    let more_names = pin.segments.get(at + 1).is_some_and(|next| same_line(next.range.start));
    let assigned = match &pin.value {
        Value::Missing(equals) => equals.is_some_and(same_line),
        _ => pin.segments.last().is_some_and(|last| same_line(last.range.end)),
    };
    NamePlace {
        set: pin.set,
        before: outer.chain(inner).collect(),
        typed,
        quoted,
        range: TextRange::new(pin.segments[0].range.start, range.end),
        pin: Some(pin),
        goes_on: more_names || assigned,
        notation: pin.notation,
    }
}

/// The place between a dot and the name at `at`, which stands on a later line or behind blanks.
fn behind_dot<'a>(
    text: &str,
    file: &PinFile,
    pin: &'a Pin,
    at: usize,
    offset: usize,
) -> Option<NamePlace<'a>> {
    let gap = TextRange::new(pin.segments[at - 1].range.end, offset).of(text);
    if gap.trim() != "." || gap.contains(['\n', '\r']) {
        return None;
    }
    let outer = file.sets[pin.set].path.iter().cloned();
    let inner = pin.segments[..at].iter().map(|segment| segment.name.clone());
    let next = pin.segments[at].range.start;
    Some(NamePlace {
        set: pin.set,
        before: outer.chain(inner).collect(),
        typed: String::new(),
        quoted: false,
        range: TextRange::new(pin.segments[0].range.start, offset),
        pin: Some(pin),
        goes_on: !text[offset..next].contains(['\n', '\r']),
        notation: pin.notation,
    })
}

/// The place for a new name: in a set, with nothing but blanks between it and the start of the
/// line, the set's `{`, or the `;` before.
fn fresh_name<'a>(text: &str, file: &PinFile, offset: usize) -> Option<NamePlace<'a>> {
    let set = file.set_at(offset).filter(|set| file.sets[*set].braced)?;
    let line_start = text[..offset].rfind(['\n', '\r']).map_or(0, |at| at + 1);
    let before = text[line_start..offset].trim_end_matches([' ', '\t']);
    if !(before.is_empty() || before.ends_with(['{', ';']) || before.ends_with("*/")) {
        return None;
    }
    // Blanks alone may also be inside a value that spans lines.
    let pins = file.pins_in(TextRange::empty(offset));
    if pins.iter().any(|pin| pin.range.start < offset && offset < pin.range.end) {
        return None;
    }
    Some(NamePlace {
        set,
        before: file.sets[set].path.clone(),
        typed: String::new(),
        quoted: false,
        range: TextRange::empty(offset),
        pin: None,
        goes_on: false,
        notation: Notation::Binding,
    })
}

fn in_comment(text: &str, file: &PinFile, offset: usize) -> bool {
    let behind = file.comments.partition_point(|comment| comment.start < offset);
    file.comments[..behind].last().is_some_and(|comment| {
        // The end of a `#` comment is still in it; that of a `/* */` is not.
        let to_line_end = comment.of(text).starts_with('#');
        offset < comment.end || (offset == comment.end && to_line_end)
    })
}
