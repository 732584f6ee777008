//! Evaluation: lazy, with limits, and with a record of what was looked at.

use std::{
    hash::{Hash, Hasher},
    rc::Rc,
};

use rustc_hash::{FxHashMap, FxHashSet, FxHasher};

use super::{
    heap::{Cell, Heap, Inst, NodeId, Recipe},
    ir::{AttrsExpr, BigId, Expr, Name, Op, Param, Part, Then},
    lower::{self, Big, FileIr, Tables},
    pick::Picked,
    prims,
    value::{
        Attrs, Closure, EnvId, Fail, InstId, PrimApp, R, Sym, Symbols, ThunkId, Value, error,
        unknown,
    },
};
use crate::source::{EntryKind, ObjectId, Source};

/// How deep evaluation may nest.
const MAX_DEPTH: u32 = 12_000;
/// How many steps a node may take, less those of the nodes that it looks at: so whether it is too
/// much does not depend on who asks. KDE's generated sets of 2015 take 10 million.
const MAX_FUEL: u64 = 40_000_000;
/// How many steps one question may take in all.
const MAX_STEPS: u64 = 400_000_000;

/// Stack that evaluation may need, in bytes. Where there is less, it makes a stack of its own.
pub const STACK_BYTES: usize = 1 << 29;

/// A file that was lowered.
pub struct Loaded {
    id: ObjectId,
    pub ir: FileIr,
}

/// All that is kept from one step to the next.
pub struct State {
    pub heap: Heap,
    pub syms: Symbols,
    pub known: prims::KnownSyms,
    pub bigs: Vec<Big>,
    global_names: FxHashSet<Sym>,
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
    /// Nodes of picks, by the place of the set and the name.
    pub picks: FxHashMap<(ThunkId, Sym), NodeId>,
    /// Who depended on picks that have found something else.
    pub moved: Vec<NodeId>,
    /// Files whose value is written here instead, by path.
    pub replaced: FxHashMap<Rc<str>, &'static str>,
    pub regexes: FxHashMap<Rc<str>, Rc<regex::Regex>>,
    depth: u32,
    /// What the current node may still take, and the question.
    fuel: u64,
    steps: u64,
    /// Blobs that the source does not have.
    pub absent: u64,
}

