//! What people look for, in terms of what a source can be asked.

use std::collections::HashSet;

use model::{AttrPath, Name, Package, PackageSource, Release, SourceError, Summary, version};

/// How many names or versions are offered in place of one that is not there.
const OFFERED: usize = 5;

/// A list, and whether it is all there is.
#[derive(Debug)]
pub struct Found<T> {
    /// The first of what was found.
    pub items: Vec<T>,
    /// Whether there is nothing more.
    pub complete: bool,
}

/// Packages whose name begins with `query`: the exact name first, then those on its level, then what
/// is in sets; and after them those that have all its words in name or description, the best match
/// first.
///
/// # Errors
/// If the source cannot be read.
pub fn packages(
    source: &dyn PackageSource,
    query: &str,
    limit: usize,
) -> Result<Found<Summary>, SourceError> {
    let enough = limit.saturating_add(1);
    let mut found = Distinct { items: Vec::new(), paths: HashSet::new(), enough };
    // Those that are asked for after the first may have been found before: so many more.
    for name in source.names(query, enough)? {
        if let Name::Package(package) = name {
            found.add(package);
        }
    }
    if !found.is_full() {
        let more = enough.saturating_add(found.items.len());
        source.by_prefix(query, more)?.into_iter().for_each(|package| found.add(package));
    }
    if !found.is_full() {
        let more = enough.saturating_add(found.items.len());
        source.by_words(query, more)?.into_iter().for_each(|package| found.add(package));
    }
    let complete = found.items.len() <= limit;
    found.items.truncate(limit);
    Ok(Found { items: found.items, complete })
}

/// Packages in the order in which they were found, each once.
struct Distinct {
    items: Vec<Summary>,
    paths: HashSet<AttrPath>,
    enough: usize,
}

impl Distinct {
    fn is_full(&self) -> bool {
        self.items.len() >= self.enough
    }

    fn add(&mut self, package: Summary) {
        if !self.is_full() && self.paths.insert(package.attr_path.clone()) {
            self.items.push(package);
        }
    }
}

/// Those releases of the packages with this name or words (see [`packages`]) whose version matches
/// `asked` (see [`matches`]).
///
/// # Errors
/// If the source cannot be read.
pub fn releases(
    source: &dyn PackageSource,
    query: &str,
    asked: &str,
    limit: usize,
) -> Result<Found<(Package, Release)>, SourceError> {
    let mut looked_at = HashSet::new();
    let mut items: Vec<(Package, Release)> = Vec::new();
    let mut candidates = 64;
    loop {
        let found = packages(source, query, candidates)?;
        for summary in found.items {
            if !looked_at.insert(summary.attr_path.clone()) {
                continue;
            }
            let Some(package) = source.package(&summary.attr_path)? else { continue };
            for release in package.releases.iter().filter(|r| matches(&r.version, asked)) {
                if items.len() == limit {
                    return Ok(Found { items, complete: false });
                }
                items.push((package.clone(), release.clone()));
            }
        }
        if found.complete {
            return Ok(Found { items, complete: true });
        }
        candidates *= 8;
    }
}

/// Whether a version is the one asked for, or begins with all its components: `8.9` matches `8.9`
/// and `8.9.4`, not `8.90`.
pub fn matches(version: &str, asked: &str) -> bool {
    let mut components = version::components(version);
    version == asked
        || version::components(asked).next().is_some()
            && version::components(asked).all(|asked| components.next() == Some(asked))
}

/// Names to offer for one that is not there, the nearest first: mistyped ones, then those that
/// begin like it.
///
/// # Errors
/// If the source cannot be read.
pub fn similar(source: &dyn PackageSource, name: &str) -> Result<Vec<AttrPath>, SourceError> {
    let mut found = source.by_similar_name(name, 1, OFFERED)?;
    if found.is_empty() {
        found = source.by_similar_name(name, 2, OFFERED)?;
    }
    if found.len() < OFFERED {
        found.extend(source.by_prefix(name, OFFERED)?);
    }
    let mut names = Vec::new();
    for summary in found {
        if !names.contains(&summary.attr_path) && names.len() < OFFERED {
            names.push(summary.attr_path);
        }
    }
    Ok(names)
}

