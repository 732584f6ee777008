//! The modules for NixOS and home-manager, evaluated by a module system: a small one always, and the
//! one of nixpkgs itself, with all of NixOS around it, where `NIXPKGS_REPO` names a clone.

use std::{fs, os::unix::fs::symlink, path::PathBuf, process::Command};

use nix_archiver_tests::{
    lsp_client::program,
    nix::{World, end, output, real_nixpkgs, root},
};
use serde_json::{Value, json};

const PINS: &str =
    "{\n  git = \"1.0\";\n  nodejs = \"^2\";\n  python3Packages.requests = \"2.*\";\n}\n";

fn locked() -> World {
    let world = World::new(PINS);
    let lock = world.lock();
    world.store(&lock);
    world
}

/// The module systems at hand, as paths to what is imported for `lib`.
fn libs(world: &World) -> Vec<PathBuf> {
    let small = root().join("tests/nix/lib.nix");
    let real = real_nixpkgs(&world.path("real"), "2018-03-01", &["lib"]);
    [Some(small), real.map(|nixpkgs| nixpkgs.join("lib"))].into_iter().flatten().collect()
}

/// An expression with `config`, of a module, options that it sets, and what a user says.
fn evaluated(world: &World, lib: &std::path::Path, module: &str, said: &str) -> String {
    format!(
        "let lib = import {lib}; pkgs = import {nixpkgs} {{ }} // {{ nix-archiver = derivation {{ name \
         = \"nix-archiver\"; system = builtins.currentSystem; builder = \"/bin/sh\"; PATH = \
         \"/bin:/usr/bin\"; args = [ \"-c\" \"mkdir -p $out/bin; ln -s {program} $out/bin/\" ]; }}; }}; \
         any = type: lib.mkOption {{ inherit type; }}; config = (lib.evalModules {{ modules = [ \
         {module} {{ _module.args.pkgs = pkgs; }} {{ options = with lib.types; {{ \
         environment.systemPackages = any (listOf package); environment.variables = any attrs; \
         nixpkgs.overlays = any (listOf unspecified); assertions = any (listOf attrs); users.users = any \
         attrs; users.groups = any attrs; systemd = {{ services = any attrs; timers = any attrs; \
         tmpfiles.rules = any (listOf str); }}; home.packages = any (listOf package); xdg.configFile = \
         any attrs; }}; }} ({said}) ]; }}).config; in ",
        lib = lib.display(),
        nixpkgs = world.path("nixpkgs").display(),
        program = program().display(),
        module = root().join("nix").join(module).display(),
    )
}

#[test]
fn nixos_installs_pins_and_lays_them_over() {
    let world = locked();
    for lib in libs(&world) {
        let nixos = |said: &str| evaluated(&world, &lib, "modules/nixos.nix", said);
        let said = "{ services.nix-archiver = { enable = true; lockFile = ./packages.lock; \
                    pinnedPackages = import ./packages.nix; generateOverlay = true; }; }";
        let names =
            "map (p: p.name or \"${p.pname}-${p.version}\") config.environment.systemPackages";
        let config = nixos(said);
        let is = |expression: &str, wanted: Value| {
            assert_eq!(world.impure(&format!("{config} {expression}")), wanted, "{expression}");
        };
        is(names, json!(["nix-archiver", "git-1.0", "nodejs-2.0", "requests-2.2"]));
        let overlaid = "(builtins.head config.nixpkgs.overlays) { } pkgs";
        is(
            &format!("builtins.attrNames ({overlaid})"),
            json!(["git", "nodejs", "python3Packages"]),
        );
        is(&format!("({overlaid}).python3Packages.requests.version"), json!("2.2"));
        is("pkgs.python3Packages.requests.version", json!("3.0"));

        // Without pins no lock is asked for, and nothing happens that was not asked for.
        let bare = nixos("{ services.nix-archiver.enable = true; }");
        assert_eq!(world.impure(&format!("{bare} {names}")), json!(["nix-archiver"]));
        let off = nixos("{ environment.systemPackages = [ ]; }");
        assert_eq!(world.impure(&format!("{off} {names}")), json!([]));

        for (said, words) in [
            ("enable = true; pinnedPackages.git = \"1.0\";", "lockFile must name a packages.lock"),
            (
                "enable = true; lockFile = ./packages.lock; pinnedPackages.git = \"9\";",
                "has git 1.0, and 9 is asked for",
            ),
            ("enable = 1;", "is not of type"),
            ("enabel = true;", "does not exist"),
        ] {
            let config = nixos(&format!("{{ services.nix-archiver = {{ {said} }}; }}"));
            let complaint = world.complaint(&[], &format!("{config} {names}"));
            // nixpkgs of 2018 says "boolean" after words of its own.
            let words = if words == "is not of type" { "is not" } else { words };
            assert!(complaint.contains(words), "{words}: {complaint}");
        }
    }
}

