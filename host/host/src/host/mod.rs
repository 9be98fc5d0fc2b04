//! The host: everything that one configuration has, put together, and what each start and each change owes the audit.
//!
//! `gate` says whether a workload may be touched; `snapshots` takes and deletes its snapshots, `capturing` stops or freezes its app
//! meanwhile, `retention` says which of them stay, `captured` knows the newest; `schedule` says how far a workload is with what
//! is due and [`due`] does it; `told` says what people elsewhere are told of.

mod captured;
mod capturing;
pub mod due;
mod gate;
mod retention;
mod schedule;
mod snapshots;
mod told;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

pub use self::capturing::outlook_of;
pub use self::snapshots::SnapshotRequest;
use crate::audit::Audit;
use crate::events::{self, Event, EventSink};
use crate::leftovers;
use crate::restore::progress::{Progress, Watcher};
use crate::restore::report::Report;
use reforge_base::Message;
use reforge_base::durable;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;
use reforge_base::state_dir::StateDir;
use reforge_config::deploy_spec;
use reforge_config::{COMPOSE, Config, DOCKER, PROCESS, Workload};
use reforge_deployer::dispatch::{DeployRequest, Deployed, Deployer, Leased, Runtimes};
use reforge_deployer::resolve;
use reforge_docker::{ComposeRuntime, DockerRuntime};
use reforge_notify::Notifier;
use reforge_plugins::registry::Registry;
use reforge_plugins::{ActivePlugin, PluginEngine};
use reforge_runtime::Runtime;
use reforge_runtime::process::ProcessRuntime;
use reforge_runtime::stopped;
use reforge_snapshots::store::Store;
use reforge_transaction::generation::Generations;
use reforge_transaction::lease::{Lease, Locks, OuterLock};
use reforge_transaction::receipt::{self, Outcome, Receipt};
use reforge_transaction::recover::{Recovered, Recovery};
use reforge_transaction::{aborted, prune, registry};
use reforge_volumes::parent::Parent;

pub use captured::Captured;
pub use retention::{Judged, Stays};
pub use schedule::{Dealt, DueOutcome, Scheduled};

/// A host with its state directory open. One per process.
pub struct Host {
    pub config: Arc<Config>,
    pub state: StateDir,
    pub store: Store,
    pub deployer: Deployer,
    audit: Audit,
    sink: Option<Arc<dyn EventSink>>,
    /// The command that compiles a plugin, in a process of its own.
    pub compiler: Vec<OsString>,
    notifier: Notifier,
}

/// What a host has of whoever embeds it. The default is nothing.
#[derive(Default)]
pub struct Embedding {
    pub runtimes: Runtimes,
    pub lock: Option<Arc<dyn OuterLock>>,
    pub sink: Option<Arc<dyn EventSink>>,
    /// The command that compiles plugins in a process of its own. Without one none can be installed.
    pub compiler: Vec<OsString>,
}

impl Host {
    /// Opens the state directory. Nothing is recovered yet; see [`Host::recover`]. `supervisor` is the command that
    /// runs a supervisor of the process runtime, `compiler` the one that compiles plugins.
    pub fn open(config: Config, supervisor: Vec<OsString>, compiler: Vec<OsString>) -> Result<Host> {
        let state = config.open_state()?;
        let config = Arc::new(config);
        // Also for a workload that the configuration no longer has: nothing is asked of the engine until it is needed.
        let runtimes = Runtimes::from([
            (PROCESS.into(), Host::process_runtime(&state, supervisor)),
            (DOCKER.into(), Host::docker_runtime(&config, &state)),
            (COMPOSE.into(), Host::compose_runtime(&config, &state)),
        ]);
        Ok(Host::embedded(config, state, Embedding { runtimes, compiler, ..Embedding::default() }))
    }

    /// The runtime of plain processes, which keeps its state in the host's.
    pub fn process_runtime(state: &StateDir, supervisor: Vec<OsString>) -> Arc<dyn Runtime> {
        Arc::new(ProcessRuntime::new(state.root().to_owned(), supervisor))
    }

    /// The runtime of containers.
    pub fn docker_runtime(config: &Config, state: &StateDir) -> Arc<dyn Runtime> {
        Arc::new(DockerRuntime::new(config.host.docker_socket.clone(), state.host_id(), state.docker()))
    }

