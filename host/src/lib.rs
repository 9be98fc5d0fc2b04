//! Reforge puts an app's volumes back as they were in a snapshot, or leaves them exactly as they are.
//!
//! In reading order: [`restore`] is the flow a person asks for, [`transaction`] is the protocol on disk, [`volumes`] is
//! the only code that touches live data, [`snapshots`] captures and stores, [`deployer`] owns the lock through which
//! everything goes, [`runtime`] runs the apps, [`plugins`] loads the restore logic and watches over it.

pub mod account;
pub mod audit;
pub mod config;
pub mod deployer;
pub mod effects;
pub mod escape;
pub mod failure;
pub mod host;
pub mod plugins;
pub mod restore;
pub mod runtime;
pub mod snapshots;
pub mod state_dir;
pub mod transaction;
pub mod volumes;

pub use failure::{Code, Failure, Result};
