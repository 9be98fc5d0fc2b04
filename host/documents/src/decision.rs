//! What a person decided about a restore, and what there is to decide.

use serde::Serialize;
use utoipa::ToSchema;

use reforge_base::message::{Message, Source};
use reforge_host::restore::decide::{Decided, NamedRestore};
use reforge_host::restore::undo;
use reforge_transaction::receipt;
use reforge_transaction::resolve::{Keep, Tree};

/// The trees of a restore that waits for a decision.
#[derive(Serialize, ToSchema)]
pub struct Trees {
    pub id: String,
    /// None if its journal does not say.
    pub workload: Option<String>,
    pub trees: Vec<Tree>,
}

pub fn trees(named: NamedRestore, trees: Vec<Tree>) -> Trees {
    Trees { id: named.id, workload: named.workload, trees }
}

/// A restore about which a person has decided.
#[derive(Serialize, ToSchema)]
pub struct Resolved {
    pub id: String,
    /// None if its journal does not say.
    pub workload: Option<String>,
    pub keep: Keep,
    /// Always true.
    pub resolved: bool,
    /// What stays beside the volumes until the restore is finished.
    pub kept: Vec<Tree>,
}

pub fn resolved(decided: Decided, keep: Keep) -> Resolved {
    let Decided { restore, kept, .. } = decided;
    Resolved { id: restore.id, workload: restore.workload, keep, resolved: true, kept }
}

/// A restore whose previous data is gone.
#[derive(Serialize, ToSchema)]
pub struct Finished {
    /// Always true.
    pub finished: bool,
    /// What could not be removed and was left where it is.
    pub left_behind: Vec<Message>,
    /// The same as messages, one for each, for who shows them in another language.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub left_behind_messages: Vec<Option<Source>>,
    /// Volumes that their engine has removed, with the previous data beside them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub removed_by_engine: Vec<String>,
}

/// Restores whose previous data is gone.
#[derive(Serialize, ToSchema)]
pub struct FinishedAll {
    /// Their ids, oldest first.
    pub finished: Vec<String>,
    /// What could not be removed and was left where it is.
    pub left_behind: Vec<Message>,
}

pub fn finished_all(finished: Vec<String>, left_behind: Vec<Message>) -> FinishedAll {
    FinishedAll { finished, left_behind }
}

pub fn finished(finished: undo::Finished) -> Finished {
    let undo::Finished { left: left_behind, removed: removed_by_engine } = finished;
    let left_behind_messages = receipt::sources(&left_behind);
    Finished { finished: true, left_behind, left_behind_messages, removed_by_engine }
}
