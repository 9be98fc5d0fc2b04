//! A workload's user in numbers: whom a new volume directory belongs to.

use nix::unistd::User;
use rustix::fs::{Gid, Uid};

use crate::config::{RuntimeKind, Workload};
use crate::escape;
use crate::failure::{Code, Failure, Result, reason};

/// The owner of a workload's new directories. Without a user, the host's own. A name in a container's user database
/// says nothing on this host, so there only numbers count.
pub(super) fn owner(workload: &Workload) -> Result<(Uid, Gid)> {
    let host = (rustix::process::geteuid(), rustix::process::getegid());
    let Some(user) = &workload.user else { return Ok(host) };
    if let Some((uid, gid)) = user.split_once(':')
        && let Some(numbers) = number(uid).zip(number(gid))
    {
        return Ok((Uid::from_raw(numbers.0), Gid::from_raw(numbers.1)));
    }
    let known = match (workload.runtime, number(user)) {
        (_, Some(uid)) => User::from_uid(uid.into()),
        (RuntimeKind::Process, None) => User::from_name(user),
        (RuntimeKind::Docker, None) => return Ok(host),
    };
    let known = known.map_err(|errno| {
        let why = reason(&errno.into());
        Failure::new(Code::Io, format!("cannot look up the user `{}`: {why}", escape::text(user)))
    })?;
    match (known, number(user)) {
        (Some(known), _) => Ok((Uid::from_raw(known.uid.as_raw()), Gid::from_raw(known.gid.as_raw()))),
        (None, Some(uid)) => Ok((Uid::from_raw(uid), Gid::from_raw(uid))),
        (None, None) => {
            let (user, id) = (escape::text(user), escape::text(&workload.id));
            Err(Failure::new(Code::Usage, format!("the user `{user}` of `{id}` does not exist"))
                .hint("make the user, or correct `user` in the configuration"))
        }
    }
}

/// A user or group by number. All ones means "leave as it is" to chown.
fn number(text: &str) -> Option<u32> {
    text.parse().ok().filter(|number| *number != u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deployer::fixture::workload;

    #[test]
    fn users_are_found_by_name_and_by_number() {
        let mut app = workload("a", "notes", "prod");
        let mut of = |user: &str| {
            app.user = Some(user.to_owned());
            owner(&app).map(|(uid, gid)| (uid.as_raw(), gid.as_raw()))
        };
        assert_eq!(of("root"), Ok((0, 0)));
        assert_eq!(of("1234"), Ok((1234, 1234)));
        assert_eq!(of("1234:99"), Ok((1234, 99)));
        let failure = of("no-such-user-here").unwrap_err();
        assert_eq!(failure.message, "the user `no-such-user-here` of `a` does not exist");
        assert!(of("4294967295").is_err());
    }
}
