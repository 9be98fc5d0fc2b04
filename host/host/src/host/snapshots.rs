//! What the host does with snapshots as a whole: takes, deletes and retains them. How one is made is the capture's.

use std::collections::BTreeSet;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use cap_std::fs::Dir;

use super::Host;
use super::capturing::{self, Meanwhile};
use crate::restore::preflight;
use crate::restore::progress::Progress;
use reforge_base::Phase;
use reforge_base::consistency::{Consistency, Taken, WhyLive};
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;
use reforge_base::not_captured::{NotCaptured, WhyNot};
use reforge_base::project::Project;
use reforge_base::remark::{About, Remark};
use reforge_base::spec::{Mount, Observation};
use reforge_config::{Links, Workload};
use reforge_deployer::deployed;
use reforge_deployer::resolve::{self, ResolvedVolume};
use reforge_holders::{self as holders, LiveDirectory};
use reforge_snapshots::capture::{self, CaptureRequest, CaptureVolume, SAFETY, Storage, Terms};
use reforge_snapshots::format::{Descriptor, Image};
use reforge_transaction::app::Used;
use reforge_transaction::{Transaction, registry};
use reforge_volumes::claim;
use reforge_volumes::live_tree::{self, Totals};
use reforge_volumes::parent::Parent;

/// Safety snapshots that are kept per workload, besides those that a transaction still names.
const SAFETY_KEPT: usize = 3;

/// A snapshot that is asked for.
#[derive(Clone, Debug)]
pub struct SnapshotRequest {
    /// Why, for whoever chooses one to restore.
    pub reason: String,
    /// What is done to an app that runs; none for what its workload says.
    pub consistency: Option<Consistency>,
    /// Whether a workload that is busy is waited for.
    pub wait: bool,
}

impl SnapshotRequest {
    /// As the workload says, refused at once while that is busy.
    pub fn because(reason: &str) -> SnapshotRequest {
        SnapshotRequest { reason: reason.to_owned(), consistency: None, wait: false }
    }
}

impl Host {
    /// [`Host::capture_as`] as the workload says.
    pub fn capture(&self, workload: &Workload, reason: &str, wait: bool, progress: &Progress) -> Result<Descriptor> {
        self.capture_as(workload, &SnapshotRequest { wait, ..SnapshotRequest::because(reason) }, progress)
    }

