use expect_test::{Expect, expect};
use syntax::{TextRange, edit};

use super::at_cursor;

/// The titles, and the file after the preferred one.
fn check(fixture: &str, expected: Expect) {
    let shown = at_cursor(fixture, |snapshot, offset| {
        let actions = snapshot.code_actions(TextRange::empty(offset)).expect("the index answers");
        let mut shown: String = actions
            .iter()
            .map(|a| format!("{}{}\n", if a.preferred { "* " } else { "  " }, a.title))
            .collect();
        let preferred: Vec<_> = actions.iter().filter(|action| action.preferred).collect();
        assert!(preferred.len() <= 1);
        for action in preferred {
            shown += &format!("---\n{}\n", edit::apply(&snapshot.document.text, &action.edits));
        }
        shown
    });
    expected.assert_eq(&shown);
}

#[test]
fn to_a_version_that_exists() {
    check(
        r#"{ nodejs = "20.11.1$0"; }"#,
        expect![[r#"
        * Change to 20.11.0 (next below)
          Change to 20.18.1 (next above, newest of its line)
        ---
        { nodejs = "20.11.0"; }
    "#]],
    );
    check(
        r#"{ nodejs = "20$0"; }"#,
        expect![[r#"
        * Change to 20.18.1 (newest of its line)
          Change to 18.20.0 (next below)
          Change to 20.9.0 (next above)
        ---
        { nodejs = "20.18.1"; }
    "#]],
    );
    check(
        r#"{ nodejs = "19$0"; }"#,
        expect![[r#"
        * Change to 20.9.0 (next above)
          Change to 18.20.0 (next below)
        ---
        { nodejs = "20.9.0"; }
    "#]],
    );
    check(
        "{\n  nodejs = \"21$0\n  git = \"2.44.0\";\n}",
        expect![[r#"
            * Change to 22.1.0 (next above)
              Change to 20.18.1 (next below)
            ---
            {
              nodejs = "22.1.0";
              git = "2.44.0";
            }
        "#]],
    );
    check(
        r#"{ go = { version = "1.2$0"; }; }"#,
        expect![[r#"
        * Change to 1.21.5 (next above, newest of its line)
        ---
        { go = { version = "1.21.5"; }; }
    "#]],
    );
}

#[test]
fn to_a_name_that_exists() {
    check(
        r#"{ nodj$0s = "20.11.0"; }"#,
        expect![[r#"
        * Change to nodejs
        ---
        { nodejs = "20.11.0"; }
    "#]],
    );
    check(
        r#"{ python3Packages = { rquests$0 = "1"; }; }"#,
        expect![[r#"
        * Change to python3Packages.requests
        ---
        { python3Packages = { requests = "1"; }; }
    "#]],
    );
    check(
        r#"{ python2Packages.requests$0 = "2.28.2"; }"#,
        expect![[r#"
        * Change to python3Packages.requests
        ---
        { python3Packages.requests = "2.28.2"; }
    "#]],
    );
}

#[test]
fn nothing_to_fix() {
    check(r#"{ nodejs = "20.11.0$0"; git = "1"; }"#, expect![""]);
    check(r#"{ nodejs = "^20$0"; }"#, expect![""]);
}
