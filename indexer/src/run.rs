//! One run: from where the ledger stops to the tip of the branch.

use std::{
    path::PathBuf,
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use catalog::{BranchLedger, Ledger, Writer};
use eval::{Observation, SourceError, Tracker};
use model::{Commit, CommitId};

use crate::{
    error::Error,
    follow::Follower,
    objects::Objects,
    repository::{self, Branch, Header, Since},
    tree::{Revision, changes},
};

/// What to read.
#[derive(Debug, Clone)]
pub struct Options {
    /// The clone.
    pub repository: PathBuf,
    /// The branch, as `git` would name it; the one that is checked out if `None`.
    pub branch: Option<String>,
    /// Where to begin: a day (`YYYY-MM-DD`) or a commit of the branch. The root if `None`. What the
    /// index has already is not read again.
    pub since: Option<String>,
    /// How much time may pass before what was read is saved.
    pub save_every: Duration,
    /// Makes the tracker that looks at the revisions.
    pub tracker: fn() -> Box<dyn Tracker>,
}

impl Options {
    /// The whole branch that is checked out.
    pub fn new(repository: impl Into<PathBuf>) -> Self {
        Self {
            repository: repository.into(),
            branch: None,
            since: None,
            save_every: Duration::from_secs(25),
            tracker: crate::tracker,
        }
    }
}

/// Is told how a run goes on.
pub trait Progress {
    /// The run is about to read this many commits.
    fn begin(&mut self, branch: &str, commits: usize);
    /// This many commits were read, the last of them this one.
    fn read(&mut self, done: usize, commit: Commit);
    /// Everything up to this commit is in the index.
    fn saved(&mut self, commit: Commit);
}

/// What a run did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The branch.
    pub branch: String,
    /// How many commits were read.
    pub commits: usize,
    /// The oldest and the newest commit of the branch that the index has now, if any.
    pub covers: Option<(Commit, Commit)>,
    /// How many attribute paths have a version at the newest commit.
    pub known: u64,
    /// How many attribute paths are there at the newest commit whose version is not certain.
    pub unknown: u64,
    /// How many files were read.
    pub files: u64,
    /// How many objects were asked for that the clone does not have.
    pub absent: u64,
    /// How many commits were looked at whose tree could not be read.
    pub failed: u64,
    /// Whether it was ended by `interrupt`.
    pub interrupted: bool,
}

/// Reads a branch into the index: what is new of it, from the oldest commit to the newest. When
/// `interrupt` becomes true it saves and returns.
///
/// # Errors
/// [`Error`]; the index is then as its last commit left it.
pub fn run(
    options: &Options,
    writer: &mut Writer,
    progress: &mut dyn Progress,
    interrupt: &AtomicBool,
) -> Result<Report, Error> {
    let objects = Objects::new(repository::open(&options.repository)?);
    let branch = repository::branch(objects.repository(), options.branch.as_deref())?;
    let mut ledger = writer.ledger().clone();
    let place = ledger.branches.iter().position(|known| *known.name == *branch.name);
    let known = place.map(|place| &ledger.branches[place]).filter(|b| !b.commits.is_empty());
    let line = line_to_read(&objects, &branch, options, known)?;
    let place = place.unwrap_or_else(|| {
        ledger.branches.push(BranchLedger {
            name: branch.name.as_str().into(),
            commits: Vec::new(),
            failed: Vec::new(),
        });
        ledger.branches.len() - 1
    });
    let mut walk = Walk {
        objects: &objects,
        tracker: (options.tracker)(),
        follower: Follower::new(u16::try_from(place).expect("an index has few branches")),
        ledger,
        place,
        tree: None,
    };
    progress.begin(&branch.name, line.len());
    if !line.is_empty() {
        walk.resume(writer)?;
    }
    let mut interrupted = false;
    let mut saved = Instant::now();
    let mut done = 0;
    for header in line {
        if interrupt.load(Ordering::Relaxed) {
            interrupted = true;
            break;
        }
        walk.step(&header)?;
        done += 1;
        progress.read(done, header.commit);
        if saved.elapsed() >= options.save_every {
            walk.follower.save(writer, &walk.ledger)?;
            progress.saved(header.commit);
            saved = Instant::now();
        }
    }
    if done > 0 {
        walk.follower.save(writer, &walk.ledger)?;
    }
    let read = walk.branch();
    if let (Some(newest), true) = (read.commits.last(), done > 0) {
        progress.saved(*newest);
    }
    Ok(Report {
        commits: done,
        covers: read.commits.first().copied().zip(read.commits.last().copied()),
        known: walk.follower.known(),
        unknown: walk.follower.unknown(),
        files: objects.blobs_read(),
        absent: objects.absent(),
        failed: read.failed.len() as u64,
        interrupted,
        branch: branch.name,
    })
}

/// What the tracker says of one revision alone, by attribute path: nothing is read from an index or written to one.
///
/// # Errors
/// [`Error`] if there is no such revision, or its trees cannot be read.
pub fn observe_at(options: &Options, revision: &str) -> Result<Vec<Observation>, Error> {
    let objects = Objects::new(repository::open(&options.repository)?);
    let id = repository::commit(objects.repository(), revision)?;
    let missing = || Error::NoSuchRevision(revision.to_owned());
    let header = repository::header(objects.repository(), id)?.ok_or_else(missing)?;
    objects.tree(&header.tree.0).map_err(|error| damaged(&error, id))?;
    let mut found = (options.tracker)().start(&Revision { objects: &objects, tree: header.tree.0 });
    found.sort_by(|a, b| a.attr_path.cmp(&b.attr_path));
    match objects.take_damaged() {
        Some(error) => Err(damaged(&error, id)),
        None => Ok(found),
    }
}

