//! A disk that writes down everything it is told: one file in a file system of its own, below a loop device.
//!
//! The file is opened with direct I/O, so that nothing of it is kept in between: each write of the loop device is an
//! entry, and each flush is an fsync. The thread that serves it must never touch what is mounted on top.

use std::ffi::OsStr;
use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::{Duration, UNIX_EPOCH};

use fuser::{
    BackgroundSession, Errno, FileAttr, FileHandle, FileType, Filesystem, FopenFlags, Generation, INodeNo,
    KernelConfig, LockOwner, OpenFlags, ReplyAttr, ReplyData, ReplyEmpty, ReplyEntry, ReplyOpen, ReplyWrite, Request,
    WriteFlags,
};

use super::file_system::FileSystem;
use crate::support::process::{eventually, run};

const FILE: &str = "disk";
const FILE_INODE: u64 = 2;
const WRITE_BYTES_MAX: u32 = 1 << 20;
const SECTOR_BYTES: u32 = 512;

/// What happened, in the order in which the disks were told.
#[derive(Debug)]
pub(super) enum Entry {
    Write {
        disk: usize,
        offset: u64,
        data: Vec<u8>,
    },
    /// Every earlier write to this disk is on it.
    Flush {
        disk: usize,
    },
    /// A command has said that this is done.
    Said(&'static str),
}

/// The one log of all disks of a machine.
#[derive(Clone, Default)]
pub(super) struct Log(Arc<Mutex<Vec<Entry>>>);

impl Log {
    pub(super) fn say(&self, what: &'static str) {
        self.0.lock().unwrap().push(Entry::Said(what));
    }

    pub(super) fn take(&self) -> Vec<Entry> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

struct Server {
    disk: usize,
    backing: File,
    log: Log,
}

impl Server {
    fn attributes(&self, inode: INodeNo) -> FileAttr {
        let is_root = inode == INodeNo::ROOT;
        let size = if is_root { 0 } else { self.backing.metadata().unwrap().len() };
        FileAttr {
            ino: inode,
            size,
            blocks: size / u64::from(SECTOR_BYTES),
            atime: UNIX_EPOCH,
            mtime: UNIX_EPOCH,
            ctime: UNIX_EPOCH,
            crtime: UNIX_EPOCH,
            kind: if is_root { FileType::Directory } else { FileType::RegularFile },
            perm: if is_root { 0o700 } else { 0o600 },
            nlink: 1,
            uid: 0,
            gid: 0,
            rdev: 0,
            flags: 0,
            blksize: SECTOR_BYTES,
        }
    }
}

impl Filesystem for Server {
    fn init(&mut self, _: &Request, config: &mut KernelConfig) -> std::io::Result<()> {
        // As much as the kernel allows.
        let _ = config.set_max_write(WRITE_BYTES_MAX);
        Ok(())
    }

    fn lookup(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEntry) {
        match parent == INodeNo::ROOT && name == FILE {
            true => reply.entry(&Duration::MAX, &self.attributes(INodeNo(FILE_INODE)), Generation(0)),
            false => reply.error(Errno::ENOENT),
        }
    }

    fn getattr(&self, _: &Request, inode: INodeNo, _: Option<FileHandle>, reply: ReplyAttr) {
        reply.attr(&Duration::from_secs(1), &self.attributes(inode));
    }

    fn open(&self, _: &Request, _: INodeNo, _: OpenFlags, reply: ReplyOpen) {
        reply.opened(FileHandle(0), FopenFlags::FOPEN_DIRECT_IO);
    }

    fn read(
        &self,
        _: &Request,
        _: INodeNo,
        _: FileHandle,
        offset: u64,
        size: u32,
        _: OpenFlags,
        _: Option<LockOwner>,
        reply: ReplyData,
    ) {
        let mut data = vec![0; size as usize];
        match self.backing.read_at(&mut data, offset) {
            Ok(length) => reply.data(&data[..length]),
            Err(_) => reply.error(Errno::EIO),
        }
    }

