//! What the functions do whose name says enough.

use std::rc::Rc;

use rnix::ast;

use super::{
    eval::plain,
    machine::Machine,
    value::{Closure, Fill, Member, Method, Package, Scope, Value, ident},
};

/// Functions that make a derivation of a set of arguments, and take its name and version over as
/// they are, or with something put before the name.
const BUILDERS: &[&str] = &[
    "mkDerivation",
    "derivation",
    "buildPythonPackage",
    "buildPythonApplication",
    "buildPerlPackage",
    "buildGoPackage",
    "buildGoModule",
    "buildRustPackage",
    "buildDotnetPackage",
    "buildDotnetModule",
    "buildNpmPackage",
    "buildDunePackage",
    "buildLuaPackage",
    "buildLuarocksPackage",
    "buildFHSUserEnv",
    "buildFHSEnv",
    "buildMaven",
];

/// Functions that give their last argument back, as far as name and version go; with how many
/// arguments they take.
const TRANSPARENT: &[(&str, usize)] = &[
    ("lowPrio", 1),
    ("hiPrio", 1),
    ("lowPrioSet", 1),
    ("recurseIntoAttrs", 1),
    ("dontRecurseIntoAttrs", 1),
    ("dontDistribute", 1),
    ("hydraPlatforms", 1),
    ("toPythonApplication", 1),
    ("useOldCXXAbi", 1),
    ("setPrio", 2),
    ("addMetaAttrs", 2),
    ("warn", 2),
    ("warnOnInstantiate", 2),
    ("lowPrioIf", 2),
];

