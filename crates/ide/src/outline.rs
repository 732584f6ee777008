//! What follows from the text alone: the outline, folding, and colours of a packages.nix. Those of
//! other Nix files are the business of other servers.

use syntax::{Pin, PinFile, TextRange, Value};

use crate::{Document, requirement::operators};

/// A pin or a set in the outline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Symbol {
    /// The name as it is written.
    pub name: String,
    /// The version of a pin.
    pub detail: Option<String>,
    /// Whether it is a set.
    pub is_set: bool,
    /// All of it.
    pub range: TextRange,
    /// Its name.
    pub selection: TextRange,
    /// What is in it, in the order of the text.
    pub children: Vec<Symbol>,
}

/// A stretch of lines that can be folded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fold {
    /// Its first line, from 0.
    pub first: u32,
    /// Its last line that is hidden.
    pub last: u32,
    /// Whether it is a comment.
    pub comment: bool,
}

/// A piece of text with a meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token {
    /// Where it is; in one line, and never empty.
    pub range: TextRange,
    /// What it is.
    pub kind: TokenKind,
}

/// What a [`Token`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenKind {
    /// A name that leads to the last one of a path, or to a set.
    Set,
    /// The last name of a pin's path.
    Package,
    /// A version, or a part of a requirement that is one.
    Version,
    /// An operator of a requirement.
    Operator,
}

pub(crate) fn symbols(document: &Document) -> Vec<Symbol> {
    let Some(file) = document.packages_nix() else { return Vec::new() };
    let text = &document.text;
    let mut by_set: Vec<Vec<Symbol>> = file.sets.iter().map(|_| Vec::new()).collect();
    for pin in &file.pins {
        let name = pin.name_range();
        by_set[pin.set].push(Symbol {
            name: name.of(text).to_owned(),
            detail: pin.version().map(|literal| literal.text.clone()),
            is_set: false,
            range: pin.range,
            selection: name,
            children: Vec::new(),
        });
    }
    // Inner sets come behind the ones that they are in.
    for at in (1..file.sets.len()).rev() {
        let mut children = std::mem::take(&mut by_set[at]);
        let Some(binding) = &file.sets[at].binding else { continue };
        // The braces of a long form are a set without pins.
        if children.is_empty() {
            continue;
        }
        children.sort_by_key(|symbol| symbol.range);
        let (Some(first), Some(last)) = (binding.segments.first(), binding.segments.last()) else {
            continue;
        };
        let name = TextRange::new(first.range.start, last.range.end);
        by_set[binding.outer].push(Symbol {
            name: name.of(text).to_owned(),
            detail: None,
            is_set: true,
            range: binding.range,
            selection: name,
            children,
        });
    }
    let mut top = by_set.into_iter().next().unwrap_or_default();
    top.sort_by_key(|symbol| symbol.range);
    top
}

pub(crate) fn folds(document: &Document) -> Vec<Fold> {
    let Some(file) = document.packages_nix() else { return Vec::new() };
    let (text, lines) = (&document.text, &document.lines);
    let line = |at: usize| u32::try_from(lines.line(at)).unwrap_or(u32::MAX);
    let mut folds = Vec::new();
    let mut fold = |first: usize, last: usize, comment: bool| {
        let (first, last) = (line(first), line(last));
        if first < last {
            folds.push(Fold { first, last, comment });
        }
    };
    for set in &file.sets {
        // The line of the closing brace stays in sight.
        let last = set.body.start + set.body.of(text).trim_end().len();
        fold(set.body.start, last, false);
    }
    for pin in &file.pins {
        if let Value::Other(range) = &pin.value {
            fold(range.start, range.end, false);
        }
    }
    let mut run: Option<TextRange> = None;
    for comment in &file.comments {
        match &mut run {
            // `#` comments on lines below one another are one.
            Some(whole) if is_next_line(text, *whole, *comment) => whole.end = comment.end,
            _ => {
                if let Some(whole) = run.replace(*comment) {
                    fold(whole.start, whole.end, true);
                }
            }
        }
    }
    if let Some(whole) = run {
        fold(whole.start, whole.end, true);
    }
    folds.sort_by_key(|fold| (fold.first, std::cmp::Reverse(fold.last)));
    folds.dedup_by_key(|fold| fold.first);
    folds
}

fn is_next_line(text: &str, upper: TextRange, lower: TextRange) -> bool {
    let gap = &text[upper.end..lower.start];
    let starts_line = text[..upper.start].rfind('\n').map_or(0, |at| at + 1);
    text[starts_line..upper.start].trim().is_empty()
        && gap.trim().is_empty()
        && gap.matches('\n').count() == 1
        && lower.of(text).starts_with('#')
}

pub(crate) fn tokens(document: &Document, range: TextRange) -> Vec<Token> {
    let Some(file) = document.packages_nix() else { return Vec::new() };
    let mut tokens = Vec::new();
    for pin in file.pins_in(range) {
        pin_tokens(&document.text, pin, &mut tokens);
    }
    set_tokens(file, range, &mut tokens);
    tokens
        .retain(|token| !token.range.is_empty() && !token.range.of(&document.text).contains('\n'));
    tokens.sort_by_key(|token| token.range);
    tokens.dedup_by_key(|token| token.range.start);
    tokens
}

fn pin_tokens(text: &str, pin: &Pin, tokens: &mut Vec<Token>) {
    let last = pin.segments.len().saturating_sub(1);
    for (at, segment) in pin.segments.iter().enumerate() {
        let kind = if at == last { TokenKind::Package } else { TokenKind::Set };
        tokens.push(Token { range: segment.range, kind });
    }
    let Some(literal) = pin.version() else { return };
    let content = literal.content;
    let mut at = content.start;
    for operator in operators(content.of(text)) {
        let (start, end) = (content.start + operator.start, content.start + operator.end);
        let before = text[at..start].trim();
        if !before.is_empty() {
            let from = at + text[at..start].find(before).unwrap_or(0);
            let range = TextRange::new(from, from + before.len());
            tokens.push(Token { range, kind: TokenKind::Version });
        }
        tokens.push(Token { range: TextRange::new(start, end), kind: TokenKind::Operator });
        at = end;
    }
    let rest = text[at..content.end].trim();
    if !rest.is_empty() {
        let from = at + text[at..content.end].find(rest).unwrap_or(0);
        let range = TextRange::new(from, from + rest.len());
        tokens.push(Token { range, kind: TokenKind::Version });
    }
}

fn set_tokens(file: &PinFile, range: TextRange, tokens: &mut Vec<Token>) {
    for set in &file.sets {
        let Some(binding) = set.binding.as_ref().filter(|binding| binding.range.meets(range))
        else {
            continue;
        };
        for segment in &binding.segments {
            // The name of a long form is a package, and has its token already.
            if file.pins.iter().all(|pin| pin.range != binding.range) {
                tokens.push(Token { range: segment.range, kind: TokenKind::Set });
            }
        }
    }
}
