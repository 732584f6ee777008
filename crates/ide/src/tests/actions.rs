use expect_test::{Expect, expect};
use syntax::{TextRange, edit};

use super::at_cursor;
use crate::{ActionKind, CodeAction, FileTask, Task};

/// The titles, and the file after the preferred one.
fn check(fixture: &str, expected: Expect) {
    let shown = at_cursor(fixture, |snapshot, offset| {
        let actions = snapshot
            .code_actions(TextRange::empty(offset), |kind| kind == ActionKind::QuickFix)
            .expect("the index answers");
        let mut shown: String = actions
            .iter()
            .map(|a| format!("{}{}\n", if a.preferred { "* " } else { "  " }, a.title))
            .collect();
        let preferred: Vec<_> = actions.iter().filter(|action| action.preferred).collect();
        assert!(preferred.len() <= 1);
        for action in preferred {
            shown += &format!("---\n{}\n", edit::apply(&snapshot.document.text, edits(action)));
        }
        shown
    });
    expected.assert_eq(&shown);
}

fn edits(action: &CodeAction) -> &[syntax::TextEdit] {
    match &action.task {
        Task::Edits(edits) => edits,
        Task::WholeFile(task) => panic!("{task:?} is not about one pin"),
        Task::Call(_) => &[],
    }
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
            * Change to 20.18.1 (newest 20)
              Change to 20.* (any 20)
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

#[test]
fn to_what_was_meant() {
    check(
        r#"{ git = 2.44$0; }"#,
        expect![[r#"
        * Put quotes around 2.44
        ---
        { git = "2.44"; }
    "#]],
    );
    check(
        "{ git = 2.44.0$0; }",
        expect![[r#"
        * Put quotes around 2.44.0
        ---
        { git = "2.44.0"; }
    "#]],
    );
    offered(
        "{\n  git = \"2.44.0\"; # one\n  go = \"1.21.5\";\n  git$0 = \"2.44.0\";\n}",
        ActionKind::QuickFix,
        expect![[r#"
            Remove this pin
            {
              git = "2.44.0"; # one
              go = "1.21.5";
            }
        "#]],
    );
    check(
        r#"{ python3Packages.requests = "2.28.1$0"; }"#,
        expect![[r#"
            * Change to 2.28.2 (newest sound one of its line)
              Do not report `insecure` for python3Packages.requests
            ---
            { python3Packages.requests = "2.28.2"; }
        "#]],
    );
}

/// What is offered beside fixes, and the file after each.
fn offered(fixture: &str, kind: ActionKind, expected: Expect) {
    let shown = at_cursor(fixture, |snapshot, offset| {
        let actions = snapshot.code_actions(TextRange::empty(offset), |wanted| wanted == kind);
        let show = |action: CodeAction| {
            let edits = match action.task {
                Task::Edits(edits) => edits,
                Task::WholeFile(task) => snapshot.edits(task).expect("the index answers"),
                Task::Call(call) => return format!("{}\n{call:?}\n", action.title),
            };
            let after = edit::apply(&snapshot.document.text, &edits).replace('\r', "<cr>");
            format!("{}\n{after}\n", action.title)
        };
        actions.expect("the index answers").into_iter().map(show).collect::<String>()
    });
    expected.assert_eq(&shown);
}

#[test]
fn newer_versions_by_the_size_of_the_jump() {
    offered(
        r#"{ nodejs = "20.9.0$0"; }"#,
        ActionKind::Rewrite,
        expect![[r#"
            Pin to 20.18.1, the newest of 20 (minor update)
            { nodejs = "20.18.1"; }
            Pin to 22.1.0, the newest of all (major update)
            { nodejs = "22.1.0"; }
            Allow newer patches: ~20.9.0
            { nodejs = "~20.9.0"; }
            Allow newer versions of its line: ^20.9.0
            { nodejs = "^20.9.0"; }
            Pin to 18.20.0, the newest of 18
            { nodejs = "18.20.0"; }
            Choose a version of nodejs…
            Choose(AttrPath(nodejs))
            Ignore updates of nodejs
            { nodejs = { version = "20.9.0"; ignore = [ "outdated" ]; }; }
        "#]],
    );
    offered(
        r#"{ nodejs = "22.1.0$0"; }"#,
        ActionKind::Rewrite,
        expect![[r#"
            Allow newer patches: ~22.1.0
            { nodejs = "~22.1.0"; }
            Allow newer versions of its line: ^22.1.0
            { nodejs = "^22.1.0"; }
            Pin to 20.18.1, the newest of 20
            { nodejs = "20.18.1"; }
            Pin to 18.20.0, the newest of 18
            { nodejs = "18.20.0"; }
            Choose a version of nodejs…
            Choose(AttrPath(nodejs))
        "#]],
    );
    offered(r#"{ nodejs = "20$0"; }"#, ActionKind::Rewrite, expect![[r#""#]]);
}

#[test]
fn from_a_requirement_to_a_version() {
    offered(
        r#"{ nodejs = "^20.9$0"; }"#,
        ActionKind::Rewrite,
        expect![[r#"
            Pin to 20.18.1, the newest that ^20.9 allows
            { nodejs = "20.18.1"; }
            Choose a version of nodejs…
            Choose(AttrPath(nodejs))
        "#]],
    );
    offered(r#"{ nodejs = "^99$0"; }"#, ActionKind::Rewrite, expect![[r#""#]]);
}

#[test]
fn all_pins_at_once() {
    let file = "{\n  nodejs = \"20.9.0\"; # old\n  python3Packages.requests = \"2.28.1\"; git = \"2.44.0\";\n  go = \"^1\"; # $0\n}";
    offered(
        file,
        ActionKind::UpdatePins,
        expect![[r#"
        Update all pins to the newest of their line
        {
          nodejs = "20.18.1"; # old
          python3Packages.requests = "2.28.2"; git = "2.44.0";
          go = "^1"; # 
        }
    "#]],
    );
    let file = "{\n  nodjs = \"20.9.0\";\n  git = 2.44.0;\n  go = \"1.20\";\n  python3 = \"4\"; nodejs = \"20\"; nosuchthing = \"1\";$0\n}";
    offered(
        file,
        ActionKind::FixAll,
        expect![[r#"
        Fix all problems that have a best solution
        {
          nodejs = "20.9.0";
          git = "2.44.0";
          go = "1.21.5";
          python3 = "4"; nodejs = "20.18.1"; nosuchthing = "1";
        }
    "#]],
    );
    offered("{ git = \"2.44.0\"; $0}", ActionKind::FixAll, expect![[r#""#]]);
}

#[test]
fn pins_are_sorted_and_nothing_else_moves() {
    let sort = |text: &str, expected: Expect| {
        offered(&format!("{text}$0"), ActionKind::OrganizePins, expected);
    };
    sort(
        "{ b = \"1\"; a = \"2\"; }",
        expect![[r#"
        Sort pins by name
        { a = "2"; b = "1"; }
    "#]],
    );
    sort(
        "{ pkgs }:\n{\n  # Languages\n  nodejs = \"1\"; # why\n  Go = { version = \"1\"; };\n  a.b.c =\n    \"1\";\n\n  # z is for z\n  z = \"1\";\n  # b\n  # is for b\n  b = \"2\";\n  s = {\n    y = \"1\";\n    x = \"2\";\n  };\n  # the end\n}\n",
        expect![[r#"
            Sort pins by name
            { pkgs }:
            {
              # Languages
              a.b.c =
                "1";
              Go = { version = "1"; };
              nodejs = "1"; # why

              # b
              # is for b
              b = "2";
              s = {
                y = "1";
                x = "2";
              };
              # z is for z
              z = "1";
              # the end
            }

        "#]],
    );
    sort(
        "{\r\n  b = \"1\";\r\n  a = \"2\"; # x\r\n}\r\n",
        expect![[r#"
            Sort pins by name
            {<cr>
              a = "2"; # x<cr>
              b = "1";<cr>
            }<cr>

        "#]],
    );
    for left_alone in [
        "{ a = \"1\"; b = \"2\"; }",
        "{ b = \"1\"; a = \"2\" }",
        "{ b = \"1\"; /* of b? */ a = \"2\"; }",
        "{ b = \"1\"; a = \"2\"; # of a\n}",
        "{\n  b = \"1\";\n  ${x} = \"3\";\n  a = \"2\";\n}",
        "{\n  inherit b;\n  a = \"2\";\n}",
        "{\n  b.version = \"1\";\n  a = \"2\";\n  b.revision = \"3\";\n}",
    ] {
        sort(left_alone, expect![""]);
    }
}

#[test]
fn a_pin_is_set_where_it_belongs() {
    let pin = |text: &str, path: &str, expected: Expect| {
        let shown = at_cursor(&format!("{text}$0"), |snapshot, _| {
            let path = model::AttrPath::parse(path).expect("an attribute path");
            let edits = snapshot.pin(&path, "1.0");
            match edits {
                Ok(edits) => edit::apply(&snapshot.document.text, &edits),
                Err(error) => error.to_string(),
            }
        });
        expected.assert_eq(&shown);
    };
    pin(
        "{ }",
        "git",
        expect![[r#"
        {
          git = "1.0";
        }"#]],
    );
    pin("{ git = \"2\"; }", "git", expect![[r#"{ git = "1.0"; }"#]]);
    pin("{ git = \"2\"; }", "go", expect![[r#"{ git = "2"; go = "1.0"; }"#]]);
    pin(
        "{ pkgs }: {\n    git = \"2\"; # x\n}\n",
        "a.\"b c\"",
        expect![[r#"
        { pkgs }: {
            git = "2"; # x
            a."b c" = "1.0";
        }
    "#]],
    );
    pin(
        "{\n\ta = {\n\t};\n}",
        "a.b",
        expect![[r#"
        {
        	a = {
        	  b = "1.0";
        	};
        }"#]],
    );
    pin(
        "{\n}\n",
        "git",
        expect![[r#"
        {
          git = "1.0";
        }
    "#]],
    );
    pin("{ git = x; }", "git", expect!["`git` is not a literal; change it by hand"]);
    pin(
        "",
        "git",
        expect![
            "the file's value is not written as an attribute set, `{ … }`, so nothing can be added"
        ],
    );
}

#[test]
fn tasks_have_names_of_their_own() {
    let names = FileTask::ALL.map(FileTask::name);
    assert_eq!(names, ["fix-all", "sort", "update"]);
}
