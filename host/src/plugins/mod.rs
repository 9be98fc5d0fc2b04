//! The plugin host: loads a restore plugin, gives it a sandbox with nothing in it, and answers its calls.
//!
//! In reading order: [`bindings`] what the WIT generates, [`limits`] every bound with its reason, [`engine`] the one
//! engine with its ticker and cache, [`plugin`] a loaded component, [`sandbox`] one fresh store, [`imports`] one file
//! per imported interface, [`calls`] the exports as functions, [`workers`] many sandboxes side by side. Where a plugin
//! comes from: [`compile`] a file that nobody has looked at yet, [`registry`] what is installed, [`changes`] how that is changed, [`slot`] what is in use.
//!
//! What a call requires and what refuses it is decided in [`crate::restore::monitor`], not here.

pub mod bindings;
pub mod calls;
pub mod changes;
pub mod compile;
pub mod engine;
mod imports;
pub mod limits;
pub mod plugin;
pub mod registry;
mod sandbox;
pub mod slot;
mod workers;

pub use engine::PluginEngine;
pub use plugin::{Plugin, WIT_VERSIONS};
pub use registry::Registry;
pub use slot::Slot;