    fn write(
        &self,
        _: &Request,
        _: INodeNo,
        _: FileHandle,
        offset: u64,
        data: &[u8],
        _: WriteFlags,
        _: OpenFlags,
        _: Option<LockOwner>,
        reply: ReplyWrite,
    ) {
        let mut log = self.log.0.lock().unwrap();
        if self.backing.write_all_at(data, offset).is_err() {
            return reply.error(Errno::EIO);
        }
        log.push(Entry::Write { disk: self.disk, offset, data: data.to_vec() });
        reply.written(data.len() as u32);
    }

    fn fsync(&self, _: &Request, _: INodeNo, _: FileHandle, _: bool, reply: ReplyEmpty) {
        self.log.0.lock().unwrap().push(Entry::Flush { disk: self.disk });
        reply.ok();
    }

    fn flush(&self, _: &Request, _: INodeNo, _: FileHandle, _: LockOwner, reply: ReplyEmpty) {
        reply.ok();
    }
}

/// A mounted file system on a disk that writes everything down.
pub(super) struct Recorder {
    log: Log,
    backing: tempfile::NamedTempFile,
    /// Where the file system is mounted, now and for every cut.
    mount_point: tempfile::TempDir,
    loop_device: PathBuf,
    // Dropped after the loop device is gone.
    session: Option<BackgroundSession>,
    _served_at: tempfile::TempDir,
}

impl Recorder {
    pub(super) fn new(file_system: &'static FileSystem, disk: usize, log: &Log) -> Recorder {
        assert!(
            Path::new("/dev/fuse").exists(),
            "there is no /dev/fuse, and the disk that writes everything down is a file system of its own: load the kernel \
             module `fuse`, or let the container have the device"
        );
        let backing = file_system.make();
        let served_at = tempfile::tempdir().unwrap();
        let server = Server { disk, backing: backing.reopen().unwrap(), log: log.clone() };
        let session = fuser::spawn_mount(server, served_at.path(), &fuser::Config::default())
            .unwrap_or_else(|error| panic!("the disk that writes everything down cannot be mounted: {error}"));
        let file = served_at.path().join(FILE);
        let arguments = ["--find", "--show", "--direct-io=on", file.to_str().unwrap()];
        let loop_device = PathBuf::from(run("losetup", &arguments).trim());
        let mount_point = tempfile::tempdir().unwrap();
        let recorder = Recorder {
            log: log.clone(),
            backing,
            mount_point,
            loop_device,
            session: Some(session),
            _served_at: served_at,
        };
        file_system.mount(&recorder.loop_device, &recorder.path());
        recorder
    }

    pub(super) fn path(&self) -> PathBuf {
        self.mount_point.path().canonicalize().unwrap()
    }

    /// What is on the disk now, everything being synced.
    pub(super) fn base(&self) -> tempfile::NamedTempFile {
        // Nothing is written down between this copy and the first entry: the lock is held.
        let _log = self.log.0.lock().unwrap();
        let base = tempfile::NamedTempFile::new().unwrap();
        super::replay::copy_sparse(self.backing.as_file(), base.as_file());
        base
    }

    /// The file system is unmounted: the disk goes, and its mount point is free for what a cut has left.
    pub(super) fn turn_off(&mut self) {
        let device = self.loop_device.to_str().unwrap();
        run("losetup", &["--detach", device]);
        // It lets go of the file when the kernel has written the last of it.
        let devices = || run("losetup", &["--list", "--noheadings", "--output", "NAME"]);
        eventually("the loop device is gone", || devices().lines().all(|name| name != device));
        self.session.take().unwrap().umount_and_join().unwrap();
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        if self.session.is_some() {
            // A panic: nothing may stay mounted.
            let _ = Command::new("umount").arg("--lazy").arg(self.mount_point.path()).output();
            let _ = Command::new("losetup").arg("--detach").arg(&self.loop_device).output();
        }
        let _ = Command::new("umount").arg("--lazy").arg(self.mount_point.path()).output();
    }
}
