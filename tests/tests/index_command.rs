//! `nix-archiver index` as a process: what it prints, how it ends, and that no end of it, however
//! rude, harms the index.

use std::{
    collections::BTreeMap,
    path::Path,
    process::{Command, Output, Stdio},
    time::{Duration, Instant},
};

use catalog::{Ledger, Record, Writer};
use nix_archiver_tests::{
    lsp_client::{Client, program},
    repository::{ALL_PACKAGES, Repository, all_packages, package_file},
};
use serde_json::{Value, json};

/// The command with a repository and an index; more arguments may follow.
fn index(repository: &Path, index: &Path) -> Command {
    let mut command = Command::new(program());
    command.env_remove("NIX_ARCHIVER_INDEX").args(["index", "--repo"]).arg(repository);
    command.arg("--index").arg(index).stdin(Stdio::null());
    command
}

fn text(output: &Output) -> String {
    let (out, err) = (&output.stdout, &output.stderr);
    format!("{}{}", String::from_utf8_lossy(out), String::from_utf8_lossy(err))
}

fn succeed(command: &mut Command) -> String {
    let output = command.output().expect("the program starts");
    let text = text(&output);
    assert!(output.status.success(), "{text}");
    text
}

fn contents(dir: &Path) -> (Ledger, BTreeMap<String, Record>) {
    let writer = Writer::open(dir).expect("the index opens");
    let mut records = BTreeMap::new();
    let mut take = |record: Record| {
        records.insert(record.attr_path.to_string(), record);
    };
    writer.for_each_record(&mut take).expect("the index can be read");
    (writer.ledger().clone(), records)
}

/// Three packages that change their version in turn, over this many commits.
fn long_history(dir: &Path, commits: usize) {
    let mut git = Repository::nixpkgs(
        dir,
        "    a = callPackage ../a { };\n    b = callPackage ../b { };\n    c = callPackage ../c { \
         };\n    d = a;",
    );
    for name in ["a", "b", "c"] {
        git.package(name, "0");
    }
    let first = git.commit("init");
    let mut stream = String::new();
    for n in 1..commits {
        let name = ["a", "b", "c"][n % 3];
        let (path, file) = match n % 50 {
            0 => (
                ALL_PACKAGES.to_owned(),
                all_packages(&format!(
                    "    a = callPackage ../a {{ }};\n    b = {};\n    c = callPackage ../c {{ \
                     }};\n    d = a;\n    e{n} = c;",
                    if n % 100 == 0 { "null" } else { "callPackage ../b { }" }
                )),
            ),
            _ => (format!("pkgs/{name}/default.nix"), package_file(name, &format!("1.{}", n / 7))),
        };
        let from = if n == 1 { format!("from {first}\n") } else { String::new() };
        stream.push_str(&format!(
            "commit refs/heads/main\ncommitter A <a@example.org> {} +0000\ndata 1\n{}\n{from}M \
             100644 inline {path}\ndata {}\n{file}\n",
            1_600_000_000 + n,
            n % 10,
            file.len(),
        ));
    }
    git.import(&stream);
}

#[test]
fn a_run_and_what_it_says() {
    let dir = tempfile::tempdir().expect("there is room for a folder");
    let (repository, to) = (dir.path().join("nixpkgs"), dir.path().join("index"));
    long_history(&repository, 60);
    let said = succeed(&mut index(&repository, &to));
    assert!(said.contains("main: 60 new commits read"), "{said}");
    assert!(!said.contains("run the same command again"), "{said}");
    let said = succeed(&mut index(&repository, &to));
    assert!(said.contains("main: 0 new commits read; the index has it from 2020-01-01"), "{said}");

    let output = index(&repository, &to).args(["--dump-at", "main~59"]).output();
    let output = output.expect("the program starts");
    let table = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(
        table.lines().collect::<Vec<_>>(),
        ["attr_path\tpname\tversion", "a\ta\t0", "b\tb\t0", "c\tc\t0", "d\ta\t0"],
    );

    // What was read can be looked up.
    let mut search = Command::new(program());
    search.env_remove("NIX_ARCHIVER_INDEX").args(["info", "a", "0", "--index"]).arg(&to);
    let said = succeed(&mut search);
    assert!(said.contains("2020-01-01"), "{said}");
}

