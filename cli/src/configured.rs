//! The pins that a configuration has, whoever wrote it: what it asks for, as versions.

use std::{collections::BTreeMap, fs, path::Path};

use anyhow::Context;
use model::{
    AttrPath, CommitId, Manifest, PackageSource, Requirement, Wish,
    relock::{self, RelockError},
    resolve::Goal,
};
use serde_json::Value;
use syntax::{
    PinFile,
    configuration::{self, Which},
};

/// A pin of a configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pin {
    /// The attribute path.
    pub path: AttrPath,
    /// The version, or the requirement.
    pub version: String,
    /// The file and the line that it stands in, for people.
    pub place: String,
}

/// What was found.
#[derive(Debug, Default)]
pub struct Configured {
    /// The pins, in the order of the text, each attribute path once.
    pub pins: Vec<Pin>,
    /// What could not be told, in sentences that begin with a place.
    pub notes: Vec<String>,
}

/// Reads a configuration: Nix, or a flake's lock, which is read together with the flake beside it.
///
/// # Errors
/// If a file or the index cannot be read.
pub fn read(path: &Path, source: &dyn PackageSource) -> anyhow::Result<Configured> {
    let is_lock = path.extension().is_some_and(|extension| extension == "lock");
    let nix = if is_lock { path.with_file_name("flake.nix") } else { path.to_owned() };
    let lock = path.with_file_name("flake.lock");
    let inputs = match is_lock || (lock.exists() && nix.ends_with("flake.nix")) {
        true => flake_inputs(if is_lock { path } else { &lock })?,
        false => BTreeMap::new(),
    };
    let text = fs::read_to_string(&nix).with_context(|| format!("reading {}", nix.display()))?;
    let found = configuration::read(&text, &inputs);
    let found = found.with_context(|| format!("reading {}", nix.display()))?;
    let mut all = Configured::default();
    let place =
        |offset: usize| format!("{}:{}", nix.display(), text[..offset].matches('\n').count() + 1);
    for asked in found.asked {
        let place = place(asked.range.start);
        let version = match asked.which {
            Which::Version(version) => version,
            Which::At(revision) => match version_at(source, &asked.path, revision)? {
                Some(version) => version,
                None => {
                    all.notes.push(format!(
                        "{place}: the index does not know which version `{}` had at {}",
                        asked.path,
                        revision.short()
                    ));
                    continue;
                }
            },
        };
        match all.pins.iter().find(|pin| pin.path == asked.path) {
            None => all.pins.push(Pin { path: asked.path, version, place }),
            Some(pin) if pin.version != version => all.notes.push(format!(
                "{place}: `{}` is {version} here, and {} at {}; the first is taken",
                pin.path, pin.version, pin.place
            )),
            Some(_) => {}
        }
    }
    if all.pins.is_empty() && all.notes.is_empty() {
        all.pins = pins_alone(&nix, &text)?;
    }
    if all.pins.is_empty() {
        let revisions = found.revisions.iter().map(|(id, range)| (*id, place(range.start)));
        let locked = inputs.iter().map(|(name, id)| (*id, format!("{}: {name}", path.display())));
        for (revision, place) in revisions.chain(locked) {
            all.notes.push(format!(
                "{place}: no package was found to be taken from nixpkgs {}",
                revision.short()
            ));
        }
    }
    Ok(all)
}

/// The pins of a file that is a packages.nix under another name: a set of nothing but texts.
fn pins_alone(path: &Path, text: &str) -> anyhow::Result<Vec<Pin>> {
    let file = PinFile::read(text).with_context(|| format!("reading {}", path.display()))?;
    if !file.errors.is_empty() || file.pins.iter().any(|pin| pin.version().is_none()) {
        return Ok(Vec::new());
    }
    let pin = |pin: &syntax::Pin| {
        let version = pin.version()?.text.clone();
        let line = text[..pin.range.start].matches('\n').count() + 1;
        let place = format!("{}:{line}", path.display());
        Some(Pin { path: pin.path.clone(), version, place })
    };
    Ok(file.pins.iter().filter_map(pin).collect())
}

/// The version that an attribute path has at a commit, if the index knows it.
fn version_at(
    source: &dyn PackageSource,
    path: &AttrPath,
    revision: CommitId,
) -> anyhow::Result<Option<String>> {
    let any = Requirement::parse("*").expect("it is one");
    let wish = Wish { revision: Some(revision), ..Wish::new(path.clone(), any) };
    match relock::lock(source, &Manifest { pins: vec![wish] }, Goal::NewestVersions) {
        Ok(relocked) => Ok(relocked.lock.pins.get(path).map(|pin| pin.version.clone())),
        Err(RelockError::Unmet(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// The inputs of a flake that are nixpkgs, with their revisions, out of its lock
/// (<https://nix.dev/manual/nix/latest/command-ref/new-cli/nix3-flake#lock-files>).
fn flake_inputs(path: &Path) -> anyhow::Result<BTreeMap<String, CommitId>> {
    let name = || format!("reading {}", path.display());
    let text = fs::read_to_string(path).with_context(name)?;
    let lock: Value = serde_json::from_str(&text).with_context(name)?;
    let nodes = &lock["nodes"];
    let root = lock["root"].as_str().unwrap_or("root");
    let mut inputs = BTreeMap::new();
    for (input, node) in nodes[root]["inputs"].as_object().into_iter().flatten() {
        // A list leads through other inputs, which are not this flake's own.
        let Some(node) = node.as_str() else { continue };
        let locked = &nodes[node]["locked"];
        let is_nixpkgs = ["repo", "url"]
            .iter()
            .any(|field| locked[field].as_str().is_some_and(|value| value.contains("nixpkgs")));
        let revision = locked["rev"].as_str().and_then(|rev| rev.parse().ok());
        if let Some(revision) = revision.filter(|_| is_nixpkgs) {
            inputs.insert(input.clone(), revision);
        }
    }
    Ok(inputs)
}
