//! `cargo xtask score --repo PATH --facts DIR`: how true the evaluator is, held against what Nix
//! itself says.
//!
//! `DIR` holds a table for each commit, `….-COMMIT.tsv.xz` with the columns attribute path, name and
//! version (as `nix-env -qaP --json` has them), and beside it, where the clone lacks files,
//! `ABSENT-COMMIT.txt.xz` with the attribute paths (or `SET.*`) that cannot be known from it.

mod tally;

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::{
    Result,
    exec::{self, cargo, command},
};
use tally::{Absent, Row, Tally};

/// How many examples of each kind are printed.
const EXAMPLES: usize = 8;
/// How many sets are printed, and reasons.
const WORST: usize = 10;

/// Has the program look at each commit that there is a table of and that the clone has, and prints
/// how much of what it says is right and how much of what is there it says.
///
/// # Errors
/// If the program does not build, a table cannot be read, or there is none of a commit of the clone.
pub fn run(repo: &str, facts: &str) -> Result {
    exec::run(cargo(&["build", "--release", "--quiet", "--workspace", "--bins"]))?;
    let repo =
        std::path::absolute(repo).map_err(|e| format!("cannot tell where {repo} is: {e}"))?;
    let tables = tables(Path::new(facts))?;
    let mut scored = 0;
    for (commit, table) in tables {
        if !has(&repo, &commit)? {
            println!("{commit}: not in this clone");
            continue;
        }
        let absent = Path::new(facts).join(format!("ABSENT-{commit}.txt.xz"));
        let absent = if absent.exists() { unpack(&absent)? } else { String::new() };
        let mut dump = command(exec::program(), &["index", "--reasons", "--dump-at", &commit]);
        dump.arg("--repo").arg(&repo);
        let said = exec::output(dump)?;
        let truth = unpack(&table)?;
        let tally = Tally::of(&rows(&truth), &rows(&said), &Absent::new(&absent));
        print(&commit, &tally);
        scored += 1;
    }
    if scored == 0 { Err(format!("{facts} has no table of a commit of the clone")) } else { Ok(()) }
}

/// The tables in a folder, by commit.
fn tables(facts: &Path) -> Result<Vec<(String, PathBuf)>> {
    let listed = fs::read_dir(facts).map_err(|e| format!("{}: {e}", facts.display()))?;
    let mut tables = Vec::new();
    for entry in listed {
        let path = entry.map_err(|e| format!("{}: {e}", facts.display()))?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let Some(stem) = name.strip_suffix(".tsv.xz") else { continue };
        let Some((_, commit)) = stem.rsplit_once('-') else { continue };
        if commit.len() >= 7 && commit.bytes().all(|b| b.is_ascii_hexdigit()) {
            tables.push((commit.to_owned(), path));
        }
    }
    tables.sort_by(|a, b| a.1.cmp(&b.1));
    Ok(tables)
}

fn has(repo: &Path, commit: &str) -> Result<bool> {
    let mut git = command("git", &["cat-file", "-e", &format!("{commit}^{{commit}}")]);
    git.env("GIT_DIR", git_dir(repo)).env("GIT_NO_LAZY_FETCH", "1");
    git.stderr(std::process::Stdio::null());
    let status = git.status().map_err(|e| format!("cannot start git: {e}"))?;
    Ok(status.success())
}

/// Where the objects of a clone are, bare or not.
fn git_dir(repo: &Path) -> PathBuf {
    let inner = repo.join(".git");
    if inner.exists() { inner } else { repo.to_owned() }
}

fn unpack(path: &Path) -> Result<String> {
    let mut xz = command("xz", &["--decompress", "--stdout"]);
    xz.arg(path);
    exec::output(xz)
}

/// The rows of a table, without its heading.
fn rows(table: &str) -> Vec<Row<'_>> {
    table.lines().filter_map(row).filter(|row| row.path != "attr_path").collect()
}

fn row(line: &str) -> Option<Row<'_>> {
    let mut columns = line.split('\t');
    let (path, pname, version) = (columns.next()?, columns.next()?, columns.next()?);
    Some(Row { path, pname, version, why: columns.next().unwrap_or_default() })
}

fn print(commit: &str, tally: &Tally<'_>) {
    println!("\n{commit}");
    let line = |name: &str, of: &tally::Counts| {
        println!(
            "  {name:<28} precision {:>6.2} %  recall {:>6.2} %   {} true, {} right, {} wrong, {} \
             extra, {} missing",
            of.precision() * 100.0,
            of.recall() * 100.0,
            of.truths(),
            of.right,
            of.wrong,
            of.extra,
            of.missing
        );
    };
    line("top level", &tally.top());
    line("sets", &tally.sets());
    let (found, all) = tally.distinct;
    #[expect(clippy::cast_precision_loss, reason = "a share is printed with two places")]
    let share = if all == 0 { 1.0 } else { found as f64 / all as f64 };
    println!("  {:<28} {:>37.2} %   {found} of {all}", "sets, distinct", share * 100.0);
    for (set, counts) in tally.worst(WORST) {
        line(set, counts);
    }
    for (kind, of_kind) in tally.examples() {
        for (path, truth, said) in of_kind.iter().take(EXAMPLES) {
            println!("  {kind}: {path} is {truth}, said was {said}");
        }
    }
    for (why, count) in tally.reasons().iter().take(WORST) {
        println!("  {count} missing because {why}");
    }
}
