//! Channel releases: commits that a channel was moved to after they were built and tested, so that
//! what is taken from them need not be built again.
//!
//! nixpkgs itself does not say which they are. They come from a file of lines such as
//!
//! ```text
//! 2018-04-12 392874b9b1411dc7b879997bd8776b921feea61d nixpkgs-unstable
//! ```
//!
//! the day of the release, the commit (all of its id or its first digits, as in the names of the
//! releases at <https://releases.nixos.org>) and the channel; empty lines and lines that begin with
//! `#` say nothing.

use std::{collections::BTreeSet, sync::Arc};

use catalog::Ledger;
use model::date;

/// The fewest digits that a commit may be given by.
const FEWEST_DIGITS: usize = 7;

/// One line of a file of channel releases.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelRelease {
    /// The first digits of the commit's id, seven at least, in lower case.
    pub revision: String,
    /// The channel, such as `nixos-18.03`.
    pub channel: Arc<str>,
}

/// A line that says nothing that can be understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{line}: {why}; a line has a day, a revision and a channel, such as `2018-04-12 392874b9b141 \
     nixos-18.03`"
)]
pub struct BadLine {
    /// Which, counted from one.
    pub line: usize,
    /// What is wrong with it.
    pub why: String,
}

/// Reads the lines of such a file.
///
/// # Errors
/// [`BadLine`] for the first line that is none.
pub fn parse(text: &str) -> Result<Vec<ChannelRelease>, BadLine> {
    let mut releases = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let release = release(line).map_err(|why| BadLine { line: number, why })?;
        releases.push(release);
    }
    Ok(releases)
}

fn release(line: &str) -> Result<ChannelRelease, String> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let [day, revision, channel] = words[..] else {
        return Err(format!("it has {} words", words.len()));
    };
    // What is behind the day, such as a time, does not matter.
    if day.get(..10).and_then(date::parse_day).is_none() {
        return Err(format!("{day:?} is no day"));
    }
    let digits = FEWEST_DIGITS..=40;
    if !digits.contains(&revision.len()) || !revision.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err(format!("{revision:?} is no revision"));
    }
    Ok(ChannelRelease { revision: revision.to_ascii_lowercase(), channel: channel.into() })
}

/// Marks the commits of these releases, on every branch that has them; says how many of the releases
/// are there. Digits that several commits of a branch begin with name none of them.
pub fn mark(ledger: &mut Ledger, releases: &[ChannelRelease]) -> usize {
    let mut found = vec![false; releases.len()];
    for branch in &mut ledger.branches {
        let mut by_id: Vec<(String, u32)> =
            (0..).zip(&branch.commits).map(|(at, commit)| (commit.id.to_string(), at)).collect();
        by_id.sort_unstable();
        let mut marked: BTreeSet<(Arc<str>, u32)> = BTreeSet::new();
        for (found, release) in found.iter_mut().zip(releases) {
            let from = by_id.partition_point(|(id, _)| *id < release.revision);
            let mut same =
                by_id[from..].iter().take_while(|(id, _)| id.starts_with(&release.revision));
            if let (Some((_, at)), None) = (same.next(), same.next()) {
                *found = true;
                marked.insert((release.channel.clone(), *at));
            }
        }
        for (channel, places) in &branch.channels {
            marked.extend(places.iter().map(|at| (channel.clone(), *at)));
        }
        branch.channels.clear();
        for (channel, at) in marked {
            branch.channels.entry(channel).or_default().push(at);
        }
    }
    found.into_iter().filter(|found| *found).count()
}

#[cfg(test)]
mod tests {
    use catalog::BranchLedger;
    use model::{Commit, CommitId};

    use super::*;

    #[test]
    fn lines() {
        let text = "# when which what\n\n2018-04-12 392874B9b141 nixos-18.03\n\
                    2018-05-01T10:00:00Z 0123456789012345678901234567890123456789 nixpkgs-unstable\n";
        let releases = parse(text).unwrap();
        let read: Vec<_> = releases.iter().map(|r| (&*r.revision, &*r.channel)).collect();
        assert_eq!(
            read,
            [
                ("392874b9b141", "nixos-18.03"),
                ("0123456789012345678901234567890123456789", "nixpkgs-unstable")
            ]
        );
        for (text, wanted) in [
            ("2018-04-12 392874b9b141", "1: it has 2 words"),
            ("\n2018-04-31 392874b9b141 x", "2: \"2018-04-31\" is no day"),
            ("ä 392874b9b141 x", "1: \"ä\" is no day"),
            ("2018-04-12 39287 x", "1: \"39287\" is no revision"),
            ("2018-04-12 nixos-18.03 x", "1: \"nixos-18.03\" is no revision"),
        ] {
            let said = parse(text).unwrap_err().to_string();
            assert!(said.starts_with(wanted) && said.contains("such as `2018-04-12"), "{said}");
        }
    }

    #[test]
    fn marks_are_added_to_those_that_are_there() {
        let commit = |n: u8| Commit { id: CommitId([n; 20]), date: 0 };
        let branch = |name: &str, commits: &[u8]| BranchLedger {
            name: name.into(),
            commits: commits.iter().copied().map(commit).collect(),
            ..BranchLedger::default()
        };
        let mut ledger = Ledger { branches: vec![branch("a", &[9, 1, 5]), branch("b", &[9, 7])] };
        // Two commits that begin alike.
        ledger.branches[0].commits[1].id.0[19] = 2;
        ledger.branches[0].commits.push(commit(1));
        let release = |revision: &str, channel: &str| ChannelRelease {
            revision: revision.to_owned(),
            channel: channel.into(),
        };
        let releases = [
            release("0909090", "x"),
            release("0505050", "x"),
            release("0101010", "x"),
            release("eeeeeee", "x"),
        ];
        assert_eq!(mark(&mut ledger, &releases), 2);
        assert_eq!(mark(&mut ledger, &[release("0707070", "y")]), 1);
        let marks = |branch: usize| {
            let all = ledger.branches[branch].channels.iter();
            all.map(|(channel, places)| (&**channel, places.clone())).collect::<Vec<_>>()
        };
        assert_eq!(marks(0), [("x", vec![0, 2])]);
        assert_eq!(marks(1), [("x", vec![0]), ("y", vec![1])]);
    }
}
