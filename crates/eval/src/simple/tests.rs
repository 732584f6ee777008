//! The tracker over small trees in memory.

use std::{cell::Cell, collections::BTreeMap, sync::Arc};

use super::SimpleTracker;
use crate::{
    Change, Entry, EntryKind, ObjectId, Observation, Outcome, Source, SourceError, Tracker,
};

/// A tree in memory. A file whose text is [`ABSENT`] is listed, and not there to be read.
#[derive(Clone, Default)]
struct Tree {
    files: BTreeMap<String, String>,
    reads: Cell<usize>,
}

const ABSENT: &str = "<absent>";

impl Tree {
    fn with(mut self, path: &str, text: &str) -> Self {
        self.files.insert(path.to_owned(), text.to_owned());
        self
    }

    fn without(mut self, path: &str) -> Self {
        self.files.remove(path).expect("it was there");
        self
    }

    fn id(text: &str) -> ObjectId {
        let mut id = [0u8; 20];
        for (i, byte) in text.bytes().enumerate() {
            id[i % 20] = id[i % 20].wrapping_mul(31).wrapping_add(byte).rotate_left(3);
        }
        id
    }

    fn file(&self, path: &str) -> Option<Entry> {
        let text = self.files.get(path)?;
        Some(Entry { kind: EntryKind::File, id: Self::id(text) })
    }

    fn changes(&self, new: &Self) -> Vec<Change> {
        let mut paths: Vec<_> = self.files.keys().chain(new.files.keys()).collect();
        paths.sort();
        paths.dedup();
        let change = |path: &String| {
            let (old, new) = (self.file(path), new.file(path));
            (old != new).then(|| Change { path: path.clone(), old, new })
        };
        paths.into_iter().filter_map(change).collect()
    }
}

impl Source for Tree {
    fn entry(&self, path: &str) -> Result<Option<Entry>, SourceError> {
        let inside = format!("{path}/");
        if self.files.keys().any(|file| file.starts_with(&inside)) {
            return Ok(Some(Entry { kind: EntryKind::Directory, id: [7; 20] }));
        }
        Ok(self.file(path))
    }

    fn list(&self, path: &str) -> Result<Option<Vec<(String, Entry)>>, SourceError> {
        let inside = format!("{path}/");
        let names = self.files.keys().filter_map(|file| file.strip_prefix(&inside));
        let mut names: Vec<_> =
            names.map(|rest| rest.split('/').next().unwrap_or_default().to_owned()).collect();
        names.dedup();
        let entry = |name: String| Ok(self.entry(&format!("{inside}{name}"))?.map(|e| (name, e)));
        let entries: Result<Vec<_>, SourceError> =
            names.into_iter().filter_map(|name| entry(name).transpose()).collect();
        entries.map(|entries| (!entries.is_empty()).then_some(entries))
    }

    fn blob(&self, id: &ObjectId) -> Result<Arc<[u8]>, SourceError> {
        self.reads.set(self.reads.get() + 1);
        let text = self.files.values().find(|text| Self::id(text) == *id).expect("listed");
        if text == ABSENT {
            return Err(SourceError::Absent("it".to_owned()));
        }
        Ok(text.as_bytes().into())
    }
}

const ALL: &str = "pkgs/top-level/all-packages.nix";

fn all_packages(bindings: &str) -> Tree {
    let text = format!("{{ lib, config }}: self: pkgs: with pkgs;\n{{\n{bindings}\n}}\n");
    Tree::default().with(ALL, &text)
}

/// What is said, one line each: `attr version`, `attr -> alias version`, `attr gone`, `attr ?`.
fn lines(observations: &[Observation]) -> Vec<String> {
    let line = |o: &Observation| match &o.outcome {
        Outcome::Known { version, alias_of: None, .. } => format!("{} {version}", o.attr_path),
        Outcome::Known { version, alias_of: Some(to), .. } => {
            format!("{} -> {to} {version}", o.attr_path)
        }
        Outcome::Gone => format!("{} gone", o.attr_path),
        Outcome::Unknown(_) => format!("{} ?", o.attr_path),
    };
    observations.iter().map(line).collect()
}

fn at(tree: &Tree) -> Vec<String> {
    lines(&SimpleTracker::default().start(tree))
}

/// The one package `foo` that a binding and a file make.
fn foo(binding: &str, file: &str) -> String {
    let tree = all_packages(&format!("foo = {binding};")).with("pkgs/foo/default.nix", file);
    let said = at(&tree);
    said.first().cloned().unwrap_or_else(|| "foo gone".to_owned())
}

