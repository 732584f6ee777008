//! Attribute paths: how a Nix user names a package inside nixpkgs.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A path of attribute names from the top of nixpkgs, such as `nodejs` or
/// `python3Packages.requests`. It has one segment at least.
///
/// The text form is Nix's own: segments joined by dots, and a segment that is not an identifier
/// (`vscode-extensions."4ops".terraform`) in double quotes. Two paths are equal exactly if their
/// segments are; the order is that of the text form.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AttrPath {
    text: Box<str>,
}

/// Why a text is not an attribute path.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// Nothing between two dots, or nothing at all.
    #[error("an attribute path needs a name before and after each dot: {0:?}")]
    EmptySegment(String),
    /// A `"` that is not closed, or text right after a closing one.
    #[error("the quotes in the attribute path {0:?} do not pair up around whole names")]
    Quotes(String),
}

/// An attribute path as a person writes it, and what stands behind an `@`, if that is not part of a
/// name: `nodejs@20.11.0`.
pub fn split_version(text: &str) -> (&str, Option<&str>) {
    // `nodePackages.@angular/cli@6.0.0`: an `@` at the start of a name belongs to it.
    let mut signs = text.match_indices('@').map(|(at, _)| at);
    let at = signs.find(|at| *at > 0 && !text[..*at].ends_with(['.', '"']));
    match at.or_else(|| text.rfind("\"@").map(|at| at + 1)) {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    }
}

impl AttrPath {
    /// The path with these segments, each an attribute name as Nix sees it (without quotes).
    ///
    /// # Errors
    /// [`ParseError::EmptySegment`] if there is no segment.
    pub fn from_segments<S: AsRef<str>>(
        segments: impl IntoIterator<Item = S>,
    ) -> Result<Self, ParseError> {
        let mut text = String::new();
        for (i, segment) in segments.into_iter().enumerate() {
            if i > 0 {
                text.push('.');
            }
            push_segment(&mut text, segment.as_ref());
        }
        if text.is_empty() {
            return Err(ParseError::EmptySegment(text));
        }
        Ok(Self { text: text.into() })
    }

    /// The path of a single segment.
    pub fn top(name: &str) -> Self {
        let mut text = String::with_capacity(name.len());
        push_segment(&mut text, name);
        Self { text: text.into() }
    }

    /// Reads the text form. Names that Nix needs quotes for may be written without, as people do
    /// on a command line, as long as they hold no dot: `nodePackages.@angular/cli` is accepted.
    ///
    /// # Errors
    /// [`ParseError`] says what is wrong with the text.
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        let mut segments = Vec::new();
        let mut rest = text;
        loop {
            let (segment, after) = if let Some(quoted) = rest.strip_prefix('"') {
                split_quoted(quoted).ok_or_else(|| ParseError::Quotes(text.to_owned()))?
            } else {
                let end = rest.find('.').unwrap_or(rest.len());
                let (plain, after) = rest.split_at(end);
                if plain.is_empty() {
                    return Err(ParseError::EmptySegment(text.to_owned()));
                }
                if plain.contains('"') {
                    return Err(ParseError::Quotes(text.to_owned()));
                }
                (plain.to_owned(), after)
            };
            segments.push(segment);
            match after.strip_prefix('.') {
                Some(more) => rest = more,
                None if after.is_empty() => break,
                None => return Err(ParseError::Quotes(text.to_owned())),
            }
        }
        Self::from_segments(segments)
    }

    /// The text form, as it is written in Nix.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The attribute names, from the top, without quotes.
    pub fn segments(&self) -> Vec<String> {
        let mut out = Vec::new();
        let mut rest: &str = &self.text;
        while !rest.is_empty() {
            let (segment, after) = match rest.strip_prefix('"') {
                Some(quoted) => {
                    split_quoted(quoted).expect("the text form was written by push_segment")
                }
                None => {
                    let end = rest.find('.').unwrap_or(rest.len());
                    (rest[..end].to_owned(), &rest[end..])
                }
            };
            out.push(segment);
            rest = after.strip_prefix('.').unwrap_or(after);
        }
        out
    }

    /// The last attribute name, without quotes.
    pub fn leaf(&self) -> String {
        self.segments().pop().expect("a path has one segment at least")
    }

    /// Whether the path has a single segment.
    pub fn is_top_level(&self) -> bool {
        self.segments().len() == 1
    }
}

/// Whether Nix takes `name` as an attribute name without quotes.
///
/// Source: the `ID` rule of Nix's lexer, less its keywords
/// (<https://nix.dev/manual/nix/latest/language/identifiers>).
pub fn is_identifier(name: &str) -> bool {
    const KEYWORDS: [&str; 10] =
        ["assert", "else", "if", "in", "inherit", "let", "or", "rec", "then", "with"];
    let mut bytes = name.bytes();
    bytes.next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_')
        && bytes.all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'\''))
        && !KEYWORDS.contains(&name)
}

/// `name` as it is written in Nix as an attribute name: in quotes where it has to be.
pub fn quoted_if_needed(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    push_segment(&mut out, name);
    out
}

fn push_segment(out: &mut String, segment: &str) {
    if is_identifier(segment) {
        out.push_str(segment);
        return;
    }
    out.push('"');
    for c in segment.chars() {
        if matches!(c, '"' | '\\' | '$') {
            out.push('\\');
        }
        out.push(c);
    }
    out.push('"');
}

/// Splits `name" rest` (the opening quote is already taken) into the unescaped name and the rest.
fn split_quoted(text: &str) -> Option<(String, &str)> {
    let mut name = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some((name, &text[at + 1..])),
            '\\' => name.push(chars.next()?.1),
            c => name.push(c),
        }
    }
    None
}

impl fmt::Display for AttrPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for AttrPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AttrPath({})", self.text)
    }
}

impl TryFrom<String> for AttrPath {
    type Error = ParseError;

    fn try_from(text: String) -> Result<Self, ParseError> {
        Self::parse(&text)
    }
}

impl From<AttrPath> for String {
    fn from(path: AttrPath) -> Self {
        path.text.into()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn text_form_quotes_what_nix_quotes() {
        for (text, segments, canonical) in [
            ("nodejs", vec!["nodejs"], "nodejs"),
            ("nodejs-18_x", vec!["nodejs-18_x"], "nodejs-18_x"),
            (
                "python3Packages.requests",
                vec!["python3Packages", "requests"],
                "python3Packages.requests",
            ),
            ("\"4ops\".terraform", vec!["4ops", "terraform"], "\"4ops\".terraform"),
            (
                "nodePackages.@angular/cli",
                vec!["nodePackages", "@angular/cli"],
                "nodePackages.\"@angular/cli\"",
            ),
            ("a.\"b.c\"", vec!["a", "b.c"], "a.\"b.c\""),
            ("let", vec!["let"], "\"let\""),
        ] {
            let path = AttrPath::parse(text).expect(text);
            assert_eq!(path.segments(), segments, "{text}");
            assert_eq!(path.as_str(), canonical, "{text}");
        }
    }

    #[test]
    fn what_is_not_a_path() {
        for text in ["", ".", "a.", ".a", "a..b", "\"a", "\"a\"b", "a\"b\""] {
            assert!(AttrPath::parse(text).is_err(), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn segments_survive_the_text_form(segments in prop::collection::vec(".{0,6}", 1..4)) {
            let path = AttrPath::from_segments(&segments).expect("one segment at least");
            prop_assert_eq!(path.segments(), segments);
            prop_assert_eq!(AttrPath::parse(path.as_str()).expect("canonical"), path);
        }
    }
}
