//! Syntax trees to expressions.
//!
//! Sets with many bindings ("big sets") get an identity of their own that outlives a change of the
//! file around them: when a new version of the file differs in some of their bindings only, just
//! those are lowered again ([`update`](super::update)).

use std::{
    hash::{Hash, Hasher},
    rc::Rc,
};

use rnix::ast::{self, AstToken, HasEntry, InterpolPart};
use rowan::ast::AstNode;
use rustc_hash::{FxHashMap, FxHashSet, FxHasher};

use super::{
    bigs::{Big, BigBinding, BigText, FileIr, find_bigs, skeleton},
    intrinsic::stands_for,
    ir::{AttrsExpr, BigId, Expr, Formal, LambdaExpr, Lookup, Name, Op, Param, Part, Slot, Then},
    value::{Sym, Symbols, Value},
};

/// The parts of the machine that lowering adds to.
pub struct Tables<'a> {
    pub syms: &'a mut Symbols,
    pub bigs: &'a mut Vec<Big>,
    pub globals: &'a FxHashSet<Sym>,
    /// The files whose text is the program's own.
    pub own: &'a FxHashMap<Rc<str>, &'static str>,
}

#[derive(Debug)]
pub struct Scope {
    kind: ScopeKind,
    parent: Option<Rc<Scope>>,
}

#[derive(Debug)]
pub enum ScopeKind {
    Slots(Box<[Sym]>),
    With,
    Big,
}

pub type ScopeRef = Option<Rc<Scope>>;

/// How deep brackets may nest in a file.
const MAX_NESTING: usize = 4_000;

/// Lowers a file. `path` is absolute; `text` its contents.
pub fn file(tables: &mut Tables<'_>, path: &Rc<str>, text: &str) -> FileIr {
    let invalid = |why: String| FileIr {
        root: Rc::new(Expr::Invalid(why.into())),
        bigs: Vec::new(),
        skeleton: 0,
        text: String::new(),
    };
    let root = match parse(text) {
        Ok(root) => root,
        Err(why) => return invalid(format!("{path}: {why}")),
    };
    let Some(expr) = root.expr() else { return invalid(format!("{path} is empty")) };
    // What the program has itself never changes.
    let own = tables.own.contains_key(path);
    let found = if own { Vec::new() } else { find_bigs(&expr, path) };
    let skeleton = skeleton(text, &found);
    let mut lower = Lower::new(tables, path.clone(), text);
    for node in &found {
        let big = BigId(u32::try_from(lower.t.bigs.len()).expect("fewer than 2^32 big sets"));
        lower.t.bigs.push(Big {
            recursive: node.recursive(),
            bindings: FxHashMap::default(),
            instances: Vec::new(),
            scope: None,
        });
        lower.big_at.insert(node.start(), big);
    }
    let mut bigs = Vec::new();
    for node in &found {
        let big = lower.big_at[&node.start()];
        bigs.push(BigText { big, entries: lower.entry_texts(&node.entries(), 0) });
    }
    let root = lower.expr(&expr, &None);
    let text = if bigs.is_empty() { String::new() } else { text.to_owned() };
    FileIr { root, bigs, skeleton, text }
}

pub fn parse(text: &str) -> Result<ast::Root, String> {
    let mut depth = 0usize;
    for byte in text.bytes() {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MAX_NESTING {
            return Err(format!("brackets nest more than {MAX_NESTING} deep"));
        }
    }
    let parse = rnix::Root::parse(text);
    match parse.errors().first() {
        Some(error) => Err(error.to_string()),
        None => Ok(parse.tree()),
    }
}

/// What a name of a set is bound to, as syntax.
pub enum Def {
    Expr(ast::Expr),
    Inherit,
    InheritFrom(ast::Expr),
    Set(Group),
}

/// The bindings of a set, with attribute paths taken apart.
#[derive(Default)]
pub struct Group {
    recursive: bool,
    pub defs: Vec<(Sym, Def)>,
    dynamic: Vec<(ast::Attr, Def)>,
}

