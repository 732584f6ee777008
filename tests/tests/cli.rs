//! The program as its users run it: its own directories, its own environment, every word of its
//! output and every exit code looked at.

use std::{
    fs,
    io::{Read, Write},
    path::Path,
    process::{Command, Output, Stdio},
};

use model::{Package, contract::samples};
use nix_archiver_tests::{
    lsp_client::program,
    small_index::{package, packages, write},
};
use serde_json::Value;
use tempfile::TempDir;

/// A home of its own for the program.
struct Home {
    dir: TempDir,
}

impl Home {
    fn new() -> Self {
        Self { dir: tempfile::tempdir().expect("a directory") }
    }

    /// With an index in the place where the program looks for it.
    fn with(packages: &[Package]) -> Self {
        let home = Self::new();
        write(&home.path("data/nix-archiver/index"), packages);
        home
    }

    fn path(&self, below: &str) -> std::path::PathBuf {
        self.dir.path().join(below)
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(program());
        command
            .args(args)
            .env_clear()
            .env("HOME", self.path("home"))
            .env("XDG_DATA_HOME", self.path("data"))
            .env("XDG_CACHE_HOME", self.path("cache"))
            .current_dir(self.dir.path())
            .stdin(Stdio::null());
        command
    }

    #[track_caller]
    fn run(&self, args: &[&str]) -> Ran {
        Ran::from(self.command(args))
    }
}

/// What a run said and how it ended.
struct Ran {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Ran {
    #[track_caller]
    fn from(mut command: Command) -> Self {
        let Output { status, stdout, stderr } = command.output().expect("the program starts");
        let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
        let ran = Self { code: status.code(), out: text(stdout), err: text(stderr) };
        assert!(!ran.err.contains("panicked"), "{}", ran.err);
        ran
    }

    /// Holds it to an exit code and everything on both outputs.
    #[track_caller]
    fn is(&self, code: i32, out: &str, err: &str) {
        assert_eq!((self.code, self.out.as_str(), self.err.as_str()), (Some(code), out, err));
    }

    #[track_caller]
    fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|e| panic!("{e}: {} {}", self.out, self.err))
    }
}

#[test]
fn version_help_and_nonsense() {
    let home = Home::new();
    home.run(&["--version"]).is(0, concat!("nix-archiver ", env!("CARGO_PKG_VERSION"), "\n"), "");
    let help = home.run(&["--help"]);
    assert_eq!((help.code, help.err.as_str()), (Some(0), ""));
    for word in [
        "search",
        "info",
        "index",
        "lsp",
        "pin",
        "lock",
        "update",
        "check",
        "generate",
        "apply",
        "sync",
        "diff",
        "env",
        "completions",
        "man",
        "--index",
        "NIX_ARCHIVER_INDEX",
        "Exit codes",
    ] {
        assert!(help.out.contains(word), "{word} is not in {}", help.out);
    }
    assert!(!help.out.contains("starter"), "that command is for developers");
    for args in [
        &[][..],
        &["frobnicate"],
        &["search"],
        &["search", ""],
        &["search", "a", "b", "c"],
        &["search", "a", "--limit", "many"],
        &["info", "a..b"],
        &["info", "\"a"],
        &["--frob"],
    ] {
        let ran = home.run(args);
        assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""), "{args:?}: {}", ran.err);
        assert!(ran.err.starts_with("error: "), "{args:?}: {}", ran.err);
    }
}

