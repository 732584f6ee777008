//! Edits: a stretch of text and what takes its place.

pub mod frame;
pub mod pin;

use crate::{Notation, TextRange};

/// One replacement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextEdit {
    /// What is replaced, in the text before the edit.
    pub range: TextRange,
    /// What takes its place.
    pub text: String,
}

impl TextEdit {
    /// Puts `text` in the place of `range`.
    pub fn replace(range: TextRange, text: impl Into<String>) -> Self {
        Self { range, text: text.into() }
    }
}

/// The text after edits that all refer to the text before them and do not overlap.
pub fn apply(text: &str, edits: &[TextEdit]) -> String {
    let mut edits: Vec<&TextEdit> = edits.iter().collect();
    edits.sort_by_key(|edit| edit.range);
    let mut out = String::with_capacity(text.len());
    let mut done = 0;
    for edit in edits {
        out.push_str(&text[done..edit.range.start]);
        out.push_str(&edit.text);
        done = edit.range.end;
    }
    out.push_str(&text[done..]);
    out
}

/// `content` as it is written between the quotes of a Nix string.
///
/// Source: <https://nix.dev/manual/nix/latest/language/string-literals>.
pub fn escape(content: &str) -> String {
    let mut out = String::with_capacity(content.len());
    let mut chars = content.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '$' if chars.peek() == Some(&'{') => out.push_str("\\$"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c => out.push(c),
        }
    }
    out
}

/// An attribute path, as it is written where a name stands in this notation.
pub fn in_notation(notation: Notation, path: String) -> String {
    match notation {
        Notation::Binding => path,
        Notation::Item | Notation::Call | Notation::Address => escape(&path),
    }
}

/// What a Nix string with this text between its quotes means. A `\` at the end stays.
pub fn unescape(content: &str) -> String {
    let mut out = String::with_capacity(content.len());
    let mut chars = content.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match chars.next() {
            Some('n') => out.push('\n'),
            Some('r') => out.push('\r'),
            Some('t') => out.push('\t'),
            Some(other) => out.push(other),
            None => out.push('\\'),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn escaping_survives(text in "[a$\\{\"\\\\\n\r\t]{0,8}") {
            prop_assert_eq!(unescape(&escape(&text)), text);
        }
    }

    #[test]
    fn edits_apply_from_the_end() {
        let edits = [
            TextEdit::replace(TextRange::new(4, 5), "E"),
            TextEdit::replace(TextRange::new(0, 1), "AA"),
            TextEdit::replace(TextRange::empty(2), "-"),
        ];
        assert_eq!(apply("abcdef", &edits), "AAb-cdEf");
    }
}
