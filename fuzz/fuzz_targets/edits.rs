//! Edits as an editor sends them, by line and column in any of the three encodings.

#![no_main]

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use syntax::{Encoding, LineIndex, Position, TextEdit, TextRange, edit};

#[derive(Debug, Arbitrary)]
struct Input {
    text: String,
    encoding: u8,
    edits: Vec<Edit>,
}

#[derive(Debug, Arbitrary)]
struct Edit {
    start: (u16, u16),
    end: (u16, u16),
    text: String,
}

fuzz_target!(|input: Input| {
    let encoding = match input.encoding % 3 {
        0 => Encoding::Utf8,
        1 => Encoding::Utf16,
        _ => Encoding::Utf32,
    };
    let mut text = input.text;
    check(&text, encoding);
    for change in input.edits.into_iter().take(32) {
        let lines = LineIndex::new(&text);
        let at = |(line, column): (u16, u16)| {
            let position = Position { line: line.into(), column: column.into() };
            lines.offset(position, encoding)
        };
        let (a, b) = (at(change.start), at(change.end));
        let range = TextRange::new(a.min(b), a.max(b));
        // An offset inside a character would end this with a panic.
        text = edit::apply(&text, &[TextEdit::replace(range, change.text)]);
        check(&text, encoding);
    }
});

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
