//! Edits of pins: each changes what it is about, and nothing else.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use model::AttrPath;
use nix_archiver_syntax::{
    PinFile,
    edit::{
        TextEdit, apply,
        pin::{Unchanged, add, ignore, remove, set_version, tidy},
    },
    manifest::manifest,
};

const ODD: &str = "# The tools\n{ lib, ... }:\nlet v = \"1\"; in\n{\n    # Old one\n  nodejs  =  \"18.20.0\"; # stays until June\n  other = v;\n  python3Packages = {\n    requests=\"^2.28\" ;\n  };\n\n  go = {\n    version = \"1.21.5\"; # long\n    allowInsecure = true;\n  };\n}\n";

fn file(text: &str) -> PinFile {
    let file = PinFile::read(text).unwrap();
    assert_eq!(file.errors, [], "{text}");
    file
}

fn path(text: &str) -> AttrPath {
    AttrPath::parse(text).unwrap()
}

#[track_caller]
fn added(text: &str, name: &str, wanted: &str) {
    let after = apply(text, &[add(text, &file(text), &path(name), "1.0").unwrap()]);
    assert_eq!(after, wanted);
    // It can be taken out again.
    let read = file(&after);
    let pin = read.pins.iter().find(|pin| pin.path == path(name)).unwrap();
    let edit = remove(&after, &read, pin).unwrap();
    assert_eq!(file(&apply(&after, &[edit])).pins.len(), file(text).pins.len());
}

#[test]
fn a_pin_is_added_where_it_belongs() {
    added("{ }\n", "go", "{\n  go = \"1.0\";\n}\n");
    added("{\n}\n", "a.b", "{\n  a.b = \"1.0\";\n}\n");
    added("{\r\n}\r\n", "a.b", "{\r\n  a.b = \"1.0\";\r\n}\r\n");
    added("{\r\n  a = \"2\";\r\n}", "b", "{\r\n  a = \"2\";\r\n  b = \"1.0\";\r\n}");
    added("{ a = \"2\"; }\n", "go", "{ a = \"2\"; go = \"1.0\"; }\n");
    added("{\n  # none yet\n}", "go", "{\n  # none yet\n  go = \"1.0\";\n}");
    added(
        "{\n    a = \"2\"; # why\n    # more\n}\n",
        "\"4ops\"",
        "{\n    a = \"2\"; # why\n    \"4ops\" = \"1.0\";\n    # more\n}\n",
    );
    added(
        ODD,
        "python3Packages.numpy",
        &ODD.replace("\"^2.28\" ;\n", "\"^2.28\" ;\n    numpy = \"1.0\";\n"),
    );
    let end = "    allowInsecure = true;\n  };\n";
    added(ODD, "git", &ODD.replace(end, &format!("{end}  git = \"1.0\";\n")));
    let no_set = PinFile::read("import ./other.nix").unwrap();
    assert_eq!(add("import ./other.nix", &no_set, &path("a"), "1"), Err(Unchanged::NoSet));
}

#[test]
fn a_version_changes_alone() {
    let read = file(ODD);
    let change = |name: &str, version: &str| -> Result<String, Unchanged> {
        let pin = read.pins.iter().find(|pin| pin.path == path(name)).unwrap();
        Ok(apply(ODD, &set_version(ODD, pin, version)?))
    };
    assert_eq!(change("nodejs", "20.1").unwrap(), ODD.replace("18.20.0", "20.1"));
    assert_eq!(change("go", "1.22").unwrap(), ODD.replace("1.21.5", "1.22"));
    assert_eq!(change("other", "1"), Err(Unchanged::NotALiteral(path("other"))));
    for (before, after) in [
        ("{ a = \"1\" }", "{ a = \"2\"; }"),
        ("{ a = \"1\n}", "{ a = \"2\";\n}"),
        ("{ a = \"1;\n}", "{ a = \"2\";\n}"),
        ("{ a = ''1''; }", "{ a = \"2\"; }"),
        ("{ a.version = \"1\" }", "{ a.version = \"2\" }"),
    ] {
        let read = PinFile::read(before).unwrap();
        let edits = set_version(before, &read.pins[0], "2").unwrap();
        assert_eq!(apply(before, &edits), after, "{before}");
    }
}

#[test]
fn a_code_is_ignored_for_one_pin() {
    for (before, after) in [
        ("{ a = \"1\"; }", "{ a = { version = \"1\"; ignore = [ \"x\" ]; }; }"),
        ("{ a = \"1\" }", "{ a = { version = \"1\"; ignore = [ \"x\" ]; }; }"),
        ("{ a = { version = \"1\"; }; }", "{ a = { version = \"1\"; ignore = [ \"x\" ]; }; }"),
        (
            "{ a = { version = \"1\"; ignore = [ \"y\" ]; }; }",
            "{ a = { version = \"1\"; ignore = [ \"y\" \"x\" ]; }; }",
        ),
        (
            "{ a = { ignore = []; version = \"1\"; }; }",
            "{ a = { ignore = [ \"x\" ]; version = \"1\"; }; }",
        ),
        (
            "{ a = { ignore = \"y\"; version = \"1\"; }; }",
            "{ a = { ignore = [ \"y\" \"x\" ]; version = \"1\"; }; }",
        ),
        (
            "{\n  a = {\n    version = \"1\"; # c\n  };\n}",
            "{\n  a = {\n    version = \"1\";\n    ignore = [ \"x\" ]; # c\n  };\n}",
        ),
    ] {
        let read = PinFile::read(before).unwrap();
        let edits = ignore(before, &read.pins[0], "x").unwrap();
        assert_eq!(apply(before, &edits), after, "{before}");
        let (manifest, complaints) = manifest(after, &file(after));
        assert_eq!(complaints, [], "{after}");
        assert_eq!(manifest.pins[0].ignore.last().map(String::as_str), Some("x"), "{after}");
    }
    for text in
        ["{ a = b; }", "{ a = { version = \"1\"; ignore = x; }; }", "{ a.version = \"1\"; }"]
    {
        let read = file(text);
        assert!(ignore(text, &read.pins[0], "x").is_err(), "{text}");
    }
}

