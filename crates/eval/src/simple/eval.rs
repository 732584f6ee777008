//! What an expression is, as far as it is certain.

use std::rc::Rc;

use rnix::ast::{self, BinOpKind, UnaryOpKind};
use rowan::ast::AstNode;

use super::{
    machine::{Machine, Read},
    value::{
        Binding, Bindings, Closure, Env, Fill, Member, Method, Scope, SetLiteral, Value, attr_name,
        ident,
    },
};

/// The platform that the index is about.
pub const SYSTEM: &str = "x86_64-linux";

/// Names that nothing but the language itself gives, whatever a `with` says.
const LANGUAGE: [&str; 10] = [
    "abort",
    "baseNameOf",
    "builtins",
    "derivation",
    "dirOf",
    "import",
    "isNull",
    "removeAttrs",
    "throw",
    "toString",
];

impl Machine<'_> {
    /// The value of an expression.
    pub fn eval(&self, expr: &ast::Expr, env: &Env) -> Value {
        self.deeper(|| self.eval_here(expr, env).unwrap_or(Value::Unknown("a piece is missing")))
    }

    /// `None` only where the syntax tree lacks a piece, which it does not after a clean parse.
    fn eval_here(&self, expr: &ast::Expr, env: &Env) -> Option<Value> {
        Some(match expr {
            ast::Expr::Paren(inner) => self.eval(&inner.expr()?, env),
            ast::Expr::Root(inner) => self.eval(&inner.expr()?, env),
            ast::Expr::Ident(name) => self.lookup(&ident(name), env),
            ast::Expr::Str(text) => self.text(text, env),
            ast::Expr::Literal(literal) => literal_value(literal),
            ast::Expr::PathRel(path) => relative_path(&path.syntax().text().to_string(), env),
            ast::Expr::List(list) => {
                Value::List(Rc::new(list.items().map(|item| (item, env.clone())).collect()))
            }
            ast::Expr::AttrSet(set) => Value::Set(Rc::new(SetLiteral {
                bindings: self.bindings(set),
                recursive: set.rec_token().is_some(),
                env: env.clone(),
            })),
            ast::Expr::Lambda(lambda) => Value::Lambda(Rc::new(Closure {
                lambda: lambda.clone(),
                env: env.clone(),
                fill: Fill::Nothing,
            })),
            ast::Expr::LetIn(bindings) => {
                let inner = inner_scope(self.bindings(bindings), env);
                self.eval(&bindings.body()?, &inner)
            }
            ast::Expr::LegacyLet(bindings) => {
                let inner = inner_scope(self.bindings(bindings), env);
                self.lookup(&"body".into(), &inner)
            }
            ast::Expr::With(with) => {
                let subject = with.namespace()?;
                let inner = Rc::new(Scope::With { subject, up: env.clone() });
                self.eval(&with.body()?, &inner)
            }
            ast::Expr::Assert(assert) => match self.truth(&assert.condition()?, env) {
                Some(false) => Value::Throws,
                _ => self.eval(&assert.body()?, env),
            },
            ast::Expr::IfElse(choice) => match self.truth(&choice.condition()?, env) {
                Some(true) => self.eval(&choice.body()?, env),
                Some(false) => self.eval(&choice.else_body()?, env),
                None => Value::Unknown("it depends on a condition"),
            },
            ast::Expr::Apply(call) => {
                let function = self.eval(&call.lambda()?, env);
                let argument = self.eval(&call.argument()?, env);
                self.apply(function, argument)
            }
            ast::Expr::Select(select) => self.select_path(select, env)?,
            ast::Expr::BinOp(op) => self.binary(op, env)?,
            ast::Expr::UnaryOp(op) => match op.operator()? {
                UnaryOpKind::Invert => self
                    .truth(&op.expr()?, env)
                    .map_or(Value::Unknown("it depends on a condition"), |b| Value::Bool(!b)),
                UnaryOpKind::Negate => Value::Unknown("it is computed"),
            },
            ast::Expr::HasAttr(has) => self.has_attr(has, env)?,
            _ => Value::Unknown("it is an expression that is not followed"),
        })
    }

    /// What a name stands for.
    pub fn lookup(&self, name: &Rc<str>, env: &Env) -> Value {
        let mut withs = Vec::new();
        let mut scope = env;
        loop {
            match &**scope {
                Scope::Bindings { bindings, up } => {
                    if let Some(binding) = bindings.members.get(name) {
                        return self.bound_value(binding, name, scope, up);
                    }
                    if bindings.computed {
                        return Value::Unknown("a name is computed");
                    }
                }
                Scope::Parameter { name: bound, value, .. } if bound == name => {
                    return value.clone();
                }
                Scope::Formals { formals, argument, fill, .. } => {
                    if let Some(default) = formals.names.get(name) {
                        return self.formal(name, default.as_ref(), argument, *fill, scope);
                    }
                    if formals.whole.as_ref() == Some(name) {
                        return match fill {
                            Fill::Nothing => argument.clone(),
                            _ => Value::Updated(Rc::new((
                                Value::Unknown("arguments are filled in"),
                                argument.clone(),
                            ))),
                        };
                    }
                }
                Scope::With { subject, up } => withs.push((subject, up)),
                Scope::Collection(_) | Scope::File(_) | Scope::Parameter { .. } => {}
            }
            match scope.up() {
                Some(up) => scope = up,
                None => break,
            }
        }
        if let Scope::Collection(i) = &**scope
            && let Some(value) = self.frame_name(*i, name)
        {
            return value;
        }
        match &**name {
            "true" => return Value::Bool(true),
            "false" => return Value::Bool(false),
            "null" => return Value::Null,
            language if LANGUAGE.contains(&language) => return Value::Named(name.clone()),
            _ => {}
        }
        for (subject, env) in withs {
            match self.member(&self.eval(subject, env), name) {
                Member::Found(value) => return value,
                Member::Absent => {}
                Member::Unknown(_) => return Value::Named(name.clone()),
            }
        }
        match &**scope {
            // The package set is in reach of a collection file, by `with pkgs` or in other ways.
            Scope::Collection(_) => self.attribute(name),
            _ => None,
        }
        .unwrap_or_else(|| Value::Named(name.clone()))
    }

    /// What the text around a collection's bindings makes of a name; `None` if nothing.
    fn frame_name(&self, collection: usize, name: &Rc<str>) -> Option<Value> {
        let collection = &self.world.collections[collection];
        self.note(Read::Presence(name.clone()));
        if collection.frame().recursive && collection.has(name) {
            return self.attribute(name);
        }
        if !collection.frame().bound.contains(name) {
            return None;
        }
        Some(match &**name {
            "pkgs" | "self" | "res" | "final" => Value::AllPackages,
            _ => Value::Named(name.clone()),
        })
    }

    fn formal(
        &self,
        name: &Rc<str>,
        default: Option<&ast::Expr>,
        argument: &Value,
        fill: Fill,
        scope: &Env,
    ) -> Value {
        match self.member(argument, name) {
            Member::Found(value) => return value,
            Member::Unknown(_) => return Value::Named(name.clone()),
            Member::Absent => {}
        }
        let filled = if fill == Fill::Nothing { None } else { self.attribute(name) };
        match (filled, default) {
            (Some(value), _) if fill == Fill::Packages => value,
            (Some(_), _) | (None, None) => Value::Named(name.clone()),
            (None, Some(default)) => self.eval(default, scope),
        }
    }

    /// The value of a binding; `inner` are the names in reach of it, `outer` those around its set.
    pub fn bound_value(
        &self,
        binding: &Binding,
        name: &Rc<str>,
        inner: &Env,
        outer: &Env,
    ) -> Value {
        match binding {
            Binding::Expr(expr) => self.eval(expr, inner),
            Binding::Nested(bindings) => Value::Set(Rc::new(SetLiteral {
                bindings: bindings.clone(),
                recursive: false,
                env: inner.clone(),
            })),
            Binding::Inherit => match &**outer {
                Scope::Collection(i) => self.inherited_from_frame(*i, name),
                _ => self.deeper(|| self.lookup(name, outer)),
            },
            Binding::InheritFrom(expr) => {
                let from = self.eval(expr, inner);
                self.select(from, name)
            }
            Binding::Twice => Value::Unknown("it is bound in several places"),
        }
    }

    /// `inherit name;` among a collection's bindings means what the name is outside of the set.
    fn inherited_from_frame(&self, collection: usize, name: &Rc<str>) -> Value {
        self.note(Read::Presence(name.clone()));
        let bound = self.world.collections[collection].frame().bound.contains(name);
        if bound && &**name == "pkgs" { Value::AllPackages } else { Value::Named(name.clone()) }
    }

    /// `value.name`; what cannot be followed is known by name.
    pub fn select(&self, value: Value, name: &Rc<str>) -> Value {
        match &**name {
            "override" => return Value::Method(Method::Override, Rc::new(value)),
            "overrideAttrs" | "overrideDerivation" | "overridePythonAttrs" => {
                return Value::Method(Method::OverrideAttrs, Rc::new(value));
            }
            _ => {}
        }
        if let Value::Named(of) | Value::Attr(of) = &value
            && let Some(known) = platform_fact(of, name)
        {
            return known;
        }
        match self.member(&value, name) {
            Member::Found(value) => value,
            Member::Absent => Value::Unknown("a set has no such member"),
            Member::Unknown(_) => Value::Named(name.clone()),
        }
    }

    fn select_path(&self, select: &ast::Select, env: &Env) -> Option<Value> {
        let base = self.eval(&select.expr()?, env);
        // The truth is taken without a configuration of the user's.
        let unset = matches!(&base, Value::Named(name) if &**name == "config");
        let default = select.default_expr();
        if let (true, Some(default)) = (unset, &default) {
            return Some(self.eval(default, env));
        }
        let mut value = base;
        for attr in select.attrpath()?.attrs() {
            let Some(name) = attr_name(&attr) else {
                return Some(Value::Unknown("a name is computed"));
            };
            if let Some(default) = &default {
                match self.member(&value, &name) {
                    Member::Found(found) => value = found,
                    Member::Absent => return Some(self.eval(default, env)),
                    Member::Unknown(why) => return Some(Value::Unknown(why)),
                }
            } else {
                value = self.select(value, &name);
            }
        }
        Some(value)
    }

    /// What a set says about a member.
    pub fn member(&self, value: &Value, name: &Rc<str>) -> Member {
        match value {
            Value::Set(set) => {
                let Some(binding) = set.bindings.members.get(name) else {
                    return match set.bindings.computed {
                        true => Member::Unknown("a name is computed"),
                        false => Member::Absent,
                    };
                };
                let inner = match set.recursive {
                    true => inner_scope(set.bindings.clone(), &set.env),
                    false => set.env.clone(),
                };
                Member::Found(self.bound_value(binding, name, &inner, &set.env))
            }
            Value::Updated(sides) => match self.member(&sides.1, name) {
                Member::Absent => self.member(&sides.0, name),
                found => found,
            },
            Value::Without(set) => match set.1.contains(name) {
                true => Member::Absent,
                false => self.member(&set.0, name),
            },
            Value::Fixed(closure) => {
                let set = self.apply_closure(closure, value.clone());
                self.member(&set, name)
            }
            Value::Package(package) => self.package_member(package, name),
            Value::AllPackages => match self.attribute(name) {
                Some(value) => Member::Found(value),
                None => Member::Unknown("the package set is not known whole"),
            },
            Value::Attr(of) if !is_toolbox(of) => match self.settle(value.clone()) {
                set @ (Value::Set(_)
                | Value::Updated(_)
                | Value::Without(_)
                | Value::Package(_)) => self.member(&set, name),
                _ => Member::Unknown("a set is not known"),
            },
            Value::Unknown(why) => Member::Unknown(why),
            _ => Member::Unknown("a set is not known"),
        }
    }

    fn text(&self, text: &ast::Str, env: &Env) -> Value {
        let mut out = String::new();
        for part in text.normalized_parts() {
            match part {
                ast::InterpolPart::Literal(literal) => out.push_str(&literal),
                ast::InterpolPart::Interpolation(inner) => {
                    let Some(inner) = inner.expr() else {
                        return Value::Unknown("a piece is missing");
                    };
                    match plain(self.eval(&inner, env)) {
                        Value::Str(text) => out.push_str(&text),
                        Value::Throws => return Value::Throws,
                        Value::Unknown(why) => return Value::Unknown(why),
                        _ => return Value::Unknown("a text has a part that is not known"),
                    }
                }
            }
        }
        Value::Str(out.into())
    }

    fn binary(&self, op: &ast::BinOp, env: &Env) -> Option<Value> {
        let (left, right) = (op.lhs()?, op.rhs()?);
        let truth =
            |b: Option<bool>| b.map_or(Value::Unknown("it depends on a condition"), Value::Bool);
        Some(match op.operator()? {
            BinOpKind::Update => {
                Value::Updated(Rc::new((self.eval(&left, env), self.eval(&right, env))))
            }
            BinOpKind::Add => match (plain(self.eval(&left, env)), plain(self.eval(&right, env))) {
                (Value::Str(a), Value::Str(b)) => Value::Str(format!("{a}{b}").into()),
                (Value::Path(a), Value::Str(b)) => Value::Path(normal_path(&format!("{a}{b}"))),
                (Value::Int(a), Value::Int(b)) => {
                    a.checked_add(b).map_or(Value::Unknown("it is computed"), Value::Int)
                }
                _ => Value::Unknown("it is computed"),
            },
            BinOpKind::Concat => match (self.eval(&left, env), self.eval(&right, env)) {
                (Value::List(a), Value::List(b)) => {
                    Value::List(Rc::new(a.iter().chain(b.iter()).cloned().collect()))
                }
                _ => Value::Unknown("it is computed"),
            },
            BinOpKind::And => truth(match (self.truth(&left, env), self.truth(&right, env)) {
                (Some(false), _) | (_, Some(false)) => Some(false),
                (Some(true), Some(true)) => Some(true),
                _ => None,
            }),
            BinOpKind::Or => truth(match (self.truth(&left, env), self.truth(&right, env)) {
                (Some(true), _) | (_, Some(true)) => Some(true),
                (Some(false), Some(false)) => Some(false),
                _ => None,
            }),
            BinOpKind::Implication => {
                truth(match (self.truth(&left, env), self.truth(&right, env)) {
                    (Some(false), _) | (_, Some(true)) => Some(true),
                    (Some(true), Some(false)) => Some(false),
                    _ => None,
                })
            }
            BinOpKind::Equal => truth(equal(self.eval(&left, env), self.eval(&right, env))),
            BinOpKind::NotEqual => {
                truth(equal(self.eval(&left, env), self.eval(&right, env)).map(|b| !b))
            }
            _ => Value::Unknown("it is computed"),
        })
    }

    fn has_attr(&self, has: &ast::HasAttr, env: &Env) -> Option<Value> {
        let mut value = self.eval(&has.expr()?, env);
        for attr in has.attrpath()?.attrs() {
            let Some(name) = attr_name(&attr) else {
                return Some(Value::Unknown("a name is computed"));
            };
            match self.member(&value, &name) {
                Member::Found(found) => value = found,
                Member::Absent => return Some(Value::Bool(false)),
                Member::Unknown(why) => return Some(Value::Unknown(why)),
            }
        }
        Some(Value::Bool(true))
    }

    /// Whether a condition holds; `None` if that is not known.
    fn truth(&self, expr: &ast::Expr, env: &Env) -> Option<bool> {
        match self.eval(expr, env) {
            Value::Bool(b) => Some(b),
            _ => None,
        }
    }
}

