//! What tells two directories apart for good (protocol, rule 2).
//!
//! An identity is the kernel's file handle (it holds the inode's generation, and on btrfs the subvolume) and the time
//! of birth. An inode number is none: a freed one is given out again at once, every root of a btrfs subvolume is 256,
//! and `st_dev` moves with a remount. File systems that have no lasting handles are refused.

use std::ffi::OsStr;
use std::fmt;
use std::io;
use std::os::fd::{AsFd, AsRawFd as _, BorrowedFd};
use std::path::Path;

use rustix::fs::{AtFlags, Mode, OFlags, StatxFlags};
use rustix::io::Errno;

use reforge_base::escape;
use reforge_base::failure::{Code, Failure, Result};

/// `MAX_HANDLE_SZ` of the kernel.
const HANDLE_BYTES_MAX: usize = 128;

/// Handle type, seconds and nanoseconds of birth.
const FIXED_BYTES: usize = 4 + 8 + 4;

/// File systems that have handles, or none, which do not outlive a remount, or that cannot exchange.
const REFUSED_FILE_SYSTEMS: &[(u32, &str)] = &[
    (0x6969, "NFS"),
    (0x6573_5546, "FUSE"),
    (0x0102_1997, "9p"),
    (0x794c_7630, "overlay"),
    (0xff53_4d42, "CIFS"),
    (0xfe53_4d42, "SMB"),
    (0x517b, "SMB"),
    (0x00c3_6400, "Ceph"),
    (0x5346_414f, "AFS"),
    (0x786f_4256, "a shared folder of a virtual machine"),
];

/// Stands for one directory, past renames, remounts and restarts. Counts only beside a sibling's random name: after a
/// power cut a handle can come back.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Identity(Vec<u8>);

impl Identity {
    /// The directory called `name` in `parent`; none when there is nothing of that name. A link is never followed, and
    /// anything but a directory is an error that names it.
    pub fn of(parent: impl AsFd, name: impl AsRef<OsStr>) -> Result<Option<Identity>> {
        let name = Path::new(name.as_ref());
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        match rustix::fs::openat(parent, name, flags, Mode::empty()) {
            Ok(directory) => Identity::of_open(directory.as_fd(), name).map(Some),
            Err(Errno::NOENT) => Ok(None),
            Err(Errno::NOTDIR | Errno::LOOP) => {
                Err(Failure::new(Code::VolumeRefused, format!("`{}` is not a directory", escape::path(name)))
                    .hint("a volume is a directory; links are not followed"))
            }
            Err(error) => Err(Failure::io("open", name, &error.into())),
        }
    }

    /// The directory that a path leads to, links followed as whoever is given the path follows them; none when it leads
    /// nowhere.
    pub fn at(path: &Path) -> Result<Option<Identity>> {
        match rustix::fs::open(path, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty()) {
            Ok(directory) => Identity::of_open(directory.as_fd(), path).map(Some),
            Err(Errno::NOENT | Errno::NOTDIR) => Ok(None),
            Err(error) => Err(Failure::io("open", path, &error.into())),
        }
    }

    /// A directory that is held open. The path is for messages.
    pub fn of_open(directory: BorrowedFd<'_>, path: &Path) -> Result<Identity> {
        refuse_file_system(directory, path)?;
        let wanted = StatxFlags::TYPE | StatxFlags::BTIME;
        let facts = rustix::fs::statx(directory, c"", AtFlags::EMPTY_PATH, wanted)
            .map_err(|error| Failure::io("inspect", path, &error.into()))?;
        if facts.stx_mask & StatxFlags::BTIME.bits() == 0 {
            return Err(refused(path, "its file system keeps no time of birth"));
        }
        let (kind, handle) = file_handle(directory).map_err(|error| no_handle(path, &error))?;
        let mut bytes = Vec::with_capacity(FIXED_BYTES + handle.len());
        bytes.extend(kind.to_be_bytes());
        bytes.extend(facts.stx_btime.tv_sec.to_be_bytes());
        bytes.extend(facts.stx_btime.tv_nsec.to_be_bytes());
        bytes.extend(handle);
        Ok(Identity(bytes))
    }

    /// When the directory was made, in seconds since the epoch.
    pub fn born_seconds(&self) -> i64 {
        self.0.get(4..12).and_then(|bytes| bytes.try_into().ok()).map_or(0, i64::from_be_bytes)
    }
}

/// The start of a digest: for people to tell two apart.
impl fmt::Display for Identity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&blake3::hash(&self.0).to_hex()[..8])
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Identity({})", hex::encode(&self.0))
    }
}

impl serde::Serialize for Identity {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex::encode(&self.0))
    }
}

impl<'de> serde::Deserialize<'de> for Identity {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        let bytes = hex::decode(text.as_bytes()).map_err(serde::de::Error::custom)?;
        if !(FIXED_BYTES..=FIXED_BYTES + HANDLE_BYTES_MAX).contains(&bytes.len()) {
            return Err(serde::de::Error::custom("not an identity: wrong length"));
        }
        Ok(Identity(bytes))
    }
}

