//! What the cursor stands on, with what a completion there has to know. Every feature that
//! depends on the cursor starts here.

use model::AttrPath;
use syntax::{
    Field, Pin, PinFile, Place, TextRange, cursor::NamePlace, edit::frame::Frame, locate,
};

use crate::Document;

/// What the cursor stands on.
pub(crate) enum Context<'a> {
    /// A name, or where one can be begun.
    Name(NamePlace<'a>),
    /// A version, or where one is wanted.
    Version(VersionContext<'a>),
    /// The name of a field of a long form, or where one can be begun.
    Key { pin: &'a Pin, field: Option<&'a Field>, range: TextRange },
    /// The value of a field other than the version.
    Value { pin: &'a Pin, field: &'a Field },
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

/// Analyses the cursor, or `None` where nothing of ours is.
pub(crate) fn analyse(document: &Document, offset: usize) -> Option<Context<'_>> {
    let text = document.text.as_str();
    match locate(text, document.pin_file()?, offset)? {
        Place::Name(name) => Some(Context::Name(name)),
        Place::Version { pin, literal } => {
            let range = literal.content;
            let typed = &text[range.start..offset];
            let frame = Frame::of_literal(text, pin, literal);
            Some(Context::Version(VersionContext { pin, range, typed, frame }))
        }
        Place::Value { pin, range } => {
            let typed = &text[range.start..offset];
            let frame = Frame::of_value(text, range);
            Some(Context::Version(VersionContext { pin, range, typed, frame }))
        }
        Place::Field { pin, field, on_key: true } => {
            Some(Context::Key { pin, field: Some(field), range: field.key.range })
        }
        Place::Field { pin, field, on_key: false } => Some(Context::Value { pin, field }),
        Place::NewField { pin } => {
            Some(Context::Key { pin, field: None, range: TextRange::empty(offset) })
        }
    }
}

/// The attribute paths that are pinned in the top set that a place is in, but for its own.
pub(crate) fn pinned<'a>(
    file: &'a PinFile,
    place: &'a NamePlace,
) -> impl Iterator<Item = &'a AttrPath> {
    let top = file.top_of(place.set);
    file.pins
        .iter()
        .filter(move |pin| place.pin.is_none_or(|own| own.range != pin.range))
        .filter(move |pin| file.top_of(pin.set) == top)
        .map(|pin| &pin.path)
}
