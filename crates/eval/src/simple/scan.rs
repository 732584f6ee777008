//! The shape of Nix text, without parsing it: where brackets, strings and `;` are. It is some ten
//! times quicker than a parse and needs no stack, so it decides what is parsed at all.
//!
//! Source of the rules: Nix's lexer (`src/libexpr/lexer.l` of the Nix repository).

/// What the scanner tells apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `{`, `(`, `[` or `${`, by its bracket.
    Open(u8),
    /// `}`, `)` or `]`.
    Close(u8),
    /// `;`.
    Semicolon,
    /// `,`.
    Comma,
    /// A keyword or a name, or the letters and digits of a path or a number.
    Word,
    /// A whole run of string text, quotes included.
    Text,
    /// Any other byte: an operator, a part of one, or of a path.
    Other,
}

/// A piece of the text, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Piece {
    /// What it is.
    pub kind: Kind,
    /// Where it begins.
    pub start: usize,
    /// Where the next thing begins.
    pub end: usize,
}

/// Goes through a text piece by piece. Comments and white space are left out.
pub struct Scanner<'a> {
    text: &'a [u8],
    at: usize,
    /// What each open bracket returns to when it closes.
    modes: Vec<Mode>,
    mode: Mode,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Code,
    String,
    Indented,
}

impl<'a> Scanner<'a> {
    /// Starts at a byte of the text that is outside of strings and comments.
    pub fn new(text: &'a [u8], at: usize) -> Self {
        Self { text, at, modes: Vec::new(), mode: Mode::Code }
    }

    fn byte(&self, ahead: usize) -> u8 {
        self.text.get(self.at + ahead).copied().unwrap_or(0)
    }

    fn skip_blank(&mut self) {
        loop {
            match self.byte(0) {
                b' ' | b'\t' | b'\r' | b'\n' => self.at += 1,
                b'#' => self.at += line_length(&self.text[self.at..]),
                b'/' if self.byte(1) == b'*' => {
                    let rest = &self.text[self.at + 2..];
                    let end = rest.windows(2).position(|w| w == b"*/");
                    self.at += end.map_or(self.text.len() - self.at, |end| end + 4);
                }
                _ => return,
            }
        }
    }

    /// The string text from here to its end or to a `${`, which is left for the next call.
    fn text_run(&mut self) {
        let indented = self.mode == Mode::Indented;
        while self.at < self.text.len() {
            match (self.byte(0), self.byte(1)) {
                (b'$', b'{') => return,
                (b'$', b'"' | b'\\') if !indented => self.at += 1,
                (b'$', b'\'') if indented => self.at += 1,
                (b'$', _) => self.at += 2,
                (b'\\', _) if !indented => self.at += 2,
                (b'"', _) if !indented => {
                    self.at += 1;
                    self.mode = Mode::Code;
                    return;
                }
                (b'\'', b'\'') if indented => match self.byte(2) {
                    b'$' | b'\'' => self.at += 3,
                    b'\\' => self.at += 4,
                    _ => {
                        self.at += 2;
                        self.mode = Mode::Code;
                        return;
                    }
                },
                _ => self.at += 1,
            }
        }
        self.at = self.text.len();
    }

    fn word(&mut self) {
        let rest = &self.text[self.at..];
        let length = rest.iter().position(|b| !is_word(*b)).unwrap_or(rest.len());
        // A web address is one token; it may hold `'`, `,` and `/*`.
        let scheme = rest.iter().position(|b| !is_scheme(*b)).unwrap_or(rest.len());
        let address = rest.get(scheme) == Some(&b':') && rest[0].is_ascii_alphabetic();
        let tail = if address { &rest[scheme + 1..] } else { &[] };
        let tail = tail.iter().position(|b| !is_address(*b)).unwrap_or(tail.len());
        self.at += if tail > 0 { scheme + 1 + tail } else { length };
    }
}