/// Sets that are too big or too magic to look into.
fn is_toolbox(name: &str) -> bool {
    matches!(name, "stdenv" | "lib" | "config" | "stdenvNoCC" | "hostPlatform" | "buildPlatform")
}

/// What is known of the platform that the index is about.
fn platform_fact(of: &str, name: &str) -> Option<Value> {
    let of_platform = matches!(
        of,
        "stdenv" | "stdenvNoCC" | "hostPlatform" | "buildPlatform" | "targetPlatform" | "platform"
    );
    if !of_platform {
        return None;
    }
    Some(match name {
        "isLinux" | "is64bit" | "isx86_64" | "isx86" | "isGlibc" | "isUnix" | "isLittleEndian" => {
            Value::Bool(true)
        }
        "isDarwin" | "isMacOS" | "isCygwin" | "isSunOS" | "isFreeBSD" | "isOpenBSD"
        | "isNetBSD" | "isBSD" | "isHurd" | "isGNU" | "isArm" | "isAarch32" | "isAarch64"
        | "isi686" | "isMips" | "isMips64" | "is32bit" | "isMusl" | "isWindows" | "isMinGW"
        | "isPower" | "isPower64" | "isRiscV" | "isStatic" | "isBigEndian" | "isAndroid"
        | "isiOS" | "useiOSPrebuilt" => Value::Bool(false),
        "system" => Value::Str(SYSTEM.into()),
        _ => return None,
    })
}

