//! Finding things in a repository: branches, days, commits, the first-parent line.

use std::path::Path;

use gix::objs::Find as _;
use model::{Commit, CommitId, date, memory::distance};

use crate::error::Error;

/// A branch, pinned to the commit that was its tip when the run began.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Branch {
    /// Its name without the remote's: `nixpkgs-unstable`.
    pub name: String,
    /// Its newest commit.
    pub tip: CommitId,
}

/// Opens a clone, bare or not. Nothing but the clone itself is read: no configuration of the
/// user's.
///
/// # Errors
/// [`Error::NoRepository`].
pub fn open(path: &Path) -> Result<gix::Repository, Error> {
    gix::open_opts(path, gix::open::Options::isolated())
        .map_err(|error| Error::NoRepository { path: path.to_owned(), why: error.to_string() })
}

/// The branch of a name: a local one, else one of a remote's (`refs/remotes/*/NAME`), else what
/// `REMOTE/NAME` or a full `refs/…` says. Without a name, the branch that is checked out.
///
/// # Errors
/// [`Error::NoBranch`], [`Error::NoHead`] or [`Error::ManyBranches`], with the names that there
/// are.
pub fn branch(repository: &gix::Repository, name: Option<&str>) -> Result<Branch, Error> {
    let all = all_branches(repository)?;
    let Some(wanted) = name else {
        let head = repository.head_name().ok().flatten();
        let head = head.map(|head| head.as_bstr().to_string());
        let found = all.iter().find(|b| Some(&b.full) == head.as_ref());
        let near = || all.iter().take(5).map(|b| b.short.clone()).collect();
        return found.map(Known::branch).ok_or_else(|| Error::NoHead { near: near() });
    };
    let local = |b: &&Known| b.full == wanted || b.full == format!("refs/heads/{wanted}");
    if let Some(found) = all.iter().find(local) {
        return Ok(found.branch());
    }
    let remote: Vec<_> = all.iter().filter(|b| b.name == wanted || b.short == wanted).collect();
    match remote.as_slice() {
        [one] => Ok(one.branch()),
        [] => Err(Error::NoBranch { name: wanted.to_owned(), near: nearest(wanted, &all) }),
        [first, rest @ ..] if rest.iter().all(|b| b.tip == first.tip) => Ok(first.branch()),
        many => Err(Error::ManyBranches {
            name: wanted.to_owned(),
            all: many.iter().map(|b| b.short.clone()).collect(),
        }),
    }
}

struct Known {
    /// `refs/remotes/origin/nixpkgs-unstable`
    full: String,
    /// `origin/nixpkgs-unstable`
    short: String,
    /// `nixpkgs-unstable`
    name: String,
    tip: CommitId,
}

impl Known {
    fn branch(&self) -> Branch {
        Branch { name: self.name.clone(), tip: self.tip }
    }
}

fn all_branches(repository: &gix::Repository) -> Result<Vec<Known>, Error> {
    let failed = |error: gix::Error| Error::Repository(error.to_string());
    let platform = repository.references().map_err(failed)?;
    let mut all = Vec::new();
    for reference in platform.all().map_err(failed)? {
        let Ok(mut reference) = reference else { continue };
        let full = reference.name().as_bstr().to_string();
        let (short, name) = if let Some(short) = full.strip_prefix("refs/heads/") {
            (short, short)
        } else if let Some(short) = full.strip_prefix("refs/remotes/") {
            match short.split_once('/') {
                Some((_, "HEAD")) | None => continue,
                Some((_, name)) => (short, name),
            }
        } else {
            continue;
        };
        let (short, name) = (short.to_owned(), name.to_owned());
        // A name that leads nowhere is no branch.
        if let Ok(id) = reference.peel_to_id() {
            all.push(Known { full, short, name, tip: commit_id(&id) });
        }
    }
    Ok(all)
}

fn nearest(wanted: &str, all: &[Known]) -> Vec<String> {
    let mut ranked: Vec<_> = all
        .iter()
        .map(|b| (distance(&wanted.to_lowercase(), &b.name.to_lowercase()), b.short.clone()))
        .collect();
    ranked.sort();
    ranked.dedup_by(|a, b| a.1 == b.1);
    ranked.into_iter().take(3).map(|(_, name)| name).collect()
}

/// What a text names: a day, or a commit of the repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Since {
    /// The first second of a day, since 1970.
    Day(i64),
    /// A commit.
    Commit(CommitId),
}