    /// The runtime of Compose projects.
    pub fn compose_runtime(config: &Config, state: &StateDir) -> Arc<dyn Runtime> {
        let projects =
            config.workloads.iter().filter_map(|workload| Some((workload.id.clone(), workload.compose.clone()?)));
        let checks =
            config.workloads.iter().filter_map(|workload| Some((workload.id.clone(), workload.health.clone()?)));
        let socket = config.host.docker_socket.clone();
        let runtime = ComposeRuntime::new(socket, state.compose(), state.docker(), projects.collect());
        Arc::new(runtime.with_checks(checks.collect()))
    }

    /// What plugins are installed.
    pub fn registry(&self) -> Registry {
        Registry::new(self.state.plugins(), &self.config.host.plugin_keys)
    }

    /// The engine that plugins run on, with this host's cache.
    pub fn plugin_engine(&self) -> Result<PluginEngine> {
        let cache = self.state.cache();
        durable::make_directories_durably(&cache, durable::PRIVATE_DIRECTORY)?;
        PluginEngine::new(Some(&cache))
    }

    /// The place of the plugin in use: `file` when there is one, else what is selected.
    pub fn open_slot(&self, file: Option<PathBuf>) -> Result<ActivePlugin> {
        Ok(ActivePlugin::open(self.plugin_engine()?, file, self.registry()))
    }

    /// A host with these runtimes and no others.
    pub fn with_runtimes(config: Arc<Config>, state: StateDir, runtimes: Runtimes) -> Host {
        Host::embedded(config, state, Embedding { runtimes, ..Embedding::default() })
    }

    /// A host that somebody embeds.
    pub fn embedded(config: Arc<Config>, state: StateDir, embedding: Embedding) -> Host {
        let Embedding { runtimes, lock, sink, compiler } = embedding;
        let locks = Locks::new(&state);
        let locks = lock.into_iter().fold(locks, Locks::within);
        let gate_config = config.clone();
        let generations = Generations::new(&state);
        let gate_state = state.clone();
        let gate = Arc::new(move |name: &str| {
            let workload = gate_config.workload(name)?;
            let refusals = gate::blocked(&gate_state, &generations, &gate_config, workload)?;
            Failure::of_all(&refusals).map_or(Ok(()), Err)
        });
        let mut deployer = Deployer::new(config.clone(), &state, locks, runtimes, gate);
        let mut audit = Audit::new(state.audit());
        if let Some(sink) = &sink {
            let heard = sink.clone();
            deployer = deployer.telling(Arc::new(move |message| heard.take(&Event::Told { message })));
            let heard = sink.clone();
            audit = audit.heard_by(Arc::new(move |line| heard.take(&Event::Audit(line))));
        }
        let store = Store::new(config.host.snapshot_dir.clone());
        let notifier = told::notifier(&config, state.notify());
        Host { store, audit, deployer, config, state, sink, compiler, notifier }
    }

    /// Who watches what is done to a workload: somebody, and whoever hears this host's events.
    pub fn watched(&self, workload: &str, watcher: Arc<dyn Watcher>) -> Arc<dyn Watcher> {
        match &self.sink {
            Some(sink) => {
                let (sink, workload) = (sink.clone(), workload.to_owned());
                Arc::new(events::Watched { sink, workload, beside: watcher })
            }
            None => watcher,
        }
    }

    /// Does something to a workload, of which whoever hears this host's events hears how far it is.
    pub fn counted<T>(&self, workload: &str, progress: &Progress, act: impl FnOnce() -> T) -> T {
        match &self.sink {
            Some(sink) => events::counted(&**sink, workload, progress, act),
            None => act(),
        }
    }

    /// What a start does, before anything else: settles every unfinished transaction and sweeps what is over.
    pub fn recover(&self) -> Result<Vec<Recovered>> {
        self.renew_environment_key()?;
        let recovery = Recovery {
            transactions: &self.state.transactions(),
            receipts: &self.state.receipts(),
            apps: &self.deployer,
        };
        let recovered = recovery.run()?;
        let receipts = || recovered.iter().filter_map(|one| one.result.as_ref().ok());
        // All are told before anything is removed: a removal may fail.
        receipts().try_for_each(|receipt| self.audit_receipt(receipt))?;
        self.notify_of_recovery(&recovered);
        for receipt in receipts() {
            self.or_tell(self.unless_busy(&receipt.workload, || self.prune_safety(&receipt.workload)));
        }
        self.settle_captures();
        self.resume_held();
        self.sweep();
        Ok(recovered)
    }

