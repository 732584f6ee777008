//! Whether a lock says what is so: it is a file, and people edit files.

use std::{collections::HashMap, fmt, sync::Arc};

use crate::{AttrPath, CommitId, Lock, Manifest, Package, PackageSource, SourceError};

/// A pin of a lock that is not as the lock says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrong {
    /// The pin.
    pub path: AttrPath,
    /// The version that the lock gives it.
    pub version: String,
    /// What is wrong with that.
    pub why: WhyWrong,
}

/// What is wrong with a pin of a lock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WhyWrong {
    /// The version does not meet what the lock says was asked for.
    Unmet {
        /// What was asked for.
        requirement: String,
    },
    /// The package had another version at the revision.
    Other {
        /// The version that it had.
        version: String,
        /// The commit of the revision.
        revision: CommitId,
    },
}

/// The pins of a lock that are wrong, among those that `manifest` asks for in the same words. A
/// revision that the index does not know proves nothing, and neither does a commit of which it does
/// not know what version the package had.
///
/// # Errors
/// [`SourceError`] if the index cannot be read.
pub fn audit(
    source: &dyn PackageSource,
    manifest: &Manifest,
    lock: &Lock,
) -> Result<Vec<Wrong>, SourceError> {
    let mut commits: Vec<CommitId> = lock.revisions.values().map(|r| r.commit.id).collect();
    let mut wrong = Vec::new();
    let mut candidates: Vec<(Package, &str, CommitId)> = Vec::new();
    for wish in &manifest.pins {
        let Some(pin) = lock.pins.get(&wish.path) else { continue };
        if pin.requirement != wish.requirement.as_str() {
            continue;
        }
        let package = source.package(&wish.path)?;
        // What was the newest when the lock was made need not be so now.
        if !wish.requirement.allows(&pin.version, Some(&pin.version)) {
            let why = WhyWrong::Unmet { requirement: pin.requirement.clone() };
            let (path, version) = (wish.path.clone(), pin.version.clone());
            wrong.push(Wrong { path, version, why });
        } else if let (Some(package), Some(revision)) = (package, lock.revision_of(pin)) {
            candidates.push((package, &pin.version, revision.commit.id));
        }
    }
    let spans = candidates.iter().flat_map(|(package, ..)| &package.releases);
    let ends = spans.flat_map(|release| &release.spans).flat_map(|s| [s.first.id, s.last.id]);
    commits.extend(ends);
    commits.sort_unstable();
    commits.dedup();
    let mut places: HashMap<(Arc<str>, CommitId), u64> = HashMap::new();
    for branch in source.status()?.branches {
        let name: Arc<str> = Arc::from(branch.name);
        for place in source.places(&name, &commits)?.into_iter().flatten() {
            places.insert((name.clone(), place.commit.id), place.at);
        }
    }
    for (package, version, revision) in candidates {
        let had = package.releases.iter().filter(|release| {
            release.spans.iter().any(|span| {
                let at = |id| places.get(&(span.branch.clone(), id));
                match (at(span.first.id), at(revision), at(span.last.id)) {
                    (Some(first), Some(here), Some(last)) => (first..=last).contains(&here),
                    _ => [span.first.id, span.last.id].contains(&revision),
                }
            })
        });
        let had: Vec<&str> = had.map(|release| release.version.as_str()).collect();
        if let Some(other) = had.first().filter(|_| !had.contains(&version)) {
            let why = WhyWrong::Other { version: (*other).to_owned(), revision };
            let (path, version) = (package.attr_path.clone(), version.to_owned());
            wrong.push(Wrong { path, version, why });
        }
    }
    Ok(wrong)
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, version, why } = self;
        match why {
            WhyWrong::Unmet { requirement } => write!(
                f,
                "the lock gives `{path}` version {version}, which does not meet \"{requirement}\""
            ),
            WhyWrong::Other { version: had, revision } => write!(
                f,
                "the lock gives `{path}` version {version}, and it had version {had} at {}",
                revision.short()
            ),
        }?;
        f.write_str("; `nix-archiver lock` writes the file anew")
    }
}
