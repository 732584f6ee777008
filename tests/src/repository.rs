//! Small git repositories with a history in the manner of nixpkgs, made by git itself with fixed
//! names and dates, so that the same script gives the same commits everywhere.

use std::{
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use model::date::{DAY, parse_day};

/// A repository that a test writes commits into.
pub struct Repository {
    dir: PathBuf,
    /// The date of the next commit, in seconds since 1970-01-01T00:00:00Z.
    now: i64,
}

/// The file that makes up the package set.
pub const ALL_PACKAGES: &str = "pkgs/top-level/all-packages.nix";

impl Repository {
    /// An empty repository with the branch `main`; its first commit is of 2020-01-01.
    ///
    /// # Panics
    /// If git cannot make it.
    pub fn new(dir: &Path) -> Self {
        std::fs::create_dir_all(dir).expect("the folder can be made");
        let now = parse_day("2020-01-01").expect("this is a day") + DAY / 2;
        let this = Self { dir: dir.to_owned(), now };
        this.git(&["init", "--quiet", "--initial-branch=main"]);
        this
    }

    /// A repository that has the few files that every nixpkgs has, and these bindings in its
    /// package set; not yet committed.
    pub fn nixpkgs(dir: &Path, bindings: &str) -> Self {
        let this = Self::new(dir);
        this.write("default.nix", "import ./pkgs/top-level/all-packages.nix\n");
        this.write(
            "lib/default.nix",
            "{\n  callPackageWith = auto: fn: args:\n    let f = if builtins.isFunction fn then fn \
             else import fn;\n    in f (builtins.intersectAttrs (builtins.functionArgs f) auto // \
             args);\n}\n",
        );
        this.write("pkgs/stdenv/default.nix", "throw \"nothing is built here\"\n");
        this.bindings(bindings);
        this
    }

    /// Writes the package set with these bindings.
    pub fn bindings(&self, bindings: &str) {
        self.write(ALL_PACKAGES, &all_packages(bindings));
    }

    /// Where it is.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Writes a file.
    ///
    /// # Panics
    /// If it cannot be written.
    pub fn write(&self, path: &str, text: &str) {
        let path = self.dir.join(path);
        let folder = path.parent().expect("a file is in a folder");
        std::fs::create_dir_all(folder).expect("the folder can be made");
        std::fs::write(path, text).expect("the file can be written");
    }

    /// Writes the file of a package, `pkgs/NAME/default.nix`.
    pub fn package(&self, name: &str, version: &str) {
        self.write(&format!("pkgs/{name}/default.nix"), &package_file(name, version));
    }

    /// Removes a file.
    ///
    /// # Panics
    /// If it is not there.
    pub fn remove(&self, path: &str) {
        std::fs::remove_file(self.dir.join(path)).expect("the file was there");
    }

    /// Commits everything, a day after the last commit; the id of the commit.
    pub fn commit(&mut self, message: &str) -> String {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--allow-empty", "--message", message]);
        self.now += DAY;
        self.head()
    }

    /// Merges a branch into the one that is checked out, in a commit of its own.
    pub fn merge(&mut self, branch: &str) -> String {
        let message = format!("Merge {branch}");
        self.git(&["merge", "--quiet", "--no-ff", "--message", &message, branch]);
        self.now += DAY;
        self.head()
    }

    /// The id of the commit that is checked out.
    pub fn head(&self) -> String {
        self.git(&["rev-parse", "HEAD"])
    }

    /// Runs git in the repository; what it prints.
    ///
    /// # Panics
    /// If it fails.
    pub fn git(&self, arguments: &[&str]) -> String {
        self.run(arguments, "")
    }

    /// Takes in a history in the format of `git fast-import`.
    pub fn import(&self, stream: &str) {
        self.run(&["fast-import", "--quiet"], stream);
        self.git(&["reset", "--quiet", "--hard"]);
    }

    /// Deletes an object that is in a file of its own, as a partial clone lacks it.
    ///
    /// # Panics
    /// If there is no such file.
    pub fn delete_object(&self, id: &str) {
        std::fs::remove_file(self.object_file(id)).expect("the object is in a file of its own");
    }

    /// Overwrites such an object with rubbish.
    ///
    /// # Panics
    /// If there is no such file.
    pub fn damage_object(&self, id: &str) {
        let file = self.object_file(id);
        assert!(file.is_file(), "the object is in a file of its own");
        std::fs::remove_file(&file).expect("git's files may be removed");
        std::fs::write(file, "rubbish").expect("the file can be written");
    }

    fn object_file(&self, id: &str) -> PathBuf {
        self.dir.join(".git/objects").join(&id[..2]).join(&id[2..])
    }

    fn run(&self, arguments: &[&str], input: &str) -> String {
        let date = format!("{} +0000", self.now);
        let mut git = Command::new("git");
        git.args(arguments).current_dir(&self.dir);
        for person in ["AUTHOR", "COMMITTER"] {
            git.env(format!("GIT_{person}_NAME"), "A");
            git.env(format!("GIT_{person}_EMAIL"), "a@example.org");
            git.env(format!("GIT_{person}_DATE"), &date);
        }
        git.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
        git.env_remove("GIT_DIR").env_remove("GIT_WORK_TREE").env_remove("GIT_INDEX_FILE");
        git.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = git.spawn().expect("git is installed");
        let mut stdin = child.stdin.take().expect("it is piped");
        stdin.write_all(input.as_bytes()).expect("git reads its input");
        drop(stdin);
        let output = child.wait_with_output().expect("git ends");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "git {arguments:?}: {errors}");
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }
}

/// What is under `pkgs/by-name`, found by its place.
const BY_NAME: &str = "  \
  folders = dir: builtins.attrNames (builtins.readDir dir);
  package = shard: name: {
    inherit name;
    value = callPackage (../by-name + \"/${shard}/${name}/package.nix\") { };
  };
  inShard = shard: map (package shard) (folders (../by-name + \"/${shard}\"));
  byName =
    if builtins.pathExists ../by-name then
      builtins.listToAttrs (builtins.concatLists (map inShard (folders ../by-name)))
    else
      { };
";

/// The text of a package set with these bindings.
pub fn all_packages(bindings: &str) -> String {
    format!(
        "{{ system ? \"x86_64-linux\", config ? {{ }} }}:\nlet\n  lib = import ../../lib;\n  \
         stdenv = (import ../stdenv {{ allPackages = null; inherit system; }}).stdenv;\n  \
         callPackage = lib.callPackageWith pkgs;\n  pkgs = with pkgs; {{\n    inherit stdenv \
         lib;\n    inherit callPackage;\n    inherit config;\n{bindings}\n  }};\n{BY_NAME}in pkgs // \
         byName\n"
    )
}

/// The text of a package's file.
pub fn package_file(name: &str, version: &str) -> String {
    format!(
        "{{ stdenv }}:\n\nstdenv.mkDerivation rec {{\n  pname = \"{name}\";\n  version = \
         \"{version}\";\n  meta.description = \"The {name}\";\n}}\n"
    )
}
