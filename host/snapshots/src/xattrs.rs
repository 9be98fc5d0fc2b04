//! Reads extended attributes, ACLs included, as the kernel has them: raw, sorted by name.

use std::ffi::CStr;
use std::os::fd::AsFd;

use rustix::io::Errno;

use reforge_base::limits::XATTR_VALUE_BYTES_MAX;
use reforge_volumes::syscalls;

/// The kernel's limit for a list of names, `XATTR_LIST_MAX`.
const LIST_BYTES_MAX: usize = 64 << 10;

/// What is tried first: the kernel zeroes as much memory as it is offered room, for each file.
const LIST_BYTES_USUAL: usize = 256;

/// Name and value.
pub(super) type Xattrs = Vec<(Vec<u8>, Vec<u8>)>;

/// Reads with its own scratch space, since there are many entries and most have nothing.
pub(super) struct Reader {
    names: Vec<u8>,
    value: Vec<u8>,
}

impl Reader {
    pub(super) fn new() -> Reader {
        Reader { names: vec![0; LIST_BYTES_MAX], value: vec![0; XATTR_VALUE_BYTES_MAX] }
    }

    /// Of an open file or directory.
    pub(super) fn of(&mut self, file: impl AsFd) -> rustix::io::Result<Xattrs> {
        let file = file.as_fd();
        self.read(|names| syscalls::attribute_names(file, names), |name, value| syscalls::attribute(file, name, value))
    }

    /// Of a symbolic link itself, by its handle.
    pub(super) fn of_symlink(&mut self, link: impl AsFd) -> rustix::io::Result<Xattrs> {
        let link = link.as_fd();
        self.read(
            |names| syscalls::attribute_names_of_symlink(link, names),
            |name, value| syscalls::attribute_of_symlink(link, name, value),
        )
    }

    fn read(
        &mut self,
        list: impl Fn(&mut [u8]) -> rustix::io::Result<usize>,
        get: impl Fn(&CStr, &mut [u8]) -> rustix::io::Result<usize>,
    ) -> rustix::io::Result<Xattrs> {
        let listed = match list(&mut self.names[..LIST_BYTES_USUAL]) {
            Err(Errno::RANGE) => list(&mut self.names),
            listed => listed,
        };
        let listed = match listed {
            Ok(bytes) => bytes,
            Err(Errno::NOTSUP) => 0,
            Err(error) => return Err(error),
        };
        let mut xattrs = Vec::new();
        for name in self.names[..listed].split_inclusive(|byte| *byte == 0) {
            let Ok(name) = CStr::from_bytes_with_nul(name) else { continue };
            match get(name, &mut self.value) {
                Ok(bytes) => xattrs.push((name.to_bytes().to_vec(), self.value[..bytes].to_vec())),
                // Removed since it was listed.
                Err(Errno::NODATA) => {}
                Err(error) => return Err(error),
            }
        }
        xattrs.sort_unstable();
        Ok(xattrs)
    }
}
