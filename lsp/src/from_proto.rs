//! From the protocol's terms to ours.

use std::ops::Range;

use ide::{Document, Origin};
use model::AttrPath;
use ropey::Rope;
use serde::{Deserialize, Serialize};
use syntax::{Encoding, TextRange};
use tower_lsp::ls_types::{self, CompletionItemKind};

/// The offset of a position; see [`syntax::LineIndex::offset`] for positions out of bounds.
pub(crate) fn offset(document: &Document, at: ls_types::Position, encoding: Encoding) -> usize {
    let position = syntax::Position { line: at.line, column: at.character };
    document.lines.offset(position, encoding)
}

/// A range of offsets, in their order.
pub(crate) fn range(document: &Document, at: ls_types::Range, encoding: Encoding) -> TextRange {
    let (a, b) = (offset(document, at.start, encoding), offset(document, at.end, encoding));
    TextRange::new(a.min(b), a.max(b))
}

/// The characters of a rope that a range names. Positions out of bounds count as the nearest ones,
/// as in [`offset`].
pub(crate) fn chars(rope: &Rope, range: ls_types::Range, encoding: Encoding) -> Range<usize> {
    let (a, b) = (char_at(rope, range.start, encoding), char_at(rope, range.end, encoding));
    a.min(b)..a.max(b)
}

fn char_at(rope: &Rope, at: ls_types::Position, encoding: Encoding) -> usize {
    let (line, column) = (at.line as usize, at.character as usize);
    if line >= rope.len_lines() {
        return rope.len_chars();
    }
    let start = rope.line_to_char(line);
    let text = rope.line(line);
    let mut length = text.len_chars();
    while length > 0 && matches!(text.char(length - 1), '\n' | '\r') {
        length -= 1;
    }
    let text = text.slice(..length);
    start
        + match encoding {
            Encoding::Utf8 => text.byte_to_char(column.min(text.len_bytes())),
            Encoding::Utf16 => text.utf16_cu_to_char(column.min(text.len_utf16_cu())),
            Encoding::Utf32 => column.min(length),
        }
}

/// The kind of completion items that are versions, and of no others.
pub(crate) const VERSION: CompletionItemKind = CompletionItemKind::VALUE;

/// What a completion item carries for [`ide::resolve`], as short as can be: there are hundreds. Of
/// a version, its label is the rest.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ItemData {
    /// The attribute path.
    pub p: AttrPath,
}

/// What a code action carries until its edits are asked for.
#[derive(Serialize, Deserialize)]
pub(crate) struct ActionData {
    /// The file.
    pub uri: ls_types::Uri,
    /// The version of the file that it was offered for.
    pub version: i32,
    /// The name of what is to be done.
    pub task: String,
}

/// What a completion item stands for, if it is one of ours.
pub(crate) fn origin(item: &ls_types::CompletionItem) -> Option<Origin> {
    let data: ItemData = serde_json::from_value(item.data.clone()?).ok()?;
    let version = (item.kind == Some(VERSION)).then(|| item.label.clone());
    Some(Origin { path: data.p, version })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The rope and the line index must agree, or an edit and an answer would mean two places.
    #[test]
    fn the_rope_counts_as_the_line_index_does() {
        let text = "a\u{e9}b\r\n\u{1f600}x\n\n\u{2028}y\u{b}z\rend\u{4e2d}";
        let rope = Rope::from_str(text);
        let document = Document::new(text.to_owned());
        for encoding in [Encoding::Utf8, Encoding::Utf16, Encoding::Utf32] {
            for line in 0..8 {
                for character in 0..9 {
                    let at = ls_types::Position { line, character };
                    let by_rope = rope.char_to_byte(char_at(&rope, at, encoding));
                    assert_eq!(by_rope, offset(&document, at, encoding), "{at:?} {encoding:?}");
                }
            }
        }
    }
}
