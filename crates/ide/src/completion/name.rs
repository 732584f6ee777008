//! Names: packages that begin with what is typed, then those that are spelt alike, then those that
//! have it as a word.

use std::collections::HashSet;

use model::{
    AttrPath, Name, PackageSource, SourceError, Summary, attr_path::quoted_if_needed,
    date::format_day,
};
use syntax::{Notation, cursor::NamePlace, edit::in_notation};

use crate::{Completions, Item, ItemKind, Origin, Snapshot, context::pinned};

/// How many names are offered at once.
const LIMIT: usize = 50;

pub(super) fn complete(
    snapshot: &Snapshot,
    source: &dyn PackageSource,
    place: &NamePlace,
) -> Result<Completions, SourceError> {
    let document = snapshot.document;
    let Some(file) = document.pin_file() else { return Ok(Completions::default()) };
    let set = file.sets[place.set].path.as_slice();
    let taken: HashSet<&AttrPath> = pinned(file, place).collect();
    let mut list =
        List { place, set, text: &document.text, taken, seen: HashSet::new(), items: Vec::new() };

    let base: String = place.before.iter().map(|name| quoted_if_needed(name) + ".").collect();
    let quote = if place.quoted { "\"" } else { "" };
    // More than is shown: some may be pinned already.
    let room = LIMIT + list.taken.len().min(LIMIT);
    let query = format!("{base}{quote}{}", place.typed);
    for name in source.names(&query, room)? {
        list.offer(name);
    }
    if place.quoted {
        // Quotes around a name that needs none are as good.
        for name in source.names(&format!("{base}{}", place.typed), room)? {
            list.offer(name);
        }
    }
    if list.items.is_empty() && !place.quoted {
        by_parts(source, &base, &place.typed, &mut list)?;
    }
    if !place.typed.is_empty() && list.items.len() < LIMIT {
        let edits = if place.typed.len() < 4 { 1 } else { 2 };
        let wanted = format!("{base}{}", place.typed);
        for summary in source.by_similar_name(&wanted, edits, LIMIT)? {
            list.offer(Name::Package(summary));
        }
        for summary in source.by_words(&place.typed, LIMIT)? {
            list.offer(Name::Package(summary));
        }
    }
    list.items.truncate(LIMIT);
    // Each key may bring up names that are spelt alike, so the list is never the last word.
    Ok(Completions { items: list.items, incomplete: true })
}

/// Names of a set by the beginnings of both: `pyreq` for `python3Packages.requests`.
fn by_parts(
    source: &dyn PackageSource,
    base: &str,
    typed: &str,
    list: &mut List,
) -> Result<(), SourceError> {
    /// How many sets of one beginning are looked into, and how many names of each are taken.
    const SETS: usize = 8;
    /// How long a text may be that is taken apart.
    const LONGEST: usize = 24;
    if typed.len() > LONGEST || !typed.is_ascii() {
        return Ok(());
    }
    // The longer the beginning of the set, the likelier it was meant.
    for at in (2..typed.len()).rev() {
        let (set, name) = typed.split_at(at);
        let sets = source.names(&format!("{base}{set}"), 4 * SETS)?;
        let sets = sets.into_iter().filter_map(|name| match name {
            Name::Set(path) => Some(path),
            Name::Package(_) => None,
        });
        // The newest set of several, such as those of Python, comes last in text order.
        let sets: Vec<AttrPath> = sets.collect();
        for path in sets.iter().rev().take(SETS) {
            for found in source.names(&format!("{path}.{name}"), SETS)? {
                list.offer(found);
            }
        }
        if !list.items.is_empty() {
            return Ok(());
        }
    }
    Ok(())
}

struct List<'a> {
    place: &'a NamePlace<'a>,
    /// The names that lead to the set that the name is written in.
    set: &'a [String],
    text: &'a str,
    taken: HashSet<&'a AttrPath>,
    seen: HashSet<AttrPath>,
    items: Vec<Item>,
}

impl List<'_> {
    fn offer(&mut self, name: Name) {
        let path = match &name {
            Name::Package(summary) => &summary.attr_path,
            Name::Set(path) => path,
        };
        let Some(written) = self.written(path) else { return };
        let is_set = matches!(name, Name::Set(_));
        if self.taken.contains(path) && !is_set {
            return;
        }
        // A package and a set of one name are two things, and one label: the package comes first.
        if !self.seen.insert(path.clone()) {
            return;
        }
        self.items.push(match name {
            Name::Package(summary) => self.package(summary, written),
            Name::Set(path) => self.set(path, written),
        });
    }

    /// The path as it is written in this set, or `None` if it is not in it.
    fn written(&self, path: &AttrPath) -> Option<String> {
        let segments = path.segments();
        let rest = segments.strip_prefix(self.set)?;
        let names: Vec<String> = rest.iter().map(|name| quoted_if_needed(name)).collect();
        (!names.is_empty()).then(|| in_notation(self.place.notation, names.join(".")))
    }

    fn package(&self, summary: Summary, written: String) -> Item {
        let version = &summary.newest;
        let (text, snippet) = match (self.place.goes_on, self.place.notation) {
            (true, _) | (_, Notation::Call) => (written.clone(), None),
            (false, Notation::Item | Notation::Address) => {
                let sign = self.place.notation.separator().unwrap_or_default();
                let plain = syntax::edit::escape(version);
                let (name, stop) = (snippet_escape(&written), snippet_escape(&plain));
                let snippet = format!("{name}{sign}${{1:{stop}}}");
                (format!("{written}{sign}{plain}"), Some(snippet))
            }
            (false, Notation::Binding) => {
                let plain = syntax::edit::escape(version);
                let text = format!("{written} = \"{plain}\";");
                let stop = snippet_escape(&plain);
                let snippet = format!("{} = \"${{1:{stop}}}\";$0", snippet_escape(&written));
                (text, Some(snippet))
            }
        };
        let seen = format_day(summary.newest_seen);
        let detail = match &summary.alias_of {
            Some(target) => format!("{version}, {seen}, another name of {target}"),
            None => format!("{version}, {seen}"),
        };
        let reopen = snippet.is_some();
        let description = summary.description.map(|text| format!(": {text}")).unwrap_or_default();
        Item {
            label: written,
            kind: ItemKind::Package,
            detail: Some(detail + &description),
            text,
            snippet,
            reopen,
            ..self.blank(summary.attr_path)
        }
    }

    fn set(&self, path: AttrPath, written: String) -> Item {
        let text = if self.place.goes_on { written.clone() } else { format!("{written}.") };
        Item {
            label: written,
            kind: ItemKind::Set,
            detail: Some("a set of packages".to_owned()),
            text,
            reopen: !self.place.goes_on,
            ..self.blank(path)
        }
    }

    fn blank(&self, path: AttrPath) -> Item {
        Item {
            label: String::new(),
            kind: ItemKind::Package,
            detail: None,
            range: self.place.range,
            text: String::new(),
            snippet: None,
            extra: Vec::new(),
            filter: self.place.range.of(self.text).to_owned(),
            preselect: false,
            discouraged: false,
            reopen: false,
            origin: Some(Origin { path, version: None }),
        }
    }
}

/// Text that stands for itself in a snippet.
///
/// Source: <https://microsoft.github.io/language-server-protocol/specifications/lsp/3.17/specification/#snippet_syntax>.
pub(super) fn snippet_escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '$' | '}' | '\\') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}
