//! Holds the workspace to ARCHITECTURE.md: the folders, and which crate may use which. The tables of
//! the document are the rules; they are read from it, so that they cannot grow old.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    process::Command,
};

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, PackageId};

/// Crates whose job is outside the product's layers; they may use what they like.
const OUTSIDE: [&str; 2] = ["tests", "xtask"];

#[test]
fn every_crate_has_its_place_in_the_document() {
    let pieces = names(&table("folder").into_iter().map(|row| row[0].clone()).collect::<String>());
    let metadata = metadata();
    for package in metadata.workspace_packages() {
        let folder = package.manifest_path.parent().unwrap();
        let folder = folder.strip_prefix(&metadata.workspace_root).unwrap();
        assert!(pieces.contains(folder.as_str()), "ARCHITECTURE.md has no row for {folder}");
    }
    for folder in &pieces {
        assert!(
            root().join(folder).is_dir(),
            "ARCHITECTURE.md speaks of {folder}, which is not there"
        );
    }
}

#[test]
fn crates_use_only_what_the_document_allows() {
    let rules = rules();
    let guarded: BTreeSet<&String> = rules.values().flat_map(|rule| &rule.others).collect();
    let metadata = metadata();
    let ours: BTreeSet<String> =
        metadata.workspace_packages().iter().map(|p| short(&p.name)).collect();
    let mut seen = 0;
    for package in metadata.workspace_packages() {
        let name = short(&package.name);
        if OUTSIDE.contains(&name.as_str()) {
            continue;
        }
        let rule = rules.get(&name).unwrap_or_else(|| panic!("no rule for the crate {name}"));
        seen += 1;
        for dependency in &package.dependencies {
            if dependency.kind == DependencyKind::Development {
                continue;
            }
            let used = dependency.rename.clone().unwrap_or_else(|| short(&dependency.name));
            let allowed = if ours.contains(&used) {
                rule.ours.as_ref().is_none_or(|ours| ours.contains(&used))
            } else {
                !guarded.contains(&used) || rule.others.contains(&used)
            };
            assert!(allowed, "{name} uses {used}, which ARCHITECTURE.md does not allow");
        }
    }
    assert_eq!(seen, rules.len(), "ARCHITECTURE.md has rules for crates that are not there");
}

/// What a pure crate must not reach by any road either.
#[test]
fn pure_crates_reach_no_storage_and_no_runtime() {
    const FORBIDDEN: [&str; 8] = [
        "tokio",
        "tantivy",
        "gix",
        "tower-lsp-server",
        "ls-types",
        "lsp-types",
        "directories",
        "mio",
    ];
    let metadata = metadata();
    for name in ["model", "syntax", "eval", "ide"] {
        let package = metadata.workspace_packages().into_iter().find(|p| short(&p.name) == name);
        let package = package.unwrap_or_else(|| panic!("there is no crate {name}"));
        let reached = reachable(&metadata, &package.id);
        for forbidden in FORBIDDEN {
            assert!(!reached.contains(forbidden), "{name} reaches {forbidden}");
        }
    }
}

/// The rules of `crates/clippy.toml` are for a crate only as long as it has no such file itself.
#[test]
fn the_rules_of_purity_are_for_every_pure_crate() {
    let rules = std::fs::read_to_string(root().join("crates/clippy.toml")).unwrap();
    for needed in
        ["std::fs::read", "std::env::var", "std::process::Command", "std::time::SystemTime::now"]
    {
        assert!(rules.contains(&format!("\"{needed}\"")), "crates/clippy.toml allows {needed}");
    }
    for name in ["model", "syntax", "eval", "ide"] {
        for file in ["clippy.toml", ".clippy.toml"] {
            let own = root().join("crates").join(name).join(file);
            assert!(!own.exists(), "{} would put the rules beside it out of force", own.display());
        }
    }
}

/// What a row of the document's second table allows.
struct Rule {
    /// Our crates, or `None` for all of them.
    ours: Option<BTreeSet<String>>,
    /// Guarded crates of others.
    others: BTreeSet<String>,
}

fn rules() -> BTreeMap<String, Rule> {
    let rows = table("crate").into_iter().map(|row| {
        let [name, ours, others] = &row[..] else { panic!("a row of three was expected: {row:?}") };
        let name = names(name).pop_first().expect("the first column names a crate");
        let ours = if ours == "all of them" { None } else { Some(names(ours)) };
        (name, Rule { ours, others: names(others) })
    });
    rows.collect()
}

/// The rows of the table in ARCHITECTURE.md whose first heading is this one, cell by cell.
fn table(first_heading: &str) -> Vec<Vec<String>> {
    let text =
        std::fs::read_to_string(root().join("ARCHITECTURE.md")).expect("the document is there");
    let rows: Vec<Vec<String>> = text
        .lines()
        .skip_while(|line| !line.starts_with(&format!("| {first_heading} |")))
        .skip(2)
        .map_while(|line| line.strip_prefix('|')?.strip_suffix('|'))
        .map(|line| line.split('|').map(|cell| cell.trim().to_owned()).collect())
        .collect();
    assert!(!rows.is_empty(), "ARCHITECTURE.md has no table that begins with {first_heading}");
    rows
}

/// The names in backticks.
fn names(text: &str) -> BTreeSet<String> {
    text.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// The name that the document uses for a crate of ours.
fn short(package: &str) -> String {
    match package.strip_prefix("nix-archiver") {
        Some("") => "cli".to_owned(),
        Some(rest) => rest.trim_start_matches('-').to_owned(),
        None => package.to_owned(),
    }
}

fn reachable(metadata: &Metadata, from: &PackageId) -> BTreeSet<String> {
    let resolve = metadata.resolve.as_ref().expect("cargo metadata resolves dependencies");
    let nodes: BTreeMap<_, _> = resolve.nodes.iter().map(|node| (&node.id, node)).collect();
    let mut found = BTreeSet::new();
    let mut next = vec![from];
    while let Some(id) = next.pop() {
        for dependency in &nodes[id].deps {
            let normal =
                dependency.dep_kinds.iter().any(|kind| kind.kind == DependencyKind::Normal);
            if normal && found.insert(&dependency.pkg) {
                next.push(&dependency.pkg);
            }
        }
    }
    found.into_iter().map(|id| metadata[id].name.to_string()).collect()
}

/// What cargo says of this workspace, for this platform alone, so that nothing has to be fetched.
fn metadata() -> Metadata {
    let said = Command::new("rustc").arg("-vV").output().expect("rustc is beside cargo");
    let said = String::from_utf8(said.stdout).expect("rustc writes UTF-8");
    let host =
        said.lines().find_map(|line| line.strip_prefix("host: ")).expect("rustc names its host");
    MetadataCommand::new()
        .manifest_path(root().join("Cargo.toml"))
        .other_options(["--offline".to_owned(), "--filter-platform".to_owned(), host.to_owned()])
        .exec()
        .expect("cargo metadata works wherever the tests were built")
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("this crate is one folder below the top")
}