    /// Takes a snapshot of every volume of a workload, under its lease. An app that runs is stopped or frozen meanwhile, unless
    /// the workload or the request says otherwise.
    pub fn capture_as(&self, workload: &Workload, asked: &SnapshotRequest, progress: &Progress) -> Result<Descriptor> {
        let SnapshotRequest { reason, wait, .. } = asked;
        if reason == SAFETY {
            let message = message!("is-the-reason-of-snapshots", safety = SAFETY);
            return Err(Failure::new(Code::Usage, message).hint(message!("give-another-reason")));
        }
        let _lease = self.lease(&workload.id, message!("snapshot", reason), *wait, &progress.cancelled)?;
        Failure::of_all(&self.blocked(workload)?).map_or(Ok(()), Err)?;
        let resolution = resolve::resolve(&self.config, workload);
        let (skipped, left) = (resolution.skipped.clone(), resolution.left());
        let volumes = resolution.accept()?;
        if volumes.is_empty() {
            let message = message!("workload-has-no-volume", id = workload.id);
            return Err(
                Failure::new(Code::VolumeRefused, message).hint(message!("only-directories-of-the-scopes-project"))
            );
        }
        if let Some(absent) = volumes.iter().find(|volume| !volume.exists) {
            let path = reforge_base::escape::path(&absent.path);
            let message = message!("volume-has-no-directory-nothing", name = absent.name, path);
            return Err(Failure::new(Code::VolumeRefused, message).hint(message!("mount-its-disk-or-correct")));
        }
        let runtime = self.runtime(workload)?;
        let used =
            volumes.iter().map(|volume| Used::at(&volume.name, volume.path.clone())).collect::<Result<Vec<_>>>()?;
        let elsewhere = deployed::refusals(&*runtime, &workload.id, &used, &left)?;
        Failure::of_all(&elsewhere).map_or(Ok(()), Err)?;
        // Not what another host is exchanging.
        let _held = claim::all(volumes.iter().map(|volume| volume.parent.as_path()), self.state.host_id())?;
        let observation = runtime.observe(&workload.id)?;
        let not_captured = self.not_captured(workload)?;
        // Before anything is stopped: how its members are, and what Compose says, which takes a moment.
        let project = self.project(workload, true)?;
        let totals = counted(&volumes)?;
        preflight::capturable(volumes.iter().map(|volume| volume.name.as_str()).zip(&totals))?;
        self.make_room(workload, &totals, progress)?;
        for warning in runtime.beside(&workload.id)? {
            progress.note(&warning.message);
        }
        let mut opened = Vec::new();
        for volume in &volumes {
            let live = Parent::open(&volume.parent)?.open_live(&volume.live)?;
            let live = live.ok_or_else(|| {
                Failure::new(Code::VolumeRefused, message!("volume-has-no-directory", name = volume.name))
            })?;
            opened.push((volume.clone(), live));
        }
        let remarks = self.since_the_last(workload, &volumes, &totals, &not_captured)?;
        let capture = |app_is_down: bool, conclude: &(dyn Fn() -> Result<Taken> + Sync)| {
            progress.begin(Phase::Capturing, 0, 0);
            let request = self.request(workload, reason, &observation, Storage::Compressed, conclude)?;
            let terms = Terms { remarks: remarks.clone(), ..request.terms };
            let (skipped, not_captured, project) = (skipped.clone(), not_captured.clone(), project.clone());
            let request = CaptureRequest { skipped, not_captured, project, app_is_down, terms, ..request };
            self.capture_volumes(request, &opened, progress)
        };
        if observation.state.should_run() {
            let consistency = asked.consistency.unwrap_or(workload.capturing.consistency);
            let meanwhile = Meanwhile::new(self, workload, consistency, &observation, (&volumes, progress))?;
            meanwhile.check()?;
            if let Some(outlook) = capturing::outlook(self, workload, consistency) {
                progress.note(outlook);
            }
            return meanwhile.run(&opened, |app_is_down| capture(app_is_down, &|| meanwhile.conclude()));
        }
        match capture(true, &|| Ok(Taken::new(Consistency::Stop, false))) {
            // Somebody else's process writes, as one may while a snapshot is taken that no restore depends on.
            Err(failure) if failure.code == Code::NotDown && is_held(&volumes)? => {
                capture(false, &|| Ok(Taken::new(Consistency::Live, false).because(WhyLive::OthersWrote)))
            }
            captured => captured,
        }
    }

    /// How long the app was down or frozen for the last snapshot that was taken as the workload says.
    pub fn expected_interruption(&self, workload: &Workload) -> Option<Duration> {
        capturing::expected(self, &workload.id, workload.capturing.consistency)
    }

    /// [`Host::capture_as`] as somebody asks for it: audited, whatever becomes of it.
    pub fn take_snapshot(
        &self,
        workload: &Workload,
        asked: &SnapshotRequest,
        who: &str,
        progress: &Progress,
    ) -> Result<Descriptor> {
        let began = std::time::Instant::now();
        let descriptor = self.capture_as(workload, asked, progress);
        if let Ok(descriptor) = &descriptor {
            self.or_tell(self.note_captured(descriptor, began.elapsed()));
        }
        let id = descriptor.as_ref().ok().map(|descriptor| &descriptor.id);
        let taken = descriptor.as_ref().ok().and_then(|descriptor| descriptor.consistency.as_ref());
        let failure = descriptor.as_ref().err();
        let details = serde_json::json!({
            "workload": workload.id,
            "snapshot": id,
            "consistency": taken,
            "failure": failure,
        });
        self.notify_of_snapshot(&workload.id, &descriptor);
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
        let volumes = self.exchanged_volumes(workload, transaction)?;
        let observation = transaction.observation().cloned().unwrap_or_else(Observation::absent);
        progress.begin(Phase::SafetySnapshot, bytes, entries);
        let app_ran = observation.state.should_run();
        let conclude = move || Ok(Taken::new(Consistency::Stop, app_ran));
        let request = self.request(workload, SAFETY, &observation, Storage::Stored, &conclude)?;
        // It is told at the plan; here nothing may fail for it.
        let not_captured = self.not_captured(workload).unwrap_or_default();
        let project = self.project(workload, false).unwrap_or_default();
        let request = CaptureRequest { not_captured, project, ..request };
        let descriptor = self.capture_volumes(request, &volumes, progress)?;
        transaction.record_safety(Some(descriptor.id))
    }