/// A value with the few names replaced whose text is known.
pub fn plain(value: Value) -> Value {
    match value {
        Value::Named(name) | Value::Attr(name) if &*name == "system" => Value::Str(SYSTEM.into()),
        value => value,
    }
}

fn equal(a: Value, b: Value) -> Option<bool> {
    Some(match (plain(a), plain(b)) {
        (Value::Str(a), Value::Str(b)) => a == b,
        (Value::Int(a), Value::Int(b)) => a == b,
        (Value::Bool(a), Value::Bool(b)) => a == b,
        (Value::Null, Value::Null) => true,
        (Value::Null, other) | (other, Value::Null) => match other {
            Value::Str(_)
            | Value::Int(_)
            | Value::Bool(_)
            | Value::Path(_)
            | Value::List(_)
            | Value::Set(_)
            | Value::Updated(_)
            | Value::Lambda(_)
            | Value::Package(_) => false,
            _ => return None,
        },
        _ => return None,
    })
}

fn literal_value(literal: &ast::Literal) -> Value {
    match literal.kind() {
        ast::LiteralKind::Integer(number) => {
            number.value().map_or(Value::Unknown("a number is too big"), Value::Int)
        }
        ast::LiteralKind::Uri(address) => Value::Str(ast::AstToken::syntax(&address).text().into()),
        ast::LiteralKind::Float(_) => Value::Unknown("it is computed"),
    }
}

fn inner_scope(bindings: Rc<Bindings>, env: &Env) -> Env {
    Rc::new(Scope::Bindings { bindings, up: env.clone() })
}

/// A path that is written in a file, from the root of the source.
fn relative_path(text: &str, env: &Env) -> Value {
    if text.contains("${") {
        return Value::Unknown("a path is computed");
    }
    let mut scope = env;
    while let Some(up) = scope.up() {
        scope = up;
    }
    let file: &str = match &**scope {
        Scope::File(file) => file,
        // All collection files are in one folder below `pkgs`.
        Scope::Collection(_) => "pkgs/top-level/all-packages.nix",
        _ => return Value::Unknown("a path is computed"),
    };
    let folder = file.rsplit_once('/').map_or("", |(folder, _)| folder);
    Value::Path(normal_path(&format!("{folder}/{text}")))
}

/// A path without `.` and `..`.
fn normal_path(path: &str) -> Rc<str> {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/").into()
}
