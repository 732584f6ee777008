//! The version index on disk: what is stored, how it is written, how it is read.

mod codec;
pub mod convert;
mod directory;
mod error;
mod ledger_file;
pub mod local;
mod lookup;
mod note;
pub mod reader;
pub mod record;
mod schema;
mod snapshot;
pub mod starter;
pub mod writer;

pub use convert::from_packages;
pub use error::Error;
pub use local::LocalSource;
pub use reader::Reader;
pub use record::{BranchLedger, Ledger, Record, RecordedRelease, RecordedSpan};
pub use schema::FORMAT;
pub use writer::Writer;
