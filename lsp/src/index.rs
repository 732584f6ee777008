//! The version index as the server holds it: being opened, open, or failed and tried again.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
    time::Duration,
};

use ide::Index;
use model::{IndexStatus, PackageSource, SourceError};
use tokio::{
    sync::{Notify, watch},
    task, time,
};

use crate::OpenSource;

/// How long a request waits for an index that is being opened, before it is answered without. To
/// unpack the starter index for the first time takes half of it.
const PATIENCE: Duration = Duration::from_secs(12);

/// How often the index is looked at for news, and a failed one is tried again.
const LOOK: Duration = Duration::from_secs(2);

/// The index at one moment.
#[derive(Clone)]
pub(crate) enum Phase {
    /// It is being opened for the first time.
    Loading,
    /// It was opened; each question may still fail.
    Open(Arc<dyn PackageSource>),
    /// It could not be opened.
    Failed(Arc<SourceError>),
}

impl Phase {
    /// The same for the features.
    pub fn as_index(&self) -> Index<'_> {
        match self {
            Self::Loading => Index::Loading,
            Self::Open(source) => Index::Ready(source.as_ref()),
            Self::Failed(error) => Index::Failed(error),
        }
    }
}

/// The index over time.
pub(crate) struct IndexHandle {
    open_source: Arc<OpenSource>,
    phase: watch::Sender<Phase>,
    /// Counts the changes of what the index says.
    generation: AtomicU64,
    /// Ends the wait for the next look.
    soon: Notify,
}

impl IndexHandle {
    /// An index that is not opened yet.
    pub fn new(open_source: Arc<OpenSource>) -> Self {
        let (phase, _) = watch::channel(Phase::Loading);
        Self { open_source, phase, generation: AtomicU64::new(0), soon: Notify::new() }
    }

    /// The index as it is now; if it is still being opened, as it is once that is done, or after
    /// some seconds.
    pub async fn get(&self) -> Phase {
        let mut phase = self.phase.subscribe();
        let opened = phase.wait_for(|phase| !matches!(phase, Phase::Loading));
        match time::timeout(PATIENCE, opened).await {
            Ok(Ok(phase)) => phase.clone(),
            _ => self.phase.borrow().clone(),
        }
    }

    /// Changes with what the index says.
    pub fn generation(&self) -> u64 {
        self.generation.load(SeqCst)
    }

    /// Lets [`Self::watch`] look at the index without waiting for the next time.
    pub fn look_soon(&self) {
        self.soon.notify_one();
    }

    /// Opens the index, and then looks at it from time to time, until `on_news` returns false. It
    /// is called once the index is open or has failed, and when what it covers has changed.
    pub async fn watch(self: Arc<Self>, on_news: impl Fn() -> bool) {
        let mut known: Option<Result<IndexStatus, SourceError>> = None;
        loop {
            let status = self.look().await;
            if known.as_ref() != Some(&status) {
                match &status {
                    Ok(status) => tracing::info!(
                        "the index holds {} packages and {} versions",
                        status.packages,
                        status.releases
                    ),
                    Err(error) => tracing::warn!("{error}"),
                }
                known = Some(status);
                self.generation.fetch_add(1, SeqCst);
                if !on_news() {
                    return;
                }
            }
            // Whichever of the two comes first.
            let _ = time::timeout(LOOK, self.soon.notified()).await;
        }
    }

    /// Looks at the index at once, without waiting for the next time.
    pub async fn look_now(&self) {
        let opened_before = matches!(&*self.phase.borrow(), Phase::Open(_));
        let looked = self.look().await;
        if opened_before != looked.is_ok() {
            self.generation.fetch_add(1, SeqCst);
        }
    }

    /// Opens the index if that is not done, and asks what it covers.
    async fn look(&self) -> Result<IndexStatus, SourceError> {
        let open = match &*self.phase.borrow() {
            Phase::Open(source) => Some(source.clone()),
            Phase::Loading | Phase::Failed(_) => None,
        };
        let open_source = self.open_source.clone();
        let looked = task::spawn_blocking(move || {
            let source = match open {
                Some(source) => source,
                None => open_source()?,
            };
            let status = source.status();
            Ok((source, status))
        });
        let looked = looked.await.unwrap_or_else(|panicked| {
            let why = format!("opening it failed unexpectedly ({panicked})");
            Err(SourceError::Unreadable { place: "its place".to_owned(), why })
        });
        match looked {
            Ok((source, status)) => {
                if !matches!(&*self.phase.borrow(), Phase::Open(_)) {
                    self.phase.send_replace(Phase::Open(source));
                }
                status
            }
            Err(error) => {
                self.phase.send_replace(Phase::Failed(Arc::new(error.clone())));
                Err(error)
            }
        }
    }
}
