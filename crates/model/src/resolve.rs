//! Fewest revisions: which versions, and at which commits of nixpkgs, serve all pins together.
//!
//! Each pin offers versions, each with the stretches of history in which it was there. A commit
//! serves a pin if it lies in one of them. What is looked for is the smallest set of commits that
//! serves every pin; among the smallest, one in which the versions are the newest: the sum, over
//! the pins, of how many newer versions were on offer is the smallest. Each commit is then the
//! newest that gives its pins these versions; if there are channel releases among those that do, the
//! newest of them ([`Marks`]).
//!
//! Where every pin offers one stretch of one branch this is the stabbing of intervals with points,
//! which going from left to right solves. With several stretches it is the hitting set problem,
//! which no known way solves quickly in all cases; here a search with bounds does, which proves its
//! answer for what people write, and gives the best it found, and says so, when its budget of steps
//! is used up. The budget counts steps, not time, so the answer is the same on every machine.

mod marks;
mod points;
mod search;

use std::{cmp::Reverse, collections::HashMap, sync::Arc};

pub use self::marks::{Mark, Marks};
use crate::{Commit, CommitId, resolve::points::Points};

/// A version that a pin could have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// The version.
    pub version: String,
    /// Where it was there: one stretch at least.
    pub stretches: Vec<Stretch>,
}

/// A stretch of the first-parent line of a branch, both ends included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stretch {
    /// The branch.
    pub branch: Arc<str>,
    /// Its oldest commit.
    pub first: Place,
    /// Its newest commit; not before `first`.
    pub last: Place,
}

/// A commit, and where it is on the line of a branch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// How many commits of the line are before it. Dates will not do in its stead: they are not in
    /// the order of the line.
    pub at: u64,
    /// The commit.
    pub commit: Commit,
}

/// The places of commits on the lines of branches, beyond those that the stretches themselves name.
/// Branches share most of their history: one commit may serve pins of several.
pub type Places = HashMap<CommitId, Vec<(Arc<str>, u64)>>;

/// What matters most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Goal {
    /// As few revisions as possible; the newest versions among those.
    #[default]
    FewestRevisions,
    /// The newest version of every pin; as few revisions as possible for those.
    NewestVersions,
}

/// What serves all pins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolution {
    /// The commits, the newest first.
    pub revisions: Vec<Commit>,
    /// For each pin, in the order in which they were given, what it gets.
    pub choices: Vec<Choice>,
    /// Whether it is proved that no fewer revisions serve, and that with as many no newer versions
    /// do.
    pub proved: bool,
}

/// What a pin gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Choice {
    /// The version, as its place in the offers of the pin.
    pub offer: usize,
    /// The commit, as its place in [`Resolution::revisions`].
    pub revision: usize,
}

/// Finds what serves all pins. `pins` holds for each pin what it offers, the most wanted (newest)
/// version first; one offer each at least. `places` holds what is known of where the ends of the
/// stretches are on other branches; it may hold more, or nothing. `marks` are the commits that are
/// preferred among those that serve just as well.
///
/// # Panics
/// If a pin offers nothing, or an offer has no stretch.
pub fn resolve(pins: &[Vec<Offer>], places: &Places, marks: &Marks, goal: Goal) -> Resolution {
    let allowed = |pin: &Vec<Offer>| match goal {
        Goal::FewestRevisions => pin.len(),
        Goal::NewestVersions => 1,
    };
    let pins: Vec<&[Offer]> = pins.iter().map(|pin| &pin[..allowed(pin)]).collect();
    assert!(
        pins.iter().all(|pin| !pin.is_empty() && pin.iter().all(|o| !o.stretches.is_empty())),
        "a pin that nothing serves cannot be resolved"
    );
    let points = Points::of(&pins, places);
    let found = search::smallest(&points.table, pins.len());
    let mut revisions: Vec<Revision> =
        found.points.iter().map(|point| points.revision(*point)).collect();
    revisions.sort_by_key(|revision| Reverse((revision.commit.date, revision.commit.id)));
    loop {
        let before: Vec<Commit> = revisions.iter().map(|revision| revision.commit).collect();
        for at in 0..revisions.len() {
            let needing = needing(&pins, &revisions, at);
            revisions[at].move_to_newest(&needing);
        }
        // Each goes on only along its branch, so this ends.
        if revisions.iter().map(|revision| revision.commit).eq(before) {
            break;
        }
    }
    for at in 0..revisions.len() {
        let needing = needing(&pins, &revisions, at);
        revisions[at].move_to_mark(&needing, marks);
    }
    revisions.sort_by_key(|revision| Reverse((revision.commit.date, revision.commit.id)));
    let choices = assign(&pins, &revisions);
    let revisions = revisions.into_iter().map(|revision| revision.commit).collect();
    Resolution { revisions, choices, proved: found.proved }
}

