//! What cap-std lacks: facts with the time of birth and the mount, handles, exchanges, owners, modes, times, attributes,
//! inode flags, room, trees of btrfs, and a listing that moves no access time.
//!
//! Everything here takes a descriptor that cap-std opened ([`super::beneath`]), and where a name is needed a [`Name`],
//! which leads nowhere else. No path of anybody's comes in. Syncs are in `reforge_base::durable`, locks in
//! `reforge_base::lock_file`.

#![expect(clippy::disallowed_methods, reason = "this is the one place that makes them, on what cap-std opened")]

use std::ffi::{CStr, OsStr};
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd as _, BorrowedFd};
use std::os::unix::ffi::OsStrExt as _;

use cap_std::fs::Dir;
use rustix::fs::{
    AtFlags, Gid, IFlags, Mode, RawDir, RenameFlags, SeekFrom, StatFs, StatVfs, Statx, StatxFlags, Timestamps, Uid,
    XattrFlags,
};
use rustix::io::{Errno, Result};
use rustix::ioctl::{Getter, Setter, Updater, ioctl, opcode};

use super::beneath::Name;

/// What is asked of the kernel about every entry, in one call.
const FACTS: StatxFlags = StatxFlags::BASIC_STATS.union(StatxFlags::BTIME).union(StatxFlags::MNT_ID);

/// `MAX_HANDLE_SZ` of the kernel.
pub const HANDLE_BYTES_MAX: usize = 128;

/// What is known of something that is open.
pub fn facts(opened: impl AsFd) -> Result<Statx> {
    rustix::fs::statx(opened, c"", AtFlags::EMPTY_PATH, FACTS)
}

/// The same of a name in a directory: of a link itself, and without mounting anything on demand.
pub fn facts_of(above: &Dir, name: Name<'_>) -> Result<Statx> {
    rustix::fs::statx(above, name.as_os_str(), AtFlags::SYMLINK_NOFOLLOW | AtFlags::NO_AUTOMOUNT, FACTS)
}

/// Puts two names of a directory in each other's place in one instant.
pub fn exchange(directory: &Dir, left: Name<'_>, right: Name<'_>) -> Result<()> {
    rename(directory, left, right, RenameFlags::EXCHANGE)
}

/// Gives something in a directory a name that nothing has.
pub fn rename_to_free(directory: &Dir, from: Name<'_>, to: Name<'_>) -> Result<()> {
    rename(directory, from, to, RenameFlags::NOREPLACE)
}

fn rename(directory: &Dir, from: Name<'_>, to: Name<'_>, flags: RenameFlags) -> Result<()> {
    rustix::fs::renameat_with(directory, from.as_os_str(), directory, to.as_os_str(), flags)
}

/// Reads a directory's names through the descriptor itself. cap-std's own listing opens the directory once more, which
/// moves its access time and takes the right to search it.
pub fn listing<'buffer, 'dir>(
    directory: &'dir Dir,
    buffer: &'buffer mut [MaybeUninit<u8>],
) -> RawDir<'buffer, BorrowedFd<'dir>> {
    RawDir::new(directory.as_fd(), buffer)
}

/// Has the next listing begin at the beginning.
pub fn rewind(directory: &Dir) -> Result<()> {
    rustix::fs::seek(directory, SeekFrom::Start(0)).map(drop)
}

/// Where the next data of a file is, and the next hole. Both move the descriptor's offset.
pub fn next_data(file: impl AsFd, from: u64) -> Result<u64> {
    rustix::fs::seek(file, SeekFrom::Data(from))
}

/// See [`next_data`].
pub fn next_hole(file: impl AsFd, from: u64) -> Result<u64> {
    rustix::fs::seek(file, SeekFrom::Hole(from))
}

/// Where a symbolic link leads, of which this is the handle.
pub fn target(link: impl AsFd) -> Result<Vec<u8>> {
    Ok(rustix::fs::readlinkat(link, c"", Vec::new())?.into_bytes())
}

/// Owner and group of something that is open.
pub fn set_owner(opened: impl AsFd, uid: u32, gid: u32) -> Result<()> {
    rustix::fs::fchown(opened, Some(Uid::from_raw(uid)), Some(Gid::from_raw(gid)))
}

/// The same of a symbolic link itself.
pub fn set_owner_of_symlink(above: &Dir, name: Name<'_>, uid: u32, gid: u32) -> Result<()> {
    let (uid, gid) = (Some(Uid::from_raw(uid)), Some(Gid::from_raw(gid)));
    rustix::fs::chownat(above, name.as_os_str(), uid, gid, AtFlags::SYMLINK_NOFOLLOW)
}

/// The permissions of something that is open.
pub fn set_mode(opened: impl AsFd, mode: u32) -> Result<()> {
    rustix::fs::fchmod(opened, Mode::from_raw_mode(mode))
}

