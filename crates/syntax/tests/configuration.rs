//! What is found in configurations.

use std::collections::BTreeMap;

use nix_archiver_syntax::configuration::{Which, read};

const A: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const B: &str = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";

/// What is asked for, a line each, and the first digits of the revisions that are named.
#[track_caller]
fn check(text: &str, wanted: &[&str]) {
    let text = text.replace("$A", A).replace("$B", B);
    let inputs = BTreeMap::from([("old".to_owned(), A.parse().expect("forty digits"))]);
    let found = read(&text, &inputs).expect("it is read");
    let line = |asked: &nix_archiver_syntax::configuration::Asked| match &asked.which {
        Which::Version(version) => format!("{} {version}", asked.path),
        Which::At(revision) => format!("{} at {}", asked.path, &revision.to_string()[..1]),
    };
    let mut lines: Vec<String> = found.asked.iter().map(line).collect();
    lines.extend(found.revisions.iter().map(|(id, _)| format!("({})", &id.to_string()[..1])));
    assert_eq!(lines, wanted, "{text}");
}

#[test]
fn packages_of_a_fetched_nixpkgs() {
    let tarball = "https://github.com/NixOS/nixpkgs/archive/$A.tar.gz";
    for fetch in [
        format!("fetchTarball \"{tarball}\""),
        format!("builtins.fetchTarball {{ url = \"{tarball}\"; sha256 = \"x\"; }}"),
        format!("builtins.fetchTarball {tarball}"),
        "pkgs.fetchFromGitHub { owner = \"NixOS\"; repo = \"nixpkgs\"; rev = \"$A\"; sha256 = \"x\"; }".into(),
        "builtins.fetchGit { url = \"https://github.com/NixOS/nixpkgs\"; rev = \"$A\"; }".into(),
        "builtins.fetchGit { url = https://github.com/NixOS/nixpkgs-channels.git; rev = \"$A\"; }".into(),
    ] {
        for (text, name) in [
            (format!("(import ({fetch}) {{ }}).nodejs"), "nodejs"),
            (format!("let old = import ({fetch}) {{ system = x; }}; in [ old.nodejs ]"), "nodejs"),
            (format!("let src = {fetch}; old = import src {{ }}; in old.a.\"b.c\""), "a.\"b.c\""),
            (format!("with import ({fetch}) {{ }}; [ nodejs ]"), "nodejs"),
            (format!("rec {{ old = import ({fetch}) {{ }}; p = {{ inherit (old) nodejs; }}; }}"), "nodejs"),
            (format!("let old.x = import ({fetch}) {{ }}; in f old.x.nodejs.dev"), "nodejs"),
            (format!("let s = {{ n = {fetch}; }}; in (import s.n {{ }}).go.override {{ }}"), "go"),
        ] {
            check(&text, &[&format!("{name} at a"), "(a)"]);
        }
    }
    let by_name = "let rev = \"$B\"; url = \"https://github.com/NixOS/nixpkgs/archive/${rev}.tar.gz\"; in \
                   (import (fetchTarball url) { }).git";
    check(by_name, &["git at b", "(b)"]);
    check(
        "let a = import (fetchTarball \"x/nixpkgs/$A.tgz\") { }; in { x = a.git; y = a.git; z = [ a.go ]; }",
        &["git at a", "go at a", "(a)"],
    );
}

#[test]
fn what_is_no_package_of_a_known_revision() {
    for text in [
        "import <nixpkgs> { }",
        "{ pkgs }: [ pkgs.nodejs ]",
        "(import (fetchTarball \"https://github.com/NixOS/nixpkgs/archive/master.tar.gz\") { }).git",
        "(import (fetchTarball \"https://example.org/other/$A.tar.gz\") { }).git",
        "let x = y; y = x; in x.git",
        "let rec = 1; in [ a.b ]",
        "[ (import) ]",
        "{ a = ; }",
        "",
    ] {
        check(text, &[]);
    }
    // A function of nixpkgs is none of its packages, what it is given may be; and the nearest counts.
    let fetch = "import (fetchTarball \"x/nixpkgs/$A.tgz\") { }";
    check(
        &format!("let p = {fetch}; in p.mkShell {{ buildInputs = with p; [ git ]; }}"),
        &["git at a", "(a)"],
    );
    check(&format!("let p = {fetch}; in {{ p }}: [ p.git ]"), &["(a)"]);
    check(&format!("let git = 1; in with {fetch}; [ git go ]"), &["go at a", "(a)"]);
    // Where nobody else has the name, the inner set is one of nixpkgs.
    check(
        &format!("with {fetch}; with python3Packages; [ requests ]"),
        &["python3Packages.requests at a", "(a)"],
    );
}

#[test]
fn inputs_of_flakes() {
    check(
        "{ outputs = { self, old, other }: { a = old.legacyPackages.${system}.git; b = (import old { }).go; c \
         = other.legacyPackages.x.no; }; }",
        &["git at a", "go at a"],
    );
    check(
        "{ inputs.new.url = \"github:NixOS/nixpkgs/$B\"; outputs = inputs: let p = \
         inputs.new.legacyPackages.x86_64-linux; in { q = [ p.git inputs.old.legacyPackages.s.go ]; }; }",
        &["git at b", "go at a"],
    );
    check(
        "{ inputs = { n = { url = \"github:NixOS/nixpkgs/$B\"; flake = false; }; }; outputs = { n, ... }: \
         import n { }; }",
        &[],
    );
}

#[test]
fn pins_in_the_shapes_of_the_library() {
    for (text, wanted) in [
        (
            "lib.pinnedPackages { packages = { git = \"1\"; a.b = \"^2\"; }; }",
            &["git 1", "a.b ^2"][..],
        ),
        (
            "l.mkOverlay { lockFile = ./l; packages = { a = { version = \"1\"; ignore = [ ]; }; }; }",
            &["a 1"],
        ),
        ("mkDevShell { packages = [ \"nodejs@20.11.0\" \"git\" x ]; }", &["nodejs 20.11.0"]),
        ("(lib.using { }).fetchVersion \"nodejs\" \"20.11.0\"", &["nodejs 20.11.0"]),
        ("nix-archiver.pin \"git\" \"2.42.0\"", &["git 2.42.0"]),
        ("builtins.getFlake \"nix-archiver:a.b/20.11.0\"", &["a.b 20.11.0"]),
        ("{ services.nix-archiver.pinnedPackages = { git = \"1\"; }; }", &["git 1"]),
        (
            "{ ... }: { services = { nix-archiver = { enable = true; pinnedPackages.git = \"1\"; }; }; }",
            &["git 1"],
        ),
        (
            "{ programs.nix-archiver = { pins = { git = \"1\"; }; devEnvironments.web.packages = [ \"go@2\" ]; }; }",
            &["git 1", "go 2"],
        ),
        ("{ packages = { git = \"1\"; }; }", &[]),
    ] {
        check(text, wanted);
    }
}

#[test]
fn nothing_is_too_deep_to_be_refused() {
    let deep = "[".repeat(100_000);
    assert!(read(&deep, &BTreeMap::new()).is_err());
    for text in
        ["let a = a.b; in [ a ]", "with with with; a", "{ inherit (x) a ${b}; }", "a.${b}.c d"]
    {
        read(text, &BTreeMap::new()).expect("it is read");
    }
}
