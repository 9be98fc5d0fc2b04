//! The only code that knows tar and gzip. It reads; nothing in the plugin writes an archive.
//!
//! In reading order: [`stream`] inflates a run of gzip members, [`headers`] reads one tar header, [`pax`] its extended
//! records, [`sparse`] maps of holes, [`two_sources`] what two of them say of one thing, [`reader`] puts them together
//! into entries, [`entry_path`] says where an entry belongs, [`policy`] whether it may go there, [`limits`] bounds all of it;
//! [`known`] has the words for what is none of it.

pub mod entry_path;
pub mod headers;
pub mod known;
pub mod limits;
mod members;
pub mod pax;
pub mod policy;
pub mod reader;
pub mod sparse;
pub mod stream;
mod two_sources;
