//! The tracker that takes only what is certain: the bindings of `all-packages.nix` and of
//! `aliases.nix`, the packages of `pkgs/by-name`, and for each of them what a look at the file that
//! it calls can tell without evaluating nixpkgs: names and versions that are literals, or made of
//! literals within that file and the arguments it is called with.
//!
//! Every look notes what it depends on ([`machine::Read`]): files, bindings, whether a name is
//! there at all. A step looks again at exactly the attributes whose notes meet the change.

mod answer;
mod call;
mod collection;
mod drv_name;
mod eval;
mod licences;
mod machine;
mod parse;
mod scan;
mod split;
#[cfg(test)]
mod tests;
mod value;

use std::{cell::RefCell, rc::Rc};

use model::AttrPath;
use rustc_hash::{FxHashMap, FxHashSet};

use self::{
    collection::Collection,
    machine::{Files, Machine, Read, World, reason},
};
use crate::{
    observe::{Observation, Outcome, Tracker},
    source::{Change, EntryKind, Source},
};

/// Where the package set was defined in the course of history; the first that is there counts.
const MAIN: [&str; 3] = [
    "pkgs/top-level/all-packages.nix",
    "pkgs/system/all-packages-generic.nix",
    "pkgs/system/all-packages.nix",
];
const ALIASES: &str = "pkgs/top-level/aliases.nix";
/// Where licences were; the first that is there counts.
const LICENCES: [&str; 2] = ["lib/licenses.nix", "pkgs/lib/licenses.nix"];
const BY_NAME: &str = "pkgs/by-name";

/// See the [module](self).
#[derive(Default)]
pub struct SimpleTracker {
    world: World,
    files: RefCell<Files>,
    /// What was said last, of every attribute that is not gone.
    answers: FxHashMap<Rc<str>, Outcome>,
    /// What each answer depends on.
    reads: FxHashMap<Rc<str>, FxHashSet<Read>>,
    /// The same, the other way round.
    readers: FxHashMap<Read, FxHashSet<Rc<str>>>,
    /// Why the package set as a whole cannot be read at the moment.
    broken: Option<&'static str>,
}

impl Tracker for SimpleTracker {
    fn start(&mut self, source: &dyn Source) -> Vec<Observation> {
        *self = Self::default();
        self.look_at_everything(source)
    }

    fn step(&mut self, source: &dyn Source, changes: &[Change]) -> Vec<Observation> {
        let touches = |paths: &[&str]| changes.iter().any(|c| paths.contains(&c.path.as_str()));
        let mut dirty = FxHashSet::default();
        for change in changes {
            self.add_readers(&Read::File(change.path.as_str().into()), &mut dirty);
            if let Some(name) = by_name(&change.path) {
                self.set_by_name(name, change, &mut dirty);
            }
        }
        if touches(&LICENCES) {
            self.update_licences(source, &mut dirty);
        }
        if touches(&MAIN) || touches(&[ALIASES]) {
            match self.update_collections(source, &mut dirty) {
                Ok(true) => {}
                Ok(false) => return self.look_at_everything(source),
                Err(why) => return self.give_up(why),
            }
        }
        if self.broken.is_some() {
            return Vec::new();
        }
        self.look_again(source, dirty)
    }
}

impl SimpleTracker {
    /// Reads the package set from the beginning, and says what is different from what was said.
    fn look_at_everything(&mut self, source: &dyn Source) -> Vec<Observation> {
        self.world = World::default();
        self.broken = None;
        self.world.licences = read_licences(source);
        match read_by_name(source) {
            Ok(by_name) => self.world.by_name = by_name,
            Err(why) => return self.give_up(why),
        }
        for path in collection_paths(source) {
            match path.and_then(|path| Ok((path, Collection::new(&read_text(source, path)?)))) {
                Ok((path, Some(collection))) => {
                    self.world.collections.push(collection);
                    self.world.paths.push(path.into());
                }
                Ok((_, None)) => return self.give_up("the package set's file cannot be parsed"),
                Err(why) => return self.give_up(why),
            }
        }
        let in_files = self.world.collections.iter().flat_map(Collection::names);
        let all = in_files.chain(self.world.by_name.keys()).chain(self.answers.keys());
        let all = all.cloned().collect();
        self.look_again(source, all)
    }

    /// Says that nothing is known, until the package set's files change again.
    fn give_up(&mut self, why: &'static str) -> Vec<Observation> {
        self.broken = Some(why);
        self.world = World::default();
        self.reads.clear();
        self.readers.clear();
        let mut said = Vec::new();
        for (name, answer) in &mut self.answers {
            let outcome = Outcome::Unknown(why.to_owned());
            if *answer != outcome {
                *answer = outcome.clone();
                said.push(Observation { attr_path: AttrPath::top(name), outcome });
            }
        }
        sorted(said)
    }

    /// Looks at these attributes, and says which of them are different from what was said.
    fn look_again(&mut self, source: &dyn Source, names: FxHashSet<Rc<str>>) -> Vec<Observation> {
        let mut said = Vec::new();
        for name in names {
            let machine = Machine::new(&self.world, source, &self.files);
            let outcome = match self.world.has(&name) {
                true => machine.answer(&name),
                false => Outcome::Gone,
            };
            let reads = machine.into_reads();
            self.depend(&name, reads);
            let before = match &outcome {
                Outcome::Gone => self.answers.remove(&name),
                other => self.answers.insert(name.clone(), other.clone()),
            };
            if before.unwrap_or(Outcome::Gone) != outcome {
                said.push(Observation { attr_path: AttrPath::top(&name), outcome });
            }
        }
        sorted(said)
    }

