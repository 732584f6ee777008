//! Parsing ahead: the files of a revision are taken apart on a thread of their own while another one
//! looks at it from scratch. More than half of what that takes is parsing.

use std::{
    collections::hash_map::Entry,
    path::Path,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
};

use eval::{EntryKind, ObjectId, Parsed};
use rustc_hash::FxHashMap;

use crate::{objects::Objects, repository};

/// Where nixpkgs has its packages and what they are made with, in the order in which it is wanted.
const FOLDERS: [&str; 2] = ["lib", "pkgs"];
/// How many bytes of text may wait to be wanted, which with its syntax is several times as much.
const WAITING: usize = 24 << 20;
/// Stack for the parser, in bytes.
const STACK: usize = 64 << 20;

/// What was parsed, by the ids of the files.
#[derive(Debug, Default)]
pub struct Ahead {
    files: Mutex<Files>,
    /// Told when one of them is taken, and when no more are wanted.
    taken: Condvar,
}

#[derive(Debug, Default)]
struct Files {
    /// `None` if it was wanted already.
    parsed: FxHashMap<ObjectId, Option<Parsed>>,
    waiting: usize,
    enough: bool,
}

/// Looks at a tree of a repository by `look` while its files are parsed beside it.
pub fn beside<T>(
    repository: &Path,
    tree: ObjectId,
    objects: &Objects,
    look: impl FnOnce() -> T,
) -> T {
    let ahead = Arc::new(Ahead::default());
    std::thread::scope(|scope| {
        let parser = std::thread::Builder::new().stack_size(STACK);
        // Without it, or where it meets what cannot be read, whoever looks reads for himself.
        let parser = parser.spawn_scoped(scope, || ahead.fill(repository, tree));
        objects.parsed_by(Some(ahead.clone()));
        let seen = look();
        objects.parsed_by(None);
        ahead.files().enough = true;
        ahead.taken.notify_all();
        drop(parser);
        seen
    })
}

impl Ahead {
    /// A file, if it was parsed. From now on nobody needs to.
    pub fn take(&self, id: &ObjectId) -> Option<Parsed> {
        let mut files = self.files();
        let parsed = files.parsed.insert(*id, None)??;
        files.waiting -= parsed.text().len();
        self.taken.notify_all();
        Some(parsed)
    }

    fn files(&self) -> MutexGuard<'_, Files> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Parses the files of a tree until there are enough.
    fn fill(&self, path: &Path, tree: ObjectId) {
        let Ok(repository) = repository::open(path) else { return };
        let objects = Objects::new(repository);
        let Ok(root) = objects.tree(&tree) else { return };
        for folder in FOLDERS.iter().filter_map(|name| root.get(name)) {
            if folder.kind == EntryKind::Directory
                && self.fill_folder(&objects, &folder.id).is_none()
            {
                return;
            }
        }
    }

    /// Parses the files of a folder, those of its own before those of folders in it. `None` if there
    /// are enough.
    fn fill_folder(&self, objects: &Objects, folder: &ObjectId) -> Option<()> {
        // What cannot be read concerns those who want it.
        let Ok(folder) = objects.tree(folder) else { return Some(()) };
        for (name, entry) in folder.iter() {
            if entry.kind == EntryKind::File && name.ends_with(b".nix") {
                self.fill_file(objects, entry.id)?;
            }
        }
        for (_, entry) in folder.iter().filter(|(_, entry)| entry.kind == EntryKind::Directory) {
            self.fill_folder(objects, &entry.id)?;
        }
        Some(())
    }

    fn fill_file(&self, objects: &Objects, id: ObjectId) -> Option<()> {
        if self.files().parsed.contains_key(&id) {
            return Some(());
        }
        let Ok(contents) = objects.blob(&id) else { return Some(()) };
        let parsed = Parsed::new(&contents);
        let files = self.files();
        let full = |files: &mut Files| files.waiting > WAITING && !files.enough;
        let mut files = self.taken.wait_while(files, full).unwrap_or_else(PoisonError::into_inner);
        if let Entry::Vacant(place) = files.parsed.entry(id) {
            let length = parsed.text().len();
            place.insert(Some(parsed));
            files.waiting += length;
        }
        (!files.enough).then_some(())
    }
}
