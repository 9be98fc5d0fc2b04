//! Live volumes, their parents and their siblings: the only code that touches an app's data.
//!
//! In reading order: [`parent`] is one directory in which a live volume and its sibling lie, [`claim`] keeps other
//! hosts out of it, [`identity`] tells two
//! directories apart for good, [`staging`] fills a sibling, [`sealed`] is one that waits for its exchange, [`remove`]
//! drops a tree, [`live_tree`] and [`space`] look and change nothing.

pub mod claim;
pub mod identity;
pub mod inode_flags;
pub mod live_tree;
pub mod parent;
pub mod remove;
pub mod sealed;
pub mod space;
pub mod staging;
pub mod tree_digest;
