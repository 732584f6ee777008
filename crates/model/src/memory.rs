//! Packages held in memory: for tests, for benches, and as the plainest reading of what
//! [`PackageSource`] promises.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::{
    AttrPath, Commit, CommitId, Package, PackageSource,
    resolve::Place,
    source::{IndexOrigin, IndexStatus, SourceError, Summary},
};

/// A [`PackageSource`] over a list of packages.
#[derive(Debug, Clone, Default)]
pub struct MemorySource {
    packages: BTreeMap<AttrPath, Package>,
}

impl MemorySource {
    /// A source with these packages. Of two with one attribute path the later one stays.
    pub fn new(packages: impl IntoIterator<Item = Package>) -> Self {
        let packages = packages.into_iter().map(|p| (p.attr_path.clone(), p)).collect();
        Self { packages }
    }

    fn summaries(&self) -> impl Iterator<Item = (String, &Package)> {
        self.packages.values().map(|p| (p.attr_path.as_str().to_lowercase(), p))
    }
}

impl Package {
    /// The package as a list shows it, or `None` if it has no release.
    pub fn summary(&self) -> Option<Summary> {
        let newest = self.newest()?;
        Some(Summary {
            attr_path: self.attr_path.clone(),
            alias_of: self.alias_of.clone(),
            newest: newest.version.clone(),
            newest_seen: newest.last_seen().date,
            versions: self.releases.len(),
            description: newest.facts.description.clone(),
        })
    }
}

impl PackageSource for MemorySource {
    fn by_prefix(&self, prefix: &str, limit: usize) -> Result<Vec<Summary>, SourceError> {
        let prefix = prefix.to_lowercase();
        let mut found: Vec<_> =
            self.summaries().filter(|(key, _)| key.starts_with(&prefix)).collect();
        found.sort_by(|a, b| a.0.cmp(&b.0));
        Ok(found.into_iter().filter_map(|(_, p)| p.summary()).take(limit).collect())
    }

    fn by_similar_name(
        &self,
        name: &str,
        edits: u8,
        limit: usize,
    ) -> Result<Vec<Summary>, SourceError> {
        let name = name.to_lowercase();
        let mut found: Vec<_> = self
            .summaries()
            .map(|(key, p)| (distance(&name, &key), key, p))
            .filter(|(distance, ..)| *distance <= usize::from(edits))
            .collect();
        found.sort_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1)));
        Ok(found.into_iter().filter_map(|(.., p)| p.summary()).take(limit).collect())
    }

    fn by_words(&self, query: &str, limit: usize) -> Result<Vec<Summary>, SourceError> {
        let wanted: Vec<String> = words(query).collect();
        let found = self.packages.values().filter(|package| {
            let facts = package.newest().map(|newest| &newest.facts);
            let said = facts.map(|facts| [&facts.pname, &facts.description]);
            let said = said.iter().flatten().copied().flatten();
            let text = said.fold(package.attr_path.to_string(), |text, more| text + " " + more);
            let have: Vec<String> = words(&text).collect();
            !wanted.is_empty() && wanted.iter().all(|word| have.contains(word))
        });
        Ok(found.filter_map(Package::summary).take(limit).collect())
    }

    fn package(&self, path: &AttrPath) -> Result<Option<Package>, SourceError> {
        Ok(self.packages.get(path).cloned())
    }

    /// The commits that spans begin or end with are all that is known of a line; they are put in the
    /// order of their dates.
    fn places(
        &self,
        branch: &str,
        commits: &[CommitId],
    ) -> Result<Vec<Option<Place>>, SourceError> {
        let spans = self.packages.values().flat_map(|p| &p.releases).flat_map(|r| &r.spans);
        let line = spans.filter(|span| &*span.branch == branch).flat_map(|s| [s.first, s.last]);
        let line: BTreeSet<(i64, CommitId)> = line.map(|commit| (commit.date, commit.id)).collect();
        let place = |(at, (date, id))| (id, Place { at, commit: Commit { id, date } });
        let places: HashMap<CommitId, Place> = (0..).zip(line).map(place).collect();
        Ok(commits.iter().map(|commit| places.get(commit).copied()).collect())
    }

    fn status(&self) -> Result<IndexStatus, SourceError> {
        let mut branches: BTreeMap<&str, (Commit, Commit)> = BTreeMap::new();
        let releases = self.packages.values().flat_map(|p| &p.releases);
        for span in releases.clone().flat_map(|r| &r.spans) {
            let seen = branches.entry(&*span.branch).or_insert((span.first, span.last));
            seen.0 = if span.first.date < seen.0.date { span.first } else { seen.0 };
            seen.1 = if span.last.date > seen.1.date { span.last } else { seen.1 };
        }
        let branches = branches.into_iter().map(|(name, (from, head))| {
            crate::source::BranchStatus { name: name.to_owned(), from, head, commits: 0 }
        });
        let mut branches: Vec<_> = branches.collect();
        branches.sort_by_key(|b| std::cmp::Reverse(b.head.date));
        Ok(IndexStatus {
            origin: IndexOrigin::Indexed,
            branches,
            packages: self.packages.len() as u64,
            releases: releases.count() as u64,
        })
    }
}

/// The words of a text, in lower case: runs of letters and digits.
pub fn words(text: &str) -> impl Iterator<Item = String> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).map(str::to_lowercase)
}

/// How many insertions, deletions, replacements and swaps of neighbours lead from `a` to `b`
/// (optimal string alignment distance).
pub fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i; b.len() + 1];
        for j in 1..=b.len() {
            let replaced = above[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            row[j] = replaced.min(above[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                row[j] = row[j].min(before[j - 2] + 1);
            }
        }
        before = std::mem::replace(&mut above, row);
    }
    above[b.len()]
}
