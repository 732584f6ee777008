//! The commands that edit, lock and check a packages.nix, as their users run them.

use std::fs;

use nix_archiver_tests::{
    home::Home,
    small_index::{packages, write},
};
use serde_json::Value;

#[test]
fn pins_come_and_go() {
    let home = Home::new("{\n  # tools\n  git = \"2.44.0\"; # why\n}\n");
    home.ends(0, &["pin", "nodejs"]);
    home.ends(0, &["pin", "python3Packages.requests@^2.28"]);
    let wanted = "{\n  # tools\n  git = \"2.44.0\"; # why\n  nodejs = \"22.1.0\";\n  \
                  python3Packages.requests = \"^2.28\";\n}\n";
    assert_eq!(home.text("packages.nix"), wanted);
    let dry = home.ends(0, &["pin", "nodejs@20.*", "--dry-run"]);
    assert_eq!(dry.out, wanted.replace("22.1.0", "20.*"));
    for (name, words) in [
        ("nodej", "did you mean nodejs?"),
        ("nodejs@20.12.0", "the nearest are 20.11.0 below and 20.18.1 above"),
        ("nodejs@20", "write \"20.*\""),
        ("nodejs@^99", "the newest is 22.1.0"),
    ] {
        let ran = home.ends(1, &["pin", name]);
        assert!(ran.err.contains(words) && ran.err.contains("packages.nix:"), "{}", ran.err);
    }
    home.ends(2, &["pin", "a..b"]);
    home.ends(2, &["pin", "nodejs@^"]);
    assert_eq!(home.text("packages.nix"), wanted);
    home.ends(0, &["unpin", "nodejs"]);
    home.ends(1, &["unpin", "nodejs"]);
    assert_eq!(home.text("packages.nix"), wanted.replace("  nodejs = \"22.1.0\";\n", ""));
    home.ends(0, &["pin", "git", "--file", "new.nix"]);
    assert_eq!(home.text("new.nix"), "{\n  git = \"2.44.0\";\n}\n");
}

#[test]
fn a_lock_is_made_and_kept() {
    let home = Home::new("{ nodejs = \"*\"; git = \"*\"; python3 = \"3.6.4\"; }\n");
    let dry = home.ends(0, &["lock", "--dry-run"]);
    assert!(!home.path("packages.lock").exists());
    home.ends(1, &["lock", "--check"]);
    assert!(!home.path("packages.lock").exists());
    let made = home.ends(0, &["lock"]);
    assert_eq!(made.out, dry.out);
    assert!(made.out.ends_with("3 pins on 2 revisions\n"), "{}", made.out);
    assert!(made.err.contains("2 of 2 revisions have no hash"), "{}", made.err);
    let text = home.text("packages.lock");
    home.ends(0, &["lock", "--check"]);
    home.ends(0, &["lock"]);
    assert_eq!(home.text("packages.lock"), text);
    let json: Value = serde_json::from_str(&home.ends(0, &["lock", "--json"]).out).expect("JSON");
    assert_eq!((&json["changed"], &json["pins"]), (&Value::from(false), &Value::from(3)));
    // A format of another day is named, with its line.
    fs::write(home.path("packages.lock"), "{\n  \"version\": 9\n}\n").expect("it is ours");
    let check = home.ends(1, &["check"]);
    assert!(
        check.out.contains("packages.lock:2:3") && check.out.contains("format 9"),
        "{}",
        check.out
    );
    home.ends(0, &["lock"]);
    assert_eq!(home.text("packages.lock"), text);
    let missing = home.ends(3, &["lock", "none.nix"]);
    assert!(missing.err.contains("none.nix"), "{}", missing.err);
    fs::write(home.path("packages.nix"), "{ a = ; }").expect("it is ours");
    home.ends(1, &["lock"]);
    assert_eq!(home.text("packages.lock"), text);
}

