//! A lazy evaluator of Nix, for metadata.
//!
//! It evaluates nixpkgs from its own source text, with these exceptions, each written in Nix under
//! `prelude/`:
//!
//! | stands for | written in | why |
//! |---|---|---|
//! | `pkgs/stdenv/default.nix` | `prelude/stdenv.nix` | the stages of the bootstrap say nothing about what a package is |
//! | `mkDerivation` (`pkgs/stdenv/generic/make-derivation.nix`) | `prelude/stdenv.nix` | keeps name, version, meta and passthru; paths in the store are unknown |
//! | `derivation` | `prelude/derivation.nix` | the same |
//!
//! and two functions of `lib` that are written in Rust ([`intrinsic`]):
//!
//! | stands for | as | why |
//! |---|---|---|
//! | `lib.mapAttrs` (`lib/attrsets.nix`) | the builtin that it became | written out, it looks at every name of the set |
//! | `lib.splitString` (`lib/strings.nix`), where its code is known | `splitText`, `splitTextBeforeEnd` | goes through text letter by letter: half of all that KDE's sets of 2015 take |
//!
//! What cannot be known from the source text is [`value::Fail::Unknown`], which spreads to
//! everything that depends on it.

mod answer;
mod bigs;
mod chunks;
mod collect;
mod convert;
mod edges;
mod files;
mod heap;
mod intrinsic;
mod ir;
mod lower;
mod machine;
mod nixpkgs;
mod pick;
mod prims;
mod sets;
mod state;
mod strings;
#[cfg(test)]
mod tests;
mod update;
mod value;

pub use answer::evaluate_json;
pub use machine::STACK_BYTES;
pub use nixpkgs::{NixTracker, look_at};

/// Where the tree lies, as evaluated code sees it.
const ROOT: &str = "/nixpkgs";

/// Splits a derivation's name as `builtins.parseDrvName` does: at the first dash that is not
/// followed by a letter.
pub fn drv_name(text: &str) -> (&str, &str) {
    let bytes = text.as_bytes();
    let dash = (0..bytes.len()).find(|&i| {
        bytes[i] == b'-' && bytes.get(i + 1).is_some_and(|next| !next.is_ascii_alphabetic())
    });
    dash.map_or((text, ""), |at| (&text[..at], &text[at + 1..]))
}
