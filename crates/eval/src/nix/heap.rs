//! The heap: thunks, frames, instances of big sets, and who depends on whom.
//!
//! Every thunk is owned by a *node*: a piece of the computation that is forgotten as a whole when
//! something it looked at changes. Nodes are the bindings of big sets, the values of files, and
//! the questions asked from outside. Whoever forces a thunk comes to depend on its owner, and what
//! a thunk looks at while it is forced counts as looked at by its owner; so if nothing that a node
//! depends on has changed, its value has not either.

use std::rc::Rc;

use rustc_hash::{FxHashMap, FxHashSet};
use smallvec::SmallVec;

use super::{
    chunks::Chunks,
    edges::Edges,
    ir::{BigId, Expr},
    pick::{Known, Seek},
    value::{EnvId, Fail, InstId, Sym, ThunkId, Value},
};

/// Nodes, mostly a few.
pub type Few = SmallVec<[NodeId; 4]>;

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
    /// Another name of a place.
    Same(ThunkId),
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
    /// What was asked of a place, and what was found.
    Pick(ThunkId, Seek, Known),
    /// A question from outside, by its number.
    Question(u32),
}

/// A node: who depends on it, and on what it depends.
#[derive(Debug)]
pub struct Node {
    pub recipe: Recipe,
    pub dependents: Few,
    pub depends_on: Edges,
    /// Whether it made a set or a function that many will look into.
    pub wide: bool,
}

impl Node {
    fn new(recipe: Recipe) -> Self {
        Self { recipe, dependents: Few::new(), depends_on: Edges::default(), wide: false }
    }
}

/// A frame of variables: a run of places, or the instance of a big set.
#[derive(Debug, Clone, Copy)]
pub struct Env {
    pub parent: EnvId,
    pub start: u32,
    pub len: u32,
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

/// How many nodes depend on one before its thunks get nodes of their own.
const MANY: usize = 12;

/// Everything that evaluation allocates. What is no longer needed is given back by
/// [`collect`](super::collect), and used again.
#[derive(Debug, Default)]
pub struct Heap {
    thunks: Chunks<Thunk>,
    pub envs: Vec<Env>,
    slots: Vec<ThunkId>,
    pub insts: Vec<Inst>,
    pub nodes: Chunks<Node>,
    /// The node whose thunks are being computed.
    pub current: Option<NodeId>,
    last_edge: Option<(NodeId, NodeId)>,
    free: Free,
    /// How many places were given out since memory was last given back, and how many were needed
    /// then.
    given: usize,
    needed: usize,
}

/// Places that can be given out again.
#[derive(Debug, Default)]
struct Free {
    thunks: Vec<ThunkId>,
    /// By how many variables they hold.
    envs: Vec<Vec<EnvId>>,
    insts: Vec<InstId>,
    nodes: Vec<NodeId>,
}

impl Heap {
    pub fn new() -> Self {
        let mut heap = Self::default();
        heap.node(Recipe::None);
        heap.envs.push(Env { parent: EnvId(0), start: 0, len: 0, inst: None });
        heap.current = Some(ETERNAL);
        heap
    }

    /// Whether it is time to give memory back: at least `after` places were given out since, and a
    /// quarter as many as were needed then. So the work that it takes grows with what is made.
    pub fn is_full(&self, after: usize) -> bool {
        self.given > after.max(self.needed / 4)
    }

    pub fn current(&self) -> NodeId {
        self.current.unwrap_or(ETERNAL)
    }

    pub fn alloc(&mut self, cell: Cell) -> ThunkId {
        self.alloc_for(cell, self.current())
    }

    pub fn alloc_for(&mut self, cell: Cell, owner: NodeId) -> ThunkId {
        self.given += 1;
        let thunk = Thunk { cell, owner, file: None };
        if let Some(id) = self.free.thunks.pop() {
            *self.thunk(id) = thunk;
            return id;
        }
        ThunkId(self.thunks.push(thunk))
    }

    pub fn thunk_count(&self) -> usize {
        self.thunks.len()
    }

    pub fn value(&mut self, value: Value) -> ThunkId {
        self.alloc(Cell::Value(value))
    }

    pub fn thunk(&mut self, id: ThunkId) -> &mut Thunk {
        &mut self.thunks[id.0]
    }

    pub fn thunk_ref(&self, id: ThunkId) -> &Thunk {
        &self.thunks[id.0]
    }