#[test]
fn what_is_certain_in_one_file() {
    let call = "callPackage ../foo { }";
    for (file, want) in [
        ("{ stdenv }: stdenv.mkDerivation { name = \"foo-1.2\"; }", "foo 1.2"),
        (
            "{ stdenv }: stdenv.mkDerivation rec { version = \"1\"; name = \"x-${version}\"; }",
            "foo 1",
        ),
        ("{ stdenv }: let v = \"3\"; in stdenv.mkDerivation { name = \"foo-\" + v; }", "foo 3"),
        (
            "{ stdenv }: stdenv.mkDerivation (finalAttrs: { pname = \"a\"; version = \"4\"; })",
            "foo 4",
        ),
        ("args: with args; stdenv.mkDerivation { name = \"foo-5\"; }", "foo 5"),
        ("{ stdenv, v ? \"6\" }: stdenv.mkDerivation { name = \"foo-${v}\"; }", "foo 6"),
        ("{ lib, buildGoModule }: buildGoModule { pname = \"a\"; version = \"7\"; }", "foo 7"),
        ("{ stdenv }: assert stdenv.isLinux; stdenv.mkDerivation { name = \"foo-8\"; }", "foo 8"),
        (
            "{ stdenv }: stdenv.mkDerivation { name = if stdenv.isDarwin then \"a-1\" else \"a-2\"; }",
            "foo 2",
        ),
        ("{ stdenv }: stdenv.mkDerivation ({ name = \"a-1\"; } // { name = \"a-9\"; })", "foo 9"),
        (
            "{ stdenv }: stdenv.mkDerivation { name = \"a-1\"; passthru = { version = \"2\"; }; }",
            "foo 2",
        ),
        ("{ stdenv }:\r\nstdenv.mkDerivation {\r\n  name = \"foo-1.2\";\r\n}\r\n", "foo 1.2"),
        // Without a version it is no package with a version.
        ("{ stdenv }: stdenv.mkDerivation { name = \"foo\"; }", "foo gone"),
        ("{ stdenv }: throw \"removed\"", "foo gone"),
        ("{ stdenv }: { url }: stdenv.mkDerivation { name = \"foo-1\"; }", "foo gone"),
        // What is not certain is not said.
        ("{ stdenv, x }: stdenv.mkDerivation { name = \"foo-${x}\"; }", "foo ?"),
        ("{ stdenv, x }: stdenv.mkDerivation { name = if x then \"a-1\" else \"a-2\"; }", "foo ?"),
        ("{ stdenv, x }: stdenv.mkDerivation ({ name = \"a-1\"; } // x)", "foo ?"),
        ("{ stdenv, f }: f { name = \"foo-1\"; }", "foo ?"),
        ("{ stdenv }: stdenv.mkDerivation { name = \"foo-1\"", "foo ?"),
        ("{ stdenv }: let a = b; b = a; in stdenv.mkDerivation { name = a; }", "foo ?"),
        (ABSENT, "foo ?"),
    ] {
        assert_eq!(foo(call, file), want, "{file}");
    }
}

#[test]
fn what_the_binding_adds() {
    let file = "{ stdenv, v ? \"1\", w ? null }: stdenv.mkDerivation { name = \"foo-${v}\"; }";
    for (binding, want) in [
        ("import ../foo { inherit stdenv; }", "foo 1"),
        ("(import ../foo) { inherit stdenv; v = \"2\"; }", "foo 2"),
        ("callPackage ../foo/default.nix { v = \"3\"; }", "foo 3"),
        ("lowPrio (callPackage ../foo { })", "foo 1"),
        ("(callPackage ../foo { }).override { v = \"4\"; }", "foo 4"),
        ("(callPackage ../foo { }).overrideAttrs (old: { name = \"foo-5\"; })", "foo 5"),
        ("callPackage ../foo { v = other.version; }", "foo ?"),
        ("if config.x or false then null else callPackage ../foo { }", "foo 1"),
        ("if stdenv.isDarwin then null else callPackage ../foo { }", "foo 1"),
        ("callPackage ../bar { }", "foo ?"),
        ("x.foo", "foo ?"),
        ("callPackage (if x then ../foo else ../bar) { }", "foo ?"),
        ("appendToName \"x\" (callPackage ../foo { })", "foo ?"),
        ("null", "foo gone"),
        ("{ a = callPackage ../foo { }; }", "foo gone"),
    ] {
        assert_eq!(foo(binding, file), want, "{binding}");
    }
}

