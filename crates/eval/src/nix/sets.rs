//! Sets: their places by name, their names, and what is made of two.

use std::rc::Rc;

use rustc_hash::FxHashMap;

use super::{
    heap::{Cell, Inst, Recipe},
    ir::{BigId, Expr, Name},
    machine::Machine,
    value::{Attrs, EnvId, InstId, R, Sym, ThunkId, Value, error},
};

impl Machine<'_> {
    pub fn instance(&mut self, big: BigId, env: EnvId) -> (InstId, EnvId) {
        let recursive = self.s.bigs[big.0 as usize].recursive;
        let inner = if recursive { self.s.heap.frame(env, 0) } else { env };
        let creator = self.s.heap.current();
        self.s.heap.nodes[creator.0].wide = true;
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

    pub fn big_cell(&mut self, inst: InstId, sym: Sym) -> ThunkId {
        if let Some(&thunk) = self.s.heap.insts[inst.0 as usize].cells.get(&sym) {
            return thunk;
        }
        let node = self.s.heap.node(Recipe::None);
        let thunk = self.s.heap.alloc_for(Cell::Binding(inst, sym), node);
        self.s.heap.nodes[node.0].recipe = Recipe::Binding(thunk, inst, sym);
        let creator = self.s.heap.insts[inst.0 as usize].creator;
        self.s.heap.edge(node, creator);
        self.s.heap.insts[inst.0 as usize].cells.insert(sym, thunk);
        thunk
    }

    /// The place of a name of a big set, if the set has it.
    pub fn get_big(&mut self, inst: InstId, sym: Sym) -> R<Option<ThunkId>> {
        if let Some(place) = self.overridden(inst, sym)? {
            return Ok(Some(place));
        }
        if !self.binds(inst, sym) {
            return Ok(None);
        }
        let Inst { big, env, .. } = self.s.heap.insts[inst.0 as usize];
        let binding = &self.s.bigs[big.0 as usize].bindings[&sym];
        if binding.is_file() {
            let expr = binding.expr.clone();
            if let Some(place) = self.file_named(&expr, env)? {
                return Ok(Some(place));
            }
        }
        Ok(Some(self.big_cell(inst, sym)))
    }

    /// Whether a big set has a name.
    pub fn has_big(&mut self, inst: InstId, sym: Sym) -> R<bool> {
        Ok(self.overridden(inst, sym)?.is_some() || self.binds(inst, sym))
    }

    /// The place that `__overrides` has for a name of a big set.
    fn overridden(&mut self, inst: InstId, sym: Sym) -> R<Option<ThunkId>> {
        match self.s.heap.insts[inst.0 as usize].overrides {
            Some(overrides) if sym != self.s.known.overrides => {
                let set = self.force_attrs(overrides)?;
                self.get(&set, sym)
            }
            _ => Ok(None),
        }
    }

    /// Whether the text of a big set binds a name.
    fn binds(&mut self, inst: InstId, sym: Sym) -> bool {
        let big = self.s.heap.insts[inst.0 as usize].big;
        let node = match self.s.presence.get(&(big, sym)) {
            Some(&node) => node,
            None => {
                let node = self.s.heap.node(Recipe::None);
                self.s.presence.insert((big, sym), node);
                node
            }
        };
        self.s.heap.depend(node);
        self.s.bigs[big.0 as usize].bindings.contains_key(&sym)
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
                let name = self.s.name_place(sym);
                let node = match &**of {
                    Attrs::Plain(_) => *creator,
                    _ => self.s.heap.node(Recipe::None),
                };
                let thunk = self.s.heap.alloc_for(Cell::Apply2(*f, name, value), node);
                cells.borrow_mut().insert(sym, (value, thunk));
                if node == *creator {
                    return Ok(Some(thunk));
                }
                let cell = Box::new(Cell::Apply2(*f, name, value));
                let recipe = Recipe::Late(thunk, cell, *creator);
                self.s.heap.nodes[node.0].recipe = recipe;
                self.s.heap.edge(node, *creator);
                Ok(Some(thunk))
            }
            Attrs::Zip { f, of, creator, cells } => {
                let mut values = Vec::new();
                for attrs in of {
                    values.extend(self.get(attrs, sym)?);
                }
                if values.is_empty() {
                    return Ok(None);
                }
                if let Some((from, thunk)) = cells.borrow().get(&sym)
                    && **from == *values
                {
                    return Ok(Some(*thunk));
                }
                let list = Cell::Value(Value::List(values.as_slice().into()));
                let list = self.s.heap.alloc_for(list, *creator);
                let name = self.s.name_place(sym);
                let thunk = self.s.heap.alloc_for(Cell::Apply2(*f, name, list), *creator);
                cells.borrow_mut().insert(sym, (values.into(), thunk));
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
            Attrs::Zip { of, .. } => {
                let mut keys = Vec::new();
                for attrs in of {
                    keys.extend(self.keys(attrs)?);
                }
                keys.sort_unstable();
                keys.dedup();
                Ok(keys)
            }
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
        let inst = match &self.s.heap.nodes[owner.0].recipe {
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
            Attrs::Plain(_) | Attrs::Big(_) | Attrs::Zip { .. } => self.keys(attrs)?,
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