    /// A frame with `len` places, to be filled by [`Heap::set_slot`].
    pub fn frame(&mut self, parent: EnvId, len: usize) -> EnvId {
        self.given += 1;
        if let Some(id) = self.free.envs.get_mut(len).and_then(Vec::pop) {
            let env = &mut self.envs[id.0 as usize];
            (env.parent, env.inst) = (parent, None);
            let start = env.start as usize;
            self.slots[start..start + len].fill(ThunkId(0));
            return id;
        }
        let start = u32::try_from(self.slots.len()).expect("fewer than 2^32 variables");
        self.slots.resize(self.slots.len() + len, ThunkId(0));
        let len = u32::try_from(len).expect("fewer than 2^32 variables");
        let id = u32::try_from(self.envs.len()).expect("fewer than 2^32 frames");
        self.envs.push(Env { parent, start, len, inst: None });
        EnvId(id)
    }

    /// The variables of a frame.
    pub fn slots_of(&self, env: EnvId) -> &[ThunkId] {
        let Env { start, len, .. } = self.envs[env.0 as usize];
        &self.slots[start as usize..][..len as usize]
    }

    /// Keeps the instance of a big set.
    pub fn inst(&mut self, inst: Inst) -> InstId {
        if let Some(id) = self.free.insts.pop() {
            self.insts[id.0 as usize] = inst;
            return id;
        }
        self.insts.push(inst);
        InstId(u32::try_from(self.insts.len() - 1).expect("fewer than 2^32 sets"))
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
        self.given += 1;
        let node = Node::new(recipe);
        if let Some(id) = self.free.nodes.pop() {
            self.nodes[id.0] = node;
            return id;
        }
        NodeId(self.nodes.push(node))
    }

    /// Gives a thunk of a finished node a node of its own, if many depend on the one that made it:
    /// what the thunk looks at then concerns only those who force it. Says who owns it now.
    pub fn late(&mut self, thunk: ThunkId, owner: NodeId, cell: &Cell) -> NodeId {
        if owner == ETERNAL
            || owner == self.current()
            || !(self.nodes[owner.0].wide || self.nodes[owner.0].dependents.len() >= MANY)
            || matches!(cell, Cell::Binding(..) | Cell::Import(_))
            || matches!(&self.nodes[owner.0].recipe, Recipe::Late(own, ..) if *own == thunk)
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
        if from != ETERNAL && self.nodes[from.0].depends_on.insert(on) {
            self.nodes[on.0].dependents.push(from);
        }
    }

    /// Whether so many look at what a node made that what each of them picks is kept.
    pub fn is_shared(&self, node: NodeId) -> bool {
        let Node { dependents, wide, .. } = &self.nodes[node.0];
        node != ETERNAL && (*wide || dependents.len() >= MANY)
    }

    /// Whether anything that holds depends on a node.
    pub fn is_wanted(&self, node: NodeId) -> bool {
        let dependents = &self.nodes[node.0].dependents;
        dependents.iter().any(|from| self.depends(*from, node))
    }

    /// Forgets what a pick found, and says who depended on it; see [`Heap::depends`].
    pub fn forget_pick(&mut self, pick: NodeId) -> Few {
        self.last_edge = None;
        let node = &mut self.nodes[pick.0];
        if let Recipe::Pick(.., known) = &mut node.recipe {
            *known = Known::Nothing;
        }
        std::mem::take(&mut node.dependents)
    }

    /// Whether one node depends on another still: it may have done so once, and not since it was
    /// made again.
    pub fn depends(&self, from: NodeId, on: NodeId) -> bool {
        self.nodes[from.0].depends_on.contains(on)
    }

    /// Forgets the values of `seeds` and of everything that depends on them, but for what depends
    /// on them through picks alone: those are what it says, and what they found is stale. Which
    /// questions are among what is forgotten is added to `questions`.
    pub fn invalidate(&mut self, seeds: Vec<NodeId>, questions: &mut Vec<u32>) -> Vec<NodeId> {
        self.last_edge = None;
        let mut picks = Vec::new();
        let mut seen: FxHashSet<NodeId> = seeds.iter().copied().collect();
        let mut todo = seeds;
        while let Some(id) = todo.pop() {
            let node = &mut self.nodes[id.0];
            node.depends_on.clear();
            if let Recipe::Pick(.., known) = &mut node.recipe
                && let Known::Fresh(picked) | Known::Stale(picked) = *known
            {
                *known = Known::Stale(picked);
                picks.push(id);
                continue;
            }
            let dependents = std::mem::take(&mut node.dependents);
            match node.recipe.clone() {
                Recipe::None | Recipe::Pick(..) => {}
                Recipe::Binding(thunk, inst, sym) => {
                    self.thunk(thunk).cell = Cell::Binding(inst, sym);
                }
                Recipe::Import(thunk, path) => self.thunk(thunk).cell = Cell::Import(path),
                Recipe::Late(thunk, cell, _) => self.thunk(thunk).cell = *cell,
                Recipe::Question(question) => questions.push(question),
            }
            for dependent in dependents {
                if !seen.contains(&dependent) && self.depends(dependent, id) {
                    seen.insert(dependent);
                    todo.push(dependent);
                }
            }
        }
        // A part of a set always depends on whoever made the set. If that one is forgotten as
        // well, the set is dead, and nothing holds its parts any more.
        for id in &seen {
            let creator = match self.nodes[id.0].recipe {
                Recipe::Binding(_, inst, _) => self.insts[inst.0 as usize].creator,
                Recipe::Late(.., creator) => creator,
                _ => continue,
            };
            if !seen.contains(&creator) {
                self.edge(*id, creator);
            }
        }
        picks
    }

