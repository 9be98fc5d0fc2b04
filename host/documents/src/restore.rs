//! A restore or an undo as it is told: how it stands, how far it is, who is at it, what became of it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use reforge_base::Phase;
use reforge_base::failure::Failure;
use reforge_base::message::{Message, Source};
use reforge_host::restore::Report;
use reforge_transaction::event::{Event, TransactionKind};
use reforge_transaction::receipt::{Outcome, Receipt};

/// Restores and undos, newest first.
#[derive(Deserialize, Serialize, ToSchema)]
pub struct Restores {
    pub restores: Vec<Restore>,
    /// There are older ones, which are over: `all` lists them.
    pub older: bool,
}

/// A restore or an undo: how it stands and what became of it. One whose journal does not read is known by its `error`
/// and little else.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
pub struct Restore {
    pub id: String,
    /// None if nobody knows.
    pub workload: Option<String>,
    pub kind: Option<TransactionKind>,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub began: Option<jiff::Timestamp>,
    pub who: Option<String>,
    /// None if it is not over.
    pub outcome: Option<Outcome>,
    /// For people: how far it got, or what can still be done about it.
    pub now: Option<Message>,
    /// None if it can not be undone, or until it is finished.
    pub undo_left_ms: Option<u64>,
    pub can_undo: bool,
    /// Its previous data is kept until a person finishes.
    pub keep_previous: bool,
    /// How far its journal got; none when that was forgotten.
    pub newest_record: Option<String>,
    /// A person has decided about it.
    pub resolved: bool,
    pub receipt: Option<Receipt>,
    /// How far it is, if it runs in the server that answers.
    pub running: Option<Running>,
    /// Who is at it, wherever that is, while it is not over.
    pub held_by: Option<HeldBy>,
    /// What went wrong with one that has no receipt.
    pub error: Option<Failure>,
}

impl Restore {
    pub fn is_undo(&self) -> bool {
        matches!(self.kind, Some(TransactionKind::Undo { .. }))
    }

    /// Somebody is at it, in whatever process.
    pub fn is_running(&self) -> bool {
        self.running.is_some() || self.held_by.is_some()
    }

    /// An undo took it back.
    pub fn is_undone(&self) -> bool {
        !self.resolved && self.newest_record.as_deref() == Some(Event::Undone.name())
    }

    /// It is over, and this is what was told at its end.
    pub fn ended(&mut self, report: Report) {
        self.outcome = Some(report.outcome);
        self.error = report.failure;
        self.receipt = report.receipt;
    }
}

/// How far one is.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct Running {
    pub phase: Phase,
    /// Somebody asked it to stop.
    pub cancelling: bool,
    #[serde(flatten)]
    pub counters: Counters,
}

/// Who has the lock of a workload whose restore is not over.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct HeldBy {
    /// For people.
    pub what: Option<Message>,
    pub process: Option<u32>,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub since: Option<jiff::Timestamp>,
    /// What is being done, as its journal tells.
    pub phase: Phase,
    /// All of it in one line.
    pub text: Message,
    /// Which message that is, for who shows it in another language.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text_message: Option<Source>,
}

/// What was done of a phase, and how much there is to do; zero when nobody knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
pub struct Counters {
    pub bytes: u64,
    pub bytes_total: u64,
    pub entries: u64,
    pub entries_total: u64,
}

/// What a start did about one that was not over.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct RecoveredRestore {
    pub id: String,
    /// None if its journal does not say.
    pub workload: Option<String>,
    pub receipt: Option<Receipt>,
    /// Why it could not be settled.
    pub error: Option<Failure>,
}

/// Messages that name the command that goes on with it.
const SETTLED_BY_RECOVERY: [&str; 5] = [
    "usual-hint-unfinished",
    "the-new-data-is-live",
    "reforge-recover-starts-it-and-completes",
    "reforge-recover-brings-it-back",
    "reforge-recover-settles-it",
];

/// Whether a start goes on with what failed so, and nobody has to decide. A receipt of an older host has the hint's text
/// alone, which names the command.
pub fn settles_itself(failure: &Failure) -> bool {
    match failure.hint.source() {
        Some(source) => SETTLED_BY_RECOVERY.contains(&&*source.id),
        None => failure.hint.contains("`reforge recover`"),
    }
}

#[cfg(test)]
mod tests {
    use reforge_base::{Code, message};

    use super::*;

    #[test]
    fn what_a_start_goes_on_with_is_known_by_its_hint_also_in_a_receipt_of_an_older_host() {
        for id in SETTLED_BY_RECOVERY {
            let hint = Message::of(id, []);
            assert!(hint.contains("`reforge recover`"), "{hint}");
            let failure = Failure::new(Code::NeedsOperator, "x");
            assert!(settles_itself(&failure.clone().hint(hint.clone())));
            assert!(settles_itself(&failure.hint(hint.to_string())));
        }
        let of_a_person = message!("look-at-the-volumes-then-say", workload = "app");
        let failure = Failure::new(Code::NeedsOperator, "x").hint(of_a_person);
        assert!(!settles_itself(&failure) && !settles_itself(&failure.clone().hint(failure.hint.to_string())));
    }
}
