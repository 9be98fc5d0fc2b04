//! A throwaway host, for tests of what reads a configuration.

use std::path::{Path, PathBuf};
use std::time::Duration;

use reforge_base::state_dir::StateDir;
use reforge_config::scope::Scope;
use reforge_config::{Config, PROCESS, Volume, Workload};

/// Directories, a configuration without workloads, and the state directory made from it.
pub struct World {
    pub config: Config,
    pub state: StateDir,
    pub root: PathBuf,
    // Dropped last.
    _directory: tempfile::TempDir,
}

impl Default for World {
    fn default() -> World {
        World::new()
    }
}

impl World {
    pub fn new() -> World {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path().canonicalize().unwrap();
        // Previews of other users pass here.
        chmod(&root, 0o755);
        for name in ["volumes", "allowed"] {
            std::fs::create_dir(root.join(name)).unwrap();
        }
        let mut config = Config::new(root.join("state"))
            .with_volume_root(root.join("volumes"))
            .with_allowed_root(root.join("allowed"))
            .with_undo_window(Duration::from_secs(3600));
        config.path = root.join("reforge.toml");
        config.host.docker_socket = "/nonexistent/docker.sock".into();
        let state = config.init_state().unwrap();
        World { config, state, root, _directory: directory }
    }

    pub fn with(mut self, workloads: impl IntoIterator<Item = Workload>) -> World {
        self.config.workloads.extend(workloads);
        self
    }

    pub fn live(&self, below: &str) -> PathBuf {
        let path = self.root.join(below);
        std::fs::create_dir_all(&path).unwrap();
        path
    }
}

pub fn workload(id: &str, project: &str, stage: &str) -> Workload {
    let mut workload = Workload::new(id, project, stage, PROCESS).with_command(["/bin/app"]);
    workload.stop_timeout = Duration::from_secs(1);
    workload
}

/// A workload with one volume more.
pub trait WithVolume {
    fn volume(self, name: &str, scope: Scope, source: impl AsRef<Path>) -> Self;
}

impl WithVolume for Workload {
    fn volume(mut self, name: &str, scope: Scope, source: impl AsRef<Path>) -> Workload {
        self.volumes.push(Volume::new(name, scope, source.as_ref().to_str().unwrap()));
        self
    }
}

pub fn chmod(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}
