//! From tokens to pins: finds the top attribute set and reads its bindings.

mod within;

use std::collections::{HashMap, HashSet};

use model::AttrPath;

use crate::{
    TextRange,
    edit::unescape,
    lex::{Kind, Token, Tokens},
    pins::{
        Field, LONG_FORM_KEYS, Literal, MAX_PATH, Notation, Pin, PinFile, Segment, Set, SetBinding,
        SyntaxError, Value,
    },
};

/// Reads the pins of a text from its tokens. `tolerant` says that the text is known to be broken.
pub(crate) fn read(text: &str, tokens: Tokens, tolerant: bool) -> PinFile {
    let Tokens { tokens, comments, errors } = tokens;
    let mut reader =
        Reader { text, tokens, tolerant, out: PinFile { comments, errors, ..PinFile::default() } };
    if let Some(top) = reader.top_set() {
        reader.set(top, Vec::new(), None);
    }
    let mut file = reader.out;
    join_long_forms(&mut file);
    file.errors.sort_by_key(|error| error.range);
    file
}

pub(crate) use within::read as read_within;

struct Reader<'a> {
    text: &'a str,
    tokens: Vec<Token>,
    tolerant: bool,
    out: PinFile,
}

/// An attribute path as it was read.
struct Names {
    segments: Vec<Segment>,
    /// Whether a name is `${…}` or holds one, so that only Nix can tell it.
    dynamic: bool,
    /// The first token behind.
    behind: usize,
}

