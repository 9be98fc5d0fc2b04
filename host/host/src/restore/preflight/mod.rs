//! Everything a plan stands on: made by the host, from the current configuration and the descriptor alone.
//!
//! Making one changes nothing. It is made for `plan`, again for `run`, and once more under the lock; what moved in
//! between shows in its digest. Everything that does not hold is named at once. It never reads an archive, and what a
//! manifest says of paths is never looked at.

mod digest;
mod drift;
mod space;
mod undo;
mod volumes;

use std::collections::BTreeMap;
use std::time::Duration;

use crate::host::Host;
use crate::restore::taken_in;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;
use reforge_base::not_captured::NotCaptured;
use reforge_base::remark::{About, Remark};
use reforge_base::spec::Observation;
use reforge_config::{Links, Workload};
use reforge_deployer::deployed::{self};
use reforge_deployer::resolve::{self, ResolvedVolume};
use reforge_snapshots::format::{Descriptor, VolumeTotals};
use reforge_snapshots::store::OpenSnapshot;
use reforge_transaction::kept;
use reforge_volumes::identity::Identity;
use reforge_volumes::live_tree::Totals;
use reforge_volumes::space::Budget;
use reforge_volumes::staging::Policy;

pub use digest::is_digest;
pub use drift::{ENVIRONMENT_CHANGED, ENVIRONMENT_CHANGED_ID};
pub use reforge_config::matching::Called;
pub use space::SpaceNeed;
pub use undo::of_undo;

/// Bytes that stay free on every file system: the app goes on writing while the archive is extracted.
pub const RESERVE_BYTES: u64 = 64 << 20;

/// Inodes that stay free on every file system.
pub const RESERVE_INODES: u64 = 1024;

/// Both.
pub const BUDGET: Budget = Budget { reserve_bytes: RESERVE_BYTES, reserve_inodes: RESERVE_INODES };

/// Between stop and commit, beyond what the safety snapshot takes.
const STOP_TO_COMMIT_SPARE: Duration = Duration::from_secs(300);

/// What the slowest disk in use writes and reads back.
const SLOW_DISK_BYTES_PER_SECOND: u64 = 5 << 20;

/// What was asked for.
#[derive(Clone, Debug, Default)]
pub struct Choice {
    /// Volumes that stay as they are.
    pub leave: Vec<String>,
    /// Volumes of the snapshot that go onto configured ones of other names or targets, by the snapshot's names.
    pub map: BTreeMap<String, String>,
    /// No safety snapshot: the previous trees stay until a person finishes.
    pub keep_previous: bool,
}

/// One volume that would be restored.
#[derive(Clone, Debug)]
pub struct Target {
    /// Its index in the archive.
    pub index: u32,
    /// What the snapshot calls it.
    pub called: Called,
    pub resolved: ResolvedVolume,
    /// Live's identity; none when live is absent.
    pub identity: Option<Identity>,
    pub parent_identity: Identity,
    /// What the snapshot holds.
    pub totals: VolumeTotals,
    /// What live holds.
    pub live: Totals,
}

/// What would be done, and everything that stands in the way.
pub struct Preflight {
    /// Moves when configuration, descriptor, identities, image, plugin or choice move; not with free space or contents.
    pub digest: String,
    pub targets: Vec<Target>,
    /// Volumes that stay as they are: asked for, only mounted, and of scopes that are not supported.
    pub left: Vec<String>,
    /// Of the snapshot's volumes, those that are not restored.
    pub not_restored: Vec<String>,
    /// What else the app has now, which no restore touches.
    pub not_captured: Vec<NotCaptured>,
    /// What is to be known of what the snapshot holds.
    pub remarks: Vec<Remark>,
    pub observation: Observation,
    pub space: Vec<SpaceNeed>,
    pub warnings: Vec<Failure>,
    pub refusals: Vec<Failure>,
}

/// How closely live is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// Everything below live is counted: what a restore begins with, and what a person is shown.
    Whole,
    /// What the digest needs. What only counting shows, links that no policy allows and lack of room for the safety
    /// snapshot, is refused when the restore looks again under the lock.
    Identities,
}

