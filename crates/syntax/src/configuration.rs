//! What a configuration that nobody wrote for this program says of packages: pins in the forms of
//! [`crate::shapes`], and attributes that are taken out of a revision of nixpkgs.
//!
//! The latter are read off the syntax tree by simple rules, without evaluation: a name means what the
//! nearest `let`, `rec` or `with` around it gives it. What these rules do not reach is not found;
//! nothing is guessed.

use std::{cell::Cell, collections::BTreeMap};

use model::{AttrPath, CommitId};
use rnix::ast::{self, AstToken, Expr, HasEntry, InterpolPart};
use rowan::ast::AstNode;

use crate::{
    TextRange, lex,
    pins::{PinFile, Refusal},
};

/// Something that a configuration asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// The attribute path.
    pub path: AttrPath,
    /// Which of its versions.
    pub which: Which,
    /// Where it is asked for.
    pub range: TextRange,
}

/// Which version is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Which {
    /// One with this text, or that meets it.
    Version(String),
    /// The one that a revision of nixpkgs has.
    At(CommitId),
}

/// What a configuration asks for, and the revisions of nixpkgs that it names.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Configuration {
    /// What it asks for, in the order of the text, each once.
    pub asked: Vec<Asked>,
    /// The revisions, each where it is named first.
    pub revisions: Vec<(CommitId, TextRange)>,
}

/// How many names may lead from one to the next before it is given up: definitions may go round in
/// circles.
const MAX_STEPS: usize = 64;

/// How many definitions are looked at for one expression: texts may be made of each other many times
/// over.
const MOST_STEPS: usize = 1_000;

/// Reads a configuration. `inputs` has the revisions of nixpkgs that a flake's lock gives its inputs.
///
/// # Errors
/// [`Refusal`] if the text is too long or nests too deep.
pub fn read(text: &str, inputs: &BTreeMap<String, CommitId>) -> Result<Configuration, Refusal> {
    // The parser recurses.
    lex::lex(text, false)?;
    let root = rnix::Root::parse(text).tree();
    let mut reader = Reader {
        inputs: inputs.clone(),
        found: Configuration::default(),
        budget: Cell::new(MOST_STEPS),
    };
    for pin in PinFile::within(text)?.pins {
        let version = pin.version().filter(|version| version.closed && !pin.is_cut_off());
        if let Some(version) = version {
            let which = Which::Version(version.text.clone());
            reader.found.asked.push(Asked { path: pin.path, which, range: pin.range });
        }
    }
    if let Some(expr) = root.expr() {
        reader.inputs.extend(flake_inputs(&expr));
        reader.visit(&expr, &Scope::Top);
    }
    reader.found.asked.sort_by_key(|asked| asked.range);
    let mut found = Configuration::default();
    for asked in reader.found.asked {
        if !found.asked.iter().any(|a| a.path == asked.path && a.which == asked.which) {
            found.asked.push(asked);
        }
    }
    reader.found.revisions.sort_by_key(|(_, range)| *range);
    for (revision, range) in reader.found.revisions {
        if found.revisions.iter().all(|(other, _)| *other != revision) {
            found.revisions.push((revision, range));
        }
    }
    Ok(found)
}

/// What names mean where an expression stands.
enum Scope<'a> {
    Top,
    /// Bindings, by the names that they begin with, each with the rest of the names.
    Bound {
        names: BTreeMap<String, Vec<(Vec<String>, Expr)>>,
        outer: &'a Scope<'a>,
    },
    /// A function's arguments: only the inputs of a flake are known.
    Arguments {
        names: Vec<String>,
        outer: &'a Scope<'a>,
    },
    With {
        set: Expr,
        outer: &'a Scope<'a>,
    },
}

/// What an expression is, as far as it matters.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Meaning {
    /// The files of a revision of nixpkgs.
    Tree(CommitId),
    /// What is under these names in the packages of a revision.
    Packages(CommitId, Vec<String>),
    /// The inputs of the flake.
    Inputs,
    Text(String),
}

struct Reader {
    inputs: BTreeMap<String, CommitId>,
    found: Configuration,
    /// How many steps are left for the expression that is looked at.
    budget: Cell<usize>,
}

