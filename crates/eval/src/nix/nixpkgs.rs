//! What each attribute path of nixpkgs is, asked again only where something it looked at changed.

use std::rc::Rc;

use model::{AttrPath, Facts};
use rustc_hash::FxHashMap;

use super::{
    heap::{NodeId, Recipe},
    machine::{Machine, STACK_BYTES},
    pick::Picked,
    prims,
    state::State,
    value::{Attrs, Fail, R, Sym, ThunkId, Value},
};
use crate::{
    Part,
    observe::{Observation, Outcome, Tracker},
    source::{Change, Source},
};

/// How many thunks, frames and nodes may be made before those that are not needed any more are
/// given back. This bounds memory: it does not depend on how long history is.
const COLLECT_AFTER: usize = 1_200_000;
/// The same for one of two that share the names. They follow short lines, on which little is given
/// back: looking for it often takes longer than it is worth, and memory stays at half of what all of
/// history takes.
const COLLECT_HALF_AFTER: usize = 6_000_000;

/// With at least so many questions to ask again, the values on the way to them are forgotten as a
/// whole if these are two thirds of all questions: to make all values anew, side by side in memory,
/// is quicker than to find out which of the old ones hold.
const START_OVER_FROM: usize = 5_000;

/// How deep sets of packages may nest.
const MAX_PATH: usize = 8;

/// A [`Tracker`] that evaluates nixpkgs and remembers what it looked at.
///
/// It evaluates on a stack of its own, so its caller's may be small.
pub struct NixTracker {
    part: Part,
    collect_after: usize,
    start_over_from: usize,
    state: Option<State>,
    questions: Vec<Question>,
    by_path: FxHashMap<Vec<Sym>, u32>,
}

impl Default for NixTracker {
    fn default() -> Self {
        Self::of(Part::whole())
    }
}

/// What is at an attribute path?
struct Question {
    path: Vec<Sym>,
    node: NodeId,
    /// The names of the set at the path, if it is one whose packages are listed.
    children: Vec<Sym>,
    outcome: Outcome,
    alive: bool,
}

/// What one question found.
struct Answer {
    outcome: Outcome,
    children: Vec<Sym>,
}

impl Tracker for NixTracker {
    fn start(&mut self, source: &dyn Source) -> Vec<Observation> {
        match &mut self.state {
            Some(state) => state.start_over(),
            None => self.state = Some(fresh()),
        }
        self.questions.clear();
        self.by_path.clear();
        let root = self.question(Vec::new());
        stacker::maybe_grow(STACK_BYTES, STACK_BYTES, || self.run_anew(source, vec![root]))
    }

    fn step(&mut self, source: &dyn Source, changes: &[Change]) -> Vec<Observation> {
        if self.state.is_none() {
            return self.start(source);
        }
        stacker::maybe_grow(STACK_BYTES, STACK_BYTES, || {
            let alive = self.questions.iter().filter(|question| question.alive).count();
            let enough = self.start_over_from.max((alive * 2).div_ceil(3));
            let state = self.state.as_mut().expect("looked at above");
            let questions = state.change(source, changes, enough);
            match questions.len() >= enough {
                true => self.start_over(source),
                false => self.run(source, questions),
            }
        })
    }
}

/// A machine that has looked at nothing.
fn fresh() -> State {
    let mut state = State::new();
    state.replaced.insert("/prelude/packages.nix".into(), include_str!("prelude/packages.nix"));
    let stdenv = format!("{}/pkgs/stdenv/default.nix", super::ROOT);
    state.replaced.insert(stdenv.into(), include_str!("prelude/stdenv.nix"));
    state
}

