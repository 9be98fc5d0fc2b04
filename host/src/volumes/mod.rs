//! Live volumes, their parents and their siblings: the only code that touches an app's data.
//!
//! In reading order: [`parent`] is one directory in which a live volume and its sibling lie, [`identity`] tells two
//! directories apart for good, [`staging`] fills a sibling, [`remove`] drops a tree, [`live_tree`] and [`space`] look and
//! change nothing.

pub mod identity;
pub mod inode_flags;
pub mod live_tree;
pub mod parent;
pub mod remove;
pub mod space;
pub mod staging;
