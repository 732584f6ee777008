//! From what was observed, commit by commit, to spans. Pure.
//!
//! A span is a run of commits at each of which the attribute path had the same version. It ends
//! before the first commit at which it had another one, was gone, or was not known.

use model::{AttrPath, Facts, version::newest_first};

use catalog::{Record, RecordedRelease, RecordedSpan};

/// Something that was observed of one attribute path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// At this place of the line, and until another event, it was this.
    Seen {
        /// The place.
        place: u32,
        /// The version, never empty.
        version: String,
        /// What else was said.
        facts: Facts,
        /// The path that it is another name of.
        alias_of: Option<AttrPath>,
    },
    /// From this place on, until another event, it was not known to have any version.
    Ended {
        /// The place.
        place: u32,
    },
}

/// A branch of the index, and when its commits were.
pub struct Line<'a> {
    /// The branch's place in the ledger.
    pub branch: u16,
    /// The date of the commit at a place of a branch, or with no place that of the branch's newest
    /// commit; in seconds since 1970.
    pub date: &'a dyn Fn(u16, Option<u32>) -> i64,
}

/// What is to be recorded of an attribute path after these events, given what was recorded before.
/// The events are in the order of their places.
pub fn apply(record: Option<Record>, path: &AttrPath, line: &Line<'_>, events: &[Event]) -> Record {
    let mut record =
        record.unwrap_or(Record { attr_path: path.clone(), alias_of: None, releases: Vec::new() });
    for event in events {
        match event {
            Event::Seen { place, version, facts, alias_of } => {
                see(&mut record, line, *place, version, facts, alias_of.as_ref());
            }
            Event::Ended { place } => {
                end(&mut record, line.branch, *place);
            }
        }
    }
    record.releases.sort_by(|a, b| newest_first(&a.version, &b.version));
    record
}

fn see(
    record: &mut Record,
    line: &Line<'_>,
    place: u32,
    version: &str,
    facts: &Facts,
    alias_of: Option<&AttrPath>,
) {
    let date = (line.date)(line.branch, Some(place));
    let newest_elsewhere = |release: &RecordedRelease| {
        let others = release.spans.iter().filter(|span| span.branch != line.branch);
        others.map(|span| (line.date)(span.branch, span.last)).max()
    };
    // Another branch may have seen it later than this one did.
    if record.releases.iter().filter_map(newest_elsewhere).all(|other| other <= date) {
        record.alias_of = alias_of.cloned();
    }
    if open_release(record, line.branch).is_none_or(|open| open.version != version) {
        end(record, line.branch, place);
        let span = RecordedSpan { branch: line.branch, first: place, last: None };
        match record.releases.iter_mut().find(|release| release.version == version) {
            Some(release) => release.spans.push(span),
            None => record.releases.push(RecordedRelease {
                version: version.to_owned(),
                facts: facts.clone(),
                spans: vec![span],
            }),
        }
    }
    if let Some(release) = record.releases.iter_mut().find(|release| release.version == version)
        && newest_elsewhere(release).is_none_or(|other| other <= date)
    {
        release.facts = facts.clone();
    }
    record.releases.iter_mut().for_each(|release| release.spans.sort());
}

/// Closes the span that is open on a branch, so that it does not cover `place`.
fn end(record: &mut Record, branch: u16, place: u32) {
    for release in &mut record.releases {
        if let Some(span) = open_span(release, branch) {
            if span.first < place {
                span.last = Some(place - 1);
            } else {
                let open = *span;
                release.spans.retain(|span| *span != open);
            }
        }
    }
    record.releases.retain(|release| !release.spans.is_empty());
}

fn open_span(release: &mut RecordedRelease, branch: u16) -> Option<&mut RecordedSpan> {
    release.spans.iter_mut().find(|span| span.branch == branch && span.last.is_none())
}

