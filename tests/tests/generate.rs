//! From a history in git to what Nix makes of the generated files: the hashes that are computed are
//! those of Nix itself, and the locked attribute has the locked version when Nix evaluates it.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use model::Lock;
use nix_archiver_tests::{lsp_client::program, repository::Repository};
use serde_json::{Value, json};
use tempfile::TempDir;

const BINDINGS: &str = "    nodejs = callPackage ../nodejs { };\n    git = callPackage ../git { };\n    \
                        python3Packages = { requests = callPackage ../requests { }; };";

/// A nixpkgs with a history, an index of it, a packages.nix, and a store for Nix.
struct World {
    dir: TempDir,
    repository: Repository,
}

impl World {
    fn new(pins: &str) -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let mut repository = Repository::nixpkgs(&dir.path().join("nixpkgs"), BINDINGS);
        // Enough for Nix to evaluate what a package is.
        repository.write(
            "pkgs/stdenv/default.nix",
            "{ allPackages, system }: { stdenv = { inherit system; hostPlatform = { inherit system; \
             }; mkDerivation = args: args // { type = \"derivation\"; inherit system; }; }; }\n",
        );
        // What an archive can hold: names that git sorts otherwise than Nix, an empty file, one that
        // can be run, a link, lengths around a multiple of eight.
        repository.write("a/b", "");
        repository.write("a.b", "1234567");
        repository.write("a-b", "12345678");
        repository.write("run", "123456789");
        #[cfg(unix)]
        {
            use std::os::unix::fs::{PermissionsExt, symlink};
            let run = repository.dir().join("run");
            fs::set_permissions(run, fs::Permissions::from_mode(0o755)).expect("it is ours");
            symlink("a/b", repository.dir().join("link")).expect("it is ours");
        }
        for (name, version) in [("nodejs", "1.0"), ("git", "1.0"), ("requests", "2.1")] {
            repository.package(name, version);
        }
        repository.commit("first");
        repository.package("git", "2.0");
        repository.commit("git 2.0");
        repository.package("nodejs", "2.0");
        repository.package("requests", "2.2");
        repository.commit("nodejs 2.0");
        repository.package("requests", "3.0");
        repository.commit("requests 3.0");
        let this = Self { dir, repository };
        fs::write(this.path("packages.nix"), pins).expect("it is ours");
        fs::create_dir_all(this.path("etc")).expect("it is ours");
        fs::write(this.path("etc/nix.conf"), "build-users-group =\n").expect("it is ours");
        this.run(&["index", "--repo", "nixpkgs"]);
        this
    }

    fn path(&self, below: &str) -> PathBuf {
        self.dir.path().join(below)
    }

    /// Runs the program, which must be content.
    #[track_caller]
    fn run(&self, args: &[&str]) -> String {
        let mut command = Command::new(program());
        command.args(args).env("XDG_DATA_HOME", self.path("data"));
        command.env("XDG_CACHE_HOME", self.path("cache")).env_remove("NIX_ARCHIVER_INDEX");
        output(command.current_dir(self.dir.path()))
    }

    /// Runs a program of Nix, with a store of its own.
    #[track_caller]
    fn nix(&self, program: &str, args: &[&str]) -> String {
        let mut command = Command::new(program);
        command.args(args).current_dir(self.dir.path());
        for (name, folder) in [
            ("NIX_STORE_DIR", "store"),
            ("NIX_STATE_DIR", "state"),
            ("NIX_LOG_DIR", "log"),
            ("NIX_LOCALSTATE_DIR", "localstate"),
            ("NIX_CONF_DIR", "etc"),
            ("HOME", "home"),
            ("XDG_CACHE_HOME", "nix-cache"),
        ] {
            command.env(name, self.path(folder));
        }
        output(command.env_remove("NIX_REMOTE").env_remove("NIX_PATH"))
    }

    /// What an expression is, in pure evaluation: nothing but what is in the store can be read.
    #[track_caller]
    fn pure(&self, expression: &str) -> Value {
        let args = ["--eval", "--strict", "--json", "--pure-eval", "-E", expression];
        serde_json::from_str(&self.nix("nix-instantiate", &args)).expect("Nix prints JSON")
    }

    fn lock(&self) -> Lock {
        let text = fs::read_to_string(self.path("packages.lock")).expect("there is a lock");
        let lock = Lock::parse(&text).expect("it is sound");
        assert_eq!(lock.print(), text);
        lock
    }

    /// Unpacks the archives of the locked revisions; their folders.
    fn unpack(&self, lock: &Lock) -> Vec<(String, PathBuf)> {
        let unpack = |(name, revision): (&String, &model::LockedRevision)| {
            let folder = self.path(&format!("unpacked/{name}/source"));
            fs::create_dir_all(&folder).expect("it is ours");
            let archive = self.path(&format!("{name}.tar"));
            let archive = archive.to_str().expect("a plain name");
            let commit = revision.commit.id.to_string();
            self.repository.git(&["archive", "--format=tar", "-o", archive, &commit]);
            output(Command::new("tar").args(["-xf", archive, "-C"]).arg(&folder));
            (name.clone(), folder)
        };
        lock.revisions.iter().map(unpack).collect()
    }

    /// The text of a generated file, as an expression.
    #[track_caller]
    fn generate(&self, format: &str) -> String {
        let printed = self.run(&["generate", "--format", format]);
        self.run(&["generate", "-i", "packages.nix", "--format", format, "-o", "made.nix"]);
        let made = fs::read_to_string(self.path("made.nix")).expect("it was made");
        assert_eq!(printed, made);
        format!("(\n{made}\n)")
    }
}

