//! The host: everything that one configuration has, put together.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::audit::Audit;
use crate::config::{Config, RuntimeKind, Workload};
use crate::deployer::dispatch::{DeployRequest, Deployed, Deployer, Leased, Runtimes};
use crate::deployer::lease::{Lease, Locks};
use crate::deployer::resolve::{self, ResolvedVolume};
use crate::deployer::workload;
use crate::failure::{Code, Failure, Result};
use crate::leftovers;
use crate::restore::progress::Progress;
use crate::restore::report::Report;
use crate::runtime::docker::DockerRuntime;
use crate::runtime::process::ProcessRuntime;
use crate::runtime::{Observation, Runtime};
use crate::snapshots::capture::{self, CaptureRequest, CaptureVolume, SAFETY, Storage};
use crate::snapshots::format::{Descriptor, Image};
use crate::snapshots::store::Store;
use crate::state_dir::StateDir;
use crate::transaction::receipt::{self, Outcome, Receipt};
use crate::transaction::recover::{Recovered, Recovery};
use crate::transaction::{Transaction, registry, unbegun};
use crate::volumes::parent::Parent;

/// Safety snapshots that are kept per workload, besides those that a transaction still names.
const SAFETY_KEPT: usize = 3;

/// A host with its state directory open. One per process.
pub struct Host {
    pub config: Arc<Config>,
    pub state: StateDir,
    pub store: Store,
    pub deployer: Deployer,
    audit: Audit,
}

impl Host {
    /// Opens the state directory. Nothing is recovered yet; see [`Host::recover`]. `supervisor` is the command that
    /// runs a supervisor of the process runtime.
    pub fn open(config: Config, supervisor: Vec<OsString>) -> Result<Host> {
        let state = StateDir::open(&config)?;
        let config = Arc::new(config);
        let process: Arc<dyn Runtime> = Arc::new(ProcessRuntime::new(state.root().to_owned(), supervisor));
        // Also for a workload that the configuration no longer has: nothing is asked of the engine until it is needed.
        let docker: Arc<dyn Runtime> =
            Arc::new(DockerRuntime::new(config.host.docker_socket.clone(), state.host_id(), state.docker()));
        let runtimes: Runtimes = BTreeMap::from([(RuntimeKind::Process, process), (RuntimeKind::Docker, docker)]);
        Ok(Host::with_runtimes(config, state, runtimes))
    }

    /// The same with runtimes of a deployer's own.
    pub fn with_runtimes(config: Arc<Config>, state: StateDir, runtimes: Runtimes) -> Host {
        let locks = Locks::new(&state);
        let gate_config = config.clone();
        let transactions = state.transactions();
        let gate = Arc::new(move |name: &str| {
            let workload = gate_config.workload(name)?;
            let refusals = blocked(&transactions, &gate_config, workload)?;
            Failure::of_all(&refusals).map_or(Ok(()), Err)
        });
        let deployer = Deployer::new(config.clone(), &state, locks, runtimes, gate);
        Host {
            store: Store::new(config.host.snapshot_dir.clone()),
            audit: Audit::new(state.audit()),
            deployer,
            config,
            state,
        }
    }

    /// What a start does, before anything else: settles every unfinished transaction and sweeps what is over.
    pub fn recover(&self) -> Result<Vec<Recovered>> {
        let recovery = Recovery {
            transactions: &self.state.transactions(),
            receipts: &self.state.receipts(),
            deployer: &self.deployer,
        };
        let recovered = recovery.run()?;
        let receipts = || recovered.iter().filter_map(|one| one.result.as_ref().ok());
        // All are told before anything is removed: a removal may fail.
        receipts().try_for_each(|receipt| self.audit_receipt(receipt))?;
        receipts()
            .try_for_each(|receipt| self.unless_busy(&receipt.workload, || self.prune_safety(&receipt.workload)))?;
        self.sweep()?;
        Ok(recovered)
    }

    /// Does it under the workload's lease. Whoever has that one does it at the end.
    fn unless_busy(&self, workload: &str, act: impl FnOnce() -> Result<()>) -> Result<()> {
        match self.deployer.locks().try_lease(workload, "sweeping") {
            Ok(_lease) => act(),
            Err(failure) if failure.code == Code::Busy => Ok(()),
            Err(failure) => Err(failure),
        }
    }