pub struct Lower<'a, 't> {
    pub t: &'a mut Tables<'t>,
    /// What is lowered.
    text: &'a str,
    path: Rc<str>,
    /// The path, if it is one of nixpkgs.
    file: Option<Sym>,
    dir: String,
    big_at: FxHashMap<u32, BigId>,
}

impl<'a, 't> Lower<'a, 't> {
    pub fn new(t: &'a mut Tables<'t>, path: Rc<str>, text: &'a str) -> Self {
        let dir = path.rsplit_once('/').map_or("/", |(dir, _)| dir).to_owned();
        let file = (!t.own.contains_key(&path)).then(|| t.syms.intern(&path));
        Self { t, text, path, file, dir, big_at: FxHashMap::default() }
    }

    fn optional(&mut self, expr: Option<ast::Expr>, scope: &ScopeRef) -> Rc<Expr> {
        match expr {
            Some(expr) => self.expr(&expr, scope),
            None => Rc::new(Expr::Invalid("an expression is missing".into())),
        }
    }

    /// The call of a function, which may be that of `import`.
    fn apply(&self, function: Rc<Expr>, argument: Rc<Expr>) -> Expr {
        let path = match &*argument {
            Expr::Const(Value::Path(path)) => Some(path.clone()),
            _ => None,
        };
        let name = match &*function {
            Expr::Global(sym) => Some(*sym),
            Expr::Lookup(lookup) if matches!(lookup.then, Then::Withs(_)) => Some(lookup.sym),
            _ => None,
        };
        let is_import = name.is_some_and(|sym| **self.t.syms.name(sym) == *"import");
        let call = Expr::Apply(function, argument);
        match path.filter(|_| is_import) {
            Some(path) => Expr::Import { path, call: Rc::new(call) },
            None => call,
        }
    }

