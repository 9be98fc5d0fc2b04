//! What tells two directories apart for good (protocol, rule 2).
//!
//! An identity is the kernel's file handle (it holds the inode's generation, and on btrfs the subvolume) and the time
//! of birth. An inode number is none: a freed one is given out again at once, every root of a btrfs subvolume is 256,
//! and `st_dev` moves with a remount. File systems that have no lasting handles are refused.

use std::fmt;
use std::os::fd::{AsFd as _, BorrowedFd};
use std::path::Path;

use cap_std::fs::Dir;
use rustix::fs::StatxFlags;
use rustix::io::Errno;

use super::ambient;
use super::beneath::{self, Name, errno};
use super::syscalls::{self, HANDLE_BYTES_MAX};
use reforge_base::Message;
use reforge_base::escape;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;

/// Handle type, seconds and nanoseconds of birth.
const FIXED_BYTES: usize = 4 + 8 + 4;

/// A shared folder of a virtual machine, which nobody knows by its name.
const SHARED_FOLDER: u32 = 0x786f_4256;

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
    (SHARED_FOLDER, "vboxsf"),
];

/// Stands for one directory, past renames, remounts and restarts. Counts only beside a sibling's random name: after a
/// power cut a handle can come back.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Identity(Vec<u8>);

impl Identity {
    /// The directory called `name` in `parent`; none when there is nothing of that name. A link is never followed, and
    /// anything but a directory is an error that names it.
    pub fn of(parent: &Dir, name: Name<'_>) -> Result<Option<Identity>> {
        let shown: &Path = name.as_ref();
        match beneath::directory_handle(parent, name) {
            Ok(directory) => Identity::of_open(directory.as_fd(), shown).map(Some),
            Err(Errno::NOENT) => Ok(None),
            Err(Errno::NOTDIR | Errno::LOOP) => {
                Err(Failure::new(Code::VolumeRefused, message!("is-not-a-directory", shown = escape::path(shown)))
                    .hint(message!("a-volume-is-a-directory-links")))
            }
            Err(error) => Err(Failure::io("open", shown, &error.into())),
        }
    }

    /// The directory that a path leads to, links followed as whoever is given the path follows them; none when it leads
    /// nowhere.
    pub fn at(path: &Path) -> Result<Option<Identity>> {
        match ambient::follow(path).map_err(errno) {
            Ok(directory) => Identity::of_open(directory.as_fd(), path).map(Some),
            Err(Errno::NOENT | Errno::NOTDIR) => Ok(None),
            Err(error) => Err(Failure::io("open", path, &error.into())),
        }
    }

    /// A directory that is held open. The path is for messages.
    pub fn of_open(directory: BorrowedFd<'_>, path: &Path) -> Result<Identity> {
        refuse_file_system(directory, path)?;
        let facts = syscalls::facts(directory).map_err(|error| Failure::io("inspect", path, &error.into()))?;
        if facts.stx_mask & StatxFlags::BTIME.bits() == 0 {
            return Err(refused(path, message!("its-file-system-keeps-no-time")));
        }
        let (kind, handle) = syscalls::file_handle(directory).map_err(|error| no_handle(path, error))?;
        let mut bytes = Vec::with_capacity(FIXED_BYTES + handle.len());
        bytes.extend(kind.to_be_bytes());
        bytes.extend(facts.stx_btime.tv_sec.to_be_bytes());
        bytes.extend(facts.stx_btime.tv_nsec.to_be_bytes());
        bytes.extend(handle);
        Ok(Identity(bytes))
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
            return Err(serde::de::Error::custom(message!("not-an-identity-wrong-length")));
        }
        Ok(Identity(bytes))
    }
}

