//! From a history in git to what Nix makes of the generated files: the hashes that are computed are
//! those of Nix itself, and the locked attribute has the locked version when Nix evaluates it.

use std::path::Path;

use nix_archiver_tests::nix::{World, real_commit, real_nixpkgs, real_revision, root};
use serde_json::json;

/// The text of a generated file, as an expression.
#[track_caller]
fn generate(world: &World, format: &str) -> String {
    let printed = world.run(&["generate", "--format", format]);
    world.run(&["generate", "-i", "packages.nix", "--format", format, "-o", "made.nix"]);
    assert_eq!(printed, world.text("made.nix"));
    format!("(\n{printed}\n)")
}

const PINS: &str =
    "{\n  git = \"1.0\";\n  nodejs = \"^2\";\n  python3Packages.requests = \"2.*\";\n}\n";

/// In the small nixpkgs, and in real ones of 2017 and 2018 where `NIXPKGS_REPO` names a clone.
#[test]
fn hashes_are_those_of_nix() {
    let world = World::new(PINS);
    let said = world.run(&["lock", "--repo", "nixpkgs"]);
    assert!(said.ends_with("3 pins on 2 revisions\n"), "{said}");
    let lock = world.lock();
    for (name, folder) in world.unpack(&lock) {
        let theirs = hash_path(&world, &folder);
        assert_eq!(lock.revisions[&name].nar_hash.as_ref(), Some(&theirs), "{name}");
        assert!(folder.join("link").is_symlink());
    }
    for day in ["2017-10-01", "2018-04-01"] {
        let Some(tree) = real_nixpkgs(&world.path("real"), day, &["."]) else { return };
        let revision = tree.file_name().and_then(|name| name.to_str()).expect("its commit");
        let repository = world.path(&format!("borrowed-{day}"));
        let commit = real_commit(&repository, revision).parse().expect("a commit");
        let ours = indexer::nar_hash(&repository, commit).expect("it is all there");
        assert_eq!(ours, hash_path(&world, &tree), "{revision}");
    }
}

/// What Nix says of a folder.
fn hash_path(world: &World, folder: &Path) -> String {
    let folder = folder.to_str().expect("a plain name");
    let args = ["--extra-experimental-features", "nix-command", "hash", "path", folder];
    world.nix("nix", &args).trim().to_owned()
}

#[test]
fn nix_gives_what_is_locked() {
    let world = World::new(PINS);
    let lock = world.lock();
    world.store(&lock);
    let versions = json!({ "git": "1.0", "nodejs": "2.0", "requests": "2.2" });
    let of = "{ git = it.git.version; nodejs = it.nodejs.version; requests = \
              it.python3Packages.requests.version; }";
    let system = "system = \"x86_64-linux\"";

    let frozen = generate(&world, "frozen");
    assert_eq!(frozen.matches("= load ").count(), 2, "one import a revision: {frozen}");
    let it = format!("let it = {frozen} {{ {system}; config.marked = 7; }}; in");
    assert_eq!(world.pure(&format!("{it} {of}")), versions);
    assert_eq!(world.pure(&format!("{it} it.nodejs.system")), json!("x86_64-linux"));
    let names = json!(["git", "nodejs", "python3Packages"]);
    assert_eq!(world.pure(&format!("{it} builtins.attrNames it")), names);

    let packages = "{ stdenv.hostPlatform.system = \"x86_64-linux\"; config = { }; git = 1; \
                    python3Packages = { requests = 1; numpy = 2; }; hello = 3; }";
    let overlay = generate(&world, "overlay");
    let it = format!("let prev = {packages}; it = {overlay} prev prev; in");
    assert_eq!(world.pure(&format!("{it} {of}")), versions);
    assert_eq!(world.pure(&format!("{it} builtins.attrNames it")), names);
    assert_eq!(world.pure(&format!("{it} it.python3Packages.numpy")), json!(2));

    for (format, option) in
        [("nixos-module", "environment.systemPackages"), ("home-manager", "home.packages")]
    {
        let module = generate(&world, format);
        let it = format!("({module} {{ pkgs = {packages}; }}).{option}");
        let found = world.pure(&format!("map (package: package.version) ({it})"));
        assert_eq!(found, json!(["1.0", "2.0", "2.2"]), "{format}");
    }

    let shell = generate(&world, "shell");
    let it = format!("({shell} {{ {system}; }}).buildInputs");
    let found = world.pure(&format!("map (package: package.version) ({it})"));
    assert_eq!(found, json!(["1.0", "2.0", "2.2"]));

    let flake = generate(&world, "flake");
    let inputs: Vec<String> = lock
        .revisions
        .iter()
        .map(|(name, revision)| {
            let hash = revision.nar_hash.as_deref().expect("it was computed");
            format!("{name} = builtins.fetchTarball {{ url = \"x:/\"; sha256 = \"{hash}\"; }};")
        })
        .collect();
    let outputs = format!("({flake}.outputs {{ {} }})", inputs.join(" "));
    let it = format!("let it = {outputs}.legacyPackages.x86_64-linux; in");
    assert_eq!(world.pure(&format!("{it} {of}")), versions);
    let packages = format!("builtins.attrNames {outputs}.packages.aarch64-linux");
    assert_eq!(world.pure(&packages), json!(["git", "nodejs"]));
    let shell = format!("builtins.length {outputs}.devShells.x86_64-linux.default.buildInputs");
    assert_eq!(world.pure(&shell), json!(3));
    for (name, revision) in &lock.revisions {
        let url = world.pure(&format!("{flake}.inputs.{name}.url"));
        let url = url.as_str().expect("a URL");
        assert!(url.contains(&format!("/{}?narHash=sha256-", revision.commit.id)), "{url}");
    }
}

