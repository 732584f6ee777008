//! How an attribute path and all its versions are written into one stored field: an *entry*.
//!
//! An entry is a head, which a list of packages shows, and a body, which is read only when somebody
//! asks for the versions. Numbers are unsigned LEB128 (seven bits a byte, lowest first, the top bit
//! set on all bytes but the last); a text is its length in bytes and its UTF-8 bytes.
//!
//! ```text
//! entry   = version(one byte, 1) head body
//! head    = path:text alias:text(empty: none) newest:text releases:number
//!           description:optional n:number n*(branch:number last:last)
//! body    = n:number n*string:text  n:number n*release
//! release = version:text flags:number(1: broken) pname description homepage license file:reference
//!           n:number n*vulnerability:reference  n:number n*span
//! span    = branch:number first:number last:last
//! last    = 0 for "up to the newest commit", otherwise the place of the commit plus one
//! optional  = 0, or one more than the length and the bytes
//! reference = 0 for none, otherwise the place in the strings plus one
//! ```
//!
//! `head.newest` is the version that [`model::version::newest`] chooses; the pairs after the
//! description are where it was last seen, one a branch. Branches and places are those of the
//! [`Ledger`](crate::Ledger).

use std::collections::HashMap;

use model::{AttrPath, Facts, version};

use crate::{Record, RecordedRelease, RecordedSpan};

/// The first byte of each entry.
const VERSION: u8 = 1;

/// What a list shows of an attribute path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Head {
    pub attr_path: AttrPath,
    pub alias_of: Option<AttrPath>,
    pub newest: String,
    pub releases: usize,
    pub description: Option<String>,
    /// Where the newest version was last seen: a branch and a place on it, `None` for its end.
    pub last_seen: Vec<(u16, Option<u32>)>,
}

/// An entry breaks the rules above.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("an entry is damaged: {0}")]
pub(crate) struct Damaged(pub &'static str);

/// The record as an entry. It must have a release.
pub(crate) fn encode(record: &Record) -> Vec<u8> {
    let newest = newest(record).expect("a record that is encoded has a release");
    let mut out = vec![VERSION];
    put_text(&mut out, record.attr_path.as_str());
    put_text(&mut out, record.alias_of.as_ref().map_or("", AttrPath::as_str));
    put_text(&mut out, &newest.version);
    put_number(&mut out, record.releases.len() as u64);
    put_optional(&mut out, newest.facts.description.as_deref());
    let ends = last_seen(&newest.spans);
    put_number(&mut out, ends.len() as u64);
    for (branch, last) in ends {
        put_number(&mut out, u64::from(branch));
        put_last(&mut out, last);
    }
    encode_body(&mut out, record);
    out
}

/// The release that stands for the record in lists.
pub(crate) fn newest(record: &Record) -> Option<&RecordedRelease> {
    let newest = version::newest(record.releases.iter().map(|r| r.version.as_str()))?;
    record.releases.iter().find(|r| r.version == newest)
}

/// The end of the last span of each branch.
fn last_seen(spans: &[RecordedSpan]) -> Vec<(u16, Option<u32>)> {
    let mut ends: Vec<(u16, Option<u32>)> = Vec::new();
    for span in spans {
        match ends.iter_mut().find(|(branch, _)| *branch == span.branch) {
            Some((_, end)) => *end = end.and_then(|end| span.last.map(|last| last.max(end))),
            None => ends.push((span.branch, span.last)),
        }
    }
    ends
}

fn encode_body(out: &mut Vec<u8>, record: &Record) {
    let mut strings = Strings::default();
    let mut releases = Vec::new();
    put_number(&mut releases, record.releases.len() as u64);
    for release in &record.releases {
        let Facts { pname, description, homepage, license, file, broken, known_vulnerabilities } =
            &release.facts;
        put_text(&mut releases, &release.version);
        put_number(&mut releases, u64::from(*broken));
        for text in [pname, description, homepage, license, file] {
            put_number(&mut releases, text.as_deref().map_or(0, |text| strings.reference(text)));
        }
        put_number(&mut releases, known_vulnerabilities.len() as u64);
        for text in known_vulnerabilities {
            put_number(&mut releases, strings.reference(text));
        }
        put_number(&mut releases, release.spans.len() as u64);
        for span in &release.spans {
            put_number(&mut releases, u64::from(span.branch));
            put_number(&mut releases, u64::from(span.first));
            put_last(&mut releases, span.last);
        }
    }
    put_number(out, strings.texts.len() as u64);
    for text in &strings.texts {
        put_text(out, text);
    }
    out.extend(releases);
}

/// The texts of a record, each once.
#[derive(Default)]
struct Strings<'a> {
    texts: Vec<&'a str>,
    places: HashMap<&'a str, u64>,
}