/// What one attribute path is at one revision, looked at alone and from scratch.
///
/// It says the same as [`NixTracker::start`] says of the path, or [`Outcome::Gone`] where that is
/// silent.
pub fn look_at(source: &dyn Source, path: &AttrPath) -> Outcome {
    stacker::maybe_grow(STACK_BYTES, STACK_BYTES, || {
        let mut state = fresh();
        let path: Vec<Sym> = path.segments().iter().map(|name| state.syms.intern(name)).collect();
        let mut outcome = Outcome::Gone;
        for length in 0..=path.len() {
            let node = state.heap.node(Recipe::Question(0));
            let mut machine = Machine { s: &mut state, source };
            let answer = machine.ask(node, |m| look(m, &path[..length]));
            outcome = answer.outcome;
            let listed = path.get(length).is_none_or(|next| answer.children.contains(next));
            if !listed {
                return Outcome::Gone;
            }
        }
        outcome
    })
}

impl NixTracker {
    /// Follows this part of nixpkgs.
    pub fn of(part: Part) -> Self {
        let collect_after = if part.is_whole() { COLLECT_AFTER } else { COLLECT_HALF_AFTER };
        Self { part, ..Self::with_bounds(collect_after, START_OVER_FROM) }
    }

    /// Gives memory back whenever so many thunks, frames and nodes were made, and starts over where most
    /// questions, and so many, are to be asked again.
    pub(super) fn with_bounds(collect_after: usize, start_over_from: usize) -> Self {
        Self {
            part: Part::whole(),
            collect_after,
            start_over_from,
            state: None,
            questions: Vec::new(),
            by_path: FxHashMap::default(),
        }
    }

    /// Makes a change, asks everything again that it concerns, and says how many that were.
    #[cfg(test)]
    pub(super) fn asked_again(&mut self, source: &dyn Source, changes: &[Change]) -> usize {
        let state = self.state.as_mut().expect("it was started");
        let questions = state.change(source, changes, usize::MAX);
        let count = questions.len();
        self.run(source, questions);
        count
    }

    /// Gives memory back if it is time to. Between two questions nothing but the state itself holds
    /// values.
    fn collect(&mut self) {
        let after = self.collect_after;
        if let Some(state) = self.state.as_mut().filter(|state| state.heap.is_full(after)) {
            state.collect(self.questions.iter().map(|question| question.node));
        }
    }

    fn question(&mut self, path: Vec<Sym>) -> u32 {
        if let Some(&id) = self.by_path.get(&path) {
            self.questions[id as usize].alive = true;
            return id;
        }
        let state = self.state.as_mut().expect("questions are asked of a started machine");
        let id = u32::try_from(self.questions.len()).expect("fewer than 2^32 questions");
        let node = state.heap.node(Recipe::Question(id));
        self.by_path.insert(path.clone(), id);
        self.questions.push(Question {
            path,
            node,
            children: Vec::new(),
            outcome: Outcome::Gone,
            alive: true,
        });
        id
    }

    /// Asks everything again, with no value left from before. Questions whose paths are gone are
    /// forgotten for good.
    fn start_over(&mut self, source: &dyn Source) -> Vec<Observation> {
        let state = self.state.as_mut().expect("there is something to start over from");
        state.start_over();
        self.questions.retain(|question| question.alive);
        self.by_path.clear();
        for (id, question) in (0..).zip(&mut self.questions) {
            question.node = state.heap.node(Recipe::Question(id));
            self.by_path.insert(question.path.clone(), id);
        }
        let all = (0..).zip(&self.questions).map(|(id, _)| id).collect();
        self.run_anew(source, all)
    }

    /// Asks questions of a machine that has no values yet. The code of files that nothing asked for is
    /// forgotten then: they are gone, or nobody's any more.
    fn run_anew(&mut self, source: &dyn Source, todo: Vec<u32>) -> Vec<Observation> {
        let observations = self.run(source, todo);
        if let Some(State { files, leaves, .. }) = &mut self.state {
            files.retain(|path, _| leaves.contains_key(path));
        }
        observations
    }

