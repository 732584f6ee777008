//! For text without mistakes, pins are exactly the bindings that Nix's grammar sees. The oracle is
//! the syntax tree of `rnix`.

use nix_archiver_syntax::{PinFile, Value};
use proptest::prelude::*;
use rnix::ast::{self, HasEntry as _};
use rowan::ast::AstNode as _;

type Seen = Vec<(Vec<String>, Option<String>)>;

/// Paths and plain strings of the top set, off the tree of `rnix`.
fn by_tree(text: &str) -> Option<Seen> {
    let parse = rnix::Root::parse(text);
    let root = parse.ok().ok()?;
    let mut seen = Vec::new();
    if let Some(set) = root.expr().and_then(top_set) {
        entries(&set, &mut Vec::new(), &mut seen);
    }
    Some(seen)
}

fn top_set(expr: ast::Expr) -> Option<ast::AttrSet> {
    match expr {
        ast::Expr::AttrSet(set) => Some(set),
        ast::Expr::Lambda(lambda) => top_set(lambda.body()?),
        ast::Expr::LetIn(let_in) => top_set(let_in.body()?),
        ast::Expr::With(with) => top_set(with.body()?),
        ast::Expr::Assert(assert) => top_set(assert.body()?),
        ast::Expr::Paren(paren) => top_set(paren.expr()?),
        _ => None,
    }
}

fn entries(set: &ast::AttrSet, outer: &mut Vec<String>, seen: &mut Seen) {
    for entry in set.entries() {
        match entry {
            ast::Entry::Inherit(inherit) => {
                for name in inherit.attrs().filter_map(|attr| name(&attr)) {
                    seen.push((outer.iter().cloned().chain([name]).collect(), None));
                }
            }
            ast::Entry::AttrpathValue(binding) => {
                let attrs: Vec<_> = binding.attrpath().expect("no mistakes").attrs().collect();
                let names: Option<Vec<String>> = attrs.iter().map(name).collect();
                let Some(names) = names else { continue };
                let before = outer.len();
                outer.extend(names);
                match binding.value().expect("no mistakes") {
                    ast::Expr::AttrSet(inner) => entries(&inner, outer, seen),
                    value => seen.push((outer.clone(), plain(&value))),
                }
                outer.truncate(before);
            }
        }
    }
}

fn name(attr: &ast::Attr) -> Option<String> {
    match attr {
        ast::Attr::Ident(ident) => Some(ident.syntax().text().to_string()),
        ast::Attr::Str(string) => plain(&ast::Expr::Str(string.clone())),
        ast::Attr::Dynamic(_) => None,
    }
}

fn plain(expr: &ast::Expr) -> Option<String> {
    let ast::Expr::Str(string) = expr else { return None };
    if string.syntax().text().to_string().starts_with("''") {
        return None;
    }
    match string.normalized_parts().as_slice() {
        [] => Some(String::new()),
        [ast::InterpolPart::Literal(text)] => Some(text.clone()),
        _ => None,
    }
}

fn by_us(text: &str) -> Seen {
    let file = PinFile::read(text).expect("the text is read");
    assert_eq!(file.errors, [], "{text}");
    let mut seen = Vec::new();
    for pin in &file.pins {
        let value = match &pin.value {
            Value::Text(literal) if !literal.indented => Some(literal.text.clone()),
            _ => None,
        };
        seen.push((pin.path.segments(), value));
    }
    seen
}

fn blank() -> impl Strategy<Value = String> {
    prop::sample::select(vec![" ", "\n", "\r\n", "\t", " # c = \"1\";\n", "/* { */", "  "])
        .prop_map(str::to_owned)
}

fn attr() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["a", "b-c", "x_1", "n'", "\"q.r\"", "\"s\\\"t\"", "or"])
        .prop_map(str::to_owned)
}

fn path() -> impl Strategy<Value = String> {
    prop::collection::vec(attr(), 1..4).prop_map(|names| names.join("."))
}

