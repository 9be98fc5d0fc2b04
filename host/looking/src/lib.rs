//! Looks into snapshots without restoring them: which names one holds, what a file of it was, a copy of some of it elsewhere,
//! and what differs between two, or between one and live.
//!
//! In reading order: [`look`] who looks, and the entry list that is there or made; [`place`] how a path names its volume;
//! [`parts`] which parts of the archive hold what is wanted; [`judge`] checks what comes out of them, for [`listing`], which
//! writes the names down, [`content`], which hands one file on, and [`extract`], which copies; [`diff`] and [`versions`] compare.
//!
//! The archive is read by the plugin in its sandbox, as for a restore, and whatever it says is checked again. Must never write to
//! live, to what lies beside it or to the host's own directories, but for entry lists.
//!
//! Internal: `reforge-host` is what others depend on, and this changes from one version to the next.

pub mod content;
pub mod diff;
pub mod extract;
mod judge;
mod listing;
pub mod look;
mod parts;
pub mod place;
pub mod versions;

pub use look::{Look, Looked};
