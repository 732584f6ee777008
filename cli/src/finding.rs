//! What is found wrong with a packages.nix or its lock, each with its place.

use std::collections::BTreeMap;

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use model::{AttrPath, Kind, Lock, PackageSource, SourceError, audit, relock};
use serde_json::{Value, json};
use syntax::{Pin, TextRange};

use crate::{
    find,
    project::{Locked, Project, locked},
};

/// Something to mend or to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What kind it is of; a pin's `ignore` may name it.
    pub kind: Kind,
    /// Whether nothing works before it is mended.
    pub error: bool,
    /// What is the matter, and what to do.
    pub message: String,
    /// The file, as it was named.
    pub file: String,
    /// The text of the file.
    text: String,
    /// Where in the text.
    range: TextRange,
}

impl Finding {
    /// Whether it is an error and not a warning.
    pub fn is_error(&self) -> bool {
        self.error
    }

    /// The line and column where it begins, and those where it ends, counted from 1; columns are in
    /// characters.
    pub fn place(&self) -> [usize; 4] {
        let at = |offset: usize| {
            let before = &self.text[..offset];
            let line = before.rfind('\n').map_or(0, |at| at + 1);
            [before.matches('\n').count() + 1, before[line..].chars().count() + 1]
        };
        let ([a, b], [c, d]) = (at(self.range.start), at(self.range.end));
        [a, b, c, d]
    }

    /// As compilers draw it.
    pub fn draw(&self, colour: bool) -> String {
        let level = if self.error { Level::ERROR } else { Level::WARNING };
        let span = AnnotationKind::Primary.span(self.range.start..self.range.end);
        let snippet = Snippet::source(&self.text).path(&self.file).annotation(span);
        let group = level.primary_title(&self.message).id(self.kind.code()).element(snippet);
        let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
        renderer.render(&[group]).to_string()
    }

    fn level(&self) -> &'static str {
        if self.error { "error" } else { "warning" }
    }

    /// For `--format json`.
    pub fn json(&self) -> Value {
        let [line, column, end_line, end_column] = self.place();
        json!({
            "code": self.kind.code(), "severity": self.level(), "message": self.message,
            "file": self.file, "line": line, "column": column,
            "endLine": end_line, "endColumn": end_column,
        })
    }

    /// For GitHub's workflow log
    /// (<https://docs.github.com/actions/reference/workflow-commands-for-github-actions>).
    pub fn github(&self) -> String {
        let [line, column, end_line, end_column] = self.place();
        let data = |text: &str| text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A");
        let property = |text: &str| data(text).replace(':', "%3A").replace(',', "%2C");
        format!(
            "::{} file={},line={line},col={column},endLine={end_line},endColumn={end_column},\
             title={}::{}",
            self.level(),
            property(&self.file),
            property(self.kind.code()),
            data(&self.message)
        )
    }
}

/// The findings as a SARIF log (<https://docs.oasis-open.org/sarif/sarif/v2.1.0/>).
pub fn sarif(findings: &[Finding]) -> Value {
    let rule = |kind: Kind| {
        json!({
            "id": kind.code(),
            "shortDescription": { "text": kind.summary() },
            "helpUri": kind.page(),
        })
    };
    let rules: BTreeMap<Kind, Value> =
        findings.iter().map(|found| (found.kind, rule(found.kind))).collect();
    let results = findings.iter().map(|found| {
        let [line, column, end_line, end_column] = found.place();
        json!({
            "ruleId": found.kind.code(),
            "level": found.level(),
            "message": { "text": found.message },
            "locations": [{ "physicalLocation": {
                "artifactLocation": { "uri": found.file.replace(' ', "%20") },
                "region": {
                    "startLine": line, "startColumn": column,
                    "endLine": end_line, "endColumn": end_column,
                },
            }}],
        })
    });
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "nix-archiver",
                "version": env!("CARGO_PKG_VERSION"),
                "informationUri": env!("CARGO_PKG_REPOSITORY"),
                "rules": rules.into_values().collect::<Vec<_>>(),
            }},
            "columnKind": "unicodeCodePoints",
            "results": results.collect::<Vec<_>>(),
        }],
    })
}