impl Reader<'_> {
    fn kind(&self, at: usize) -> Option<Kind> {
        self.tokens.get(at).map(|token| token.kind)
    }

    fn error(&mut self, range: TextRange, message: &'static str) {
        self.out.errors.push(SyntaxError { range, message });
    }

    /// The brace that opens the attribute set that is the file's value, behind function heads,
    /// `let … in`, `with …;`, `assert …;`, `rec` and parentheses.
    fn top_set(&self) -> Option<usize> {
        let mut at = 0;
        loop {
            match (self.kind(at)?, self.kind(at + 1)) {
                (Kind::Rec | Kind::Paren, _) => at += 1,
                (Kind::Ident, Some(Kind::Colon)) => at += 2,
                (Kind::Ident, Some(Kind::At)) => at += 2,
                (Kind::Let, _) => at = self.behind_let(at + 1)?,
                (Kind::With | Kind::Assert, _) => at = self.behind_head(at + 1)?,
                (Kind::Brace, _) => {
                    let Some(close) = self.closing(at) else { return Some(at) };
                    match (self.kind(close + 1), self.kind(close + 2), self.kind(close + 3)) {
                        (Some(Kind::Colon), ..) => at = close + 2,
                        (Some(Kind::At), Some(Kind::Ident), Some(Kind::Colon)) => at = close + 4,
                        _ => return Some(at),
                    }
                }
                _ => return None,
            }
        }
    }

    /// The token behind the `in` of a `let` whose bindings start at `at`.
    fn behind_let(&self, mut at: usize) -> Option<usize> {
        let mut depth = Depth::default();
        loop {
            let kind = self.kind(at)?;
            if kind == Kind::In && depth.is_zero() {
                return Some(at + 1);
            }
            depth.pass(kind);
            at += 1;
        }
    }

    /// The token behind the `;` that ends the `with` or `assert` whose expression starts at `at`.
    fn behind_head(&self, mut at: usize) -> Option<usize> {
        let mut depth = Depth::default();
        let mut heads = 1;
        loop {
            let kind = self.kind(at)?;
            match kind {
                Kind::With | Kind::Assert if depth.is_zero() => heads += 1,
                Kind::Semicolon if depth.is_zero() => heads -= 1,
                _ => depth.pass(kind),
            }
            at += 1;
            if heads == 0 {
                return Some(at);
            }
        }
    }

    /// The token that closes the bracket at `open`.
    fn closing(&self, open: usize) -> Option<usize> {
        let mut depth = 0_usize;
        for (at, token) in self.tokens.iter().enumerate().skip(open) {
            match token.kind {
                kind if opens(kind) => depth += 1,
                kind if closes(kind) => {
                    depth = depth.saturating_sub(1);
                    if depth == 0 {
                        return Some(at);
                    }
                }
                _ => {}
            }
        }
        None
    }

    /// Reads the attribute set whose brace is at `open`; returns the token behind it.
    fn set(&mut self, open: usize, path: Vec<String>, binding: Option<SetBinding>) -> usize {
        let set = self.out.sets.len();
        let body = TextRange::new(self.tokens[open].range.end, self.text.len());
        self.out.sets.push(Set { path, body, braced: true, binding });
        let mut at = open + 1;
        loop {
            let Some(token) = self.tokens.get(at).copied() else {
                self.error(self.tokens[open].range, "this `{` is not closed");
                return at;
            };
            match token.kind {
                Kind::BraceEnd => {
                    self.out.sets[set].body.end = token.range.start;
                    return at + 1;
                }
                Kind::Semicolon => at += 1,
                Kind::Inherit => at = self.inherit(at, set),
                kind if starts_name(kind) => at = self.binding(at, set),
                kind if opens(kind) => {
                    self.error(token.range, "a name is expected here");
                    at = self.closing(at).map_or(self.tokens.len(), |close| close + 1);
                }
                _ => {
                    self.error(token.range, "a name is expected here");
                    at += 1;
                }
            }
        }
    }

    /// Reads `inherit a b;` or `inherit (set) a b;`; returns the token behind it.
    fn inherit(&mut self, start: usize, set: usize) -> usize {
        let mut at = start + 1;
        if self.kind(at) == Some(Kind::Paren) {
            at = self.closing(at).map_or(self.tokens.len(), |close| close + 1);
        }
        while let Some(token) = self.tokens.get(at).copied() {
            match token.kind {
                Kind::Semicolon => return at + 1,
                Kind::Ident | Kind::Str { .. } if !self.binding_starts(at) => {
                    let segment = self.segment(token);
                    let value = Value::Other(token.range);
                    self.push_pin(set, vec![segment], value, token.range);
                    at += 1;
                }
                // `inherit` takes no computed names.
                _ => break,
            }
        }
        self.error(self.tokens[start].range, "this `inherit` has no `;`");
        at
    }

    /// Reads `name = value;`; returns the token behind it.
    fn binding(&mut self, start: usize, set: usize) -> usize {
        let Names { segments, dynamic, behind: mut at } = self.names(start);
        let first = self.tokens[start].range.start;
        if self.kind(at) != Some(Kind::Assign) {
            let end = self.tokens[at - 1].range.end;
            let range = TextRange::new(first, end);
            self.error(range, "this name has no value");
            if !dynamic {
                self.push_pin(set, segments, Value::Missing(None), range);
            }
            return self.behind_stray(at);
        }
        let behind_equals = self.tokens[at].range.end;
        at += 1;
        let inner_set = self.out.sets.len();
        let (value, mut at) = self.value(at, behind_equals, set, &segments, dynamic);
        let mut end = self.tokens[at - 1].range.end;
        if self.kind(at) == Some(Kind::Semicolon) {
            end = self.tokens[at].range.end;
            at += 1;
        } else {
            self.error(TextRange::empty(end), "a `;` is missing here");
        }
        let range = TextRange::new(first, end);
        match value {
            // What is behind a computed name is not known to be a pin.
            Some(value) if !dynamic => self.push_pin(set, segments, value, range),
            Some(_) => {}
            None => {
                let binding = self.out.sets[inner_set].binding.as_mut();
                binding.expect("an inner set has a binding").range = range;
            }
        }
        at
    }

    /// The token behind the rest of a line that goes on behind a name without a value.
    fn behind_stray(&self, mut at: usize) -> usize {
        while let Some(token) = self.tokens.get(at)
            && !token.first_of_line
            && matches!(token.kind, Kind::Str { .. } | Kind::Word | Kind::Semicolon | Kind::Sign)
        {
            at += 1;
        }
        at
    }

    /// Reads an attribute path. A name is missing behind a dot that ends its line, in broken text,
    /// or that nothing fitting follows.
    fn names(&mut self, start: usize) -> Names {
        let mut segments = Vec::new();
        let mut dynamic = false;
        let mut at = start;
        loop {
            let token = self.tokens[at];
            match token.kind {
                Kind::Dollar | Kind::StrOpen => {
                    dynamic = true;
                    at = self.closing(at).map_or(self.tokens.len(), |close| close + 1);
                }
                _ => {
                    segments.push(self.segment(token));
                    at += 1;
                }
            }
            if self.kind(at) != Some(Kind::Dot) {
                break;
            }
            let dot_end = self.tokens[at].range.end;
            at += 1;
            let next = self.tokens.get(at);
            let goes_on = next.is_some_and(|next| {
                starts_name(next.kind) && !(self.tolerant && next.first_of_line)
            });
            if !goes_on {
                segments.push(Segment { name: String::new(), range: TextRange::empty(dot_end) });
                self.error(TextRange::empty(dot_end), "a name is missing behind this dot");
                break;
            }
        }
        Names { segments, dynamic, behind: at }
    }

    fn segment(&self, token: Token) -> Segment {
        let name = match token.kind {
            Kind::Str { .. } => self.literal(token).map(|literal| literal.text).unwrap_or_default(),
            _ => token.range.of(self.text).to_owned(),
        };
        Segment { name, range: token.range }
    }

    /// Reads what is behind an `=`. Returns the value, or `None` if it is a set whose pins were
    /// read, and the first token behind (the `;`, where there is one).
    fn value(
        &mut self,
        start: usize,
        behind_equals: usize,
        set: usize,
        segments: &[Segment],
        dynamic: bool,
    ) -> (Option<Value>, usize) {
        let missing = Some(Value::Missing(Some(behind_equals)));
        let Some(token) = self.tokens.get(start).copied() else { return (missing, start) };
        if matches!(token.kind, Kind::Semicolon | Kind::BraceEnd) || self.binding_starts(start) {
            if token.kind == Kind::Semicolon {
                self.error(token.range, "a value is missing before this `;`");
            }
            return (missing, start);
        }
        if matches!(token.kind, Kind::Str { .. })
            && self.value_ends(start + 1)
            && let Some(literal) = self.literal(token)
        {
            return (Some(Value::Text(literal)), start + 1);
        }
        let brace = if token.kind == Kind::Rec { start + 1 } else { start };
        let outer_path = &self.out.sets[set].path;
        if self.kind(brace) == Some(Kind::Brace) && !dynamic && outer_path.len() < MAX_PATH {
            let close = self.closing(brace);
            let is_set = close.is_none_or(|close| self.value_ends(close + 1));
            if is_set {
                let mut path = outer_path.clone();
                path.extend(segments.iter().map(|segment| segment.name.clone()));
                let range = token.range;
                let binding = SetBinding { outer: set, segments: segments.to_vec(), range };
                return (None, self.set(brace, path, Some(binding)));
            }
        }
        let end = self.behind_expression(start);
        let last = self.tokens[end - 1].range.end;
        (Some(Value::Other(TextRange::new(token.range.start, last))), end)
    }

    /// Whether a value that ends before the token at `at` is whole: a `;`, the end of the set or of
    /// the text, or the next binding follows.
    fn value_ends(&self, at: usize) -> bool {
        let Some(token) = self.tokens.get(at) else { return true };
        matches!(token.kind, Kind::Semicolon | Kind::BraceEnd | Kind::Inherit)
            || (self.tolerant && token.first_of_line && starts_name(token.kind))
            || self.binding_starts(at)
    }

    /// The first token behind an expression that starts at `start` (one token at least): its `;`,
    /// the brace that ends the set, or the start of the next binding.
    fn behind_expression(&self, start: usize) -> usize {
        let mut depth = Depth::default();
        let mut heads = 0_usize;
        let mut at = start;
        while let Some(token) = self.tokens.get(at) {
            let zero = depth.is_zero();
            let ended = match token.kind {
                Kind::Semicolon if zero && heads > 0 => {
                    heads -= 1;
                    false
                }
                Kind::Semicolon => zero,
                Kind::With | Kind::Assert => {
                    heads += usize::from(zero);
                    false
                }
                Kind::BraceEnd => !depth.has_brace(),
                // Bindings stand in sets and `let`s alone.
                _ => !depth.takes_bindings() && at > start && self.binding_starts(at),
            };
            if ended {
                return at.max(start + 1);
            }
            depth.pass(token.kind);
            at += 1;
        }
        at
    }

    /// Whether `name =` or `name.name =` starts at `at`.
    fn binding_starts(&self, mut at: usize) -> bool {
        let behind_dot = at > 0 && self.kind(at - 1) == Some(Kind::Dot);
        if behind_dot && !(self.tolerant && self.tokens[at].first_of_line) {
            return false;
        }
        // A bound on the names keeps the time linear for a text of nothing but names and dots.
        for _ in 0..32 {
            match self.kind(at) {
                Some(Kind::Ident | Kind::Str { .. }) => at += 1,
                _ => return false,
            }
            match self.kind(at) {
                Some(Kind::Assign) => return true,
                Some(Kind::Dot) => at += 1,
                _ => return false,
            }
        }
        false
    }

    /// The string of a [`Kind::Str`] token, unless only Nix can tell what it means.
    fn literal(&self, token: Token) -> Option<Literal> {
        let Kind::Str { closed, indented } = token.kind else { return None };
        let quote = if indented { 2 } else { 1 };
        let end = if closed { token.range.end - quote } else { token.range.end };
        let content = TextRange::new(token.range.start + quote, end.max(token.range.start + quote));
        let written = content.of(self.text);
        let text = match indented {
            false => unescape(written),
            // Indentation and escapes of this form are not worth the code: no version needs them.
            true if written.contains(['\n', '\r', '\'']) => return None,
            true => written.to_owned(),
        };
        Some(Literal { text, range: token.range, content, closed, indented })
    }

    fn push_pin(&mut self, set: usize, segments: Vec<Segment>, value: Value, range: TextRange) {
        let outer = self.out.sets[set].path.iter().map(String::as_str);
        let inner = segments.iter().filter(|s| !s.range.is_empty()).map(|s| s.name.as_str());
        // A path of no names cannot come here: a binding starts with a name.
        let Ok(path) = AttrPath::from_segments(outer.chain(inner)) else { return };
        let notation = Notation::Binding;
        self.out.pins.push(Pin { path, set, segments, value, range, notation });
    }
}

