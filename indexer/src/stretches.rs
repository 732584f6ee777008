//! The line, cut into stretches that threads look at side by side. What they see comes out in the
//! line's order.
//!
//! Each stretch is begun by looking at a whole revision, so that no thread needs to know what
//! another one saw. A line too short to be cut is one stretch, which two threads look at together,
//! each at a part of what is there. What a thread is ahead of the one whose stretch is taken out is kept in
//! memory: [`AHEAD`] bounds it.

use std::{
    collections::VecDeque,
    num::NonZeroUsize,
    ops::Range,
    path::Path,
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{self, Receiver, Sender},
    },
    thread::{Scope, ScopedJoinHandle},
};

use eval::{ObjectId, Observation, Part, SourceError, Tracker};
use model::CommitId;
use rustc_hash::FxHashSet;

use crate::{
    error::Error,
    objects::Objects,
    repository::{self, Header},
    run::Options,
    tree::{Revision, changes},
};

/// How many commits a stretch has at most. Shorter ones waste time on looking at whole revisions,
/// longer ones keep more in memory.
const LONGEST: usize = 10_000;
/// How many commits a stretch has at least, of a line that is cut. Towards the end of the line
/// stretches become shorter, so that all threads end at about the same time.
const SHORTEST: usize = 1_500;
/// A line shorter than this is not cut: to look at one more whole revision would take longer.
const WORTH_CUTTING: usize = 600;
/// How many stretches for each thread may be looked at before the oldest is done with.
const AHEAD: usize = 2;

/// Stack of a thread beyond what a tracker needs, in bytes.
const MORE: usize = 16 << 20;

/// What was seen at one commit.
pub enum Seen {
    /// Everything that is there.
    Whole(Vec<Observation>),
    /// What is different from the commit before.
    Changes(Vec<Observation>),
    /// Nothing: its tree is not in the repository.
    Nothing,
}

impl Seen {
    /// What two saw together who look at the same commit, each at a part of it.
    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Whole(mut all), Self::Whole(other)) => {
                all.extend(other);
                Self::Whole(all)
            }
            (Self::Changes(mut all), Self::Changes(other)) => {
                all.extend(other);
                Self::Changes(all)
            }
            // Whether there is a tree does not depend on who looks.
            _ => Self::Nothing,
        }
    }
}

/// How much was read.
#[derive(Debug, Default)]
pub struct Counts {
    /// Blobs.
    pub files: u64,
    /// Objects that the clone does not have.
    pub absent: FxHashSet<ObjectId>,
}

impl Counts {
    fn plus(mut self, other: Self) -> Self {
        self.absent.extend(other.absent);
        Self { files: self.files + other.files, absent: self.absent }
    }
}

/// Who looks, and where.
pub struct Lookers<'a> {
    /// The clone.
    pub repository: &'a Path,
    /// Makes the tracker that looks at a part of the revisions of a stretch.
    pub tracker: fn(Part) -> Box<dyn Tracker>,
    /// How many of them look at once.
    pub threads: NonZeroUsize,
}

impl<'a> Lookers<'a> {
    /// Those of a run.
    pub fn of(options: &'a Options) -> Self {
        let Options { repository, tracker, threads, .. } = options;
        Self { repository, tracker: *tracker, threads: *threads }
    }
}

/// A stretch that is to be looked at, and where to send what is seen there.
struct Job {
    line: Range<usize>,
    part: Part,
    seen: Sender<Result<Seen, Error>>,
}

/// A stretch, and what is seen there, as it comes, by each of those who look at a part of it.
type Sights = (Range<usize>, Vec<Receiver<Result<Seen, Error>>>);

/// Every commit of a line being looked at.
pub struct Looking<'scope> {
    cuts: std::vec::IntoIter<Range<usize>>,
    parts: Vec<Part>,
    jobs: Sender<Job>,
    begun: VecDeque<Sights>,
    threads: Vec<ScopedJoinHandle<'scope, Result<Counts, Error>>>,
}

/// Begins to look at every commit of a line, each thread at stretches of it. Where there is but one
/// stretch, two threads share what is to be seen there.
pub fn begin<'scope, 'env>(
    scope: &'scope Scope<'scope, 'env>,
    lookers: &'env Lookers<'env>,
    line: &'env [Header],
) -> Looking<'scope> {
    let threads = lookers.threads.get();
    let cuts = cut(line.len(), threads);
    let parts = match cuts.len() {
        1 if threads > 1 => Part::halves().to_vec(),
        _ => vec![Part::whole()],
    };
    let (jobs, waiting) = mpsc::channel::<Job>();
    let waiting = Arc::new(Mutex::new(waiting));
    let spawn = |_| {
        let waiting = waiting.clone();
        // With this much a tracker does not need to make a stack of its own at each step.
        let builder = std::thread::Builder::new().stack_size(eval::nix::STACK_BYTES + MORE);
        let thread = builder.spawn_scoped(scope, move || work(lookers, line, &waiting));
        thread.expect("the system has room for another thread")
    };
    let threads: Vec<_> = (0..threads.min(cuts.len() * parts.len())).map(spawn).collect();
    let cuts = cuts.into_iter();
    let mut looking = Looking { cuts, parts, jobs, begun: VecDeque::new(), threads };
    for _ in 0..looking.threads.len() * AHEAD {
        looking.begin();
    }
    looking
}

