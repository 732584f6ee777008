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
    /// Whether it is a packages.nix, which is nothing but pins. In other files they are a small part,
    /// and the rest is the business of other servers.
    pub is_packages_nix: bool,
}

impl Document {
    /// Reads the text of a packages.nix.
    pub fn new(text: String) -> Self {
        let pins = PinFile::read(&text);
        Self { lines: LineIndex::new(&text), pins, text, is_packages_nix: true }
    }

    /// Reads the text of another Nix file.
    pub fn elsewhere(text: String) -> Self {
        let pins = PinFile::within(&text);
        Self { lines: LineIndex::new(&text), pins, text, is_packages_nix: false }
    }

    /// The pins, if the file is a packages.nix.
    pub(crate) fn packages_nix(&self) -> Option<&PinFile> {
        self.pin_file().filter(|_| self.is_packages_nix)
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
