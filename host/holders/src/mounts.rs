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
use std::sync::{PoisonError, RwLock, RwLockReadGuard};

use super::{Process, has_gone};
use reforge_base::failure::Result;
use reforge_base::mounts::{self, Device, DevicePath, Mount};

/// The mounts of one namespace and a process that lives in it.
pub(crate) struct Namespace {
    pub process: Process,
    pub mounts: Vec<Mount>,
}

/// Every mount that a readable process sees. Filled side by side.
#[derive(Default)]
pub(crate) struct MountTable(RwLock<Known>);

#[derive(Default)]
struct Known {
    by_id: HashMap<u64, Vec<Mount>>,
    namespaces: HashMap<OsString, Namespace>,
    /// Namespace and root of those who were asked.
    learned: HashSet<(OsString, PathBuf)>,
}

impl MountTable {
    /// Adds what `process` sees unless a process with the same namespace and root was asked before. One that cannot be
    /// read adds nothing: it is counted when it is scanned, and what it holds on live's device cannot be told.
    pub(crate) fn learn(&self, process: &Process) -> Result<()> {
        self.learn_unless(process, |known, key| known.learned.contains(key))
    }

    /// Adds what `process` sees now, whoever was asked before: it may have entered another namespace since, or
    /// something was mounted.
    pub(crate) fn learn_again(&self, process: &Process) -> Result<()> {
        self.learn_unless(process, |_, _| false)
    }

    fn learn_unless(&self, process: &Process, is_known: impl Fn(&Known, &(OsString, PathBuf)) -> bool) -> Result<()> {
        let pid = process.pid;
        let link = |name: &str| readable(pid, std::fs::read_link(format!("/proc/{pid}/{name}")));
        let (Some(namespace), Some(root)) = (link("ns/mnt")?, link("root")?) else { return Ok(()) };
        let key = (namespace.into_os_string(), root);
        if is_known(&self.read(), &key) {
            return Ok(());
        }
        let Some(mounts) = readable(pid, mounts::of_process(pid))? else { return Ok(()) };
        self.0.write().unwrap_or_else(PoisonError::into_inner).add(*process, key, mounts);
        Ok(())
    }

    /// Whether any namespace shows this mount, and on which device.
    pub(crate) fn device(&self, id: u64) -> Option<Device> {
        self.read().by_id.get(&id).and_then(|mounts| mounts.first()).map(|mount| mount.device)
    }

    /// Where a path reached through a mount is within its file system: more than one answer if namespaces differ in
    /// what they call the mount. None if it cannot be told.
    pub(crate) fn device_paths(&self, id: u64, text: &Path) -> Option<Vec<DevicePath>> {
        let known = self.read();
        let device_paths: Vec<DevicePath> =
            known.by_id.get(&id)?.iter().filter_map(|mount| mount.device_path(text)).collect();
        (!device_paths.is_empty()).then_some(device_paths)
    }

    /// Every place that a path could be if it is on `device`, for want of a mount id.
    pub(crate) fn possible_device_paths(&self, device: Device, text: &Path) -> Vec<DevicePath> {
        let known = self.read();
        let mounts = known.by_id.values().flatten().filter(|mount| mount.device == device);
        mounts.filter_map(|mount| mount.device_path(text)).collect()
    }

    /// The mounts that are wanted of a namespace, which goes by the text of its link, each with a process that sees it.
    pub(crate) fn select(&self, wanted: impl Fn(&OsString, &Mount) -> bool) -> Vec<(OsString, Process, Mount)> {
        let known = self.read();
        let mut selected = Vec::new();
        for (name, namespace) in &known.namespaces {
            let mounts = namespace.mounts.iter().filter(|mount| wanted(name, mount));
            selected.extend(mounts.map(|mount| (name.clone(), namespace.process, mount.clone())));
        }
        selected
    }

    /// All namespaces, by the text of their links. Nobody is looked at any more.
    pub(crate) fn into_namespaces(self) -> HashMap<OsString, Namespace> {
        self.0.into_inner().unwrap_or_else(PoisonError::into_inner).namespaces
    }

    fn read(&self) -> RwLockReadGuard<'_, Known> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn add(&mut self, process: Process, (namespace, root): (OsString, PathBuf), mounts: Vec<Mount>) {
        let shown =
            self.namespaces.entry(namespace.clone()).or_insert_with(|| Namespace { process, mounts: Vec::new() });
        for mount in mounts {
            let mount = in_words_of_links(mount, &root);
            let same = self.by_id.entry(mount.id).or_default();
            if !same.contains(&mount) {
                same.push(mount.clone());
                shown.mounts.push(mount);
            }
        }
        self.learned.insert((namespace, root));
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
pub(crate) fn raw(path: &Path) -> &[u8] {
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
        let device_path = mount.device_path(Path::new("/jail/mnt/a b/c")).expect("is below");
        assert_eq!(device_path.inside, Path::new("/srv/my data/c"));
        assert_eq!(mount.device_path(Path::new("/jail/mnt/a bc")), None);
    }
}