#[cfg(unix)]
#[test]
fn a_link_stays_a_link() {
    let home = Home::new("{\n}\n");
    fs::create_dir(home.path("real")).expect("it is ours");
    fs::rename(home.path("packages.nix"), home.path("real/pins.nix")).expect("it is ours");
    std::os::unix::fs::symlink("real/pins.nix", home.path("packages.nix")).expect("it is ours");
    home.ends(0, &["pin", "git"]);
    assert!(home.path("packages.nix").is_symlink());
    assert_eq!(home.text("real/pins.nix"), "{\n  git = \"2.44.0\";\n}\n");
}

#[test]
fn updates_change_versions_alone() {
    let pins = "{ lib }:\n{\n   nodejs  = \"20.11.0\" ;  # LTS\n\n  python3 = \"3.6.4\";\n  git = \"*\";\n}";
    let home = Home::new(pins);
    home.ends(0, &["lock"]);
    let lock = home.text("packages.lock");
    let dry = home.ends(0, &["update", "--dry-run"]);
    assert!(dry.out.contains("nodejs 20.11.0 -> 22.1.0"), "{}", dry.out);
    assert_eq!((home.text("packages.nix").as_str(), home.text("packages.lock")), (pins, lock));
    home.ends(0, &["update", "nodejs", "--to", "minor"]);
    let minor = pins.replace("20.11.0", "20.18.1");
    assert_eq!(home.text("packages.nix"), minor);
    let moved = home.ends(0, &["update", "python3"]);
    assert!(moved.out.starts_with("  python3 3.6.4 -> 3.11.7"), "{}", moved.out);
    assert!(!moved.out.contains("nodejs"), "one pin moves no other: {}", moved.out);
    home.ends(0, &["update", "nodejs", "--to", "18.20.0", "--align"]);
    assert!(home.text("packages.nix").contains("nodejs  = \"18.20.0\" ;  # LTS"));
    home.ends(2, &["update", "--to", "18.20.0"]);
    home.ends(2, &["update", "hello"]);
    home.ends(1, &["update", "nodejs", "--to", "18.20.7"]);
    home.ends(0, &["check"]);
}