impl<'a> Strings<'a> {
    fn reference(&mut self, text: &'a str) -> u64 {
        *self.places.entry(text).or_insert_with(|| {
            self.texts.push(text);
            self.texts.len() as u64
        })
    }
}

/// The head of an entry.
///
/// # Errors
/// [`Damaged`] if it is not an entry.
pub(crate) fn decode_head(entry: &[u8]) -> Result<Head, Damaged> {
    Input::entry(entry)?.head()
}

/// All of an entry.
///
/// # Errors
/// [`Damaged`] if it is not an entry.
pub(crate) fn decode(entry: &[u8]) -> Result<Record, Damaged> {
    let mut input = Input::entry(entry)?;
    let head = input.head()?;
    let mut strings = Vec::new();
    for _ in 0..input.number()? {
        strings.push(input.text()?);
    }
    let mut releases = Vec::new();
    for _ in 0..input.number()? {
        releases.push(input.release(&strings)?);
    }
    if !input.rest.is_empty() {
        return Err(Damaged("there is more than it should hold"));
    }
    Ok(Record { attr_path: head.attr_path, alias_of: head.alias_of, releases })
}

/// The part of an entry that has not been read yet. Also the reader of the starter file's numbers
/// and texts.
pub(crate) struct Input<'a> {
    pub rest: &'a [u8],
}

impl<'a> Input<'a> {
    fn entry(entry: &'a [u8]) -> Result<Self, Damaged> {
        match entry.split_first() {
            Some((&VERSION, rest)) => Ok(Self { rest }),
            _ => Err(Damaged("it has an unknown version")),
        }
    }

    pub fn byte(&mut self) -> Result<u8, Damaged> {
        let (&byte, rest) = self.rest.split_first().ok_or(Damaged("it ends too early"))?;
        self.rest = rest;
        Ok(byte)
    }

    pub fn number(&mut self) -> Result<u64, Damaged> {
        let mut value = 0u64;
        for shift in (0..63).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(Damaged("a number is too large"))
    }

    pub fn small<T: TryFrom<u64>>(&mut self) -> Result<T, Damaged> {
        T::try_from(self.number()?).map_err(|_| Damaged("a number is too large"))
    }

    pub fn bytes(&mut self, length: usize) -> Result<&'a [u8], Damaged> {
        let (bytes, rest) =
            self.rest.split_at_checked(length).ok_or(Damaged("it ends too early"))?;
        self.rest = rest;
        Ok(bytes)
    }

    pub fn text(&mut self) -> Result<&'a str, Damaged> {
        let length = self.small()?;
        let bytes = self.bytes(length)?;
        std::str::from_utf8(bytes).map_err(|_| Damaged("a text is not UTF-8"))
    }

    pub fn optional(&mut self) -> Result<Option<&'a str>, Damaged> {
        let Some(length) = self.small::<usize>()?.checked_sub(1) else { return Ok(None) };
        let bytes = self.bytes(length)?;
        std::str::from_utf8(bytes).map(Some).map_err(|_| Damaged("a text is not UTF-8"))
    }

    fn path(&mut self) -> Result<Option<AttrPath>, Damaged> {
        match self.text()? {
            "" => Ok(None),
            text => match AttrPath::parse(text) {
                Ok(path) => Ok(Some(path)),
                Err(_) => Err(Damaged("an attribute path is none")),
            },
        }
    }

    pub fn last(&mut self) -> Result<Option<u32>, Damaged> {
        Ok(self.small::<u32>()?.checked_sub(1))
    }

    fn head(&mut self) -> Result<Head, Damaged> {
        let attr_path = self.path()?.ok_or(Damaged("it has no attribute path"))?;
        let alias_of = self.path()?;
        let newest = self.text()?.to_owned();
        let releases = self.small()?;
        let description = self.optional()?.map(str::to_owned);
        let mut last_seen = Vec::new();
        for _ in 0..self.number()? {
            last_seen.push((self.small()?, self.last()?));
        }
        Ok(Head { attr_path, alias_of, newest, releases, description, last_seen })
    }

    fn release(&mut self, strings: &[&str]) -> Result<RecordedRelease, Damaged> {
        let version = self.text()?.to_owned();
        let broken = self.number()? & 1 == 1;
        let pname = self.reference(strings)?;
        let description = self.reference(strings)?;
        let homepage = self.reference(strings)?;
        let license = self.reference(strings)?;
        let file = self.reference(strings)?;
        let mut known_vulnerabilities = Vec::new();
        for _ in 0..self.number()? {
            known_vulnerabilities
                .push(self.reference(strings)?.ok_or(Damaged("a vulnerability has no text"))?);
        }
        let mut spans = Vec::new();
        for _ in 0..self.number()? {
            let (branch, first) = (self.small()?, self.small()?);
            spans.push(RecordedSpan { branch, first, last: self.last()? });
        }
        let facts =
            Facts { pname, description, homepage, license, file, broken, known_vulnerabilities };
        Ok(RecordedRelease { version, facts, spans })
    }

    fn reference(&mut self, strings: &[&str]) -> Result<Option<String>, Damaged> {
        let Some(place) = self.small::<usize>()?.checked_sub(1) else { return Ok(None) };
        let text = strings.get(place).ok_or(Damaged("a text is missing"))?;
        Ok(Some((*text).to_owned()))
    }
}

