//! The threads that answer requests.

use tokio::{
    runtime::{Builder, Runtime},
    sync::Semaphore,
};
use tower_lsp::jsonrpc;

/// How many threads work for requests at once. More would only take turns.
const WORKERS: usize = 8;

/// Threads that may block, for requests alone.
///
/// Were they those that also read standard input and write standard output, each request would be
/// answered on another of them, and each would keep the memory that answers take for the next one.
pub(crate) struct Workers {
    /// There until the end.
    pool: Option<Runtime>,
    turns: Semaphore,
}

impl Workers {
    /// Threads, each of which begins when it is needed.
    pub fn new() -> Self {
        let pool = Builder::new_current_thread().max_blocking_threads(WORKERS).build();
        let pool = pool.expect("a runtime without input and output asks the system for nothing");
        Self { pool: Some(pool), turns: Semaphore::new(WORKERS) }
    }

    /// Does something on one of them.
    ///
    /// # Errors
    /// If it panics.
    pub async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> jsonrpc::Result<T> {
        // A request that is cancelled while it waits here is never begun.
        let turn = self.turns.acquire().await.map_err(|_| jsonrpc::Error::internal_error())?;
        let pool = self.pool.as_ref().ok_or_else(jsonrpc::Error::internal_error)?;
        let done = pool.spawn_blocking(work).await;
        drop(turn);
        done.map_err(|panicked| {
            tracing::error!("a request failed unexpectedly: {panicked}");
            jsonrpc::Error {
                message: "the request failed unexpectedly; the server goes on".into(),
                ..jsonrpc::Error::internal_error()
            }
        })
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
