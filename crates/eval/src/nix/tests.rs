use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use model::AttrPath;

use super::{NixTracker, evaluate_json, look_at};
use crate::{
    Part,
    observe::{Outcome, Tracker},
    source::{Change, Entry, EntryKind, ObjectId, Source, SourceError},
};

/// A tree of files in memory. A file whose text is `ABSENT` has an object that cannot be had.
#[derive(Clone, Default)]
struct Tree(BTreeMap<String, String>);

fn id(text: &str) -> ObjectId {
    use std::hash::{Hash, Hasher};
    let mut hasher = rustc_hash::FxHasher::default();
    text.hash(&mut hasher);
    let mut id = [0; 20];
    id[..8].copy_from_slice(&hasher.finish().to_le_bytes());
    id
}

impl Tree {
    fn of(files: &[(&str, &str)]) -> Self {
        Self(files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect())
    }

    fn with(&self, path: &str, text: &str) -> Self {
        let mut tree = self.clone();
        tree.0.insert(path.to_owned(), text.to_owned());
        tree
    }

    fn without(&self, path: &str) -> Self {
        let mut tree = self.clone();
        tree.0.remove(path).expect("the file is there");
        tree
    }

    fn file(text: &str) -> Entry {
        Entry { kind: EntryKind::File, id: id(text) }
    }

    fn changes(&self, to: &Self) -> Vec<Change> {
        let paths: BTreeSet<&String> = self.0.keys().chain(to.0.keys()).collect();
        let changes = paths.into_iter().map(|path| Change {
            path: path.clone(),
            old: self.0.get(path).map(|text| Self::file(text)),
            new: to.0.get(path).map(|text| Self::file(text)),
        });
        changes.filter(|change| change.old != change.new).collect()
    }
}

impl Source for Tree {
    fn entry(&self, path: &str) -> Result<Option<Entry>, SourceError> {
        if let Some(text) = self.0.get(path) {
            return Ok(Some(Self::file(text)));
        }
        let dir = format!("{path}/");
        let found = path.is_empty() || self.0.keys().any(|p| p.starts_with(&dir));
        Ok(found.then_some(Entry { kind: EntryKind::Directory, id: [0; 20] }))
    }

    fn list(&self, path: &str) -> Result<Option<Vec<(String, Entry)>>, SourceError> {
        let dir = if path.is_empty() { String::new() } else { format!("{path}/") };
        let names: BTreeSet<&str> =
            self.0.keys().filter_map(|p| p.strip_prefix(&dir)?.split('/').next()).collect();
        let mut list = Vec::new();
        for name in &names {
            let entry = self.entry(&format!("{dir}{name}"))?.expect("it was just seen");
            list.push(((*name).to_owned(), entry));
        }
        Ok((!list.is_empty()).then_some(list))
    }

    fn blob(&self, id: &ObjectId) -> Result<Arc<[u8]>, SourceError> {
        let found = self.0.values().find(|text| Self::file(text).id == *id);
        match found {
            Some(text) if text != "ABSENT" => Ok(text.as_bytes().into()),
            _ => Err(SourceError::Absent("0".repeat(40))),
        }
    }
}

fn check(expression: &'static str, expected: Result<&str, &str>) {
    let found = evaluate_json(&Tree::default(), expression);
    let found = found.as_deref().map_err(String::as_str);
    match expected {
        Ok(json) => assert_eq!(found, Ok(json), "{expression}"),
        Err(start) => {
            assert!(found.is_err_and(|why| why.starts_with(start)), "{expression}: {found:?}");
        }
    }
}

#[test]
fn failures_say_what_they_are() {
    for (expression, start) in [
        ("throw \"no\"", "throw: no"),
        ("assert false; 1", "assert"),
        ("{ a = 1; }.b", "error: attribute 'b' is missing"),
        ("x", "error: undefined variable 'x'"),
        ("({ a }: a) { }", "error: argument 'a' is missing"),
        ("({ a }: a) { a = 1; b = 2; }", "error: an unexpected argument"),
        ("let x = x; in x", "cycle"),
        ("let f = x: f (x + 1); in f 0", "limit"),
        ("let f = x: [ (f x) ]; g = x: g x + 1; in g 0", "limit"),
        ("1 +", "error"),
        ("builtins.currentTime", "error: attribute 'currentTime' is missing"),
        ("builtins.stringLength \"${derivation { name = \"x\"; }}\"", "unknown: a store path"),
        ("derivation { name = \"x\"; } == derivation { name = \"x\"; }", "unknown"),
    ] {
        check(expression, Err(start));
    }
}

