//! Tokens: as much of Nix's lexer as it takes to find bindings.
//!
//! Each byte is looked at a bounded number of times, whatever the text. (`rnix`'s tokenizer looks
//! ahead to the end of a run of path characters at each token of the run, which is quadratic for a
//! line of dots or dashes, and it ends an unclosed string with the file.)

use crate::{
    TextRange,
    pins::{MAX_NESTING, Refusal, SyntaxError},
};

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    Ident,
    Let,
    In,
    With,
    Assert,
    Rec,
    Inherit,
    /// `if`, `then`, `else`.
    Keyword,
    /// A string without interpolation, with its quotes.
    Str {
        closed: bool,
        indented: bool,
    },
    /// The start of a string up to its first `${`.
    StrOpen,
    /// What is between two interpolations of a string.
    StrMiddle,
    /// The end of a string behind its last interpolation.
    StrClose,
    /// `${` outside strings.
    Dollar,
    Brace,
    BraceEnd,
    Paren,
    ParenEnd,
    Bracket,
    BracketEnd,
    Assign,
    Semicolon,
    Dot,
    Colon,
    At,
    /// A number, a URI.
    Word,
    /// Any other sign.
    Sign,
}

/// A token.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Token {
    pub kind: Kind,
    pub range: TextRange,
    /// Whether it is the first of its line.
    pub first_of_line: bool,
}

/// A text's tokens and what was found between them.
#[derive(Debug, Default)]
pub(crate) struct Tokens {
    pub tokens: Vec<Token>,
    pub comments: Vec<TextRange>,
    pub errors: Vec<SyntaxError>,
}

/// What is open around a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Context {
    Bracket,
    Interpolation { indented: bool },
}

struct Lexer<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    /// Whether a string that swallows the lines behind it ends with its line.
    tolerant: bool,
    first_of_line: bool,
    contexts: Vec<Context>,
    /// How many `let`s wait for their `in`.
    lets: usize,
    /// Up to where the end of a string in quotes was looked for in vain: a string that starts before
    /// ends with its line, so that nothing is looked through twice.
    own_line_until: usize,
    /// Set once something runs to the end of the text unclosed, so that it is not looked for again.
    no_indented_end: bool,
    no_comment_end: bool,
    out: Tokens,
}

/// The tokens of a text.
pub(crate) fn lex(text: &str, tolerant: bool) -> Result<Tokens, Refusal> {
    let mut lexer = Lexer {
        text,
        bytes: text.as_bytes(),
        at: 0,
        tolerant,
        first_of_line: true,
        contexts: Vec::new(),
        lets: 0,
        own_line_until: 0,
        no_indented_end: false,
        no_comment_end: false,
        // A pin of some thirty bytes is five tokens.
        out: Tokens { tokens: Vec::with_capacity(text.len() / 6), ..Tokens::default() },
    };
    while lexer.at < lexer.bytes.len() {
        lexer.next()?;
    }
    Ok(lexer.out)
}

