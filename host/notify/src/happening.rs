//! What is told of: what happened, as data. It is put into words when it is sent, in the host's language.

use jiff::Timestamp;
use reforge_base::Message;
use reforge_base::message::whole;
use serde::{Deserialize, Serialize};

/// What a channel can ask to hear of, as `on` names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Kind {
    Failed,
    Recovered,
    Overdue,
    Decision,
    Drill,
    Restored,
    Weekly,
    UndoEnds,
    /// A night of snapshots begins or is over: what channels that are pinged hear, and no others.
    Night,
    /// Somebody tries a channel.
    Test,
}

impl Kind {
    /// Those that `on` can name.
    pub const CHOSEN: [Kind; 8] = [
        Kind::Failed,
        Kind::Recovered,
        Kind::Overdue,
        Kind::Decision,
        Kind::Drill,
        Kind::Restored,
        Kind::Weekly,
        Kind::UndoEnds,
    ];
    /// Those that a channel hears of that names none.
    pub const USUAL: [Kind; 5] = [Kind::Failed, Kind::Recovered, Kind::Overdue, Kind::Decision, Kind::Drill];

    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Failed => "failed",
            Kind::Recovered => "recovered",
            Kind::Overdue => "overdue",
            Kind::Decision => "decision",
            Kind::Drill => "drill",
            Kind::Restored => "restored",
            Kind::Weekly => "weekly",
            Kind::UndoEnds => "undo-ends",
            Kind::Night => "night",
            Kind::Test => "test",
        }
    }

    pub fn of_name(name: &str) -> Option<Kind> {
        Kind::CHOSEN.into_iter().find(|kind| kind.as_str() == name)
    }
}

/// Something that happened. [`crate::Notifier::tell`] decides whether anybody is told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Happening {
    /// A snapshot was taken. Nobody is told of a good one, but by `recovered` after bad ones.
    SnapshotTaken { workload: String },
    /// A snapshot was to be taken, and there is none.
    SnapshotFailed {
        workload: String,
        /// The code of the failure.
        code: String,
        #[serde(with = "whole")]
        why: Message,
        /// When the newest good one was taken.
        last_good: Option<Timestamp>,
    },
    /// They work again.
    Recovered { workload: String, failures: u64, since: Timestamp },
    /// None was taken for longer than meant.
    Overdue {
        workload: String,
        last: Option<Timestamp>,
        /// When the one was due that is missing.
        due: Timestamp,
        /// What is known of the reason.
        #[serde(default, with = "whole::optional")]
        why: Option<Message>,
    },
    /// What was tried in isolation does not work.
    DrillFailed {
        workload: String,
        snapshot: String,
        #[serde(with = "whole")]
        why: Message,
        /// One that is proven, and when it was.
        proven: Option<(String, Timestamp)>,
    },
    /// A restore or an undo began and did not lead to what was asked for; everything is as it was before.
    RestoreFailed {
        workload: String,
        restore: String,
        who: String,
        code: String,
        #[serde(with = "whole")]
        why: Message,
    },
    /// A restore or an undo stopped where only a person can decide.
    Decision {
        /// None if its journal is so damaged that not even this can be told.
        workload: Option<String>,
        restore: String,
        #[serde(with = "whole")]
        why: Message,
        /// What to do about it, where there is more to say than how to decide.
        #[serde(with = "whole")]
        hint: Message,
    },
    /// Somebody restored a workload.
    Restored {
        workload: String,
        restore: String,
        who: String,
        /// When the data is of, if its snapshot says.
        taken: Option<Timestamp>,
        downtime_ms: Option<u64>,
        undo_until: Option<Timestamp>,
    },
    /// Somebody took a restore back.
    Undone { workload: String, restore: String, who: String, downtime_ms: Option<u64> },
    /// The previous data of a restore goes soon.
    UndoEnds { workload: String, restore: String, left_ms: u64 },
    /// How all workloads stand: of each the newest snapshot.
    Weekly { workloads: Vec<(String, Option<Timestamp>)> },
    /// The first snapshot of a night is about to be taken.
    NightBegan { workloads: Vec<String> },
    /// The last one is over.
    NightOver { done: Vec<String>, failed: Vec<Failed> },
    /// Somebody tries a channel.
    Test { who: String },
}

/// A workload that a night left without a snapshot.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Failed {
    pub workload: String,
    #[serde(with = "whole")]
    pub why: Message,
}

impl Happening {
    /// What a channel asks for that wants to hear of it.
    pub fn kind(&self) -> Option<Kind> {
        Some(match self {
            Happening::SnapshotTaken { .. } => return None,
            Happening::SnapshotFailed { .. } | Happening::RestoreFailed { .. } => Kind::Failed,
            Happening::Recovered { .. } => Kind::Recovered,
            Happening::Overdue { .. } => Kind::Overdue,
            Happening::DrillFailed { .. } => Kind::Drill,
            Happening::Decision { .. } => Kind::Decision,
            Happening::Restored { .. } | Happening::Undone { .. } => Kind::Restored,
            Happening::UndoEnds { .. } => Kind::UndoEnds,
            Happening::Weekly { .. } => Kind::Weekly,
            Happening::NightBegan { .. } | Happening::NightOver { .. } => Kind::Night,
            Happening::Test { .. } => Kind::Test,
        })
    }

    /// What it happened to. None is all of them.
    pub fn workloads(&self) -> Vec<String> {
        match self {
            Happening::SnapshotTaken { workload }
            | Happening::SnapshotFailed { workload, .. }
            | Happening::Recovered { workload, .. }
            | Happening::Overdue { workload, .. }
            | Happening::DrillFailed { workload, .. }
            | Happening::RestoreFailed { workload, .. }
            | Happening::Restored { workload, .. }
            | Happening::Undone { workload, .. }
            | Happening::UndoEnds { workload, .. } => vec![workload.clone()],
            Happening::Decision { workload, .. } => workload.iter().cloned().collect(),
            Happening::Weekly { workloads } => workloads.iter().map(|(workload, _)| workload.clone()).collect(),
            Happening::NightBegan { workloads } => workloads.clone(),
            Happening::NightOver { done, failed } => {
                done.iter().cloned().chain(failed.iter().map(|failed| failed.workload.clone())).collect()
            }
            Happening::Test { .. } => Vec::new(),
        }
    }

    /// What makes two of them one message: of what kind, and why.
    pub(crate) fn cause(&self) -> String {
        let named = |code: &str, why: &Message| match why.source() {
            Some(source) => format!("{code}/{}", source.id),
            None => format!("{code}/{}", why.as_str()),
        };
        match self {
            Happening::SnapshotFailed { code, why, .. } => format!("snapshot/{}", named(code, why)),
            Happening::RestoreFailed { restore, .. } => format!("restore/{restore}"),
            Happening::Decision { restore, .. } => format!("decision/{restore}"),
            Happening::UndoEnds { restore, .. } => format!("undo-ends/{restore}"),
            Happening::Restored { restore, .. } | Happening::Undone { restore, .. } => format!("restored/{restore}"),
            Happening::DrillFailed { workload, snapshot, .. } => format!("drill/{workload}/{snapshot}"),
            Happening::Overdue { workload, .. } => format!("overdue/{workload}"),
            Happening::Recovered { workload, .. } => format!("recovered/{workload}"),
            Happening::SnapshotTaken { workload } => format!("taken/{workload}"),
            Happening::Weekly { .. } => "weekly".to_owned(),
            Happening::NightBegan { .. } | Happening::NightOver { .. } => "night".to_owned(),
            Happening::Test { .. } => "test".to_owned(),
        }
    }
}
