//! A throwaway host for the tests of this module.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::config::{Api, Config, Host, Links, RuntimeKind, Volume, Workload};
use crate::deployer::scope::Scope;
use crate::runtime::DeploySpec;
use crate::state_dir::StateDir;

/// Directories, a configuration without workloads, and the state directory made from it.
pub(crate) struct World {
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
                plugin_stall_limit: crate::plugins::limits::STALL_LIMIT,
                plugin_keys: Vec::new(),
            },
            api: Api::default(),
            workloads: Vec::new(),
        };
        let state = StateDir::init(&config).unwrap();
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

pub(crate) fn workload(id: &str, project: &str, stage: &str) -> Workload {
    Workload {
        id: id.to_owned(),
        project: project.to_owned(),
        stage: stage.to_owned(),
        runtime: RuntimeKind::Process,
        image: None,
        command: vec!["/bin/app".to_owned()],
        user: None,
        environment: BTreeMap::new(),
        stop_signal: "SIGTERM".to_owned(),
        stop_timeout: Duration::from_secs(1),
        health: None,
        container: Default::default(),
        allow_containers: Vec::new(),
        links: Links::Refuse,
        privileged: false,
        volumes: Vec::new(),
    }
}

impl Workload {
    pub(crate) fn volume(mut self, name: &str, scope: Scope, source: impl AsRef<Path>) -> Workload {
        let source = Some(source.as_ref().to_str().unwrap().to_owned());
        self.volumes.push(Volume { name: name.to_owned(), scope, source, target: None });
        self
    }
}

pub(crate) fn spec(workload: &str, image: &str) -> DeploySpec {
    DeploySpec {
        workload: workload.to_owned(),
        image: image.to_owned(),
        image_digest: format!("digest of {image}"),
        command: vec![image.to_owned()],
        user: None,
        environment: Vec::new(),
        mounts: Vec::new(),
        stop_signal: "SIGTERM".to_owned(),
        stop_timeout: Duration::from_secs(1),
        health: None,
        container: Default::default(),
    }
}

pub(crate) fn chmod(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}
