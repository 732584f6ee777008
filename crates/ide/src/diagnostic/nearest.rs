//! The versions next to one that does not exist.

use std::cmp::Ordering;

use model::{Package, version};

/// The versions next to one that does not exist.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Nearest {
    /// The highest below it.
    pub below: Option<String>,
    /// The lowest above it.
    pub above: Option<String>,
    /// The highest stable one of its line.
    pub newest_in_line: Option<String>,
    /// That of the three which has most in common with it.
    pub best: Option<String>,
}

impl Nearest {
    /// The versions of a package next to a text that is none of them.
    pub(crate) fn of(package: &Package, text: &str) -> Self {
        // A pre-release is chosen only where one is asked for.
        let fits = |v: &&str| version::is_prerelease(text) || !version::is_prerelease(v);
        let versions =
            || package.releases.iter().map(|release| release.version.as_str()).filter(fits);
        // Releases are sorted newest first.
        let below = versions().find(|v| version::compare(v, text) == Ordering::Less);
        let above = versions().rfind(|v| version::compare(v, text) == Ordering::Greater);
        let in_line = package.newest_in_line(text).map(|release| release.version.as_str());
        let shared = |candidate: &str| {
            let pairs = version::components(candidate).zip(version::components(text));
            pairs.take_while(|(a, b)| a == b).count()
        };
        let order =
            |a: &&str, b: &&str| shared(a).cmp(&shared(b)).then_with(|| version::compare(a, b));
        // A text that is the start of versions (`20`) means the newest of those.
        let best = [above, in_line, below].into_iter().flatten().max_by(order);
        let own = |version: Option<&str>| version.map(str::to_owned);
        Self { below: own(below), above: own(above), newest_in_line: own(in_line), best: own(best) }
    }

    /// The versions, each once, the best first.
    pub fn all(&self) -> Vec<&str> {
        let mut all: Vec<&str> = Vec::new();
        for version in [&self.best, &self.below, &self.above, &self.newest_in_line] {
            match version {
                Some(version) if !all.contains(&version.as_str()) => all.push(version),
                _ => {}
            }
        }
        all
    }
}