    fn expr(&mut self, expr: &ast::Expr, scope: &ScopeRef) -> Rc<Expr> {
        Rc::new(match expr {
            ast::Expr::Paren(it) => return self.optional(it.expr(), scope),
            ast::Expr::Root(it) => return self.optional(it.expr(), scope),
            ast::Expr::Apply(it) => {
                let function = self.optional(it.lambda(), scope);
                let argument = self.optional(it.argument(), scope);
                self.apply(function, argument)
            }
            ast::Expr::Assert(it) => {
                let condition = self.optional(it.condition(), scope);
                Expr::Assert(condition, self.optional(it.body(), scope))
            }
            ast::Expr::IfElse(it) => {
                let condition = self.optional(it.condition(), scope);
                let body = self.optional(it.body(), scope);
                Expr::If(condition, body, self.optional(it.else_body(), scope))
            }
            ast::Expr::Select(it) => {
                let base = self.optional(it.expr(), scope);
                let path = self.attrpath(it.attrpath(), scope);
                let default = it.default_expr().map(|e| self.expr(&e, scope));
                Expr::Select { base, path, default }
            }
            ast::Expr::HasAttr(it) => {
                let base = self.optional(it.expr(), scope);
                Expr::Has { base, path: self.attrpath(it.attrpath(), scope) }
            }
            ast::Expr::Str(it) => self.string(it, scope),
            ast::Expr::PathAbs(it) => self.path(it.parts(), "", scope),
            ast::Expr::PathRel(it) => {
                let base = format!("{}/", self.dir);
                self.path(it.parts(), &base, scope)
            }
            ast::Expr::PathHome(_) => self.unknown("a path in somebody's home"),
            ast::Expr::PathSearch(it) => {
                let text = it.syntax().text().to_string();
                match text.trim_matches(['<', '>']) {
                    "nixpkgs" => Expr::Const(Value::Path(super::ROOT.into())),
                    inner => match inner.strip_prefix("nixpkgs/") {
                        Some(rest) => {
                            Expr::Const(Value::Path(format!("{}/{rest}", super::ROOT).into()))
                        }
                        None => self.unknown("a path of the search path"),
                    },
                }
            }
            ast::Expr::Literal(it) => literal(it),
            ast::Expr::Lambda(it) => self.lambda(it, scope),
            ast::Expr::LegacyLet(it) => {
                let mut group = self.group(it.entries().collect());
                group.recursive = true;
                let base = self.set(group, scope);
                let path = Box::new([Name::Static(self.t.syms.intern("body"))]);
                Expr::Select { base, path, default: None }
            }
            ast::Expr::LetIn(it) => {
                if let Some(&big) = self.big_at.get(&it.syntax().text_range().start().into()) {
                    let inner = self.fill_big(big, it.entries().collect(), scope);
                    return Rc::new(Expr::BigLet { big, body: self.optional(it.body(), &inner) });
                }
                let group = self.group(it.entries().collect());
                let names: Box<[Sym]> = group.defs.iter().map(|(sym, _)| *sym).collect();
                let inner = push(ScopeKind::Slots(names), scope);
                let bindings =
                    group.defs.iter().map(|(sym, def)| self.def(def, *sym, &inner, true)).collect();
                Expr::Let { bindings, body: self.optional(it.body(), &inner) }
            }
            ast::Expr::List(it) => Expr::List(it.items().map(|e| self.expr(&e, scope)).collect()),
            ast::Expr::BinOp(it) => return self.binary(it, scope),
            ast::Expr::AttrSet(it) => {
                if let Some(&big) = self.big_at.get(&it.syntax().text_range().start().into()) {
                    self.fill_big(big, it.entries().collect(), scope);
                    return Rc::new(Expr::Big(big));
                }
                let mut group = self.group(it.entries().collect());
                group.recursive = it.rec_token().is_some();
                return self.set(group, scope);
            }
            ast::Expr::UnaryOp(it) => {
                let operand = self.optional(it.expr(), scope);
                match it.operator() {
                    Some(ast::UnaryOpKind::Invert) => Expr::Not(operand),
                    Some(ast::UnaryOpKind::Negate) => Expr::Negate(operand),
                    None => Expr::Invalid("an operator is missing".into()),
                }
            }
            ast::Expr::Ident(it) => self.variable(&name_of(it), scope),
            ast::Expr::With(it) => {
                let set = self.optional(it.namespace(), scope);
                let inner = push(ScopeKind::With, scope);
                Expr::With(set, self.optional(it.body(), &inner))
            }
            ast::Expr::CurPos(_) => self.unknown("a position"),
            ast::Expr::Error(_) => Expr::Invalid("text that does not parse".into()),
        })
    }

    fn binary(&mut self, it: &ast::BinOp, scope: &ScopeRef) -> Rc<Expr> {
        use ast::BinOpKind as K;
        let left = self.optional(it.lhs(), scope);
        let right = self.optional(it.rhs(), scope);
        let op = match it.operator() {
            Some(K::Concat) => Op::Concat,
            Some(K::Update) => Op::Update,
            Some(K::Add) => Op::Add,
            Some(K::Sub) => Op::Sub,
            Some(K::Mul) => Op::Mul,
            Some(K::Div) => Op::Div,
            Some(K::And) => Op::And,
            Some(K::Or) => Op::Or,
            Some(K::Implication) => Op::Implies,
            Some(K::Equal) => Op::Equal,
            Some(K::NotEqual) => Op::NotEqual,
            Some(K::Less) => Op::Less,
            Some(K::LessOrEq) => Op::LessOrEqual,
            Some(K::More) => Op::More,
            Some(K::MoreOrEq) => Op::MoreOrEqual,
            Some(K::PipeRight) => return Rc::new(Expr::Apply(right, left)),
            Some(K::PipeLeft) => return Rc::new(Expr::Apply(left, right)),
            None => return Rc::new(Expr::Invalid("an operator is missing".into())),
        };
        Rc::new(Expr::Bin(op, left, right))
    }

