use std::collections::BTreeSet;

use expect_test::{Expect, expect};
use model::{AttrPath, MemorySource, Plan};
use syntax::edit;

use super::package;
use crate::{
    Document,
    lock::{align, relock},
};

/// Two packages that were never there at one time, and one that always was.
fn source() -> MemorySource {
    MemorySource::new([
        package(
            "a",
            "",
            &[("2.1", "2024-06-01", "2024-08-31"), ("2.0", "2024-01-01", "2024-03-31")],
        ),
        package(
            "b",
            "",
            &[("1.5", "2024-06-01", "2024-08-31"), ("1.4", "2024-04-01", "2024-05-31")],
        ),
    ])
}

fn check_align(text: &str, expected: Expect) {
    let document = Document::new(text.to_owned());
    let shown = match align(&document, &source()) {
        Ok(done) => {
            format!("{} -> {}\n{}", done.before, done.after, edit::apply(text, &done.edits))
        }
        Err(error) => error.to_string(),
    };
    expected.assert_eq(&shown);
}

#[test]
fn pins_move_only_where_that_spares_a_revision() {
    check_align(
        "{ a = \"2.0\"; b = \"1.4\"; # why\n}",
        expect![[r#"
        2 -> 1
        { a = "2.1"; b = "1.5"; # why
        }"#]],
    );
    check_align(
        "{ a = \"2.1\"; b = \"1.5\"; }",
        expect![[r#"
        1 -> 1
        { a = "2.1"; b = "1.5"; }"#]],
    );
    check_align(
        "{ a = \"2.0\"; }",
        expect![[r#"
        1 -> 1
        { a = "2.0"; }"#]],
    );
    check_align("{ a = \"2.0\"; b = \"1.4\" }", expect!["line 1: a `;` is missing here"]);
    check_align(
        "{ a = \"2.0\"; b = \"7\"; }",
        expect!["`b` never had version 7; the highest is 1.5"],
    );
}

#[test]
fn a_lock_is_made_of_what_the_text_says() {
    let names = |names: &[&str]| -> BTreeSet<AttrPath> {
        names.iter().map(|name| AttrPath::top(name)).collect()
    };
    let document = Document::new("{ a = \"^2\"; b = \"1.4\"; }".to_owned());
    let first = relock(&document, &source(), None, &names(&[])).expect("all is there");
    let moved = Document::new("{ a = \"^2\"; b = \"1.5\"; }".to_owned());
    let one = relock(&moved, &source(), Some(&first.lock), &names(&["b"])).expect("all is there");
    let plan = Plan::between(&first.lock, &one.lock);
    assert_eq!(plan.changes.len(), 1, "{plan}");
    assert_eq!(plan.changes[0].path, AttrPath::top("b"));

    for (text, names, says) in [
        ("{\n  a = \"^2\"\n}", names(&[]), "line 2: a `;` is missing here"),
        ("{ a = \"^\"; }", names(&[]), "line 1: `^` needs a version behind it, as in `^1.2`"),
        ("{ a = \"9\"; }", names(&[]), "`a` never had version 9; the highest is 2.1"),
        ("{ a = \"2.0\"; }", names(&["b"]), "b is not pinned in this file"),
        ("x", names(&[]), "line 1: the value is not written as an attribute set"),
    ] {
        let document = Document::new(text.to_owned());
        let refused = relock(&document, &source(), None, &names).expect_err(text);
        assert_eq!(refused.to_string(), says);
    }
}