#[test]
fn names_of_packages() {
    let tree = all_packages(
        "a = callPackage ../foo { }; b = a; c = b; d = pkgs.c; inherit (pkgs) e; \
         e = f; f = e; g = h; inherit (s) i; s = { i = a; }; \
         j = callPackage ../foo { v = k.version; }; k = callPackage ../foo { v = \"2\"; };",
    )
    .with(
        "pkgs/foo/default.nix",
        "{ stdenv, v ? \"1\" }: stdenv.mkDerivation { name = \"foo-${v}\"; }",
    )
    .with("pkgs/top-level/aliases.nix", "self: super: with self; rec { l = a; a = k; }");
    assert_eq!(
        at(&tree),
        // `a` is bound twice, so nothing is said of it and of what leads to it.
        ["a ?", "b ?", "c ?", "d ?", "e ?", "f ?", "g ?", "i ?", "j 2", "k 2", "l ?"]
    );
    let tree = tree.with("pkgs/top-level/aliases.nix", "self: super: with self; rec { l = a; }");
    assert_eq!(
        at(&tree),
        [
            "a 1", "b -> a 1", "c -> a 1", "d -> a 1", "e ?", "f ?", "g ?", "i -> a 1", "j 2",
            "k 2", "l -> a 1"
        ]
    );
}

#[test]
fn facts_are_read_where_they_are_literal() {
    let tree = all_packages("foo = callPackage ../foo { };")
        .with(
            "pkgs/foo/default.nix",
            "{ stdenv }: stdenv.mkDerivation rec { pname = \"foo\"; version = \"1\"; meta = \
             with stdenv.lib; { description = \"A ${pname}\"; homepage = http://foo.org/; \
             license = [ licenses.mit licenses.gpl2 ]; broken = true; \
             knownVulnerabilities = [ \"CVE-1\" ]; maintainers = [ maintainers.me ]; }; }",
        )
        .with(
            "lib/licenses.nix",
            "{ lib }: lib.mapAttrs (n: v: v) rec { mit = spdx { spdxId = \"MIT\"; }; \
             gpl2 = spdx { spdxId = \"GPL-2.0\"; }; }",
        );
    let said = SimpleTracker::default().start(&tree);
    let Outcome::Known { facts, .. } = &said[0].outcome else { panic!("{said:?}") };
    assert_eq!(facts.pname.as_deref(), Some("foo"));
    assert_eq!(facts.description.as_deref(), Some("A foo"));
    assert_eq!(facts.homepage.as_deref(), Some("http://foo.org/"));
    assert_eq!(facts.license.as_deref(), Some("MIT, GPL-2.0"));
    assert_eq!(facts.file.as_deref(), Some("pkgs/foo/default.nix"));
    assert!(facts.broken);
    assert_eq!(facts.known_vulnerabilities, ["CVE-1"]);
}

#[test]
fn by_name_and_the_old_places() {
    let package = "{ stdenv }: stdenv.mkDerivation { name = \"foo-1\"; }";
    let modern = all_packages("bar = callPackage ../by-name/fo/foo/package.nix { };")
        .with("pkgs/by-name/fo/foo/package.nix", package)
        .with("pkgs/by-name/fo/foo/helper.nix", package);
    assert_eq!(at(&modern), ["bar 1", "foo 1"]);
    let old = Tree::default()
        .with("pkgs/system/all-packages.nix", "{ system }: { body = 1; }")
        .with(
            "pkgs/system/all-packages-generic.nix",
            "{ stdenv, noSysDirs ? true }: rec {\n  inherit stdenv;\n  foo = (import ../foo) \
             { inherit stdenv; };\n  x = foo;\n}",
        )
        .with("pkgs/foo/default.nix", package);
    assert_eq!(at(&old), ["foo 1", "stdenv ?", "x -> foo 1"]);
    assert_eq!(at(&Tree::default().with("README", "")), [""; 0]);
}

/// Takes the trees as a line of revisions; what is said at each step must lead to what a fresh
/// look at the revision says.
fn follow(trees: &[Tree]) -> Vec<Vec<String>> {
    let mut tracker = SimpleTracker::default();
    let mut standing: BTreeMap<String, Outcome> = BTreeMap::new();
    let mut said = Vec::new();
    for (i, tree) in trees.iter().enumerate() {
        let observations = match i {
            0 => tracker.start(tree),
            _ => tracker.step(tree, &trees[i - 1].changes(tree)),
        };
        for Observation { attr_path, outcome } in &observations {
            let before = match outcome {
                Outcome::Gone => standing.remove(attr_path.as_str()),
                other => standing.insert(attr_path.to_string(), other.clone()),
            };
            assert_ne!(before.as_ref(), Some(outcome), "{attr_path} is said again");
        }
        let fresh: BTreeMap<_, _> = SimpleTracker::default()
            .start(tree)
            .into_iter()
            .map(|o| (o.attr_path.to_string(), o.outcome))
            .collect();
        let known = |all: &BTreeMap<String, Outcome>| {
            let known = all.iter().filter(|(_, o)| matches!(o, Outcome::Known { .. }));
            known.map(|(name, o)| (name.clone(), o.clone())).collect::<Vec<_>>()
        };
        assert_eq!(known(&standing), known(&fresh), "after step {i}");
        said.push(lines(&observations));
    }
    said
}

