use expect_test::{Expect, expect};
use model::{MemorySource, PackageSource as _, SourceError};

use super::source;
use crate::{Diagnostic, Document, Index, Kind, LockFile, Memo, Settings, Severity, Snapshot};

fn diagnose_with(text: &str, index: Index, settings: &Settings, now: i64) -> Vec<Diagnostic> {
    let document = Document::new(text.to_owned());
    let memo = Memo::default();
    let snapshot = Snapshot {
        document: &document,
        lock: LockFile::Unknown,
        index,
        memo: &memo,
        settings,
        now,
    };
    snapshot.diagnostics().expect("the index answers")
}

fn diagnose(text: &str, index: Index) -> Vec<Diagnostic> {
    diagnose_with(text, index, &Settings::default(), 0)
}

fn render(text: &str, d: &Diagnostic) -> String {
    let (range, severity, code) = (d.range.of(text), d.severity, d.problem.kind().code());
    format!("{range:?} {severity:?} {code}: {}\n", d.problem)
}

fn check(text: &str, expected: Expect) {
    let source = source();
    let found = diagnose(text, Index::Ready(&source));
    expected.assert_eq(&found.iter().map(|d| render(text, d)).collect::<String>());
}

#[test]
fn what_exists_is_fine() {
    check(
        r#"{ pkgs }: {
  nodejs = "20.11.0";
  python3Packages = { requests = "2.28.2"; };
  nodePackages."@angular/cli" = "17.0.0";
  go = { version = "1.21.5"; input = "nixpkgs"; };
}"#,
        expect![""],
    );
}

#[test]
fn requirements_and_unfinished_pins_are_not_judged() {
    check(
        "{ nodejs = \"^20\"; nosuch = ; nosuchtoo\n python3Packages.\n git = \"\"; go = \"1.*\"; python3 = \"latest\"; }",
        expect![""],
    );
}