/// What is open between the start of an expression and a token of it.
#[derive(Default)]
struct Depth {
    /// The closing kinds of what is open, the innermost last.
    open: Vec<Kind>,
    /// How many of each closing kind are open. Looking for one that is not there would be quadratic.
    counts: HashMap<Kind, usize>,
}

impl Depth {
    fn is_zero(&self) -> bool {
        self.open.is_empty()
    }

    fn has_brace(&self) -> bool {
        self.counts.get(&Kind::BraceEnd).is_some_and(|count| *count > 0)
    }

    /// Whether a binding may stand here.
    fn takes_bindings(&self) -> bool {
        matches!(self.open.last(), Some(Kind::BraceEnd | Kind::In))
    }

    fn pass(&mut self, kind: Kind) {
        if let Some(closing) = closing_of(kind) {
            self.open.push(closing);
            *self.counts.entry(closing).or_default() += 1;
        } else if self.counts.get(&kind).is_some_and(|count| *count > 0) {
            // What was opened since and not closed is a mistake that ends here.
            while let Some(closed) = self.open.pop() {
                *self.counts.entry(closed).or_default() -= 1;
                if closed == kind {
                    break;
                }
            }
        }
    }
}

fn closing_of(open: Kind) -> Option<Kind> {
    match open {
        Kind::Paren => Some(Kind::ParenEnd),
        Kind::Bracket => Some(Kind::BracketEnd),
        Kind::StrOpen => Some(Kind::StrClose),
        Kind::Brace | Kind::Dollar => Some(Kind::BraceEnd),
        Kind::Let => Some(Kind::In),
        _ => None,
    }
}

