//! Every bound of the archive reader, with its unit and its reason.
//!
//! The host has limits of its own for what it captures and stages, `host/base/src/limits.rs`. The numbers stand here again on
//! purpose: the plugin shares no code with the host, and neither relies on the other's check. Whatever the host captures
//! must fit here: change both.
//!
//! Whatever an archive holds, one sandbox needs far less than 64 MiB: the window, one read of the archive, one extended
//! header and one sparse map, and for an inspection the hashes of its paths.

/// A tar block.
pub const TAR_BLOCK_BYTES: usize = 512;

/// What the host gives in one read of the archive, and takes in one write to a file.
pub const PIECE_BYTES_MAX: usize = 1 << 20;

/// The unit in which the host digests content: no piece of a file reaches over the end of one, and a part begins inside
/// a file only where one begins.
pub const BLOCK_BYTES: u64 = 1 << 20;

/// The window over inflated bytes: a whole piece and what is left before it.
pub const WINDOW_BYTES: usize = 2 * PIECE_BYTES_MAX;

/// The manifest of a workload with hundreds of volumes and variables stays far below.
pub const MANIFEST_BYTES_MAX: u64 = 1 << 20;

/// The longest path below a volume: `PATH_MAX` of Linux.
pub const PATH_BYTES_MAX: usize = 4096;

/// The longest name of every file system that can be restored to.
pub const COMPONENT_BYTES_MAX: usize = 255;

/// Deeper trees cannot be walked with a bounded number of open directories.
pub const DEPTH_MAX: usize = 128;

/// The longest target of a symlink that Linux takes, `PATH_MAX` without its end.
pub const TARGET_BYTES_MAX: usize = 4095;

/// One extended header or GNU long name: room for the 512 KiB of attributes that the host captures of one entry, however
/// they are encoded, with the text of its ACLs beside.
pub const EXTENDED_BYTES_MAX: u64 = 1 << 20;

/// Records in one extended header; each is compared with those before it. The host writes at most 1024 attributes.
pub const EXTENDED_RECORDS_MAX: usize = 4096;

/// Linux takes no longer attribute name and no larger value.
pub const XATTR_NAME_BYTES_MAX: usize = 255;
pub const XATTR_VALUE_BYTES_MAX: usize = 64 << 10;

/// Runs of data in one sparse file: 8 MiB of memory. The host writes at most 65,537.
pub const SPARSE_EXTENTS_MAX: usize = 1 << 19;

/// The largest file of an archive that nothing vouches for, and the most that all its files may claim together:
/// ext4's largest file.
pub const FOREIGN_BYTES_MAX: u64 = 16 << 40;

/// How much larger an archive that nothing vouches for may be unpacked than packed, once it is larger than anything that
/// could do harm. Gzip reaches a thousand with zeros; whoever has that many packs them as holes.
pub const FOREIGN_RATIO_MAX: u64 = 200;
pub const FOREIGN_RATIO_FROM_BYTES: u64 = 1 << 30;

/// Global headers in one archive; archivers write one, or one for each medium.
pub const GLOBAL_HEADERS_MAX: u32 = 1024;

/// Zeros behind the end: the largest block of any tape.
pub const END_BYTES_MAX: u64 = 16 << 20;

/// The most entries of an archive that is inspected: its paths are held as 8-byte hashes.
pub const INSPECTED_ENTRIES_MAX: u64 = 1_000_000;

/// Bytes of their paths, targets and attributes together: the host holds them until the seal, and may hold four times
/// that.
pub const INSPECTED_NAME_BYTES_MAX: u64 = 256 << 20;

/// Refusals that are spelled out; further ones are counted.
pub const REFUSALS_SHOWN_MAX: usize = 20;

/// Live entries asked for at a time.
pub const LIVE_ENTRIES_AT_ONCE: u32 = 1024;

/// What one inode occupies is rounded up to this.
pub const DISK_BLOCK_BYTES: u64 = 4096;

/// The largest window of a zstd frame: 128 MiB would be held twice while it grows. `zstd -19` takes 8 MiB.
pub const ZSTD_WINDOW_BYTES_MAX: u64 = 64 << 20;

/// What unpacking xz may take: `xz -9` takes 65 MiB.
pub const XZ_MEMORY_KIB_MAX: u32 = 96 << 10;

/// Symbolic links, and names that were left out, that are remembered for hard links to them: few archivers write such links.
pub const REMEMBERED_BYTES_MAX: usize = 4 << 20;

/// Names of directories without an entry, remembered until the archive's end.
pub const IMPLIED_NAME_BYTES_MAX: usize = 16 << 20;

/// Directories of which a survey counts what is below them, and how deep the last of them lies.
pub const SURVEYED_DIRECTORIES_MAX: usize = 4096;
pub const SURVEYED_DEPTH_MAX: usize = 8;

/// Directories that a person is shown to choose from.
pub const PLACES_MAX: usize = 64;

/// Names that are given as examples of what was left out.
pub const EXAMPLES_MAX: usize = 5;

/// Words of a policy that set a bound.
pub const IMPORT_ENTRIES: &str = "import-entries";
pub const IMPORT_RATIO: &str = "import-ratio";
/// Nanoseconds in which a file system keeps times.
pub const TIME_UNIT: &str = "time-unit";
/// Bytes of all attributes of one entry that it takes, and what each takes beside its name and its value.
pub const ATTRIBUTES: &str = "attributes";
pub const ATTRIBUTE_HEAD_BYTES: u64 = 24;

/// The word of a policy for a file system without access lists.
pub const NO_ACCESS_LISTS: &str = "no-access-lists";

/// A bound that the host's owner has set, by its word in a policy (`import-entries=5000000`), or else this one.
pub fn bound(policy: &[String], word: &str, or: u64) -> u64 {
    let set = policy.iter().find_map(|other| other.strip_prefix(word)?.strip_prefix('='));
    set.and_then(|value| value.parse().ok()).unwrap_or(or)
}
