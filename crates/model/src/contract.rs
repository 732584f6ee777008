//! What every [`PackageSource`] must do, as a suite to run against each implementation.
//!
//! It is compiled into the crate, not into its tests, so that the sources of other crates can be
//! held to it: the index on disk, a team's server.

use std::sync::Arc;

use crate::{
    AttrPath, Commit, CommitId, Facts, IndexOrigin, Name, Package, PackageSource, Release, Span,
    Summary,
};

/// Checks a kind of source. `make` puts packages into a new one; every open span that it is given
/// ends at the newest commit of its branch.
///
/// # Panics
/// At the first promise that the source does not keep; the message says which.
pub fn contract(make: impl Fn(Vec<Package>) -> Box<dyn PackageSource>) {
    let source = make(samples());
    prefixes(&*source);
    names(&*source);
    similar_names(&*source);
    whole_words(&*source);
    packages_whole(&*source);
    coverage(&*source);
    places(&*source);
}

/// The packages that [`contract`] uses: small, and each there for a reason. Also good for tests of
/// what is built on a source.
pub fn samples() -> Vec<Package> {
    let old = |version, first, last| release(version, &[("nixpkgs-unstable", first, last, false)]);
    let now = |version, first| release(version, &[("nixpkgs-unstable", first, 90, true)]);
    let js = "Event-driven I/O framework for the V8 JavaScript engine";
    let mut samples = vec![
        // Many versions, a prerelease on top, and versions whose text order is another one.
        package(
            "nodejs",
            js,
            vec![now("11.0.0-rc1", 80), old("10.0.0", 50, 60), now("9.11.1", 70)],
        ),
        package("nodejs-8_x", js, vec![now("8.11.1", 40), old("8.9.4", 20, 39)]),
        // A name that differs from another only in case, and one that sorts between.
        package("NodeJS", "The other one", vec![old("0.1", 1, 2)]),
        package("nodejs-", "", vec![old("1", 1, 2)]),
        // Sets, and names that need quotes.
        package("python3Packages.requests", "HTTP for Humans", vec![now("2.18.4", 30)]),
        package("python3Packages.requests_oauthlib", "OAuth", vec![now("0.8.0", 30)]),
        package("nodePackages.\"@angular/cli\"", "CLI for Angular", vec![now("6.0.0", 85)]),
        package("\"4ops\"", "Begins with a quote", vec![now("1", 3)]),
        // A version that went and came back, and one on two branches.
        package(
            "firefox",
            "A web browser built from Firefox source tree",
            vec![
                release(
                    "59.0.2",
                    &[
                        ("nixpkgs-unstable", 60, 75, false),
                        ("nixos-18.03", 10, 65, true),
                        ("nixpkgs-unstable", 20, 30, false),
                    ],
                ),
                release("52.0", &[("nixos-18.03", 1, 5, false)]),
            ],
        ),
        // Letters beyond ASCII, and versions that Nix holds equal.
        package("\"größe\"", "Maßeinheiten für Übungen", vec![now("1.0", 9), now("1-0", 9)]),
    ];
    samples[3].releases[0].facts = Facts::default();
    let requests = &mut samples[4].releases[0].facts;
    *requests = Facts {
        pname: Some("requests".to_owned()),
        homepage: Some("http://docs.python-requests.org".to_owned()),
        license: Some("Apache-2.0, MIT".to_owned()),
        file: Some("pkgs/development/python-modules/requests/default.nix".to_owned()),
        broken: true,
        known_vulnerabilities: vec!["CVE-2018-18074".to_owned(), String::new()],
        ..requests.clone()
    };
    samples[8].releases[0].facts.pname = Some("Firefox-Quantum".to_owned());
    samples[1].alias_of = Some(AttrPath::top("nodejs"));
    samples
}

fn package(path: &str, description: &str, mut releases: Vec<Release>) -> Package {
    for release in &mut releases {
        release.facts.description = Some(description.to_owned());
    }
    let attr_path = AttrPath::parse(path).expect("the samples have valid paths");
    Package { attr_path, alias_of: None, releases }
}

fn release(version: &str, spans: &[(&str, u8, u8, bool)]) -> Release {
    let span = |&(branch, first, last, open): &(&str, u8, u8, bool)| Span {
        branch: Arc::from(branch),
        first: commit(first),
        last: commit(last),
        open,
    };
    let spans = spans.iter().map(span).collect();
    Release { version: version.to_owned(), facts: Facts::default(), spans }
}

