//! The starter index: a whole index in one small file, which the program carries so that it can
//! answer right after it was installed. The format is in `docs/starter-index.md`.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, SystemTime},
};

use model::{AttrPath, Commit, CommitId, Facts, SourceError};

use crate::{
    BranchLedger, Error, FORMAT, Ledger, Record, RecordedRelease, RecordedSpan, Writer,
    codec::{Damaged, Input, put_number, put_optional, put_text},
    error::unreadable,
    note::{META, Origin},
};

/// The first seven bytes of a starter file; the eighth is [`VERSION`].
const MAGIC: &[u8; 7] = b"NXSTART";

/// The version of the file's format.
const VERSION: u8 = 1;

/// Magic, version, checksum, length of the body.
const HEADER: usize = 24;

/// zstd's level, and its window as a power of two: the same histories come again megabytes later,
/// under the names of another package set.
const LEVEL: i32 = 19;
const WINDOW: u32 = 27;

/// How directories of unpacked starters begin.
const PREFIX: &str = "starter-";

/// How long an unpacked starter of another release, and a half unpacked one, may lie about.
const OLD: Duration = Duration::from_secs(60 * 24 * 3600);
const HALF_DONE: Duration = Duration::from_secs(3600);

/// Writes the index in `index` as a starter file; returns the file's size in bytes. The same index
/// always gives the same bytes.
///
/// # Errors
/// [`Error::Source`] if the index cannot be read, [`Error::Write`] if the file cannot be written;
/// it is as it was before, then.
pub fn write(index: &Path, file: &Path) -> Result<u64, Error> {
    let (ledger, records) = crate::reader::read_all(index)?;
    let bytes = pack(&ledger, records).map_err(|error| Error::write(file, &error))?;
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let half = file.with_file_name(format!(".{name}.{}.tmp", std::process::id()));
    fs::write(&half, &bytes).and_then(|()| fs::rename(&half, file)).map_err(|error| {
        let _ = fs::remove_file(&half);
        Error::write(file, &error)
    })?;
    Ok(bytes.len() as u64)
}

