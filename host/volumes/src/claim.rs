//! Which host works in a parent directory. Two hosts, each with a state directory of its own, do not see each other's
//! locks, and must not exchange, capture or deploy below one directory at the same time.
//!
//! The parent itself is locked (`flock`): shared by all that one host does there, with the host's id as an attribute of
//! the parent. Only who has the lock alone may change the attribute, so whoever shares it and reads its own id is among
//! its own. Where the attribute cannot be written the lock is kept alone. Nothing here waits for another host.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use cap_std::fs::Dir;

use super::parent::Parent;
use super::{beneath, syscalls};
use reforge_base::effects::effect;
use reforge_base::escape;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::lock_file::{self, How};
use reforge_base::message;

/// Who had the lock last.
const HOST: &str = "user.reforge.host";

/// No host id is longer.
const HOST_BYTES_MAX: usize = 256;

/// How often a lock that somebody has alone is tried again: whoever writes the attribute has it for a moment.
const TRIES_MAX: u32 = 50;
const BETWEEN_TRIES: Duration = Duration::from_millis(1);

/// A parent that no other host works in, until this is dropped.
#[derive(Debug)]
#[must_use]
pub struct Claim {
    _directory: Dir,
}

/// Claims each of these parents once.
pub fn all<'a>(parents: impl IntoIterator<Item = &'a Path>, host: &str) -> Result<Vec<Claim>> {
    // In one order, so that two who want the same ones do not turn each other down.
    let parents: BTreeSet<&Path> = parents.into_iter().collect();
    parents.into_iter().map(|parent| claim(&Parent::open(parent)?, host)).collect()
}

/// `busy` if another host works in it.
pub fn claim(parent: &Parent, host: &str) -> Result<Claim> {
    let directory = opened(parent)?;
    for _ in 0..TRIES_MAX {
        if try_lock(&directory, How::Alone, parent)? && read(&directory).as_deref() != Some(host.as_bytes()) {
            let written = effect("set-host", || Ok(syscalls::set_attribute(&directory, HOST, host.as_bytes())?));
            if written.is_err() {
                return Ok(Claim { _directory: directory });
            }
        }
        // Also from alone to shared somebody may come in between, so the attribute is what counts.
        if try_lock(&directory, How::Shared, parent)? {
            if read(&directory).as_deref() == Some(host.as_bytes()) {
                return Ok(Claim { _directory: directory });
            }
            return Err(busy(parent.path()));
        }
        std::thread::sleep(BETWEEN_TRIES);
    }
    Err(busy(parent.path()))
}

/// Whether another host works in it now. Changes nothing on the disk.
pub fn refusal(parent: &Parent, host: &str) -> Result<Option<Failure>> {
    let directory = opened(parent)?;
    for _ in 0..TRIES_MAX {
        if try_lock(&directory, How::Alone, parent)? {
            return Ok(None);
        }
        if try_lock(&directory, How::Shared, parent)? {
            let is_ours = read(&directory).as_deref() == Some(host.as_bytes());
            return Ok((!is_ours).then(|| busy(parent.path())));
        }
        std::thread::sleep(BETWEEN_TRIES);
    }
    Ok(Some(busy(parent.path())))
}

/// Whether another host was the last to work in it.
pub fn was_anothers(parent: &Parent, host: &str) -> Result<bool> {
    Ok(read(&opened(parent)?).is_some_and(|last| last != host.as_bytes()))
}

/// A description of its own: what locks it is this, and not whoever holds the parent open.
fn opened(parent: &Parent) -> Result<Dir> {
    let opened = beneath::again(parent.directory());
    opened.map_err(|errno| Failure::io("open", parent.path(), &errno.into()))
}

fn try_lock(directory: &Dir, how: How, parent: &Parent) -> Result<bool> {
    lock_file::try_take(directory, how).map_err(|errno| Failure::io("lock", parent.path(), &errno.into()))
}

/// None if there is none, or it cannot be read.
fn read(directory: &Dir) -> Option<Vec<u8>> {
    let mut value = vec![0; HOST_BYTES_MAX];
    let length = syscalls::attribute(directory, HOST, &mut value).ok()?;
    value.truncate(length);
    Some(value)
}

fn busy(parent: &Path) -> Failure {
    let message = message!("another-host-works-in-which-holds", parent = escape::path(parent));
    Failure::new(Code::Busy, message).hint(message!("it-has-a-state-directory"))
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    fn parent() -> (tempfile::TempDir, PathBuf) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().canonicalize().unwrap();
        (directory, path)
    }

    #[test]
    fn one_host_shares_a_parent_with_itself_and_with_no_other() {
        let (_directory, path) = parent();
        let paths = [path.as_path(), path.as_path()];
        let first = all(paths, "one").unwrap();
        let second = all(paths, "one").unwrap();
        assert_eq!((first.len(), second.len()), (1, 1));
        let opened = Parent::open(&path).unwrap();
        assert_eq!(claim(&opened, "two").unwrap_err().code, Code::Busy);
        assert_eq!(refusal(&opened, "two").unwrap().unwrap().code, Code::Busy);
        assert_eq!(refusal(&opened, "one").unwrap(), None);
        drop(first);
        assert_eq!(claim(&opened, "two").unwrap_err().code, Code::Busy);
        drop(second);
        let two = claim(&opened, "two").unwrap();
        assert_eq!(claim(&opened, "one").unwrap_err().code, Code::Busy);
        assert_eq!(claim(&opened, "one").unwrap_err().hint, busy(&path).hint);
        drop(two);
    }

    #[test]
    fn who_has_the_lock_alone_is_another_host() {
        let (_directory, path) = parent();
        drop(claim(&Parent::open(&path).unwrap(), "one").unwrap());
        let alone = std::fs::File::open(&path).unwrap();
        lock_file::take(&alone, How::Alone).unwrap();
        let opened = Parent::open(&path).unwrap();
        assert_eq!(claim(&opened, "one").unwrap_err().code, Code::Busy);
        assert!(refusal(&opened, "one").unwrap().is_some());
    }

    #[test]
    fn of_many_hosts_at_once_never_two_hold_a_parent() {
        let (_directory, path) = parent();
        let inside = std::sync::Mutex::new(Vec::new());
        std::thread::scope(|scope| {
            for thread in 0..6 {
                let (path, inside) = (&path, &inside);
                scope.spawn(move || {
                    let (opened, host) = (Parent::open(path).unwrap(), format!("host {}", thread % 2));
                    for _ in 0..300 {
                        let Ok(held) = claim(&opened, &host) else { continue };
                        inside.lock().unwrap().push(host.clone());
                        let others = inside.lock().unwrap().iter().filter(|other| **other != host).count();
                        assert_eq!(others, 0, "two hosts at once");
                        let mut inside = inside.lock().unwrap();
                        let own = inside.iter().position(|other| *other == host).unwrap();
                        inside.remove(own);
                        drop(held);
                    }
                });
            }
        });
    }
}
