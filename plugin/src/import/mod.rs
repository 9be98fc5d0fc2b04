//! Makes an archive of ours of a foreign one: [`survey`] says what it holds, [`convert`] writes it anew. [`tree`] counts
//! directories for a person to choose from, [`layout`] knows what other programs make, [`place`] says where an entry goes.
//!
//! What comes of it is judged again like any other archive, so nothing here is relied upon for safety. It must never change
//! a byte of a file, and never leave anything out without a remark.

pub mod convert;
mod layout;
mod place;
pub mod survey;
mod tree;

use crate::host::{Metadata, Timestamp};

/// Where the entries of one volume are, and what its directories get that have no entry.
#[derive(Clone, Debug)]
pub struct Source {
    pub index: u32,
    pub prefix: Vec<u8>,
    pub missing: Metadata,
}

/// How an archive is read.
#[derive(Clone, Debug)]
pub struct Rules {
    /// So many leading components are taken off every name.
    pub strip: usize,
    pub earliest: Timestamp,
    pub latest: Timestamp,
    pub attribute_bytes_max: u64,
    /// As in a job.
    pub policy: Vec<String>,
}

/// Something that was left out or given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    pub class: &'static str,
    pub count: u64,
    /// Escaped.
    pub examples: Vec<String>,
}
