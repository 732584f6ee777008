//! The properties that the fuzz targets try, over texts made of the pieces that packages.nix files
//! are made of, for a bounded number of rounds. They need no nightly compiler.

use proptest::{collection::vec, prelude::*, sample::select};
use syntax::Encoding;

extern crate nix_archiver_ide as ide;

mod properties;

/// Pieces of Nix and of what people write by mistake.
const PIECES: [&str; 50] = [
    "{",
    "}",
    "[",
    "]",
    "(",
    ")",
    "=",
    ";",
    ":",
    ".",
    ",",
    "@",
    "\"",
    "''",
    "${",
    "#",
    "/*",
    "*/",
    "\n",
    "\r\n",
    " ",
    "\t",
    "\\",
    "let ",
    " in ",
    "rec ",
    "with ",
    "inherit ",
    "nodejs",
    "git",
    "a.b",
    "\"c d\"",
    "version",
    "ignore",
    "revision",
    "20.11.0",
    "\"20.11.0\"",
    "^20",
    "20.*",
    "\u{1f600}",
    "\u{e9}",
    "\u{2028}",
    "nodejs = \"20.11.0\";\n",
    "a = { \"c d\" = \"1.0\"; };\n",
    "mkDevShell { packages = [ ",
    "\"nodejs@20.11.0\" ",
    "fetchVersion \"git\" ",
    "nix-archiver.pin \"a.",
    "services.nix-archiver.pinnedPackages",
    "getFlake \"nix-archiver:git/2\"",
];

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        vec(select(&PIECES[..]), 0..60).prop_map(|pieces| pieces.concat()),
        (
            select(seeds()),
            any::<prop::sample::Index>(),
            any::<prop::sample::Index>(),
            vec(select(&PIECES[..]), 0..6)
        )
            .prop_map(|(seed, a, b, pieces)| {
                // A file that is sound, with a stretch of it replaced.
                let places: Vec<usize> =
                    seed.char_indices().map(|(at, _)| at).chain([seed.len()]).collect();
                let (a, b) = (*a.get(&places), *b.get(&places));
                format!("{}{}{}", &seed[..a.min(b)], pieces.concat(), &seed[a.max(b)..])
            }),
    ]
}

/// The files that fuzzing begins with.
fn seeds() -> Vec<&'static str> {
    vec![
        include_str!("../../../fuzz/seeds/short.nix"),
        include_str!("../../../fuzz/seeds/unclosed.nix"),
        include_str!("../../../fuzz/seeds/web-service.nix"),
        include_str!("../../../fuzz/seeds/with-mistakes.nix"),
        include_str!("../../../fuzz/seeds/elsewhere.nix"),
    ]
}

fn encoding() -> impl Strategy<Value = Encoding> {
    select(vec![Encoding::Utf8, Encoding::Utf16, Encoding::Utf32])
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1500) })]

    #[test]
    fn features_take_any_text(text in text()) {
        properties::features::hold(text);
    }

    #[test]
    fn edits_agree_with_places(
        text in text(),
        encoding in encoding(),
        edits in vec((any::<(u8, u8)>(), any::<(u8, u8)>(), text_of_edit()), 0..12),
    ) {
        let wide = |(line, column): (u8, u8)| (u16::from(line % 24), u16::from(column));
        let edits = edits.into_iter().map(|(start, end, new)| (wide(start), wide(end), new));
        properties::edits::hold(text, encoding, edits);
    }
}

fn text_of_edit() -> impl Strategy<Value = String> {
    vec(select(&PIECES[..]), 0..5).prop_map(|pieces| pieces.concat())
}
