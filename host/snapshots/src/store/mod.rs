//! Where snapshots are kept: `<snapshot_dir>/<workload>/<id>.tar.gz`, the names in it as `<id>.entries`, and, written last,
//! `<id>.json`.
//!
//! One damaged snapshot never hides another. Nothing is deleted that a journal names, and nothing that this module did
//! not make: an archive whose descriptor is lost is shown as damaged and stays. Whoever changes a workload's snapshots
//! holds its lock.

mod check;
mod lists;
mod names;
mod pending;
mod pins;
mod remove;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{Read as _, Write};
use std::path::PathBuf;

use sha2::{Digest as _, Sha256};

pub use self::check::{descriptor as checked_descriptor, problem as descriptor_problem};
use self::names::{archive_name, descriptor_name, id_of};
pub use self::pending::Pending;
use super::folder::Folder;
use super::format::{Descriptor, SAFETY};
use super::{Progress, check_cancelled};
use reforge_base::Message;
use reforge_base::escape;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::limits::PIECE_BYTES_MAX;
use reforge_base::message;
use reforge_volumes::ambient;

/// Largest descriptor read: a part takes some 100 bytes and stands for 16 MiB.
pub(crate) const DESCRIPTOR_BYTES_MAX: u64 = 64 << 20;

/// The snapshots of all workloads.
#[derive(Clone, Debug)]
pub struct Store {
    dir: PathBuf,
}

/// One line of a list.
#[derive(Clone, Debug)]
pub struct StoredSnapshot {
    pub id: String,
    /// What is wrong with it, if it is damaged.
    pub descriptor: Result<Descriptor>,
    /// Whether nothing may delete it.
    pub pinned: bool,
    /// What its entry list occupies.
    pub list_bytes: u64,
}

/// A snapshot open for a restore. The file stays the same one whatever happens to its name.
#[derive(Debug)]
pub struct OpenSnapshot {
    pub descriptor: Descriptor,
    /// As stored.
    pub descriptor_text: String,
    /// The same for plugins, where it says what those of versions before do not know.
    plugins_text: Option<String>,
    /// Of the text, hexadecimal: what a plan stands on.
    pub descriptor_sha256: String,
    pub file: File,
}

impl OpenSnapshot {
    /// An archive that has no descriptor yet, for whoever inspects it.
    pub fn foreign(file: File, descriptor: Descriptor) -> OpenSnapshot {
        OpenSnapshot {
            descriptor,
            descriptor_text: String::new(),
            plugins_text: None,
            descriptor_sha256: String::new(),
            file,
        }
    }

    /// The descriptor as a plugin reads it.
    pub fn plugins_text(&self) -> &str {
        self.plugins_text.as_deref().unwrap_or(&self.descriptor_text)
    }

    /// How long the archive is that a plugin is shown: without the files of a Compose project, which are whole gzip members.
    pub fn shown_bytes(&self) -> u64 {
        self.descriptor.shown_bytes()
    }

    /// [`OpenSnapshot::read_at`] of the archive that a plugin is shown.
    pub fn read_shown(&self, offset: u64, max: usize) -> Result<Vec<u8>> {
        let Some(hidden) = self.descriptor.project_entries() else { return self.read_at(offset, max) };
        let before = hidden.offset.saturating_sub(offset).min(max as u64) as usize;
        let mut bytes = if before > 0 { self.read_at(offset, before)? } else { Vec::new() };
        if before < max {
            bytes.extend(self.read_at(offset + before as u64 + hidden.bytes, max - before)?);
        }
        Ok(bytes)
    }

    /// Bytes of the archive.
    pub fn bytes(&self) -> u64 {
        self.descriptor.archive.bytes
    }

    /// Up to `max` bytes from `offset`; fewer only at the end.
    pub fn read_at(&self, offset: u64, max: usize) -> Result<Vec<u8>> {
        use std::os::unix::fs::FileExt as _;
        let room = self.bytes().saturating_sub(offset).min(max as u64) as usize;
        let mut bytes = vec![0; room];
        self.file.read_exact_at(&mut bytes, offset).map_err(|error| {
            Failure::new(Code::Io, message!("cannot-read-snapshot", id = self.descriptor.id, error))
        })?;
        Ok(bytes)
    }

