//! `cargo xtask test`: everything that is checked, in one run.

use std::{path::Path, process::Command};

use crate::{
    Result, demo, dist,
    exec::{self, cargo, command},
    needs,
    steps::{Counted::*, Steps},
};

/// Installs what is missing and runs every check and test. Ends with `N passed, N failed`.
///
/// # Errors
/// If anything failed.
pub fn run() -> Result {
    let mut steps = Steps::default();
    let stopped = take_all(&mut steps);
    steps.finish(stopped)
}

fn take_all(steps: &mut Steps) -> Result {
    steps.here("programs", Preparation, needs::programs)?;
    steps.here("npm packages", Preparation, needs::node_packages)?;
    steps.program("VS Code", Preparation, command("bash", &["tests/editors/vscode/setup.sh"]))?;
    let debian = exec::target_dir().join("editors/debian");
    steps.program("Helix, newer editors", Preparation, {
        let mut setup = command("bash", &["tests/editors/terminal/setup.sh"]);
        setup.arg(&debian).arg("trixie");
        setup.args(["hx", "kakoune", "neovim", "emacs-nox", "elpa-lsp-mode", "tmux"]);
        setup
    })?;
    steps.here("cargo-nextest", Preparation, needs::nextest)?;

    steps.program("format", AsOne, cargo(&["fmt", "--all", "--check"]))?;
    steps.program("clippy", AsOne, {
        let scope = ["clippy", "--release", "--workspace", "--all-targets", "--quiet"];
        cargo(&[&scope[..], &["--", "-D", "warnings"]].concat())
    })?;
    // A workspace for itself, which nothing else here would notice to be behind.
    steps.program("fuzz targets: dependencies", AsOne, {
        cargo(&["fetch", "--quiet", "--locked", "--manifest-path", "fuzz/Cargo.toml"])
    })?;
    // With the tests, whose dependencies ask for more of ours: built apart, half would be built twice.
    steps.program(
        "build",
        Preparation,
        cargo(&["build", "--release", "--workspace", "--all-targets", "--quiet"]),
    )?;
    steps.program(
        "Rust tests",
        ByItsTests,
        cargo(&["nextest", "run", "--release", "--workspace", "--no-fail-fast"]),
    )?;
    steps.program(
        "Rust doc tests",
        AsOne,
        cargo(&["test", "--release", "--workspace", "--doc", "--quiet"]),
    )?;
    steps.program("Nix files", AsOne, nix_files())?;

    steps.program("extension: types", AsOne, command("npm", &["run", "--silent", "check"]))?;
    steps.program("extension: unit tests", ByItsTests, npm_test("vscode-extension"))?;
    steps.program("grammars", AsOne, npm_test("grammars"))?;

    let made = exec::target_dir().join("editors");
    let vsix = made.join("nix-archiver.vsix");
    let program = made.join("nix-archiver");
    steps.here("extension: package", Preparation, || {
        dist::stripped(&exec::program(), &program)?;
        dist::vsix(Some(&program), &vsix)
    })?;
    let history = made.join("history");
    steps.program("index for the editors", Preparation, {
        let mut make = command("bash", &["tests/editors/index.sh"]);
        make.arg(exec::program()).arg(&history);
        make
    })?;

    let index = history.join("index");
    steps.program("VS Code, from inside", ByItsTests, {
        editor_test("node", &["tests/editors/vscode/exthost.mjs"], &vsix, &index)
    })?;
    steps.program("VS Code, its window", ByItsTests, {
        // One file after the other: each has a VS Code of its own.
        let ui = ["--test", "--test-concurrency=1", "--test-reporter=spec"];
        let ui = [&ui[..], &["tests/editors/vscode/ui/"]].concat();
        editor_test("node", &ui, &vsix, &index)
    })?;
    steps.program("Neovim", ByItsTests, {
        editor_test("bash", &["tests/editors/neovim/run.sh"], &vsix, &index)
    })?;
    steps.program("Emacs", ByItsTests, {
        editor_test("bash", &["tests/editors/emacs/run.sh"], &vsix, &index)
    })?;
    steps.program("Helix, Neovim, Emacs", ByItsTests, {
        let mut test = editor_test("bash", &["tests/editors/terminal/run.sh"], &vsix, &index);
        test.arg(&debian).args(["helix", "neovim", "emacs"]);
        test
    })?;
    steps.program("Kakoune", ByItsTests, {
        // It needs a program that is built for it; where that cannot be had, this alone fails.
        let both = "cd tests/editors/terminal && bash kakoune-lsp.sh \"$0\" && \
                    bash run.sh \"$0\" kakoune";
        let mut test = editor_test("bash", &["-c", both], &vsix, &index);
        test.arg(&debian);
        test
    })?;
    steps.program("newest Neovim", ByItsTests, {
        // Debian's testing changes each day; on a day when it cannot be had, this alone fails.
        let both = "cd tests/editors/terminal && bash setup.sh \"$0\" testing neovim tmux && \
                    bash run.sh \"$0\" neovim neovim-enable";
        let mut test = editor_test("bash", &["-c", both], &vsix, &index);
        test.arg(made.join("debian-testing"));
        test
    })?;
    steps.here("demo", AsOne, demo::show)
}

fn npm_test(workspace: &str) -> Command {
    command("npm", &["test", "--silent", "--workspace", workspace])
}

/// Evaluates what the flake gives, in a store of nothing: no rights and no network are needed.
fn nix_files() -> Command {
    let mut evaluate =
        command("nix-instantiate", &["--eval", "--strict", "nix/checks/outputs.nix"]);
    evaluate.env("NIX_REMOTE", "dummy://");
    evaluate
}

fn editor_test(program: &str, arguments: &[&str], vsix: &Path, index: &Path) -> Command {
    let mut test = command(program, arguments);
    test.env("NIX_ARCHIVER", exec::program());
    test.env("NIX_ARCHIVER_VSIX", vsix);
    test.env("NIX_ARCHIVER_INDEX", index);
    test.env("NIX_ARCHIVER_PICTURES", exec::root().join("artifacts/vscode"));
    test
}
