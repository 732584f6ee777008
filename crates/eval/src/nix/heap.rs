//! The heap: thunks, frames, instances of big sets, and who depends on whom.
//!
//! Every thunk is owned by a *node*: a piece of the computation that is forgotten as a whole when
//! something it looked at changes. Nodes are the bindings of big sets, the values of files, and
//! the questions asked from outside. Whoever forces a thunk comes to depend on its owner, and what
//! a thunk looks at while it is forced counts as looked at by its owner; so if nothing that a node
//! depends on has changed, its value has not either.

use std::rc::Rc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::{
    ir::{BigId, Expr},
    value::{EnvId, Fail, InstId, Sym, ThunkId, Value},
};

/// A node of the graph of dependencies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(pub u32);

/// What depends on nothing and never changes: literals of the program itself.
pub const ETERNAL: NodeId = NodeId(0);

/// What is in a place of the heap.
#[derive(Debug, Clone)]
pub enum Cell {
    Expr(Rc<Expr>, EnvId),
    /// A function applied to one argument.
    Apply(ThunkId, ThunkId),
    /// A function applied to two arguments.
    Apply2(ThunkId, ThunkId, ThunkId),
    /// The binding of a big set.
    Binding(InstId, Sym),
    /// The value of a file.
    Import(Rc<str>),
    /// Being computed.
    Busy,
    Value(Value),
    Fail(Rc<Fail>),
}

/// A place of the heap.
#[derive(Debug)]
pub struct Thunk {
    pub cell: Cell,
    pub owner: NodeId,
    /// The path of the file where it stands as an attribute of a set.
    pub file: Option<Sym>,
}

/// How to start over the thunk of a node.
#[derive(Debug, Clone)]
pub enum Recipe {
    /// The node has no thunk: it stands for a file, a name, a shape, or a question.
    None,
    Binding(ThunkId, InstId, Sym),
    Import(ThunkId, Rc<str>),
    /// A thunk, what it was before it was forced, and the node that made it.
    Late(ThunkId, Box<Cell>, NodeId),
    /// A question from outside, by its number.
    Question(u32),
}

/// A node: who depends on it, and on what it depends.
#[derive(Debug)]
pub struct Node {
    pub recipe: Recipe,
    pub dependents: Vec<NodeId>,
    pub depends_on: FxHashSet<NodeId>,
    /// Whether it made a set that many will look into.
    pub wide: bool,
}

/// A frame of variables: a run of places, or the instance of a big set.
#[derive(Debug, Clone, Copy)]
pub struct Env {
    pub parent: EnvId,
    pub start: u32,
    pub inst: Option<InstId>,
}

/// A big set in an environment.
#[derive(Debug)]
pub struct Inst {
    pub big: BigId,
    pub env: EnvId,
    pub creator: NodeId,
    pub cells: FxHashMap<Sym, ThunkId>,
    /// The place of `__overrides`, if the set binds it and is `rec`.
    pub overrides: Option<ThunkId>,
}

const CHUNK: usize = 1 << 16;

/// How many nodes depend on one before its thunks get nodes of their own.
const MANY: usize = 12;

/// Everything that evaluation allocates. It only grows; a machine is started over when it has
/// grown too far.
#[derive(Debug, Default)]
pub struct Heap {
    thunks: Vec<Vec<Thunk>>,
    pub envs: Vec<Env>,
    slots: Vec<ThunkId>,
    pub insts: Vec<Inst>,
    pub nodes: Vec<Node>,
    /// The node whose thunks are being computed.
    pub current: Option<NodeId>,
    last_edge: Option<(NodeId, NodeId)>,
}

impl Heap {
    pub fn new() -> Self {
        let mut heap = Self::default();
        heap.node(Recipe::None);
        heap.envs.push(Env { parent: EnvId(0), start: 0, inst: None });
        heap.current = Some(ETERNAL);
        heap
    }

    /// Bytes in use, roughly.
    pub fn size(&self) -> usize {
        self.thunks.len() * CHUNK * size_of::<Thunk>()
            + self.envs.len() * size_of::<Env>()
            + self.slots.len() * size_of::<ThunkId>()
            + self.nodes.len() * 200
    }

    pub fn current(&self) -> NodeId {
        self.current.unwrap_or(ETERNAL)
    }

    pub fn alloc(&mut self, cell: Cell) -> ThunkId {
        self.alloc_for(cell, self.current())
    }

    pub fn alloc_for(&mut self, cell: Cell, owner: NodeId) -> ThunkId {
        if self.thunks.last().is_none_or(|chunk| chunk.len() == CHUNK) {
            self.thunks.push(Vec::with_capacity(CHUNK));
        }
        let chunk = self.thunks.len() - 1;
        let place = self.thunks[chunk].len();
        self.thunks[chunk].push(Thunk { cell, owner, file: None });
        ThunkId(u32::try_from(chunk * CHUNK + place).expect("fewer than 2^32 thunks"))
    }

    pub fn value(&mut self, value: Value) -> ThunkId {
        self.alloc(Cell::Value(value))
    }