#[track_caller]
fn output(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let (out, err) = (output.stdout, String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{command:?}: {err}");
    String::from_utf8(out).expect("UTF-8")
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
    world.run(&["lock", "--repo", "nixpkgs"]);
    let lock = world.lock();
    for (_, folder) in world.unpack(&lock) {
        // Under the name and hash under which Nix looks before it downloads.
        world.nix("nix-store", &["--add", folder.to_str().expect("a plain name")]);
    }
    let versions = json!({ "git": "1.0", "nodejs": "2.0", "requests": "2.2" });
    let of = "{ git = it.git.version; nodejs = it.nodejs.version; requests = \
              it.python3Packages.requests.version; }";
    let system = "system = \"x86_64-linux\"";

    let frozen = world.generate("frozen");
    assert_eq!(frozen.matches("= load ").count(), 2, "one import a revision: {frozen}");
    let it = format!("let it = {frozen} {{ {system}; config.marked = 7; }}; in");
    assert_eq!(world.pure(&format!("{it} {of}")), versions);
    assert_eq!(world.pure(&format!("{it} it.nodejs.system")), json!("x86_64-linux"));
    let names = json!(["git", "nodejs", "python3Packages"]);
    assert_eq!(world.pure(&format!("{it} builtins.attrNames it")), names);

    let packages = "{ stdenv.hostPlatform.system = \"x86_64-linux\"; config = { }; git = 1; \
                    python3Packages = { requests = 1; numpy = 2; }; hello = 3; }";
    let overlay = world.generate("overlay");
    let it = format!("let prev = {packages}; it = {overlay} prev prev; in");
    assert_eq!(world.pure(&format!("{it} {of}")), versions);
    assert_eq!(world.pure(&format!("{it} builtins.attrNames it")), names);
    assert_eq!(world.pure(&format!("{it} it.python3Packages.numpy")), json!(2));

    for (format, option) in
        [("nixos-module", "environment.systemPackages"), ("home-manager", "home.packages")]
    {
        let module = world.generate(format);
        let it = format!("({module} {{ pkgs = {packages}; }}).{option}");
        let found = world.pure(&format!("map (package: package.version) ({it})"));
        assert_eq!(found, json!(["1.0", "2.0", "2.2"]), "{format}");
    }

    let shell = world.generate("shell");
    let it = format!("({shell} {{ {system}; }}).buildInputs");
    let found = world.pure(&format!("map (package: package.version) ({it})"));
    assert_eq!(found, json!(["1.0", "2.0", "2.2"]));

    let flake = world.generate("flake");
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
    let frozen = world.generate("frozen");
    assert!(frozen.contains("No hash is known yet"), "{frozen}");
    fs::write(world.path("packages.nix"), "{ git = \"2.0\"; }").expect("it is ours");
    let mut command = Command::new(program());
    let args = ["generate", "--format", "frozen", "-o", "other.nix"];
    let ended = command.args(args).current_dir(world.dir.path()).output().expect("it starts");
    assert_eq!(ended.status.code(), Some(1));
    let err = String::from_utf8_lossy(&ended.stderr);
    assert!(err.contains("lock-stale") && err.contains("packages.nix:1:3"), "{err}");
    assert!(!world.path("other.nix").exists());
}
