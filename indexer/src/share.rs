//! What branches have in common is looked at once: a branch that is new to the index begins with
//! what another one says of the commits that both lines begin with.

use catalog::{BranchLedger, Ledger, RecordedSpan, Writer};

use crate::{error::Error, repository::Header};

/// A run of commits that a branch of the index and a line have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Shared {
    /// The branch's place in the ledger.
    branch: u16,
    /// The place of the line's first commit on the branch.
    from: u32,
    /// How many commits.
    length: u32,
}

/// Begins a branch with what the index has of the commits at the start of `line`; says whether
/// there were any. What it writes is one commit of the index.
///
/// # Errors
/// [`Error::Catalog`] if the index cannot be written.
pub fn adopt(writer: &mut Writer, name: &str, line: &[Header]) -> Result<bool, Error> {
    let mut ledger = writer.ledger().clone();
    let Some(shared) = longest(&ledger, line) else { return Ok(false) };
    let Shared { branch, from, length } = shared;
    let known = &ledger.branches[usize::from(branch)];
    let within = |place: &&u32| (from..from + length).contains(*place);
    let commits = &known.commits[from as usize..][..length as usize];
    let adopted = BranchLedger {
        name: name.into(),
        commits: commits.to_vec(),
        failed: known.failed.iter().filter(within).map(|place| place - from).collect(),
        channels: known
            .channels
            .iter()
            .map(|(channel, places)| {
                (channel.clone(), places.iter().filter(within).map(|place| place - from).collect())
            })
            .collect(),
    };
    let place = u16::try_from(ledger.branches.len()).expect("an index has few branches");
    ledger.branches.push(adopted);
    let mut changed = Vec::new();
    writer.for_each_record(&mut |mut record| {
        let mut any = false;
        for release in &mut record.releases {
            let mut spans = Vec::new();
            for span in release.spans.iter().filter(|span| span.branch == branch) {
                spans.extend(moved(span, shared, place));
            }
            any |= !spans.is_empty();
            release.spans.append(&mut spans);
            release.spans.sort();
        }
        if any {
            changed.push(record);
        }
    })?;
    for record in changed {
        writer.put(record)?;
    }
    writer.commit(ledger)?;
    Ok(true)
}

/// The longest run that begins with the first commit of the line.
fn longest(ledger: &Ledger, line: &[Header]) -> Option<Shared> {
    let first = line.first()?.commit.id;
    let mut best: Option<Shared> = None;
    for (branch, known) in (0u16..).zip(&ledger.branches) {
        let Some(from) = known.commits.iter().position(|commit| commit.id == first) else {
            continue;
        };
        let both = known.commits[from..].iter().zip(line);
        let length = both.take_while(|(known, header)| known.id == header.commit.id).count();
        let count = |n: usize| u32::try_from(n).expect("a branch has fewer commits than that");
        let shared = Shared { branch, from: count(from), length: count(length) };
        if best.is_none_or(|best| best.length < shared.length) {
            best = Some(shared);
        }
    }
    best
}

/// The part of a span that lies on the shared commits, as a span of the branch at `place`. It is
/// open if it reaches their end: what comes after is still to be looked at.
fn moved(span: &RecordedSpan, shared: Shared, place: u16) -> Option<RecordedSpan> {
    let end = shared.from + shared.length - 1;
    let first = span.first.max(shared.from);
    let last = span.last.unwrap_or(end).min(end);
    (first <= last).then(|| RecordedSpan {
        branch: place,
        first: first - shared.from,
        last: (last < end).then(|| last - shared.from),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_cut_to_what_is_shared() {
        let shared = Shared { branch: 0, from: 10, length: 5 };
        for (first, last, wanted) in [
            (0, Some(9), None),
            (0, Some(10), Some((0, Some(0)))),
            (0, None, Some((0, None))),
            (12, Some(13), Some((2, Some(3)))),
            (12, Some(14), Some((2, None))),
            (14, Some(20), Some((4, None))),
            (15, None, None),
        ] {
            let span = RecordedSpan { branch: 0, first, last };
            let got = moved(&span, shared, 3).map(|span| (span.first, span.last));
            assert_eq!(got, wanted, "{first} to {last:?}");
        }
    }
}