impl Preflight {
    /// Looks at everything. An error means that not even that could be done; what stands in the way is in
    /// [`Preflight::refusals`].
    pub fn make(
        host: &Host,
        workload: &Workload,
        snapshot: &OpenSnapshot,
        choice: &Choice,
        plugin: &str,
        look: Look,
    ) -> Result<Preflight> {
        let mut refusals = host.blocked(workload)?;
        let mut warnings = Vec::new();
        let resolution = resolve::resolve(&host.config, workload);
        refusals.extend(resolution.refusals);
        let matched = volumes::matched(workload, snapshot, choice);
        refusals.extend(matched.refusals);
        warnings.extend(matched.warnings);
        warnings.extend(taken_in::warnings(&snapshot.descriptor));
        let mut targets: Vec<Target> = Vec::new();
        for pair in matched.pairs {
            // One that does not resolve has its own refusal already.
            let resolved = resolution.volumes.iter().find(|resolved| resolved.name == pair.volume).cloned();
            let Some(resolved) = resolved else { continue };
            let Some(totals) = snapshot.descriptor.volumes.get(pair.index as usize).cloned() else {
                let message = message!("the-snapshot-does-not-say-what", name = resolved.name);
                refusals.push(Failure::new(Code::SnapshotDamaged, message));
                continue;
            };
            match volumes::target(pair, resolved, totals, look) {
                Ok(target) => targets.push(target),
                Err(failure) => refusals.push(failure),
            }
        }
        let runtime = host.runtime(workload)?;
        let observation = runtime.observe(&workload.id)?;
        match volumes::foreign_holders(&targets, &*runtime, &workload.id) {
            Ok(foreign) => {
                warnings.extend(volumes::unseen(&foreign));
                refusals.extend(foreign.refusals);
            }
            Err(failure) => refusals.push(failure),
        }
        let untouched: Vec<String> = matched.left.iter().cloned().chain(untouched(workload, &targets)).collect();
        match deployed::refusals(&*runtime, &workload.id, &volumes::used(&targets), &untouched) {
            Ok(elsewhere) => refusals.extend(elsewhere),
            Err(failure) => refusals.push(failure),
        }
        match runtime.survey(&workload.id, &workload.allow_containers, &volumes::by_path(&targets)) {
            Ok(survey) => {
                warnings.extend(survey.warnings);
                refusals.extend(survey.refusals);
            }
            Err(failure) => refusals.push(failure),
        }
        // Without a safety snapshot the previous trees are the way back, whatever they hold.
        let counted = targets.iter().filter(|_| !choice.keep_previous);
        let counted = counted.map(|target| (target.resolved.name.as_str(), &target.live));
        refusals.extend(volumes::not_restorable(counted, workload));
        let image = drift::look_at_image(host, workload, &observation, snapshot, &mut warnings, &mut refusals)?;
        drift::environment_drift(host, workload, snapshot, &mut warnings)?;
        warnings.extend(not_brought_back(snapshot, &targets));
        if look == Look::Whole {
            refusals.extend(volumes::not_held(&host.store, &workload.id, &snapshot.descriptor, &targets)?);
            warnings.extend(kept::warnings(&host.state.transactions(), &workload.id)?);
        }
        // Where live was not counted: what is needed at least. That it is too much is said with the figure of a plan.
        let mut space = space::needs(&targets, host, choice)?;
        if look == Look::Identities && !space::refusals(&space).is_empty() {
            targets.iter_mut().try_for_each(Target::count)?;
            space = space::needs(&targets, host, choice)?;
        }
        refusals.extend(space::refusals(&space));
        refusals.extend(wrong_workload(workload, snapshot));
        Failure::once(&mut warnings);
        Failure::once(&mut refusals);
        let digest = digest::of(workload, snapshot, &targets, choice, &observation, image, plugin)?;
        let (left, not_restored) = (matched.left, matched.not_restored);
        // An engine that cannot be asked has its refusal.
        let not_captured = host.not_captured(workload).unwrap_or_default();
        let remarks = remarks(snapshot, &targets);
        Ok(Preflight {
            digest,
            targets,
            left,
            not_restored,
            not_captured,
            remarks,
            observation,
            space,
            warnings,
            refusals,
        })
    }

