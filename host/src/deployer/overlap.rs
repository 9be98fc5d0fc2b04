//! No two volumes of any workloads, one and the same included, may be equal or nested: exchanging the one would then
//! change the other behind its lock. Nor may a volume meet the host's own directories.
//!
//! Two directories are compared in three ways, since each way is blind to something: by canonical path, also where
//! nothing exists yet; by identity, up through the ancestors of each; and by their place inside the file system, which
//! alone sees nesting behind a bind mount. What cannot be compared is refused. Looks only.

use std::fs::Metadata;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, StatxFlags};

use crate::config::{Config, Volume, Workload};
use crate::deployer::mounts::MountTable;
use crate::deployer::resolve::{About, configured_path};
use crate::escape;
use crate::failure::{Failure, Result};
use crate::mounts::Place;
use crate::state_dir::reserved_directories;

/// Where a directory is, or would be.
#[derive(Debug)]
pub(crate) struct Location {
    canonical: PathBuf,
    place: Option<Place>,
    /// Device and inode of the directory, if it exists.
    own: Option<(u64, u64)>,
    /// The same of it and of everything that exists above it.
    chain: Vec<(u64, u64)>,
}

/// One refusal for each thing that a volume of this workload meets.
pub(super) fn refusals(config: &Config, workload: &Workload, mounts: &MountTable) -> Vec<Failure> {
    let mut refusals = Vec::new();
    for (volume, path) in directories(config, workload) {
        let about = About { workload: &workload.id, volume: &volume.name, path: &path };
        let here = match locate(&path, mounts) {
            Ok(here) => here,
            // That it cannot be looked at was said when it was resolved.
            Err(_) => continue,
        };
        refusals.extend(meets_ours(config, &here, &about, mounts));
        for other in &config.workloads {
            for (other_volume, other_path) in directories(config, other) {
                let same = other.id == workload.id;
                if same && !comes_later(workload, volume, other_volume) {
                    continue;
                }
                refusals.extend(meets(&here, &about, other, other_volume, &other_path, mounts));
            }
        }
    }
    refusals
}

fn directories<'a>(config: &'a Config, workload: &'a Workload) -> impl Iterator<Item = (&'a Volume, PathBuf)> {
    let path = |volume| Some((volume, configured_path(config, workload, volume)?));
    workload.volumes.iter().filter_map(path)
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
    let whose =
        format!("volume `{}` of `{}` at `{}`", escape::text(&volume.name), escape::text(&other.id), escape::path(path));
    match locate(path, mounts) {
        Ok(there) => here.relation(&there).map(|relation| {
            about.refuse(format!("{relation} {whose}"), "give each volume a directory of its own, beside the others")
        }),
        // The other's own problem, if it is one of this workload's.
        Err(_) if other.id == about.workload => None,
        Err(failure) => {
            let clause = format!("cannot be compared with {whose}: {}", failure.message);
            Some(about.refuse(clause, "correct the other volume first"))
        }
    }
}

fn meets_ours(config: &Config, here: &Location, about: &About<'_>, mounts: &MountTable) -> Option<Failure> {
    reserved_directories(config).into_iter().find_map(|path| {
        let shown = escape::path(&path);
        let relation = match locate(&path, mounts) {
            Ok(there) => here.relation(&there)?.to_owned(),
            Err(failure) => format!("cannot be compared ({}) with", failure.message),
        };
        let clause = format!("{relation} the host's own directory `{shown}`");
        Some(about.refuse(clause, "keep volumes and the state, snapshot and preview directories apart"))
    })
}

impl Location {
    /// How this directory meets another, as a verb.
    pub(crate) fn relation(&self, other: &Location) -> Option<&'static str> {
        match (self.is_within(other), other.is_within(self)) {
            (true, true) => Some("is the same directory as"),
            (true, false) => Some("lies inside"),
            (false, true) => Some("contains"),
            (false, false) => None,
        }
    }

    fn is_within(&self, other: &Location) -> bool {
        let by_path = self.canonical.starts_with(&other.canonical);
        let by_identity = other.own.is_some_and(|own| self.chain.contains(&own));
        let by_place = self.place.as_ref().zip(other.place.as_ref()).is_some_and(|(here, there)| here.is_within(there));
        by_path || by_identity || by_place
    }
}

/// Resolves every link of what exists; the rest of the path is as it is written.
pub(crate) fn locate(path: &Path, mounts: &MountTable) -> Result<Location> {
    let (existing, rest) = canonical_prefix(path)?;
    let stat = |path: &Path| std::fs::symlink_metadata(path).map_err(|error| Failure::io("look at", path, &error));
    let identity = |metadata: Metadata| (metadata.dev(), metadata.ino());
    let chain = existing.ancestors().map(|path| stat(path).map(identity)).collect::<Result<Vec<_>>>()?;
    let flags = AtFlags::SYMLINK_NOFOLLOW | AtFlags::NO_AUTOMOUNT;
    let mount = rustix::fs::statx(CWD, &existing, flags, StatxFlags::MNT_ID)
        .map_err(|errno| Failure::io("look at", &existing, &errno.into()))?;
    let canonical = if rest.as_os_str().is_empty() { existing } else { existing.join(&rest) };
    Ok(Location {
        place: mounts.place(mount.stx_mnt_id, &canonical),
        own: chain.first().copied().filter(|_| rest.as_os_str().is_empty()),
        chain,
        canonical,
    })
}

/// The deepest part of a path that exists, canonical, and what comes below it.
fn canonical_prefix(path: &Path) -> Result<(PathBuf, PathBuf)> {
    for existing in path.ancestors() {
        match existing.canonicalize() {
            Ok(canonical) => {
                let rest = path.strip_prefix(existing).unwrap_or(Path::new(""));
                return Ok((canonical, rest.to_owned()));
            }
            // A link to nowhere: where it will lead one day nobody knows.
            Err(error) if existing.is_symlink() => return Err(Failure::io("follow", existing, &error)),
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {}
            Err(error) => return Err(Failure::io("look at", existing, &error)),
        }
    }
    Err(Failure::io("look at", path, &io::ErrorKind::NotFound.into()))
}

#[cfg(test)]
#[path = "overlap_tests.rs"]
mod tests;
