//! Which snapshots hold a path, and in which of them it is another one than before.

use std::sync::Arc;

use super::look::{Look, Looked};
use super::place::{self, Asked};
use reforge_base::failure::{Code, Failure, Result};
use reforge_snapshots::entries::{Entry, Kind};
use reforge_snapshots::store::StoredSnapshot;

/// What one snapshot holds under a path.
pub struct Version {
    pub snapshot: StoredSnapshot,
    /// None if it holds nothing there; a failure if it cannot be looked into.
    pub held: Result<Option<Held>>,
}

/// Something that a snapshot holds.
pub struct Held {
    pub number: u64,
    pub volume: String,
    pub entry: Entry,
    /// Of a hard link, its leader's.
    pub file: Option<Entry>,
    /// Whether it is what the snapshot before held there; none for the first one, and where that is not known.
    pub same_as_before: Option<bool>,
}

impl Look<'_> {
    /// Newest first. A snapshot that has no list gets one.
    pub fn versions(&self, workload: &str, asked: Asked<'_>) -> Result<Vec<Version>> {
        let workload = self.host.config.workload(workload)?.clone();
        let mut versions = Vec::new();
        let mut before: Option<Option<Entry>> = None;
        let mut listed = self.host.store.list(&workload.id)?;
        listed.reverse();
        for snapshot in listed {
            let held = match &snapshot.descriptor {
                Err(failure) => Err(failure.clone()),
                Ok(_) => self.held(&workload, &snapshot.id, asked),
            };
            let held = match held {
                Err(failure) if failure.code == Code::Cancelled => return Err(failure),
                held => held,
            };
            let held = held.map(|held| {
                let file = held.as_ref().map(|held| held.file.clone().unwrap_or_else(|| held.entry.clone()));
                let same = before.as_ref().zip(file.as_ref()).and_then(|(before, now)| same(before.as_ref(), now));
                before = Some(file);
                held.map(|held| Held { same_as_before: same, ..held })
            });
            versions.push(Version { snapshot, held });
        }
        versions.reverse();
        Ok(versions)
    }

    fn held(&self, workload: &reforge_config::Workload, snapshot: &str, asked: Asked<'_>) -> Result<Option<Held>> {
        let open = Arc::new(self.host.store.open(&workload.id, snapshot)?);
        let looked = self.look_into(workload.clone(), open)?;
        match place::find(&self.host.config, &looked, asked) {
            Ok((number, entry)) => Ok(Some(held(&looked, number, entry)?)),
            Err(Failure { code: Code::NotFound, .. }) => Ok(None),
            Err(failure) => Err(failure),
        }
    }
}

fn held(looked: &Looked, number: u64, entry: Entry) -> Result<Held> {
    let index = looked.list.volume_of(number).unwrap_or_default();
    let file = match &entry.kind {
        Kind::HardLink { leader } => {
            let leader = looked.list.find(index, leader)?;
            leader.map(|leader| looked.list.get(leader)).transpose()?.flatten()
        }
        _ => None,
    };
    let volume = looked.volume_names().nth(index).unwrap_or_default().to_owned();
    Ok(Held { number, volume, entry, file, same_as_before: None })
}

/// Whether one is what the other was: by content, or by size and time, or by where a link leads.
fn same(before: Option<&Entry>, now: &Entry) -> Option<bool> {
    let Some(before) = before else { return Some(false) };
    match (&before.kind, &now.kind) {
        (Kind::File { size, content: Some(one) }, Kind::File { size: other_size, content: Some(other) }) => {
            Some(size == other_size && one == other)
        }
        (Kind::File { size, .. }, Kind::File { size: other, .. }) => match size == other {
            // Nobody has compared them.
            true => (before.mtime == now.mtime).then_some(true),
            false => Some(false),
        },
        (Kind::Symlink { target }, Kind::Symlink { target: other }) => Some(target == other),
        (Kind::Directory, Kind::Directory) => None,
        _ => Some(false),
    }
}
