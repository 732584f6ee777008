//! The open files.

use std::{
    collections::HashMap,
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
    rope: Rope,
    read: Arc<OnceLock<Arc<Document>>>,
}

impl Snapshot {
    /// The text and its pins: read by the first who asks, which takes milliseconds for a large
    /// file.
    pub fn document(&self) -> Arc<Document> {
        self.read.get_or_init(|| Arc::new(Document::new(self.rope.to_string()))).clone()
    }
}

impl Documents {
    /// Whether a file is one that holds pins.
    pub fn is_ours(uri: &Uri) -> bool {
        let path = uri.path().decode().to_string_lossy();
        path.rsplit(['/', '\\']).next() == Some("packages.nix")
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
        self.lock().files.get(&key(uri)).map(File::snapshot)
    }

    /// All files as they are now.
    pub fn all(&self) -> Vec<Snapshot> {
        self.lock().files.values().map(File::snapshot).collect()
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
            rope: self.rope.clone(),
            read: self.read.clone(),
        }
    }
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
