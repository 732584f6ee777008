//! Completion: what can be written at the cursor.

mod field;
mod name;
mod version;

use model::{AttrPath, PackageSource, SourceError};
use syntax::{TextEdit, TextRange};

use crate::{
    Index, Markup, Snapshot,
    context::{Context, analyse},
    describe,
};

/// A list of things to write, the best first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Completions {
    /// The things.
    pub items: Vec<Item>,
    /// Whether typing on may bring up others, so that the list has to be asked for again.
    pub incomplete: bool,
}

/// A thing to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// What is shown.
    pub label: String,
    /// What it is.
    pub kind: ItemKind,
    /// A few words beside the label.
    pub detail: Option<String>,
    /// The text that is replaced; it holds the cursor and lies in one line.
    pub range: TextRange,
    /// What takes its place.
    pub text: String,
    /// The same with stops for the cursor, in the protocol's snippet syntax.
    pub snippet: Option<String>,
    /// Edits elsewhere that belong to it.
    pub extra: Vec<TextEdit>,
    /// The text that a client is to match against what is typed. It is what stands in `range` now:
    /// the list is already chosen and sorted, and every item matches equally well, so that a client
    /// that scores matches keeps the order. Empty where the client is to choose by the label.
    pub filter: String,
    /// Whether it is the one that most people want.
    pub preselect: bool,
    /// Whether it should not be chosen: insecure or broken.
    pub discouraged: bool,
    /// Whether another list is of use right after it is accepted.
    pub reopen: bool,
    /// What its documentation is looked up by, if it has any.
    pub origin: Option<Origin>,
}

/// What an [`Item`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ItemKind {
    /// A package.
    Package,
    /// A set of packages, such as `python3Packages`.
    Set,
    /// A version.
    Version,
    /// A field of the long form.
    Field,
    /// A value of such a field.
    Value,
}

/// What an item stands for: enough to look its documentation up at any later time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The attribute path of a package or set.
    pub path: AttrPath,
    /// The version, if the item is one.
    pub version: Option<String>,
}

pub(crate) fn completions(snapshot: &Snapshot, offset: usize) -> Result<Completions, SourceError> {
    let Some(context) = analyse(snapshot.document, offset) else {
        return Ok(Completions::default());
    };
    let Index::Ready(source) = snapshot.index else {
        // Asked again with the next key, when the index may be there.
        return Ok(Completions { items: Vec::new(), incomplete: true });
    };
    match context {
        Context::Name(place) => name::complete(snapshot, source, &place),
        Context::Version(context) => version::complete(snapshot, source, &context),
        Context::Key { pin, field, range } => field::keys(source, pin, field, range),
        Context::Value { pin, field } => field::values(snapshot, source, pin, field, offset),
    }
}

pub(crate) fn documentation(
    source: &dyn PackageSource,
    origin: &Origin,
    now: i64,
) -> Result<Option<Markup>, SourceError> {
    let Some(package) = source.package(&origin.path)? else { return Ok(None) };
    Ok(match &origin.version {
        Some(version) => match package.release(version) {
            Some(release) => Some(describe::release(source, &package, release, now)?),
            None => None,
        },
        None => package.newest().map(|newest| describe::package(&package, newest, now)),
    })
}
