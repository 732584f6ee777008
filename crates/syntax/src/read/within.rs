//! Pins within files that are no packages.nix: one pass over the tokens, which keeps the names that
//! lead to where it is.

use model::{AttrPath, attr_path::split_version};

use super::{Depth, Reader, join_long_forms};
use crate::{
    TextRange,
    edit::unescape,
    lex::{Kind, Token, Tokens},
    pins::{Literal, Notation, Pin, PinFile, Segment, Set, Value},
    shapes,
};

/// Reads the pins of a text from its tokens. `tolerant` says that the text is known to be broken.
pub(crate) fn read(text: &str, tokens: Tokens, tolerant: bool) -> PinFile {
    let Tokens { tokens, comments, errors } = tokens;
    let mut reader =
        Reader { text, tokens, tolerant, out: PinFile { comments, errors, ..PinFile::default() } };
    reader.within();
    reader.out.errors.sort_by_key(|error| error.range);
    reader.out
}

/// Something that is open where the pass is.
struct Frame {
    /// How many names lead to it.
    names: usize,
    /// Whether it is the set that a function of ours is called with.
    called: bool,
    /// The set, as its place in [`PinFile::sets`], of which the strings in it are pins.
    items: Option<usize>,
}

/// What a binding is.
enum Target {
    /// Nothing of ours. The token behind its `=`.
    Other(usize),
    /// Pins in the set with this brace.
    Set(usize),
    /// Pins in the list with this bracket.
    List(usize),
    /// A pin, the names of which start at this token.
    Pin(usize),
}

impl<'a> Reader<'a> {
    fn within(&mut self) {
        let mut names: Vec<&str> = Vec::new();
        let mut depth = Depth::default();
        let mut frames: Vec<Frame> = Vec::new();
        let mut at = 0;
        while let Some(token) = self.tokens.get(at).copied() {
            let frame = frames.last();
            let whole = self.binding_starts(at);
            if whole || self.may_be_cut_off(at) {
                let base = frame.map_or(0, |frame| frame.names);
                names.truncate(base);
                let called = frame.is_some_and(|frame| frame.called);
                let target = self.target(at, called, &mut names);
                if whole || matches!(target, Target::Pin(_)) {
                    match target {
                        Target::Other(value) => at = value,
                        Target::Set(brace) => {
                            at = self.group(|reader| reader.set(brace, Vec::new(), None));
                        }
                        Target::List(bracket) => {
                            let token = self.tokens[bracket];
                            let items = Some(self.top(TextRange::empty(token.range.end)));
                            depth.pass(token.kind);
                            frames.push(Frame { names: names.len(), called: false, items });
                            at = bracket + 1;
                        }
                        Target::Pin(name) => {
                            at = self.group(|reader| {
                                let set = reader.top(reader.tokens[name].range);
                                reader.binding(name, set)
                            });
                        }
                    }
                    continue;
                }
                names.truncate(base);
            }
            match token.kind {
                Kind::Str { .. } => {
                    if let Some(set) = frame.and_then(|frame| frame.items) {
                        self.whole_string(set, token, token.range.start + 1, Notation::Item);
                    }
                }
                Kind::Ident => {
                    at = self.call(at);
                    continue;
                }
                kind => {
                    depth.pass(kind);
                    if depth.open.len() > frames.len() {
                        let called = kind == Kind::Brace && self.is_called(at);
                        frames.push(Frame { names: names.len(), called, items: None });
                    } else if let Some(closed) = frames.get(depth.open.len()) {
                        names.truncate(closed.names);
                        frames.truncate(depth.open.len());
                    }
                }
            }
            at += 1;
        }
    }

    /// Reads pins that are apart from all that were read before; returns the token behind them.
    fn group(&mut self, read: impl FnOnce(&mut Self) -> usize) -> usize {
        let before = std::mem::take(&mut self.out);
        let behind = read(self);
        join_long_forms(&mut self.out);
        let group = std::mem::replace(&mut self.out, before);
        let first = self.out.sets.len();
        self.out.errors.extend(group.errors);
        self.out.pins.extend(group.pins.into_iter().map(|pin| Pin { set: pin.set + first, ..pin }));
        self.out.sets.extend(group.sets.into_iter().map(|mut set| {
            if let Some(binding) = &mut set.binding {
                binding.outer += first;
            }
            set
        }));
        behind
    }

    /// Adds a top set without braces; returns its place in [`PinFile::sets`].
    fn top(&mut self, body: TextRange) -> usize {
        self.out.sets.push(Set { path: Vec::new(), body, braced: false, binding: None });
        self.out.sets.len() - 1
    }

    /// What the binding that starts at a token is. Its names are added to those that lead to its
    /// set; `called` says that a function of ours is called with that.
    fn target(&self, start: usize, called: bool, names: &mut Vec<&'a str>) -> Target {
        let text = self.text;
        let base = names.len();
        let mut at = start;
        loop {
            names.push(self.tokens[at].range.of(text).trim_matches('"'));
            let ours = (called && names[base..] == ["packages"]) || shapes::is_option(names);
            let is_last = self.kind(at + 1) != Some(Kind::Dot) || !self.is_name(at + 2);
            at += 2;
            match (ours, is_last, self.kind(at)) {
                (true, true, Some(Kind::Brace)) => return Target::Set(at),
                (true, true, Some(Kind::Rec)) if self.kind(at + 1) == Some(Kind::Brace) => {
                    return Target::Set(at + 1);
                }
                (true, true, Some(Kind::Bracket)) => return Target::List(at),
                (true, false, _) => return Target::Pin(at),
                (_, true, _) => return Target::Other(at),
                (false, false, _) => {}
            }
        }
    }

