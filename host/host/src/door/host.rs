//! The host as whoever embeds it sees it.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use super::{Caller, Capture, HostBuilder, Plan, Restore, Snapshot};
use crate::host;
use crate::host::SnapshotRequest;
use crate::restore::progress::{Progress, Unwatched};
use crate::restore::{Report, decide, run, undo};
use reforge_base::Message;
use reforge_base::Phase;
use reforge_base::failure::{Failure, Result};
use reforge_base::spec::Health;
use reforge_config::Config;
use reforge_deployer::dispatch::DeployRequest;
use reforge_plugins::{ActivePlugin, Plugin};
use reforge_transaction::lease::Lease;
use reforge_transaction::receipt::{self, Receipt};
use reforge_transaction::recover::Recovered;

/// A host that is open. Clones are the same one. Everything that is asked blocks its thread until it is over, and different
/// workloads can be worked on from different threads at once.
#[derive(Clone)]
pub struct Host {
    core: Arc<host::Host>,
    /// Loaded when it is needed first: recovery and undo need no plugin.
    active_plugin: Arc<Mutex<Option<Arc<ActivePlugin>>>>,
}

impl Host {
    /// A host whose configuration is a file; `docs/configuration.md` has every key.
    pub fn from_toml(path: impl Into<PathBuf>) -> HostBuilder {
        HostBuilder::of_file(path.into())
    }

    /// A host whose configuration is made in code.
    pub fn from_config(config: Config) -> HostBuilder {
        HostBuilder::of_config(config)
    }

    pub(super) fn new(core: host::Host) -> Host {
        Host { core: Arc::new(core), active_plugin: Arc::default() }
    }

    pub fn config(&self) -> &Config {
        &self.core.config
    }

    /// What a start does, before anything else: settles every restore that a crash left unfinished. What changes something
    /// does it first, too, so that a crash of another process is settled by whoever comes next.
    pub fn recover(&self) -> Result<Vec<Recovered>> {
        self.core.recover()
    }

    /// Deploys a workload as it is configured, through its runtime. One that turns out bad is a failure.
    pub fn deploy(&self, workload: &str, caller: &Caller) -> Result<Health> {
        self.recover()?;
        let request = DeployRequest::Deploy { workload: workload.to_owned(), make_empty: Vec::new(), replace: false };
        let done = self.core.dispatch(&request, caller.wait, &caller.who, &|| caller.is_cancelled())?;
        Ok(done.health.map_or(Health::Unknown, |report| report.health))
    }

    /// A workload's lock, for what somebody does to it without this host: to deploy it by themselves, for example. It is
    /// refused while a restore of the workload is unfinished. Dropping it gives it back.
    pub fn hold(&self, workload: &str, what: &str, caller: &Caller) -> Result<Lease> {
        self.recover()?;
        let workload = self.core.config.workload(workload)?;
        let lease = self.core.lease(&workload.id, what, caller.wait, &caller.cancelled)?;
        Failure::of_all(&self.core.blocked(workload)?).map_or(Ok(lease), Err)
    }

    /// Takes a snapshot of every volume of a workload. An app that runs is stopped or frozen meanwhile, as its workload says.
    pub fn capture(&self, workload: &str, reason: &str, caller: &Caller) -> Result<Snapshot> {
        self.recover()?;
        let workload = self.core.config.workload(workload)?;
        let captured = self.watched(&workload.id, caller, |progress| {
            let asked = SnapshotRequest { wait: caller.wait, ..SnapshotRequest::because(reason) };
            self.core.take_snapshot(workload, &asked, &caller.who, progress)
        });
        captured.map(Snapshot::of)
    }

    /// The same as it is asked for.
    pub fn capture_as(&self, capture: &Capture, caller: &Caller) -> Result<Snapshot> {
        self.recover()?;
        let workload = self.core.config.workload(&capture.workload)?;
        let captured = self.watched(&workload.id, caller, |progress| {
            let consistency = capture.consistency;
            let asked = SnapshotRequest { consistency, wait: caller.wait, ..SnapshotRequest::because(&capture.reason) };
            self.core.take_snapshot(workload, &asked, &caller.who, progress)
        });
        captured.map(Snapshot::of)
    }