#[test]
fn shells_and_man_are_told_what_there_is() {
    let home = Home::new();
    for (shell, words) in [
        ("bash", &["complete -F", "generate"][..]),
        ("zsh", &["#compdef nix-archiver", "generate"]),
        ("fish", &["complete -c nix-archiver", "generate"]),
    ] {
        let ran = home.run(&["completions", shell]);
        assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""));
        assert!(words.iter().all(|word| ran.out.contains(word)), "{shell}: {}", ran.out);
    }
    // Bash takes it.
    fs::write(home.path("script"), home.run(&["completions", "bash"]).out).expect("it is ours");
    let checked = Command::new("bash").arg("-n").arg(home.path("script")).output().expect("bash");
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
    let page = home.run(&["man"]);
    assert!(
        page.out.contains(".TH nix-archiver 1") && page.out.contains("nix\\-archiver\\-lock(1)"),
        "{}",
        page.out
    );
    let page = home.run(&["man", "lock"]);
    assert!(
        page.out.contains(".TH nix-archiver-lock 1") && page.out.contains("\\-\\-repo"),
        "{}",
        page.out
    );
    assert_eq!(home.run(&["man", "frobnicate"]).code, Some(2));
    assert_eq!(home.run(&["completions", "tcsh"]).code, Some(2));
}

#[test]
fn search_lists_names_and_then_words() {
    let home = Home::with(&packages());
    home.run(&["search", "python3"]).is(
        0,
        "package                   newest  last seen   versions  description\n\
         python3                   3.11.7  2024-12-31  2         A language\n\
         python3Packages.numpy     1.26.4  2024-12-31  1         Arrays\n\
         python3Packages.requests  2.28.2  2024-12-31  2         HTTP for humans\n",
        "",
    );
    home.run(&["search", "http humans"]).is(
        0,
        "package                   newest  last seen   versions  description\n\
         python3Packages.requests  2.28.2  2024-12-31  2         HTTP for humans\n",
        "",
    );
    home.run(&["search", "p", "--limit", "1"]).is(
        0,
        "package  newest  last seen   versions  description\n\
         python3  3.11.7  2024-12-31  2         A language\n",
        "There are more; `--limit N` shows them.\n",
    );
}

#[test]
fn search_with_a_version() {
    let home = Home::with(&packages());
    let ran = home.run(&["search", "n", "20"]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""));
    let lines: Vec<Vec<&str>> =
        ran.out.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(lines[1][..4], ["nodejs", "20.18.1", "2024-03-07", "2024-06-14"]);
    assert_eq!(lines[2][..4], ["nodejs", "20.11.0", "2023-11-28", "2024-03-06"]);
    assert!(lines[1][4].len() == 12 && lines[1][4].bytes().all(|b| b.is_ascii_hexdigit()));
    assert_eq!(lines.len(), 3);
}

#[test]
fn what_is_not_found_ends_with_1_and_the_nearest() {
    let home = Home::with(&packages());
    for (args, err) in [
        (&["search", "nodesj"][..], "nothing was found for nodesj; did you mean nodejs?\n"),
        (&["search", "wholly else"], "nothing was found for wholly else\n"),
        (
            &["search", "nodejs", "21"],
            "no version 21 was found for nodejs; near it there are 22.1.0, 22.0.0-rc.1, 20.18.1, \
             20.11.0, 18.20.0\n",
        ),
        (&["search", "nodesj", "21"], "no version 21 was found for nodesj; did you mean nodejs?\n"),
        (&["info", "pyhton3"], "pyhton3 was never there; did you mean python3?\n"),
        (
            &["info", "python3Packages.request"],
            "python3Packages.request was never there; did you \
                                                mean python3Packages.requests?\n",
        ),
        (&["info", "Nodejs"], "Nodejs was never there; did you mean nodejs?\n"),
        (
            &["info", "nodejs", "20.1"],
            "nodejs never had version 20.1; near it there are 20.18.1, \
                                       20.11.0\n",
        ),
    ] {
        home.run(args).is(1, "", err);
    }
}

