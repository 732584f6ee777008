//! The messages: what is wrong, what is known instead, and what to write or do.

use std::fmt;

use model::date::format_day;

use super::{Problem, Stale};

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownPackage { path, similar, reach } => {
                write!(
                    f,
                    "nixpkgs never had a package `{path}` as far as the index goes ({reach})"
                )?;
                write_list(f, "; did you mean ", similar, " or ")
            }
            Self::UnknownVersion { path, version, nearest, reach, beyond } => {
                match beyond {
                    true => write!(
                        f,
                        "`{path}` {version} is higher than any version that the index knows (up to {reach})"
                    )?,
                    false => write!(
                        f,
                        "`{path}` never had version {version} as far as the index goes ({reach})"
                    )?,
                }
                write_list(f, "; there is ", &nearest.all(), " or ")
            }
            Self::PartialVersion { path, version, newest } => write!(
                f,
                "{version} is only the start of versions of `{path}`; write {newest}, the newest of them, or {version}.* for any"
            ),
            Self::RequirementUnmet { path, why } => write!(f, "`{path}`: {why}"),
            Self::Misplaced(unmet) => unmet.fmt(f),
            Self::LongForm(complaint) => complaint.fmt(f),
            Self::Syntax(message) => f.write_str(message),
            Self::NoPins => f.write_str(
                "no pins were found: the value of this file is not written as an attribute set, \
                 `{ name = \"version\"; }`",
            ),
            Self::NotALiteral { path, written } => match written {
                Some(written) => {
                    write!(f, "the version of `{path}` has to be a string: \"{written}\"")
                }
                None => write!(
                    f,
                    "the version of `{path}` is not a plain string; only Nix can tell it, so it is left alone"
                ),
            },
            Self::DuplicatePin { path, .. } => {
                write!(f, "`{path}` is pinned above already; Nix refuses a second one")
            }
            Self::Insecure { path, version, vulnerabilities } => {
                write!(f, "`{path}` {version} has known vulnerabilities")?;
                write_list(f, ": ", vulnerabilities, " and ")
            }
            Self::Broken { path, version } => {
                write!(f, "nixpkgs marked `{path}` {version} as broken")
            }
            Self::Removed { path, last_seen, reach } => write!(
                f,
                "`{path}` was last seen on {}, and not in the newest commit that was indexed ({reach}): it was removed or renamed, or could not be read there",
                format_day(*last_seen)
            ),
            Self::Outdated { path, version, in_line, newest } => {
                write!(f, "`{path}` {version} is not the newest: ")?;
                match (in_line, newest) {
                    (Some(in_line), Some(newest)) if in_line != newest => {
                        write!(f, "there is {in_line} in its line, and {newest}")
                    }
                    (in_line, newest) => {
                        let there = newest.as_ref().or(in_line.as_ref());
                        write!(f, "there is {}", there.map_or("a newer one", String::as_str))
                    }
                }
            }
            Self::LockMissing => f.write_str(
                "there is no packages.lock beside this file; `nix-archiver lock` makes one",
            ),
            Self::LockUnreadable(error) => write!(f, "packages.lock, line {}: {error}", error.line),
            Self::LockStale { path, how } => {
                match how {
                    Stale::NotLocked => write!(f, "packages.lock does not have `{path}` yet")?,
                    Stale::Other(asked) => {
                        write!(f, "packages.lock has `{path}` for \"{asked}\", not for this")?;
                    }
                    Stale::NotPinned => {
                        write!(f, "packages.lock has `{path}`, which is not pinned here")?;
                    }
                }
                f.write_str("; `nix-archiver lock` brings it up to date")
            }
            Self::LockMismatch(wrong) => wrong.fmt(f),
            Self::NoHash { revisions } => write!(
                f,
                "packages.lock lacks the hashes of {revisions} of its revisions, so pure evaluation \
                 refuses it; `nix-archiver lock --repo PATH` computes them from a clone of nixpkgs"
            ),
            Self::IndexMissing { why } => f.write_str(why),
            Self::IndexOld { reach, age, starter } => {
                write!(
                    f,
                    "the version index goes up to {reach}, {age}; it does not know what came later; "
                )?;
                f.write_str(match starter {
                    true => {
                        "it is the one that comes with nix-archiver, `nix-archiver index --repo PATH` builds one from a clone of nixpkgs"
                    }
                    false => {
                        "`nix-archiver index --repo PATH` goes on from there after a fetch in the clone"
                    }
                })
            }
            Self::Refused(refusal) => refusal.fmt(f),
        }
    }
}

fn write_list<T: fmt::Display>(
    f: &mut fmt::Formatter<'_>,
    words: &str,
    items: &[T],
    last: &str,
) -> fmt::Result {
    for (at, item) in items.iter().enumerate() {
        let before = match at {
            0 => words,
            _ if at + 1 == items.len() => last,
            _ => ", ",
        };
        write!(f, "{before}{item}")?;
    }
    Ok(())
}
