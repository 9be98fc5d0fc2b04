//! A throwaway host for the tests of this module.

use std::path::{Path, PathBuf};
use std::time::Duration;

use reforge_base::state_dir::StateDir;
use reforge_config::scope::Scope;
use reforge_config::{Api, Config, Host, RuntimeKind, Volume, Workload};
pub use reforge_testing::spec;

/// Directories, a configuration without workloads, and the state directory made from it.
pub struct World {
    pub config: Config,
    pub state: StateDir,
    pub root: PathBuf,
    // Dropped last.
    _directory: tempfile::TempDir,
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
        let config = Config {
            path: root.join("reforge.toml"),
            host: Host {
                state_dir: root.join("state"),
                snapshot_dir: root.join("state/snapshots"),
                volume_root: Some(root.join("volumes")),
                allowed_roots: vec![root.join("allowed")],
                preview_dir: root.join("volumes/.previews"),
                undo_window: Duration::from_secs(3600),
                docker_socket: "/nonexistent/docker.sock".into(),
                plugin: None,
                plugin_stall_limit: reforge_config::PLUGIN_STALL_LIMIT,
                plugin_keys: Vec::new(),
            },
            api: Api::default(),
            workloads: Vec::new(),
        };
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
    let workload = Workload::new(id, project, stage, RuntimeKind::Process);
    Workload { command: vec!["/bin/app".to_owned()], stop_timeout: Duration::from_secs(1), ..workload }
}

/// A workload with one volume more.
pub trait WithVolume {
    fn volume(self, name: &str, scope: Scope, source: impl AsRef<Path>) -> Self;
}

impl WithVolume for Workload {
    fn volume(mut self, name: &str, scope: Scope, source: impl AsRef<Path>) -> Workload {
        let source = Some(source.as_ref().to_str().unwrap().to_owned());
        self.volumes.push(Volume { name: name.to_owned(), scope, source, target: None });
        self
    }
}

pub fn chmod(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}