#[test]
fn findings_have_places() {
    let home = Home::new("{\n  nodej = \"1\";\n  git = \"2.44.0\";\n  git = \"*\";\n  a = b;\n}\n");
    let text = home.ends(1, &["check"]);
    for words in [
        "error[unknown-package]",
        "packages.nix:2:3",
        "did you mean nodejs?",
        "error[duplicate-pin]",
        "packages.nix:4:3",
        "on line 3",
        "warning[not-a-literal]",
        "packages.nix:5:7",
        "errors: ",
    ] {
        assert!(text.out.contains(words), "{words}: {}", text.out);
    }
    let json: Value =
        serde_json::from_str(&home.ends(1, &["check", "--format", "json"]).out).expect("JSON");
    let first = &json["findings"][0];
    assert_eq!(first["code"], "unknown-package");
    assert_eq!((first["line"].as_u64(), first["column"].as_u64()), (Some(2), Some(3)));
    let sarif: Value =
        serde_json::from_str(&home.ends(1, &["check", "--format", "sarif"]).out).expect("JSON");
    assert_eq!(sarif["version"], "2.1.0");
    let region = &sarif["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["region"];
    assert_eq!((region["startLine"].as_u64(), region["endColumn"].as_u64()), (Some(2), Some(8)));
    let github = home.ends(1, &["check", "--format", "github"]).out;
    assert!(github.contains("::error file=packages.nix,line=2,col=3,"), "{github}");
    fs::write(home.path("packages.nix"), "{ git = \"*\"; }").expect("it is ours");
    home.ends(0, &["check"]);
    home.ends(1, &["check", "--deny", "warnings"]);
    let ignored = "{ git = { version = \"*\"; ignore = [ \"lock-missing\" ]; }; }";
    fs::write(home.path("packages.nix"), ignored).expect("it is ours");
    home.ends(0, &["check", "--deny", "warnings"]);
}

#[test]
fn layout() {
    let home = Home::new("{\n    git=\"*\" ;   \n}");
    home.ends(1, &["fmt", "--check"]);
    home.ends(0, &["fmt"]);
    assert_eq!(home.text("packages.nix"), "{\n  git = \"*\";\n}\n");
    home.ends(0, &["fmt", "--check"]);
    fs::write(home.path("packages.nix"), "{ a = \"1; }").expect("it is ours");
    home.ends(1, &["fmt"]);
    assert_eq!(home.text("packages.nix"), "{ a = \"1; }");
}

#[test]
fn pins_are_sorted_when_that_is_asked_for() {
    let text = "{\n  # why\n  nodejs = \"1\";\n  git=\"2\";\n\n  b = \"1\";\n  a = \"1\"; # a\n}\n";
    let home = Home::new(text);
    home.ends(0, &["fmt"]);
    assert_eq!(home.text("packages.nix"), text.replace("git=\"2\"", "git = \"2\""));
    let check = home.ends(1, &["fmt", "--sort", "--check"]);
    assert!(check.err.contains("`nix-archiver fmt --sort packages.nix`"), "{}", check.err);
    home.ends(0, &["fmt", "--sort"]);
    let sorted = home.text("packages.nix");
    assert!(
        sorted.find("git") < sorted.find("nodejs") && sorted.find("  a =") < sorted.find("  b =")
    );
    assert!(sorted.contains("a = \"1\"; # a\n"), "{sorted}");
    home.ends(0, &["fmt", "--sort", "--check"]);
    fs::write(home.path("packages.nix"), "{ z = { y = \"1\"; x = \"1\"; }; a = \"1\"; }\n")
        .expect("ours");
    home.ends(0, &["fmt", "--sort"]);
    assert_eq!(home.text("packages.nix"), "{ a = \"1\"; z = { x = \"1\"; y = \"1\"; }; }\n");
}

#[test]
fn updates_pass_over_vulnerable_versions() {
    let home = Home::new("{ nodejs = \"18.20.0\"; git = \"*\"; }\n");
    let mut packages = packages();
    let vulnerable = |package: &mut model::Package, version: &str| {
        let release = package.releases.iter_mut().find(|r| r.version == version).expect("there");
        release.facts.known_vulnerabilities = vec!["CVE-2024-1".to_owned()];
    };
    vulnerable(
        packages.iter_mut().find(|p| p.attr_path.as_str() == "nodejs").expect("there"),
        "22.1.0",
    );
    write(&home.path("safer"), &packages);
    let ran = home.ends(0, &["--index", "safer", "update", "--check-security"]);
    assert!(ran.out.contains("nodejs 20.18.1"), "{}", ran.out);
    assert!(home.text("packages.nix").contains("nodejs = \"20.18.1\""));
    // Where a requirement leaves no choice it is said.
    vulnerable(
        packages.iter_mut().find(|p| p.attr_path.as_str() == "git").expect("there"),
        "2.44.0",
    );
    write(&home.path("none"), &packages);
    let ran = home.ends(1, &["--index", "none", "update", "--check-security"]);
    assert!(ran.err.contains("warning[insecure]") && ran.err.contains("CVE-2024-1"), "{}", ran.err);
    home.ends(0, &["--index", "none", "update"]);
}

/// From the configurations that people have, to pins: the index says what a revision has.
#[test]
fn pins_come_out_of_configurations() {
    let home = Home::new("{\n  git = \"2.44.0\"; # mine\n}\n");
    home.ends(0, &["lock"]);
    let lock = model::Lock::parse(&home.text("packages.lock")).expect("it is sound");
    let revision = lock.revisions["nixpkgs-1"].commit.id;
    let url = format!("https://github.com/NixOS/nixpkgs/archive/{revision}.tar.gz");
    let shell = format!(
        "let\n  old = import (builtins.fetchTarball {{\n    url = \"{url}\";\n    sha256 = \"x\";\n  }}) \
         {{ }};\nin\nold.mkShell {{\n  buildInputs = [ old.git old.nodejs \
         old.python3Packages.requests.dev ];\n}}\n"
    );
    fs::write(home.path("shell.nix"), &shell).expect("it is ours");
    let before = home.text("packages.nix");
    let diff = home.ends(1, &["diff", "shell.nix"]);
    let wanted = "+ nodejs 22.1.0 (shell.nix:8)\n+ python3Packages.requests 2.28.2 (shell.nix:8)\n";
    assert_eq!(diff.out, wanted, "{}", diff.err);
    let dry = home.ends(0, &["sync", "--from", "shell.nix", "--dry-run"]);
    assert_eq!(home.text("packages.nix"), before);
    let synced = home.ends(0, &["sync", "--from", "shell.nix"]);
    assert_eq!((synced.err.as_str(), home.text("packages.nix")), (wanted, dry.out));
    let wanted = "{\n  git = \"2.44.0\"; # mine\n  nodejs = \"22.1.0\";\n  python3Packages.requests = \
                  \"2.28.2\";\n}\n";
    assert_eq!(home.text("packages.nix"), wanted);
    home.ends(0, &["diff", "shell.nix"]);

    // Pins that differ stay, unless they are to be taken over.
    let configuration =
        "{\n  services.nix-archiver.pinnedPackages = { nodejs = \"20.11.0\"; };\n}\n";
    fs::write(home.path("configuration.nix"), configuration).expect("it is ours");
    let kept = home.ends(1, &["sync", "--from", "configuration.nix"]);
    assert!(
        kept.err.contains("configuration.nix:2: `nodejs` is 20.11.0 there, and 22.1.0 here"),
        "{}",
        kept.err
    );
    assert_eq!(home.text("packages.nix"), wanted);
    home.ends(0, &["sync", "--from", "configuration.nix", "--overwrite"]);
    assert_eq!(home.text("packages.nix"), wanted.replace("22.1.0", "20.11.0"));
    let json = home.ends(1, &["diff", "configuration.nix", "--json"]).out;
    let json: Value = serde_json::from_str(&json).expect("JSON");
    let paths =
        json["differences"].as_array().expect("a list").iter().map(|d| d["attrPath"].clone());
    assert_eq!(paths.collect::<Vec<_>>(), ["git", "python3Packages.requests"]);

    // A flake, whose lock has the revision; asked for by either file.
    let flake =
        "{\n  outputs = { old, ... }: {\n    a = old.legacyPackages.x86_64-linux.git;\n  };\n}\n";
    fs::write(home.path("flake.nix"), flake).expect("it is ours");
    let locked = format!(
        "{{ \"nodes\": {{ \"root\": {{ \"inputs\": {{ \"old\": \"n\" }} }}, \"n\": {{ \"locked\": {{ \
         \"owner\": \"NixOS\", \"repo\": \"nixpkgs\", \"rev\": \"{revision}\", \"type\": \"github\" }} }} \
         }}, \"root\": \"root\", \"version\": 7 }}"
    );
    fs::write(home.path("flake.lock"), locked).expect("it is ours");
    for from in ["flake.nix", "flake.lock"] {
        let _ = fs::remove_file(home.path("new.nix"));
        home.ends(0, &["sync", "--from", from, "--file", "new.nix"]);
        assert_eq!(home.text("new.nix"), "{\n  git = \"2.44.0\";\n}\n");
    }
    // What the index does not know is said, and nothing is guessed.
    let other = shell.replace(&revision.to_string(), &"f".repeat(40));
    fs::write(home.path("shell.nix"), other).expect("it is ours");
    let unknown = home.ends(1, &["sync", "--from", "shell.nix", "--file", "new.nix"]);
    assert!(
        unknown
            .err
            .contains("shell.nix:8: the index does not know which version `git` had at ffff"),
        "{}",
        unknown.err
    );
    fs::write(home.path("empty.nix"), "{ pkgs }: pkgs.git\n").expect("it is ours");
    let none = home.ends(1, &["sync", "--from", "empty.nix"]);
    assert_eq!(none.err, "no pins were found in empty.nix\n");
    home.ends(3, &["sync", "--from", "missing.nix"]);
    // A packages.nix under another name.
    fs::write(home.path("other.nix"), "{ git = \"2.44.0\"; }\n").expect("it is ours");
    home.ends(0, &["sync", "--from", "other.nix", "--file", "newer.nix"]);
    assert_eq!(home.text("newer.nix"), "{\n  git = \"2.44.0\";\n}\n");
}
