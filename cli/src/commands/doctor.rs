//! `nix-archiver doctor`.

use std::{
    fs,
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
    process::Command,
    time::{SystemTime, UNIX_EPOCH},
};

use indexer::Options;
use model::{IndexOrigin, IndexStatus, PackageSource, date};
use serde::Serialize;

use crate::{
    commands::editor::on_path,
    editors::{Editor, Folders, Standing},
    exit::Exit,
    finding::{self, Finding},
    json::print,
    place::Place,
    project::{Locked, Project},
};

const EXAMPLES: &str = "\
Examples:
  nix-archiver doctor
  nix-archiver doctor --repo ~/src/nixpkgs      looks at the clone too

It changes nothing. Exit code 1 means that something is wrong; a note is no such thing.";

/// After how many days without news an index is called old, as the language server does.
const OLD_AFTER: i64 = 90;

/// Look for what is wrong with this set-up: program, index, clone, lock, editors.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The file with the pins; the lock is beside it.
    #[arg(default_value = "packages.nix")]
    file: PathBuf,
    /// The clone of nixpkgs that the index is made from.
    #[arg(long, value_name = "PATH")]
    repo: Option<PathBuf>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// What was seen.
#[derive(Debug, Serialize)]
struct Seen {
    /// What it is about.
    about: &'static str,
    state: State,
    /// What was seen, in words.
    says: String,
    /// What to do, where something is to be done.
    #[serde(skip_serializing_if = "Option::is_none")]
    advice: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum State {
    Fine,
    /// Worth knowing.
    Note,
    /// To be mended.
    Wrong,
}

/// Runs the command.
///
/// # Errors
/// If nobody takes the answer, or there is no home folder.
pub fn run(args: Args, place: &Place) -> anyhow::Result<Exit> {
    let folders = Folders::find()?;
    let editors = editors(&folders);
    let mut seen = vec![program(editors.iter().any(|(uses_path, _)| *uses_path))];
    seen.extend(tools());
    let status = place.source().status();
    seen.push(index(&status, place, now()));
    seen.extend(clone(args.repo.as_deref(), status.ok().as_ref()));
    seen.extend(project(&args.file));
    seen.extend(editors.into_iter().map(|(_, seen)| seen));

    let wrong = seen.iter().filter(|seen| seen.state == State::Wrong).count();
    let mut out = BufWriter::new(io::stdout().lock());
    if args.json {
        print(&mut out, &serde_json::json!({ "wrong": wrong, "seen": seen }))?;
    } else {
        for Seen { about, state, says, advice } in &seen {
            let state = match state {
                State::Fine => "fine",
                State::Note => "note",
                State::Wrong => "WRONG",
            };
            writeln!(out, "{about:<9} {state:<5}  {says}")?;
            if let Some(advice) = advice {
                writeln!(out, "{:<17}{advice}", "")?;
            }
        }
        match wrong {
            0 => writeln!(out, "\nnothing is wrong")?,
            1 => writeln!(out, "\n1 thing is wrong")?,
            wrong => writeln!(out, "\n{wrong} things are wrong")?,
        }
    }
    out.flush()?;
    Ok(if wrong > 0 { Exit::Findings } else { Exit::Fine })
}

impl Seen {
    fn fine(about: &'static str, says: impl Into<String>) -> Self {
        Self { about, state: State::Fine, says: says.into(), advice: None }
    }

    fn note(about: &'static str, says: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { about, state: State::Note, says: says.into(), advice: Some(advice.into()) }
    }