    fn lambda(&mut self, it: &ast::Lambda, scope: &ScopeRef) -> Expr {
        let (param, names) = match it.param() {
            Some(ast::Param::IdentParam(name)) => (
                None,
                vec![self.t.syms.intern(&name.ident().map(|i| name_of(&i)).unwrap_or_default())],
            ),
            Some(ast::Param::Pattern(pattern)) => {
                let bound = pattern.pat_bind().and_then(|b| b.ident());
                let bound = bound.map(|ident| self.t.syms.intern(&name_of(&ident)));
                let mut names: Vec<Sym> = bound.into_iter().collect();
                for entry in pattern.pat_entries() {
                    let name = entry.ident().map(|ident| name_of(&ident));
                    names.push(self.t.syms.intern(&name.unwrap_or_default()));
                }
                (Some((pattern, bound.is_some())), names)
            }
            None => return Expr::Invalid("a function has no parameter".into()),
        };
        let inner = push(ScopeKind::Slots(names.clone().into()), scope);
        let param = match param {
            None => Param::Name,
            Some((pattern, bound)) => {
                let entries = pattern.pat_entries().zip(&names[usize::from(bound)..]);
                let formals = entries
                    .map(|(entry, sym)| Formal {
                        sym: *sym,
                        default: entry.default().map(|e| self.expr(&e, &inner)),
                    })
                    .collect();
                Param::Pattern { bound, formals, open: pattern.ellipsis_token().is_some() }
            }
        };
        Expr::Lambda(Rc::new(LambdaExpr { param, body: self.optional(it.body(), &inner) }))
    }

    fn variable(&mut self, name: &str, scope: &ScopeRef) -> Expr {
        let sym = self.t.syms.intern(name);
        let (mut bigs, mut withs) = (Vec::new(), Vec::new());
        let mut up = 0u16;
        let mut at = scope.as_ref();
        while let Some(frame) = at {
            match &frame.kind {
                ScopeKind::Slots(names) => {
                    if let Some(place) = names.iter().position(|n| *n == sym) {
                        let at = u16::try_from(place).expect("bigger sets are big sets");
                        let slot = Slot { up, at };
                        if bigs.is_empty() {
                            return Expr::Var(slot);
                        }
                        let lookup = Lookup { sym, bigs: bigs.into(), then: Then::Slot(slot) };
                        return Expr::Lookup(Box::new(lookup));
                    }
                }
                ScopeKind::With => withs.push(up),
                ScopeKind::Big => bigs.push(up),
            }
            up += 1;
            at = frame.parent.as_ref();
        }
        if self.t.globals.contains(&sym) {
            if bigs.is_empty() {
                return Expr::Global(sym);
            }
            withs.clear();
        }
        let then = Then::Withs(withs.into());
        Expr::Lookup(Box::new(Lookup { sym, bigs: bigs.into(), then }))
    }

    fn string(&mut self, it: &ast::Str, scope: &ScopeRef) -> Expr {
        let mut parts = Vec::new();
        for part in it.normalized_parts() {
            parts.push(match part {
                InterpolPart::Literal(text) => Part::Text(text.into()),
                InterpolPart::Interpolation(it) => Part::Expr(self.optional(it.expr(), scope)),
            });
        }
        match parts.as_slice() {
            [] => Expr::Const(Value::str("")),
            [Part::Text(text)] => Expr::Const(Value::Str(text.clone())),
            _ => Expr::Interp { parts: parts.into(), path: false },
        }
    }