/// What the text of a packages.nix says wrongly by itself.
pub fn in_text(project: &Project) -> Vec<Finding> {
    let mut findings = Vec::new();
    for error in &project.file.errors {
        findings.push(at(project, Kind::SyntaxError, true, error.range, error.message.to_owned()));
    }
    if project.file.sets.is_empty() {
        let message = "no pins were found: the value of this file is not written as an attribute \
                       set, `{ name = \"version\"; }`";
        findings.push(at(project, Kind::NoPins, false, TextRange::empty(0), message.to_owned()));
    }
    for complaint in &project.complaints {
        let (kind, range) = (&complaint.kind, complaint.range);
        findings.push(at(project, kind.kind(), !kind.is_warning(), range, kind.to_string()));
    }
    findings
}

/// The pins that nothing in the index does for, among those that were found so.
///
/// # Errors
/// If the index cannot be read.
pub fn unmet(
    project: &Project,
    source: &dyn PackageSource,
    unmet: &[relock::Unmet],
) -> Result<Vec<Finding>, SourceError> {
    let mut findings = Vec::new();
    for one in unmet {
        let pin = pin(project, &one.path);
        let mut message = one.to_string();
        let mut range = pin.map(name_range).unwrap_or_default();
        if one.kind() == Kind::UnknownPackage {
            let similar = find::similar(source, one.path.as_str())?;
            message.push_str(&crate::commands::search::did_you_mean(&similar));
        } else if let Some(literal) = pin.and_then(Pin::version) {
            range = literal.range;
        }
        findings.push(at(project, one.kind(), true, range, message));
    }
    Ok(findings)
}

/// What is wrong between a packages.nix and its lock.
pub fn in_lock(project: &Project, on_disk: &Locked) -> Vec<Finding> {
    let path = project.lock_path().display().to_string();
    let name = |wish: &model::Wish| pin(project, &wish.path).map(name_range).unwrap_or_default();
    let mut findings = Vec::new();
    let (lock, text): (&Lock, &str) = match on_disk {
        Locked::Sound { lock, text } => (lock, text),
        Locked::Bad { text, error } => {
            let (line, message) = (error.line, error.to_string());
            return vec![on_line(&path, text, line, Kind::LockUnreadable, true, message)];
        }
        Locked::Missing => {
            if let Some(first) = project.manifest.pins.first() {
                let message = format!("there is no {path}; `nix-archiver lock` makes it");
                findings.push(at(project, Kind::LockMissing, false, name(first), message));
            }
            return findings;
        }
    };
    for wish in &project.manifest.pins {
        let message = match (lock.pins.get(&wish.path), locked(lock, wish)) {
            (_, Some(_)) => continue,
            (None, None) => format!("`{}` is not in the lock; run `nix-archiver lock`", wish.path),
            (Some(pin), None) => format!(
                "the lock was made for `{}` \"{}\", and \"{}\" is asked for; run `nix-archiver lock`",
                wish.path, pin.requirement, wish.requirement
            ),
        };
        findings.push(at(project, Kind::LockStale, true, name(wish), message));
    }
    let line_of = |key: &str| {
        let key = format!("    {}: {{", serde_json::Value::from(key));
        text.lines().position(|line| line == key).map_or(1, |at| at + 1)
    };
    for path_of in lock.pins.keys().filter(|path| project.manifest.get(path).is_none()) {
        let message =
            format!("`{path_of}` is locked and no longer pinned; run `nix-archiver lock`");
        let line = line_of(path_of.as_str());
        findings.push(on_line(&path, text, line, Kind::LockStale, false, message));
    }
    for (name, revision) in lock.revisions.iter().filter(|(_, r)| r.nar_hash.is_none()) {
        let message = format!(
            "the hash of {} is not known, so pure evaluation refuses it; `nix-archiver lock --repo \
             PATH` computes it from a clone of nixpkgs",
            revision.commit.id.short()
        );
        findings.push(on_line(&path, text, line_of(name), Kind::NoHash, false, message));
    }
    findings
}