#[test]
fn info_shows_every_version_and_how_to_get_it() {
    let home = Home::with(&samples());
    home.run(&["info", "firefox"]).is(
        0,
        "firefox 59.0.2\n\
         A web browser built from Firefox source tree\n\
         \n\
         version  first seen  at commit     last seen   at commit     note\n\
         59.0.2   2017-07-24  0a0a0a0a0a0a  2017-09-27  4b4b4b4b4b4b  still there, with gaps\n\
         52.0     2017-07-15  010101010101  2017-07-19  050505050505\n\
         \n\
         Get firefox 59.0.2:\n  \
           nix shell nixpkgs/4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b#firefox\n\
         nixpkgs was no flake at that time. If Nix says so:\n  \
           nix shell -f https://github.com/NixOS/nixpkgs/archive/\
           4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b.tar.gz firefox\n",
        "",
    );
    home.run(&["info", "python3Packages.requests", "2"]).is(
        0,
        "python3Packages.requests 2.18.4\n\
         HTTP for Humans\n  \
           homepage: http://docs.python-requests.org\n  \
           licence: Apache-2.0, MIT\n  \
           defined in: pkgs/development/python-modules/requests/default.nix\n  \
           marked as broken\n  \
           known vulnerability: CVE-2018-18074\n  \
           known vulnerability: \n\
         \n\
         version  branch            first seen  at commit     last seen   at commit     note\n\
         2.18.4   nixpkgs-unstable  2017-08-13  1e1e1e1e1e1e  2017-10-12  5a5a5a5a5a5a  still there\n\
         \n\
         Get python3Packages.requests 2.18.4:\n  \
           nix shell nixpkgs/5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a#python3Packages.requests\n\
         nixpkgs was no flake at that time. If Nix says so:\n  \
           nix shell -f https://github.com/NixOS/nixpkgs/archive/\
           5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a.tar.gz python3Packages.requests\n",
        "",
    );
    let alias = home.run(&["info", "nodejs-8_x"]);
    assert!(alias.out.contains("\n  the same as: nodejs\n"), "{}", alias.out);
    let quoted = home.run(&["info", "nodePackages.@angular/cli"]);
    let rev = "5a".repeat(20);
    let line = format!("  nix shell 'nixpkgs/{rev}#nodePackages.\"@angular/cli\"'\n");
    assert!(quoted.out.contains(&line), "{}", quoted.out);

    // Since nixpkgs is a flake, nothing more needs to be said.
    let newer = Home::with(&packages()).run(&["info", "git"]);
    assert!(
        newer.out.contains("nix shell nixpkgs/") && !newer.out.contains("flake"),
        "{}",
        newer.out
    );
}

#[test]
fn info_takes_the_exact_version_first() {
    let home = Home::with(&[package("a", "A", &["1.0.2", "1.0", "1"])]);
    let versions = |args: &[&str]| -> Vec<String> {
        let json = home.run(&[args, &["--json"]].concat()).json();
        let releases = json["package"]["releases"].as_array().expect("releases").clone();
        releases.iter().map(|r| r["version"].as_str().expect("text").to_owned()).collect()
    };
    assert_eq!(versions(&["info", "a"]), ["1.0.2", "1.0", "1"]);
    assert_eq!(versions(&["info", "a", "1.0"]), ["1.0"]);
    assert_eq!(versions(&["info", "a", "1.0.2"]), ["1.0.2"]);
    assert_eq!(versions(&["info", "a", "1.0.3"]), [""; 0]);
}

/// Every key of a value, with the keys above it.
fn keys(value: &Value, at: &str, out: &mut Vec<String>) {
    match value {
        Value::Object(object) => {
            for (key, value) in object {
                out.push(format!("{at}.{key}"));
                keys(value, &format!("{at}.{key}"), out);
            }
        }
        Value::Array(values) => {
            values.iter().for_each(|value| keys(value, &format!("{at}[]"), out))
        }
        _ => {}
    }
    out.sort();
    out.dedup();
}

