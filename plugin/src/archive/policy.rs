//! Whether an entry may go where its name says: what is never restored, and what only a workload's policy allows.
//!
//! An archive is an enemy: links are refused unless the workload asked for them, and an archive that was imported
//! brings no privileges. Every refusal names the entry, escaped.

use super::entry_path::{self, Location};
use super::headers::Kind;
use super::limits::TARGET_BYTES_MAX;
use super::reader::Entry;
use crate::{Failure, Result, escape};

/// What to add to a workload whose snapshots hold links.
pub const LINKS_HINT: &str = "add `links = \"contained\"` to the workload";
const PRIVILEGED_HINT: &str =
    "if you trust the archive, import it with `--allow set-id`, which is for this import alone";
const SET_ID_BITS: u32 = 0o6000;
/// On a directory it says whose group new files get, and gives nobody a right.
const SET_GROUP_ID: u32 = 0o2000;

/// What a workload allows.
#[derive(Clone, Copy, Debug)]
pub struct Policy {
    pub links: bool,
    /// Set-id bits and security attributes: always from our own archives, else only if the workload says so.
    pub privileged: bool,
}

/// An entry that may be restored, or that needs no restoring.
#[derive(Debug)]
pub enum Admitted<'a> {
    /// The directory `volumes/` itself, or a file of the project beside it.
    Nothing,
    Entry {
        volume: u32,
        path: &'a [u8],
        /// Of a hard link, below the same volume.
        leader: &'a [u8],
    },
}

impl Policy {
    /// From the words of a job.
    pub fn new(words: &[String], imported: bool) -> Policy {
        let allows = |word: &str| words.iter().any(|other| other == word);
        Policy { links: allows("links"), privileged: !imported || allows("privileged") }
    }

    /// Judges an entry behind the manifest.
    pub fn admit<'a>(&self, entry: &'a Entry, volumes: usize) -> Result<Admitted<'a>> {
        self.classify(entry, volumes).map_err(|failure| about(entry, failure))
    }

    fn classify<'a>(&self, entry: &'a Entry, volumes: usize) -> Result<Admitted<'a>> {
        if let Kind::Special(_) = entry.kind {
            return Err(Failure::archive(format!("is {}, which is never restored", entry.kind.describe())));
        }
        let (volume, path) = match entry_path::locate(&entry.path, entry.kind, volumes)? {
            Location::Manifest => return Err(Failure::archive("stands in the archive a second time")),
            Location::Volumes | Location::Project => return Ok(Admitted::Nothing),
            Location::Below { volume, path } => (volume, path),
        };
        self.check_privileges(entry)?;
        let leader = self.check_link(entry, volume, volumes)?;
        Ok(Admitted::Entry { volume, path, leader })
    }

    /// The path of a hard link's leader; nothing else has one.
    fn check_link<'a>(&self, entry: &'a Entry, volume: u32, volumes: usize) -> Result<&'a [u8]> {
        let leader = match entry.kind {
            Kind::Symlink => check_target(&entry.link).map(|()| &b""[..])?,
            Kind::HardLink => match entry_path::locate(&entry.link, Kind::File, volumes) {
                Ok(Location::Below { volume: other, path }) if other == volume => path,
                _ => {
                    let link = escape::bytes(&entry.link);
                    return Err(Failure::archive(format!("is a hard link to `{link}`, which is not in its volume")));
                }
            },
            _ => return Ok(b""),
        };
        if !self.links {
            let kind = entry.kind.describe();
            return Err(Failure::policy(format!("is {kind}, which the workload does not allow"), LINKS_HINT));
        }
        Ok(leader)
    }

    /// Refuses rights that an archive would bring along.
    pub fn check_privileges(&self, entry: &Entry) -> Result<()> {
        if self.privileged {
            return Ok(());
        }
        let rights = if entry.kind == Kind::Directory { SET_ID_BITS & !SET_GROUP_ID } else { SET_ID_BITS };
        if entry.metadata.mode & rights != 0 {
            return Err(Failure::policy("has a set-id bit, and the archive was imported", PRIVILEGED_HINT));
        }
        let mut names = entry.metadata.xattrs.iter().map(|xattr| &xattr.name);
        match names.find(|name| name.starts_with(b"security.") || name.starts_with(b"trusted.")) {
            Some(name) => {
                let message = format!("has the attribute `{}`, and the archive was imported", escape::bytes(name));
                Err(Failure::policy(message, PRIVILEGED_HINT))
            }
            None => Ok(()),
        }
    }
}

/// Refuses what no symbolic link can have as its target.
pub fn check_target(target: &[u8]) -> Result<()> {
    if target.is_empty() || target.len() > TARGET_BYTES_MAX || target.contains(&0) {
        return Err(Failure::archive("is a symbolic link whose target cannot be one"));
    }
    Ok(())
}

/// Names the entry in front of what is wrong with it.
pub fn about(entry: &Entry, failure: Failure) -> Failure {
    Failure { message: format!("entry `{}` {}", escape::bytes(&entry.path), failure.message), ..failure }
}