    /// Compares the whole archive with its descriptor, wherever the kernel has it.
    pub fn check(&self, progress: &dyn Progress) -> Result<()> {
        self.copy(&mut std::io::sink(), &Message::default(), progress)
    }

    /// Copies the archive to `out`, which people know as `called`. One that is damaged fails, after its bytes.
    pub(crate) fn copy(&self, out: &mut dyn Write, called: &Message, progress: &dyn Progress) -> Result<()> {
        copy_checked(self, out, called, progress)
    }
}

impl Store {
    /// Keeps snapshots below `dir`, which is made when the first is taken.
    pub fn new(dir: impl Into<PathBuf>) -> Store {
        Store { dir: dir.into() }
    }

    /// All snapshots of a workload, newest first. Damaged ones are listed as such.
    pub fn list(&self, workload: &str) -> Result<Vec<StoredSnapshot>> {
        Ok(self.newest(workload, usize::MAX)?.0)
    }

    /// So many of them at most, newest first, and how many older ones there are, of which none is read.
    pub fn newest(&self, workload: &str, most: usize) -> Result<(Vec<StoredSnapshot>, usize)> {
        let Some(folder) = self.folder(workload)? else { return Ok((Vec::new(), 0)) };
        let (ids, pinned) = (ids(&folder)?, pins::pinned(&folder)?);
        let second = |id: &str| id.get(..names::SECOND_BYTES).unwrap_or(id).to_owned();
        // Ids begin with the second, and within one of them only the descriptors say which is newer.
        let last = ids.iter().rev().nth(most.saturating_sub(1)).map(|id| second(id));
        let wanted = ids.iter().filter(|id| last.as_ref().is_none_or(|last| second(id) >= *last));
        let mut listed: Vec<StoredSnapshot> = wanted
            .map(|id| {
                let descriptor = open_in(&folder, workload, id).map(|open| open.descriptor);
                let list_bytes = folder.size(&names::entries_name(id));
                StoredSnapshot { id: id.clone(), descriptor, pinned: pinned.contains(id), list_bytes }
            })
            .collect();
        listed.sort_by_cached_key(|snapshot| std::cmp::Reverse(newest_key(snapshot)));
        listed.truncate(most);
        let older = ids.len() - listed.len();
        Ok((listed, older))
    }

    /// The whole id of the snapshot that a person named by its id or by a beginning that no other has.
    pub fn resolve(&self, workload: &str, name: &str) -> Result<String> {
        let folder = self.folder(workload)?;
        let ids = folder.as_ref().map(ids).transpose()?.unwrap_or_default();
        if ids.contains(name) {
            return Ok(name.to_owned());
        }
        let mut starting = ids.iter().filter(|id| !name.is_empty() && id.starts_with(name));
        match (starting.next(), starting.next()) {
            (Some(id), None) => Ok(id.clone()),
            (Some(_), Some(_)) => {
                let message = message!(
                    "more-than-one-snapshot-of-begins",
                    workload = escape::text(workload),
                    name = escape::text(name)
                );
                Err(Failure::new(Code::NotFound, message).hint(names::nearest(&ids, name)))
            }
            (None, _) => {
                let message =
                    message!("there-is-no-snapshot-of", name = escape::text(name), workload = escape::text(workload));
                Err(Failure::new(Code::NotFound, message).hint(names::nearest(&ids, name)))
            }
        }
    }

    /// The descriptor of one snapshot, named as in [`Store::resolve`], its archive being there in full length.
    pub fn get(&self, workload: &str, name: &str) -> Result<Descriptor> {
        Ok(self.open(workload, name)?.descriptor)
    }

    /// Opens one snapshot, named as in [`Store::resolve`].
    pub fn open(&self, workload: &str, name: &str) -> Result<OpenSnapshot> {
        let id = self.resolve(workload, name)?;
        let folder = self.folder(workload)?.ok_or_else(|| check::gone(&id))?;
        open_in(&folder, workload, &id)
    }

