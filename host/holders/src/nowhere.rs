//! What is in no directory: pipes, sockets, anonymous files and memory. Most open files are of these, no process shows
//! the mounts that they are on, and each would have all mounts read again.

use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;

use rustix::event::EventfdFlags;
use rustix::fs::{AtFlags, MemfdFlags, StatxFlags};

use reforge_base::mounts::Device;

/// The devices of such files, from some that are made to be looked at. What cannot be made costs time, and nothing else.
pub(crate) fn devices() -> Vec<Device> {
    let socket = UnixStream::pair().ok().and_then(|(one, _)| device(one));
    let pipe = std::io::pipe().ok().and_then(|(reader, _)| device(reader));
    let anonymous = rustix::event::eventfd(0, EventfdFlags::CLOEXEC).ok().and_then(device);
    let memory = rustix::fs::memfd_create("reforge", MemfdFlags::CLOEXEC).ok().and_then(device);
    [socket, pipe, anonymous, memory].into_iter().flatten().collect()
}

fn device(file: impl AsFd) -> Option<Device> {
    let stat = rustix::fs::statx(file, c"", AtFlags::EMPTY_PATH, StatxFlags::TYPE).ok()?;
    Some((stat.stx_dev_major, stat.stx_dev_minor))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_mount_of_any_directory_is_on_one_of_these_devices() {
        let nowhere = devices();
        assert_eq!(nowhere.len(), 4);
        let mounts = reforge_base::mounts::own().unwrap();
        assert!(mounts.iter().all(|mount| !nowhere.contains(&mount.device)), "{nowhere:?}");
        let directory = std::fs::File::open("/tmp").unwrap();
        assert!(!nowhere.contains(&device(directory).unwrap()));
    }
}
