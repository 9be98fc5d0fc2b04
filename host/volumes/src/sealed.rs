//! A sealed tree that waits for its exchange (protocol, rules 10 and 18).
//!
//! Its root stays the host's own and closed to everybody else, whatever the snapshot says, so that nobody reaches in by
//! its name. Right before the exchange the tree is compared with what was sealed, and then [`SealedTree::open_up`] gives
//! the root its owner, attributes, mode and time. A crash in between leaves a tree that is not live and is dropped. Never
//! changes anything below the root.

use std::os::fd::AsFd as _;
use std::path::Path;

use cap_std::fs::Dir;

use super::identity::Identity;
use super::live_tree::LiveTree;
use super::parent::Parent;
use super::staging::attributes::{Creation, Present};
use crate::tree_digest::{Digest, Metadata};
use reforge_base::durable;
use reforge_base::effects::effect;
use reforge_base::escape;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;

/// The mode of a root that waits.
const CLOSED: u32 = 0o700;

/// The attribute that would let others in.
const ACCESS_ACL: &[u8] = b"system.posix_acl_access";

/// What was sealed, and what its root will be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedTree {
    /// Whoever may rename things in the parent may have put another tree in its place.
    identity: Identity,
    root: Metadata,
    creation: Creation,
    looks: Looks,
}

/// What a look at every entry comes to, without any content: whoever changes one moves its time of change.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Looks {
    entries: u64,
    digest: Digest,
}

/// What a root has until it is opened up.
pub(super) fn closed(root: &Metadata, creation: &Creation) -> Metadata {
    let xattrs = root.xattrs.iter().filter(|(name, _)| name != ACCESS_ACL).cloned().collect();
    Metadata { mode: CLOSED, uid: creation.uid, gid: creation.gid, xattrs, ..root.clone() }
}

impl SealedTree {
    /// Remembers a tree as it stands, its root being [`closed`].
    pub(super) fn remember(opened: &Dir, root: Metadata, creation: Creation) -> Result<SealedTree> {
        let identity = Identity::of_open(opened.as_fd(), Path::new("."))?;
        Ok(SealedTree { identity, root, creation, looks: Looks::at(opened)? })
    }

    /// Whether the tree called `sibling` is what was sealed. `volume` is for the message.
    pub fn check(&self, parent: &Parent, sibling: &str, volume: &str) -> Result<()> {
        let now = Looks::at(&parent.open_known(sibling, &self.identity)?)?;
        if now == self.looks {
            return Ok(());
        }
        let path = escape::path(&parent.path().join(sibling));
        let message = message!(
            "volume-something-changed-the-restored-data",
            volume,
            path,
            entries = self.looks.entries,
            entries_2 = now.entries
        );
        Err(Failure::new(Code::Drift, message).hint(message!("find-what-walks-over-the-directory")))
    }

    /// Gives the root everything that the snapshot says of it, and makes that durable. May be repeated.
    pub fn open_up(&self, parent: &Parent, sibling: &str) -> Result<()> {
        let path = parent.path().join(sibling);
        let root = parent.open_known(sibling, &self.identity)?;
        let present = Present { mode: CLOSED };
        let opened = effect("open-root", || Ok(self.creation.finish(root.as_fd(), b"", &self.root, present)));
        opened.map_err(|error| Failure::io("open up", &path, &error))??;
        durable::sync_open_directory(root.as_fd(), &path)
    }
}

impl Looks {
    fn at(root: &Dir) -> Result<Looks> {
        let (mut entries, mut hasher) = (0, blake3::Hasher::new());
        for entry in LiveTree::open(root)? {
            let entry = entry?;
            entries += 1;
            hasher.update(&(entry.path.len() as u64).to_le_bytes()).update(&entry.path);
            let times = [entry.mtime, entry.changed];
            let numbers = [entry.kind as u64, entry.mode.into(), entry.uid.into(), entry.gid.into(), entry.size];
            let numbers = numbers.into_iter().chain([entry.links.into(), entry.inode, entry.boundary.into()]);
            let times = times.iter().flat_map(|time| [time.seconds.cast_unsigned(), time.nanoseconds.into()]);
            for number in numbers.chain(times) {
                hasher.update(&number.to_le_bytes());
            }
        }
        Ok(Looks { entries, digest: *hasher.finalize().as_bytes() })
    }
}

#[cfg(test)]
mod tests;
