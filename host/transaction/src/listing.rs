//! What the directory of all transactions holds, by name. Nothing is read.

use std::ffi::OsString;
use std::path::Path;

use super::names::is_id;
use super::state_files;
use reforge_base::failure::{Failure, Result};

/// What the directory of all transactions holds, sorted: oldest first. What is being forgotten is not among it, nor what
/// is not named as a transaction: that was never one.
pub(crate) fn names(transactions: &Path) -> Result<Vec<OsString>> {
    let mut names = listed(transactions)?;
    names.retain(|name| name.to_str().is_some_and(is_id));
    Ok(names)
}

pub(crate) fn listed(transactions: &Path) -> Result<Vec<OsString>> {
    let mut names = match state_files::list(transactions) {
        Ok(names) => names,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(Failure::io("list", transactions, &error)),
    };
    names.sort();
    Ok(names)
}