/// Unpacks a starter file into a directory below `cache`, unless that was done before, and says
/// where it is. The directory is named by the file's contents, so each release of the program has
/// its own; it appears whole or not at all, however many processes do this at once.
///
/// # Errors
/// [`Error::Source`] if the file is damaged or of another format, [`Error::Write`] if the
/// directory cannot be written.
pub fn install(starter: &[u8], cache: &Path) -> Result<PathBuf, Error> {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let header = Header::read(starter)?;
    let name = format!("{PREFIX}{FORMAT}-{:016x}", header.checksum);
    let dir = cache.join(&name);
    if dir.join(META).exists() {
        return Ok(dir);
    }
    let (ledger, records) = unpack(starter)?;
    let mine =
        format!("{name}.{}-{}.tmp", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
    let half = cache.join(mine);
    let unpacked = fill(&half, Origin::Starter, ledger, records).and_then(|()| {
        match fs::rename(&half, &dir) {
            Ok(()) => Ok(()),
            // Another process was quicker.
            Err(_) if dir.join(META).exists() => Ok(()),
            Err(error) => Err(Error::write(&dir, &error)),
        }
    });
    if half.exists() {
        let _ = fs::remove_dir_all(&half);
    }
    unpacked?;
    remove_old(cache, &name);
    Ok(dir)
}

/// Puts everything that a starter file knows into an index that knows nothing yet, and commits it:
/// whoever reads history goes on from there.
///
/// # Errors
/// [`Error::Inconsistent`] if the index is not empty, and as [`install`].
pub fn seed(starter: &[u8], writer: &mut Writer) -> Result<(), Error> {
    if !writer.ledger().branches.is_empty() {
        return Err(Error::Inconsistent("only an empty index can begin from the starter".into()));
    }
    let (ledger, records) = unpack(starter)?;
    records.into_iter().try_for_each(|record| writer.put(record))?;
    writer.commit(ledger)
}

/// The name and the newest commit of each branch that a starter file covers.
///
/// # Errors
/// [`SourceError`] if the file is damaged or of another format.
pub fn ledger(starter: &[u8]) -> Result<Ledger, SourceError> {
    let body = body(starter)?;
    read_ledger(&mut Input { rest: &body }).map_err(damaged)
}

fn fill(dir: &Path, origin: Origin, ledger: Ledger, records: Vec<Record>) -> Result<(), Error> {
    let mut writer = Writer::open_as(dir, origin)?;
    records.into_iter().try_for_each(|record| writer.put(record))?;
    writer.commit(ledger)?;
    writer.close()
}

/// Removes what other releases and killed processes left behind. Nothing depends on it.
fn remove_old(cache: &Path, keep: &str) {
    let Ok(entries) = fs::read_dir(cache) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let Some(name) = name.to_str() else { continue };
        let limit = if name.ends_with(".tmp") { HALF_DONE } else { OLD };
        let modified = entry.metadata().and_then(|meta| meta.modified());
        let is_old = modified.is_ok_and(|modified| {
            SystemTime::now().duration_since(modified).is_ok_and(|age| age > limit)
        });
        if name.starts_with(PREFIX) && name != keep && is_old {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

/// The fixed part of a starter file.
struct Header {
    checksum: u64,
    length: u64,
}

impl Header {
    fn read(starter: &[u8]) -> Result<Self, SourceError> {
        let number = |at: usize| -> Option<u64> {
            Some(u64::from_le_bytes(starter.get(at..at + 8)?.try_into().ok()?))
        };
        let header = number(8).zip(number(16)).filter(|_| starter.starts_with(MAGIC));
        let (checksum, length) = header.ok_or_else(|| damaged(Damaged("it has no header")))?;
        match starter[MAGIC.len()] {
            VERSION => Ok(Self { checksum, length }),
            other => Err(SourceError::Format {
                place: PLACE.to_owned(),
                found: format!("starter {other}"),
                wanted: format!("starter {VERSION}"),
            }),
        }
    }
}

/// How errors name the starter: it is no file on the user's disk.
const PLACE: &str = "the starter index";

fn damaged(error: Damaged) -> SourceError {
    SourceError::Unreadable { place: PLACE.to_owned(), why: error.to_string() }
}

/// A starter file with these contents.
pub(crate) fn pack(ledger: &Ledger, mut records: Vec<Record>) -> io::Result<Vec<u8>> {
    records.sort_by(|a, b| a.attr_path.cmp(&b.attr_path));
    let mut body = Vec::new();
    write_ledger(&mut body, ledger);
    put_number(&mut body, records.len() as u64);
    let mut columns = Columns::default();
    let mut before = "";
    for record in &records {
        columns.add(before, record);
        before = record.attr_path.as_str();
    }
    for column in [&columns.paths, &columns.versions, &columns.spans, &columns.facts] {
        put_number(&mut body, column.len() as u64);
        body.extend(column);
    }
    let mut frame = zstd::bulk::Compressor::new(LEVEL)?;
    frame.include_checksum(true)?;
    frame.long_distance_matching(true)?;
    frame.window_log(WINDOW)?;
    let frame = frame.compress(&body)?;
    let mut starter = Vec::with_capacity(HEADER + frame.len());
    starter.extend(MAGIC);
    starter.push(VERSION);
    starter.extend(checksum(&frame).to_le_bytes());
    starter.extend((body.len() as u64).to_le_bytes());
    starter.extend(frame);
    Ok(starter)
}

/// The contents of a starter file.
pub(crate) fn unpack(starter: &[u8]) -> Result<(Ledger, Vec<Record>), SourceError> {
    let body = body(starter)?;
    read_body(&body).map_err(damaged)
}

fn body(starter: &[u8]) -> Result<Vec<u8>, SourceError> {
    let header = Header::read(starter)?;
    let frame = &starter[HEADER..];
    if checksum(frame) != header.checksum {
        return Err(damaged(Damaged("its checksum is wrong")));
    }
    let mut decoder = zstd::bulk::Decompressor::new()
        .and_then(|mut decoder| decoder.window_log_max(WINDOW).map(|()| decoder))
        .map_err(|error| unreadable(Path::new(PLACE), error.to_string()))?;
    let length = usize::try_from(header.length).unwrap_or(usize::MAX);
    let body = decoder.decompress(frame, length);
    body.map_err(|error| unreadable(Path::new(PLACE), error.to_string()))
}

/// FNV-1a over 64 bits (<http://www.isthe.com/chongo/tech/comp/fnv/>): a name for the contents and
/// a guard against accidents, not against people.
fn checksum(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

fn write_ledger(out: &mut Vec<u8>, ledger: &Ledger) {
    put_number(out, ledger.branches.len() as u64);
    for branch in &ledger.branches {
        put_text(out, &branch.name);
        put_number(out, branch.commits.len() as u64);
        branch.commits.iter().for_each(|commit| out.extend(commit.id.0));
        let mut before = 0;
        for commit in &branch.commits {
            put_signed(out, commit.date.wrapping_sub(before));
            before = commit.date;
        }
        put_number(out, branch.failed.len() as u64);
        branch.failed.iter().for_each(|&place| put_number(out, u64::from(place)));
    }
}

fn read_ledger(input: &mut Input) -> Result<Ledger, Damaged> {
    let mut ledger = Ledger::default();
    for _ in 0..input.number()? {
        let name = Arc::from(input.text()?);
        let count: usize = input.small()?;
        let ids = input.bytes(count.saturating_mul(20))?;
        let mut commits = Vec::with_capacity(count);
        let mut date = 0i64;
        for id in ids.chunks_exact(20) {
            date = date.wrapping_add(signed(input)?);
            let id = CommitId(id.try_into().expect("a chunk has twenty bytes"));
            commits.push(Commit { id, date });
        }
        let mut failed = Vec::new();
        for _ in 0..input.number()? {
            failed.push(input.small()?);
        }
        ledger.branches.push(BranchLedger { name, commits, failed, ..BranchLedger::default() });
    }
    Ok(ledger)
}

/// The packages, column by column, since like compresses well beside like.
#[derive(Default)]
struct Columns {
    paths: Vec<u8>,
    versions: Vec<u8>,
    spans: Vec<u8>,
    facts: Vec<u8>,
}

impl Columns {
    /// Adds a record; `before` is the path of the one before.
    fn add(&mut self, before: &str, record: &Record) {
        let path = record.attr_path.as_str();
        let shared = shared_prefix(before, path);
        put_number(&mut self.paths, shared as u64);
        put_text(&mut self.paths, &path[shared..]);
        put_text(&mut self.paths, record.alias_of.as_ref().map_or("", AttrPath::as_str));
        put_number(&mut self.versions, record.releases.len() as u64);
        let mut at = 0;
        let mut facts = &Facts::default();
        for release in &record.releases {
            put_text(&mut self.versions, &release.version);
            put_number(&mut self.spans, release.spans.len() as u64);
            for span in &release.spans {
                put_number(&mut self.spans, u64::from(span.branch));
                put_signed(&mut self.spans, i64::from(span.first) - at);
                let length = span.last.map(|last| i64::from(last) - i64::from(span.first));
                put_number(&mut self.spans, u64::from(length.is_some()));
                put_signed(&mut self.spans, length.unwrap_or(0));
                at = i64::from(span.first);
            }
            self.add_facts(facts, &release.facts);
            facts = &release.facts;
        }
    }

    /// Adds those facts that differ from the ones before, after a set of bits that says which.
    fn add_facts(&mut self, before: &Facts, now: &Facts) {
        let old = texts(before);
        let new = texts(now);
        let mut bits = 0;
        for (bit, (old, new)) in old.iter().zip(&new).enumerate() {
            bits |= u64::from(old != new) << bit;
        }
        bits |= u64::from(before.broken != now.broken) << 5;
        let vulnerabilities = &now.known_vulnerabilities;
        bits |= u64::from(before.known_vulnerabilities != *vulnerabilities) << 6;
        put_number(&mut self.facts, bits);
        for (bit, new) in new.iter().enumerate() {
            if bits >> bit & 1 == 1 {
                put_optional(&mut self.facts, new.as_deref());
            }
        }
        if bits >> 6 & 1 == 1 {
            put_number(&mut self.facts, vulnerabilities.len() as u64);
            vulnerabilities.iter().for_each(|text| put_text(&mut self.facts, text));
        }
    }
}

fn texts(facts: &Facts) -> [&Option<String>; 5] {
    [&facts.pname, &facts.description, &facts.homepage, &facts.license, &facts.file]
}

fn read_body(body: &[u8]) -> Result<(Ledger, Vec<Record>), Damaged> {
    let mut input = Input { rest: body };
    let ledger = read_ledger(&mut input)?;
    let count = input.number()?;
    let mut column = || -> Result<Input, Damaged> {
        let length = input.small()?;
        Ok(Input { rest: input.bytes(length)? })
    };
    let (mut paths, mut versions, mut spans, mut facts) =
        (column()?, column()?, column()?, column()?);
    let mut path = String::new();
    let mut records = Vec::new();
    for _ in 0..count {
        let shared: usize = paths.small()?;
        if !path.is_char_boundary(shared) {
            return Err(Damaged("a path shares too much with the one before"));
        }
        path.truncate(shared);
        path.push_str(paths.text()?);
        let parse = |text| AttrPath::parse(text).map_err(|_| Damaged("an attribute path is none"));
        let alias_of = Some(paths.text()?).filter(|text| !text.is_empty());
        let mut record = Record {
            attr_path: parse(&path)?,
            alias_of: alias_of.map(parse).transpose()?,
            releases: Vec::new(),
        };
        let mut at = 0;
        let mut before = Facts::default();
        for _ in 0..versions.number()? {
            let version = versions.text()?.to_owned();
            let spans = read_spans(&mut spans, &mut at)?;
            before = read_facts(&mut facts, before)?;
            record.releases.push(RecordedRelease { version, facts: before.clone(), spans });
        }
        records.push(record);
    }
    let rest = [&input, &paths, &versions, &spans, &facts];
    if rest.iter().any(|column| !column.rest.is_empty()) {
        return Err(Damaged("there is more than it should hold"));
    }
    Ok((ledger, records))
}

fn read_spans(input: &mut Input, at: &mut i64) -> Result<Vec<RecordedSpan>, Damaged> {
    let place = |at: i64| u32::try_from(at).map_err(|_| Damaged("a place is none"));
    let mut spans = Vec::new();
    for _ in 0..input.number()? {
        let branch = input.small()?;
        *at = at.wrapping_add(signed(input)?);
        let first = place(*at)?;
        let closed = input.number()? == 1;
        let length = signed(input)?;
        let last = closed.then(|| place(at.wrapping_add(length))).transpose()?;
        spans.push(RecordedSpan { branch, first, last });
    }
    Ok(spans)
}

fn read_facts(input: &mut Input, mut facts: Facts) -> Result<Facts, Damaged> {
    let bits = input.number()?;
    let Facts { pname, description, homepage, license, file, broken, known_vulnerabilities } =
        &mut facts;
    for (bit, text) in [pname, description, homepage, license, file].into_iter().enumerate() {
        if bits >> bit & 1 == 1 {
            *text = input.optional()?.map(str::to_owned);
        }
    }
    *broken ^= bits >> 5 & 1 == 1;
    if bits >> 6 & 1 == 1 {
        known_vulnerabilities.clear();
        for _ in 0..input.number()? {
            known_vulnerabilities.push(input.text()?.to_owned());
        }
    }
    Ok(facts)
}

/// How many bytes two texts share from their beginnings, in whole characters.
fn shared_prefix(a: &str, b: &str) -> usize {
    let same = a.chars().zip(b.chars()).take_while(|(a, b)| a == b);
    same.map(|(c, _)| c.len_utf8()).sum()
}

/// A signed number as an unsigned one: 0, -1, 1, -2, … become 0, 1, 2, 3, …
fn put_signed(out: &mut Vec<u8>, value: i64) {
    put_number(out, ((value << 1) ^ (value >> 63)) as u64);
}

fn signed(input: &mut Input) -> Result<i64, Damaged> {
    let value = input.number()?;
    Ok((value >> 1) as i64 ^ -((value & 1) as i64))
}

#[cfg(test)]
mod tests {
    use model::contract::samples;

    use super::*;
    use crate::from_packages;

    #[test]
    fn everything_survives() {
        let (mut ledger, mut records) = from_packages(&samples());
        ledger.branches[0].failed = vec![0, 3];
        let starter = pack(&ledger, records.clone()).unwrap();
        records.sort_by(|a, b| a.attr_path.cmp(&b.attr_path));
        assert_eq!(unpack(&starter).unwrap(), (ledger.clone(), records));
        assert_eq!(super::ledger(&starter).unwrap(), ledger);
    }

    #[test]
    fn damage_is_seen() {
        let (ledger, records) = from_packages(&samples());
        let starter = pack(&ledger, records).unwrap();
        for place in 0..starter.len() {
            let mut damaged = starter.clone();
            damaged[place] ^= 0x10;
            assert!(unpack(&damaged).is_err() || (16..24).contains(&place), "byte {place}");
            assert!(unpack(&starter[..place]).is_err(), "cut at {place}");
        }
        let mut newer = starter;
        newer[7] = 2;
        assert!(matches!(unpack(&newer), Err(SourceError::Format { .. })));
    }

    #[test]
    fn a_damaged_body_is_no_panic() {
        let (ledger, records) = from_packages(&samples());
        let starter = pack(&ledger, records).unwrap();
        let body = body(&starter).unwrap();
        for place in 0..body.len() {
            for bit in [0x01, 0x80] {
                let mut damaged = body.clone();
                damaged[place] ^= bit;
                let _ = read_body(&damaged);
            }
            assert!(read_body(&body[..place]).is_err());
        }
    }

    #[test]
    fn signs() {
        for value in [0, 1, -1, 63, -64, 1_525_996_800, -1_525_996_800] {
            let mut out = Vec::new();
            put_signed(&mut out, value);
            assert_eq!(signed(&mut Input { rest: &out }), Ok(value));
        }
    }
}
