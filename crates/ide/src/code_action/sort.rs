//! Sorts pins by name, and moves nothing else.
//!
//! The places of the bindings stay, and the bindings change places, each with the comments above it
//! and behind it on its line. Blank lines divide a set into groups that are sorted apart. Where only
//! the first binding of a group has comments above it, they are taken for the group's heading and
//! stay. A set in which anything is not understood is left as it is.

use syntax::{Pin, PinFile, TextEdit, TextRange, Value};

/// The edits that sort the pins of each set.
pub(super) fn sort(text: &str, file: &PinFile) -> Vec<TextEdit> {
    if !file.errors.is_empty() {
        return Vec::new();
    }
    let mut bindings: Vec<Vec<Binding>> = file.sets.iter().map(|_| Vec::new()).collect();
    let mut sound = vec![true; file.sets.len()];
    for pin in &file.pins {
        let whole = is_whole(text, pin);
        sound[pin.set] &= whole;
        bindings[pin.set].push(Binding::new(&pin.segments, pin.range));
    }
    for set in &file.sets {
        if let Some(binding) = &set.binding {
            let in_order = Binding::new(&binding.segments, binding.range);
            bindings[binding.outer].push(in_order);
        }
    }
    let mut edits = Vec::new();
    // Edits must not lie in one another: where a set is sorted, those in it wait for the next time.
    let mut taken: Vec<TextRange> = Vec::new();
    for (at, set) in file.sets.iter().enumerate() {
        let mut bindings = std::mem::take(&mut bindings[at]);
        bindings.sort_by_key(|binding| binding.range);
        // The braces of a long form are a set too, whose bindings are fields of a pin.
        bindings.dedup_by_key(|binding| binding.range);
        let inside =
            taken.iter().any(|range| range.start <= set.body.start && set.body.end <= range.end);
        if !sound[at] || inside || bindings.len() < 2 {
            continue;
        }
        let Some(slots) = slots(text, file, set.body, &bindings) else { continue };
        for group in groups(text, &slots) {
            let mut order: Vec<usize> = (0..group.len()).collect();
            order.sort_by(|a, b| group[*a].key.cmp(&group[*b].key));
            for (slot, from) in group.iter().zip(order) {
                let new = group[from].range.of(text);
                if slot.range.of(text) != new {
                    taken.push(slot.range);
                    edits.push(TextEdit::replace(slot.range, new));
                }
            }
        }
    }
    edits
}

/// A binding of a set and what it is sorted by.
struct Binding {
    key: Vec<String>,
    range: TextRange,
}

impl Binding {
    fn new(segments: &[syntax::Segment], range: TextRange) -> Self {
        let key = segments.iter().map(|segment| segment.name.to_lowercase());
        Self { key: key.collect(), range }
    }
}

/// Whether a pin is one binding, from its name to its `;`.
fn is_whole(text: &str, pin: &Pin) -> bool {
    let inside = match &pin.value {
        Value::Long(fields) => fields.iter().all(|field| {
            pin.range.start <= field.key.range.start && field.key.range.end <= pin.range.end
        }),
        _ => true,
    };
    inside && pin.range.of(text).ends_with(';')
}

/// What moves: a binding with its comments.
struct Slot {
    key: Vec<String>,
    range: TextRange,
    /// Where the binding itself starts.
    name: usize,
}

/// The slots of a set, or `None` if something stands between its bindings that is neither blank nor
/// comment, or if bindings share their lines with comments.
fn slots(text: &str, file: &PinFile, body: TextRange, bindings: &[Binding]) -> Option<Vec<Slot>> {
    let mut end = body.start;
    let mut commented = false;
    let ends = TextRange::empty(body.end);
    for range in bindings.iter().map(|binding| binding.range).chain([ends]) {
        if end > range.start {
            return None;
        }
        let gap = TextRange::new(end, range.start);
        commented |= !gap.of(text).trim().is_empty();
        if !only_comments(text, file, gap) {
            return None;
        }
        end = range.end;
    }
    let alone = bindings.iter().all(|b| is_alone(text, file, b.range));
    if !alone {
        let plain = |b: &Binding| Slot { key: b.key.clone(), range: b.range, name: b.range.start };
        return (!commented).then(|| bindings.iter().map(plain).collect());
    }
    let mut before = body.start;
    let mut slots = Vec::new();
    for binding in bindings {
        let start = above(text, before, binding.range.start);
        let end = line_end(text, binding.range.end);
        let end = start + text[start..end].trim_end().len();
        slots.push(Slot {
            key: binding.key.clone(),
            range: TextRange::new(start, end),
            name: binding.range.start,
        });
        before = end;
    }
    Some(slots)
}

/// Whether nothing but blanks and `#` comments is in a range. What a `/* */` belongs to cannot be
/// told from its place.
fn only_comments(text: &str, file: &PinFile, gap: TextRange) -> bool {
    let mut at = gap.start;
    let first = file.comments.partition_point(|comment| comment.end <= gap.start);
    for comment in file.comments[first..].iter().take_while(|comment| comment.start < gap.end) {
        if comment.start < at || comment.end > gap.end || !comment.of(text).starts_with('#') {
            return false;
        }
        if !text[at..comment.start].trim().is_empty() {
            return false;
        }
        at = comment.end;
    }
    text[at..gap.end].trim().is_empty()
}

/// Whether a binding has its lines for itself, but for one comment behind it.
fn is_alone(text: &str, file: &PinFile, range: TextRange) -> bool {
    let start = line_start(text, range.start);
    let end = line_end(text, range.end);
    let rest = TextRange::new(range.end, end);
    text[start..range.start].trim().is_empty() && only_comments(text, file, rest)
}

/// Where the comments right above a binding start, or the binding itself: without its indentation,
/// and not before `limit`.
fn above(text: &str, limit: usize, name: usize) -> usize {
    let mut start = name;
    let mut line = line_start(text, name);
    while line > limit {
        let upper = line_start(text, line - 1);
        let content = text[upper.max(limit)..line].trim();
        if upper < limit || !content.starts_with('#') {
            break;
        }
        start = upper + text[upper..line].find('#').unwrap_or(0);
        line = upper;
    }
    start
}

/// The slots between blank lines, each group with its heading taken off.
fn groups(text: &str, slots: &[Slot]) -> Vec<Vec<Slot>> {
    let mut groups: Vec<Vec<Slot>> = Vec::new();
    let mut end: Option<usize> = None;
    for slot in slots {
        let apart = end.is_none_or(|end| {
            let gap = &text[end..slot.range.start];
            gap.matches('\n').count() > 1
        });
        let copy = Slot { key: slot.key.clone(), range: slot.range, name: slot.name };
        match groups.last_mut().filter(|_| !apart) {
            Some(group) => group.push(copy),
            None => groups.push(vec![copy]),
        }
        end = Some(slot.range.end);
    }
    for group in &mut groups {
        let has_comments = |slot: &Slot| slot.range.start < slot.name;
        if let Some((first, others)) = group.split_first_mut()
            && !others.is_empty()
            && !others.iter().any(has_comments)
        {
            first.range.start = first.name;
        }
    }
    groups
}

fn line_start(text: &str, at: usize) -> usize {
    text[..at].rfind('\n').map_or(0, |at| at + 1)
}

fn line_end(text: &str, at: usize) -> usize {
    text[at..].find('\n').map_or(text.len(), |end| at + end)
}
