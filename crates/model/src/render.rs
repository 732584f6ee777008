//! Nix made from a lock: a file that needs nothing but Nix to give the locked packages.
//!
//! Every name is bound to its own attribute of its own revision, and each revision is imported once,
//! however many pins come from it. What is fetched is named by commit and hash, so that pure
//! evaluation allows it; a revision whose hash is not known yet is fetched without, which only
//! impure evaluation does. `builtins.fetchTarball` is used for it because every Nix has it, without
//! experimental features.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::{self, Write},
    str::FromStr,
};

use crate::{AttrPath, Lock, LockedRevision, attr_path::quoted_if_needed};

/// What the generated file is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// A function to the set of the pinned packages, nested as their attribute paths are.
    Frozen,
    /// An overlay of nixpkgs that puts them in the place of their namesakes.
    Overlay,
    /// A NixOS module that installs them for everyone.
    NixosModule,
    /// A home-manager module that installs them for a user.
    HomeManager,
    /// A flake that exports them, with the revisions as its inputs.
    Flake,
    /// A development shell that has them all.
    Shell,
}

/// A text is not the name of a format.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no format; there are frozen, overlay, nixos-module, home-manager, flake and shell"
)]
pub struct NoFormat(String);

impl Format {
    /// All formats.
    pub const ALL: [Self; 6] = [
        Self::Frozen,
        Self::Overlay,
        Self::NixosModule,
        Self::HomeManager,
        Self::Flake,
        Self::Shell,
    ];