    /// Reads the whole archive from disk and compares it with its descriptor.
    pub fn verify(&self, workload: &str, name: &str, progress: &dyn Progress) -> Result<Descriptor> {
        let snapshot = self.open(workload, name)?;
        // What is in the page cache says nothing about the disk; without permission to drop it, it is still a check.
        let _ = rustix::fs::fadvise(&snapshot.file, 0, None, rustix::fs::Advice::DontNeed);
        copy_checked(&snapshot, &mut std::io::sink(), &Message::default(), progress)?;
        Ok(snapshot.descriptor)
    }

    /// Deletes one snapshot, damaged or not, by its whole id. `named` are the ids that a journal or an undo window
    /// names, which are `busy`. A pinned one is refused.
    pub fn delete(&self, workload: &str, id: &str, named: &BTreeSet<String>) -> Result<()> {
        names::check_snapshot(id)?;
        if named.contains(id) {
            let message = message!("snapshot-is-needed-by-a-restore", id = escape::text(id));
            return Err(Failure::new(Code::Busy, message).hint(message!("finish-the-restore-first-reforge-restore")));
        }
        self.is_whole_id(workload, id)?;
        let folder = self.folder(workload)?.ok_or_else(|| check::gone(id))?;
        pins::refuse_pinned(&folder, id)?;
        remove::snapshot(&folder, id)
    }

    /// Refuses what is only the beginning of an id, and what is none: a deletion wants it whole.
    pub fn is_whole_id(&self, workload: &str, id: &str) -> Result<()> {
        names::check_snapshot(id)?;
        match self.resolve(workload, id)? {
            whole if whole == id => Ok(()),
            whole => {
                let message = message!("a-deletion-wants-the-whole-id", whole = escape::text(&whole));
                Err(Failure::new(Code::Usage, message).hint(message!("a-beginning-names-it-everywhere-else")))
            }
        }
    }

    /// Deletes all but the newest `keep` safety snapshots that restores have taken here, and none that is `named` or pinned: what a
    /// person has imported says `safety`, too, when it was one. Answers the ids deleted.
    pub fn prune_safety(&self, workload: &str, keep: usize, named: &BTreeSet<String>) -> Result<Vec<String>> {
        let listed = self.list(workload)?;
        let safety = listed.iter().filter(|snapshot| {
            let is_one = |of: &Descriptor| !of.imported && of.manifest.reason == SAFETY;
            snapshot.descriptor.as_ref().is_ok_and(is_one)
        });
        let old: Vec<String> =
            safety.skip(keep).filter(|one| !one.pinned && !named.contains(&one.id)).map(|one| one.id.clone()).collect();
        for id in &old {
            self.delete(workload, id, named)?;
        }
        Ok(old)
    }

    /// Begins a new snapshot of a workload: sweeps what a dead one left behind and opens a new archive.
    pub fn begin(&self, workload: &str, created: jiff::Timestamp) -> Result<Pending> {
        names::check_workload(workload)?;
        let folder = Folder::make(&self.dir.join(workload))?;
        remove::leftovers(&folder)?;
        let newest = newest(&folder, workload)?;
        Pending::new(folder, workload, created, newest.as_ref())
    }

    /// The workloads in whose directories a dead capture or removal left something.
    pub fn left_behind(&self) -> Result<Vec<String>> {
        let failed = |error: std::io::Error| Failure::io("list", &self.dir, &error);
        let mut left = Vec::new();
        for entry in ambient::follow(&self.dir).and_then(|dir| dir.entries()).map_err(failed)? {
            let name = entry.map_err(failed)?.file_name();
            let Some(workload) = name.to_str().filter(|name| names::check_workload(name).is_ok()) else { continue };
            if ambient::follow(&self.dir.join(workload)).is_ok() {
                let folder = self.folder(workload)?;
                if folder.is_some_and(|folder| remove::has_leftovers(&folder).unwrap_or(true)) {
                    left.push(workload.to_owned());
                }
            }
        }
        Ok(left)
    }