/// The same of a directory of which there is a mere handle, which takes no `fchmod`. Its link in `/proc` leads to it and
/// nowhere else.
pub fn set_mode_of_handle(handle: &Dir, mode: u32) -> Result<()> {
    rustix::fs::chmod(own_link(handle), Mode::from_raw_mode(mode))
}

/// The times of something that is open.
pub fn set_times(opened: impl AsFd, times: &Timestamps) -> Result<()> {
    rustix::fs::futimens(opened, times)
}

/// The same of a symbolic link itself.
pub fn set_times_of_symlink(above: &Dir, name: Name<'_>, times: &Timestamps) -> Result<()> {
    rustix::fs::utimensat(above, name.as_os_str(), times, AtFlags::SYMLINK_NOFOLLOW)
}

/// An attribute of something that is open. Answers its length.
pub fn attribute(opened: impl AsFd, name: impl rustix::path::Arg, value: &mut [u8]) -> Result<usize> {
    rustix::fs::fgetxattr(opened, name, value)
}

/// The names of all its attributes, each ended by a zero. Answers how many bytes they are.
pub fn attribute_names(opened: impl AsFd, names: &mut [u8]) -> Result<usize> {
    rustix::fs::flistxattr(opened, names)
}

/// Sets one.
pub fn set_attribute(opened: impl AsFd, name: impl rustix::path::Arg, value: &[u8]) -> Result<()> {
    rustix::fs::fsetxattr(opened, name, value, XattrFlags::empty())
}

/// Takes one away.
pub fn remove_attribute(opened: impl AsFd, name: &CStr) -> Result<()> {
    rustix::fs::fremovexattr(opened, name)
}

/// An attribute of a symbolic link, of which this is the handle: the calls on descriptors refuse it, and its link in
/// `/proc` leads to the link itself and no further.
pub fn attribute_of_symlink(link: impl AsFd, name: &CStr, value: &mut [u8]) -> Result<usize> {
    rustix::fs::getxattr(own_link(link), name, value)
}

/// The names of all its attributes.
pub fn attribute_names_of_symlink(link: impl AsFd, names: &mut [u8]) -> Result<usize> {
    rustix::fs::listxattr(own_link(link), names)
}

/// Sets one. There is no call that takes a directory's descriptor; only the last component is the link itself.
pub fn set_attribute_of_symlink(above: &Dir, link: Name<'_>, name: &[u8], value: &[u8]) -> Result<()> {
    let mut location = own_link(above).into_bytes();
    location.push(b'/');
    location.extend(link.as_os_str().as_bytes());
    rustix::fs::lsetxattr(OsStr::from_bytes(&location), OsStr::from_bytes(name), value, XattrFlags::empty())
}

/// What kind of file system something open lies on.
pub fn file_system(opened: impl AsFd) -> Result<StatFs> {
    rustix::fs::fstatfs(opened)
}

/// How much room is on it.
pub fn room(opened: impl AsFd) -> Result<StatVfs> {
    rustix::fs::fstatvfs(opened)
}

/// `FS_*_FL`.
pub fn inode_flags(opened: impl AsFd) -> Result<u32> {
    Ok(rustix::fs::ioctl_getflags(opened)?.bits())
}

/// Sets all of them.
pub fn set_inode_flags(opened: impl AsFd, flags: u32) -> Result<()> {
    rustix::fs::ioctl_setflags(opened, IFlags::from_bits_retain(flags))
}

/// `struct fsxattr`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Extended {
    pub xflags: u32,
    pub extent_size: u32,
    pub extents: u32,
    pub project: u32,
    pub copy_on_write_extent_size: u32,
    pub padding: [u8; 8],
}

/// `FS_IOC_FSGETXATTR` and `FS_IOC_FSSETXATTR`.
const GET_EXTENDED: rustix::ioctl::Opcode = opcode::read::<Extended>(b'X', 31);
const SET_EXTENDED: rustix::ioctl::Opcode = opcode::write::<Extended>(b'X', 32);

/// Project id and the flags beside it.
pub fn extended(opened: impl AsFd) -> Result<Extended> {
    // SAFETY: the opcode carries the size of `Extended`, which has the layout of `struct fsxattr`: plain integers, all
    // of which the kernel fills in.
    unsafe { ioctl(opened, Getter::<GET_EXTENDED, Extended>::new()) }
}

/// Sets them.
pub fn set_extended(opened: impl AsFd, value: Extended) -> Result<()> {
    // SAFETY: as above; the kernel reads `Extended` and keeps no pointer to it.
    unsafe { ioctl(opened, Setter::<SET_EXTENDED, Extended>::new(value)) }
}

/// `struct btrfs_ioctl_ino_lookup_args`.
#[repr(C)]
struct InodeLookup {
    tree: u64,
    object: u64,
    name: [u8; 4080],
}

