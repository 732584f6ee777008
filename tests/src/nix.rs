//! Nix with a store of its own, and a nixpkgs in small with a history, an index of it, and packages
//! that Nix can really build.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use model::Lock;
use serde_json::Value;
use tempfile::TempDir;

use crate::{lsp_client::program, repository::Repository};

/// The package set of the small nixpkgs.
const BINDINGS: &str = "    nodejs = callPackage ../nodejs { };\n    git = callPackage ../git { };\n    \
                        python3Packages = { requests = callPackage ../requests { }; };\n    mkShell \
                        = stdenv.mkShell;\n    buildEnv = stdenv.buildEnv;";

/// Enough for Nix to evaluate and to build what a package is: a program that says its name and
/// version. Nothing is taken but the system's own shell.
const STDENV: &str = r#"{ allPackages, system }:
let
  build = name: script: more: derivation ({
    inherit name system;
    builder = "/bin/sh";
    args = [ "-c" "PATH=/bin:/usr/bin; mkdir -p $out/bin; ${script}" ];
  } // more);
in
{
  stdenv = {
    inherit system;
    hostPlatform = { inherit system; };
    mkDerivation = args: build "${args.pname}-${args.version}" ''
      printf '#!/bin/sh\necho ${args.pname} ${args.version}\n' > $out/bin/${args.pname}
      chmod +x $out/bin/${args.pname}
    '' { } // args;
    mkShell = args: build args.name "" args // args;
    buildEnv = { name, paths }:
      build name "for path in $paths; do ln -s $path/bin/* $out/bin/; done" { inherit paths; };
  };
}
"#;

/// A history in small: for each commit, the packages that get a version, and which. `git`, `nodejs`
/// and `requests` (which is `python3Packages.requests`) are there.
pub type History<'a> = &'a [&'a [(&'a str, &'a str)]];

/// No commit has the newest of all.
const HISTORY: History<'static> = &[
    &[("nodejs", "1.0"), ("git", "1.0"), ("requests", "2.1")],
    &[("git", "2.0")],
    &[("nodejs", "2.0"), ("requests", "2.2")],
    &[("requests", "3.0")],
];

/// A folder with a nixpkgs, an index of its history, a packages.nix, and a store for Nix.
pub struct World {
    dir: TempDir,
    repository: Repository,
}

/// What a program said and how it ended.
pub struct Ended {
    /// Its exit code.
    pub code: Option<i32>,
    /// What it wrote to standard output.
    pub out: String,
    /// What it wrote to standard error.
    pub err: String,
}

impl World {
    /// A world whose packages.nix is this, with a history in which git, nodejs and requests go on from
    /// 1.0, 1.0 and 2.1 to 2.0, 2.0 and 3.0, not at once.
    ///
    /// # Panics
    /// If the machine does not have the programs or the room for it.
    pub fn new(pins: &str) -> Self {
        Self::with(pins, HISTORY)
    }

    /// A world whose packages.nix is this, with another history.
    ///
    /// # Panics
    /// As [`World::new`].
    pub fn with(pins: &str, history: History) -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let mut repository = Repository::nixpkgs(&dir.path().join("nixpkgs"), BINDINGS);
        repository.write("pkgs/stdenv/default.nix", STDENV);
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
        for step in history {
            step.iter().for_each(|(name, version)| repository.package(name, version));
            repository.commit("on");
        }
        let this = Self { dir, repository };
        this.write("packages.nix", pins);
        this.write("etc/nix.conf", "build-users-group =\nsandbox = false\nsubstituters =\n");
        this.run(&["index", "--repo", "nixpkgs"]);
        this
    }

    /// A path in the world's folder.
    pub fn path(&self, below: &str) -> PathBuf {
        self.dir.path().join(below)
    }

    /// Writes a file in it.
    ///
    /// # Panics
    /// If it cannot be written.
    pub fn write(&self, below: &str, text: &str) {
        let path = self.path(below);
        fs::create_dir_all(path.parent().expect("it is in a folder")).expect("it is ours");
        fs::write(path, text).expect("it is ours");
    }

    /// The text of a file in it.
    ///
    /// # Panics
    /// If there is none.
    pub fn text(&self, below: &str) -> String {
        fs::read_to_string(self.path(below)).unwrap_or_else(|error| panic!("{below}: {error}"))
    }

    /// The history.
    pub fn repository(&self) -> &Repository {
        &self.repository
    }

    /// The program, to be run in the world's folder, with directories of its own.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(program());
        self.surround(&mut command);
        command.args(args);
        command
    }

    /// Runs the program, which must be content; what it prints.
    #[track_caller]
    pub fn run(&self, args: &[&str]) -> String {
        self.ends(0, args).out
    }

    /// Runs the program, which must end with this code.
    ///
    /// # Panics
    /// If it ends with another.
    #[track_caller]
    pub fn ends(&self, code: i32, args: &[&str]) -> Ended {
        let ended = end(&mut self.command(args));
        assert_eq!(ended.code, Some(code), "{args:?}: {}{}", ended.out, ended.err);
        assert!(!ended.err.contains("panicked"), "{}", ended.err);
        ended
    }

    /// Gives a command the world's directories, and a store of Nix of its own.
    pub fn surround(&self, command: &mut Command) {
        command.current_dir(self.dir.path());
        for (name, folder) in [
            ("NIX_STORE_DIR", "store"),
            ("NIX_STATE_DIR", "state"),
            ("NIX_LOG_DIR", "log"),
            ("NIX_LOCALSTATE_DIR", "localstate"),
            ("NIX_CONF_DIR", "etc"),
            ("HOME", "home"),
            ("XDG_CACHE_HOME", "cache"),
            ("XDG_CONFIG_HOME", "config"),
            ("XDG_DATA_HOME", "data"),
        ] {
            command.env(name, self.path(folder));
        }
        for name in ["NIX_ARCHIVER_INDEX", "NIX_REMOTE", "NIX_PATH"] {
            command.env_remove(name);
        }
    }

    /// Runs a program of Nix, which must be content; what it prints.
    #[track_caller]
    pub fn nix(&self, program: &str, args: &[&str]) -> String {
        let mut command = Command::new(program);
        self.surround(&mut command);
        output(command.args(args))
    }

    /// What an expression is, in pure evaluation: nothing but what is in the store can be read.
    #[track_caller]
    pub fn pure(&self, expression: &str) -> Value {
        self.evaluate(&["--pure-eval"], expression)
    }

    /// What an expression is, where files, environment and clock can be seen.
    #[track_caller]
    pub fn impure(&self, expression: &str) -> Value {
        self.evaluate(&[], expression)
    }

    /// What Nix complains of in an expression, in evaluation with these options.
    ///
    /// # Panics
    /// If it does not.
    #[track_caller]
    pub fn complaint(&self, options: &[&str], expression: &str) -> String {
        let mut command = Command::new("nix-instantiate");
        self.surround(&mut command);
        let ended = end(command
            .args(["--eval", "--strict", "--json"])
            .args(options)
            .args(["-E", expression]));
        assert_ne!(ended.code, Some(0), "Nix takes {expression}: {}", ended.out);
        ended.err
    }

    #[track_caller]
    fn evaluate(&self, options: &[&str], expression: &str) -> Value {
        let args = [&["--eval", "--strict", "--json"], options, &["-E", expression]].concat();
        serde_json::from_str(&self.nix("nix-instantiate", &args)).expect("Nix prints JSON")
    }

    /// Builds what an expression is; the path in the store.
    #[track_caller]
    pub fn build(&self, expression: &str) -> PathBuf {
        PathBuf::from(self.nix("nix-build", &["--no-out-link", "-E", expression]).trim())
    }

    /// Locks the pins, hashes and all.
    #[track_caller]
    pub fn lock(&self) -> Lock {
        self.run(&["lock", "--repo", "nixpkgs"]);
        let text = self.text("packages.lock");
        let lock = Lock::parse(&text).expect("it is sound");
        assert_eq!(lock.print(), text);
        lock
    }

    /// A copy of a folder in the store, as an expression that pure evaluation takes: a download that
    /// is there already.
    ///
    /// # Panics
    /// If it cannot be copied.
    pub fn stored(&self, folder: &Path) -> String {
        // Downloads have this name.
        let copy = tempfile::tempdir_in(self.dir.path()).expect("it is ours");
        let source = copy.path().join("source");
        output(Command::new("cp").arg("-r").arg(folder).arg(&source));
        let source = source.to_str().expect("a plain name");
        self.nix("nix-store", &["--add", source]);
        let hash = ["--extra-experimental-features", "nix-command", "hash", "path", source];
        let hash = self.nix("nix", &hash);
        format!("(builtins.fetchTarball {{ url = \"x:/\"; sha256 = \"{}\"; }})", hash.trim())
    }

    /// Unpacks the archives of the locked revisions; their folders.
    ///
    /// # Panics
    /// If that fails.
    pub fn unpack(&self, lock: &Lock) -> Vec<(String, PathBuf)> {
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

    /// Puts the locked revisions into the store, under the name and hash under which Nix looks before
    /// it downloads.
    ///
    /// # Panics
    /// If that fails.
    pub fn store(&self, lock: &Lock) {
        for (_, folder) in self.unpack(lock) {
            self.nix("nix-store", &["--add", folder.to_str().expect("a plain name")]);
        }
    }
}

