//! What goes wrong around the files that the program writes: it says so, names the file, and the old
//! file is whole.
#![cfg(unix)]

use std::{
    fs,
    process::{Command, Stdio},
    thread,
    time::Duration,
};

use nix_archiver_tests::{home::Home, lsp_client::program, nix::end};

/// Killed at any moment of its run: what is there is the old file or the new one.
#[test]
fn a_killed_command_leaves_the_old_file_or_the_new_one() {
    let home = Home::new("{ nodejs = \"18.20.0\"; git = \"*\"; }\n");
    home.ends(0, &["lock"]);
    home.ends(0, &["apply", "--target", "flake", "--as-root"]);
    let old = (home.text("packages.lock"), home.text("flake.nix"));
    fs::write(home.path("packages.nix"), "{ nodejs = \"20.11.0\"; git = \"*\"; }\n").expect("ours");
    home.ends(0, &["lock"]);
    home.ends(0, &["apply", "--target", "flake", "--as-root"]);
    let new = (home.text("packages.lock"), home.text("flake.nix"));
    assert!(old.0 != new.0 && old.1 != new.1);

    let mut seen = [0, 0];
    for moment in 0..60 {
        // The lock of the old pins, to be replaced; the flake of the new ones is refused then.
        fs::write(home.path("packages.lock"), &old.0).expect("it is ours");
        let mut lock = home.command(&["lock"]);
        let mut lock = lock.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts");
        thread::sleep(Duration::from_micros(moment * 500));
        lock.kill().expect("it is ours");
        lock.wait().expect("it ends");
        let now = home.text("packages.lock");
        assert!(now == old.0 || now == new.0, "after {moment}: {now}");
        seen[usize::from(now == new.0)] += 1;

        fs::write(home.path("packages.lock"), &new.0).expect("it is ours");
        fs::write(home.path("flake.nix"), &old.1).expect("it is ours");
        let mut apply = home.command(&["apply", "--target", "flake", "--as-root"]);
        let apply = apply.stdout(Stdio::null()).stderr(Stdio::null());
        let mut apply = apply.spawn().expect("it starts");
        thread::sleep(Duration::from_micros(moment * 300));
        apply.kill().expect("it is ours");
        apply.wait().expect("it ends");
        let now = home.text("flake.nix");
        assert!(now == old.1 || now == new.1, "after {moment}: {now}");
    }
    assert!(seen[0] > 0, "never killed in time");
    home.ends(0, &["lock"]);
    assert_eq!(home.text("packages.lock"), new.0);
}

/// On a disk of its own that is full, or may not be written.
#[test]
fn a_full_disk_and_one_that_may_not_be_written() {
    let home = Home::new("{ git = \"*\"; }\n");
    fs::create_dir(home.path("disk")).expect("it is ours");
    // A mount that nobody else sees; users who are not root are root in there.
    let script = r#"
        set -e
        mount -t tmpfs -o size=64k none disk
        cp packages.nix disk/
        $PROGRAM lock disk/packages.nix > /dev/null 2>&1
        cp disk/packages.lock old.lock
        echo '{ git = "*"; nodejs = "*"; }' > disk/packages.nix
        head -c 200000 /dev/zero > disk/filler 2> /dev/null || true
        set +e
        for command in "lock disk/packages.nix" "pin python3 --file disk/packages.nix" \
            "generate -i disk/packages.nix -o disk/made.nix --format shell"; do
            $PROGRAM $command > out 2> err; echo "full: $? $(cat err)"
        done
        cmp disk/packages.lock old.lock && echo whole; ls -A disk
        rm disk/filler
        mount -o remount,ro disk
        for command in "lock disk/packages.nix" "fmt disk/packages.nix"; do
            $PROGRAM $command > out 2> err; echo "read-only: $? $(cat err)"
        done
        cmp disk/packages.lock old.lock && echo whole
    "#;
    let mut shell = Command::new("unshare");
    home.surround(&mut shell);
    shell.args(["--user", "--map-root-user", "--mount", "/bin/sh", "-c", script]);
    let said = end(shell.env("PROGRAM", program()));
    let out = &said.out;
    assert_eq!(said.code, Some(0), "{out}{}", said.err);
    for words in [
        "full: 3 error: writing disk/packages.lock: ",
        "full: 3 error: writing disk/packages.nix: ",
        "read-only: 3 error: writing disk/packages.lock: ",
        "No space left on device",
        "Read-only file system",
    ] {
        assert!(out.contains(words), "{words}: {out}");
    }
    assert_eq!(out.matches("whole\n").count(), 2, "{out}");
    // Neither what could not be written, nor pieces of it.
    assert!(!out.contains("made.nix\n") && !out.contains("\n.nix-archiver"), "{out}");
}

