//! Giving back what evaluation no longer needs, so that memory does not grow with history.
//!
//! Mark and sweep, between two steps, when nothing on the stack holds a place of the heap. What is
//! needed is what can be reached from the values of files and of the outermost scope: a question
//! keeps its answer, not the values on the way to it. Nodes live longer than their thunks: as long
//! as something depends on them, a change has to find its way through them.

use rustc_hash::FxHashSet;

use super::{
    heap::{Cell, ETERNAL, Env, Heap, Marked, Marks, NodeId, Recipe},
    ir::BigId,
    pick::{Known, Picked},
    state::State,
    value::{Attrs, EnvId, InstId, ThunkId, Value},
};

/// What was found to be needed, and what is still to be looked into.
struct Marker<'h> {
    heap: &'h Heap,
    marked: Marked,
    todo: Vec<Item>,
}

enum Item {
    Thunk(ThunkId),
    Env(EnvId),
    Inst(InstId),
    Node(NodeId),
}

impl State {
    /// Gives back everything that neither a file's value nor the outermost scope leads to.
    /// `questions` are the nodes of the questions.
    pub fn collect(&mut self, questions: impl Iterator<Item = NodeId>) {
        self.heap.forget_leaves();
        let heap = &self.heap;
        let mut marker = Marker {
            heap,
            marked: Marked {
                thunks: Marks::new(heap.thunk_count()),
                envs: Marks::new(heap.envs.len()),
                insts: Marks::new(heap.insts.len()),
                nodes: Marks::new(heap.nodes.len()),
            },
            todo: Vec::new(),
        };
        marker.env(EnvId(0));
        marker.node(ETERNAL);
        self.globals.values().chain(self.imports.values()).for_each(|thunk| marker.thunk(*thunk));
        questions.for_each(|node| marker.node(node));
        marker.run();
        let marked = marker.marked;
        let needed = |node: &NodeId| marked.nodes.has(node.0);
        self.leaves.retain(|_, node| needed(node));
        self.kinds.retain(|_, (node, _)| needed(node));
        self.listings.retain(|_, (node, _)| needed(node));
        self.presence.retain(|_, node| needed(node));
        self.shapes.retain(|_, node| needed(node));
        self.picks.retain(|_, node| needed(node));
        self.names.retain(|_, thunk| marked.thunks.has(thunk.0));
        let bigs = self.files.values().flat_map(|loaded| &loaded.ir.bigs);
        let written: FxHashSet<_> = bigs.map(|text| text.big).collect();
        for (at, big) in (0..).zip(&mut self.bigs) {
            big.instances.retain(|inst| marked.insts.has(inst.0));
            if big.instances.is_empty() && !written.contains(&BigId(at)) {
                big.clear();
            }
        }
        self.ghosts.retain(|_, nodes| {
            nodes.retain(|node| marked.nodes.has(node.0));
            !nodes.is_empty()
        });
        for (big, sym, node) in self.heap.sweep(&marked) {
            self.ghosts.entry((big, sym)).or_default().push(node);
        }
    }
}

impl Marker<'_> {
    fn thunk(&mut self, id: ThunkId) {
        if self.marked.thunks.insert(id.0) {
            self.todo.push(Item::Thunk(id));
        }
    }

    fn env(&mut self, id: EnvId) {
        if self.marked.envs.insert(id.0) {
            self.todo.push(Item::Env(id));
        }
    }

    fn inst(&mut self, id: InstId) {
        if self.marked.insts.insert(id.0) {
            self.todo.push(Item::Inst(id));
        }
    }

    fn node(&mut self, id: NodeId) {
        if self.marked.nodes.insert(id.0) {
            self.todo.push(Item::Node(id));
        }
    }

    fn run(&mut self) {
        let heap = self.heap;
        while let Some(item) = self.todo.pop() {
            match item {
                Item::Thunk(id) => {
                    let thunk = heap.thunk_ref(id);
                    self.node(thunk.owner);
                    self.cell(&thunk.cell);
                    // It may have to be computed again.
                    match &heap.nodes[thunk.owner.0].recipe {
                        Recipe::Late(own, cell, creator) if *own == id => {
                            self.cell(cell);
                            self.node(*creator);
                        }
                        Recipe::Binding(own, inst, _) if *own == id => self.inst(*inst),
                        _ => {}
                    }
                }
                Item::Env(id) => {
                    let Env { parent, inst, .. } = heap.envs[id.0 as usize];
                    self.env(parent);
                    inst.into_iter().for_each(|inst| self.inst(inst));
                    heap.slots_of(id).iter().for_each(|thunk| self.thunk(*thunk));
                }
                Item::Inst(id) => {
                    let inst = &heap.insts[id.0 as usize];
                    self.env(inst.env);
                    self.node(inst.creator);
                    inst.cells.values().for_each(|thunk| self.thunk(*thunk));
                }
                Item::Node(id) => {
                    let node = &heap.nodes[id.0];
                    node.depends_on.for_each(|on| self.node(on));
                    // What a pick found is told from what it finds later by its place.
                    if let Recipe::Pick(set, _, known) = node.recipe {
                        self.thunk(set);
                        if let Known::Fresh(Picked::Found(thunk))
                        | Known::Stale(Picked::Found(thunk)) = known
                        {
                            self.thunk(thunk);
                        }
                    }
                }
            }
        }
    }

    fn cell(&mut self, cell: &Cell) {
        match cell {
            Cell::Expr(_, env) => self.env(*env),
            Cell::Apply(f, a) => [f, a].into_iter().for_each(|thunk| self.thunk(*thunk)),
            Cell::Apply2(f, a, b) => [f, a, b].into_iter().for_each(|thunk| self.thunk(*thunk)),
            Cell::Binding(inst, _) => self.inst(*inst),
            Cell::Same(thunk) => self.thunk(*thunk),
            Cell::Value(value) => self.value(value),
            Cell::Import(_) | Cell::Busy | Cell::Fail(_) => {}
        }
    }

    fn value(&mut self, value: &Value) {
        match value {
            Value::List(items) => items.iter().for_each(|thunk| self.thunk(*thunk)),
            Value::Attrs(attrs) => self.attrs(attrs),
            Value::Lambda(closure) => self.env(closure.env),
            Value::Prim(app) => app.args.iter().for_each(|thunk| self.thunk(*thunk)),
            Value::Null
            | Value::Bool(_)
            | Value::Int(_)
            | Value::Float(_)
            | Value::Str(_)
            | Value::Path(_) => {}
        }
    }

    fn attrs(&mut self, attrs: &Attrs) {
        match attrs {
            Attrs::Plain(entries) => entries.iter().for_each(|(_, thunk)| self.thunk(*thunk)),
            Attrs::Big(inst) => self.inst(*inst),
            Attrs::Merge(left, right) => {
                self.attrs(left);
                self.attrs(right);
            }
            Attrs::Map { f, of, creator, cells } => {
                self.thunk(*f);
                self.attrs(of);
                self.node(*creator);
                cells.borrow().values().for_each(|(_, thunk)| self.thunk(*thunk));
            }
            Attrs::Zip { f, of, creator, cells } => {
                self.thunk(*f);
                of.iter().for_each(|attrs| self.attrs(attrs));
                self.node(*creator);
                cells.borrow().values().for_each(|(_, thunk)| self.thunk(*thunk));
            }
            Attrs::Partial { known, .. } => self.attrs(known),
            Attrs::Without { of, .. } => self.attrs(of),
        }
    }
}