    /// Asks questions until no new ones come up.
    fn run(&mut self, source: &dyn Source, mut todo: Vec<u32>) -> Vec<Observation> {
        let mut observations = Vec::new();
        // A set before its members, so that members that are gone are not asked for.
        todo.sort_by_key(|id| std::cmp::Reverse(self.questions[*id as usize].path.len()));
        while let Some(id) = todo.pop() {
            if !self.questions[id as usize].alive {
                continue;
            }
            let Question { path, node, .. } = &self.questions[id as usize];
            let (path, node) = (path.clone(), *node);
            if !self.is_mine(&path) {
                self.questions[id as usize].alive = false;
                continue;
            }
            self.collect();
            let state = self.state.as_mut().expect("questions are asked of a started machine");
            let mut machine = Machine { s: state, source };
            let answer = machine.ask(node, |m| look(m, &path));
            let before =
                std::mem::replace(&mut self.questions[id as usize].children, answer.children);
            let now = self.questions[id as usize].children.clone();
            for sym in before.iter().filter(|sym| now.binary_search(sym).is_err()) {
                self.forget(&[path.as_slice(), &[*sym]].concat(), &mut observations);
            }
            let mut new = now;
            new.retain(|sym| before.binary_search(sym).is_err());
            if let ([], Some(state)) = (path.as_slice(), &self.state) {
                let name = |sym: &Sym| &**state.syms.name(*sym);
                new.sort_by(|a, b| self.part.order(name(a), name(b)));
            }
            for sym in new {
                todo.push(self.question([path.as_slice(), &[sym]].concat()));
            }
            self.report(id, answer.outcome, &mut observations);
        }
        observations
    }

    /// Whether a path is for this tracker to look at. What is not at the top is as what it is in.
    fn is_mine(&self, path: &[Sym]) -> bool {
        let ([sym], Some(state)) = (path, &self.state) else { return true };
        self.part.take(state.syms.name(*sym))
    }

    fn report(&mut self, id: u32, outcome: Outcome, observations: &mut Vec<Observation>) {
        let question = &mut self.questions[id as usize];
        if question.outcome == outcome {
            return;
        }
        question.outcome = outcome.clone();
        let path = self.questions[id as usize].path.clone();
        if let Some(attr_path) = self.attr_path(&path) {
            observations.push(Observation { attr_path, outcome });
        }
    }

    /// A path is gone, and everything below it.
    fn forget(&mut self, path: &[Sym], observations: &mut Vec<Observation>) {
        let Some(&id) = self.by_path.get(path) else { return };
        self.questions[id as usize].alive = false;
        for sym in std::mem::take(&mut self.questions[id as usize].children) {
            self.forget(&[path, &[sym]].concat(), observations);
        }
        self.report(id, Outcome::Gone, observations);
    }

    fn attr_path(&self, path: &[Sym]) -> Option<AttrPath> {
        let state = self.state.as_ref()?;
        AttrPath::from_segments(path.iter().map(|sym| &**state.syms.name(*sym))).ok()
    }
}

/// Looks at what is at a path.
fn look(m: &mut Machine<'_>, path: &[Sym]) -> Answer {
    match try_look(m, path) {
        Ok(answer) => answer,
        Err(fail) => Answer { outcome: failed(&fail), children: Vec::new() },
    }
}

fn failed(fail: &Fail) -> Outcome {
    match fail {
        Fail::Throw(_) | Fail::Assert => Outcome::Gone,
        Fail::Error(why) | Fail::Unknown(why) => Outcome::Unknown(why.to_string()),
        Fail::Cycle => Outcome::Unknown("it depends on itself".to_owned()),
        Fail::Fuel => Outcome::Unknown("evaluation takes too long".to_owned()),
        Fail::Limit => Outcome::Unknown("evaluation goes too deep".to_owned()),
    }
}

