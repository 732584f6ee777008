//! A file whose one big set makes up the package set: `all-packages.nix`, `aliases.nix`.

use std::rc::Rc;

use rnix::ast;
use rowan::{TextSize, ast::AstNode};
use rustc_hash::{FxHashMap, FxHashSet};

use super::{
    parse,
    split::Split,
    value::{Binding, Bindings, Formals, ident},
};

/// Such a file, split into its bindings.
pub struct Collection {
    split: Split,
    frame: Frame,
    /// For each name, the bindings that bind it, or parts of it.
    names: FxHashMap<Rc<str>, Vec<Rc<Bindings>>>,
    /// What each binding's text says, and how often it is there.
    parsed: FxHashMap<Rc<str>, (Rc<Bindings>, usize)>,
}

/// What the text around the bindings says about the names in them.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Frame {
    /// The set is a `rec` one, so that its names are in reach of its bindings before all others.
    pub recursive: bool,
    /// Names that the functions and `let`s around the set bind.
    pub bound: FxHashSet<Rc<str>>,
}

/// What an edit of the file changed.
#[derive(Debug, Default)]
pub struct Change {
    /// Names whose binding is different, new or gone.
    pub names: FxHashSet<Rc<str>>,
    /// Names that are bound now and were not, or the other way round, in the set or around it.
    pub presence: FxHashSet<Rc<str>>,
    /// The set became a `rec` one or ceased to be one: every binding may mean something else.
    pub everything: bool,
}

impl Collection {
    /// Splits and reads a file. `None` if it has no set with bindings or cannot be parsed.
    pub fn new(text: &str) -> Option<Self> {
        let split = Split::new(text)?;
        let frame = Frame::of(&split)?;
        let mut new = Self {
            frame,
            names: FxHashMap::default(),
            parsed: FxHashMap::default(),
            split: split.clone(),
        };
        split.bindings.iter().for_each(|text| new.add(text, read_binding(text)));
        Some(new)
    }

    /// Goes on to another version of the file. `None` if that cannot be read; what is held is then
    /// of no use.
    pub fn update(&mut self, text: &str) -> Option<Change> {
        let edit = self.split.update(text)?;
        let mut change = Change::default();
        for text in &edit.removed {
            change.names.extend(self.remove(text));
        }
        let mut before = change.names.clone();
        let added: Vec<_> = edit.added.iter().map(|text| (text, read_binding(text))).collect();
        for name in added.iter().flat_map(|(_, bindings)| bindings.members.keys()) {
            if self.has(name) {
                before.insert(name.clone());
            }
            change.names.insert(name.clone());
        }
        added.into_iter().for_each(|(text, bindings)| self.add(text, bindings));
        let moved = change.names.iter().filter(|name| self.has(name) != before.contains(*name));
        change.presence = moved.cloned().collect();
        if edit.frame {
            let frame = Frame::of(&self.split)?;
            change.presence.extend(frame.bound.symmetric_difference(&self.frame.bound).cloned());
            change.everything = frame.recursive != self.frame.recursive;
            self.frame = frame;
        }
        Some(change)
    }

    /// What the text around the bindings says.
    pub fn frame(&self) -> &Frame {
        &self.frame
    }

    /// Whether a name is bound.
    pub fn has(&self, name: &str) -> bool {
        self.names.contains_key(name)
    }

    /// All names that are bound.
    pub fn names(&self) -> impl Iterator<Item = &Rc<str>> {
        self.names.keys()
    }

    /// What a name is bound to.
    pub fn get(&self, name: &str) -> Option<Binding> {
        match self.names.get(name)?.as_slice() {
            [one] => one.members.get(name).cloned(),
            _ => Some(Binding::Twice),
        }
    }

    fn add(&mut self, text: &Rc<str>, bindings: Rc<Bindings>) {
        let (bindings, count) = self.parsed.entry(text.clone()).or_insert((bindings, 0));
        *count += 1;
        for name in bindings.members.keys() {
            self.names.entry(name.clone()).or_default().push(bindings.clone());
        }
    }

