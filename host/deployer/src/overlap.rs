//! No two volumes of any workloads, one and the same included, may be equal or nested: exchanging the one would then
//! change the other behind its lock. Nor may a volume meet the host's own directories.
//!
//! Two directories are compared in three ways, since each way is blind to something: by canonical path, also where
//! nothing exists yet; by identity, up through the ancestors of each; and by their place inside the file system, which
//! alone sees nesting behind a bind mount. What cannot be compared is refused. Looks only.

use std::path::{Path, PathBuf};

use crate::about::About;
use crate::configured::configured_path;
use reforge_base::Message;
use reforge_base::escape;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;
use reforge_base::mounts::{Location, MountTable, Relation};
use reforge_base::state_dir::own_directories;
use reforge_config::{Config, Volume, Workload};

/// One refusal for each thing that a volume of this workload meets.
pub(super) fn refusals(config: &Config, workload: &Workload, mounts: &MountTable) -> Vec<Failure> {
    let mut refusals = Vec::new();
    for (volume, path) in directories(config, workload, mounts) {
        let about = About { workload: &workload.id, volume: &volume.name, path: &path };
        let here = match Location::of(&path, mounts) {
            Ok(here) => here,
            // That it cannot be looked at was said when it was resolved.
            Err(_) => continue,
        };
        refusals.extend(meets_ours(config, &here, &about, mounts));
        for other in &config.workloads {
            for (other_volume, other_path) in directories(config, other, mounts) {
                let same = other.id == workload.id;
                if same && !comes_later(workload, volume, other_volume) {
                    continue;
                }
                // What neither a snapshot nor a restore touches may be had by many.
                if !volume.capture && !other_volume.capture {
                    continue;
                }
                refusals.extend(meets(&here, &about, other, other_volume, &other_path, mounts));
            }
        }
    }
    refusals
}

/// Refuses a directory of the host's own that meets a volume of any workload.
pub(super) fn refuse_volumes_at(config: &Config, ours: &Path, mounts: &MountTable) -> Result<()> {
    let here = Location::of(ours, mounts)?;
    for workload in &config.workloads {
        for (volume, path) in directories(config, workload, mounts) {
            let about = About { workload: &workload.id, volume: &volume.name, path: &path };
            let there = Location::of(&path, mounts)?;
            if let Some(relation) = there.relation(&here) {
                let clause = relation.to(&message!("the-hosts-own-directory", path = escape::path(ours)));
                let hint = message!("keep-volumes-and-the-state-snapshot");
                return Err(about.refuse(clause, hint));
            }
        }
    }
    Ok(())
}

/// Refuses a place for a copy of what a snapshot holds that is, holds or lies in a volume of any workload or the host's own
/// directories, or lies beside a volume, where restores work.
pub fn refuse_copy_at(config: &Config, to: &Path) -> Result<()> {
    let mounts = MountTable::read()?;
    let here = Location::of(to, &mounts)?;
    let above = to.parent().map(|above| Location::of(above, &mounts)).transpose()?;
    let refused = |clause: Message| {
        let message = message!("nothing-is-extracted-to", path = escape::path(to), clause);
        Failure::new(Code::VolumeRefused, message).hint(message!("name-a-directory-elsewhere"))
    };
    for own in reserved_directories(config).chain([config.host.state_dir.clone()]) {
        if let Some(relation) = here.relation(&Location::of(&own, &mounts)?) {
            return Err(refused(relation.to(&message!("the-hosts-own-directory", path = escape::path(&own)))));
        }
    }
    for workload in &config.workloads {
        for (volume, path) in directories(config, workload, &mounts) {
            let (name, id) = (escape::text(&volume.name), escape::text(&workload.id));
            let whose = message!("volume-of-at-alone", name, id, path = escape::path(&path));
            if let Some(relation) = here.relation(&Location::of(&path, &mounts)?) {
                return Err(refused(relation.to(&whose)));
            }
            let parent = path.parent().map(|parent| Location::of(parent, &mounts)).transpose()?;
            let same = above.as_ref().zip(parent.as_ref()).and_then(|(above, parent)| above.relation(parent));
            if same == Some(Relation::Same) {
                return Err(refused(message!("lies-beside", what = whose)));
            }
        }
    }
    Ok(())
}

/// The directories that no volume may be, hold or stand in: those of the host's own files.
fn reserved_directories(config: &Config) -> impl Iterator<Item = PathBuf> {
    let host = &config.host;
    own_directories(&host.state_dir).chain([host.snapshot_dir.clone(), host.preview_dir.clone()])
}

/// What is only mounted from another machine meets no directory of this one, and may not answer.
fn directories<'a>(
    config: &'a Config,
    workload: &'a Workload,
    mounts: &'a MountTable,
) -> impl Iterator<Item = (&'a Volume, PathBuf)> {
    let path = |volume| Some((volume, configured_path(config, workload, volume)?));
    let is_here = |(volume, path): &(&Volume, PathBuf)| volume.capture || !mounts.is_remote(path);
    workload.volumes.iter().filter_map(path).filter(is_here)
}

/// Each pair within one workload is looked at once.
fn comes_later(workload: &Workload, volume: &Volume, other: &Volume) -> bool {
    let position = |wanted: &Volume| workload.volumes.iter().position(|volume| volume.name == wanted.name);
    position(other) > position(volume)
}

fn meets(
    here: &Location,
    about: &About<'_>,
    other: &Workload,
    volume: &Volume,
    path: &Path,
    mounts: &MountTable,
) -> Option<Failure> {
    let whose = message!(
        "volume-of-at-alone",
        name = escape::text(&volume.name),
        id = escape::text(&other.id),
        path = escape::path(path)
    );
    let hint = match other.id == about.workload {
        true => message!("give-each-volume-a-directory"),
        false => message!("give-each-volume-a-directory-or-share-it"),
    };
    match Location::of(path, mounts) {
        Ok(there) => here.relation(&there).map(|relation| about.refuse(relation.to(&whose), hint)),
        // The other's own problem, if it is one of this workload's.
        Err(_) if other.id == about.workload => None,
        Err(failure) => {
            let clause = message!("cannot-be-compared-with", whose, failure);
            Some(about.refuse(clause, message!("correct-the-other-volume-first")))
        }
    }
}

fn meets_ours(config: &Config, here: &Location, about: &About<'_>, mounts: &MountTable) -> Option<Failure> {
    reserved_directories(config).find_map(|path| {
        let shown = escape::path(&path);
        let clause = match Location::of(&path, mounts) {
            Ok(there) => here.relation(&there)?.to(&message!("the-hosts-own-directory", path = shown)),
            Err(failure) => message!("cannot-be-compared-with-the-hosts-own", failure, path = shown),
        };
        Some(about.refuse(clause, message!("keep-volumes-and-the-state-snapshot")))
    })
}

#[cfg(test)]
#[path = "overlap_tests.rs"]
mod tests;