/// Runs a program to its end.
///
/// # Panics
/// If it cannot be started, or does not write UTF-8.
#[track_caller]
pub fn end(command: &mut Command) -> Ended {
    let Output { status, stdout, stderr } =
        command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    Ended { code: status.code(), out: text(stdout), err: text(stderr) }
}

/// Runs a program, which must be content; what it prints.
///
/// # Panics
/// If it is not.
#[track_caller]
pub fn output(command: &mut Command) -> String {
    let ended = end(command);
    assert_eq!(ended.code, Some(0), "{command:?}: {}", ended.err);
    ended.out
}

/// What the tree of nixpkgs had at these paths at the end of a day, `YYYY-MM-DD`, out of the clone that
/// `NIXPKGS_REPO` names, unpacked into a folder; `None` where it names none.
///
/// # Panics
/// As [`real_revision`].
pub fn real_nixpkgs(folder: &Path, day: &str, paths: &[&str]) -> Option<PathBuf> {
    std::env::var_os("NIXPKGS_REPO")?;
    let before = format!("--before={day}T23:59:59Z");
    let revision = output(&mut in_clone(&["rev-list", "-1", "--first-parent", &before, "HEAD"]));
    Some(real_revision(folder, revision.trim(), paths))
}

/// What the tree of a revision of nixpkgs has at these paths, out of the clone that `NIXPKGS_REPO`
/// names. What a partial clone lacks is missing; nothing is fetched.
///
/// # Panics
/// If there is no clone, it cannot be read, or it lacks more than one file.
pub fn real_revision(folder: &Path, revision: &str, paths: &[&str]) -> PathBuf {
    let tree = folder.join(revision);
    fs::create_dir_all(&tree).expect("it is ours");
    let list = ["ls-tree", "-r", "--name-only", revision, "--"];
    let wanted = output(&mut in_clone(&[&list, paths].concat())).lines().count();
    let archive = folder.join("archive.tar");
    let mut pack = in_clone(&["archive", "--format=tar", "-o"]);
    // It ends badly where a file is absent from the clone, and packs the others all the same, if the
    // one is left out by name.
    let others = format!(":(exclude){ABSENT}");
    end(pack.arg(&archive).args([revision, "--"]).args(paths).arg(others));
    output(Command::new("tar").arg("-xf").arg(&archive).arg("-C").arg(&tree));
    let found = output(Command::new("find").arg(&tree).args(["-type", "f", "-o", "-type", "l"]));
    let found = found.lines().count();
    assert!(found + 1 >= wanted, "{found} of {wanted} files of {revision} are there");
    tree
}