    fn wrong(about: &'static str, says: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { about, state: State::Wrong, says: says.into(), advice: Some(advice.into()) }
    }
}

/// This program, and the one that editors start.
fn program(editors_use_path: bool) -> Seen {
    const ABOUT: &str = "program";
    let version = env!("CARGO_PKG_VERSION");
    let this = std::env::current_exe().and_then(fs::canonicalize).unwrap_or_default();
    let here = format!("{}, version {version}", this.display());
    let Some(found) = on_path("nix-archiver") else {
        let says = format!("{here}; it is not on PATH, where editors look for it");
        let folder = this.parent().map(Path::display);
        let advice = folder.map(|folder| format!("add {folder} to PATH")).unwrap_or_default();
        let make = if editors_use_path { Seen::wrong } else { Seen::note };
        return make(ABOUT, says, advice);
    };
    if fs::canonicalize(&found).is_ok_and(|found| found == this) {
        return Seen::fine(ABOUT, here);
    }
    let shown = found.display();
    match said(&found) {
        Some(said) if said == format!("nix-archiver {version}") => {
            Seen::fine(ABOUT, format!("{here}; {shown}, of the same version, is on PATH"))
        }
        Some(said) => Seen::wrong(
            ABOUT,
            format!("{here}; but the one on PATH, which editors start, is {shown}: {said}"),
            "remove one of the two, or put this one first on PATH",
        ),
        None => Seen::wrong(
            ABOUT,
            format!("{here}; but the one on PATH, {shown}, does not run"),
            format!("remove {shown}, or install it again"),
        ),
    }
}

/// The programs that others of our commands and generated files ask for.
fn tools() -> Vec<Seen> {
    let tool = |name, what| match on_path(name).as_deref().map(said) {
        Some(Some(version)) => Seen::fine(name, version),
        Some(None) => {
            Seen::wrong(name, format!("{name} is on PATH and does not run"), "install it again")
        }
        None => Seen::note(name, format!("{name} is not on PATH"), what),
    };
    vec![tool("nix", "it builds what is locked; nothing else here needs it")]
}

/// The first line of what a program says to `--version`; `None` if it fails.
fn said(program: &Path) -> Option<String> {
    let ran = Command::new(program).arg("--version").output().ok()?;
    let said = String::from_utf8_lossy(&ran.stdout);
    ran.status.success().then(|| said.lines().next().unwrap_or_default().to_owned())
}

fn index(status: &Result<IndexStatus, model::SourceError>, place: &Place, now: i64) -> Seen {
    const ABOUT: &str = "index";
    const MAKE: &str = "`nix-archiver index --repo PATH` reads what is new from a clone of nixpkgs";
    let dir = place.index.display();
    let status = match status {
        Ok(status) => status,
        Err(error) => {
            let advice =
                format!("remove {dir}, and make it again with `nix-archiver index --repo PATH`");
            return Seen::wrong(ABOUT, error.to_string(), advice);
        }
    };
    let Some(newest) = status.newest() else {
        return Seen::wrong(ABOUT, format!("the index at {dir} holds nothing yet"), MAKE);
    };
    let branches: Vec<_> = status
        .branches
        .iter()
        .map(|branch| format!("{} up to {}", branch.name, date::format_day(branch.head.date)))
        .collect();
    let holds = format!("{} packages; {}", status.packages, branches.join(", "));
    let days = (now - newest.date).div_euclid(date::DAY);
    match status.origin {
        IndexOrigin::Starter => {
            Seen::note(ABOUT, format!("the starter index that the program carries: {holds}"), MAKE)
        }
        IndexOrigin::Indexed if days > OLD_AFTER => {
            Seen::wrong(ABOUT, format!("{dir} is {days} days behind: {holds}"), MAKE)
        }
        IndexOrigin::Indexed => Seen::fine(ABOUT, format!("{dir}: {holds}")),
    }
}

/// Whether a clone goes on from where the index ends.
fn clone(repo: Option<&Path>, status: Option<&IndexStatus>) -> Vec<Seen> {
    const ABOUT: &str = "clone";
    let (Some(repo), Some(status)) = (repo, status) else { return Vec::new() };
    let shown = repo.display();
    let look = |branch: &model::BranchStatus| {
        let mut options = Options::new(repo.to_owned());
        options.branch = Some(branch.name.clone());
        let day = date::format_day(branch.head.date);
        match indexer::has_commit(&options, branch.head.id) {
            Ok(true) => Seen::fine(ABOUT, format!("{shown}: {} goes on from {day}", branch.name)),
            Ok(false) => Seen::wrong(
                ABOUT,
                format!(
                    "{shown}: {} does not have the commit at which the index ends ({day})",
                    branch.name
                ),
                "`git fetch` there; if the branch is another one, name the clone that the index is from",
            ),
            Err(error) => {
                Seen::wrong(ABOUT, error.to_string(), "name a clone of nixpkgs with --repo")
            }
        }
    };
    status.branches.iter().map(look).collect()
}

/// The pins and the lock of the folder.
fn project(file: &Path) -> Vec<Seen> {
    const PINS: &str = "pins";
    const LOCK: &str = "lock";
    let shown = file.display();
    if !file.exists() {
        let advice = "`nix-archiver pin NAME` begins one";
        return vec![Seen::note(PINS, format!("there is no {shown} here"), advice)];
    }
    let read = Project::read(file).and_then(|project| Ok((project.lock()?, project)));
    let (lock, project) = match read {
        Ok(read) => read,
        Err(error) => return vec![Seen::wrong(PINS, format!("{error:#}"), "correct the file")],
    };
    let check = format!("`nix-archiver check {shown}` shows where");
    let counted = |about, found: &[Finding], fine: String| {
        let errors = found.iter().filter(|found| found.is_error()).count();
        match (errors, found.len() - errors) {
            (0, 0) => Seen::fine(about, fine),
            (0, warnings) => Seen::note(about, format!("{fine}; warnings: {warnings}"), &check),
            (errors, warnings) => Seen::wrong(
                about,
                format!("{fine}; errors: {errors}, warnings: {warnings}"),
                &check,
            ),
        }
    };
    let pins = project.manifest.pins.len();
    let in_text = counted(PINS, &finding::in_text(&project), format!("{shown}: {pins} pins"));
    let path = project.lock_path();
    let path = path.display();
    let in_lock = match &lock {
        Locked::Missing => {
            Seen::note(LOCK, format!("there is no {path}"), "`nix-archiver lock` writes it")
        }
        Locked::Bad { error, .. } => Seen::wrong(
            LOCK,
            format!("{path}:{}: {error}", error.line),
            "`nix-archiver lock` writes it anew",
        ),
        Locked::Sound { lock: sound, .. } => {
            let fine =
                format!("{path}: {} pins on {} revisions", sound.pins.len(), sound.revisions.len());
            counted(LOCK, &finding::in_lock(&project, &lock), fine)
        }
    };
    vec![in_text, in_lock]
}

/// Each editor that is installed: whether it is set up, with whether it then takes the program from
/// PATH.
fn editors(folders: &Folders) -> Vec<(bool, Seen)> {
    let there = |editor: &Editor| editor.programs().iter().any(|name| on_path(name).is_some());
    Editor::ALL.into_iter().filter(there).map(|editor| one_editor(editor, folders)).collect()
}

fn one_editor(editor: Editor, folders: &Folders) -> (bool, Seen) {
    let about = editor.key();
    let how = format!("`nix-archiver editor {about}` says how");
    if editor == Editor::Vscode {
        let seen = match vscode_extension(&folders.home, &folders.data) {
            Some(folder) => Seen::fine(about, folder.display().to_string()),
            None => Seen::note(about, "the extension is not installed", how),
        };
        return (false, seen);
    }
    let mut standings = Vec::new();
    for piece in editor.pieces(folders) {
        let standing = piece.read().and_then(|text| piece.standing(text.as_deref()));
        match standing {
            Ok(standing) => standings.push((standing, piece.path)),
            Err(error) => {
                return (true, Seen::wrong(about, format!("{error:#}"), "correct the file"));
            }
        }
    }
    let is =
        |wanted: &Standing| standings.iter().filter(|(standing, _)| standing == wanted).count();
    let by_hand = standings.iter().find_map(|(standing, path)| match standing {
        Standing::ByHand(line) => Some(format!("{}:{line}", path.display())),
        _ => None,
    });
    if let Some(place) = by_hand {
        return (true, Seen::fine(about, format!("set up by hand, at {place}")));
    }
    if is(&Standing::Missing) == standings.len() {
        return (false, Seen::note(about, format!("{} is not set up", editor.name()), how));
    }
    if is(&Standing::Current) == standings.len() {
        return (true, Seen::fine(about, format!("{} is set up", editor.name())));
    }
    let part = standings.iter().find(|(standing, _)| *standing != Standing::Current);
    let path = part.map(|(_, path)| path.display().to_string()).unwrap_or_default();
    let says = format!("its set-up is not that of this release: {path}");
    let advice =
        format!("`nix-archiver editor {about} --install` shows the difference and mends it");
    (true, Seen::wrong(about, says, advice))
}

/// The folder of the newest of our extensions, in the places where VS Code and its kin keep them.
fn vscode_extension(home: &Path, data: &Path) -> Option<PathBuf> {
    let places = [
        home.join(".vscode/extensions"),
        home.join(".vscode-oss/extensions"),
        home.join(".vscode-server/extensions"),
        home.join(".cursor/extensions"),
        data.join("code-server/extensions"),
    ];
    let ours = |folder: &PathBuf| {
        let name = folder.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with("nix-archiver.nix-archiver-") && folder.join("package.json").is_file()
    };
    let folders =
        places.iter().flat_map(fs::read_dir).flatten().flatten().map(|entry| entry.path());
    folders.filter(ours).max()
}

fn now() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(now.as_secs()).unwrap_or(i64::MAX)
}