#[test]
fn the_long_form_is_checked_field_by_field() {
    check(
        r#"{
  go = { version = "1.21.5"; channel = "nixos-23.05"; };
  git = { version = "^2"; revision = "0123456789012345678901234567890123456789"; };
  python3 = { version = "3.11.7"; channel = "nixpkgs-unstable"; };
  nodejs = { verison = "20.11.0"; };
  nodejs_22 = { version = "22.1.0"; revision = "12ab"; allowInsecure = "yes"; rev };
}"#,
        expect![[r#"
            "\"nixos-23.05\"" Error not-on-channel: the index knows of no such version of `go` on the branch nixos-23.05; it does on nixpkgs-unstable
            "\"0123456789012345678901234567890123456789\"" Error not-at-revision: the index does not know of such a version of `git` at the commit 0123456789012345678901234567890123456789; leave `revision` out to have a commit chosen
            "verison" Error unknown-package: nixpkgs never had a package `nodejs.verison` as far as the index goes (2024-12-31 of nixpkgs-unstable)
            "\"12ab\"" Error bad-field: `revision` takes a commit id of forty hexadecimal digits in quotes
            "\"yes\"" Error bad-field: `allowInsecure` takes `true` or `false`
        "#]],
    );
}

#[test]
fn what_other_servers_report_is_reported_where_it_is_wanted() {
    let source = source();
    let mut settings = Settings::default();
    let on = |code: &str| (format!("diagnostics.severity.{code}"), "warning".into());
    let said = ["syntax-error", "no-pins"].map(on).into_iter().collect();
    assert_eq!(settings.take(&serde_json::Value::Object(said)), [""; 0]);
    let codes = |text: &str| {
        let found = diagnose_with(text, Index::Ready(&source), &settings, 0);
        found.iter().map(|d| render(text, d)).collect::<String>()
    };
    expect![[r#"
        "" Warning syntax-error: a `;` is missing here
    "#]]
    .assert_eq(&codes("{ git = \"2.44.0\" }"));
    expect![[r#"
        "" Warning no-pins: no pins were found: the value of this file is not written as an attribute set, `{ name = "version"; }`
    "#]].assert_eq(&codes("import ./x.nix"));
    assert_eq!(diagnose("import ./x.nix", Index::Ready(&source)), []);
}

#[test]
fn unknown_packages() {
    check(
        r#"{ nodjs = "1"; NodeJS = "1"; nothinglikeit = "1"; python2Packages.requests = "1"; }"#,
        expect![[r#"
            "nodjs" Error unknown-package: nixpkgs never had a package `nodjs` as far as the index goes (2024-12-31 of nixpkgs-unstable); did you mean nodejs
            "NodeJS" Error unknown-package: nixpkgs never had a package `NodeJS` as far as the index goes (2024-12-31 of nixpkgs-unstable); did you mean nodejs
            "nothinglikeit" Error unknown-package: nixpkgs never had a package `nothinglikeit` as far as the index goes (2024-12-31 of nixpkgs-unstable)
            "python2Packages.requests" Error unknown-package: nixpkgs never had a package `python2Packages.requests` as far as the index goes (2024-12-31 of nixpkgs-unstable); did you mean python3Packages.requests
        "#]],
    );
}

#[test]
fn unknown_versions() {
    check(
        r#"{ nodejs = "20.11.1"; nodejs_22 = "1.0"; python3 = "4"; go = { version = "1.21"; }; }"#,
        expect![[r#"
            "\"20.11.1\"" Error unknown-version: `nodejs` never had version 20.11.1 as far as the index goes (2024-12-31 of nixpkgs-unstable); there is 20.11.0 or 20.18.1
            "\"1.0\"" Error unknown-version: `nodejs_22` never had version 1.0 as far as the index goes (2024-12-31 of nixpkgs-unstable); there is 22.1.0
            "\"4\"" Warning unknown-version: `python3` 4 is higher than any version that the index knows (up to 2024-12-31 of nixpkgs-unstable); there is 3.11.7
            "\"1.21\"" Error partial-version: 1.21 is only the start of versions of `go`; write 1.21.5, the newest of them, or 1.21.* for any
        "#]],
    );
}

#[test]
fn a_mistake_elsewhere_does_not_matter() {
    check(
        "{\n  git = \"1\n  nodejs = \"20.11.1\";\n",
        expect![[r#"
        "\"1" Error unknown-version: `git` never had version 1 as far as the index goes (2024-12-31 of nixpkgs-unstable); there is 2.44.0
        "\"20.11.1\"" Error unknown-version: `nodejs` never had version 20.11.1 as far as the index goes (2024-12-31 of nixpkgs-unstable); there is 20.11.0 or 20.18.1
    "#]],
    );
}

#[test]
fn nothing_is_unknown_while_the_index_is_not_there() {
    let text = "{ nosuch = \"1\"; }";
    assert_eq!(diagnose(text, Index::Loading), []);
    let missing = SourceError::Missing("/data/index".to_owned());
    let found = diagnose(text, Index::Failed(&missing));
    expect!["there is no version index at /data/index; `nix-archiver index --repo PATH` builds one from a clone of nixpkgs"].assert_eq(&found[0].problem.to_string());
    assert_eq!(found.len(), 1, "once a file, not once a pin");
    assert_eq!(diagnose("{ }", Index::Failed(&missing)), [], "without pins, no index is needed");

    let empty = MemorySource::new([]);
    let found = diagnose(text, Index::Ready(&empty));
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].problem.kind().code(), "index-missing");
}

#[test]
fn a_text_that_nests_too_deep_is_refused_once() {
    let text = format!("{{\n x = {}", "[".repeat(100_000));
    let source = source();
    let found = diagnose(&text, Index::Ready(&source));
    assert_eq!(found.len(), 1);
    expect!["the brackets here are nested more than 500 deep; the pins of this file are not read"]
        .assert_eq(&found[0].problem.to_string());
    assert!(found[0].range.len() < 1000);
}

#[test]
fn what_is_remembered_is_forgotten_when_the_index_changes() {
    let document = Document::new("{ go = \"1.21.5\"; nosuch = \"1\"; }".to_owned());
    let memo = Memo::default();
    let codes = |index| {
        let settings = &Settings::default();
        let snapshot = Snapshot {
            document: &document,
            lock: LockFile::Unknown,
            index,
            memo: &memo,
            settings,
            now: 0,
        };
        let found = snapshot.diagnostics().expect("the index answers");
        found.iter().map(|d| d.problem.kind().code()).collect::<Vec<_>>()
    };
    let (full, small) =
        (source(), MemorySource::new([super::package("git", "", &[("1", "2020-01-01", "open")])]));
    for _ in 0..2 {
        assert_eq!(codes(Index::Ready(&full)), ["unknown-package"]);
        assert_eq!(codes(Index::Ready(&small)), ["unknown-package", "unknown-package"]);
    }
}

#[test]
fn the_start_of_versions() {
    check(
        r#"{ nodejs = "20"; go = "1.2"; python3 = "3.11"; }"#,
        expect![[r#"
        "\"20\"" Error partial-version: 20 is only the start of versions of `nodejs`; write 20.18.1, the newest of them, or 20.* for any
        "\"1.2\"" Error unknown-version: `go` never had version 1.2 as far as the index goes (2024-12-31 of nixpkgs-unstable); there is 1.21.5
        "\"3.11\"" Error partial-version: 3.11 is only the start of versions of `python3`; write 3.11.7, the newest of them, or 3.11.* for any
    "#]],
    );
}

#[test]
fn what_is_no_plain_string() {
    check(
        "{ git = 2.44.0; go = import ./go.nix; nosuch = x; inherit python3; nodejs = { version = v; revision = \"a\"; }; }",
        expect![[r#"
            "2.44.0" Information not-a-literal: the version of `git` has to be a string: "2.44.0"
            "import ./go.nix" Information not-a-literal: the version of `go` is not a plain string; only Nix can tell it, so it is left alone
            "x" Information not-a-literal: the version of `nosuch` is not a plain string; only Nix can tell it, so it is left alone
            "python3" Information not-a-literal: the version of `python3` is not a plain string; only Nix can tell it, so it is left alone
            "v" Information not-a-literal: the version of `nodejs` is not a plain string; only Nix can tell it, so it is left alone
        "#]],
    );
}

#[test]
fn pinned_twice() {
    let text = "{ git = \"2.44.0\"; a = { b = \"1\"; }; git = \"2.44.0\"; a.b = ; }";
    let found = diagnose(text, Index::Loading);
    let shown: String = found.iter().map(|d| render(text, d)).collect();
    expect![[r#"
        "git" Error duplicate-pin: `git` is pinned above already; Nix refuses a second one
    "#]]
    .assert_eq(&shown);
    let (range, message) = found[0].problem.related().expect("the first one");
    assert_eq!((range.start, message.as_str()), (2, "`git` is pinned here first"));
}

#[test]
fn insecure_broken_and_removed() {
    let text = r#"{
      python3Packages.requests = "2.28.1";
      old = "2.0";
      old2 = { version = "1.0"; allowInsecure = true; };
    }"#;
    let mut old = super::package("old", "", &[("2.0", "2020-01-01", "2021-02-03")]);
    old.releases[0].facts.broken = true;
    old.releases[0].facts.known_vulnerabilities = vec!["CVE-1".into(), "CVE-2".into()];
    let mut old2 = super::package("old2", "", &[("1.0", "2020-01-01", "open")]);
    old2.releases[0].facts.known_vulnerabilities = vec!["CVE-3".into()];
    let requests = source().package(&model::AttrPath::parse("python3Packages.requests").unwrap());
    let source = MemorySource::new([old, old2, requests.unwrap().unwrap()]);
    let found = diagnose(text, Index::Ready(&source));
    expect![[r#"
        "\"2.28.1\"" Warning insecure: `python3Packages.requests` 2.28.1 has known vulnerabilities: CVE-2023-32681
        "\"2.0\"" Warning insecure: `old` 2.0 has known vulnerabilities: CVE-1 and CVE-2
        "\"2.0\"" Warning broken: nixpkgs marked `old` 2.0 as broken
        "old" Information removed: `old` was last seen on 2021-02-03, and not in the newest commit that was indexed (2024-12-31 of nixpkgs-unstable): it was removed or renamed, or could not be read there
    "#]].assert_eq(&found.iter().map(|d| render(text, d)).collect::<String>());
}

#[test]
fn severities_are_what_the_settings_say() {
    let text = r#"{ nodejs = "20.11.0"; python3 = "4"; nosuch = "1"; git = x; }"#;
    let source = source();
    let mut settings = Settings::default();
    let said = serde_json::json!({ "diagnostics.severity": {
        "outdated": "hint", "unknown-version": "error", "unknown-package": "information",
        "not-a-literal": "off",
    } });
    assert_eq!(settings.take(&said), [""; 0]);
    let found = diagnose_with(text, Index::Ready(&source), &settings, 0);
    expect![[r#"
        "\"20.11.0\"" Hint outdated: `nodejs` 20.11.0 is not the newest: there is 20.18.1 in its line, and 22.1.0
        "\"4\"" Warning unknown-version: `python3` 4 is higher than any version that the index knows (up to 2024-12-31 of nixpkgs-unstable); there is 3.11.7
        "nosuch" Information unknown-package: nixpkgs never had a package `nosuch` as far as the index goes (2024-12-31 of nixpkgs-unstable)
    "#]].assert_eq(&found.iter().map(|d| render(text, d)).collect::<String>());

    // Of every kind that this file can have, each severity can be had.
    for kind in [Kind::Outdated, Kind::UnknownPackage, Kind::NotALiteral] {
        for severity in Severity::ALL {
            let mut settings = Settings::default();
            let said = serde_json::json!({ format!("diagnostics.severity.{}", kind.code()): severity.name() });
            assert_eq!(settings.take(&said), [""; 0]);
            let found = diagnose_with(text, Index::Ready(&source), &settings, 0);
            let found = found.iter().find(|d| d.problem.kind() == kind).expect("it is reported");
            assert_eq!(found.severity, severity, "{kind:?}");
        }
    }
}

#[test]
fn an_old_index_is_told_once_a_file() {
    let text = "{ git = \"2.44.0\"; go = \"1.21.5\"; }";
    let source = source();
    let day = |text: &str| model::date::parse_day(text).expect("a day");
    let at = |settings: &Settings, now: &str| {
        let found = diagnose_with(text, Index::Ready(&source), settings, day(now));
        found.iter().map(|d| render(text, d)).collect::<String>()
    };
    let mut settings = Settings::default();
    expect![[r#"
        "git" Information index-old: the version index goes up to 2024-12-31 of nixpkgs-unstable, 5 months ago; it does not know what came later; `nix-archiver index --repo PATH` goes on from there after a fetch in the clone
    "#]].assert_eq(&at(&settings, "2025-06-30"));
    assert_eq!(at(&settings, "2025-03-31"), "", "ninety days are not old");
    assert_eq!(at(&settings, "2020-01-01"), "", "a clock that is wrong does no harm");
    settings.old_after_days = 0;
    assert_eq!(at(&settings, "2045-06-30"), "");
}

#[test]
fn requirements_that_nothing_meets() {
    check(
        r#"{ nodejs = "^99"; git = "2.*.1"; go = ">1 <"; python3 = "^3.1 || 1"; nodejs_22 = "latest"; }"#,
        expect![[r#"
            "\"^99\"" Error requirement-unmet: `nodejs`: no version meets `^99`; the newest is 22.1.0
            "\"2.*.1\"" Error requirement-unmet: `git`: `2.*.1` is no requirement: `*` stands alone or as the last component, as in `1.2.*`
            "\">1 <\"" Error requirement-unmet: `go`: `<` needs a version behind it, as in `<1.2`
        "#]],
    );
}

#[test]
fn a_pin_says_what_it_does_not_want_to_hear_of() {
    check(
        r#"{ nodejs = { version = "20"; ignore = [ "partial-version" ]; }; git = { version = "2"; ignore = [ "insecure" ]; }; }"#,
        expect![[r#"
            "\"2\"" Error partial-version: 2 is only the start of versions of `git`; write 2.44.0, the newest of them, or 2.* for any
        "#]],
    );
}

/// A lock of these pins: name, requirement, version.
fn lock(pins: &[(&str, &str, &str)]) -> model::Lock {
    let mut lock = model::Lock::default();
    let commit = model::Commit { id: model::CommitId([0xcd; 20]), date: 1_700_000_000 };
    let revision = model::LockedRevision { commit, nar_hash: None };
    lock.revisions.insert("nixpkgs-1".to_owned(), revision);
    for (path, requirement, version) in pins {
        let pin = model::LockedPin {
            requirement: (*requirement).to_owned(),
            version: (*version).to_owned(),
            revision: "nixpkgs-1".to_owned(),
            allow_insecure: None,
        };
        lock.pins.insert(model::AttrPath::parse(path).expect("an attribute path"), pin);
    }
    lock
}

#[test]
fn the_lock_is_held_to_the_pins() {
    let text = r#"{ nodejs = "20.11.0"; go = "^1"; git = "2.44.0"; python3 = "3.11.7"; nodejs_22 = "^22"; }"#;
    let mut lock = lock(&[
        ("nodejs", "20.11.0", "20.11.0"),
        ("go", "^1.2", "1.21.5"),
        ("python3", "3.11.7", "3.11.6"),
        ("nodejs_22", "^22", "22.2.0"),
        ("old", "1", "1"),
    ]);
    let source = source();
    // One revision that the index knows.
    let known = source.package(&model::AttrPath::top("nodejs_22")).expect("memory can be read");
    let commit = known.expect("it is there").releases[0].last_seen();
    let revision = model::LockedRevision { commit, nar_hash: None };
    lock.revisions.insert("nixpkgs-2".to_owned(), revision);
    let pin = lock.pins.get_mut(&model::AttrPath::top("nodejs_22")).expect("it is there");
    pin.revision = "nixpkgs-2".to_owned();
    super::at_cursor(&format!("{text}$0"), |snapshot, _| {
        let snapshot = Snapshot { lock: LockFile::Read(&lock), ..*snapshot };
        let found = snapshot.diagnostics().expect("the index answers");
        let shown: String = found.iter().map(|d| render(text, d)).collect();
        expect![[r#"
            "nodejs" Warning lock-stale: packages.lock has `old`, which is not pinned here; `nix-archiver lock` brings it up to date
            "\"^1\"" Warning lock-stale: packages.lock has `go` for "^1.2", not for this; `nix-archiver lock` brings it up to date
            "\"2.44.0\"" Warning lock-stale: packages.lock does not have `git` yet; `nix-archiver lock` brings it up to date
            "\"3.11.7\"" Warning lock-mismatch: the lock gives `python3` version 3.11.6, which does not meet "3.11.7"; `nix-archiver lock` writes the file anew
            "\"^22\"" Warning lock-mismatch: the lock gives `nodejs_22` version 22.2.0, and it had version 22.1.0 at 000000006773; `nix-archiver lock` writes the file anew
        "#]].assert_eq(&shown);
        let lens = snapshot.code_lens().expect("the index answers").expect("there are pins");
        assert!(lens.title.ends_with("the lock is out of date"), "{}", lens.title);
        let hover = snapshot.hover(28).expect("the index answers").expect("there is a pin");
        let hover = hover.markup.to_plain();
        let line = hover.lines().find(|line| line.starts_with("Locked")).unwrap_or_default();
        expect!["Locked: 1.21.5 at cdcdcdcdcdcd (https://github.com/NixOS/nixpkgs/commit/cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd) of 2023-11-14 (13 months ago), for ^1.2; the lock is out of date"].assert_eq(line);
    });

    let text = "{ nodejs = \"20.11.0\"; }";
    let document = Document::new(text.to_owned());
    let memo = Memo::default();
    let mut settings = Settings::default();
    settings.take(&serde_json::json!({ "diagnostics.severity.lock-missing": "warning" }));
    let shown = |lock: LockFile| {
        let index = Index::Ready(&source);
        let settings = &settings;
        let snapshot = Snapshot { document: &document, lock, index, memo: &memo, settings, now: 0 };
        let lens = snapshot.code_lens().expect("the index answers").expect("there are pins");
        let found = snapshot.diagnostics().expect("the index answers");
        found.iter().map(|d| render(text, d)).collect::<String>() + &lens.title
    };
    expect![[r#"
        "nodejs" Warning lock-missing: there is no packages.lock beside this file; `nix-archiver lock` makes one
        1 pin · take 1 update in its line"#]].assert_eq(&shown(LockFile::Missing));
    let error = model::Lock::parse("{}").expect_err("it is no lock");
    expect![[r#"
        "nodejs" Warning lock-unreadable: packages.lock, line 1: the lock lacks the key `version`; `nix-archiver lock` writes the file anew
        1 pin · take 1 update in its line"#]].assert_eq(&shown(LockFile::Unreadable(&error)));
    let current = self::lock(&[("nodejs", "20.11.0", "20.11.0")]);
    expect!["1 pin · take 1 update in its line · locked to 1 revision"]
        .assert_eq(&shown(LockFile::Read(&current)));
}