#[test]
fn links_are_followed_and_stay() {
    let home = Home::new("{ git = \"*\"; }\n");
    fs::create_dir(home.path("real")).expect("it is ours");
    let link = |from: &str, to: &str| {
        std::os::unix::fs::symlink(to, home.path(from)).expect("it is ours");
    };
    fs::rename(home.path("packages.nix"), home.path("real/pins.nix")).expect("it is ours");
    link("packages.nix", "real/pins.nix");
    home.ends(0, &["lock"]);
    assert!(home.path("packages.lock").is_file(), "the lock is beside the name that was given");
    fs::rename(home.path("packages.lock"), home.path("real/pins.lock")).expect("it is ours");
    link("packages.lock", "real/pins.lock");
    home.ends(0, &["pin", "nodejs@18.20.0"]);
    home.ends(0, &["lock"]);
    assert!(home.path("packages.lock").is_symlink() && home.path("packages.nix").is_symlink());
    assert!(home.text("real/pins.lock").contains("18.20.0"));
    assert_eq!(home.left_behind(), [""; 0]);
    // A link that leads nowhere.
    link("lost.nix", "nowhere.nix");
    let lost = home.ends(3, &["lock", "lost.nix"]);
    assert!(lost.err.contains("lost.nix"), "{}", lost.err);
}

/// Each is an error of its own, with its file and line.
#[test]
fn bad_input_is_said_with_its_place() {
    let home = Home::new("{\n  git = \"2.44.0\";\n  nodejs = \"^20\";\n}\n");
    home.ends(0, &["lock"]);
    let lock = home.text("packages.lock");
    for (from, to, place, words) in [
        ("\"version\": 1\n", "\"version\": 7\n", "packages.lock:", "the lock has format 7"),
        (
            "\"requirement\": \"2.44.0\"",
            "\"requirement\": \"2.43.0\"",
            "packages.nix:2:3",
            "the lock was made for `git` \"2.43.0\"",
        ),
        (
            "\"version\": \"2.44.0\"",
            "\"version\": \"2.45.0\"",
            "packages.lock:8:5",
            "which does not meet \"2.44.0\"",
        ),
        (
            "\"version\": \"20.18.1\"",
            "\"version\": \"20.11.0\"",
            "packages.lock:",
            "and it had version 20.18.1 at ",
        ),
        (
            "\"revision\": \"nixpkgs-1\"",
            "\"revision\": \"nixpkgs-3\"",
            "packages.lock:",
            "no revision `nixpkgs-3`",
        ),
        ("\"attrPath\"", "\"attributePath\"", "packages.lock:", "`attributePath`"),
        (
            "\"git\": {",
            "\"gitt\": {",
            "packages.lock:",
            "the pin `gitt` has the attribute path of `git`",
        ),
        ("{", "", "packages.lock:", "this is not JSON"),
    ] {
        let damaged = lock.replacen(from, to, 1);
        assert_ne!(damaged, lock, "{from}");
        fs::write(home.path("packages.lock"), damaged).expect("it is ours");
        let said = home.ends(1, &["check"]);
        assert!(said.out.contains(words), "{words}: {}", said.out);
        assert!(said.out.contains(place), "{place}: {}", said.out);
    }
    fs::write(home.path("packages.lock"), &lock).expect("it is ours");
    for (pins, place, words) in [
        (
            "{\n  git = \"*\";\n  git = \"*\";\n}\n",
            "packages.nix:3:3",
            "is pinned already, on line 2",
        ),
        ("{\n  gti = \"*\";\n}\n", "packages.nix:2:3", "did you mean git?"),
        ("{\n  nodejs = \"20.12.0\";\n}\n", "packages.nix:2:12", "20.11.0 below and 20.18.1 above"),
        ("{\n  nodejs = \"^21\";\n}\n", "packages.nix:2:12", "no version of `nodejs` meets"),
        ("{\n  nodejs = \"^\";\n}\n", "packages.nix:2:12", "requirement-unmet"),
        ("{\n  nodejs = \"1;\n}\n", "packages.nix:2:", "syntax-error"),
    ] {
        fs::write(home.path("packages.nix"), pins).expect("it is ours");
        let said = home.ends(1, &["lock"]);
        assert!(said.err.contains(words) && said.err.contains(place), "{words}: {}", said.err);
        assert_eq!(home.text("packages.lock"), lock);
    }
    // What only Nix can tell is left alone, and said.
    fs::write(home.path("packages.nix"), "{\n  a = f 1;\n  git = \"*\";\n}\n").expect("it is ours");
    let said = home.ends(0, &["lock"]);
    assert!(
        said.err.contains("packages.nix:2:7") && said.err.contains("not a literal"),
        "{}",
        said.err
    );
    assert!(
        home.text("packages.lock").contains("\"git\"")
            && !home.text("packages.lock").contains("\"a\"")
    );
}

