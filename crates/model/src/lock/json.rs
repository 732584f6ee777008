//! JSON with the line of each value, so that an error can name it
//! (<https://www.rfc-editor.org/rfc/rfc8259>).

use std::fmt::Write;

use super::{LockError, LockProblem};

/// A value and where it begins.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Value {
    /// The line, counted from 1.
    pub line: usize,
    pub kind: Kind,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Kind {
    /// `null`, `true` and `false`: nothing in a lock is one of these.
    Word,
    /// A number as it is written.
    Number(String),
    Text(String),
    List(Vec<Value>),
    /// Keys with the lines they are on, in the order of the text.
    Object(Vec<(String, usize, Value)>),
}

/// How deep values may nest. A lock needs four levels.
const MOST_LEVELS: usize = 32;

/// Reads a text that is one value.
pub(super) fn parse(text: &str) -> Result<Value, LockError> {
    let mut reader = Reader { rest: text, line: 1 };
    let value = reader.value(0)?;
    reader.blanks();
    match reader.rest.is_empty() {
        true => Ok(value),
        false => Err(reader.error("something stands behind its end")),
    }
}

/// A text as it is written in JSON.
pub(super) fn text(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if u32::from(c) < 0x20 => {
                write!(out, "\\u{:04x}", u32::from(c)).expect("a string takes all");
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

struct Reader<'a> {
    rest: &'a str,
    line: usize,
}

impl Reader<'_> {
    fn error(&self, what: &'static str) -> LockError {
        LockError { line: self.line, problem: LockProblem::Syntax(what) }
    }

    fn blanks(&mut self) {
        let text = self.rest.trim_start_matches([' ', '\t', '\n', '\r']);
        let skipped = &self.rest[..self.rest.len() - text.len()];
        self.line += skipped.bytes().filter(|byte| *byte == b'\n').count();
        self.rest = text;
    }

    /// Takes a sign if it is next, behind blanks.
    fn takes(&mut self, sign: char) -> bool {
        self.blanks();
        let rest = self.rest.strip_prefix(sign);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn value(&mut self, level: usize) -> Result<Value, LockError> {
        self.blanks();
        let line = self.line;
        if level > MOST_LEVELS {
            return Err(self.error("its brackets are nested too deep"));
        }
        let kind = match self.rest.chars().next() {
            Some('{') => self.object(level)?,
            Some('[') => self.list(level)?,
            Some('"') => Kind::Text(self.string()?),
            Some('-' | '0'..='9') => {
                let number = |c: char| c.is_ascii_digit() || "+-.eE".contains(c);
                let end = self.rest.find(|c| !number(c)).unwrap_or(self.rest.len());
                let (digits, rest) = self.rest.split_at(end);
                self.rest = rest;
                Kind::Number(digits.to_owned())
            }
            Some(_) => {
                let word = ["null", "true", "false"].into_iter();
                let rest = word.filter_map(|word| self.rest.strip_prefix(word)).next();
                self.rest = rest.ok_or_else(|| self.error("a value is expected here"))?;
                Kind::Word
            }
            None => return Err(self.error("it ends too early")),
        };
        Ok(Value { line, kind })
    }

    fn object(&mut self, level: usize) -> Result<Kind, LockError> {
        let mut fields: Vec<(String, usize, Value)> = Vec::new();
        self.takes('{');
        if self.takes('}') {
            return Ok(Kind::Object(fields));
        }
        loop {
            self.blanks();
            let line = self.line;
            if !self.rest.starts_with('"') {
                return Err(self.error("a key in quotes is expected here"));
            }
            let key = self.string()?;
            if !self.takes(':') {
                return Err(self.error("a `:` is expected here"));
            }
            if fields.iter().any(|(other, ..)| *other == key) {
                return Err(LockError { line, problem: LockProblem::DuplicateKey(key) });
            }
            let value = self.value(level + 1)?;
            fields.push((key, line, value));
            if self.takes('}') {
                return Ok(Kind::Object(fields));
            }
            if !self.takes(',') {
                return Err(self.error("a `,` or `}` is expected here"));
            }
        }
    }

    fn list(&mut self, level: usize) -> Result<Kind, LockError> {
        let mut values = Vec::new();
        self.takes('[');
        if self.takes(']') {
            return Ok(Kind::List(values));
        }
        loop {
            values.push(self.value(level + 1)?);
            if self.takes(']') {
                return Ok(Kind::List(values));
            }
            if !self.takes(',') {
                return Err(self.error("a `,` or `]` is expected here"));
            }
        }
    }

    /// Reads a string; its opening quote is next.
    fn string(&mut self) -> Result<String, LockError> {
        let mut out = String::new();
        let mut chars = self.rest[1..].char_indices();
        while let Some((at, c)) = chars.next() {
            match c {
                '"' => {
                    self.rest = &self.rest[at + 2..];
                    return Ok(out);
                }
                '\\' => match chars.next().map(|(_, c)| c) {
                    Some(c @ ('"' | '\\' | '/')) => out.push(c),
                    Some('n') => out.push('\n'),
                    Some('r') => out.push('\r'),
                    Some('t') => out.push('\t'),
                    Some('b') => out.push('\u{8}'),
                    Some('f') => out.push('\u{c}'),
                    Some('u') => {
                        let digits: String = chars.by_ref().take(4).map(|(_, c)| c).collect();
                        let hex =
                            digits.bytes().all(|b| b.is_ascii_hexdigit()) && digits.len() == 4;
                        let code = u32::from_str_radix(&digits, 16).ok().filter(|_| hex);
                        // Pairs of surrogates: nothing that a lock holds is written so.
                        let c = code.and_then(char::from_u32);
                        out.push(c.ok_or_else(|| self.error("this `\\u` is no sign"))?);
                    }
                    _ => return Err(self.error("a `\\` stands before something it cannot")),
                },
                c if u32::from(c) < 0x20 => return Err(self.error("a string is not closed")),
                c => out.push(c),
            }
        }
        Err(self.error("a string is not closed"))
    }
}
