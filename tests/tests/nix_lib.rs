//! The library that Nix reads packages.lock with, in real Nix: what it gives, and what it says when
//! something is wrong.

use nix_archiver_tests::nix::{World, root};
use serde_json::json;

const PINS: &str =
    "{\n  git = \"1.0\";\n  nodejs = \"^2\";\n  python3Packages.requests = \"2.*\";\n}\n";

/// A world with a lock, and the library with that lock as an expression for pure evaluation.
fn locked() -> (World, String) {
    let world = World::new(PINS);
    let lock = world.lock();
    world.store(&lock);
    let library = world.stored(&root().join("nix"));
    world.write("project/packages.lock", &lock.print());
    world.write("project/packages.nix", PINS);
    let project = world.stored(&world.path("project"));
    let library = format!(
        "let project = {project}; lib = import ({library} + \"/lib\") {{ }}; pinned = lib.using {{ \
         lockFile = project + \"/packages.lock\"; system = \"x86_64-linux\"; config.marked = 7; }}; in "
    );
    (world, library)
}

#[test]
fn packages_are_those_of_the_lock() {
    let (world, lib) = locked();
    let is = |expression: &str, wanted| {
        assert_eq!(world.pure(&format!("{lib} {expression}")), wanted, "{expression}");
    };
    is("(pinned.fetchVersion \"nodejs\" \"2.0\").version", json!("2.0"));
    is("(pinned.fetchVersion \"nodejs\" \"^2\").version", json!("2.0"));
    is("(pinned.fetchVersion \"nodejs\" \"2.0\").system", json!("x86_64-linux"));
    is("(pinned.fetchVersion \"python3Packages.requests\" \"2.2\").version", json!("2.2"));
    is(
        "builtins.attrNames (pinned.pinnedPackages { })",
        json!(["git", "nodejs", "python3Packages"]),
    );
    for packages in [
        "import (project + \"/packages.nix\")",
        "[ \"git@1.0\" \"nodejs\" \"python3Packages.requests@2.*\" ]",
    ] {
        is(
            &format!("map (p: p.version) (pinned.pinnedList {{ packages = {packages}; }})"),
            json!(["1.0", "2.0", "2.2"]),
        );
        let set = format!("(pinned.pinnedPackages {{ packages = {packages}; }})");
        is(&format!("{set}.python3Packages.requests.version"), json!("2.2"));
    }
    is(
        "builtins.attrNames (pinned.pinnedPackages { packages = { git = { version = \"1.0\"; ignore = [ ]; }; }; })",
        json!(["git"]),
    );
    is("pinned.pinnedPackages { packages = { }; }", json!({}));
    is("pinned.pinnedList { packages = [ ]; }", json!([]));
    is("(pinned.readLock (project + \"/packages.lock\")).pins.git.version", json!("1.0"));

    let overlay = "(pinned.mkOverlay { } { } { stdenv.system = \"aarch64-linux\"; git = 1; hello = 3; \
                   python3Packages = { requests = 1; numpy = 2; }; })";
    is(&format!("builtins.attrNames {overlay}"), json!(["git", "nodejs", "python3Packages"]));
    is(&format!("{overlay}.nodejs.system"), json!("aarch64-linux"));
    is(&format!("{overlay}.python3Packages.numpy"), json!(2));
    is(&format!("{overlay}.python3Packages.requests.version"), json!("2.2"));

    let shell = "(pinned.mkDevShell { packages = [ \"nodejs@2.0\" { type = \"derivation\"; version = \
                 \"other\"; } \"git\" ]; name = \"mine\"; COLOUR = \"red\"; })";
    is(&format!("map (p: p.version) {shell}.buildInputs"), json!(["2.0", "1.0", "other"]));
    is(&format!("[ {shell}.name {shell}.COLOUR ]"), json!(["mine", "red"]));
    is("builtins.length (pinned.mkDevShell { }).buildInputs", json!(3));
    is(
        "(pinned.mkDevShell { packages = [ ]; pkgs.mkShell = a: a.name; })",
        json!("pinned-packages"),
    );
    // What is given in a call counts more than what `using` was given.
    is(
        "(builtins.head (pinned.pinnedList { packages = [ \"git\" ]; system = \"q\"; })).system",
        json!("q"),
    );
}

/// Not only evaluated: built, and run.
#[test]
fn packages_can_be_built() {
    let (world, lib) = locked();
    let built = world.build(&format!("{lib} pinned.fetchVersion \"nodejs\" \"2.0\""));
    let said = std::process::Command::new(built.join("bin/nodejs")).output().expect("it was built");
    assert_eq!(String::from_utf8_lossy(&said.stdout), "nodejs 2.0\n");
    world.build(&format!("{lib} pinned.mkDevShell {{ }}"));
}

