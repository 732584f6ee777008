//! The open files.

use std::{
    collections::HashMap,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
    time::Instant,
};

use ide::Document;
use ropey::Rope;
use syntax::Encoding;
use tower_lsp::ls_types::{Diagnostic, TextDocumentContentChangeEvent, Uri};

use crate::from_proto;

/// The open files that hold pins. Others are never stored: they cost nothing.
#[derive(Default)]
pub(crate) struct Documents {
    open: Mutex<Open>,
}

#[derive(Default)]
struct Open {
    files: HashMap<String, File>,
    /// How many files were ever opened: tells a file from the same one opened again.
    opened: u64,
}

/// An open file.
struct File {
    uri: Uri,
    /// Whether it is a packages.lock: then it is only there to be written.
    is_lock: bool,
    serial: u64,
    version: i32,
    rope: Rope,
    read: Arc<OnceLock<Arc<Document>>>,
    changed: Instant,
    /// Whether a task is going to push diagnostics for it.
    awaited: bool,
    /// The diagnostics that were pushed last, and for which version.
    shown: Option<(i32, Vec<Diagnostic>)>,
}

/// A file as it was at one version.
#[derive(Clone)]
pub(crate) struct Snapshot {
    pub uri: Uri,
    /// Which opening of the file it is of.
    pub serial: u64,
    pub version: i32,
    is_open: bool,
    rope: Rope,
    read: Arc<OnceLock<Arc<Document>>>,
}

impl Snapshot {
    /// A file that no editor has open, as it is on the disk.
    pub fn on_disk(uri: Uri, text: &str) -> Self {
        let rope = Rope::from_str(text);
        Self { uri, serial: 0, version: 0, is_open: false, rope, read: Arc::default() }
    }

    /// Whether the client has it open, so that it is the client that changes it.
    pub fn is_open(&self) -> bool {
        self.is_open
    }

    /// The text alone.
    pub fn text(&self) -> String {
        self.rope.to_string()
    }

    /// The text and its pins: read by the first who asks, which takes milliseconds for a large
    /// file.
    pub fn document(&self) -> Arc<Document> {
        self.read.get_or_init(|| Arc::new(Document::new(self.rope.to_string()))).clone()
    }
}

impl Documents {
    /// Whether a file is one that holds pins.
    pub fn is_ours(uri: &Uri) -> bool {
        is_named(uri, "packages.nix")
    }

    /// Whether a file is a lock.
    pub fn is_lock(uri: &Uri) -> bool {
        is_named(uri, "packages.lock")
    }

    /// The lock at a path, if it is open.
    pub fn lock_at(&self, path: &Path) -> Option<Snapshot> {
        let open = self.lock();
        let mut locks = open.files.values().filter(|file| file.is_lock);
        let found = locks.find(|file| file.uri.to_file_path().is_some_and(|own| *own == *path));
        found.map(File::snapshot)
    }

    /// Stores a file that was opened.
    pub fn open(&self, uri: Uri, version: i32, text: &str) {
        let mut open = self.lock();
        open.opened += 1;
        let file = File {
            serial: open.opened,
            version,
            rope: Rope::from_str(text),
            read: Arc::default(),
            changed: Instant::now(),
            awaited: false,
            shown: None,
            is_lock: Self::is_lock(&uri),
            uri,
        };
        open.files.insert(key(&file.uri), file);
    }

    /// Applies changes to a file, in their order; says whether it did. A version that is not newer
    /// than the one that is stored is ignored, and so is a file that is not open.
    pub fn change(
        &self,
        uri: &Uri,
        version: i32,
        changes: Vec<TextDocumentContentChangeEvent>,
        encoding: Encoding,
    ) -> bool {
        let mut open = self.lock();
        let Some(file) = open.files.get_mut(&key(uri)) else {
            tracing::warn!("{} was changed and is not open", uri.as_str());
            return false;
        };
        if version <= file.version {
            tracing::warn!("{} goes from version {} to {version}", uri.as_str(), file.version);
            return false;
        }
        for change in changes {
            match change.range {
                Some(range) => {
                    let range = from_proto::chars(&file.rope, range, encoding);
                    file.rope.remove(range.clone());
                    file.rope.insert(range.start, &change.text);
                }
                None => file.rope = Rope::from_str(&change.text),
            }
        }
        file.version = version;
        file.read = Arc::default();
        file.changed = Instant::now();
        true
    }

