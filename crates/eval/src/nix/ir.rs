//! Expressions, lowered from syntax trees: names resolved to places, paths made absolute, nested
//! attribute paths spelled out.

use std::rc::Rc;

use super::value::{Sym, Value};

/// A big set, as its place in the machine's table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct BigId(pub u32);

/// A variable's place: how many frames up, and where in the frame.
#[derive(Debug, Clone, Copy)]
pub struct Slot {
    pub up: u16,
    pub at: u16,
}

#[derive(Debug)]
pub enum Expr {
    Const(Value),
    Var(Slot),
    /// A name that big sets or `with` may bind.
    Lookup(Box<Lookup>),
    /// A name that only the outermost scope has.
    Global(Sym),
    Interp {
        parts: Box<[Part]>,
        path: bool,
    },
    List(Box<[Rc<Expr>]>),
    Attrs(Box<AttrsExpr>),
    /// A big set, `rec` or not.
    Big(BigId),
    /// `let` with a big set of bindings.
    BigLet {
        big: BigId,
        body: Rc<Expr>,
    },
    Let {
        bindings: Box<[Rc<Expr>]>,
        body: Rc<Expr>,
    },
    Select {
        base: Rc<Expr>,
        path: Box<[Name]>,
        default: Option<Rc<Expr>>,
    },
    Has {
        base: Rc<Expr>,
        path: Box<[Name]>,
    },
    Lambda(Rc<LambdaExpr>),
    Apply(Rc<Expr>, Rc<Expr>),
    /// A call with a path that is written out of what is `import`, if no big set binds that name.
    Import {
        path: Rc<str>,
        call: Rc<Expr>,
    },
    With(Rc<Expr>, Rc<Expr>),
    If(Rc<Expr>, Rc<Expr>, Rc<Expr>),
    Assert(Rc<Expr>, Rc<Expr>),
    Not(Rc<Expr>),
    Negate(Rc<Expr>),
    Bin(Op, Rc<Expr>, Rc<Expr>),
    /// Text that does not parse, with the reason.
    Invalid(Rc<str>),
}

/// An operator of two operands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Op {
    Concat,
    Update,
    Add,
    Sub,
    Mul,
    Div,
    And,
    Or,
    Implies,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    More,
    MoreOrEqual,
}

#[derive(Debug)]
pub struct Lookup {
    pub sym: Sym,
    /// Frames of big sets between here and the place below, innermost first, as frames up.
    pub bigs: Box<[u16]>,
    pub then: Then,
}

/// Where a name comes from if no big set has it.
#[derive(Debug)]
pub enum Then {
    Slot(Slot),
    /// The outermost scope, else these `with` frames, innermost first.
    Withs(Box<[u16]>),
}

#[derive(Debug)]
pub enum Part {
    Text(Rc<str>),
    Expr(Rc<Expr>),
}

#[derive(Debug)]
pub enum Name {
    Static(Sym),
    Dynamic(Rc<Expr>),
}

#[derive(Debug)]
pub struct AttrsExpr {
    /// The path of the file, unless it is one of the program's own.
    pub file: Option<Sym>,
    /// Whether the set is `rec`: its values see a frame of its static names, in this order.
    pub recursive: bool,
    pub bindings: Box<[(Sym, Rc<Expr>)]>,
    /// Evaluated outside the frame for names, inside it for values.
    pub dynamic: Box<[(Rc<Expr>, Rc<Expr>)]>,
}

#[derive(Debug)]
pub struct LambdaExpr {
    pub param: Param,
    pub body: Rc<Expr>,
}

#[derive(Debug)]
pub enum Param {
    Name,
    /// The frame holds the whole argument first if `bound`, then the formals.
    Pattern {
        bound: bool,
        formals: Box<[Formal]>,
        open: bool,
    },
}

#[derive(Debug)]
pub struct Formal {
    pub sym: Sym,
    pub default: Option<Rc<Expr>>,
}