#[test]
fn insecure_packages_are_allowed_one_by_one() {
    let world =
        World::new("{ git = { version = \"1.0\"; allowInsecure = true; }; nodejs = \"2.0\"; }");
    world.lock();
    let lib = root().join("nix/lib");
    // What the trees would be imported with is told by a tree that gives it back.
    world.write(
        "tree/default.nix",
        "{ system, config }: { git.config = config; nodejs.config = config; }",
    );
    let config = |given: &str| {
        world.impure(&format!(
            "let lib = import {} {{ lockFile = ./packages.lock; config = {given}; sources = rec {{ \
             nixpkgs-1 = ./tree; nixpkgs-2 = nixpkgs-1; }}; }}; of = name: let it = (lib.pinnedPackages \
             {{ }}).${{name}}.config; in if builtins.isFunction it then it {{ }} else it; in [ (of \
             \"git\") (of \"nodejs\") ]",
            lib.display()
        ))
    };
    let (permits, plain) = (json!({ "permittedInsecurePackages": ["git-1.0"] }), json!({}));
    assert_eq!(config("{ }"), json!([permits, plain]));
    assert_eq!(config("_: { }"), json!([permits, plain]));
    let both = json!({ "permittedInsecurePackages": ["a", "git-1.0"] });
    let own = json!({ "permittedInsecurePackages": ["a"] });
    assert_eq!(config("{ permittedInsecurePackages = [ \"a\" ]; }"), json!([both, own]));
}

#[test]
fn what_is_wrong_is_said_with_what_to_do() {
    let (world, lib) = locked();
    for (expression, words) in [
        (
            "pinned.fetchVersion \"nodejs\" \"1.0\"",
            &["has nodejs 2.0, and 1.0 is asked for", "`nix-archiver pin 'nodejs@1.0'`"][..],
        ),
        (
            "pinned.fetchVersion \"nodej\" \"1.0\"",
            &["has no pin for nodej@1.0", "it has git, nodejs, python3Packages.requests"],
        ),
        (
            "pinned.mkDevShell { packages = [ \"hello\" ]; }",
            &["mkDevShell: ", "no pin for hello", "`nix-archiver lock`"],
        ),
        ("pinned.mkDevShell { packages = [ 7 ]; }", &["the list has int in it"]),
        (
            "pinned.pinnedPackages { packages = { git = \"3\"; }; }",
            &["has git 1.0, and 3 is asked for"],
        ),
        ("pinned.pinnedPackages { packages = { a.b = \"3\"; }; }", &["no pin for a.b"]),
        (
            "pinned.pinnedPackages { packages = { git = 3; }; }",
            &["git is int, and a pin is a text"],
        ),
        ("pinned.pinnedPackages { packages = 3; }", &["packages is int"]),
        (
            "lib.fetchVersion \"git\" \"1.0\"",
            &[
                "does not know which lock",
                "(lib.using { lockFile = ./packages.lock; }).fetchVersion",
            ],
        ),
        (
            "(lib.using { lockFile = project + \"/packages.lock\"; }).pinnedPackages { }",
            &["which system", "system = \"x86_64-linux\""],
        ),
        (
            "lib.readLock (project + \"/none.lock\")",
            &["there is no /", "/none.lock; `nix-archiver lock` makes it"],
        ),
    ] {
        let said = world.complaint(&["--pure-eval"], &format!("{lib} {expression}"));
        for word in words {
            assert!(said.contains(word), "{expression}: {word}: {said}");
        }
        assert!(said.contains("nix-archiver: "), "{expression}: {said}");
    }
}

#[test]
fn a_lock_that_is_none_is_told_from_one() {
    let world = World::new(PINS);
    let lock = world.lock().print();
    let lib = root().join("nix/lib");
    let with = |from: &str, to: &str| {
        let damaged = lock.replacen(from, to, 1);
        assert_ne!(damaged, lock, "{from}");
        world.write("packages.lock", &damaged);
        let text = format!("(import {} {{ }}).readLock ./packages.lock", lib.display());
        world.complaint(&[], &text)
    };
    for (from, to, words) in [
        ("\"version\": 1\n", "\"version\": 2\n", "has format 2, and this library reads format 1"),
        ("\"version\": 1\n", "\"wersion\": 1\n", "is no lock: it has no `version`"),
        ("\"pins\"", "\"pinz\"", "lacks `pins`"),
        ("\"revision\": \"nixpkgs-1\"", "\"revision\": \"nixpkgs-9\"", "has no revision nixpkgs-9"),
        ("\"requirement\"", "\"requirements\"", "lacks `requirement` in the pin git"),
        ("\"rev\"", "\"ref\"", "lacks `rev` in the revision nixpkgs-1"),
    ] {
        let said = with(from, to);
        assert!(said.contains(words) && said.contains("packages.lock"), "{words}: {said}");
        assert!(said.contains("`nix-archiver lock` writes it anew"), "{said}");
    }
    assert!(with("{", "[").contains("error"));
}

#[test]
fn what_has_no_hash_is_refused_by_pure_evaluation_alone() {
    let world = World::new("{ git = \"*\"; }");
    world.run(&["lock"]);
    let lib = world.stored(&root().join("nix"));
    world.write("project/packages.lock", &world.text("packages.lock"));
    let project = world.stored(&world.path("project"));
    let said = world.complaint(
        &["--pure-eval"],
        &format!(
            "(import ({lib} + \"/lib\") {{ lockFile = {project} + \"/packages.lock\"; system = \"x\"; \
             }}).pinnedList {{ }}"
        ),
    );
    for words in ["has no narHash for nixpkgs-1", "--repo PATH", "--prefetch"] {
        assert!(said.contains(words), "{words}: {said}");
    }
    // An attribute that the lock is wrong about.
    world.write("tree/default.nix", "{ system, config }: { }");
    let said = world.complaint(
        &[],
        &format!(
            "(import {}/nix/lib {{ lockFile = ./packages.lock; sources.nixpkgs-1 = ./tree; \
             }}).pinnedList {{ }}",
            root().display()
        ),
    );
    assert!(said.contains("has no git for ") && said.contains("`nix-archiver lock`"), "{said}");
}