#[test]
fn a_lock_of_other_wishes_makes_nothing() {
    let world = World::new(PINS);
    world.run(&["lock"]);
    let frozen = generate(&world, "frozen");
    assert!(frozen.contains("No hash is known yet"), "{frozen}");
    world.write("packages.nix", "{ git = \"2.0\"; }");
    let err = world.ends(1, &["generate", "--format", "frozen", "-o", "other.nix"]).err;
    assert!(err.contains("lock-stale") && err.contains("packages.nix:1:3"), "{err}");
    assert!(!world.path("other.nix").exists());
}

/// Nix itself downloads the revisions, from archives on this machine, and says what their hashes are.
#[test]
fn nix_tells_hashes_where_there_is_no_clone() {
    let world = World::new(PINS);
    let known = world.lock();
    for commit in known.revisions.values().map(|revision| revision.commit.id.to_string()) {
        let archive = world.path(&format!("{commit}.tar.gz"));
        let archive = archive.to_str().expect("a plain name");
        world.repository().git(&[
            "archive",
            "--format=tar.gz",
            "--prefix=nixpkgs/",
            "-o",
            archive,
            &commit,
        ]);
    }
    std::fs::remove_file(world.path("packages.lock")).expect("it was written");
    let url = format!("--prefetch=file://{}/{{rev}}.tar.gz", world.path("").display());
    world.run(&["lock", &url, "--dry-run"]);
    assert!(!world.path("packages.lock").exists());
    let said = world.ends(0, &["lock", &url]);
    assert!(!said.err.contains("no hash"), "{}", said.err);
    assert_eq!(world.text("packages.lock"), known.print());
    // It is in the store, and nothing is downloaded again.
    let frozen = generate(&world, "frozen");
    let version = format!("({frozen} {{ system = \"x86_64-linux\"; }}).git.version");
    assert_eq!(world.pure(&version), json!("1.0"));

    std::fs::remove_file(world.path("packages.lock")).expect("it was written");
    let missing = world.ends(3, &["lock", "--prefetch=file:///nowhere/{rev}.tar.gz"]);
    assert!(missing.err.contains("Nix cannot download file:///nowhere/"), "{}", missing.err);
    let mut without = world.command(&["lock", "--prefetch"]);
    let without = nix_archiver_tests::nix::end(without.env("PATH", world.path("empty")));
    assert_eq!(without.code, Some(3), "{}", without.err);
    assert!(
        without.err.contains("nix-prefetch-url is not installed; --repo PATH"),
        "{}",
        without.err
    );
    assert!(!world.path("packages.lock").exists());
}

/// Packages of nixpkgs that were always there.
const NAMES: [&str; 9] = [
    "nodejs",
    "git",
    "go",
    "redis",
    "ripgrep",
    "postgresql",
    "python3Packages.requests",
    "openssl",
    "vim",
];

