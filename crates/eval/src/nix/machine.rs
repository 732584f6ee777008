//! Evaluation: lazy, with limits, and with a record of what was looked at.

use std::rc::Rc;

use super::{
    bigs::BigBinding,
    heap::{Cell, Inst, NodeId},
    ir::{AttrsExpr, Expr, Name, Op, Param, Part, Then},
    lower::normalize_path,
    pick::{Picked, Seek},
    prims,
    sets::{merge, plain},
    state::{MAX_FUEL, MAX_STEPS, State},
    value::{Attrs, Closure, EnvId, Fail, InstId, Kind, PrimApp, R, Sym, ThunkId, Value, error},
};
use crate::source::Source;

/// How deep evaluation may nest.
const MAX_DEPTH: u32 = 12_000;

/// How many names one after the other are followed to a place. There may be a circle.
const MOST_NAMES: usize = 8;

/// Stack that evaluation may need, in bytes. Where there is less, it makes a stack of its own.
pub const STACK_BYTES: usize = 1 << 29;

/// Evaluation at one revision.
pub struct Machine<'s> {
    pub s: &'s mut State,
    pub source: &'s dyn Source,
}

impl Machine<'_> {
    pub fn force(&mut self, id: ThunkId) -> R<Value> {
        let thunk = self.s.heap.thunk(id);
        let owner = thunk.owner;
        match &thunk.cell {
            Cell::Value(value) => {
                let value = value.clone();
                self.s.heap.depend(owner);
                return Ok(value);
            }
            Cell::Fail(fail) => {
                let fail = fail.clone();
                self.s.heap.depend(owner);
                return Err(fail);
            }
            Cell::Busy => {
                // What it comes to may break the circle.
                self.s.heap.depend(owner);
                return Err(Rc::new(Fail::Cycle));
            }
            _ => {}
        }
        let cell = std::mem::replace(&mut thunk.cell, Cell::Busy);
        let owner = self.s.heap.late(id, owner, &cell);
        self.s.heap.depend(owner);
        let before = self.s.heap.current.replace(owner);
        let result = if before == Some(owner) {
            self.compute(&cell)
        } else {
            let given = MAX_FUEL.min(self.s.steps);
            let fuel = std::mem::replace(&mut self.s.fuel, given);
            let result = self.compute(&cell);
            self.s.steps = self.s.steps.saturating_sub(given - self.s.fuel);
            self.s.fuel = fuel.min(self.s.steps);
            // What a function has with it is looked at by its callers, and many may call it.
            if let Ok(Value::Lambda(_) | Value::Prim(_)) = result {
                self.s.heap.nodes[owner.0].wide = true;
            }
            result
        };
        self.s.heap.current = before;
        self.s.heap.thunk(id).cell = match &result {
            Ok(value) => Cell::Value(value.clone()),
            Err(fail) if **fail == Fail::Limit => cell,
            Err(fail) => Cell::Fail(fail.clone()),
        };
        result
    }

    fn compute(&mut self, cell: &Cell) -> R<Value> {
        match cell {
            Cell::Expr(expr, env) => self.eval(expr, *env),
            Cell::Apply(f, a) => {
                let f = self.force(*f)?;
                self.call(&f, *a)
            }
            Cell::Apply2(f, a, b) => {
                let f = self.force(*f)?;
                let f = self.call(&f, *a)?;
                self.call(&f, *b)
            }
            Cell::Binding(inst, sym) => {
                let Inst { big, env, .. } = self.s.heap.insts[inst.0 as usize];
                match self.s.bigs[big.0 as usize].bindings.get(sym) {
                    Some(binding) => {
                        let expr = binding.expr.clone();
                        self.eval(&expr, env)
                    }
                    None => error("the binding is gone"),
                }
            }
            Cell::Import(path) => match self.default_of(path)? {
                Some(file) => {
                    let place = self.import_place(&file);
                    self.force(place)
                }
                None => {
                    let expr = self.load(path)?;
                    self.eval(&expr, EnvId(0))
                }
            },
            Cell::Same(place) => self.force(*place),
            Cell::Busy | Cell::Value(_) | Cell::Fail(_) => {
                unreachable!("force takes only what is not computed yet")
            }
        }
    }

    /// The place of an expression's value, without computing it.
    pub fn delay(&mut self, expr: &Rc<Expr>, env: EnvId) -> ThunkId {
        match &**expr {
            Expr::Var(slot) => self.s.heap.slot(env, slot.up, slot.at),
            Expr::Const(value) => {
                let value = value.clone();
                self.s.heap.value(value)
            }
            Expr::Global(sym) => self.s.globals[sym],
            Expr::Import { .. } | Expr::Lookup(_) => match self.file_named(expr, env) {
                // Who looks into it then looks into what all see, and not into a copy.
                Ok(Some(place)) => place,
                _ => self.s.heap.alloc(Cell::Expr(expr.clone(), env)),
            },
            Expr::Lambda(lambda) => {
                let closure = Closure { lambda: lambda.clone(), env };
                self.s.heap.value(Value::Lambda(Rc::new(closure)))
            }
            _ => self.s.heap.alloc(Cell::Expr(expr.clone(), env)),
        }
    }

    /// The place of a file's value, if an expression is nothing but a name of it: the call of
    /// `import`, or a variable that the innermost big set binds to one.
    pub fn file_named(&mut self, expr: &Expr, env: EnvId) -> R<Option<ThunkId>> {
        match expr {
            Expr::Import { path, call } => {
                if let Expr::Apply(function, _) = &**call
                    && let Expr::Lookup(lookup) = &**function
                {
                    for up in &lookup.bigs {
                        let inst = self.inst_at(env, *up);
                        if self.has_big(inst, lookup.sym)? {
                            return Ok(None);
                        }
                    }
                }
                Ok(Some(self.import_place(path)))
            }
            Expr::Lookup(lookup) => {
                let Some(up) = lookup.bigs.first() else { return Ok(None) };
                let inst = self.inst_at(env, *up);
                let Inst { big, overrides, .. } = self.s.heap.insts[inst.0 as usize];
                let binding = self.s.bigs[big.0 as usize].bindings.get(&lookup.sym);
                match binding.is_some_and(BigBinding::is_file) && overrides.is_none() {
                    true => self.get_big(inst, lookup.sym),
                    false => Ok(None),
                }
            }
            _ => Ok(None),
        }
    }

    /// The big set whose frame is so many frames up.
    fn inst_at(&self, env: EnvId, up: u16) -> InstId {
        let frame = self.s.heap.up(env, up);
        let inst = self.s.heap.envs[frame.0 as usize].inst;
        inst.expect("the frame of a big set has its instance")
    }

    pub fn apply(&mut self, f: ThunkId, arg: ThunkId) -> ThunkId {
        self.s.heap.alloc(Cell::Apply(f, arg))
    }

    /// Makes a question of the outside: what is forced by `ask` is recorded under it.
    pub fn ask<T>(&mut self, node: NodeId, ask: impl FnOnce(&mut Self) -> T) -> T {
        self.s.fuel = MAX_FUEL;
        self.s.steps = MAX_STEPS;
        self.s.depth = 0;
        let before = self.s.heap.current.replace(node);
        let answer = ask(self);
        self.s.heap.current = before;
        answer
    }

    // ---- expressions ----------------------------------------------------------------------

    pub fn eval(&mut self, expr: &Rc<Expr>, env: EnvId) -> R<Value> {
        if self.s.fuel == 0 {
            let whole = self.s.steps <= MAX_FUEL;
            return Err(Rc::new(if whole { Fail::Limit } else { Fail::Fuel }));
        }
        if self.s.depth >= MAX_DEPTH {
            return Err(Rc::new(Fail::Limit));
        }
        self.s.depth += 1;
        let result = self.eval_tail(expr.clone(), env);
        self.s.depth -= 1;
        result
    }

    fn eval_tail(&mut self, mut expr: Rc<Expr>, mut env: EnvId) -> R<Value> {
        loop {
            self.s.fuel = self.s.fuel.saturating_sub(1);
            let next = match &*expr {
                Expr::Const(value) => return Ok(value.clone()),
                Expr::Var(slot) => {
                    let thunk = self.s.heap.slot(env, slot.up, slot.at);
                    return self.force(thunk);
                }
                Expr::Global(sym) => {
                    let thunk = self.s.globals[sym];
                    return self.force(thunk);
                }
                Expr::Lookup(_) => {
                    let thunk = self.lookup(&expr, env)?;
                    return self.force(thunk);
                }
                Expr::Import { call, .. } => call.clone(),
                Expr::Interp { parts, path } => return self.interpolate(parts, *path, env),
                Expr::List(items) => {
                    let items: Vec<ThunkId> = items.iter().map(|e| self.delay(e, env)).collect();
                    return Ok(Value::List(items.into()));
                }
                Expr::Attrs(attrs) => return self.eval_attrs(attrs, env),
                Expr::Big(big) => {
                    let (inst, _) = self.instance(*big, env);
                    return Ok(Value::Attrs(Rc::new(Attrs::Big(inst))));
                }
                Expr::BigLet { big, body } => {
                    let (_, inner) = self.instance(*big, env);
                    env = inner;
                    body.clone()
                }
                Expr::Let { bindings, body } => {
                    let inner = self.s.heap.frame(env, bindings.len());
                    for (at, binding) in bindings.iter().enumerate() {
                        let thunk = self.delay_in_frame(binding, inner);
                        self.s.heap.set_slot(inner, at, thunk);
                    }
                    env = inner;
                    body.clone()
                }
                Expr::Select { base, path, default } => {
                    match self.select(base, path, env, default.is_some())? {
                        Ok(found) => return self.value_of(found),
                        Err(missing) => match default {
                            Some(default) => default.clone(),
                            None => {
                                let name = self.s.syms.name(missing).clone();
                                return error(format!("attribute '{name}' is missing"));
                            }
                        },
                    }
                }
                Expr::Has { base, path } => {
                    let found = self.walk(base, path, env)?;
                    return Ok(Value::Bool(found.is_some()));
                }
                Expr::Lambda(lambda) => {
                    let closure = Closure { lambda: lambda.clone(), env };
                    return Ok(Value::Lambda(Rc::new(closure)));
                }
                Expr::Apply(function, argument) => {
                    let f = self.eval(function, env)?;
                    let arg = self.delay(argument, env);
                    match &f {
                        Value::Lambda(closure) => {
                            env = self.bind(closure, arg)?;
                            closure.lambda.body.clone()
                        }
                        _ => return self.call(&f, arg),
                    }
                }
                Expr::With(set, body) => {
                    let set = self.delay(set, env);
                    env = self.s.heap.frame(env, 1);
                    self.s.heap.set_slot(env, 0, set);
                    body.clone()
                }
                Expr::If(condition, then, otherwise) => {
                    if self.eval_bool(condition, env)? {
                        then.clone()
                    } else {
                        otherwise.clone()
                    }
                }
                Expr::Assert(condition, body) => {
                    if !self.eval_bool(condition, env)? {
                        return Err(Rc::new(Fail::Assert));
                    }
                    body.clone()
                }
                Expr::Not(operand) => return Ok(Value::Bool(!self.eval_bool(operand, env)?)),
                Expr::Negate(operand) => {
                    return match self.eval(operand, env)? {
                        Value::Int(i) => Ok(Value::Int(i.wrapping_neg())),
                        Value::Float(f) => Ok(Value::Float(-f)),
                        other => error(format!("a {} cannot be negated", other.type_name())),
                    };
                }
                Expr::Bin(op, left, right) => return self.binary(*op, left, right, env),
                Expr::Invalid(why) => return error(why.clone()),
            };
            expr = next;
        }
    }

    /// Like [`Machine::delay`], for a frame that is still being filled: a variable of the same
    /// frame may not have its place yet.
    fn delay_in_frame(&mut self, expr: &Rc<Expr>, env: EnvId) -> ThunkId {
        match &**expr {
            Expr::Var(slot) if slot.up == 0 => self.s.heap.alloc(Cell::Expr(expr.clone(), env)),
            _ => self.delay(expr, env),
        }
    }

    fn eval_bool(&mut self, expr: &Rc<Expr>, env: EnvId) -> R<bool> {
        match self.eval(expr, env)? {
            Value::Bool(b) => Ok(b),
            other => error(format!("a {} where a Boolean should be", other.type_name())),
        }
    }

    fn lookup(&mut self, expr: &Expr, env: EnvId) -> R<ThunkId> {
        let Expr::Lookup(lookup) = expr else { unreachable!("called for look-ups only") };
        for up in &lookup.bigs {
            let inst = self.inst_at(env, *up);
            if let Some(thunk) = self.get_big(inst, lookup.sym)? {
                return Ok(thunk);
            }
        }
        match &lookup.then {
            Then::Slot(slot) => Ok(self.s.heap.slot(env, slot.up, slot.at)),
            Then::Withs(withs) => {
                if let Some(&thunk) = self.s.globals.get(&lookup.sym) {
                    return Ok(thunk);
                }
                for up in withs {
                    let set = self.s.heap.slot(env, *up, 0);
                    if let Some(thunk) = self.get_in(set, lookup.sym)? {
                        return Ok(thunk);
                    }
                }
                error(format!("undefined variable '{}'", self.s.syms.name(lookup.sym)))
            }
        }
    }

    fn interpolate(&mut self, parts: &[Part], path: bool, env: EnvId) -> R<Value> {
        let mut out = String::new();
        for part in parts {
            match part {
                Part::Text(text) => out.push_str(text),
                Part::Expr(expr) => {
                    let value = self.eval(expr, env)?;
                    match &value {
                        Value::Str(text) => out.push_str(text),
                        Value::Path(text) if path => out.push_str(text),
                        _ => out.push_str(&self.coerce(&value, false)?),
                    }
                }
            }
        }
        if path {
            return Ok(Value::Path(normalize_path(&out).into()));
        }
        Ok(Value::str(out))
    }

    fn eval_attrs(&mut self, attrs: &AttrsExpr, env: EnvId) -> R<Value> {
        let inner =
            if attrs.recursive { self.s.heap.frame(env, attrs.bindings.len()) } else { env };
        let mut entries: Vec<(Sym, ThunkId)> = Vec::with_capacity(attrs.bindings.len());
        for (at, (sym, expr)) in attrs.bindings.iter().enumerate() {
            let thunk = if attrs.recursive {
                let thunk = self.delay_in_frame(expr, inner);
                self.s.heap.set_slot(inner, at, thunk);
                thunk
            } else {
                self.delay(expr, inner)
            };
            // What only names a place does not stand here, but where that place is.
            let own = match &**expr {
                Expr::Var(_) | Expr::Global(_) => false,
                Expr::Lookup(_) | Expr::Import { .. } => {
                    matches!(self.s.heap.thunk_ref(thunk).cell, Cell::Expr(..))
                }
                _ => true,
            };
            if own {
                self.s.heap.thunk(thunk).file = attrs.file;
            }
            entries.push((*sym, thunk));
        }
        if attrs.recursive {
            let overrides = self.s.known.overrides;
            if let Some((_, thunk)) = entries.iter().find(|(sym, _)| *sym == overrides) {
                let set = self.force_attrs(*thunk)?;
                for (at, entry) in entries.iter_mut().enumerate() {
                    if let Some(thunk) = self.get(&set, entry.0)? {
                        entry.1 = thunk;
                        self.s.heap.set_slot(inner, at, thunk);
                    }
                }
            }
        }
        for (name, expr) in &attrs.dynamic {
            let name = match self.eval(name, inner)? {
                Value::Null => continue,
                Value::Str(name) => prims::certain(name)?,
                other => {
                    return error(format!("a {} as an attribute name", other.type_name()));
                }
            };
            let sym = self.s.syms.intern(&name);
            entries.push((sym, self.delay(expr, inner)));
        }
        Ok(plain(entries))
    }

    /// Steps along `path`: what is at its end, or the first name that is missing if `lenient`.
    fn select(
        &mut self,
        base: &Rc<Expr>,
        path: &[Name],
        env: EnvId,
        lenient: bool,
    ) -> R<Result<Picked, Sym>> {
        let mut at = None;
        for (left, name) in (0..path.len()).rev().zip(path) {
            let sym = self.name(name, env)?;
            let seek = if left == 0 { Seek::Value(sym) } else { Seek::Name(sym) };
            match self.step(base, at, seek, env)? {
                Picked::Found(thunk) if left > 0 => at = Some(thunk),
                Picked::Is(what) if !lenient => {
                    let name = self.s.syms.name(sym);
                    return error(format!("'{name}' selected from a {}", what.name()));
                }
                Picked::Missing | Picked::Is(_) => return Ok(Err(sym)),
                found => return Ok(Ok(found)),
            }
        }
        error("an attribute path is empty")
    }

    /// The value of what [`Machine::select`] found.
    fn value_of(&mut self, found: Picked) -> R<Value> {
        match found {
            Picked::Found(thunk) => self.force(thunk),
            Picked::Text(sym) => Ok(Value::Str(self.s.syms.name(sym).clone())),
            Picked::Bool(truth) => Ok(Value::Bool(truth)),
            Picked::Missing | Picked::Is(_) => unreachable!("these are nothing that is found"),
        }
    }

    /// One step along an attribute path: from the place `at`, or at first from `base`.
    fn step(&mut self, base: &Rc<Expr>, at: Option<ThunkId>, seek: Seek, env: EnvId) -> R<Picked> {
        let set = match at {
            Some(thunk) => thunk,
            None => match self.place(base, env)? {
                Some(thunk) => thunk,
                None => {
                    let (Seek::Name(sym) | Seek::Value(sym)) = seek else {
                        unreachable!("a step is to a name")
                    };
                    let value = self.eval(base, env)?;
                    return self.look_in(&value, sym);
                }
            },
        };
        self.ask_of(set, seek)
    }

    /// The place that an expression names, a variable or what is in a set; nothing for other
    /// expressions, and for what is not there.
    fn place(&mut self, expr: &Rc<Expr>, env: EnvId) -> R<Option<ThunkId>> {
        Ok(match &**expr {
            Expr::Lookup(_) => Some(self.lookup(expr, env)?),
            Expr::Var(_) | Expr::Global(_) => Some(self.delay(expr, env)),
            Expr::Import { .. } => self.file_named(expr, env)?,
            Expr::Select { base, path, default: None } => self.walk(base, path, env)?,
            _ => None,
        })
    }

    /// The place at the end of an attribute path, if there is one.
    fn walk(&mut self, base: &Rc<Expr>, path: &[Name], env: EnvId) -> R<Option<ThunkId>> {
        let mut at = None;
        for name in path {
            let sym = self.name(name, env)?;
            match self.step(base, at, Seek::Name(sym), env)? {
                Picked::Found(thunk) => at = Some(thunk),
                _ => return Ok(None),
            }
        }
        Ok(at)
    }

    /// The place that a place is another name of, as far as the current node gave it the name: who
    /// asks something of it then depends on what it asks, and not on all that is there.
    pub fn original(&mut self, mut place: ThunkId) -> R<ThunkId> {
        for _ in 0..MOST_NAMES {
            let thunk = self.s.heap.thunk_ref(place);
            let owner = thunk.owner;
            let (expr, env) = match &thunk.cell {
                Cell::Same(of) => {
                    let of = *of;
                    self.s.heap.depend(owner);
                    place = of;
                    continue;
                }
                Cell::Expr(expr, env) if owner == self.s.heap.current() => (expr.clone(), *env),
                _ => break,
            };
            if !matches!(*expr, Expr::Lookup(_) | Expr::Select { default: None, .. }) {
                break;
            }
            if self.s.depth >= MAX_DEPTH {
                return Err(Rc::new(Fail::Limit));
            }
            self.s.depth += 1;
            self.s.heap.thunk(place).cell = Cell::Busy;
            let of = self.place(&expr, env);
            self.s.depth -= 1;
            self.s.heap.thunk(place).cell = match &of {
                Ok(Some(of)) => Cell::Same(*of),
                Err(fail) if **fail != Fail::Limit => Cell::Fail(fail.clone()),
                Ok(None) | Err(_) => Cell::Expr(expr, env),
            };
            match of? {
                Some(of) => place = of,
                None => break,
            }
        }
        Ok(place)
    }

    fn name(&mut self, name: &Name, env: EnvId) -> R<Sym> {
        match name {
            Name::Static(sym) => Ok(*sym),
            Name::Dynamic(expr) => {
                let value = self.eval(expr, env)?;
                let text = prims::certain(self.coerce(&value, false)?)?;
                Ok(self.s.syms.intern(&text))
            }
        }
    }

    /// Whether an expression is the word `null`, in its own meaning.
    fn is_null(&self, expr: &Expr) -> bool {
        matches!(expr, Expr::Global(sym) if *sym == self.s.known.null)
    }

    fn binary(&mut self, op: Op, left: &Rc<Expr>, right: &Rc<Expr>, env: EnvId) -> R<Value> {
        match op {
            Op::And => {
                return Ok(Value::Bool(self.eval_bool(left, env)? && self.eval_bool(right, env)?));
            }
            Op::Or => {
                return Ok(Value::Bool(self.eval_bool(left, env)? || self.eval_bool(right, env)?));
            }
            Op::Implies => {
                return Ok(Value::Bool(!self.eval_bool(left, env)? || self.eval_bool(right, env)?));
            }
            Op::Equal | Op::NotEqual => {
                let other =
                    [(left, right), (right, left)].into_iter().find(|(a, _)| self.is_null(a));
                if let Some((_, other)) = other {
                    let kind = match self.place(other, env)? {
                        Some(place) => self.kind_at(place)?,
                        None => self.eval(other, env)?.kind(),
                    };
                    return Ok(Value::Bool((kind == Kind::Null) == (op == Op::Equal)));
                }
            }
            _ => {}
        }
        let a = match self.eval(left, env) {
            Err(why) if op == Op::Update && matches!(*why, Fail::Unknown(_)) => {
                return match self.eval(right, env)? {
                    Value::Attrs(known) => Ok(Value::Attrs(Rc::new(Attrs::Partial { known, why }))),
                    _ => Err(why),
                };
            }
            a => a?,
        };
        let b = self.eval(right, env)?;
        match op {
            Op::Concat => match (&a, &b) {
                (Value::List(x), Value::List(y)) if y.is_empty() => Ok(Value::List(x.clone())),
                (Value::List(x), Value::List(y)) if x.is_empty() => Ok(Value::List(y.clone())),
                (Value::List(x), Value::List(y)) => {
                    Ok(Value::List(x.iter().chain(y.iter()).copied().collect()))
                }
                _ => error(format!("++ of a {} and a {}", a.type_name(), b.type_name())),
            },
            Op::Update => match (&a, &b) {
                (Value::Attrs(x), Value::Attrs(y)) => Ok(Value::Attrs(merge(x, y))),
                _ => error(format!("// of a {} and a {}", a.type_name(), b.type_name())),
            },
            Op::Add => self.add(&a, &b),
            Op::Sub | Op::Mul | Op::Div => prims::arithmetic(op, &a, &b),
            Op::Equal => Ok(Value::Bool(self.equal(&a, &b)?)),
            Op::NotEqual => Ok(Value::Bool(!self.equal(&a, &b)?)),
            Op::Less => Ok(Value::Bool(self.less(&a, &b)?)),
            Op::LessOrEqual => Ok(Value::Bool(!self.less(&b, &a)?)),
            Op::More => Ok(Value::Bool(self.less(&b, &a)?)),
            Op::MoreOrEqual => Ok(Value::Bool(!self.less(&a, &b)?)),
            Op::And | Op::Or | Op::Implies => unreachable!("answered above"),
        }
    }

    fn add(&mut self, a: &Value, b: &Value) -> R<Value> {
        match (a, b) {
            (Value::Int(_) | Value::Float(_), Value::Int(_) | Value::Float(_)) => {
                prims::arithmetic(Op::Add, a, b)
            }
            (Value::Path(path), _) => {
                let text = match b {
                    Value::Path(text) | Value::Str(text) => text.clone(),
                    other => self.coerce(other, false)?,
                };
                Ok(Value::Path(normalize_path(&format!("{path}{text}")).into()))
            }
            _ => {
                let a = self.coerce(a, false)?;
                let b = self.coerce(b, false)?;
                Ok(Value::str(format!("{a}{b}")))
            }
        }
    }

    // ---- calls ----------------------------------------------------------------------------

    pub fn call(&mut self, f: &Value, arg: ThunkId) -> R<Value> {
        match f {
            Value::Lambda(closure) => {
                let env = self.bind(closure, arg)?;
                let body = closure.lambda.body.clone();
                self.eval(&body, env)
            }
            Value::Prim(app) => {
                let mut args = app.args.clone();
                args.push(arg);
                if args.len() < app.prim.arity {
                    return Ok(Value::Prim(Rc::new(PrimApp { prim: app.prim, args })));
                }
                if self.s.depth >= MAX_DEPTH {
                    return Err(Rc::new(Fail::Limit));
                }
                self.s.depth += 1;
                let result = (app.prim.run)(self, &args);
                self.s.depth -= 1;
                result
            }
            Value::Attrs(attrs) => {
                let functor = self.s.known.functor;
                let Some(functor) = self.get(&attrs.clone(), functor)? else {
                    return error("a set that is not a function was called");
                };
                let function = self.force(functor)?;
                let own = self.s.heap.value(f.clone());
                let function = self.call(&function, own)?;
                self.call(&function, arg)
            }
            other => error(format!("a {} was called", other.type_name())),
        }
    }

    pub fn call2(&mut self, f: &Value, a: ThunkId, b: ThunkId) -> R<Value> {
        let f = self.call(f, a)?;
        self.call(&f, b)
    }

    fn bind(&mut self, closure: &Closure, arg: ThunkId) -> R<EnvId> {
        match &closure.lambda.param {
            Param::Name => {
                let env = self.s.heap.frame(closure.env, 1);
                self.s.heap.set_slot(env, 0, arg);
                Ok(env)
            }
            Param::Pattern { bound, formals, open } => {
                if !open || formals.is_empty() {
                    self.force_attrs(arg)?;
                }
                let first = usize::from(*bound);
                let env = self.s.heap.frame(closure.env, first + formals.len());
                if *bound {
                    self.s.heap.set_slot(env, 0, arg);
                }
                let mut matched = 0;
                for (at, formal) in formals.iter().enumerate() {
                    let thunk = match (self.get_in(arg, formal.sym)?, &formal.default) {
                        (Some(thunk), _) => {
                            matched += 1;
                            thunk
                        }
                        (None, Some(default)) => {
                            self.s.heap.alloc(Cell::Expr(default.clone(), env))
                        }
                        (None, None) => {
                            let name = self.s.syms.name(formal.sym);
                            return error(format!("argument '{name}' is missing"));
                        }
                    };
                    self.s.heap.set_slot(env, first + at, thunk);
                }
                if !open {
                    let attrs = self.force_attrs(arg)?;
                    let given = match &*attrs {
                        Attrs::Plain(entries) => entries.len(),
                        _ => self.keys(&attrs)?.len(),
                    };
                    if given != matched {
                        return error("an unexpected argument");
                    }
                }
                Ok(env)
            }
        }
    }
}
