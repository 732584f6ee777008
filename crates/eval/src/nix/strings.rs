//! The builtins about text: pieces, patterns, JSON and TOML.

use std::rc::Rc;

use super::{
    machine::Machine,
    prims::{certain, plain_str},
    sets::plain,
    value::{R, ThunkId, Value, error, unknown},
};

pub fn substring(m: &mut Machine<'_>, a: &[ThunkId]) -> R<Value> {
    let (start, len) = (m.force_int(a[0])?, m.force_int(a[1])?);
    let value = m.force(a[2])?;
    let text = certain(m.coerce(&value, false)?)?;
    let Ok(start) = usize::try_from(start) else { return error("substring from before the start") };
    let start = start.min(text.len());
    let len = usize::try_from(len).unwrap_or(usize::MAX);
    let end = start.saturating_add(len).min(text.len());
    // Nix cuts bytes; a cut inside a character leaves something that is not text.
    Ok(Value::str(String::from_utf8_lossy(&text.as_bytes()[start..end]).into_owned()))
}

/// The pieces of a text between separators; `at_end` says whether one at the very end is seen.
pub fn split_text(m: &mut Machine<'_>, a: &[ThunkId], at_end: bool) -> R<Value> {
    let (separator, text) = (plain_str(m, a[0])?, plain_str(m, a[1])?);
    if separator.is_empty() {
        return unknown("text that is split at nothing");
    }
    let mut pieces = Vec::new();
    let mut rest = &*text;
    while let Some(at) = rest.find(&*separator) {
        let after = &rest[at + separator.len()..];
        if after.is_empty() && !at_end {
            break;
        }
        pieces.push(m.s.heap.value(Value::str(&rest[..at])));
        rest = after;
    }
    pieces.push(m.s.heap.value(Value::str(rest)));
    Ok(Value::List(pieces.into()))
}

pub fn replace_strings(m: &mut Machine<'_>, a: &[ThunkId]) -> R<Value> {
    let mut from = Vec::new();
    for item in m.force_list(a[0])?.iter() {
        from.push(plain_str(m, *item)?);
    }
    let to = m.force_list(a[1])?;
    if from.len() != to.len() {
        return error("replaceStrings with lists of different lengths");
    }
    let text = plain_str(m, a[2])?;
    let (mut out, mut at) = (String::new(), 0);
    while at <= text.len() {
        let found = from.iter().position(|f| text[at..].starts_with(&**f));
        let step = text[at..].chars().next();
        match found {
            Some(i) => {
                out.push_str(&m.force_str(to[i])?);
                if from[i].is_empty() {
                    out.extend(step);
                    at += step.map_or(1, char::len_utf8);
                } else {
                    at += from[i].len();
                }
            }
            None => {
                out.extend(step);
                at += step.map_or(1, char::len_utf8);
            }
        }
    }
    Ok(Value::str(out))
}

/// A regular expression of POSIX's extended kind, as the `regex` crate writes it.
fn regex(m: &mut Machine<'_>, pattern: &Rc<str>, whole: bool) -> R<Rc<regex::Regex>> {
    let key: Rc<str> = if whole { format!("^{pattern}$").into() } else { pattern.clone() };
    if let Some(regex) = m.s.regexes.get(&key) {
        return Ok(regex.clone());
    }
    let text = translate_regex(pattern);
    let text = if whole { format!("(?s)^(?:{text})$") } else { format!("(?s){text}") };
    match regex::Regex::new(&text) {
        Ok(regex) => {
            let regex = Rc::new(regex);
            m.s.regexes.insert(key, regex.clone());
            Ok(regex)
        }
        Err(e) => unknown(format!("the regular expression {pattern:?}: {e}")),
    }
}

/// Inside brackets POSIX takes `\` and `[` for themselves; the `regex` crate does not.
fn translate_regex(pattern: &str) -> String {
    let mut out = String::new();
    let mut chars = pattern.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' => {
                out.push('\\');
                out.extend(chars.next());
            }
            '[' => {
                out.push('[');
                if chars.next_if_eq(&'^').is_some() {
                    out.push('^');
                }
                if chars.next_if_eq(&']').is_some() {
                    out.push_str("\\]");
                }
                while let Some(c) = chars.next() {
                    match c {
                        ']' => {
                            out.push(']');
                            break;
                        }
                        '[' if chars.peek() == Some(&':') => {
                            out.push('[');
                            for c in chars.by_ref() {
                                out.push(c);
                                if c == ']' {
                                    break;
                                }
                            }
                        }
                        '[' | '\\' | '&' | '~' => {
                            out.push('\\');
                            out.push(c);
                        }
                        c => out.push(c),
                    }
                }
            }
            c => out.push(c),
        }
    }
    out
}

