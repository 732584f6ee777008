//! Files that the program may write over: their first line has a hash of the rest, so that a file of
//! somebody else, or one that was changed by hand, is told from its own.

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

/// How the first line begins.
const BEGIN: &str = "# nix-archiver wrote this; sha256 of what follows: ";

/// Why a file is not the program's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotOwn {
    /// It has no such line.
    #[error("was not written by `nix-archiver apply`")]
    Foreign,
    /// It has, and the rest is not what was written.
    #[error("was changed since `nix-archiver apply` wrote it")]
    Changed,
}

/// The content with the line before it.
pub fn mark(content: &str) -> String {
    format!("{BEGIN}{}\n{content}", hash(content))
}

/// Whether a text is as [`mark`] made it.
///
/// # Errors
/// [`NotOwn`] says why not.
pub fn is_own(text: &str) -> Result<(), NotOwn> {
    let (hashed, content) =
        text.strip_prefix(BEGIN).and_then(|rest| rest.split_once('\n')).ok_or(NotOwn::Foreign)?;
    if hashed == hash(content) { Ok(()) } else { Err(NotOwn::Changed) }
}

fn hash(content: &str) -> String {
    HEXLOWER.encode(&Sha256::digest(content))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_own() {
        let text = mark("{ }\n");
        assert_eq!(is_own(&text), Ok(()));
        assert_eq!(is_own(&text.replace("{ }", "{ a = 1; }")), Err(NotOwn::Changed));
        assert_eq!(is_own(&format!("{text}\n")), Err(NotOwn::Changed));
        assert_eq!(is_own("{ }\n"), Err(NotOwn::Foreign));
        assert_eq!(is_own(&format!("\n{text}")), Err(NotOwn::Foreign));
        assert_eq!(is_own(""), Err(NotOwn::Foreign));
    }
}