    /// Forgets the values that only questions have looked at, as it is with most packages. A
    /// question keeps its answer, and the nodes keep what they depend on; a value that is wanted
    /// again is computed again.
    pub fn forget_leaves(&mut self) {
        for at in self.nodes.places() {
            let on = NodeId(at);
            let mut dependents = std::mem::take(&mut self.nodes[at].dependents);
            dependents.sort_unstable();
            dependents.dedup();
            dependents.retain(|from| self.depends(*from, on));
            dependents.shrink_to_fit();
            let question = |id: &NodeId| matches!(self.nodes[id.0].recipe, Recipe::Question(_));
            let leaf = dependents.iter().all(question);
            self.nodes[at].dependents = dependents;
            let (thunk, cell) = match &self.nodes[at].recipe {
                Recipe::Binding(thunk, inst, sym) if leaf => (*thunk, Cell::Binding(*inst, *sym)),
                Recipe::Late(thunk, cell, _) if leaf => (*thunk, (**cell).clone()),
                _ => continue,
            };
            self.thunk(thunk).cell = cell;
        }
    }

    /// Gives back all places that are not marked. Says which nodes were bindings of big sets, and
    /// still lead changes on though nobody can force their thunks any more.
    pub fn sweep(&mut self, marks: &Marked) -> Vec<(BigId, Sym, NodeId)> {
        let Marked { thunks, envs, insts, nodes } = marks;
        self.given = 0;
        self.last_edge = None;
        self.free = Free::default();
        for id in thunks.missing(self.thunk_count()) {
            *self.thunk(ThunkId(id)) = Thunk { cell: Cell::Busy, owner: ETERNAL, file: None };
            self.free.thunks.push(ThunkId(id));
        }
        for id in envs.missing(self.envs.len()) {
            let len = self.envs[id as usize].len as usize;
            if self.free.envs.len() <= len {
                self.free.envs.resize_with(len + 1, Vec::new);
            }
            self.free.envs[len].push(EnvId(id));
        }
        for id in nodes.missing(self.nodes.len()) {
            self.nodes[id] = Node::new(Recipe::None);
            self.free.nodes.push(NodeId(id));
        }
        let mut ghosts = Vec::new();
        for at in self.nodes.places() {
            match self.nodes[at].recipe {
                Recipe::Binding(thunk, inst, sym) if !thunks.has(thunk.0) => {
                    ghosts.push((self.insts[inst.0 as usize].big, sym, NodeId(at)));
                    self.nodes[at].recipe = Recipe::None;
                }
                Recipe::Late(thunk, ..) if !thunks.has(thunk.0) => {
                    self.nodes[at].recipe = Recipe::None;
                }
                _ => {}
            }
            self.nodes[at].dependents.retain(|from| nodes.has(from.0));
        }
        let free = self.free.thunks.len()
            + self.free.envs.iter().map(Vec::len).sum::<usize>()
            + self.free.nodes.len();
        self.needed = self.thunk_count() + self.envs.len() + self.nodes.len() - free;
        for id in insts.missing(self.insts.len()) {
            self.insts[id as usize].cells = FxHashMap::default();
            self.free.insts.push(InstId(id));
        }
        ghosts
    }
}

/// What is needed of a heap.
#[derive(Debug)]
pub struct Marked {
    pub thunks: Marks,
    pub envs: Marks,
    pub insts: Marks,
    pub nodes: Marks,
}

/// A set of small numbers.
#[derive(Debug)]
pub struct Marks(Vec<u64>);

impl Marks {
    /// An empty set of numbers below `len`.
    pub fn new(len: usize) -> Self {
        Self(vec![0; len.div_ceil(64)])
    }

    /// Whether it was not there before.
    pub fn insert(&mut self, at: u32) -> bool {
        let word = &mut self.0[at as usize / 64];
        let bit = 1 << (at % 64);
        let new = *word & bit == 0;
        *word |= bit;
        new
    }

    /// Whether it is there.
    pub fn has(&self, at: u32) -> bool {
        self.0[at as usize / 64] & (1 << (at % 64)) != 0
    }

    /// The numbers below `len` that are not there.
    fn missing(&self, len: usize) -> impl Iterator<Item = u32> + '_ {
        let len = u32::try_from(len).expect("fewer than 2^32 places");
        (0..len).filter(|at| !self.has(*at))
    }
}
