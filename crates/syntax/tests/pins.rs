//! What is read from a packages.nix, whole or broken.

use expect_test::{Expect, expect};
use nix_archiver_syntax::{PinFile, Refusal, Value};

fn check(text: &str, expected: Expect) {
    expected.assert_eq(&render(text, &PinFile::read(text).expect("the text is read")));
}

/// One line a pin: path, set, names as written, value; then the mistakes.
fn render(text: &str, file: &PinFile) -> String {
    let mut out = String::new();
    for pin in &file.pins {
        let names: Vec<&str> = pin.segments.iter().map(|s| s.range.of(text)).collect();
        let value = value(text, &pin.value);
        out += &format!("{} <- {} = {value}\n", pin.path, names.join(" . "));
    }
    for error in &file.errors {
        let line = text[..error.range.start].lines().count().max(1);
        out += &format!("line {line}: {error}: {:?}\n", error.range.of(text));
    }
    out
}

fn value(text: &str, value: &Value) -> String {
    match value {
        Value::Text(literal) => {
            let open = if literal.closed { "" } else { " (open)" };
            format!("{:?} at {:?}{open}", literal.text, literal.content.of(text))
        }
        Value::Long(fields) => {
            let field = |f: &nix_archiver_syntax::Field| {
                format!("{}: {}", f.key.name, self::value(text, &f.value))
            };
            format!("{{ {} }}", fields.iter().map(field).collect::<Vec<_>>().join(", "))
        }
        Value::Other(range) => format!("other {:?}", range.of(text)),
        Value::Missing(equals) => {
            format!("missing{}", if equals.is_some() { " behind =" } else { "" })
        }
    }
}