#[test]
fn json_is_as_it_is_documented() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace");
    let page = fs::read_to_string(root.join("docs/json.md")).expect("the page");
    let home = Home::with(&samples());
    for (command, args) in
        [("search", &["search", "nodejs", "--json"][..]), ("info", &["info", "nodejs", "--json"])]
    {
        let (_, example) = page.split_once(&format!("```json {command}\n")).expect("an example");
        let (example, _) = example.split_once("```").expect("its end");
        let (mut documented, mut printed) = (Vec::new(), Vec::new());
        keys(&serde_json::from_str(example).expect("JSON"), "", &mut documented);
        keys(&home.run(args).json(), "", &mut printed);
        assert_eq!(printed, documented, "{command}");
    }
    let found = home.run(&["search", "firefox", "59", "--json"]).json();
    let releases = &found["packages"][0]["releases"];
    assert_eq!(releases[0]["version"], "59.0.2");
    assert_eq!(releases[0]["last"]["commit"], "4b".repeat(20));
    assert_eq!(releases[0]["spans"].as_array().map(Vec::len), Some(3));
    assert_eq!(found["index"]["origin"], "indexed");
}

#[test]
fn json_says_nothing_in_json() {
    let home = Home::with(&packages());
    let ran = home.run(&["search", "nodesj", "--json"]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(1), ""));
    assert_eq!(ran.json()["packages"], Value::Array(vec![]));
    assert_eq!(ran.json()["similar"][0], "nodejs");
    let ran = home.run(&["info", "nodesj", "--json"]);
    assert_eq!((ran.code, &ran.json()["package"]), (Some(1), &Value::Null));
    let ran = home.run(&["info", "nodejs", "20.1", "--json"]);
    assert_eq!(ran.code, Some(1));
    assert_eq!(ran.json()["package"]["releases"], Value::Array(vec![]));
    assert_eq!(ran.json()["similarVersions"][0], "20.18.1");
}

