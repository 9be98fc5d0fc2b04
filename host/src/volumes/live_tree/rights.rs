//! What a host without root cannot do with an entry: read it, or give it back to whom it belongs.

use rustix::io::Result;
use rustix::process::{getegid, geteuid, getgroups};

use super::{LiveEntry, LiveKind};

/// The mode bit that lets an owner read.
const OWNER_READS: u32 = 0o400;

/// Of this process.
pub(super) enum Rights {
    Root,
    User { uid: u32, groups: Vec<u32> },
}

impl Rights {
    pub(super) fn own() -> Result<Rights> {
        let uid = geteuid();
        if uid.is_root() {
            return Ok(Rights::Root);
        }
        let groups = getgroups()?.into_iter().chain([getegid()]).map(|group| group.as_raw()).collect();
        Ok(Rights::User { uid: uid.as_raw(), groups })
    }

    /// Why the entry could not be captured and restored, if it could not.
    pub(super) fn problem(&self, entry: &LiveEntry) -> Option<&'static str> {
        let Rights::User { uid, groups } = self else { return None };
        if entry.uid != *uid {
            return Some("belongs to another user");
        }
        if !groups.contains(&entry.gid) {
            return Some("belongs to a group of others");
        }
        let is_closed = entry.kind == LiveKind::File && entry.mode & OWNER_READS == 0;
        is_closed.then_some("may not be read")
    }
}

#[cfg(test)]
mod tests {
    use super::super::LiveTree;
    use super::*;

    #[test]
    fn root_can_do_everything_and_a_user_only_with_what_is_wholly_its_own_and_readable() {
        let directory = tempfile::tempdir().unwrap();
        let root = std::fs::File::open(directory.path()).unwrap();
        let sample = LiveTree::open(root).unwrap().next().unwrap().unwrap();
        let entry = |uid, gid, mode, kind| LiveEntry { uid, gid, mode, kind, ..sample.clone() };
        let user = Rights::User { uid: 7, groups: vec![70, 71] };
        for (entry, problem) in [
            (entry(7, 70, 0o600, LiveKind::File), None),
            (entry(7, 71, 0o400, LiveKind::File), None),
            (entry(7, 70, 0o277, LiveKind::File), Some("may not be read")),
            (entry(7, 70, 0o000, LiveKind::Symlink), None),
            (entry(0, 70, 0o666, LiveKind::File), Some("belongs to another user")),
            (entry(7, 0, 0o666, LiveKind::Directory), Some("belongs to a group of others")),
        ] {
            assert_eq!(user.problem(&entry), problem, "{entry:?}");
            assert_eq!(Rights::Root.problem(&entry), None);
        }
    }
}
