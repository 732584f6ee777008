//! The version index on disk: what is stored, how it is written, how it is read.

mod codec;
mod error;
mod ledger_file;
mod lookup;
mod note;
pub mod record;
mod schema;
pub mod writer;

pub use error::Error;
pub use record::{BranchLedger, Ledger, Record, RecordedRelease, RecordedSpan};
pub use schema::FORMAT;
pub use writer::Writer;
