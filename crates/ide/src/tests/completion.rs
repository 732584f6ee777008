use expect_test::{Expect, expect};
use syntax::{TextEdit, edit};

use super::{at_cursor, source};
use crate::{Document, Index, Item, LockFile, Memo, Settings, Snapshot, resolve};

/// The list, one item a line, and the file after its first item is accepted.
fn check(fixture: &str, expected: Expect) {
    let shown = at_cursor(fixture, |snapshot, offset| {
        let list = snapshot.completions(offset).expect("the index answers");
        let mut shown: String = list.items.iter().map(render).collect();
        if let Some(item) = list.items.first() {
            shown += &format!("---\n{}\n", accept(&snapshot.document.text, item));
        }
        shown
    });
    expected.assert_eq(&shown);
}

fn render(item: &Item) -> String {
    let mark = match (item.discouraged, item.preselect) {
        (true, _) => "- ",
        (_, true) => "* ",
        _ => "  ",
    };
    format!("{mark}{} | {}\n", item.label, item.detail.as_deref().unwrap_or_default())
}

fn accept(text: &str, item: &Item) -> String {
    let change = TextEdit::replace(item.range, &item.text);
    let edits: Vec<TextEdit> = [change].into_iter().chain(item.extra.clone()).collect();
    edit::apply(text, &edits)
}