    /// A workload that is held by no transaction was to be captured by a version before, which wrote nothing else down, and the
    /// host ended: what ran is started again. One that cannot be is told, and stands in no other's way.
    fn resume_held(&self) {
        let is_free = |workload: &str| -> Result<bool> {
            let is_known = capturing::blocked(&self.state, workload)?.is_some();
            Ok(!is_known && registry::blocking(&registry::read_open(&self.state.transactions())?, workload).is_none())
        };
        for runtime in self.deployer.runtimes() {
            let resume = |workload: &str| {
                self.unless_busy(workload, || if is_free(workload)? { runtime.resume(workload) } else { Ok(()) })
            };
            stopped::resume_all(&**runtime, &resume, &|failure| self.deployer.tell(failure));
        }
    }

    /// What a completed restore or undo made of no use goes: the app is up, and only its newest one can be undone. What
    /// cannot go now is told, and tried again by the next start.
    pub(crate) fn end_superseded(&self, report: &Report) {
        let Some(receipt) = &report.receipt else { return };
        if matches!(receipt.outcome, Outcome::Done | Outcome::Unconfirmed) {
            let recovery = Recovery {
                transactions: &self.state.transactions(),
                receipts: &self.state.receipts(),
                apps: &self.deployer,
            };
            self.or_tell(recovery.end_superseded(&receipt.workload));
            if let Some(bytes_max) = self.config.host.previous_max {
                self.or_tell(recovery.hold_previous_below(bytes_max, &receipt.id));
            }
        }
    }

    /// Only comparisons need the key: a lost one stands in the way of nothing.
    fn renew_environment_key(&self) -> Result<()> {
        match self.state.renew_environment_key() {
            Ok(None) => Ok(()),
            Ok(Some(why)) => {
                self.deployer.tell(message!("the-key-of-environment-digests", why));
                self.audit.append("environment-key", "host", serde_json::json!({ "made_anew_since": why }))
            }
            Err(failure) => {
                self.deployer.tell(message!("the-key-of-environment-digests-could", failure));
                Ok(())
            }
        }
    }

    /// Takes the state directory for the newest as far as a workload's volumes go, as a person says.
    pub fn accept_state(&self, workload: &str, who: &str) -> Result<()> {
        let workload = self.config.workload(workload)?;
        let accept = || {
            let _lease = self.deployer.locks().try_lease(&workload.id, message!("taking-the-state-directory"))?;
            let volumes = resolve::resolve(&self.config, workload).volumes;
            let parents = volumes.iter().map(|volume| Parent::open(&volume.parent)).collect::<Result<Vec<_>>>()?;
            self.deployer.generations().accept(&workload.id, &parents)
        };
        let accepted = accept();
        let details = serde_json::json!({ "workload": workload.id, "failure": accepted.as_ref().err() });
        self.audit.append("accept-state", who, details)?;
        accepted
    }

    /// Does it under the workload's lease. Whoever has that one does it at the end.
    fn unless_busy(&self, workload: &str, act: impl FnOnce() -> Result<()>) -> Result<()> {
        match self.deployer.locks().try_lease(workload, "sweeping") {
            Ok(_lease) => act(),
            Err(failure) if failure.code == Code::Busy => Ok(()),
            Err(failure) => Err(failure),
        }
    }

    /// What cannot be removed is told and left to the next start: it stands in the way of nothing.
    pub fn or_tell(&self, swept: Result<()>) {
        if let Err(failure) = swept {
            self.deployer.tell(message!("not-removed", failure));
        }
    }

    /// Removes what commands that died left half made: nothing refers to it. What living ones make stays. Then of what is
    /// over all that only going on or back needed.
    fn sweep(&self) {
        let transactions = self.state.transactions();
        self.or_tell(leftovers::sweep(&self.state, self.deployer.locks(), &|swept| self.or_tell(swept)));
        self.or_tell(self.state.remove_probes());
        self.or_tell(aborted::remove(&transactions));
        self.or_tell(prune::remove_forgotten(&transactions));
        let left = self.store.left_behind();
        for workload in left.as_deref().unwrap_or_default() {
            self.or_tell(self.unless_busy(workload, || self.store.sweep(workload)));
        }
        self.or_tell(left.map(drop));
        let over = registry::read_open(&transactions).map(|entries| prune::over(&entries));
        for (id, workload) in over.as_deref().unwrap_or_default() {
            self.or_tell(self.unless_busy(workload, || self.summarise(id)));
        }
        self.or_tell(over.map(drop));
        self.or_tell(prune::prune_old(&transactions, &|pruned| self.or_tell(pruned)));
    }

