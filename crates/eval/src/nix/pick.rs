//! Picks: one thing that is asked of a place which many look at.
//!
//! Who takes `fetchurl` out of all packages does not care what else is there. So what it comes to
//! depend on is not the set but the *pick*: a node of its own that keeps which place was found. If
//! the set has to be made again, each of its picks is made again first, and only those that found
//! something else lead the change on. This is what a change of one package set that all the others
//! are looked up through would otherwise cost: to look at everything again.
//!
//! The same holds for who asks for `python.libPrefix`, and is answered with a text, and for who asks
//! whether `libX11` is `null`: see [`Seek`]. And it holds whatever name the set is asked by: a place
//! that only gives another one a name stands for that one ([`Machine::original`]).
//!
//! To find the same place means that nothing has changed for whoever picked it: a place belongs to
//! the one evaluation that made it, and whoever looks at what is in it depends on that as well. A
//! text or a truth value is all there is to it.

use super::{
    heap::{ETERNAL, NodeId, Recipe},
    machine::Machine,
    state::State,
    value::{Kind, R, Sym, ThunkId, Value, error},
};

/// What is asked of a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Seek {
    /// What there is by a name in the set there.
    Name(Sym),
    /// The same, and if that is a short text or a truth value, just this.
    Value(Sym),
    /// Of which kind the value there is.
    Kind,
}

/// What was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Picked {
    /// The place of the attribute.
    Found(ThunkId),
    /// The attribute is this text.
    Text(Sym),
    /// The attribute is this truth value.
    Bool(bool),
    /// The set does not have the name.
    Missing,
    /// It is no set, but this; or this is what was asked for.
    Is(Kind),
}

/// What is known of a pick.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known {
    /// Nothing: it was not made yet, or failed.
    Nothing,
    /// This, and it holds.
    Fresh(Picked),
    /// This, but something that it depends on has changed since.
    Stale(Picked),
}

/// How often a pick is made again within one step. One that goes on changing while others do is
/// given up: whoever depends on it is asked again.
const MOST_TRIES: u8 = 8;

/// How long a text may be that is kept in place of where it was found, in bytes.
const LONGEST: usize = 100;

impl State {
    /// Makes the picks again that a change concerns, and says what else it concerns: questions, until
    /// there are `enough`. `pending` are picks that [`Heap::invalidate`] found.
    ///
    /// [`Heap::invalidate`]: super::heap::Heap::invalidate
    pub fn settle(
        &mut self,
        source: &dyn crate::Source,
        mut pending: Vec<NodeId>,
        questions: &mut Vec<u32>,
        enough: usize,
    ) {
        let mut tries = rustc_hash::FxHashMap::<NodeId, u8>::default();
        while questions.len() < enough {
            while let Some(node) = pending.pop() {
                let Recipe::Pick(set, seek, Known::Stale(_)) = self.heap.nodes[node.0].recipe
                else {
                    continue;
                };
                if !self.heap.is_wanted(node) {
                    self.heap.forget_pick(node);
                    continue;
                }
                let tried = tries.entry(node).or_default();
                *tried = tried.saturating_add(1);
                if *tried > MOST_TRIES {
                    let mut dependents = self.heap.forget_pick(node);
                    dependents.retain(|from| self.heap.depends(*from, node));
                    self.moved.extend(dependents);
                    continue;
                }
                let mut machine = Machine { s: self, source };
                // What went wrong is for those to find who depend on it.
                let _ = machine.ask(node, |m| m.repick(node, set, seek));
            }
            if self.moved.is_empty() {
                return;
            }
            let moved = std::mem::take(&mut self.moved);
            pending = self.heap.invalidate(moved, questions);
        }
    }
}

