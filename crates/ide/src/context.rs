//! What the cursor stands on, with what a completion there has to know. Every feature that
//! depends on the cursor starts here.

use model::AttrPath;
use syntax::{Literal, Pin, Place, TextEdit, TextRange, cursor::NamePlace, edit, locate};

use crate::Document;

/// What the cursor stands on.
pub(crate) enum Context<'a> {
    /// A name, or where one can be begun.
    Name(NamePlace<'a>),
    /// A version, or where one is wanted.
    Version(VersionContext<'a>),
}

/// A version under the cursor.
pub(crate) struct VersionContext<'a> {
    /// The pin.
    pub pin: &'a Pin,
    /// The text that a version would replace.
    pub range: TextRange,
    /// The part of it before the cursor.
    pub typed: &'a str,
    /// What has to be written around a version there.
    pub frame: Frame,
}

/// What is missing around a version.
pub(crate) struct Frame {
    before: &'static str,
    after: &'static str,
    /// A `;` for a pin that has none, where it cannot be part of the same edit.
    extra: Option<TextEdit>,
}

/// Analyses the cursor, or `None` where nothing of ours is.
pub(crate) fn analyse(document: &Document, offset: usize) -> Option<Context<'_>> {
    let text = document.text.as_str();
    match locate(text, document.pin_file()?, offset)? {
        Place::Name(name) => Some(Context::Name(name)),
        Place::Version { pin, literal } => {
            let range = literal.content;
            let typed = &text[range.start..offset];
            let frame = frame_of_literal(text, pin, literal);
            Some(Context::Version(VersionContext { pin, range, typed, frame }))
        }
        Place::Value { pin, range } => {
            let typed = &text[range.start..offset];
            let frame = frame_of_value(text, range);
            Some(Context::Version(VersionContext { pin, range, typed, frame }))
        }
        Place::Field { .. } => None,
    }
}

impl Frame {
    /// `version` as it is to be written.
    pub fn around(&self, version: &str) -> String {
        format!("{}{}{}", self.before, edit::escape(version), self.after)
    }

    /// The edit to make beside it.
    pub fn extra(&self) -> Option<TextEdit> {
        self.extra.clone()
    }
}

/// The edits that make `version` the text of a pin's string.
pub(crate) fn set_version(
    text: &str,
    pin: &Pin,
    literal: &Literal,
    version: &str,
) -> Vec<TextEdit> {
    let frame = frame_of_literal(text, pin, literal);
    let change = TextEdit::replace(literal.content, frame.around(version));
    [Some(change), frame.extra].into_iter().flatten().collect()
}

fn frame_of_literal(text: &str, pin: &Pin, literal: &Literal) -> Frame {
    if literal.closed {
        // In the long form each field has its own `;`, which is the user's business.
        let short = matches!(pin.value, syntax::Value::Text(_));
        let missing = short && !pin.range.of(text).ends_with(';');
        let extra = missing.then(|| TextEdit::replace(TextRange::empty(literal.range.end), ";"));
        return Frame { before: "", after: "", extra };
    }
    let after = match (literal.indented, semicolon_follows(text, literal.content.end)) {
        (false, true) => "\"",
        (false, false) => "\";",
        (true, true) => "''",
        (true, false) => "'';",
    };
    Frame { before: "", after, extra: None }
}

fn frame_of_value(text: &str, range: TextRange) -> Frame {
    let before = if text[..range.start].ends_with('=') { " \"" } else { "\"" };
    let after = if semicolon_follows(text, range.end) { "\"" } else { "\";" };
    Frame { before, after, extra: None }
}

fn semicolon_follows(text: &str, at: usize) -> bool {
    text[at..].trim_start_matches([' ', '\t']).starts_with(';')
}

/// The attribute paths that a file pins, but for the one at `except`.
pub(crate) fn pinned<'a>(
    document: &'a Document,
    except: Option<&'a Pin>,
) -> impl Iterator<Item = &'a AttrPath> {
    let pins = document.pin_file().map(|file| file.pins.as_slice()).unwrap_or_default();
    pins.iter()
        .filter(move |pin| except.is_none_or(|except| except.range != pin.range))
        .map(|pin| &pin.path)
}
