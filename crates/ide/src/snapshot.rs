//! What a request is answered from.

use model::{AttrPath, Lock, PackageSource, SourceError, lock::LockError};
use syntax::{TextEdit, TextRange, edit::pin::Unchanged};

use crate::{
    ActionKind, CodeAction, Completions, Definition, Diagnostic, Document, FileTask, Fold, Hint,
    Hover, Lens, Link, Markup, Memo, Origin, Settings, Symbol, Token, code_action, code_lens,
    completion, definition, diagnostic, hover, inlay_hint, link, outline,
};

/// The version index as it is at the moment of a request.
#[derive(Clone, Copy)]
pub enum Index<'a> {
    /// It is being opened. Nothing is known, and nothing may be called unknown.
    Loading,
    /// It can be asked.
    Ready(&'a dyn PackageSource),
    /// It cannot be read.
    Failed(&'a SourceError),
}

/// The packages.lock beside a file.
#[derive(Debug, Clone, Copy)]
pub enum LockFile<'a> {
    /// Nothing is known of it, as of that of a file which is not stored yet.
    Unknown,
    /// There is none.
    Missing,
    /// It was read.
    Read(&'a Lock),
    /// It is there and is no lock.
    Unreadable(&'a LockError),
}

/// Everything that an answer depends on.
#[derive(Clone, Copy)]
pub struct Snapshot<'a> {
    /// The file.
    pub document: &'a Document,
    /// The version index.
    pub index: Index<'a>,
    /// The lock.
    pub lock: LockFile<'a>,
    /// What is remembered of the index.
    pub memo: &'a Memo,
    /// What the user wants.
    pub settings: &'a Settings,
    /// The moment, in seconds since 1970-01-01T00:00:00Z: for "how long ago".
    pub now: i64,
}

impl Snapshot<'_> {
    /// What can be written at an offset.
    ///
    /// # Errors
    /// [`SourceError`] if the index cannot be read.
    pub fn completions(&self, offset: usize) -> Result<Completions, SourceError> {
        completion::completions(self, offset)
    }

    /// What is known of the pin at an offset.
    ///
    /// # Errors
    /// [`SourceError`] if the index cannot be read.
    pub fn hover(&self, offset: usize) -> Result<Option<Hover>, SourceError> {
        hover::hover(self, offset)
    }

    /// Where the pin at an offset leads.
    ///
    /// # Errors
    /// [`SourceError`] if the index cannot be read.
    pub fn definition(&self, offset: usize) -> Result<Option<Definition>, SourceError> {
        definition::definition(self, offset)
    }

    /// What is wrong with the pins.
    ///
    /// # Errors
    /// [`SourceError`] if the index cannot be read.
    pub fn diagnostics(&self) -> Result<Vec<Diagnostic>, SourceError> {
        diagnostic::diagnostics(self)
    }

    /// What can be done about the pins that share text with a range, and with the whole file, as
    /// far as such actions are wanted.
    ///
    /// # Errors
    /// [`SourceError`] if the index cannot be read.
    pub fn code_actions(
        &self,
        range: TextRange,
        wanted: impl Fn(ActionKind) -> bool,
    ) -> Result<Vec<CodeAction>, SourceError> {
        code_action::code_actions(self, range, wanted)
    }

    /// The edits of something that is done to the whole file.
    ///
    /// # Errors
    /// [`SourceError`] if the index cannot be read.
    pub fn edits(&self, task: FileTask) -> Result<Vec<TextEdit>, SourceError> {
        code_action::edits(self, task)
    }

    /// What stands behind the pins that share text with a range.
    ///
    /// # Errors
    /// [`SourceError`] if the index cannot be read.
    pub fn inlay_hints(&self, range: TextRange) -> Result<Vec<Hint>, SourceError> {
        inlay_hint::hints(self, range)
    }

    /// What stands above the pins.
    ///
    /// # Errors
    /// [`SourceError`] if the index cannot be read.
    pub fn code_lens(&self) -> Result<Option<Lens>, SourceError> {
        code_lens::lens(self)
    }

    /// The web pages that names and versions lead to.
    ///
    /// # Errors
    /// [`SourceError`] if the index cannot be read.
    pub fn links(&self) -> Result<Vec<Link>, SourceError> {
        link::links(self)
    }

    /// The pins and sets as an outline.
    pub fn symbols(&self) -> Vec<Symbol> {
        outline::symbols(self.document)
    }

    /// The stretches of lines that can be folded, by their first line.
    pub fn folds(&self) -> Vec<Fold> {
        outline::folds(self.document)
    }

    /// The names, versions and operators of the pins that share text with a range, in their order;
    /// none lies in another.
    pub fn tokens(&self, range: TextRange) -> Vec<Token> {
        outline::tokens(self.document, range)
    }

    /// The edits that pin an attribute path to a version: in its pin, or in a new one behind the
    /// last of the set that fits.
    ///
    /// # Errors
    /// [`Unchanged`] if the file holds no set, or if the pin is something else than a string.
    pub fn pin(&self, path: &AttrPath, version: &str) -> Result<Vec<TextEdit>, Unchanged> {
        code_action::set_pin(self.document, path, version)
    }
}

/// The documentation of a completion item. It needs nothing but what the item carries, so that an
/// item can be asked about after its list is gone.
///
/// # Errors
/// [`SourceError`] if the index cannot be read.
pub fn resolve(
    source: &dyn PackageSource,
    origin: &Origin,
    now: i64,
) -> Result<Option<Markup>, SourceError> {
    completion::documentation(source, origin, now)
}
