//! The builtins of the language.
//!
//! Names and meanings: <https://nix.dev/manual/nix/latest/language/builtins>. What needs the
//! network, the store or the clock has a value that cannot be known from the source text.

use std::{cell::RefCell, rc::Rc};

use model::version;
use rustc_hash::FxHashMap;

use super::{
    ROOT,
    heap::Cell,
    ir::Op,
    machine::Machine,
    sets::plain,
    state::State,
    strings::{
        from_json, from_toml, match_, replace_strings, split, split_text, substring, to_json,
    },
    value::{Attrs, Fail, Kind, PrimApp, R, Sym, Symbols, ThunkId, Value, error, unknown},
};
use crate::source::EntryKind;

/// What stands in a string for a path in the store, which cannot be known. It is no character of
/// any text, so a string without it is as Nix would have it.
pub const STORE_PATH: &str = "\u{fdd0}";

/// A string whose every byte is needed.
pub fn plain_str(m: &mut Machine<'_>, id: ThunkId) -> R<Rc<str>> {
    let text = m.force_str(id)?;
    certain(text)
}

/// Refuses a string that holds a path in the store.
pub fn certain(text: Rc<str>) -> R<Rc<str>> {
    if text.contains(STORE_PATH) { unknown("a store path") } else { Ok(text) }
}