fn commit(n: u8) -> Commit {
    Commit { id: CommitId([n; 20]), date: 1_500_000_000 + i64::from(n) * 86_400 }
}

#[track_caller]
fn expect(what: &str, found: &[Summary], paths: &[&str]) {
    let found: Vec<&str> = found.iter().map(|summary| summary.attr_path.as_str()).collect();
    assert_eq!(found, paths, "{what}");
}

fn prefixes(source: &dyn PackageSource) {
    let all = [
        "\"4ops\"",
        "\"größe\"",
        "firefox",
        "NodeJS",
        "nodejs",
        "nodejs-",
        "nodejs-8_x",
        "nodePackages.\"@angular/cli\"",
        "python3Packages.requests",
        "python3Packages.requests_oauthlib",
    ];
    let ask = |prefix: &str, limit| source.by_prefix(prefix, limit).expect("it can be read");
    let lower = |text: &str| text.to_lowercase();
    for prefix in [
        "",
        "n",
        "NODE",
        "nodejs",
        "nodejs-",
        "nodejs-8_x",
        "nodejs-8_x0",
        "python3Packages.",
        "PYTHON3packages.REQ",
        "nodepackages.\"@ang",
        "\"GRÖ",
        "zz",
        "\"",
    ] {
        let wanted: Vec<&str> =
            all.into_iter().filter(|path| lower(path).starts_with(&lower(prefix))).collect();
        for limit in [0, 1, 2, 3, 4, 5, 100, usize::MAX] {
            let wanted = &wanted[..limit.min(wanted.len())];
            expect(&format!("prefix {prefix:?}, at most {limit}"), &ask(prefix, limit), wanted);
        }
    }
    let node = ask("nodejs", 3).remove(1);
    let wanted = Summary {
        attr_path: AttrPath::top("nodejs"),
        alias_of: None,
        newest: "10.0.0".to_owned(),
        newest_seen: commit(60).date,
        versions: 3,
        description: Some("Event-driven I/O framework for the V8 JavaScript engine".to_owned()),
    };
    assert_eq!(node, wanted, "the newest is the highest stable one, last seen where it ended");
    let eight = ask("nodejs-8_x", 1).remove(0);
    assert_eq!(eight.alias_of, Some(AttrPath::top("nodejs")), "an alias says of what");
    assert_eq!(eight.newest_seen, commit(90).date, "an open span was seen at its branch's end");
    let firefox = ask("firefox", 1).remove(0);
    assert_eq!(firefox.newest_seen, commit(75).date, "the newest of all branches and spans");
    assert_eq!(ask("nodejs-", 1)[0].description, None, "what was not said stays unsaid");
}

fn names(source: &dyn PackageSource) {
    // A set is written with its dot.
    let cases: [(&str, &[&str]); 7] = [
        ("zz", &[]),
        ("node", &["NodeJS", "nodejs", "nodejs-", "nodejs-8_x", "nodePackages."]),
        ("NODEP", &["nodePackages."]),
        ("pY", &["python3Packages."]),
        ("python3packages.", &["python3Packages.requests", "python3Packages.requests_oauthlib"]),
        ("python3Packages.requests_", &["python3Packages.requests_oauthlib"]),
        ("nodePackages.\"@ang", &["nodePackages.\"@angular/cli\""]),
    ];
    let written = |name: &Name| match name {
        Name::Package(summary) => summary.attr_path.to_string(),
        Name::Set(path) => format!("{path}."),
    };
    for (prefix, wanted) in cases {
        for limit in [0, 1, 2, 5, 100] {
            let found = source.names(prefix, limit).expect("it can be read");
            let found: Vec<String> = found.iter().map(written).collect();
            let wanted = &wanted[..limit.min(wanted.len())];
            assert_eq!(found, wanted, "names {prefix:?}, at most {limit}");
        }
    }
}