    /// Whether the token at a place is a name, or a text that stands for one.
    fn is_name(&self, at: usize) -> bool {
        matches!(self.kind(at), Some(Kind::Ident | Kind::Str { .. }))
    }

    /// Whether the start of a binding, which has no `=` yet, may be at a token.
    fn may_be_cut_off(&self, at: usize) -> bool {
        let before = at.checked_sub(1).and_then(|at| self.kind(at));
        self.is_name(at) && matches!(before, Some(Kind::Brace | Kind::Semicolon))
    }

    /// Whether the brace at a token opens the set that a function of ours is called with.
    fn is_called(&self, brace: usize) -> bool {
        let before = brace.checked_sub(1).map(|at| self.tokens[at]);
        before.is_some_and(|token| {
            let name = token.range.of(self.text);
            token.kind == Kind::Ident && shapes::TAKE_PACKAGES.contains(&name)
        })
    }

    /// Reads the pin of a call whose function ends with the name at a token, if it is one of ours;
    /// returns the token behind what was read.
    fn call(&mut self, at: usize) -> usize {
        let text = self.text;
        let name = |at: usize| self.tokens[at].range.of(text);
        let first = self.tokens.get(at + 1).copied();
        let Some(first) = first.filter(|token| matches!(token.kind, Kind::Str { .. })) else {
            return at + 1;
        };
        let of_ours = at > 1 && self.kind(at - 1) == Some(Kind::Dot) && name(at - 2) == shapes::SET;
        let start = first.range.start + 1;
        match name(at) {
            shapes::TAKES_VERSION => self.two_strings(first, at + 2),
            shapes::PIN if of_ours => self.two_strings(first, at + 2),
            shapes::TAKES_ADDRESS if text[start..].starts_with(shapes::SCHEME) => {
                let set = self.top(first.range);
                self.whole_string(set, first, start + shapes::SCHEME.len(), Notation::Address);
                at + 2
            }
            _ => at + 1,
        }
    }

    /// Reads a name, and the version in the string at a token, if there is one; returns the token
    /// behind.
    fn two_strings(&mut self, name: Token, version: usize) -> usize {
        let Some(content) = self.one_line(name).map(|literal| literal.content) else {
            return version;
        };
        let token = self.tokens.get(version).copied();
        let literal = token.filter(|token| matches!(token.kind, Kind::Str { .. }));
        let literal = literal.and_then(|token| self.one_line(token));
        let (end, behind) = match &literal {
            Some(literal) => (literal.range.end, version + 1),
            None => (name.range.end, version),
        };
        let range = TextRange::new(name.range.start, end);
        let set = self.top(range);
        let value = literal.map_or(Value::Missing(None), Value::Text);
        self.push_string(set, content, value, range, Notation::Call);
        behind
    }

    /// Reads a string that has a name from `start` on, and a version behind it.
    fn whole_string(&mut self, set: usize, token: Token, start: usize, notation: Notation) {
        let Some(literal) = self.one_line(token) else { return };
        let content = TextRange::new(start, literal.content.end.max(start));
        let written = content.of(self.text);
        let (name, version) = match notation {
            Notation::Item => split_version(written),
            _ => match written.rsplit_once('/') {
                Some((name, version)) => (name, Some(version)),
                None => (written, None),
            },
        };
        let value = match version {
            Some(version) => {
                let range = TextRange::new(content.end - version.len(), content.end);
                Value::Text(Literal { text: unescape(version), range, content: range, ..literal })
            }
            None => Value::Missing(None),
        };
        let name = TextRange::new(content.start, content.start + name.len());
        self.push_string(set, name, value, token.range, notation);
    }

    /// The string of a token, if it is in quotes and in one line.
    fn one_line(&mut self, token: Token) -> Option<Literal> {
        let literal = self.literal(token).filter(|literal| !literal.indented)?;
        if literal.content.of(self.text).contains(['\n', '\r']) {
            self.error(token.range, "this string goes over several lines");
            return None;
        }
        Some(literal)
    }

    fn push_string(
        &mut self,
        set: usize,
        name: TextRange,
        value: Value,
        range: TextRange,
        notation: Notation,
    ) {
        let segments = segments(self.text, name);
        let names = segments.iter().filter(|s| !s.range.is_empty()).map(|s| s.name.as_str());
        let path = AttrPath::from_segments(names).unwrap_or_else(|_| AttrPath::top(""));
        self.out.pins.push(Pin { path, set, segments, value, range, notation });
    }
}

/// The names of an attribute path that is written in a string.
fn segments(text: &str, range: TextRange) -> Vec<Segment> {
    let mut segments = Vec::new();
    let mut push = |start: usize, end: usize| {
        let range = TextRange::new(start, end);
        let name = unescape(range.of(text));
        segments.push(Segment { name: name.trim_matches('"').to_owned(), range });
    };
    let mut start = range.start;
    let mut quoted = false;
    for (at, sign) in range.of(text).char_indices() {
        let at = range.start + at;
        match sign {
            '"' => quoted = !quoted,
            '.' if !quoted => {
                push(start, at);
                start = at + 1;
            }
            _ => {}
        }
    }
    push(start, range.end);
    segments
}