#[test]
fn notations_of_one_pin() {
    check(
        r#"{
  nodejs = "20.11.0"; # comment
  python3Packages.requests = "^2.28";
  perlPackages = { /* c */ JSON = "4.0"; deep.er = "1"; };
  "nodejs-18_x" = "*";
  nodePackages."@angular/cli" = ''12.1'';
  "a.b".c = "\"\${x}";
}"#,
        expect![[r#"
            nodejs <- nodejs = "20.11.0" at "20.11.0"
            python3Packages.requests <- python3Packages . requests = "^2.28" at "^2.28"
            perlPackages.JSON <- JSON = "4.0" at "4.0"
            perlPackages.deep.er <- deep . er = "1" at "1"
            nodejs-18_x <- "nodejs-18_x" = "*" at "*"
            nodePackages."@angular/cli" <- nodePackages . "@angular/cli" = "12.1" at "12.1"
            "a.b".c <- "a.b" . c = "\"${x}" at "\\\"\\${x}"
        "#]],
    );
}

#[test]
fn the_set_behind_heads() {
    for head in [
        "",
        "{ pkgs, lib ? { a = 1; }, ... }: ",
        "args @ { pkgs }: ",
        "{ pkgs } @ args: ",
        "a: b: ",
        "let v = \"1\"; f = let x = 2; in { y = x; }; in ",
        "with import <nixpkgs> { a = 1; }; ",
        "with with a; b; ",
        "assert a == \"b;c\"; ",
        "rec ",
        "((",
        "# c\n/* { a = \"1\"; } */ ",
        "{ a }: let b = { c }: c; in with d; assert e; (rec ",
    ] {
        let text = format!("{head}{{ nodejs = \"20\"; }}");
        let file = PinFile::read(&text).expect(head);
        assert_eq!(file.pins.len(), 1, "{head}");
        assert_eq!(file.pins[0].path.as_str(), "nodejs", "{head}");
        assert_eq!(file.errors, [], "{head}");
    }
}

#[test]
fn what_is_no_set_has_no_pins() {
    for text in
        ["", "# only a comment", "[ 1 2 ]", "import ./other.nix", "a.b", "x: y", "\"s\"", "}"]
    {
        let file = PinFile::read(text).expect(text);
        assert_eq!((file.pins.len(), file.sets.len()), (0, 0), "{text}");
    }
}

#[test]
fn only_literals_are_texts() {
    check(
        r#"{
  a = version;
  b = "1.${minor}";
  c = "1" + "2";
  d = if x then "1" else "2";
  e = [ "1" ];
  f = let y = "1"; in y;
  g = with x; y;
  h = { pkgs }: { z = "1"; };
  i = 20;
  j = https://nixos.org/?a=b;
  k = ./a/${b}/c;
  inherit (x) l "m";
  inherit n;
  "o${p}" = "1";
  ${q} = "1";
  ${r}.s = { t = "1"; };
  u = ("1");
  v = ''
    1'';
  w = { x = "1"; }.x;
}"#,
        expect![[r#"
            a <- a = other "version"
            b <- b = other "\"1.${minor}\""
            c <- c = other "\"1\" + \"2\""
            d <- d = other "if x then \"1\" else \"2\""
            e <- e = other "[ \"1\" ]"
            f <- f = other "let y = \"1\"; in y"
            g <- g = other "with x; y"
            h <- h = other "{ pkgs }: { z = \"1\"; }"
            i <- i = other "20"
            j <- j = other "https://nixos.org/?a=b"
            k <- k = other "./a/${b}/c"
            l <- l = other "l"
            m <- "m" = other "\"m\""
            n <- n = other "n"
            u <- u = other "(\"1\")"
            v <- v = other "''\n    1''"
            w <- w = other "{ x = \"1\"; }.x"
        "#]],
    );
}

#[test]
fn the_long_form() {
    check(
        r#"{
  go = { version = "1.21.5"; revision = "abc"; allowInsecure = true; };
  rust.version = "1.70"; rust.channel = "x";
  py = { a = { version = "1"; }; b = "2"; };
  only = { revision = "abc"; };
  set = { input = "1"; };
  odd = { version = "1"; unknown = "2"; deeper.x = "3"; };
  empty = { };
}"#,
        expect![[r#"
            go <- go = { version: "1.21.5" at "1.21.5", revision: "abc" at "abc", allowInsecure: other "true" }
            rust <- rust = { version: "1.70" at "1.70", channel: "x" at "x" }
            py.a <- a = { version: "1" at "1" }
            py.b <- b = "2" at "2"
            only <- only = { revision: "abc" at "abc" }
            set.input <- input = "1" at "1"
            odd <- odd = { version: "1" at "1", unknown: "2" at "2" }
        "#]],
    );
}

#[test]
fn an_unclosed_string_ends_with_its_line() {
    check(
        "{\n  a = \"1\";\n  nodejs = \"2\n  python3 = \"3.11.7\";\n  git = \"2.42\";\n}\n",
        expect![[r#"
            a <- a = "1" at "1"
            nodejs <- nodejs = "2" at "2" (open)
            python3 <- python3 = "3.11.7" at "3.11.7"
            git <- git = "2.42" at "2.42"
            line 3: this string is not closed: "\"2"
            line 3: a `;` is missing here: ""
        "#]],
    );
    check(
        "{\r\n  a = \"1;\r\n  b = \"2 # new\r\n  c = \"3\r\n}\r\n",
        expect![[r#"
            a <- a = "1" at "1" (open)
            b <- b = "2" at "2" (open)
            c <- c = "3" at "3" (open)
            line 2: this string is not closed: "\"1"
            line 3: this string is not closed: "\"2"
            line 3: a `;` is missing here: ""
            line 4: this string is not closed: "\"3"
            line 4: a `;` is missing here: ""
        "#]],
    );
    check(
        "{ nodejs = \"",
        expect![[r#"
            nodejs <- nodejs = "" at "" (open)
            line 1: this `{` is not closed: "{"
            line 1: this string is not closed: "\""
            line 1: a `;` is missing here: ""
        "#]],
    );
}

#[test]
fn names_without_values() {
    check(
        "{\n  nod\n  python3 = \"3.11.7\";\n  git =\n  go = \"1\";\n  x = ;\n  pyth.\n  y = \"2\";\n  z.",
        expect![[r#"
            nod <- nod = missing
            python3 <- python3 = "3.11.7" at "3.11.7"
            git <- git = missing behind =
            go <- go = "1" at "1"
            x <- x = missing behind =
            pyth <- pyth .  = missing
            y <- y = "2" at "2"
            z <- z .  = missing
            line 1: this `{` is not closed: "{"
            line 2: this name has no value: "nod"
            line 4: a `;` is missing here: ""
            line 6: a value is missing before this `;`: ";"
            line 7: this name has no value: "pyth."
            line 7: a name is missing behind this dot: ""
            line 9: this name has no value: "z."
            line 9: a name is missing behind this dot: ""
        "#]],
    );
}

#[test]
fn missing_ends() {
    check(
        "{ a = \"1\" b = \"2\"; c = (\"3\"; d = [ \"4\"\n e = \"5\"; f = \"6\" }",
        expect![[r#"
            a <- a = "1" at "1"
            b <- b = "2" at "2"
            c <- c = other "(\"3\";"
            d <- d = other "[ \"4\""
            e <- e = "5" at "5"
            f <- f = "6" at "6"
            line 1: a `;` is missing here: ""
            line 1: a `;` is missing here: ""
            line 1: a `;` is missing here: ""
            line 2: a `;` is missing here: ""
        "#]],
    );
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the time that reading takes is what is tested")]
fn hostile_texts_are_answered() {
    for open in ["{", "(", "[", "${", "\"${", "a={", "let "] {
        let text = format!("{{ x = {}", open.repeat(100_000));
        let refused = PinFile::read(&text);
        assert!(matches!(refused, Err(Refusal::TooDeep { .. })), "{open}: {refused:?}");
    }
    let slow = std::time::Duration::from_secs(2);
    for piece in [
        "a.",
        ".",
        "-",
        "1.",
        "\"",
        "'",
        "''",
        "'''",
        "$",
        "/*",
        "/* ",
        "*/",
        "#",
        "\n",
        "a",
        "a ",
        "a=",
        "a=\"\n",
        "\\\"\n",
        "\\\"",
        "a={]",
        "(}",
        "{)",
        "let ",
        "in ",
        "with ",
        "with;",
        "let in ",
        "a:",
        "{}:",
        "{}@a:",
        "inherit ",
        "inherit(",
        "a.\n",
        "a.b=\"1\";",
        "a={",
        "}",
        "a=[",
        "a=(;",
        "''${",
        "\"\n",
        "é",
        "😀",
        "\r",
        "=",
        "==",
        ";",
        "a.version=\"1\";",
        "?",
        "@",
    ] {
        for around in [("", ""), ("{", "}"), ("{ a = ", "; }"), ("{ a = \"", "\"; b = \"1\"; }")] {
            let text = format!("{}{}{}", around.0, piece.repeat(100_000), around.1);
            let start = std::time::Instant::now();
            let _ = PinFile::read(&text);
            assert!(start.elapsed() < slow, "{around:?} {piece:?}: {:?}", start.elapsed());
        }
    }
}
