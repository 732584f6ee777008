//! The threads that answer requests.

use std::{thread, time::Duration};

use tokio::{
    runtime::{Builder, Runtime},
    sync::{AcquireError, Semaphore},
    task::{self, JoinError},
};
use tower_lsp::jsonrpc;

/// How many pieces of long work go on at once; more wait.
const LONG: usize = 4;

/// How long a thread is kept that nobody asks for anything.
const KEPT: Duration = Duration::from_secs(2);

/// Threads that may block, for requests alone.
///
/// Were they those that also read standard input and write standard output, each request would be
/// answered on another of them, and each would keep the memory that answers take for the next one.
/// For the same reason they are few.
pub(crate) struct Workers {
    /// There until the end.
    pool: Option<Runtime>,
    turns: Semaphore,
    long_turns: Semaphore,
}

impl Workers {
    /// Threads, each of which begins when it is needed.
    pub fn new() -> Self {
        // One more than can run, since one may wait for the disk.
        let most = thread::available_parallelism().map_or(2, usize::from).clamp(2, 4) + 1;
        let mut pool = Builder::new_current_thread();
        let pool = pool.max_blocking_threads(most).thread_keep_alive(KEPT).build();
        let pool = pool.expect("a runtime without input and output asks the system for nothing");
        let (turns, long_turns) = (Semaphore::new(most), Semaphore::new(LONG));
        Self { pool: Some(pool), turns, long_turns }
    }

    /// Does something quick on one of them.
    ///
    /// # Errors
    /// If it panics.
    pub async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> jsonrpc::Result<T> {
        // A request that is cancelled while it waits here is never begun.
        let turn = self.turns.acquire().await.map_err(closed)?;
        let pool = self.pool.as_ref().ok_or_else(jsonrpc::Error::internal_error)?;
        let done = pool.spawn_blocking(work).await;
        drop(turn);
        done.map_err(failed)
    }

    /// Does what may take seconds, on another thread: no other request waits for it.
    ///
    /// # Errors
    /// If it panics.
    pub async fn long_work<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> jsonrpc::Result<T> {
        let turn = self.long_turns.acquire().await.map_err(closed)?;
        let done = task::spawn_blocking(work).await;
        drop(turn);
        done.map_err(failed)
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        // Nobody waits for what they still do.
        if let Some(pool) = self.pool.take() {
            pool.shutdown_background();
        }
    }
}

fn closed(_: AcquireError) -> jsonrpc::Error {
    jsonrpc::Error::internal_error()
}

fn failed(panicked: JoinError) -> jsonrpc::Error {
    tracing::error!("a request failed unexpectedly: {panicked}");
    jsonrpc::Error {
        message: "the request failed unexpectedly; the server goes on".into(),
        ..jsonrpc::Error::internal_error()
    }
}