/// Reads a text that a user gave for a place in history.
///
/// # Errors
/// [`Error::NoSuchRevision`] if it is neither a day nor a commit.
pub fn since(repository: &gix::Repository, text: &str) -> Result<Since, Error> {
    if let Some(day) = date::parse_day(text) {
        return Ok(Since::Day(day));
    }
    commit(repository, text).map(Since::Commit)
}

/// The commit that a text names.
///
/// # Errors
/// [`Error::NoSuchRevision`].
pub fn commit(repository: &gix::Repository, text: &str) -> Result<CommitId, Error> {
    let unknown = || Error::NoSuchRevision(text.to_owned());
    let found = repository.rev_parse_single(text).map_err(|_| unknown())?;
    let object = found.object().map_err(|_| unknown())?;
    let commit = object.peel_to_commit().map_err(|_| unknown())?;
    Ok(commit_id(&commit.id))
}

/// What a commit says that counts here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// Its id and committer date.
    pub commit: Commit,
    /// Its tree.
    pub tree: CommitId,
    /// Its first parent.
    pub parent: Option<CommitId>,
}

/// Reads a commit; `None` if the repository does not have it.
///
/// # Errors
/// [`Error::Corrupt`] if it is damaged.
pub fn header(repository: &gix::Repository, id: CommitId) -> Result<Option<Header>, Error> {
    let corrupt = |why: String| Error::Corrupt { object: id.to_string(), at: None, why };
    let mut buffer = Vec::new();
    let found = repository.objects.try_find(&object_id(id), &mut buffer);
    let Some(object) = found.map_err(|error| corrupt(error.to_string()))? else {
        return Ok(None);
    };
    if object.kind != gix::objs::Kind::Commit {
        return Err(corrupt(format!("it is a {} where a commit is named", object.kind)));
    }
    let commit = gix::objs::CommitRef::from_bytes(object.data, gix::hash::Kind::Sha1)
        .map_err(|error| corrupt(error.to_string()))?;
    Ok(Some(Header {
        commit: Commit { id, date: commit.time().map(|time| time.seconds).unwrap_or_default() },
        tree: commit_id(&commit.tree()),
        parent: commit.parents().next().map(|parent| commit_id(&parent)),
    }))
}

/// The first-parent line of a branch, oldest first: from behind `stop`, or from the root, or from
/// where a shallow clone begins. The second value says whether `stop` was met.
///
/// # Errors
/// [`Error::MissingCommit`] if the line is broken although the clone is not shallow there,
/// [`Error::Corrupt`] if a commit is damaged.
pub fn line(
    repository: &gix::Repository,
    branch: &Branch,
    stop: Option<CommitId>,
) -> Result<(Vec<Header>, bool), Error> {
    let shallow = repository.shallow_commits().ok().flatten();
    let begins_here = |id: CommitId| {
        shallow.as_ref().is_some_and(|all| all.iter().any(|shallow| commit_id(shallow) == id))
    };
    let mut line = Vec::new();
    let mut next = Some(branch.tip);
    while let Some(id) = next {
        if Some(id) == stop {
            line.reverse();
            return Ok((line, true));
        }
        let missing = || Error::MissingCommit { commit: id, branch: branch.name.clone() };
        let header = header(repository, id)?.ok_or_else(missing)?;
        next = header.parent.filter(|_| !begins_here(id));
        line.push(header);
    }
    line.reverse();
    Ok((line, false))
}

/// Leaves out what is older than `since`.
///
/// # Errors
/// [`Error::NothingSince`] or [`Error::NotOnLine`].
pub fn cut(
    line: Vec<Header>,
    since: Since,
    text: &str,
    branch: &Branch,
) -> Result<Vec<Header>, Error> {
    let newest = line.last().map_or(0, |header| header.commit.date);
    let place = match since {
        Since::Day(day) => line.iter().position(|header| header.commit.date >= day),
        Since::Commit(id) => line.iter().position(|header| header.commit.id == id),
    };
    let Some(place) = place else {
        let branch = branch.name.clone();
        return Err(match since {
            Since::Day(_) => Error::NothingSince { branch, day: text.to_owned(), newest },
            Since::Commit(commit) => Error::NotOnLine { commit, branch },
        });
    };
    Ok(line[place..].to_vec())
}

fn commit_id(id: &gix::oid) -> CommitId {
    CommitId(id.as_bytes().try_into().expect("only SHA-1 repositories are opened"))
}

fn object_id(id: CommitId) -> gix::ObjectId {
    gix::ObjectId::Sha1(id.0)
}