/// `struct btrfs_ioctl_search_args`.
#[repr(C)]
struct TreeSearch {
    tree: u64,
    objects: [u64; 2],
    offsets: [u64; 2],
    transactions: [u64; 2],
    kinds: [u32; 2],
    items: u32,
    unused: u32,
    unused_too: [u64; 4],
    found: [u8; 3992],
}

/// `BTRFS_IOC_INO_LOOKUP` and `BTRFS_IOC_TREE_SEARCH`.
const LOOK_UP_INODE: rustix::ioctl::Opcode = opcode::read_write::<InodeLookup>(0x94, 18);
const SEARCH_TREE: rustix::ioctl::Opcode = opcode::read_write::<TreeSearch>(0x94, 17);

/// `BTRFS_FIRST_FREE_OBJECTID`: the root of every subvolume.
const SUBVOLUME_ROOT: u64 = 256;

/// `struct btrfs_ioctl_search_header`: transaction, object, offset, type, length.
const FOUND_HEAD_BYTES: usize = 32;

/// Items of one object and type in a tree of btrfs.
#[derive(Clone, Debug)]
pub(crate) struct TreeKeys {
    pub(crate) tree: u64,
    pub(crate) object: u64,
    pub(crate) kind: u32,
    pub(crate) offsets: std::ops::RangeInclusive<u64>,
}

/// The number of the btrfs subvolume that something open is in.
pub(crate) fn subvolume(opened: impl AsFd) -> Result<u64> {
    let mut lookup = InodeLookup { tree: 0, object: SUBVOLUME_ROOT, name: [0; 4080] };
    // SAFETY: the opcode carries the size of `InodeLookup`, which has the layout of the kernel's: plain integers and bytes.
    unsafe { ioctl(opened, Updater::<LOOK_UP_INODE, InodeLookup>::new(&mut lookup))? };
    Ok(lookup.tree)
}

/// The items under these keys that fit into one answer, some 4 KiB: the offset of each and its bytes.
pub(crate) fn search_tree(opened: impl AsFd, keys: &TreeKeys) -> Result<Vec<(u64, Vec<u8>)>> {
    let mut search = TreeSearch {
        tree: keys.tree,
        objects: [keys.object; 2],
        offsets: [*keys.offsets.start(), *keys.offsets.end()],
        transactions: [0, u64::MAX],
        kinds: [keys.kind; 2],
        items: u32::MAX,
        unused: 0,
        unused_too: [0; 4],
        found: [0; 3992],
    };
    // SAFETY: as above, of `TreeSearch`.
    unsafe { ioctl(opened, Updater::<SEARCH_TREE, TreeSearch>::new(&mut search))? };
    let mut rest = &search.found[..];
    let mut items = Vec::new();
    for _ in 0..search.items {
        let Some((head, after)) = rest.split_at_checked(FOUND_HEAD_BYTES) else { break };
        let offset = u64::from_ne_bytes(head[16..24].try_into().unwrap_or_default());
        let length = u32::from_ne_bytes(head[28..32].try_into().unwrap_or_default());
        let Some((bytes, after)) = after.split_at_checked(length as usize) else { break };
        items.push((offset, bytes.to_vec()));
        rest = after;
    }
    Ok(items)
}

#[repr(C)]
struct HandleBuffer {
    bytes: libc::c_uint,
    kind: libc::c_int,
    handle: [u8; HANDLE_BYTES_MAX],
}

/// The kernel's handle of something open: its type and its bytes.
pub fn file_handle(opened: BorrowedFd<'_>) -> Result<(u32, Vec<u8>)> {
    let mut buffer = HandleBuffer { bytes: HANDLE_BYTES_MAX as u32, kind: 0, handle: [0; HANDLE_BYTES_MAX] };
    let mut mount: libc::c_int = 0;
    // SAFETY: `buffer` has the layout of `struct file_handle` with `bytes` bytes of room behind its head, and outlives
    // the call. No crate at hand wraps this call.
    let status = unsafe {
        libc::name_to_handle_at(
            opened.as_raw_fd(),
            c"".as_ptr(),
            std::ptr::from_mut(&mut buffer).cast(),
            &mut mount,
            libc::AT_EMPTY_PATH,
        )
    };
    if status != 0 {
        return Err(Errno::from_io_error(&io::Error::last_os_error()).unwrap_or(Errno::IO));
    }
    let length = (buffer.bytes as usize).min(HANDLE_BYTES_MAX);
    Ok((buffer.kind.cast_unsigned(), buffer.handle[..length].to_vec()))
}

/// The way to what a descriptor of this process is open on.
fn own_link(opened: impl AsFd) -> String {
    format!("/proc/self/fd/{}", opened.as_fd().as_raw_fd())
}
