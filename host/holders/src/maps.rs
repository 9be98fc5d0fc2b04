//! What a process has mapped, on the file systems that are asked about.
//!
//! The kernel is asked mapping by mapping, which is several times as fast as the text that it makes of all of them; where it cannot
//! be asked (before 6.11) the text is read.

use std::collections::HashSet;
use std::ffi::{CString, OsStr};
use std::fs::File;
use std::io::{self, Read as _};
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::io::Errno;

use reforge_base::mounts::{self, Device};

/// A file that is mapped.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Mapping {
    pub device: Device,
    pub path: PathBuf,
    /// What is written there goes to the file.
    pub is_shared: bool,
    /// Leads to the file, below the process's directory.
    pub link: CString,
}

/// Every file on one of the devices that is mapped, once: a library is mapped in several pieces.
pub(crate) fn of(maps: OwnedFd, on_live: impl Fn(Device) -> bool) -> io::Result<Vec<Mapping>> {
    let mut found = Found::default();
    if !CANNOT_ASK.load(Ordering::Relaxed) {
        match ask(&maps, &on_live, &mut found) {
            Ok(()) => return Ok(found.mappings),
            Err(Errno::SRCH) => return Err(Errno::SRCH.into()),
            Err(Errno::NOTTY) => CANNOT_ASK.store(true, Ordering::Relaxed),
            // A path that is too long, an answer that is not understood: the text tells.
            Err(_) => {}
        }
        found = Found::default();
    }
    let mut text = Vec::new();
    File::from(maps).read_to_end(&mut text)?;
    text.split(|byte| *byte == b'\n').filter_map(|line| parse(line, &on_live)).for_each(|line| found.add(line));
    Ok(found.mappings)
}

#[derive(Default)]
struct Found {
    mappings: Vec<Mapping>,
    seen: HashSet<(Device, u64, PathBuf, bool)>,
}

impl Found {
    fn add(&mut self, (inode, mapping): (u64, Mapping)) {
        if self.seen.insert((mapping.device, inode, mapping.path.clone(), mapping.is_shared)) {
            self.mappings.push(mapping);
        }
    }
}

/// The kernel has no `PROCMAP_QUERY`.
static CANNOT_ASK: AtomicBool = AtomicBool::new(false);

/// `struct procmap_query` of the kernel's `linux/fs.h`.
#[repr(C)]
#[derive(Default)]
struct Query {
    size: u64,
    flags: u64,
    address: u64,
    start: u64,
    end: u64,
    vma_flags: u64,
    page_bytes: u64,
    offset: u64,
    inode: u64,
    device_major: u32,
    device_minor: u32,
    name_bytes: u32,
    build_id_bytes: u32,
    name: u64,
    build_id: u64,
}

const SHARED: u64 = 0x08;
const THIS_OR_NEXT: u64 = 0x10;
const OF_A_FILE: u64 = 0x20;
/// `_IOWR('f', 17, struct procmap_query)`.
const PROCMAP_QUERY: libc::c_ulong = 0xc000_6611 | ((size_of::<Query>() as libc::c_ulong) << 16);

fn ask(maps: &OwnedFd, on_live: impl Fn(Device) -> bool, found: &mut Found) -> Result<(), Errno> {
    let mut name = Vec::new();
    let mut address = 0;
    let mut last = Query::default();
    loop {
        let mut query = Query::of(address, THIS_OR_NEXT | OF_A_FILE);
        match query.ask(maps) {
            Err(Errno::NOENT) => return Ok(()),
            asked => asked?,
        }
        address = query.end;
        let is_known = query.continues(&last);
        last = query;
        if is_known || !on_live(last.device()) {
            continue;
        }
        name.resize(libc::PATH_MAX as usize, 0);
        let mut named = Query::of(last.start, OF_A_FILE);
        named.name = name.as_mut_ptr() as u64;
        named.name_bytes = name.len() as u32;
        match named.ask(maps) {
            // It has gone since.
            Err(Errno::NOENT) => {
                last = Query::default();
                continue;
            }
            asked => asked?,
        }
        let length = (named.name_bytes as usize).saturating_sub(1);
        let path = PathBuf::from(OsStr::from_bytes(name.get(..length).ok_or(Errno::OVERFLOW)?));
        let (device, is_shared) = (named.device(), named.vma_flags & SHARED != 0);
        let link = link(named.start, named.end).ok_or(Errno::INVAL)?;
        found.add((named.inode, Mapping { device, path, is_shared, link }));
    }
}