/// The service is started here as systemd would: its own script, with the history of a repository.
#[test]
fn the_service_keeps_an_index() {
    let world = locked();
    for (at, lib) in libs(&world).iter().enumerate() {
        let address = format!("file://{}", world.path("nixpkgs").display());
        let said = format!(
            "{{ services.nix-archiver = {{ enable = true; indexer = {{ enable = true; repository = \
             \"{address}\"; branches = [ \"main\" ]; updateInterval = \"hourly\"; }}; }}; }}"
        );
        let config = evaluated(&world, lib, "modules/nixos.nix", &said);
        let service = "config.systemd.services.nix-archiver-index";
        let is = |expression: &str, wanted: Value| {
            assert_eq!(world.impure(&format!("{config} {expression}")), wanted, "{expression}");
        };
        is(&format!("{service}.serviceConfig.User"), json!("nix-archiver"));
        is("config.users.users.nix-archiver.group", json!("nix-archiver"));
        is("builtins.attrNames config.users.groups", json!(["nix-archiver"]));
        is("config.environment.variables.NIX_ARCHIVER_INDEX", json!("/var/lib/nix-archiver/index"));
        is("config.systemd.timers.nix-archiver-index.timerConfig.OnCalendar", json!("hourly"));
        is("config.systemd.tmpfiles.rules", json!([]));
        is("builtins.all (a: a.assertion) config.assertions", json!(true));

        // Where the service may write is another place here.
        let state = world.path(&format!("state-{at}"));
        fs::create_dir_all(&state).expect("it is ours");
        let package = world.build(&format!("{config} pkgs.nix-archiver"));
        let script = world.impure(&format!("{config} {service}.script"));
        let script = script.as_str().expect("a script");
        let script = script.replace("/var/lib/nix-archiver", state.to_str().expect("a plain name"));
        assert!(script.contains(package.to_str().expect("a plain name")), "{script}");
        let index = state.join("index");
        let index = index.to_str().expect("a plain name");
        for _ in 0..2 {
            // The second time there is nothing new.
            let mut shell = Command::new("/bin/sh");
            world.surround(&mut shell);
            output(shell.args(["-e", "-c", &script]));
            assert!(world.run(&["--index", index, "info", "nodejs", "1.0"]).contains("nodejs"));
        }

        // A clone on this machine is read where it is, and an index elsewhere gets a folder.
        let said = said
            .replace("file://", "")
            .replace("branches = ", "database = \"/srv/index\"; branches = ");
        let config = evaluated(&world, lib, "modules/nixos.nix", &said);
        let script = world.impure(&format!("{config} {service}.script"));
        let script = script.as_str().expect("a script");
        assert!(!script.contains("git "), "{script}");
        let rules = world.impure(&format!("{config} config.systemd.tmpfiles.rules"));
        assert_eq!(rules, json!(["d /srv/index 0755 nix-archiver nix-archiver -"]));
        let allowed = world.impure(&format!("{config} {service}.serviceConfig.ReadWritePaths"));
        assert_eq!(allowed, json!(["/srv/index"]));
    }
}

/// All of NixOS, as it was in 2018, with this module in it.
#[test]
fn nixos_itself_takes_the_module() {
    let world = locked();
    let Some(nixpkgs) = real_nixpkgs(&world.path("real"), "2018-03-01", &["."]) else {
        // What a module system can tell is told by the other tests.
        let small = &libs(&world)[0];
        let config = evaluated(&world, small, "modules/nixos.nix", "{ }");
        assert_eq!(
            world.impure(&format!("{config} config.services.nix-archiver.enable")),
            json!(false)
        );
        return;
    };
    let units = world.impure(&format!(
        "let nixos = import {}/nixos/lib/eval-config.nix {{ system = \"x86_64-linux\"; modules = [ {} {{ \
         boot.loader.grub.enable = false; fileSystems.\"/\".device = \"x\"; services.nix-archiver = {{ \
         enable = true; indexer.enable = true; package = derivation {{ name = \"nix-archiver\"; system = \
         \"x\"; builder = \"x\"; }}; }}; }} ]; }}; units = nixos.config.systemd.units; in {{ service = \
         units.\"nix-archiver-index.service\".text; timer = units.\"nix-archiver-index.timer\".text; \
         assertions = builtins.filter (a: !a.assertion) nixos.config.assertions; user = \
         nixos.config.users.users.nix-archiver.isSystemUser; }}",
        nixpkgs.display(),
        root().join("nix/modules/nixos.nix").display(),
    ));
    let text = |name: &str| units[name].as_str().expect("a text").to_owned();
    for line in [
        "User=nix-archiver\n",
        "ProtectSystem=strict\n",
        "NoNewPrivileges=true\n",
        "StateDirectory=nix-archiver\n",
    ] {
        assert!(text("service").contains(line), "{line}: {}", text("service"));
    }
    assert!(text("timer").contains("OnCalendar=daily\n"), "{}", text("timer"));
    assert_eq!((&units["assertions"], &units["user"]), (&json!([]), &json!(true)));
}