fn leaf() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "\"1.2\"",
        "\"\"",
        "\"a\\nb\"",
        "\"${x}\"",
        "\"$${x}\"",
        "\"a ${\"b;\" + \"}\"} c\"",
        "v",
        "1.2",
        "''i = \"1\"''",
        "''\n a = \"1\"; ''${b} '''c''",
        "[ \"a\" { b = \"1\"; } ]",
        "(c == d)",
        "let e = \"1\"; in e",
        "with f; g",
        "{ h }: h",
        "{ h, ... }@i: { j = 1; }",
        "if k then \"l\" else \"m\"",
        "https://a.b/?c=d&e",
        "./p/${q}.nix",
        "<nixpkgs>",
        "r // { s = 1; }",
        "t.u or { w = \"1\"; }",
        "\"multi\n line = x\n\"",
        "rec { }.y",
        "assert z; \"1\"",
        "-1",
        "a: b: \"c\"",
        "\"a\" + \"b\"",
        "x ? y.z",
        "!a && b -> c",
        "f { a = \"1\"; }",
    ])
    .prop_map(str::to_owned)
}

fn set(value: impl Strategy<Value = String> + 'static) -> impl Strategy<Value = String> {
    let entry = prop_oneof![
        4 => (path(), blank(), blank(), value).prop_map(|(p, a, b, v)| format!("{p}{a}={b}{v};")),
        1 => prop::sample::select(vec!["inherit a \"b\";", "inherit (c.d) e;", "${f} = \"1\";",
            "\"g${h}\".i = { j = \"1\"; };", "inherit;"]).prop_map(str::to_owned),
    ];
    let entries = prop::collection::vec((blank(), entry, blank()), 0..5);
    (entries, any::<bool>()).prop_map(|(entries, rec)| {
        let rec = if rec { "rec " } else { "" };
        let body: String = entries.into_iter().map(|(a, e, b)| format!("{a}{e}{b}")).collect();
        format!("{rec}{{{body}}}")
    })
}

fn file() -> impl Strategy<Value = String> {
    let nested = set(prop_oneof![4 => leaf(), 1 => set(leaf())]);
    let head = prop::sample::select(vec![
        "",
        "{ pkgs, a ? \"b\", ... }: ",
        "x: y: ",
        "{ a } @ b: ",
        "b @ { a }: ",
        "let a = { b = \"1\"; }; in ",
        "with with a; b; ",
        "assert a == { b = 1; }; ",
        "(",
        "let f = let g = 1; in g; in with x; ",
        "# a = \"1\";\n",
    ]);
    (blank(), head, nested, blank()).prop_map(|(a, head, set, b)| {
        let close = if head.contains('(') { ")" } else { "" };
        format!("{a}{head}{set}{close}{b}")
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn pins_are_the_bindings_of_the_tree(text in file()) {
        let Some(expected) = by_tree(&text) else {
            return Err(TestCaseError::reject("the generator made a text that is no Nix"));
        };
        prop_assert_eq!(by_us(&text), expected, "{}", text);
    }

    /// Whatever the text: ranges lie in it and nest, and the cursor can be anywhere.
    #[test]
    fn broken_texts_give_sound_ranges(text in file(), cut in 0usize..400, put in "[a=\"{};.\\[(')\n$😀]{0,3}") {
        let mut at = cut.min(text.len());
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        let mut broken = text.clone();
        broken.insert_str(at, &put);
        for text in [broken.as_str(), &text[..at], &text[at..]] {
            let Ok(file) = PinFile::read(text) else { continue };
            for pin in &file.pins {
                prop_assert!(text.get(pin.range.start..pin.range.end).is_some());
                let name = pin.name_range();
                prop_assert!(pin.range.start <= name.start && name.end <= pin.range.end);
                if let Value::Text(literal) = &pin.value {
                    prop_assert!(text.get(literal.content.start..literal.content.end).is_some());
                    prop_assert!(name.end <= literal.range.start);
                    prop_assert!(literal.range.end <= pin.range.end);
                }
            }
            for pair in file.pins.windows(2) {
                prop_assert!(pair[0].range <= pair[1].range);
            }
            for offset in 0..=text.len() {
                nix_archiver_syntax::locate(text, &file, offset);
            }
        }
    }
}
