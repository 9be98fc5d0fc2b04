//! The restore logic of Reforge: a WASI component behind `wit/`, and an ordinary library for its own tests.
//!
//! In reading order: [`restore`] is THE flow, [`plan`] says what it would do and what stands in the way, [`extract`]
//! fills staging from one part of an archive, [`inspect`] reads an archive that nothing vouches for whole, [`import`] makes one of ours
//! of a foreign one, [`archive`] is the only code
//! that knows tar, [`manifest`] the only one that knows the descriptor, [`host`] what all of them need from outside.
//!
//! It decides and refuses. It never sees a host path, opens no file and has no other way out than [`host`].

pub mod archive;
#[cfg(target_family = "wasm")]
mod component;
pub mod diff;
pub mod error;
pub mod extract;
pub mod host;
pub mod import;
pub mod inspect;
pub mod manifest;
pub mod plan;
pub mod restore;
mod seen;
#[cfg(test)]
mod tests;

pub use error::{Failure, Result};
pub use reforge_text::escape;

/// What this plugin calls itself.
pub const NAME: &str = "reforge-restore";
/// Its own version.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
/// The archives it reads, for people.
pub const FORMATS: &[&str] = &["reforge tar 1"];
