//! Everything a plan stands on: made by the host, from the current configuration and the descriptor alone.
//!
//! Making one changes nothing. It is made for `plan`, again for `run`, and once more under the lock; what moved in
//! between shows in its digest. Everything that does not hold is named at once. It never reads an archive, and what a
//! manifest says of paths is never looked at.

mod kept;
mod space;
mod volumes;

use std::collections::BTreeSet;
use std::time::Duration;

use serde::Serialize;

use crate::config::{Links, Workload};
use crate::deployer::resolve::{self, ResolvedVolume};
use crate::failure::{Code, Failure, Result};
use crate::host::Host;
use crate::runtime::holders::{self, LiveDirectory};
use crate::runtime::{AppState, Observation};
use crate::snapshots::format::VolumeTotals;
use crate::snapshots::store::OpenSnapshot;
use crate::transaction::event::Begin;
use crate::volumes::identity::Identity;
use crate::volumes::live_tree::{self, Totals};
use crate::volumes::parent::Parent;

pub use space::SpaceNeed;

/// Bytes that stay free on every file system: the app goes on writing while the archive is extracted.
pub const RESERVE_BYTES: u64 = 64 << 20;

/// Inodes that stay free on every file system.
pub const RESERVE_INODES: u64 = 1024;

/// Between stop and commit, beyond what the safety snapshot takes.
const STOP_TO_COMMIT_SPARE: Duration = Duration::from_secs(300);

/// What the slowest disk in use writes and reads back.
const SLOW_DISK_BYTES_PER_SECOND: u64 = 5 << 20;

/// What was asked for.
#[derive(Clone, Debug, Default)]
pub struct Choice {
    /// Volumes that stay as they are.
    pub leave: Vec<String>,
    /// No safety snapshot: the previous trees stay until a person finishes.
    pub keep_previous: bool,
}

/// One volume that would be restored.
#[derive(Clone, Debug)]
pub struct Target {
    /// Its index in the archive.
    pub index: u32,
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
    /// Volumes that stay as they are: asked for, and of scopes that are not supported.
    pub left: Vec<String>,
    pub observation: Observation,
    pub space: Vec<SpaceNeed>,
    pub warnings: Vec<Failure>,
    pub refusals: Vec<Failure>,
}

/// What the digest is made from.
#[derive(Serialize)]
struct Basis<'a> {
    workload: String,
    descriptor_sha256: &'a str,
    volumes: Vec<BasisVolume<'a>>,
    leave: BTreeSet<&'a str>,
    keep_previous: bool,
    deployed: &'a Observation,
    image: Option<String>,
    plugin: &'a str,
}

