//! Pins in Nix files that are no packages.nix.

use expect_test::{Expect, expect};
use syntax::{TextEdit, TextRange, edit};

use super::at_cursor_of;
use crate::{ActionKind, Document, FileTask, Snapshot, Task};

fn at_cursor<T>(fixture: &str, ask: impl FnOnce(&Snapshot, usize) -> T) -> T {
    at_cursor_of(Document::elsewhere, fixture, ask)
}

/// The first labels, and the file after the first item is accepted.
#[track_caller]
fn completes(fixture: &str, expected: Expect) {
    let shown = at_cursor(fixture, |snapshot, offset| {
        let list = snapshot.completions(offset).expect("the index answers");
        if list.items.is_empty() {
            return "nothing".to_owned();
        }
        let labels: Vec<&str> = list.items.iter().take(3).map(|i| i.label.as_str()).collect();
        let text = &snapshot.document.text;
        let after = list.items.first().map(|item| {
            let change = TextEdit::replace(item.range, &item.text);
            let edits: Vec<TextEdit> = [change].into_iter().chain(item.extra.clone()).collect();
            edit::apply(text, &edits)
        });
        format!("{}\n{}\n", labels.join(" "), after.unwrap_or_default())
    });
    expected.assert_eq(&shown);
}

/// What is wrong with a file, with the first fix of each problem.
#[track_caller]
fn judges(text: &str, expected: Expect) {
    let shown = at_cursor(&format!("{text}$0"), |snapshot, _| {
        let found = snapshot.diagnostics().expect("the index answers");
        let fixes = |range: TextRange| {
            let fixes = snapshot.code_actions(range, |kind| kind == ActionKind::QuickFix);
            let fixes = fixes.expect("the index answers").into_iter();
            let edits = fixes.filter(|fix| fix.preferred).map(|fix| match fix.task {
                Task::Edits(edits) => edit::apply(text, &edits),
                other => format!("{other:?}"),
            });
            edits.collect::<Vec<_>>().join("")
        };
        let line = |d: &crate::Diagnostic| {
            let (code, range) = (d.problem.kind().code(), d.range.of(text));
            format!("{range} {code}: {} -> {}\n", d.problem, fixes(d.range))
        };
        found.iter().map(line).collect::<String>()
    });
    expected.assert_eq(&shown);
}

