//! Parsing within limits, so that no text can exhaust the stack.

use rnix::{Root, ast};

use super::scan;

/// How deep a text may nest, by the estimate of [`scan::nesting`]. Of the files of nixpkgs that people
/// write, the deepest come to half of it.
const MAX_NESTING: usize = 600;

/// How long a file may be that one package is defined in, in bytes. What is longer is a generated
/// set, or one that is shared by thousands of packages.
pub const MAX_FILE: usize = 256 * 1024;

/// Parses a text; or says why not.
///
/// # Errors
/// The reason, in words that fit "it is unknown because …".
pub fn parse(text: &str) -> Result<ast::Root, &'static str> {
    if scan::nesting(text.as_bytes()) > MAX_NESTING {
        return Err("the text nests too deep");
    }
    Root::parse(text).ok().map_err(|_| "the text has a syntax error")
}

#[cfg(test)]
mod tests {
    use super::{MAX_NESTING, parse};
    use crate::simple::scan;

    #[test]
    fn deep_nesting_is_refused() {
        for open in ["(", "[", "{ a = ", "a: ", "if a then ", "let a = ", "!", "with a; ", "a + "] {
            let text = open.repeat(100_000);
            assert!(parse(&text).is_err(), "{open}");
        }
        // The deepest that is taken fits the smallest stack that a thread of ours may have.
        for (open, close) in [("(", ")"), ("[", "]"), ("{ a = ", "; }"), ("a: ", ""), ("!", "")] {
            let depth = (MAX_NESTING - 2) / scan::nesting(open.as_bytes());
            let text = format!("{}a{}", open.repeat(depth), close.repeat(depth));
            assert!(parse(&text).is_ok(), "{open}");
        }
        assert!(parse("{ a, b }: a b { c = [ 1 2 ]; }").is_ok());
    }
}
