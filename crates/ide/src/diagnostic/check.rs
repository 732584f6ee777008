//! The checks.

use std::collections::{HashMap, HashSet};

use model::{
    AttrPath, IndexOrigin, PackageSource, SourceError, Wish, audit::Wrong, date::DAY, relock,
};
use syntax::{
    Pin, PinFile, Refusal, TextRange, Value,
    manifest::{self, ComplaintKind},
};

use super::{Diagnostic, Kind, Problem, Stale, file_range, index_missing};
use crate::{
    Index, LockFile, Settings, Snapshot, describe,
    memo::{Asked, Known, Remembered, Standing},
    requirement::is_bare_version,
};

/// How many names spelt alike are offered.
const SIMILAR: usize = 3;

/// For how many unknown names of one file the ones spelt alike are looked up. In a file with more,
/// something else is wrong.
const LOOK_UPS: usize = 64;

pub(crate) fn diagnostics(snapshot: &Snapshot) -> Result<Vec<Diagnostic>, SourceError> {
    let mut found =
        Found { settings: snapshot.settings, ignored: Vec::new(), diagnostics: Vec::new() };
    let file = match &snapshot.document.pins {
        Ok(file) => file,
        Err(_) if !snapshot.document.is_packages_nix => return Ok(Vec::new()),
        Err(refusal) => {
            found.push(refused_range(snapshot, *refusal), Problem::Refused(*refusal));
            return Ok(found.diagnostics);
        }
    };
    if snapshot.document.is_packages_nix {
        for error in &file.errors {
            found.push(error.range, Problem::Syntax(error.message));
        }
        if file.sets.is_empty() {
            found.push(TextRange::empty(0), Problem::NoPins);
        }
    }
    if file.pins.is_empty() {
        return Ok(found.diagnostics);
    }
    let missing = |error: &SourceError| (file_range(snapshot), index_missing(error));
    let remembered = match snapshot.index {
        // What the text alone says is said at once; nothing is unknown yet.
        Index::Loading => None,
        Index::Failed(error) => {
            let (range, problem) = missing(error);
            found.push(range, problem);
            None
        }
        Index::Ready(source) => {
            let remembered = snapshot.memo.ask(source)?;
            if remembered.is_none() {
                let (range, problem) = missing(&SourceError::Missing("its place yet".to_owned()));
                found.push(range, problem);
            }
            remembered
        }
    };
    if let Some(problem) = remembered.as_ref().and_then(|index| too_old(snapshot, index)) {
        found.push(file_range(snapshot), problem);
    }
    check_lock(snapshot, file, &mut found);
    let whole = TextRange::new(0, snapshot.document.text.len());
    let mut checks = Checks::new(snapshot, file, whole, remembered.as_ref())?;
    for (at, pin) in file.pins.iter().enumerate() {
        checks.pin(at, pin, &mut found)?;
    }
    Ok(found.diagnostics)
}

/// Problems, as the settings let them through.
struct Found<'a> {
    settings: &'a Settings,
    /// The kinds that the pin at hand does not want to hear of.
    ignored: Vec<Kind>,
    diagnostics: Vec<Diagnostic>,
}

impl Found<'_> {
    fn push(&mut self, range: TextRange, problem: Problem) {
        if self.ignored.contains(&problem.kind()) {
            return;
        }
        if let Some(severity) = self.settings.severity(problem.kind()) {
            let severity = severity.min(problem.at_most());
            self.diagnostics.push(Diagnostic { range, problem, severity });
        }
    }
}

/// What the checks of single pins have in common.
pub(crate) struct Checks<'a> {
    snapshot: &'a Snapshot<'a>,
    file: &'a PinFile,
    index: Option<&'a Remembered<'a>>,
    /// The first pin of each attribute path in each top set.
    firsts: HashMap<(usize, &'a AttrPath), usize>,
    /// What the lock says of pins that is not so.
    wrong: HashMap<AttrPath, Wrong>,
    /// For how many more unknown names the ones spelt alike are looked up.
    look_ups: usize,
}

