//! What is read from Nix files that are no packages.nix.

use expect_test::{Expect, expect};
use nix_archiver_syntax::{PinFile, Value};

/// One line a pin: its top set, its path, its names and its version as they are written, all of it.
#[track_caller]
fn check(text: &str, expected: Expect) {
    let file = PinFile::within(text).expect("the text is read");
    let line = |pin: &nix_archiver_syntax::Pin| {
        let names: Vec<&str> = pin.segments.iter().map(|s| s.range.of(text)).collect();
        let version = match (&pin.value, pin.version()) {
            (_, Some(version)) => format!("{:?}", version.content.of(text)),
            (Value::Other(_), None) => "other".to_owned(),
            (_, None) => "none".to_owned(),
        };
        let top = file.top_of(pin.set);
        format!("{top} {} <- {} {version} | {}\n", pin.path, names.join(" . "), pin.range.of(text))
    };
    expected.assert_eq(&file.pins.iter().map(line).collect::<String>());
    let ordered = |starts: Vec<usize>| assert!(starts.is_sorted(), "{starts:?}");
    ordered(file.pins.iter().map(|pin| pin.range.start).collect());
    ordered(file.sets.iter().map(|set| set.body.start).collect());
}

#[test]
fn calls_of_the_library() {
    check(
        r#"{ lib }: rec {
  a = lib.pinnedPackages { packages = { nodejs = "20.11.0"; py = { requests = "^2"; }; x = y; }; };
  b = lib.mkOverlay { lockFile = ./packages.lock; packages.go = "1.21"; };
  c = pinned.mkDevShell {
    packages = [ "nodejs@20" "git" "" pkgs.hello (lib.fetchVersion "go" "1.2") "a.\"@b\"@^1 || ^2" ] ++ more;
    inputs = [ "not@ours" ];
  };
  d = (lib.using { }).fetchVersion "python3Packages.requests" "";
  e = f { packages = [ "not@ours" ]; };
}"#,
        expect![[r#"
            0 nodejs <- nodejs "20.11.0" | nodejs = "20.11.0";
            0 py.requests <- requests "^2" | requests = "^2";
            0 x <- x other | x = y;
            2 go <- go "1.21" | go = "1.21";
            3 nodejs <- nodejs "20" | "nodejs@20"
            3 git <- git none | "git"
            3 "" <-  none | ""
            4 go <- go "1.2" | "go" "1.2"
            3 a."@b" <- a . \"@b\" "^1 || ^2" | "a.\"@b\"@^1 || ^2"
            5 python3Packages.requests <- python3Packages . requests "" | "python3Packages.requests" ""
        "#]],
    );
}

#[test]
fn options_of_the_modules() {
    check(
        r#"{ config, ... }: {
  services.nix-archiver = lib.mkIf true { enable = true; pinnedPackages = { git = "1"; }; };
  services.nix-archiver.pinnedPackages.go = { version = "2"; ignore = [ "outdated" ]; };
  programs = { nix-archiver = { pins = rec { git = "3"; go.version = "4"; }; }; };
  programs.nix-archiver.devEnvironments = { web.packages = [ "nodejs@5" ]; "a b" = { packages = { go = "6"; }; }; };
  environment.systemPackages = [ "git@1" ]; services.other.pinnedPackages = { git = "7"; };
}"#,
        expect![[r#"
            0 git <- git "1" | git = "1";
            1 go <- go "2" | go = { version = "2"; ignore = [ "outdated" ]; };
            3 git <- git "3" | git = "3";
            3 go <- go "4" | go.version = "4";
            4 nodejs <- nodejs "5" | "nodejs@5"
            5 go <- go "6" | go = "6";
        "#]],
    );
}

#[test]
fn what_stands_by_itself() {
    check(
        "[ (nix-archiver.pin \"git\" \"2.42.0\") (nix-archiver.pin \"git\") (nix-archiver.pin x \"1\") \
         (other.pin \"git\" \"1\") (builtins.getFlake \"nix-archiver:nodejs/20.11.0\") \
         (builtins.getFlake \"nix-archiver:nod\") (builtins.getFlake \"github:a/b\") ]",
        expect![[r#"
            0 git <- git "2.42.0" | "git" "2.42.0"
            1 git <- git none | "git"
            2 nodejs <- nodejs "20.11.0" | "nix-archiver:nodejs/20.11.0"
            3 nod <- nod none | "nix-archiver:nod"
        "#]],
    );
}

#[test]
fn files_of_others_have_none() {
    for text in [
        "",
        "{ nodejs = \"20.11.0\"; packages = [ \"git@1\" ]; }",
        "{ pinnedPackages = 1; mkDevShell = { packages = [ \"git@1\" ]; }; }",
        "# nix-archiver: mkDevShell { packages = [ \"git@1\" ]; }\n{ }",
        "{ pin }: pin \"git\" \"1\" \"nix-archiver\"",
    ] {
        assert_eq!(PinFile::within(text).expect("it is read").pins, [], "{text}");
    }
}

#[test]
fn pins_that_are_being_written() {
    check(
        "mkDevShell {\n  packages = [\n    \"nodejs@20\n    \"git@\"\n  ];\n  x = \"a\";\n}",
        expect![[r#"
            0 nodejs <- nodejs "20" | "nodejs@20
            0 git <- git "" | "git@"
        "#]],
    );
    check(
        "x = mkOverlay { packages = { nodejs = \"20\n  go = \"1\"; }; }",
        expect![[r#"
        0 nodejs <- nodejs "20" | nodejs = "20
        0 go <- go "1" | go = "1";
    "#]],
    );
    check(
        "{ services.nix-archiver.pinnedPackages.\n  enable = true; }",
        expect![[r#"
        0 enable <- enable other | enable = true;
    "#]],
    );
    check(
        "{ services.nix-archiver.pinnedPackages.python3Packages.\n }",
        expect![[r#"
            0 python3Packages <- python3Packages .  none | python3Packages.
        "#]],
    );
    check(
        "with lib; mkDevShell { packages = [ \"nodejs@20\n  ]; }",
        expect![[r#"
            0 nodejs <- nodejs "20" | "nodejs@20
        "#]],
    );
    check(
        "fetchVersion \"python3Packages.\" \"1",
        expect![[r#"
        0 python3Packages <- python3Packages .  "1" | "python3Packages." "1
    "#]],
    );
    check(
        "fetchVersion \"nodejs\n",
        expect![[r#"
        0 nodejs <- nodejs none | "nodejs
    "#]],
    );
}