    /// Removes what commands that died left half made: nothing refers to it. What living ones make stays.
    fn sweep(&self) -> Result<()> {
        let locks = self.deployer.locks();
        leftovers::sweep(&self.state, locks)?;
        self.state.remove_probes()?;
        unbegun::forget(&self.state.transactions())?;
        registry::remove_forgotten(&self.state.transactions())?;
        self.store
            .left_behind()?
            .iter()
            .try_for_each(|workload| self.unless_busy(workload, || self.store.sweep(workload)))
    }

    /// The runtime that runs a workload.
    pub fn runtime(&self, workload: &Workload) -> Result<Arc<dyn Runtime>> {
        self.deployer.runtime_of(&workload.id).cloned()
    }

    /// Why a workload may not be touched now, all reasons at once.
    pub fn blocked(&self, workload: &Workload) -> Result<Vec<Failure>> {
        blocked(&self.state.transactions(), &self.config, workload)
    }

    /// A keyed digest of each environment variable's value.
    pub fn environment_digests(&self, workload: &Workload) -> Result<BTreeMap<String, String>> {
        Ok(workload::environment_digests(workload, &self.state.environment_key()?))
    }

    /// A workload's lock: at once or `busy`; with `wait` as soon as it is free, or `cancelled`.
    pub fn lease(&self, workload: &str, what: &str, wait: bool, cancelled: &AtomicBool) -> Result<Lease> {
        let locks = self.deployer.locks();
        match wait {
            true => locks.wait_lease(workload, what, &|| cancelled.load(Ordering::Relaxed)),
            false => locks.try_lease(workload, what),
        }
    }

    /// Takes a snapshot of every volume of a workload, under its lease. The app may run.
    pub fn capture(&self, workload: &Workload, reason: &str, wait: bool, progress: &Progress) -> Result<Descriptor> {
        if reason == SAFETY {
            let message =
                format!("`{SAFETY}` is the reason of snapshots that a restore takes, and retention removes those");
            return Err(Failure::new(Code::Usage, message).hint("give another reason"));
        }
        let _lease = self.lease(&workload.id, &format!("snapshot ({reason})"), wait, &progress.cancelled)?;
        Failure::of_all(&self.blocked(workload)?).map_or(Ok(()), Err)?;
        let resolution = resolve::resolve(&self.config, workload);
        let skipped = resolution.skipped.clone();
        let volumes = resolution.accept()?;
        if let Some(absent) = volumes.iter().find(|volume| !volume.exists) {
            let message = format!("volume `{}` has no directory yet: nothing to capture", absent.name);
            return Err(Failure::new(Code::VolumeRefused, message).hint("deploy the workload first"));
        }
        let observation = self.runtime(workload)?.observe(&workload.id)?;
        progress.begin("capturing", 0, 0);
        let request = CaptureRequest { skipped, ..self.request(workload, reason, &observation, Storage::Compressed)? };
        self.capture_volumes(request, &volumes, progress)
    }

    /// [`Host::capture`] as somebody asks for it: audited, whatever becomes of it.
    pub fn take_snapshot(
        &self,
        workload: &Workload,
        reason: &str,
        wait: bool,
        who: &str,
        progress: &Progress,
    ) -> Result<Descriptor> {
        let descriptor = self.capture(workload, reason, wait, progress);
        let id = descriptor.as_ref().ok().map(|descriptor| &descriptor.id);
        let failure = descriptor.as_ref().err();
        let details = serde_json::json!({ "workload": workload.id, "snapshot": id, "failure": failure });
        self.audit.append("snapshot", who, details)?;
        descriptor
    }

    /// Takes the safety snapshot of a transaction whose app is down, and records it. `live` is how many bytes and entries
    /// that will be, or was when they were counted.
    pub fn capture_safety(
        &self,
        workload: &Workload,
        transaction: &mut Transaction,
        (bytes, entries): (u64, u64),
        progress: &Progress,
    ) -> Result<()> {
        let names: Vec<&str> = transaction.spec().volumes.iter().map(|volume| volume.name.as_str()).collect();
        let mut volumes = resolve::resolve(&self.config, workload).accept()?;
        volumes.retain(|volume| volume.exists && names.contains(&volume.name.as_str()));
        let observation = transaction.observation().cloned().unwrap_or_else(Observation::absent);
        progress.begin("safety snapshot", bytes, entries);
        let request = self.request(workload, SAFETY, &observation, Storage::Stored)?;
        let descriptor = self.capture_volumes(request, &volumes, progress)?;
        transaction.record_safety(Some(descriptor.id))
    }

