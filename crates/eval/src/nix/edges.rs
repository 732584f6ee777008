//! On which nodes a node depends.

use rustc_hash::FxHashSet;

use super::heap::{Few, NodeId};

/// A set of nodes. Most have a few members and there are a million of them, so these take no more
/// than a list does.
#[derive(Debug)]
pub enum Edges {
    Few(Few),
    Many(Box<FxHashSet<NodeId>>),
}

/// How long a list may be that is looked through from its beginning.
const FEW: usize = 16;

impl Default for Edges {
    fn default() -> Self {
        Self::Few(Few::new())
    }
}

impl Edges {
    /// Whether it was not there before.
    pub fn insert(&mut self, node: NodeId) -> bool {
        match self {
            Self::Few(list) if list.contains(&node) => false,
            Self::Few(list) if list.len() < FEW => {
                list.push(node);
                true
            }
            Self::Few(list) => {
                let mut many: FxHashSet<NodeId> = list.drain(..).collect();
                many.insert(node);
                *self = Self::Many(Box::new(many));
                true
            }
            Self::Many(set) => set.insert(node),
        }
    }

    /// Whether it is there.
    pub fn contains(&self, node: NodeId) -> bool {
        match self {
            Self::Few(list) => list.contains(&node),
            Self::Many(set) => set.contains(&node),
        }
    }

    /// Forgets all of them.
    pub fn clear(&mut self) {
        match self {
            Self::Few(list) => list.clear(),
            Self::Many(_) => *self = Self::default(),
        }
    }

    /// Calls `each` with every one.
    pub fn for_each(&self, each: impl FnMut(NodeId)) {
        match self {
            Self::Few(list) => list.iter().copied().for_each(each),
            Self::Many(set) => set.iter().copied().for_each(each),
        }
    }
}
