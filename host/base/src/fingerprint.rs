//! Whether a small file was replaced or written since it was last read, without reading it.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

/// Changes whenever the file is replaced or written. None while there is no file.
pub type Fingerprint = Option<(u64, u64, i64, i64, i64, i64)>;

pub fn fingerprint(file: &Path) -> Fingerprint {
    let facts = std::fs::metadata(file).ok()?;
    Some((facts.dev(), facts.ino(), facts.mtime(), facts.mtime_nsec(), facts.ctime(), facts.ctime_nsec()))
}