impl<'a> Checks<'a> {
    /// The checks of a file's pins that share text with a range. Without an index, only the text is
    /// checked.
    ///
    /// # Errors
    /// [`SourceError`] if the index cannot be read.
    pub fn new(
        snapshot: &'a Snapshot<'a>,
        file: &'a PinFile,
        range: TextRange,
        index: Option<&'a Remembered<'a>>,
    ) -> Result<Self, SourceError> {
        let mut firsts = HashMap::with_capacity(file.pins.len());
        for (at, pin) in file.pins.iter().enumerate() {
            if has_value(pin) {
                firsts.entry((file.top_of(pin.set), &pin.path)).or_insert(at);
            }
        }
        let wrong = audited(snapshot, index, file.pins_in(range))?;
        Ok(Self { snapshot, file, index, firsts, wrong, look_ups: LOOK_UPS })
    }

    /// What is wrong with the pin at a place of [`PinFile::pins`].
    pub fn of(&mut self, at: usize) -> Result<Vec<Diagnostic>, SourceError> {
        let mut found = Found {
            settings: self.snapshot.settings,
            ignored: Vec::new(),
            diagnostics: Vec::new(),
        };
        self.pin(at, &self.file.pins[at], &mut found)?;
        Ok(found.diagnostics)
    }

    fn pin(&mut self, at: usize, pin: &Pin, found: &mut Found) -> Result<(), SourceError> {
        // What is still being typed is not judged.
        if !has_value(pin) {
            return Ok(());
        }
        let text = &self.snapshot.document.text;
        found.ignored = ignored(text, pin);
        let key = (self.file.top_of(pin.set), &pin.path);
        if let Some(first) = self.firsts.get(&key)
            && *first < at
        {
            let first = self.file.pins[*first].name_range();
            found.push(pin.name_range(), Problem::DuplicatePin { path: pin.path.clone(), first });
        }
        if let Some(range) = not_a_literal(pin) {
            let written = Some(range.of(text)).filter(|text| is_bare_version(text));
            let written = written.map(str::to_owned);
            // Elsewhere it may well be meant to be worked out.
            if written.is_none() && !self.snapshot.document.is_packages_nix {
                return Ok(());
            }
            found.push(range, Problem::NotALiteral { path: pin.path.clone(), written });
            return Ok(());
        }
        let wish = match &pin.value {
            Value::Long(_) => self.long_form(pin, found),
            _ => None,
        };
        check_locked(self.snapshot, pin, found);
        if let (Some(wrong), Some(literal)) = (self.wrong.get(&pin.path), pin.version()) {
            found.push(literal.range, Problem::LockMismatch(wrong.clone()));
        }
        let Some(index) = self.index else { return Ok(()) };
        let version = pin.version().map(|literal| literal.text.as_str()).unwrap_or_default();
        match index.standing(&pin.path, version)? {
            Some(standing) => {
                judge(index, text, pin, version, &standing, found);
                if let (Some(wish), Asked::Release(_) | Asked::Allows) = (wish, &standing.asked)
                    && let Some(unmet) = index.misplaced(&wish)?
                {
                    found.push(place_of(pin, &unmet), Problem::Misplaced(unmet));
                }
            }
            None => {
                let look_up = self.look_ups > 0;
                self.look_ups = self.look_ups.saturating_sub(1);
                let (path, reach) = (pin.path.clone(), index.reach.clone());
                let similar = if look_up { similar(index.source, &path)? } else { Vec::new() };
                found.push(pin.name_range(), Problem::UnknownPackage { path, similar, reach });
            }
        }
        Ok(())
    }
}

impl Checks<'_> {
    /// What is wrong with the fields of a long form, and what it asks for.
    fn long_form(&self, pin: &Pin, found: &mut Found) -> Option<Wish> {
        let text = &self.snapshot.document.text;
        let (wish, complaints) = manifest::wish(text, pin);
        for complaint in complaints {
            // The others are said in other words, with what the index knows.
            let own = match &complaint.kind {
                ComplaintKind::UnknownField(_) => !is_unfinished(pin, complaint.range),
                ComplaintKind::Field { .. } => true,
                // Without its `;` it is still being written.
                ComplaintKind::NoVersion => pin.range.of(text).ends_with(';'),
                _ => false,
            };
            if own {
                found.push(complaint.range, Problem::LongForm(complaint.kind));
            }
        }
        wish
    }
}

/// Whether the field with this key has no value yet.
fn is_unfinished(pin: &Pin, key: TextRange) -> bool {
    let Value::Long(fields) = &pin.value else { return false };
    let missing = |value: &Value| matches!(value, Value::Missing(_));
    fields.iter().any(|field| field.key.range == key && missing(&field.value))
}

