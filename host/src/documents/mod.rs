//! What programs are told about things: the same JSON on the command line and over HTTP. Field names are never renamed.
//!
//! Looks only, and changes nothing.

pub mod history;
pub mod plan;
pub mod plugin;
pub mod snapshot;
pub mod workload;
