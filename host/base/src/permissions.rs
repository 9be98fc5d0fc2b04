//! What a host without root cannot do with an entry: read it, or give it back to whom it belongs. And what the kernel
//! takes from the mode of everything that the host makes.

use crate::failure::{Code, Failure};
use crate::message;
use crate::message::Message;
use rustix::io::Result;
use rustix::process::{getegid, geteuid, getgroups};

/// The mode bit that lets an owner read.
const OWNER_READS: u32 = 0o400;

/// Of this process.
pub enum Permissions {
    Root,
    User { uid: u32, groups: Vec<u32> },
}

impl Permissions {
    pub fn own() -> Result<Permissions> {
        let uid = geteuid();
        if uid.is_root() {
            return Ok(Permissions::Root);
        }
        let groups = getgroups()?.into_iter().chain([getegid()]).map(|group| group.as_raw()).collect();
        Ok(Permissions::User { uid: uid.as_raw(), groups })
    }

    /// Why an entry that belongs to these could not be given back to them, if it could not.
    pub fn owner_problem(&self, uid: u32, gid: u32) -> Option<Message> {
        let Permissions::User { uid: own, groups } = self else { return None };

        if uid != *own {
            return Some(message!("belongs-to-another-user"));
        }
        (!groups.contains(&gid)).then(|| message!("belongs-to-a-group-of-others"))
    }

    /// Why this process may not read a file of its own user's, if it may not.
    pub fn read_problem(&self, mode: u32) -> Option<Message> {
        let is_closed = matches!(self, Permissions::User { .. }) && mode & OWNER_READS == 0;
        is_closed.then(|| message!("may-not-be-read"))
    }
}

/// The mask that the kernel takes from the mode of everything this process creates.
pub fn umask() -> crate::Result<u32> {
    let unreadable = |reason: Message| Failure::new(Code::Io, message!("cannot-read-the-umask-from-proc", reason));
    let status =
        std::fs::read_to_string("/proc/self/status").map_err(|error| unreadable(crate::failure::reason(&error)))?;
    let line = status.lines().find_map(|line| line.strip_prefix("Umask:"));
    let value = line.and_then(|value| u32::from_str_radix(value.trim(), 8).ok());
    value.ok_or_else(|| unreadable(message!("no-such-line")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn root_can_do_everything_and_a_user_only_with_what_is_wholly_its_own_and_readable() {
        let user = Permissions::User { uid: 7, groups: vec![70, 71] };
        for (uid, gid, problem) in [
            (7, 70, None),
            (7, 71, None),
            (0, 70, Some("belongs to another user")),
            (7, 0, Some("belongs to a group of others")),
        ] {
            assert_eq!(user.owner_problem(uid, gid).as_deref(), problem, "{uid}:{gid}");
            assert_eq!(Permissions::Root.owner_problem(uid, gid), None);
        }
        for (mode, problem) in [(0o600, None), (0o400, None), (0o277, Some("may not be read"))] {
            assert_eq!(user.read_problem(mode).as_deref(), problem, "{mode:o}");
            assert_eq!(Permissions::Root.read_problem(mode), None);
        }
    }
}
