//! Edits as an editor sends them, by line and column in any of the three encodings.

use syntax::{Encoding, LineIndex, Position, TextEdit, TextRange, edit};

/// An edit: from a line and column to another, and what takes the place.
pub type Edit = ((u16, u16), (u16, u16), String);

/// Makes edits one after the other; places and offsets agree before and behind each.
///
/// # Panics
/// If they do not.
pub fn hold(mut text: String, encoding: Encoding, edits: impl IntoIterator<Item = Edit>) {
    check(&text, encoding);
    for (start, end, new) in edits.into_iter().take(32) {
        let lines = LineIndex::new(&text);
        let at = |(line, column): (u16, u16)| {
            let position = Position { line: line.into(), column: column.into() };
            lines.offset(position, encoding)
        };
        let (a, b) = (at(start), at(end));
        let range = TextRange::new(a.min(b), a.max(b));
        // An offset inside a character would end this with a panic.
        text = edit::apply(&text, &[TextEdit::replace(range, new)]);
        check(&text, encoding);
    }
}

/// Every place between two characters has a position, and that leads back to it. The place between
/// the two signs of a Windows line break is the end of its line.
fn check(text: &str, encoding: Encoding) {
    let lines = LineIndex::new(text);
    for (offset, _) in text.char_indices() {
        let position = lines.position(offset, encoding);
        let inside_break = text[..offset].ends_with('\r') && text[offset..].starts_with('\n');
        if !inside_break {
            assert_eq!(lines.offset(position, encoding), offset, "{position:?}");
        }
    }
    assert_eq!(lines.offset(lines.position(text.len(), encoding), encoding), text.len());
}
