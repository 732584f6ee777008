//! From a value to an answer: version, name and the rest of what is said about a package.

use std::rc::Rc;

use model::{AttrPath, Facts};

use super::{
    drv_name,
    eval::plain,
    machine::{Machine, Read},
    value::{Member, Package, Value},
};
use crate::observe::Outcome;

impl Machine<'_> {
    /// What the attribute of the package set with this name is.
    pub fn answer(&self, name: &Rc<str>) -> Outcome {
        let mut value = self.force(name);
        let mut alias_of = None;
        while let Value::Attr(other) = &value {
            let seen = alias_of.as_ref() == Some(other) || other == name;
            if seen {
                return unknown("it is defined by itself");
            }
            alias_of = Some(other.clone());
            let other = other.clone();
            value = self.settle_once(&other);
        }
        match self.package_of(&value) {
            Found::Package(package, on_top) => self.describe(&package, on_top.as_ref(), alias_of),
            Found::NoPackage => Outcome::Gone,
            Found::Unknown(why) => unknown(why),
        }
    }

    fn settle_once(&self, name: &Rc<str>) -> Value {
        self.deeper(|| self.force(name))
    }

    /// The package that a value is.
    fn package_of(&self, value: &Value) -> Found {
        match value {
            Value::Package(package) => Found::Package(package.clone(), None),
            Value::Updated(sides) => match self.settle(sides.0.clone()) {
                Value::Package(package) => Found::Package(package, Some(sides.1.clone())),
                Value::Set(_) => self.package_like(value),
                _ => Found::Unknown("a set is not known"),
            },
            Value::Set(_) | Value::Without(_) => self.package_like(value),
            Value::Unknown(why) => Found::Unknown(why),
            Value::Named(_) | Value::Partial(..) | Value::Fixed(_) | Value::Attr(_) => {
                Found::Unknown("it comes from elsewhere")
            }
            _ => Found::NoPackage,
        }
    }

    /// A set is no package, unless it says that it is a derivation.
    fn package_like(&self, set: &Value) -> Found {
        match self.member(set, &"type".into()) {
            Member::Absent => Found::NoPackage,
            _ => Found::Unknown("a set may be a derivation"),
        }
    }

    fn describe(
        &self,
        package: &Rc<Package>,
        on_top: Option<&Value>,
        alias_of: Option<Rc<str>>,
    ) -> Outcome {
        if let Some(on_top) = on_top {
            for name in ["version", "name", "pname", "type"] {
                if !matches!(self.member(on_top, &name.into()), Member::Absent) {
                    return unknown("a set is laid over a package");
                }
            }
        }
        let version = match self.package_text(package, &"version".into()) {
            Member::Found(Value::Str(version)) if version.is_empty() => return Outcome::Gone,
            Member::Found(Value::Str(version)) => version,
            Member::Found(Value::Throws) => return Outcome::Gone,
            Member::Unknown(why) => return unknown(why),
            _ => return unknown("its version is not a text"),
        };
        let meta = match on_top.map(|set| self.member(set, &"meta".into())) {
            None | Some(Member::Absent) => self.member(&package.arguments, &"meta".into()),
            Some(other) => other,
        };
        let mut facts = match meta {
            Member::Found(meta) => self.facts(&meta),
            _ => Facts::default(),
        };
        if let Member::Found(Value::Str(pname)) = self.package_text(package, &"pname".into()) {
            facts.pname = Some(pname.to_string());
        }
        facts.file = (!package.file.is_empty()).then(|| package.file.to_string());
        Outcome::Known {
            version: version.to_string(),
            facts,
            alias_of: alias_of.map(|name| AttrPath::top(&name)),
        }
    }

    /// `name`, `pname` or `version` of a derivation.
    pub fn package_text(&self, package: &Package, name: &Rc<str>) -> Member {
        let passthru = match self.member(&package.arguments, &"passthru".into()) {
            Member::Found(passthru) => self.member(&passthru, name),
            other => other,
        };
        if let Member::Found(value) = passthru {
            return text_member(value);
        }
        match self.member(&package.arguments, name) {
            Member::Found(value) => return text_member(value),
            Member::Unknown(why) => return Member::Unknown(why),
            Member::Absent => {}
        }
        let text = |name: &str| self.member(&package.arguments, &name.into());
        match &**name {
            "name" => match (text("pname"), text("version")) {
                (Member::Found(Value::Str(pname)), Member::Found(Value::Str(version))) => {
                    Member::Found(Value::Str(format!("{pname}-{version}").into()))
                }
                _ => Member::Unknown("a name is not known"),
            },
            // Other builders may put something before the name.
            "pname" if !is_plain_builder(&package.builder) => {
                Member::Unknown("a name is not known")
            }
            part => match text("name") {
                Member::Found(value) => match plain(value) {
                    Value::Str(full) => {
                        let (pname, version) = drv_name::parse(&full);
                        let part = if part == "pname" { pname } else { version };
                        Member::Found(Value::Str(part.into()))
                    }
                    Value::Throws => Member::Found(Value::Throws),
                    Value::Unknown(why) => Member::Unknown(why),
                    _ => Member::Unknown("a name is not known"),
                },
                Member::Absent => Member::Unknown("a derivation has no name"),
                Member::Unknown(why) => Member::Unknown(why),
            },
        }
    }

    fn facts(&self, meta: &Value) -> Facts {
        let text = |name: &str| match self.member(meta, &name.into()) {
            Member::Found(Value::Str(text)) if !text.is_empty() => Some(text.to_string()),
            _ => None,
        };
        let list = |name: &str| match self.member(meta, &name.into()) {
            Member::Found(Value::List(items)) => {
                items.iter().map(|(expr, env)| self.eval(expr, env)).collect()
            }
            _ => Vec::new(),
        };
        let texts = |name: &str| {
            let known = |value: Value| match value {
                Value::Str(text) => Some(text.to_string()),
                _ => None,
            };
            list(name).into_iter().filter_map(known).collect::<Vec<_>>()
        };
        Facts {
            pname: None,
            description: text("description"),
            homepage: text("homepage").or_else(|| texts("homepage").into_iter().next()),
            license: self.licences(meta),
            file: None,
            broken: matches!(self.member(meta, &"broken".into()), Member::Found(Value::Bool(true))),
            known_vulnerabilities: texts("knownVulnerabilities"),
        }
    }

    fn licences(&self, meta: &Value) -> Option<String> {
        let Member::Found(value) = self.member(meta, &"license".into()) else { return None };
        let values = match value {
            Value::List(items) => items.iter().map(|(e, env)| self.eval(e, env)).collect(),
            one => vec![one],
        };
        let one = |value: Value| match value {
            Value::Str(text) => Some(text.to_string()),
            Value::Named(name) => {
                self.note(Read::Licence(name.clone()));
                self.world.licences.get(&name).map(|id| id.to_string())
            }
            _ => None,
        };
        let all: Option<Vec<String>> = values.into_iter().map(one).collect();
        all.map(|all| all.join(", ")).filter(|text| !text.is_empty())
    }
}

/// What a value is, where packages are looked for.
enum Found {
    /// A package, with the set that is laid over it in `package // { … }`.
    Package(Rc<Package>, Option<Value>),
    NoPackage,
    Unknown(&'static str),
}

/// Builders that take a derivation's name over as it is.
fn is_plain_builder(name: &str) -> bool {
    matches!(name, "mkDerivation" | "derivation")
}

fn text_member(value: Value) -> Member {
    match plain(value) {
        text @ (Value::Str(_) | Value::Throws) => Member::Found(text),
        Value::Unknown(why) => Member::Unknown(why),
        _ => Member::Unknown("a version is not a text"),
    }
}

fn unknown(why: &str) -> Outcome {
    Outcome::Unknown(why.to_owned())
}
