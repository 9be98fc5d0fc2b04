//! Proves that a snapshot starts: the app a second time, cut off from everything, on what the snapshot holds.
//!
//! In reading order: [`app`] says what a drilled app is, `containers` and `process` make one, `network` asks from inside.
//!
//! Internal: `reforge-host` is what others depend on, and this changes from one version to the next.

pub mod app;
pub mod containers;
mod network;
