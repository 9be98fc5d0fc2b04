//! How much an archive that nothing vouches for may hold, counted while it is read.

use super::limits::{FOREIGN_BYTES_MAX, IMPORT_ENTRIES, INSPECTED_ENTRIES_MAX, INSPECTED_NAME_BYTES_MAX, bound};
use super::reader::Entry;
use crate::{Failure, Result};

/// What was read so far.
#[derive(Debug)]
pub struct Totals {
    entries_max: u64,
    pub entries: u64,
    pub bytes: u64,
    name_bytes: u64,
}

impl Totals {
    /// With the bounds that the host's owner has set.
    pub fn new(policy: &[String]) -> Totals {
        let entries_max = bound(policy, IMPORT_ENTRIES, INSPECTED_ENTRIES_MAX);
        Totals { entries_max, entries: 0, bytes: 0, name_bytes: 0 }
    }

    /// Counts an entry. An error ends the reading.
    pub fn add(&mut self, entry: &Entry) -> Result<()> {
        self.entries += 1;
        if self.entries > self.entries_max {
            return Err(Failure::too_large(format!("the archive has more than {} entries", self.entries_max))
                .hint("raise `import_entries_max` of `[host]`: every million takes some 20 MiB while it is read"));
        }
        // Each size is below the limit, so the sum cannot overflow.
        self.bytes += entry.size.min(FOREIGN_BYTES_MAX + 1);
        if self.bytes > FOREIGN_BYTES_MAX {
            return Err(Failure::too_large(format!("the archive unpacks to more than {FOREIGN_BYTES_MAX} bytes"))
                .hint("unpack it, and import one directory at a time"));
        }
        let attributes: usize = entry.metadata.xattrs.iter().map(|xattr| xattr.name.len() + xattr.value.len()).sum();
        self.name_bytes += (entry.path.len() + entry.link.len() + attributes) as u64;
        if self.name_bytes > INSPECTED_NAME_BYTES_MAX {
            let message =
                format!("names and attributes in the archive come to more than {INSPECTED_NAME_BYTES_MAX} bytes");
            return Err(Failure::too_large(message).hint("unpack it, and import one directory at a time"));
        }
        Ok(())
    }
}
