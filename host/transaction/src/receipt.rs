//! What happened, for people and machines, from the journal. Kept for good.
//!
//! A receipt is written after everything else of a transaction was done; that it exists says so.

use std::path::Path;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::event::{Begin, Event, Record, TransactionKind};
use super::journal::Journal;
use super::state_files;
use reforge_base::durable;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;
use reforge_base::message::{Message, Source};
use reforge_base::not_captured::NotCaptured;
use reforge_base::remark::Remark;

/// How a restore or undo ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Every volume holds the new data and the app is as it was.
    Done,
    /// The same, but nobody knows how the app does.
    Unconfirmed,
    /// Something went wrong before any exchange; nothing changed.
    Failed,
    /// Turned down; nothing changed.
    Refused,
    /// Asked to stop; nothing changed.
    Cancelled,
    /// Exchanged, and exchanged back: every volume holds what it held before.
    Reverted,
    /// Only a person can decide.
    NeedsOperator,
    /// Another one holds the workload.
    Busy,
}

impl Outcome {
    /// How a failure ended things when nothing was exchanged.
    pub fn of_unchanged(failure: &Failure) -> Outcome {
        match failure.code {
            Code::Busy => Outcome::Busy,
            Code::Cancelled => Outcome::Cancelled,
            Code::NeedsOperator => Outcome::NeedsOperator,
            _ if failure.code.is_refusal() => Outcome::Refused,
            _ => Outcome::Failed,
        }
    }

    /// The word a person reads first.
    pub fn as_str(self) -> &'static str {
        match self {
            Outcome::Done => "done",
            Outcome::Unconfirmed => "unconfirmed",
            Outcome::Failed => "failed",
            Outcome::Refused => "refused",
            Outcome::Cancelled => "cancelled",
            Outcome::Reverted => "reverted",
            Outcome::NeedsOperator => "needs-operator",
            Outcome::Busy => "busy",
        }
    }
}

/// What is written down about a transaction.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[non_exhaustive]
pub struct Receipt {
    pub id: String,
    pub workload: String,
    #[serde(flatten)]
    pub kind: TransactionKind,
    pub outcome: Outcome,
    /// What went wrong, if anything did.
    pub failure: Option<Failure>,
    /// How the app was found after its start, or why it was not started.
    pub app: Message,
    /// The same as a message, for who shows it in another language.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app_message: Option<Source>,
    pub who: String,
    #[schema(value_type = String, format = DateTime)]
    pub began: jiff::Timestamp,
    #[schema(value_type = String, format = DateTime)]
    pub ended: jiff::Timestamp,
    /// From the moment the app was told to stop until it was back; none if it was never stopped, or is not back.
    pub downtime_ms: Option<u64>,
    /// The same of each part of an app that has several.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<MemberDowntime>,
    pub volumes: Vec<ReceiptVolume>,
    /// Volumes that stayed as they were because they were to.
    pub left: Vec<String>,
    /// What else the app has, which was not touched.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_captured: Vec<NotCaptured>,
    /// What is to be known of what the snapshot holds: what changed while it was taken, what is not in it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remarks: Vec<Remark>,
    /// The snapshot of what was live when the app was down.
    pub safety: Option<String>,
    pub plan_digest: String,
    pub plugin_digest: Option<String>,
    /// How long the previous trees are kept; none if there are none, or until a person finishes.
    pub undo_window_ms: Option<u64>,
    /// What could not be removed and was left where it is.
    #[serde(default)]
    pub left_behind: Vec<Message>,
    /// The same as messages, one for each, for who shows them in another language.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_behind_messages: Vec<Option<Source>>,
    /// Trees that something wrote to after the journal's newest word about them, and that are kept for a window.
    #[serde(default)]
    pub later_writes: Vec<String>,
    /// Milliseconds from the first record to each.
    pub steps: Vec<Step>,
}

/// How long one part of an app was down.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[non_exhaustive]
pub struct MemberDowntime {
    pub name: String,
    pub downtime_ms: u64,
}