impl Iterator for Scanner<'_> {
    type Item = Piece;

    fn next(&mut self) -> Option<Piece> {
        if self.mode == Mode::Code {
            self.skip_blank();
        }
        let start = self.at;
        if start >= self.text.len() {
            return None;
        }
        let kind = if self.mode != Mode::Code {
            if self.byte(0) == b'$' && self.byte(1) == b'{' {
                self.at += 2;
                self.modes.push(self.mode);
                self.mode = Mode::Code;
                Kind::Open(b'{')
            } else {
                self.text_run();
                Kind::Text
            }
        } else {
            match self.byte(0) {
                b'"' => {
                    self.at += 1;
                    self.mode = Mode::String;
                    self.text_run();
                    Kind::Text
                }
                b'\'' if self.byte(1) == b'\'' => {
                    self.at += 2;
                    self.mode = Mode::Indented;
                    self.text_run();
                    Kind::Text
                }
                b'$' if self.byte(1) == b'{' => {
                    self.at += 2;
                    self.modes.push(Mode::Code);
                    Kind::Open(b'{')
                }
                b @ (b'{' | b'(' | b'[') => {
                    self.at += 1;
                    self.modes.push(Mode::Code);
                    Kind::Open(b)
                }
                b @ (b'}' | b')' | b']') => {
                    self.at += 1;
                    self.mode = self.modes.pop().unwrap_or(Mode::Code);
                    Kind::Close(b)
                }
                b';' => {
                    self.at += 1;
                    Kind::Semicolon
                }
                b',' => {
                    self.at += 1;
                    Kind::Comma
                }
                b if is_word(b) && b != b'\'' && b != b'-' => {
                    self.word();
                    Kind::Word
                }
                _ => {
                    self.at += 1;
                    Kind::Other
                }
            }
        };
        self.at = self.at.min(self.text.len());
        Some(Piece { kind, start, end: self.at })
    }
}

/// An upper bound of how deep a parse of the text nests: brackets, and within each bracket every
/// token since the last `;` or `,`, since each may be an operator, a function or a condition that
/// takes the rest as its operand.
pub fn nesting(text: &[u8]) -> usize {
    let mut open: Vec<(bool, usize)> = Vec::new();
    let (mut is_list, mut here, mut outside, mut deepest) = (false, 0usize, 0usize, 0usize);
    for piece in Scanner::new(text, 0) {
        match piece.kind {
            Kind::Open(bracket) => {
                here += usize::from(!is_list);
                open.push((is_list, here));
                outside += here + 1;
                (is_list, here) = (bracket == b'[', 0);
            }
            Kind::Close(_) => {
                if let Some(before) = open.pop() {
                    (is_list, here) = before;
                    outside -= here + 1;
                }
            }
            Kind::Semicolon | Kind::Comma => here = 0,
            // The items of a list stand beside each other.
            Kind::Word if is_list && !is_keyword(&text[piece.start..piece.end]) => {}
            Kind::Text if is_list => {}
            Kind::Other if is_list && matches!(text[piece.start], b'.' | b'/') => {}
            Kind::Word | Kind::Text | Kind::Other => here += 1,
        }
        deepest = deepest.max(outside + here);
    }
    deepest
}

fn is_keyword(word: &[u8]) -> bool {
    const KEYWORDS: [&[u8]; 9] =
        [b"assert", b"else", b"if", b"in", b"inherit", b"let", b"rec", b"then", b"with"];
    KEYWORDS.contains(&word)
}

fn line_length(text: &[u8]) -> usize {
    text.iter().position(|b| *b == b'\n').unwrap_or(text.len())
}

fn is_word(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'\'') || b >= 0x80
}

fn is_scheme(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.')
}

fn is_address(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b"%/?:@&=+$,-_.!~*'".contains(&b)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(text: &str) -> String {
        Scanner::new(text.as_bytes(), 0)
            .map(|p| match p.kind {
                Kind::Open(b) | Kind::Close(b) => b as char,
                Kind::Semicolon => ';',
                Kind::Comma => ',',
                Kind::Word => 'w',
                Kind::Text => 't',
                Kind::Other => 'o',
            })
            .collect()
    }

    #[test]
    fn strings_comments_and_addresses_hide_what_is_in_them() {
        for (text, want) in [
            ("a = \"x;${b}{\";", "wot{w}t;"),
            ("\"$${a}\" \"\\\"{\" ''a''${b}'''c''", "ttt"),
            ("''a ${ { b = \"}\"; } } $'' }", "t{{wot;}}t}"),
            ("a # } \n /* ; */ b", "ww"),
            ("http://a.b/c,d'e/*;", "w;"),
            ("x: y", "wow"),
            ("f' a'' \"\"", "wwt"),
            ("\"unclosed", "t"),
            ("/* unclosed", ""),
            ("'' unclosed ${", "t{"),
        ] {
            assert_eq!(shape(text), want, "{text}");
        }
    }

    #[test]
    fn nesting_is_never_less_than_that_of_the_parse() {
        assert!(nesting("(".repeat(5000).as_bytes()) >= 5000);
        assert!(nesting("a: ".repeat(5000).as_bytes()) >= 5000);
        assert!(nesting("!".repeat(5000).as_bytes()) >= 5000);
        assert!(nesting("a + ".repeat(5000).as_bytes()) >= 5000);
        assert!(nesting("{ a = ".repeat(2000).as_bytes()) >= 4000);
        assert!(nesting(format!("[ {} ]", "a ".repeat(5000)).as_bytes()) < 10);
        assert!(nesting("a = b; ".repeat(5000).as_bytes()) < 10);
    }
}
