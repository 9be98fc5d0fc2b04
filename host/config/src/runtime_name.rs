//! What runs a workload, by its name. The names are open: whoever embeds the host registers runtimes of its own under names
//! of its own.

use std::fmt;

/// The runtime of plain processes: the image of a workload is its command.
pub const PROCESS: &str = "process";
/// The runtime of one container on a Docker Engine.
pub const DOCKER: &str = "docker";

/// The runtime of Compose projects: all containers of one on a Docker Engine.
pub const COMPOSE: &str = "compose";

/// The runtimes that this project has.
pub const BUILT_IN: [&str; 3] = [PROCESS, DOCKER, COMPOSE];

/// The name of a runtime, as configurations and journals have it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RuntimeName(String);

impl RuntimeName {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether workloads are processes of this host.
    pub fn is_process(&self) -> bool {
        self.0 == PROCESS
    }

    /// Whether workloads are containers on a Docker Engine.
    pub fn is_docker(&self) -> bool {
        self.0 == DOCKER
    }

    /// Whether workloads are Compose projects.
    pub fn is_compose(&self) -> bool {
        self.0 == COMPOSE
    }
}

impl From<&str> for RuntimeName {
    fn from(name: &str) -> RuntimeName {
        RuntimeName(name.to_owned())
    }
}

impl From<String> for RuntimeName {
    fn from(name: String) -> RuntimeName {
        RuntimeName(name)
    }
}

impl fmt::Display for RuntimeName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}