/// Where the pin names the branch or commit that does not have what it asks for.
fn place_of(pin: &Pin, unmet: &relock::Unmet) -> TextRange {
    let key = match unmet.why {
        relock::Why::NotAtRevision { .. } => "revision",
        _ => "channel",
    };
    let Value::Long(fields) = &pin.value else { return pin.name_range() };
    let range = fields.iter().find_map(|field| match &field.value {
        Value::Text(literal) if field.key.name == key => Some(literal.range),
        _ => None,
    });
    range.unwrap_or_else(|| pin.name_range())
}

/// What is wrong with the lock as a whole.
fn check_lock(snapshot: &Snapshot, file: &PinFile, found: &mut Found) {
    let problem = match snapshot.lock {
        LockFile::Unknown => return,
        LockFile::Missing => Problem::LockMissing,
        LockFile::Unreadable(error) => Problem::LockUnreadable(error.clone()),
        LockFile::Read(lock) => {
            let bare = lock.revisions.values().filter(|r| r.nar_hash.is_none()).count();
            if bare > 0 {
                found.push(file_range(snapshot), Problem::NoHash { revisions: bare });
            }
            let pinned: HashSet<&AttrPath> = file.pins.iter().map(|pin| &pin.path).collect();
            let Some(path) = lock.pins.keys().find(|path| !pinned.contains(path)) else { return };
            Problem::LockStale { path: path.clone(), how: Stale::NotPinned }
        }
    };
    found.push(file_range(snapshot), problem);
}

/// Whether the lock is of what a pin asks for.
fn check_locked(snapshot: &Snapshot, pin: &Pin, found: &mut Found) {
    let (LockFile::Read(lock), Some(literal)) = (snapshot.lock, pin.version()) else { return };
    if literal.text.is_empty() {
        return;
    }
    let path = pin.path.clone();
    let how = match lock.pins.get(&pin.path) {
        None => Stale::NotLocked,
        Some(locked) if locked.requirement != literal.text => {
            Stale::Other(locked.requirement.clone())
        }
        Some(_) => return,
    };
    found.push(literal.range, Problem::LockStale { path, how });
}

/// What the lock says that is not so, of those of these pins that it
/// is of.
fn audited<'a>(
    snapshot: &Snapshot,
    index: Option<&Remembered>,
    pins: impl IntoIterator<Item = &'a Pin>,
) -> Result<HashMap<AttrPath, Wrong>, SourceError> {
    let (LockFile::Read(lock), Some(index)) = (snapshot.lock, index) else {
        return Ok(HashMap::new());
    };
    let wishes = pins.into_iter().filter_map(|pin| {
        let text = pin.version()?.text.as_str();
        let locked = lock.pins.get(&pin.path).filter(|locked| locked.requirement == text)?;
        Some((&pin.path, locked))
    });
    index.audit(lock, wishes)
}

/// Says what is wrong with a pin of a package that is known.
fn judge(
    index: &Remembered,
    text: &str,
    pin: &Pin,
    version: &str,
    standing: &Standing,
    found: &mut Found,
) {
    let range = pin.version().map_or_else(|| pin.name_range(), |literal| literal.range);
    let (path, version) = (pin.path.clone(), version.to_owned());
    match &standing.asked {
        Asked::NoVersion | Asked::Allows => {}
        Asked::Unmet { why } => {
            found.push(range, Problem::RequirementUnmet { path, why: why.clone() });
        }
        Asked::Release(known) => judge_release(text, pin, known, found),
        Asked::Start { newest } => {
            found.push(range, Problem::PartialVersion { path, version, newest: newest.clone() });
        }
        Asked::Unknown { nearest, beyond } => {
            let (nearest, beyond, reach) = (nearest.clone(), *beyond, index.reach.clone());
            found.push(range, Problem::UnknownVersion { path, version, nearest, reach, beyond });
        }
    }
    if let Some(last_seen) = standing.gone {
        let (path, reach) = (pin.path.clone(), index.reach.clone());
        found.push(pin.name_range(), Problem::Removed { path, last_seen, reach });
    }
}

