//! The newer versions of a package, by how far they are from the one that is pinned.

use std::cmp::Ordering;

use model::{Package, version};

/// Newer versions than one that is pinned, each the highest stable one of its kind.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Updates {
    /// Of those with the same first two components.
    pub patch: Option<String>,
    /// Of those with the same first component.
    pub minor: Option<String>,
    /// Of the same line; see [`version::line`].
    pub in_line: Option<String>,
    /// Of all.
    pub newest: Option<String>,
}

impl Updates {
    /// The newer versions than `text`, which need not be one itself.
    pub fn of(package: &Package, text: &str) -> Self {
        let newer = |version: &&str| version::compare(version, text) == Ordering::Greater;
        let versions = || package.releases.iter().map(|release| release.version.as_str());
        let sharing = |count: usize| {
            let in_group = versions().filter(|version| shares(version, text, count));
            version::newest(in_group).filter(newer).map(str::to_owned)
        };
        let in_line = package.newest_in_line(text).map(|release| release.version.as_str());
        Self {
            patch: sharing(2),
            minor: sharing(1),
            in_line: in_line.filter(newer).map(str::to_owned),
            newest: sharing(0),
        }
    }

    /// Each version once, the nearest first, with the name of the jump to it.
    pub fn jumps(&self) -> Vec<(&str, &'static str)> {
        let mut jumps: Vec<(&str, &'static str)> = Vec::new();
        let all = [(&self.patch, "patch"), (&self.minor, "minor"), (&self.newest, "major")];
        for (version, jump) in all {
            if let Some(version) = version
                && jumps.iter().all(|(known, _)| known != version)
            {
                jumps.push((version, jump));
            }
        }
        jumps
    }
}

/// Whether two versions have the same first `count` components, and so many at least.
fn shares(a: &str, b: &str, count: usize) -> bool {
    let (mut a, mut b) = (version::components(a), version::components(b));
    (0..count).all(|_| matches!((a.next(), b.next()), (Some(x), Some(y)) if x == y))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::package;

    #[test]
    fn each_jump_once_and_only_upwards() {
        let versions = ["3.1", "3.0-rc1", "2.2.0", "2.1.9", "2.1.1", "1.0"];
        let days: Vec<_> = versions.iter().map(|v| (*v, "2020-01-01", "2020-02-01")).collect();
        let package = package("x", "", &days);
        let jumps = |text: &str| Updates::of(&package, text).jumps().join_text();
        assert_eq!(jumps("2.1.1"), "2.1.9 patch, 2.2.0 minor, 3.1 major");
        assert_eq!(jumps("2.1.9"), "2.2.0 minor, 3.1 major");
        assert_eq!(jumps("2.2.0"), "3.1 major");
        assert_eq!(jumps("3.0-rc1"), "3.1 minor");
        assert_eq!(jumps("3.1"), "");
        assert_eq!(jumps("4"), "");
    }

    trait JoinText {
        fn join_text(&self) -> String;
    }

    impl JoinText for Vec<(&str, &'static str)> {
        fn join_text(&self) -> String {
            let each: Vec<String> = self.iter().map(|(v, j)| format!("{v} {j}")).collect();
            each.join(", ")
        }
    }
}
