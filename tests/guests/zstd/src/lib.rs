//! A restore plugin for archives that the default plugin has never heard of: a tar of `<scope>/<volume>.tar.zst`, as
//! `tar --zstd` makes them, and no manifest. The host takes them in and restores them without being built again.
//!
//! `layout` finds the volumes, `volume` reads one of them, this file is the flow. Each volume is a part of its own, so
//! volumes are extracted side by side.
#![cfg(target_family = "wasm")]

mod layout;
mod volume;

mod bindings {
    wit_bindgen::generate!({ path: "../../../wit", world: "restore-plugin" });
}

use bindings::exports::reforge::restore::extractor;
use bindings::exports::reforge::restore::restorer::{
    self, Description, Inspection, Job, Report, RestorePlan, VolumePlan,
};
use bindings::reforge::restore::snapshots::{self, Snapshot};
use bindings::reforge::restore::transactions::{self, Health, Staging, Swapped};
use bindings::reforge::restore::types::Failure;
use bindings::reforge::restore::volumes::{self, Volume, VolumeReference};
use bindings::reforge::restore::workers::{self, Part};
use bindings::reforge::restore::{lifecycle, report};
use layout::Packed;

type Result<T, E = Failure> = std::result::Result<T, E>;

fn failure(code: &str, message: impl Into<String>) -> Failure {
    Failure { code: code.into(), message: message.into(), hint: String::new() }
}

struct Component;

bindings::export!(Component with_types_in bindings);

impl restorer::Guest for Component {
    fn describe() -> Description {
        let version = env!("CARGO_PKG_VERSION").into();
        Description { name: "restore-zstd".into(), version, formats: vec!["a tar of SCOPE/VOLUME.tar.zst".into()] }
    }

    fn plan(snapshot: &Snapshot, job: Job) -> Result<RestorePlan> {
        let totals = layout::totals(&snapshot.descriptor())?;
        let mut plan = RestorePlan { volumes: Vec::new(), warnings: Vec::new(), refusals: Vec::new() };
        for (index, packed) in wanted(&layout::packed(snapshot)?, &job) {
            match resolve(packed) {
                Ok(volume) => plan.volumes.push(volume_plan(packed, &volume, totals.get(index).copied())),
                Err(refusal) => plan.refusals.push(refusal),
            }
        }
        Ok(plan)
    }

    fn restore(snapshot: &Snapshot, job: Job) -> Result<Report> {
        let lease = lifecycle::lock()?;
        let packed = layout::packed(snapshot)?;
        let wanted = wanted(&packed, &job);
        let volumes = wanted.iter().map(|(_, packed)| resolve(packed)).collect::<Result<Vec<_>>>()?;
        let transaction = transactions::begin(&lease, &job.plan_digest, &volumes.iter().collect::<Vec<_>>())?;

        let staged = wanted.iter().map(|(_, packed)| transaction.stage(&packed.name)).collect::<Result<Vec<_>>>()?;
        let indexes = wanted.iter().map(|(index, _)| *index as u32).collect::<Vec<_>>();
        let parts = wanted.iter().map(|(_, packed)| packed.part()).collect::<Vec<_>>();
        report::phase("extracting");
        workers::run(snapshot, &parts, &indexes, &staged.iter().collect::<Vec<_>>())?;
        let sealed = staged.iter().map(transactions::seal).collect::<Result<Vec<_>>>()?;

        let stopped = lifecycle::stop(&lease)?;
        let safety = snapshots::capture_safety(&lease, &stopped)?;
        let swapped = transactions::swap(&transaction, &sealed.iter().collect::<Vec<_>>(), &stopped, &safety)?;
        bring_up(&swapped)?;
        Ok(Report { summary: format!("{} volumes restored", wanted.len()) })
    }

    fn inspect(archive: &Snapshot, job: Job) -> Result<Inspection> {
        report::phase("reading");
        let packed = layout::packed(archive)?;
        let counted = packed.iter().enumerate();
        let volumes = counted.map(|(index, packed)| volume::count(archive, index as u32, packed));
        Ok(Inspection { volumes: volumes.collect::<Result<_>>()?, manifest: layout::manifest(&packed, &job) })
    }
}

impl extractor::Guest for Component {
    fn extract(
        snapshot: &Snapshot,
        part: Part,
        _policy: Vec<String>,
        indexes: Vec<u32>,
        into: Vec<Staging>,
    ) -> Result<()> {
        let packed = layout::packed(snapshot)?;
        let position = packed.iter().position(|packed| packed.part().offset == part.offset);
        let position = position.ok_or_else(|| failure("usage", "the part is no volume of the archive"))?;
        let staging = indexes.iter().zip(&into).find(|(index, _)| **index as usize == position);
        let (_, staging) = staging.ok_or_else(|| failure("usage", "there is no staging for the part"))?;
        volume::extract(snapshot, &packed[position], staging)
    }
}

/// Volumes that are not left as they are, with their indexes.
fn wanted<'a>(packed: &'a [Packed], job: &Job) -> Vec<(usize, &'a Packed)> {
    packed.iter().enumerate().filter(|(_, packed)| !job.leave.contains(&packed.name)).collect()
}

fn resolve(packed: &Packed) -> Result<Volume> {
    volumes::resolve(&VolumeReference { name: packed.name.clone(), scope: packed.scope.clone() })
}

fn volume_plan(packed: &Packed, volume: &Volume, totals: Option<(u64, u64)>) -> VolumePlan {
    let live = volume.facts();
    let (snapshot_entries, snapshot_bytes) = totals.unwrap_or_default();
    VolumePlan {
        name: packed.name.clone(),
        snapshot_entries,
        snapshot_bytes,
        live_entries: live.entries,
        live_bytes: live.bytes,
        changes: None,
        newest_live: None,
    }
}

/// Starts the app; one that cannot be started or is bad for certain is reverted.
fn bring_up(swapped: &Swapped) -> Result<()> {
    if let Err(why) = swapped.redeploy() {
        swapped.revert()?;
        return Err(why);
    }
    if swapped.await_healthy()? == Health::ConfirmedBad {
        swapped.revert()?;
        return Err(failure("app-bad", "the app started on the restored data and failed its health check"));
    }
    Ok(())
}