#[derive(Serialize)]
struct BasisVolume<'a> {
    name: &'a str,
    index: u32,
    path: &'a std::path::Path,
    identity: &'a Option<Identity>,
    parent: &'a Identity,
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
        let mut refusals = unfinished(host, workload)?;
        let mut warnings = Vec::new();
        let resolution = resolve::resolve(&host.config, workload);
        refusals.extend(resolution.refusals);
        let matched = volumes::match_manifest(workload, &resolution.volumes, snapshot, choice);
        refusals.extend(matched.refusals);
        let mut targets = Vec::new();
        for (index, resolved) in matched.pairs {
            let totals = snapshot.descriptor.volumes[index as usize].clone();
            match volumes::target(index, resolved, totals, look) {
                Ok(target) => targets.push(target),
                Err(failure) => refusals.push(failure),
            }
        }
        let runtime = host.runtime(workload)?;
        let observation = runtime.observe(&workload.id)?;
        match volumes::foreign_holders(&targets, || runtime.members(&workload.id)) {
            Ok(foreign) => {
                warnings.extend(volumes::unseen(&foreign));
                refusals.extend(foreign.refusals);
            }
            Err(failure) => refusals.push(failure),
        }
        match runtime.survey(workload, &volumes::by_path(&targets)) {
            Ok(survey) => {
                warnings.extend(survey.warnings);
                refusals.extend(survey.refusals);
            }
            Err(failure) => refusals.push(failure),
        }
        // Without a safety snapshot the previous trees are the way back, whatever they hold.
        for target in targets.iter().filter(|_| !choice.keep_previous) {
            refusals.extend(volumes::not_restorable(&target.resolved.name, &target.live, workload));
        }
        let image = look_at_image(host, workload, &observation, snapshot, &mut warnings, &mut refusals)?;
        environment_drift(host, workload, snapshot, &mut warnings)?;
        if look == Look::Whole {
            warnings.extend(kept::warnings(host, &workload.id)?);
        }
        // Where live was not counted: what is needed at least.
        let space = space::needs(&targets, host, choice)?;
        refusals.extend(space::refusals(&space));
        refusals.extend(wrong_workload(workload, snapshot));
        let basis = Basis {
            workload: format!("{workload:?}"),
            descriptor_sha256: &snapshot.descriptor_sha256,
            volumes: targets.iter().map(BasisVolume::of).collect(),
            leave: choice.leave.iter().map(String::as_str).collect(),
            keep_previous: choice.keep_previous,
            deployed: &Observation { detail: serde_json::Value::Null, state: AppState::Absent, ..observation.clone() },
            image,
            plugin,
        };
        let bytes = serde_json::to_vec(&basis).map_err(|error| Failure::new(Code::VolumeRefused, error.to_string()))?;
        let digest = blake3::hash(&bytes).to_hex().to_string();
        Ok(Preflight { digest, targets, left: matched.left, observation, space, warnings, refusals })
    }

    /// For a call that is about no volume.
    pub fn of_nothing() -> Preflight {
        Preflight {
            digest: String::new(),
            targets: Vec::new(),
            left: Vec::new(),
            observation: Observation { state: AppState::Absent, spec: None, detail: serde_json::Value::Null },
            space: Vec::new(),
            warnings: Vec::new(),
            refusals: Vec::new(),
        }
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

impl<'a> BasisVolume<'a> {
    fn of(target: &'a Target) -> Self {
        BasisVolume {
            name: &target.resolved.name,
            index: target.index,
            path: &target.resolved.path,
            identity: &target.identity,
            parent: &target.parent_identity,
        }
    }
}

fn sum<'a>(totals: impl IntoIterator<Item = &'a Totals>) -> (u64, u64) {
    totals.into_iter().fold((0, 0), |(bytes, entries), live| (bytes + live.bytes, entries + live.entries))
}

/// Bytes and entries that an undo takes out of live, unless something stands in its way: its safety snapshot must be
/// restorable and fit, nobody else may use a volume, and nothing may be unfinished.
pub fn of_undo(host: &Host, workload: &Workload, begin: &Begin) -> Result<(u64, u64)> {
    let mut refusals = host.blocked(workload)?;
    let mut lives = Vec::new();
    let mut totals = Vec::new();
    for volume in &begin.volumes {
        let path = volume.parent.join(&volume.live);
        let live = Parent::open(&volume.parent)?.open_live(&volume.live)?;
        let live = live.ok_or_else(|| {
            Failure::new(Code::VolumeRefused, format!("volume `{}` has no live directory", volume.name))
        })?;
        let counted = live_tree::totals(&live)?;
        refusals.extend(volumes::not_restorable(&volume.name, &counted, workload));
        lives.push((volume.name.clone(), LiveDirectory::of(&live, &path)?));
        totals.push(counted);
    }
    let runtime = host.runtime(workload)?;
    refusals.extend(holders::foreign(&lives, || runtime.members(&workload.id))?.refusals);
    let paths: Vec<_> =
        begin.volumes.iter().map(|volume| (volume.name.clone(), volume.parent.join(&volume.live))).collect();
    refusals.extend(runtime.survey(workload, &paths)?.refusals);
    refusals.extend(space::refusals(&space::safety_alone(&totals, host)?));
    Failure::of_all(&refusals).map_or_else(|| Ok(sum(&totals)), Err)
}

