//! What a call of a plugin and a restore stand on, and what follows from it alone.

use std::sync::Arc;

use super::archive::ArchiveCheck;
use crate::host::Host;
use crate::restore::preflight::{self, Choice, Look, Preflight};
use crate::restore::progress::Progress;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;
use reforge_base::remark::Remark;
use reforge_config::Workload;
use reforge_snapshots::store::OpenSnapshot;
use reforge_transaction::event::{Begin, BeginVolume, Moment, TransactionKind};
use reforge_transaction::id::sibling_name;
use reforge_volumes::inode_flags::Wanted;
use reforge_volumes::staging::Policy;

/// What every call of a plugin stands on.
pub struct Given {
    pub host: Arc<Host>,
    pub workload: Workload,
    pub snapshot: Arc<OpenSnapshot>,
}

/// Everything that a restore stands on.
pub struct Subject {
    pub given: Given,
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
            &self.given.host,
            &self.given.workload,
            &self.given.snapshot,
            &self.choice,
            &self.plugin_digest,
            Look::Whole,
        )?;
        plan.refusal().map_or(Ok(plan), Err)
    }

    pub(super) fn staging_policy(&self) -> Policy {
        let allowed = preflight::policy(&self.given.workload);
        Policy { privileged: allowed.privileged || !self.given.snapshot.descriptor.imported, ..allowed }
    }

    /// What the journal begins with.
    pub(super) fn begin(&self, plan: &Preflight) -> Result<Begin> {
        let volumes = plan.targets.iter().enumerate().map(|(number, target)| {
            let live = target.resolved.live.to_str().ok_or_else(|| {
                let message = message!("volume-has-a-name", name = target.resolved.name);
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
            workload: self.given.workload.id.clone(),
            kind: TransactionKind::Restore { snapshot: self.given.snapshot.descriptor.id.clone() },
            runtime: self.given.workload.runtime.as_str().to_owned(),
            at: Moment::now(),
            who: self.who.clone(),
            plan_digest: plan.digest.clone(),
            plugin_digest: Some(self.plugin_digest.clone()),
            deployed: plan.observation.spec.clone(),
            volumes: volumes.collect::<Result<Vec<_>>>()?,
            left: plan.left.clone(),
            not_captured: plan.not_captured.clone(),
            remarks: plan.remarks.iter().map(Remark::short).collect(),
            keep_previous: self.choice.keep_previous || self.given.snapshot.descriptor.imported,
            undo_window_ms: self.given.host.config.host.undo_window.as_millis() as u64,
        })
    }

    /// Inode flags that the entries of a volume of the plan are to have.
    pub(super) fn flags(&self, volume: usize) -> Wanted {
        let (mut wanted, index) = (Wanted::default(), self.plan.targets[volume].index);
        let all = self.given.snapshot.descriptor.flags.iter().flatten();
        all.filter(|flags| flags.volume == index).for_each(|flags| wanted.add(&flags.decoded_path(), &flags.set));
        wanted
    }

    pub(super) fn check_archive(&self, progress: &Arc<Progress>) -> Result<ArchiveCheck> {
        ArchiveCheck::begin(&self.given.host, &self.given.workload.id, &self.given.snapshot, progress)
    }
}
