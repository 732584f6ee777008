//! Editor features, in editor terms: offsets, labels, edits. A feature is a function from a
//! [`Snapshot`] (a text, an index, a moment) to an answer, and knows neither protocol nor disk.
//!
//! The cursor is analysed once (`context`); what it stands on decides which feature answers.

pub mod code_action;
pub mod code_lens;
pub mod completion;
mod context;
pub mod definition;
mod describe;
pub mod diagnostic;
mod document;
pub mod hover;
pub mod inlay_hint;
pub mod link;
pub mod lock;
pub mod markup;
mod memo;
pub mod outline;
mod requirement;
pub mod settings;
mod snapshot;
mod timeline;
mod updates;

pub use code_action::{ActionKind, Call, CodeAction, FileTask, Task};
pub use code_lens::Lens;
pub use completion::{Completions, Item, ItemKind, Origin};
pub use definition::{Definition, SourceFile, locked_at};
pub use diagnostic::{Diagnostic, InLock, Kind, Problem, Severity};
pub use document::Document;
pub use hover::Hover;
pub use inlay_hint::Hint;
pub use link::Link;
pub use markup::Markup;
pub use memo::Memo;
pub use outline::{Fold, Symbol, Token, TokenKind};
pub use settings::Settings;
pub use snapshot::{Index, LockFile, Snapshot, resolve};

#[cfg(test)]
mod tests;
