//! What is kept from one revision to the next, and how it follows a change of files.

use std::rc::Rc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::{
    bigs::{Big, FileIr},
    files::{inside, listing_hash},
    heap::{Cell, ETERNAL, Heap, NodeId},
    ir::BigId,
    lower::Tables,
    pick::Seek,
    prims,
    update::update,
    value::{Sym, Symbols, ThunkId, Value},
};
use crate::source::{EntryKind, ObjectId, Source};

/// How many steps a node may take, less those of the nodes that it looks at: so whether it is too
/// much does not depend on who asks. KDE's generated sets of 2015 took more than
/// this before text was split natively.
pub const MAX_FUEL: u64 = 40_000_000;
/// How many steps one question may take in all.
pub const MAX_STEPS: u64 = 400_000_000;

/// A file that was lowered.
pub struct Loaded {
    pub id: ObjectId,
    pub ir: FileIr,
}

/// All that is kept from one step to the next.
pub struct State {
    pub heap: Heap,
    pub syms: Symbols,
    pub known: prims::KnownSyms,
    pub bigs: Vec<Big>,
    pub global_names: FxHashSet<Sym>,
    pub globals: FxHashMap<Sym, ThunkId>,
    pub files: FxHashMap<Rc<str>, Loaded>,
    pub imports: FxHashMap<Rc<str>, ThunkId>,
    /// Nodes of files, as code and (`raw:`) as contents.
    pub leaves: FxHashMap<Rc<str>, NodeId>,
    /// Nodes of what is at a path, with what was seen there.
    pub kinds: FxHashMap<Rc<str>, (NodeId, Option<EntryKind>)>,
    /// Nodes of directories' listings, with a hash of what was seen.
    pub listings: FxHashMap<Rc<str>, (NodeId, u64)>,
    pub presence: FxHashMap<(BigId, Sym), NodeId>,
    pub shapes: FxHashMap<BigId, NodeId>,
    /// Nodes of bindings whose instances are gone: a question that looked at them keeps its answer
    /// until they change.
    pub ghosts: FxHashMap<(BigId, Sym), Vec<NodeId>>,
    /// Nodes of picks, by the place and what is asked of it.
    pub picks: FxHashMap<(ThunkId, Seek), NodeId>,
    /// Who depended on picks that have found something else.
    pub moved: Vec<NodeId>,
    /// Places of names as texts.
    pub names: FxHashMap<Sym, ThunkId>,
    /// Files whose value is written here instead, by path.
    pub replaced: FxHashMap<Rc<str>, &'static str>,
    pub regexes: FxHashMap<Rc<str>, Rc<regex::Regex>>,
    pub depth: u32,
    /// What the current node may still take, and the question.
    pub fuel: u64,
    pub steps: u64,
}

impl State {
    pub fn new() -> Self {
        let mut syms = Symbols::default();
        let known = prims::KnownSyms::new(&mut syms);
        let mut state = Self {
            heap: Heap::new(),
            syms,
            known,
            bigs: Vec::new(),
            global_names: FxHashSet::default(),
            globals: FxHashMap::default(),
            files: FxHashMap::default(),
            imports: FxHashMap::default(),
            leaves: FxHashMap::default(),
            kinds: FxHashMap::default(),
            listings: FxHashMap::default(),
            presence: FxHashMap::default(),
            shapes: FxHashMap::default(),
            ghosts: FxHashMap::default(),
            picks: FxHashMap::default(),
            moved: Vec::new(),
            names: FxHashMap::default(),
            replaced: FxHashMap::default(),
            regexes: FxHashMap::default(),
            depth: 0,
            fuel: MAX_FUEL,
            steps: MAX_STEPS,
        };
        for (name, value) in prims::globals(&mut state) {
            let sym = state.syms.intern(&name);
            state.global_names.insert(sym);
            state.globals.insert(sym, value);
        }
        state
    }

    /// The place of a name as a text.
    pub fn name_place(&mut self, sym: Sym) -> ThunkId {
        let Self { names, heap, syms, .. } = self;
        *names.entry(sym).or_insert_with(|| {
            heap.alloc_for(Cell::Value(Value::Str(syms.name(sym).clone())), ETERNAL)
        })
    }

