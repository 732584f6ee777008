//! Edits as an editor sends them, by line and column in any of the three encodings.

#![no_main]

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use syntax::Encoding;

#[path = "../../crates/ide/tests/properties/edits.rs"]
mod edits;

#[derive(Debug, Arbitrary)]
struct Input {
    text: String,
    encoding: u8,
    edits: Vec<edits::Edit>,
}

fuzz_target!(|input: Input| {
    let encoding = match input.encoding % 3 {
        0 => Encoding::Utf8,
        1 => Encoding::Utf16,
        _ => Encoding::Utf32,
    };
    edits::hold(input.text, encoding, input.edits);
});