fn refuse_file_system(directory: BorrowedFd<'_>, path: &Path) -> Result<()> {
    let facts = syscalls::file_system(directory).map_err(|error| Failure::io("inspect", path, &error.into()))?;
    // The width of `f_type` depends on the machine; the numbers are 32 bits wide.
    let kind = facts.f_type as u32;
    match REFUSED_FILE_SYSTEMS.iter().find(|(number, _)| *number == kind) {
        Some((SHARED_FOLDER, _)) => Err(refused(path, message!("its-file-system-is-a-shared-folder"))),
        Some((_, name)) => Err(refused(path, message!("its-file-system-is", name))),
        None => Ok(()),
    }
}

fn no_handle(path: &Path, error: Errno) -> Failure {
    match error {
        Errno::OPNOTSUPP | Errno::NOSYS | Errno::OVERFLOW => refused(path, message!("its-file-system-has-no-lasting")),
        Errno::PERM => refused(path, message!("the-host-is-not-allowed")),
        _ => Failure::io("identify", path, &error.into()),
    }
}

fn refused(path: &Path, reason: Message) -> Failure {
    Failure::new(Code::VolumeRefused, message!("cannot-tell-from-another-directory", path = escape::path(path), reason))
        .hint(message!("keep-the-volume-on-a-local"))
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;
    use std::fs;
    use std::os::unix::fs::MetadataExt as _;

    use super::*;

    fn of(parent: &Path, name: &str) -> Result<Option<Identity>> {
        Identity::of(&ambient::follow(parent).unwrap(), Name::new(OsStr::new(name)).unwrap())
    }

    #[test]
    fn a_directory_keeps_its_identity_through_a_rename_and_a_round_trip() {
        let parent = tempfile::tempdir().unwrap();
        fs::create_dir(parent.path().join("a")).unwrap();
        let before = of(parent.path(), "a").unwrap().unwrap();
        fs::rename(parent.path().join("a"), parent.path().join("b")).unwrap();
        let after = of(parent.path(), "b").unwrap().unwrap();
        assert_eq!(before, after);
        let text = serde_json::to_string(&before).unwrap();
        assert_eq!(serde_json::from_str::<Identity>(&text).unwrap(), before);
        assert_eq!(before.to_string().len(), 8);
    }

    #[test]
    fn a_directory_made_again_under_the_same_name_and_inode_number_is_another() {
        let parent = reforge_testing::Disk::ext4(16);
        let path = parent.path().join("a");
        let mut seen = Vec::new();
        let mut numbers = std::collections::HashSet::new();
        for _ in 0..64 {
            fs::create_dir(&path).unwrap();
            numbers.insert(fs::metadata(&path).unwrap().ino());
            let identity = of(parent.path(), "a").unwrap().unwrap();
            assert!(!seen.contains(&identity), "an identity came back");
            seen.push(identity);
            fs::remove_dir(&path).unwrap();
        }
        assert!(numbers.len() < seen.len(), "ext4 gives freed inode numbers out again");
    }

    #[test]
    fn nothing_is_none_and_anything_but_a_directory_is_named() {
        let parent = tempfile::tempdir().unwrap();
        fs::write(parent.path().join("file"), b"").unwrap();
        std::os::unix::fs::symlink("/", parent.path().join("link")).unwrap();
        assert_eq!(of(parent.path(), "absent").unwrap(), None);
        for name in ["file", "link"] {
            let failure = of(parent.path(), name).unwrap_err();
            assert_eq!((failure.code, failure.message.contains(name)), (Code::VolumeRefused, true));
        }
    }

    #[test]
    fn a_file_system_without_lasting_handles_is_refused_with_its_reason() {
        let failure = of(Path::new("/proc"), "sys").unwrap_err();
        assert_eq!(failure.code, Code::VolumeRefused, "{failure}");
    }

    #[test]
    fn text_that_is_no_identity_is_refused() {
        for text in ["\"\"", "\"zz\"", "\"00\"", "7"] {
            assert!(serde_json::from_str::<Identity>(text).is_err(), "{text}");
        }
    }
}
