//! A plan as whoever embeds the host is shown it.

use super::Snapshot;
use crate::restore::run::Planned;
use reforge_base::failure::Failure;
use reforge_base::not_captured::NotCaptured;
use reforge_base::remark::Remark;
use reforge_base::spec::AppState;

/// What a restore would do, and everything that stands in its way. What is shown is what is done, when the restore is asked
/// for [as planned](super::Restore::as_planned).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Plan {
    /// Moves when configuration, snapshot, volumes, image or plugin move; not with free space or contents.
    pub digest: String,
    pub snapshot: Snapshot,
    /// Those that would be exchanged.
    pub volumes: Vec<PlannedVolume>,
    /// Volumes that stay as they are: those that are to, and those of scopes that no snapshot holds.
    pub left: Vec<String>,
    /// What else the app has, which stays as it is.
    pub not_captured: Vec<NotCaptured>,
    /// What is to be known of what would be restored.
    pub remarks: Vec<Remark>,
    /// What the app does now.
    pub app: AppState,
    pub warnings: Vec<Failure>,
    /// Why it would be refused. Empty: it can be asked for.
    pub refusals: Vec<Failure>,
}

/// One volume of a plan.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct PlannedVolume {
    pub name: String,
    /// What the snapshot calls it.
    pub snapshot_volume: String,
    /// What it holds now; none if it has no directory.
    pub live: Option<Amount>,
    pub snapshot: Amount,
    /// How the two differ, as the restore plugin counts; none when it gave no account of it.
    pub changes: Option<Changes>,
}

/// How much there is of something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Amount {
    pub entries: u64,
    pub bytes: u64,
}

/// Entries that come back, go away, are replaced, and are equal on both sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Changes {
    pub added: u64,
    pub removed: u64,
    pub changed: u64,
    pub same: u64,
}

impl Plan {
    pub(super) fn of(planned: Planned) -> Plan {
        let Planned { preflight, changes, snapshot } = planned;
        let counted = changes.unwrap_or_default();
        let volumes = preflight.targets.iter().map(|target| {
            let account = counted.iter().find(|account| account.name == target.resolved.name);
            PlannedVolume {
                name: target.resolved.name.clone(),
                snapshot_volume: target.called.name.clone(),
                live: target
                    .identity
                    .as_ref()
                    .map(|_| Amount { entries: target.live.entries, bytes: target.live.bytes }),
                snapshot: Amount { entries: target.totals.entries, bytes: target.totals.bytes },
                changes: account.and_then(|account| account.changes).map(|found| Changes {
                    added: found.added,
                    removed: found.removed,
                    changed: found.changed,
                    same: found.same,
                }),
            }
        });
        Plan {
            volumes: volumes.collect(),
            digest: preflight.digest,
            snapshot: Snapshot::of(snapshot.descriptor),
            left: preflight.left,
            not_captured: preflight.not_captured,
            remarks: preflight.remarks,
            app: preflight.observation.state,
            warnings: preflight.warnings,
            refusals: preflight.refusals,
        }
    }
}
