//! A workload's user in numbers: whom a new volume directory belongs to.

use std::ffi::CString;

use rustix::fs::{Gid, Uid};

use crate::config::{RuntimeKind, Workload};
use crate::escape;
use crate::failure::{Code, Failure, Result};

/// Longest entry of the user database that is read.
const ENTRY_BYTES_MAX: usize = 64 * 1024;

/// The owner of a workload's new directories. Without a user, the host's own. A name in a container's user database
/// says nothing on this host, so there only numbers count.
pub(super) fn owner(workload: &Workload) -> Result<(Uid, Gid)> {
    let host = (rustix::process::geteuid(), rustix::process::getegid());
    let Some(user) = &workload.user else { return Ok(host) };
    if let Some(numbers) = numbers(user) {
        return Ok(numbers);
    }
    if workload.runtime == RuntimeKind::Docker {
        return Ok(host);
    }
    look_up(user)?.ok_or_else(|| {
        let message = format!("the user `{}` of `{}` does not exist", escape::text(user), escape::text(&workload.id));
        Failure::new(Code::Usage, message).hint("make the user, or correct `user` in the configuration")
    })
}

/// `UID` or `UID:GID`.
fn numbers(user: &str) -> Option<(Uid, Gid)> {
    let (uid, gid) = user.split_once(':').unwrap_or((user, user));
    // All ones means "leave as it is" to chown.
    let number = |text: &str| text.parse::<u32>().ok().filter(|number| *number != u32::MAX);
    Some((Uid::from_raw(number(uid)?), Gid::from_raw(number(gid)?)))
}

fn look_up(user: &str) -> Result<Option<(Uid, Gid)>> {
    let failed = |what: String| Failure::new(Code::Io, format!("cannot look up `{}`: {what}", escape::text(user)));
    let name = CString::new(user).map_err(|error| failed(error.to_string()))?;
    let mut buffer = vec![0; ENTRY_BYTES_MAX];
    let mut entry = std::mem::MaybeUninit::<libc::passwd>::uninit();
    let mut found = std::ptr::null_mut();
    // SAFETY: all pointers are to live memory of the sizes given. Only the C library asks every source of users
    // (directory services too); no crate at hand does.
    let errno = unsafe {
        libc::getpwnam_r(name.as_ptr(), entry.as_mut_ptr(), buffer.as_mut_ptr(), buffer.len(), &raw mut found)
    };
    // Several values mean "no such user" beside 0.
    match errno {
        0 | libc::ENOENT | libc::ESRCH if found.is_null() => Ok(None),
        0 => {
            // SAFETY: `found` is not null, so `entry` was filled.
            let entry = unsafe { entry.assume_init() };
            Ok(Some((Uid::from_raw(entry.pw_uid), Gid::from_raw(entry.pw_gid))))
        }
        errno => Err(failed(std::io::Error::from_raw_os_error(errno).to_string())),
    }
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