fn similar_names(source: &dyn PackageSource) {
    let ask = |name: &str, edits, limit| {
        source.by_similar_name(name, edits, limit).expect("it can be read")
    };
    for (name, edits, wanted) in [
        ("nodejs", 1, vec!["NodeJS", "nodejs", "nodejs-"]),
        ("nodesj", 1, vec!["NodeJS", "nodejs"]),
        ("nodesj", 2, vec!["NodeJS", "nodejs", "nodejs-"]),
        ("FIERFOX", 1, vec!["firefox"]),
        ("frefx", 1, vec![]),
        ("frefx", 2, vec!["firefox"]),
        ("\"grösse\"", 2, vec!["\"größe\""]),
        ("grÖße", 2, vec!["\"größe\""]),
        ("python3Package.request", 2, vec!["python3Packages.requests"]),
        ("", 1, vec![]),
        ("", 2, vec![]),
    ] {
        expect(&format!("{name:?} within {edits}"), &ask(name, edits, 9), &wanted);
        let first = wanted.len().min(1);
        expect(&format!("nearest to {name:?}"), &ask(name, edits, 1), &wanted[..first]);
    }
    let long = "x".repeat(10_000);
    expect("a very long name", &ask(&long, 2, 9), &[]);
}

fn whole_words(source: &dyn PackageSource) {
    for (query, mut wanted) in [
        ("javascript", vec!["nodejs", "nodejs-8_x"]),
        ("V8 ENGINE", vec!["nodejs", "nodejs-8_x"]),
        ("java", vec![]),
        ("http humans", vec!["python3Packages.requests"]),
        ("http angular", vec![]),
        ("cli", vec!["nodePackages.\"@angular/cli\""]),
        ("python3packages oauth", vec!["python3Packages.requests_oauthlib"]),
        ("übungen", vec!["\"größe\""]),
        ("quantum", vec!["firefox"]),
        ("", vec![]),
        (" . ", vec![]),
    ] {
        wanted.sort_unstable();
        let mut found = source.by_words(query, 100).expect("it can be read");
        found.sort_by(|a, b| a.attr_path.cmp(&b.attr_path));
        expect(&format!("the words {query:?}"), &found, &wanted);
        let few = source.by_words(query, 1).expect("it can be read");
        assert_eq!(few.len(), wanted.len().min(1), "at most one of {query:?}");
        assert_eq!(source.by_words(query, 0), Ok(vec![]), "at most none of {query:?}");
    }
}

fn packages_whole(source: &dyn PackageSource) {
    for package in samples() {
        let found = source.package(&package.attr_path).expect("it can be read");
        assert_eq!(found.as_ref(), Some(&package), "the whole of {}", package.attr_path);
    }
    for path in ["Nodejs", "node", "python3Packages", "requests", "angular/cli"] {
        let path = AttrPath::parse(path).expect("valid");
        assert_eq!(source.package(&path), Ok(None), "{path} never was there, case matters");
    }
}

fn coverage(source: &dyn PackageSource) {
    let status = source.status().expect("it can be read");
    assert_eq!((status.packages, status.releases), (10, 15), "what is known");
    assert_eq!(status.origin, IndexOrigin::Indexed);
    let heads: Vec<_> = status.branches.iter().map(|b| (b.name.as_str(), b.head)).collect();
    let wanted = [("nixpkgs-unstable", commit(90)), ("nixos-18.03", commit(65))];
    assert_eq!(heads, wanted, "the branches, the newest head first");
    assert_eq!(status.newest(), Some(commit(90)));
    assert!(status.branches.iter().all(|b| b.from == commit(1)), "from the oldest commit on");
}

fn places(source: &dyn PackageSource) {
    for span in samples().into_iter().flat_map(|p| p.releases).flat_map(|r| r.spans) {
        let found = source.places(&span.branch, &[span.last.id, span.first.id]).expect("places");
        let [Some(last), Some(first)] = found[..] else {
            panic!("no places of {span:?}: {found:?}")
        };
        assert!(first.at <= last.at, "{span:?} goes back");
        assert_eq!((first.commit, last.commit), (span.first, span.last));
        assert_eq!(first.at == last.at, span.first.id == span.last.id, "{span:?}");
    }
    let nowhere = source.places("nixpkgs-unstable", &[CommitId([0xee; 20])]).expect("places");
    assert_eq!(nowhere, [None], "a commit that is not there");
    let nowhere = source.places("no-such-branch", &[commit(90).id]).expect("places");
    assert_eq!(nowhere, [None], "a branch that is not there");
    assert_eq!(source.places("nixpkgs-unstable", &[]).expect("places"), []);
}