#[test]
fn without_an_index_the_starter_answers_and_says_so() {
    let home = Home::new();
    let ran = home.run(&["info", "git"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let index = home.path("data/nix-archiver/index");
    assert!(
        ran.err.starts_with("note: this is from the starter index, which goes to "),
        "{}",
        ran.err
    );
    assert!(ran.err.contains(" ago)"), "{}", ran.err);
    assert!(ran.err.contains(index.to_str().expect("text")), "{}", ran.err);
    assert!(!index.exists(), "a look-up makes no index");
    let unpacked = || fs::read_dir(home.path("cache/nix-archiver")).expect("the cache").count();
    assert_eq!(unpacked(), 1);
    let json = home.run(&["search", "git", "--json"]);
    assert_eq!((json.code, json.err.as_str()), (Some(0), ""));
    assert_eq!(json.json()["index"]["origin"], "starter");
    assert_eq!(unpacked(), 1);

    // Eight at once, in a new home.
    let home = Home::new();
    let all: Vec<_> = (0..8)
        .map(|_| {
            let mut command = home.command(&["search", "git"]);
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts")
        })
        .collect();
    for one in all {
        let output = one.wait_with_output().expect("it ends");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    assert_eq!(fs::read_dir(home.path("cache/nix-archiver")).expect("the cache").count(), 1);
}

#[test]
fn which_index_is_used() {
    let home = Home::with(&[package("in-data", "", &["1"])]);
    let (by_variable, by_option) = (home.path("a"), home.path("b"));
    write(&by_variable, &[package("in-variable", "", &["1"])]);
    write(&by_option, &[package("in-option", "", &["1"])]);
    let found = |variable: Option<&Path>, args: &[&str]| {
        let mut command = home.command(&[&["search", "in-", "--json"], args].concat());
        command.envs(variable.map(|dir| ("NIX_ARCHIVER_INDEX", dir)));
        Ran::from(command).json()["packages"][0]["name"].as_str().unwrap_or_default().to_owned()
    };
    assert_eq!(found(None, &[]), "in-data");
    assert_eq!(found(Some(Path::new("")), &[]), "in-data");
    assert_eq!(found(Some(&by_variable), &[]), "in-variable");
    assert_eq!(found(Some(&by_variable), &["--index", "b"]), "in-option");

    let mut homeless = home.command(&["--index", "b", "info", "in-option"]);
    homeless.env_clear();
    assert_eq!(Ran::from(homeless).code, Some(0));
}

#[test]
fn an_index_that_cannot_be_read() {
    let home = Home::with(&packages());
    let meta = home.path("data/nix-archiver/index/meta.json");
    let whole = fs::read_to_string(&meta).expect("the index");
    for (damage, says) in [
        (whole.replace(r#"\"format\":1"#, r#"\"format\":2"#), "has format 2; this program reads"),
        (whole[..whole.len() / 2].to_owned(), "cannot be read: "),
    ] {
        fs::write(&meta, damage).expect("written");
        for args in [&["search", "git"][..], &["info", "git"], &["search", "git", "--json"]] {
            let ran = home.run(args);
            assert_eq!((ran.code, ran.out.as_str()), (Some(3), ""), "{}", ran.err);
            assert!(ran.err.starts_with("error: ") && ran.err.contains(says), "{}", ran.err);
            assert!(ran.err.contains("\nhelp: ") && ran.err.contains("--repo PATH"), "{}", ran.err);
        }
    }
}

#[test]
fn a_reader_that_stops_early_is_no_error() {
    let many: Vec<_> =
        (0..3000).map(|n| package(&format!("p{n}"), "A description", &["1"])).collect();
    let home = Home::with(&many);
    for args in
        [&["search", "p", "--limit", "3000"][..], &["search", "p", "--limit", "3000", "--json"]]
    {
        let mut command = home.command(args);
        let mut child =
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
        let mut some = [0; 10];
        child.stdout.take().expect("piped").read_exact(&mut some).expect("it prints");
        let output = child.wait_with_output().expect("it ends");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "");
        assert_eq!(output.status.code(), Some(0));
    }
    let mut closed = home.command(&["--version"]);
    let mut child =
        closed.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

#[test]
fn the_log_goes_to_standard_error() {
    let home = Home::with(&packages());
    let quiet = home.run(&["search", "git"]);
    let mut command = home.command(&["search", "git"]);
    command.env("NIX_ARCHIVER_LOG", "trace");
    let loud = Ran::from(command);
    assert_eq!((loud.code, &loud.out), (quiet.code, &quiet.out));
    assert_eq!(quiet.err, "");
}

/// On a terminal there is a table, and how far the index goes.
#[test]
fn a_terminal_gets_a_table() {
    let home = Home::with(&packages());
    let mut script = home.command(&[]);
    script = {
        let mut wrapped = Command::new("script");
        let line = format!("'{}' search python3", script.get_program().display());
        wrapped.args(["--quiet", "--return", "--command", &line, "/dev/null"]);
        wrapped.env_clear();
        for (name, value) in script.get_envs().filter_map(|(n, v)| Some((n, v?))) {
            wrapped.env(name, value);
        }
        wrapped.env("PATH", "/usr/bin:/bin").env("SHELL", "/bin/sh").stdin(Stdio::null());
        wrapped
    };
    let ran = Ran::from(script);
    assert_eq!(ran.code, Some(0), "{}", ran.out);
    assert!(ran.out.contains('│') && ran.out.contains("python3Packages.numpy"), "{}", ran.out);
    assert!(ran.out.contains("The index covers nixpkgs-unstable to 2024-12-31 ("), "{}", ran.out);
}

/// Editors differ in how they start a server.
#[test]
fn every_way_to_start_the_server() {
    let home = Home::with(&packages());
    for args in [
        &["--stdio"][..],
        &["lsp"],
        &["lsp", "--stdio"],
        &["lsp", "--stdio", "--clientProcessId=5"],
        &["--stdio", "--clientProcessId=5"],
    ] {
        let mut command = home.command(args);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("it starts");
        let hello =
            r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"capabilities":{}}}"#;
        let mut input = child.stdin.take().expect("piped");
        write!(input, "Content-Length: {}\r\n\r\n{hello}", hello.len()).expect("it listens");
        let mut answer = [0; 200];
        let mut output = child.stdout.take().expect("piped");
        output.read_exact(&mut answer).expect("it answers");
        let answer = String::from_utf8_lossy(&answer);
        assert!(answer.contains("\"capabilities\""), "{args:?}: {answer}");
        drop((input, output));
        child.wait().expect("it ends with its input");
    }
}
