//! The open files.

use std::{
    collections::{HashMap, VecDeque},
    path::Path,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
    time::Instant,
};

use ide::Document;
use ropey::Rope;
use syntax::Encoding;
use tower_lsp::ls_types::{Diagnostic, TextDocumentContentChangeEvent, Uri};

use crate::from_proto;

/// What the server has to do with a file, by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// It is a packages.nix.
    PackagesNix,
    /// It is another Nix file, in which there may be pins.
    Nix,
    /// It is a packages.lock: then it is only there to be written.
    Lock,
}

impl Role {
    /// The role of a file; `None` for one that is none of our business.
    pub fn of(uri: &Uri) -> Option<Self> {
        let path = uri.path().decode().to_string_lossy();
        match path.rsplit(['/', '\\']).next()? {
            "packages.nix" => Some(Self::PackagesNix),
            "packages.lock" => Some(Self::Lock),
            name => name.ends_with(".nix").then_some(Self::Nix),
        }
    }
}

/// The open files that may hold pins. Others are never stored: they cost nothing.
#[derive(Default)]
pub(crate) struct Documents {
    open: Mutex<Open>,
}

#[derive(Default)]
struct Open {
    files: HashMap<String, File>,
    /// How many serial numbers were given out.
    serials: u64,
}

/// An open file.
struct File {
    uri: Uri,
    role: Role,
    /// Tells it from the same file opened again, and from one with other changes up to the same
    /// version.
    serial: u64,
    version: i32,
    rope: Rope,
    /// The newest changes, the oldest first.
    past: VecDeque<Step>,
    read: Arc<OnceLock<Arc<Document>>>,
    changed: Instant,
    /// Whether a task is going to push diagnostics for it.
    awaited: bool,
    /// The diagnostics that were pushed last, and for which version.
    shown: Option<(i32, Vec<Diagnostic>)>,
}

/// How many changes of a file are remembered. They are kept for clients that send them out of order;
/// those that were seen to do so overtake by a few.
const REMEMBERED: usize = 32;

/// A change of a file from one version to another.
struct Step {
    /// What was changed, of version `from`; parts of it are shared with the texts before and after.
    before: Rope,
    from: i32,
    to: i32,
    changes: Vec<TextDocumentContentChangeEvent>,
}

/// A file as it was at one version.
#[derive(Clone)]
pub(crate) struct Snapshot {
    pub uri: Uri,
    /// With the version, tells it from all other texts that the file has while the server runs.
    pub serial: u64,
    pub version: i32,
    role: Role,
    is_open: bool,
    rope: Rope,
    read: Arc<OnceLock<Arc<Document>>>,
}

impl Snapshot {
    /// A packages.nix that no editor has open, as it is on the disk.
    pub fn on_disk(uri: Uri, text: &str) -> Self {
        let (rope, role) = (Rope::from_str(text), Role::PackagesNix);
        Self { uri, serial: 0, version: 0, role, is_open: false, rope, read: Arc::default() }
    }

    /// Whether the client has it open, so that it is the client that changes it.
    pub fn is_open(&self) -> bool {
        self.is_open
    }

    /// Whether it is a packages.nix.
    pub fn is_packages_nix(&self) -> bool {
        self.role == Role::PackagesNix
    }

    /// Whether there are pins in it.
    pub fn has_pins(&self) -> bool {
        self.document().pin_file().is_some_and(|file| !file.pins.is_empty())
    }

    /// The text alone.
    pub fn text(&self) -> String {
        self.rope.to_string()
    }

    /// The text and its pins: read by the first who asks, which takes milliseconds for a large
    /// file.
    pub fn document(&self) -> Arc<Document> {
        let read = || {
            let text = self.rope.to_string();
            Arc::new(match self.role {
                Role::PackagesNix | Role::Lock => Document::new(text),
                Role::Nix => Document::elsewhere(text),
            })
        };
        self.read.get_or_init(read).clone()
    }
}

impl Documents {
    /// The lock at a path, if it is open.
    pub fn lock_at(&self, path: &Path) -> Option<Snapshot> {
        let open = self.lock();
        let mut locks = open.files.values().filter(|file| file.role == Role::Lock);
        let found = locks.find(|file| file.uri.to_file_path().is_some_and(|own| *own == *path));
        found.map(File::snapshot)
    }

