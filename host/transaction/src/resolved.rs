//! The mark of a transaction about which a person has decided.

use std::path::Path;

use super::state_files;

pub(super) const FILE: &str = "resolved";

#[cfg(test)]
pub(super) fn mark_for_test(directory: &Path) {
    std::fs::write(directory.join(FILE), "{}").unwrap();
}

/// Whether a person has decided about a transaction.
pub fn is_resolved(directory: &Path) -> bool {
    state_files::exists(&directory.join(FILE))
}
