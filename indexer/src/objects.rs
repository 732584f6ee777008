//! Objects of a repository: trees taken apart and kept, blobs as they are.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    sync::Arc,
};

use eval::{Entry, EntryKind, ObjectId, SourceError};
use gix::objs::Find as _;
use rustc_hash::{FxHashMap, FxHashSet};

/// How many bytes of unpacked objects gix keeps to build others from. The deltas of nixpkgs' big
/// shared files come in chains of fifty, and each link is looked up many times.
const PACK_CACHE: usize = 64 << 20;
/// How many bytes of trees are kept, twice (see [`Generations`]).
const TREE_CACHE: usize = 24 << 20;
/// How many bytes of blobs are kept, twice.
const BLOB_CACHE: usize = 8 << 20;
/// Blobs above this are not kept: they are read once a commit at most.
const KEPT_BLOB: usize = 128 << 10;

/// The objects of one repository.
pub struct Objects {
    repository: gix::Repository,
    trees: RefCell<Generations<Rc<Directory>>>,
    blobs: RefCell<Generations<Arc<[u8]>>>,
    absent: RefCell<FxHashSet<ObjectId>>,
    damaged: RefCell<Option<SourceError>>,
    buffer: RefCell<Vec<u8>>,
    read: Cell<u64>,
}

/// The entries of a tree, in byte order of their names.
pub struct Directory {
    data: Box<[u8]>,
    entries: Box<[RawEntry]>,
}

struct RawEntry {
    name: (u32, u32),
    kind: EntryKind,
}

impl Objects {
    /// The objects of a repository that was opened for this alone.
    pub fn new(mut repository: gix::Repository) -> Self {
        repository.objects.set_pack_cache(|| {
            Box::new(gix::odb::pack::cache::lru::MemoryCappedHashmap::new(PACK_CACHE))
        });
        Self {
            repository,
            trees: RefCell::new(Generations::new(TREE_CACHE)),
            blobs: RefCell::new(Generations::new(BLOB_CACHE)),
            absent: RefCell::default(),
            damaged: RefCell::default(),
            buffer: RefCell::default(),
            read: Cell::new(0),
        }
    }

    /// The repository itself.
    pub fn repository(&self) -> &gix::Repository {
        &self.repository
    }

    /// The objects that were asked for and that the repository does not have.
    pub fn into_absent(self) -> FxHashSet<ObjectId> {
        self.absent.into_inner()
    }

    /// How many blobs were read.
    pub fn blobs_read(&self) -> u64 {
        self.read.get()
    }

    /// The first damaged object that was met since the last call.
    pub fn take_damaged(&self) -> Option<SourceError> {
        self.damaged.borrow_mut().take()
    }

    /// A tree.
    ///
    /// # Errors
    /// [`SourceError`] if it is absent or damaged.
    pub fn tree(&self, id: &ObjectId) -> Result<Rc<Directory>, SourceError> {
        if let Some(known) = self.trees.borrow_mut().get(id) {
            return Ok(known);
        }
        let data = self.read(id, gix::objs::Kind::Tree)?;
        let tree = Directory::parse(data.into()).map_err(|why| self.corrupt(id, why))?;
        let size = tree.data.len() + tree.entries.len() * size_of::<RawEntry>();
        let tree = Rc::new(tree);
        self.trees.borrow_mut().insert(*id, tree.clone(), size);
        Ok(tree)
    }

    /// A blob.
    ///
    /// # Errors
    /// [`SourceError`] if it is absent or damaged.
    pub fn blob(&self, id: &ObjectId) -> Result<Arc<[u8]>, SourceError> {
        if let Some(known) = self.blobs.borrow_mut().get(id) {
            return Ok(known);
        }
        let data: Arc<[u8]> = self.read(id, gix::objs::Kind::Blob)?.into();
        self.read.set(self.read.get() + 1);
        if data.len() <= KEPT_BLOB {
            self.blobs.borrow_mut().insert(*id, data.clone(), data.len());
        }
        Ok(data)
    }

    fn read(&self, id: &ObjectId, kind: gix::objs::Kind) -> Result<Vec<u8>, SourceError> {
        let mut buffer = self.buffer.borrow_mut();
        match self.repository.objects.try_find(&gix::ObjectId::Sha1(*id), &mut buffer) {
            Ok(Some(object)) if object.kind == kind => Ok(object.data.to_vec()),
            Ok(Some(object)) => {
                let why = format!("it is a {} where a {kind} is named", object.kind);
                Err(self.corrupt(id, why))
            }
            Ok(None) => {
                self.absent.borrow_mut().insert(*id);
                Err(SourceError::Absent(hex(id)))
            }
            Err(error) => Err(self.corrupt(id, error.to_string())),
        }
    }

    fn corrupt(&self, id: &ObjectId, why: String) -> SourceError {
        let error = SourceError::Corrupt { id: hex(id), why };
        self.damaged.borrow_mut().get_or_insert(error.clone());
        error
    }
}

