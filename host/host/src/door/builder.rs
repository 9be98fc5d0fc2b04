//! How a host comes to be that somebody embeds.

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;

use super::Host;
use crate::events::EventSink;
use crate::host::{self, Embedding};
use reforge_base::Message;
use reforge_base::escape;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;
use reforge_base::state_dir::StateDir;
use reforge_config::{COMPOSE, Config, DOCKER, PROCESS, is_name};
use reforge_deployer::dispatch::Runtimes;
use reforge_runtime::Runtime;
use reforge_transaction::lease::OuterLock;

/// What a host is made of: a configuration, what runs its workloads, and who hears of it.
#[must_use = "nothing is opened before `build`"]
pub struct HostBuilder {
    source: Source,
    /// In the order in which they were registered.
    runtimes: Vec<(String, Made)>,
    lock: Option<Arc<dyn OuterLock>>,
    sink: Option<Arc<dyn EventSink>>,
    compiler: Vec<OsString>,
}

enum Source {
    File(PathBuf),
    Code(Box<Config>),
}

/// Those of ours keep their state in the host's, which is not open yet.
enum Made {
    Own(Arc<dyn Runtime>),
    Docker,
    Compose,
    Processes(Vec<OsString>),
}

impl HostBuilder {
    pub(super) fn of_file(path: PathBuf) -> HostBuilder {
        HostBuilder::of(Source::File(path))
    }

    pub(super) fn of_config(config: Config) -> HostBuilder {
        HostBuilder::of(Source::Code(Box::new(config)))
    }

    fn of(source: Source) -> HostBuilder {
        HostBuilder { source, runtimes: Vec::new(), lock: None, sink: None, compiler: Vec::new() }
    }

    /// Runs the workloads whose `runtime` is this name. Journals keep the name: a host that has an unfinished restore of
    /// it needs it again.
    pub fn runtime(self, name: &str, runtime: Arc<dyn Runtime>) -> HostBuilder {
        self.registered(name, Made::Own(runtime))
    }

    /// Has the runtime `docker`: one container each on the engine that the configuration names.
    pub fn docker(self) -> HostBuilder {
        self.registered(DOCKER, Made::Docker)
    }

    /// Has the runtime `compose`: Compose projects on the engine that the configuration names.
    pub fn compose(self) -> HostBuilder {
        self.registered(COMPOSE, Made::Compose)
    }

    /// Has the runtime `process`: plain processes of this machine. `supervisor` is a command whose program calls
    /// `reforge_runtime::process::supervise` with its last argument, which is a directory.
    pub fn processes(self, supervisor: Vec<OsString>) -> HostBuilder {
        self.registered(PROCESS, Made::Processes(supervisor))
    }

    fn registered(mut self, name: &str, made: Made) -> HostBuilder {
        self.runtimes.push((name.to_owned(), made));
        self
    }

    /// Who hears of phases, of how far they are, of notes, and of each line of the audit log.
    pub fn events(self, sink: impl EventSink + 'static) -> HostBuilder {
        HostBuilder { sink: Some(Arc::new(sink)), ..self }
    }

    /// A lock that is taken before the host's own, whoever asks.
    pub fn lock(self, lock: Arc<dyn OuterLock>) -> HostBuilder {
        HostBuilder { lock: Some(lock), ..self }
    }

    /// Lets plugins be installed. `compiler` is a command whose program calls `reforge_plugins::compile::child` with its last
    /// argument, which is a directory. Plugins that are installed already, and the one that is built in, need none.
    pub fn plugin_compiler(self, compiler: Vec<OsString>) -> HostBuilder {
        HostBuilder { compiler, ..self }
    }

    /// Makes the state directory and the snapshot directory, or completes them. For an installation: a start that finds
    /// none must fail, or a disk that is not mounted would look like a host on which nothing was ever restored.
    pub fn init(&self) -> Result<()> {
        self.config()?.init_state().map(drop)
    }

    /// Checks the configuration and opens the state directory. What a crash left is not settled yet: see
    /// [`Host::recover`]. One per process.
    pub fn build(self) -> Result<Host> {
        let config = self.config()?;
        let state = config.open_state()?;
        let runtimes = self.runtimes.into_iter().map(|(name, made)| {
            let runtime = made.opened(&config, &state);
            (name.into(), runtime)
        });
        let embedding = Embedding {
            runtimes: Runtimes::from_iter(runtimes),
            lock: self.lock,
            sink: self.sink,
            compiler: self.compiler,
        };
        Ok(Host::new(host::Host::embedded(Arc::new(config), state, embedding)))
    }

    fn config(&self) -> Result<Config> {
        let names: Vec<&str> = self.runtimes.iter().map(|(name, _)| name.as_str()).collect();
        let refused = |message: Message, hint: Message| Err(Failure::new(Code::Usage, message).hint(hint));
        if names.is_empty() {
            let hint = message!("register-one-with-hostbuilder-runtime");
            return refused(message!("the-host-has-no-runtime"), hint);
        }
        for (index, name) in names.iter().enumerate() {
            let shown = escape::text(name);
            if !is_name(name) {
                let hint = message!("a-name-has-1-to-63");
                return refused(message!("a-runtime-is-registered", shown), hint);
            }
            if names[..index].contains(name) {
                return refused(message!("two-runtimes-are-registered-as", shown), message!("give-each-its-own-name"));
            }
        }
        match &self.source {
            Source::File(path) => Config::load_for(path, &names),
            Source::Code(config) => config.checked(&names),
        }
    }
}

impl Made {
    fn opened(self, config: &Config, state: &StateDir) -> Arc<dyn Runtime> {
        match self {
            Made::Own(runtime) => runtime,
            Made::Docker => host::Host::docker_runtime(config, state),
            Made::Compose => host::Host::compose_runtime(config, state),
            Made::Processes(supervisor) => host::Host::process_runtime(state, supervisor),
        }
    }
}
