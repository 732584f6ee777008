//! Values of the language, and the handles that they are made of.

use std::{cell::RefCell, num::NonZeroU32, rc::Rc};

use rustc_hash::FxHashMap;

use super::{heap::NodeId, ir::LambdaExpr, prims::Prim};

/// An interned name. They are counted from one, so an optional one takes no more room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sym(NonZeroU32);

impl Sym {
    /// Some name, where it does not matter which.
    pub const ANY: Self = Self(NonZeroU32::MIN);
}

/// A place in the heap that holds a value, or how to compute it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ThunkId(pub u32);

/// A frame of variables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct EnvId(pub u32);

/// An instance of a big set: its bindings in one environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct InstId(pub u32);

/// A value in weak head normal form. Strings carry no context: nothing here is ever built.
#[derive(Debug, Clone)]
pub enum Value {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Str(Rc<str>),
    Path(Rc<str>),
    List(Rc<[ThunkId]>),
    Attrs(Rc<Attrs>),
    Lambda(Rc<Closure>),
    /// A builtin with fewer arguments than it takes.
    Prim(Rc<PrimApp>),
}

/// What a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Null,
    Bool,
    Int,
    Float,
    String,
    Path,
    List,
    Set,
    Lambda,
}

impl Kind {
    /// What `builtins.typeOf` says.
    pub fn name(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool => "bool",
            Self::Int => "int",
            Self::Float => "float",
            Self::String => "string",
            Self::Path => "path",
            Self::List => "list",
            Self::Set => "set",
            Self::Lambda => "lambda",
        }
    }
}

#[derive(Debug)]
pub struct Closure {
    pub lambda: Rc<LambdaExpr>,
    pub env: EnvId,
}

#[derive(Debug)]
pub struct PrimApp {
    pub prim: &'static Prim,
    pub args: Vec<ThunkId>,
}

/// Places that were made of others when their names were wanted, by name: of what, and the place.
type Made<T> = RefCell<FxHashMap<Sym, (T, ThunkId)>>;

/// An attribute set. Small ones are plain; operations on big ones stay symbolic, so that whoever
/// looks at one name depends on that name alone.
#[derive(Debug)]
pub enum Attrs {
    /// Sorted by symbol.
    Plain(Box<[(Sym, ThunkId)]>),
    /// A big set of a file: bindings are looked up one by one.
    Big(InstId),
    /// `left // right`, where one of them is not plain.
    Merge(Rc<Attrs>, Rc<Attrs>),
    /// `mapAttrs f of`, where `of` is not plain, or long. Results are kept by name, each with the
    /// value that it was made from.
    Map { f: ThunkId, of: Rc<Attrs>, creator: NodeId, cells: Made<ThunkId> },
    /// `zipAttrsWith f of`. Results are kept by name, each with the values that it was made from.
    Zip { f: ThunkId, of: Box<[Rc<Attrs>]>, creator: NodeId, cells: Made<Box<[ThunkId]>> },
    /// `left // known`, where `left` cannot be known: what `known` has is certain all the same.
    Partial { known: Rc<Attrs>, why: Rc<Fail> },
    /// `removeAttrs of names`, where `of` is not plain. Names are sorted.
    Without { of: Rc<Attrs>, names: Box<[Sym]> },
}

impl Attrs {
    /// Whether a big set or one made of many is in it, so that many may look into it.
    pub fn is_large(&self) -> bool {
        match self {
            Self::Plain(_) => false,
            Self::Big(_) | Self::Map { .. } | Self::Zip { .. } => true,
            Self::Merge(left, right) => left.is_large() || right.is_large(),
            Self::Partial { known: of, .. } | Self::Without { of, .. } => of.is_large(),
        }
    }
}

/// Why an expression has no value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fail {
    /// `throw`, which `tryEval` catches.
    Throw(Rc<str>),
    /// A false `assert`, which `tryEval` catches.
    Assert,
    /// `abort`, a type error, a missing attribute, an undefined variable.
    Error(Rc<str>),
    /// The value depends on itself.
    Cycle,
    /// It has a value, but not one that can be had from the source text alone.
    Unknown(Rc<str>),
    /// A node took too long: it always will.
    Fuel,
    /// Evaluation went too deep, or a question took too long: another one may come further.
    Limit,
}

pub type R<T> = Result<T, Rc<Fail>>;

pub fn error<T>(message: impl Into<Rc<str>>) -> R<T> {
    Err(Rc::new(Fail::Error(message.into())))
}

pub fn unknown<T>(reason: impl Into<Rc<str>>) -> R<T> {
    Err(Rc::new(Fail::Unknown(reason.into())))
}

impl Value {
    pub fn str(text: impl Into<Rc<str>>) -> Self {
        Self::Str(text.into())
    }

    /// What it is.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Null => Kind::Null,
            Self::Bool(_) => Kind::Bool,
            Self::Int(_) => Kind::Int,
            Self::Float(_) => Kind::Float,
            Self::Str(_) => Kind::String,
            Self::Path(_) => Kind::Path,
            Self::List(_) => Kind::List,
            Self::Attrs(_) => Kind::Set,
            Self::Lambda(_) | Self::Prim(_) => Kind::Lambda,
        }
    }

    /// What `builtins.typeOf` says.
    pub fn type_name(&self) -> &'static str {
        self.kind().name()
    }
}

/// Names, each stored once.
#[derive(Debug, Default)]
pub struct Symbols {
    by_name: FxHashMap<Rc<str>, Sym>,
    names: Vec<Rc<str>>,
}

impl Symbols {
    pub fn intern(&mut self, name: &str) -> Sym {
        if let Some(sym) = self.by_name.get(name) {
            return *sym;
        }
        let name: Rc<str> = name.into();
        self.names.push(name.clone());
        let count = u32::try_from(self.names.len()).ok().and_then(NonZeroU32::new);
        let sym = Sym(count.expect("some names, and fewer than 2^32"));
        self.by_name.insert(name, sym);
        sym
    }

    pub fn name(&self, sym: Sym) -> &Rc<str> {
        &self.names[sym.0.get() as usize - 1]
    }
}
