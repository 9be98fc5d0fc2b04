//! What one entry of a volume may be at most: the same for what is captured, planned and staged (promise 3: whatever is
//! in a safety snapshot can be restored).
//!
//! The default plugin has limits of its own, `plugin/src/archive/limits.rs`, on purpose: it shares no code with the host,
//! and neither relies on the other's check. Whatever fits here must fit there: change both.

/// Bytes of one name: `NAME_MAX`, the limit of every Linux file system.
pub const NAME_BYTES_MAX: usize = 255;

/// Bytes of a path inside a volume: `PATH_MAX`. An app could not open anything longer by its path.
pub const PATH_BYTES_MAX: usize = 4096;

/// Components of a path inside a volume. A walk holds one open directory per level, and deeper trees make every tool
/// that walks them misbehave.
pub const DEPTH_MAX: usize = 128;

/// Bytes of one file: 16 TiB, the largest of ext4. A hole costs nothing to announce and time to digest, so that there
/// must be a bound.
pub const FILE_BYTES_MAX: u64 = 16 << 40;

/// Bytes of a symbolic link's target: `PATH_MAX` without its end.
pub const TARGET_BYTES_MAX: usize = 4095;