    /// Finishes what a dead capture or removal of a workload's snapshots left. The caller holds the workload's lock.
    pub fn sweep(&self, workload: &str) -> Result<()> {
        self.folder(workload)?.map_or(Ok(()), |folder| remove::leftovers(&folder))
    }

    fn folder(&self, workload: &str) -> Result<Option<Folder>> {
        names::check_workload(workload)?;
        Folder::open(&self.dir.join(workload))
    }
}

/// Every id of which there is a descriptor or an archive.
fn ids(folder: &Folder) -> Result<BTreeSet<String>> {
    let names = folder.names()?;
    let ids = names.iter().filter_map(|name| id_of(name));
    Ok(ids.map(str::to_owned).collect())
}

/// Of those whose ids tell when they were made.
fn newest(folder: &Folder, workload: &str) -> Result<Option<names::Newest>> {
    let ids = ids(folder)?;
    let Some(second) = ids.iter().filter_map(|id| names::second_of(id)).max() else { return Ok(None) };
    let of_that_second = ids.iter().filter(|id| names::second_of(id) == Some(second));
    let opened = of_that_second.filter_map(|id| open_in(folder, workload, id).ok());
    Ok(Some(names::Newest { second, created: opened.map(|open| open.descriptor.manifest.created).max() }))
}

fn newest_key(snapshot: &StoredSnapshot) -> (String, Option<jiff::Timestamp>, String) {
    let second = snapshot.id.get(..names::SECOND_BYTES).unwrap_or(&snapshot.id);
    let created = snapshot.descriptor.as_ref().ok().map(|descriptor| descriptor.manifest.created);
    (second.to_owned(), created, snapshot.id.clone())
}

fn open_in(folder: &Folder, workload: &str, id: &str) -> Result<OpenSnapshot> {
    let mut text = Vec::new();
    let file =
        folder.read(&descriptor_name(id))?.ok_or_else(|| check::damaged(id, message!("its-descriptor-is-missing")))?;
    file.take(DESCRIPTOR_BYTES_MAX + 1)
        .read_to_end(&mut text)
        .map_err(|error| Failure::io("read", &folder.path(&descriptor_name(id)), &error))?;
    let descriptor = check::descriptor(&text, workload, id)?;
    let file = folder.read(&archive_name(id))?.ok_or_else(|| check::damaged(id, message!("its-archive-is-missing")))?;
    let size = file.metadata().map_err(|error| Failure::io("look at", &folder.path(&archive_name(id)), &error))?.len();
    check::archive_size(&descriptor, size)?;
    let descriptor_sha256 = hex::encode(Sha256::digest(&text));
    let descriptor_text =
        String::from_utf8(text).map_err(|_| check::damaged(id, message!("its-descriptor-is-not-text")))?;
    let unwritten = |error: serde_json::Error| Failure::new(Code::Io, error.to_string());
    let plugins_text = descriptor.for_plugins().map(|descriptor| serde_json::to_string(&descriptor));
    let plugins_text = plugins_text.transpose().map_err(unwritten)?;
    Ok(OpenSnapshot { descriptor, descriptor_text, plugins_text, descriptor_sha256, file })
}

fn copy_checked(snapshot: &OpenSnapshot, out: &mut dyn Write, called: &Message, progress: &dyn Progress) -> Result<()> {
    let mut file = &snapshot.file;
    let mut sha256 = Sha256::new();
    let mut buffer = vec![0; PIECE_BYTES_MAX];
    let id = &snapshot.descriptor.id;
    loop {
        check_cancelled(progress, message!("reading-the-snapshot"))?;
        let read = match file.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(check::damaged(id, message!("its-archive-cannot-be-read", error))),
        };
        sha256.update(&buffer[..read]);
        out.write_all(&buffer[..read]).map_err(|error| Failure::cannot(message!("doing-write"), called, &error))?;
        progress.advanced(read as u64, 0);
    }
    if hex::encode(sha256.finalize()) != snapshot.descriptor.archive.sha256 {
        return Err(check::damaged(id, message!("its-archive-does-not-match")));
    }
    Ok(())
}