    /// Of a transaction that is over and told all goes that nobody needs any more. The caller holds the workload's lease.
    pub fn summarise(&self, id: &str) -> Result<()> {
        prune::summarise(&self.state.transactions(), &self.state.receipts(), id)
    }

    /// The runtime that runs a workload.
    pub fn runtime(&self, workload: &Workload) -> Result<Arc<dyn Runtime>> {
        self.deployer.runtime_of(&workload.id).cloned()
    }

    /// A keyed digest of each environment variable's value.
    pub fn environment_digests(&self, workload: &Workload) -> Result<BTreeMap<String, String>> {
        Ok(deploy_spec::environment_digests(workload, &self.state.environment_key()?.secret))
    }

    /// A workload's lock: at once or `busy`; with `wait` as soon as it is free, or `cancelled`.
    pub fn lease(&self, workload: &str, what: impl Into<Message>, wait: bool, cancelled: &AtomicBool) -> Result<Lease> {
        let locks = self.deployer.locks();
        match wait {
            true => locks.wait_lease(workload, what, &|| cancelled.load(Ordering::Relaxed)),
            false => locks.try_lease(workload, what),
        }
    }

    /// A deploy of any kind as somebody asks for it: audited, whatever becomes of it.
    pub fn dispatch(
        &self,
        request: &DeployRequest,
        wait: bool,
        who: &str,
        cancelled: &dyn Fn() -> bool,
    ) -> Result<Deployed> {
        self.dispatch_leased(request, self.deployer.lease(request, wait, cancelled), who, cancelled)
    }

    /// [`Host::dispatch`] once it holds the workload's lease, or could not have it.
    pub fn dispatch_leased(
        &self,
        request: &DeployRequest,
        leased: Result<Leased>,
        who: &str,
        cancelled: &dyn Fn() -> bool,
    ) -> Result<Deployed> {
        let done = leased.and_then(|leased| self.deployer.dispatch_leased(&leased, cancelled));
        let spec = done.as_ref().ok().and_then(|done| done.spec.as_ref());
        let made = done.iter().flat_map(|done| &done.made).map(|made| reforge_base::escape::path(&made.path));
        let made: Vec<String> = made.collect();
        let details = serde_json::json!({
            "workload": reforge_base::escape::text(request.workload()),
            "image": spec.map(|spec| &spec.image),
            "image_digest": spec.map(|spec| &spec.image_digest),
            "made": made,
            "failure": done.as_ref().err(),
        });
        self.audit.append(request.verb(), who, details)?;
        done
    }

    pub fn keep_receipt(&self, receipt: &Receipt) -> Result<()> {
        receipt::write(&self.state.receipts(), receipt)
    }

    pub fn audit(&self) -> &Audit {
        &self.audit
    }

    pub fn audit_event(&self, what: &str, who: &str, details: serde_json::Value) -> Result<()> {
        self.audit.append(what, who, details)
    }

    pub fn audit_receipt(&self, receipt: &Receipt) -> Result<()> {
        let what = match receipt.kind {
            reforge_transaction::event::TransactionKind::Restore { .. } => "restore",
            reforge_transaction::event::TransactionKind::Undo { .. } => "undo",
        };
        let details = serde_json::json!({
            "id": receipt.id,
            "workload": receipt.workload,
            "kind": receipt.kind,
            "outcome": receipt.outcome,
            "failure": receipt.failure,
            "plan": receipt.plan_digest,
            "plugin": receipt.plugin_digest,
            "safety": receipt.safety,
        });
        self.audit.append(what, &receipt.who, details)
    }

    /// A refused try is audited, too; that it could not be is added to what is told.
    pub fn audit_refusal(&self, what: &str, workload: &str, of: &str, who: &str, report: &mut Report) {
        let outcome = match report.outcome {
            Outcome::Cancelled => "cancelled",
            _ => "refused",
        };
        let details =
            serde_json::json!({ "workload": workload, "of": of, "outcome": outcome, "failure": report.failure });
        report.warnings.extend(self.audit.append(what, who, details).err());
    }
}
