//! The version index on disk: what is stored, how it is written, how it is read.

pub mod record;

pub use record::{BranchLedger, Ledger, Record, RecordedRelease, RecordedSpan};
