//! How the program ends: its exit codes, and what it says when something went wrong.

use std::{io, process::ExitCode};

use model::SourceError;

/// The exit codes, for the help text. [`Exit`] is the same.
pub const HELP: &str = "\
Exit codes: 0 fine; 1 nothing was found, or a check found something; 2 the command line is wrong; \
3 something around the program is (files, repositories, the index).";

/// How the program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// It did what it was asked to.
    Fine = 0,
    /// It did, and there was nothing to show for it.
    Nothing = 1,
    /// It was asked for something that makes no sense.
    Usage = 2,
    /// Something around it is missing, damaged or in the way.
    Environment = 3,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

impl Exit {
    /// It did, and found something to mend: in words another case than [`Self::Nothing`], for
    /// scripts the same.
    #[expect(non_upper_case_globals, reason = "it reads as one of the cases")]
    pub const Findings: Self = Self::Nothing;
}

/// What was typed makes no sense.
#[derive(Debug)]
struct UsageError(String);

impl std::fmt::Display for UsageError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for UsageError {}

/// An error for which the program ends with [`Exit::Usage`].
pub fn usage(message: impl Into<String>) -> anyhow::Error {
    UsageError(message.into()).into()
}

/// Says on standard error what went wrong and what to do, and gives the exit code for it.
#[expect(clippy::print_stderr, reason = "this is where errors are printed")]
pub fn report(error: &anyhow::Error) -> Exit {
    let is_closed = |cause: &(dyn std::error::Error + 'static)| {
        let io = cause.downcast_ref::<io::Error>();
        io.is_some_and(|io| io.kind() == io::ErrorKind::BrokenPipe)
    };
    if error.chain().any(is_closed) {
        // Whoever was reading has read enough, as `head` does.
        return Exit::Fine;
    }
    eprintln!("error: {error:#}");
    if let Some(hint) = error.chain().find_map(|cause| cause.downcast_ref().and_then(hint)) {
        eprintln!("help: {hint}");
    }
    if error.is::<UsageError>() { Exit::Usage } else { Exit::Environment }
}

/// What a user can do about a source that does not answer.
fn hint(error: &SourceError) -> Option<String> {
    match error {
        SourceError::Missing(_) => {
            Some("make one with `nix-archiver index --repo PATH`, from a clone of nixpkgs".into())
        }
        SourceError::Format { place, .. } => Some(format!(
            "remove {place} and make it again with `nix-archiver index --repo PATH`, \
             or name another directory with --index"
        )),
        SourceError::Unreadable { .. } => Some(
            "see that you may read it and that the disk is sound; \
             if it is damaged, remove the directory, and make it again with \
             `nix-archiver index --repo PATH`"
                .into(),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes() {
        assert_eq!(report(&usage("no")), Exit::Usage);
        assert_eq!(report(&anyhow::anyhow!("disk").context("index")), Exit::Environment);
        let closed = anyhow::Error::from(io::Error::from(io::ErrorKind::BrokenPipe));
        assert_eq!(report(&closed.context("printing")), Exit::Fine);
        for (exit, code) in
            [(Exit::Fine, 0), (Exit::Nothing, 1), (Exit::Usage, 2), (Exit::Environment, 3)]
        {
            assert_eq!(exit as u8, code);
        }
    }
}