/// The release that is open on a branch: what the attribute path is at the branch's newest commit.
pub fn open_release(record: &Record, branch: u16) -> Option<&RecordedRelease> {
    record.releases.iter().find(|release| {
        release.spans.iter().any(|span| span.branch == branch && span.last.is_none())
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn path() -> AttrPath {
        AttrPath::top("foo")
    }

    fn seen(place: u32, version: &str) -> Event {
        let facts = Facts { description: Some(format!("at {place}")), ..Facts::default() };
        Event::Seen { place, version: version.to_owned(), facts, alias_of: None }
    }

    /// The version at each place, read off the spans of a record.
    fn versions(record: &Record, branch: u16, length: u32) -> Vec<Option<String>> {
        let at = |place: u32| {
            let mut found = record.releases.iter().flat_map(|release| {
                let covers = |span: &&RecordedSpan| {
                    span.branch == branch
                        && span.first <= place
                        && span.last.is_none_or(|last| place <= last)
                };
                release.spans.iter().filter(covers).map(|_| release.version.clone())
            });
            let one = found.next();
            assert_eq!(found.next(), None, "two versions at {place}");
            one
        };
        (0..length).map(at).collect()
    }

    fn at_same_time(_: u16, place: Option<u32>) -> i64 {
        place.map_or(1000, i64::from)
    }

    #[test]
    fn an_alias_and_facts_are_those_of_the_newest_commit_of_all_branches() {
        let facts = |text: &str| Facts { description: Some(text.to_owned()), ..Facts::default() };
        let see = |place, text: &str, alias: Option<&str>| Event::Seen {
            place,
            version: "1".to_owned(),
            facts: facts(text),
            alias_of: alias.map(AttrPath::top),
        };
        // Branch 0 goes on to day 900, branch 1 ends on day 50.
        let date = |branch: u16, place: Option<u32>| {
            place.map_or(if branch == 0 { 900 } else { 50 }, i64::from)
        };
        let on = |branch| Line { branch, date: &date };
        let first = apply(None, &path(), &on(0), &[see(1, "new", Some("bar"))]);
        let both = apply(Some(first), &path(), &on(1), &[see(2, "old", None)]);
        assert_eq!(both.alias_of, Some(AttrPath::top("bar")));
        assert_eq!(both.releases[0].facts, facts("new"));
        assert_eq!(both.releases[0].spans.len(), 2);
        let later = apply(Some(both), &path(), &on(0), &[see(60, "newest", None)]);
        assert_eq!(later.alias_of, None);
        assert_eq!(later.releases[0].facts, facts("newest"));
    }

    #[test]
    fn what_is_seen_again_at_the_same_place_replaces_what_was_seen_there() {
        let line = Line { branch: 0, date: &at_same_time };
        let record = apply(None, &path(), &line, &[seen(3, "1"), seen(3, "2")]);
        assert_eq!(record.releases.len(), 1);
        assert_eq!(record.releases[0].version, "2");
    }

    proptest! {
        /// The spans are exactly the runs of equal versions, however the line is cut into pieces.
        #[test]
        fn spans_are_the_runs_of_equal_versions(
            observed in prop::collection::vec(prop::option::of(0u8..4), 1..40),
            cuts in prop::collection::vec(0usize..40, 0..4),
        ) {
            let mut events = Vec::new();
            let mut before = None;
            for (place, version) in observed.iter().enumerate() {
                let place = u32::try_from(place).expect("few");
                match version {
                    _ if *version == before => {}
                    Some(version) => events.push(seen(place, &version.to_string())),
                    None => events.push(Event::Ended { place }),
                }
                before = *version;
            }
            let line = Line { branch: 7, date: &at_same_time };
            let other = RecordedSpan { branch: 2, first: 5, last: None };
            let start = Record {
                attr_path: path(),
                alias_of: None,
                releases: vec![RecordedRelease {
                    version: "1".to_owned(),
                    facts: Facts::default(),
                    spans: vec![other],
                }],
            };
            let whole = apply(Some(start.clone()), &path(), &line, &events);

            let length = u32::try_from(observed.len()).expect("few");
            let want: Vec<_> = observed.iter().map(|v| v.map(|v| v.to_string())).collect();
            prop_assert_eq!(versions(&whole, 7, length), want);
            let mine: Vec<_> = whole.releases.iter().flat_map(|r| &r.spans).filter(|s| s.branch == 7).collect();
            let runs = observed.chunk_by(|a, b| a == b).filter(|run| run[0].is_some()).count();
            prop_assert_eq!(mine.len(), runs);
            prop_assert_eq!(mine.iter().filter(|s| s.last.is_none()).count(), usize::from(before.is_some()));
            prop_assert!(whole.releases.iter().any(|r| r.spans.contains(&other)));

            let mut pieces = Some(start);
            let mut cuts: Vec<_> = cuts.into_iter().filter(|cut| *cut <= events.len()).collect();
            cuts.sort_unstable();
            let mut from = 0;
            for cut in cuts.into_iter().chain([events.len()]) {
                pieces = Some(apply(pieces, &path(), &line, &events[from..cut]));
                from = cut;
            }
            prop_assert_eq!(pieces, Some(whole));
        }
    }
}