/// Evaluation at one revision.
pub struct Machine<'s> {
    pub s: &'s mut State,
    pub source: &'s dyn Source,
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
            replaced: FxHashMap::default(),
            regexes: FxHashMap::default(),
            depth: 0,
            fuel: MAX_FUEL,
            steps: MAX_STEPS,
            absent: 0,
        };
        for (name, value) in prims::globals(&mut state) {
            let sym = state.syms.intern(&name);
            state.global_names.insert(sym);
            state.globals.insert(sym, value);
        }
        state
    }

    /// Brings the machine to a tree that differs in `paths`, and says which questions have to be
    /// asked again.
    pub fn change(&mut self, source: &dyn Source, changed: &[crate::Change]) -> Vec<u32> {
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
        self.settle(source, picks, &mut questions);
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
        let Some(difference) = lower::update(&mut tables, path, &mut loaded.ir, text) else {
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

impl Machine<'_> {
    // ---- files ----------------------------------------------------------------------------

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
            Err(e) => return self.missing(&e.to_string()),
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

    fn missing<T>(&mut self, why: &str) -> R<T> {
        self.s.absent += 1;
        unknown(why)
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
            Err(e) => self.missing(&format!("{inner}: {e}")),
        }
    }

    pub fn read_dir(&mut self, path: &str) -> R<Vec<(String, EntryKind)>> {
        let Some(inner) = inside(path) else {
            return unknown(format!("{path} is outside of nixpkgs"));
        };
        let list = match self.source.list(inner) {
            Ok(list) => list,
            Err(e) => return self.missing(&format!("{inner}: {e}")),
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

    /// The place of a file's value.
    pub fn import(&mut self, path: &str) -> R<ThunkId> {
        let mut path: Rc<str> = path.into();
        if !self.s.replaced.contains_key(&path) {
            match self.entry(&path)?.map(|e| e.kind) {
                Some(EntryKind::Directory) => path = format!("{path}/default.nix").into(),
                Some(EntryKind::File) => {}
                Some(_) => return unknown(format!("{path} is a link")),
                None if inside(&path).is_none() => {
                    return unknown(format!("{path} is outside of nixpkgs"));
                }
                None => return error(format!("there is no file {path}")),
            }
        }
        if let Some(&thunk) = self.s.imports.get(&path) {
            return Ok(thunk);
        }
        let node = self.s.heap.node(Recipe::None);
        let thunk = self.s.heap.alloc_for(Cell::Import(path.clone()), node);
        self.s.heap.nodes[node.0 as usize].recipe = Recipe::Import(thunk, path.clone());
        self.s.imports.insert(path, thunk);
        Ok(thunk)
    }

    fn load(&mut self, path: &Rc<str>) -> R<Rc<Expr>> {
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
            Err(e) => return self.missing(&e.to_string()),
        };
        if let Some(loaded) = self.s.files.get(path).filter(|l| l.id == entry.id) {
            return Ok(loaded.ir.root.clone());
        }
        let bytes = match self.source.blob(&entry.id) {
            Ok(bytes) => bytes,
            Err(e) => return self.missing(&format!("{inner}: {e}")),
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

    // ---- thunks ---------------------------------------------------------------------------

    pub fn force(&mut self, id: ThunkId) -> R<Value> {
        let thunk = self.s.heap.thunk(id);
        let owner = thunk.owner;
        match &thunk.cell {
            Cell::Value(value) => {
                let value = value.clone();
                self.s.heap.depend(owner);
                return Ok(value);
            }
            Cell::Fail(fail) => {
                let fail = fail.clone();
                self.s.heap.depend(owner);
                return Err(fail);
            }
            Cell::Busy => return Err(Rc::new(Fail::Cycle)),
            _ => {}
        }
        let cell = std::mem::replace(&mut thunk.cell, Cell::Busy);
        let owner = self.s.heap.late(id, owner, &cell);
        self.s.heap.depend(owner);
        let before = self.s.heap.current.replace(owner);
        let result = if before == Some(owner) {
            self.compute(&cell)
        } else {
            let given = MAX_FUEL.min(self.s.steps);
            let fuel = std::mem::replace(&mut self.s.fuel, given);
            let result = self.compute(&cell);
            self.s.steps = self.s.steps.saturating_sub(given - self.s.fuel);
            self.s.fuel = fuel.min(self.s.steps);
            // What a function has with it is looked at by its callers, and many may call it.
            if let Ok(Value::Lambda(_) | Value::Prim(_)) = result {
                self.s.heap.nodes[owner.0 as usize].wide = true;
            }
            result
        };
        self.s.heap.current = before;
        self.s.heap.thunk(id).cell = match &result {
            Ok(value) => Cell::Value(value.clone()),
            Err(fail) if **fail == Fail::Limit => cell,
            Err(fail) => Cell::Fail(fail.clone()),
        };
        result
    }

    fn compute(&mut self, cell: &Cell) -> R<Value> {
        match cell {
            Cell::Expr(expr, env) => self.eval(expr, *env),
            Cell::Apply(f, a) => {
                let f = self.force(*f)?;
                self.call(&f, *a)
            }
            Cell::Apply2(f, a, b) => {
                let f = self.force(*f)?;
                let f = self.call(&f, *a)?;
                self.call(&f, *b)
            }
            Cell::Binding(inst, sym) => {
                let Inst { big, env, .. } = self.s.heap.insts[inst.0 as usize];
                match self.s.bigs[big.0 as usize].bindings.get(sym) {
                    Some(binding) => {
                        let expr = binding.expr.clone();
                        self.eval(&expr, env)
                    }
                    None => error("the binding is gone"),
                }
            }
            Cell::Import(path) => {
                let expr = self.load(path)?;
                self.eval(&expr, EnvId(0))
            }
            Cell::Busy | Cell::Value(_) | Cell::Fail(_) => {
                unreachable!("force takes only what is not computed yet")
            }
        }
    }

    /// The place of an expression's value, without computing it.
    pub fn delay(&mut self, expr: &Rc<Expr>, env: EnvId) -> ThunkId {
        match &**expr {
            Expr::Var(slot) => self.s.heap.slot(env, slot.up, slot.at),
            Expr::Const(value) => {
                let value = value.clone();
                self.s.heap.value(value)
            }
            Expr::Global(sym) => self.s.globals[sym],
            Expr::Lambda(lambda) => {
                let closure = Closure { lambda: lambda.clone(), env };
                self.s.heap.value(Value::Lambda(Rc::new(closure)))
            }
            _ => self.s.heap.alloc(Cell::Expr(expr.clone(), env)),
        }
    }

    pub fn apply(&mut self, f: ThunkId, arg: ThunkId) -> ThunkId {
        self.s.heap.alloc(Cell::Apply(f, arg))
    }

    /// Makes a question of the outside: what is forced by `ask` is recorded under it.
    pub fn ask<T>(&mut self, node: NodeId, ask: impl FnOnce(&mut Self) -> T) -> T {
        self.s.fuel = MAX_FUEL;
        self.s.steps = MAX_STEPS;
        self.s.depth = 0;
        let before = self.s.heap.current.replace(node);
        let answer = ask(self);
        self.s.heap.current = before;
        answer
    }

    // ---- expressions ----------------------------------------------------------------------

    pub fn eval(&mut self, expr: &Rc<Expr>, env: EnvId) -> R<Value> {
        if self.s.fuel == 0 {
            let whole = self.s.steps <= MAX_FUEL;
            return Err(Rc::new(if whole { Fail::Limit } else { Fail::Fuel }));
        }
        if self.s.depth >= MAX_DEPTH {
            return Err(Rc::new(Fail::Limit));
        }
        self.s.depth += 1;
        let result = self.eval_tail(expr.clone(), env);
        self.s.depth -= 1;
        result
    }

    fn eval_tail(&mut self, mut expr: Rc<Expr>, mut env: EnvId) -> R<Value> {
        loop {
            self.s.fuel = self.s.fuel.saturating_sub(1);
            let next = match &*expr {
                Expr::Const(value) => return Ok(value.clone()),
                Expr::Var(slot) => {
                    let thunk = self.s.heap.slot(env, slot.up, slot.at);
                    return self.force(thunk);
                }
                Expr::Global(sym) => {
                    let thunk = self.s.globals[sym];
                    return self.force(thunk);
                }
                Expr::Lookup(_) => {
                    let thunk = self.lookup(&expr, env)?;
                    return self.force(thunk);
                }
                Expr::Interp { parts, path } => return self.interpolate(parts, *path, env),
                Expr::List(items) => {
                    let items: Vec<ThunkId> = items.iter().map(|e| self.delay(e, env)).collect();
                    return Ok(Value::List(items.into()));
                }
                Expr::Attrs(attrs) => return self.eval_attrs(attrs, env),
                Expr::Big(big) => {
                    let (inst, _) = self.instance(*big, env);
                    return Ok(Value::Attrs(Rc::new(Attrs::Big(inst))));
                }
                Expr::BigLet { big, body } => {
                    let (_, inner) = self.instance(*big, env);
                    env = inner;
                    body.clone()
                }
                Expr::Let { bindings, body } => {
                    let inner = self.s.heap.frame(env, bindings.len());
                    for (at, binding) in bindings.iter().enumerate() {
                        let thunk = self.delay_in_frame(binding, inner);
                        self.s.heap.set_slot(inner, at, thunk);
                    }
                    env = inner;
                    body.clone()
                }
                Expr::Select { base, path, default } => {
                    match self.select(base, path, env, default.is_some())? {
                        Ok(thunk) => return self.force(thunk),
                        Err(missing) => match default {
                            Some(default) => default.clone(),
                            None => {
                                let name = self.s.syms.name(missing).clone();
                                return error(format!("attribute '{name}' is missing"));
                            }
                        },
                    }
                }
                Expr::Has { base, path } => {
                    let found = self.has(base, path, env)?;
                    return Ok(Value::Bool(found));
                }
                Expr::Lambda(lambda) => {
                    let closure = Closure { lambda: lambda.clone(), env };
                    return Ok(Value::Lambda(Rc::new(closure)));
                }
                Expr::Apply(function, argument) => {
                    let f = self.eval(function, env)?;
                    let arg = self.delay(argument, env);
                    match &f {
                        Value::Lambda(closure) => {
                            env = self.bind(closure, arg)?;
                            closure.lambda.body.clone()
                        }
                        _ => return self.call(&f, arg),
                    }
                }
                Expr::With(set, body) => {
                    let set = self.delay(set, env);
                    env = self.s.heap.frame(env, 1);
                    self.s.heap.set_slot(env, 0, set);
                    body.clone()
                }
                Expr::If(condition, then, otherwise) => {
                    if self.eval_bool(condition, env)? {
                        then.clone()
                    } else {
                        otherwise.clone()
                    }
                }
                Expr::Assert(condition, body) => {
                    if !self.eval_bool(condition, env)? {
                        return Err(Rc::new(Fail::Assert));
                    }
                    body.clone()
                }
                Expr::Not(operand) => return Ok(Value::Bool(!self.eval_bool(operand, env)?)),
                Expr::Negate(operand) => {
                    return match self.eval(operand, env)? {
                        Value::Int(i) => Ok(Value::Int(i.wrapping_neg())),
                        Value::Float(f) => Ok(Value::Float(-f)),
                        other => error(format!("a {} cannot be negated", other.type_name())),
                    };
                }
                Expr::Bin(op, left, right) => return self.binary(*op, left, right, env),
                Expr::Invalid(why) => return error(why.clone()),
            };
            expr = next;
        }
    }

    /// Like [`Machine::delay`], for a frame that is still being filled: a variable of the same
    /// frame may not have its place yet.
    fn delay_in_frame(&mut self, expr: &Rc<Expr>, env: EnvId) -> ThunkId {
        match &**expr {
            Expr::Var(slot) if slot.up == 0 => self.s.heap.alloc(Cell::Expr(expr.clone(), env)),
            _ => self.delay(expr, env),
        }
    }

    fn eval_bool(&mut self, expr: &Rc<Expr>, env: EnvId) -> R<bool> {
        match self.eval(expr, env)? {
            Value::Bool(b) => Ok(b),
            other => error(format!("a {} where a Boolean should be", other.type_name())),
        }
    }

    fn lookup(&mut self, expr: &Expr, env: EnvId) -> R<ThunkId> {
        let Expr::Lookup(lookup) = expr else { unreachable!("called for look-ups only") };
        for up in &lookup.bigs {
            let frame = self.s.heap.up(env, *up);
            let inst = self.s.heap.envs[frame.0 as usize].inst;
            let inst = inst.expect("the frame of a big set has its instance");
            if let Some(thunk) = self.get_big(inst, lookup.sym)? {
                return Ok(thunk);
            }
        }
        match &lookup.then {
            Then::Slot(slot) => Ok(self.s.heap.slot(env, slot.up, slot.at)),
            Then::Withs(withs) => {
                if let Some(&thunk) = self.s.globals.get(&lookup.sym) {
                    return Ok(thunk);
                }
                for up in withs {
                    let set = self.s.heap.slot(env, *up, 0);
                    if let Some(thunk) = self.get_in(set, lookup.sym)? {
                        return Ok(thunk);
                    }
                }
                error(format!("undefined variable '{}'", self.s.syms.name(lookup.sym)))
            }
        }
    }

    fn interpolate(&mut self, parts: &[Part], path: bool, env: EnvId) -> R<Value> {
        let mut out = String::new();
        for part in parts {
            match part {
                Part::Text(text) => out.push_str(text),
                Part::Expr(expr) => {
                    let value = self.eval(expr, env)?;
                    match &value {
                        Value::Str(text) => out.push_str(text),
                        Value::Path(text) if path => out.push_str(text),
                        _ => out.push_str(&self.coerce(&value, false)?),
                    }
                }
            }
        }
        if path {
            return Ok(Value::Path(lower::normalize_path(&out).into()));
        }
        Ok(Value::str(out))
    }

    fn eval_attrs(&mut self, attrs: &AttrsExpr, env: EnvId) -> R<Value> {
        let inner =
            if attrs.recursive { self.s.heap.frame(env, attrs.bindings.len()) } else { env };
        let mut entries: Vec<(Sym, ThunkId)> = Vec::with_capacity(attrs.bindings.len());
        for (at, (sym, expr)) in attrs.bindings.iter().enumerate() {
            let thunk = if attrs.recursive {
                let thunk = self.delay_in_frame(expr, inner);
                self.s.heap.set_slot(inner, at, thunk);
                thunk
            } else {
                self.delay(expr, inner)
            };
            if !matches!(**expr, Expr::Var(_) | Expr::Global(_)) {
                self.s.heap.thunk(thunk).file = attrs.file;
            }
            entries.push((*sym, thunk));
        }
        if attrs.recursive {
            let overrides = self.s.known.overrides;
            if let Some((_, thunk)) = entries.iter().find(|(sym, _)| *sym == overrides) {
                let set = self.force_attrs(*thunk)?;
                for (at, entry) in entries.iter_mut().enumerate() {
                    if let Some(thunk) = self.get(&set, entry.0)? {
                        entry.1 = thunk;
                        self.s.heap.set_slot(inner, at, thunk);
                    }
                }
            }
        }
        for (name, expr) in &attrs.dynamic {
            let name = match self.eval(name, inner)? {
                Value::Null => continue,
                Value::Str(name) => prims::certain(name)?,
                other => {
                    return error(format!("a {} as an attribute name", other.type_name()));
                }
            };
            let sym = self.s.syms.intern(&name);
            entries.push((sym, self.delay(expr, inner)));
        }
        Ok(plain(entries))
    }

    /// Steps along `path`: the place at its end, or the first name that is missing if `lenient`.
    fn select(
        &mut self,
        base: &Rc<Expr>,
        path: &[Name],
        env: EnvId,
        lenient: bool,
    ) -> R<Result<ThunkId, Sym>> {
        let mut at = None;
        for name in path {
            let sym = self.name(name, env)?;
            match self.step(base, at, sym, env)? {
                Picked::Found(thunk) => at = Some(thunk),
                Picked::NoSet(what) if !lenient => {
                    let name = self.s.syms.name(sym);
                    return error(format!("'{name}' selected from a {what}"));
                }
                Picked::Missing | Picked::NoSet(_) => return Ok(Err(sym)),
            }
        }
        match at {
            Some(thunk) => Ok(Ok(thunk)),
            None => error("an attribute path is empty"),
        }
    }

    /// One step along an attribute path: from the place `at`, or at first from `base`.
    fn step(&mut self, base: &Rc<Expr>, at: Option<ThunkId>, sym: Sym, env: EnvId) -> R<Picked> {
        let set = match (at, &**base) {
            (Some(thunk), _) => thunk,
            (None, Expr::Lookup(_)) => self.lookup(base, env)?,
            (None, Expr::Var(_) | Expr::Global(_)) => self.delay(base, env),
            (None, _) => {
                let value = self.eval(base, env)?;
                return self.look_in(&value, sym);
            }
        };
        self.pick(set, sym)
    }

    fn has(&mut self, base: &Rc<Expr>, path: &[Name], env: EnvId) -> R<bool> {
        let mut at = None;
        for name in path {
            let sym = self.name(name, env)?;
            match self.step(base, at, sym, env)? {
                Picked::Found(thunk) => at = Some(thunk),
                Picked::Missing | Picked::NoSet(_) => return Ok(false),
            }
        }
        Ok(true)
    }

    fn name(&mut self, name: &Name, env: EnvId) -> R<Sym> {
        match name {
            Name::Static(sym) => Ok(*sym),
            Name::Dynamic(expr) => {
                let value = self.eval(expr, env)?;
                let text = prims::certain(self.coerce(&value, false)?)?;
                Ok(self.s.syms.intern(&text))
            }
        }
    }

    fn binary(&mut self, op: Op, left: &Rc<Expr>, right: &Rc<Expr>, env: EnvId) -> R<Value> {
        match op {
            Op::And => {
                return Ok(Value::Bool(self.eval_bool(left, env)? && self.eval_bool(right, env)?));
            }
            Op::Or => {
                return Ok(Value::Bool(self.eval_bool(left, env)? || self.eval_bool(right, env)?));
            }
            Op::Implies => {
                return Ok(Value::Bool(!self.eval_bool(left, env)? || self.eval_bool(right, env)?));
            }
            _ => {}
        }
        let a = match self.eval(left, env) {
            Err(why) if op == Op::Update && matches!(*why, Fail::Unknown(_)) => {
                return match self.eval(right, env)? {
                    Value::Attrs(known) => Ok(Value::Attrs(Rc::new(Attrs::Partial { known, why }))),
                    _ => Err(why),
                };
            }
            a => a?,
        };
        let b = self.eval(right, env)?;
        match op {
            Op::Concat => match (&a, &b) {
                (Value::List(x), Value::List(y)) if y.is_empty() => Ok(Value::List(x.clone())),
                (Value::List(x), Value::List(y)) if x.is_empty() => Ok(Value::List(y.clone())),
                (Value::List(x), Value::List(y)) => {
                    Ok(Value::List(x.iter().chain(y.iter()).copied().collect()))
                }
                _ => error(format!("++ of a {} and a {}", a.type_name(), b.type_name())),
            },
            Op::Update => match (&a, &b) {
                (Value::Attrs(x), Value::Attrs(y)) => Ok(Value::Attrs(merge(x, y))),
                _ => error(format!("// of a {} and a {}", a.type_name(), b.type_name())),
            },
            Op::Add => self.add(&a, &b),
            Op::Sub | Op::Mul | Op::Div => prims::arithmetic(op, &a, &b),
            Op::Equal => Ok(Value::Bool(self.equal(&a, &b)?)),
            Op::NotEqual => Ok(Value::Bool(!self.equal(&a, &b)?)),
            Op::Less => Ok(Value::Bool(self.less(&a, &b)?)),
            Op::LessOrEqual => Ok(Value::Bool(!self.less(&b, &a)?)),
            Op::More => Ok(Value::Bool(self.less(&b, &a)?)),
            Op::MoreOrEqual => Ok(Value::Bool(!self.less(&a, &b)?)),
            Op::And | Op::Or | Op::Implies => unreachable!("answered above"),
        }
    }

    fn add(&mut self, a: &Value, b: &Value) -> R<Value> {
        match (a, b) {
            (Value::Int(_) | Value::Float(_), Value::Int(_) | Value::Float(_)) => {
                prims::arithmetic(Op::Add, a, b)
            }
            (Value::Path(path), _) => {
                let text = match b {
                    Value::Path(text) | Value::Str(text) => text.clone(),
                    other => self.coerce(other, false)?,
                };
                Ok(Value::Path(lower::normalize_path(&format!("{path}{text}")).into()))
            }
            _ => {
                let a = self.coerce(a, false)?;
                let b = self.coerce(b, false)?;
                Ok(Value::str(format!("{a}{b}")))
            }
        }
    }

    // ---- calls ----------------------------------------------------------------------------

    pub fn call(&mut self, f: &Value, arg: ThunkId) -> R<Value> {
        match f {
            Value::Lambda(closure) => {
                let env = self.bind(closure, arg)?;
                let body = closure.lambda.body.clone();
                self.eval(&body, env)
            }
            Value::Prim(app) => {
                let mut args = app.args.clone();
                args.push(arg);
                if args.len() < app.prim.arity {
                    return Ok(Value::Prim(Rc::new(PrimApp { prim: app.prim, args })));
                }
                if self.s.depth >= MAX_DEPTH {
                    return Err(Rc::new(Fail::Limit));
                }
                self.s.depth += 1;
                let result = (app.prim.run)(self, &args);
                self.s.depth -= 1;
                result
            }
            Value::Attrs(attrs) => {
                let functor = self.s.known.functor;
                let Some(functor) = self.get(&attrs.clone(), functor)? else {
                    return error("a set that is not a function was called");
                };
                let function = self.force(functor)?;
                let own = self.s.heap.value(f.clone());
                let function = self.call(&function, own)?;
                self.call(&function, arg)
            }
            other => error(format!("a {} was called", other.type_name())),
        }
    }

    pub fn call2(&mut self, f: &Value, a: ThunkId, b: ThunkId) -> R<Value> {
        let f = self.call(f, a)?;
        self.call(&f, b)
    }

    fn bind(&mut self, closure: &Closure, arg: ThunkId) -> R<EnvId> {
        match &closure.lambda.param {
            Param::Name => {
                let env = self.s.heap.frame(closure.env, 1);
                self.s.heap.set_slot(env, 0, arg);
                Ok(env)
            }
            Param::Pattern { bound, formals, open } => {
                if !open || formals.is_empty() {
                    self.force_attrs(arg)?;
                }
                let first = usize::from(*bound);
                let env = self.s.heap.frame(closure.env, first + formals.len());
                if *bound {
                    self.s.heap.set_slot(env, 0, arg);
                }
                let mut matched = 0;
                for (at, formal) in formals.iter().enumerate() {
                    let thunk = match (self.get_in(arg, formal.sym)?, &formal.default) {
                        (Some(thunk), _) => {
                            matched += 1;
                            thunk
                        }
                        (None, Some(default)) => {
                            self.s.heap.alloc(Cell::Expr(default.clone(), env))
                        }
                        (None, None) => {
                            let name = self.s.syms.name(formal.sym);
                            return error(format!("argument '{name}' is missing"));
                        }
                    };
                    self.s.heap.set_slot(env, first + at, thunk);
                }
                if !open {
                    let attrs = self.force_attrs(arg)?;
                    let given = match &*attrs {
                        Attrs::Plain(entries) => entries.len(),
                        _ => self.keys(&attrs)?.len(),
                    };
                    if given != matched {
                        return error("an unexpected argument");
                    }
                }
                Ok(env)
            }
        }
    }

    // ---- sets -----------------------------------------------------------------------------

    fn instance(&mut self, big: BigId, env: EnvId) -> (InstId, EnvId) {
        let recursive = self.s.bigs[big.0 as usize].recursive;
        let inner = if recursive { self.s.heap.frame(env, 0) } else { env };
        let creator = self.s.heap.current();
        self.s.heap.nodes[creator.0 as usize].wide = true;
        let cells = FxHashMap::default();
        let id = self.s.heap.inst(Inst { big, env: inner, creator, cells, overrides: None });
        if recursive {
            self.s.heap.envs[inner.0 as usize].inst = Some(id);
        }
        self.s.bigs[big.0 as usize].instances.push(id);
        let overrides = self.s.known.overrides;
        let big = &self.s.bigs[big.0 as usize];
        if big.recursive && big.bindings.contains_key(&overrides) {
            let thunk = self.big_cell(id, overrides);
            self.s.heap.insts[id.0 as usize].overrides = Some(thunk);
        }
        (id, inner)
    }

    fn big_cell(&mut self, inst: InstId, sym: Sym) -> ThunkId {
        if let Some(&thunk) = self.s.heap.insts[inst.0 as usize].cells.get(&sym) {
            return thunk;
        }
        let node = self.s.heap.node(Recipe::None);
        let thunk = self.s.heap.alloc_for(Cell::Binding(inst, sym), node);
        self.s.heap.nodes[node.0 as usize].recipe = Recipe::Binding(thunk, inst, sym);
        let creator = self.s.heap.insts[inst.0 as usize].creator;
        self.s.heap.edge(node, creator);
        self.s.heap.insts[inst.0 as usize].cells.insert(sym, thunk);
        thunk
    }

    fn get_big(&mut self, inst: InstId, sym: Sym) -> R<Option<ThunkId>> {
        let Inst { big, overrides, .. } = self.s.heap.insts[inst.0 as usize];
        if let Some(overrides) = overrides
            && sym != self.s.known.overrides
        {
            let set = self.force_attrs(overrides)?;
            if let Some(thunk) = self.get(&set, sym)? {
                return Ok(Some(thunk));
            }
        }
        let node = match self.s.presence.get(&(big, sym)) {
            Some(&node) => node,
            None => {
                let node = self.s.heap.node(Recipe::None);
                self.s.presence.insert((big, sym), node);
                node
            }
        };
        self.s.heap.depend(node);
        if !self.s.bigs[big.0 as usize].bindings.contains_key(&sym) {
            return Ok(None);
        }
        Ok(Some(self.big_cell(inst, sym)))
    }

    /// The place of an attribute, if the set has it.
    pub fn get(&mut self, attrs: &Rc<Attrs>, sym: Sym) -> R<Option<ThunkId>> {
        match &**attrs {
            Attrs::Plain(entries) => {
                let found = entries.binary_search_by_key(&sym, |(sym, _)| *sym);
                Ok(found.ok().map(|at| entries[at].1))
            }
            Attrs::Big(inst) => self.get_big(*inst, sym),
            Attrs::Merge(left, right) => match self.get(right, sym)? {
                Some(thunk) => Ok(Some(thunk)),
                None => self.get(left, sym),
            },
            Attrs::Map { f, of, creator, cells } => {
                let Some(value) = self.get(of, sym)? else { return Ok(None) };
                if let Some(&(from, thunk)) = cells.borrow().get(&sym)
                    && from == value
                {
                    return Ok(Some(thunk));
                }
                let name = self.s.syms.name(sym).clone();
                let node = self.s.heap.node(Recipe::None);
                let name = self.s.heap.alloc_for(Cell::Value(Value::Str(name)), node);
                let thunk = self.s.heap.alloc_for(Cell::Apply2(*f, name, value), node);
                let cell = Box::new(Cell::Apply2(*f, name, value));
                let recipe = Recipe::Late(thunk, cell, *creator);
                self.s.heap.nodes[node.0 as usize].recipe = recipe;
                self.s.heap.edge(node, *creator);
                cells.borrow_mut().insert(sym, (value, thunk));
                Ok(Some(thunk))
            }
            Attrs::Partial { known, why } => match self.get(known, sym)? {
                Some(thunk) => Ok(Some(thunk)),
                None => Err(why.clone()),
            },
            Attrs::Without { of, names } => {
                if names.binary_search(&sym).is_ok() {
                    Ok(None)
                } else {
                    self.get(of, sym)
                }
            }
        }
    }

    pub fn need(&mut self, attrs: &Rc<Attrs>, sym: Sym) -> R<ThunkId> {
        match self.get(attrs, sym)? {
            Some(thunk) => Ok(thunk),
            None => error(format!("attribute '{}' is missing", self.s.syms.name(sym))),
        }
    }

    /// Every name of a set, sorted by symbol.
    pub fn keys(&mut self, attrs: &Rc<Attrs>) -> R<Vec<Sym>> {
        match &**attrs {
            Attrs::Plain(entries) => Ok(entries.iter().map(|(sym, _)| *sym).collect()),
            Attrs::Big(inst) => {
                let Inst { big, overrides, .. } = self.s.heap.insts[inst.0 as usize];
                let node = match self.s.shapes.get(&big) {
                    Some(&node) => node,
                    None => {
                        let node = self.s.heap.node(Recipe::None);
                        self.s.shapes.insert(big, node);
                        node
                    }
                };
                self.s.heap.depend(node);
                let mut keys: Vec<Sym> =
                    self.s.bigs[big.0 as usize].bindings.keys().copied().collect();
                if let Some(overrides) = overrides {
                    let set = self.force_attrs(overrides)?;
                    keys.extend(self.keys(&set)?);
                }
                keys.sort_unstable();
                keys.dedup();
                Ok(keys)
            }
            Attrs::Merge(left, right) => {
                let mut keys = self.keys(left)?;
                keys.extend(self.keys(right)?);
                keys.sort_unstable();
                keys.dedup();
                Ok(keys)
            }
            Attrs::Map { of, .. } => self.keys(of),
            Attrs::Partial { why, .. } => Err(why.clone()),
            Attrs::Without { of, names } => {
                let mut keys = self.keys(of)?;
                keys.retain(|sym| names.binary_search(sym).is_err());
                Ok(keys)
            }
        }
    }

    /// The file where an attribute of a set stands.
    pub fn file(&mut self, attrs: &Rc<Attrs>, name: &str) -> Option<Rc<str>> {
        let sym = self.s.syms.intern(name);
        let thunk = self.get(attrs, sym).ok()??;
        self.s.heap.thunk_ref(thunk).file.map(|sym| self.s.syms.name(sym).clone())
    }

    /// The name that the attribute at a place is only another name of, if it is bound in a big
    /// set: in `{ a = b; c = d.e; }` the names `b` and `d.e`.
    pub fn renames(&self, thunk: ThunkId, sym: Sym) -> Option<Vec<Sym>> {
        let owner = self.s.heap.thunk_ref(thunk).owner;
        let inst = match &self.s.heap.nodes[owner.0 as usize].recipe {
            Recipe::Binding(own, inst, name) if *own == thunk && *name == sym => *inst,
            Recipe::Late(own, cell, _) if *own == thunk => match **cell {
                // A place of `mapAttrs`: what it was made from.
                Cell::Apply2(_, _, from) => return self.renames(from, sym),
                _ => return None,
            },
            _ => return None,
        };
        let big = self.s.heap.insts[inst.0 as usize].big;
        let binding = self.s.bigs[big.0 as usize].bindings.get(&sym)?;
        match &*binding.expr {
            Expr::Lookup(lookup) if lookup.sym != sym => Some(vec![lookup.sym]),
            Expr::Select { base, path, default: None } => {
                let Expr::Lookup(lookup) = &**base else { return None };
                let [Name::Static(member)] = &**path else { return None };
                (*member != sym).then(|| vec![lookup.sym, *member])
            }
            _ => None,
        }
    }

    /// The names of a set that are certain: all of them, unless a part of the set is unknown.
    pub fn certain_keys(&mut self, attrs: &Rc<Attrs>) -> R<Vec<Sym>> {
        let mut keys = match &**attrs {
            Attrs::Partial { known, .. } => self.certain_keys(known)?,
            Attrs::Merge(left, right) => {
                let mut keys = self.certain_keys(left)?;
                keys.extend(self.certain_keys(right)?);
                keys
            }
            Attrs::Map { of, .. } => self.certain_keys(of)?,
            Attrs::Without { of, names } => {
                let mut keys = self.certain_keys(of)?;
                keys.retain(|sym| names.binary_search(sym).is_err());
                keys
            }
            Attrs::Plain(_) | Attrs::Big(_) => self.keys(attrs)?,
        };
        keys.sort_unstable();
        keys.dedup();
        Ok(keys)
    }

    /// Every attribute of a set, sorted by symbol.
    pub fn entries(&mut self, attrs: &Rc<Attrs>) -> R<Vec<(Sym, ThunkId)>> {
        if let Attrs::Plain(entries) = &**attrs {
            return Ok(entries.to_vec());
        }
        let mut entries = Vec::new();
        for sym in self.keys(attrs)? {
            entries.push((sym, self.need(attrs, sym)?));
        }
        Ok(entries)
    }

    /// The names of a set in the order of their text, as Nix lists them.
    pub fn sorted_keys(&mut self, attrs: &Rc<Attrs>) -> R<Vec<Sym>> {
        let mut keys = self.keys(attrs)?;
        let syms = &self.s.syms;
        keys.sort_by(|a, b| syms.name(*a).cmp(syms.name(*b)));
        Ok(keys)
    }

    // ---- conversions ----------------------------------------------------------------------

    pub fn force_attrs(&mut self, id: ThunkId) -> R<Rc<Attrs>> {
        match self.force(id)? {
            Value::Attrs(attrs) => Ok(attrs),
            other => error(format!("a {} where a set should be", other.type_name())),
        }
    }

    pub fn force_list(&mut self, id: ThunkId) -> R<Rc<[ThunkId]>> {
        match self.force(id)? {
            Value::List(list) => Ok(list),
            other => error(format!("a {} where a list should be", other.type_name())),
        }
    }

    pub fn force_str(&mut self, id: ThunkId) -> R<Rc<str>> {
        let value = self.force(id)?;
        self.as_str(&value)
    }

    pub fn as_str(&mut self, value: &Value) -> R<Rc<str>> {
        match value {
            Value::Str(text) => Ok(text.clone()),
            Value::Attrs(_) => self.coerce(value, false),
            other => error(format!("a {} where a string should be", other.type_name())),
        }
    }

    pub fn force_int(&mut self, id: ThunkId) -> R<i64> {
        match self.force(id)? {
            Value::Int(int) => Ok(int),
            other => error(format!("a {} where an integer should be", other.type_name())),
        }
    }

    /// A value as text: what interpolation does, or with `all` what `toString` does.
    pub fn coerce(&mut self, value: &Value, all: bool) -> R<Rc<str>> {
        match value {
            Value::Str(text) => Ok(text.clone()),
            Value::Path(text) if all => Ok(text.clone()),
            Value::Path(_) => Ok(prims::STORE_PATH.into()),
            Value::Attrs(attrs) => {
                let (to_string, out_path) = (self.s.known.to_string, self.s.known.out_path);
                if let Some(f) = self.get(attrs, to_string)? {
                    let f = self.force(f)?;
                    let own = self.s.heap.value(value.clone());
                    let text = self.call(&f, own)?;
                    return self.coerce(&text, all);
                }
                match self.get(attrs, out_path)? {
                    Some(thunk) => {
                        let inner = self.force(thunk)?;
                        self.coerce(&inner, all)
                    }
                    None => error("a set cannot be made a string"),
                }
            }
            Value::Int(i) if all => Ok(i.to_string().into()),
            Value::Float(f) if all => Ok(format!("{f:.6}").into()),
            Value::Bool(b) if all => Ok(if *b { "1" } else { "" }.into()),
            Value::Null if all => Ok("".into()),
            Value::List(items) if all => {
                let mut out = String::new();
                for (i, item) in items.iter().enumerate() {
                    let value = self.force(*item)?;
                    out.push_str(&self.coerce(&value, true)?);
                    let empty = matches!(&value, Value::List(inner) if inner.is_empty());
                    if i + 1 < items.len() && !empty {
                        out.push(' ');
                    }
                }
                Ok(out.into())
            }
            other => error(format!("a {} cannot be made a string", other.type_name())),
        }
    }

    pub fn equal(&mut self, a: &Value, b: &Value) -> R<bool> {
        match (a, b) {
            (Value::Null, Value::Null) => Ok(true),
            (Value::Bool(x), Value::Bool(y)) => Ok(x == y),
            (Value::Int(x), Value::Int(y)) => Ok(x == y),
            #[expect(clippy::cast_precision_loss, reason = "as Nix compares them")]
            (Value::Int(x), Value::Float(y)) | (Value::Float(y), Value::Int(x)) => {
                Ok(*x as f64 == *y)
            }
            #[expect(clippy::float_cmp, reason = "as Nix compares them")]
            (Value::Float(x), Value::Float(y)) => Ok(x == y),
            (Value::Str(x), Value::Str(y)) | (Value::Path(x), Value::Path(y)) => {
                if x.contains(prims::STORE_PATH) && y.contains(prims::STORE_PATH) {
                    return unknown("whether two store paths are equal");
                }
                Ok(x == y)
            }
            (Value::List(x), Value::List(y)) => {
                if x.len() != y.len() {
                    return Ok(false);
                }
                for (a, b) in x.iter().zip(y.iter()) {
                    if !self.equal_thunks(*a, *b)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            (Value::Attrs(x), Value::Attrs(y)) => self.equal_attrs(x, y),
            _ => Ok(false),
        }
    }

    fn equal_thunks(&mut self, a: ThunkId, b: ThunkId) -> R<bool> {
        if a == b {
            return Ok(true);
        }
        let (a, b) = (self.force(a)?, self.force(b)?);
        if let (Value::Lambda(x), Value::Lambda(y)) = (&a, &b) {
            return Ok(Rc::ptr_eq(x, y));
        }
        self.equal(&a, &b)
    }

    fn equal_attrs(&mut self, x: &Rc<Attrs>, y: &Rc<Attrs>) -> R<bool> {
        if Rc::ptr_eq(x, y) {
            return Ok(true);
        }
        if self.is_derivation(x)? && self.is_derivation(y)? {
            let out_path = self.s.known.out_path;
            if let (Some(a), Some(b)) = (self.get(x, out_path)?, self.get(y, out_path)?) {
                return self.equal_thunks(a, b);
            }
        }
        let (x, y) = (self.entries(x)?, self.entries(y)?);
        if x.len() != y.len() || x.iter().zip(&y).any(|(a, b)| a.0 != b.0) {
            return Ok(false);
        }
        for (a, b) in x.iter().zip(&y) {
            if !self.equal_thunks(a.1, b.1)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    pub fn is_derivation(&mut self, attrs: &Rc<Attrs>) -> R<bool> {
        let kind = self.s.known.type_;
        let Some(thunk) = self.get(attrs, kind)? else { return Ok(false) };
        Ok(matches!(self.force(thunk)?, Value::Str(text) if &*text == "derivation"))
    }

    pub fn less(&mut self, a: &Value, b: &Value) -> R<bool> {
        #[expect(clippy::cast_precision_loss, reason = "as Nix compares them")]
        match (a, b) {
            (Value::Int(x), Value::Int(y)) => Ok(x < y),
            (Value::Int(x), Value::Float(y)) => Ok((*x as f64) < *y),
            (Value::Float(x), Value::Int(y)) => Ok(*x < (*y as f64)),
            (Value::Float(x), Value::Float(y)) => Ok(x < y),
            (Value::Str(x), Value::Str(y)) | (Value::Path(x), Value::Path(y)) => Ok(x < y),
            (Value::List(x), Value::List(y)) => {
                for (a, b) in x.iter().zip(y.iter()) {
                    if !self.equal_thunks(*a, *b)? {
                        let (a, b) = (self.force(*a)?, self.force(*b)?);
                        return self.less(&a, &b);
                    }
                }
                Ok(x.len() < y.len())
            }
            _ => error(format!("a {} and a {} compared", a.type_name(), b.type_name())),
        }
    }
}

/// A path of the tree, from a path as the language sees it.
fn inside(path: &str) -> Option<&str> {
    let rest = path.strip_prefix(super::ROOT)?;
    if rest.is_empty() { Some("") } else { rest.strip_prefix('/') }
}

/// A hash of the names in a directory and of what they are.
fn listing_hash(list: &[(String, crate::Entry)]) -> u64 {
    let mut hasher = FxHasher::default();
    for (name, entry) in list {
        (name, entry.kind as u8).hash(&mut hasher);
    }
    hasher.finish()
}

/// A plain set. Of two attributes with one name the later one stays.
pub fn plain(mut entries: Vec<(Sym, ThunkId)>) -> Value {
    if !entries.is_sorted_by(|a, b| a.0 < b.0) {
        entries.reverse();
        entries.sort_by_key(|(sym, _)| *sym);
        entries.dedup_by_key(|(sym, _)| *sym);
    }
    Value::Attrs(Rc::new(Attrs::Plain(entries.into())))
}

/// `left // right`.
pub fn merge(left: &Rc<Attrs>, right: &Rc<Attrs>) -> Rc<Attrs> {
    match (&**left, &**right) {
        (_, Attrs::Plain(r)) if r.is_empty() => left.clone(),
        (Attrs::Plain(l), _) if l.is_empty() => right.clone(),
        (Attrs::Plain(l), Attrs::Plain(r)) => Rc::new(Attrs::Plain(merge_plain(l, r))),
        (Attrs::Partial { known, why }, _) => {
            Rc::new(Attrs::Partial { known: merge(known, right), why: why.clone() })
        }
        (Attrs::Merge(base, top), Attrs::Plain(r)) => match &**top {
            Attrs::Plain(l) => {
                let top = Rc::new(Attrs::Plain(merge_plain(l, r)));
                Rc::new(Attrs::Merge(base.clone(), top))
            }
            _ => Rc::new(Attrs::Merge(left.clone(), right.clone())),
        },
        _ => Rc::new(Attrs::Merge(left.clone(), right.clone())),
    }
}

fn merge_plain(left: &[(Sym, ThunkId)], right: &[(Sym, ThunkId)]) -> Box<[(Sym, ThunkId)]> {
    let mut out = Vec::with_capacity(left.len() + right.len());
    let (mut l, mut r) = (left.iter().peekable(), right.iter().peekable());
    loop {
        match (l.peek(), r.peek()) {
            (Some(a), Some(b)) if a.0 < b.0 => out.extend(l.next()),
            (Some(a), Some(b)) if a.0 == b.0 => {
                l.next();
                out.extend(r.next());
            }
            (_, Some(_)) => out.extend(r.next()),
            (Some(_), None) => out.extend(l.next()),
            (None, None) => return out.into(),
        }
    }
}
