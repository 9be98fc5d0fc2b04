//! What one call of a plugin stands on, and what follows from it alone.

use std::sync::Arc;

use super::archive_check::ArchiveCheck;
use crate::config::Workload;
use crate::failure::{Code, Failure, Result};
use crate::host::Host;
use crate::restore::preflight::{self, Choice, Look, Preflight};
use crate::restore::progress::Progress;
use crate::snapshots::store::OpenSnapshot;
use crate::transaction::event::{Begin, BeginVolume, Kind, Moment};
use crate::transaction::sibling_name;
use crate::volumes::staging::Policy;

/// Everything that one call of a plugin stands on.
pub struct Subject {
    pub host: Arc<Host>,
    pub workload: Workload,
    pub snapshot: OpenSnapshot,
    pub choice: Choice,
    pub plugin_digest: String,
    /// Id of the restore to be, and who asked for it.
    pub id: String,
    pub who: String,
    pub plan: Preflight,
}

impl Subject {
    /// The plan once more, now that nothing can be deployed.
    pub(super) fn revalidate(&self) -> Result<Preflight> {
        let plan = Preflight::make(
            &self.host,
            &self.workload,
            &self.snapshot,
            &self.choice,
            &self.plugin_digest,
            Look::Whole,
        )?;
        plan.refusal().map_or(Ok(plan), Err)
    }

    pub(super) fn staging_policy(&self) -> Policy {
        let policy = preflight::policy(&self.workload);
        Policy {
            links: policy.iter().any(|allowed| allowed == "links"),
            privileged: !self.snapshot.descriptor.imported || policy.iter().any(|allowed| allowed == "privileged"),
        }
    }

    /// What the journal begins with.
    pub(super) fn begin(&self, plan: &Preflight) -> Result<Begin> {
        let volumes = plan.targets.iter().enumerate().map(|(number, target)| {
            let live = target.resolved.live.to_str().ok_or_else(|| {
                let message = format!("volume `{}` has a name that is not UTF-8", target.resolved.name);
                Failure::new(Code::VolumeRefused, message)
            })?;
            Ok(BeginVolume {
                name: target.resolved.name.clone(),
                parent: target.resolved.parent.clone(),
                parent_identity: target.parent_identity.clone(),
                live: live.to_owned(),
                live_identity: target.identity.clone(),
                sibling: sibling_name(&self.id, number),
                entries: target.totals.entries,
                bytes: target.totals.bytes,
                tree_digest: target.totals.tree_digest.clone(),
            })
        });
        Ok(Begin {
            id: self.id.clone(),
            workload: self.workload.id.clone(),
            kind: Kind::Restore { snapshot: self.snapshot.descriptor.id.clone() },
            runtime: self.workload.runtime.as_str().to_owned(),
            at: Moment::now(),
            who: self.who.clone(),
            plan_digest: plan.digest.clone(),
            plugin_digest: Some(self.plugin_digest.clone()),
            deployed: plan.observation.spec.clone(),
            volumes: volumes.collect::<Result<Vec<_>>>()?,
            left: plan.left.clone(),
            keep_previous: self.choice.keep_previous || self.snapshot.descriptor.imported,
            undo_window_ms: self.host.config.host.undo_window.as_millis() as u64,
        })
    }

    pub(super) fn check_archive(&self, progress: &Arc<Progress>) -> ArchiveCheck {
        ArchiveCheck::begin(&self.host, &self.workload.id, &self.snapshot, progress)
    }
}
