//! The values that the extraction tells apart. It is no evaluator of Nix: what it has no word for
//! is [`Value::Named`] (something from elsewhere, known by name only) or [`Value::Unknown`].

use std::rc::Rc;

use rnix::ast::{self, HasEntry};
use rowan::ast::AstNode;
use rustc_hash::FxHashMap;

/// A value, as far as it is known. Sets are lazy: their members are looked at when asked for.
#[derive(Clone)]
pub enum Value {
    Str(Rc<str>),
    Int(i64),
    Bool(bool),
    Null,
    /// A path of the source, from its root.
    Path(Rc<str>),
    /// A list, its items not yet looked at.
    List(Rc<Vec<(ast::Expr, Env)>>),
    Set(Rc<SetLiteral>),
    /// `a // b`.
    Updated(Rc<(Value, Value)>),
    /// A set without some of its members.
    Without(Rc<(Value, Vec<Rc<str>>)>),
    /// What a function of itself gives: `finalAttrs`.
    Fixed(Rc<Closure>),
    Lambda(Rc<Closure>),
    /// A derivation.
    Package(Rc<Package>),
    /// `pkgs` itself.
    AllPackages,
    /// The member of `pkgs` with this name, not looked into.
    Attr(Rc<str>),
    /// Something from elsewhere, by the last part of its name.
    Named(Rc<str>),
    /// A named function with some of its arguments, and what `callPackage` of that name fills in.
    Partial(Rc<str>, Rc<Vec<Value>>, Fill),
    /// `override` and its like, of a value.
    Method(Method, Rc<Value>),
    /// It throws.
    Throws,
    /// Why it is not known.
    Unknown(&'static str),
}

impl Value {
    /// `{ }`
    pub fn empty_set() -> Self {
        Self::Set(Rc::new(SetLiteral {
            bindings: Rc::default(),
            recursive: false,
            env: Rc::new(Scope::File("".into())),
        }))
    }
}

/// What can be done to a package to have another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Other arguments for the function that made it.
    Override,
    /// Other arguments for `mkDerivation`.
    OverrideAttrs,
}

/// What a set says about one of its members.
pub enum Member {
    Found(Value),
    Absent,
    Unknown(&'static str),
}

/// A derivation: what was given to `mkDerivation` or to a function like it.
#[derive(Clone)]
pub struct Package {
    pub builder: Rc<str>,
    pub arguments: Value,
    /// The file in which the function is called.
    pub file: Rc<str>,
    /// The function that was called for it by `callPackage`, with its arguments.
    pub origin: Option<Rc<(Value, Value, Fill)>>,
}

/// A function written in Nix.
pub struct Closure {
    pub lambda: ast::Lambda,
    pub env: Env,
    /// Where arguments come from that are not given.
    pub fill: Fill,
}

/// Where a function's arguments come from that are not given to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fill {
    /// From nowhere: it is a plain call.
    Nothing,
    /// From `pkgs`, as `callPackage` does.
    Packages,
    /// From a set that is not known, such as that of `python3Packages.callPackage`.
    Elsewhere,
}

/// The names in reach of an expression.
pub type Env = Rc<Scope>;

/// One layer of names.
pub enum Scope {
    /// The bottom of a file of its own.
    File(Rc<str>),
    /// The bottom of a binding of a collection file: its place among these.
    Collection(usize),
    /// `let`, or `rec { … }`.
    Bindings { bindings: Rc<Bindings>, up: Env },
    /// `x: …`.
    Parameter { name: Rc<str>, value: Value, up: Env },
    /// `{ a, b ? 1 } @ x: …`.
    Formals { formals: Rc<Formals>, argument: Value, fill: Fill, up: Env },
    /// `with e; …`.
    With { subject: ast::Expr, up: Env },
}

impl Scope {
    /// The layer around this one; `None` at the bottom.
    pub fn up(&self) -> Option<&Env> {
        match self {
            Self::File(_) | Self::Collection(_) => None,
            Self::Bindings { up, .. }
            | Self::Parameter { up, .. }
            | Self::Formals { up, .. }
            | Self::With { up, .. } => Some(up),
        }
    }
}