    /// All snapshots of a workload, newest first; one that is damaged as why.
    pub fn snapshots(&self, workload: &str) -> Result<Vec<Result<Snapshot>>> {
        let workload = self.core.config.workload(workload)?;
        let listed = self.core.store.list(&workload.id)?;
        Ok(listed.into_iter().map(|one| one.descriptor.map(Snapshot::of)).collect())
    }

    /// Reads a whole snapshot from disk and compares it with its descriptor.
    pub fn verify(&self, workload: &str, snapshot: &str, caller: &Caller) -> Result<Snapshot> {
        let workload = self.core.config.workload(workload)?;
        let size = self.core.store.get(&workload.id, snapshot)?.archive.bytes;
        let verified = self.watched(&workload.id, caller, |progress| {
            progress.begin(Phase::Verifying, size, 0);
            self.core.store.verify(&workload.id, snapshot, &**progress)
        });
        verified.map(Snapshot::of)
    }

    /// What a restore would change and what stands in its way. Changes nothing.
    pub fn plan(&self, restore: &Restore, caller: &Caller) -> Result<Plan> {
        self.core.config.workload(&restore.workload)?;
        let plugin = self.plugin()?;
        let planned = self.watched(&restore.workload, caller, |progress| {
            run::plan(&self.core, &plugin, &restore.request(caller), progress)
        });
        planned.map(Plan::of)
    }

    /// Restores every volume, or none, and says which. It never fails without saying in what state things are.
    pub fn restore(&self, restore: &Restore, caller: &Caller) -> Report {
        let plugin = match self.recover().and_then(|_| self.plugin()) {
            Ok(plugin) => plugin,
            Err(failure) => return Report::unchanged(failure),
        };
        self.watched(&restore.workload, caller, |progress| {
            run::run(&self.core, plugin, &restore.request(caller), progress)
        })
    }

    /// Swaps the previous data of a restore back in. `id` is its receipt's, or a beginning that no other has. What is live
    /// now becomes the previous data.
    pub fn undo(&self, id: &str, caller: &Caller) -> Report {
        if let Err(failure) = self.recover() {
            return Report::unchanged(failure);
        }
        let request = self.request(id, caller);
        // One that nobody knows is refused below.
        let workload = decide::named(&self.core, id).ok().and_then(|named| named.workload);
        self.watched(workload.as_deref().unwrap_or_default(), caller, |progress| {
            undo::run(&self.core, &request, progress)
        })
    }

    /// Ends the undo window of a restore: removes the previous data now. Answers what could not be removed and was left.
    pub fn finish(&self, id: &str, caller: &Caller) -> Result<Vec<Message>> {
        self.recover()?;
        undo::finish(&self.core, &self.request(id, caller)).map(|finished| finished.left)
    }

    /// The receipt of a restore or undo, by its whole id; none as long as it is not over.
    pub fn receipt(&self, id: &str) -> Result<Option<Receipt>> {
        receipt::read(&self.core.state.receipts(), id)
    }

    fn request(&self, id: &str, caller: &Caller) -> undo::Request {
        undo::Request { id: id.to_owned(), wait: caller.wait, who: caller.who.clone() }
    }

    /// Does something to a workload that the caller can cancel and whose events are heard.
    fn watched<T>(&self, workload: &str, caller: &Caller, act: impl FnOnce(&Arc<Progress>) -> T) -> T {
        let watcher = self.core.watched(workload, Arc::new(Unwatched));
        let progress = Arc::new(Progress::new(watcher, caller.cancelled.clone()));
        self.core.counted(workload, &progress, || act(&progress))
    }

    /// The plugin in use: named by the configuration, selected, or built in.
    fn plugin(&self) -> Result<Plugin> {
        self.active_plugin()?.current()
    }

    /// For `reforge-server`, which asks the same host over HTTP.
    #[doc(hidden)]
    pub fn core(&self) -> &Arc<host::Host> {
        &self.core
    }

    /// The same.
    #[doc(hidden)]
    pub fn active_plugin(&self) -> Result<Arc<ActivePlugin>> {
        let mut active_plugin = self.active_plugin.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(active_plugin) = &*active_plugin {
            return Ok(active_plugin.clone());
        }
        let opened = Arc::new(self.core.open_slot(self.core.config.host.plugin.clone())?);
        Ok(active_plugin.insert(opened).clone())
    }
}

impl Caller {
    fn is_cancelled(&self) -> bool {
        self.cancelled.load(std::sync::atomic::Ordering::Relaxed)
    }
}