/// A builtin function.
#[derive(Debug)]
pub struct Prim {
    pub name: &'static str,
    pub arity: usize,
    pub run: fn(&mut Machine<'_>, &[ThunkId]) -> R<Value>,
}

/// Names that evaluation itself looks for.
#[derive(Debug)]
pub struct KnownSyms {
    pub overrides: Sym,
    pub functor: Sym,
    pub to_string: Sym,
    pub out_path: Sym,
    pub type_: Sym,
    pub name: Sym,
    pub value: Sym,
    pub success: Sym,
    pub right: Sym,
    pub wrong: Sym,
    pub version: Sym,
    pub start_set: Sym,
    pub operator: Sym,
    pub key: Sym,
    pub null: Sym,
}

impl KnownSyms {
    pub fn new(syms: &mut Symbols) -> Self {
        let mut s = |name| syms.intern(name);
        Self {
            overrides: s("__overrides"),
            functor: s("__functor"),
            to_string: s("__toString"),
            out_path: s("outPath"),
            type_: s("type"),
            name: s("name"),
            value: s("value"),
            success: s("success"),
            right: s("right"),
            wrong: s("wrong"),
            version: s("version"),
            start_set: s("startSet"),
            operator: s("operator"),
            key: s("key"),
            null: s("null"),
        }
    }
}

/// How many names `mapAttrs` maps at once; those of longer sets one by one, when they are wanted.
const MAPPED_AT_ONCE: usize = 1024;

/// What only the program's own code has: it is not in `builtins`.
const OWN: [&str; 6] =
    ["unknown", "storePathOf", "nixpkgs", "packages", "splitText", "splitTextBeforeEnd"];

/// The outermost scope: constants, functions, and `builtins`.
pub fn globals(state: &mut State) -> Vec<(String, ThunkId)> {
    const TOP: [&str; 16] = [
        "abort",
        "baseNameOf",
        "dirOf",
        "fetchGit",
        "fetchMercurial",
        "fetchTarball",
        "fetchTree",
        "fromTOML",
        "import",
        "isNull",
        "map",
        "placeholder",
        "removeAttrs",
        "scopedImport",
        "throw",
        "toString",
    ];
    let mut members: Vec<(&'static str, ThunkId)> = Vec::new();
    for prim in PRIMS {
        let app = PrimApp { prim, args: Vec::new() };
        members.push((prim.name, state.heap.value(Value::Prim(Rc::new(app)))));
    }
    let constants = [
        ("true", Value::Bool(true)),
        ("false", Value::Bool(false)),
        ("null", Value::Null),
        ("currentSystem", Value::str("x86_64-linux")),
        ("nixVersion", Value::str("2.18.0")),
        ("langVersion", Value::Int(6)),
        ("storeDir", Value::str("/nix/store")),
        ("nixPath", Value::List(Rc::new([]))),
        ("nixpkgs", Value::Path(ROOT.into())),
        ("packages", Value::Path("/prelude/packages.nix".into())),
    ];
    for (name, value) in constants {
        members.push((name, state.heap.value(value)));
    }
    let derivation = state.heap.alloc(Cell::Import("/prelude/derivation.nix".into()));
    state.replaced.insert("/prelude/derivation.nix".into(), include_str!("prelude/derivation.nix"));
    members.push(("derivation", derivation));

    let mut globals = Vec::new();
    for (name, thunk) in &members {
        if TOP.contains(name) || matches!(*name, "true" | "false" | "null" | "derivation") {
            globals.push(((*name).to_owned(), *thunk));
        }
        globals.push((format!("__{name}"), *thunk));
    }
    let mut entries: Vec<(Sym, ThunkId)> = members
        .iter()
        .filter(|(name, _)| !OWN.contains(name))
        .map(|(name, thunk)| (state.syms.intern(name), *thunk))
        .collect();
    let own = state.heap.value(Value::Null);
    entries.push((state.syms.intern("builtins"), own));
    let builtins = plain(entries);
    state.heap.thunk(own).cell = Cell::Value(builtins);
    globals.push(("builtins".to_owned(), own));
    globals
}

/// `+ - * /` on numbers.
pub fn arithmetic(op: Op, a: &Value, b: &Value) -> R<Value> {
    match (a, b) {
        (Value::Int(x), Value::Int(y)) => match op {
            Op::Add => Ok(Value::Int(x.wrapping_add(*y))),
            Op::Sub => Ok(Value::Int(x.wrapping_sub(*y))),
            Op::Mul => Ok(Value::Int(x.wrapping_mul(*y))),
            _ if *y == 0 => error("division by zero"),
            _ => Ok(Value::Int(x.wrapping_div(*y))),
        },
        _ => {
            let (Some(x), Some(y)) = (float(a), float(b)) else {
                return error(format!("arithmetic on {} and {}", a.type_name(), b.type_name()));
            };
            match op {
                Op::Add => Ok(Value::Float(x + y)),
                Op::Sub => Ok(Value::Float(x - y)),
                Op::Mul => Ok(Value::Float(x * y)),
                _ if y == 0.0 => error("division by zero"),
                _ => Ok(Value::Float(x / y)),
            }
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "as Nix converts them")]
fn float(value: &Value) -> Option<f64> {
    match value {
        Value::Int(i) => Some(*i as f64),
        Value::Float(f) => Some(*f),
        _ => None,
    }
}

macro_rules! prims {
    ($($name:literal $arity:literal $run:expr;)*) => {
        /// Every builtin function.
        pub static PRIMS: &[Prim] =
            &[$(Prim { name: $name, arity: $arity, run: $run }),*];
    };
}

prims! {
    "unknown" 1 |m, a| { let why = m.force_str(a[0])?; unknown(why) };
    "storePathOf" 1 |_, _| Ok(Value::str(STORE_PATH));
    "splitText" 2 |m, a| split_text(m, a, true);
    "splitTextBeforeEnd" 2 |m, a| split_text(m, a, false);
    "abort" 1 |m, a| { let why = m.force_str(a[0])?; error(why) };
    "throw" 1 |m, a| { let why = m.force_str(a[0])?; Err(Rc::new(Fail::Throw(why))) };
    "trace" 2 |m, a| m.force(a[1]);
    "traceVerbose" 2 |m, a| m.force(a[1]);
    "warn" 2 |m, a| m.force(a[1]);
    "addErrorContext" 2 |m, a| m.force(a[1]);
    "break" 1 |m, a| m.force(a[0]);
    "seq" 2 |m, a| { m.force(a[0])?; m.force(a[1]) };
    "deepSeq" 2 |m, a| { deep(m, a[0])?; m.force(a[1]) };
    "tryEval" 1 try_eval;
    "import" 1 import;
    "scopedImport" 2 |_, _| unknown("scopedImport");
    "typeOf" 1 |m, a| Ok(Value::str(m.kind_at(a[0])?.name()));
    "isNull" 1 |m, a| is(m, a, Kind::Null);
    "isBool" 1 |m, a| is(m, a, Kind::Bool);
    "isInt" 1 |m, a| is(m, a, Kind::Int);
    "isFloat" 1 |m, a| is(m, a, Kind::Float);
    "isString" 1 |m, a| is(m, a, Kind::String);
    "isPath" 1 |m, a| is(m, a, Kind::Path);
    "isList" 1 |m, a| is(m, a, Kind::List);
    "isAttrs" 1 |m, a| is(m, a, Kind::Set);
    "isFunction" 1 |m, a| is(m, a, Kind::Lambda);
    "toString" 1 |m, a| { let v = m.force(a[0])?; Ok(Value::Str(m.coerce(&v, true)?)) };
    "add" 2 |m, a| { let (x, y) = (m.force(a[0])?, m.force(a[1])?); arithmetic(Op::Add, &x, &y) };
    "sub" 2 |m, a| { let (x, y) = (m.force(a[0])?, m.force(a[1])?); arithmetic(Op::Sub, &x, &y) };
    "mul" 2 |m, a| { let (x, y) = (m.force(a[0])?, m.force(a[1])?); arithmetic(Op::Mul, &x, &y) };
    "div" 2 |m, a| { let (x, y) = (m.force(a[0])?, m.force(a[1])?); arithmetic(Op::Div, &x, &y) };
    "lessThan" 2 |m, a| {
        let (x, y) = (m.force(a[0])?, m.force(a[1])?);
        Ok(Value::Bool(m.less(&x, &y)?))
    };
    "bitAnd" 2 |m, a| Ok(Value::Int(m.force_int(a[0])? & m.force_int(a[1])?));
    "bitOr" 2 |m, a| Ok(Value::Int(m.force_int(a[0])? | m.force_int(a[1])?));
    "bitXor" 2 |m, a| Ok(Value::Int(m.force_int(a[0])? ^ m.force_int(a[1])?));
    "ceil" 1 |m, a| round(m, a, f64::ceil);
    "floor" 1 |m, a| round(m, a, f64::floor);
    "attrNames" 1 |m, a| {
        let attrs = m.force_attrs(a[0])?;
        let mut names = Vec::new();
        for sym in m.sorted_keys(&attrs)? {
            let name = m.s.syms.name(sym).clone();
            names.push(m.s.heap.value(Value::Str(name)));
        }
        Ok(Value::List(names.into()))
    };
    "attrValues" 1 |m, a| {
        let attrs = m.force_attrs(a[0])?;
        let mut values = Vec::new();
        for sym in m.sorted_keys(&attrs)? {
            values.push(m.need(&attrs, sym)?);
        }
        Ok(Value::List(values.into()))
    };
    "getAttr" 2 |m, a| {
        let sym = name_of(m, a[0])?;
        match m.get_in(a[1], sym)? {
            Some(thunk) => m.force(thunk),
            None => error(format!("attribute '{}' is missing", m.s.syms.name(sym))),
        }
    };
    "hasAttr" 2 |m, a| {
        let sym = name_of(m, a[0])?;
        Ok(Value::Bool(m.get_in(a[1], sym)?.is_some()))
    };
    "removeAttrs" 2 remove_attrs;
    "intersectAttrs" 2 intersect_attrs;
    "listToAttrs" 1 list_to_attrs;
    "mapAttrs" 2 map_attrs;
    "zipAttrsWith" 2 zip_attrs_with;
    "catAttrs" 2 |m, a| {
        let sym = name_of(m, a[0])?;
        let mut out = Vec::new();
        for item in m.force_list(a[1])?.iter() {
            let attrs = m.force_attrs(*item)?;
            out.extend(m.get(&attrs, sym)?);
        }
        Ok(Value::List(out.into()))
    };
    "functionArgs" 1 function_args;
    "unsafeGetAttrPos" 2 |_, _| Ok(Value::Null);
    "length" 1 |m, a| Ok(Value::Int(int(m.force_list(a[0])?.len())));
    "head" 1 |m, a| {
        let list = m.force_list(a[0])?;
        match list.first() { Some(item) => m.force(*item), None => error("head of an empty list") }
    };
    "tail" 1 |m, a| {
        let list = m.force_list(a[0])?;
        if list.is_empty() { return error("tail of an empty list"); }
        Ok(Value::List(list[1..].into()))
    };
    "elemAt" 2 |m, a| {
        let list = m.force_list(a[0])?;
        let at = m.force_int(a[1])?;
        match usize::try_from(at).ok().and_then(|at| list.get(at)) {
            Some(item) => m.force(*item),
            None => error("an index outside of the list"),
        }
    };
    "elem" 2 |m, a| {
        let wanted = m.force(a[0])?;
        for item in m.force_list(a[1])?.iter() {
            let item = m.force(*item)?;
            if m.equal(&wanted, &item)? { return Ok(Value::Bool(true)); }
        }
        Ok(Value::Bool(false))
    };
    "map" 2 |m, a| {
        let items = m.force_list(a[1])?;
        Ok(Value::List(items.iter().map(|item| m.apply(a[0], *item)).collect()))
    };
    "filter" 2 |m, a| {
        let items = m.force_list(a[1])?;
        if items.is_empty() { return Ok(Value::List(items)); }
        let f = m.force(a[0])?;
        let mut out = Vec::new();
        for item in items.iter() {
            if bool_of(m, &f, *item)? { out.push(*item); }
        }
        Ok(Value::List(out.into()))
    };
    "all" 2 |m, a| {
        let f = m.force(a[0])?;
        for item in m.force_list(a[1])?.iter() {
            if !bool_of(m, &f, *item)? { return Ok(Value::Bool(false)); }
        }
        Ok(Value::Bool(true))
    };
    "any" 2 |m, a| {
        let f = m.force(a[0])?;
        for item in m.force_list(a[1])?.iter() {
            if bool_of(m, &f, *item)? { return Ok(Value::Bool(true)); }
        }
        Ok(Value::Bool(false))
    };
    "foldl'" 3 |m, a| {
        let f = m.force(a[0])?;
        let mut acc = a[1];
        for item in m.force_list(a[2])?.iter() {
            let value = m.call2(&f, acc, *item)?;
            acc = m.s.heap.value(value);
        }
        m.force(acc)
    };
    "concatLists" 1 |m, a| {
        let mut out = Vec::new();
        for list in m.force_list(a[0])?.iter() { out.extend(m.force_list(*list)?.iter()); }
        Ok(Value::List(out.into()))
    };
    "concatMap" 2 |m, a| {
        let f = m.force(a[0])?;
        let mut out = Vec::new();
        for item in m.force_list(a[1])?.iter() {
            match m.call(&f, *item)? {
                Value::List(list) => out.extend(list.iter()),
                other => return error(format!("a {} from concatMap's function", other.type_name())),
            }
        }
        Ok(Value::List(out.into()))
    };
    "genList" 2 |m, a| {
        let n = m.force_int(a[1])?;
        if !(0..=10_000_000).contains(&n) { return error("genList of an impossible length"); }
        let mut out = Vec::new();
        for i in 0..n {
            let i = m.s.heap.value(Value::Int(i));
            out.push(m.apply(a[0], i));
        }
        Ok(Value::List(out.into()))
    };
    "sort" 2 sort;
    "partition" 2 partition;
    "groupBy" 2 group_by;
    "genericClosure" 1 generic_closure;
    "stringLength" 1 |m, a| Ok(Value::Int(int(plain_str(m, a[0])?.len())));
    "substring" 3 substring;
    "concatStringsSep" 2 |m, a| {
        let separator = m.force_str(a[0])?;
        let mut out = String::new();
        for (i, item) in m.force_list(a[1])?.iter().enumerate() {
            if i > 0 { out.push_str(&separator); }
            let value = m.force(*item)?;
            out.push_str(&m.coerce(&value, false)?);
        }
        Ok(Value::str(out))
    };
    "replaceStrings" 3 replace_strings;
    "match" 2 match_;
    "split" 2 split;
    "splitVersion" 1 |m, a| {
        let text = plain_str(m, a[0])?;
        let parts = version::components(&text).map(|part| m.s.heap.value(Value::str(part)));
        Ok(Value::List(parts.collect()))
    };
    "compareVersions" 2 |m, a| {
        let (x, y) = (plain_str(m, a[0])?, plain_str(m, a[1])?);
        Ok(Value::Int(version::compare(&x, &y) as i64))
    };
    "parseDrvName" 1 |m, a| {
        let text = plain_str(m, a[0])?;
        let (name, version) = super::drv_name(&text);
        let name = m.s.heap.value(Value::str(name));
        let version = m.s.heap.value(Value::str(version));
        Ok(plain(vec![(m.s.known.name, name), (m.s.known.version, version)]))
    };
    "baseNameOf" 1 |m, a| {
        let value = m.force(a[0])?;
        let text = if let Value::Path(path) = &value { path.clone() } else { m.coerce(&value, false)? };
        let text = certain(text)?;
        let text = text.strip_suffix('/').unwrap_or(&text);
        Ok(Value::str(text.rsplit('/').next().unwrap_or_default()))
    };
    "dirOf" 1 |m, a| {
        let value = m.force(a[0])?;
        let path = matches!(value, Value::Path(_));
        let text = if let Value::Path(path) = &value { path.clone() } else { m.coerce(&value, false)? };
        let dir = match text.rfind('/') { None => ".", Some(0) => "/", Some(at) => &text[..at] };
        Ok(if path { Value::Path(dir.into()) } else { Value::str(dir) })
    };
    "toPath" 1 |m, a| {
        let value = m.force(a[0])?;
        Ok(Value::Path(m.coerce(&value, true)?))
    };
    "pathExists" 1 |m, a| {
        let path = path_of(m, a[0])?;
        if path.starts_with(ROOT) { return Ok(Value::Bool(m.entry(&path)?.is_some())); }
        if path.starts_with("/nix/store") { return unknown("whether a store path exists"); }
        Ok(Value::Bool(false))
    };
    "readFile" 1 |m, a| { let path = path_of(m, a[0])?; Ok(Value::Str(m.read_file(&path)?)) };
    "readFileType" 1 |m, a| {
        let path = path_of(m, a[0])?;
        match m.entry(&path)? {
            Some(entry) => Ok(Value::str(kind(entry.kind))),
            None => error("no such file"),
        }
    };
    "readDir" 1 |m, a| {
        let path = path_of(m, a[0])?;
        let mut entries = Vec::new();
        for (name, entry) in m.read_dir(&path)? {
            let value = m.s.heap.value(Value::str(kind(entry)));
            entries.push((m.s.syms.intern(&name), value));
        }
        Ok(plain(entries))
    };
    "getEnv" 1 |m, a| {
        // As the user allows everything, so that what is there can be seen.
        let name = m.force_str(a[0])?;
        let allowed = name.starts_with("NIXPKGS_ALLOW_");
        Ok(Value::str(if allowed { "1" } else { "" }))
    };
    "fromJSON" 1 |m, a| {
        let text = plain_str(m, a[0])?;
        match serde_json::from_str::<serde_json::Value>(&text) {
            Ok(json) => { let id = from_json(m, &json); m.force(id) }
            Err(e) => error(format!("JSON: {e}")),
        }
    };
    "fromTOML" 1 |m, a| {
        let text = plain_str(m, a[0])?;
        match toml::from_str::<toml::Value>(&text) {
            Ok(toml) => { let id = from_toml(m, &toml); m.force(id) }
            Err(e) => error(format!("TOML: {e}")),
        }
    };
    "toJSON" 1 |m, a| {
        let json = to_json(m, a[0])?;
        Ok(Value::str(json.to_string()))
    };
    "toXML" 1 |_, _| unknown("toXML");
    "hashString" 2 |_, _| unknown("a hash");
    "hashFile" 2 |_, _| unknown("a hash");
    "convertHash" 1 |_, _| unknown("a hash");
    "placeholder" 1 |_, _| unknown("a placeholder");
    "toFile" 2 |_, _| unknown("a store path");
    "path" 1 |_, _| unknown("a store path");
    "filterSource" 2 |_, _| unknown("a store path");
    "storePath" 1 |_, _| unknown("a store path");
    "fetchurl" 1 |_, _| unknown("something fetched");
    "fetchTarball" 1 |_, _| unknown("something fetched");
    "fetchGit" 1 |_, _| unknown("something fetched");
    "fetchMercurial" 1 |_, _| unknown("something fetched");
    "fetchTree" 1 |_, _| unknown("something fetched");
    "findFile" 2 |_, _| unknown("the search path");
    "derivationStrict" 1 |_, _| unknown("a derivation's outputs");
    "hasContext" 1 |_, _| unknown("a string's context");
    "getContext" 1 |_, _| unknown("a string's context");
    "appendContext" 2 |m, a| m.force(a[0]);
    "unsafeDiscardStringContext" 1 |m, a| { let v = m.force(a[0])?; Ok(Value::Str(m.coerce(&v, false)?)) };
    "unsafeDiscardOutputDependency" 1 |m, a| m.force(a[0]);
    "addDrvOutputDependencies" 1 |m, a| m.force(a[0]);
}

fn int(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

fn kind(kind: EntryKind) -> &'static str {
    match kind {
        EntryKind::Directory | EntryKind::Submodule => "directory",
        EntryKind::File => "regular",
        EntryKind::Link => "symlink",
    }
}

fn is(m: &mut Machine<'_>, a: &[ThunkId], kind: Kind) -> R<Value> {
    Ok(Value::Bool(m.kind_at(a[0])? == kind))
}

#[expect(clippy::cast_possible_truncation, reason = "as Nix converts them")]
fn round(m: &mut Machine<'_>, a: &[ThunkId], f: fn(f64) -> f64) -> R<Value> {
    match float(&m.force(a[0])?) {
        Some(number) => Ok(Value::Int(f(number) as i64)),
        None => error("rounding of something that is not a number"),
    }
}

fn bool_of(m: &mut Machine<'_>, f: &Value, arg: ThunkId) -> R<bool> {
    match m.call(f, arg)? {
        Value::Bool(b) => Ok(b),
        other => error(format!("a {} where a Boolean should be", other.type_name())),
    }
}

fn name_of(m: &mut Machine<'_>, id: ThunkId) -> R<Sym> {
    let text = plain_str(m, id)?;
    Ok(m.s.syms.intern(&text))
}

fn path_of(m: &mut Machine<'_>, id: ThunkId) -> R<Rc<str>> {
    let value = m.force(id)?;
    let text = match &value {
        Value::Path(path) => path.clone(),
        other => m.coerce(other, false)?,
    };
    Ok(super::lower::normalize_path(&certain(text)?).into())
}

/// Forces everything inside of a value.
fn deep(m: &mut Machine<'_>, id: ThunkId) -> R<()> {
    fn walk(m: &mut Machine<'_>, id: ThunkId, seen: &mut rustc_hash::FxHashSet<ThunkId>) -> R<()> {
        if !seen.insert(id) {
            return Ok(());
        }
        match m.force(id)? {
            Value::List(items) => items.iter().try_for_each(|item| walk(m, *item, seen)),
            Value::Attrs(attrs) => {
                m.entries(&attrs)?.iter().try_for_each(|(_, thunk)| walk(m, *thunk, seen))
            }
            _ => Ok(()),
        }
    }
    walk(m, id, &mut rustc_hash::FxHashSet::default())
}

fn try_eval(m: &mut Machine<'_>, a: &[ThunkId]) -> R<Value> {
    let (success, value) = match m.force(a[0]) {
        Ok(_) => (true, a[0]),
        Err(fail) if matches!(*fail, Fail::Throw(_) | Fail::Assert) => {
            (false, m.s.heap.value(Value::Bool(false)))
        }
        Err(fail) => return Err(fail),
    };
    let success = m.s.heap.value(Value::Bool(success));
    Ok(plain(vec![(m.s.known.success, success), (m.s.known.value, value)]))
}

fn import(m: &mut Machine<'_>, a: &[ThunkId]) -> R<Value> {
    let path = path_of(m, a[0])?;
    let thunk = m.import(&path)?;
    m.force(thunk)
}

fn remove_attrs(m: &mut Machine<'_>, a: &[ThunkId]) -> R<Value> {
    let attrs = m.force_attrs(a[0])?;
    let mut names = Vec::new();
    for name in m.force_list(a[1])?.iter() {
        names.push(name_of(m, *name)?);
    }
    names.sort_unstable();
    if let Attrs::Plain(entries) = &*attrs {
        let kept = entries.iter().filter(|(sym, _)| names.binary_search(sym).is_err());
        return Ok(Value::Attrs(Rc::new(Attrs::Plain(kept.copied().collect()))));
    }
    Ok(Value::Attrs(Rc::new(Attrs::Without { of: attrs, names: names.into() })))
}

fn intersect_attrs(m: &mut Machine<'_>, a: &[ThunkId]) -> R<Value> {
    let left = m.force_attrs(a[0])?;
    let mut out = Vec::new();
    if let Attrs::Plain(names) = &*left
        && !names.is_empty()
    {
        for (sym, _) in names {
            if let Some(thunk) = m.get_in(a[1], *sym)? {
                out.push((*sym, thunk));
            }
        }
        return Ok(plain(out));
    }
    let right = m.force_attrs(a[1])?;
    if !matches!(*left, Attrs::Plain(_)) && matches!(*right, Attrs::Plain(_)) {
        for (sym, thunk) in m.entries(&right)? {
            if m.get(&left, sym)?.is_some() {
                out.push((sym, thunk));
            }
        }
    } else {
        for sym in m.keys(&left)? {
            if let Some(thunk) = m.get(&right, sym)? {
                out.push((sym, thunk));
            }
        }
    }
    Ok(plain(out))
}

fn list_to_attrs(m: &mut Machine<'_>, a: &[ThunkId]) -> R<Value> {
    let (name, value) = (m.s.known.name, m.s.known.value);
    let mut entries: Vec<(Sym, ThunkId)> = Vec::new();
    for item in m.force_list(a[0])?.iter() {
        let attrs = m.force_attrs(*item)?;
        let thunk = m.need(&attrs, name)?;
        let sym = name_of(m, thunk)?;
        let value = m.need(&attrs, value)?;
        entries.push((sym, value));
    }
    // Of two with one name the first one stays, unlike in a set that is written out.
    entries.sort_by_key(|(sym, _)| *sym);
    entries.dedup_by_key(|(sym, _)| *sym);
    Ok(Value::Attrs(Rc::new(Attrs::Plain(entries.into()))))
}

fn map_attrs(m: &mut Machine<'_>, a: &[ThunkId]) -> R<Value> {
    let attrs = m.force_attrs(a[1])?;
    let entries = match &*attrs {
        Attrs::Plain(entries) if entries.len() <= MAPPED_AT_ONCE => entries,
        _ => {
            let (creator, cells) = (m.s.heap.current(), RefCell::default());
            return Ok(Value::Attrs(Rc::new(Attrs::Map { f: a[0], of: attrs, creator, cells })));
        }
    };
    let mapped = entries.iter().map(|(sym, thunk)| {
        let name = m.s.name_place(*sym);
        (*sym, m.s.heap.alloc(Cell::Apply2(a[0], name, *thunk)))
    });
    let mapped = mapped.collect();
    Ok(Value::Attrs(Rc::new(Attrs::Plain(mapped))))
}

fn zip_attrs_with(m: &mut Machine<'_>, a: &[ThunkId]) -> R<Value> {
    let mut of = Vec::new();
    for set in m.force_list(a[1])?.iter() {
        of.push(m.force_attrs(*set)?);
    }
    let (creator, cells) = (m.s.heap.current(), RefCell::default());
    Ok(Value::Attrs(Rc::new(Attrs::Zip { f: a[0], of: of.into(), creator, cells })))
}

fn function_args(m: &mut Machine<'_>, a: &[ThunkId]) -> R<Value> {
    match m.force(a[0])? {
        Value::Lambda(closure) => match &closure.lambda.param {
            super::ir::Param::Name => Ok(plain(Vec::new())),
            super::ir::Param::Pattern { formals, .. } => {
                let entries = formals.iter().map(|formal| {
                    let optional = if formal.default.is_some() { "true" } else { "false" };
                    (formal.sym, m.s.globals[&m.s.syms.intern(optional)])
                });
                Ok(plain(entries.collect()))
            }
        },
        Value::Prim(_) => Ok(plain(Vec::new())),
        other => error(format!("the arguments of a {}", other.type_name())),
    }
}

fn sort(m: &mut Machine<'_>, a: &[ThunkId]) -> R<Value> {
    let items = m.force_list(a[1])?;
    if items.len() < 2 {
        return Ok(Value::List(items));
    }
    let less = m.force(a[0])?;
    // Merge sort by hand: the order comes from a function that can fail.
    fn merge_sort(m: &mut Machine<'_>, less: &Value, items: &[ThunkId]) -> R<Vec<ThunkId>> {
        if items.len() < 2 {
            return Ok(items.to_vec());
        }
        let (left, right) = items.split_at(items.len() / 2);
        let (left, right) = (merge_sort(m, less, left)?, merge_sort(m, less, right)?);
        let mut out = Vec::with_capacity(items.len());
        let (mut l, mut r) = (left.iter().peekable(), right.iter().peekable());
        while let (Some(&&x), Some(&&y)) = (l.peek(), r.peek()) {
            let later = match m.call2(less, y, x)? {
                Value::Bool(b) => b,
                other => {
                    return error(format!("a {} where a Boolean should be", other.type_name()));
                }
            };
            out.extend(if later { r.next() } else { l.next() });
        }
        out.extend(l.chain(r));
        Ok(out)
    }
    Ok(Value::List(merge_sort(m, &less, &items)?.into()))
}

fn partition(m: &mut Machine<'_>, a: &[ThunkId]) -> R<Value> {
    let f = m.force(a[0])?;
    let (mut right, mut wrong) = (Vec::new(), Vec::new());
    for item in m.force_list(a[1])?.iter() {
        if bool_of(m, &f, *item)? { right.push(*item) } else { wrong.push(*item) }
    }
    let right = m.s.heap.value(Value::List(right.into()));
    let wrong = m.s.heap.value(Value::List(wrong.into()));
    Ok(plain(vec![(m.s.known.right, right), (m.s.known.wrong, wrong)]))
}

fn group_by(m: &mut Machine<'_>, a: &[ThunkId]) -> R<Value> {
    let f = m.force(a[0])?;
    let mut groups: FxHashMap<Sym, Vec<ThunkId>> = FxHashMap::default();
    for item in m.force_list(a[1])?.iter() {
        let key = m.call(&f, *item)?;
        let key = m.as_str(&key)?;
        groups.entry(m.s.syms.intern(&key)).or_default().push(*item);
    }
    let entries =
        groups.into_iter().map(|(sym, list)| (sym, m.s.heap.value(Value::List(list.into()))));
    Ok(plain(entries.collect()))
}

fn generic_closure(m: &mut Machine<'_>, a: &[ThunkId]) -> R<Value> {
    let attrs = m.force_attrs(a[0])?;
    let (start, operator, key) = (m.s.known.start_set, m.s.known.operator, m.s.known.key);
    let start = m.need(&attrs, start)?;
    let operator = m.need(&attrs, operator)?;
    let operator = m.force(operator)?;
    let mut todo: std::collections::VecDeque<ThunkId> =
        m.force_list(start)?.iter().copied().collect();
    let (mut keys, mut out): (Vec<Value>, Vec<ThunkId>) = (Vec::new(), Vec::new());
    while let Some(item) = todo.pop_front() {
        let attrs = m.force_attrs(item)?;
        let thunk = m.need(&attrs, key)?;
        let value = m.force(thunk)?;
        let mut seen = false;
        for known in &keys {
            seen = seen || m.equal(known, &value)?;
        }
        if seen {
            continue;
        }
        keys.push(value);
        out.push(item);
        match m.call(&operator, item)? {
            Value::List(more) => todo.extend(more.iter()),
            other => return error(format!("a {} where a list should be", other.type_name())),
        }
    }
    Ok(Value::List(out.into()))
}
