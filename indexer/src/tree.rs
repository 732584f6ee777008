//! One revision of a repository as a [`Source`], and what is different between two.

use std::{cmp::Ordering, rc::Rc, sync::Arc};

use eval::{Change, Entry, EntryKind, ObjectId, Source, SourceError};

use crate::objects::{Directory, Objects};

/// The files of one revision.
pub struct Revision<'a> {
    /// Where objects come from.
    pub objects: &'a Objects,
    /// The revision's tree.
    pub tree: ObjectId,
}

impl Revision<'_> {
    fn directory(&self, path: &str) -> Result<Option<Rc<Directory>>, SourceError> {
        let mut directory = self.objects.tree(&self.tree)?;
        for name in path.split('/').filter(|name| !name.is_empty()) {
            match directory.get(name) {
                Some(entry) if entry.kind == EntryKind::Directory => {
                    directory = self.objects.tree(&entry.id)?;
                }
                _ => return Ok(None),
            }
        }
        Ok(Some(directory))
    }
}

impl Source for Revision<'_> {
    fn entry(&self, path: &str) -> Result<Option<Entry>, SourceError> {
        let Some((folder, name)) =
            path.rsplit_once('/').or((!path.is_empty()).then_some(("", path)))
        else {
            return Ok(Some(Entry { kind: EntryKind::Directory, id: self.tree }));
        };
        Ok(self.directory(folder)?.and_then(|directory| directory.get(name)))
    }

    fn list(&self, path: &str) -> Result<Option<Vec<(String, Entry)>>, SourceError> {
        let Some(directory) = self.directory(path)? else { return Ok(None) };
        let named = |(name, entry): (&[u8], Entry)| {
            Some((std::str::from_utf8(name).ok()?.to_owned(), entry))
        };
        // No Nix path can name a file whose name is not UTF-8.
        Ok(Some(directory.iter().filter_map(named).collect()))
    }

    fn blob(&self, id: &ObjectId) -> Result<Arc<[u8]>, SourceError> {
        self.objects.blob(id)
    }
}

/// What is different in the tree `new` from the tree `old`, sorted by path. File modes do not
/// count.
///
/// # Errors
/// [`SourceError`] if one of the trees that differ cannot be read.
pub fn changes(
    objects: &Objects,
    old: ObjectId,
    new: ObjectId,
) -> Result<Vec<Change>, SourceError> {
    let mut found = Vec::new();
    let mut path = String::new();
    let root = |id| Entry { kind: EntryKind::Directory, id };
    compare(objects, &mut path, Some(root(old)), Some(root(new)), &mut found)?;
    found.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
}

/// Compares what is at one path.
fn compare(
    objects: &Objects,
    path: &mut String,
    old: Option<Entry>,
    new: Option<Entry>,
    found: &mut Vec<Change>,
) -> Result<(), SourceError> {
    if old == new {
        return Ok(());
    }
    let is_directory = |entry: &Entry| entry.kind == EntryKind::Directory;
    let inside = |entry: Option<Entry>| match entry.filter(is_directory) {
        Some(entry) => objects.tree(&entry.id).map(Some),
        None => Ok(None),
    };
    let (old_inside, new_inside) = (inside(old)?, inside(new)?);
    let leaf = |entry: Option<Entry>| entry.filter(|entry| !is_directory(entry));
    if leaf(old).is_some() || leaf(new).is_some() {
        found.push(Change { path: path.clone(), old: leaf(old), new: leaf(new) });
    }
    for (name, old, new) in pairs(old_inside.as_deref(), new_inside.as_deref()) {
        if old == new {
            continue;
        }
        let Ok(name) = std::str::from_utf8(name) else { continue };
        let length = path.len();
        if length > 0 {
            path.push('/');
        }
        path.push_str(name);
        compare(objects, path, old, new, found)?;
        path.truncate(length);
    }
    Ok(())
}

/// The names of two directories with what each has under them.
fn pairs<'a>(
    old: Option<&'a Directory>,
    new: Option<&'a Directory>,
) -> Vec<(&'a [u8], Option<Entry>, Option<Entry>)> {
    let mut old = old.into_iter().flat_map(Directory::iter).peekable();
    let mut new = new.into_iter().flat_map(Directory::iter).peekable();
    let mut out = Vec::new();
    loop {
        let order = match (old.peek(), new.peek()) {
            (None, None) => return out,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some((a, _)), Some((b, _))) => a.cmp(b),
        };
        let from_old = if order.is_le() { old.next() } else { None };
        let from_new = if order.is_ge() { new.next() } else { None };
        let name = from_old.or(from_new).map(|(name, _)| name).unwrap_or_default();
        let entries = (from_old.map(|(_, entry)| entry), from_new.map(|(_, entry)| entry));
        if entries.0 != entries.1 {
            out.push((name, entries.0, entries.1));
        }
    }
}