fn refuse_file_system(directory: BorrowedFd<'_>, path: &Path) -> Result<()> {
    let facts = rustix::fs::fstatfs(directory).map_err(|error| Failure::io("inspect", path, &error.into()))?;
    // The width of `f_type` depends on the machine; the numbers are 32 bits wide.
    let kind = facts.f_type as u32;
    match REFUSED_FILE_SYSTEMS.iter().find(|(number, _)| *number == kind) {
        Some((_, name)) => Err(refused(path, &format!("its file system is {name}"))),
        None => Ok(()),
    }
}

fn no_handle(path: &Path, error: &io::Error) -> Failure {
    match Errno::from_io_error(error) {
        Some(Errno::OPNOTSUPP | Errno::NOSYS | Errno::OVERFLOW) => {
            refused(path, "its file system has no lasting file handles")
        }
        Some(Errno::PERM) => refused(path, "the host is not allowed to ask for file handles"),
        _ => Failure::io("identify", path, error),
    }
}

fn refused(path: &Path, reason: &str) -> Failure {
    Failure::new(Code::VolumeRefused, format!("cannot tell `{}` from another directory: {reason}", escape::path(path)))
        .hint("keep the volume on a local file system such as ext4, xfs or btrfs")
}

#[repr(C)]
struct HandleBuffer {
    bytes: libc::c_uint,
    kind: libc::c_int,
    handle: [u8; HANDLE_BYTES_MAX],
}

/// The kernel's handle of an open file: its type and its bytes.
fn file_handle(directory: BorrowedFd<'_>) -> io::Result<(u32, Vec<u8>)> {
    let mut buffer = HandleBuffer { bytes: HANDLE_BYTES_MAX as u32, kind: 0, handle: [0; HANDLE_BYTES_MAX] };
    let mut mount: libc::c_int = 0;
    // SAFETY: `buffer` has the layout of `struct file_handle` with `bytes` bytes of room behind its head, and outlives
    // the call. No crate at hand wraps this call.
    let status = unsafe {
        libc::name_to_handle_at(
            directory.as_raw_fd(),
            c"".as_ptr(),
            std::ptr::from_mut(&mut buffer).cast(),
            &mut mount,
            libc::AT_EMPTY_PATH,
        )
    };
    if status != 0 {
        return Err(io::Error::last_os_error());
    }
    let length = (buffer.bytes as usize).min(HANDLE_BYTES_MAX);
    Ok((buffer.kind.cast_unsigned(), buffer.handle[..length].to_vec()))
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File};
    use std::os::unix::fs::MetadataExt as _;

    use super::*;

    #[test]
    fn a_directory_keeps_its_identity_through_a_rename_and_a_round_trip() {
        let parent = tempfile::tempdir().unwrap();
        let held = File::open(parent.path()).unwrap();
        fs::create_dir(parent.path().join("a")).unwrap();
        let before = Identity::of(&held, "a").unwrap().unwrap();
        fs::rename(parent.path().join("a"), parent.path().join("b")).unwrap();
        let after = Identity::of(&held, "b").unwrap().unwrap();
        assert_eq!(before, after);
        let text = serde_json::to_string(&before).unwrap();
        assert_eq!(serde_json::from_str::<Identity>(&text).unwrap(), before);
        assert_eq!(before.to_string().len(), 8);
        assert!(before.born_seconds() > 1_500_000_000);
    }

    #[test]
    fn a_directory_made_again_under_the_same_name_and_inode_number_is_another() {
        let parent = reforge_testing::Disk::ext4(16);
        let held = File::open(parent.path()).unwrap();
        let path = parent.path().join("a");
        let mut seen = Vec::new();
        let mut numbers = std::collections::HashSet::new();
        for _ in 0..64 {
            fs::create_dir(&path).unwrap();
            numbers.insert(fs::metadata(&path).unwrap().ino());
            let identity = Identity::of(&held, "a").unwrap().unwrap();
            assert!(!seen.contains(&identity), "an identity came back");
            seen.push(identity);
            fs::remove_dir(&path).unwrap();
        }
        assert!(numbers.len() < seen.len(), "ext4 gives freed inode numbers out again");
    }

    #[test]
    fn nothing_is_none_and_anything_but_a_directory_is_named() {
        let parent = tempfile::tempdir().unwrap();
        let held = File::open(parent.path()).unwrap();
        fs::write(parent.path().join("file"), b"").unwrap();
        std::os::unix::fs::symlink("/", parent.path().join("link")).unwrap();
        assert_eq!(Identity::of(&held, "absent").unwrap(), None);
        for name in ["file", "link"] {
            let failure = Identity::of(&held, name).unwrap_err();
            assert_eq!((failure.code, failure.message.contains(name)), (Code::VolumeRefused, true));
        }
    }

    #[test]
    fn a_file_system_without_lasting_handles_is_refused_with_its_reason() {
        let proc = File::open("/proc").unwrap();
        let failure = Identity::of(&proc, "self/task").unwrap_err();
        assert_eq!(failure.code, Code::VolumeRefused, "{failure}");
    }

    #[test]
    fn text_that_is_no_identity_is_refused() {
        for text in ["\"\"", "\"zz\"", "\"00\"", "7"] {
            assert!(serde_json::from_str::<Identity>(text).is_err(), "{text}");
        }
    }
}