impl Directory {
    /// Takes a tree object apart: `mode SP name NUL id`, again and again.
    fn parse(data: Box<[u8]>) -> Result<Self, String> {
        let mut entries = Vec::new();
        let mut at = 0;
        while at < data.len() {
            let rest = &data[at..];
            let space = rest.iter().position(|b| *b == b' ').ok_or("a mode has no end")?;
            let name = at + space + 1;
            let length = data[name..].iter().position(|b| *b == 0).ok_or("a name has no end")?;
            let id = name + length + 1;
            if id + 20 > data.len() {
                return Err("an id is cut short".to_owned());
            }
            let kind = match &rest[..space] {
                b"40000" | b"040000" => EntryKind::Directory,
                b"120000" => EntryKind::Link,
                b"160000" => EntryKind::Submodule,
                _ => EntryKind::File,
            };
            let place = |at: usize| u32::try_from(at).map_err(|_| "a tree is too big".to_owned());
            entries.push(RawEntry { name: (place(name)?, place(length)?), kind });
            at = id + 20;
        }
        // Git sorts directories as if their names ended in a slash.
        entries.sort_unstable_by(|a, b| name_of(&data, a).cmp(name_of(&data, b)));
        let entries = entries.into_boxed_slice();
        Ok(Self { data, entries })
    }

    /// The entry of a name.
    pub fn get(&self, name: &str) -> Option<Entry> {
        let found = self
            .entries
            .binary_search_by(|entry| name_of(&self.data, entry).cmp(name.as_bytes()))
            .ok()?;
        Some(self.entry(&self.entries[found]))
    }

    /// All entries, in byte order of their names.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], Entry)> {
        self.entries.iter().map(|entry| (name_of(&self.data, entry), self.entry(entry)))
    }

    fn entry(&self, raw: &RawEntry) -> Entry {
        let id = (raw.name.0 + raw.name.1 + 1) as usize;
        let id = self.data[id..id + 20].try_into().expect("parse saw that there are 20 bytes");
        Entry { kind: raw.kind, id }
    }
}

fn name_of<'a>(data: &'a [u8], entry: &RawEntry) -> &'a [u8] {
    &data[entry.name.0 as usize..(entry.name.0 + entry.name.1) as usize]
}

/// An object's id as forty hexadecimal digits.
pub fn hex(id: &ObjectId) -> String {
    model::CommitId(*id).to_string()
}

/// A cache of two generations: what was asked for lately, and what was before that. When the young
/// one is full the old one is dropped.
struct Generations<T> {
    young: FxHashMap<ObjectId, (T, usize)>,
    old: FxHashMap<ObjectId, (T, usize)>,
    size: usize,
    limit: usize,
}

impl<T: Clone> Generations<T> {
    fn new(limit: usize) -> Self {
        Self { young: FxHashMap::default(), old: FxHashMap::default(), size: 0, limit }
    }

    fn get(&mut self, id: &ObjectId) -> Option<T> {
        if let Some((found, _)) = self.young.get(id) {
            return Some(found.clone());
        }
        let (found, size) = self.old.remove(id)?;
        self.insert(*id, found.clone(), size);
        Some(found)
    }

    fn insert(&mut self, id: ObjectId, value: T, size: usize) {
        self.size += size;
        if self.size > self.limit {
            self.old = std::mem::take(&mut self.young);
            self.size = size;
        }
        self.young.insert(id, (value, size));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_is_taken_apart() {
        let mut data = Vec::new();
        for (mode, name, id) in
            [("100644", "a.b", 1u8), ("40000", "a", 2), ("120000", "c", 3), ("160000", "d", 4)]
        {
            data.extend(format!("{mode} {name}\0").as_bytes());
            data.extend([id; 20]);
        }
        let tree = Directory::parse(data.clone().into()).expect("a tree");
        let seen: Vec<_> = tree.iter().map(|(name, e)| (name.to_vec(), e.kind, e.id[0])).collect();
        assert_eq!(
            seen,
            [
                (b"a".to_vec(), EntryKind::Directory, 2),
                (b"a.b".to_vec(), EntryKind::File, 1),
                (b"c".to_vec(), EntryKind::Link, 3),
                (b"d".to_vec(), EntryKind::Submodule, 4),
            ]
        );
        assert_eq!(tree.get("a.b").map(|e| e.id), Some([1; 20]));
        assert!(tree.get("b").is_none());
        assert!(Directory::parse(data[..data.len() - 1].into()).is_err());
        assert!(Directory::parse(data[..4].into()).is_err());
        assert!(Directory::parse(data[..9].into()).is_err());
    }

    #[test]
    fn what_is_asked_for_stays() {
        let mut cache = Generations::new(10);
        for n in 0..20u8 {
            cache.insert([n; 20], n, 3);
            assert_eq!(cache.get(&[0; 20]), Some(0));
        }
        assert_eq!(cache.get(&[1; 20]), None);
    }
}