impl MemberDowntime {
    pub fn new(name: impl Into<String>, downtime: std::time::Duration) -> MemberDowntime {
        MemberDowntime { name: name.into(), downtime_ms: u64::try_from(downtime.as_millis()).unwrap_or(u64::MAX) }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[non_exhaustive]
pub struct ReceiptVolume {
    pub name: String,
    pub entries: u64,
    pub bytes: u64,
    /// What it was checked against before it was exchanged.
    pub tree_digest: Option<String>,
    /// Where the previous tree is while the window runs.
    pub previous: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[non_exhaustive]
pub struct Step {
    pub record: String,
    pub after_ms: u64,
}

/// What the journal does not know.
pub struct Ending {
    pub outcome: Outcome,
    pub failure: Option<Failure>,
    pub app: Message,
    pub left_behind: Vec<Message>,
    pub later_writes: Vec<String>,
}

impl Receipt {
    /// It was stopped, and is not back.
    pub fn app_is_down(&self) -> bool {
        self.app == message!("app-down")
    }

    /// How the app was found, for whoever reads it in whatever language.
    pub fn app(&self) -> Message {
        Message::written(self.app.to_string(), self.app_message.clone())
    }

    /// What was left behind, for whoever reads it in whatever language. Of an older receipt there is the text alone.
    pub fn left_behind(&self) -> Vec<Message> {
        let sources = self.left_behind_messages.iter().cloned().chain(std::iter::repeat(None));
        let written = |(text, source): (&Message, _)| Message::written(text.to_string(), source);
        self.left_behind.iter().zip(sources).map(written).collect()
    }

    fn set_left_behind(&mut self, left: Vec<Message>) {
        self.left_behind_messages = sources(&left);
        self.left_behind = left;
    }
}

/// Which messages they are, beside their texts in a document: one for each, none of what is only text.
pub fn sources(messages: &[Message]) -> Vec<Option<Source>> {
    messages.iter().map(|message| message.source().cloned()).collect()
}

/// Draws a receipt up from a journal.
pub fn draw_up(journal: &Journal, begin: &Begin, ending: Ending) -> Receipt {
    let records = journal.records();
    let first = records[0].uptime_ms;
    let kept = matches!(ending.outcome, Outcome::Done | Outcome::Unconfirmed) && !begin.keep_previous;
    Receipt {
        id: begin.id.clone(),
        workload: begin.workload.clone(),
        kind: begin.kind.clone(),
        outcome: ending.outcome,
        failure: ending.failure,
        app_message: ending.app.source().cloned(),
        app: ending.app,
        who: begin.who.clone(),
        began: begin.at.wall,
        ended: jiff::Timestamp::now(),
        downtime_ms: downtime_ms(records),
        volumes: begin
            .volumes
            .iter()
            .map(|volume| ReceiptVolume {
                name: volume.name.clone(),
                entries: volume.entries,
                bytes: volume.bytes,
                tree_digest: volume.tree_digest.clone(),
                previous: volume.parent.join(&volume.sibling).display().to_string(),
            })
            .collect(),
        left: begin.left.clone(),
        not_captured: begin.not_captured.clone(),
        remarks: begin.remarks.clone(),
        safety: journal.state().safety.clone(),
        plan_digest: begin.plan_digest.clone(),
        plugin_digest: begin.plugin_digest.clone(),
        undo_window_ms: kept.then_some(begin.undo_window_ms),
        left_behind_messages: sources(&ending.left_behind),
        left_behind: ending.left_behind,
        later_writes: ending.later_writes,
        members: Vec::new(),
        steps: records
            .iter()
            .map(|record| Step { record: record.event.name().into(), after_ms: record.uptime_ms.saturating_sub(first) })
            .collect(),
    }
}

/// From `stopping` to the record that says the app is back; for a revert the app is back right after `reverted`.
fn downtime_ms(records: &[Record]) -> Option<u64> {
    let stopping = records.iter().find(|record| matches!(record.event, Event::Stopping { .. }))?;
    let back = records.iter().rev().find(|record| {
        matches!(
            record.event,
            Event::Healthy | Event::Unconfirmed | Event::Completed { .. } | Event::Reverted { .. } | Event::Closed
        )
    })?;
    let healthy = records.iter().find(|record| matches!(record.event, Event::Healthy | Event::Unconfirmed));
    Some(healthy.unwrap_or(back).uptime_ms.saturating_sub(stopping.uptime_ms))
}

/// Writes a receipt durably.
pub fn write(receipts: &Path, receipt: &Receipt) -> Result<()> {
    durable::make_directories_durably(receipts, 0o700)?;
    let bytes = serde_json::to_vec_pretty(receipt).map_err(|error| Failure::new(Code::Io, error.to_string()))?;
    durable::write_durably(receipts, file_name(&receipt.id), &bytes, 0o600)
}

/// Adds to a receipt what was left since it was written, each thing once. Without one, whoever writes it knows.
pub fn add_left_behind(receipts: &Path, id: &str, left: &[Message]) -> Result<()> {
    let Some(mut receipt) = read_or_move_aside(receipts, id)? else { return Ok(()) };
    let mut known = receipt.left_behind();
    let is_more = add(&mut known, left);
    receipt.set_left_behind(known);
    if is_more { write(receipts, &receipt) } else { Ok(()) }
}

/// Names in a receipt what is left now, after it was tried again.
pub fn replace_left_behind(receipts: &Path, id: &str, left: &[Message]) -> Result<()> {
    let Some(mut receipt) = read_or_move_aside(receipts, id)? else { return Ok(()) };
    receipt.set_left_behind(left.to_vec());
    write(receipts, &receipt)
}

/// Adds to a receipt where trees are kept since something wrote to them, each once.
pub fn add_later_writes(receipts: &Path, id: &str, trees: &[String]) -> Result<()> {
    let Some(mut receipt) = read_or_move_aside(receipts, id)? else { return Ok(()) };
    let is_more = add(&mut receipt.later_writes, trees);
    if is_more { write(receipts, &receipt) } else { Ok(()) }
}

/// Whether any was new.
fn add<T: Clone + PartialEq>(known: &mut Vec<T>, more: &[T]) -> bool {
    let told = known.len();
    for one in more {
        if !known.contains(one) {
            known.push(one.clone());
        }
    }
    known.len() > told
}

/// Whether a receipt was written that reads.
pub fn is_told(receipts: &Path, id: &str) -> bool {
    matches!(read(receipts, id), Ok(Some(_)))
}

/// Reads one receipt; none if the transaction is not over yet.
pub fn read(receipts: &Path, id: &str) -> Result<Option<Receipt>> {
    load(receipts, id)?.transpose()
}

/// The same for whoever can draw it up again: one that does not read is kept beside, and counts as none.
pub(super) fn read_or_move_aside(receipts: &Path, id: &str) -> Result<Option<Receipt>> {
    let Some(Err(_)) = load(receipts, id)? else { return read(receipts, id) };
    let path = receipts.join(file_name(id));
    durable::move_aside(&path)?;
    Ok(None)
}

/// None if there is none; a failure inside if it does not read, whoever tries.
fn load(receipts: &Path, id: &str) -> Result<Option<Result<Receipt>>> {
    let path = receipts.join(file_name(id));
    let damaged = |reason: Message| Some(Err(Failure::new(Code::Io, message!("receipt-does-not-read", id, reason))));
    match state_files::read(&path) {
        Ok(bytes) => Ok(match serde_json::from_slice(&bytes) {
            Ok(receipt) => Some(Ok(receipt)),
            Err(error) => damaged(Message::from(error.to_string())),
        }),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) if error.kind() == std::io::ErrorKind::IsADirectory => Ok(damaged(message!("it-is-a-directory"))),
        Err(error) => Err(Failure::io("read", &path, &error)),
    }
}

/// The ids of all receipts, oldest first. Receipts outlive their journals.
pub fn ids(receipts: &Path) -> Result<Vec<String>> {
    let names = match state_files::list(receipts) {
        Ok(names) => names,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(Failure::io("list", receipts, &error)),
    };
    let mut ids = Vec::new();
    for name in names {
        // What is being written has another beginning.
        ids.extend(
            name.to_str()
                .filter(|name| !name.starts_with('.'))
                .and_then(|name| name.strip_suffix(".json"))
                .map(str::to_owned),
        );
    }
    ids.sort();
    Ok(ids)
}

fn file_name(id: &str) -> String {
    format!("{id}.json")
}

#[cfg(test)]
mod tests {
    use reforge_base::Language;
    use serde_json::{Value, json};

    use super::*;

    /// A receipt as it stands on disk, with what else is in it.
    fn written(more: Value) -> Receipt {
        let mut document = json!({
            "id": "a", "workload": "a", "kind": "restore", "snapshot": "s", "outcome": "done", "failure": null,
            "app": "", "who": "somebody", "began": "2026-11-24T21:00:00Z", "ended": "2026-11-24T21:00:01Z",
            "downtime_ms": null, "volumes": [], "left": [], "safety": null, "plan_digest": "", "plugin_digest": null,
            "undo_window_ms": null, "steps": [],
        });
        document.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        serde_json::from_value(document).unwrap()
    }

    fn in_russian(receipt: &Receipt) -> Vec<String> {
        receipt.left_behind().iter().map(|left| left.in_language(Language::Russian)).collect()
    }

    #[test]
    fn what_was_left_behind_is_read_in_every_language_and_an_older_receipt_as_it_was_written() {
        let mut receipt = written(json!({ "left_behind": ["old (not the recorded one)"] }));
        assert_eq!(in_russian(&receipt), ["old (not the recorded one)"]);
        let mut left = receipt.left_behind();
        let more = [message!("and-more", n = 2_u64), Message::from("sibling"), left[0].clone()];
        assert!(add(&mut left, &more) && !add(&mut left, &more), "each once");
        receipt.set_left_behind(left);
        let document = serde_json::to_value(&receipt).unwrap();
        assert_eq!(document["left_behind"], json!(["old (not the recorded one)", "and 2 more", "sibling"]));
        let messages = json!([null, { "id": "and-more", "arguments": { "n": 2 } }, null]);
        assert_eq!(document["left_behind_messages"], messages);
        let read = serde_json::from_value(document).unwrap();
        assert_eq!(in_russian(&read), ["old (not the recorded one)", "и ещё 2", "sibling"]);
        receipt.set_left_behind(Vec::new());
        let document = serde_json::to_value(&receipt).unwrap();
        assert_eq!((&document["left_behind"], document.get("left_behind_messages")), (&json!([]), None));
    }
}
