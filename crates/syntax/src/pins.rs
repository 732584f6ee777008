//! What a packages.nix says, or another file in the forms of our library and modules: its pins, each
//! with the places of its parts.

use model::AttrPath;

use crate::{
    TextRange,
    lex::{self, Tokens},
    read, shapes,
};

/// How deep brackets, `let`s and interpolations may nest. No file that people write comes near;
/// text beyond it is not read at all.
pub const MAX_NESTING: usize = 500;

/// How many names may lead to a set for pins to be looked for in it. Attribute paths of nixpkgs have
/// four at most.
pub const MAX_PATH: usize = 32;

/// How long a text may be, in bytes, to be read at all.
pub const MAX_LENGTH: usize = 16 << 20;

/// Everything that is read from a file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PinFile {
    /// The pins, in the order of the text.
    pub pins: Vec<Pin>,
    /// The attribute sets in which pins stand: the top one first, those in it where they open.
    /// Empty if the value of a packages.nix is not written as an attribute set. Another file may
    /// have several top sets.
    pub sets: Vec<Set>,
    /// The comments, in the order of the text.
    pub comments: Vec<TextRange>,
    /// What is wrong with the text, in its order. The pins before and behind are read all the same.
    pub errors: Vec<SyntaxError>,
}

/// Why a text is not read at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The text nests deeper than [`MAX_NESTING`].
    #[error(
        "the brackets here are nested more than {MAX_NESTING} deep; the pins of this file are not read"
    )]
    TooDeep {
        /// Where the limit is passed.
        at: usize,
    },
    /// The text is longer than [`MAX_LENGTH`].
    #[error("the file is larger than {} MiB; its pins are not read", MAX_LENGTH >> 20)]
    TooLong,
}

/// An attribute set in which pins stand; of pins that are not bindings, what holds them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Set {
    /// The names that lead to it from the top set, without quotes: none for the top set itself.
    pub path: Vec<String>,
    /// What is between its braces.
    pub body: TextRange,
    /// Whether it has braces, so that bindings can be added. A list has none, nor has the place of a
    /// pin that stands by itself.
    pub braced: bool,
    /// The binding that it is the value of; `None` for the top set.
    pub binding: Option<SetBinding>,
}

/// The binding that an attribute set is the value of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetBinding {
    /// The set that it is written in, as its place in [`PinFile::sets`].
    pub outer: usize,
    /// The names as they are written.
    pub segments: Vec<Segment>,
    /// From the name up to the `;`, if there is one.
    pub range: TextRange,
}

/// A pin: an attribute path and what is asked of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pin {
    /// The attribute path from the top of nixpkgs.
    pub path: AttrPath,
    /// The set that it is written in, as its place in [`PinFile::sets`].
    pub set: usize,
    /// The names as they are written here: `b` and `c` of `a = { b.c = "1"; }`. One at least. The
    /// last is empty where a name is missing behind a dot.
    pub segments: Vec<Segment>,
    /// What is asked.
    pub value: Value,
    /// From the name up to the `;`, if there is one; of a pin in strings, from the first quote to
    /// the last.
    pub range: TextRange,
    /// How it is written.
    pub notation: Notation,
}

/// How a pin is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notation {
    /// `name = "1.0";`
    Binding,
    /// `"name@1.0"`
    Item,
    /// `function "name" "1.0"`
    Call,
    /// `"nix-archiver:name/1.0"`
    Address,
}

impl Notation {
    /// What stands between name and version, where both are in one string.
    pub fn separator(self) -> Option<char> {
        match self {
            Self::Item => Some('@'),
            Self::Address => Some('/'),
            Self::Binding | Self::Call => None,
        }
    }
}

/// One name of an attribute path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    /// The name, without quotes.
    pub name: String,
    /// Where it is written, with its quotes.
    pub range: TextRange,
}

/// What stands behind the `=` of a pin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// A plain string: a version or a requirement.
    Text(Literal),
    /// The long form, `{ version = "1.0"; revision = "…"; }`, its fields in the order of the text.
    Long(Vec<Field>),
    /// Something that only Nix can tell the value of, and where it stands.
    Other(TextRange),
    /// Nothing yet; the offset is the one behind the `=`, or `None` if that is missing too.
    Missing(Option<usize>),
}

