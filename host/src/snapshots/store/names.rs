//! Ids and file names: sortable, short, unique, and never a way out of their directory.

use std::collections::BTreeSet;

use crate::escape;
use crate::failure::{Code, Failure, Result};
use crate::random;

/// `20261123T142501Z`, the part of an id that is a time.
pub(super) const SECOND_BYTES: usize = 16;
/// Longest name of a workload or snapshot; with prefix and suffix it stays a file name.
const NAME_BYTES_MAX: usize = 200;
/// A file that is not yet a snapshot, and a descriptor that is no longer one.
pub(super) const NEW: &str = ".new-";
pub(super) const GONE: &str = ".gone-";
const ARCHIVE: &str = ".tar.gz";
const DESCRIPTOR: &str = ".json";
/// How many ids a hint names.
const NEAREST_MAX: usize = 3;

/// A new id. Two in one second differ by chance; the caller asks whether it is taken.
pub(super) fn new_id(created: jiff::Timestamp) -> Result<String> {
    let random = random::bytes::<3>()?;
    Ok(format!("{}-{}", created.strftime("%Y%m%dT%H%M%SZ"), hex::encode(random)))
}

pub(super) fn archive_name(id: &str) -> String {
    format!("{id}{ARCHIVE}")
}

pub(super) fn descriptor_name(id: &str) -> String {
    format!("{id}{DESCRIPTOR}")
}

/// The id that a file of the store belongs to; none for files under way.
pub(super) fn id_of(name: &str) -> Option<&str> {
    let id = name.strip_suffix(ARCHIVE).or_else(|| name.strip_suffix(DESCRIPTOR))?;
    is_safe(id).then_some(id)
}

/// Refuses a name that could lead elsewhere.
pub(super) fn check(what: &str, name: &str) -> Result<()> {
    if is_safe(name) {
        return Ok(());
    }
    let message = format!("`{}` is not the name of a {what}", escape::text(name));
    Err(Failure::new(Code::Usage, message))
}

fn is_safe(name: &str) -> bool {
    let safe = |character: char| character != '/' && !character.is_control();
    !name.is_empty()
        && name.len() <= NAME_BYTES_MAX
        && !name.starts_with('.')
        && !name.contains("..")
        && name.chars().all(safe)
}

/// A hint with the ids that begin most like `name`, the newest first among equals.
pub(super) fn nearest(ids: &BTreeSet<String>, name: &str) -> String {
    let alike = |id: &String| id.bytes().zip(name.bytes()).take_while(|(left, right)| left == right).count();
    let mut ids: Vec<&String> = ids.iter().collect();
    ids.sort_by_key(|id| std::cmp::Reverse((alike(id), *id)));
    if ids.is_empty() {
        return "there are none yet; take one with `reforge snapshot create`".to_owned();
    }
    let shown: Vec<String> = ids.iter().take(NEAREST_MAX).map(|id| format!("`{}`", escape::text(id))).collect();
    format!("nearest: {}", shown.join(", "))
}
