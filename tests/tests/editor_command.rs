//! `nix-archiver editor` and `nix-archiver doctor`, in a home of their own.

use std::{
    fs,
    os::unix::fs::{PermissionsExt, symlink},
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use model::contract::samples;
use nix_archiver_tests::{lsp_client::program, small_index::write};
use serde_json::Value;
use tempfile::TempDir;

/// A home, and a folder of programs that is all of PATH.
struct Home {
    dir: TempDir,
}

impl Home {
    fn new() -> Self {
        let home = Self { dir: tempfile::tempdir().expect("a directory") };
        for folder in ["home", "bin", "project"] {
            fs::create_dir(home.path(folder)).expect("a folder");
        }
        home
    }

    fn path(&self, below: &str) -> PathBuf {
        self.dir.path().join(below)
    }

    fn write(&self, below: &str, text: &str) {
        let file = self.path(below);
        fs::create_dir_all(file.parent().expect("it is below")).expect("a folder");
        fs::write(file, text).expect("a file");
    }

    fn read(&self, below: &str) -> String {
        fs::read_to_string(self.path(below)).unwrap_or_else(|e| panic!("{below}: {e}"))
    }

    /// A program on PATH that says this.
    fn program(&self, name: &str, says: &str) {
        self.write(&format!("bin/{name}"), &format!("#!/bin/sh\necho '{says}'\n"));
        let executable = fs::Permissions::from_mode(0o755);
        fs::set_permissions(self.path("bin").join(name), executable).expect("it is ours");
    }

    fn run(&self, args: &[&str]) -> Ran {
        let output = Command::new(program())
            .args(args)
            .env_clear()
            .env("HOME", self.path("home"))
            .env("PATH", self.path("bin"))
            .current_dir(self.path("project"))
            .stdin(Stdio::null())
            .output();
        let Output { status, stdout, stderr } = output.expect("the program starts");
        let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
        Ran { code: status.code(), out: text(stdout), err: text(stderr) }
    }

    /// What `doctor` saw of something: how it is, and in which words.
    fn doctor(&self, about: &str) -> (String, String) {
        let ran = self.run(&["doctor", "--json"]);
        let said: Value = serde_json::from_str(&ran.out).unwrap_or_else(|e| panic!("{e}: {ran:?}"));
        let seen = said["seen"].as_array().expect("a list");
        let wrong = seen.iter().filter(|seen| seen["state"] == "wrong").count();
        assert_eq!(said["wrong"], wrong);
        assert_eq!(ran.code, Some(i32::from(wrong > 0)), "{seen:?}");
        let seen = seen.iter().find(|seen| seen["about"] == about);
        let seen = seen.unwrap_or_else(|| panic!("nothing about {about} in {said}"));
        let word = |key: &str| seen[key].as_str().expect("a text").to_owned();
        (word("state"), word("says"))
    }
}

#[derive(Debug)]
struct Ran {
    code: Option<i32>,
    out: String,
    err: String,
}

fn repository(file: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("a folder below the top");
    fs::read_to_string(root.join(file)).unwrap_or_else(|e| panic!("{file}: {e}"))
}

#[test]
fn without_install_it_prints_and_writes_nothing() {
    let home = Home::new();
    for editor in ["vscode", "neovim", "helix", "emacs", "kakoune", "zed"] {
        let ran = home.run(&["editor", editor]);
        assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "{editor}");
        assert!(ran.out.contains("nix-archiver"), "{editor}: {}", ran.out);
    }
    assert_eq!(fs::read_dir(home.path("home")).expect("a folder").count(), 0);
    let ran = home.run(&["editor", "notepad"]);
    assert_eq!(ran.code, Some(2));
}