/// A commit with the tree that [`real_revision`] unpacks: that of a revision of nixpkgs less the file
/// that partial clones lack. It is in a new repository in the folder, which has the other objects from
/// the clone that `NIXPKGS_REPO` names.
///
/// # Panics
/// If there is no clone or it cannot be read.
pub fn real_commit(folder: &Path, revision: &str) -> String {
    let objects =
        output(&mut in_clone(&["rev-parse", "--path-format=absolute", "--git-path", "objects"]));
    let repository = Repository::new(folder);
    fs::write(folder.join(".git/objects/info/alternates"), objects).expect("it is ours");
    repository.git(&["read-tree", revision]);
    repository.git(&["update-index", "--force-remove", ABSENT]);
    repository.git(&["commit", "--quiet", "--message", "as it was"]);
    repository.head()
}

/// The file of nixpkgs that is too large for some partial clones.
const ABSENT: &str = "pkgs/development/haskell-modules/hackage-packages.nix";

/// Git in the clone that `NIXPKGS_REPO` names.
fn in_clone(args: &[&str]) -> Command {
    let clone = std::env::var_os("NIXPKGS_REPO").expect("it is asked for before");
    let mut git = Command::new("git");
    git.arg("-C").arg(clone).args(args).env("GIT_NO_LAZY_FETCH", "1");
    git
}

/// The top folder of the repository.
///
/// # Panics
/// Never: this crate is one folder below it.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("this crate is one folder below the top")
}