fn opens(kind: Kind) -> bool {
    matches!(kind, Kind::Brace | Kind::Paren | Kind::Bracket | Kind::Dollar | Kind::StrOpen)
}

fn closes(kind: Kind) -> bool {
    matches!(kind, Kind::BraceEnd | Kind::ParenEnd | Kind::BracketEnd | Kind::StrClose)
}

/// Whether an attribute name can start so. Keywords are names that are still being typed.
fn starts_name(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Ident
            | Kind::Str { .. }
            | Kind::StrOpen
            | Kind::Dollar
            | Kind::Let
            | Kind::In
            | Kind::With
            | Kind::Assert
            | Kind::Rec
            | Kind::Keyword
    )
}

/// Turns `go.version = …; go.revision = …;`, in whichever notation, into one pin of `go`.
///
/// Attributes belong to a long form if a string named `version` is among their siblings, or if all
/// are named like fields of a long form and one is `revision`.
fn join_long_forms(file: &mut PinFile) {
    let long_forms = long_forms(file);
    if long_forms.is_empty() {
        return;
    }
    let mut joined: HashMap<Vec<String>, usize> = HashMap::new();
    for pin in std::mem::take(&mut file.pins) {
        let path = pin.path.segments();
        let Some(length) = (1..path.len()).find(|length| long_forms.contains(&path[..*length]))
        else {
            file.pins.push(pin);
            continue;
        };
        // What is deeper inside a long form is neither a field nor a pin.
        if length + 1 != path.len() || pin.is_cut_off() {
            continue;
        }
        let parent = &path[..length];
        let (mut whole, field) = split_field(file, pin, parent);
        match joined.get(parent) {
            Some(at) => {
                let long = &mut file.pins[*at];
                if let Value::Long(fields) = &mut long.value {
                    // The pin stands where its version does.
                    if field.key.name == "version" {
                        std::mem::swap(&mut long.range, &mut whole.range);
                        std::mem::swap(&mut long.segments, &mut whole.segments);
                        std::mem::swap(&mut long.set, &mut whole.set);
                    }
                    fields.push(field);
                }
            }
            None => {
                joined.insert(parent.to_vec(), file.pins.len());
                whole.value = Value::Long(vec![field]);
                file.pins.push(whole);
            }
        }
    }
    file.pins.sort_by_key(|pin| pin.range);
}