/// What is locked is what Nix finds: in the small nixpkgs, and in nixpkgs itself as it was in 2018 where
/// `NIXPKGS_REPO` names a clone.
#[test]
fn the_locked_attribute_has_the_locked_version() {
    let world = World::new(PINS);
    let lock = world.lock();
    let trees = world.unpack(&lock);
    versions_agree(&world, &lock, &trees);
    if std::env::var_os("NIXPKGS_REPO").is_none() {
        return;
    }

    // 2018: what the program knows without being told.
    let pins: String = NAMES.iter().map(|name| format!("  {name} = \"*\";\n")).collect();
    world.write("packages.nix", &format!("{{\n{pins}  ruby = {{ version = \"*\"; }};\n}}\n"));
    let starter = world.path("no-index");
    let starter = starter.to_str().expect("a plain name");
    world.run(&["--index", starter, "lock"]);
    let lock = model::Lock::parse(&world.text("packages.lock")).expect("it is sound");
    assert_eq!(lock.pins.len(), NAMES.len() + 1);
    versions_agree(&world, &lock, &real(&world, &lock));
    // Several revisions at once.
    world.write(
        "packages.nix",
        "{\n  nodejs = \"6.12.3\";\n  git = \"2.17.0\";\n  python3Packages.requests = \"*\";\n}\n",
    );
    world.run(&["--index", starter, "lock"]);
    let lock = model::Lock::parse(&world.text("packages.lock")).expect("it is sound");
    assert_eq!(lock.revisions.len(), 2);
    versions_agree(&world, &lock, &real(&world, &lock));
}

/// What the evaluator reads out of a revision is what Nix finds there: in the small nixpkgs, and in
/// nixpkgs itself as it was at the end of 2017 where `NIXPKGS_REPO` names a clone.
#[test]
fn what_is_read_has_the_version_that_nix_finds() {
    let world = World::new(PINS);
    let head = world.repository().head();
    let small = ["git", "nodejs", "python3Packages.requests"];
    let agreed = dump_agrees(&world, "nixpkgs", &head, &world.path("nixpkgs"), &small);
    assert_eq!(agreed, 3);
    let Some(clone) = std::env::var_os("NIXPKGS_REPO") else { return };
    let clone = clone.to_str().expect("a plain name").to_owned();
    let branch =
        ["rev-list", "-1", "--first-parent", "--before=2017-12-31T00:00:00Z", "nixpkgs-unstable"];
    let mut git = std::process::Command::new("git");
    git.args(["-C", &clone]).args(branch).env("GIT_NO_LAZY_FETCH", "1");
    let revision = nix_archiver_tests::nix::output(&mut git);
    let revision = revision.trim();
    let tree = real_revision(&world.path("trees"), revision, &["."]);
    let agreed = dump_agrees(&world, &clone, revision, &tree, &NAMES);
    assert!(agreed >= 7, "{agreed} of {}", NAMES.len());
}

/// Holds what the program reads of these packages in a revision to what Nix finds in its tree; how
/// many of them it knows.
#[track_caller]
fn dump_agrees(world: &World, repo: &str, revision: &str, tree: &Path, names: &[&str]) -> usize {
    let dump = world.run(&["index", "--repo", repo, "--dump-at", revision]);
    let mut agreed = 0;
    for name in names {
        let begins = format!("{name}\t");
        let Some(line) = dump.lines().find(|line| line.starts_with(&begins)) else { continue };
        let version = line.split('\t').nth(2).expect("three columns");
        let found = world.impure(&format!(
            "let p = (import {} {{ system = \"x86_64-linux\"; config = {{ }}; }}).{name}; in p.version or \
             (builtins.parseDrvName p.name).version",
            tree.display()
        ));
        assert_eq!(found, json!(version), "{name} at {revision}");
        agreed += 1;
    }
    agreed
}

/// The trees of the locked revisions of nixpkgs itself.
fn real(world: &World, lock: &model::Lock) -> Vec<(String, std::path::PathBuf)> {
    let tree = |(name, revision): (&String, &model::LockedRevision)| {
        let commit = revision.commit.id.to_string();
        (name.clone(), real_revision(&world.path("trees"), &commit, &["."]))
    };
    lock.revisions.iter().map(tree).collect()
}

/// Asks Nix for the version of every locked attribute, in what is generated and through the library.
#[track_caller]
fn versions_agree(world: &World, lock: &model::Lock, trees: &[(String, std::path::PathBuf)]) {
    let sources: String =
        trees.iter().map(|(name, tree)| format!("{name} = {}; ", tree.display())).collect();
    let args = format!("{{ system = \"x86_64-linux\"; sources = {{ {sources} }};");
    let frozen = generate(world, "frozen");
    let library = root().join("nix/lib");
    let library = format!(
        "(import {} {args} lockFile = ./packages.lock; }}).pinnedPackages {{ }}",
        library.display()
    );
    for it in [format!("{frozen} {args} }}"), library] {
        let versions: String = lock
            .pins
            .keys()
            .map(|path| {
                format!(
                    "(let p = it.{path}; in p.version or (builtins.parseDrvName p.name).version) "
                )
            })
            .collect();
        let found = world.impure(&format!("let it = {it}; in [ {versions}]"));
        let locked: Vec<&str> = lock.pins.values().map(|pin| pin.version.as_str()).collect();
        assert_eq!(found, json!(locked));
    }
}