#[test]
fn what_was_in_a_file_stays_and_a_second_time_changes_nothing() {
    let home = Home::new();
    let languages = "home/.config/helix/languages.toml";
    let mine = "# mine\n[[language]]\nname = \"rust\"\n";
    home.write(languages, mine);

    let ran = home.run(&["editor", "helix", "--install"]);
    assert_eq!(ran.code, Some(2), "there is nobody to ask");
    assert!(ran.err.contains("say --yes"), "{}", ran.err);
    assert_eq!(home.read(languages), mine);

    let ran = home.run(&["editor", "helix", "--install", "--yes"]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""));
    assert!(ran.out.contains("\n+[language-server.nix-archiver]\n"), "{}", ran.out);
    assert!(!ran.out.contains("\n-"), "nothing of the user's goes: {}", ran.out);
    let after = home.read(languages);
    assert!(after.starts_with(mine) && after.contains(&repository("editors/helix/languages.toml")));

    let ran = home.run(&["editor", "helix", "--install"]);
    assert_eq!(ran.code, Some(0), "nothing is asked where nothing changes: {}", ran.err);
    assert_eq!(home.read(languages), after);

    // An earlier release's lines are replaced, and nothing around them.
    home.write(languages, &format!("{}# more\n", after.replace("args = [\"lsp\"]", "args = []")));
    let ran = home.run(&["editor", "helix", "--install", "--yes"]);
    assert!(ran.out.contains("\n-args = []\n+args = [\"lsp\"]\n"), "{}", ran.out);
    assert_eq!(home.read(languages), format!("{after}# more\n"));
}

#[test]
fn a_set_up_by_hand_is_left_alone() {
    let home = Home::new();
    let mine = "[language-server.mine]\ncommand = \"nix-archiver\"\n";
    home.write("home/.config/helix/languages.toml", mine);
    let ran = home.run(&["editor", "helix", "--install", "--yes"]);
    assert_eq!(ran.code, Some(3));
    assert!(ran.err.contains("languages.toml:2: nix-archiver has been set up here by hand"));
    assert_eq!(home.read("home/.config/helix/languages.toml"), mine);
}

#[test]
fn files_of_ours_are_those_of_the_repository() {
    let home = Home::new();
    for editor in ["neovim", "emacs", "kakoune", "zed"] {
        let ran = home.run(&["editor", editor, "--install", "--yes"]);
        assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "{editor}");
    }
    for (written, ours) in [
        (".config/nvim/plugin/nix-archiver.lua", "editors/neovim/nix-archiver.lua"),
        (".emacs.d/nix-archiver.el", "editors/emacs/nix-archiver.el"),
        (".config/kak/nix-archiver.kak", "editors/kakoune/nix-archiver.kak"),
        (".local/share/nix-archiver/zed/extension.toml", "editors/zed/extension.toml"),
        (".local/share/nix-archiver/zed/src/lib.rs", "editors/zed/src/lib.rs"),
    ] {
        assert_eq!(home.read(&format!("home/{written}")), repository(ours), "{written}");
    }
    assert!(home.read("home/.emacs.d/init.el").contains("(load (expand-file-name"));
    assert!(
        home.read("home/.config/kak/kakrc").contains("source \"%val{config}/nix-archiver.kak\"")
    );
}

