//! Any text, read, asked about everywhere, and edited by what is offered for it.

#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../crates/ide/tests/properties/features.rs"]
mod features;

fuzz_target!(|text: String| features::hold(text));