impl Reader {
    /// Looks for what is asked for in an expression and all in it.
    fn visit(&mut self, expr: &Expr, scope: &Scope) {
        match expr {
            Expr::LetIn(let_in) => {
                let scope = Scope::Bound { names: names(let_in), outer: scope };
                self.entries(let_in, &scope);
                let_in.body().iter().for_each(|body| self.visit(body, &scope));
            }
            Expr::AttrSet(set) if set.rec_token().is_some() => {
                let scope = Scope::Bound { names: names(set), outer: scope };
                self.entries(set, &scope);
            }
            Expr::AttrSet(set) => self.entries(set, scope),
            Expr::Lambda(lambda) => {
                let scope = Scope::Arguments { names: arguments(lambda), outer: scope };
                lambda.body().iter().for_each(|body| self.visit(body, &scope));
            }
            Expr::With(with) => {
                let Some(set) = with.namespace() else { return };
                self.visit(&set, scope);
                let scope = Scope::With { set, outer: scope };
                with.body().iter().for_each(|body| self.visit(body, &scope));
            }
            Expr::List(list) => {
                for item in list.items() {
                    if let Expr::Ident(_) = item {
                        self.package(&item, scope);
                    }
                    self.visit(&item, scope);
                }
            }
            Expr::Select(select) => {
                self.package(expr, scope);
                select.expr().iter().for_each(|base| self.visit(base, scope));
                if let Some(default) = select.default_expr() {
                    self.visit(&default, scope);
                }
            }
            Expr::Apply(apply) => self.apply(apply, scope),
            other => {
                for child in other.syntax().children().filter_map(Expr::cast) {
                    self.visit(&child, scope);
                }
            }
        }
    }

    fn entries(&mut self, set: &impl HasEntry, scope: &Scope) {
        for entry in set.entries() {
            match entry {
                ast::Entry::AttrpathValue(binding) => {
                    let Some(value) = binding.value() else { continue };
                    self.visit(&value, scope);
                }
                ast::Entry::Inherit(inherit) => {
                    // `inherit (old) nodejs;`
                    let Some(from) = inherit.from().and_then(|from| from.expr()) else { continue };
                    self.budget.set(MOST_STEPS);
                    let meaning = self.meaning(&from, scope, 0);
                    for attr in inherit.attrs() {
                        if let (Some(Meaning::Packages(revision, path)), Some(name)) =
                            (&meaning, plain_name(&attr))
                        {
                            let path = path.iter().cloned().chain([name]);
                            self.ask(path, Which::At(*revision), attr.syntax());
                        }
                    }
                    self.visit(&from, scope);
                }
            }
        }
    }

    fn apply(&mut self, apply: &ast::Apply, scope: &Scope) {
        let (Some(function), Some(argument)) = (apply.lambda(), apply.argument()) else { return };
        self.revision(&function, &argument, scope);
        // What is called is a function, and no package; what it is an attribute of may be one.
        match &function {
            Expr::Select(select) => {
                let calls_package = matches!(
                    last_name(&function).as_deref(),
                    Some("override" | "overrideAttrs" | "overrideDerivation" | "withPackages")
                );
                if calls_package {
                    self.package(&function, scope);
                } else if let Some(base) = select.expr() {
                    self.visit(&base, scope);
                }
            }
            other => self.visit(other, scope),
        }
        self.visit(&argument, scope);
    }

    /// Remembers the package that an expression is, if it is one.
    fn package(&mut self, expr: &Expr, scope: &Scope) {
        /// What is asked of a package, and is none.
        const OF_A_PACKAGE: [&str; 14] = [
            "override",
            "overrideAttrs",
            "overrideDerivation",
            "withPackages",
            "out",
            "dev",
            "bin",
            "lib",
            "man",
            "doc",
            "version",
            "name",
            "outPath",
            "meta",
        ];
        self.budget.set(MOST_STEPS);
        let Some(Meaning::Packages(revision, mut path)) = self.meaning(expr, scope, 0) else {
            return;
        };
        let end = path.iter().skip(1).position(|name| OF_A_PACKAGE.contains(&name.as_str()));
        path.truncate(end.map_or(path.len(), |end| end + 1));
        self.ask(path, Which::At(revision), expr.syntax());
    }

    /// Remembers the revision that a fetching function is asked for.
    fn revision(&mut self, function: &Expr, argument: &Expr, scope: &Scope) {
        self.budget.set(MOST_STEPS);
        if let Some(revision) = self.fetched(function, argument, scope, 0) {
            self.found.revisions.push((revision, range(argument.syntax())));
        }
    }

