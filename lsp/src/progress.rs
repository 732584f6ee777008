//! Long work, as a client shows it: with a percentage, and with a way to end it.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use model::{
    AttrPath, CommitId, IndexStatus, Name, Package, PackageSource, SourceError, Summary,
    resolve::{Marks, Place},
};
use tokio::time;
use tower_lsp::{
    jsonrpc::{Error, ErrorCode, Result},
    ls_types::{
        NumberOrString, ProgressParams, ProgressParamsValue, ProgressToken, WorkDoneProgress,
        WorkDoneProgressBegin, WorkDoneProgressCreateParams, WorkDoneProgressEnd,
        WorkDoneProgressReport, notification::Progress, request::WorkDoneProgressCreate,
    },
};

use crate::state::State;

/// Work that is done sooner is not shown.
const QUICK: Duration = Duration::from_millis(300);

/// How often the percentage is looked at.
const TICK: Duration = Duration::from_millis(100);

/// How long the client may take to answer.
const ANSWER: Duration = Duration::from_secs(10);

/// The long work that is being done, by the names that the client knows it under.
#[derive(Default)]
pub(crate) struct Jobs {
    shown: Mutex<HashMap<ProgressToken, Arc<Job>>>,
    /// Counts our own names.
    named: AtomicU64,
}

/// One piece of long work.
#[derive(Default)]
pub(crate) struct Job {
    done: AtomicUsize,
    of: AtomicUsize,
    cancelled: AtomicBool,
    finished: AtomicBool,
}

impl Jobs {
    /// The user does not want the work with this name any more.
    pub fn cancel(&self, token: &ProgressToken) {
        if let Some(job) = self.lock().get(token) {
            job.cancelled.store(true, SeqCst);
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<ProgressToken, Arc<Job>>> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Job {
    /// Says that there are so many more steps to do.
    pub fn expect(&self, steps: usize) {
        self.of.fetch_add(steps, SeqCst);
    }

    /// A step is done.
    pub fn step(&self) {
        self.done.fetch_add(1, SeqCst);
    }

    /// Whether the user, or the client, does not want it any more.
    pub fn is_cancelled(&self) -> bool {
        self.cancelled.load(SeqCst)
    }

    fn percent(&self) -> u32 {
        let (done, of) = (self.done.load(SeqCst), self.of.load(SeqCst).max(1));
        u32::try_from(done.min(of) * 100 / of).unwrap_or(100)
    }
}

/// Ends a job when its request is answered, or is dropped because the client took it back.
struct Guard(Arc<Job>);

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.finished.store(true, SeqCst);
        // After its end nobody asks; before, this is what stops the thread that does the work.
        self.0.cancelled.store(true, SeqCst);
    }
}

/// Does long work on a thread that may block. `token` is the name that the client gave it, if it
/// did.
///
/// # Errors
/// That of a request that was cancelled, if it was.
pub(crate) async fn run<T: Send + 'static>(
    state: &Arc<State>,
    title: &'static str,
    token: Option<ProgressToken>,
    work: impl FnOnce(&Job) -> T + Send + 'static,
) -> Result<T> {
    let job = Arc::new(Job::default());
    let guard = Guard(job.clone());
    tokio::spawn(show(state.clone(), title, token, job.clone()));
    let working = job.clone();
    let done = state.workers.long_work(move || work(&working)).await?;
    let cancelled = job.is_cancelled();
    drop(guard);
    match cancelled {
        true => Err(Error::new(ErrorCode::RequestCancelled)),
        false => Ok(done),
    }
}

async fn show(state: Arc<State>, title: &'static str, token: Option<ProgressToken>, job: Arc<Job>) {
    time::sleep(QUICK).await;
    let creates = state.session().is_some_and(|session| session.work_done_progress);
    if job.finished.load(SeqCst) || (token.is_none() && !creates) {
        return;
    }
    let client = &state.client;
    let token = match token {
        Some(token) => token,
        None => {
            let number = state.jobs.named.fetch_add(1, SeqCst);
            let token = NumberOrString::String(format!("nix-archiver-{number}"));
            let create = WorkDoneProgressCreateParams { token: token.clone() };
            let create = client.send_request::<WorkDoneProgressCreate>(create);
            if !matches!(time::timeout(ANSWER, create).await, Ok(Ok(()))) {
                tracing::warn!("the client does not show the progress of: {title}");
                return;
            }
            token
        }
    };
    state.jobs.lock().insert(token.clone(), job.clone());
    let tell = |value: WorkDoneProgress| {
        let value = ProgressParamsValue::WorkDone(value);
        client.send_notification::<Progress>(ProgressParams { token: token.clone(), value })
    };
    let mut percent = job.percent();
    tell(WorkDoneProgress::Begin(WorkDoneProgressBegin {
        title: title.to_owned(),
        cancellable: Some(true),
        message: None,
        percentage: Some(percent),
    }))
    .await;
    while !job.finished.load(SeqCst) {
        time::sleep(TICK).await;
        let now = job.percent();
        if now > percent {
            percent = now;
            tell(WorkDoneProgress::Report(WorkDoneProgressReport {
                cancellable: Some(true),
                message: None,
                percentage: Some(percent),
            }))
            .await;
        }
    }
    tell(WorkDoneProgress::End(WorkDoneProgressEnd { message: None })).await;
    state.jobs.lock().remove(&token);
}

/// An index whose questions are the steps of a job, and that stops answering once the job is not
/// wanted any more.
pub(crate) struct Watched<'a> {
    pub source: &'a dyn PackageSource,
    pub job: &'a Job,
}

impl Watched<'_> {
    fn go_on(&self) -> std::result::Result<(), SourceError> {
        match self.job.is_cancelled() {
            false => Ok(()),
            true => Err(SourceError::Unreadable {
                place: "its place".to_owned(),
                why: "the work was cancelled".to_owned(),
            }),
        }
    }
}

impl PackageSource for Watched<'_> {
    fn by_prefix(
        &self,
        prefix: &str,
        limit: usize,
    ) -> std::result::Result<Vec<Summary>, SourceError> {
        self.source.by_prefix(prefix, limit)
    }

    fn names(&self, prefix: &str, limit: usize) -> std::result::Result<Vec<Name>, SourceError> {
        self.source.names(prefix, limit)
    }

    fn by_similar_name(
        &self,
        name: &str,
        edits: u8,
        limit: usize,
    ) -> std::result::Result<Vec<Summary>, SourceError> {
        self.source.by_similar_name(name, edits, limit)
    }

    fn by_words(
        &self,
        query: &str,
        limit: usize,
    ) -> std::result::Result<Vec<Summary>, SourceError> {
        self.source.by_words(query, limit)
    }

    fn package(&self, path: &AttrPath) -> std::result::Result<Option<Package>, SourceError> {
        self.go_on()?;
        let package = self.source.package(path);
        self.job.step();
        package
    }

    fn places(
        &self,
        branch: &str,
        commits: &[CommitId],
    ) -> std::result::Result<Vec<Option<Place>>, SourceError> {
        self.go_on()?;
        self.source.places(branch, commits)
    }

    fn marks(&self) -> std::result::Result<Arc<Marks>, SourceError> {
        self.source.marks()
    }

    fn status(&self) -> std::result::Result<IndexStatus, SourceError> {
        self.source.status()
    }
}