    /// Forgets a file.
    pub fn close(&self, uri: &Uri) {
        self.lock().files.remove(&key(uri));
    }

    /// A file as it is now, if it is open.
    pub fn get(&self, uri: &Uri) -> Option<Snapshot> {
        let open = self.lock();
        open.files.get(&key(uri)).filter(|file| !file.is_lock).map(File::snapshot)
    }

    /// All files with pins as they are now.
    pub fn all(&self) -> Vec<Snapshot> {
        let open = self.lock();
        open.files.values().filter(|file| !file.is_lock).map(File::snapshot).collect()
    }

    /// Notes the diagnostics of a snapshot as what the client is shown. Says whether they are to be
    /// sent: not if the file has changed since, for they would be shown in the wrong places, and
    /// not if the client has them.
    pub fn set_shown(&self, snapshot: &Snapshot, diagnostics: &[Diagnostic]) -> bool {
        let mut open = self.lock();
        let file = open.files.get_mut(&key(&snapshot.uri));
        let current = file.filter(|f| f.serial == snapshot.serial && f.version == snapshot.version);
        let Some(file) = current else { return false };
        let shown = file.shown.as_ref();
        if shown.is_some_and(|(version, shown)| *version == file.version && shown == diagnostics) {
            return false;
        }
        file.shown = Some((file.version, diagnostics.to_vec()));
        true
    }

    /// When a file was last changed.
    pub fn changed(&self, uri: &Uri) -> Option<Instant> {
        self.lock().files.get(&key(uri)).map(|file| file.changed)
    }

    /// Notes whether a task is going to push a file's diagnostics; says whether that is news.
    pub fn set_awaited(&self, uri: &Uri, awaited: bool) -> bool {
        let mut open = self.lock();
        let file = open.files.get_mut(&key(uri));
        file.is_some_and(|file| std::mem::replace(&mut file.awaited, awaited) != awaited)
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl File {
    fn snapshot(&self) -> Snapshot {
        Snapshot {
            uri: self.uri.clone(),
            serial: self.serial,
            version: self.version,
            is_open: true,
            rope: self.rope.clone(),
            read: self.read.clone(),
        }
    }
}

fn is_named(uri: &Uri, name: &str) -> bool {
    let path = uri.path().decode().to_string_lossy();
    path.rsplit(['/', '\\']).next() == Some(name)
}

/// One text for all spellings of a URI: VS Code writes `file:///c%3A/x`, others `file:///C:/x`.
fn key(uri: &Uri) -> String {
    let path = uri.path().decode().to_string_lossy();
    let mut key = format!("{}:{path}", uri.scheme().as_str());
    let drive = key.find(":/").map(|at| at + 2).filter(|at| key[*at..].get(1..2) == Some(":"));
    if let Some(at) = drive {
        key[at..=at].make_ascii_lowercase();
    }
    key
}

#[cfg(test)]
mod tests {
    use std::str::FromStr as _;

    use super::*;

    #[test]
    fn spellings_of_one_file_are_one_file() {
        let key = |text: &str| super::key(&Uri::from_str(text).unwrap());
        assert_eq!(key("file:///c%3A/a/packages.nix"), key("file:///C:/a/packages.nix"));
        assert_eq!(key("file:///a%20b/packages.nix"), "file:/a b/packages.nix");
        assert_ne!(key("file:///a/packages.nix"), key("untitled:/a/packages.nix"));
        assert_ne!(key("file:///A/packages.nix"), key("file:///a/packages.nix"));
    }

    #[test]
    fn only_packages_nix_is_ours() {
        let ours = |text: &str| Documents::is_ours(&Uri::from_str(text).unwrap());
        assert!(ours("file:///a/packages.nix"));
        assert!(ours("untitled:packages.nix"));
        assert!(ours("file:///c%3A%5Ca%5Cpackages.nix"));
        assert!(!ours("file:///a/my-packages.nix"));
        assert!(!ours("file:///packages.nix/default.nix"));
        assert!(!ours("file:///a/packages.nix.bak"));
    }
}