    fn request(
        &self,
        workload: &Workload,
        reason: &str,
        observation: &Observation,
        storage: Storage,
    ) -> Result<CaptureRequest<'static>> {
        let image = observation
            .spec
            .as_ref()
            .map(|spec| Image { reference: spec.image.clone(), digest: spec.image_digest.clone() });
        Ok(CaptureRequest {
            workload: workload.id.clone(),
            reason: reason.to_owned(),
            image: image.unwrap_or_else(|| Image { reference: String::new(), digest: String::new() }),
            skipped: Vec::new(),
            environment: self.environment_digests(workload)?,
            volumes: Vec::new(),
            storage,
        })
    }

    fn capture_volumes(
        &self,
        request: CaptureRequest<'static>,
        volumes: &[ResolvedVolume],
        progress: &Progress,
    ) -> Result<Descriptor> {
        use std::os::fd::AsFd as _;
        let mut opened = Vec::new();
        for volume in volumes {
            let live = Parent::open(&volume.parent)?.open_live(&volume.live)?;
            opened.push(live.ok_or_else(|| {
                Failure::new(Code::VolumeRefused, format!("volume `{}` has no directory", volume.name))
            })?);
        }
        let captured = volumes.iter().zip(&opened).map(|(volume, live)| CaptureVolume {
            name: volume.name.clone(),
            scope: volume.scope.as_str().to_owned(),
            source: volume.source.clone(),
            target: volume.target.display().to_string(),
            live: live.as_fd(),
        });
        let request = CaptureRequest { volumes: captured.collect(), ..request };
        capture::capture(&self.store, &request, progress)
    }

    /// Snapshots that may not go: a transaction that is not over names them.
    pub fn named_snapshots(&self) -> Result<std::collections::BTreeSet<String>> {
        Ok(registry::named_snapshots(&registry::read_all(&self.state.transactions())?))
    }

    /// Deletes a snapshot by its whole id, unless a transaction that is not over names it.
    pub fn delete_snapshot(
        &self,
        workload: &str,
        id: &str,
        wait: bool,
        who: &str,
        cancelled: &AtomicBool,
    ) -> Result<()> {
        let delete = || {
            let workload = self.config.workload(workload)?;
            let _lease = self.lease(&workload.id, "a deletion", wait, cancelled)?;
            self.store.delete(&workload.id, id, &self.named_snapshots()?)
        };
        let deleted = delete();
        let details = serde_json::json!({
            "workload": crate::escape::text(workload),
            "snapshot": crate::escape::text(id),
            "failure": deleted.as_ref().err(),
        });
        self.audit.append("delete", who, details)?;
        deleted
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
        let details = serde_json::json!({
            "workload": crate::escape::text(request.workload()),
            "image": spec.map(|spec| &spec.image),
            "image_digest": spec.map(|spec| &spec.image_digest),
            "failure": done.as_ref().err(),
        });
        self.audit.append(request.verb(), who, details)?;
        done
    }

    /// Keeps the number of safety snapshots down.
    pub fn prune_safety(&self, workload: &str) -> Result<()> {
        self.store.prune_safety(workload, SAFETY_KEPT, &self.named_snapshots()?).map(drop)
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
            crate::transaction::event::Kind::Restore { .. } => "restore",
            crate::transaction::event::Kind::Undo { .. } => "undo",
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

/// An unfinished transaction blocks its workload, and so does a sibling that no journal knows: a restore whose journal
/// is gone may have been in the middle of anything.
fn blocked(transactions: &std::path::Path, config: &Config, workload: &Workload) -> Result<Vec<Failure>> {
    let entries = registry::read_all(transactions)?;
    let mut reasons: Vec<Failure> = registry::blocking(&entries, &workload.id).into_iter().collect();
    let known = registry::known_siblings(&entries);
    for volume in resolve::resolve(config, workload).volumes {
        for sibling in Parent::open(&volume.parent)?.siblings()? {
            let name = sibling.to_string_lossy();
            if !known.contains(name.trim_end_matches("-a").trim_end_matches("-b")) {
                let path = crate::escape::path(&volume.parent.join(&sibling));
                let message = format!("`{path}` was left by a restore that no journal knows of");
                reasons.push(Failure::new(Code::NeedsOperator, message).hint(
                    "is this the state directory that the host used before? If so, look at the directory and move it away",
                ));
            }
        }
    }
    Ok(reasons)
}
