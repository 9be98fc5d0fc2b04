//! The way out of `needs-operator`: shows each tree with its age and size, and does what a person chose.
//!
//! Nothing is removed here. The trees that were not chosen stay under their sibling names until a person has them removed
//! ([`Transaction::drop_unchosen`]), and the transaction is marked as resolved so that it blocks nothing any more.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Transaction;
use super::app::{App, Apps};
use super::open_volumes::{Live, OpenVolume, is_removed};
use super::registry::{self, KnownTransaction};
use super::resolved::FILE;
pub use super::resolved::is_resolved;
use super::state_files;
use reforge_base::durable;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;
use reforge_volumes::live_tree;

/// Where a tree is that is not live.
const SIBLING: &str = "sibling";

/// Which trees a person wants live.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Keep {
    /// What was there when the transaction began.
    Old,
    /// What the transaction was to put there.
    New,
    /// Whatever is live now, also if it is neither.
    Live,
}

/// One tree as a person needs to see it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Tree {
    pub volume: String,
    #[schema(value_type = String)]
    pub path: PathBuf,
    /// `live` or `sibling`.
    pub place: &'static str,
    /// `old`, `new` or `unknown`.
    pub is: &'static str,
    pub entries: u64,
    pub bytes: u64,
    /// Newest modification below it.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub newest: Option<jiff::Timestamp>,
}

/// What still lies beside the volumes of a transaction about which a person has decided. Changes nothing.
pub fn unchosen(transactions: &Path, id: &str) -> Result<Vec<Tree>> {
    let mut trees = show(transactions, id)?;
    trees.retain(|tree| tree.place == SIBLING);
    Ok(trees)
}

/// Every tree of a transaction that can be found. Changes nothing.
pub fn show(transactions: &Path, id: &str) -> Result<Vec<Tree>> {
    let (journal, begin) = match registry::find(transactions, id)? {
        KnownTransaction::Open(journal, begin) => (journal, begin),
        KnownTransaction::Damaged { failure, .. } => return Err(failure),
    };
    let mut trees = Vec::new();
    for (index, volume) in begin.volumes.iter().enumerate().filter(|(_, volume)| !is_removed(volume)) {
        let place = OpenVolume::open(volume)?;
        let sight = place.look()?;
        let new = journal.state().siblings[index].clone();
        let made = journal.state().made[index].clone();
        for (name, place_name, found) in
            [(&place.volume.live, "live", sight.live), (&place.volume.sibling, SIBLING, sight.sibling)]
        {
            let Some(found) = found else { continue };
            let is = if Some(&found) == new.as_ref() {
                "new"
            } else if Some(&found) == place.volume.live_identity.as_ref() || Some(&found) == made.as_ref() {
                "old"
            } else {
                "unknown"
            };
            let totals = match place.parent.open_live(name)? {
                Some(tree) => live_tree::totals(&tree)?,
                None => continue,
            };
            trees.push(Tree {
                volume: place.volume.name.clone(),
                path: place.volume.parent.join(name),
                place: place_name,
                is,
                entries: totals.entries,
                bytes: totals.bytes,
                newest: totals.newest.and_then(|at| jiff::Timestamp::new(at.seconds, at.nanoseconds as i32).ok()),
            });
        }
    }
    Ok(trees)
}

/// Does what a person chose, under the workload's lease: the app is stopped, trees are exchanged where they have
/// to be, and the transaction is marked. The app is left stopped; a deploy starts it. Answers whether there was an app to
/// stop: a journal that does not read says nothing about one, and nothing is touched. `id` is the whole id.
pub fn resolve(transactions: &Path, id: &str, keep: Keep, who: &str, apps: &dyn Apps) -> Result<bool> {
    let mark = |directory: &Path| {
        if !state_files::is_directory(directory) {
            // There is nothing to mark: it goes out of the way, and is kept.
            return durable::move_aside(directory).map(drop);
        }
        let body = serde_json::json!({ "keep": keep, "who": who, "at": jiff::Timestamp::now() });
        durable::write_durably(directory, FILE, body.to_string().as_bytes(), 0o600)
    };
    let workload = match registry::find(transactions, id)? {
        KnownTransaction::Damaged { workload, .. } => workload,
        KnownTransaction::Open(_, begin) => Some(begin.workload),
    };
    let lease = workload.map(|workload| apps.locks().try_lease(&workload, message!("resolve-of", id))).transpose()?;
    // Under the lease once more: whoever had it may have ended the transaction, or decided already.
    let entry = registry::find(transactions, id)?;
    if entry.blocks().is_none() {
        return Err(needs_no_decision(&entry));
    }
    match (entry, lease) {
        (KnownTransaction::Damaged { id, .. }, _) if keep == Keep::Live => mark(&transactions.join(id)).map(|()| false),
        (KnownTransaction::Damaged { failure, .. }, _) => Err(failure.hint(message!("its-trees-cannot-be-told-apart"))),
        (KnownTransaction::Open(journal, begin), Some(lease)) => {
            let app = App::new(apps, lease, &begin.runtime)?;
            if begin.volumes.iter().any(is_removed) {
                // Neither tree of it is there any more: nothing can be arranged, and whatever is live stays.
                refuse_without_trees(keep)?;
                app.stop()?;
                app.release()?;
                return mark(&transactions.join(id)).map(|()| true);
            }
            let mut transaction = Transaction::reopen(*journal, *begin, app)?;
            let lives = transaction.arrangeable(keep)?;
            transaction.app.stop()?;
            transaction.arrange(keep, &lives)?;
            mark(transaction.journal.directory()).map(|()| true)
        }
        (KnownTransaction::Open(_, begin), None) => {
            Err(Failure::new(Code::Busy, message!("the-journal-of-is-being-written", id = begin.id)))
        }
    }
}

fn refuse_without_trees(keep: Keep) -> Result<()> {
    if keep == Keep::Live {
        return Ok(());
    }
    let failure = Failure::new(Code::NeedsOperator, message!("a-volume-was-removed-by-its-engine"));
    Err(failure.hint(message!("keep-live-and-restore-the-safety-snapshot")))
}

/// Nothing is waited for: it is over, or a person has decided.
pub fn needs_no_decision(entry: &KnownTransaction) -> Failure {
    let message = message!("restore-needs-no-decision", id = reforge_base::escape::text(entry.id()));
    Failure::new(Code::Usage, message).hint(message!("reforge-restore-show-says-how"))
}

impl Transaction {
    /// What is live, volume by volume, if it can be arranged so. Changes nothing, and comes before the app is stopped.
    fn arrangeable(&self, keep: Keep) -> Result<Vec<Live>> {
        let lives = self.lives()?;
        let is_in_the_way = |live: &Live| match keep {
            Keep::Live => false,
            Keep::Old => *live == Live::Neither,
            Keep::New => matches!(live, Live::Gone | Live::Neither),
        };
        match lives.iter().position(is_in_the_way) {
            None => Ok(lives),
            Some(index) => {
                let volume = &self.open_volumes[index].volume.name;
                let message = message!("volume-holds-a-tree-that", volume);
                Err(Failure::new(Code::NeedsOperator, message).hint(message!("put-the-right-tree-under")))
            }
        }
    }

    fn arrange(&mut self, keep: Keep, lives: &[Live]) -> Result<()> {
        for (index, live) in lives.iter().enumerate() {
            match (keep, live) {
                (Keep::Old, Live::New | Live::Gone) => self.exchange_back(index)?,
                (Keep::New, Live::Old) => self.exchange_forward(index)?,
                _ => {}
            }
        }
        self.app.release()
    }
}
