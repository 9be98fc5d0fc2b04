//! Everything about a tree that a restore must bring back, read without a line of the code under test.
//!
//! Two signatures are equal when a program that looks at both trees, however closely, cannot tell them apart. What is
//! left out on purpose: inode numbers, change times and the layout on the disk.

use std::collections::{BTreeMap, HashMap};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
use std::path::Path;

use sha2::{Digest as _, Sha256};

/// Path below the root, as bytes; the root itself is the empty path.
pub(crate) type Signature = BTreeMap<Vec<u8>, Entry>;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub kind: &'static str,
    pub mode: u32,
    pub uid: u32,
    pub gid: u32,
    /// Seconds and nanoseconds.
    pub mtime: (i64, i64),
    pub xattrs: Vec<(Vec<u8>, Vec<u8>)>,
    /// Of a file's bytes.
    pub sha256: String,
    pub size: u64,
    pub link_target: Vec<u8>,
    /// The first path, in order, that is the same inode.
    pub leader: Vec<u8>,
}

/// Reads a tree.
pub(crate) fn of(root: &Path) -> Signature {
    let (mut signature, mut leaders) = (Signature::new(), HashMap::new());
    visit(root, root, &mut leaders, &mut signature);
    signature
}

/// Reads a tree of projects and their volumes. When directories above the volumes changed does not count: staging comes
/// and goes there.
pub(crate) fn of_volumes(root: &Path) -> Signature {
    let mut signature = of(root);
    for (path, entry) in &mut signature {
        if path.iter().filter(|byte| **byte == b'/').count() == 0 {
            entry.mtime = (0, 0);
        }
    }
    signature
}

/// The same with attributes left out, for what only they can carry.
pub(crate) fn without_attributes(mut signature: Signature) -> Signature {
    for entry in signature.values_mut() {
        entry.xattrs.clear();
    }
    signature
}

/// Fails naming every path that differs, and how.
#[track_caller]
pub(crate) fn assert_same(found: &Signature, wanted: &Signature, what: &str) {
    let differences = differences(found, wanted);
    assert!(differences.is_empty(), "{what}:\n  {}", differences.join("\n  "));
}

/// Every path that differs, and how.
pub(crate) fn differences(found: &Signature, wanted: &Signature) -> Vec<String> {
    let mut differences = Vec::new();
    for path in found.keys().chain(wanted.keys().filter(|path| !found.contains_key(*path))) {
        let shown = String::from_utf8_lossy(path);
        match (found.get(path), wanted.get(path)) {
            (Some(found), Some(wanted)) if found == wanted => {}
            (Some(found), Some(wanted)) => differences.push(format!("{shown:?}: {found:?}\n    wanted {wanted:?}")),
            (Some(_), None) => differences.push(format!("{shown:?} should not be there")),
            (None, _) => differences.push(format!("{shown:?} is missing")),
        }
    }
    differences
}

fn visit(root: &Path, path: &Path, leaders: &mut HashMap<(u64, u64), Vec<u8>>, signature: &mut Signature) {
    let name = path.strip_prefix(root).unwrap().as_os_str().as_bytes().to_vec();
    let stat = std::fs::symlink_metadata(path).unwrap();
    let kind = stat.file_type();
    let mut entry = Entry {
        kind: match kind {
            _ if kind.is_dir() => "directory",
            _ if kind.is_file() => "file",
            _ if kind.is_symlink() => "link",
            _ if kind.is_fifo() => "fifo",
            _ if kind.is_socket() => "socket",
            _ => "device",
        },
        mode: stat.mode() & 0o7777,
        uid: stat.uid(),
        gid: stat.gid(),
        mtime: (stat.mtime(), stat.mtime_nsec()),
        xattrs: xattrs(path),
        sha256: String::new(),
        size: 0,
        link_target: Vec::new(),
        leader: Vec::new(),
    };
    if kind.is_file() {
        entry.sha256 = hex::encode(Sha256::digest(std::fs::read(path).unwrap()));
        entry.size = stat.len();
        entry.leader = leaders.entry((stat.dev(), stat.ino())).or_insert(name.clone()).clone();
    }
    if kind.is_symlink() {
        entry.link_target = std::fs::read_link(path).unwrap().as_os_str().as_bytes().to_vec();
    }
    signature.insert(name, entry);
    if kind.is_dir() {
        let mut below: Vec<_> = std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()).collect();
        below.sort();
        below.iter().for_each(|path| visit(root, path, leaders, signature));
    }
}

fn xattrs(path: &Path) -> Vec<(Vec<u8>, Vec<u8>)> {
    const XATTR_BYTES_MAX: usize = 64 << 10;
    let mut names = vec![0; XATTR_BYTES_MAX];
    let length = rustix::fs::llistxattr(path, &mut names[..]).unwrap();
    // What a host writes on the parents of volumes is not anybody's data.
    let is_hosts = |name: &[u8]| name.starts_with(b"trusted.reforge.") || name.starts_with(b"user.reforge.");
    let all = names[..length].split(|byte| *byte == 0);
    let mut names: Vec<&[u8]> = all.filter(|name| !name.is_empty() && !is_hosts(name)).collect();
    names.sort_unstable();
    let value = |name: &[u8]| {
        let mut value = vec![0; XATTR_BYTES_MAX];
        let length = rustix::fs::lgetxattr(path, name, &mut value[..]).unwrap();
        value.truncate(length);
        value
    };
    names.into_iter().map(|name| (name.to_vec(), value(name))).collect()
}