fn judge_release(text: &str, pin: &Pin, known: &Known, found: &mut Found) {
    let Some(literal) = pin.version() else { return };
    let (path, version) = (pin.path.clone(), literal.text.clone());
    if !known.vulnerabilities.is_empty() && !allows_insecure(text, pin) {
        let vulnerabilities = known.vulnerabilities.clone();
        let (path, version) = (path.clone(), version.clone());
        found.push(literal.range, Problem::Insecure { path, version, vulnerabilities });
    }
    if known.broken {
        let (path, version) = (path.clone(), version.clone());
        found.push(literal.range, Problem::Broken { path, version });
    }
    let (in_line, newest) = (known.updates.in_line.clone(), known.updates.newest.clone());
    if in_line.is_some() || newest.is_some() {
        found.push(literal.range, Problem::Outdated { path, version, in_line, newest });
    }
}

/// Whether a pin is whole enough to be judged.
fn has_value(pin: &Pin) -> bool {
    !pin.is_cut_off() && !matches!(pin.value, Value::Missing(_))
}

/// Where a pin's version is something else than a plain string.
fn not_a_literal(pin: &Pin) -> Option<TextRange> {
    match &pin.value {
        Value::Other(range) => Some(*range),
        Value::Long(fields) => fields.iter().find_map(|field| match &field.value {
            Value::Other(range) if field.key.name == "version" => Some(*range),
            _ => None,
        }),
        Value::Text(_) | Value::Missing(_) => None,
    }
}

/// Whether the long form says `allowInsecure = true`.
fn allows_insecure(text: &str, pin: &Pin) -> bool {
    let Value::Long(fields) = &pin.value else { return false };
    fields.iter().any(|field| {
        let says = matches!(&field.value, Value::Other(range) if range.of(text) == "true");
        field.key.name == "allowInsecure" && says
    })
}

/// Whether a pin does not want to hear of problems of a kind.
pub(crate) fn is_ignored(text: &str, pin: &Pin, kind: Kind) -> bool {
    ignored(text, pin).contains(&kind)
}

/// The kinds that the long form names in its `ignore`: `ignore = [ "insecure" ];`.
fn ignored(text: &str, pin: &Pin) -> Vec<Kind> {
    let Value::Long(fields) = &pin.value else { return Vec::new() };
    let Some(field) = fields.iter().find(|field| field.key.name == "ignore") else {
        return Vec::new();
    };
    let said = match &field.value {
        Value::Text(literal) => literal.range.of(text),
        Value::Other(range) => range.of(text),
        Value::Long(_) | Value::Missing(_) => return Vec::new(),
    };
    let named = |kind: &Kind| said.contains(&format!("\"{}\"", kind.code()));
    Kind::ALL.into_iter().filter(named).collect()
}

/// Attribute paths spelt alike, and those of the same name in other sets.
fn similar(source: &dyn PackageSource, path: &AttrPath) -> Result<Vec<AttrPath>, SourceError> {
    let edits = if path.as_str().len() < 5 { 1 } else { 2 };
    let mut found: Vec<AttrPath> = Vec::new();
    for summary in source.by_similar_name(path.as_str(), edits, SIMILAR)? {
        found.push(summary.attr_path);
    }
    if found.is_empty() {
        let leaf = path.leaf();
        for summary in source.by_words(&leaf, 64)? {
            if summary.attr_path.leaf().eq_ignore_ascii_case(&leaf) && found.len() < SIMILAR {
                found.push(summary.attr_path);
            }
        }
    }
    Ok(found)
}

fn too_old(snapshot: &Snapshot, index: &Remembered) -> Option<Problem> {
    let limit = snapshot.settings.old_after_days;
    let newest = index.status.newest()?.date;
    let days = (snapshot.now - newest).div_euclid(DAY);
    (limit > 0 && days > i64::from(limit)).then(|| Problem::IndexOld {
        reach: index.reach.clone(),
        age: describe::ago(newest, snapshot.now),
        starter: index.status.origin == IndexOrigin::Starter,
    })
}

fn refused_range(snapshot: &Snapshot, refusal: Refusal) -> TextRange {
    let at = match refusal {
        Refusal::TooDeep { at } => {
            let (start, _) = snapshot.document.lines.bounds(snapshot.document.lines.line(at));
            TextRange::new(start.min(at), at)
        }
        Refusal::TooLong => TextRange::empty(0),
    };
    // A line of nothing but brackets is no place for a mark as long as the line.
    if at.len() > 200 { TextRange::empty(at.end) } else { at }
}