    /// Takes a binding away; the names that it bound.
    fn remove(&mut self, text: &Rc<str>) -> Vec<Rc<str>> {
        let Some((bindings, count)) = self.parsed.get_mut(text) else { return Vec::new() };
        *count -= 1;
        let (bindings, gone) = (bindings.clone(), *count == 0);
        if gone {
            self.parsed.remove(text);
        }
        for name in bindings.members.keys() {
            if let Some(list) = self.names.get_mut(name) {
                if let Some(at) = list.iter().position(|b| Rc::ptr_eq(b, &bindings)) {
                    list.swap_remove(at);
                }
                if list.is_empty() {
                    self.names.remove(name);
                }
            }
        }
        bindings.members.keys().cloned().collect()
    }
}

/// Reads one binding, such as ` foo = callPackage ../foo { };`. A text with an error binds nothing.
fn read_binding(text: &str) -> Rc<Bindings> {
    let root = parse::parse(&format!("{{{text}\n}}")).ok();
    match root.and_then(|root| root.expr()) {
        Some(ast::Expr::AttrSet(set)) => Rc::new(Bindings::of(&set)),
        _ => Rc::default(),
    }
}

impl Frame {
    fn of(split: &Split) -> Option<Self> {
        let root = parse::parse(&split.frame()).ok()?;
        let inside = TextSize::try_from(split.head.len()).ok()?;
        let brace = root.syntax().token_at_offset(inside).left_biased()?;
        let set = brace.parent().and_then(ast::AttrSet::cast)?;
        let mut frame = Self { recursive: set.rec_token().is_some(), bound: FxHashSet::default() };
        for node in set.syntax().ancestors().skip(1) {
            if let Some(lambda) = ast::Lambda::cast(node.clone()) {
                frame.bind_parameters(&lambda);
            } else if let Some(bindings) = ast::LetIn::cast(node.clone()) {
                frame.bound.extend(Bindings::of(&bindings).members.into_keys());
            } else if let Some(bindings) = ast::LegacyLet::cast(node.clone()) {
                frame.bound.extend(Bindings::of(&bindings).members.into_keys());
            } else if let Some(outer) = ast::AttrSet::cast(node)
                && outer.rec_token().is_some()
            {
                frame.bound.extend(Bindings::of(&outer).members.into_keys());
            }
        }
        Some(frame)
    }

    fn bind_parameters(&mut self, lambda: &ast::Lambda) {
        match lambda.param() {
            Some(ast::Param::IdentParam(name)) => {
                self.bound.extend(name.ident().map(|name| ident(&name)));
            }
            Some(ast::Param::Pattern(pattern)) => {
                let formals = Formals::new(&pattern);
                self.bound.extend(formals.names.into_keys().chain(formals.whole));
            }
            None => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sorted<'a>(names: impl IntoIterator<Item = &'a Rc<str>>) -> Vec<String> {
        let mut names: Vec<_> = names.into_iter().map(|n| n.to_string()).collect();
        names.sort();
        names
    }

    fn names(collection: &Collection) -> Vec<String> {
        sorted(collection.names())
    }

    #[test]
    fn an_edit_names_what_it_changed() {
        let text = |rest: &str| {
            format!("{{ lib, x }} @ a: self: with self; let y = 1; in {{ p = 1; q = 2; {rest} }}")
        };
        let mut collection = Collection::new(&text("inherit r s; t.u = 1; t.v = 2;")).expect("ok");
        assert_eq!(names(&collection), ["p", "q", "r", "s", "t"]);
        assert_eq!(sorted(&collection.frame().bound), ["a", "lib", "self", "x", "y"]);
        assert!(!collection.frame().recursive);
        assert!(matches!(collection.get("r"), Some(Binding::Inherit)));
        assert!(matches!(collection.get("t"), Some(Binding::Twice)));

        let change = collection.update(&text("inherit r; t.v = 2; w = 1;")).expect("ok");
        assert_eq!(sorted(&change.names), ["r", "s", "t", "w"]);
        assert_eq!(sorted(&change.presence), ["s", "w"]);
        assert!(!change.everything);
        assert_eq!(names(&collection), ["p", "q", "r", "t", "w"]);
        assert!(matches!(collection.get("t"), Some(Binding::Nested(_))));

        let change = collection.update("{ lib }: rec { p = 1; q = 2; }").expect("ok");
        assert!(change.everything && collection.frame().recursive);
        assert_eq!(sorted(&change.presence), ["a", "r", "self", "t", "w", "x", "y"]);
        assert_eq!(names(&collection), ["p", "q"]);
    }
}
