//! What evaluation reads of the tree: every look is recorded.

use std::{
    hash::{Hash, Hasher},
    rc::Rc,
};

use rustc_hash::FxHasher;

use super::{
    bigs::FileIr,
    heap::{Cell, Recipe},
    ir::Expr,
    lower::{self, Tables},
    machine::Machine,
    state::Loaded,
    value::{R, ThunkId, error, unknown},
};
use crate::source::EntryKind;

impl Machine<'_> {
    fn leaf(&mut self, key: Rc<str>) {
        let node = match self.s.leaves.get(&key) {
            Some(&node) => node,
            None => {
                let node = self.s.heap.node(Recipe::None);
                self.s.leaves.insert(key, node);
                node
            }
        };
        self.s.heap.depend(node);
    }

    pub fn entry(&mut self, path: &str) -> R<Option<crate::Entry>> {
        let Some(inner) = inside(path) else { return Ok(None) };
        let entry = match self.source.entry(inner) {
            Ok(entry) => entry,
            Err(e) => return unknown(e.to_string()),
        };
        let node = match self.s.kinds.get_mut(path) {
            Some((node, _)) => *node,
            None => {
                let node = self.s.heap.node(Recipe::None);
                self.s.kinds.insert(path.into(), (node, entry.map(|e| e.kind)));
                node
            }
        };
        self.s.heap.depend(node);
        Ok(entry)
    }

    pub fn read_file(&mut self, path: &str) -> R<Rc<str>> {
        let Some(inner) = inside(path) else {
            return unknown(format!("{path} is outside of nixpkgs"));
        };
        self.leaf(format!("raw:{path}").into());
        let entry = self.entry(path)?;
        let Some(entry) = entry.filter(|e| e.kind == EntryKind::File) else {
            return error(format!("there is no file {inner}"));
        };
        match self.source.blob(&entry.id) {
            Ok(bytes) => Ok(String::from_utf8_lossy(&bytes).into()),
            Err(e) => unknown(format!("{inner}: {e}")),
        }
    }

    pub fn read_dir(&mut self, path: &str) -> R<Vec<(String, EntryKind)>> {
        let Some(inner) = inside(path) else {
            return unknown(format!("{path} is outside of nixpkgs"));
        };
        let list = match self.source.list(inner) {
            Ok(list) => list,
            Err(e) => return unknown(format!("{inner}: {e}")),
        };
        let node = match self.s.listings.get(path) {
            Some((node, _)) => *node,
            None => {
                let node = self.s.heap.node(Recipe::None);
                let hash = listing_hash(list.as_deref().unwrap_or_default());
                self.s.listings.insert(path.into(), (node, hash));
                node
            }
        };
        self.s.heap.depend(node);
        match list {
            Some(list) => Ok(list.into_iter().map(|(name, e)| (name, e.kind)).collect()),
            None => error(format!("there is no directory {inner}")),
        }
    }

    /// The place of the value of a file, or of a directory's `default.nix`.
    pub fn import(&mut self, path: &str) -> R<ThunkId> {
        match self.default_of(path)? {
            Some(file) => Ok(self.import_place(&file)),
            None => Ok(self.import_place(path)),
        }
    }

    /// The same, without looking whether there is anything.
    pub fn import_place(&mut self, path: &str) -> ThunkId {
        if let Some(&thunk) = self.s.imports.get(path) {
            return thunk;
        }
        let path: Rc<str> = path.into();
        let node = self.s.heap.node(Recipe::None);
        let thunk = self.s.heap.alloc_for(Cell::Import(path.clone()), node);
        self.s.heap.nodes[node.0].recipe = Recipe::Import(thunk, path.clone());
        self.s.imports.insert(path, thunk);
        thunk
    }

    /// The file that is meant by a directory; none if it is a file that is meant.
    pub fn default_of(&mut self, path: &str) -> R<Option<String>> {
        if self.s.replaced.contains_key(path) {
            return Ok(None);
        }
        match self.entry(path)?.map(|e| e.kind) {
            Some(EntryKind::Directory) => Ok(Some(format!("{path}/default.nix"))),
            Some(EntryKind::File) => Ok(None),
            Some(_) => unknown(format!("{path} is a link")),
            None if inside(path).is_none() => unknown(format!("{path} is outside of nixpkgs")),
            None => error(format!("there is no file {path}")),
        }
    }

    pub fn load(&mut self, path: &Rc<str>) -> R<Rc<Expr>> {
        if let Some(text) = self.s.replaced.get(path) {
            let ir = self.lower(path, text);
            let root = ir.root.clone();
            self.s.files.insert(path.clone(), Loaded { id: [0; 20], ir });
            return Ok(root);
        }
        self.leaf(path.clone());
        let Some(inner) = inside(path) else { return unknown("outside of nixpkgs") };
        let entry = match self.source.entry(inner) {
            Ok(Some(entry)) if entry.kind == EntryKind::File => entry,
            Ok(_) => return error(format!("there is no file {inner}")),
            Err(e) => return unknown(e.to_string()),
        };
        if let Some(loaded) = self.s.files.get(path).filter(|l| l.id == entry.id) {
            return Ok(loaded.ir.root.clone());
        }
        let bytes = match self.source.blob(&entry.id) {
            Ok(bytes) => bytes,
            Err(e) => return unknown(format!("{inner}: {e}")),
        };
        let ir = self.lower(path, &String::from_utf8_lossy(&bytes));
        let root = ir.root.clone();
        self.s.files.insert(path.clone(), Loaded { id: entry.id, ir });
        Ok(root)
    }

    fn lower(&mut self, path: &Rc<str>, text: &str) -> FileIr {
        let mut tables = Tables {
            syms: &mut self.s.syms,
            bigs: &mut self.s.bigs,
            globals: &self.s.global_names,
            own: &self.s.replaced,
        };
        lower::file(&mut tables, path, text)
    }
}

/// A path of the tree, from a path as the language sees it.
pub fn inside(path: &str) -> Option<&str> {
    let rest = path.strip_prefix(super::ROOT)?;
    if rest.is_empty() { Some("") } else { rest.strip_prefix('/') }
}

/// A hash of the names in a directory and of what they are.
pub fn listing_hash(list: &[(String, crate::Entry)]) -> u64 {
    let mut hasher = FxHasher::default();
    for (name, entry) in list {
        (name, entry.kind as u8).hash(&mut hasher);
    }
    hasher.finish()
}