    /// What the app has and no snapshot of it holds: what the runtime sees besides its volumes, and volumes that are only mounted.
    pub fn not_captured(&self, workload: &Workload) -> Result<Vec<NotCaptured>> {
        let target = |mount: &Mount| mount.target.display().to_string();
        let only_mounted = resolve::only_mounted(&self.config, workload);
        let mut all: Vec<NotCaptured> = only_mounted
            .iter()
            .map(|mount| {
                let path = || mount.live.display().to_string();
                let what = mount.engine_volume.clone().unwrap_or_else(path);
                NotCaptured::new(target(mount), what, WhyNot::Configured)
            })
            .collect();
        for seen in self.runtime(workload)?.not_captured(&workload.id)? {
            if all.iter().all(|known| known.target != seen.target) {
                all.push(seen);
            }
        }
        all.sort();
        Ok(all)
    }

    /// What the newest snapshot held and this one would not: a volume that is not there any more, and one that is empty, as a
    /// disk leaves it that is not mounted.
    fn since_the_last(
        &self,
        workload: &Workload,
        volumes: &[ResolvedVolume],
        totals: &[Totals],
        not_captured: &[NotCaptured],
    ) -> Result<Vec<Remark>> {
        let newest = self.store.newest(&workload.id, 1)?.0.pop();
        let Some(Ok(newest)) = newest.map(|newest| newest.descriptor) else { return Ok(Vec::new()) };
        if newest.imported {
            return Ok(Vec::new());
        }
        let mut remarks = Vec::new();
        for (before, held) in newest.manifest.volumes.iter().zip(&newest.volumes) {
            let remark = |what, count| Remark { volume: before.name.clone(), what, count, names: Vec::new() };
            match volumes.iter().zip(totals).find(|(volume, _)| volume.name == before.name) {
                // The root alone.
                Some((_, now)) if now.entries <= 1 && now.special == 0 && held.entries > 1 => {
                    remarks.push(remark(About::Emptied, held.entries - 1));
                }
                Some(_) => {}
                None if not_captured.iter().any(|known| known.target == before.target) => {}
                None => remarks.push(remark(About::Gone, 1)),
            }
        }
        Ok(remarks)
    }

    /// The Compose project that a workload is, and which of its files a snapshot keeps.
    fn project(&self, workload: &Workload, ask_compose: bool) -> Result<Option<Project>> {
        let project = self.runtime(workload)?.project(&workload.id, ask_compose)?;
        Ok(project.map(|project| Project { project_files: workload.project_files, ..project }))
    }

    /// What a transaction exchanges, from its journal, under the names that the configuration has for these directories
    /// now: so the snapshot can be restored.
    fn exchanged_volumes(&self, workload: &Workload, transaction: &Transaction) -> Result<Vec<(ResolvedVolume, Dir)>> {
        let configured = resolve::resolve(&self.config, workload).volumes;
        let mut volumes = Vec::new();
        for place in transaction.open_volumes() {
            let Some(live) = place.parent.open_live(&place.volume.live)? else { continue };
            let used = Used::at(&place.volume.name, place.volume.parent.join(&place.volume.live))?;
            let mut volume = None;
            for configured in &configured {
                if Used::at(&configured.name, configured.path.clone())?.is(&used) {
                    volume = Some(configured.clone());
                }
            }
            let volume = volume.ok_or_else(|| {
                let path = reforge_base::escape::path(&used.path);
                let message = message!("volume-at-is-not-configured", volume = used.volume, path);
                Failure::new(Code::VolumeRefused, message).hint(message!("its-safety-snapshot"))
            })?;
            volumes.push((volume, live));
        }
        Ok(volumes)
    }

