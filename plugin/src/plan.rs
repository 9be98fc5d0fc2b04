//! What a restore would do and all that stands in its way. Changes nothing.
//!
//! Every volume of the manifest is resolved again from the workload's present configuration, never from a path in the
//! snapshot. Whatever does not hold is named at once. The same survey begins the restore itself, under the lock.

use crate::archive::limits::REFUSALS_SHOWN_MAX;
use crate::archive::policy::LINKS_HINT;
use crate::diff::{self, VolumeDiff};
use crate::host::{Host, Job, Volume, VolumeFacts};
use crate::manifest::{Descriptor, ManifestVolume, VolumeTotals};
use crate::{Failure, Result, escape};

/// A volume of the snapshot as the present configuration resolves it.
pub struct Resolved<V> {
    /// Its index in the archive.
    pub index: u32,
    pub name: String,
    pub volume: V,
}

/// What became of resolving every volume.
pub struct Survey<V> {
    pub volumes: Vec<Resolved<V>>,
    pub refusals: Vec<Failure>,
}

/// What would change in one volume.
#[derive(Debug)]
pub struct VolumePlan {
    pub name: String,
    pub snapshot_entries: u64,
    pub snapshot_bytes: u64,
    pub live: VolumeFacts,
    /// When thorough.
    pub diff: VolumeDiff,
}

/// The whole of it.
#[derive(Debug, Default)]
pub struct Plan {
    pub volumes: Vec<VolumePlan>,
    pub warnings: Vec<Failure>,
    pub refusals: Vec<Failure>,
}

/// Plans a restore; a snapshot that cannot be read at all is a failure, all else is in the plan.
pub fn plan<H: Host>(host: &H, archive: &H::Archive, job: &Job) -> Result<Plan> {
    let descriptor = Descriptor::open(archive)?;
    let survey = survey(host, &descriptor, job);
    let mut refusals = survey.refusals;
    let diffs = match job.thorough {
        true => {
            host.phase("reading");
            diff::compare(host, archive, &descriptor, job, &survey.volumes, &mut refusals)?
        }
        false => survey.volumes.iter().map(|_| VolumeDiff::default()).collect(),
    };
    let volumes = survey.volumes.into_iter().zip(diffs).map(|(resolved, diff)| {
        let totals = &descriptor.volumes[resolved.index as usize];
        let live = resolved.volume.facts();
        let (snapshot_entries, snapshot_bytes) = (totals.entries, totals.bytes);
        VolumePlan { name: resolved.name, snapshot_entries, snapshot_bytes, live, diff }
    });
    let volumes = volumes.collect::<Vec<_>>();
    let warnings = warnings(&descriptor, job, &volumes);
    Ok(Plan { volumes, warnings, refusals })
}

/// Resolves every volume that is not left as it is and checks what the descriptor tells about it.
pub fn survey<H: Host>(host: &H, descriptor: &Descriptor, job: &Job) -> Survey<H::Volume> {
    let mut survey = Survey { volumes: Vec::new(), refusals: Vec::from_iter(refuse_links(descriptor, job)) };
    for (volume, _) in wanted(descriptor, job) {
        match host.resolve(&volume.name, &volume.scope) {
            Ok(handle) => {
                survey.volumes.push(Resolved { index: volume.index, name: volume.name.clone(), volume: handle });
            }
            Err(failure) => survey.refusals.push(failure),
        }
    }
    if wanted(descriptor, job).next().is_none() {
        survey.refusals.push(Failure::usage("nothing to restore: the snapshot holds no volume that is not left out"));
    }
    survey
}

fn wanted<'a>(
    descriptor: &'a Descriptor,
    job: &'a Job,
) -> impl Iterator<Item = (&'a ManifestVolume, &'a VolumeTotals)> {
    let pairs = descriptor.manifest.volumes.iter().zip(&descriptor.volumes);
    pairs.filter(|(volume, _)| !job.leave.contains(&volume.name))
}

/// Whether a volume holds links that the workload does not allow.
pub fn links_refused(totals: &VolumeTotals, job: &Job) -> bool {
    (totals.symlinks > 0 || totals.hard_links > 0) && !job.policy.iter().any(|word| word == "links")
}

/// One refusal for the links of all volumes: one key allows them.
fn refuse_links(descriptor: &Descriptor, job: &Job) -> Option<Failure> {
    let held = wanted(descriptor, job).filter(|(_, totals)| links_refused(totals, job)).map(|(volume, totals)| {
        let (name, links) = (escape::text(&volume.name), totals.symlinks.saturating_add(totals.hard_links));
        let message = match links {
            1 => format!("volume `{name}` holds 1 link, which the workload does not allow"),
            _ => format!("volume `{name}` holds {links} links, which the workload does not allow"),
        };
        Failure::policy(message, LINKS_HINT)
    });
    let held: Vec<_> = held.collect();
    let found = held.len() as u64;
    Failure::all(held, found, REFUSALS_SHOWN_MAX)
}

impl<V> Survey<V> {
    /// The volumes, unless anything stands in the way.
    pub fn volumes_or_refusal(self) -> Result<Vec<Resolved<V>>> {
        let found = self.refusals.len() as u64;
        match Failure::all(self.refusals, found, REFUSALS_SHOWN_MAX) {
            None => Ok(self.volumes),
            Some(failure) => Err(failure),
        }
    }
}

/// The handles alone, in archive order.
pub fn handles<V>(volumes: &[Resolved<V>]) -> Vec<&V> {
    volumes.iter().map(|resolved| &resolved.volume).collect()
}

/// What a person should know before saying yes.
fn warnings(descriptor: &Descriptor, job: &Job, volumes: &[VolumePlan]) -> Vec<Failure> {
    let mut warnings = Vec::new();
    let mut warn = |code: &'static str, message: String| warnings.push(Failure::new(code, message));
    if descriptor.imported {
        warn("imported", "the archive was imported: nothing vouches for what is in it".into());
    }
    if descriptor.manifest.workload != job.workload {
        let other = escape::text(&descriptor.manifest.workload);
        warn("other-workload", format!("the snapshot was taken of workload `{other}`"));
    }
    for volume in descriptor.manifest.volumes.iter().filter(|volume| job.leave.contains(&volume.name)) {
        warn("left", format!("volume `{}` stays as it is, as asked", escape::text(&volume.name)));
    }
    for skipped in &descriptor.manifest.skipped {
        let (name, scope) = (escape::text(&skipped.name), escape::text(&skipped.scope));
        warn("not-captured", format!("volume `{name}` of scope {scope} was never captured and stays as it is"));
    }
    for (volume, totals) in wanted(descriptor, job).filter(|(_, totals)| totals.special > 0) {
        let name = escape::text(&volume.name);
        let message = match totals.special {
            1 => format!("volume `{name}` had 1 socket or fifo, which the snapshot leaves out"),
            special => format!("volume `{name}` had {special} sockets or fifos, which the snapshot leaves out"),
        };
        warn("special", message);
    }
    for volume in volumes.iter().filter(|volume| !volume.live.exists) {
        warn("new-volume", format!("volume `{}` does not exist and will be made", escape::text(&volume.name)));
    }
    warnings
}