/// What nixpkgs itself warns of: the versions that are locked, or asked for exactly.
///
/// # Errors
/// If the index cannot be read.
pub fn in_facts(
    project: &Project,
    source: &dyn PackageSource,
    lock: Option<&Lock>,
) -> Result<Vec<Finding>, SourceError> {
    let mut findings = Vec::new();
    for wish in &project.manifest.pins {
        let version = lock.and_then(|lock| locked(lock, wish)).map(|pin| pin.version.as_str());
        let Some(version) = version.or(wish.requirement.exact()) else { continue };
        let Some(package) = source.package(&wish.path)? else { continue };
        let Some(release) = package.release(version) else { continue };
        let literal = pin(project, &wish.path).and_then(Pin::version);
        let range = literal.map(|literal| literal.range).unwrap_or_default();
        if release.facts.broken {
            let message = format!("nixpkgs marks `{}` {version} as broken", wish.path);
            findings.push(at(project, Kind::Broken, false, range, message));
        }
        if !release.facts.known_vulnerabilities.is_empty() && !wish.allow_insecure {
            let message = format!(
                "nixpkgs knows of vulnerabilities of `{}` {version}: {}; Nix refuses it unless the \
                 pin says `allowInsecure = true`",
                wish.path,
                release.facts.known_vulnerabilities.join("; ")
            );
            findings.push(at(project, Kind::Insecure, false, range, message));
        }
    }
    Ok(findings)
}

/// Leaves out what pins say is not to be reported for them.
pub fn not_ignored(project: &Project, findings: Vec<Finding>) -> Vec<Finding> {
    let file = project.path.display().to_string();
    let ignored = |found: &Finding| {
        let pins = project.file.pins_in(found.range);
        let mut wishes = pins.iter().filter_map(|pin| project.manifest.get(&pin.path));
        found.file == file
            && wishes.any(|wish| wish.ignore.iter().any(|code| code == found.kind.code()))
    };
    findings.into_iter().filter(|found| !ignored(found)).collect()
}

fn pin<'a>(project: &'a Project, path: &AttrPath) -> Option<&'a Pin> {
    project.file.pins.iter().find(|pin| pin.path == *path)
}

fn name_range(pin: &Pin) -> TextRange {
    pin.name_range()
}

fn at(project: &Project, kind: Kind, error: bool, range: TextRange, message: String) -> Finding {
    let (file, text) = (project.path.display().to_string(), project.text.clone());
    Finding { kind, error, message, file, text, range }
}

/// What the lock says that is not so.
///
/// # Errors
/// If the index cannot be read.
pub fn in_locked(
    project: &Project,
    source: &dyn PackageSource,
    on_disk: &Locked,
) -> Result<Vec<Finding>, SourceError> {
    let Locked::Sound { lock, text } = on_disk else { return Ok(Vec::new()) };
    let path = project.lock_path().display().to_string();
    let finding = |wrong: audit::Wrong| {
        let key = format!("    {}: {{", Value::from(wrong.path.as_str()));
        let line = text.lines().position(|line| line == key).map_or(1, |at| at + 1);
        on_line(&path, text, line, Kind::LockMismatch, true, wrong.to_string())
    };
    Ok(audit::audit(source, &project.manifest, lock)?.into_iter().map(finding).collect())
}

/// A finding about a whole line, counted from 1.
fn on_line(
    file: &str,
    text: &str,
    line: usize,
    kind: Kind,
    error: bool,
    message: String,
) -> Finding {
    let start: usize = text.split_inclusive('\n').take(line - 1).map(str::len).sum();
    let content = text[start..].lines().next().unwrap_or_default();
    let indent = content.len() - content.trim_start().len();
    let range = TextRange::new(start + indent, start + content.trim_end().len().max(indent));
    Finding { kind, error, message, file: file.to_owned(), text: text.to_owned(), range }
}
