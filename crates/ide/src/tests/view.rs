//! What is shown beside the text: hints, the line above the pins, links, outline, folds, colours.

use expect_test::{Expect, expect};
use syntax::{TextRange, edit};

use super::at_cursor;
use crate::{Settings, Snapshot, Symbol, settings::InlayHints};

const FILE: &str = r#"{ pkgs }:
# The pins of
# this project.
{
  nodejs = "20.11.0";
  python3Packages = {
    requests = "2.28.1"; # old
    numpy = "^1.26 || *";
  };
  go = {
    version = "1.21.5";
    revision = "abc";
  };
  a.b = import
    ./b.nix;
  git = "2.44.0";
}$0
"#;

fn all(snapshot: &Snapshot) -> TextRange {
    TextRange::new(0, snapshot.document.text.len())
}

fn hints(shown: InlayHints, expected: Expect) {
    at_cursor(FILE, |snapshot, _| {
        let settings = &Settings { inlay_hints: shown, ..Settings::default() };
        let snapshot = Snapshot { settings, ..*snapshot };
        let text = &snapshot.document.text;
        let hints = snapshot.inlay_hints(all(&snapshot)).expect("the index answers");
        let show = |hint: crate::Hint| {
            let start = text[..hint.offset].rfind('\n').map_or(0, |at| at + 1);
            let line = text[start..hint.offset].trim();
            let edit = hint.edits.first().map(|edit| edit.text.as_str()).unwrap_or_default();
            format!("{line} {} | {} | {edit}\n", hint.label, hint.tooltip)
        };
        expected.assert_eq(&hints.into_iter().map(show).collect::<String>());
    });
}

