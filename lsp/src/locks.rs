//! The packages.lock beside each open file, as it is on disk.

use std::{
    collections::{BTreeMap, HashMap},
    fs,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError, Weak,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
    time::{Duration, SystemTime},
};

use ide::LockFile;
use model::{AttrPath, Lock, lock::LockError};
use tokio::{task, time};
use tower_lsp::ls_types::Uri;

use crate::{documents::Role, publish, state::State};

/// How often the locks are looked at for news.
const LOOK: Duration = Duration::from_secs(2);

/// How large a lock may be, in bytes, to be read at all.
const LARGEST: u64 = 64 << 20;

/// A packages.lock at one moment.
#[derive(Debug, Clone)]
pub(crate) enum LockState {
    /// The file beside which it would be is not on disk, or it cannot be looked at.
    Unknown,
    /// There is none.
    Missing,
    /// It was read; with the line, counted from 1, on which each pin is.
    Read(Arc<Lock>, Arc<BTreeMap<AttrPath, usize>>),
    /// It is none.
    Unreadable(Arc<LockError>),
}

impl LockState {
    /// The same for the features.
    pub fn as_lock(&self) -> LockFile<'_> {
        match self {
            Self::Unknown => LockFile::Unknown,
            Self::Missing => LockFile::Missing,
            Self::Read(lock, _) => LockFile::Read(lock),
            Self::Unreadable(error) => LockFile::Unreadable(error),
        }
    }
}

/// What tells one state of a file on disk from another: when it was written, and its length.
type Stamp = Option<(SystemTime, u64)>;

/// The locks that were read.
#[derive(Default)]
pub(crate) struct Locks {
    read: Mutex<HashMap<PathBuf, (Stamp, LockState)>>,
    /// Counts the changes.
    generation: AtomicU64,
}

impl Locks {
    /// The lock beside a file. Reads the disk, so that it is for threads that may block.
    pub fn beside(&self, uri: &Uri) -> LockState {
        let Some(path) = path_beside(uri) else { return LockState::Unknown };
        let stamp = stamp(&path);
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((known, state)) = read.get(&path)
            && *known == stamp
        {
            return state.clone();
        }
        let state = load(&path, stamp);
        read.insert(path, (stamp, state.clone()));
        self.generation.fetch_add(1, SeqCst);
        state
    }

    /// Changes when a lock that was read has changed.
    pub fn generation(&self) -> u64 {
        self.generation.load(SeqCst)
    }
}

/// Looks at the locks of the open files at once.
pub(crate) fn look(state: &Arc<State>) {
    let state = state.clone();
    task::spawn(async move {
        if has_news(&state).await {
            publish::news(&state);
        }
    });
}

async fn has_news(state: &Arc<State>) -> bool {
    let looking = state.clone();
    let looked = task::spawn_blocking(move || {
        let before = looking.locks.generation();
        for file in looking.documents.all() {
            looking.locks.beside(&file.uri);
        }
        before != looking.locks.generation()
    });
    looked.await.unwrap_or(false)
}

/// Looks at the locks of the open files from time to time, until the server is gone.
pub(crate) async fn watch(state: Weak<State>) {
    loop {
        time::sleep(LOOK).await;
        let Some(state) = state.upgrade() else { return };
        if has_news(&state).await {
            publish::news(&state);
        }
    }
}

/// Where the lock of a packages.nix is; `None` for a file that is none, or not in a folder of the disk.
pub(crate) fn path_beside(uri: &Uri) -> Option<PathBuf> {
    if uri.scheme().as_str() != "file" || Role::of(uri) != Some(Role::PackagesNix) {
        return None;
    }
    let folder = uri.to_file_path()?.parent()?.to_owned();
    folder.is_dir().then(|| folder.join("packages.lock"))
}

/// The text of a lock; `None` if there is none.
///
/// # Errors
/// If it is there and cannot be read as text.
pub(crate) fn text_at(path: &Path) -> std::io::Result<Option<String>> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn stamp(path: &Path) -> Stamp {
    let data = fs::metadata(path).ok()?;
    Some((data.modified().unwrap_or(SystemTime::UNIX_EPOCH), data.len()))
}

fn load(path: &Path, stamp: Stamp) -> LockState {
    let Some((_, length)) = stamp else { return LockState::Missing };
    let text = if length > LARGEST {
        Err(std::io::Error::other("it is too large"))
    } else {
        fs::read_to_string(path)
    };
    match text {
        Ok(text) => match Lock::parse(&text) {
            Ok(lock) => {
                let lines = lock.lines(&text);
                LockState::Read(Arc::new(lock), Arc::new(lines))
            }
            Err(error) => LockState::Unreadable(Arc::new(error)),
        },
        Err(error) => {
            tracing::warn!("{} cannot be read: {error}", path.display());
            LockState::Unknown
        }
    }
}
