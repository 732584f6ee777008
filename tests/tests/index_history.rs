//! Histories made by git, read into an index: what is in it is what was there, commit by commit.

use std::{
    collections::BTreeMap,
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use catalog::{Ledger, Record, Writer};
use indexer::{Error, Options, Progress, Report};
use model::{
    Commit,
    date::{DAY, parse_day},
};
use nix_archiver_tests::repository::{Repository, package_file};
use tempfile::TempDir;

/// A place for a repository and an index.
struct Place {
    dir: TempDir,
}

impl Place {
    fn new() -> Self {
        Self { dir: tempfile::tempdir().expect("there is room for a folder") }
    }

    fn repository(&self) -> std::path::PathBuf {
        self.dir.path().join("nixpkgs")
    }

    fn options(&self) -> Options {
        Options::new(self.repository())
    }

    fn index(&self) -> Result<Report, Error> {
        self.index_with(&self.options())
    }

    fn index_with(&self, options: &Options) -> Result<Report, Error> {
        index(options, &self.dir.path().join("index"))
    }

    fn contents(&self) -> Contents {
        contents(&self.dir.path().join("index"))
    }

    /// `version first..last` of each span of an attribute path, by commit number; `..` is open.
    fn spans(&self, attr_path: &str) -> Vec<String> {
        let (_, records) = self.contents();
        let Some(record) = records.get(attr_path) else { return Vec::new() };
        let mut spans = Vec::new();
        for release in &record.releases {
            for span in &release.spans {
                let last = span.last.map(|last| last.to_string()).unwrap_or_default();
                spans.push((span.first, format!("{} {}..{last}", release.version, span.first)));
            }
        }
        spans.sort();
        spans.into_iter().map(|(_, text)| text).collect()
    }
}

type Contents = (Ledger, BTreeMap<String, Record>);

fn contents(dir: &Path) -> Contents {
    let writer = Writer::open(dir).expect("the index opens");
    let mut records = BTreeMap::new();
    let mut take = |record: Record| {
        let before = records.insert(record.attr_path.to_string(), record);
        assert_eq!(before, None, "one record for each attribute path");
    };
    writer.for_each_record(&mut take).expect("the index can be read");
    (writer.ledger().clone(), records)
}

fn index(options: &Options, dir: &Path) -> Result<Report, Error> {
    let mut writer = Writer::open(dir)?;
    let report = indexer::run(options, &mut writer, &mut Silent, &AtomicBool::new(false))?;
    writer.close()?;
    Ok(report)
}

struct Silent;

impl Progress for Silent {
    fn begin(&mut self, _: &str, _: usize) {}
    fn read(&mut self, _: usize, _: Commit) {}
    fn saved(&mut self, _: Commit) {}
}

const FOO: &str = "    foo = callPackage ../foo { };";

/// Six commits: 1.0 twice, 1.1, another file, gone, 1.1 again.
fn six_commits(place: &Place) -> Repository {
    let mut git = Repository::nixpkgs(&place.repository(), FOO);
    git.package("foo", "1.0");
    git.commit("foo: init at 1.0");
    git.write("README", "nothing to see");
    git.commit("README: init");
    git.package("foo", "1.1");
    git.commit("foo: 1.0 -> 1.1");
    git.bindings("    foo = callPackage ../foo { };\n    bar = foo;");
    git.commit("bar: init");
    git.bindings("    bar = null;");
    git.commit("foo: remove");
    git.bindings("    foo = callPackage ../foo { };");
    git.commit("foo: bring back");
    git
}

#[test]
fn spans_are_what_was_there_at_each_commit() {
    let place = Place::new();
    let git = six_commits(&place);
    let report = place.index().expect("it is read");
    assert_eq!(place.spans("foo"), ["1.0 0..1", "1.1 2..3", "1.1 5.."]);
    assert_eq!(place.spans("bar"), ["1.1 3..3"]);
    assert_eq!((report.branch.as_str(), report.commits, report.failed), ("main", 6, 0));
    let (ledger, records) = place.contents();
    let log = git.git(&["log", "--reverse", "--format=%H %ct"]);
    let read = ledger.branches[0].commits.iter().map(|c| format!("{} {}", c.id, c.date));
    assert_eq!(read.collect::<Vec<_>>(), log.lines().collect::<Vec<_>>());
    let foo = &records["foo"].releases[0].facts;
    assert_eq!(foo.description.as_deref(), Some("The foo"));
    assert_eq!(foo.file.as_deref(), Some("pkgs/foo/default.nix"));
}

#[test]
fn two_runs_give_what_one_gives() {
    for packed in [false, true] {
        let (one, two) = (Place::new(), Place::new());
        six_commits(&one);
        let git = six_commits(&two);
        if packed {
            git.git(&["gc", "--quiet", "--prune=now"]);
        }
        one.index().expect("it is read");
        for n in (0..6).rev() {
            git.git(&["branch", "--force", "slow", &format!("main~{n}")]);
            let options = Options { branch: Some("slow".to_owned()), ..two.options() };
            let report = two.index_with(&options).expect("it is read");
            assert_eq!(report.commits, 1);
            // Nothing new: nothing to do.
            assert_eq!(two.index_with(&options).expect("it is read").commits, 0);
        }
        let (mut ledger, records) = two.contents();
        ledger.branches[0].name = "main".into();
        assert_eq!((ledger, records), one.contents());
    }
}

#[test]
fn only_the_first_parents_count() {
    let place = Place::new();
    let mut git = Repository::nixpkgs(&place.repository(), FOO);
    git.package("foo", "1.0");
    git.commit("foo: init at 1.0");
    git.git(&["checkout", "--quiet", "-b", "side"]);
    git.package("foo", "1.1");
    git.commit("foo: 1.0 -> 1.1");
    git.package("foo", "1.2");
    git.commit("foo: 1.1 -> 1.2");
    git.git(&["checkout", "--quiet", "main"]);
    git.write("README", "on main");
    git.commit("README: init");
    git.merge("side");
    place.index().expect("it is read");
    // 1.1 was never there on this line, and the merge brought 1.2.
    assert_eq!(place.spans("foo"), ["1.0 0..1", "1.2 2.."]);

    // The side branch is a line of its own in the same index.
    let side = Options { branch: Some("side".to_owned()), ..place.options() };
    place.index_with(&side).expect("it is read");
    let (ledger, records) = place.contents();
    assert_eq!(ledger.branches.len(), 2);
    let versions: Vec<_> =
        records["foo"].releases.iter().map(|r| (r.version.as_str(), r.spans.len())).collect();
    assert_eq!(versions, [("1.2", 2), ("1.1", 1), ("1.0", 2)]);
}

/// What is said of a branch alone, with the branch's place left out.
fn of_branch(contents: Contents, name: &str) -> (Vec<Commit>, BTreeMap<String, Vec<String>>) {
    let (ledger, records) = contents;
    let place = ledger.branches.iter().position(|b| &*b.name == name).expect("it was read");
    let commits = ledger.branches[place].commits.clone();
    let mut spans = BTreeMap::<String, Vec<String>>::new();
    for (path, record) in records {
        for release in record.releases {
            for span in release.spans.iter().filter(|s| usize::from(s.branch) == place) {
                let text = format!("{} {}..{:?}", release.version, span.first, span.last);
                spans.entry(path.clone()).or_default().push(text);
            }
        }
    }
    (commits, spans)
}

#[test]
fn what_branches_share_is_the_same_as_read_anew() {
    let (both, alone) = (Place::new(), Place::new());
    for place in [&both, &alone] {
        let mut git = six_commits(place);
        git.git(&["checkout", "--quiet", "-b", "release", "main~2"]);
        git.package("foo", "1.1.1");
        git.commit("foo: 1.1 -> 1.1.1");
        git.git(&["checkout", "--quiet", "main"]);
    }
    both.index().expect("main is read");
    let on = |place: &Place, branch: &str| Options {
        branch: Some(branch.to_owned()),
        ..place.options()
    };
    let release = both.index_with(&on(&both, "release")).expect("it is read");
    assert_eq!(release.commits, 1, "the rest is known from main");
    alone.index_with(&on(&alone, "release")).expect("it is read");
    assert_eq!(of_branch(both.contents(), "release"), of_branch(alone.contents(), "release"));
    alone.index_with(&on(&alone, "main")).expect("it is read");
    assert_eq!(of_branch(both.contents(), "main"), of_branch(alone.contents(), "main"));
}

fn verify(place: &Place) -> indexer::Verified {
    let (ledger, records) = place.contents();
    let records: Vec<_> = records.into_values().collect();
    let never = AtomicBool::new(false);
    indexer::verify(&place.repository(), &ledger, &records, 200, 7, &never, &mut |_| {})
        .expect("the repository can be read")
}

#[test]
fn the_index_is_held_against_the_repository() {
    let place = Place::new();
    six_commits(&place);
    place.index().expect("it is read");
    let verified = verify(&place);
    assert_eq!(verified.differences, []);
    assert!(verified.versions > 100 && verified.versions < verified.looked_at, "{verified:?}");
    // A span that goes too far, and one that is missing.
    let (ledger, records) = place.contents();
    let mut writer = Writer::open(&place.dir.path().join("index")).expect("the index opens");
    let mut foo = records["foo"].clone();
    for release in &mut foo.releases {
        release.spans.retain(|span| span.first != 5);
        release.spans.iter_mut().filter(|s| s.last == Some(3)).for_each(|s| s.last = Some(4));
    }
    writer.put(foo).expect("the record is sound");
    writer.commit(ledger).expect("it is written");
    writer.close().expect("it is closed");
    let found = verify(&place).differences;
    let wrong = |index: Option<&str>, place: i64| {
        let date = place * DAY + parse_day("2020-01-01").expect("a day") + DAY / 2;
        found.iter().any(|d| d.index.as_deref() == index && d.commit.date == date)
    };
    assert!(wrong(Some("1.1"), 4) && wrong(None, 5), "{found:?}");
}

#[test]
fn renamed_files_by_name_packages_and_crlf() {
    let place = Place::new();
    let mut git = Repository::nixpkgs(&place.repository(), FOO);
    git.package("foo", "1.0");
    git.commit("foo: init at 1.0");
    git.remove("pkgs/foo/default.nix");
    git.write("pkgs/tools/foo.nix", &package_file("foo", "1.0"));
    git.bindings("    foo = callPackage ../tools/foo.nix { };");
    git.commit("foo: move");
    git.remove("pkgs/tools/foo.nix");
    git.write("pkgs/by-name/fo/foo/package.nix", &package_file("foo", "1.0"));
    git.bindings("");
    git.commit("foo: move to by-name");
    git.write("pkgs/by-name/fo/foo/package.nix", &package_file("foo", "1.1"));
    git.commit("foo: 1.0 -> 1.1");
    let crlf = package_file("foo", "1.2").replace('\n', "\r\n");
    git.write("pkgs/by-name/fo/foo/package.nix", &crlf);
    git.commit("foo: 1.1 -> 1.2");
    git.remove("pkgs/by-name/fo/foo/package.nix");
    git.commit("foo: remove");
    place.index().expect("it is read");
    assert_eq!(place.spans("foo"), ["1.0 0..2", "1.1 3..3", "1.2 4..4"]);
}

#[test]
fn an_absent_blob_is_unknown_and_ends_nothing_else() {
    let place = Place::new();
    let both = "    foo = callPackage ../foo { };\n    bar = callPackage ../bar { };";
    let mut git = Repository::nixpkgs(&place.repository(), both);
    git.package("foo", "1.0");
    git.package("bar", "1.0");
    git.commit("foo, bar: init");
    git.package("foo", "1.1");
    git.commit("foo: 1.0 -> 1.1");
    let blob = git.git(&["rev-parse", "HEAD:pkgs/foo/default.nix"]);
    git.package("foo", "1.2");
    git.commit("foo: 1.1 -> 1.2");
    git.delete_object(&blob);
    let report = place.index().expect("it is read");
    assert_eq!(place.spans("foo"), ["1.0 0..0", "1.2 2.."]);
    assert_eq!(place.spans("bar"), ["1.0 0.."]);
    assert_eq!((report.absent, report.failed), (1, 0));
}

#[test]
fn an_absent_tree_fails_its_commit_alone() {
    let place = Place::new();
    let mut git = Repository::nixpkgs(&place.repository(), FOO);
    git.package("foo", "1.0");
    git.commit("foo: init at 1.0");
    git.write("README", "a tree of its own");
    git.commit("README: init");
    let tree = git.git(&["rev-parse", "HEAD^{tree}"]);
    git.write("README", "another");
    git.commit("README: again");
    git.delete_object(&tree);
    let report = place.index().expect("it is read");
    assert_eq!(place.spans("foo"), ["1.0 0..0", "1.0 2.."]);
    assert_eq!((report.absent, report.failed), (1, 1));
    assert_eq!(place.contents().0.branches[0].failed, [1]);
}

#[test]
fn a_commit_that_failed_at_the_end_is_tried_again() {
    let place = Place::new();
    let mut git = Repository::nixpkgs(&place.repository(), FOO);
    git.package("foo", "1.0");
    git.commit("foo: init at 1.0");
    git.write("README", "a tree of its own");
    git.commit("README: init");
    let tree = git.git(&["rev-parse", "HEAD^{tree}"]);
    git.delete_object(&tree);
    assert_eq!(place.index().expect("it is read").failed, 1);
    assert_eq!(place.spans("foo"), ["1.0 0..0"]);
    // The tree comes back, as a fetch may bring it.
    git.git(&["add", "--all"]);
    git.git(&["write-tree"]);
    git.write("README", "more");
    git.commit("README: more");
    assert_eq!(place.index().expect("it is read").failed, 0);
    assert_eq!(place.spans("foo"), ["1.0 0..0", "1.0 1.."]);
}

#[test]
fn a_damaged_object_stops_the_run_and_leaves_the_index() {
    let place = Place::new();
    let mut git = six_commits(&place);
    place.index().expect("it is read");
    let before = place.contents();
    git.package("foo", "2.0");
    let at = git.commit("foo: 1.1 -> 2.0");
    let blob = git.git(&["rev-parse", "HEAD:pkgs/foo/default.nix"]);
    git.damage_object(&blob);
    let error = place.index().expect_err("an object is damaged");
    let text = error.to_string();
    assert!(matches!(error, Error::Corrupt { .. }), "{text}");
    assert!(
        text.contains(&blob) && text.contains(&at[..12]) && text.contains("git fsck"),
        "{text}"
    );
    assert_eq!(place.contents(), before);
}

#[test]
fn a_shallow_clone_begins_where_it_begins() {
    let place = Place::new();
    let full = Place::new();
    six_commits(&full);
    let from = format!("file://{}", full.repository().display());
    let git = Repository::new(&place.dir.path().join("scratch"));
    let to = place.repository().display().to_string();
    git.git(&["clone", "--quiet", "--bare", "--depth", "4", &from, &to]);
    let report = place.index().expect("it is read");
    assert_eq!(report.commits, 4);
    assert_eq!(place.spans("foo"), ["1.1 0..1", "1.1 3.."]);
}

#[test]
fn since_a_day_or_a_commit() {
    for since in ["2020-01-03", "main~3", "HEAD~3"] {
        let place = Place::new();
        let mut git = six_commits(&place);
        let options = Options { since: Some(since.to_owned()), ..place.options() };
        assert_eq!(place.index_with(&options).expect("it is read").commits, 4, "{since}");
        assert_eq!(place.spans("foo"), ["1.1 0..1", "1.1 3.."], "{since}");
        // The same command goes on, and so does one that asks for less.
        git.commit("nothing");
        let options = Options {
            since: Some(if since.contains('~') { "main~4" } else { since }.to_owned()),
            ..place.options()
        };
        assert_eq!(place.index_with(&options).expect("it is read").commits, 1, "{since}");
        // To begin earlier would leave a hole in the ledger.
        for earlier in ["2020-01-02", "main~5"] {
            let options = Options { since: Some(earlier.to_owned()), ..place.options() };
            let error = place.index_with(&options).expect_err("the index begins later");
            assert!(matches!(error, Error::BeginsLater { .. }), "{error}");
        }
    }
    // A day before everything is no earlier beginning than the root.
    let place = Place::new();
    six_commits(&place);
    place.index().expect("it is read");
    let options = Options { since: Some("2000-01-01".to_owned()), ..place.options() };
    assert_eq!(place.index_with(&options).expect("it is read").commits, 0);
}

#[test]
fn what_does_not_exist_is_said() {
    let place = Place::new();
    let mut git = six_commits(&place);
    git.git(&["branch", "nixpkgs-unstable"]);
    git.git(&["update-ref", "refs/remotes/origin/nixos-20.03", "main"]);
    git.git(&["checkout", "--quiet", "-b", "side", "main~2"]);
    let aside = git.commit("off the line");
    git.git(&["checkout", "--quiet", "main"]);
    let run = |branch: Option<&str>, since: Option<&str>| {
        let options = Options {
            branch: branch.map(str::to_owned),
            since: since.map(str::to_owned),
            ..place.options()
        };
        place.index_with(&options)
    };
    for (branch, since, says) in [
        (Some("nixpkgs-unstabl"), None, "there is nixpkgs-unstable"),
        (Some("nixos-20.3"), None, "origin/nixos-20.03"),
        (None, Some("yesterday"), "neither a day"),
        (None, Some("2020-02-31"), "neither a day"),
        (None, Some("0123456789012345678901234567890123456789"), "neither a day"),
        (None, Some("2021-01-01"), "its newest is of 2020-01-06"),
        (None, Some(aside.as_str()), "git log --first-parent main"),
    ] {
        let text = run(branch, since).expect_err("there is no such thing").to_string();
        assert!(text.contains(says), "{text}");
        assert!(place.contents().1.is_empty());
    }
    // A remote's branch is found by its own name, and kept under it.
    for name in ["nixos-20.03", "origin/nixos-20.03"] {
        assert_eq!(run(Some(name), None).expect("it is read").branch, "nixos-20.03");
    }
    git.git(&["checkout", "--quiet", "--detach"]);
    let text = run(None, None).expect_err("no branch is checked out").to_string();
    assert!(text.contains("--branch"), "{text}");
    let nowhere = Options::new(place.dir.path().join("nowhere"));
    let text = place.index_with(&nowhere).expect_err("there is no repository").to_string();
    assert!(text.contains("nowhere") && text.contains("--repo"), "{text}");
}

#[test]
fn a_branch_that_was_rewritten_is_refused() {
    let place = Place::new();
    let mut git = six_commits(&place);
    place.index().expect("it is read");
    let before = place.contents();
    git.git(&["reset", "--quiet", "--hard", "main~1"]);
    git.commit("another past");
    let error = place.index().expect_err("the past changed");
    assert!(matches!(error, Error::Rewritten { .. }), "{error}");
    assert!(error.to_string().contains("--index"), "{error}");
    assert_eq!(place.contents(), before);
}

#[test]
fn an_interrupt_saves_and_a_later_run_goes_on() {
    /// Asks for the end at a commit.
    struct Stop<'a>(usize, &'a AtomicBool);
    impl Progress for Stop<'_> {
        fn begin(&mut self, _: &str, _: usize) {}
        fn read(&mut self, done: usize, _: Commit) {
            self.1.store(done == self.0, Ordering::Relaxed);
        }
        fn saved(&mut self, _: Commit) {}
    }
    let (place, whole) = (Place::new(), Place::new());
    six_commits(&place);
    six_commits(&whole);
    whole.index().expect("it is read");
    let dir = place.dir.path().join("index");
    let stop = AtomicBool::new(false);
    let mut writer = Writer::open(&dir).expect("the index opens");
    let report = indexer::run(&place.options(), &mut writer, &mut Stop(4, &stop), &stop)
        .expect("it is read");
    assert!(report.interrupted);
    assert_eq!(report.commits, 4);
    drop(writer);
    assert_eq!(place.spans("foo"), ["1.0 0..1", "1.1 2.."]);
    let report = place.index().expect("it is read");
    assert!(!report.interrupted);
    assert_eq!(report.commits, 2);
    assert_eq!(place.contents(), whole.contents());
}

#[test]
fn saving_often_changes_nothing() {
    let (place, whole) = (Place::new(), Place::new());
    six_commits(&place);
    six_commits(&whole);
    whole.index().expect("it is read");
    place
        .index_with(&Options { save_every: Duration::ZERO, ..place.options() })
        .expect("it is read");
    assert_eq!(place.contents(), whole.contents());
}

#[test]
fn two_writers_at_once() {
    let place = Place::new();
    six_commits(&place);
    let dir = place.dir.path().join("index");
    let first = Writer::open(&dir).expect("the index opens");
    let error = place.index().expect_err("it is locked");
    assert!(matches!(error, Error::Catalog(catalog::Error::Locked { .. })), "{error}");
    drop(first);
    place.index().expect("it is read");
}

#[test]
fn an_empty_history_and_a_history_without_packages() {
    let place = Place::new();
    let mut git = Repository::new(&place.repository());
    let error = place.index().expect_err("there is no commit");
    assert!(error.to_string().contains("--branch"), "{error}");
    git.write("README", "no packages");
    git.commit("README");
    let report = place.index().expect("it is read");
    assert_eq!((report.commits, report.known, report.unknown), (1, 0, 0));
    assert!(place.contents().1.is_empty());
}
