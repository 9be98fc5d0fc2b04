//! Snapshots: captured from live volumes, kept as an archive and a descriptor.

pub mod capture;
pub mod format;
pub mod store;
pub mod tree_digest;
