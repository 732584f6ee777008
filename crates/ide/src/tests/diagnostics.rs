use expect_test::{Expect, expect};
use model::{MemorySource, SourceError};

use super::source;
use crate::{Diagnostic, Document, Index, Memo, Snapshot};

fn diagnose(text: &str, index: Index) -> Vec<Diagnostic> {
    let document = Document::new(text.to_owned());
    let memo = Memo::default();
    let snapshot = Snapshot { document: &document, index, memo: &memo, now: 0 };
    snapshot.diagnostics().expect("the index answers")
}

fn check(text: &str, expected: Expect) {
    let source = source();
    let render = |d: Diagnostic| {
        let (code, severity) = (d.problem.code(), d.problem.severity());
        format!("{:?} {severity:?} {code}: {}\n", d.range.of(text), d.problem)
    };
    let shown: String = diagnose(text, Index::Ready(&source)).into_iter().map(render).collect();
    expected.assert_eq(&shown);
}

#[test]
fn what_exists_is_fine() {
    check(
        r#"{ pkgs }: {
  nodejs = "20.11.0";
  python3Packages = { requests = "2.28.2"; };
  nodePackages."@angular/cli" = "17.0.0";
  go = { version = "1.21.5"; revision = "abc"; };
}"#,
        expect![""],
    );
}

#[test]
fn requirements_and_unfinished_pins_are_not_judged() {
    check(
        "{ nodejs = \"^20\"; a.b = x; nosuch = ; nosuchtoo\n python3Packages.\n git = \"\"; go = \"1.*\"; python3 = \"latest\"; }",
        expect![""],
    );
}

#[test]
fn unknown_packages() {
    check(
        r#"{ nodjs = "1"; NodeJS = "1"; nothinglikeit = "1"; python2Packages.requests = "1"; }"#,
        expect![[r#"
            "nodjs" Error unknown-package: nixpkgs never had a package `nodjs` as far as the index goes (2024-12-31 of nixpkgs-unstable); did you mean nodejs
            "NodeJS" Error unknown-package: nixpkgs never had a package `NodeJS` as far as the index goes (2024-12-31 of nixpkgs-unstable); did you mean nodejs
            "nothinglikeit" Error unknown-package: nixpkgs never had a package `nothinglikeit` as far as the index goes (2024-12-31 of nixpkgs-unstable)
            "python2Packages.requests" Error unknown-package: nixpkgs never had a package `python2Packages.requests` as far as the index goes (2024-12-31 of nixpkgs-unstable); did you mean python3Packages.requests
        "#]],
    );
}

#[test]
fn unknown_versions() {
    check(
        r#"{ nodejs = "20.11.1"; nodejs_22 = "1.0"; python3 = "4"; go = { version = "1.21"; }; }"#,
        expect![[r#"
            "\"20.11.1\"" Error unknown-version: `nodejs` never had version 20.11.1 as far as the index goes (2024-12-31 of nixpkgs-unstable); there is 20.11.0 or 20.18.1
            "\"1.0\"" Error unknown-version: `nodejs_22` never had version 1.0 as far as the index goes (2024-12-31 of nixpkgs-unstable); there is 22.1.0
            "\"4\"" Warning unknown-version: `python3` 4 is higher than any version that the index knows (up to 2024-12-31 of nixpkgs-unstable); there is 3.11.7
            "\"1.21\"" Error unknown-version: `go` never had version 1.21 as far as the index goes (2024-12-31 of nixpkgs-unstable); there is 1.21.5
        "#]],
    );
}

#[test]
fn a_mistake_elsewhere_does_not_matter() {
    check(
        "{\n  git = \"1\n  nodejs = \"20.11.1\";\n",
        expect![[r#"
        "\"1" Error unknown-version: `git` never had version 1 as far as the index goes (2024-12-31 of nixpkgs-unstable); there is 2.44.0
        "\"20.11.1\"" Error unknown-version: `nodejs` never had version 20.11.1 as far as the index goes (2024-12-31 of nixpkgs-unstable); there is 20.11.0 or 20.18.1
    "#]],
    );
}

#[test]
fn nothing_is_unknown_while_the_index_is_not_there() {
    let text = "{ nosuch = \"1\"; }";
    assert_eq!(diagnose(text, Index::Loading), []);
    let missing = SourceError::Missing("/data/index".to_owned());
    let found = diagnose(text, Index::Failed(&missing));
    expect!["there is no version index at /data/index; `nix-archiver index --repo PATH` builds one from a clone of nixpkgs"].assert_eq(&found[0].problem.to_string());
    assert_eq!(found.len(), 1, "once a file, not once a pin");
    assert_eq!(diagnose("{ }", Index::Failed(&missing)), [], "without pins, no index is needed");

    let empty = MemorySource::new([]);
    let found = diagnose(text, Index::Ready(&empty));
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].problem.code(), "index-missing");
}

#[test]
fn a_text_that_nests_too_deep_is_refused_once() {
    let text = format!("{{\n x = {}", "[".repeat(100_000));
    let source = source();
    let found = diagnose(&text, Index::Ready(&source));
    assert_eq!(found.len(), 1);
    expect!["the brackets here are nested more than 500 deep; the pins of this file are not read"]
        .assert_eq(&found[0].problem.to_string());
    assert!(found[0].range.len() < 1000);
}

#[test]
fn what_is_remembered_is_forgotten_when_the_index_changes() {
    let document = Document::new("{ go = \"1.21.5\"; nosuch = \"1\"; }".to_owned());
    let memo = Memo::default();
    let codes = |index| {
        let snapshot = Snapshot { document: &document, index, memo: &memo, now: 0 };
        let found = snapshot.diagnostics().expect("the index answers");
        found.iter().map(|d| d.problem.code()).collect::<Vec<_>>()
    };
    let (full, small) =
        (source(), MemorySource::new([super::package("git", "", &[("1", "2020-01-01", "open")])]));
    for _ in 0..2 {
        assert_eq!(codes(Index::Ready(&full)), ["unknown-package"]);
        assert_eq!(codes(Index::Ready(&small)), ["unknown-package", "unknown-package"]);
    }
}
