//! The requests: convert, ask, convert back.

pub(crate) mod code_action;
pub(crate) mod command;
pub(crate) mod completion;
pub(crate) mod definition;
mod deliver;
pub(crate) mod diagnostic;
pub(crate) mod hover;
mod lock;
pub(crate) mod sync;
pub(crate) mod view;