    fn ask(
        &mut self,
        path: impl IntoIterator<Item = String>,
        which: Which,
        node: &rnix::SyntaxNode,
    ) {
        if let Ok(path) = AttrPath::from_segments(path) {
            self.found.asked.push(Asked { path, which, range: range(node) });
        }
    }

    /// One step further, if it is not too many.
    fn step(&self, steps: usize) -> Option<usize> {
        let left = self.budget.get().checked_sub(1)?;
        self.budget.set(left);
        (steps < MAX_STEPS).then_some(steps + 1)
    }

    /// What an expression is.
    fn meaning(&self, expr: &Expr, scope: &Scope, steps: usize) -> Option<Meaning> {
        let steps = self.step(steps)?;
        match expr {
            Expr::Paren(paren) => self.meaning(&paren.expr()?, scope, steps),
            Expr::Ident(ident) => self.named(&ident.to_string(), &[], scope, steps),
            Expr::Str(_) => self.text(expr, scope, steps).map(Meaning::Text),
            Expr::Select(select) => {
                let base = select.expr()?;
                let attrs: Vec<ast::Attr> = select.attrpath()?.attrs().collect();
                if let Expr::Ident(ident) = &base
                    && let Some(path) = attrs.iter().map(plain_name).collect::<Option<Vec<_>>>()
                {
                    return self.named(&ident.to_string(), &path, scope, steps);
                }
                let names = attrs.iter().map(plain_name);
                match self.meaning(&base, scope, steps)? {
                    Meaning::Packages(revision, mut path) => {
                        path.extend(names.collect::<Option<Vec<_>>>()?);
                        Some(Meaning::Packages(revision, path))
                    }
                    Meaning::Tree(revision) => packages_of(revision, &names.collect::<Vec<_>>()),
                    Meaning::Inputs => self.of_inputs(&names.collect::<Vec<_>>()),
                    Meaning::Text(_) => None,
                }
            }
            Expr::Apply(apply) => {
                let (function, argument) = (apply.lambda()?, apply.argument()?);
                if let Some(revision) = self.fetched(&function, &argument, scope, steps) {
                    return Some(Meaning::Tree(revision));
                }
                if last_name(&function).as_deref() == Some("import") {
                    return match self.meaning(&argument, scope, steps)? {
                        Meaning::Tree(revision) => Some(Meaning::Packages(revision, Vec::new())),
                        _ => None,
                    };
                }
                // What `import` of nixpkgs gives is called with system and configuration.
                match self.meaning(&function, scope, steps)? {
                    Meaning::Packages(revision, path) if path.is_empty() => {
                        Some(Meaning::Packages(revision, path))
                    }
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// What a name, and names in it, mean.
    fn named(&self, name: &str, path: &[String], scope: &Scope, steps: usize) -> Option<Meaning> {
        let steps = self.step(steps)?;
        match scope {
            Scope::Top => None,
            Scope::Bound { names, outer } => {
                let Some(bindings) = names.get(name) else {
                    return self.named(name, path, outer, steps);
                };
                bindings.iter().find_map(|(rest, value)| {
                    let left = path.strip_prefix(rest.as_slice())?;
                    self.inside(value, left, scope, steps)
                })
            }
            Scope::Arguments { names, outer } => {
                if !names.iter().any(|argument| argument == name) {
                    return self.named(name, path, outer, steps);
                }
                let names = path.iter().cloned().map(Some);
                match name {
                    "inputs" if path.is_empty() => Some(Meaning::Inputs),
                    "inputs" => self.of_inputs(&names.collect::<Vec<_>>()),
                    _ => {
                        let input = Some(name.to_owned());
                        self.of_inputs(&[input].into_iter().chain(names).collect::<Vec<_>>())
                    }
                }
            }
            Scope::With { set, outer } => {
                // What is bound by name goes before.
                if outer.binds(name) {
                    return self.named(name, path, outer, steps);
                }
                match self.meaning(set, outer, steps)? {
                    Meaning::Packages(revision, mut inner) => {
                        inner.push(name.to_owned());
                        inner.extend(path.iter().cloned());
                        Some(Meaning::Packages(revision, inner))
                    }
                    _ => None,
                }
            }
        }
    }

    /// What an input of the flake, and names in it, mean.
    fn of_inputs(&self, names: &[Option<String>]) -> Option<Meaning> {
        let (input, rest) = names.split_first()?;
        let revision = *self.inputs.get(input.as_ref()?)?;
        if rest.is_empty() { Some(Meaning::Tree(revision)) } else { packages_of(revision, rest) }
    }

    /// What names in a value mean.
    fn inside(
        &self,
        value: &Expr,
        path: &[String],
        scope: &Scope,
        steps: usize,
    ) -> Option<Meaning> {
        if path.is_empty() {
            return self.meaning(value, scope, steps);
        }
        if let Expr::AttrSet(set) = value {
            return set.attrpath_values().find_map(|binding| {
                let names = plain_path(&binding.attrpath()?)?;
                let left = path.strip_prefix(names.as_slice())?;
                self.inside(&binding.value()?, left, scope, steps)
            });
        }
        let names = || path.iter().cloned();
        match self.meaning(value, scope, steps)? {
            Meaning::Packages(revision, inner) => {
                Some(Meaning::Packages(revision, inner.into_iter().chain(names()).collect()))
            }
            Meaning::Tree(revision) => {
                packages_of(revision, &names().map(Some).collect::<Vec<_>>())
            }
            _ => None,
        }
    }

    /// The revision of nixpkgs that a fetching function gives for an argument.
    fn fetched(
        &self,
        function: &Expr,
        argument: &Expr,
        scope: &Scope,
        steps: usize,
    ) -> Option<CommitId> {
        let name = last_name(function)?;
        let is_github = name == "fetchFromGitHub";
        if !is_github
            && !["fetchTarball", "fetchzip", "fetchGit", "fetchTree", "getFlake"]
                .contains(&name.as_str())
        {
            return None;
        }
        if let Expr::AttrSet(set) = argument {
            let field = |name: &str| entry(set, name).and_then(|e| self.text(&e, scope, steps));
            let rev = field("rev").and_then(|rev| rev.parse().ok());
            return match (field("repo"), field("url")) {
                (Some(repo), _) => rev.filter(|_| repo.starts_with("nixpkgs")),
                (None, Some(url)) if url.contains("nixpkgs") => rev.or_else(|| revision_in(&url)),
                _ => None,
            };
        }
        if is_github {
            return None;
        }
        revision_in(&self.text(argument, scope, steps)?)
    }

    /// The text that an expression is.
    fn text(&self, expr: &Expr, scope: &Scope, steps: usize) -> Option<String> {
        let steps = self.step(steps)?;
        let Expr::Str(string) = expr else {
            return match expr {
                Expr::Paren(paren) => self.text(&paren.expr()?, scope, steps),
                Expr::Literal(literal) => match literal.kind() {
                    ast::LiteralKind::Uri(uri) => Some(uri.syntax().text().to_owned()),
                    _ => None,
                },
                Expr::Ident(_) | Expr::Select(_) => match self.meaning(expr, scope, steps)? {
                    Meaning::Text(text) => Some(text),
                    _ => None,
                },
                _ => None,
            };
        };
        let mut text = String::new();
        for part in string.normalized_parts() {
            match part {
                InterpolPart::Literal(literal) => text.push_str(&literal),
                InterpolPart::Interpolation(inner) => {
                    text.push_str(&self.text(&inner.expr()?, scope, steps)?);
                }
            }
        }
        Some(text)
    }
}

impl Scope<'_> {
    /// Whether a name is bound by name, and not through `with`.
    fn binds(&self, name: &str) -> bool {
        match self {
            Scope::Top => false,
            Scope::Bound { names, outer } => names.contains_key(name) || outer.binds(name),
            Scope::Arguments { names, outer } => {
                names.iter().any(|argument| argument == name) || outer.binds(name)
            }
            Scope::With { outer, .. } => outer.binds(name),
        }
    }
}

/// What names in a flake of nixpkgs mean: `legacyPackages`, a system, and what is in it.
fn packages_of(revision: CommitId, names: &[Option<String>]) -> Option<Meaning> {
    let (first, rest) = names.split_first()?;
    let sets = ["legacyPackages", "packages"];
    if !first.as_ref().is_some_and(|first| sets.contains(&first.as_str())) || rest.is_empty() {
        return None;
    }
    let path = rest[1..].iter().cloned().collect::<Option<Vec<_>>>()?;
    Some(Meaning::Packages(revision, path))
}

/// The inputs of a flake whose addresses name a revision of nixpkgs.
fn flake_inputs(flake: &Expr) -> BTreeMap<String, CommitId> {
    let mut inputs = BTreeMap::new();
    let Expr::AttrSet(flake) = flake else { return inputs };
    let mut add = |names: &[String], value: &Expr| {
        if let [name, url] = names
            && url == "url"
            && let Some(revision) = plain_text(value).filter(|u| u.contains("nixpkgs"))
            && let Some(revision) = revision_in(&revision)
        {
            inputs.insert(name.clone(), revision);
        }
    };
    let mut open: Vec<(Vec<String>, ast::AttrSet)> = vec![(Vec::new(), flake.clone())];
    while let Some((before, set)) = open.pop() {
        for binding in set.attrpath_values() {
            let names = binding.attrpath().and_then(|path| plain_path(&path));
            let (Some(names), Some(value)) = (names, binding.value()) else { continue };
            let names = [before.clone(), names].concat();
            match (&value, names.split_first()) {
                (Expr::AttrSet(inner), Some((first, _))) if first == "inputs" => {
                    open.push((names, inner.clone()));
                }
                (value, Some((first, rest))) if first == "inputs" => add(rest, value),
                _ => {}
            }
        }
    }
    inputs
}

/// The commit that an address names: the only forty hexadecimal digits in it.
fn revision_in(address: &str) -> Option<CommitId> {
    if !address.contains("nixpkgs") {
        return None;
    }
    let mut words = address.split(|c: char| !c.is_ascii_hexdigit()).filter(|w| w.len() == 40);
    let revision = words.next()?.parse().ok()?;
    words.next().is_none().then_some(revision)
}

/// What a `let` or a recursive set binds.
fn names(set: &impl HasEntry) -> BTreeMap<String, Vec<(Vec<String>, Expr)>> {
    let mut names: BTreeMap<String, Vec<(Vec<String>, Expr)>> = BTreeMap::new();
    for binding in set.attrpath_values() {
        let path = binding.attrpath().and_then(|path| plain_path(&path));
        let (Some(mut path), Some(value)) = (path, binding.value()) else { continue };
        let first = path.remove(0);
        names.entry(first).or_default().push((path, value));
    }
    names
}

fn arguments(lambda: &ast::Lambda) -> Vec<String> {
    match lambda.param() {
        Some(ast::Param::IdentParam(param)) => {
            param.ident().iter().map(ToString::to_string).collect()
        }
        Some(ast::Param::Pattern(pattern)) => {
            let entries = pattern.pat_entries().filter_map(|entry| entry.ident());
            let whole = pattern.pat_bind().and_then(|bind| bind.ident());
            entries.chain(whole).map(|ident| ident.to_string()).collect()
        }
        None => Vec::new(),
    }
}

/// The value of a set's entry.
fn entry(set: &ast::AttrSet, name: &str) -> Option<Expr> {
    let is = |binding: &ast::AttrpathValue| {
        binding.attrpath().and_then(|p| plain_path(&p)).is_some_and(|path| path == [name])
    };
    set.attrpath_values().find(is)?.value()
}

/// The name of a function, without the set that it is taken from.
fn last_name(function: &Expr) -> Option<String> {
    match function {
        Expr::Ident(ident) => Some(ident.to_string()),
        Expr::Select(select) => plain_name(&select.attrpath()?.attrs().last()?),
        Expr::Paren(paren) => last_name(&paren.expr()?),
        _ => None,
    }
}

fn plain_path(path: &ast::Attrpath) -> Option<Vec<String>> {
    let names: Option<Vec<String>> = path.attrs().map(|attr| plain_name(&attr)).collect();
    names.filter(|names| !names.is_empty())
}

fn plain_name(attr: &ast::Attr) -> Option<String> {
    match attr {
        ast::Attr::Ident(ident) => Some(ident.to_string()),
        ast::Attr::Str(string) => plain_text(&Expr::Str(string.clone())),
        ast::Attr::Dynamic(_) => None,
    }
}

/// The text of a string without interpolation.
fn plain_text(expr: &Expr) -> Option<String> {
    let Expr::Str(string) = expr else { return None };
    match &string.normalized_parts()[..] {
        [] => Some(String::new()),
        [InterpolPart::Literal(text)] => Some(text.clone()),
        _ => None,
    }
}

fn range(node: &rnix::SyntaxNode) -> TextRange {
    let range = node.text_range();
    TextRange::new(range.start().into(), range.end().into())
}
