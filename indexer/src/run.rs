//! One run: from where the ledger stops to the tip of the branch.

use std::{
    num::NonZeroUsize,
    path::PathBuf,
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use catalog::{BranchLedger, Ledger, Writer};
use eval::{Observation, Part, SourceError, Tracker};
use model::{Commit, CommitId};

use crate::{
    error::Error,
    follow::Follower,
    repository::{self, Branch, Header, Since},
    share::adopt,
    stretches::{self, Lookers, Seen, damaged},
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
    /// How many threads look at history, each at a stretch of it. Each takes its own memory.
    pub threads: NonZeroUsize,
    /// How much time may pass before what was read is saved.
    pub save_every: Duration,
    /// Makes a tracker that looks at this part of the revisions.
    pub tracker: fn(Part) -> Box<dyn Tracker>,
}

impl Options {
    /// The whole branch that is checked out.
    pub fn new(repository: impl Into<PathBuf>) -> Self {
        Self {
            repository: repository.into(),
            branch: None,
            since: None,
            threads: std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN),
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
    let repository = repository::open(&options.repository)?;
    let branch = repository::branch(&repository, options.branch.as_deref())?;
    if writer.ledger().branches.iter().all(|known| *known.name != *branch.name) {
        adopt(writer, &branch.name, &line_to_read(&repository, &branch, options, None)?)?;
    }
    let mut ledger = writer.ledger().clone();
    let place = ledger.branches.iter().position(|known| *known.name == *branch.name);
    let known = place.map(|place| &ledger.branches[place]).filter(|b| !b.commits.is_empty());
    let new = line_to_read(&repository, &branch, options, known)?;
    let head = known.and_then(|known| known.commits.last()).copied();
    let place = place.unwrap_or_else(|| {
        ledger
            .branches
            .push(BranchLedger { name: branch.name.as_str().into(), ..BranchLedger::default() });
        ledger.branches.len() - 1
    });
    let count = new.len();
    progress.begin(&branch.name, count);
    let mut line = Vec::new();
    if let (Some(head), true) = (head, count > 0) {
        let missing =
            || Error::MissingCommit { commit: head.id, branch: branch.name.as_str().to_owned() };
        line.push(repository::header(&repository, head.id)?.ok_or_else(missing)?);
    }
    let resumed = line.len();
    line.extend(new);
    let mut walk = Walk {
        follower: Follower::new(u16::try_from(place).expect("an index has few branches")),
        ledger,
        place,
    };
    let lookers = Lookers::of(options);
    let mut interrupted = false;
    let mut saved = Instant::now();
    let mut done = 0;
    let counts = std::thread::scope(|scope| {
        let looking = stretches::begin(scope, &lookers, &line);
        if resumed > 0 {
            walk.follower.recall(writer)?;
        }
        looking.each(&mut |at, seen| {
            if interrupt.load(Ordering::Relaxed) {
                interrupted = true;
                return Ok(false);
            }
            if at < resumed {
                walk.resume(seen);
                return Ok(true);
            }
            walk.step(line[at].commit, seen);
            done += 1;
            progress.read(done, line[at].commit);
            if at + 1 == line.len() || saved.elapsed() >= options.save_every {
                walk.follower.save(writer, &walk.ledger)?;
                progress.saved(line[at].commit);
                saved = Instant::now();
            }
            Ok(true)
        })
    })?;
    if interrupted && done > 0 {
        walk.follower.save(writer, &walk.ledger)?;
        progress.saved(line[resumed + done - 1].commit);
    }
    let read = &walk.ledger.branches[place];
    Ok(Report {
        commits: done,
        covers: read.commits.first().copied().zip(read.commits.last().copied()),
        known: walk.follower.known(),
        unknown: walk.follower.unknown(),
        files: counts.files,
        absent: counts.absent.len() as u64,
        failed: read.failed.len() as u64,
        interrupted,
        branch: branch.name,
    })
}

/// Whether a commit is on the first-parent line of the branch.
///
/// # Errors
/// [`Error`] if there is no such repository or branch.
pub fn has_commit(options: &Options, commit: CommitId) -> Result<bool, Error> {
    let repository = repository::open(&options.repository)?;
    let branch = repository::branch(&repository, options.branch.as_deref())?;
    Ok(repository::line(&repository, &branch, Some(commit))?.1)
}

/// What the tracker says of one revision alone, by attribute path: nothing is read from an index or written to one.
///
/// # Errors
/// [`Error`] if there is no such revision, or its trees cannot be read.
pub fn observe_at(options: &Options, revision: &str) -> Result<Vec<Observation>, Error> {
    let repository = repository::open(&options.repository)?;
    let id = repository::commit(&repository, revision)?;
    let missing = || Error::NoSuchRevision(revision.to_owned());
    let line = [repository::header(&repository, id)?.ok_or_else(missing)?];
    let lookers = Lookers::of(options);
    let mut found = Vec::new();
    std::thread::scope(|scope| {
        stretches::begin(scope, &lookers, &line).each(&mut |_, seen| {
            let (Seen::Whole(seen) | Seen::Changes(seen)) = seen else {
                let tree = SourceError::Absent(line[0].tree.to_string());
                return Err(damaged(&tree, id));
            };
            found = seen;
            Ok(true)
        })
    })?;
    found.sort_by(|a, b| a.attr_path.cmp(&b.attr_path));
    Ok(found)
}

/// The commits that a run is to read, oldest first.
fn line_to_read(
    repository: &gix::Repository,
    branch: &Branch,
    options: &Options,
    known: Option<&BranchLedger>,
) -> Result<Vec<Header>, Error> {
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
        refuse_earlier(repository, branch, since, first)?;
    }
    Ok(line)
}

/// An index grows at its newer end only: refuses to begin before its first commit.
fn refuse_earlier(
    repository: &gix::Repository,
    branch: &Branch,
    since: Since,
    first: Commit,
) -> Result<(), Error> {
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
struct Walk {
    follower: Follower,
    ledger: Ledger,
    /// The branch's place in the ledger.
    place: usize,
}

impl Walk {
    /// Takes in what is seen at the newest commit of the ledger.
    fn resume(&mut self, seen: Seen) {
        let branch = &mut self.ledger.branches[self.place];
        let place = place_of(branch.commits.len() - 1);
        let (Seen::Whole(observations) | Seen::Changes(observations)) = seen else {
            return self.follower.resume(place, Vec::new());
        };
        // A commit that could not be read before can be now.
        branch.failed.retain(|failed| *failed != place);
        self.follower.resume(place, observations);
    }

    /// Takes in what is seen at the next commit.
    fn step(&mut self, commit: Commit, seen: Seen) {
        let branch = &mut self.ledger.branches[self.place];
        let place = place_of(branch.commits.len());
        branch.commits.push(commit);
        match seen {
            Seen::Whole(observations) => self.follower.observe_all(place, observations),
            Seen::Changes(observations) => self.follower.observe(place, observations),
            Seen::Nothing => {
                self.follower.fail(place);
                branch.failed.push(place);
            }
        }
    }
}

fn place_of(index: usize) -> u32 {
    u32::try_from(index).expect("a branch has fewer commits than 32 bits count")
}