#[test]
fn apply_leaves_alone_what_it_did_not_make() {
    let home = Home::new("{ git = \"2.44.0\"; }\n");
    home.ends(1, &["apply", "--target", "flake", "--as-root"]);
    home.ends(0, &["lock"]);
    let apply =
        |code: i32, more: &[&str]| home.ends(code, &[&["apply", "--as-root"], more].concat());
    let dry = apply(0, &["--target", "flake", "--dry-run"]);
    assert!(
        dry.out.contains("+++ flake.nix") && dry.out.contains("+  description = "),
        "{}",
        dry.out
    );
    assert!(!home.path("flake.nix").exists());
    let first = apply(0, &["--target", "flake"]);
    assert_eq!(first.out, dry.out);
    let made = home.text("flake.nix");
    let again = apply(0, &["--target", "flake"]);
    assert_eq!((again.out.as_str(), home.text("flake.nix")), ("", made.clone()));

    home.ends(0, &["pin", "nodejs@20.11.0"]);
    home.ends(0, &["lock"]);
    let more = apply(0, &["--target", "flake"]);
    assert!(more.out.contains("+          nodejs = revisions."), "{}", more.out);
    for (text, words) in [
        ("{ outputs = _: { }; }\n".to_owned(), "was not written by `nix-archiver apply`"),
        (home.text("flake.nix").replace("nodejs =", "node ="), "was changed since"),
    ] {
        fs::write(home.path("flake.nix"), &text).expect("it is ours");
        for more in [&["--target", "flake"][..], &["--target", "flake", "--dry-run"]] {
            let refused = apply(1, more);
            assert!(
                refused.err.contains(words) && refused.err.contains("flake.nix"),
                "{}",
                refused.err
            );
            assert_eq!(home.text("flake.nix"), text);
        }
    }
    // The pins that the lock was not made for are not applied.
    home.ends(0, &["pin", "nodejs@22.1.0"]);
    assert!(apply(1, &["--target", "home-manager"]).err.contains("lock-stale"));
    home.ends(0, &["lock"]);
    let done = apply(0, &["--target", "home-manager"]);
    assert!(done.err.contains("home-manager switch"), "{}", done.err);
    assert!(home.text("config/home-manager/pinned-packages.nix").contains("home.packages = ["));
    apply(0, &["--target", "system", "--output", "system.nix"]);
    assert!(home.text("system.nix").contains("environment.systemPackages = ["));
    assert_eq!(home.left_behind(), [""; 0]);
    let id = end(Command::new("id").arg("-u"));
    if id.out.trim() == "0" {
        let refused = home.ends(2, &["apply", "--target", "system", "--output", "other.nix"]);
        assert!(refused.err.contains("--as-root"), "{}", refused.err);
        assert!(!home.path("other.nix").exists());
    } else {
        home.ends(0, &["apply", "--target", "system", "--output", "other.nix"]);
    }
}
