//! Puts a summary in place of the attachments of a transaction that is over. What is in it and what it says is in `summary`.

use std::path::Path;

use super::event::Begin;
use super::journal::{self, Journal};
use super::sector;
use super::state::Milestone;
use super::state_files;
use super::summary::{FILE, NEW, Summary, read};
use reforge_base::durable::{self, PRIVATE_FILE};
use reforge_base::effects::effect;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;
use reforge_base::spec::Observation;

/// Writes the summary of a transaction that is over, and removes its attachments. The caller holds the workload's lease.
/// May be repeated.
pub(crate) fn write(journal: &Journal, begin: &Begin) -> Result<()> {
    let directory = journal.directory();
    if !journal.state().is_over() {
        return Err(Failure::new(Code::OutOfOrder, message!("restore-is-not-over", id = begin.id)));
    }
    let summary = match read(directory, &begin.id) {
        Some(summary) => summary,
        None => {
            let observation = kept_of_observation(journal).map(|kept| journal.attach(&kept)).transpose()?;
            let begin = Begin { deployed: None, ..begin.clone() };
            let summary =
                Summary { begin, records: journal.records().to_vec(), aborted: journal.aborted()?, observation };
            let line = serde_json::to_string(&summary).map_err(|error| Failure::new(Code::Io, error.to_string()))?;
            let sum = hex::encode(sector::checksum(&summary.begin.id, line.as_bytes()));
            durable::write_durably(directory, NEW, format!("{line}\n{sum}\n").as_bytes(), PRIVATE_FILE)?;
            summary
        }
    };
    remove_attachments(directory, &summary)?;
    let (new, path) = (directory.join(NEW), directory.join(FILE));
    effect("rename-file", || state_files::rename(&new, &path)).map_err(|error| Failure::io("rename", &new, &error))?;
    durable::sync_directory(directory)
}

/// The trees of what was undone are still in use, and what the runtime kept for going back goes with them: it finds that
/// by its own plain words. What the app was created with is not among them. One that does not read has none to keep.
fn kept_of_observation(journal: &Journal) -> Option<Observation> {
    let state = journal.state();
    let digest = state.observation.as_ref().filter(|_| state.milestone == Milestone::Undone)?;
    journal.attachment::<Observation>(digest).ok().map(Observation::without_secrets)
}

/// All but what the summary names.
fn remove_attachments(directory: &Path, summary: &Summary) -> Result<()> {
    let kept = summary.observation.as_deref().map(journal::attachment_name);
    let names = journal::attachments(directory)?;
    for name in names.iter().filter(|name| Some(*name) != kept.as_ref()) {
        let path = directory.join(name);
        effect("remove-file", || state_files::remove_file(&path))
            .map_err(|error| Failure::io("remove", &path, &error))?;
    }
    durable::sync_directory(directory)
}
