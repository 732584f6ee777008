//! What the extraction works with: the package set, the files, and a note of everything that was
//! looked at.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use rnix::{
    SyntaxNode,
    ast::{self, HasEntry},
};
use rowan::ast::AstNode;
use rustc_hash::{FxHashMap, FxHashSet};

use super::{
    collection::Collection,
    parse::{self, MAX_FILE},
    value::{Binding, Bindings, Env, Fill, Formals, Scope, Value},
};
use crate::source::{EntryKind, ObjectId, Source, SourceError};

/// How many expressions may be looked at for one attribute path. Hardly a package needs a tenth of
/// it; what needs more is a set of packages that are defined in terms of each other.
const MAX_STEPS: u32 = 2_500;
/// How deep one look may lead to another.
const MAX_DEPTH: u32 = 120;
/// How many bytes of text the parsed files hold that are kept, twice: those asked for lately, and
/// those before. It is the files that many packages share that count.
const KEPT_TEXT: usize = 4 << 20;

/// Something that an answer depends on.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Read {
    /// What is at a path.
    File(Rc<str>),
    /// Whether the package set has a name.
    Presence(Rc<str>),
    /// What the package set binds a name to.
    Binding(Rc<str>),
    /// What is said of a licence.
    Licence(Rc<str>),
}

/// The package set, as its collection files and directories make it up.
#[derive(Default)]
pub struct World {
    /// `all-packages.nix`, then `aliases.nix`, as far as they are there.
    pub collections: Vec<Collection>,
    /// The path of each of these.
    pub paths: Vec<Rc<str>>,
    /// Packages of `pkgs/by-name`, with their file.
    pub by_name: FxHashMap<Rc<str>, Rc<str>>,
    /// Licences by their name in `lib.licenses`: the SPDX id, or else the name.
    pub licences: FxHashMap<Rc<str>, Rc<str>>,
}

impl World {
    /// Whether the package set has this name.
    pub fn has(&self, name: &str) -> bool {
        self.collections.iter().any(|c| c.has(name)) || self.by_name.contains_key(name)
    }
}

/// Parsed files by the id of their blob.
#[derive(Default)]
pub struct Files {
    young: FxHashMap<ObjectId, Parsed>,
    old: FxHashMap<ObjectId, Parsed>,
    /// How many bytes of text the young ones hold.
    text: usize,
    /// The bindings of sets and `let`s that were looked at, and the formals of functions.
    bindings: FxHashMap<SyntaxNode, Rc<Bindings>>,
    formals: FxHashMap<SyntaxNode, Rc<Formals>>,
}

type Parsed = (Result<rnix::ast::Root, &'static str>, usize);

impl Files {
    fn get(&mut self, id: &ObjectId) -> Option<Result<rnix::ast::Root, &'static str>> {
        if let Some((known, _)) = self.young.get(id) {
            return Some(known.clone());
        }
        let (known, length) = self.old.remove(id)?;
        self.insert(*id, known.clone(), length);
        Some(known)
    }

    fn insert(&mut self, id: ObjectId, parsed: Result<rnix::ast::Root, &'static str>, text: usize) {
        self.text += text;
        if self.text > KEPT_TEXT {
            self.old = std::mem::take(&mut self.young);
            self.text = text;
            // They hold on to the trees that they are of.
            self.bindings.clear();
            self.formals.clear();
        }
        self.young.insert(id, (parsed, text));
    }
}

/// One look at one attribute path.
pub struct Machine<'a> {
    pub world: &'a World,
    source: &'a dyn Source,
    files: &'a RefCell<Files>,
    reads: RefCell<FxHashSet<Read>>,
    steps: Cell<u32>,
    depth: Cell<u32>,
    forcing: RefCell<Vec<Rc<str>>>,
}

impl<'a> Machine<'a> {
    pub fn new(world: &'a World, source: &'a dyn Source, files: &'a RefCell<Files>) -> Self {
        Self {
            world,
            source,
            files,
            reads: RefCell::default(),
            steps: Cell::new(0),
            depth: Cell::new(0),
            forcing: RefCell::default(),
        }
    }

    /// What a set or a `let` binds.
    pub fn bindings(&self, node: &impl HasEntry) -> Rc<Bindings> {
        let known = self.files.borrow().bindings.get(node.syntax()).cloned();
        known.unwrap_or_else(|| {
            let bindings = Rc::new(Bindings::of(node));
            self.files.borrow_mut().bindings.insert(node.syntax().clone(), bindings.clone());
            bindings
        })
    }

    /// The formal arguments of a function.
    pub fn formals(&self, pattern: &ast::Pattern) -> Rc<Formals> {
        let known = self.files.borrow().formals.get(pattern.syntax()).cloned();
        known.unwrap_or_else(|| {
            let formals = Rc::new(Formals::new(pattern));
            self.files.borrow_mut().formals.insert(pattern.syntax().clone(), formals.clone());
            formals
        })
    }

    /// Everything that was looked at.
    pub fn into_reads(self) -> FxHashSet<Read> {
        self.reads.into_inner()
    }

    /// Notes that the answer depends on something.
    pub fn note(&self, read: Read) {
        self.reads.borrow_mut().insert(read);
    }

