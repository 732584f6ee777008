//! Functions of nixpkgs' `lib` that the program has itself, since what they do in Nix takes most of
//! an evaluation's time or looks at more than the answer depends on.
//!
//! A function is only taken for one of these if it is bound to its name in its file, and, where its
//! meaning was not always the same, if its code is known word for word.

use rnix::ast;
use rowan::ast::AstNode;

/// The splitting of text, written out in Nix, overlooks a separator at the very end until 2017.
const SPLIT_BEFORE_END: [u64; 3] =
    [0x5dd3_e3e3_96c0_b4b7, 0xaa3b_c214_b20c_36d0, 0x0d17_0e82_1ee0_1b44];
/// The same since.
const SPLIT: [u64; 1] = [0x8889_ba11_c488_b579];

/// The builtin that stands for what a file binds to a name, if there is one. `value` is what is bound,
/// unless it is inherited or spread over several bindings.
pub fn stands_for(path: &str, name: &str, value: Option<&ast::Expr>) -> Option<&'static str> {
    let path = path.strip_prefix(super::ROOT)?;
    match (path, name) {
        ("/lib/attrsets.nix" | "/pkgs/lib/attrsets.nix", "mapAttrs") => Some("__mapAttrs"),
        ("/lib/strings.nix" | "/pkgs/lib/strings.nix", "splitString") => {
            let code = code_hash(value?);
            if SPLIT.contains(&code) {
                Some("__splitText")
            } else if SPLIT_BEFORE_END.contains(&code) {
                Some("__splitTextBeforeEnd")
            } else {
                None
            }
        }
        _ => None,
    }
}

/// A hash of code without its blanks and comments (FNV-1a,
/// <http://www.isthe.com/chongo/tech/comp/fnv/>).
fn code_hash(code: &ast::Expr) -> u64 {
    let tokens = code.syntax().descendants_with_tokens().filter_map(|element| element.into_token());
    let words = tokens.filter(|token| !token.kind().is_trivia());
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for word in words {
        // A zero, which is in no word, ends each.
        for byte in word.text().bytes().chain([0]) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> ast::Expr {
        rnix::Root::parse(text).tree().expr().expect("an expression")
    }

    #[test]
    fn only_the_words_count() {
        let hash = |text| code_hash(&value(text));
        assert_eq!(hash("a: b: a + b"), hash("a: # first\n  b: /* second */ a+b"));
        assert_ne!(hash("a: b: a + b"), hash("a: b: b + a"));
        assert_ne!(hash("[ 12 ]"), hash("[ 1 2 ]"));
    }

    #[test]
    fn what_is_not_known_stays_as_it_is() {
        let other = value("sep: text: [ text ]");
        let at = |path, name| stands_for(path, name, Some(&other));
        assert_eq!(at("/nixpkgs/lib/strings.nix", "splitString"), None);
        assert_eq!(at("/nixpkgs/lib/attrsets.nix", "mapAttrs"), Some("__mapAttrs"));
        assert_eq!(at("/nixpkgs/lib/other.nix", "mapAttrs"), None);
        assert_eq!(at("/prelude/lib/attrsets.nix", "mapAttrs"), None);
    }
}
