//! Why history could not be read into the index, told apart by what there is to do about it.

use std::path::PathBuf;

use model::{CommitId, date::format_day};

/// Why a run ended before its time. The index is then as its last commit left it: it opens, and a
/// run after the cause is gone goes on from there.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The path given is no repository.
    #[error(
        "there is no git repository at {}: {why}; \
         give the folder of a clone of nixpkgs (with its history) with --repo",
        path.display()
    )]
    NoRepository {
        /// The path that was given.
        path: PathBuf,
        /// What git's library says.
        why: String,
    },
    /// The repository is there and one of its files cannot be read.
    #[error(
        "the git repository cannot be read: {0}; \
         `git fsck` in it says what is damaged"
    )]
    Repository(String),
    /// No branch of that name.
    #[error("the repository has no branch {name}{}", offer(near))]
    NoBranch {
        /// The name that was given.
        name: String,
        /// The names nearest to it.
        near: Vec<String>,
    },
    /// No branch was named and none is checked out.
    #[error("no branch is checked out in the repository; name one with --branch{}", offer(near))]
    NoHead {
        /// Some branches of the repository.
        near: Vec<String>,
    },
    /// A branch of that name is in several remotes.
    #[error("{name} is a branch of several remotes: {}; name one of these", all.join(", "))]
    ManyBranches {
        /// The name that was given.
        name: String,
        /// The branches that it may mean.
        all: Vec<String>,
    },
    /// A text is neither a day nor a commit of the repository.
    #[error(
        "{0:?} is neither a day (such as 2018-05-11) nor a commit of this repository; \
         a commit may be given by its id or the first digits of it, a branch or a tag"
    )]
    NoSuchRevision(String),
    /// The branch has no commit on or after a day.
    #[error("{branch} has no commit on or after {day}; its newest is of {}", format_day(*newest))]
    NothingSince {
        /// The branch.
        branch: String,
        /// The day as it was given.
        day: String,
        /// The date of the branch's tip, in seconds since 1970.
        newest: i64,
    },
    /// A commit is not on the first-parent line of the branch.
    #[error(
        "commit {} is not one that {branch} itself went through: it came in by a merge, or is not \
         in it at all; give a day, or a commit that `git log --first-parent {branch}` lists",
        commit.short()
    )]
    NotOnLine {
        /// The commit.
        commit: CommitId,
        /// The branch.
        branch: String,
    },
    /// The index begins later than it is asked to begin.
    #[error(
        "the index has {branch} from {} ({}) on and cannot be made to begin earlier; \
         index into another directory with --index, or remove this one and run again",
        first.short(),
        format_day(*date)
    )]
    BeginsLater {
        /// The branch.
        branch: String,
        /// The first commit that the index has of it.
        first: CommitId,
        /// Its date, in seconds since 1970.
        date: i64,
    },
    /// The branch does not contain what was read of it before.
    #[error(
        "{branch} was rewritten, or is older in this clone than in the one that was read before: \
         commit {}, up to which the index has read it, is not on its first-parent line any more; \
         fetch the branch, or index into another directory with --index",
        head.short()
    )]
    Rewritten {
        /// The branch.
        branch: String,
        /// The commit up to which the branch was read.
        head: CommitId,
    },
    /// A commit of the line is not in the repository, though it is not a shallow clone.
    #[error(
        "commit {} of {branch} is not in the repository; run `git fetch` there, \
         or begin after it with --since",
        commit.short()
    )]
    MissingCommit {
        /// The commit that is missing.
        commit: CommitId,
        /// The branch.
        branch: String,
    },
    /// An object is damaged.
    #[error(
        "object {object} is damaged{}: {why}; `git fsck` in the repository says more, \
         a fresh clone has it whole; the index is as it was at its last commit",
        at.map(|at| format!(" (met at commit {})", at.short())).unwrap_or_default()
    )]
    Corrupt {
        /// The object, forty hexadecimal digits.
        object: String,
        /// The commit at which it was met.
        at: Option<CommitId>,
        /// What git's library says.
        why: String,
    },
    /// The index could not be read or written.
    #[error(transparent)]
    Catalog(#[from] catalog::Error),
}

fn offer(near: &[String]) -> String {
    if near.is_empty() { String::new() } else { format!(" (there is {})", near.join(", ")) }
}