    /// Stores a file that was opened.
    pub fn open(&self, uri: Uri, role: Role, version: i32, text: &str) {
        let mut open = self.lock();
        let file = File {
            serial: open.serial(),
            version,
            rope: Rope::from_str(text),
            past: VecDeque::new(),
            read: Arc::default(),
            changed: Instant::now(),
            awaited: false,
            shown: None,
            role,
            uri,
        };
        open.files.insert(key(&file.uri), file);
    }

    /// Applies changes to a file, in their order; says whether it did. A version that is stored
    /// already is ignored, and so is a file that is not open.
    ///
    /// A version that was left out and comes late is put in its place, and the changes after it are
    /// made again: Helix up to 25.01 hands each change to a task of its own, and keys that come at
    /// once overtake each other. Versions that are left out for good are no mistake; VS Code takes
    /// several changes of an undo together.
    pub fn change(
        &self,
        uri: &Uri,
        version: i32,
        changes: Vec<TextDocumentContentChangeEvent>,
        encoding: Encoding,
    ) -> bool {
        let mut open = self.lock();
        let serial = open.serial();
        let Some(file) = open.files.get_mut(&key(uri)) else {
            tracing::warn!("{} was changed and is not open", uri.as_str());
            return false;
        };
        if version > file.version {
            file.step(version, changes, encoding);
        } else if let Some(at) = file.past.iter().position(|s| s.from < version && version < s.to) {
            let later = file.past.split_off(at);
            (file.rope, file.version) = (later[0].before.clone(), later[0].from);
            file.serial = serial;
            file.step(version, changes, encoding);
            for step in later {
                file.step(step.to, step.changes, encoding);
            }
        } else {
            tracing::warn!("{} goes from version {} to {version}", uri.as_str(), file.version);
            return false;
        }
        file.read = Arc::default();
        file.changed = Instant::now();
        true
    }

    /// Forgets a file. Says whether the client was ever told what is wrong with it.
    pub fn close(&self, uri: &Uri) -> bool {
        self.lock().files.remove(&key(uri)).is_some_and(|file| file.shown.is_some())
    }

    /// A file as it is now, if it is open.
    pub fn get(&self, uri: &Uri) -> Option<Snapshot> {
        let open = self.lock();
        open.files.get(&key(uri)).filter(|file| file.role != Role::Lock).map(File::snapshot)
    }