fn try_look(m: &mut Machine<'_>, path: &[Sym]) -> R<Answer> {
    let root = m.import("/prelude/packages.nix")?;
    let Some(at) = follow(m, root, path)? else { return Ok(nothing()) };
    let Value::Attrs(attrs) = m.force(at)? else { return Ok(nothing()) };
    if !path.is_empty() && m.is_derivation(&attrs)? {
        let alias_of = alias(m, root, at, path);
        let outcome = package(m, &attrs, alias_of)?;
        return Ok(Answer { outcome, children: Vec::new() });
    }
    // A set that has itself under its own name has no end.
    let again = matches!(path, [.., outer, inner] if outer == inner);
    let listed = path.len() < 2 || (path.len() < MAX_PATH && !again && recurses(m, &attrs)?);
    let hidden = path.len() == 1 && is_whole(m, path[0], &attrs)?;
    if !listed || hidden {
        return Ok(nothing());
    }
    let keys = m.certain_keys(&attrs)?;
    // Each of its packages will be looked at, and none of them says what the set is.
    let owner = m.s.heap.thunk_ref(at).owner;
    m.s.heap.nodes[owner.0].wide = true;
    let children = keys.into_iter().filter(|sym| !m.s.syms.name(*sym).starts_with("__")).collect();
    Ok(Answer { outcome: Outcome::Gone, children })
}

/// The place at the end of a path, if there is one.
fn follow(m: &mut Machine<'_>, mut at: ThunkId, path: &[Sym]) -> R<Option<ThunkId>> {
    for sym in path {
        match m.pick(at, *sym)? {
            Picked::Found(thunk) => at = thunk,
            _ => return Ok(None),
        }
    }
    Ok(Some(at))
}

fn nothing() -> Answer {
    Answer { outcome: Outcome::Gone, children: Vec::new() }
}

/// Whether a set at the top is all of nixpkgs once more (`pkgs`, `pkgsMusl`, `buildPackages`), or
/// holds functions and no packages (`lib`).
fn is_whole(m: &mut Machine<'_>, sym: Sym, attrs: &Rc<Attrs>) -> R<bool> {
    if ["lib", "config", "builtins", "stdenv"].contains(&&**m.s.syms.name(sym)) {
        return Ok(true);
    }
    for name in ["stdenv", "fetchurl", "glibc"] {
        let sym = m.s.syms.intern(name);
        if m.get(attrs, sym)?.is_none() {
            return Ok(false);
        }
    }
    Ok(true)
}

fn recurses(m: &mut Machine<'_>, attrs: &Rc<Attrs>) -> R<bool> {
    let sym = m.s.syms.intern("recurseForDerivations");
    match m.get(attrs, sym)? {
        Some(thunk) => Ok(matches!(m.force(thunk)?, Value::Bool(true))),
        None => Ok(false),
    }
}

/// The attribute path that a path is only another name of, if that one is a package, too.
fn alias(m: &mut Machine<'_>, root: ThunkId, at: ThunkId, path: &[Sym]) -> Option<AttrPath> {
    let target = m.renames(at, *path.first().filter(|_| path.len() == 1)?)?;
    let at = follow(m, root, &target).ok()??;
    let Value::Attrs(attrs) = m.force(at).ok()? else { return None };
    if !m.is_derivation(&attrs).ok()? {
        return None;
    }
    AttrPath::from_segments(target.iter().map(|sym| &**m.s.syms.name(*sym))).ok()
}

fn package(m: &mut Machine<'_>, attrs: &Rc<Attrs>, alias_of: Option<AttrPath>) -> R<Outcome> {
    let name = text_at(m, attrs, "name");
    let split = |name: &Rc<str>| {
        let (pname, version) = super::drv_name(name);
        (pname.to_owned(), version.to_owned())
    };
    if let Err(fail) = &name
        && matches!(**fail, Fail::Throw(_) | Fail::Assert)
    {
        return Ok(Outcome::Gone);
    }
    let version = match text_at(m, attrs, "version")? {
        Some(version) => version.to_string(),
        None => name.clone()?.as_ref().map(|name| split(name).1).unwrap_or_default(),
    };
    if version.is_empty() {
        return Ok(Outcome::Gone);
    }
    let pname = match text_at(m, attrs, "pname") {
        Ok(Some(pname)) => Some(pname.to_string()),
        _ => name.ok().flatten().map(|name| split(&name).0),
    };
    let facts = Facts { pname, ..meta(m, attrs) };
    Ok(Outcome::Known { version, facts, alias_of })
}

