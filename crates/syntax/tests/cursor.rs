//! What the cursor stands on. A fixture is a text with `$0` where the cursor is.

use expect_test::{Expect, expect};
use nix_archiver_syntax::{PinFile, Place, cursor::NamePlace, locate};

fn check(fixture: &str, expected: Expect) {
    let offset = fixture.find("$0").expect("the fixture has a cursor");
    let text = fixture.replacen("$0", "", 1);
    let file = PinFile::read(&text).expect("the text is read");
    let found = match locate(&text, &file, offset) {
        None => "nothing".to_owned(),
        Some(Place::Name(name)) => render_name(&text, &name),
        Some(Place::Version { pin, literal }) => {
            format!("version of {} in {:?}", pin.path, literal.content.of(&text))
        }
        Some(Place::Value { pin, range }) => {
            format!("value of {} in {:?}", pin.path, range.of(&text))
        }
        Some(Place::Field { pin, field, on_key }) => {
            let part = if on_key { "the name of " } else { "" };
            format!("{part}{} of {}", field.key.name, pin.path)
        }
        Some(Place::NewField { pin }) => format!("a new field of {}", pin.path),
    };
    expected.assert_eq(&found);
}

fn render_name(text: &str, name: &NamePlace) -> String {
    let goes_on = if name.goes_on { ", goes on" } else { "" };
    let quoted = if name.quoted { " in quotes" } else { "" };
    let range = name.range.of(text);
    format!("name {:?} {:?}{quoted}, replaces {range:?}{goes_on}", name.before, name.typed)
}

#[test]
fn in_names() {
    check("{ nod$0 }", expect![[r#"name [] "nod", replaces "nod""#]]);
    check("{ n$0od = \"2\"; }", expect![[r#"name [] "n", replaces "nod", goes on"#]]);
    check("{\n  nod$0\n  python3 = \"3\";\n}", expect![[r#"name [] "nod", replaces "nod""#]]);
    check("{ a.b$0.c = \"1\"; }", expect![[r#"name ["a"] "b", replaces "a.b", goes on"#]]);
    check(
        "{ a = { b.c$0 = \"1\"; }; }",
        expect![[r#"name ["a", "b"] "c", replaces "b.c", goes on"#]],
    );
    check(
        "{ \"nodejs-1$0\" = \"1\"; }",
        expect![[r#"name [] "nodejs-1" in quotes, replaces "\"nodejs-1\"", goes on"#]],
    );
    check("{ \"nod$0\n a = \"1\"; }", expect![[r#"name [] "nod" in quotes, replaces "\"nod""#]]);
    check("{ wit$0 }", expect![[r#"name [] "wit", replaces "wit""#]]);
    check("{ with$0 }", expect![[r#"name [] "with", replaces "with""#]]);
    check("{ nod$0", expect![[r#"name [] "nod", replaces "nod""#]]);
}

#[test]
fn behind_dots() {
    check(
        "{ python3Packages.$0 }",
        expect![[r#"name ["python3Packages"] "", replaces "python3Packages.""#]],
    );
    check(
        "{\n  python3Packages.$0\n  nodejs = \"20\";\n}",
        expect![[r#"name ["python3Packages"] "", replaces "python3Packages.""#]],
    );
    check(
        "{\n  python3Packages.re$0\n  nodejs = \"20\";\n}",
        expect![[r#"name ["python3Packages"] "re", replaces "python3Packages.re""#]],
    );
    check("{ a.$0.c = \"1\"; }", expect![[r#"name ["a"] "", replaces "a.""#]]);
}

#[test]
fn where_a_name_can_begin() {
    check("{\n  $0\n}", expect![[r#"name [] "", replaces """#]]);
    check("{ $0 }", expect![[r#"name [] "", replaces """#]]);
    check("{ a = \"1\"; $0 }", expect![[r#"name [] "", replaces """#]]);
    check("{ a = \"1\" $0 }", expect!["nothing"]);
    check("{ a = {\n$0\n}; }", expect![[r#"name ["a"] "", replaces """#]]);
    check("$0", expect!["nothing"]);
    check("$0{ }", expect!["nothing"]);
    check("{ pkgs$0 }: { }", expect!["nothing"]);
    check("let a$0 = 1; in { }", expect!["nothing"]);
    check("{ } $0", expect!["nothing"]);
    check("{ a = [\n  $0\n]; }", expect!["nothing"]);
}

#[test]
fn in_versions() {
    check("{ a = \"$0\"; }", expect![[r#"version of a in """#]]);
    check("{ a = \"20.$0 1\"; }", expect![[r#"version of a in "20. 1""#]]);
    check("{ a = \"20\"$0; }", expect!["nothing"]);
    check("{ a = $0\"20\"; }", expect!["nothing"]);
    check("{\n  a = \"2$0\n  b = \"3\";\n}", expect![[r#"version of a in "2""#]]);
    check("{\n  a = \"2\n  b = \"3$0\";\n}", expect![[r#"version of b in "3""#]]);
    check("{ a = \"$0", expect![[r#"version of a in """#]]);
    check("{ a = ''1$0''; }", expect![[r#"version of a in "1""#]]);
    check("{ a = { version = \"1$0\"; }; }", expect![[r#"version of a in "1""#]]);
    check("{ a.version = \"1$0\"; }", expect![[r#"version of a in "1""#]]);
    check("{ a = { version = \"1\"; revision = \"$0\"; }; }", expect!["revision of a"]);
    check("{ a = { version = \"1\"; rev$0ision = \"\"; }; }", expect!["the name of revision of a"]);
    check("{ a$0 = { version = \"1\"; }; }", expect![[r#"name [] "a", replaces "a", goes on"#]]);
}

#[test]
fn where_a_value_is_wanted() {
    check("{ a = $0; }", expect![[r#"value of a in """#]]);
    check("{ a =$0\n  b = \"1\"; }", expect![[r#"value of a in """#]]);
    check("{ a = 20.1$0; }", expect![[r#"value of a in "20.1""#]]);
    check("{ a = foo$0; }", expect!["nothing"]);
    check("{ a = \"${x$0}\"; }", expect!["nothing"]);
}

#[test]
fn comments_are_left_alone() {
    check("{ # nod$0\n}", expect!["nothing"]);
    check("{ /* nod$0 */ }", expect!["nothing"]);
    check("{ /* c */$0 }", expect![[r#"name [] "", replaces """#]]);
    check("{ a = \"#$0\"; }", expect![[r##"version of a in "#""##]]);
}