impl Query {
    fn of(address: u64, flags: u64) -> Query {
        Query { size: size_of::<Query>() as u64, flags, address, ..Query::default() }
    }

    /// Whether it maps the next piece of the file that `before` maps, as the loader does with a library.
    fn continues(&self, before: &Query) -> bool {
        let is_same = |query: &Query| (query.device(), query.inode, query.vma_flags & SHARED);
        let follows = (before.end, before.offset + (before.end - before.start));
        is_same(self) == is_same(before) && (self.start, self.offset) == follows
    }

    fn device(&self) -> Device {
        (self.device_major, self.device_minor)
    }

    fn ask(&mut self, maps: &OwnedFd) -> Result<(), Errno> {
        // SAFETY: the structure is of the size that it and the request say, and the name it points to outlives the call.
        match unsafe { libc::ioctl(maps.as_raw_fd(), PROCMAP_QUERY, std::ptr::from_mut(self)) } {
            0 => Ok(()),
            _ => Err(Errno::from_io_error(&io::Error::last_os_error()).unwrap_or(Errno::IO)),
        }
    }
}

/// One line of the text, if it maps a file on one of the devices.
fn parse(line: &[u8], on_live: impl Fn(Device) -> bool) -> Option<(u64, Mapping)> {
    let text = |field| std::str::from_utf8(field).ok();
    let mut fields = line.splitn(6, |byte| *byte == b' ');
    let (start, end) = text(fields.next()?)?.split_once('-')?;
    let (permissions, _offset) = (fields.next()?, fields.next()?);
    let (major, minor) = text(fields.next()?)?.split_once(':')?;
    let hex = |digits| u32::from_str_radix(digits, 16).ok();
    let device = (hex(major)?, hex(minor)?);
    let inode = text(fields.next()?)?.parse().ok()?;
    if inode == 0 || !on_live(device) {
        return None;
    }
    let path = mounts::path(fields.next().unwrap_or_default().trim_ascii_start());
    // `maps` pads addresses with zeros, `map_files` refuses them.
    let address = |digits| u64::from_str_radix(digits, 16).ok();
    let link = link(address(start)?, address(end)?)?;
    Some((inode, Mapping { device, path, is_shared: permissions.get(3) == Some(&b's'), link }))
}

fn link(start: u64, end: u64) -> Option<CString> {
    CString::new(format!("map_files/{start:x}-{end:x}")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_and_its_text_tell_the_same() {
        let open = || OwnedFd::from(File::open("/proc/self/maps").unwrap());
        let _mapped = std::fs::read_link("/proc/self/exe").unwrap();
        let mut asked = Found::default();
        match ask(&open(), |_| true, &mut asked) {
            Err(Errno::NOTTY) => return,
            asked => asked.unwrap(),
        }
        let mut text = Vec::new();
        File::from(open()).read_to_end(&mut text).unwrap();
        let read: HashSet<_> = text
            .split(|byte| *byte == b'\n')
            .filter_map(|line| parse(line, |_| true))
            .map(|(_, one)| key(one))
            .collect();
        let program = std::env::current_exe().unwrap();
        assert!(asked.mappings.iter().any(|mapping| mapping.path == program));
        // Other tests of this process map and unmap meanwhile: what is of the program and its libraries stays.
        let stays = |(_, path, _): &(Device, PathBuf, bool)| *path == program || path.starts_with("/usr/lib");
        let asked: HashSet<_> = asked.mappings.into_iter().map(key).filter(stays).collect();
        assert_eq!(asked, read.into_iter().filter(stays).collect());
    }

    fn key(mapping: Mapping) -> (Device, PathBuf, bool) {
        (mapping.device, mapping.path, mapping.is_shared)
    }

    #[test]
    fn a_line_names_device_path_and_whether_writes_reach_the_file() {
        let line = b"00007f00-00008000 rw-s 00000000 08:1f 42                         /a b\\012c";
        let (inode, mapping) = parse(line, |_| true).unwrap();
        assert_eq!((inode, mapping.device, mapping.is_shared), (42, (8, 31), true));
        assert_eq!(mapping.path.as_os_str().as_bytes(), b"/a b\nc");
        assert_eq!(mapping.link.as_bytes(), b"map_files/7f00-8000");
        assert_eq!(parse(line, |device| device == (8, 1)), None);
        assert_eq!(parse(b"00007f00-00008000 rw-p 00000000 00:00 0 [heap]", |_| true), None);
    }
}
