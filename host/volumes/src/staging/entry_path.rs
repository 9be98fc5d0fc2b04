//! The host's own check of every path that a plugin hands over (promise 6). The plugin checks too; neither relies on
//! the other.
//!
//! What passes here is relative, leads down only, and is short enough for every system call: each component is opened
//! on its own without following links, so a path can never leave its staging.

use reforge_base::Message;
use reforge_base::escape;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::limits;
use reforge_base::message;

/// Refuses a path that is not plain. The empty path is the volume's root.
pub fn check(path: &[u8]) -> Result<()> {
    if path.is_empty() {
        return Ok(());
    }
    if let Some(problem) = limits::path_problem(path) {
        return Err(refused(path, &problem));
    }
    for (index, component) in path.split(|byte| *byte == b'/').enumerate() {
        match component {
            b"" if index == 0 => return Err(refused(path, message!("is-absolute"))),
            b"" => return Err(refused(path, message!("has-an-empty-component"))),
            b"." | b".." => return Err(refused(path, message!("leaves-its-place"))),
            _ if component.contains(&0) => return Err(refused(path, message!("has-a-zero-byte-in-it"))),
            _ => {}
        }
    }
    Ok(())
}

/// As [`check`], for entries that cannot be the volume's root.
pub fn check_below_root(path: &[u8]) -> Result<()> {
    if path.is_empty() {
        return Err(Failure::new(Code::ArchiveRefused, message!("the-volumes-root")));
    }
    check(path)
}

/// The directory that a path lies in, and its last component.
pub fn split(path: &[u8]) -> (&[u8], &[u8]) {
    match path.iter().rposition(|byte| *byte == b'/') {
        Some(at) => (&path[..at], &path[at + 1..]),
        None => (b"", path),
    }
}

/// An entry that is never staged.
pub fn refused(path: &[u8], reason: impl Into<Message>) -> Failure {
    Failure::new(Code::ArchiveRefused, message!("entry", path = escape::bytes(path), reason = reason.into()))
        .hint(message!("nothing-was-changed-restore-another-snapshot"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_that_lead_down_pass() {
        let deep = |depth: usize| vec!["d"; depth].join("/").into_bytes();
        for (path, passes) in [
            (b"".to_vec(), true),
            (b"a".to_vec(), true),
            (b"a/b/...".to_vec(), true),
            (b"\xff\xfe\n/ ".to_vec(), true),
            (vec![b'n'; 255], true),
            (vec![b'n'; 256], false),
            (deep(128), true),
            (deep(129), false),
            ([vec![b'a'; 200], vec![b'/'; 1]].concat().repeat(21)[..4096].to_vec(), true),
            ([vec![b'a'; 200], vec![b'/'; 1]].concat().repeat(21)[..4097].to_vec(), false),
            (b"/".to_vec(), false),
            (b"/etc/passwd".to_vec(), false),
            (b"a/".to_vec(), false),
            (b"a//b".to_vec(), false),
            (b".".to_vec(), false),
            (b"..".to_vec(), false),
            (b"a/../b".to_vec(), false),
            (b"a/./b".to_vec(), false),
            (b"a/..".to_vec(), false),
            (b"a\0b".to_vec(), false),
        ] {
            let checked = check(&path);
            assert_eq!(checked.is_ok(), passes, "{}", escape::bytes(&path));
            assert!(checked.is_ok_and(|()| true) || check(&path).unwrap_err().code == Code::ArchiveRefused);
        }
    }

    #[test]
    fn a_path_splits_at_its_last_component() {
        for (path, directory, name) in [("a", "", "a"), ("a/b", "a", "b"), ("a/b/c", "a/b", "c")] {
            assert_eq!(split(path.as_bytes()), (directory.as_bytes(), name.as_bytes()));
        }
    }
}
