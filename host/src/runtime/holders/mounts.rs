//! The mounts that all processes see, by mount id, and the way from a path as `/proc` shows it to a path within a
//! file system.
//!
//! Mount ids are unique on the machine. `mountinfo` is relative to the root of the process that it is asked of, and
//! leaves out what that root cannot reach; links in `/proc` are relative to *our* root, or to the top of their
//! namespace where our root cannot reach them. A process's own root, read as a link, is what joins the two.

use std::collections::{HashMap, HashSet};
use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use super::super::proc_stat::ProcStat;
use super::has_gone;
use crate::failure::Result;
use crate::mounts::{self, Device, Mount, Place};

/// The mounts of one namespace and a process that lives in it.
pub struct Namespace {
    pub process: ProcStat,
    pub mounts: Vec<Mount>,
}

/// Every mount that a readable process sees.
#[derive(Default)]
pub struct MountTable {
    by_id: HashMap<u64, Vec<Mount>>,
    pub namespaces: HashMap<OsString, Namespace>,
    learned: HashSet<(OsString, PathBuf)>,
}

impl MountTable {
    /// Adds what `process` sees unless a process with the same namespace and root was asked before. One that cannot be
    /// read adds nothing: it is counted when it is scanned, and what it holds on live's device cannot be told.
    pub fn learn(&mut self, process: &ProcStat) -> Result<()> {
        self.learn_unless(process, |learned, key| learned.contains(key))
    }

    /// Adds what `process` sees now, whoever was asked before: it may have entered another namespace since, or
    /// something was mounted.
    pub fn learn_again(&mut self, process: &ProcStat) -> Result<()> {
        self.learn_unless(process, |_, _| false)
    }

    fn learn_unless(
        &mut self,
        process: &ProcStat,
        known: impl Fn(&HashSet<(OsString, PathBuf)>, &(OsString, PathBuf)) -> bool,
    ) -> Result<()> {
        let pid = process.pid;
        let link = |name: &str| readable(pid, std::fs::read_link(format!("/proc/{pid}/{name}")));
        let (Some(namespace), Some(root)) = (link("ns/mnt")?, link("root")?) else { return Ok(()) };
        let namespace = namespace.into_os_string();
        let key = (namespace.clone(), root.clone());
        if known(&self.learned, &key) {
            return Ok(());
        }
        let Some(mounts) = readable(pid, mounts::of_process(pid))? else { return Ok(()) };
        self.learned.insert(key);
        let known = self
            .namespaces
            .entry(namespace)
            .or_insert_with(|| Namespace { process: process.clone(), mounts: Vec::new() });
        for mount in mounts {
            let mount = in_words_of_links(mount, &root);
            let same = self.by_id.entry(mount.id).or_default();
            if !same.contains(&mount) {
                same.push(mount.clone());
                known.mounts.push(mount);
            }
        }
        Ok(())
    }

    /// Whether any namespace shows this mount, and on which device.
    pub fn device(&self, id: u64) -> Option<Device> {
        self.by_id.get(&id).and_then(|mounts| mounts.first()).map(|mount| mount.device)
    }

    /// Where a path reached through a mount is within its file system: more than one answer if namespaces differ in
    /// what they call the mount. None if it cannot be told.
    pub fn places(&self, id: u64, text: &Path) -> Option<Vec<Place>> {
        let places: Vec<Place> = self.by_id.get(&id)?.iter().filter_map(|mount| mount.place(text)).collect();
        (!places.is_empty()).then_some(places)
    }

    /// Every place that a path could be if it is on `device`, for want of a mount id.
    pub fn possible_places(&self, device: Device, text: &Path) -> Vec<Place> {
        let mounts = self.by_id.values().flatten().filter(|mount| mount.device == device);
        mounts.filter_map(|mount| mount.place(text)).collect()
    }
}

/// What was read; none of a process that has ended or is hidden.
fn readable<T>(pid: i32, read: std::io::Result<T>) -> Result<Option<T>> {
    match read {
        Ok(read) => Ok(Some(read)),
        Err(error) => has_gone(pid, error).map(|_| None),
    }
}

/// The mount with its mount point as links in `/proc` tell it: `mountinfo` is relative to the process's root.
fn in_words_of_links(mount: Mount, process_root: &Path) -> Mount {
    let below = mount.mount_point.strip_prefix("/").unwrap_or(&mount.mount_point);
    Mount { mount_point: process_root.join(below), ..mount }
}

/// Bytes of a path, for escaping.
pub fn raw(path: &Path) -> &[u8] {
    path.as_os_str().as_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mount_of_a_process_with_a_root_of_its_own_is_where_links_lead() {
        let line = br"36 35 98:0 /srv/my\040data /mnt/a\040b rw,noatime master:1 - ext4 /dev/x rw,errors=continue";
        let mount = in_words_of_links(mounts::parse(line).expect("parses").remove(0), Path::new("/jail"));
        assert_eq!(mount.mount_point, Path::new("/jail/mnt/a b"));
        let place = mount.place(Path::new("/jail/mnt/a b/c")).expect("is below");
        assert_eq!(place.inside, Path::new("/srv/my data/c"));
        assert_eq!(mount.place(Path::new("/jail/mnt/a bc")), None);
    }
}