#[test]
fn versions_in_lists() {
    completes(
        r#"mkDevShell { packages = [ "nodejs@$0" ]; }"#,
        expect![[r#"
        22.1.0 22.0.0-rc.1 20.18.1
        mkDevShell { packages = [ "nodejs@22.1.0" ]; }
    "#]],
    );
    completes(
        r#"mkDevShell { packages = [ "nodejs@20.$0" "git" ]; }"#,
        expect![[r#"
        20.18.1 20.11.0 20.9.0
        mkDevShell { packages = [ "nodejs@20.18.1" "git" ]; }
    "#]],
    );
    completes(
        r#"mkDevShell { packages = [ "nodejs@^20$0" ]; }"#,
        expect![[r#"
        20.18.1 20.11.0 20.9.0
        mkDevShell { packages = [ "nodejs@^20.18.1" ]; }
    "#]],
    );
    completes(
        "mkDevShell { packages = [ \"nodejs@20.$0\n  ]; }",
        expect![[r#"
        20.18.1 20.11.0 20.9.0
        mkDevShell { packages = [ "nodejs@20.18.1"
          ]; }
    "#]],
    );
}

#[test]
fn names_in_lists() {
    completes(
        r#"mkDevShell { packages = [ "$0" ]; }"#,
        expect![[r#"
        git go nodejs
        mkDevShell { packages = [ "git@2.44.0" ]; }
    "#]],
    );
    completes(
        r#"mkDevShell { packages = [ "git" "nod$0" ]; }"#,
        expect![[r#"
        nodejs nodejs_22 nodePackages
        mkDevShell { packages = [ "git" "nodejs@22.1.0" ]; }
    "#]],
    );
    completes(
        r#"mkDevShell { packages = [ "nod$0@20.11.0" ]; }"#,
        expect![[r#"
        nodejs nodejs_22 nodePackages
        mkDevShell { packages = [ "nodejs@20.11.0" ]; }
    "#]],
    );
    completes(
        r#"mkDevShell { packages = [ "python3Packages.req$0" ]; }"#,
        expect![[r#"
        python3Packages.requests
        mkDevShell { packages = [ "python3Packages.requests@2.28.2" ]; }
    "#]],
    );
    completes(
        r#"mkDevShell { packages = [ "nodePackages.$0" ]; }"#,
        expect![[r#"
        nodePackages.\"@angular/cli\"
        mkDevShell { packages = [ "nodePackages.\"@angular/cli\"@17.0.0" ]; }
    "#]],
    );
    // Names without quotes are another server's.
    completes(r#"mkDevShell { packages = [ nod$0 ]; }"#, expect!["nothing"]);
    completes(r#"mkDevShell { packages = [ "git" $0 ]; }"#, expect!["nothing"]);
}

#[test]
fn other_forms() {
    completes(
        r#"lib.fetchVersion "nod$0""#,
        expect![[r#"
        nodejs nodejs_22 nodePackages
        lib.fetchVersion "nodejs"
    "#]],
    );
    completes(
        r#"lib.fetchVersion "nodejs" "20.$0""#,
        expect![[r#"
        20.18.1 20.11.0 20.9.0
        lib.fetchVersion "nodejs" "20.18.1"
    "#]],
    );
    completes(
        r#"nix-archiver.pin "nodejs" "$0"#,
        expect![[r#"
        22.1.0 22.0.0-rc.1 20.18.1
        nix-archiver.pin "nodejs" "22.1.0"
    "#]],
    );
    completes(
        r#"builtins.getFlake "nix-archiver:nod$0""#,
        expect![[r#"
        nodejs nodejs_22 nodePackages
        builtins.getFlake "nix-archiver:nodejs/22.1.0"
    "#]],
    );
    completes(
        r#"builtins.getFlake "nix-archiver:nodejs/18$0""#,
        expect![[r#"
        18.20.0
        builtins.getFlake "nix-archiver:nodejs/18.20.0"
    "#]],
    );
    completes(
        r#"lib.mkOverlay { packages = { nod$0 }; }"#,
        expect![[r#"
        nodejs nodejs_22 nodePackages
        lib.mkOverlay { packages = { nodejs = "22.1.0"; }; }
    "#]],
    );
    completes(
        r#"{ services.nix-archiver.pinnedPackages.nod$0 }"#,
        expect![[r#"
            nodejs nodejs_22 nodePackages
            { services.nix-archiver.pinnedPackages.nodejs = "22.1.0"; }
        "#]],
    );
    completes(
        r#"{ services.nix-archiver.pinnedPackages.nodejs = "20.$0"; }"#,
        expect![[r#"
        20.18.1 20.11.0 20.9.0
        { services.nix-archiver.pinnedPackages.nodejs = "20.18.1"; }
    "#]],
    );
    completes(
        r#"{ services.nix-archiver.pinnedPackages = { nodejs = "1"; $0 }; }"#,
        expect![[r#"
        git go nodejs_22
        { services.nix-archiver.pinnedPackages = { nodejs = "1"; git = "2.44.0"; }; }
    "#]],
    );
    completes(r#"{ services.nix-archiver.pinnedPackages.nodejs = "1"; $0 }"#, expect!["nothing"]);
}

#[test]
fn what_is_pinned_in_one_place_is_offered_in_another() {
    completes(
        r#"{ a = mkDevShell { packages = [ "go@1" ]; }; b = mkDevShell { packages = [ "go$0" ]; }; }"#,
        expect![[r#"
            go
            { a = mkDevShell { packages = [ "go@1" ]; }; b = mkDevShell { packages = [ "go@1.21.5" ]; }; }
        "#]],
    );
}

#[test]
fn problems_and_their_fixes() {
    judges(
        r#"mkDevShell { packages = [ "nodejs@20.11.1" "gti@1" "nodejs" "" x ]; }"#,
        expect![[r#"
        20.11.1 unknown-version: `nodejs` never had version 20.11.1 as far as the index goes (2024-12-31 of nixpkgs-unstable); there is 20.11.0 or 20.18.1 -> mkDevShell { packages = [ "nodejs@20.11.0" "gti@1" "nodejs" "" x ]; }
        gti unknown-package: nixpkgs never had a package `gti` as far as the index goes (2024-12-31 of nixpkgs-unstable); did you mean git -> mkDevShell { packages = [ "nodejs@20.11.1" "git@1" "nodejs" "" x ]; }
    "#]],
    );
    judges(
        r#"{ a = lib.fetchVersion "nodejs" "20"; }"#,
        expect![[r#"
        "20" partial-version: 20 is only the start of versions of `nodejs`; write 20.18.1, the newest of them, or 20.* for any -> { a = lib.fetchVersion "nodejs" "20.18.1"; }
    "#]],
    );
    judges(
        r#"builtins.getFlake "nix-archiver:perlPackages.JSN/4.10""#,
        expect![[r#"
        perlPackages.JSN unknown-package: nixpkgs never had a package `perlPackages.JSN` as far as the index goes (2024-12-31 of nixpkgs-unstable); did you mean perlPackages.JSON -> builtins.getFlake "nix-archiver:perlPackages.JSON/4.10"
    "#]],
    );
    judges(
        r#"{ services.nix-archiver.pinnedPackages = { go = "1.21.5"; go = "1.21.6"; x = y; }; }"#,
        expect![[r#"
            go duplicate-pin: `go` is pinned above already; Nix refuses a second one -> { services.nix-archiver.pinnedPackages = { go = "1.21.5"; go = "1.21.5"; x = y; }; }
            "1.21.6" unknown-version: `go` 1.21.6 is higher than any version that the index knows (up to 2024-12-31 of nixpkgs-unstable); there is 1.21.5 -> { services.nix-archiver.pinnedPackages = { go = "1.21.5"; go = "1.21.5"; x = y; }; }
        "#]],
    );
    // One package in two places is no mistake.
    judges(
        r#"[ (fetchVersion "go" "1.21.5") (fetchVersion "go" "1.21.5") (mkOverlay { packages.go = "1.21.5"; }) ]"#,
        expect![""],
    );
}

#[test]
fn what_is_known_of_a_pin() {
    at_cursor(r#"mkDevShell { packages = [ "nodejs@20.1$01.0" ]; }"#, |snapshot, offset| {
        let hover = snapshot.hover(offset).expect("the index answers").expect("there is a hover");
        let text = &snapshot.document.text;
        assert_eq!(hover.range.of(text), "20.11.0");
        assert!(hover.markup.to_markdown().starts_with("**nodejs** **20.11.0**"));
        let hints = snapshot.inlay_hints(TextRange::new(0, text.len())).expect("it answers");
        assert_eq!(hints.len(), 1);
        assert_eq!(hints[0].label, "↑ 20.18.1");
        assert_eq!(text[..hints[0].offset].chars().last(), Some('"'));
        assert!(edit::apply(text, &hints[0].edits).contains("\"nodejs@20.18.1\""));
        let all = snapshot.edits(FileTask::Update).expect("the index answers");
        assert!(edit::apply(text, &all).contains("\"nodejs@20.18.1\""));
    });
}

#[test]
fn what_other_servers_do_is_left_to_them() {
    let text =
        r#"{ services.nix-archiver.pinnedPackages = { nodejs = "20.11.0"; git = "2.44.0"; }; }$0"#;
    at_cursor(text, |snapshot, _| {
        let whole = TextRange::new(0, snapshot.document.text.len());
        assert_eq!(snapshot.symbols(), []);
        assert_eq!(snapshot.folds(), []);
        assert_eq!(snapshot.tokens(whole), []);
        assert_eq!(snapshot.code_lens().expect("the index answers"), None);
        assert_eq!(snapshot.edits(FileTask::Sort).expect("the index answers"), []);
    });
}

#[test]
fn broken_text_elsewhere_is_not_ours() {
    judges("{ a = ; b = [ ; c = fetchVersion \"git\" \"2.44.0\"", expect![""]);
    judges(&format!("fetchVersion \"git\" \"1\" {}", "[".repeat(2_000)), expect![""]);
}
