//! Names of derivations.

/// Splits `firefox-59.0.2` into `firefox` and `59.0.2`: at the first dash that something other than
/// a letter follows. The version is empty where there is no such dash.
///
/// Source: `builtins.parseDrvName`
/// (<https://nix.dev/manual/nix/latest/language/builtins#builtins-parseDrvName>).
pub fn parse(name: &str) -> (&str, &str) {
    let bytes = name.as_bytes();
    let dash = bytes.windows(2).position(|pair| pair[0] == b'-' && !pair[1].is_ascii_alphabetic());
    dash.map_or((name, ""), |dash| (&name[..dash], &name[dash + 1..]))
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn as_nix_does() {
        for (name, want) in [
            ("firefox-59.0.2", ("firefox", "59.0.2")),
            ("nix-1.12pre5619_346aeee1", ("nix", "1.12pre5619_346aeee1")),
            ("foo-bar-2018-04-11", ("foo-bar", "2018-04-11")),
            ("go1.9-foo-1.2", ("go1.9-foo", "1.2")),
            ("perl", ("perl", "")),
            ("foo-", ("foo-", "")),
            ("a--b", ("a", "-b")),
            ("x-\u{e9}", ("x", "\u{e9}")),
        ] {
            assert_eq!(parse(name), want, "{name}");
        }
    }
}
