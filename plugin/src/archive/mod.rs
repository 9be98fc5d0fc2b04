//! The only code that knows tar and how it is compressed. It reads; [`writer`] alone writes, what an import takes in.
//!
//! In reading order: [`stream`] inflates a run of gzip members, or by [`codec`] a foreign file, [`headers`] reads one tar header, [`pax`] its extended
//! records, [`sparse`] maps of holes, [`two_sources`] what two of them say of one thing, [`reader`] puts them together
//! into entries, [`entry_path`] says where an entry belongs, [`policy`] whether it may go there, [`harmless`] what an import goes on without, [`limits`] bounds all of it;
//! [`known`] has the words for what is none of it.

pub mod codec;
pub mod entry_path;
pub mod harmless;
pub mod headers;
pub mod known;
pub mod limits;
mod members;
mod part;
pub mod pax;
pub mod policy;
pub mod reader;
mod source;
pub mod sparse;
pub mod stream;
pub mod totals;
mod two_sources;
pub mod writer;