#[test]
fn all_versions_newest_first() {
    check(
        r#"{ nodejs = "$0"; }"#,
        expect![[r#"
            * 22.1.0 | since 2024-05-02
              22.0.0-rc.1 | 2024-04-20 to 2024-04-23, pre-release
              20.18.1 | 2024-11-01 to 2024-12-24
              20.11.0 | 2024-01-10 to 2024-03-01
              20.9.0 | 2023-10-25 to 2023-11-20
              18.20.0 | 2023-03-26 to 2024-04-01
            ---
            { nodejs = "22.1.0"; }
        "#]],
    );
}

#[test]
fn versions_that_begin_so_in_an_unclosed_string() {
    check(
        "{\n  nodejs = \"2$0\n  git = \"2.44.0\";\n}",
        expect![[r#"
            * 22.1.0 | since 2024-05-02
              22.0.0-rc.1 | 2024-04-20 to 2024-04-23, pre-release
              20.18.1 | 2024-11-01 to 2024-12-24
              20.11.0 | 2024-01-10 to 2024-03-01
              20.9.0 | 2023-10-25 to 2023-11-20
            ---
            {
              nodejs = "22.1.0";
              git = "2.44.0";
            }
        "#]],
    );
}

#[test]
fn the_whole_version_is_replaced() {
    check(
        r#"{ nodejs = "20.1$01.0" }"#,
        expect![[r#"
              20.18.1 | 2024-11-01 to 2024-12-24
              20.11.0 | 2024-01-10 to 2024-03-01
            ---
            { nodejs = "20.18.1"; }
        "#]],
    );
}

#[test]
fn a_whole_version_offers_all_others() {
    let labels = at_cursor(r#"{ nodejs = "20.11.0$0"; }"#, |snapshot, offset| {
        let list = snapshot.completions(offset).expect("the index answers");
        assert!(list.items.iter().all(|item| item.filter == "20.11.0"));
        list.items.len()
    });
    assert_eq!(labels, 6);
}

#[test]
fn versions_that_hold_what_is_typed() {
    check(
        r#"{ nodejs = "11$0"; }"#,
        expect![[r#"
              20.11.0 | 2024-01-10 to 2024-03-01
            ---
            { nodejs = "20.11.0"; }
        "#]],
    );
}

#[test]
fn an_operator_stays() {
    check(
        r#"{ nodejs = ">=20 <2$0"; }"#,
        expect![[r#"
            * 22.1.0 | since 2024-05-02
              22.0.0-rc.1 | 2024-04-20 to 2024-04-23, pre-release
              20.18.1 | 2024-11-01 to 2024-12-24
              20.11.0 | 2024-01-10 to 2024-03-01
              20.9.0 | 2023-10-25 to 2023-11-20
            ---
            { nodejs = ">=20 <22.1.0"; }
        "#]],
    );
}

#[test]
fn a_value_without_quotes() {
    check(
        "{ python3 =$0\n}",
        expect![[r#"
            * 3.11.7 | since 2023-12-05
            ---
            { python3 = "3.11.7";
            }
        "#]],
    );
    check(
        "{ python3 = 3.1$0; }",
        expect![[r#"
            * 3.11.7 | since 2023-12-05
            ---
            { python3 = "3.11.7"; }
        "#]],
    );
}

#[test]
fn versions_in_sets_and_in_the_long_form() {
    check(
        r#"{ python3Packages = { requests = "$0"; }; }"#,
        expect![[r#"
            * 2.28.2 | since 2023-02-01
            - 2.28.1 | 2022-07-01 to 2023-01-31, insecure
            ---
            { python3Packages = { requests = "2.28.2"; }; }
        "#]],
    );
    check(
        r#"{ go = { version = "$0"; }; }"#,
        expect![[r#"
            * 1.21.5 | since 2023-12-06
            ---
            { go = { version = "1.21.5"; }; }
        "#]],
    );
    check(
        r#"{ go = { version = "1.21.5"; revision = "$0"; }; }"#,
        expect![[r#"
          0000000067733400abababababababababababab | 1.21.5 last seen 2024-12-31
          00000000656fb980abababababababababababab | 1.21.5 first seen 2023-12-06
        ---
        { go = { version = "1.21.5"; revision = "0000000067733400abababababababababababab"; }; }
    "#]],
    );
}

#[test]
fn names_by_the_beginnings_of_set_and_name() {
    check(
        "{ pyreq$0 }",
        expect![[r#"
          python3Packages.requests | 2.28.2, 2024-12-31: HTTP library for humans
        ---
        { python3Packages.requests = "2.28.2"; }
    "#]],
    );
    check(
        "{ perlJ$0 }",
        expect![[r#"
              perlPackages.JSON | 4.10, 2024-12-31: JSON
            ---
            { perlPackages.JSON = "4.10"; }
        "#]],
    );
}

#[test]
fn keys_and_values_of_the_long_form() {
    check(
        "{ go = { version = \"1.21.5\"; $0 }; }",
        expect![[r#"
          revision | the commit it must come from
          input | the flake input it stands for
          channel | the branch it must come from
          ignore | the problems that are not to be reported for it
          allowInsecure | whether it may have known vulnerabilities
        ---
        { go = { version = "1.21.5"; revision = ""; }; }
    "#]],
    );
    check(
        "{ go = {\n  version = \"1.21.5\";\n  ch$0\n}; }",
        expect![[r#"
          revision | the commit it must come from
          input | the flake input it stands for
          channel | the branch it must come from
          ignore | the problems that are not to be reported for it
          allowInsecure | whether it may have known vulnerabilities
        ---
        { go = {
          version = "1.21.5";
          revision = "";
        }; }
    "#]],
    );
    check(
        "{ go = { rev$0 = \"\"; version = \"1.21.5\"; }; }",
        expect![[r#"
          revision | the commit it must come from
          input | the flake input it stands for
          channel | the branch it must come from
          ignore | the problems that are not to be reported for it
          allowInsecure | whether it may have known vulnerabilities
        ---
        { go = { revision = ""; version = "1.21.5"; }; }
    "#]],
    );
    check(
        "{ go = { version = \"1.21.5\"; channel = \"$0\"; }; }",
        expect![[r#"
          nixpkgs-unstable | known up to 2024-12-31
        ---
        { go = { version = "1.21.5"; channel = "nixpkgs-unstable"; }; }
    "#]],
    );
    check(
        "{ go = { version = \"1.21.5\"; channel = $0 }; }",
        expect![[r#"
          nixpkgs-unstable | known up to 2024-12-31
        ---
        { go = { version = "1.21.5"; channel = "nixpkgs-unstable" }; }
    "#]],
    );
    check(
        "{ go = { version = \"1.21.5\"; allowInsecure = $0; }; }",
        expect![[r#"
          true | Nix may build it all the same
          false | Nix refuses it
        ---
        { go = { version = "1.21.5"; allowInsecure = true; }; }
    "#]],
    );
    check(
        "{ go = { version = \"1.21.5\"; ignore = [ \"broken\" \"$0\" ]; }; }",
        expect![[r#"
          insecure | The pinned version has known vulnerabilities.
          removed | The package is not in the newest commits that were indexed.
          outdated | There is a newer version.
          unknown-version | The index has never seen the package with this version. A version that is higher than all that the index knows is a warning at most: it may be newer than the index.
          unknown-package | The index has never seen a package of this name.
        ---
        { go = { version = "1.21.5"; ignore = [ "broken" "insecure" ]; }; }
    "#]],
    );
    check(
        "{ go = { version = \"1.21.5\"; ignore = [ $0 ]; }; }",
        expect![[r#"
          insecure | The pinned version has known vulnerabilities.
          broken | nixpkgs marked the pinned version as broken.
          removed | The package is not in the newest commits that were indexed.
          outdated | There is a newer version.
          unknown-version | The index has never seen the package with this version. A version that is higher than all that the index knows is a warning at most: it may be newer than the index.
          unknown-package | The index has never seen a package of this name.
        ---
        { go = { version = "1.21.5"; ignore = [ "insecure" ]; }; }
    "#]],
    );
    check("{ go = { version = \"1.21.5\"; input = \"$0\"; }; }", expect![""]);
}

#[test]
fn names_by_prefix() {
    check(
        "{\n  nod$0\n  git = \"2.44.0\";\n}",
        expect![[r#"
              nodejs | 22.1.0, 2024-12-31: Event-driven I/O for *V8*
              nodejs_22 | 22.1.0, 2024-12-31, another name of nodejs: Event-driven I/O
              nodePackages | a set of packages
            ---
            {
              nodejs = "22.1.0";
              git = "2.44.0";
            }
        "#]],
    );
}

#[test]
fn names_that_are_pinned_are_left_out() {
    check(
        r#"{ nodejs = "22.1.0"; nodejs$0 }"#,
        expect![[r#"
              nodejs_22 | 22.1.0, 2024-12-31, another name of nodejs: Event-driven I/O
            ---
            { nodejs = "22.1.0"; nodejs_22 = "22.1.0"; }
        "#]],
    );
}

#[test]
fn names_spelt_alike() {
    check(
        "{ gti$0 }",
        expect![[r#"
              git | 2.44.0, 2024-12-31: Version control
            ---
            { git = "2.44.0"; }
        "#]],
    );
}

#[test]
fn names_by_a_word_of_them() {
    check(
        "{ requests$0 }",
        expect![[r#"
              python3Packages.requests | 2.28.2, 2024-12-31: HTTP library for humans
            ---
            { python3Packages.requests = "2.28.2"; }
        "#]],
    );
}

#[test]
fn names_segment_by_segment() {
    check(
        "{ python3Packages.$0\n  git = \"2.44.0\";\n}",
        expect![[r#"
              python3Packages.numpy | 1.26.4, 2024-12-31: Arrays
              python3Packages.requests | 2.28.2, 2024-12-31: HTTP library for humans
            ---
            { python3Packages.numpy = "1.26.4";
              git = "2.44.0";
            }
        "#]],
    );
    check(
        "{ python3Packages = { re$0 }; }",
        expect![[r#"
              requests | 2.28.2, 2024-12-31: HTTP library for humans
            ---
            { python3Packages = { requests = "2.28.2"; }; }
        "#]],
    );
}

#[test]
fn quoted_names() {
    check(
        "{ nodePackages.\"@an$0\" }",
        expect![[r#"
              nodePackages."@angular/cli" | 17.0.0, 2024-12-31: Angular
            ---
            { nodePackages."@angular/cli" = "17.0.0"; }
        "#]],
    );
    check(
        "{ \"nodejs_$0\" = \"1\"; }",
        expect![[r#"
              nodejs_22 | 22.1.0, 2024-12-31, another name of nodejs: Event-driven I/O
              nodejs | 22.1.0, 2024-12-31: Event-driven I/O for *V8*
            ---
            { nodejs_22 = "1"; }
        "#]],
    );
}

#[test]
fn a_name_before_an_equals_sign_is_replaced_alone() {
    check(
        r#"{ nodj$0s = "20.11.0"; }"#,
        expect![[r#"
              nodejs | 22.1.0, 2024-12-31: Event-driven I/O for *V8*
            ---
            { nodejs = "20.11.0"; }
        "#]],
    );
}

#[test]
fn snippets_stop_at_the_version() {
    at_cursor("{ gi$0 }", |snapshot, offset| {
        let list = snapshot.completions(offset).expect("the index answers");
        let git = &list.items[0];
        assert_eq!(git.snippet.as_deref(), Some("git = \"${1:2.44.0}\";$0"));
        assert!(git.reopen && list.incomplete);
        assert_eq!(git.filter, "gi");
    });
}

#[test]
fn nothing_where_nothing_of_ours_is() {
    for fixture in [
        "{ # nod$0\n}",
        "{ pkgs$0 }: { }",
        "{ a = pkgs.nod$0; }",
        "{ a = [ \"$0\" ]; }",
        "nod$0",
        "{ nosuch = \"$0\"; }",
    ] {
        check(fixture, expect![""]);
    }
}

#[test]
fn an_index_that_is_being_opened_leaves_the_list_open() {
    let document = Document::new("{ nod }".to_owned());
    let memo = Memo::default();
    let settings = &Settings::default();
    let snapshot = Snapshot {
        document: &document,
        lock: LockFile::Unknown,
        index: Index::Loading,
        memo: &memo,
        settings,
        now: 0,
    };
    let list = snapshot.completions(5).expect("nothing can fail");
    assert_eq!((list.items.len(), list.incomplete), (0, true));
}

#[test]
fn documentation_needs_no_list() {
    at_cursor(r#"{ nodejs = "20.1$0"; }"#, |snapshot, offset| {
        let list = snapshot.completions(offset).expect("the index answers");
        let origin = list.items[1].origin.as_ref().expect("a version has documentation");
        let text = resolve(&source(), origin, snapshot.now);
        let text = text.expect("the index answers").expect("the version is known");
        expect![[r#"
            nodejs 20.11.0
            Event-driven I/O for *V8*

            First seen 2024-01-10 (11 months ago) at 00000000659d (https://github.com/NixOS/nixpkgs/commit/00000000659dde00abababababababababababab)
            Last seen 2024-03-01 (10 months ago) at 0000000065e1 (https://github.com/NixOS/nixpkgs/commit/0000000065e11a80abababababababababababab)

            Newest of line 20: 20.18.1 · newest of all: 22.1.0

            20.18.1  ....................####  2024-11-01 to 2024-12-24
            20.11.0  ....###.................  2024-01-10 to 2024-03-01 <
            20.9.0   ##......................  2023-10-25 to 2023-11-20

            License: MIT
            https://example.org/

            nix shell nixpkgs/0000000065e11a80abababababababababababab#nodejs"#]]
        .assert_eq(&text.to_plain());
    });
}
