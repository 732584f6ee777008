//! nixpkgs' git history, read into the version index: the first-parent line of a branch from the
//! oldest commit to the newest, what each commit changed, what that makes of each attribute path,
//! and when it was so.

pub mod channels;
mod error;
mod file;
mod follow;
pub mod nar;
mod objects;
pub mod repository;
mod run;
mod share;
pub mod spans;
mod stretches;
mod tree;
mod verify;

pub use error::Error;
pub use file::{FileError, file_at};
pub use nar::{NarError, nar_hash};
pub use run::{Options, Progress, Report, has_commit, observe_at, run};
pub use verify::{Difference, Verified, verify};

/// The tracker that is used.
fn tracker(part: eval::Part) -> Box<dyn eval::Tracker> {
    Box::new(eval::nix::NixTracker::of(part))
}
