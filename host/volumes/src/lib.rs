//! Live volumes, their parents and their siblings: the only code that touches an app's data.
//!
//! In reading order: [`ambient`] is where a path becomes an open directory, [`beneath`] opens what lies in one and never
//! leaves it, [`syscalls`] is what cap-std lacks for that. [`parent`] is one directory in which a live volume and its
//! sibling lie, [`claim`] keeps other hosts out of it, [`identity`] tells two directories apart for good, [`staging`]
//! fills a sibling, [`receiver`] is what else takes entries, [`content`] digests what comes in pieces, [`sealed`] is one that waits for its exchange, [`remove`] drops a tree, [`walk`] goes through one for reading, [`live_tree`] and [`space`] look and change nothing.
//!
//! Internal: `reforge-host` is what others depend on, and this changes from one version to the next.

#![cfg_attr(test, expect(clippy::disallowed_methods, reason = "tests make and look at trees by their paths"))]

pub mod abilities;
pub mod ambient;
pub mod beneath;
mod btrfs_quota;
pub mod claim;
#[cfg(test)]
mod containment_tests;
pub mod content;
pub mod identity;
pub mod inode_flags;
pub mod live_tree;
pub mod parent;
pub mod receiver;
pub mod remove;
pub mod sealed;
pub mod space;
pub mod staging;
pub mod syscalls;
pub mod tree_digest;
pub mod walk;
