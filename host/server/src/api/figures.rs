//! Figures of the host as it is: how old the newest snapshots are, what is overdue, what needs somebody, what disks hold.
//!
//! They are looked up when somebody asks, and what cannot be looked up is left out, so that an alert on its absence fires
//! instead of one on a figure that nobody knows. Labels are names of the configuration.

use std::sync::atomic::AtomicU64;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use reforge_base::failure::{Code, Result};
use reforge_drills::receipt::{DrillReceipt, Receipts};
use reforge_host::host::Host;
use reforge_snapshots::capture::SAFETY;
use reforge_transaction::registry::{self, KnownTransaction};

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct OfWorkload {
    workload: String,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct OfProbe {
    workload: String,
    probe: String,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct OfKind {
    kind: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct OfDirectory {
    directory: String,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct OfVersion {
    version: &'static str,
}

type Real = Gauge<f64, AtomicU64>;

/// The figures. Clones share them.
#[derive(Clone, Default)]
pub(super) struct Figures {
    last_success: Family<OfWorkload, Gauge>,
    last_duration: Family<OfWorkload, Real>,
    last_size: Family<OfWorkload, Gauge>,
    overdue: Family<OfWorkload, Gauge>,
    drill_success: Family<OfWorkload, Gauge>,
    drill_ready: Family<OfWorkload, Real>,
    probe_value: Family<OfProbe, Real>,
    undo_open: Family<OfWorkload, Gauge>,
    decision_needed: Family<OfWorkload, Gauge>,
    store: Family<OfKind, Gauge>,
    disk_free: Family<OfDirectory, Gauge>,
}

impl Figures {
    pub(super) fn new(registry: &mut Registry) -> Figures {
        let figures = Figures::default();
        let success = "When the newest capture that went well began";
        registry.register("snapshot_last_success_timestamp_seconds", success, figures.last_success.clone());
        let took = "How long it took";
        registry.register("snapshot_last_duration_seconds", took, figures.last_duration.clone());
        registry.register("snapshot_last_size_bytes", "How large its archive is", figures.last_size.clone());
        let overdue = "Whether a snapshot that was due is missing for longer than it may take";
        registry.register("snapshot_overdue", overdue, figures.overdue.clone());
        let success = "When the newest drill that proved a snapshot, or on which the app started, began";
        registry.register("drill_last_success_timestamp_seconds", success, figures.drill_success.clone());
        let ready = "How long its app took to be healthy";
        registry.register("drill_ready_seconds", ready, figures.drill_ready.clone());
        registry.register("drill_probe_value", "What its probes answered", figures.probe_value.clone());
        let open = "Restores and undos whose previous data is kept";
        registry.register("undo_open", open, figures.undo_open.clone());
        let decision = "Restores that only a person can go on with";
        registry.register("decision_needed", decision, figures.decision_needed.clone());
        registry.register("store_bytes", "What archives and entry lists of snapshots hold", figures.store.clone());
        registry.register("disk_free_bytes", "What is free for users without privileges", figures.disk_free.clone());
        let version: Family<OfVersion, Gauge> = Family::default();
        version.get_or_create(&OfVersion { version: env!("CARGO_PKG_VERSION") }).set(1);
        registry.register("build_info", "The version that runs", version);
        figures
    }

    /// Looks them all up.
    pub(super) fn look(&self, host: &Host) -> Result<()> {
        let of = |workload: &str| OfWorkload { workload: workload.to_owned() };
        self.last_success.clear();
        self.last_duration.clear();
        self.last_size.clear();
        self.overdue.clear();
        let mut bytes = [("scheduled", 0), ("safety", 0), ("imported", 0), ("other", 0)];
        for workload in &host.config.workloads {
            let labels = of(&workload.id);
            if let Some(captured) = host.captured(&workload.id)? {
                self.last_success.get_or_create(&labels).set(captured.at.as_second());
                self.last_duration.get_or_create(&labels).set(captured.took().as_secs_f64());
                self.last_size.get_or_create(&labels).set(whole(captured.bytes));
            }
            let scheduled = host.scheduled(workload)?;
            let is_overdue = scheduled.is_some_and(|scheduled| scheduled.overdue.is_some());
            self.overdue.get_or_create(&labels).set(i64::from(is_overdue));
            for snapshot in host.store.list(&workload.id)? {
                let Ok(descriptor) = snapshot.descriptor else { continue };
                let kind = match descriptor.manifest.reason.as_str() {
                    _ if descriptor.imported => 2,
                    SAFETY => 1,
                    reforge_host::host::due::SCHEDULED => 0,
                    _ => 3,
                };
                bytes[kind].1 += descriptor.archive.bytes + snapshot.list_bytes;
            }
        }
        for (kind, bytes) in bytes {
            self.store.get_or_create(&OfKind { kind }).set(whole(bytes));
        }
        self.look_at_drills(host)?;
        self.look_at_restores(host)?;
        self.look_at_disks(host)
    }

    fn look_at_drills(&self, host: &Host) -> Result<()> {
        let receipts = Receipts::new(host.state.drills()).list()?;
        self.drill_success.clear();
        self.drill_ready.clear();
        self.probe_value.clear();
        for workload in host.config.workloads.iter().map(|workload| &workload.id) {
            let good =
                |one: &&DrillReceipt| one.workload == *workload && one.snapshot.is_some() && one.outcome.is_good();
            let Some(newest) = receipts.iter().find(good) else { continue };
            let labels = OfWorkload { workload: workload.clone() };
            self.drill_success.get_or_create(&labels).set(newest.began.as_second());
            if let Some(ms) = newest.healthy_ms {
                self.drill_ready.get_or_create(&labels).set(ms as f64 / 1000.0);
            }
            for (answer, figure) in newest.probes.iter().filter_map(|answer| Some((answer, answer.figure?))) {
                let labels = OfProbe { workload: workload.clone(), probe: answer.name.clone() };
                self.probe_value.get_or_create(&labels).set(figure);
            }
        }
        Ok(())
    }

    fn look_at_restores(&self, host: &Host) -> Result<()> {
        let entries = registry::read_open(&host.state.transactions())?;
        for workload in &host.config.workloads {
            let of_it = || entries.iter().filter(|entry| entry.is_of(&workload.id));
            let is_open = |entry: &&KnownTransaction| matches!(entry, KnownTransaction::Open(journal, _) if journal.state().in_window());
            let waits =
                |entry: &&KnownTransaction| entry.blocks().is_some_and(|failure| failure.code != Code::Unfinished);
            let labels = OfWorkload { workload: workload.id.clone() };
            self.undo_open.get_or_create(&labels).set(count(of_it().filter(is_open).count()));
            self.decision_needed.get_or_create(&labels).set(count(of_it().filter(waits).count()));
        }
        Ok(())
    }

    fn look_at_disks(&self, host: &Host) -> Result<()> {
        let config = &host.config.host;
        let directories = [Some(&config.state_dir), Some(&config.snapshot_dir), config.volume_root.as_ref()];
        self.disk_free.clear();
        for directory in directories.into_iter().flatten() {
            let labels = OfDirectory { directory: reforge_base::escape::path(directory) };
            if let Ok(free) = reforge_volumes::space::free_bytes(directory) {
                self.disk_free.get_or_create(&labels).set(whole(free));
            }
        }
        Ok(())
    }
}

fn whole(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

fn count(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}