impl Machine<'_> {
    /// What there is by a name in the set at a place.
    pub fn pick(&mut self, set: ThunkId, sym: Sym) -> R<Picked> {
        self.ask_of(set, Seek::Name(sym))
    }

    /// Of which kind the value at a place is.
    pub fn kind_at(&mut self, place: ThunkId) -> R<Kind> {
        match self.ask_of(place, Seek::Kind)? {
            Picked::Is(kind) => Ok(kind),
            _ => unreachable!("the kind of a value is a kind"),
        }
    }

    /// What is asked of a place.
    pub fn ask_of(&mut self, place: ThunkId, seek: Seek) -> R<Picked> {
        let place = self.original(place)?;
        let owner = self.sized_up(place)?;
        if owner == self.s.heap.current() || !self.s.heap.is_shared(owner) {
            let seek = if let Seek::Value(sym) = seek { Seek::Name(sym) } else { seek };
            return self.pick_now(place, seek);
        }
        let node = match self.s.picks.get(&(place, seek)) {
            Some(&node) => node,
            None => {
                let node = self.s.heap.node(Recipe::Pick(place, seek, Known::Nothing));
                self.s.picks.insert((place, seek), node);
                node
            }
        };
        let result = match self.s.heap.nodes[node.0].recipe {
            Recipe::Pick(_, _, Known::Fresh(picked)) => Ok(picked),
            _ => {
                let before = self.s.heap.current.replace(node);
                let result = self.repick(node, place, seek);
                self.s.heap.current = before;
                result
            }
        };
        self.s.heap.depend(node);
        result
    }

    /// Who owns a place. If that is another node, of which is not known yet whether many will look
    /// into what it made, the place is computed first, since only then one can tell. The current
    /// node does not depend on it by that, unless there is no value.
    fn sized_up(&mut self, place: ThunkId) -> R<NodeId> {
        let owner = self.s.heap.thunk_ref(place).owner;
        if owner == self.s.heap.current() || self.s.heap.is_shared(owner) {
            return Ok(owner);
        }
        let before = self.s.heap.current.replace(ETERNAL);
        let result = self.force(place);
        self.s.heap.current = before;
        // It may have got a node of its own.
        let owner = self.s.heap.thunk_ref(place).owner;
        match result {
            Ok(Value::Attrs(attrs)) if attrs.is_large() => {
                self.s.heap.nodes[owner.0].wide = true;
            }
            Ok(_) => {}
            Err(fail) => {
                self.s.heap.depend(owner);
                return Err(fail);
            }
        }
        Ok(owner)
    }

    /// Makes a pick whose node is the current one. If it was made before and what is found now is
    /// something else, those who depended on it are noted in [`State::moved`].
    fn repick(&mut self, node: NodeId, place: ThunkId, seek: Seek) -> R<Picked> {
        let before = self.s.heap.nodes[node.0].recipe.clone();
        let mut dependents = self.s.heap.forget_pick(node);
        let result = self.pick_now(place, seek);
        let known = result.as_ref().map_or(Known::Nothing, |picked| Known::Fresh(*picked));
        self.s.heap.nodes[node.0].recipe = Recipe::Pick(place, seek, known);
        match before {
            Recipe::Pick(_, _, Known::Stale(old)) if result.as_ref().ok() != Some(&old) => {
                dependents.retain(|from| self.s.heap.depends(*from, node));
                self.s.moved.extend(dependents);
            }
            _ => {
                // There may be thousands, and few came meanwhile.
                let now = &mut self.s.heap.nodes[node.0].dependents;
                std::mem::swap(now, &mut dependents);
                now.extend(dependents);
            }
        }
        result
    }

    fn pick_now(&mut self, place: ThunkId, seek: Seek) -> R<Picked> {
        let value = self.force(place)?;
        match seek {
            Seek::Kind => Ok(Picked::Is(value.kind())),
            Seek::Name(sym) => self.look_in(&value, sym),
            Seek::Value(sym) => match self.look_in(&value, sym)? {
                Picked::Found(at) => Ok(match self.force(at)? {
                    Value::Str(text) if text.len() <= LONGEST => {
                        Picked::Text(self.s.syms.intern(&text))
                    }
                    Value::Bool(truth) => Picked::Bool(truth),
                    _ => Picked::Found(at),
                }),
                other => Ok(other),
            },
        }
    }

    /// What there is by a name in what should be a set.
    pub fn look_in(&mut self, set: &Value, sym: Sym) -> R<Picked> {
        match set {
            Value::Attrs(attrs) => Ok(self.get(attrs, sym)?.map_or(Picked::Missing, Picked::Found)),
            other => Ok(Picked::Is(other.kind())),
        }
    }

    /// The place of an attribute of the set at a place, if the set has it.
    pub fn get_in(&mut self, set: ThunkId, sym: Sym) -> R<Option<ThunkId>> {
        match self.pick(set, sym)? {
            Picked::Found(thunk) => Ok(Some(thunk)),
            Picked::Is(what) => error(format!("a {} where a set should be", what.name())),
            _ => Ok(None),
        }
    }
}
