//! What a file system can hold, asked of itself with a file that has no name: nobody sees it, and nothing is changed.

use std::ffi::OsStr;

use cap_std::fs::Dir;
use rustix::fs::{Timespec, Timestamps, UTIME_OMIT};

use super::syscalls;

/// What Linux takes of one attribute at most.
const ATTRIBUTE_BYTES_MAX: u64 = 64 << 10;

/// Times in seconds, attributes in bytes. Where a file system cannot be asked it is believed to hold everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Abilities {
    pub earliest: i64,
    pub latest: i64,
    pub attribute_bytes_max: u64,
}

impl Default for Abilities {
    fn default() -> Abilities {
        Abilities { earliest: i64::MIN, latest: i64::MAX, attribute_bytes_max: ATTRIBUTE_BYTES_MAX }
    }
}

impl Abilities {
    /// Of the file system that a directory lies on.
    pub fn of(directory: &Dir) -> Abilities {
        let any = Abilities::default();
        let Ok(file) = syscalls::unnamed_file(directory) else { return any };
        // The kernel moves a time to the nearest that can be held, and says which.
        let kept = |seconds: i64| {
            let last_modification = Timespec { tv_sec: seconds, tv_nsec: 0 };
            let last_access = Timespec { tv_sec: 0, tv_nsec: UTIME_OMIT };
            syscalls::set_times(&file, &Timestamps { last_access, last_modification }).ok()?;
            Some(syscalls::facts(&file).ok()?.stx_mtime.tv_sec)
        };
        let attribute_bytes_max = [ATTRIBUTE_BYTES_MAX, 16 << 10, 3 << 10, 1 << 10, 256].into_iter().find(|size| {
            let value = vec![1; *size as usize];
            syscalls::set_attribute(&file, OsStr::new("user.reforge"), &value).is_ok()
        });
        Abilities {
            earliest: kept(i64::MIN).unwrap_or(any.earliest),
            latest: kept(i64::MAX).unwrap_or(any.latest),
            // None at all, or no right to try: what cannot be set is said when it is.
            attribute_bytes_max: attribute_bytes_max.unwrap_or(any.attribute_bytes_max),
        }
    }

    /// What both can hold.
    pub fn and(self, other: Abilities) -> Abilities {
        Abilities {
            earliest: self.earliest.max(other.earliest),
            latest: self.latest.min(other.latest),
            attribute_bytes_max: self.attribute_bytes_max.min(other.attribute_bytes_max),
        }
    }
}