#[test]
fn a_pin_is_removed_with_its_line() {
    let read = file(ODD);
    let without = |name: &str| {
        let pin = read.pins.iter().find(|pin| pin.path == path(name)).unwrap();
        apply(ODD, &[remove(ODD, &read, pin).unwrap()])
    };
    let line = "  nodejs  =  \"18.20.0\"; # stays until June\n";
    assert_eq!(without("nodejs"), ODD.replace(line, ""));
    let long = "  go = {\n    version = \"1.21.5\"; # long\n    allowInsecure = true;\n  };\n";
    assert_eq!(without("go"), ODD.replace(long, ""));
    let text = "{ a = \"1\"; b = \"2\"; }";
    let read = file(text);
    assert_eq!(apply(text, &[remove(text, &read, &read.pins[0]).unwrap()]), "{ b = \"2\"; }");
    for (text, wanted) in [
        ("{ inherit a; }", Unchanged::NotALiteral(path("a"))),
        ("{ a.version = \"1\"; b = \"1\"; a.channel = \"c\"; }", Unchanged::Scattered(path("a"))),
    ] {
        let read = file(text);
        assert_eq!(remove(text, &read, &read.pins[0]), Err(wanted), "{text}");
    }
}

#[test]
fn layout_is_put_into_order_once() {
    let tidied = |text: &str| apply(text, &tidy(text, &file(text)));
    let once = tidied(ODD);
    assert_eq!(
        once,
        ODD.replace("    # Old", "  # Old")
            .replace("nodejs  =  ", "nodejs = ")
            .replace("requests=\"^2.28\" ;", "requests = \"^2.28\";")
    );
    for text in [
        ODD,
        "{a=\"1\";}",
        "{\na   = \"1\"  ;   \n\n\n   b = { c.d=\"2\"; \n # x \n e = ''3''; };  \n  }   \n\n",
        "{ a = f ''\n   text  \n  '';   \n}",
        "let\n  x = 1;   \nin {\n\tgo.version = \"1\";\n\tgo.channel=\"c\";\n}",
    ] {
        let once = tidied(text);
        assert_eq!(tidy(&once, &file(&once)), Vec::<TextEdit>::new(), "{once}");
        let pins = |text: &str| manifest(text, &file(text)).0;
        assert_eq!(pins(text), pins(&once), "{once}");
    }
    assert_eq!(tidied("{\na   = \"1\"  ;   \n}\n\n"), "{\n  a = \"1\";\n}\n");
    let strings = "{\n  a = f ''\n   text  \n  '';\n}\n";
    assert_eq!(tidied(strings), strings);
}

#[test]
fn what_pins_ask_for() {
    let (wishes, complaints) = manifest(ODD, &file(ODD));
    let asked: Vec<String> =
        wishes.pins.iter().map(|wish| format!("{} {}", wish.path, wish.requirement)).collect();
    assert_eq!(asked, ["nodejs 18.20.0", "python3Packages.requests ^2.28", "go 1.21.5"]);
    assert!(wishes.pins[2].allow_insecure);
    let codes = |complaints: &[nix_archiver_syntax::manifest::Complaint]| -> Vec<&str> {
        complaints.iter().map(|complaint| complaint.kind.kind().code()).collect()
    };
    assert_eq!(codes(&complaints), ["not-a-literal"]);
    let rev = "ab".repeat(20);
    let text = format!(
        "{{ a = {{ version = \"*\"; revision = \"{rev}\"; channel = \"c\"; input = \"i\"; \
         ignore = [ \"x\" \"y\" ]; }}; b = \"^\"; a.version = \"2\"; b = \"1\"; c = {{ version = \"1\"; \
         revision = \"abc\"; }}; d = {{ version = \"1\"; ignore = [ x ]; allowInsecure = 1; more = 2; \
         }}; e = {{ version = 1; revision = \"{rev}\"; }}; }}"
    );
    let (wishes, complaints) = manifest(&text, &file(&text));
    assert_eq!(wishes.pins.len(), 1);
    let wish = &wishes.pins[0];
    assert_eq!(wish.revision.unwrap().to_string(), rev);
    assert_eq!((wish.channel.as_deref(), wish.input.as_deref()), (Some("c"), Some("i")));
    assert_eq!(wish.ignore, ["x", "y"]);
    let wanted = [
        "requirement-unmet",
        "duplicate-pin",
        "bad-field",
        "bad-field",
        "bad-field",
        "unknown-field",
        "not-a-literal",
    ];
    assert_eq!(codes(&complaints), wanted);
}
