//! Values as what is needed of them: a list, text, an order.

use std::rc::Rc;

use super::{
    machine::Machine,
    prims,
    value::{Attrs, R, ThunkId, Value, error, unknown},
};

impl Machine<'_> {
    pub fn force_attrs(&mut self, id: ThunkId) -> R<Rc<Attrs>> {
        match self.force(id)? {
            Value::Attrs(attrs) => Ok(attrs),
            other => error(format!("a {} where a set should be", other.type_name())),
        }
    }

    pub fn force_list(&mut self, id: ThunkId) -> R<Rc<[ThunkId]>> {
        match self.force(id)? {
            Value::List(list) => Ok(list),
            other => error(format!("a {} where a list should be", other.type_name())),
        }
    }

    pub fn force_str(&mut self, id: ThunkId) -> R<Rc<str>> {
        let value = self.force(id)?;
        self.as_str(&value)
    }

    pub fn as_str(&mut self, value: &Value) -> R<Rc<str>> {
        match value {
            Value::Str(text) => Ok(text.clone()),
            Value::Attrs(_) => self.coerce(value, false),
            other => error(format!("a {} where a string should be", other.type_name())),
        }
    }

    pub fn force_int(&mut self, id: ThunkId) -> R<i64> {
        match self.force(id)? {
            Value::Int(int) => Ok(int),
            other => error(format!("a {} where an integer should be", other.type_name())),
        }
    }

    /// A value as text: what interpolation does, or with `all` what `toString` does.
    pub fn coerce(&mut self, value: &Value, all: bool) -> R<Rc<str>> {
        match value {
            Value::Str(text) => Ok(text.clone()),
            Value::Path(text) if all => Ok(text.clone()),
            Value::Path(_) => Ok(prims::STORE_PATH.into()),
            Value::Attrs(attrs) => {
                let (to_string, out_path) = (self.s.known.to_string, self.s.known.out_path);
                if let Some(f) = self.get(attrs, to_string)? {
                    let f = self.force(f)?;
                    let own = self.s.heap.value(value.clone());
                    let text = self.call(&f, own)?;
                    return self.coerce(&text, all);
                }
                match self.get(attrs, out_path)? {
                    Some(thunk) => {
                        let inner = self.force(thunk)?;
                        self.coerce(&inner, all)
                    }
                    None => error("a set cannot be made a string"),
                }
            }
            Value::Int(i) if all => Ok(i.to_string().into()),
            Value::Float(f) if all => Ok(format!("{f:.6}").into()),
            Value::Bool(b) if all => Ok(if *b { "1" } else { "" }.into()),
            Value::Null if all => Ok("".into()),
            Value::List(items) if all => {
                let mut out = String::new();
                for (i, item) in items.iter().enumerate() {
                    let value = self.force(*item)?;
                    out.push_str(&self.coerce(&value, true)?);
                    let empty = matches!(&value, Value::List(inner) if inner.is_empty());
                    if i + 1 < items.len() && !empty {
                        out.push(' ');
                    }
                }
                Ok(out.into())
            }
            other => error(format!("a {} cannot be made a string", other.type_name())),
        }
    }

    pub fn equal(&mut self, a: &Value, b: &Value) -> R<bool> {
        match (a, b) {
            (Value::Null, Value::Null) => Ok(true),
            (Value::Bool(x), Value::Bool(y)) => Ok(x == y),
            (Value::Int(x), Value::Int(y)) => Ok(x == y),
            #[expect(clippy::cast_precision_loss, reason = "as Nix compares them")]
            (Value::Int(x), Value::Float(y)) | (Value::Float(y), Value::Int(x)) => {
                Ok(*x as f64 == *y)
            }
            #[expect(clippy::float_cmp, reason = "as Nix compares them")]
            (Value::Float(x), Value::Float(y)) => Ok(x == y),
            (Value::Str(x), Value::Str(y)) | (Value::Path(x), Value::Path(y)) => {
                if x.contains(prims::STORE_PATH) && y.contains(prims::STORE_PATH) {
                    return unknown("whether two store paths are equal");
                }
                Ok(x == y)
            }
            (Value::List(x), Value::List(y)) => {
                if x.len() != y.len() {
                    return Ok(false);
                }
                for (a, b) in x.iter().zip(y.iter()) {
                    if !self.equal_thunks(*a, *b)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            (Value::Attrs(x), Value::Attrs(y)) => self.equal_attrs(x, y),
            _ => Ok(false),
        }
    }

    fn equal_thunks(&mut self, a: ThunkId, b: ThunkId) -> R<bool> {
        if a == b {
            return Ok(true);
        }
        let (a, b) = (self.force(a)?, self.force(b)?);
        if let (Value::Lambda(x), Value::Lambda(y)) = (&a, &b) {
            return Ok(Rc::ptr_eq(x, y));
        }
        self.equal(&a, &b)
    }

    fn equal_attrs(&mut self, x: &Rc<Attrs>, y: &Rc<Attrs>) -> R<bool> {
        if Rc::ptr_eq(x, y) {
            return Ok(true);
        }
        if self.is_derivation(x)? && self.is_derivation(y)? {
            let out_path = self.s.known.out_path;
            if let (Some(a), Some(b)) = (self.get(x, out_path)?, self.get(y, out_path)?) {
                return self.equal_thunks(a, b);
            }
        }
        let (x, y) = (self.entries(x)?, self.entries(y)?);
        if x.len() != y.len() || x.iter().zip(&y).any(|(a, b)| a.0 != b.0) {
            return Ok(false);
        }
        for (a, b) in x.iter().zip(&y) {
            if !self.equal_thunks(a.1, b.1)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    pub fn is_derivation(&mut self, attrs: &Rc<Attrs>) -> R<bool> {
        let kind = self.s.known.type_;
        let Some(thunk) = self.get(attrs, kind)? else { return Ok(false) };
        Ok(matches!(self.force(thunk)?, Value::Str(text) if &*text == "derivation"))
    }

    pub fn less(&mut self, a: &Value, b: &Value) -> R<bool> {
        #[expect(clippy::cast_precision_loss, reason = "as Nix compares them")]
        match (a, b) {
            (Value::Int(x), Value::Int(y)) => Ok(x < y),
            (Value::Int(x), Value::Float(y)) => Ok((*x as f64) < *y),
            (Value::Float(x), Value::Int(y)) => Ok(*x < (*y as f64)),
            (Value::Float(x), Value::Float(y)) => Ok(x < y),
            (Value::Str(x), Value::Str(y)) | (Value::Path(x), Value::Path(y)) => Ok(x < y),
            (Value::List(x), Value::List(y)) => {
                for (a, b) in x.iter().zip(y.iter()) {
                    if !self.equal_thunks(*a, *b)? {
                        let (a, b) = (self.force(*a)?, self.force(*b)?);
                        return self.less(&a, &b);
                    }
                }
                Ok(x.len() < y.len())
            }
            _ => error(format!("a {} and a {} compared", a.type_name(), b.type_name())),
        }
    }
}