#[test]
fn hints_show_what_wants_attention() {
    hints(
        InlayHints::Updates,
        expect![[r#"
        nodejs = "20.11.0"; ↑ 20.18.1 | 20.18.1 is the newest of the line. 22.1.0 is the newest of all. | 20.18.1
        requests = "2.28.1"; insecure · ↑ 2.28.2 | Known vulnerabilities: CVE-2023-32681. 2.28.2 is the newest of the line. | 2.28.2
    "#]],
    );
    hints(
        InlayHints::All,
        expect![[r#"
        nodejs = "20.11.0"; 2024-01-10 to 2024-03-01 · ↑ 20.18.1 · newest 22.1.0 | 20.18.1 is the newest of the line. 22.1.0 is the newest of all. | 20.18.1
        requests = "2.28.1"; insecure · 2022-07-01 to 2023-01-31 · ↑ 2.28.2 | Known vulnerabilities: CVE-2023-32681. 2.28.2 is the newest of the line. | 2.28.2
        }; since 2023-12-06 |  | 
        git = "2.44.0"; since 2024-02-23 |  | 
    "#]],
    );
    hints(InlayHints::Off, expect![""]);
}

#[test]
fn one_line_above_the_pins() {
    let lens = |text: &str, expected: Expect| {
        at_cursor(text, |snapshot, _| {
            let lens = snapshot.code_lens().expect("the index answers");
            let shown = lens.map_or("nothing".to_owned(), |lens| {
                format!(
                    "{} | {} | {}",
                    lens.range.of(&snapshot.document.text),
                    lens.title,
                    lens.updates
                )
            });
            expected.assert_eq(&shown);
            let settings = &Settings { code_lens: false, ..Settings::default() };
            assert_eq!(Snapshot { settings, ..*snapshot }.code_lens(), Ok(None));
            let loading = Snapshot { index: crate::Index::Loading, ..*snapshot };
            let title = loading.code_lens().expect("nothing can fail").map(|lens| lens.title);
            assert!(title.is_none_or(|title| !title.contains("update")), "nothing is known yet");
        });
    };
    lens(FILE, expect!["{ | 6 pins · take 2 updates in their lines | true"]);
    lens("{ git = \"2.44.0\"; }$0", expect!["{ | 1 pin · no updates in their lines | false"]);
    lens("{ nodejs = \"20.9.0\"; }$0", expect!["{ | 1 pin · take 1 update in its line | true"]);
    lens("{ }$0", expect!["nothing"]);
}

#[test]
fn names_lead_to_home_pages_and_versions_to_files() {
    at_cursor(FILE, |snapshot, _| {
        let settings = &Settings { links: false, ..Settings::default() };
        assert_eq!(Snapshot { settings, ..*snapshot }.links(), Ok(Vec::new()));
        let links = snapshot.links().expect("the index answers");
        let text = &snapshot.document.text;
        let show = |l: crate::Link| format!("{} | {} | {}\n", l.range.of(text), l.url, l.tooltip);
        expect![[r#"
            nodejs | https://example.org/ | Home page of nodejs
            requests | https://example.org/ | Home page of python3Packages.requests
            2.28.1 | https://github.com/NixOS/nixpkgs/blob/0000000063d85a00abababababababababababab/pkgs/python%20modules/requests.nix | pkgs/python modules/requests.nix of nixpkgs at 0000000063d8
            numpy | https://example.org/ | Home page of python3Packages.numpy
            go | https://example.org/ | Home page of go
            git | https://example.org/ | Home page of git
        "#]].assert_eq(&links.into_iter().map(show).collect::<String>());
    });
}

#[test]
fn an_outline_of_sets_and_pins() {
    fn show(symbols: &[Symbol], depth: usize) -> String {
        let each = symbols.iter().map(|symbol| {
            assert!(symbol.range.start <= symbol.selection.start);
            assert!(symbol.selection.end <= symbol.range.end);
            let kind = if symbol.is_set { "set" } else { "pin" };
            let detail = symbol.detail.as_deref().unwrap_or_default();
            let children = show(&symbol.children, depth + 1);
            format!("{:depth$}{kind} {} {detail}\n{children}", "", symbol.name)
        });
        each.collect()
    }
    at_cursor(FILE, |snapshot, _| {
        let shown = show(&snapshot.symbols(), 0);
        expect![[r#"
            pin nodejs 20.11.0
            set python3Packages 
             pin requests 2.28.1
             pin numpy ^1.26 || *
            pin go 1.21.5
            pin a.b 
            pin git 2.44.0
        "#]]
        .assert_eq(&shown);
    });
}

#[test]
fn what_spans_lines_folds() {
    at_cursor(FILE, |snapshot, _| {
        let lines: Vec<&str> = snapshot.document.text.lines().collect();
        let show = |fold: crate::Fold| {
            let (first, last) = (fold.first as usize, fold.last as usize);
            let comment = if fold.comment { "comment " } else { "" };
            format!("{comment}{} ... {}\n", lines[first].trim(), lines[last].trim())
        };
        let shown: String = snapshot.folds().into_iter().map(show).collect();
        expect![[r#"
            comment # The pins of ... # this project.
            { ... git = "2.44.0";
            python3Packages = { ... numpy = "^1.26 || *";
            go = { ... revision = "abc";
            a.b = import ... ./b.nix;
        "#]]
        .assert_eq(&shown);
    });
}

#[test]
fn names_versions_and_operators_have_colours() {
    at_cursor(FILE, |snapshot, _| {
        let text = &snapshot.document.text;
        let tokens = snapshot.tokens(all(snapshot));
        assert!(tokens.windows(2).all(|pair| pair[0].range.end <= pair[1].range.start));
        let show = |token: &crate::Token| format!("{:?} {}\n", token.kind, token.range.of(text));
        expect![[r#"
            Package nodejs
            Version 20.11.0
            Set python3Packages
            Package requests
            Version 2.28.1
            Package numpy
            Operator ^
            Version 1.26
            Operator ||
            Operator *
            Package go
            Version 1.21.5
            Set a
            Package b
            Package git
            Version 2.44.0
        "#]]
        .assert_eq(&tokens.iter().map(show).collect::<String>());
    });
}

#[test]
fn a_hint_takes_the_update() {
    at_cursor("{ nodejs = \"20.9.0\" }$0", |snapshot, _| {
        let hints = snapshot.inlay_hints(all(snapshot)).expect("the index answers");
        let after = edit::apply(&snapshot.document.text, &hints[0].edits);
        assert_eq!(after, "{ nodejs = \"20.18.1\"; }");
    });
}
