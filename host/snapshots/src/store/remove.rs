//! Removes snapshots, and what a dead capture or removal left behind.
//!
//! A removal first renames the descriptor away: from then on there is no snapshot. The renamed descriptor, like the
//! temporary one of a capture, says that an archive of this id without a descriptor is ours to remove. Without such a
//! mark an archive is never removed.

use super::super::folder::Folder;
use super::names::{GONE, NEW, archive_name, descriptor_name, entries_name, id_of, id_of_entries};
use reforge_base::failure::Result;

/// Removes one snapshot, whichever of its files are there.
pub(super) fn snapshot(folder: &Folder, id: &str) -> Result<()> {
    let descriptor = descriptor_name(id);
    let mark = format!("{GONE}{descriptor}");
    if folder.exists(&descriptor)? {
        folder.remove(&mark)?;
        folder.rename(&descriptor, &mark)?;
        folder.sync()?;
    }
    folder.remove(&archive_name(id))?;
    folder.remove(&entries_name(id))?;
    folder.sync()?;
    folder.remove(&mark)?;
    folder.sync()
}

/// Entry lists of which there is no snapshot any more: a host of a version before has removed it.
fn orphans(names: &[String]) -> impl Iterator<Item = &String> {
    let has = |name: String| names.contains(&name);
    let is_orphan =
        move |name: &&String| id_of_entries(name).is_some_and(|id| !has(descriptor_name(id)) && !has(archive_name(id)));
    names.iter().filter(is_orphan)
}

/// Whether there is anything for [`leftovers`].
pub(super) fn has_leftovers(folder: &Folder) -> Result<bool> {
    let names = folder.names()?;
    Ok(names.iter().any(|name| name.starts_with(NEW) || name.starts_with(GONE)) || orphans(&names).next().is_some())
}

/// Finishes what was cut short. The caller holds the workload's lock, so nothing of it is still under way.
pub(super) fn leftovers(folder: &Folder) -> Result<()> {
    let names = folder.names()?;
    let mut swept = false;
    for name in &names {
        let Some(bare) = name.strip_prefix(NEW).or_else(|| name.strip_prefix(GONE)) else { continue };
        let marked = id_of(bare).filter(|id| bare == descriptor_name(id));
        if let Some(id) = marked
            && !folder.exists(bare)?
        {
            folder.remove(&archive_name(id))?;
            folder.remove(&entries_name(id))?;
            // The mark must not be gone before the archive is.
            folder.sync()?;
        }
        folder.remove(name)?;
        swept = true;
    }
    for name in orphans(&folder.names()?) {
        folder.remove(name)?;
        swept = true;
    }
    if swept { folder.sync() } else { Ok(()) }
}