    /// The name by which it is asked for.
    pub fn name(self) -> &'static str {
        match self {
            Self::Frozen => "frozen",
            Self::Overlay => "overlay",
            Self::NixosModule => "nixos-module",
            Self::HomeManager => "home-manager",
            Self::Flake => "flake",
            Self::Shell => "shell",
        }
    }

    fn purpose(self) -> &'static str {
        match self {
            Self::Frozen => "The pinned packages: import ./FILE { }",
            Self::Overlay => "An overlay with the pinned packages: overlays = [ (import ./FILE) ]",
            Self::NixosModule => "A NixOS module with the pinned packages: imports = [ ./FILE ]",
            Self::HomeManager => {
                "A home-manager module with the pinned packages: imports = [ ./FILE ]"
            }
            Self::Flake => "A flake of the pinned packages.",
            Self::Shell => "A shell with the pinned packages: nix-shell FILE",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Format {
    type Err = NoFormat;

    fn from_str(text: &str) -> Result<Self, NoFormat> {
        let named = Self::ALL.into_iter().find(|format| format.name() == text);
        named.ok_or_else(|| NoFormat(text.to_owned()))
    }
}

/// The text of the file.
pub fn render(lock: &Lock, format: Format) -> String {
    let mut out = format!(
        "# {}\n# Made by nix-archiver from packages.lock; what is changed here is lost when it is \
         made again.\n",
        format.purpose()
    );
    let tree = Tree::of(lock);
    match format {
        Format::Frozen => {
            out.push_str("{\n  system ? builtins.currentSystem,\n  config ? { },\n  ");
            out.push_str("# Other trees in the place of the revisions, by their names below.\n");
            out.push_str("  sources ? { },\n}:\nlet\n");
            revisions(&mut out, lock, "(fetched // sources)");
            out.push_str("in\n");
            tree.pins(&mut out, 0);
            out.push('\n');
        }
        Format::Overlay => {
            out.push_str("final: prev:\nlet\n");
            out.push_str(&from_packages("prev"));
            revisions(&mut out, lock, "fetched");
            out.push_str("in\n");
            tree.overlay(&mut out, "prev", 0);
            out.push('\n');
        }
        Format::NixosModule => module(&mut out, lock, "environment.systemPackages"),
        Format::HomeManager => module(&mut out, lock, "home.packages"),
        Format::Flake => flake(&mut out, lock, &tree),
        Format::Shell => {
            out.push_str("{\n  system ? builtins.currentSystem,\n  config ? { },\n  ");
            out.push_str("# Other trees in the place of the revisions, by their names below.\n");
            out.push_str("  sources ? { },\n}:\nlet\n");
            revisions(&mut out, lock, "(fetched // sources)");
            out.push_str("in\n");
            shell(&mut out, lock, 0);
            out.push('\n');
        }
    }
    out
}

/// Names that nixpkgs, old or new, is asked for.
fn from_packages(packages: &str) -> String {
    format!(
        "  system = {packages}.stdenv.hostPlatform.system or {packages}.stdenv.system;\n  config = \
         {packages}.config or {{ }};\n"
    )
}

/// The bindings `fetched`, `load` and `revisions`; `sources` is what is loaded.
fn revisions(out: &mut String, lock: &Lock, sources: &str) {
    out.push_str("  fetched = {\n");
    for (name, revision) in &lock.revisions {
        fetch(out, name, revision);
    }
    out.push_str("  };\n");
    loading(out, lock, sources, 2);
}

/// The bindings `load` and `revisions`.
fn loading(out: &mut String, lock: &Lock, sources: &str, indent: usize) {
    let permitted = permitted(lock);
    let mut lines = Vec::new();
    lines.extend([
        "load =".to_owned(),
        "  source: config:".to_owned(),
        "  let".to_owned(),
        "    nixpkgs = import source;".to_owned(),
        "    # Without this, overlays in a user's home would be taken in.".to_owned(),
        "    takesOverlays = builtins.isFunction nixpkgs && builtins.functionArgs nixpkgs ? \
         overlays;"
            .to_owned(),
        "  in".to_owned(),
        "  nixpkgs ({ inherit system config; } // (if takesOverlays then { overlays = [ ]; } else { \
         }));"
            .to_owned(),
    ]);
    if !permitted.is_empty() {
        lines.extend([
            "# Vulnerable packages that packages.nix allows with `allowInsecure`.".to_owned(),
            "permit =".to_owned(),
            "  names:".to_owned(),
            "  let".to_owned(),
            "    more = config: config // { permittedInsecurePackages = \
             (config.permittedInsecurePackages or [ ]) ++ names; };"
                .to_owned(),
            "  in".to_owned(),
            "  if builtins.isFunction config then (arguments: more (config arguments)) else more \
             config;"
                .to_owned(),
        ]);
    }
    lines.push("revisions = {".to_owned());
    for name in lock.revisions.keys() {
        let quoted = quoted_if_needed(name);
        let config = match permitted.get(name.as_str()) {
            None => "config".to_owned(),
            Some(names) => {
                let names: Vec<String> = names.iter().map(|name| text(name)).collect();
                format!("(permit [ {} ])", names.join(" "))
            }
        };
        lines.push(format!("  {quoted} = load {sources}.{quoted} {config};"));
    }
    lines.push("};".to_owned());
    for line in lines {
        writeln!(out, "{:indent$}{line}", "").expect(INFALLIBLE);
    }
}

/// What each revision is to permit.
fn permitted(lock: &Lock) -> BTreeMap<&str, BTreeSet<&str>> {
    let mut names: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for pin in lock.pins.values() {
        if let Some(name) = &pin.allow_insecure {
            names.entry(&pin.revision).or_default().insert(name);
        }
    }
    names
}

fn fetch(out: &mut String, name: &str, revision: &LockedRevision) {
    let LockedRevision { commit, nar_hash } = revision;
    let name = quoted_if_needed(name);
    let day = crate::date::format_day(commit.date);
    writeln!(out, "    # nixpkgs of {day}").expect(INFALLIBLE);
    writeln!(out, "    {name} = builtins.fetchTarball {{").expect(INFALLIBLE);
    let url = format!("https://github.com/NixOS/nixpkgs/archive/{}.tar.gz", commit.id);
    writeln!(out, "      url = {};", text(&url)).expect(INFALLIBLE);
    match nar_hash {
        Some(hash) => writeln!(out, "      sha256 = {};", text(hash)),
        None => writeln!(
            out,
            "      # No hash is known yet: `nix-archiver lock --repo PATH` computes it."
        ),
    }
    .expect(INFALLIBLE);
    out.push_str("    };\n");
}

/// A module that installs every pin.
fn module(out: &mut String, lock: &Lock, option: &str) {
    out.push_str("{ pkgs, ... }:\nlet\n");
    out.push_str(&from_packages("pkgs"));
    revisions(out, lock, "fetched");
    writeln!(out, "in\n{{\n  {option} = [").expect(INFALLIBLE);
    for (path, pin) in &lock.pins {
        writeln!(out, "    {}", attribute(path, &pin.revision)).expect(INFALLIBLE);
    }
    out.push_str("  ];\n}\n");
}

fn shell(out: &mut String, lock: &Lock, indent: usize) {
    // The newest revision, which is the first, has the shell that is known best today.
    let Some(first) = lock.revisions.keys().next() else {
        out.push_str("throw \"packages.lock has no pins to make a shell of\"");
        return;
    };
    let pkgs = format!("revisions.{}", quoted_if_needed(first));
    let pad = " ".repeat(indent);
    writeln!(out, "{pad}({pkgs}.mkShell or {pkgs}.stdenv.mkDerivation) {{").expect(INFALLIBLE);
    writeln!(out, "{pad}  name = \"pinned-packages\";").expect(INFALLIBLE);
    writeln!(out, "{pad}  buildInputs = [").expect(INFALLIBLE);
    for (path, pin) in &lock.pins {
        writeln!(out, "{pad}    {}", attribute(path, &pin.revision)).expect(INFALLIBLE);
    }
    write!(out, "{pad}  ];\n{pad}}}").expect(INFALLIBLE);
}

fn flake(out: &mut String, lock: &Lock, tree: &Tree) {
    out.push_str("{\n  description = \"Packages pinned by nix-archiver\";\n\n  inputs = {\n");
    for (name, LockedRevision { commit, nar_hash }) in &lock.revisions {
        let name = quoted_if_needed(name);
        let query = nar_hash.as_deref().map(|hash| format!("?narHash={}", in_url(hash)));
        let url = format!("github:NixOS/nixpkgs/{}{}", commit.id, query.unwrap_or_default());
        writeln!(out, "    {name} = {{\n      url = {};", text(&url)).expect(INFALLIBLE);
        // What is from before flakes is none.
        out.push_str("      flake = false;\n    };\n");
    }
    out.push_str(
        "  };\n\n  outputs =\n    inputs:\n    let\n      systems = [\n        \
         \"aarch64-darwin\"\n        \"aarch64-linux\"\n        \"x86_64-darwin\"\n        \
         \"x86_64-linux\"\n      ];\n      each =\n        f:\n        builtins.listToAttrs (\n          \
         map (system: {\n            name = system;\n            value = f system;\n          }) \
         systems\n        );\n      config = { };\n      revisionsOf =\n        system:\n        \
         let\n",
    );
    loading(out, lock, "inputs", 10);
    out.push_str("        in\n        revisions;\n    in\n    {\n");
    // `packages` takes derivations alone; nested ones are under `legacyPackages`.
    out.push_str(
        "      legacyPackages = each (\n        system:\n        let\n          revisions = \
         revisionsOf system;\n        in\n",
    );
    tree.pins(out, 8);
    out.push_str("\n      );\n\n      packages = each (\n        system:\n        let\n          ");
    out.push_str("revisions = revisionsOf system;\n        in\n        {\n");
    for (path, pin) in lock.pins.iter().filter(|(path, _)| path.is_top_level()) {
        let value = attribute(path, &pin.revision);
        writeln!(out, "          {path} = {value};").expect(INFALLIBLE);
    }
    out.push_str("        }\n      );\n\n      devShells = each (\n        system:\n        let\n");
    out.push_str("          revisions = revisionsOf system;\n        in\n        {\n");
    out.push_str("          default =\n");
    shell(out, lock, 12);
    out.push_str(";\n        }\n      );\n    };\n}\n");
}

/// A hash as it stands in the query of a URL.
fn in_url(hash: &str) -> String {
    hash.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D")
}

/// The attribute of a revision that a pin is.
fn attribute(path: &AttrPath, revision: &str) -> String {
    format!("revisions.{}.{path}", quoted_if_needed(revision))
}

/// A text as a Nix string
/// (<https://nix.dev/manual/nix/latest/language/string-literals>).
fn text(content: &str) -> String {
    let escaped = content.replace('\\', "\\\\").replace('"', "\\\"").replace("${", "\\${");
    format!("\"{escaped}\"")
}

/// The pins by the names of their paths: a node may be a pin and have others in it.
#[derive(Default)]
struct Tree {
    value: Option<String>,
    inner: BTreeMap<String, Tree>,
}

impl Tree {
    fn of(lock: &Lock) -> Self {
        let mut top = Self::default();
        for (path, pin) in &lock.pins {
            let mut node = &mut top;
            for name in path.segments() {
                node = node.inner.entry(name).or_default();
            }
            node.value = Some(attribute(path, &pin.revision));
        }
        top
    }

    /// Writes the set of the pins.
    fn pins(&self, out: &mut String, indent: usize) {
        self.write(out, indent, &|node, _| node.value.clone(), "");
    }

    /// Writes the set with which an overlay replaces the pins, and nothing beside them, in the
    /// packages called `prev`.
    fn overlay(&self, out: &mut String, prev: &str, indent: usize) {
        let base = |node: &Self, path: &str| {
            Some(node.value.clone().unwrap_or_else(|| format!("({prev}{path} or {{ }})")))
        };
        self.write(out, indent, &base, "");
    }

    /// Writes the names in this node. What `base` gives for a node stands for it, with what is in
    /// it added.
    fn write(
        &self,
        out: &mut String,
        indent: usize,
        base: &dyn Fn(&Self, &str) -> Option<String>,
        path: &str,
    ) {
        let pad = " ".repeat(indent);
        if self.inner.is_empty() {
            write!(out, "{pad}{{ }}").expect(INFALLIBLE);
            return;
        }
        writeln!(out, "{pad}{{").expect(INFALLIBLE);
        for (name, node) in &self.inner {
            let name = quoted_if_needed(name);
            let path = format!("{path}.{name}");
            write!(out, "{pad}  {name} =").expect(INFALLIBLE);
            match (base(node, &path), node.inner.is_empty()) {
                (Some(value), true) => writeln!(out, " {value};").expect(INFALLIBLE),
                (value, _) => {
                    if let Some(value) = value {
                        write!(out, " {value} //").expect(INFALLIBLE);
                    }
                    out.push('\n');
                    node.write(out, indent + 4, base, &path);
                    out.push_str(";\n");
                }
            }
        }
        write!(out, "{pad}}}").expect(INFALLIBLE);
    }
}

const INFALLIBLE: &str = "a string takes all that is written to it";