impl Lexer<'_> {
    fn next(&mut self) -> Result<(), Refusal> {
        let start = self.at;
        let byte = self.bytes[start];
        match byte {
            b'\n' | b'\r' => {
                self.first_of_line = true;
                self.at += 1;
            }
            b' ' | b'\t' => self.at += 1,
            b'#' => {
                self.at = self.line_end(start);
                self.out.comments.push(TextRange::new(start, self.at));
            }
            b'/' if self.looks_at("/*") => self.block_comment(start),
            b'"' => {
                self.at += 1;
                self.string_body(start, false, true)?;
            }
            b'\'' if self.looks_at("''") => {
                self.at += 2;
                self.string_body(start, true, true)?;
            }
            b'$' if self.looks_at("${") => {
                self.at += 2;
                self.push(Kind::Dollar, start);
                self.open(Context::Bracket, start)?;
            }
            b'a'..=b'z' | b'A'..=b'Z' | b'_' => self.word(start)?,
            b'0'..=b'9' => {
                self.eat(|b| b.is_ascii_digit() || b == b'.');
                self.push(Kind::Word, start);
            }
            b'{' | b'(' | b'[' => {
                self.at += 1;
                let kind = match byte {
                    b'{' => Kind::Brace,
                    b'(' => Kind::Paren,
                    _ => Kind::Bracket,
                };
                self.push(kind, start);
                self.open(Context::Bracket, start)?;
            }
            b'}' => {
                self.at += 1;
                match self.contexts.pop() {
                    Some(Context::Interpolation { indented }) => {
                        return self.string_body(self.at, indented, false);
                    }
                    _ => self.push(Kind::BraceEnd, start),
                }
            }
            b')' | b']' => {
                self.at += 1;
                // In broken text the bracket that is open may be one that a `}` has to close.
                if self.contexts.last() == Some(&Context::Bracket) {
                    self.contexts.pop();
                }
                self.push(if byte == b')' { Kind::ParenEnd } else { Kind::BracketEnd }, start);
            }
            b'=' if self.looks_at("==") => self.sign(start, 2),
            b'!' if self.looks_at("!=") => self.sign(start, 2),
            b'<' if self.looks_at("<=") => self.sign(start, 2),
            b'>' if self.looks_at(">=") => self.sign(start, 2),
            b'.' if self.looks_at("...") => self.sign(start, 3),
            b'=' => self.one(Kind::Assign, start),
            b';' => self.one(Kind::Semicolon, start),
            b'.' => self.one(Kind::Dot, start),
            b':' => self.one(Kind::Colon, start),
            b'@' => self.one(Kind::At, start),
            _ => {
                let length = self.text[start..].chars().next().map_or(1, char::len_utf8);
                let blank = self.text[start..].starts_with(char::is_whitespace);
                if blank {
                    self.at += length;
                } else {
                    self.sign(start, length);
                }
            }
        }
        Ok(())
    }

    /// An identifier, a keyword, or a URI such as `https://nixos.org/?a=b`.
    fn word(&mut self, start: usize) -> Result<(), Refusal> {
        self.eat(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'\''));
        let is_uri = self.bytes.get(self.at) == Some(&b':')
            && self.bytes.get(self.at + 1).copied().is_some_and(is_uri_byte)
            && !self.text[start..self.at].contains(['_', '\'']);
        if is_uri {
            self.at += 1;
            self.eat(is_uri_byte);
            self.push(Kind::Word, start);
            return Ok(());
        }
        let kind = match &self.text[start..self.at] {
            "let" => Kind::Let,
            "in" => Kind::In,
            "with" => Kind::With,
            "assert" => Kind::Assert,
            "rec" => Kind::Rec,
            "inherit" => Kind::Inherit,
            "if" | "then" | "else" => Kind::Keyword,
            _ => Kind::Ident,
        };
        match kind {
            Kind::Let => self.lets += 1,
            Kind::In => self.lets = self.lets.saturating_sub(1),
            _ => {}
        }
        self.push(kind, start);
        if self.lets > MAX_NESTING { Err(Refusal::TooDeep { at: start }) } else { Ok(()) }
    }

    fn block_comment(&mut self, start: usize) {
        let end = match self.no_comment_end {
            true => None,
            false => self.text[start + 2..].find("*/").map(|at| start + 2 + at + 2),
        };
        self.at = end.unwrap_or_else(|| {
            self.no_comment_end = true;
            self.error(TextRange::new(start, start + 2), "this comment is not closed");
            if self.tolerant { self.line_end(start) } else { self.bytes.len() }
        });
        let breaks = self.text[start..self.at].contains(['\n', '\r']);
        self.first_of_line |= breaks;
        self.out.comments.push(TextRange::new(start, self.at));
    }

    /// Goes on in a string up to its end or its next interpolation. `start` is where the piece
    /// starts: at the opening quote (`opening`) or behind an interpolation.
    fn string_body(&mut self, start: usize, indented: bool, opening: bool) -> Result<(), Refusal> {
        let body = self.at;
        let end = if indented { self.indented_end(body) } else { self.quoted_end(body) };
        match end {
            StringEnd::Interpolation(at) => {
                self.at = at + 2;
                self.push(if opening { Kind::StrOpen } else { Kind::StrMiddle }, start);
                self.open(Context::Interpolation { indented }, at)
            }
            StringEnd::Closed(behind) => {
                self.at = behind;
                let whole = Kind::Str { closed: true, indented };
                self.push(if opening { whole } else { Kind::StrClose }, start);
                Ok(())
            }
            StringEnd::Cut(at) => {
                self.at = at;
                self.error(TextRange::new(start, at), "this string is not closed");
                let whole = Kind::Str { closed: false, indented };
                self.push(if opening { whole } else { Kind::StrClose }, start);
                Ok(())
            }
        }
    }

    fn quoted_end(&mut self, body: usize) -> StringEnd {
        let limit = if body < self.own_line_until { self.line_end(body) } else { self.bytes.len() };
        let mut at = body;
        let mut line_end = None;
        while let Some(byte) = self.bytes[..limit].get(at) {
            match byte {
                b'"' => return StringEnd::Closed(at + 1),
                b'\\' => at += 1,
                b'$' if self.bytes.get(at + 1) == Some(&b'$') => at += 1,
                b'$' if self.bytes.get(at + 1) == Some(&b'{') => {
                    return StringEnd::Interpolation(at);
                }
                b'\n' | b'\r' if self.tolerant => {
                    line_end.get_or_insert(at);
                    if looks_like_binding(&self.bytes[at + 1..]) {
                        break;
                    }
                }
                _ => {}
            }
            at += 1;
        }
        self.own_line_until = self.own_line_until.max(at);
        let end = line_end.unwrap_or_else(|| at.min(limit));
        StringEnd::Cut(if self.tolerant { self.before_line_tail(body, end) } else { end })
    }

    fn indented_end(&mut self, body: usize) -> StringEnd {
        let mut at = body;
        while !self.no_indented_end
            && let Some(byte) = self.bytes.get(at)
        {
            match byte {
                b'\'' if self.bytes.get(at + 1) == Some(&b'\'') => match self.bytes.get(at + 2) {
                    Some(b'\'' | b'$') => at += 2,
                    Some(b'\\') => at += 3,
                    _ => return StringEnd::Closed(at + 2),
                },
                b'$' if self.bytes.get(at + 1) == Some(&b'$') => at += 1,
                b'$' if self.bytes.get(at + 1) == Some(&b'{') => {
                    return StringEnd::Interpolation(at);
                }
                _ => {}
            }
            at += 1;
        }
        self.no_indented_end = true;
        let end = if self.tolerant { self.line_end(body) } else { self.bytes.len() };
        StringEnd::Cut(if self.tolerant { self.before_line_tail(body, end) } else { end })
    }

    /// Where an unclosed string that ends with its line ends: before blanks, before a comment, and
    /// before one `;`.
    fn before_line_tail(&self, body: usize, end: usize) -> usize {
        let line = &self.text[body..end];
        let line = line.find(" #").map_or(line, |comment| &line[..comment]);
        let line = line.trim_end();
        let line = line.strip_suffix(';').unwrap_or(line).trim_end();
        body + line.len()
    }

    fn open(&mut self, context: Context, at: usize) -> Result<(), Refusal> {
        self.contexts.push(context);
        if self.contexts.len() > MAX_NESTING {
            return Err(Refusal::TooDeep { at });
        }
        Ok(())
    }

    fn one(&mut self, kind: Kind, start: usize) {
        self.at += 1;
        self.push(kind, start);
    }

    fn sign(&mut self, start: usize, length: usize) {
        self.at += length;
        self.push(Kind::Sign, start);
    }

    fn push(&mut self, kind: Kind, start: usize) {
        let range = TextRange::new(start, self.at);
        let first_of_line = std::mem::take(&mut self.first_of_line);
        self.out.tokens.push(Token { kind, range, first_of_line });
    }

    fn error(&mut self, range: TextRange, message: &'static str) {
        self.out.errors.push(SyntaxError { range, message });
    }

    fn eat(&mut self, wanted: impl Fn(u8) -> bool) {
        while self.bytes.get(self.at).copied().is_some_and(&wanted) {
            self.at += 1;
        }
    }

    fn looks_at(&self, sign: &str) -> bool {
        self.bytes[self.at..].starts_with(sign.as_bytes())
    }

    fn line_end(&self, from: usize) -> usize {
        let breaks = |b: &u8| matches!(b, b'\n' | b'\r');
        self.bytes[from..].iter().position(breaks).map_or(self.bytes.len(), |at| from + at)
    }
}

enum StringEnd {
    /// The offset behind its closing quote.
    Closed(usize),
    /// The offset of its `${`.
    Interpolation(usize),
    /// The offset at which it is taken to end, without a closing quote.
    Cut(usize),
}

fn is_uri_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"%/?:@&=+$,-_.!~*'".contains(&byte)
}

/// Whether a line starts as a binding does (`name = `), with a text in quotes, or with the end of a
/// set or list. Looks no further than the line.
fn looks_like_binding(line: &[u8]) -> bool {
    let blanks = line.iter().take_while(|b| matches!(b, b' ' | b'\t')).count();
    let rest = &line[blanks..];
    let name =
        rest.iter().take_while(|b| b.is_ascii_alphanumeric() || b"_-'.\"@/+".contains(b)).count();
    let gap = rest[name..].iter().take_while(|b| matches!(b, b' ' | b'\t')).count();
    let behind = &rest[name + gap..];
    match rest.first() {
        Some(b'}' | b']') => true,
        Some(b'"') if name > 1 && rest[name - 1] == b'"' => true,
        Some(_) if name > 0 => behind.first() == Some(&b'=') && behind.get(1) != Some(&b'='),
        _ => false,
    }
}
