//! Proves that a snapshot starts: the app a second time, cut off from everything, on what the snapshot holds.
//!
//! In reading order: [`drill`] is the flow, with `probes`, `files` and [`receipt`]; `due` is when it comes by itself; [`app`] says what a drilled app is, `containers`
//! and [`process`] make one, `network` asks from inside; [`sweep`] removes what a crash left.
//!
//! Internal: `reforge-host` is what others depend on, and this changes from one version to the next.

#![cfg_attr(test, recursion_limit = "256")]

pub mod app;
pub mod containers;
pub mod drill;
mod due;
mod files;
mod network;
mod probes;
pub mod process;
pub mod receipt;
pub mod sweep;
