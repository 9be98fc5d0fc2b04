//! A workload's user in numbers: whom a new volume directory belongs to.

use rustix::fs::{Gid, Uid};

use reforge_base::account;
use reforge_base::escape;
use reforge_base::failure::{Code, Failure, Result, reason};
use reforge_base::message;
use reforge_config::Workload;

/// The owner of a workload's new directories. Without a user, the host's own. A name in a container's user database, or
/// whatever another runtime has, says nothing on this host, so only a process's counts; numbers count everywhere.
pub(super) fn owner(workload: &Workload) -> Result<(Uid, Gid)> {
    let host = (rustix::process::geteuid(), rustix::process::getegid());
    let Some(user) = &workload.user else { return Ok(host) };
    let numbers = user.split(':').all(|part| part.parse::<u32>().is_ok_and(|number| number != u32::MAX));
    if !workload.runtime.is_process() && !numbers {
        return Ok(host);
    }
    let found = account::find(user).map_err(|error| {
        let message = message!("cannot-look-up-the-user", user = escape::text(user), reason = reason(&error));
        Failure::new(Code::Io, message)
    })?;
    let account = found.filter(|account| account.uid != u32::MAX && account.gid != u32::MAX).ok_or_else(|| {
        let (user, id) = (escape::text(user), escape::text(&workload.id));
        Failure::new(Code::Usage, message!("the-user-of-does-not-exist", user, id))
            .hint(message!("make-the-user-or-correct-user"))
    })?;
    Ok((Uid::from_raw(account.uid), Gid::from_raw(account.gid)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use reforge_testing::world::workload;

    #[test]
    fn users_are_found_by_name_and_by_number() {
        let mut app = workload("a", "notes", "prod");
        let mut of = |user: &str| {
            app.user = Some(user.to_owned());
            owner(&app).map(|(uid, gid)| (uid.as_raw(), gid.as_raw()))
        };
        assert_eq!(of("root"), Ok((0, 0)));
        assert_eq!(of("0"), Ok((0, 0)));
        assert_eq!(of("1234:99"), Ok((1234, 99)));
        let failure = of("no-such-user-here").unwrap_err();
        assert_eq!(failure.message, "the user `no-such-user-here` of `a` does not exist");
        assert!(of("4294967295").is_err());
    }
}