fn captures(m: &mut Machine<'_>, found: &regex::Captures<'_>) -> Value {
    let groups = found.iter().skip(1).map(|group| {
        let value = group.map_or(Value::Null, |g| Value::str(g.as_str()));
        m.s.heap.value(value)
    });
    Value::List(groups.collect())
}

pub fn match_(m: &mut Machine<'_>, a: &[ThunkId]) -> R<Value> {
    let pattern = plain_str(m, a[0])?;
    let text = plain_str(m, a[1])?;
    let regex = regex(m, &pattern, true)?;
    match regex.captures(&text) {
        Some(found) => Ok(captures(m, &found)),
        None => Ok(Value::Null),
    }
}

pub fn split(m: &mut Machine<'_>, a: &[ThunkId]) -> R<Value> {
    let pattern = plain_str(m, a[0])?;
    let text = plain_str(m, a[1])?;
    let regex = regex(m, &pattern, false)?;
    let (mut out, mut at) = (Vec::new(), 0);
    for found in regex.captures_iter(&text) {
        let whole = found.get(0).expect("a match has a whole");
        out.push(m.s.heap.value(Value::str(&text[at..whole.start()])));
        let groups = captures(m, &found);
        out.push(m.s.heap.value(groups));
        at = whole.end();
    }
    out.push(m.s.heap.value(Value::str(&text[at..])));
    Ok(Value::List(out.into()))
}

pub fn from_json(m: &mut Machine<'_>, json: &serde_json::Value) -> ThunkId {
    use serde_json::Value as J;
    let value = match json {
        J::Null => Value::Null,
        J::Bool(b) => Value::Bool(*b),
        J::Number(n) => {
            n.as_i64().map_or_else(|| Value::Float(n.as_f64().unwrap_or(f64::NAN)), Value::Int)
        }
        J::String(text) => Value::str(text.as_str()),
        J::Array(items) => Value::List(items.iter().map(|item| from_json(m, item)).collect()),
        J::Object(members) => {
            let entries =
                members.iter().map(|(name, item)| (m.s.syms.intern(name), from_json(m, item)));
            plain(entries.collect())
        }
    };
    m.s.heap.value(value)
}

pub fn from_toml(m: &mut Machine<'_>, toml: &toml::Value) -> ThunkId {
    use toml::Value as T;
    let value = match toml {
        T::String(text) => Value::str(text.as_str()),
        T::Integer(i) => Value::Int(*i),
        T::Float(f) => Value::Float(*f),
        T::Boolean(b) => Value::Bool(*b),
        T::Datetime(date) => Value::str(date.to_string()),
        T::Array(items) => Value::List(items.iter().map(|item| from_toml(m, item)).collect()),
        T::Table(members) => {
            let entries =
                members.iter().map(|(name, item)| (m.s.syms.intern(name), from_toml(m, item)));
            plain(entries.collect())
        }
    };
    m.s.heap.value(value)
}

/// A value as JSON, evaluated all the way.
pub fn to_json(m: &mut Machine<'_>, id: ThunkId) -> R<serde_json::Value> {
    use serde_json::Value as J;
    let value = m.force(id)?;
    Ok(match &value {
        Value::Null => J::Null,
        Value::Bool(b) => J::Bool(*b),
        Value::Int(i) => J::from(*i),
        Value::Float(f) => J::from(*f),
        Value::Str(text) => J::from(&**text),
        Value::Path(_) => return unknown("the store path of a file"),
        Value::List(items) => {
            let items: R<Vec<J>> = items.iter().map(|item| to_json(m, *item)).collect();
            J::Array(items?)
        }
        Value::Attrs(attrs) => {
            let (to_string, out_path) = (m.s.known.to_string, m.s.known.out_path);
            if m.get(attrs, to_string)?.is_some() {
                return Ok(J::from(&*m.coerce(&value, false)?));
            }
            if let Some(thunk) = m.get(attrs, out_path)? {
                return to_json(m, thunk);
            }
            let mut members = serde_json::Map::new();
            for sym in m.sorted_keys(attrs)? {
                let thunk = m.need(attrs, sym)?;
                let item = to_json(m, thunk)?;
                members.insert(m.s.syms.name(sym).to_string(), item);
            }
            J::Object(members)
        }
        Value::Lambda(_) | Value::Prim(_) => return error("a function as JSON"),
    })
}
