//! Snapshots: captured from live volumes, kept as an archive and a descriptor.
//!
//! In reading order: [`mod@format`] is what is written down, [`entries`] the list of names beside it, [`capture`] makes both,
//! [`store`] keeps them. Nothing here reads an
//! archive's contents: that is the plugin's part.
//!
//! Internal: `reforge-host` is what others depend on, and this changes from one version to the next.

#![cfg_attr(test, expect(clippy::disallowed_methods, reason = "tests make and look at trees by their paths"))]

use reforge_base::{Message, message};

pub mod bundle;
pub mod capture;
pub mod entries;
pub mod format;
pub mod members;
pub mod project_files;
pub mod proofs;
pub mod store;
pub mod walk;

mod facts;
mod folder;
mod sparse;
mod tar_writer;
mod tree;
mod xattrs;

/// Where a long run over a snapshot tells how far it is and asks whether to stop. Called from several threads.
pub trait Progress: Sync {
    /// So many more bytes of content and entries are done.
    fn advanced(&self, bytes: u64, entries: u64);
    /// Whether the operator asked to stop.
    fn cancelled(&self) -> bool;
}

/// Nobody watches and nobody cancels.
pub struct Unwatched;

impl Progress for Unwatched {
    fn advanced(&self, _bytes: u64, _entries: u64) {}

    fn cancelled(&self) -> bool {
        false
    }
}

/// The failure of whatever was cancelled.
fn check_cancelled(progress: &dyn Progress, what: Message) -> reforge_base::Result<()> {
    if progress.cancelled() {
        return Err(reforge_base::Failure::new(reforge_base::Code::Cancelled, message!("was-cancelled", what)));
    }
    Ok(())
}
