//! Directories of this machine that are never an app's own, whatever a container has mounted: those of the system, and the
//! engine's socket and root. Exchanged by a restore, they would take the machine along.
//!
//! A directory counts by where it leads, and also if one of these stands below it. Of the engine's root a named volume's
//! own directory may be an app's. Looks only.

use std::path::{Component, Path, PathBuf};

use super::client::Client;
use reforge_base::Message;
use reforge_base::escape;
use reforge_base::failure::Result;
use reforge_base::message;

/// Nothing in them is kept over a start of the machine, or all of it is the kernel's.
const OF_THE_KERNEL: [&str; 4] = ["/dev", "/proc", "/run", "/sys"];

/// Right below the root of the machine, and full of what is not the app's. What stands in them may be.
const OF_THE_SYSTEM: [&str; 18] = [
    "bin",
    "boot",
    "etc",
    "home",
    "lib",
    "lib32",
    "lib64",
    "libx32",
    "lost+found",
    "media",
    "mnt",
    "opt",
    "root",
    "sbin",
    "srv",
    "tmp",
    "usr",
    "var",
];

/// Where volumes of the `local` driver are, below the engine's root, and the directory of each that is mounted.
const VOLUMES: &str = "volumes";
const DATA: &str = "_data";

/// What an engine has on this machine.
#[derive(Clone, Debug)]
pub(crate) struct OffLimits {
    socket: PathBuf,
    root: PathBuf,
    /// As the engine says it.
    pub(crate) version: String,
}

impl OffLimits {
    pub(crate) fn of(client: &Client) -> Result<OffLimits> {
        let info = client.ask(|docker| docker.info());
        let info = info.map_err(client.failed(message!("ask-the-engine-about-its-machine")))?;
        let root = info.docker_root_dir.unwrap_or_else(|| "/var/lib/docker".to_owned());
        let version = info.server_version.unwrap_or_default();
        Ok(OffLimits { socket: real(&client.socket), root: real(root.as_ref()), version })
    }

    /// Why a directory is no app's own; none if it may be.
    pub(crate) fn why(&self, directory: &Path) -> Option<Message> {
        let path = real(directory);
        let is = |other: &Path| path.starts_with(other) || other.starts_with(&path);
        let names: Vec<_> = path.components().skip(1).collect();
        if names.is_empty() {
            return Some(message!("it-is-the-whole-machine"));
        }
        if let Some(whose) = OF_THE_KERNEL.iter().find(|whose| is(Path::new(whose))) {
            return Some(message!("it-is-the-kernels", whose = *whose));
        }
        if is(&self.socket) {
            return Some(message!("it-holds-the-engines-socket", socket = escape::path(&self.socket)));
        }
        if is(&self.root) && !self.is_volume(&path) {
            return Some(message!("it-is-the-engines-root", root = escape::path(&self.root)));
        }
        let is_of_the_system = |name: &Component<'_>| OF_THE_SYSTEM.iter().any(|known| name.as_os_str() == *known);
        let is_of_the_system = names.len() == 1 && names.iter().any(is_of_the_system);
        is_of_the_system.then(|| message!("it-is-the-systems"))
    }

    fn is_volume(&self, path: &Path) -> bool {
        let Ok(below) = path.strip_prefix(&self.root) else { return false };
        let names: Vec<_> = below.iter().collect();
        matches!(names.as_slice(), [volumes, _, data] if *volumes == VOLUMES && *data == DATA)
    }
}

/// Where a path leads; one that is not there is as it is written.
fn real(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.components().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits() -> OffLimits {
        OffLimits { socket: "/nowhere/run/docker.sock".into(), root: "/nowhere/docker".into(), version: String::new() }
    }

    #[test]
    fn what_is_the_machines_or_the_engines_is_no_apps_own() {
        for path in [
            "/",
            "//",
            "/dev",
            "/dev/shm/app",
            "/proc/sys",
            "/sys/fs/cgroup",
            "/run",
            "/run/app",
            "/nowhere/run",
            "/nowhere",
            "/nowhere/run/docker.sock",
            "/nowhere/docker",
            "/nowhere/docker/volumes",
            "/nowhere/docker/volumes/shop",
            "/nowhere/docker/volumes/shop/_data/below",
            "/nowhere/docker/containers/x/_data",
            "/etc",
            "/home",
            "/var",
            "/usr/",
        ] {
            assert!(limits().why(path.as_ref()).is_some(), "{path}");
        }
        for path in
            ["/data", "/etc/shop", "/home/ada/shop", "/srv/shop", "/nowhere/docker/volumes/shop/_data", "/devices"]
        {
            assert!(limits().why(path.as_ref()).is_none(), "{path}");
        }
    }

    #[test]
    fn a_directory_counts_by_where_it_leads() {
        assert_eq!(limits().why("/proc/self/root".as_ref()), limits().why("/".as_ref()));
        assert_eq!(limits().why("/proc/self/root/etc".as_ref()), limits().why("/etc".as_ref()));
    }
}
