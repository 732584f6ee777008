//! Big sets: those with many bindings, which have an identity of their own that outlives a change of
//! the file around them ([`update`](super::update)).

use std::{
    hash::{Hash, Hasher},
    rc::Rc,
};

use rnix::ast::{self, HasEntry, InterpolPart};
use rowan::ast::AstNode;
use rustc_hash::{FxHashMap, FxHasher};

use super::{
    ir::{BigId, Expr},
    lower::Scope,
    value::{InstId, Sym},
};

/// A big set: bindings by name, in the scope in which they stand.
#[derive(Debug)]
pub struct Big {
    /// Whether its bindings see each other (`rec` or `let`).
    pub recursive: bool,
    pub bindings: FxHashMap<Sym, BigBinding>,
    /// Every environment that it was evaluated in.
    pub instances: Vec<InstId>,
    pub scope: Option<Rc<Scope>>,
}

impl Big {
    /// Forgets the bindings of a set that is in no file any more.
    pub fn clear(&mut self) {
        self.bindings = FxHashMap::default();
        self.scope = None;
    }
}

/// One binding of a big set.
#[derive(Debug)]
pub struct BigBinding {
    pub expr: Rc<Expr>,
    /// Of the text that it comes from.
    pub hash: u64,
}

impl BigBinding {
    /// Whether a file's value is bound, and that is all. The place of that value is the binding's,
    /// then, and stays the same when the set around the binding is made anew.
    pub fn is_file(&self) -> bool {
        matches!(*self.expr, Expr::Import { .. })
    }
}

/// A lowered file.
#[derive(Debug)]
pub struct FileIr {
    pub root: Rc<Expr>,
    /// The big sets in order of their place.
    pub bigs: Vec<BigText>,
    /// Of the file's text without the bindings of its big sets.
    pub skeleton: u64,
    /// The text, if there are big sets in it.
    pub text: String,
}

/// Where the bindings of a big set stand in the file's text.
#[derive(Debug)]
pub struct BigText {
    pub big: BigId,
    pub entries: Vec<EntryText>,
}

/// Where one binding stands, or one `inherit`, and the names that it binds.
#[derive(Debug)]
pub struct EntryText {
    pub start: usize,
    pub end: usize,
    pub names: Vec<Sym>,
}

/// A set or `let` of a file that has many bindings.
pub enum BigNode {
    Set(ast::AttrSet),
    Let(ast::LetIn),
}

impl BigNode {
    pub fn start(&self) -> u32 {
        let node = match self {
            Self::Set(set) => set.syntax(),
            Self::Let(letin) => letin.syntax(),
        };
        node.text_range().start().into()
    }

    pub fn recursive(&self) -> bool {
        match self {
            Self::Set(set) => set.rec_token().is_some(),
            Self::Let(_) => true,
        }
    }

    pub fn entries(&self) -> Vec<ast::Entry> {
        match self {
            Self::Set(set) => set.entries().collect(),
            Self::Let(letin) => letin.entries().collect(),
        }
    }
}

/// From how many names on a set is a big one.
const LARGE: usize = 40;
/// The same in files on which nearly everything depends.
const SHARED: usize = 4;
/// More names than what describes one package has.
const SOME: usize = 20;

/// The big sets of a file, outermost only, in order of their place.
pub fn find_bigs(root: &ast::Expr, path: &str) -> Vec<BigNode> {
    let shared = ["/lib/", "/pkgs/stdenv/", "/pkgs/top-level/", "/trivial-builders"];
    let least = if path.ends_with("-generated.nix") {
        // Each of these is one part of a large set that is put together of several files.
        1
    } else if shared.iter().any(|part| path.contains(part)) {
        SHARED
    } else {
        LARGE
    };
    // A small set around a large one would hide the large one's bindings. Around the packages of a
    // set of packages stands a function and what it needs, whose names are fewer.
    let packages = path.ends_with("-packages.nix");
    let mut found = Vec::new();
    let mut walk = root.syntax().preorder();
    while let Some(event) = walk.next() {
        let rowan::WalkEvent::Enter(node) = event else { continue };
        let Some((big, names)) = static_set(&node) else { continue };
        let least_hidden = if packages { SOME.max(names + 1) } else { LARGE };
        let hides = |inner| static_set(&inner).is_some_and(|(_, names)| names >= least_hidden);
        if names >= LARGE || names >= least && !node.descendants().any(hides) {
            found.push(big);
            walk.skip_subtree();
        }
    }
    found
}

/// A set or `let` whose names are all written out, and how many they are.
fn static_set(node: &rnix::SyntaxNode) -> Option<(BigNode, usize)> {
    let big = if let Some(set) = ast::AttrSet::cast(node.clone()) {
        BigNode::Set(set)
    } else {
        BigNode::Let(ast::LetIn::cast(node.clone())?)
    };
    let entries = big.entries();
    let names = |e: &ast::Entry| if let ast::Entry::Inherit(i) = e { i.attrs().count() } else { 1 };
    let count = entries.iter().map(names).sum();
    entries.iter().all(is_static).then_some((big, count))
}

/// Whether the names that an entry binds are all written out.
pub fn is_static(entry: &ast::Entry) -> bool {
    let plain = |attr: &ast::Attr| match attr {
        ast::Attr::Ident(_) => true,
        ast::Attr::Str(s) => s.parts().all(|p| matches!(p, InterpolPart::Literal(_))),
        ast::Attr::Dynamic(_) => false,
    };
    match entry {
        ast::Entry::Inherit(inherit) => inherit.attrs().all(|a| plain(&a)),
        ast::Entry::AttrpathValue(binding) => {
            binding.attrpath().and_then(|p| p.attrs().next()).is_some_and(|a| plain(&a))
        }
    }
}

pub fn skeleton(text: &str, bigs: &[BigNode]) -> u64 {
    let mut hasher = FxHasher::default();
    let mut from = 0;
    for big in bigs {
        let entries = big.entries();
        let (Some(first), Some(last)) = (entries.first(), entries.last()) else { continue };
        let start: usize = first.syntax().text_range().start().into();
        let end: usize = last.syntax().text_range().end().into();
        code_hash(&text[from..start], &mut hasher);
        from = end;
    }
    code_hash(&text[from..], &mut hasher);
    hasher.finish()
}

/// Hashes text so that a change of white space between words does not count, nor one of comments
/// that take whole lines.
fn code_hash(text: &str, hasher: &mut FxHasher) {
    for line in text.lines().map(str::trim) {
        if !line.is_empty() && !line.starts_with('#') {
            line.hash(hasher);
        }
    }
}