    fn depend(&mut self, name: &Rc<str>, reads: FxHashSet<Read>) {
        let before = self.reads.remove(name).unwrap_or_default();
        for read in before.difference(&reads) {
            if let Some(readers) = self.readers.get_mut(read) {
                readers.remove(name);
                if readers.is_empty() {
                    self.readers.remove(read);
                }
            }
        }
        for read in reads.difference(&before) {
            self.readers.entry(read.clone()).or_default().insert(name.clone());
        }
        if !reads.is_empty() {
            self.reads.insert(name.clone(), reads);
        }
    }

    fn add_readers(&self, read: &Read, dirty: &mut FxHashSet<Rc<str>>) {
        dirty.extend(self.readers.get(read).into_iter().flatten().cloned());
    }

    fn set_by_name(&mut self, name: &str, change: &Change, dirty: &mut FxHashSet<Rc<str>>) {
        let name: Rc<str> = name.into();
        let is_file = change.new.is_some_and(|entry| entry.kind == EntryKind::File);
        match is_file {
            true => self.world.by_name.insert(name.clone(), change.path.as_str().into()),
            false => self.world.by_name.remove(&name),
        };
        self.add_readers(&Read::Presence(name.clone()), dirty);
        self.add_readers(&Read::Binding(name.clone()), dirty);
        dirty.insert(name);
    }

    fn update_licences(&mut self, source: &dyn Source, dirty: &mut FxHashSet<Rc<str>>) {
        let new = read_licences(source);
        let old = std::mem::replace(&mut self.world.licences, new);
        let new = &self.world.licences;
        let changed = old.keys().chain(new.keys()).filter(|name| old.get(*name) != new.get(*name));
        for name in changed {
            self.add_readers(&Read::Licence(name.clone()), dirty);
        }
    }

    /// Follows the collection files; `false` if they have to be read from the beginning.
    fn update_collections(
        &mut self,
        source: &dyn Source,
        dirty: &mut FxHashSet<Rc<str>>,
    ) -> Result<bool, &'static str> {
        let paths = collection_paths(source).into_iter().collect::<Result<Vec<_>, _>>()?;
        if self.broken.is_some() || !self.world.paths.iter().map(|p| &**p).eq(paths.iter().copied())
        {
            return Ok(false);
        }
        for (i, path) in paths.into_iter().enumerate() {
            let text = read_text(source, path)?;
            let change = self.world.collections[i]
                .update(&text)
                .ok_or("the package set's file cannot be parsed")?;
            if change.everything {
                return Ok(false);
            }
            for name in &change.names {
                self.add_readers(&Read::Binding(name.clone()), dirty);
            }
            for name in &change.presence {
                self.add_readers(&Read::Presence(name.clone()), dirty);
            }
            dirty.extend(change.names);
        }
        Ok(true)
    }
}

/// The collection files that are there.
fn collection_paths(source: &dyn Source) -> Vec<Result<&'static str, &'static str>> {
    let there = |path: &&'static str| match source.entry(path) {
        Ok(Some(entry)) if entry.kind == EntryKind::File => Some(Ok(*path)),
        Ok(_) => None,
        Err(error) => Some(Err(reason(&error))),
    };
    MAIN.iter().find_map(there).into_iter().chain(there(&ALIASES)).collect()
}

fn read_text(source: &dyn Source, path: &str) -> Result<String, &'static str> {
    let entry = source.entry(path).map_err(|error| reason(&error))?;
    let entry = entry.ok_or("a file is not there")?;
    let bytes = source.blob(&entry.id).map_err(|error| reason(&error))?;
    // Some old comments are Latin-1. Nothing that counts here is outside of ASCII.
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn read_licences(source: &dyn Source) -> FxHashMap<Rc<str>, Rc<str>> {
    let text = LICENCES.iter().find_map(|path| read_text(source, path).ok());
    text.map(|text| licences::read(&text)).unwrap_or_default()
}

/// The name of the package whose file in `pkgs/by-name` has this path.
fn by_name(path: &str) -> Option<&str> {
    let inner = path.strip_prefix(BY_NAME)?.strip_prefix('/')?;
    let mut parts = inner.split('/');
    let (_shard, name) = (parts.next()?, parts.next()?);
    (parts.next() == Some("package.nix") && parts.next().is_none()).then_some(name)
}

fn read_by_name(source: &dyn Source) -> Result<FxHashMap<Rc<str>, Rc<str>>, &'static str> {
    let list = |path: &str| source.list(path).map_err(|error| reason(&error));
    let mut found = FxHashMap::default();
    for (shard, _) in list(BY_NAME)?.unwrap_or_default() {
        for (name, _) in list(&format!("{BY_NAME}/{shard}"))?.unwrap_or_default() {
            let path = format!("{BY_NAME}/{shard}/{name}/package.nix");
            let entry = source.entry(&path).map_err(|error| reason(&error))?;
            if entry.is_some_and(|entry| entry.kind == EntryKind::File) {
                found.insert(name.as_str().into(), path.as_str().into());
            }
        }
    }
    Ok(found)
}

fn sorted(mut said: Vec<Observation>) -> Vec<Observation> {
    said.sort_by(|a, b| a.attr_path.cmp(&b.attr_path));
    said
}