    fn path(
        &mut self,
        parts: Vec<InterpolPart<ast::PathContent>>,
        base: &str,
        scope: &ScopeRef,
    ) -> Expr {
        let mut out = Vec::new();
        for (i, part) in parts.into_iter().enumerate() {
            out.push(match part {
                InterpolPart::Literal(text) => {
                    let text = text.text();
                    Part::Text(if i == 0 { format!("{base}{text}").into() } else { text.into() })
                }
                InterpolPart::Interpolation(it) => Part::Expr(self.optional(it.expr(), scope)),
            });
        }
        match out.as_slice() {
            [Part::Text(text)] => Expr::Const(Value::Path(normalize_path(text).into())),
            _ => Expr::Interp { parts: out.into(), path: true },
        }
    }

    fn attrpath(&mut self, path: Option<ast::Attrpath>, scope: &ScopeRef) -> Box<[Name]> {
        let attrs = path.into_iter().flat_map(|p| p.attrs().collect::<Vec<_>>());
        attrs
            .map(|attr| match self.static_name(&attr) {
                Some(sym) => Name::Static(sym),
                None => Name::Dynamic(self.name_expr(&attr, scope)),
            })
            .collect()
    }

    pub fn static_name(&mut self, attr: &ast::Attr) -> Option<Sym> {
        match attr {
            ast::Attr::Ident(ident) => Some(self.t.syms.intern(&name_of(ident))),
            ast::Attr::Str(text) => match text.normalized_parts().as_slice() {
                [] => Some(self.t.syms.intern("")),
                [InterpolPart::Literal(text)] => Some(self.t.syms.intern(text)),
                _ => None,
            },
            // `${"name"}` is a name written out, too.
            ast::Attr::Dynamic(dynamic) => match dynamic.expr() {
                Some(ast::Expr::Str(text)) => self.static_name(&ast::Attr::Str(text)),
                _ => None,
            },
        }
    }

    fn name_expr(&mut self, attr: &ast::Attr, scope: &ScopeRef) -> Rc<Expr> {
        match attr {
            ast::Attr::Dynamic(dynamic) => self.optional(dynamic.expr(), scope),
            ast::Attr::Str(text) => Rc::new(self.string(text, scope)),
            ast::Attr::Ident(ident) => Rc::new(Expr::Const(Value::str(name_of(ident)))),
        }
    }

    /// Hashes of the text behind each name of a set.
    pub fn hashes(&mut self, entries: &[ast::Entry]) -> FxHashMap<Sym, u64> {
        let mut hashes: FxHashMap<Sym, u64> = FxHashMap::default();
        let mut note = |sym: Sym, text: &str| {
            let mut hasher = FxHasher::default();
            (hashes.get(&sym), text).hash(&mut hasher);
            hashes.insert(sym, hasher.finish());
        };
        let whole = self.text;
        let text =
            |node: &rnix::SyntaxNode| &whole[std::ops::Range::<usize>::from(node.text_range())];
        for entry in entries {
            match entry {
                ast::Entry::Inherit(inherit) => {
                    let from = inherit.from().and_then(|from| from.expr());
                    for attr in inherit.attrs() {
                        let Some(sym) = self.static_name(&attr) else { continue };
                        note(sym, text(from.as_ref().map_or(attr.syntax(), AstNode::syntax)));
                    }
                }
                ast::Entry::AttrpathValue(binding) => {
                    let first = binding.attrpath().and_then(|path| path.attrs().next());
                    if let Some(sym) = first.and_then(|first| self.static_name(&first)) {
                        note(sym, text(binding.syntax()));
                    }
                }
            }
        }
        hashes
    }

    /// Takes the bindings of a set apart by first name.
    pub fn group(&mut self, entries: Vec<ast::Entry>) -> Group {
        let mut group = Group::default();
        let mut places = FxHashMap::default();
        for entry in entries {
            match entry {
                ast::Entry::Inherit(inherit) => {
                    let from = inherit.from().and_then(|f| f.expr());
                    for attr in inherit.attrs() {
                        let Some(sym) = self.static_name(&attr) else { continue };
                        let def = match &from {
                            Some(from) => Def::InheritFrom(from.clone()),
                            None => Def::Inherit,
                        };
                        places.entry(sym).or_insert(group.defs.len());
                        group.defs.push((sym, def));
                    }
                }
                ast::Entry::AttrpathValue(binding) => {
                    let path: Vec<ast::Attr> =
                        binding.attrpath().map(|p| p.attrs().collect()).unwrap_or_default();
                    let Some(value) = binding.value() else { continue };
                    self.insert(&mut group, &mut places, &path, value);
                }
            }
        }
        group
    }

