//! Users of this machine: whom an app runs as and who asks. A user comes with its primary group and its supplementary groups, as a login would have them.
//!
//! Asked of the C library, since users come from more than `/etc/passwd`; no crate at hand has the calls.

use std::ffi::{CStr, CString};
use std::io;
use std::mem::MaybeUninit;

use crate::failure::{Code, Failure, Result};
use crate::message;
use crate::message::Message;

/// What an entry of the user database may occupy, and how many groups a user may be in (the kernel's own limit).
const ENTRY_BYTES_MAX: usize = 1 << 20;
const GROUPS_MAX: usize = 65_536;
/// Users, and groups, that an import is told of.
const NAMES_MAX: usize = 4096;

/// Numbers to run as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// None for numbers that no user has.
    pub name: Option<String>,
    pub uid: u32,
    pub gid: u32,
    pub groups: Vec<u32>,
}

impl Account {
    /// A user by name, by number, or by `uid:gid` for numbers that no user has. None if it is whom the host runs as
    /// and the host is not root, so that nothing can be changed and nothing needs to be.
    pub fn of(user: &str) -> Result<Option<Account>> {
        let unknown = |why: Message| {
            let shown = crate::escape::text(user);
            Failure::new(Code::AppBad, message!("cannot-run-as-user", shown, why))
        };
        let found =
            find(user).map_err(|error| Failure { code: Code::Runtime, ..unknown(crate::failure::reason(&error)) })?;
        let account = found.ok_or_else(|| {
            unknown(message!("there-is-no-such-user")).hint(message!("a-number-without-an-entry-needs"))
        })?;
        let own = rustix::process::getuid();
        match own.is_root() {
            true => Ok(Some(account)),
            false if own.as_raw() == account.uid => Ok(None),
            false => Err(unknown(message!("the-host-is-not-root"))),
        }
    }
}

/// A user by name, by number, or by `uid:gid`; none when there is no such user.
pub fn find(user: &str) -> io::Result<Option<Account>> {
    if let Some((uid, gid)) = user.split_once(':') {
        let ids = uid.parse().ok().zip(gid.parse().ok());
        return Ok(ids.map(|(uid, gid)| Account { name: None, uid, gid, groups: vec![gid] }));
    }
    let Ok(name) = CString::new(user) else { return Ok(None) };
    if let Some(account) = entry(By::Name(&name))? {
        return Ok(Some(account));
    }
    match user.parse() {
        Ok(uid) => entry(By::Number(uid)),
        Err(_) => Ok(None),
    }
}

/// Names of this machine's users and groups with their numbers, in the words of an import (`owner=33:www-data`). Those of its
/// own files alone: no directory of users can be listed whole.
pub fn names() -> Vec<String> {
    let of_file = |path: &str, word: &str| {
        let text = std::fs::read_to_string(path).unwrap_or_default();
        let named = text.lines().filter_map(|line| {
            let (name, rest) = line.split_once(':')?;
            let number: u32 = rest.split(':').nth(1)?.parse().ok()?;
            (!name.is_empty()).then(|| format!("{word}={number}:{name}"))
        });
        named.take(NAMES_MAX).collect::<Vec<_>>()
    };
    [of_file("/etc/passwd", "owner"), of_file("/etc/group", "group")].concat()
}

enum By<'a> {
    Name(&'a CStr),
    Number(u32),
}

fn entry(by: By<'_>) -> io::Result<Option<Account>> {
    let mut text = vec![0; 1 << 12];
    loop {
        let mut entry = MaybeUninit::<libc::passwd>::uninit();
        let mut found = std::ptr::null_mut();
        let (buffer, size) = (text.as_mut_ptr(), text.len());
        // SAFETY: all pointers are valid for the call, and the buffer is as large as it is said to be.
        let error = unsafe {
            match by {
                By::Name(name) => libc::getpwnam_r(name.as_ptr(), entry.as_mut_ptr(), buffer, size, &mut found),
                By::Number(uid) => libc::getpwuid_r(uid, entry.as_mut_ptr(), buffer, size, &mut found),
            }
        };
        match error {
            libc::ERANGE if size < ENTRY_BYTES_MAX => text.resize(size * 2, 0),
            // What some systems say instead of "none".
            0 | libc::ENOENT | libc::ESRCH if found.is_null() => return Ok(None),
            0 => {
                // SAFETY: `found` says that the entry was filled in; its name points into `text`, which still lives.
                let (entry, name) = unsafe {
                    let entry = entry.assume_init();
                    (entry, CStr::from_ptr(entry.pw_name).to_owned())
                };
                let groups = groups(&name, entry.pw_gid)?;
                let name = Some(name.to_string_lossy().into_owned());
                return Ok(Some(Account { name, uid: entry.pw_uid, gid: entry.pw_gid, groups }));
            }
            error => return Err(io::Error::from_raw_os_error(error)),
        }
    }
}

fn groups(name: &CStr, gid: u32) -> io::Result<Vec<u32>> {
    let mut groups = vec![0; 64];
    loop {
        let mut count = groups.len() as libc::c_int;
        // SAFETY: the list has room for `count` groups, and the name ends with a zero byte.
        let done = unsafe { libc::getgrouplist(name.as_ptr(), gid, groups.as_mut_ptr(), &mut count) };
        if done >= 0 {
            groups.truncate(count as usize);
            return Ok(groups);
        }
        if groups.len() >= GROUPS_MAX {
            return Err(io::Error::other(message!("it-is-in-too-many-groups")));
        }
        groups.resize(groups.len() * 2, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_users_and_groups_come_with_their_numbers() {
        let names = names();
        assert!(names.contains(&"owner=0:root".to_owned()) && names.contains(&"group=0:root".to_owned()), "{names:?}");
    }

    #[test]
    fn users_are_found_by_name_by_number_and_by_both_numbers() {
        let named = find("root").expect("no error").expect("exists");
        assert_eq!((named.uid, named.gid), (0, 0));
        assert!(named.groups.contains(&0));
        assert_eq!(find("0").expect("no error"), Some(named));
        let both = Account { name: None, uid: 12, gid: 34, groups: vec![34] };
        assert_eq!(find("12:34").expect("no error"), Some(both));
        for nobody in ["no-such-user", "4000000001", "1:x", "", "a\0b"] {
            assert_eq!(find(nobody).expect("no error"), None, "{nobody:?}");
        }
    }
}
