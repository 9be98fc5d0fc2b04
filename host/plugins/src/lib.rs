//! The plugin host: loads a restore plugin, gives it a sandbox with nothing in it, and answers its calls.
//!
//! In reading order: [`bindings`] what the WIT generates, [`limits`] every bound with its reason, [`engine`] the one
//! engine with its ticker and cache, [`plugin`] a loaded component, [`sandbox`] one fresh store, [`bounds`] what it may
//! take, [`given`] what it is given, [`wasi`] the world behind it, [`imports`] one file per imported interface,
//! [`descriptors`] what their handles hold open, [`calls`] the exports as functions, [`foreign`] what they say,
//! [`host_calls`] what answers the imports, [`policy`] what a workload allows in the WIT's words, [`watch`] how long a
//! guest may go on, [`workers`] many sandboxes side by side. Where a plugin comes from: [`compile`] a file that nobody has looked at yet, [`registry`] what is installed,
//! [`active_plugin`] what is in use.
//!
//! What a call requires and what refuses it is decided by whoever implements [`host_calls::HostCalls`], not here.
//!
//! Internal: `reforge-host` is what others depend on, and this changes from one version to the next.

pub mod active_plugin;
pub mod bindings;
mod bounds;
pub mod calls;
pub mod compile;
pub mod descriptors;
pub mod engine;
mod foreign;
mod given;
pub mod host_calls;
mod imports;
pub mod limits;
pub mod plugin;
pub mod policy;
pub mod registry;
mod sandbox;
mod wasi;
pub mod watch;
mod workers;

pub use active_plugin::ActivePlugin;
pub use engine::PluginEngine;
pub use plugin::{Plugin, WIT_VERSIONS};
pub use registry::Registry;
