//! The line, cut into stretches that threads look at side by side. What they see comes out in the
//! line's order.
//!
//! Each stretch is begun by looking at a whole revision, so that no thread needs to know what
//! another one saw. What a thread is ahead of the one whose stretch is taken out is kept in
//! memory: [`AHEAD`] bounds it.

use std::{
    collections::VecDeque,
    num::NonZeroUsize,
    ops::Range,
    path::Path,
    sync::{
        Mutex,
        mpsc::{self, Receiver, Sender},
    },
};

use eval::{Observation, SourceError, Tracker};
use model::CommitId;

use crate::{
    ahead,
    error::Error,
    objects::Objects,
    repository::{self, Header},
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

/// How much was read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Blobs.
    pub files: u64,
    /// Objects that the clone does not have.
    pub absent: u64,
}

impl Counts {
    fn plus(self, other: Self) -> Self {
        Self { files: self.files + other.files, absent: self.absent + other.absent }
    }
}

/// Who looks, and where.
pub struct Lookers<'a> {
    /// The clone.
    pub repository: &'a Path,
    /// Makes the tracker that looks at the revisions of a stretch.
    pub tracker: fn() -> Box<dyn Tracker>,
    /// How many of them look at once.
    pub threads: NonZeroUsize,
}

/// A stretch that is to be looked at, and where to send what is seen there.
struct Job {
    line: Range<usize>,
    seen: Sender<Result<Seen, Error>>,
}

/// What is seen on a stretch, as it comes.
type Sights = (Range<usize>, Receiver<Result<Seen, Error>>);

/// Looks at every commit of a line, and hands what was seen to `take`, in order, with its place in
/// the line. Ends when `take` returns `false`.
///
/// # Errors
/// What `take` returns, and [`Error`] if the repository cannot be read.
pub fn look(
    lookers: &Lookers<'_>,
    line: &[Header],
    take: &mut dyn FnMut(usize, Seen) -> Result<bool, Error>,
) -> Result<Counts, Error> {
    let mut cuts = cut(line.len(), lookers.threads.get()).into_iter();
    let ahead = lookers.threads.get() * AHEAD;
    let (jobs, waiting) = mpsc::channel::<Job>();
    let waiting = &Mutex::new(waiting);
    std::thread::scope(|scope| {
        let mut begun: VecDeque<Sights> = VecDeque::new();
        for line in cuts.by_ref().take(ahead) {
            begun.push_back(begin(&jobs, line));
        }
        let spawn = |idle| {
            // With this much a tracker does not need to make a stack of its own at each step.
            let builder = std::thread::Builder::new().stack_size(eval::nix::STACK_BYTES + MORE);
            builder.spawn_scoped(scope, move || work(lookers, line, waiting, idle))
        };
        let idle = begun.len() < lookers.threads.get();
        let threads: Vec<_> = (0..lookers.threads.get().min(begun.len()))
            .map(|_| spawn(idle).expect("the system has room for another thread"))
            .collect();
        let mut result = Ok(true);
        while let (Ok(true), Some((stretch, seen))) = (&result, begun.pop_front()) {
            for place in stretch {
                // A thread that panicked sends nothing more; it is joined below.
                let Ok(seen) = seen.recv() else { break };
                result = seen.and_then(|seen| take(place, seen));
                if !matches!(result, Ok(true)) {
                    break;
                }
            }
            begun.extend(cuts.next().map(|line| begin(&jobs, line)));
        }
        // Without more jobs, and with nobody to tell what they see, the threads end.
        drop((jobs, begun));
        let mut counts = result.map(|_| Counts::default());
        for thread in threads {
            let read = thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            counts = counts.and_then(|sum| read.map(|read| sum.plus(read)));
        }
        counts
    })
}

/// Has a stretch looked at.
fn begin(jobs: &Sender<Job>, line: Range<usize>) -> Sights {
    let (seen, sights) = mpsc::channel();
    // The receiver is there as long as the jobs are waited for.
    let _ = jobs.send(Job { line: line.clone(), seen });
    (line, sights)
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

/// What one thread does: one stretch after the other, as long as there are any. If there are not
/// enough for all threads, one of the others parses for this one.
fn work(
    lookers: &Lookers<'_>,
    line: &[Header],
    jobs: &Mutex<Receiver<Job>>,
    idle: bool,
) -> Result<Counts, Error> {
    let objects = Objects::new(repository::open(lookers.repository)?);
    // What it keeps of one stretch makes the first look of the next quicker.
    let mut tracker = (lookers.tracker)();
    loop {
        let job = jobs.lock().unwrap_or_else(std::sync::PoisonError::into_inner).recv();
        let Ok(job) = job else { break };
        let tracker = &mut *tracker;
        let parser = idle.then_some(lookers.repository);
        let mut looker = Looker { objects: &objects, tracker, tree: None, parser };
        for header in &line[job.line] {
            let seen = looker.look(header);
            let failed = seen.is_err();
            if job.seen.send(seen).is_err() || failed {
                break;
            }
        }
    }
    Ok(Counts { files: objects.blobs_read(), absent: objects.absent() })
}

/// Goes along a stretch.
struct Looker<'a> {
    objects: &'a Objects,
    tracker: &'a mut dyn Tracker,
    /// The tree that the tracker stands at; `None` if it stands nowhere.
    tree: Option<CommitId>,
    /// The clone, if its files are to be parsed beside a first look.
    parser: Option<&'a Path>,
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
                let mut look = || self.tracker.start(&revision);
                Ok(Seen::Whole(match self.parser {
                    Some(clone) => ahead::beside(clone, header.tree.0, self.objects, look),
                    None => look(),
                }))
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
