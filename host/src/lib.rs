//! Reforge puts an app's volumes back as they were in a snapshot, or leaves them exactly as they are.
//!
//! In reading order: [`restore`] is the flow a person asks for, [`transaction`] is the protocol on disk, [`volumes`] is
//! the only code that touches live data, [`snapshots`] captures and stores, [`deployer`] owns the lock through which
//! everything goes, [`runtime`] runs the apps, [`plugins`] loads the restore logic and watches over it. [`durable`] is the
//! one place that syncs, [`mounts`] the one that reads what is mounted where, [`limits`] what an entry may be at most.

pub mod account;
pub mod api;
pub mod audit;
pub mod config;
pub mod conformance;
pub mod deployer;
pub mod documents;
pub mod durable;
pub mod effects;
pub mod escape;
pub mod failure;
pub mod figures;
#[doc(hidden)]
pub mod fuzzing;
pub mod host;
pub mod leftovers;
pub mod limits;
mod lock_file;
pub mod mounts;
pub mod plugins;
pub mod random;
pub mod restore;
mod rights;
pub mod runtime;
pub mod snapshots;
pub mod stamp;
pub mod state_dir;
#[cfg(test)]
mod test_support;
pub mod tokens;
pub mod transaction;
pub mod volumes;
mod web;

pub use failure::{Code, Failure, Result};