pub(crate) fn put_number(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

pub(crate) fn put_text(out: &mut Vec<u8>, text: &str) {
    put_number(out, text.len() as u64);
    out.extend(text.as_bytes());
}

pub(crate) fn put_optional(out: &mut Vec<u8>, text: Option<&str>) {
    put_number(out, text.map_or(0, |text| text.len() as u64 + 1));
    out.extend(text.unwrap_or_default().as_bytes());
}

pub(crate) fn put_last(out: &mut Vec<u8>, last: Option<u32>) {
    put_number(out, last.map_or(0, |last| u64::from(last) + 1));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn spans() -> impl Strategy<Value = Vec<RecordedSpan>> {
        let span = (0..3u16, any::<u32>(), prop::option::of(0..u32::MAX));
        let span = span.prop_map(|(branch, first, last)| RecordedSpan { branch, first, last });
        prop::collection::vec(span, 1..4)
    }

    prop_compose! {
        fn facts()(
            texts in prop::collection::vec(prop::option::of("[a-zé]{0,3}"), 5),
            broken in any::<bool>(),
            known_vulnerabilities in prop::collection::vec("[a-c]{0,2}", 0..3),
        ) -> Facts {
            let mut texts = texts.into_iter();
            let mut next = || texts.next().flatten();
            Facts {
                pname: next(), description: next(), homepage: next(), license: next(),
                file: next(), broken, known_vulnerabilities,
            }
        }
    }

    prop_compose! {
        fn record()(
            path in prop::collection::vec(".{1,5}", 1..4),
            alias in prop::option::of("[a-z]{1,4}"),
            releases in prop::collection::vec(("[0-9.a-z-]{1,6}", facts(), spans()), 1..6),
        ) -> Record {
            let release = |(version, facts, spans)| RecordedRelease { version, facts, spans };
            Record {
                attr_path: AttrPath::from_segments(path).expect("a segment"),
                alias_of: alias.map(|name| AttrPath::top(&name)),
                releases: releases.into_iter().map(release).collect(),
            }
        }
    }

    proptest! {
        #[test]
        fn a_record_survives(record in record()) {
            let entry = encode(&record);
            let head = decode_head(&entry).expect("head");
            prop_assert_eq!(&head.attr_path, &record.attr_path);
            prop_assert_eq!(head.releases, record.releases.len());
            prop_assert_eq!(&head.newest, &newest(&record).expect("one").version);
            prop_assert_eq!(decode(&entry).expect("entry"), record);
        }

        #[test]
        fn a_cut_entry_is_damaged(record in record(), cut in 0.0..1.0f64) {
            let entry = encode(&record);
            let cut = (entry.len() as f64 * cut) as usize;
            prop_assert!(decode(&entry[..cut]).is_err());
        }

        #[test]
        fn noise_is_no_panic(mut noise in prop::collection::vec(any::<u8>(), 0..60)) {
            let _ = decode(&noise);
            if let Some(first) = noise.first_mut() {
                *first = VERSION;
            }
            let _ = decode(&noise);
        }
    }

    #[test]
    fn an_open_span_is_the_last_of_its_branch() {
        let span = |branch, first, last| RecordedSpan { branch, first, last };
        let spans =
            [span(0, 1, Some(2)), span(0, 5, None), span(1, 3, Some(9)), span(1, 1, Some(2))];
        assert_eq!(last_seen(&spans), [(0, None), (1, Some(9))]);
    }
}