impl Looking<'_> {
    /// Has the next stretch looked at.
    fn begin(&mut self) {
        let Some(line) = self.cuts.next() else { return };
        let part = |part: &Part| {
            let (seen, sights) = mpsc::channel();
            // The receiver is there as long as the jobs are waited for.
            let _ = self.jobs.send(Job { line: line.clone(), part: part.clone(), seen });
            sights
        };
        let sights = self.parts.iter().map(part).collect();
        self.begun.push_back((line, sights));
    }

    /// Hands what is seen to `take`, in order, with its place in the line. Ends when `take` returns
    /// `false`.
    ///
    /// # Errors
    /// What `take` returns, and [`Error`] if the repository cannot be read.
    pub fn each(
        mut self,
        take: &mut dyn FnMut(usize, Seen) -> Result<bool, Error>,
    ) -> Result<Counts, Error> {
        let mut result = Ok(true);
        while let (Ok(true), Some((stretch, sights))) = (&result, self.begun.pop_front()) {
            for place in stretch {
                // A thread that panicked sends nothing more; it is joined below.
                let Some(seen) = next(&sights) else { break };
                result = seen.and_then(|seen| take(place, seen));
                if !matches!(result, Ok(true)) {
                    break;
                }
            }
            self.begin();
        }
        // Without more jobs, and with nobody to tell what they see, the threads end.
        drop((self.jobs, self.begun));
        let mut counts = result.map(|_| Counts::default());
        for thread in self.threads {
            let read = thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            counts = counts.and_then(|sum| read.map(|read| sum.plus(read)));
        }
        counts
    }
}

/// What is seen next, of all parts together. `None` if one of those who look is not there any more.
fn next(sights: &[Receiver<Result<Seen, Error>>]) -> Option<Result<Seen, Error>> {
    let parts = sights.iter().map(Receiver::recv).collect::<Result<Vec<_>, _>>().ok()?;
    parts.into_iter().reduce(|all, part| Ok(all?.and(part?)))
}

/// Cuts a line into stretches, the later the shorter.
fn cut(length: usize, threads: usize) -> Vec<Range<usize>> {
    if length == 0 {
        return Vec::new();
    }
    if length < WORTH_CUTTING || threads == 1 {
        return std::iter::once(0..length).collect();
    }
    let mut stretches = Vec::new();
    let mut from = 0;
    while from < length {
        let left = length - from;
        let most = (left * 2 / 3 / threads).clamp(SHORTEST.min(length / threads), LONGEST);
        // What is left over is not worth a stretch of its own.
        let to = if left < most * 3 / 2 { length } else { from + most };
        stretches.push(from..to);
        from = to;
    }
    stretches
}

/// What one thread does: one stretch, or a part of one, after the other, as long as there are any.
fn work(
    lookers: &Lookers<'_>,
    line: &[Header],
    jobs: &Mutex<Receiver<Job>>,
) -> Result<Counts, Error> {
    let objects = Objects::new(repository::open(lookers.repository)?);
    // What a tracker keeps of one stretch makes the first look of the next quicker.
    let mut whole = None;
    loop {
        let job = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(Job { line: stretch, part, seen: sights }) = job else { break };
        let mut half = None;
        let tracker = if part.is_whole() { &mut whole } else { &mut half };
        let tracker = &mut **tracker.get_or_insert_with(|| (lookers.tracker)(part));
        let mut looker = Looker { objects: &objects, tracker, tree: None };
        for header in &line[stretch] {
            let seen = looker.look(header);
            let failed = seen.is_err();
            if sights.send(seen).is_err() || failed {
                break;
            }
        }
    }
    Ok(Counts { files: objects.blobs_read(), absent: objects.into_absent() })
}

/// Goes along a stretch.
struct Looker<'a> {
    objects: &'a Objects,
    tracker: &'a mut dyn Tracker,
    /// The tree that the tracker stands at; `None` if it stands nowhere.
    tree: Option<CommitId>,
}

impl Looker<'_> {
    fn look(&mut self, header: &Header) -> Result<Seen, Error> {
        let seen = match self.see(header) {
            Ok(seen) => seen,
            Err(SourceError::Absent(_)) => Seen::Nothing,
            Err(error) => return Err(damaged(&error, header.commit.id)),
        };
        if let Some(error) = self.objects.take_damaged() {
            return Err(damaged(&error, header.commit.id));
        }
        self.tree = (!matches!(seen, Seen::Nothing)).then_some(header.tree);
        Ok(seen)
    }

    fn see(&mut self, header: &Header) -> Result<Seen, SourceError> {
        let revision = Revision { objects: self.objects, tree: header.tree.0 };
        match self.tree {
            Some(before) => {
                let changes = changes(self.objects, before.0, header.tree.0)?;
                Ok(Seen::Changes(self.tracker.step(&revision, &changes)))
            }
            None => {
                self.objects.tree(&header.tree.0)?;
                Ok(Seen::Whole(self.tracker.start(&revision)))
            }
        }
    }
}

/// An object that is damaged, or missing where it is needed.
pub fn damaged(error: &SourceError, at: CommitId) -> Error {
    let (object, why) = match error {
        SourceError::Corrupt { id, why } => (id.clone(), why.clone()),
        SourceError::Absent(id) => (id.clone(), "it is not in the repository".to_owned()),
    };
    Error::Corrupt { object, at: Some(at), why }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn stretches_cover_the_line_once_and_in_order(length in 0usize..100_000, threads in 1usize..64) {
            let cuts = cut(length, threads);
            let mut end = 0;
            for stretch in &cuts {
                prop_assert_eq!(stretch.start, end);
                prop_assert!(stretch.start < stretch.end);
                prop_assert!(threads == 1 || stretch.len() <= LONGEST);
                end = stretch.end;
            }
            prop_assert_eq!(end, length);
        }
    }
}