/// Versions to offer for one that is not there: those that begin with the same text, or else its
/// neighbours in version order. Newest first.
pub fn near_versions<'a>(package: &'a Package, asked: &str) -> Vec<&'a str> {
    let versions: Vec<&str> = package.releases.iter().map(|r| r.version.as_str()).collect();
    let alike: Vec<&str> =
        versions.iter().copied().filter(|v| v.starts_with(asked)).take(OFFERED).collect();
    if !alike.is_empty() {
        return alike;
    }
    let place = versions.partition_point(|v| version::newest_first(v, asked).is_lt());
    let from = place.saturating_sub(OFFERED / 2);
    versions.into_iter().skip(from).take(OFFERED).collect()
}

#[cfg(test)]
mod tests {
    use model::{MemorySource, contract::samples};

    use super::*;

    #[test]
    fn a_version_matches_by_whole_components() {
        for (version, asked, wanted) in [
            ("8.9.4", "8.9.4", true),
            ("8.9.4", "8.9", true),
            ("8.9.4", "8", true),
            ("8.90", "8.9", false),
            ("80", "8", false),
            ("1.0.2u", "1.0.2", true),
            ("1.0", "1.0.2", false),
            ("", "", true),
            ("1", "", false),
            ("1", ".", false),
        ] {
            assert_eq!(matches(version, asked), wanted, "{version:?} for {asked:?}");
        }
    }

    fn names(found: &[Summary]) -> Vec<&str> {
        found.iter().map(|s| s.attr_path.as_str()).collect()
    }

    #[test]
    fn names_come_before_words_and_nothing_twice() {
        let source = MemorySource::new(samples());
        let found = packages(&source, "nodejs", 10).expect("memory");
        assert_eq!(names(&found.items), ["NodeJS", "nodejs", "nodejs-", "nodejs-8_x"]);
        assert!(found.complete);
        let found = packages(&source, "requests", 10).expect("memory");
        let both = ["python3Packages.requests", "python3Packages.requests_oauthlib"];
        assert!(names(&found.items).iter().all(|name| both.contains(name)), "{found:?}");
        for limit in 0..4 {
            let found = packages(&source, "nodejs", limit).expect("memory");
            assert_eq!((found.items.len(), found.complete), (limit, false));
        }
    }

    #[test]
    fn a_level_comes_before_what_is_in_its_sets() {
        let source = MemorySource::new(samples());
        let found = packages(&source, "n", 10).expect("memory");
        let wanted = ["NodeJS", "nodejs", "nodejs-", "nodejs-8_x", "nodePackages.\"@angular/cli\""];
        assert_eq!(names(&found.items), wanted);
    }

    #[test]
    fn versions_of_many_packages() {
        let source = MemorySource::new(samples());
        let ask = |query, asked, limit| {
            let found = releases(&source, query, asked, limit).expect("memory");
            let text = |(p, r): &(Package, Release)| format!("{} {}", p.attr_path, r.version);
            (found.items.iter().map(text).collect::<Vec<_>>(), found.complete)
        };
        let both = vec!["nodejs-8_x 8.11.1".to_owned(), "nodejs-8_x 8.9.4".to_owned()];
        assert_eq!(ask("node", "8", 9), (both.clone(), true));
        assert_eq!(ask("node", "8", 2), (both.clone(), true));
        assert_eq!(ask("node", "8", 1), (both[..1].to_vec(), false));
        assert_eq!(ask("node", "77", 9), (vec![], true));
    }

    #[test]
    fn what_is_offered_instead() {
        let source = MemorySource::new(samples());
        let text = |paths: Vec<AttrPath>| paths.iter().map(AttrPath::to_string).collect::<Vec<_>>();
        assert_eq!(text(similar(&source, "fierfox").expect("memory")), ["firefox"]);
        assert_eq!(
            text(similar(&source, "nodePack").expect("memory")),
            ["nodePackages.\"@angular/cli\""]
        );
        assert!(similar(&source, "wholly-else").expect("memory").is_empty());
        let node = &samples()[0];
        assert_eq!(near_versions(node, "9"), ["9.11.1"]);
        assert_eq!(near_versions(node, "9.12"), ["11.0.0-rc1", "10.0.0", "9.11.1"]);
    }
}