    /// Forgets every value and what depends on what; the code of files stays, since most of it will be
    /// wanted again.
    pub fn start_over(&mut self) {
        let mut old = std::mem::replace(self, Self::new());
        let written = old.files.values().flat_map(|loaded| &loaded.ir.bigs);
        let written: FxHashSet<BigId> = written.map(|text| text.big).collect();
        for (at, big) in (0..).zip(&mut old.bigs) {
            big.instances = Vec::new();
            if !written.contains(&BigId(at)) {
                big.clear();
            }
        }
        // A new machine's names are the first of any other's, with the same numbers.
        self.syms = old.syms;
        self.bigs = old.bigs;
        self.files = old.files;
        self.replaced = old.replaced;
        self.regexes = old.regexes;
    }

    /// Brings the machine to a tree that differs in `changed`, and says which questions have to be
    /// asked again. Where these are `enough`, the machine is left as it is then: it has to be
    /// [started over](Self::start_over).
    pub fn change(
        &mut self,
        source: &dyn Source,
        changed: &[crate::Change],
        enough: usize,
    ) -> Vec<u32> {
        let mut seeds = Vec::new();
        for change in changed {
            let path: Rc<str> = format!("{}/{}", super::ROOT, change.path).into();
            let raw: Rc<str> = format!("raw:{path}").into();
            seeds.extend(self.leaves.get(&raw).copied());
            let existence = change.old.map(|e| e.kind) != change.new.map(|e| e.kind);
            if existence {
                self.look_again(source, &path, &mut seeds);
            }
            let Some(&code) = self.leaves.get(&path) else { continue };
            if !existence && self.update_file(source, &path, change, &mut seeds) {
                continue;
            }
            self.files.remove(&path);
            seeds.push(code);
        }
        let mut questions = Vec::new();
        let picks = self.heap.invalidate(seeds, &mut questions);
        self.settle(source, picks, &mut questions, enough);
        questions.sort_unstable();
        questions.dedup();
        questions
    }

    /// Something came to be or is gone at a path: looks at it and at the directories above again.
    fn look_again(&mut self, source: &dyn Source, path: &str, seeds: &mut Vec<NodeId>) {
        let mut at: &str = path;
        while let Some(inner) = inside(at) {
            if let Some((node, seen)) = self.kinds.get_mut(at) {
                let now = source.entry(inner).ok().flatten().map(|e| e.kind);
                if now != *seen {
                    *seen = now;
                    seeds.push(*node);
                }
            }
            if let Some((node, seen)) = self.listings.get_mut(at) {
                let now = listing_hash(&source.list(inner).ok().flatten().unwrap_or_default());
                if now != *seen {
                    *seen = now;
                    seeds.push(*node);
                }
            }
            let Some((dir, _)) = at.rsplit_once('/') else { break };
            at = dir;
        }
    }

    /// Tries to bring a file up to its new text by its changed bindings alone.
    fn update_file(
        &mut self,
        source: &dyn Source,
        path: &Rc<str>,
        change: &crate::Change,
        seeds: &mut Vec<NodeId>,
    ) -> bool {
        let Some(loaded) = self.files.get_mut(path) else { return false };
        let Some(entry) = change.new else { return false };
        if loaded.ir.bigs.is_empty() {
            return false;
        }
        let Ok(bytes) = source.blob(&entry.id) else { return false };
        let Ok(text) = std::str::from_utf8(&bytes) else { return false };
        let mut tables = Tables {
            syms: &mut self.syms,
            bigs: &mut self.bigs,
            globals: &self.global_names,
            own: &self.replaced,
        };
        let Some(difference) = update(&mut tables, path, &mut loaded.ir, text) else {
            return false;
        };
        loaded.id = entry.id;
        // What is added may have been there before: its places say that it is gone.
        let everything =
            [&difference.changed, &difference.removed, &difference.added].into_iter().flatten();
        for &(big, sym) in everything.clone() {
            for inst in &self.bigs[big.0 as usize].instances {
                let inst = &self.heap.insts[inst.0 as usize];
                if let Some(&thunk) = inst.cells.get(&sym) {
                    seeds.push(self.heap.thunk_ref(thunk).owner);
                }
            }
        }
        for key in everything {
            seeds.extend(self.ghosts.get(key).into_iter().flatten());
        }
        for key in difference.added.iter().chain(&difference.removed) {
            seeds.extend(self.presence.get(key).copied());
            seeds.extend(self.shapes.get(&key.0).copied());
        }
        true
    }
}
