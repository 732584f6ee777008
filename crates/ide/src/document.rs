//! A text and everything that follows from it alone.

use syntax::{LineIndex, Pin, PinFile, Place, Refusal, TextRange, locate};

/// One version of a file, read once and shared by every request about it.
#[derive(Debug)]
pub struct Document {
    /// The text.
    pub text: String,
    /// Its lines.
    pub lines: LineIndex,
    /// Its pins, or why they were not read.
    pub pins: Result<PinFile, Refusal>,
}

impl Document {
    /// Reads a text.
    pub fn new(text: String) -> Self {
        Self { lines: LineIndex::new(&text), pins: PinFile::read(&text), text }
    }

    /// The pins; none if they were not read.
    pub fn pin_file(&self) -> Option<&PinFile> {
        self.pins.as_ref().ok()
    }

    /// The pin whose name or version a cursor is in, and where that part stands; `offset` in bytes.
    pub fn pin_at(&self, offset: usize) -> Option<(&Pin, TextRange)> {
        match locate(&self.text, self.pin_file()?, offset)? {
            Place::Name(name) => name.pin.map(|pin| (pin, pin.name_range())),
            Place::Version { pin, literal } => Some((pin, literal.range)),
            _ => None,
        }
    }
}