    /// Runs `look` one level deeper, if that is within the limits.
    pub fn deeper(&self, look: impl FnOnce() -> Value) -> Value {
        let (depth, steps) = (self.depth.get(), self.steps.get());
        if depth >= MAX_DEPTH || steps >= MAX_STEPS {
            return Value::Unknown("it takes too many steps");
        }
        self.depth.set(depth + 1);
        self.steps.set(steps + 1);
        let value = look();
        self.depth.set(depth);
        value
    }

    /// The package set's attribute, not looked into; `None` if there is none.
    pub fn attribute(&self, name: &Rc<str>) -> Option<Value> {
        self.note(Read::Presence(name.clone()));
        match &**name {
            "pkgs" => Some(Value::AllPackages),
            _ => self.world.has(name).then(|| Value::Attr(name.clone())),
        }
    }

    /// Looks into an attribute of the package set, and on as long as it is only another one's name.
    pub fn settle(&self, mut value: Value) -> Value {
        let mut hops = 0;
        while let Value::Attr(name) = &value {
            hops += 1;
            if hops > 20 {
                return Value::Unknown("it is a name of a name of a name");
            }
            let name = name.clone();
            value = self.force(&name);
        }
        value
    }

    /// What the package set binds a name to.
    pub fn force(&self, name: &Rc<str>) -> Value {
        self.note(Read::Binding(name.clone()));
        if self.forcing.borrow().contains(name) {
            return Value::Unknown("it is defined by itself");
        }
        self.forcing.borrow_mut().push(name.clone());
        let value = self.deeper(|| match self.definition(name) {
            Some((collection, binding)) => {
                let env: Env = Rc::new(Scope::Collection(collection));
                self.bound_value(&binding, name, &env, &env)
            }
            None => match self.world.by_name.get(name) {
                Some(path) => {
                    let nothing = Value::empty_set();
                    self.call_package(Value::Path(path.clone()), nothing, Fill::Packages)
                }
                None => Value::Unknown("the package set has no such name"),
            },
        });
        self.forcing.borrow_mut().pop();
        value
    }

    /// Where and how a collection file binds a name.
    pub fn definition(&self, name: &str) -> Option<(usize, Binding)> {
        let found = |(i, c): (usize, &Collection)| Some((i, c.get(name)?));
        let mut all = self.world.collections.iter().enumerate().filter_map(found);
        let (collection, binding) = all.next()?;
        // Two files that bind one name have rules of their own about which of them counts.
        let alone = all.next().is_none();
        Some((collection, if alone { binding } else { Binding::Twice }))
    }

    /// What a file of the source evaluates to.
    pub fn import(&self, path: &Rc<str>) -> Value {
        match self.parsed(path) {
            Ok((file, root)) => match root.expr() {
                Some(expr) => self.eval(&expr, &Rc::new(Scope::File(file))),
                None => Value::Unknown("a file is empty"),
            },
            Err(why) => Value::Unknown(why),
        }
    }

    fn parsed(&self, path: &Rc<str>) -> Result<(Rc<str>, rnix::ast::Root), &'static str> {
        if self.world.paths.contains(path) {
            return Err("it takes in the whole package set");
        }
        let (file, id) = self.find(path)?;
        if let Some(known) = self.files.borrow_mut().get(&id) {
            return known.map(|root| (file, root));
        }
        let text = self.read(&id);
        let length = text.as_ref().map_or(0, String::len);
        let parsed = text.and_then(|text| parse::parse(&text));
        self.files.borrow_mut().insert(id, parsed.clone(), length);
        parsed.map(|root| (file, root))
    }

    /// The file that `import` reads for a path: the file itself, or a directory's `default.nix`.
    fn find(&self, path: &Rc<str>) -> Result<(Rc<str>, ObjectId), &'static str> {
        let entry = |path: &Rc<str>| {
            self.note(Read::File(path.clone()));
            self.source.entry(path).map_err(|error| reason(&error))
        };
        match entry(path)? {
            Some(found) if found.kind == EntryKind::File => Ok((path.clone(), found.id)),
            Some(found) if found.kind == EntryKind::Directory => {
                let inner: Rc<str> = format!("{path}/default.nix").into();
                match entry(&inner)? {
                    Some(found) if found.kind == EntryKind::File => Ok((inner, found.id)),
                    Some(_) => Err("a path leads through a link"),
                    None => Err("a directory has no default.nix"),
                }
            }
            Some(_) => Err("a path leads through a link"),
            None => {
                // It may come to be as a directory, of which only the files are reported.
                self.note(Read::File(format!("{path}/default.nix").into()));
                Err("a file is not there")
            }
        }
    }

    fn read(&self, id: &ObjectId) -> Result<String, &'static str> {
        let bytes = self.source.blob(id).map_err(|error| reason(&error))?;
        if bytes.len() > MAX_FILE {
            return Err("a file is too long");
        }
        String::from_utf8(bytes.to_vec()).map_err(|_| "a file is not UTF-8 text")
    }
}

/// Why a file is unknown.
pub fn reason(error: &SourceError) -> &'static str {
    match error {
        SourceError::Absent(_) => "a file is not in the repository",
        SourceError::Corrupt { .. } => "a file cannot be read",
    }
}