    pub fn thunk(&mut self, id: ThunkId) -> &mut Thunk {
        let id = id.0 as usize;
        &mut self.thunks[id / CHUNK][id % CHUNK]
    }

    pub fn thunk_ref(&self, id: ThunkId) -> &Thunk {
        let id = id.0 as usize;
        &self.thunks[id / CHUNK][id % CHUNK]
    }

    /// A frame with `len` places, to be filled by [`Heap::set_slot`].
    pub fn frame(&mut self, parent: EnvId, len: usize) -> EnvId {
        let start = u32::try_from(self.slots.len()).expect("fewer than 2^32 variables");
        self.slots.resize(self.slots.len() + len, ThunkId(0));
        self.push_env(Env { parent, start, inst: None })
    }

    pub fn big_frame(&mut self, parent: EnvId) -> EnvId {
        self.push_env(Env { parent, start: 0, inst: None })
    }

    fn push_env(&mut self, env: Env) -> EnvId {
        let id = u32::try_from(self.envs.len()).expect("fewer than 2^32 frames");
        self.envs.push(env);
        EnvId(id)
    }

    pub fn set_slot(&mut self, env: EnvId, at: usize, thunk: ThunkId) {
        let start = self.envs[env.0 as usize].start as usize;
        self.slots[start + at] = thunk;
    }

    pub fn up(&self, mut env: EnvId, up: u16) -> EnvId {
        for _ in 0..up {
            env = self.envs[env.0 as usize].parent;
        }
        env
    }

    pub fn slot(&self, env: EnvId, up: u16, at: u16) -> ThunkId {
        let env = self.up(env, up);
        self.slots[self.envs[env.0 as usize].start as usize + at as usize]
    }

    pub fn node(&mut self, recipe: Recipe) -> NodeId {
        let id = NodeId(u32::try_from(self.nodes.len()).expect("fewer than 2^32 nodes"));
        self.nodes.push(Node {
            recipe,
            dependents: Vec::new(),
            depends_on: FxHashSet::default(),
            wide: false,
        });
        id
    }

    /// Gives a thunk of a finished node a node of its own, if many depend on the one that made it:
    /// what the thunk looks at then concerns only those who force it. Says who owns it now.
    pub fn late(&mut self, thunk: ThunkId, owner: NodeId, cell: &Cell) -> NodeId {
        if owner == ETERNAL
            || owner == self.current()
            || !(self.nodes[owner.0 as usize].wide
                || self.nodes[owner.0 as usize].dependents.len() >= MANY)
            || matches!(cell, Cell::Binding(..) | Cell::Import(_))
            || matches!(&self.nodes[owner.0 as usize].recipe, Recipe::Late(own, ..) if *own == thunk)
        {
            return owner;
        }
        let node = self.node(Recipe::Late(thunk, Box::new(cell.clone()), owner));
        self.edge(node, owner);
        self.thunk(thunk).owner = node;
        node
    }

    /// Records that the current node depends on `on`.
    pub fn depend(&mut self, on: NodeId) {
        let from = self.current();
        if from == on || on == ETERNAL || self.last_edge == Some((from, on)) {
            return;
        }
        self.last_edge = Some((from, on));
        self.edge(from, on);
    }

    pub fn edge(&mut self, from: NodeId, on: NodeId) {
        if from != ETERNAL && self.nodes[from.0 as usize].depends_on.insert(on) {
            self.nodes[on.0 as usize].dependents.push(from);
        }
    }

    /// Forgets the values of `seeds` and of everything that depends on them, and says which
    /// questions are among them.
    pub fn invalidate(&mut self, seeds: Vec<NodeId>) -> Vec<u32> {
        self.last_edge = None;
        let mut questions = Vec::new();
        let mut seen: FxHashSet<NodeId> = seeds.iter().copied().collect();
        let mut todo = seeds;
        while let Some(id) = todo.pop() {
            let node = &mut self.nodes[id.0 as usize];
            node.depends_on.clear();
            let dependents = std::mem::take(&mut node.dependents);
            match node.recipe.clone() {
                Recipe::None => {}
                Recipe::Binding(thunk, inst, sym) => {
                    self.thunk(thunk).cell = Cell::Binding(inst, sym);
                }
                Recipe::Import(thunk, path) => self.thunk(thunk).cell = Cell::Import(path),
                Recipe::Late(thunk, cell, _) => self.thunk(thunk).cell = *cell,
                Recipe::Question(question) => questions.push(question),
            }
            for dependent in dependents {
                if seen.insert(dependent) {
                    todo.push(dependent);
                }
            }
        }
        // A part of a set always depends on whoever made the set. If that one is forgotten as
        // well, the set is dead, and nothing holds its parts any more.
        for id in &seen {
            let creator = match self.nodes[id.0 as usize].recipe {
                Recipe::Binding(_, inst, _) => self.insts[inst.0 as usize].creator,
                Recipe::Late(.., creator) => creator,
                _ => continue,
            };
            if !seen.contains(&creator) {
                self.edge(*id, creator);
            }
        }
        questions
    }
}