/// A commit and every place where it is known to be.
#[derive(Debug, Clone)]
struct Revision {
    commit: Commit,
    places: Vec<(Arc<str>, u64)>,
}

impl Revision {
    /// The stretch of an offer that it lies in.
    fn stretch<'a>(&self, offer: &'a Offer) -> Option<&'a Stretch> {
        let holds = |stretch: &&Stretch| {
            self.places.iter().any(|(branch, at)| {
                *branch == stretch.branch && (stretch.first.at..=stretch.last.at).contains(at)
            })
        };
        offer.stretches.iter().filter(holds).max_by_key(|stretch| stretch.last.at)
    }

    /// The commits that are in the same stretches of these offers, if they are all of one branch: the
    /// branch, the first place and the last.
    fn room(&self, offers: &[&Offer]) -> Option<(Arc<str>, u64, Place)> {
        let stretches: Vec<&Stretch> = offers.iter().filter_map(|o| self.stretch(o)).collect();
        let ends_first = stretches.iter().min_by_key(|stretch| stretch.last.at)?;
        let first = stretches.iter().map(|stretch| stretch.first.at).max()?;
        let one_branch = stretches.iter().all(|stretch| stretch.branch == ends_first.branch);
        one_branch.then(|| (ends_first.branch.clone(), first, ends_first.last))
    }

    /// Goes on to the newest commit that serves these offers just as well.
    fn move_to_newest(&mut self, offers: &[&Offer]) {
        let Some((branch, _, last)) = self.room(offers) else { return };
        let here = self.places.iter().find(|(own, _)| *own == branch).map(|(_, at)| *at);
        if here.is_some_and(|here| here < last.at) {
            self.move_to(branch, last);
        }
    }

    /// Goes to the newest marked commit that serves these offers just as well, if there is one.
    fn move_to_mark(&mut self, offers: &[&Offer], marks: &Marks) {
        let Some((branch, first, last)) = self.room(offers) else { return };
        if let Some(mark) = marks.newest(&branch, first..=last.at) {
            self.move_to(branch, mark.place);
        }
    }

    fn move_to(&mut self, branch: Arc<str>, place: Place) {
        self.commit = place.commit;
        self.places = vec![(branch, place.at)];
    }
}

/// What the revision at `at` must go on serving: the newest version of each pin for which no other
/// revision has it too.
fn needing<'a>(pins: &[&'a [Offer]], revisions: &[Revision], at: usize) -> Vec<&'a Offer> {
    let newest = |offers: &&'a [Offer]| {
        let serves = |offer: &&'a Offer| revisions.iter().any(|r| r.stretch(offer).is_some());
        offers.iter().find(serves)
    };
    let only_here = |offer: &&Offer| {
        let mut others = revisions.iter().enumerate().filter(|(other, _)| *other != at);
        others.all(|(_, revision)| revision.stretch(offer).is_none())
    };
    pins.iter().filter_map(newest).filter(only_here).collect()
}

/// The newest version that the revisions have for each pin, from the newest revision that has it.
fn assign(pins: &[&[Offer]], revisions: &[Revision]) -> Vec<Choice> {
    let choose = |offers: &&[Offer]| {
        let all = offers.iter().enumerate().find_map(|(offer, offered)| {
            let serving = revisions.iter().enumerate();
            let serving = serving.filter(|(_, revision)| revision.stretch(offered).is_some());
            let newest = serving.max_by_key(|(_, r)| (r.commit.date, r.commit.id))?;
            Some(Choice { offer, revision: newest.0 })
        });
        all.expect("the revisions were found to serve every pin")
    };
    pins.iter().map(choose).collect()
}