#[test]
fn releases_of_channels_win() {
    let dir = tempfile::tempdir().expect("there is room for a folder");
    let (repository, to) = (dir.path().join("nixpkgs"), dir.path().join("index"));
    long_history(&repository, 60);
    // The first package has version 1.1 from the commit 9 to the commit 14; this is the commit 12.
    let mut git = Command::new("git");
    let released = succeed(git.current_dir(&repository).args(["rev-parse", "main~47"]));
    let released = released.trim();
    let file = dir.path().join("history");
    std::fs::write(&file, format!("# ours\n2020-09-13 {} nixos-20.09\n", &released[..12]))
        .expect("ours");
    let mut with_history = index(&repository, &to);
    let said = succeed(with_history.arg("--channel-history").arg(&file));
    assert!(said.contains("1 of 1 channel releases are commits of the index"), "{said}");

    let run = |args: &[&str]| {
        let mut command = Command::new(program());
        command.current_dir(dir.path()).env("NIX_ARCHIVER_INDEX", &to).args(args);
        succeed(&mut command)
    };
    let said = run(&["info", "a", "1.1"]);
    assert!(said.contains("from a release of nixos-20.09:"), "{said}");
    assert!(said.contains(&format!("nixpkgs/{released}#a")), "{said}");
    let said = run(&["info", "a", "--json"]);
    let said: Value = serde_json::from_str(&said).expect("it is JSON");
    let releases = said["package"]["releases"].as_array().expect("a list");
    let marked = releases.iter().filter(|release| release.get("released").is_some());
    let marked: Vec<&Value> = marked.collect();
    assert_eq!((marked.len(), &marked[0]["version"]), (1, &json!("1.1")), "{said}");
    assert_eq!(marked[0]["released"]["channel"], "nixos-20.09");
    assert_eq!(marked[0]["released"]["commit"], released);
    let pins = "{ a = \"1.1\"; }\n";
    std::fs::write(dir.path().join("packages.nix"), pins).expect("ours");
    run(&["lock"]);
    let mut client = Client::greet(&to, json!({}));
    let uri = format!("file://{}", dir.path().join("packages.nix").display());
    client.open_as(&uri, pins);
    let at = json!({ "textDocument": { "uri": uri }, "position": { "line": 0, "character": 7 } });
    let hover = client.call("textDocument/hover", at);
    let hover = hover["contents"]["value"].as_str().expect("a text").to_owned();
    assert!(hover.contains("In channel nixos-20.09 of "), "{hover}");
    let locked = hover.lines().find(|line| line.starts_with("Locked")).unwrap_or_default();
    assert!(locked.ends_with(", in channel nixos-20.09"), "{hover}");
    client.stop();
    let lock = std::fs::read_to_string(dir.path().join("packages.lock")).expect("it was written");
    assert!(lock.contains(released), "{lock}");

    // What is known stays when the index grows and when no file is given.
    assert!(!succeed(&mut index(&repository, &to)).contains("channel releases"));
    assert!(run(&["info", "a", "1.1"]).contains("nixos-20.09"));
    std::fs::write(&file, "2020-09-13 nixos-20.09\n").expect("ours");
    let output = index(&repository, &to).arg("--channel-history").arg(&file).output();
    let output = output.expect("the program starts");
    assert_eq!(output.status.code(), Some(2), "{}", text(&output));
    assert!(
        text(&output).contains("history:1: it has 2 words; a line has a day"),
        "{}",
        text(&output)
    );
}

#[test]
fn mistakes_have_their_exit_code_and_say_what_to_do() {
    let dir = tempfile::tempdir().expect("there is room for a folder");
    let (repository, to) = (dir.path().join("nixpkgs"), dir.path().join("index"));
    long_history(&repository, 3);
    let nowhere = dir.path().join("nowhere");
    let cases: [(&Path, &[&str], i32, &str); 7] = [
        (&nowhere, &[], 3, "--repo"),
        (&repository, &["--branch", "mian"], 2, "main"),
        (&repository, &["--since", "tomorrow"], 2, "2018-05-11"),
        (&repository, &["--since", "2031-01-01"], 2, "newest"),
        (&repository, &["--dump-at", "v1"], 2, "v1"),
        (&repository, &["--dump-at", "main", "--since", "2020-01-01"], 2, "--since"),
        (&repository, &["--save-every=-1"], 2, "--save-every"),
    ];
    for (repository, more, code, says) in cases {
        let output = index(repository, &to).args(more).output().expect("the program starts");
        let said = text(&output);
        assert_eq!(output.status.code(), Some(code), "{more:?}: {said}");
        assert!(said.contains(says), "{more:?}: {said}");
    }
    let writer = Writer::open(&to).expect("the index opens");
    let output = index(&repository, &to).output().expect("the program starts");
    assert_eq!(output.status.code(), Some(3));
    let said = text(&output);
    assert!(said.contains(&std::process::id().to_string()) && said.contains("wait"), "{said}");
    drop(writer);
    succeed(&mut index(&repository, &to));
}

