//! What programs are told about things: the same JSON on the command line and over HTTP, described for those who read it
//! by the types that it is made from. Field names are never renamed.
//!
//! Looks only, and changes nothing.

pub mod decision;
pub mod drill;
pub mod event;
pub mod history;
pub mod host;
pub mod looking;
pub mod notification;
pub mod plan;
pub mod plugin;
pub mod restore;
pub mod schedule;
pub mod snapshot;
pub mod workload;

/// A path as text. One that is no UTF-8 is not told exactly, and nothing is kept from being told by it.
fn text(path: &std::path::Path) -> String {
    path.display().to_string()
}