    fn insert(
        &mut self,
        group: &mut Group,
        places: &mut FxHashMap<Sym, usize>,
        path: &[ast::Attr],
        value: ast::Expr,
    ) {
        let Some((first, rest)) = path.split_first() else { return };
        let Some(sym) = self.static_name(first) else {
            let def = self.nested(rest, value);
            group.dynamic.push((first.clone(), def));
            return;
        };
        let Some(&place) = places.get(&sym) else {
            places.insert(sym, group.defs.len());
            let def = self.nested(rest, value);
            group.defs.push((sym, def));
            return;
        };
        // A second binding of the name: both are sets, and their bindings come together.
        let inner = match &mut group.defs[place].1 {
            Def::Set(inner) => inner,
            Def::Expr(ast::Expr::AttrSet(set)) => {
                let (entries, recursive) = (set.entries().collect(), set.rec_token().is_some());
                let mut inner = self.group(entries);
                inner.recursive = recursive;
                group.defs[place].1 = Def::Set(inner);
                let Def::Set(inner) = &mut group.defs[place].1 else { return };
                inner
            }
            _ => return,
        };
        let mut places = inner.defs.iter().enumerate().map(|(i, (sym, _))| (*sym, i)).collect();
        if rest.is_empty() {
            let ast::Expr::AttrSet(set) = value else { return };
            let more = self.group(set.entries().collect());
            inner.defs.extend(more.defs);
            inner.dynamic.extend(more.dynamic);
        } else {
            self.insert(inner, &mut places, rest, value);
        }
    }

    fn nested(&mut self, path: &[ast::Attr], value: ast::Expr) -> Def {
        if path.is_empty() {
            return Def::Expr(value);
        }
        let mut group = Group::default();
        self.insert(&mut group, &mut FxHashMap::default(), path, value);
        Def::Set(group)
    }

    /// `recursive`: whether `scope` is the set's own frame, so that `inherit x` means the one
    /// outside of it.
    pub fn def(&mut self, def: &Def, sym: Sym, scope: &ScopeRef, recursive: bool) -> Rc<Expr> {
        let value = if let Def::Expr(expr) = def { Some(expr) } else { None };
        if let Some(builtin) = stands_for(&self.path, self.t.syms.name(sym), value) {
            return Rc::new(Expr::Global(self.t.syms.intern(builtin)));
        }
        match def {
            Def::Expr(expr) => self.expr(expr, scope),
            Def::InheritFrom(from) => {
                let base = self.expr(from, scope);
                let path = Box::new([Name::Static(sym)]);
                Rc::new(Expr::Select { base, path, default: None })
            }
            Def::Inherit => {
                let name = self.t.syms.name(sym).clone();
                let outer = match scope {
                    Some(frame) if recursive => &frame.parent,
                    other => other,
                };
                let mut variable = self.variable(&name, outer);
                if recursive {
                    deepen(&mut variable);
                }
                Rc::new(variable)
            }
            Def::Set(group) => {
                let group = Group {
                    recursive: group.recursive,
                    defs: group.defs.iter().map(|(sym, def)| (*sym, def.share())).collect(),
                    dynamic: group.dynamic.iter().map(|(a, d)| (a.clone(), d.share())).collect(),
                };
                self.set(group, scope)
            }
        }
    }

