//! Nix text: where the pins are, what the cursor stands on, how positions are counted, and edits
//! that touch nothing else.
//!
//! Text in an editor is broken most of the time: a string is not closed yet, a name has no value.
//! So pins are not read off a syntax tree, whose recovery lets one missing quote swallow the rest
//! of the file; [`PinFile::read`] reads them in one pass over tokens that never recurses on the
//! text's own nesting, takes time linear in its length, and goes on behind each mistake. For text
//! without mistakes it sees exactly what Nix sees: `tests/oracle.rs` holds it to the tree of
//! `rnix`.
//!
//! Pure: no disk, no clock, no environment. Offsets are in bytes of UTF-8.

pub mod configuration;
pub mod cursor;
pub mod edit;
mod lex;
pub mod line_index;
pub mod manifest;
pub mod pins;
pub mod range;
mod read;
pub mod shapes;

pub use cursor::{Place, locate};
pub use edit::TextEdit;
pub use line_index::{Encoding, LineIndex, Position};
pub use pins::{
    Field, Literal, Notation, Pin, PinFile, Refusal, Segment, Set, SetBinding, SyntaxError, Value,
};
pub use range::TextRange;
