//! What is mounted where, as this process sees it: the part of `/proc/self/mountinfo` that says where one path's
//! directory stands in its file system.
//!
//! Rule 9 of the protocol: a rename of a directory that holds a mount succeeds, and what was mounted is then emptied.
//! The same directory can be seen at two paths through a bind mount, so paths are compared both as they are written and
//! inside the file system ([`Place`]). Never guesses: a line that cannot be read is an error.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;
use std::path::{Path, PathBuf};

use crate::failure::{Code, Failure, Result};

/// The mounts of this mount namespace.
#[derive(Debug)]
pub(super) struct MountTable {
    mounts: Vec<Mount>,
}

#[derive(Debug)]
struct Mount {
    id: u64,
    parent: u64,
    /// `major:minor`: one per file system, also when it is mounted several times.
    device: String,
    /// What of the file system is mounted.
    root: PathBuf,
    point: PathBuf,
}

/// A directory inside its file system, the same at whatever path it is seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    device: String,
    path: PathBuf,
}

impl Place {
    /// Whether `self` is `other` or stands below it.
    pub fn is_within(&self, other: &Place) -> bool {
        self.device == other.device && self.path.starts_with(&other.path)
    }
}

impl MountTable {
    pub fn read() -> Result<MountTable> {
        let path = Path::new("/proc/self/mountinfo");
        let bytes = std::fs::read(path).map_err(|error| Failure::io("read", path, &error))?;
        Self::parse(&bytes).ok_or_else(|| Failure::new(Code::Io, "cannot understand `/proc/self/mountinfo`"))
    }

    pub(super) fn parse(bytes: &[u8]) -> Option<MountTable> {
        let lines = bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        Some(MountTable { mounts: lines.map(Mount::parse).collect::<Option<_>>()? })
    }

    /// The place of a canonical path on the mount `id`. None if that mount went away meanwhile.
    pub fn place(&self, id: u64, canonical: &Path) -> Option<Place> {
        self.mounts.iter().find(|mount| mount.id == id)?.place(canonical)
    }

    /// A mount point strictly below a canonical directory that stands on the mount `id`, also one that was made at
    /// another path of the same directory.
    pub fn mount_below(&self, id: u64, canonical: &Path) -> Option<&Path> {
        let place = self.place(id, canonical);
        let below = |mount: &&Mount| {
            let by_path = mount.point != canonical && mount.point.starts_with(canonical);
            let parent = self.mounts.iter().find(|parent| parent.id == mount.parent);
            let point = parent.and_then(|parent| parent.place(&mount.point));
            let by_place = place.as_ref().zip(point).is_some_and(|(place, point)| point.is_within(place));
            by_path || by_place
        };
        self.mounts.iter().find(below).map(|mount| mount.point.as_path())
    }
}

impl Mount {
    /// `36 35 98:0 /root /point options - type source options`
    fn parse(line: &[u8]) -> Option<Mount> {
        let mut fields = line.split(|byte| *byte == b' ');
        let mut number = || std::str::from_utf8(fields.next()?).ok()?.parse().ok();
        let (id, parent) = (number()?, number()?);
        let device = String::from_utf8(fields.next()?.to_owned()).ok()?;
        Some(Mount { id, parent, device, root: unescape(fields.next()?), point: unescape(fields.next()?) })
    }

    fn place(&self, canonical: &Path) -> Option<Place> {
        let inside = canonical.strip_prefix(&self.point).ok()?;
        Some(Place { device: self.device.clone(), path: self.root.join(inside).components().collect() })
    }
}

/// Space, tab, newline and backslash are written as `\040` and the like.
fn unescape(field: &[u8]) -> PathBuf {
    let mut out = Vec::with_capacity(field.len());
    let mut rest = field;
    while let Some((&byte, after)) = rest.split_first() {
        let octal = after.get(..3).filter(|digits| byte == b'\\' && digits.iter().all(|d| (b'0'..b'8').contains(d)));
        let code = octal.map(|digits| digits.iter().fold(0u32, |code, digit| code * 8 + u32::from(digit - b'0')));
        match code.and_then(|code| u8::try_from(code).ok()) {
            Some(code) => {
                out.push(code);
                rest = &after[3..];
            }
            None => {
                out.push(byte);
                rest = after;
            }
        }
    }
    PathBuf::from(OsString::from_vec(out))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &[u8] = b"21 1 8:1 / / rw shared:1 - ext4 /dev/sda1 rw\n\
        22 21 8:2 / /srv rw - ext4 /dev/sda2 rw\n\
        23 22 0:40 / /srv/my\\040app/db\\011x rw - tmpfs none rw\n\
        24 21 8:2 /my\\040app /other rw - ext4 /dev/sda2 rw\n\
        25 24 0:41 / /other/hidden\xff rw - tmpfs none rw\n";

    #[test]
    fn mounts_below_a_directory_are_found_by_path_and_through_a_bind_mount() {
        let table = MountTable::parse(TABLE).unwrap();
        let below = |id, path: &str| table.mount_below(id, Path::new(path)).map(|path| path.to_owned());
        assert_eq!(below(22, "/srv/my app").unwrap(), Path::new("/srv/my app/db\tx"));
        assert_eq!(below(22, "/srv/my app/d"), None, "components, not letters");
        assert_eq!(below(22, "/srv/my"), None);
        assert_eq!(below(24, "/other/db\tx").unwrap(), Path::new("/srv/my app/db\tx"), "mounted at its other path");
        assert!(below(22, "/srv/my app/hidden").is_none(), "not a directory of that name");
    }

    #[test]
    fn one_directory_at_two_paths_is_one_place() {
        let table = MountTable::parse(TABLE).unwrap();
        let place = |id, path: &str| table.place(id, Path::new(path)).unwrap();
        assert_eq!(place(22, "/srv/my app/data"), place(24, "/other/data"));
        assert!(place(24, "/other/data").is_within(&place(22, "/srv/my app")));
        assert!(!place(21, "/my app").is_within(&place(22, "/srv/my app")), "another file system");
    }

    #[test]
    fn a_table_that_cannot_be_read_is_an_error() {
        assert!(MountTable::parse(b"x 1 8:1 / / rw\n").is_none());
        assert!(MountTable::parse(b"1 1 8:1\n").is_none());
        assert!(MountTable::read().unwrap().mounts.len() > 1);
    }
}