/// Kills the command at several moments, then lets it run to the end.
fn kill_and_go_on(mut command: impl FnMut() -> Command, moments: &[u64]) -> usize {
    let mut killed = 0;
    for after in moments {
        let mut child = command().stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let child = child.as_mut().expect("the program starts");
        std::thread::sleep(Duration::from_millis(*after));
        // On Unix this is signal 9.
        child.kill().expect("it may be killed");
        killed += usize::from(!child.wait().expect("it ends").success());
    }
    succeed(&mut command());
    killed
}

/// On a history made for it and, where `NIXPKGS_REPO` names a clone, on its newest commits too.
#[test]
fn killed_and_started_again() {
    let dir = tempfile::tempdir().expect("there is room for a folder");
    let made = dir.path().join("nixpkgs");
    long_history(&made, 1_000);
    let mut histories = vec![(made, ["main", "main~999", "0.02"])];
    if let Some(real) = std::env::var_os("NIXPKGS_REPO") {
        let few = ["nixpkgs-unstable", "nixpkgs-unstable~300", "0.2"];
        histories.push((real.into(), few));
    }
    for (i, (repository, [branch, since, save])) in histories.into_iter().enumerate() {
        let (whole, pieces) =
            (dir.path().join(format!("whole{i}")), dir.path().join(format!("pieces{i}")));
        let run = |to: &Path| {
            let mut command = index(&repository, to);
            command.args(["--branch", branch, "--since", since, "--save-every", save]);
            command
        };
        let begun = Instant::now();
        succeed(&mut run(&whole));
        let all = u64::try_from(begun.elapsed().as_millis()).expect("it does not take ages");
        let killed = kill_and_go_on(|| run(&pieces), &[5, all / 5, all / 3, all / 2]);
        assert!(killed > 0, "it was never killed in time");
        assert!(contents(&pieces) == contents(&whole), "{} differs", repository.display());
    }
}

#[cfg(unix)]
#[test]
fn ctrl_c_saves_and_says_how_to_go_on() {
    let dir = tempfile::tempdir().expect("there is room for a folder");
    let repository = dir.path().join("nixpkgs");
    long_history(&repository, 3_000);
    let (whole, pieces) = (dir.path().join("whole"), dir.path().join("pieces"));
    succeed(&mut index(&repository, &whole));
    let child = index(&repository, &pieces)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    // The index is there as soon as the program listens.
    let begun = Instant::now();
    while !pieces.join("meta.json").exists() && begun.elapsed() < Duration::from_secs(20) {
        std::thread::sleep(Duration::from_millis(2));
    }
    let id = child.id().to_string();
    let sent = Command::new("kill").args(["-INT", &id]).status().expect("kill is installed");
    assert!(sent.success());
    let output = child.wait_with_output().expect("it ends");
    let said = text(&output);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("stopped early; run the same command again"), "{said}");
    let said = succeed(&mut index(&repository, &pieces));
    assert!(!said.contains("main: 0 new commits"), "{said}");
    assert_eq!(contents(&pieces), contents(&whole));
}

/// A limit on the size of files stands in for a full disk: both are writes that fail.
#[cfg(unix)]
#[test]
fn a_write_that_fails_leaves_the_index_as_it_was() {
    let dir = tempfile::tempdir().expect("there is room for a folder");
    let (repository, to) = (dir.path().join("nixpkgs"), dir.path().join("index"));
    long_history(&repository, 2_000);
    succeed(index(&repository, &to).args(["--branch", "main", "--since", "main~10"]));
    let before = contents(&to);
    long_history(&dir.path().join("other"), 2_000);
    let other = index(&dir.path().join("other"), &to);
    let mut limited = Command::new("sh");
    // Blocks are of 512 bytes; the ledger alone is bigger than twenty of them.
    limited.args(["-c", "trap '' XFSZ; ulimit -f 20; exec \"$0\" \"$@\""]).arg(other.get_program());
    limited.args(other.get_args()).env_remove("NIX_ARCHIVER_INDEX").stdin(Stdio::null());
    let renamed = Command::new("git")
        .args(["-C"])
        .arg(dir.path().join("other"))
        .args(["branch", "--quiet", "-m", "main", "long"])
        .status()
        .expect("git is installed");
    assert!(renamed.success());
    let output = limited.output().expect("sh is installed");
    let said = text(&output);
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(said.contains("cannot be written") && said.contains("room"), "{said}");
    assert_eq!(contents(&to), before);
    // With room enough it goes on.
    succeed(&mut index(&dir.path().join("other"), &to));
    assert_eq!(contents(&to).0.branches.len(), 2);
}