    /// All files that may hold pins, as they are now.
    pub fn all(&self) -> Vec<Snapshot> {
        let open = self.lock();
        open.files.values().filter(|file| file.role != Role::Lock).map(File::snapshot).collect()
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
        // Of a file in which nothing was ever found, nothing is said.
        let nothing = diagnostics.is_empty() && shown.is_none_or(|(_, shown)| shown.is_empty());
        if nothing && file.role == Role::Nix {
            return false;
        }
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

impl Open {
    fn serial(&mut self) -> u64 {
        self.serials += 1;
        self.serials
    }
}

impl File {
    /// Applies changes that lead to a version, and remembers them.
    fn step(&mut self, to: i32, changes: Vec<TextDocumentContentChangeEvent>, encoding: Encoding) {
        let (before, from) = (self.rope.clone(), self.version);
        for change in &changes {
            match change.range {
                Some(range) => {
                    let range = from_proto::chars(&self.rope, range, encoding);
                    self.rope.remove(range.clone());
                    self.rope.insert(range.start, &change.text);
                }
                None => self.rope = Rope::from_str(&change.text),
            }
        }
        self.version = to;
        if changes.iter().any(|change| change.range.is_none()) {
            // Nothing of what was before is in the text: it may come when it likes.
            self.past.clear();
            return;
        }
        if self.past.len() == REMEMBERED {
            self.past.pop_front();
        }
        self.past.push_back(Step { before, from, to, changes });
    }

    fn snapshot(&self) -> Snapshot {
        Snapshot {
            uri: self.uri.clone(),
            serial: self.serial,
            version: self.version,
            role: self.role,
            is_open: true,
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

    use tower_lsp::ls_types::{Position, Range};

    use super::*;

    /// A change that puts a text at a column of the first line.
    fn typed(column: u32, text: &str) -> Vec<TextDocumentContentChangeEvent> {
        let at = Position::new(0, column);
        let text = text.to_owned();
        vec![TextDocumentContentChangeEvent { range: Some(Range::new(at, at)), text, ..all("") }]
    }

    fn all(text: &str) -> TextDocumentContentChangeEvent {
        TextDocumentContentChangeEvent { range: None, range_length: None, text: text.to_owned() }
    }

    /// The text of a file after changes to these versions, in the order in which they are given.
    fn after(
        changes: impl IntoIterator<Item = (i32, Vec<TextDocumentContentChangeEvent>)>,
    ) -> String {
        let (files, uri) = (Documents::default(), Uri::from_str("file:///packages.nix").unwrap());
        files.open(uri.clone(), Role::PackagesNix, 1, "{}");
        for (version, change) in changes {
            files.change(&uri, version, change, Encoding::Utf16);
        }
        files.get(&uri).unwrap().text()
    }

    #[test]
    fn changes_that_overtook_each_other_are_put_in_order() {
        let keys = "nodejs = \"\";".char_indices().map(|(at, key)| {
            let at = u32::try_from(at).unwrap();
            (i32::try_from(at).unwrap() + 2, typed(at + 1, &key.to_string()))
        });
        let keys: Vec<_> = keys.collect();
        let mut orders = vec![keys.clone(), keys.iter().rev().cloned().collect()];
        for by in 1..keys.len() {
            let mut turned = keys.clone();
            turned.rotate_left(by);
            let (odd, even): (Vec<_>, Vec<_>) = turned.iter().cloned().partition(|k| k.0 % 2 == 1);
            orders.extend([turned, [odd, even].concat()]);
        }
        for order in orders {
            let versions: Vec<_> = order.iter().map(|(version, _)| *version).collect();
            assert_eq!(after(order), "{nodejs = \"\";}", "{versions:?}");
        }
    }

    #[test]
    fn versions_are_left_out_repeated_and_taken_over_by_a_whole_text() {
        let (one, two, three) = (typed(1, "1"), typed(1, "2"), typed(1, "3"));
        assert_eq!(after([(4, one.clone()), (9, two.clone())]), "{21}");
        assert_eq!(after([(4, one.clone()), (4, two.clone()), (1, three.clone())]), "{1}");
        let whole = vec![all("{ }")];
        assert_eq!(after([(2, one.clone()), (5, whole.clone()), (4, two.clone())]), "{ }");
        assert_eq!(after([(2, one), (7, two), (5, whole), (3, three)]), "{2 }");
    }

    #[test]
    fn a_text_put_right_is_told_from_the_one_before() {
        let (files, uri) = (Documents::default(), Uri::from_str("file:///packages.nix").unwrap());
        files.open(uri.clone(), Role::PackagesNix, 1, "{}");
        files.change(&uri, 3, typed(2, "3"), Encoding::Utf16);
        let before = files.get(&uri).unwrap();
        files.change(&uri, 2, typed(1, "2"), Encoding::Utf16);
        let now = files.get(&uri).unwrap();
        assert_eq!((before.version, now.version), (3, 3));
        assert_ne!(before.serial, now.serial);
        assert!(!files.set_shown(&before, &[]));
        assert!(files.set_shown(&now, &[]));
    }

    #[test]
    fn spellings_of_one_file_are_one_file() {
        let key = |text: &str| super::key(&Uri::from_str(text).unwrap());
        assert_eq!(key("file:///c%3A/a/packages.nix"), key("file:///C:/a/packages.nix"));
        assert_eq!(key("file:///a%20b/packages.nix"), "file:/a b/packages.nix");
        assert_ne!(key("file:///a/packages.nix"), key("untitled:/a/packages.nix"));
        assert_ne!(key("file:///A/packages.nix"), key("file:///a/packages.nix"));
    }

    #[test]
    fn the_role_of_a_file_is_in_its_name() {
        let role = |text: &str| Role::of(&Uri::from_str(text).unwrap());
        for ours in
            ["file:///a/packages.nix", "untitled:packages.nix", "file:///c%3A%5Ca%5Cpackages.nix"]
        {
            assert_eq!(role(ours), Some(Role::PackagesNix), "{ours}");
        }
        for other in ["file:///a/my-packages.nix", "file:///packages.nix/default.nix"] {
            assert_eq!(role(other), Some(Role::Nix), "{other}");
        }
        assert_eq!(role("file:///a/packages.lock"), Some(Role::Lock));
        for foreign in ["file:///a/packages.nix.bak", "file:///a/nix", "file:///a/flake.lock"] {
            assert_eq!(role(foreign), None, "{foreign}");
        }
    }
}
