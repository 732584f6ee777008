//! What the tests across things share.

#![expect(clippy::missing_panics_doc, reason = "a helper of tests fails the test")]

pub mod home;
pub mod lsp_client;
pub mod nix;
pub mod repository;
pub mod small_index;
pub mod transcript;
