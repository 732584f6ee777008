//! What the tests need from the machine, and how it gets there.

use std::path::Path;

use crate::{
    Result,
    exec::{self, command, is_root, is_there},
};

/// A program from the system's packages.
struct Program {
    name: &'static str,
    /// With these arguments it ends well if it is there with all that we need of it.
    ask: &'static [&'static str],
    /// Debian's packages that bring it.
    packages: &'static [&'static str],
}

const PROGRAMS: [Program; 5] = [
    Program { name: "git", ask: &["--version"], packages: &["git"] },
    Program { name: "nvim", ask: &["--version"], packages: &["neovim"] },
    Program {
        name: "emacs",
        ask: &["--batch", "--eval", "(progn (package-initialize) (require 'eglot))"],
        packages: &["emacs-nox", "elpa-eglot"],
    },
    Program { name: "chromium", ask: &["--version"], packages: &["chromium", "fonts-dejavu-core"] },
    Program { name: "nix-instantiate", ask: &["--version"], packages: &["nix-bin"] },
];

/// Installs the missing programs from Debian's packages where that is possible.
///
/// # Errors
/// If one is missing and this machine has no `apt-get` or we may not use it: which, and what to do.
pub fn programs() -> Result {
    if !is_there("npm", &["--version"]) {
        return Err("Node 20.11 or newer, with npm, must be installed: npm is not on PATH".into());
    }
    let missing: Vec<_> = PROGRAMS.iter().filter(|p| !is_there(p.name, p.ask)).collect();
    if missing.is_empty() {
        println!("Everything is there: {}.", PROGRAMS.map(|p| p.name).join(", "));
        return Ok(());
    }
    let names = missing.iter().map(|p| p.name).collect::<Vec<_>>().join(", ");
    let packages: Vec<&str> = missing.iter().flat_map(|p| p.packages).copied().collect();
    if !is_there("apt-get", &["--version"]) || !is_root() {
        return Err(format!(
            "the tests need {names}; install them (Debian's packages: {}) and start again",
            packages.join(" ")
        ));
    }
    println!("Installing {}.", packages.join(" "));
    exec::run(command("apt-get", &["update", "-qq"]))?;
    let options = ["install", "-y", "-qq", "--no-install-recommends"];
    let mut install = command("apt-get", &[&options[..], &packages].concat());
    install.env("DEBIAN_FRONTEND", "noninteractive");
    exec::run(install)
}

/// Installs cargo-nextest if it is missing.
///
/// # Errors
/// If it cannot be installed.
pub fn nextest() -> Result {
    let mut ask = exec::cargo(&["nextest", "--version"]);
    if ask.output().is_ok_and(|answer| answer.status.success()) {
        println!("cargo-nextest is there.");
        return Ok(());
    }
    exec::run(exec::cargo(&["install", "cargo-nextest", "--locked"]))
}

/// Installs the npm packages of the extension, as the lock file says.
///
/// # Errors
/// If npm fails.
pub fn node_packages() -> Result {
    let lock = exec::root().join("package-lock.json");
    let installed = exec::root().join("node_modules/.installed-for");
    if is_same(&lock, &installed) {
        println!("The npm packages are there.");
        return Ok(());
    }
    exec::run(command("npm", &["ci", "--no-audit", "--no-fund"]))?;
    std::fs::copy(&lock, &installed)
        .map(|_| ())
        .map_err(|e| format!("cannot write {}: {e}", installed.display()))
}

fn is_same(a: &Path, b: &Path) -> bool {
    matches!((std::fs::read(a), std::fs::read(b)), (Ok(a), Ok(b)) if a == b)
}