#[test]
fn a_linked_configuration_stays_a_link() {
    let home = Home::new();
    home.write("dotfiles/init.el", "(setq mine t)\n");
    fs::create_dir(home.path("home/.emacs.d")).expect("a folder");
    symlink(home.path("dotfiles/init.el"), home.path("home/.emacs.d/init.el")).expect("a link");
    let ran = home.run(&["editor", "emacs", "--install", "--yes"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(home.path("home/.emacs.d/init.el").is_symlink());
    let text = home.read("dotfiles/init.el");
    assert!(text.starts_with("(setq mine t)\n\n;; nix-archiver: begin"), "{text}");
}

#[test]
fn vs_code_installs_the_package_that_is_named() {
    let home = Home::new();
    let ran = home.run(&["editor", "vscode", "--install", "--yes"]);
    assert_eq!(ran.code, Some(2));
    assert!(ran.err.contains("--vsix FILE"), "{}", ran.err);

    home.write("project/ours.vsix", "a package");
    let ran = home.run(&["editor", "vscode", "--install", "--yes", "--vsix", "ours.vsix"]);
    assert_eq!(ran.code, Some(3));
    assert!(ran.err.contains("none of code, codium"), "{}", ran.err);

    home.write("bin/code", "#!/bin/sh\necho \"$@\" > \"$HOME/called\"\n");
    let executable = fs::Permissions::from_mode(0o755);
    fs::set_permissions(home.path("bin/code"), executable).expect("it is ours");
    let ran = home.run(&["editor", "vscode", "--install", "--yes", "--vsix", "ours.vsix"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let called = home.read("home/called");
    assert!(called.starts_with("--install-extension /") && called.contains("ours.vsix --force"));
}

#[test]
fn doctor_on_a_bare_machine_has_notes_and_nothing_wrong() {
    let home = Home::new();
    assert_eq!(home.doctor("program").0, "note", "it is not on PATH");
    let (state, says) = home.doctor("index");
    assert_eq!(state, "note");
    assert!(says.contains("the starter index that the program carries"), "{says}");
    assert_eq!(home.doctor("pins").0, "note");
    let ran = home.run(&["doctor"]);
    assert!(ran.out.ends_with("\nnothing is wrong\n"), "{}", ran.out);
}

#[test]
fn doctor_finds_another_program_on_path() {
    let home = Home::new();
    symlink(program(), home.path("bin/nix-archiver")).expect("a link");
    assert_eq!(home.doctor("program").0, "fine");
    fs::remove_file(home.path("bin/nix-archiver")).expect("it is there");
    home.program("nix-archiver", "nix-archiver 0.0.1");
    let (state, says) = home.doctor("program");
    assert_eq!(state, "wrong");
    assert!(says.contains("bin/nix-archiver: nix-archiver 0.0.1"), "{says}");
}

#[test]
fn doctor_finds_an_old_and_a_broken_index() {
    let home = Home::new();
    let index = home.path("home/.local/share/nix-archiver/index");
    write(&index, &samples());
    let (state, says) = home.doctor("index");
    assert_eq!(state, "wrong", "the samples are years old: {says}");
    assert!(says.contains("days behind"), "{says}");
    fs::write(index.join("meta.json"), "no index").expect("a file");
    assert_eq!(home.doctor("index").0, "wrong");
}

#[test]
fn doctor_looks_at_pins_and_lock() {
    let home = Home::new();
    home.write("project/packages.nix", "{\n  nodejs = \"6.12.3\";\n}\n");
    assert_eq!(home.doctor("pins").0, "fine");
    assert_eq!(home.doctor("lock").0, "note", "there is none");
    assert_eq!(home.run(&["lock"]).code, Some(0));
    let (state, says) = home.doctor("lock");
    assert_ne!(state, "wrong", "{says}");
    assert!(says.contains("1 pins on 1 revisions"), "{says}");
    home.write("project/packages.nix", "{\n  nodejs = \"6.12.2\";\n}\n");
    assert_eq!(home.doctor("lock").0, "wrong", "the pin has changed since");
    home.write("project/packages.lock", "{");
    let (state, says) = home.doctor("lock");
    assert_eq!(state, "wrong");
    assert!(says.contains("packages.lock:1:"), "{says}");
    home.write("project/packages.nix", "{\n  nodejs = ;\n}\n");
    assert_eq!(home.doctor("pins").0, "wrong");
}

#[test]
fn doctor_follows_the_set_up_of_an_editor() {
    let home = Home::new();
    assert!(
        !home.run(&["doctor"]).out.contains("helix"),
        "an editor that is not there is no topic"
    );
    home.program("hx", "helix 25.01");
    assert_eq!(home.doctor("helix").0, "note");
    assert_eq!(home.run(&["editor", "helix", "--install", "--yes"]).code, Some(0));
    assert_eq!(home.doctor("helix").0, "fine");
    assert_eq!(home.doctor("program").0, "wrong", "Helix starts the program from PATH");
    let languages = "home/.config/helix/languages.toml";
    home.write(languages, &home.read(languages).replace("args = [\"lsp\"]", "args = []"));
    let (state, says) = home.doctor("helix");
    assert_eq!(state, "wrong");
    assert!(says.contains("not that of this release"), "{says}");
    home.write(languages, "command = \"nix-archiver\"\n");
    assert_eq!(home.doctor("helix").0, "fine", "by hand is as good");
}