#[test]
fn a_step_says_what_changed_and_no_more() {
    let version = |v: &str| {
        format!("{{ stdenv, lib ? null }}: stdenv.mkDerivation {{ name = \"foo-{v}\"; }}")
    };
    let shared = "{ stdenv, version }: stdenv.mkDerivation { pname = \"s\"; inherit version; }";
    let base = all_packages(
        "foo = callPackage ../foo { };\nbar = foo;\n\
         s1 = callPackage ../shared { version = \"1\"; };\n\
         s2 = callPackage ../shared { version = \"2\"; };",
    )
    .with("pkgs/foo/default.nix", &version("1"))
    .with("pkgs/shared/default.nix", shared);
    let bumped = base.clone().with("pkgs/foo/default.nix", &version("2"));
    let unrelated = bumped.clone().with("README", "x");
    let rebound = all_packages(
        "foo = callPackage ../foo { };\nbar = s1;\n\
         s1 = callPackage ../shared { version = \"1.1\"; };\n\
         s2 = callPackage ../shared { version = \"2\"; };\nnew = foo;",
    )
    .with("pkgs/foo/default.nix", &version("2"))
    .with("pkgs/shared/default.nix", shared);
    let broken = rebound.clone().with("pkgs/shared/default.nix", "{ stdenv, version }: x");
    let moved =
        rebound.clone().without("pkgs/foo/default.nix").with("pkgs/foo/other.nix", &version("2"));
    let back = moved.clone().with("pkgs/foo/default.nix", &version("3"));
    assert_eq!(
        follow(&[base, bumped, unrelated, rebound, broken, moved, back]),
        [
            vec!["bar -> foo 1", "foo 1", "s1 1", "s2 2"],
            vec!["bar -> foo 2", "foo 2"],
            vec![],
            vec!["bar -> s1 1.1", "new -> foo 2", "s1 1.1"],
            vec!["bar ?", "s1 ?", "s2 ?"],
            vec!["bar -> s1 1.1", "foo ?", "new ?", "s1 1.1", "s2 2"],
            vec!["foo 3", "new -> foo 3"],
        ]
        .map(|lines| lines.into_iter().map(str::to_owned).collect::<Vec<_>>())
    );
}

#[test]
fn a_package_set_that_cannot_be_read_is_unknown_until_it_can() {
    let package = "{ stdenv }: stdenv.mkDerivation { name = \"foo-1\"; }";
    let good = all_packages("foo = callPackage ../foo { };").with("pkgs/foo/default.nix", package);
    let absent = good.clone().with(ALL, ABSENT);
    let open = good.clone().with(ALL, "{ }: { foo = callPackage ../foo { };");
    let gone = good.clone().without(ALL);
    assert_eq!(
        follow(&[good.clone(), absent, good.clone(), open, gone, good]),
        [
            vec!["foo 1"],
            vec!["foo ?"],
            vec!["foo 1"],
            vec!["foo ?"],
            vec!["foo gone"],
            vec!["foo 1"]
        ]
        .map(|lines| lines.into_iter().map(str::to_owned).collect::<Vec<_>>())
    );
}

#[test]
fn a_name_that_comes_to_be_changes_what_defaults_mean() {
    let file = "{ stdenv, v ? \"1\" }: stdenv.mkDerivation { name = \"foo-${v}\"; }";
    let before = all_packages("foo = callPackage ../foo { };").with("pkgs/foo/default.nix", file);
    let after =
        all_packages("foo = callPackage ../foo { }; v = 1;").with("pkgs/foo/default.nix", file);
    let said = follow(&[before.clone(), after, before]);
    assert_eq!(said, [vec!["foo 1"], vec!["foo ?"], vec!["foo 1"]]);
}

#[test]
fn a_step_reads_only_what_it_must() {
    let mut bindings = String::new();
    let mut tree = Tree::default();
    for n in 0..200 {
        bindings.push_str(&format!("p{n} = callPackage ../p{n} {{ }};\n"));
        tree = tree.with(
            &format!("pkgs/p{n}/default.nix"),
            &format!("{{ stdenv }}: stdenv.mkDerivation {{ name = \"p{n}-1\"; }}"),
        );
    }
    tree.files.extend(all_packages(&bindings).files);
    let mut tracker = SimpleTracker::default();
    assert_eq!(tracker.start(&tree).len(), 200);
    let next = tree
        .clone()
        .with("pkgs/p7/default.nix", "{ stdenv }: stdenv.mkDerivation { name = \"p7-2\"; }");
    next.reads.set(0);
    assert_eq!(lines(&tracker.step(&next, &tree.changes(&next))), ["p7 2"]);
    assert_eq!(next.reads.get(), 1);
}