/// What `meta` says, as far as it can be known.
fn meta(m: &mut Machine<'_>, attrs: &Rc<Attrs>) -> Facts {
    let mut facts = Facts { file: file(m, attrs), ..Facts::default() };
    let sym = m.s.syms.intern("meta");
    let Ok(Some(thunk)) = m.get(attrs, sym) else { return facts };
    let Ok(meta) = m.force_attrs(thunk) else { return facts };
    let owned = |text: R<Option<Rc<str>>>| text.ok().flatten().map(|t| t.trim().to_owned());
    facts.description = owned(text_at(m, &meta, "description")).filter(|t| !t.is_empty());
    facts.homepage = owned(first_text(m, &meta, "homepage"));
    facts.license = license(m, &meta).unwrap_or_default();
    let sym = m.s.syms.intern("broken");
    if let Ok(Some(thunk)) = m.get(&meta, sym) {
        facts.broken = matches!(m.force(thunk), Ok(Value::Bool(true)));
    }
    let sym = m.s.syms.intern("knownVulnerabilities");
    if let Ok(Some(thunk)) = m.get(&meta, sym)
        && let Ok(list) = m.force_list(thunk)
    {
        let texts = list.iter().filter_map(|item| m.force_str(*item).ok());
        facts.known_vulnerabilities = texts.map(|t| t.to_string()).collect();
    }
    facts
}

/// The file that says which version it is; where a builder puts that together, the one that
/// describes the package.
fn file(m: &mut Machine<'_>, attrs: &Rc<Attrs>) -> Option<String> {
    let sym = m.s.syms.intern("meta");
    let meta = m.get(attrs, sym).ok().flatten().and_then(|thunk| m.force_attrs(thunk).ok());
    let path = m.file(attrs, "version");
    let path = path.or_else(|| m.file(meta.as_ref()?, "description"));
    let path = path.or_else(|| m.file(attrs, "name"))?;
    Some(path.strip_prefix(super::ROOT)?.strip_prefix('/')?.to_owned())
}

fn text_at(m: &mut Machine<'_>, attrs: &Rc<Attrs>, name: &str) -> R<Option<Rc<str>>> {
    let sym = m.s.syms.intern(name);
    let Some(thunk) = m.get(attrs, sym)? else { return Ok(None) };
    match m.force(thunk)? {
        Value::Str(text) => prims::certain(text).map(Some),
        _ => Ok(None),
    }
}

/// A text, or the first of a list of texts.
fn first_text(m: &mut Machine<'_>, attrs: &Rc<Attrs>, name: &str) -> R<Option<Rc<str>>> {
    let sym = m.s.syms.intern(name);
    let Some(thunk) = m.get(attrs, sym)? else { return Ok(None) };
    match m.force(thunk)? {
        Value::Str(text) => Ok(Some(text)),
        Value::List(items) => match items.first() {
            Some(item) => m.force_str(*item).map(Some),
            None => Ok(None),
        },
        _ => Ok(None),
    }
}

fn license(m: &mut Machine<'_>, meta: &Rc<Attrs>) -> R<Option<String>> {
    let sym = m.s.syms.intern("license");
    let Some(thunk) = m.get(meta, sym)? else { return Ok(None) };
    let mut names = Vec::new();
    match m.force(thunk)? {
        Value::List(items) => {
            for item in items.iter() {
                names.extend(one_license(m, *item)?);
            }
        }
        _ => names.extend(one_license(m, thunk)?),
    }
    Ok(if names.is_empty() { None } else { Some(names.join(", ")) })
}

fn one_license(m: &mut Machine<'_>, thunk: ThunkId) -> R<Option<String>> {
    match m.force(thunk)? {
        Value::Str(text) => Ok(Some(text.to_string())),
        Value::Attrs(attrs) => {
            for name in ["spdxId", "shortName", "fullName"] {
                if let Some(text) = text_at(m, &attrs, name)? {
                    return Ok(Some(text.to_string()));
                }
            }
            Ok(None)
        }
        _ => Ok(None),
    }
}
