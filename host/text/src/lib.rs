//! What the host and the plugin in its sandbox write and read alike.
//!
//! [`escape`] makes foreign text safe to show, [`acl_text`] is how access lists stand in an archive in words.
//!
//! Internal: `reforge-host` is what others depend on, and this changes from one version to the next.

pub mod acl_text;
pub mod escape;