#[test]
fn home_manager_has_environments_to_enter() {
    let world = locked();
    for lib in libs(&world) {
        let said = "{ programs.nix-archiver = { enable = true; lockFile = ./packages.lock; pins = { git = \
                    \"1.0\"; }; devEnvironments = { web.packages = [ \"nodejs@2.0\" \
                    \"python3Packages.requests\" ]; tools.packages = { git = \"1.0\"; }; }; }; }";
        let config = evaluated(&world, &lib, "home-manager.nix", said);
        let names = world.impure(&format!(
            "{config} map (p: p.name or \"${{p.pname}}-${{p.version}}\") config.home.packages"
        ));
        assert_eq!(names, json!(["nix-archiver", "git-1.0"]));
        let files = world.impure(&format!("{config} builtins.attrNames config.xdg.configFile"));
        assert_eq!(
            files,
            json!(["nix-archiver/environments/tools", "nix-archiver/environments/web"])
        );
        for name in ["web", "tools"] {
            let file = format!("config.xdg.configFile.\"nix-archiver/environments/{name}\".source");
            let built = world.build(&format!("{config} {file}"));
            // As home-manager does when it is told to switch.
            let folder = world.path("config/nix-archiver/environments");
            fs::create_dir_all(&folder).expect("it is ours");
            let _ = fs::remove_file(folder.join(name));
            symlink(built, folder.join(name)).expect("it is ours");
        }
        assert_eq!(world.run(&["env", "list"]), "tools\nweb\n");
        let inside = |name: &str, run: &str| {
            let mut enter = world.command(&["env", "enter", name]);
            end(enter.env("SHELL", "/bin/sh").stdin(script(&world, run)))
        };
        let web = inside("web", "nodejs; requests; echo $NIX_ARCHIVER_ENV; exit 7\n");
        assert_eq!(
            (web.code, web.out.as_str()),
            (Some(7), "nodejs 2.0\nrequests 2.2\nweb\n"),
            "{}",
            web.err
        );
        let tools = inside("tools", "command -v nodejs || echo none; git\n");
        assert!(tools.out.ends_with("git 1.0\n"), "{}{}", tools.out, tools.err);

        let export = world.run(&["env", "export", "web"]);
        let mut shell = Command::new("/bin/sh");
        world.surround(&mut shell);
        let said = output(shell.args(["-c", &format!("{export}\nnodejs; echo $NIX_ARCHIVER_ENV")]));
        assert_eq!(said, "nodejs 2.0\nweb\n");

        let unknown = world.ends(1, &["env", "enter", "wbe"]);
        assert!(
            unknown.err.contains("wbe") && unknown.err.contains("tools, web"),
            "{}",
            unknown.err
        );
        world.ends(1, &["env", "export", "../environments/web"]);
    }
}

/// A file with lines for a shell, open for reading.
fn script(world: &World, text: &str) -> fs::File {
    world.write("script", text);
    fs::File::open(world.path("script")).expect("it was written")
}

/// `UPDATE_EXPECT=1` writes the pages anew.
#[test]
fn the_pages_about_options_are_current() {
    let world = World::new("{\n}\n");
    for (page, title, module) in [
        ("nixos", "Options for NixOS", "modules/nixos.nix"),
        ("home-manager", "Options for home-manager", "home-manager.nix"),
    ] {
        let path = root().join(format!("docs/options/{page}.md"));
        for lib in libs(&world) {
            let text = world.impure(&format!(
                "import {nix}/options.nix {{ lib = import {lib}; title = \"{title}\"; module = \
                 {nix}/{module}; }}",
                nix = root().join("nix").display(),
                lib = lib.display(),
            ));
            let text = text.as_str().expect("a text");
            if std::env::var_os("UPDATE_EXPECT").is_some() {
                fs::create_dir_all(root().join("docs/options")).expect("it is ours");
                fs::write(&path, text).expect("it is ours");
            }
            let found = fs::read_to_string(&path).unwrap_or_default();
            assert_eq!(found, text, "UPDATE_EXPECT=1 writes {} anew", path.display());
        }
    }
}