/// A workload with an unfinished transaction, or with siblings that no journal knows, is not touched.
fn unfinished(host: &Host, workload: &Workload) -> Result<Vec<Failure>> {
    host.blocked(workload)
}

fn wrong_workload(workload: &Workload, snapshot: &OpenSnapshot) -> Option<Failure> {
    let of = &snapshot.descriptor.manifest.workload;
    (*of != workload.id && !snapshot.descriptor.imported).then(|| {
        let message = format!("the snapshot is of workload `{}`, not of `{}`", crate::escape::text(of), workload.id);
        Failure::new(Code::VolumeRefused, message).hint("export it and import it for this workload if that is meant")
    })
}

/// The image that will be started must be there before anything is stopped; one that differs from the snapshot's is
/// said. Answers what the reference means right now.
fn look_at_image(
    host: &Host,
    workload: &Workload,
    observation: &Observation,
    snapshot: &OpenSnapshot,
    warnings: &mut Vec<Failure>,
    refusals: &mut Vec<Failure>,
) -> Result<Option<String>> {
    let Some(spec) = &observation.spec else { return Ok(None) };
    let captured = &snapshot.descriptor.manifest.image;
    if !captured.digest.is_empty() && captured.digest != spec.image_digest {
        let message = "the snapshot was taken with another image than the one that is deployed".to_owned();
        warnings.push(Failure::new(Code::Drift, message).hint(format!(
            "taken with `{}`, deployed is `{}`: the app must be able to read that data",
            crate::escape::text(&captured.reference),
            crate::escape::text(&spec.image)
        )));
    }
    match host.runtime(workload)?.image_at_hand(spec) {
        Ok(at_hand) => {
            if at_hand.now.as_ref() != Some(&spec.image_digest) {
                let message = format!("`{}` is not what it was when it was deployed", crate::escape::text(&spec.image));
                let hint = match at_hand.pinned {
                    true => "the app comes back with what it runs now; a deploy takes the new one",
                    false => "the app would be started as it is now",
                };
                warnings.push(Failure::new(Code::Drift, message).hint(hint));
            }
            Ok(at_hand.now)
        }
        Err(failure) if observation.state.should_run() => {
            // It is there to be found by the restore, not by whoever asks for one.
            let code = if failure.code == Code::NotFound { Code::PolicyRefused } else { failure.code.clone() };
            let failure = failure.context("the app could not be started again").hint("deploy it first");
            refusals.push(Failure { code, ..failure });
            Ok(None)
        }
        Err(_) => Ok(None),
    }
}

/// Environment that changed since the snapshot, by name and never by value.
fn environment_drift(
    host: &Host,
    workload: &Workload,
    snapshot: &OpenSnapshot,
    warnings: &mut Vec<Failure>,
) -> Result<()> {
    let now = host.environment_digests(workload)?;
    let then = &snapshot.descriptor.manifest.environment;
    if snapshot.descriptor.imported {
        return Ok(());
    }
    let names: BTreeSet<&String> =
        now.keys().chain(then.keys()).filter(|name| now.get(*name) != then.get(*name)).collect();
    if !names.is_empty() {
        let names: Vec<String> = names.into_iter().map(|name| crate::escape::text(name)).collect();
        let message = format!("environment variables changed since the snapshot: {}", names.join(", "));
        warnings.push(Failure::new(Code::Drift, message).hint("a secret that the data was made with may be needed"));
    }
    Ok(())
}

/// What the workload allows beyond the defaults, in the WIT's words.
pub fn policy(workload: &Workload) -> Vec<String> {
    let mut policy = Vec::new();
    if workload.links == Links::Contained {
        policy.push("links".to_owned());
    }
    if workload.privileged {
        policy.push("privileged".to_owned());
    }
    policy
}