/// A string without interpolation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Literal {
    /// What it means.
    pub text: String,
    /// Where it is written, with its quotes. What is only a part of a string has none.
    pub range: TextRange,
    /// What is between its quotes.
    pub content: TextRange,
    /// Whether its closing quote is there.
    pub closed: bool,
    /// Whether it is written between `''`.
    pub indented: bool,
}

/// A field of the long form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Its name and where that is written.
    pub key: Segment,
    /// Its value; never [`Value::Long`].
    pub value: Value,
}

/// A mistake in the text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct SyntaxError {
    /// Where it is.
    pub range: TextRange,
    /// What it is, in a sentence's words.
    pub message: &'static str,
}

/// The keys of the long form.
pub const LONG_FORM_KEYS: [&str; 6] =
    ["version", "revision", "input", "channel", "ignore", "allowInsecure"];

impl PinFile {
    /// Reads the pins of a text.
    ///
    /// Text without mistakes is read as Nix reads it. Text with mistakes is read again by looser
    /// rules, chiefly that a string in quotes that would swallow the lines behind it ends with its
    /// own line.
    ///
    /// # Errors
    /// [`Refusal`] if the text is too long or nests too deep.
    pub fn read(text: &str) -> Result<Self, Refusal> {
        Self::read_by(text, read::read)
    }

    /// Reads the pins of a file that is no packages.nix: those in the forms of our library and
    /// modules (see [`crate::shapes`]). What is wrong elsewhere in the text is not said.
    ///
    /// # Errors
    /// [`Refusal`] if the text is too long or nests too deep.
    pub fn within(text: &str) -> Result<Self, Refusal> {
        if !shapes::may_be_in(text) {
            return Ok(Self::default());
        }
        Self::read_by(text, read::read_within)
    }

    fn read_by(text: &str, read: fn(&str, Tokens, bool) -> Self) -> Result<Self, Refusal> {
        if text.len() > MAX_LENGTH {
            return Err(Refusal::TooLong);
        }
        let strict = read(text, lex::lex(text, false)?, false);
        if strict.errors.is_empty() {
            return Ok(strict);
        }
        // The other one takes as much memory.
        drop(strict);
        Ok(read(text, lex::lex(text, true)?, true))
    }

    /// The top set that a set is in, by their places in [`PinFile::sets`].
    pub fn top_of(&self, mut set: usize) -> usize {
        while let Some(binding) = &self.sets[set].binding {
            set = binding.outer;
        }
        set
    }

    /// The pin whose text the offset is in or touches.
    pub fn pin_at(&self, offset: usize) -> Option<&Pin> {
        let behind = self.pins.partition_point(|pin| pin.range.start <= offset);
        self.pins[..behind].last().filter(|pin| pin.range.touches(offset))
    }

    /// The innermost attribute set that the offset is in, as its place in [`PinFile::sets`].
    pub fn set_at(&self, offset: usize) -> Option<usize> {
        let behind = self.sets.partition_point(|set| set.body.start <= offset);
        self.sets[..behind].iter().rposition(|set| set.body.touches(offset))
    }

    /// The pins that share text with a range.
    pub fn pins_in(&self, range: TextRange) -> &[Pin] {
        let first = self.pins.partition_point(|pin| pin.range.end < range.start);
        let behind = self.pins.partition_point(|pin| pin.range.start <= range.end);
        &self.pins[first..behind.max(first)]
    }
}

impl Pin {
    /// Where its names are written, from the first to the last.
    pub fn name_range(&self) -> TextRange {
        let first = self.segments.first().expect("a pin has one segment at least");
        let last = self.segments.last().expect("a pin has one segment at least");
        TextRange::new(first.range.start, last.range.end)
    }

    /// Whether a name is missing behind its last dot.
    pub fn is_cut_off(&self) -> bool {
        self.segments.last().is_some_and(|segment| segment.range.is_empty())
    }

    /// The version or requirement as it is written, in the short form or the long one.
    pub fn version(&self) -> Option<&Literal> {
        match &self.value {
            Value::Text(literal) => Some(literal),
            Value::Long(fields) => fields.iter().find_map(|field| match &field.value {
                Value::Text(literal) if field.key.name == "version" => Some(literal),
                _ => None,
            }),
            Value::Other(_) | Value::Missing(_) => None,
        }
    }
}
