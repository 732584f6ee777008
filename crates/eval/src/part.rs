//! Two trackers beside each other, on two threads: each follows a part of the names at the top.

use std::{
    cmp::Ordering,
    sync::{Arc, Mutex, PoisonError},
};

/// What a tracker follows: everything, or what has some of the names at the top of nixpkgs.
#[derive(Debug, Clone)]
pub struct Part(Option<Half>);

/// One of two that share the names between them: one from the first name on, the other from the
/// last one back, until they meet. So both are busy to the end, and names that begin alike, which are
/// often made of the same files, mostly go to the same one.
#[derive(Debug, Clone)]
struct Half {
    taken: Arc<Mutex<Taken>>,
    backwards: bool,
}

/// How far the two have come.
#[derive(Debug, Default)]
struct Taken {
    /// The last of the names that the one took that goes forwards.
    first: Option<Box<str>>,
    /// The first of those of the one that goes backwards.
    last: Option<Box<str>>,
}

impl Part {
    /// Everything.
    pub fn whole() -> Self {
        Self(None)
    }

    /// Two parts that are everything together, for two trackers that see the same revisions. Each
    /// name is in exactly one of them: in the one whose tracker comes to it first.
    pub fn halves() -> [Self; 2] {
        let taken = Arc::new(Mutex::new(Taken::default()));
        [false, true].map(|backwards| Self(Some(Half { taken: taken.clone(), backwards })))
    }

    /// Whether this is everything.
    pub fn is_whole(&self) -> bool {
        self.0.is_none()
    }

    /// Takes a name, if the other one does not have it. What was taken once stays so.
    pub(crate) fn take(&self, name: &str) -> bool {
        let Some(Half { taken, backwards }) = &self.0 else { return true };
        let mut taken = taken.lock().unwrap_or_else(PoisonError::into_inner);
        let Taken { first, last } = &mut *taken;
        if *backwards {
            let mine = first.as_deref().is_none_or(|first| name > first);
            if mine && last.as_deref().is_none_or(|last| name < last) {
                *last = Some(name.into());
            }
            mine
        } else {
            let mine = last.as_deref().is_none_or(|last| name < last);
            if mine && first.as_deref().is_none_or(|first| name > first) {
                *first = Some(name.into());
            }
            mine
        }
    }

    /// The order in which names are best taken, the first one last: all the same if this is
    /// everything.
    pub(crate) fn order(&self, one: &str, other: &str) -> Ordering {
        match &self.0 {
            Some(half) if half.backwards => one.cmp(other),
            Some(_) => other.cmp(one),
            None => Ordering::Equal,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// However the two take turns, and whatever names come up later.
        #[test]
        fn each_name_is_in_one_half(
            steps in proptest::collection::vec(
                (proptest::collection::vec("[a-e]{1,2}", 0..20), proptest::collection::vec(any::<bool>(), 40)),
                1..4,
            ),
        ) {
            let halves = Part::halves();
            let mut had = [BTreeSet::new(), BTreeSet::new()];
            for (names, turns) in steps {
                let mut waiting = [0, 1].map(|half: usize| {
                    let mut names = names.clone();
                    names.sort_by(|a, b| halves[half].order(a, b));
                    names
                });
                let mut turns = turns.into_iter();
                while waiting.iter().any(|names| !names.is_empty()) {
                    let half = usize::from(turns.next().unwrap_or(waiting[0].is_empty()));
                    let Some(name) = waiting[half].pop() else { continue };
                    if halves[half].take(&name) {
                        had[half].insert(name);
                    }
                }
                prop_assert!(had[0].is_disjoint(&had[1]));
                prop_assert!(names.iter().all(|n| had[0].contains(n) || had[1].contains(n)));
            }
        }
    }
}
