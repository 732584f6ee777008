//! The source in memory keeps the promises of all sources.

use nix_archiver_model::{MemorySource, contract::contract};

#[test]
fn the_contract() {
    contract(|packages| Box::new(MemorySource::new(packages)));
}
