//! `cargo xtask dist`: what is shipped.

use std::path::{Path, PathBuf};

use crate::{
    Result,
    exec::{self, cargo, command, is_root},
};

/// Builds the program in its shipping profile, statically linked, and the VS Code packages: one for
/// this platform that carries the program, and one for all platforms without it.
///
/// # Errors
/// If a build fails, or the program turns out to need something of the machine that it runs on.
pub fn run() -> Result {
    let out = exec::root().join("artifacts/dist");
    make_folder(&out)?;
    let program = out.join("nix-archiver");
    copy(&static_build()?, &program)?;
    check_static(&program)?;
    check_alone(&program)?;
    let target = platform()?;
    vsix(Some(&program), &out.join(format!("nix-archiver-{target}.vsix")))?;
    vsix(None, &out.join("nix-archiver.vsix"))?;
    println!("\n{}:", out.display());
    let entries =
        std::fs::read_dir(&out).map_err(|e| format!("cannot list {}: {e}", out.display()))?;
    for entry in entries.flatten() {
        let size = entry.metadata().map_or(0, |m| m.len());
        println!("{:>8.1} MB  {}", size as f64 / 1e6, entry.file_name().to_string_lossy());
    }
    Ok(())
}

/// The program, built so that it needs no library of the machine that it runs on.
///
/// The target is named so that the flag is for the product alone: without it, it would be for
/// procedural macros too, which must be dynamic. The folder is its own, because other flags would
/// make cargo build everything anew each time.
fn static_build() -> Result<PathBuf> {
    let triple = host_triple()?;
    let folder = exec::target_dir().join("static");
    let mut build =
        cargo(&["build", "--profile", "dist", "--package", "nix-archiver", "--target", &triple]);
    build.env("CARGO_TARGET_DIR", &folder);
    if cfg!(target_os = "linux") {
        build.env("RUSTFLAGS", "-C target-feature=+crt-static");
    }
    exec::run(build)?;
    Ok(folder
        .join(triple)
        .join("dist")
        .join(format!("nix-archiver{}", std::env::consts::EXE_SUFFIX)))
}

fn check_static(program: &Path) -> Result {
    if !cfg!(target_os = "linux") {
        return Ok(());
    }
    let mut ask = command("ldd", &[]);
    let answer = ask.arg(program).output().map_err(|e| format!("cannot start ldd: {e}"))?;
    let said = [answer.stdout, answer.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    if said.contains("statically linked") || said.contains("not a dynamic executable") {
        return Ok(());
    }
    Err(format!("{} is not statically linked: {said}", program.display()))
}

/// Has the program answer from its starter index in a folder where nothing else is but the system's
/// source of random numbers: no library, no shell, no temporary folder.
fn check_alone(program: &Path) -> Result {
    if !cfg!(target_os = "linux") || !is_root() {
        println!("The program was not tried in an empty folder: that takes Linux, and root.");
        return Ok(());
    }
    let alone = exec::target_dir().join("alone");
    let failed = |e| format!("cannot empty {}: {e}", alone.display());
    if alone.exists() {
        std::fs::remove_dir_all(&alone).map_err(failed)?;
    }
    make_folder(&alone)?;
    copy(program, &alone.join("nix-archiver"))?;
    make_folder(&alone.join("dev"))?;
    for (name, number) in [("random", "8"), ("urandom", "9")] {
        let mut make = command("mknod", &["-m", "666"]);
        make.arg(alone.join("dev").join(name)).args(["c", "1", number]);
        exec::run(make)?;
    }
    let mut ask = command("chroot", &[]);
    ask.arg(&alone).args(["/nix-archiver", "search", "nodejs"]);
    ask.env("HOME", "/").env_remove("NIX_ARCHIVER_INDEX");
    ask.env_remove("XDG_CACHE_HOME").env_remove("XDG_DATA_HOME");
    let said = exec::output(ask)?;
    if said.contains("JavaScript") {
        return Ok(());
    }
    Err(format!("in an empty folder, {} found no nodejs: {said}", program.display()))
}

/// Packages the extension, with a server program if one is given.
///
/// # Errors
/// If packaging fails, or the package is larger than it may be.
pub fn vsix(program: Option<&Path>, out: &Path) -> Result {
    let mut package = command("node", &["vscode-extension/package.mjs"]);
    package.arg("--out").arg(out);
    if let Some(program) = program {
        package.args(["--target", &platform()?]).arg("--server").arg(program);
    }
    exec::run(package)?;
    check_size(out)
}

/// How large a package may be, in bytes: people download it for each release.
const LARGEST: u64 = 25_000_000;

fn check_size(package: &Path) -> Result {
    let size = std::fs::metadata(package).map_err(|e| format!("{}: {e}", package.display()))?.len();
    if size <= LARGEST {
        return Ok(());
    }
    Err(format!("{} has {size} bytes, which is more than {LARGEST}", package.display()))
}

/// Copies a program without its symbols, which are most of its size.
///
/// # Errors
/// If `strip` is missing or fails.
pub fn stripped(program: &Path, out: &Path) -> Result {
    make_folder(out.parent().expect("the copy goes into a folder"))?;
    let mut strip = command("strip", &["-o"]);
    strip.arg(out).arg(program);
    exec::run(strip)
}

/// This machine, in the words of the extension market.
fn platform() -> Result<String> {
    let system = match std::env::consts::OS {
        "macos" => "darwin",
        "windows" => "win32",
        system => system,
    };
    let processor = match std::env::consts::ARCH {
        "x86_64" => "x64",
        "aarch64" => "arm64",
        other => return Err(format!("there is no VS Code package for {system} on {other}")),
    };
    Ok(format!("{system}-{processor}"))
}

fn host_triple() -> Result<String> {
    let answer =
        command("rustc", &["-vV"]).output().map_err(|e| format!("cannot start rustc: {e}"))?;
    let said = String::from_utf8_lossy(&answer.stdout);
    let host = said.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).ok_or_else(|| format!("rustc -vV did not say the host: {said}"))
}

fn make_folder(folder: &Path) -> Result {
    std::fs::create_dir_all(folder).map_err(|e| format!("cannot make {}: {e}", folder.display()))
}

fn copy(from: &Path, to: &Path) -> Result {
    let copied = std::fs::copy(from, to);
    copied
        .map(|_| ())
        .map_err(|e| format!("cannot copy {} to {}: {e}", from.display(), to.display()))
}