/// The formal arguments of a function, with their defaults.
pub struct Formals {
    pub names: FxHashMap<Rc<str>, Option<ast::Expr>>,
    pub whole: Option<Rc<str>>,
}

impl Formals {
    /// Reads `{ a, b ? 1 } @ x`.
    pub fn new(pattern: &ast::Pattern) -> Self {
        let entry = |e: ast::PatEntry| Some((ident(&e.ident()?), e.default()));
        Self {
            names: pattern.pat_entries().filter_map(entry).collect(),
            whole: pattern.pat_bind().and_then(|b| b.ident()).map(|i| ident(&i)),
        }
    }
}

/// `{ … }` or `rec { … }` with the names in reach around it.
pub struct SetLiteral {
    pub bindings: Rc<Bindings>,
    pub recursive: bool,
    pub env: Env,
}

/// What a set or a `let` binds.
#[derive(Default)]
pub struct Bindings {
    pub members: FxHashMap<Rc<str>, Binding>,
    /// Whether a name in it is computed, so that any other name may be bound too.
    pub computed: bool,
}

/// What one name is bound to.
#[derive(Clone)]
pub enum Binding {
    Expr(ast::Expr),
    /// `a.b = …; a.c = …;`
    Nested(Rc<Bindings>),
    /// `inherit a;`
    Inherit,
    /// `inherit (x) a;`
    InheritFrom(ast::Expr),
    /// Bound twice in a way that is not followed.
    Twice,
}

impl Bindings {
    /// The bindings of a set or a `let`.
    pub fn of(node: &impl HasEntry) -> Self {
        let mut out = Self::default();
        for inherit in node.inherits() {
            let from = inherit.from().and_then(|from| from.expr());
            for attr in inherit.attrs() {
                let binding = match &from {
                    Some(from) => Binding::InheritFrom(from.clone()),
                    None => Binding::Inherit,
                };
                out.bind(attr_name(&attr), binding);
            }
        }
        for entry in node.attrpath_values() {
            let (Some(path), Some(value)) = (entry.attrpath(), entry.value()) else {
                out.computed = true;
                continue;
            };
            let path: Vec<_> = path.attrs().map(|attr| attr_name(&attr)).collect();
            out.bind_path(&path, value);
        }
        out
    }

    fn bind_path(&mut self, path: &[Option<Rc<str>>], value: ast::Expr) {
        match path {
            [] => self.computed = true,
            [name] => self.bind(name.clone(), Binding::Expr(value)),
            [None, ..] => self.computed = true,
            [Some(name), rest @ ..] => {
                let fresh = || Binding::Nested(Rc::default());
                match self.members.entry(name.clone()).or_insert_with(fresh) {
                    Binding::Nested(inner) => match Rc::get_mut(inner) {
                        Some(inner) => inner.bind_path(rest, value),
                        None => self.computed = true,
                    },
                    other => *other = Binding::Twice,
                }
            }
        }
    }

    fn bind(&mut self, name: Option<Rc<str>>, binding: Binding) {
        let Some(name) = name else {
            self.computed = true;
            return;
        };
        let twice = self.members.contains_key(&name);
        self.members.insert(name, if twice { Binding::Twice } else { binding });
    }
}

/// The text of a name.
pub fn ident(ident: &ast::Ident) -> Rc<str> {
    // The name `or` is a keyword token, so any token is taken.
    ident.syntax().first_token().map_or_else(|| "".into(), |token| token.text().into())
}

/// The name of an attribute, `None` if it is computed.
pub fn attr_name(attr: &ast::Attr) -> Option<Rc<str>> {
    match attr {
        ast::Attr::Ident(name) => Some(ident(name)),
        ast::Attr::Str(text) => plain_text(text).map(Into::into),
        ast::Attr::Dynamic(_) => None,
    }
}

/// The text of a string without interpolation.
pub fn plain_text(text: &ast::Str) -> Option<String> {
    let mut out = String::new();
    for part in text.normalized_parts() {
        match part {
            ast::InterpolPart::Literal(literal) => out.push_str(&literal),
            ast::InterpolPart::Interpolation(_) => return None,
        }
    }
    Some(out)
}
