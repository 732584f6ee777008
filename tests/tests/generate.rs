//! From a history in git to what Nix makes of the generated files: the hashes that are computed are
//! those of Nix itself, and the locked attribute has the locked version when Nix evaluates it.

use std::path::Path;

use nix_archiver_tests::nix::World;
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

#[test]
fn hashes_are_those_of_nix() {
    let world = World::new(PINS);
    let said = world.run(&["lock", "--repo", "nixpkgs"]);
    assert!(said.ends_with("3 pins on 2 revisions\n"), "{said}");
    let lock = world.lock();
    for (name, folder) in world.unpack(&lock) {
        let folder = folder.to_str().expect("a plain name");
        let args = ["--extra-experimental-features", "nix-command", "hash", "path", folder];
        let theirs = world.nix("nix", &args);
        assert_eq!(lock.revisions[&name].nar_hash.as_deref(), Some(theirs.trim()), "{name}");
        assert!(Path::new(folder).join("link").is_symlink());
    }
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
    assert!(err.contains("lock-differs") && err.contains("packages.nix:1:3"), "{err}");
    assert!(!world.path("other.nix").exists());
}
