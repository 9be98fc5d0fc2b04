//! Where a directory is, in three ways, since each is blind to something: its canonical path, also where nothing exists
//! yet; its identity and that of everything above it; and its place inside the file system, which alone sees nesting
//! behind a bind mount. Looks only.

use std::fs::Metadata;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, StatxFlags};

use super::{DevicePath, MountTable};
use crate::failure::{Failure, Result};
use crate::message;
use crate::message::Message;

/// How a directory meets another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    Same,
    Inside,
    Contains,
}

impl Relation {
    /// That a directory meets another so, as the end of a sentence about the first.
    pub fn to(self, what: &Message) -> Message {
        match self {
            Relation::Same => message!("is-the-same-directory-as", what),
            Relation::Inside => message!("lies-inside", what),
            Relation::Contains => message!("contains", what),
        }
    }
}

/// Where a directory is, or would be.
#[derive(Debug)]
pub struct Location {
    canonical: PathBuf,
    device_path: Option<DevicePath>,
    /// Device and inode of the directory, if it exists.
    own: Option<(u64, u64)>,
    /// The same of it and of everything that exists above it.
    chain: Vec<(u64, u64)>,
}

impl Location {
    /// Resolves every link of what exists; the rest of the path is as it is written.
    pub fn of(path: &Path, mounts: &MountTable) -> Result<Location> {
        let (existing, rest) = canonical_prefix(path)?;
        let stat = |path: &Path| std::fs::symlink_metadata(path).map_err(|error| Failure::io("look at", path, &error));
        let identity = |metadata: Metadata| (metadata.dev(), metadata.ino());
        let chain = existing.ancestors().map(|path| stat(path).map(identity)).collect::<Result<Vec<_>>>()?;
        let flags = AtFlags::SYMLINK_NOFOLLOW | AtFlags::NO_AUTOMOUNT;
        let mount = rustix::fs::statx(CWD, &existing, flags, StatxFlags::MNT_ID)
            .map_err(|errno| Failure::io("look at", &existing, &errno.into()))?;
        let canonical = if rest.as_os_str().is_empty() { existing } else { existing.join(&rest) };
        Ok(Location {
            device_path: mounts.device_path(mount.stx_mnt_id, &canonical),
            own: chain.first().copied().filter(|_| rest.as_os_str().is_empty()),
            chain,
            canonical,
        })
    }

    /// How this directory meets another.
    pub fn relation(&self, other: &Location) -> Option<Relation> {
        match (self.is_within(other), other.is_within(self)) {
            (true, true) => Some(Relation::Same),
            (true, false) => Some(Relation::Inside),
            (false, true) => Some(Relation::Contains),
            (false, false) => None,
        }
    }

    fn is_within(&self, other: &Location) -> bool {
        let by_path = self.canonical.starts_with(&other.canonical);
        let by_identity = other.own.is_some_and(|own| self.chain.contains(&own));
        let by_place = self
            .device_path
            .as_ref()
            .zip(other.device_path.as_ref())
            .is_some_and(|(here, there)| here.is_within(there));
        by_path || by_identity || by_place
    }
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