impl Machine<'_> {
    /// `function argument`.
    pub fn apply(&self, function: Value, argument: Value) -> Value {
        match function {
            Value::Lambda(closure) => self.deeper(|| self.apply_closure(&closure, argument)),
            Value::Named(name) => self.call_named(&name, vec![argument], Fill::Elsewhere),
            Value::Attr(name) => self.call_attribute(&name, argument),
            Value::Partial(name, before, fill) => {
                let mut arguments = before.to_vec();
                arguments.push(argument);
                self.call_named(&name, arguments, fill)
            }
            Value::Method(method, of) => self.call_method(method, &of, argument),
            Value::Throws => Value::Throws,
            Value::Unknown(why) => Value::Unknown(why),
            _ => Value::Unknown("a function is not known"),
        }
    }

    /// A call of a member of the package set: `callPackage` above all, else what it is bound to.
    fn call_attribute(&self, name: &Rc<str>, argument: Value) -> Value {
        match self.call_named(name, vec![argument.clone()], Fill::Packages) {
            Value::Unknown(NOT_KNOWN) => match self.settle(Value::Attr(name.clone())) {
                Value::Lambda(closure) => self.deeper(|| self.apply_closure(&closure, argument)),
                _ => Value::Unknown(NOT_KNOWN),
            },
            value => value,
        }
    }

    /// Calls a function written in Nix.
    pub fn apply_closure(&self, closure: &Closure, argument: Value) -> Value {
        let Some(body) = closure.lambda.body() else {
            return Value::Unknown("a piece is missing");
        };
        let up = closure.env.clone();
        let scope = match closure.lambda.param() {
            Some(ast::Param::IdentParam(param)) => match param.ident() {
                Some(name) => Scope::Parameter { name: ident(&name), value: argument, up },
                None => return Value::Unknown("a piece is missing"),
            },
            Some(ast::Param::Pattern(pattern)) => {
                Scope::Formals { formals: self.formals(&pattern), argument, fill: closure.fill, up }
            }
            None => return Value::Unknown("a piece is missing"),
        };
        self.eval(&body, &Rc::new(scope))
    }

    /// Calls what `function` leads to as `callPackage` does.
    pub fn call_package(&self, function: Value, arguments: Value, fill: Fill) -> Value {
        let called = match &function {
            Value::Path(path) => self.import(path),
            other => other.clone(),
        };
        let result = match called {
            Value::Lambda(closure) => {
                let (lambda, env) = (closure.lambda.clone(), closure.env.clone());
                self.apply_closure(&Closure { lambda, env, fill }, arguments.clone())
            }
            Value::Unknown(why) => return Value::Unknown(why),
            // A file that is no function is taken as it is.
            other => other,
        };
        match result {
            Value::Package(package) => Value::Package(Rc::new(Package {
                origin: Some(Rc::new((function, arguments, fill))),
                ..(*package).clone()
            })),
            other => other,
        }
    }

    fn call_named(&self, name: &str, mut arguments: Vec<Value>, fill: Fill) -> Value {
        let last = |mut arguments: Vec<Value>| {
            arguments.pop().unwrap_or(Value::Unknown("a piece is missing"))
        };
        if let Some((_, arity)) = TRANSPARENT.iter().find(|(known, _)| *known == name) {
            return match arguments.len() == *arity {
                true => self.settle(last(arguments)),
                false => partial(name, arguments, fill),
            };
        }
        if BUILDERS.contains(&name) {
            return self.build(name, last(arguments));
        }
        let arity = match name {
            "import" | "throw" | "abort" | "toString" | "getVersion" | "isNull" => 1,
            "callPackage" | "callPackage_i686" | "callPackages" | "makeOverridable"
            | "optionalString" | "optionalAttrs" | "optional" | "removeAttrs" | "versionOlder"
            | "versionAtLeast" | "overrideDerivation" | "removeSuffix" | "removePrefix"
            | "getConfig" => 2,
            "newScope" | "callPackageWith" | "callPackagesWith" => 3,
            _ => return Value::Unknown(NOT_KNOWN),
        };
        if arguments.len() < arity {
            return partial(name, arguments, fill);
        }
        match name {
            "import" => match last(arguments) {
                Value::Path(path) => self.import(&path),
                _ => Value::Unknown("a path is computed"),
            },
            "throw" | "abort" => Value::Throws,
            "toString" => match plain(last(arguments)) {
                text @ Value::Str(_) => text,
                Value::Int(number) => Value::Str(number.to_string().into()),
                _ => Value::Unknown("it is computed"),
            },
            "isNull" => match last(arguments) {
                Value::Null => Value::Bool(true),
                Value::Str(_) | Value::Set(_) | Value::Package(_) => Value::Bool(false),
                _ => Value::Unknown("it depends on a condition"),
            },
            "getVersion" => match self.settle(last(arguments)) {
                package @ Value::Package(_) => self.select(package, &"version".into()),
                Value::Str(name) => Value::Str(super::drv_name::parse(&name).1.into()),
                _ => Value::Unknown("it is computed"),
            },
            "newScope" | "callPackageWith" | "callPackagesWith" => {
                let (given, function) = (arguments.pop(), arguments.pop());
                match (function, given) {
                    (Some(function), Some(given)) => {
                        self.call_package(function, given, Fill::Elsewhere)
                    }
                    _ => Value::Unknown("a piece is missing"),
                }
            }
            _ => {
                let Ok([first, second]) = <[Value; 2]>::try_from(arguments) else {
                    return Value::Unknown("a function has too many arguments");
                };
                self.call_with_two(name, first, second, fill)
            }
        }
    }

    fn call_with_two(&self, name: &str, first: Value, second: Value, fill: Fill) -> Value {
        match (name, first, second) {
            ("callPackage" | "callPackages", function, given) => {
                self.call_package(function, given, fill)
            }
            ("callPackage_i686", function, given) => {
                self.call_package(function, given, Fill::Elsewhere)
            }
            ("makeOverridable", function, given) => {
                self.call_package(function, given, Fill::Nothing)
            }
            ("overrideDerivation", of, change) => {
                self.call_method(Method::OverrideAttrs, &of, change)
            }
            ("getConfig", _, default) => default,
            ("optionalString", Value::Bool(true), text) => text,
            ("optionalString", Value::Bool(false), _) => Value::Str("".into()),
            ("optionalAttrs", Value::Bool(true), set) => set,
            ("optionalAttrs", Value::Bool(false), _) => Value::empty_set(),
            ("versionOlder", Value::Str(a), Value::Str(b)) => {
                Value::Bool(model::version::compare(&a, &b).is_lt())
            }
            ("versionAtLeast", Value::Str(a), Value::Str(b)) => {
                Value::Bool(model::version::compare(&a, &b).is_ge())
            }
            ("removeSuffix", Value::Str(end), Value::Str(text)) => {
                Value::Str(text.strip_suffix(&*end).unwrap_or(&text).into())
            }
            ("removePrefix", Value::Str(start), Value::Str(text)) => {
                Value::Str(text.strip_prefix(&*start).unwrap_or(&text).into())
            }
            ("removeAttrs", set, Value::List(names)) => {
                let mut gone = Vec::new();
                for (expr, env) in names.iter() {
                    match self.eval(expr, env) {
                        Value::Str(name) => gone.push(name),
                        _ => return Value::Unknown("a name is computed"),
                    }
                }
                Value::Without(Rc::new((set, gone)))
            }
            _ => Value::Unknown("it is computed"),
        }
    }

    /// A derivation, unless its arguments are not a set; a function of itself is one too.
    fn build(&self, builder: &str, arguments: Value) -> Value {
        let arguments = match arguments {
            Value::Lambda(closure) => Value::Fixed(closure),
            set @ (Value::Set(_) | Value::Updated(_) | Value::Without(_)) => set,
            Value::Throws => return Value::Throws,
            _ => return Value::Unknown("the arguments of a builder are not known"),
        };
        Value::Package(Rc::new(Package {
            builder: builder.into(),
            file: self.file_of(&arguments),
            arguments,
            origin: None,
        }))
    }

    fn call_method(&self, method: Method, of: &Value, change: Value) -> Value {
        let Value::Package(package) = self.settle(of.clone()) else {
            return Value::Unknown("what is overridden is not known");
        };
        match method {
            Method::Override => {
                let Some(origin) = &package.origin else {
                    return Value::Unknown("what is overridden is not known");
                };
                let (function, given, fill) = &**origin;
                let change = match change {
                    Value::Lambda(closure) => self.apply_closure(&closure, given.clone()),
                    set => set,
                };
                let given = Value::Updated(Rc::new((given.clone(), change)));
                self.call_package(function.clone(), given, *fill)
            }
            Method::OverrideAttrs => {
                let old = package.arguments.clone();
                let change = match change {
                    Value::Lambda(closure) => self.apply_closure(&closure, old.clone()),
                    set => set,
                };
                let change = match change {
                    // `finalAttrs: oldAttrs: …`; what it makes of the final ones is not followed.
                    Value::Lambda(closure) => self.apply_closure(&closure, old.clone()),
                    set => set,
                };
                let arguments = Value::Updated(Rc::new((old, change)));
                Value::Package(Rc::new(Package { arguments, ..(*package).clone() }))
            }
        }
    }

    /// The file that a set of arguments is written in.
    fn file_of(&self, arguments: &Value) -> Rc<str> {
        let mut scope = match arguments {
            Value::Set(set) => &set.env,
            Value::Fixed(closure) => &closure.env,
            Value::Updated(sides) => return self.file_of(&sides.1),
            Value::Without(set) => return self.file_of(&set.0),
            _ => return "".into(),
        };
        while let Some(up) = scope.up() {
            scope = up;
        }
        match &**scope {
            Scope::File(file) => file.clone(),
            Scope::Collection(i) => self.world.paths[*i].clone(),
            _ => "".into(),
        }
    }

    /// What a derivation says about one of its attributes.
    pub fn package_member(&self, package: &Rc<Package>, name: &Rc<str>) -> Member {
        match &**name {
            "version" | "pname" | "name" => self.package_text(package, name),
            "out" | "bin" | "dev" | "lib" | "man" | "doc" => {
                Member::Found(Value::Package(package.clone()))
            }
            _ => match self.member(&package.arguments, &"passthru".into()) {
                Member::Found(passthru) => match self.member(&passthru, name) {
                    Member::Absent => self.argument(package, name),
                    found => found,
                },
                Member::Absent => self.argument(package, name),
                Member::Unknown(why) => Member::Unknown(why),
            },
        }
    }

    fn argument(&self, package: &Package, name: &Rc<str>) -> Member {
        match self.member(&package.arguments, name) {
            // A derivation has more attributes than its arguments.
            Member::Absent => Member::Unknown("a derivation's attribute is not known"),
            found => found,
        }
    }
}

/// The reason that says that a name's function is not in the tables here.
const NOT_KNOWN: &str = "a function is not known";

fn partial(name: &str, arguments: Vec<Value>, fill: Fill) -> Value {
    Value::Partial(name.into(), Rc::new(arguments), fill)
}