/// The commits that a run is to read, oldest first.
fn line_to_read(
    objects: &Objects,
    branch: &Branch,
    options: &Options,
    known: Option<&BranchLedger>,
) -> Result<Vec<Header>, Error> {
    let repository = objects.repository();
    let since = match options.since.as_deref() {
        Some(text) => Some((repository::since(repository, text)?, text)),
        None => None,
    };
    let known = known.and_then(|known| Some((*known.commits.first()?, known.commits.last()?)));
    let Some((first, head)) = known else {
        let (line, _) = repository::line(repository, branch, None)?;
        return match since {
            Some((since, text)) => repository::cut(line, since, text, branch),
            None => Ok(line),
        };
    };
    let (line, met) = repository::line(repository, branch, Some(head.id))?;
    if !met {
        return Err(Error::Rewritten { branch: branch.name.clone(), head: head.id });
    }
    if let Some((since, _)) = since {
        refuse_earlier(objects, branch, since, first)?;
    }
    Ok(line)
}

/// An index grows at its newer end only: refuses to begin before its first commit.
fn refuse_earlier(
    objects: &Objects,
    branch: &Branch,
    since: Since,
    first: Commit,
) -> Result<(), Error> {
    let repository = objects.repository();
    let whole = || Ok::<_, Error>(repository::line(repository, branch, None)?.0);
    let name = branch.name.clone();
    let later = Error::BeginsLater { branch: name.clone(), first: first.id, date: first.date };
    match since {
        Since::Day(day) if day >= first.date => Ok(()),
        Since::Day(day) => match whole()?.iter().find(|header| header.commit.date >= day) {
            Some(header) if header.commit.id != first.id => Err(later),
            _ => Ok(()),
        },
        Since::Commit(commit) => {
            let line = whole()?;
            let place = |id| line.iter().position(|header| header.commit.id == id);
            match place(commit) {
                Some(wanted) if place(first.id).is_some_and(|first| wanted < first) => Err(later),
                Some(_) => Ok(()),
                None => Err(Error::NotOnLine { commit, branch: name }),
            }
        }
    }
}

/// The state of a run between two commits.
struct Walk<'a> {
    objects: &'a Objects,
    tracker: Box<dyn Tracker>,
    follower: Follower,
    ledger: Ledger,
    /// The branch's place in the ledger.
    place: usize,
    /// The tree that the tracker stands at; `None` if it stands nowhere.
    tree: Option<CommitId>,
}

impl Walk<'_> {
    fn branch(&self) -> &BranchLedger {
        &self.ledger.branches[self.place]
    }

    /// Brings the tracker to the newest commit of the ledger.
    fn resume(&mut self, writer: &Writer) -> Result<(), Error> {
        let Some(head) = self.branch().commits.last().copied() else { return Ok(()) };
        let missing =
            || Error::MissingCommit { commit: head.id, branch: self.branch().name.to_string() };
        let header = repository::header(self.objects.repository(), head.id)?;
        let header = header.ok_or_else(missing)?;
        let place = place_of(self.branch().commits.len() - 1);
        let Some(observations) = self.start(&header)? else { return Ok(()) };
        // A commit that could not be read before can be now.
        self.ledger.branches[self.place].failed.retain(|failed| *failed != place);
        self.follower.resume(place, observations, writer)
    }

    /// Goes on to the next commit.
    fn step(&mut self, header: &Header) -> Result<(), Error> {
        let place = place_of(self.branch().commits.len());
        self.ledger.branches[self.place].commits.push(header.commit);
        let observations = match self.tree {
            Some(before) => match changes(self.objects, before.0, header.tree.0) {
                Ok(changes) => {
                    let revision = Revision { objects: self.objects, tree: header.tree.0 };
                    let observations = self.tracker.step(&revision, &changes);
                    self.tree = Some(header.tree);
                    Some(observations)
                }
                Err(SourceError::Absent(_)) => None,
                Err(error) => return Err(damaged(&error, header.commit.id)),
            },
            None => self.start(header)?,
        };
        if let Some(error) = self.objects.take_damaged() {
            return Err(damaged(&error, header.commit.id));
        }
        match observations {
            Some(observations) => self.follower.observe(place, observations),
            None => {
                self.tree = None;
                self.follower.fail(place);
                self.ledger.branches[self.place].failed.push(place);
            }
        }
        Ok(())
    }

    /// Looks at a whole revision; `None` if its tree is not in the repository.
    fn start(&mut self, header: &Header) -> Result<Option<Vec<Observation>>, Error> {
        match self.objects.tree(&header.tree.0) {
            Ok(_) => {}
            Err(SourceError::Absent(_)) => return Ok(None),
            Err(error) => return Err(damaged(&error, header.commit.id)),
        }
        let revision = Revision { objects: self.objects, tree: header.tree.0 };
        let observations = self.tracker.start(&revision);
        self.tree = Some(header.tree);
        match self.objects.take_damaged() {
            Some(error) => Err(damaged(&error, header.commit.id)),
            None => Ok(Some(observations)),
        }
    }
}

fn place_of(index: usize) -> u32 {
    u32::try_from(index).expect("a branch has fewer commits than 32 bits count")
}

fn damaged(error: &SourceError, at: CommitId) -> Error {
    let (object, why) = match error {
        SourceError::Corrupt { id, why } => (id.clone(), why.clone()),
        SourceError::Absent(id) => (id.clone(), "it is not in the repository".to_owned()),
    };
    Error::Corrupt { object, at: Some(at), why }
}