#[test]
fn a_part_that_is_known_of_a_set_that_is_not() {
    check("(builtins.fetchTarball \"x\" // { a = 1; }).a", Ok("1"));
    check("(builtins.fetchTarball \"x\" // { a = 1; }).b", Err("unknown"));
    check("({ a = 1; } // builtins.fetchTarball \"x\").a", Err("unknown"));
}

/// The two ways of splitting that nixpkgs had, as its own code does it.
#[test]
fn text_is_split_as_nixpkgs_did() {
    for (separator, text, before_end, to_the_end) in [
        (".", "a.b.c", r#"["a","b","c"]"#, r#"["a","b","c"]"#),
        (".", "a.b.", r#"["a","b."]"#, r#"["a","b",""]"#),
        (".", ".", r#"["."]"#, r#"["",""]"#),
        (".", "..", r#"["","."]"#, r#"["","",""]"#),
        ("--", "a---b", r#"["a","-b"]"#, r#"["a","-b"]"#),
        ("long", "a", r#"["a"]"#, r#"["a"]"#),
        ("ö", "möwe", r#"["m","we"]"#, r#"["m","we"]"#),
        ("x", "", r#"[""]"#, r#"[""]"#),
    ] {
        for (name, expected) in [("__splitTextBeforeEnd", before_end), ("__splitText", to_the_end)]
        {
            let expression = String::leak(format!("{name} \"{separator}\" \"{text}\""));
            check(expression, Ok(expected));
        }
    }
    check("__splitText \"\" \"a\"", Err("unknown"));
    check("__splitText \".\" \"${derivation { name = \"x\"; }}\"", Err("unknown"));
    check("builtins ? splitText || builtins ? splitTextBeforeEnd", Ok("false"));
}

/// Names that lead to each other, or to themselves, end nowhere; and `import` is what is bound to it.
#[test]
fn names_of_places_are_followed() {
    let sets = "b1 = 1; b2 = 2; b3 = 3; b4 = 4;";
    let many: String = (0..50).map(|n| format!("n{n} = {n};")).collect();
    let check = |text: String, expected| check(String::leak(text), expected);
    check(format!("let a = {{ {sets} }}; b = a; c = {{ inherit b; }}; in c.b.b3"), Ok("3"));
    check(format!("with rec {{ a = b; b = a; {many} }}; a.x or 1"), Err("cycle"));
    check(format!("let {many} import = x: n3; x = import ./y; in [ x ]"), Ok("[3]"));
    check(format!("rec {{ {many} import = import ./y; }}.n4"), Ok("4"));
    check(format!("rec {{ {many} import = import ./y; }}.import"), Err("cycle"));
    let deep = "let f = x: n: if n == 0 then x.a else let y = x.a; in f y (n - 1); s.a = s; in \
                f s 1000000";
    check(deep.to_owned(), Err("limit"));
}

#[test]
fn nesting_without_end_is_refused() {
    let brackets: &'static str = String::leak("[".repeat(100_000));
    check(brackets, Err("error"));
    let parens: &'static str = String::leak("(".repeat(100_000) + "1" + &")".repeat(100_000));
    check(parens, Err("error"));
}

const DEFAULT: &str = "import ./pkgs/top-level/all-packages.nix";

/// A nixpkgs of fifty packages in one file, so that the set of all is a big set.
fn nixpkgs() -> Tree {
    let mut all = String::from(
        "{ system ? \"x\", config ? {} }:\nlet\n  lib = import ../../lib;\n  stdenv = (import \
         ../stdenv { allPackages = null; inherit system; }).stdenv;\n  callPackage = \
         lib.callPackageWith pkgs;\n  pkgs = with pkgs; {\n    inherit stdenv lib;\n",
    );
    for n in 0..50 {
        all.push_str(&format!("    p{n} = stdenv.mkDerivation {{ name = \"p{n}-1.{n}\"; }};\n"));
    }
    all.push_str(
        "    hello = callPackage ../hello { };\n    wrapped = stdenv.mkDerivation { name = \
         \"wrapped-${hello.version}\"; };\n    hi = hello;\n    set = { a = p1; b = p2; };\n    bad \
         = throw \"gone\";\n    lazy = stdenv.mkDerivation { pname = \"lazy\"; version = \
         builtins.readFile ../lazy/VERSION; };\n  };\nin pkgs\n",
    );
    Tree::of(&[
        ("default.nix", DEFAULT),
        ("pkgs/top-level/all-packages.nix", &all),
        ("pkgs/stdenv/default.nix", "throw \"replaced\""),
        (
            "lib/default.nix",
            "{ callPackageWith = auto: fn: args: let f = import fn; in f (builtins.intersectAttrs \
             (builtins.functionArgs f) auto // args); }",
        ),
        (
            "pkgs/hello/default.nix",
            "{ stdenv, extra ? null }: stdenv.mkDerivation rec { pname = \"hello\"; version = \
             \"2.9\"; meta.description = \"Greets\"; }",
        ),
        ("pkgs/lazy/VERSION", "0.1"),
    ])
}

/// What a tracker says, kept up to date.
#[derive(Default)]
struct State(BTreeMap<String, Outcome>);

impl State {
    fn take(&mut self, observations: Vec<crate::Observation>) {
        for observation in observations {
            match observation.outcome {
                Outcome::Gone => self.0.remove(observation.attr_path.as_str()),
                outcome => self.0.insert(observation.attr_path.to_string(), outcome),
            };
        }
    }

    fn version(&self, path: &str) -> Option<&str> {
        match self.0.get(path)? {
            Outcome::Known { version, .. } => Some(version),
            _ => None,
        }
    }
}

/// Walks the trees, and holds each state to what is seen from scratch, also if memory is given back
/// before each question, if everything is started over from where most is to be asked again, and if
/// two share the names.
fn walk(trees: &[Tree]) -> Vec<State> {
    walk_with(trees, [NixTracker::with_bounds(0, usize::MAX)]);
    walk_with(trees, [NixTracker::with_bounds(0, 0)]);
    let halves = Part::halves();
    assert!(halves[1].take("m"), "it is free");
    walk_with(trees, halves.map(NixTracker::of));
    walk_with(trees, [NixTracker::default()])
}

/// Walks with trackers that see everything together.
fn walk_with<const N: usize>(trees: &[Tree], mut trackers: [NixTracker; N]) -> Vec<State> {
    let mut states: Vec<State> = Vec::new();
    for (i, tree) in trees.iter().enumerate() {
        let mut state = State(states.last().map(|s| s.0.clone()).unwrap_or_default());
        for tracker in &mut trackers {
            state.take(match i.checked_sub(1) {
                None => tracker.start(tree),
                Some(before) => tracker.step(tree, &trees[before].changes(tree)),
            });
        }
        let mut fresh = State::default();
        fresh.take(NixTracker::default().start(tree));
        assert_eq!(state.0, fresh.0, "after step {i}");
        for path in ["hello", "wrapped", "set.a", "p7", "new", "hi", "bad", "set", "lazy", "moved"]
        {
            let alone = look_at(tree, &AttrPath::parse(path).expect("a path"));
            let with_all = state.0.get(path).unwrap_or(&Outcome::Gone);
            assert_eq!(alone, *with_all, "{path} after step {i}");
        }
        states.push(state);
    }
    let mut again = State::default();
    trackers.iter_mut().for_each(|tracker| again.take(tracker.start(&trees[0])));
    assert_eq!(again.0, states[0].0, "started again");
    states
}

#[test]
fn a_tree_is_evaluated() {
    let state = walk(&[nixpkgs()]).remove(0);
    assert_eq!(state.version("hello"), Some("2.9"));
    assert_eq!(state.version("wrapped"), Some("2.9"));
    assert_eq!(state.version("p7"), Some("1.7"));
    assert_eq!(state.version("set.a"), Some("1.1"));
    assert_eq!(state.version("lazy"), Some("0.1"));
    assert_eq!(state.version("bad"), None);
    let Some(Outcome::Known { facts, .. }) = state.0.get("hello") else { panic!("hello is known") };
    assert_eq!(facts.pname.as_deref(), Some("hello"));
    assert_eq!(facts.description.as_deref(), Some("Greets"));
    assert_eq!(facts.file.as_deref(), Some("pkgs/hello/default.nix"));
    let Some(Outcome::Known { alias_of, .. }) = state.0.get("hi") else { panic!("hi is known") };
    assert_eq!(alias_of.as_ref().map(|path| path.as_str()), Some("hello"));
}

/// Two names that only lead to each other are something again when one of them is, whichever was
/// looked at first.
#[test]
fn a_circle_is_broken() {
    const ALL: &str = "pkgs/top-level/all-packages.nix";
    let tree = nixpkgs();
    let with = |one: &str, other: &str| {
        let packages = "a = stdenv.mkDerivation { name = \"a-${one}\"; };\n    b = \
                        stdenv.mkDerivation { name = \"b-${other}\"; };\n";
        let more =
            format!("    {packages}    one = {one};\n    other = {other};\n    hi = hello;\n");
        tree.with(ALL, &tree.0[ALL].replace("    hi = hello;\n", &more))
    };
    let circle = with("other", "one");
    for broken in [with("\"1\"", "one"), with("other", "\"1\"")] {
        let states = walk(&[circle.clone(), broken, circle.clone()]);
        for (name, before, after) in [("a", None, Some("1")), ("b", None, Some("1"))] {
            let versions: Vec<_> = states.iter().map(|state| state.version(name)).collect();
            assert_eq!(versions, [before, after, before], "{name}");
        }
    }
}

/// A name leaves one set of a chain for another, as a package does that was an alias.
#[test]
fn a_name_moves_between_sets() {
    const SETS: &str = "pkgs/top-level/all-packages.nix";
    const ALIASES: &str = "pkgs/top-level/aliases.nix";
    let set = |least: usize, more: &str| {
        let packages = |n| format!("  a{n} = stdenv.mkDerivation {{ name = \"a{n}-1.{n}\"; }};\n");
        (0..least).map(packages).collect::<String>() + more
    };
    let all = |more: &str| {
        format!(
            "{{ }}: let stdenv = (import ../stdenv {{ allPackages = null; }}).stdenv; super = with \
             super; {{\n{}}}; aliases = builtins.mapAttrs (name: alias: if super ? ${{name}} then \
             throw name else alias) (import ./aliases.nix super stdenv); in super // aliases",
            set(45, more)
        )
    };
    let aliases = |more: &str| {
        format!("super: stdenv: with super; {{\n{}}}", set(45, more).replace("  a", "  b"))
    };
    let moved = "  moved = stdenv.mkDerivation { name = \"moved-2\"; };\n";
    let first = Tree::of(&[
        ("default.nix", DEFAULT),
        ("pkgs/stdenv/default.nix", "throw \"replaced\""),
        (SETS, &all("")),
        (ALIASES, &aliases("  moved = a1;\n")),
    ]);
    let both = first.with(SETS, &all(moved));
    let other = both.with(ALIASES, &aliases(""));
    let neither = other.with(SETS, &all(""));
    let states = walk(&[first.clone(), other.clone(), first.clone(), both, other, neither, first]);
    let versions: Vec<_> = states.iter().map(|state| state.version("moved")).collect();
    let (old, new) = (Some("1.1"), Some("2"));
    assert_eq!(versions, [old, new, old, None, new, None, old]);
}

/// The set that a name came out of is not needed any more when its file changes.
#[test]
fn a_set_that_was_given_back_is_followed() {
    const SETS: &str = "pkgs/top-level/all-packages.nix";
    const PART: &str = "pkgs/top-level/part.nix";
    let packages = (0..45).map(|n| format!("a{n} = stdenv.mkDerivation {{ name = \"a{n}-1\"; }};"));
    let all = format!(
        "{{ }}: let stdenv = (import ../stdenv {{ allPackages = null; }}).stdenv; in {{ {} inherit \
         (import ./part.nix stdenv) tool; }}",
        packages.collect::<String>()
    );
    let part = |version: &str| {
        format!(
            "stdenv: rec {{ make = version: stdenv.mkDerivation {{ name = \"tool-${{version}}\"; \
             }}; old = make \"1\"; new = make \"2\"; tools = {{ tool = {version}; }}; tool = \
             tools.tool; }}"
        )
    };
    let first = Tree::of(&[
        ("default.nix", DEFAULT),
        ("pkgs/stdenv/default.nix", "throw \"replaced\""),
        (SETS, &all),
        (PART, &part("old")),
    ]);
    let other = first.with("README", "nothing of note");
    let states = walk(&[first, other.clone(), other.with(PART, &part("new")), other]);
    let versions: Vec<_> = states.iter().map(|state| state.version("tool")).collect();
    assert_eq!(versions, [Some("1"), Some("1"), Some("2"), Some("1")]);
}

/// A package by the name `env`, a compiler that is wrapped anew, sets in sets, and one in itself.
#[test]
fn what_a_package_has_with_it_is_not_the_package() {
    const ALL: &str = "pkgs/top-level/all-packages.nix";
    let tree = nixpkgs();
    let all = tree.0[ALL].replacen(
        "    p9 =",
        "    gcc-unwrapped = stdenv.mkDerivation { name = \"gcc-9.1\"; };\n    app = \
         stdenv.mkDerivation { name = \"app-3.0\"; env = p1 // { name = \"app-3.0-gems\"; }; };\n    \
         vars = stdenv.mkDerivation { name = \"vars-3.1\"; env.LANG = \"C\"; };\n    other = \
         stdenv.cc.override { cc = hello; };\n    deep.a = { recurseForDerivations = true; b = { \
         recurseForDerivations = true; c = { recurseForDerivations = true; d = p2; }; }; };\n    \
         self = { recurseForDerivations = true; p = p3; inherit (pkgs) self; };\n    p9 =",
        1,
    );
    let tree = tree.with(ALL, &all);
    for (path, expected) in [
        ("app", Some("3.0")),
        ("vars", Some("3.1")),
        ("other", Some("2.9")),
        ("deep.a.b.c.d", Some("1.2")),
        ("self.p", Some("1.3")),
        ("self.self.p", None),
    ] {
        let found = match look_at(&tree, &AttrPath::parse(path).expect("a path")) {
            Outcome::Known { version, .. } => Some(version),
            Outcome::Gone => None,
            Outcome::Unknown(why) => panic!("{path}: {why}"),
        };
        assert_eq!(found.as_deref(), expected, "{path}");
    }
}

#[test]
fn each_change_is_followed() {
    const ALL: &str = "pkgs/top-level/all-packages.nix";
    let first = nixpkgs();
    let all = first.0[ALL].clone();
    let edit = |tree: &Tree, from: &str, to: &str| {
        let text = &tree.0[ALL];
        assert!(text.contains(from), "{from}");
        tree.with(ALL, &text.replacen(from, to, 1))
    };
    let hello = first.0["pkgs/hello/default.nix"].replace("2.9", "2.10");
    let mut trees = vec![first.clone()];
    let mut next = |tree: Tree| trees.push(tree);
    // A file that another package looks into.
    let tree = first.with("pkgs/hello/default.nix", &hello);
    next(tree.clone());
    // One binding of the big set, one more, one less, one by another name.
    let tree = edit(&tree, "p7-1.7", "p7-1.8");
    next(tree.clone());
    let tree = edit(&tree, "    p9 =", "    new = p3;\n    p9 =");
    next(tree.clone());
    let tree = edit(&tree, "    p8 = stdenv.mkDerivation { name = \"p8-1.8\"; };\n", "");
    next(tree.clone());
    let tree = edit(&tree, "hi = hello", "hi = p5");
    next(tree.clone());
    // An optional argument of `hello` comes to be there.
    let tree = edit(&tree, "    p9 =", "    extra = 1;\n    p9 =");
    next(tree.clone());
    // The rest of the file, and a comment that hides a binding.
    let tree = edit(&tree, "system ? \"x\"", "system ? \"y\"");
    next(tree.clone());
    let tree = edit(&tree, "    p20 =", "    # p20 =");
    next(tree.clone());
    // A file that is read as text, one that is gone and comes back, one that cannot be had.
    let tree = tree.with("pkgs/lazy/VERSION", "0.2");
    next(tree.clone());
    next(tree.without("pkgs/hello/default.nix"));
    next(tree.clone());
    next(tree.with("pkgs/hello/default.nix", "ABSENT"));
    next(tree.with("pkgs/hello/default.nix", "{ stdenv"));
    next(first.with(ALL, &all.replace("with pkgs;", "with  pkgs;")));

    let states = walk(&trees);
    assert_eq!(states[1].version("wrapped"), Some("2.10"));
    assert_eq!(states[2].version("p7"), Some("1.8"));
    assert_eq!(states[3].version("new"), Some("1.3"));
    assert_eq!(states[4].version("p8"), None);
    assert_eq!(states[5].version("hi"), Some("1.5"));
    assert_eq!(states[9].version("lazy"), Some("0.2"));
    assert_eq!(states[10].version("wrapped"), None);
    assert_eq!(states[11].version("wrapped"), Some("2.10"));
    assert!(matches!(states[12].0.get("hello"), Some(Outcome::Unknown(_))));
    assert!(matches!(states[13].0.get("hello"), Some(Outcome::Unknown(_))));
}

/// A nixpkgs that is written anew from what it says after each change: packages in files and in one
/// big set, a set that all of them are looked up through as well, one with a scope of its own, and
/// other names for some.
#[derive(Debug, Clone)]
struct Written {
    /// The last part of each package's version.
    versions: [u8; PACKAGES],
    /// The name of the package whose version is a part of this one's.
    uses: [Option<u8>; PACKAGES],
    /// Which of the names of `xorg`, and which of the scope's, are there.
    xorg: [Option<u8>; 8],
    scope: [Option<u8>; 16],
    /// What the first names for others stand for.
    aliases: [Option<u8>; 6],
    /// The package of which many others ask something, if it is there: the last part of its version,
    /// its text, and its truth value.
    asked: Option<(u8, u8, u8)>,
    /// Comments, and functions that nobody calls.
    noise: [u8; 4],
    /// Where `lib` has its licenses from: one of two files, a file that is not there, or no file.
    licenses: u8,
    /// Whether the set with a scope of its own is there.
    scoped: bool,
}

const PACKAGES: usize = 36;

/// One change: what, which of them, to what.
type Edit = (u8, u8, u8);

impl Written {
    fn new() -> Self {
        Self {
            versions: [0; PACKAGES],
            uses: std::array::from_fn(|n| (n % 3 == 0 && n > 0).then(|| (n - 1) as u8)),
            xorg: [Some(0); 8],
            scope: [Some(0); 16],
            aliases: [Some(1); 6],
            asked: Some((0, 0, 0)),
            noise: [0; 4],
            licenses: 0,
            scoped: true,
        }
    }

    fn edit(&mut self, (what, which, value): Edit) {
        let which = usize::from(which);
        let some = (!value.is_multiple_of(4)).then_some(value);
        match what % 10 {
            0 => self.versions[which % PACKAGES] = value,
            // A package uses only ones before it, so that none uses itself.
            1 => {
                let most = u8::try_from(which % PACKAGES).expect("a small number");
                self.uses[which % PACKAGES] = some.filter(|_| most > 0).map(|value| value % most);
            }
            2 => self.xorg[which % 8] = some,
            3 => self.scope[which % 16] = some,
            4 => self.aliases[which % 6] = some,
            5 => self.scoped = !self.scoped,
            6 => self.asked = some.map(|value| (value, 0, 0)),
            7 => {
                let (version, text, truth) = self.asked.unwrap_or_default();
                self.asked = Some(match which % 3 {
                    0 => (value, text, truth),
                    1 => (version, value % 3, truth),
                    _ => (version, text, value % 2),
                });
            }
            8 => self.licenses = value % 4,
            _ => self.noise[which % 4] = value,
        }
    }

    /// The first eight packages are in `xorg` as well, where that has them.
    fn package(&self, n: usize) -> String {
        let version = self.versions[n];
        match self.uses[n] {
            Some(used) => format!(
                "{{ stdenv, p{used}, lib, y3 ? null }}: with lib; stdenv.mkDerivation {{ pname = \
                 \"p{n}\"; version = \"{version}.${{p{used}.version}}\"; meta.license = \
                 licenses.free; }}"
            ),
            None => format!(
                "{{ stdenv, asked }}: stdenv.mkDerivation {{ pname = \"p{n}\"; version = \
                 \"{version}${{if asked == null then \"\" else if asked.truth then \
                 \".${{asked.text}}\" else \".9\"}}\"; }}"
            ),
        }
    }

    fn tree(&self) -> Tree {
        let set = |names: &[Option<u8>], prefix: &str, name: &str| -> String {
            let there = names.iter().enumerate().filter_map(|(n, there)| Some((n, (*there)?)));
            let package = |(n, version): (usize, u8)| {
                format!(
                    "  {prefix}{n} = stdenv.mkDerivation {{ pname = \"{name}{n}\"; version = \
                     \"{version}.9\"; }};\n"
                )
            };
            there.map(package).collect()
        };
        let all: String = (0..PACKAGES)
            .map(|n| match n % 2 {
                0 => format!("    p{n} = callPackage ../p{n} {{ }};\n"),
                _ => format!("    p{n} = callPackage ({}) {{ }};\n", self.package(n)),
            })
            .collect();
        let aliases = self.aliases.iter().enumerate();
        let aliases: String = aliases
            .filter_map(|(n, to)| {
                let to = usize::from((*to)?) % PACKAGES;
                let name = if n < 2 { format!("p{}", n + 20) } else { format!("other{n}") };
                Some(format!("  {name} = p{to};\n"))
            })
            .collect();
        let asked = match self.asked {
            Some((version, text, truth)) => format!(
                "stdenv.mkDerivation {{ name = \"asked-{version}\"; text = \"{text}\"; truth = {}; \
                 }}",
                truth == 0
            ),
            None => "null".to_owned(),
        };
        let [comment, function, constant, skeleton] = self.noise;
        let licenses = match self.licenses {
            0 | 1 => format!("import ./licenses-{}.nix", self.licenses),
            2 => "import ./no-licenses.nix".to_owned(),
            _ => "{ free = \"3\"; }".to_owned(),
        };
        let scope = "    scope = lib.fix (import ../scope { inherit newScope stdenv; });\n";
        let scope = if self.scoped { scope } else { "" };
        let mut files = vec![
            ("default.nix".to_owned(), DEFAULT.to_owned()),
            ("pkgs/stdenv/default.nix".to_owned(), "throw \"replaced\"".to_owned()),
            (
                "lib/default.nix".to_owned(),
                format!(
                    "let # {comment}\n  attrs = import ./attrs.nix;\n  licenses = {licenses};\n  \
                     constant = {constant};\n  three = 3;\nin {{\n  inherit attrs licenses \
                     constant three;\n  unused = x: x + {function};\n}} // attrs"
                ),
            ),
            ("lib/licenses-0.nix".to_owned(), "{ free = \"0\"; }".to_owned()),
            (
                "lib/licenses-1.nix".to_owned(),
                "let lib = import ./.; in lib.fix (self: { free = \"1\"; })".to_owned(),
            ),
            (
                "lib/attrs.nix".to_owned(),
                format!(
                    "rec {{ callPackageWith = auto: fn: args: let f = if builtins.isFunction fn \
                     then fn else import fn; in f (builtins.intersectAttrs (builtins.functionArgs \
                     f) auto // args);\n  fix = f: let x = f x; in x;\n  noise = {};\n  more = \
                     noise; }}",
                    constant % 3
                ),
            ),
            (
                "pkgs/top-level/all-packages.nix".to_owned(),
                format!(
                    "{{ system ? \"x\" }}:\nlet\n  skeleton = {};\n  lib = import ../../lib;\n  \
                     stdenv = (import ../stdenv {{ allPackages = null; inherit system; \
                     }}).stdenv;\n  defaultScope = pkgs // pkgs.xorg;\n  newScope = extra: \
                     lib.callPackageWith (defaultScope // extra);\n  aliases = base: \
                     builtins.mapAttrs (name: alias: if base ? ${{name}} then throw name else \
                     alias) (import ./aliases.nix base);\n  base = with pkgs; {{\n    inherit \
                     stdenv lib newScope;\n    callPackage = newScope {{ }};\n    xorg = import \
                     ../xorg {{ inherit stdenv; }};\n    asked = {asked};\n{scope}{all}  \
                     }};\n  pkgs = base // (if skeleton > 90 then {{ }} else aliases base);\nin pkgs",
                    skeleton / 2
                ),
            ),
            ("pkgs/top-level/aliases.nix".to_owned(), format!("pkgs: with pkgs; {{\n{aliases}}}")),
            (
                "pkgs/xorg/default.nix".to_owned(),
                format!("{{ stdenv }}: rec {{\n{}  y = 1; }}", set(&self.xorg, "p", "x")),
            ),
            (
                "pkgs/scope/default.nix".to_owned(),
                format!(
                    "{{ newScope, stdenv }}: self: with self; {{\n  callPackage = newScope self;\n  \
                     inner = callPackage ../p6 {{ }};\n  deep = callPackage ../p12 {{ }};\n{}}}",
                    set(&self.scope, "p", "s")
                ),
            ),
        ];
        for n in (0..PACKAGES).step_by(2) {
            files.push((format!("pkgs/p{n}/default.nix"), self.package(n)));
        }
        Tree(files.into_iter().collect())
    }
}

/// Who asked for a text, or whether there is something, is asked again when the answer is another,
/// and not when something else about it is.
#[test]
fn what_comes_out_the_same_leads_no_further() {
    let first = Written::new();
    let mut tracker = NixTracker::default();
    tracker.start(&first.tree());
    let mut before = first;
    let mut again = |asked| {
        let now = Written { asked, ..before.clone() };
        let changes = before.tree().changes(&now.tree());
        before = now;
        tracker.asked_again(&before.tree(), &changes)
    };
    // Those that look before they are many depend on all of it, and so do who uses them.
    let (some, all) = (0..=PACKAGES * 2 / 3, PACKAGES..=PACKAGES + 1);
    for (asked, expected) in [
        (Some((1, 0, 0)), &some),
        (Some((1, 1, 0)), &all),
        (Some((2, 1, 0)), &some),
        (Some((2, 1, 1)), &all),
        // Nobody looks at the text any more.
        (Some((2, 2, 1)), &some),
        (None, &all),
    ] {
        let count = again(asked);
        assert!(expected.contains(&count), "{asked:?}: {count}");
    }
}

/// A library that is put together anew, of functions that are as they were, concerns nobody but
/// who asks what there is in it.
#[test]
fn what_is_put_together_anew_leads_no_further() {
    let first = Written { licenses: 1, ..Written::new() };
    let mut tracker = NixTracker::default();
    tracker.start(&first.tree());
    let mut before = first.clone();
    for (function, licenses, expected) in [(1, 1, 1..=1), (1, 0, 5..=40), (2, 0, 1..=1)] {
        let now = Written { noise: [0, function, 0, 0], licenses, ..first.clone() };
        let changes = before.tree().changes(&now.tree());
        before = now;
        let count = tracker.asked_again(&before.tree(), &changes);
        assert!(expected.contains(&count), "{function}, {licenses}: {count}");
    }
}

/// A set that was removed and is there again, as when a removal is taken back.
#[test]
fn a_set_goes_and_comes_back() {
    let there = Written::new();
    let gone = Written { scoped: false, ..there.clone() };
    let other = Written { versions: [7; PACKAGES], ..gone.clone() };
    let again = Written { versions: [7; PACKAGES], ..there.clone() };
    walk(&[&there, &gone, &there, &gone, &other, &again, &other, &there].map(Written::tree));
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(24))]

    /// Whatever is changed, in whatever order: what is said after each step is what is seen from
    /// scratch.
    #[test]
    fn any_changes_are_followed(
        steps in proptest::collection::vec(
            proptest::collection::vec(proptest::prelude::any::<Edit>(), 1..4),
            1..10,
        )
    ) {
        let mut written = Written::new();
        let mut trees = vec![written.tree()];
        for edits in steps {
            edits.into_iter().for_each(|edit| written.edit(edit));
            trees.push(written.tree());
        }
        let last = walk(&trees).pop().expect("one for each tree");
        proptest::prop_assert!(last.0.len() >= PACKAGES / 2, "{:?}", last.0);
    }
}