    fn request<'a>(
        &self,
        workload: &Workload,
        reason: &str,
        observation: &Observation,
        storage: Storage,
        conclude: &'a (dyn Fn() -> Result<Taken> + Sync),
    ) -> Result<CaptureRequest<'a>> {
        let image = observation
            .spec
            .as_ref()
            .map(|spec| Image { reference: spec.image.clone(), digest: spec.image_digest.clone() });
        Ok(CaptureRequest {
            workload: workload.id.clone(),
            reason: reason.to_owned(),
            image: image.unwrap_or_else(|| Image { reference: String::new(), digest: String::new() }),
            skipped: Vec::new(),
            not_captured: Vec::new(),
            project: None,
            taken_in: None,
            environment: self.environment_digests(workload)?,
            volumes: Vec::new(),
            app_is_down: storage == Storage::Stored,
            storage,
            terms: Terms {
                budget: preflight::BUDGET,
                links_refused: workload.links == Links::Refuse,
                remarks: Vec::new(),
            },
            conclude,
        })
    }

    fn capture_volumes<'a>(
        &self,
        request: CaptureRequest<'a>,
        volumes: &'a [(ResolvedVolume, Dir)],
        progress: &Progress,
    ) -> Result<Descriptor> {
        let captured = volumes.iter().map(|(volume, live)| CaptureVolume {
            name: volume.name.clone(),
            scope: volume.scope.as_str().to_owned(),
            source: volume.source.clone(),
            target: volume.target.display().to_string(),
            seen_at: vec![volume.target.clone(), volume.path.clone()],
            live,
        });
        let request = CaptureRequest { volumes: captured.collect(), ..request };
        capture::capture(&self.store, &request, progress)
    }

    /// Snapshots that may not go: a transaction that is not over names them.
    pub fn named_snapshots(&self) -> Result<BTreeSet<String>> {
        Ok(registry::named_snapshots(&registry::read_open(&self.state.transactions())?))
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
            let _lease = self.lease(&workload.id, message!("a-deletion"), wait, cancelled)?;
            self.store.delete(&workload.id, id, &self.named_snapshots()?)
        };
        let deleted = delete();
        let details = serde_json::json!({
            "workload": reforge_base::escape::text(workload),
            "snapshot": reforge_base::escape::text(id),
            "failure": deleted.as_ref().err(),
        });
        self.audit.append("delete", who, details)?;
        deleted
    }

    /// Keeps the number of safety snapshots down.
    pub fn prune_safety(&self, workload: &str) -> Result<()> {
        self.store.prune_safety(workload, SAFETY_KEPT, &self.named_snapshots()?).map(drop)
    }
}

/// What each volume holds now.
fn counted(volumes: &[ResolvedVolume]) -> Result<Vec<Totals>> {
    let count = |volume: &ResolvedVolume| {
        let live = Parent::open(&volume.parent)?.open_live(&volume.live)?;
        live.map(live_tree::totals).transpose()
    };
    let about = |volume: &ResolvedVolume| message!("volume-named", name = volume.name);
    let counted = |volume| count(volume).map_err(|failure| failure.context(about(volume)));
    volumes.iter().filter_map(|volume| counted(volume).transpose()).collect()
}

/// Whether any process has one of the volumes.
fn is_held(volumes: &[ResolvedVolume]) -> Result<bool> {
    let lives = volumes.iter().map(|volume| Ok((volume.name.clone(), LiveDirectory::open(&volume.path)?)));
    Ok(!holders::refusals(&lives.collect::<Result<Vec<_>>>()?)?.is_empty())
}
