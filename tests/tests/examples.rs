//! The examples, as somebody would use them: copied, locked, and given to real Nix.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use model::Lock;
use nix_archiver_tests::nix::{World, output, root};
use serde_json::json;

/// The versions that the examples pin, between others.
const HISTORY: &[&[(&str, &str)]] = &[
    &[("nodejs", "6.12.2"), ("git", "2.16.1"), ("requests", "2.17.3")],
    &[("git", "2.16.2"), ("requests", "2.18.4")],
    &[("nodejs", "6.12.3")],
    &[("nodejs", "6.13.0"), ("git", "2.17.0"), ("requests", "2.19.1")],
];

/// A copy of an example, locked, with what is locked in the store.
struct Example {
    world: World,
    folder: PathBuf,
}

impl Example {
    #[track_caller]
    fn new(name: &str) -> Self {
        let pins = root().join("examples").join(name).join("packages.nix");
        let world = World::with(&fs::read_to_string(pins).expect("an example has pins"), HISTORY);
        let folder = world.path("example");
        output(Command::new("cp").arg("-r").arg(root().join("examples").join(name)).arg(&folder));
        let said = world.run(&["lock", "example/packages.nix", "--repo", "nixpkgs"]);
        assert!(said.ends_with("3 pins on 1 revision\n"), "{said}");
        world.run(&["check", "example/packages.nix", "--deny", "warnings"]);
        let lock = fs::read_to_string(folder.join("packages.lock")).expect("it was locked");
        world.store(&Lock::parse(&lock).expect("it is sound"));
        Self { world, folder }
    }

    fn path(&self) -> std::path::Display<'_> {
        self.folder.display()
    }
}

/// The locks that the examples come with are those that the program makes of what it knows by itself.
/// With `UPDATE_EXPECT=1` they are written anew.
#[test]
fn locks_are_current() {
    let world = World::new("{ }");
    let none = world.path("no-index");
    let none = none.to_str().expect("a plain name");
    for name in ["flake", "home-manager", "nixos", "shell", "web-service"] {
        let pins = root().join("examples").join(name).join("packages.nix");
        let pins = pins.to_str().expect("a plain name");
        if std::env::var_os("UPDATE_EXPECT").is_some() {
            world.run(&["--index", none, "lock", pins]);
        }
        world.run(&["--index", none, "lock", pins, "--check"]);
    }
}

const VERSIONS: [&str; 3] = ["2.16.2", "6.12.3", "2.18.4"];

#[test]
fn shell() {
    let example = Example::new("shell");
    let shell =
        format!("import {}/shell.nix {{ nix-archiver = {}; }}", example.path(), root().display());
    let versions = example.world.impure(&format!("map (p: p.version) ({shell}).buildInputs"));
    assert_eq!(versions, json!(VERSIONS));
    let built = example.world.build(&format!("builtins.elemAt ({shell}).buildInputs 1"));
    assert_eq!(output(&mut Command::new(built.join("bin/nodejs"))), "nodejs 6.12.3\n");
}

/// The flake of the example takes this repository's own flake as its input, and Nix reads both.
#[test]
fn flake() {
    let example = Example::new("flake");
    let world = &example.world;
    let product = files_of_the_flake(&world.path("product"));
    let flake = format!("path:{}", example.path());
    let inputs = [
        "--override-input".to_owned(),
        "nix-archiver".to_owned(),
        format!("path:{}", product.display()),
        "--override-input".to_owned(),
        "nix-archiver/nixpkgs".to_owned(),
        today(),
    ];
    let inputs: Vec<&str> = inputs.iter().map(String::as_str).collect();
    let eval = |attribute: &str, apply: &str| -> serde_json::Value {
        let target = format!("{flake}#{attribute}");
        let features = ["--extra-experimental-features", "nix-command flakes", "eval", "--json"];
        let args = [&features[..], &inputs, &["--apply", apply, &target]].concat();
        serde_json::from_str(&world.nix("nix", &args)).expect("JSON")
    };
    let inside = "shell: map (p: p.version) shell.buildInputs";
    assert_eq!(eval("devShells.x86_64-linux.default", inside), json!(VERSIONS));
    assert_eq!(eval("devShells.aarch64-darwin.web", inside), json!(["6.12.3"]));
    let requests =
        eval("legacyPackages.x86_64-linux.python3Packages.requests", "p: [ p.version p.system ]");
    assert_eq!(requests, json!(["2.18.4", "x86_64-linux"]));
    let features = ["--extra-experimental-features", "nix-command flakes"];
    let nodejs = format!("{flake}#nodejs");
    let run = [&features[..], &["run", &nodejs], &inputs].concat();
    if cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        assert_eq!(world.nix("nix", &run), "nodejs 6.12.3\n");
    }

    // Every template is a folder with pins.
    let templates = format!("path:{}#templates", product.display());
    let has_pins = "builtins.mapAttrs (_: t: builtins.pathExists (t.path + \"/packages.nix\"))";
    let show = [
        "eval",
        "--json",
        &templates,
        "--override-input",
        "nixpkgs",
        inputs[5],
        "--apply",
        has_pins,
    ];
    let show = [&features[..], &show].concat();
    let templates: serde_json::Value =
        serde_json::from_str(&world.nix("nix", &show)).expect("JSON");
    let all = json!({ "default": true, "flake": true, "home-manager": true, "nixos": true, "shell": true });
    assert_eq!(templates, all);
}

