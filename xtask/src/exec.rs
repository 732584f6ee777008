//! Starting other programs.

use std::{
    io::{BufRead, BufReader, Read, Write},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::mpsc,
    thread,
};

use crate::Result;

/// The top folder of the repository.
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().expect("this crate is one folder below the top").to_owned()
}

/// The folder that cargo builds into.
pub fn target_dir() -> PathBuf {
    match std::env::var_os("CARGO_TARGET_DIR") {
        Some(dir) => root().join(dir),
        None => root().join("target"),
    }
}

/// The program that a release build leaves.
pub fn program() -> PathBuf {
    target_dir().join("release").join(format!("nix-archiver{}", std::env::consts::EXE_SUFFIX))
}

/// Cargo, run at the top of the repository.
pub fn cargo(arguments: &[&str]) -> Command {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    command(cargo, arguments)
}

/// A program, run at the top of the repository, without input.
pub fn command(program: impl AsRef<std::ffi::OsStr>, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(root()).stdin(Stdio::null());
    command
}

/// Runs a program to its end, its output straight to the terminal.
///
/// # Errors
/// If it cannot be started or fails.
pub fn run(mut command: Command) -> Result {
    let shown = show(&command);
    let status = command.status().map_err(|e| format!("cannot start {shown}: {e}"))?;
    if status.success() { Ok(()) } else { Err(format!("{shown} failed ({status})")) }
}

/// Runs a program to its end, and gives what it wrote to standard output.
///
/// # Errors
/// If it cannot be started, fails, or writes what is not text.
pub fn output(mut command: Command) -> Result<String> {
    let shown = show(&command);
    let ran = command.stderr(Stdio::inherit()).output();
    let ran = ran.map_err(|e| format!("cannot start {shown}: {e}"))?;
    if !ran.status.success() {
        return Err(format!("{shown} failed ({})", ran.status));
    }
    String::from_utf8(ran.stdout).map_err(|_| format!("{shown} wrote what is not text"))
}

/// What a program that ran to its end left.
pub struct Ran {
    /// Whether it said that all went well.
    pub success: bool,
    /// Everything that it wrote, to standard output and standard error, in order.
    pub output: String,
}

/// Runs a program to its end; its output goes to the terminal as it comes, and is kept.
///
/// # Errors
/// If it cannot be started.
pub fn run_and_keep(mut command: Command) -> Result<Ran> {
    let shown = show(&command);
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|e| format!("cannot start {shown}: {e}"))?;
    let (send, lines) = mpsc::channel();
    let stdout = child.stdout.take().expect("standard output was piped above");
    let stderr = child.stderr.take().expect("standard error was piped above");
    for stream in [Box::new(stdout) as Box<dyn Read + Send>, Box::new(stderr)] {
        let send = send.clone();
        thread::spawn(move || forward_lines(stream, &send));
    }
    drop(send);
    let mut output = String::new();
    for line in lines {
        print!("{line}");
        output.push_str(&line);
    }
    // A closed pipe at our end is noticed at the next print; there is nothing to do about it here.
    let _ = std::io::stdout().flush();
    let status = child.wait().map_err(|e| format!("cannot wait for {shown}: {e}"))?;
    Ok(Ran { success: status.success(), output })
}

fn forward_lines(stream: impl Read, send: &mpsc::Sender<String>) {
    let mut stream = BufReader::new(stream);
    let mut line = Vec::new();
    while stream.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
        if send.send(String::from_utf8_lossy(&line).into_owned()).is_err() {
            return;
        }
        line.clear();
    }
}

/// Whether there is a program of this name that ends well with these arguments.
pub fn is_there(program: &str, arguments: &[&str]) -> bool {
    let mut command = command(program, arguments);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// Whether this program may do everything on this machine.
pub fn is_root() -> bool {
    let mut ask = command("id", &["-u"]);
    ask.output().is_ok_and(|answer| answer.stdout.trim_ascii() == b"0")
}

/// A command as it would be typed.
pub fn show(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}