    /// The first refusal with the others in its words, if there is any.
    pub fn refusal(&self) -> Option<Failure> {
        Failure::of_all(&self.refusals)
    }

    /// How long the app may be down before the commit: what the safety snapshot takes on a slow disk, and time to spare.
    pub fn stop_to_commit_max(&self) -> Duration {
        let live: u64 = self.targets.iter().map(|target| target.live.bytes).sum();
        STOP_TO_COMMIT_SPARE + Duration::from_secs(live / SLOW_DISK_BYTES_PER_SECOND)
    }

    /// Bytes and entries that are live.
    pub fn live(&self) -> (u64, u64) {
        sum(self.targets.iter().map(|target| &target.live))
    }

    /// Bytes and entries of all targets.
    pub fn totals(&self) -> (u64, u64) {
        self.targets
            .iter()
            .fold((0, 0), |(bytes, entries), target| (bytes + target.totals.bytes, entries + target.totals.entries))
    }
}

fn sum<'a>(totals: impl IntoIterator<Item = &'a Totals>) -> (u64, u64) {
    totals.into_iter().fold((0, 0), |(bytes, entries), live| (bytes + live.bytes, entries + live.entries))
}

/// What of live the restore will not bring back, and what of it cannot be removed afterwards.
pub fn not_brought_back(snapshot: &OpenSnapshot, targets: &[Target]) -> Vec<Failure> {
    let knows_flags = snapshot.descriptor.flags.is_some();
    let lives = targets.iter().map(|target| (target.resolved.name.as_str(), &target.live));
    let warnings = lives.flat_map(|(name, live)| {
        let unknown = if knows_flags { None } else { volumes::not_brought_back(name, live) };
        unknown.into_iter().chain(volumes::not_removable(name, live))
    });
    warnings.collect()
}

/// What is to be known of the volumes that would be restored. Links that are let in by now are not worth a word, and what
/// stands in the way has its refusal.
fn remarks(snapshot: &OpenSnapshot, targets: &[Target]) -> Vec<Remark> {
    let is_restored = |remark: &Remark| targets.iter().any(|target| target.called.name == remark.volume);
    let all = snapshot.descriptor.all_remarks().into_iter();
    all.filter(|remark| remark.what != About::LinksRefused && is_restored(remark)).collect()
}

/// Room for a snapshot of these, at worst: everything stored, and the reserve, or what the workload says must stay free.
pub fn of_capture(host: &Host, workload: &Workload, live: &[Totals]) -> Result<()> {
    Failure::of_all(&space::refusals(&space::of_capture(live, host, workload.min_free)?)).map_or(Ok(()), Err)
}

/// Refuses what no snapshot can hold.
pub fn capturable<'a>(lives: impl Iterator<Item = (&'a str, &'a Totals)>) -> Result<()> {
    let refusals: Vec<Failure> = lives.filter_map(|(name, live)| volumes::not_capturable(name, live)).collect();
    Failure::of_all(&refusals).map_or(Ok(()), Err)
}

/// Names of volumes that would not be exchanged, for whatever reason: those that may not be left have refusals of their own.
fn untouched(workload: &Workload, targets: &[Target]) -> Vec<String> {
    let is_target = |name: &str| targets.iter().any(|target| target.resolved.name == name);
    workload.volumes.iter().map(|volume| volume.name.clone()).filter(|name| !is_target(name)).collect()
}

fn wrong_workload(workload: &Workload, snapshot: &OpenSnapshot) -> Option<Failure> {
    let of = &snapshot.descriptor.manifest.workload;
    (*of != workload.id && !snapshot.descriptor.imported).then(|| {
        let message = message!("the-snapshot-is-of-workload", of = reforge_base::escape::text(of), id = workload.id);
        Failure::new(Code::VolumeRefused, message).hint(message!("export-it-and-import"))
    })
}

/// What the workload allows beyond the defaults, and what a person has allowed for this snapshot.
pub fn policy(workload: &Workload, snapshot: &Descriptor) -> Policy {
    let taken_in = snapshot.taken_in.as_ref();
    let is_allowed = taken_in.is_some_and(|taken| taken.allowed.iter().any(|word| word == taken_in::SET_ID));
    Policy { links: workload.links == Links::Contained, privileged: workload.privileged || is_allowed }
}