/// The paths of the attribute sets that are long forms.
fn long_forms(file: &PinFile) -> HashSet<Vec<String>> {
    #[derive(Default)]
    struct Fields {
        version: bool,
        revision: bool,
        others: bool,
    }
    let mut by_parent: HashMap<Vec<String>, Fields> = HashMap::new();
    let decides = |pin: &Pin| {
        let name = pin.segments.last().map(|segment| segment.name.as_str());
        matches!(name, Some("version" | "revision"))
    };
    if !file.pins.iter().any(decides) {
        return HashSet::new();
    }
    for pin in file.pins.iter().filter(|pin| !pin.is_cut_off()) {
        let mut path = pin.path.segments();
        let Some(name) = path.pop().filter(|_| !path.is_empty()) else { continue };
        let fields = by_parent.entry(path).or_default();
        fields.version |= name == "version" && matches!(pin.value, Value::Text(_));
        fields.revision |= name == "revision";
        fields.others |= !LONG_FORM_KEYS.contains(&name.as_str());
    }
    let is_long = |fields: &Fields| fields.version || (fields.revision && !fields.others);
    by_parent.into_iter().filter(|(_, fields)| is_long(fields)).map(|(path, _)| path).collect()
}

/// The long form's pin that a field's binding says something of, still without value, and the
/// field.
fn split_field(file: &PinFile, pin: Pin, parent: &[String]) -> (Pin, Field) {
    let path = AttrPath::from_segments(parent).expect("a long form has a name");
    let Pin { set, mut segments, value, range, .. } = pin;
    let key = segments.pop().expect("a pin has one segment at least");
    let field = Field { key, value };
    let (set, segments, range) = match &file.sets[set].binding {
        Some(binding) if segments.is_empty() => {
            (binding.outer, binding.segments.clone(), binding.range)
        }
        _ => (set, segments, range),
    };
    let (value, notation) = (Value::Missing(None), Notation::Binding);
    (Pin { path, set, segments, value, range, notation }, field)
}
