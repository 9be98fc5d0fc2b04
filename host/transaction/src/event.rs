//! What a journal says: one event per record, in its serialised form, version 1.
//!
//! An event is durable before what it announces happens. Only this file knows how events look on disk.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use reforge_base::not_captured::NotCaptured;
use reforge_base::remark::Remark;
use reforge_base::spec::{DeploySpec, Health};
use reforge_volumes::identity::Identity;

/// A record: an event and when it was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Milliseconds since the epoch, for people.
    pub wall_ms: i64,
    /// Milliseconds since boot, for durations.
    pub uptime_ms: u64,
    #[serde(flatten)]
    pub event: Event,
}

/// What was decided against: the record's number, and the record.
pub type Aborted = (u64, Event);

/// One step of a transaction. The order in which they may come is [`super::state::next`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "event")]
pub enum Event {
    /// The transaction exists; `attachment` is the digest of its [`Begin`].
    Begin { attachment: String },
    /// The sibling of one volume exists, and its parent was synced. Nothing was written into it before.
    Sibling { volume: usize, identity: Identity },
    /// Every sibling is complete, checked and synced.
    Sealed,
    /// The app is about to be stopped; `attachment` is the digest of the [`reforge_base::spec::Observation`].
    Stopping { attachment: String },
    /// The app was seen down.
    Stopped,
    /// The way back is durable: a snapshot's id, or none when the previous trees are kept for good instead.
    Safety { snapshot: Option<String> },
    /// The first exchange is about to happen.
    Swapping,
    /// A live directory that was absent was made, empty, so that there is something to exchange.
    LiveMade { volume: usize, identity: Identity },
    /// Every exchange was done, verified and synced.
    Swapped,
    /// From here on the new trees are the truth.
    Commit,
    /// The app is about to be started on the new trees.
    StartingApp,
    /// The app passed its health check.
    Healthy,
    /// Nobody knows how the app does; the new data stays.
    Unconfirmed,
    /// The restore is over; its undo window runs from here.
    Completed { at: Moment },
    /// A committed transaction is about to be exchanged back.
    Reverting,
    /// Every live is the old one again, and synced. The app may be started on it.
    Reverted { at: Moment },
    /// Trees that were to be removed hold what was written since: they are kept for a window from here.
    LaterWrites { at: Moment },
    /// Siblings are about to be removed: there is no way back any more.
    Dropping,
    /// Nothing of the transaction is left on disk.
    Closed,
    /// A later undo took the previous trees over.
    Undone,
}

/// An instant that survives a clock that jumps and a machine that reboots.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moment {
    /// The wall clock.
    pub wall: jiff::Timestamp,
    /// Milliseconds since boot, suspended time included.
    pub uptime_ms: u64,
    /// The kernel's boot id.
    pub boot: String,
}

/// Everything that is needed to go on or back without the configuration. Synced before `begin`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Begin {
    pub id: String,
    pub workload: String,
    pub kind: TransactionKind,
    /// Name of the runtime that runs the workload.
    pub runtime: String,
    pub at: Moment,
    /// Who asked, for the receipt.
    pub who: String,
    pub plan_digest: String,
    /// Digest of the plugin's file; none for an undo, which needs no plugin.
    pub plugin_digest: Option<String>,
    /// How the app was deployed when the transaction began.
    pub deployed: Option<DeploySpec>,
    pub volumes: Vec<BeginVolume>,
    /// Names of volumes that stay as they are.
    pub left: Vec<String>,
    /// What else the app has, which nothing of this touches: for the receipt.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_captured: Vec<NotCaptured>,
    /// What is to be known of what the snapshot holds: for the receipt.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remarks: Vec<Remark>,
    /// The previous trees stay until a person finishes: no safety snapshot could be had, or nothing vouches for
    /// what was restored.
    pub keep_previous: bool,
    /// How long the previous trees are kept after `completed`.
    pub undo_window_ms: u64,
}

/// What is being put back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case", tag = "kind")]
#[schema(as = Kind)]
pub enum TransactionKind {
    /// A snapshot onto the live volumes.
    Restore { snapshot: String },
    /// The previous trees of an earlier transaction, which owns the siblings until the undo's commit.
    Undo { of: String },
}

/// One volume of a transaction: where it lives and what was there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BeginVolume {
    pub name: String,
    /// The parent directory, links resolved, and what it was.
    pub parent: PathBuf,
    pub parent_identity: Identity,
    /// Live's name in the parent.
    pub live: String,
    /// None when live was absent.
    pub live_identity: Option<Identity>,
    /// The sibling's name in the parent, which nothing else ever had.
    pub sibling: String,
    /// Bytes and entries that the sibling shall hold, for the receipt.
    pub entries: u64,
    pub bytes: u64,
    /// The digest it was sealed against; none for an undo or an imported archive.
    pub tree_digest: Option<String>,
}

impl Event {
    /// The record's name, as the protocol and the receipts call it.
    pub fn name(&self) -> &'static str {
        match self {
            Event::Begin { .. } => "begin",
            Event::Sibling { .. } => "sibling",
            Event::Sealed => "sealed",
            Event::Stopping { .. } => "stopping",
            Event::Stopped => "stopped",
            Event::Safety { .. } => "safety",
            Event::Swapping => "swapping",
            Event::LiveMade { .. } => "live-made",
            Event::Swapped => "swapped",
            Event::Commit => "commit",
            Event::StartingApp => "starting-app",
            Event::Healthy => "healthy",
            Event::Unconfirmed => "unconfirmed",
            Event::Completed { .. } => "completed",
            Event::Reverting => "reverting",
            Event::Reverted { .. } => "reverted",
            Event::LaterWrites { .. } => "later-writes",
            Event::Dropping => "dropping",
            Event::Closed => "closed",
            Event::Undone => "undone",
        }
    }

    /// What the health of a started app is recorded as. Confirmed bad has no event: it is followed by `reverting`.
    pub fn of_health(health: Health) -> Option<Event> {
        match health {
            Health::Healthy => Some(Event::Healthy),
            Health::Unknown => Some(Event::Unconfirmed),
            Health::ConfirmedBad => None,
        }
    }
}

impl Record {
    /// A record of what is about to happen now.
    pub fn now(event: Event) -> Record {
        let now = Moment::now();
        Record { wall_ms: now.wall.as_millisecond(), uptime_ms: now.uptime_ms, event }
    }
}

impl Moment {
    /// Now.
    pub fn now() -> Moment {
        let uptime = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
        let uptime_ms = uptime.tv_sec as u64 * 1000 + uptime.tv_nsec as u64 / 1_000_000;
        let boot = reforge_base::boot::id().unwrap_or_default();
        Moment { wall: jiff::Timestamp::now(), uptime_ms, boot }
    }
}
