//! What lives as long as the server.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    time::{SystemTime, UNIX_EPOCH},
};

use ide::{Memo, Settings};
use model::{AttrPath, SourceError};
use syntax::Encoding;
use tower_lsp::{Client, jsonrpc, ls_types::Uri};

use crate::{
    Config, Nixpkgs, OpenNixpkgs,
    documents::{Documents, Snapshot},
    index::{IndexHandle, Phase},
    locks::{LockState, Locks},
    progress::Jobs,
    session::Session,
    settings::SettingsHandle,
    workers::Workers,
};

/// What lives as long as the server.
pub(crate) struct State {
    pub client: Client,
    pub version: String,
    pub documents: Documents,
    pub index: Arc<IndexHandle>,
    pub settings: SettingsHandle,
    pub locks: Arc<Locks>,
    pub jobs: Jobs,
    pub index_folder: Option<PathBuf>,
    pub cache: Option<PathBuf>,
    pub workers: Workers,
    open_nixpkgs: Arc<OpenNixpkgs>,
    memo: Arc<Memo>,
    session: OnceLock<Session>,
    /// Whether the client has said that it is ready; nothing may be sent to it before.
    greeted: AtomicBool,
}

/// All that a request about a file is answered from.
pub(crate) struct Asked {
    pub file: Snapshot,
    pub document: Arc<ide::Document>,
    pub index: Phase,
    lock: LockState,
    memo: Arc<Memo>,
    settings: Arc<Settings>,
    pub session: Session,
    pub now: i64,
}

impl State {
    /// The state of a server that nothing was said to yet.
    pub fn new(client: Client, config: Config) -> Self {
        Self {
            client,
            version: config.version,
            documents: Documents::default(),
            index: Arc::new(IndexHandle::new(config.open_source)),
            settings: SettingsHandle::default(),
            locks: Arc::default(),
            jobs: Jobs::default(),
            index_folder: config.index,
            cache: config.cache,
            open_nixpkgs: config.open_nixpkgs,
            memo: Arc::default(),
            session: OnceLock::new(),
            greeted: AtomicBool::new(false),
            workers: Workers::new(),
        }
    }

    /// Remembers what was agreed with the client.
    pub fn agree(&self, session: Session) {
        // A second hello is refused before it comes here.
        let _ = self.session.set(session);
    }

    /// What was agreed with the client.
    pub fn session(&self) -> Option<&Session> {
        self.session.get()
    }

    /// Remembers that the client is ready.
    pub fn greet(&self) {
        self.greeted.store(true, SeqCst);
    }

    /// Whether the client is ready.
    pub fn is_greeted(&self) -> bool {
        self.greeted.load(SeqCst)
    }

    /// The clone of nixpkgs that the settings of a file name, if they do.
    pub fn nixpkgs(&self, file: &Uri) -> Option<Arc<dyn Nixpkgs>> {
        let settings = self.settings.of(file);
        let path = settings.clone.trim();
        (!path.is_empty()).then(|| (self.open_nixpkgs)(Path::new(path)))
    }

    /// How the client counts columns.
    pub fn encoding(&self) -> Encoding {
        self.session().map_or(Encoding::Utf16, |session| session.encoding)
    }

    /// Answers a question about an open file on a thread that may block; `None` if the file is not
    /// open, or one of others without pins. A panic there is an error of this one request.
    pub async fn ask<T: Send + 'static>(
        &self,
        uri: &Uri,
        answer: impl FnOnce(&Asked) -> T + Send + 'static,
    ) -> jsonrpc::Result<Option<T>> {
        match self.documents.get(uri) {
            Some(file) if self.concerns(&file).await? => self.ask_of(file, answer).await.map(Some),
            _ => Ok(None),
        }
    }

    /// As [`Self::ask`], of a file at a known version.
    pub async fn ask_of<T: Send + 'static>(
        &self,
        file: Snapshot,
        answer: impl FnOnce(&Asked) -> T + Send + 'static,
    ) -> jsonrpc::Result<T> {
        let index = self.index_for(&file).await?;
        self.ask_with(file, index, answer).await
    }

    /// The index for a request about a file. A file without pins has no use for it, and does not
    /// wait for one that is being opened.
    pub async fn index_for(&self, file: &Snapshot) -> jsonrpc::Result<Phase> {
        Ok(if self.concerns(file).await? { self.index.get().await } else { Phase::Loading })
    }

    /// Whether a file is a packages.nix, or has pins.
    async fn concerns(&self, file: &Snapshot) -> jsonrpc::Result<bool> {
        let read = file.clone();
        Ok(file.is_packages_nix() || self.workers.work(move || read.has_pins()).await?)
    }

    /// As [`Self::ask_of`], with the index at a known moment.
    pub async fn ask_with<T: Send + 'static>(
        &self,
        file: Snapshot,
        index: Phase,
        answer: impl FnOnce(&Asked) -> T + Send + 'static,
    ) -> jsonrpc::Result<T> {
        let Some(session) = self.session().cloned() else {
            return Err(jsonrpc::Error::internal_error());
        };
        let (memo, settings) = (self.memo.clone(), self.settings.of(&file.uri));
        let locks = self.locks.clone();
        self.workers
            .work(move || {
                let document = file.document();
                let lock = locks.beside(&file.uri);
                answer(&Asked { file, document, index, lock, memo, settings, session, now: now() })
            })
            .await
    }
}

impl Asked {
    /// The line, counted from 0, on which the lock has a pin.
    pub fn lock_line(&self, path: &AttrPath) -> Option<u32> {
        let LockState::Read(_, lines) = &self.lock else { return None };
        lines.get(path).and_then(|line| u32::try_from(line - 1).ok())
    }

    /// The file, the index and the moment, for the features.
    pub fn snapshot(&self) -> ide::Snapshot<'_> {
        ide::Snapshot {
            document: &self.document,
            index: self.index.as_index(),
            lock: self.lock.as_lock(),
            memo: &self.memo,
            settings: &self.settings,
            now: self.now,
        }
    }
}

/// What an index that cannot be read means for a request that is about the cursor: no answer. The
/// diagnostics tell the user why.
pub(crate) fn or_nothing<T: Default>(answer: Result<T, SourceError>) -> T {
    answer.unwrap_or_else(|error| {
        tracing::warn!("{error}");
        T::default()
    })
}

/// Seconds since 1970-01-01T00:00:00Z.
pub(crate) fn now() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.ok().and_then(|now| i64::try_from(now.as_secs()).ok()).unwrap_or_default()
}
