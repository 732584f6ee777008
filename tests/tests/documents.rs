//! What holds for the repository's own text: links lead somewhere, and nothing in it is true on one
//! machine only.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

#[test]
fn links_between_documents_lead_somewhere() {
    let mut checked = 0;
    for file in files().into_iter().filter(|f| f.extension().is_some_and(|e| e == "md")) {
        let text = fs::read_to_string(root().join(&file)).unwrap();
        for target in links(&text) {
            if target.contains("://") || target.starts_with("mailto:") {
                continue;
            }
            let (path, heading) = target.split_once('#').unwrap_or((&target, ""));
            let there = if path.is_empty() {
                root().join(&file)
            } else {
                root().join(&file).parent().unwrap().join(path)
            };
            assert!(there.exists(), "{} links to {target}, which is not there", file.display());
            if !heading.is_empty() {
                let headings = headings(&fs::read_to_string(&there).unwrap());
                assert!(
                    headings.contains(heading),
                    "{} links to {target}: no such heading",
                    file.display()
                );
            }
            checked += 1;
        }
    }
    assert!(checked > 0, "there is no link to check");
}

/// Paths of somebody's own machine, and addresses of the mirror that packages happened to come from.
#[test]
fn nothing_is_true_on_one_machine_only() {
    const HOMES: [&str; 3] = ["/home/", "/root/", "/Users/"];
    for file in files() {
        // This file has to name what it looks for.
        if file.ends_with("documents.rs") {
            continue;
        }
        let Ok(text) = fs::read_to_string(root().join(&file)) else { continue };
        for (number, line) in text.lines().enumerate() {
            let found = HOMES.iter().find(|home| begins_path(line, home));
            let at = format!("{}:{}", file.display(), number + 1);
            assert!(found.is_none(), "{at} names a place on one machine: {line}");
        }
        match file.file_name().and_then(|name| name.to_str()) {
            Some("package-lock.json") => {
                let address = text.lines().find(|l| l.contains("\"resolved\": \"http"));
                assert!(address.is_none(), "{} names a mirror: {address:?}", file.display());
            }
            Some(".npmrc" | "config.toml") => {
                assert!(!text.contains("registry="), "{} names a registry", file.display());
                assert!(!text.contains("[source"), "{} names a registry", file.display());
            }
            _ => {}
        }
    }
}

/// Whether a path in this line begins with `home`: `x/home/` is no such path.
fn begins_path(line: &str, home: &str) -> bool {
    line.match_indices(home).any(|(at, _)| {
        !line[..at].ends_with(|c: char| c.is_alphanumeric() || matches!(c, '}' | '.' | '/' | '-'))
    })
}

#[test]
fn the_reader_of_links_sees_links() {
    let text =
        "See [a](b.md), ![c](d.png \"title\") and `[no](x)`.\n```\n[no](y)\n```\n[e](#the-end)\n";
    assert_eq!(links(text), ["b.md", "d.png", "#the-end"]);
    assert!(headings("# One `two`, three!\n\n## The end\n").contains("one-two-three"));
}

/// Targets of links and pictures, outside code.
fn links(text: &str) -> Vec<String> {
    let mut out = Vec::new();
    let mut in_block = false;
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            in_block = !in_block;
        }
        if in_block {
            continue;
        }
        let without_code: String = line.split('`').step_by(2).collect::<Vec<_>>().join(" ");
        for piece in without_code.split("](").skip(1) {
            if let Some((target, _)) = piece.split_once(')') {
                out.push(target.split(' ').next().unwrap_or(target).to_owned());
            }
        }
    }
    out
}

/// The names under which a document's headings can be linked to.
fn headings(text: &str) -> BTreeSet<String> {
    let lines = text.lines().filter(|line| line.starts_with('#'));
    let names = lines.map(|line| {
        let title = line.trim_start_matches('#').trim().to_lowercase();
        let kept = title.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
        kept.map(|c| if c == ' ' { '-' } else { c }).collect()
    });
    names.collect()
}

/// The repository's files, also those not yet committed, from its top.
fn files() -> Vec<PathBuf> {
    let listed = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard", "-z"])
        .current_dir(root())
        .output()
        .expect("git is installed");
    assert!(listed.status.success(), "the tests run in a clone");
    let names = String::from_utf8(listed.stdout).expect("our file names are UTF-8");
    let files: Vec<PathBuf> =
        names.split('\0').map(PathBuf::from).filter(|f| root().join(f).is_file()).collect();
    assert!(!files.is_empty(), "the repository has files");
    files
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("this crate is one folder below the top")
}
