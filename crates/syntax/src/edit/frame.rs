//! What is missing around a version that is written where a string, its closing quote or its `;` may
//! not be there yet.

use super::{TextEdit, escape};
use crate::{Literal, Notation, Pin, TextRange, Value};

/// What is missing around a version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    before: &'static str,
    after: &'static str,
    /// A `;` for a pin that has none, where it cannot be part of the same edit.
    extra: Option<TextEdit>,
}

impl Frame {
    /// Around the content of a pin's string.
    pub fn of_literal(text: &str, pin: &Pin, literal: &Literal) -> Self {
        if literal.closed {
            // In the long form each field has its own `;`, which is the user's business.
            let short = matches!(pin.value, Value::Text(_)) && pin.notation == Notation::Binding;
            let missing = short && !pin.range.of(text).ends_with(';');
            let extra =
                missing.then(|| TextEdit::replace(TextRange::empty(literal.range.end), ";"));
            return Self { before: "", after: "", extra };
        }
        if pin.notation != Notation::Binding {
            return Self { before: "", after: "\"", extra: None };
        }
        let after = match (literal.indented, semicolon_follows(text, literal.content.end)) {
            (false, true) => "\"",
            (false, false) => "\";",
            (true, true) => "''",
            (true, false) => "'';",
        };
        Self { before: "", after, extra: None }
    }

    /// Around a value that has no quotes yet, or that is nothing yet.
    pub fn of_value(text: &str, range: TextRange) -> Self {
        let before = if text[..range.start].ends_with('=') { " \"" } else { "\"" };
        let after = if semicolon_follows(text, range.end) { "\"" } else { "\";" };
        Self { before, after, extra: None }
    }

    /// `version` as it is to be written.
    pub fn around(&self, version: &str) -> String {
        format!("{}{}{}", self.before, escape(version), self.after)
    }

    /// The edit to make beside it.
    pub fn extra(&self) -> Option<TextEdit> {
        self.extra.clone()
    }
}

fn semicolon_follows(text: &str, at: usize) -> bool {
    text[at..].trim_start_matches([' ', '\t']).starts_with(';')
}