    fn set(&mut self, group: Group, scope: &ScopeRef) -> Rc<Expr> {
        let recursive = group.recursive;
        let inner = if recursive {
            push(ScopeKind::Slots(group.defs.iter().map(|(sym, _)| *sym).collect()), scope)
        } else {
            scope.clone()
        };
        let bindings = group
            .defs
            .iter()
            .map(|(sym, def)| (*sym, self.def(def, *sym, &inner, recursive)))
            .collect();
        let dynamic = group
            .dynamic
            .iter()
            .map(|(attr, def)| {
                let name = self.name_expr(attr, &inner);
                (name, self.def(def, Sym::ANY, &inner, recursive))
            })
            .collect();
        Rc::new(Expr::Attrs(Box::new(AttrsExpr { file: self.file, recursive, bindings, dynamic })))
    }

    fn fill_big(&mut self, big: BigId, entries: Vec<ast::Entry>, scope: &ScopeRef) -> ScopeRef {
        let hashes = self.hashes(&entries);
        let group = self.group(entries);
        let recursive = self.t.bigs[big.0 as usize].recursive;
        let inner = if recursive { push(ScopeKind::Big, scope) } else { scope.clone() };
        for (sym, def) in &group.defs {
            let expr = self.def(def, *sym, &inner, recursive);
            let binding = BigBinding { expr, hash: hashes[sym] };
            self.t.bigs[big.0 as usize].bindings.insert(*sym, binding);
        }
        self.t.bigs[big.0 as usize].scope = inner.clone();
        inner
    }

    fn unknown(&mut self, reason: &str) -> Expr {
        let function = Rc::new(Expr::Global(self.t.syms.intern("__unknown")));
        let reason = format!("{reason} in {}", self.path);
        Expr::Apply(function, Rc::new(Expr::Const(Value::str(reason))))
    }
}

impl Def {
    fn share(&self) -> Self {
        match self {
            Self::Expr(expr) => Self::Expr(expr.clone()),
            Self::Inherit => Self::Inherit,
            Self::InheritFrom(expr) => Self::InheritFrom(expr.clone()),
            Self::Set(group) => Self::Set(Group {
                recursive: group.recursive,
                defs: group.defs.iter().map(|(sym, def)| (*sym, def.share())).collect(),
                dynamic: group.dynamic.iter().map(|(a, d)| (a.clone(), d.share())).collect(),
            }),
        }
    }
}

/// A name as it is written.
fn name_of(ident: &ast::Ident) -> String {
    ident.syntax().first_token().map(|token| token.text().to_owned()).unwrap_or_default()
}

fn push(kind: ScopeKind, parent: &ScopeRef) -> ScopeRef {
    Some(Rc::new(Scope { kind, parent: parent.clone() }))
}

/// Makes an expression of the parent scope one of the scope below it.
fn deepen(expr: &mut Expr) {
    match expr {
        Expr::Var(slot) => slot.up += 1,
        Expr::Lookup(lookup) => {
            lookup.bigs.iter_mut().for_each(|up| *up += 1);
            match &mut lookup.then {
                Then::Slot(slot) => slot.up += 1,
                Then::Withs(withs) => withs.iter_mut().for_each(|up| *up += 1),
            }
        }
        _ => {}
    }
}

fn literal(it: &ast::Literal) -> Expr {
    match it.kind() {
        ast::LiteralKind::Integer(token) => match token.syntax().text().parse() {
            Ok(int) => Expr::Const(Value::Int(int)),
            Err(_) => Expr::Invalid("an integer of more than 64 bits".into()),
        },
        ast::LiteralKind::Float(token) => match token.syntax().text().parse() {
            Ok(float) => Expr::Const(Value::Float(float)),
            Err(_) => Expr::Invalid("a number that cannot be read".into()),
        },
        ast::LiteralKind::Uri(token) => Expr::Const(Value::str(token.syntax().text())),
    }
}

/// An absolute path without `.`, `..` and doubled slashes.
pub fn normalize_path(path: &str) -> String {
    let mut out: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                out.pop();
            }
            part => out.push(part),
        }
    }
    format!("/{}", out.join("/"))
}