/// Nix finds everything that the flake gives, for every system, and of the kind that it should be.
#[test]
fn the_flake_of_the_product() {
    let world = World::new("{ }");
    let product = format!("path:{}", files_of_the_flake(&world.path("product")).display());
    let features = ["--extra-experimental-features", "nix-command flakes"];
    let check = ["flake", "check", &product, "--no-build", "--no-write-lock-file"];
    let today = today();
    let nixpkgs = ["--override-input", "nixpkgs", &today];
    world.nix("nix", &[&features[..], &check, &nixpkgs].concat());
    let show = ["flake", "show", &product, "--json", "--no-write-lock-file"];
    let shown = world.nix("nix", &[&features[..], &show, &nixpkgs].concat());
    let shown: serde_json::Value = serde_json::from_str(&shown).expect("JSON");
    // Newer releases of Nix show what is for this system only.
    for output in ["packages", "devShells", "checks"] {
        let of = format!("{product}#{output}");
        let types = "builtins.mapAttrs (_: builtins.mapAttrs (_: one: one.type))";
        let eval = ["eval", &of, "--json", "--no-write-lock-file", "--apply", types];
        let found = world.nix("nix", &[&features[..], &eval, &nixpkgs].concat());
        let found: serde_json::Value = serde_json::from_str(&found).expect("JSON");
        for system in ["x86_64-linux", "aarch64-linux", "x86_64-darwin", "aarch64-darwin"] {
            let found = found[system].as_object().expect("a set of derivations");
            assert!(found.values().all(|one| one == "derivation"), "{found:?}");
            assert!(!found.is_empty());
        }
    }
    assert_eq!(shown["nixosModules"]["default"]["type"], "nixos-module");
    assert_eq!(shown["overlays"]["default"]["type"], "nixpkgs-overlay");
    assert_eq!(shown["templates"].as_object().map(|templates| templates.len()), Some(5));
}

/// The flake in the place of today's nixpkgs, of which the flake of the product is made.
fn today() -> String {
    format!("path:{}", root().join("tests/nix").display())
}

/// What the flake is made of, as it would be downloaded: nothing that a build leaves.
fn files_of_the_flake(to: &Path) -> PathBuf {
    fs::create_dir_all(to).expect("it is ours");
    for name in ["flake.nix", "nix", "examples", "docs", "Cargo.toml", "Cargo.lock"] {
        output(Command::new("cp").arg("-r").arg(root().join(name)).arg(to));
    }
    to.to_owned()
}

/// A configuration, evaluated with the module system in small.
fn configuration(example: &Example, file: &str, options: &str) -> String {
    format!(
        "let lib = import {tests}/nix/lib.nix; pkgs = import {nixpkgs} {{ }} // {{ nix-archiver = {{ type \
         = \"derivation\"; name = \"nix-archiver\"; outPath = \"/x\"; }}; }}; any = type: lib.mkOption {{ \
         inherit type; }}; config = (lib.evalModules {{ modules = [ {example}/{file} {{ \
         _module.args.pkgs = pkgs; }} {{ options = with lib.types; {{ {options} }}; }} ]; }}).config; in ",
        tests = root().join("tests").display(),
        nixpkgs = example.world.path("nixpkgs").display(),
        example = example.path(),
    )
}

#[track_caller]
fn evaluate(example: &Example, expression: &str) -> serde_json::Value {
    let product = format!("nix-archiver={}", root().display());
    let args = ["--eval", "--strict", "--json", "-I", &product, "-E", expression];
    serde_json::from_str(&example.world.nix("nix-instantiate", &args)).expect("JSON")
}

#[test]
fn nixos() {
    let example = Example::new("nixos");
    let options = "environment.systemPackages = any (listOf package); environment.variables = any attrs; \
                   nixpkgs.overlays = any (listOf unspecified); assertions = any (listOf attrs); \
                   users.users = any attrs; users.groups = any attrs; systemd = { services = any attrs; \
                   timers = any attrs; tmpfiles.rules = any (listOf str); };";
    let config = configuration(&example, "configuration.nix", options);
    let versions = "map (p: p.version or \"\") config.environment.systemPackages";
    assert_eq!(
        evaluate(&example, &format!("{config} {versions}")),
        json!(["", "2.16.2", "6.12.3", "2.18.4"])
    );
    let laid = "((builtins.head config.nixpkgs.overlays) { } pkgs).git.version";
    assert_eq!(evaluate(&example, &format!("{config} {laid}")), json!("2.16.2"));
    let timer = "config.systemd.timers.nix-archiver-index.timerConfig.OnCalendar";
    assert_eq!(evaluate(&example, &format!("{config} {timer}")), json!("weekly"));
}

#[test]
fn home_manager() {
    let example = Example::new("home-manager");
    let options = "home.packages = any (listOf package); xdg.configFile = any attrs;";
    let config = configuration(&example, "home.nix", options);
    let versions = "map (p: p.version or \"\") config.home.packages";
    assert_eq!(evaluate(&example, &format!("{config} {versions}")), json!(["", "2.16.2"]));
    let web = "config.xdg.configFile.\"nix-archiver/environments/web\".source";
    let product = format!("nix-archiver={}", root().display());
    let expression = format!("{config} {web}");
    let built =
        example.world.nix("nix-build", &["--no-out-link", "-I", &product, "-E", &expression]);
    let nodejs = Path::new(built.trim()).join("bin/nodejs");
    assert_eq!(output(&mut Command::new(nodejs)), "nodejs 6.12.3\n");
}
