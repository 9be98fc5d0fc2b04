//! Live volumes, their parents and their siblings: the only code that touches an app's data.
//!
//! In reading order: [`parent`] is one directory in which a live volume and its sibling lie, [`identity`] tells two
//! directories apart for good, [`staging`] fills a sibling, [`durable`] makes what was written stay, [`remove`] drops a
//! tree, [`live_tree`], [`space`] and [`mounts`] look and change nothing.

pub mod durable;
pub mod identity;
pub mod inode_flags;
pub mod live_tree;
pub mod mounts;
pub mod parent;
pub mod remove;
pub mod space;
pub mod staging;
#[cfg(test)]
mod test_disk;
