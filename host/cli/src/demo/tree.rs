//! A second opinion: reads a directory tree with nothing but the standard library and says what differs.
//!
//! It must not use anything that captures, restores or digests volumes, since it is to judge that.

use std::collections::BTreeMap;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use reforge_base::Message;
use reforge_base::escape;
use reforge_base::message;

/// Every entry below a directory, itself included (the empty path).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Tree(BTreeMap<PathBuf, EntryFacts>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct EntryFacts {
    /// Type and permissions.
    mode: u32,
    owner: (u32, u32),
    /// Seconds and nanoseconds.
    changed: (i64, i64),
    xattrs: Vec<u8>,
    content: Content,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Content {
    Directory,
    File(Vec<u8>),
    Link(PathBuf),
    Other,
}

impl Tree {
    pub(super) fn read(root: &Path) -> io::Result<Tree> {
        let mut entries = BTreeMap::new();
        let mut left = vec![PathBuf::new()];
        while let Some(path) = left.pop() {
            let whole = if path.as_os_str().is_empty() { root.to_owned() } else { root.join(&path) };
            let facts = std::fs::symlink_metadata(&whole)?;
            let content = if facts.is_dir() {
                for entry in std::fs::read_dir(&whole)? {
                    left.push(path.join(entry?.file_name()));
                }
                Content::Directory
            } else if facts.is_file() {
                Content::File(std::fs::read(&whole)?)
            } else if facts.is_symlink() {
                Content::Link(std::fs::read_link(&whole)?)
            } else {
                Content::Other
            };
            let (owner, changed) = ((facts.uid(), facts.gid()), (facts.mtime(), facts.mtime_nsec()));
            entries.insert(path, EntryFacts { mode: facts.mode(), owner, changed, xattrs: xattrs(&whole)?, content });
        }
        Ok(Tree(entries))
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn has(&self, path: &str) -> bool {
        self.0.contains_key(Path::new(path))
    }

    /// What `now` lacks of this tree, has otherwise, or has beyond it. A running app adds files in `grows`, after all
    /// that are there: those are let pass, and with them that directory's own time.
    pub(super) fn differences(&self, now: &Tree, grows: &Path) -> Vec<Message> {
        let mut differences = Vec::new();
        for (path, entry) in &self.0 {
            let shown =
                if path.as_os_str().is_empty() { message!("the-root") } else { Message::from(escape::path(path)) };
            match now.0.get(path) {
                None => differences.push(message!("entry-is-gone", entry = shown)),
                Some(other) => {
                    let what = entry.differs(other, path == grows);
                    differences.extend(what.into_iter().map(|what| message!("entry-has", entry = shown, what)));
                }
            }
        }
        let last = self.0.keys().rfind(|path| path.parent() == Some(grows));
        for path in now.0.keys().filter(|path| !self.0.contains_key(*path)) {
            if path.parent() != Some(grows) || last.is_some_and(|last| path < last) {
                differences.push(message!("entry-was-not-there", entry = escape::path(path)));
            }
        }
        differences
    }
}

impl EntryFacts {
    fn differs(&self, other: &EntryFacts, time_may: bool) -> Vec<Message> {
        let rows = [
            (self.content == other.content, message!("other-bytes")),
            (self.mode == other.mode, message!("another-mode")),
            (self.owner == other.owner, message!("another-owner")),
            (time_may || self.changed == other.changed, message!("another-time")),
            (self.xattrs == other.xattrs, message!("other-attributes")),
        ];
        rows.into_iter().filter(|(same, _)| !same).map(|(_, what)| what).collect()
    }
}

/// Names and values in one string of bytes; nothing where a file system has none.
fn xattrs(path: &Path) -> io::Result<Vec<u8>> {
    let mut names = vec![0; 64 << 10];
    let length = match rustix::fs::llistxattr(path, &mut names) {
        Ok(length) => length,
        Err(rustix::io::Errno::NOTSUP) => 0,
        Err(errno) => return Err(errno.into()),
    };
    let mut names: Vec<&[u8]> = names[..length].split(|byte| *byte == 0).filter(|name| !name.is_empty()).collect();
    names.sort_unstable();
    let mut all = Vec::new();
    for name in names {
        let mut value = vec![0; 64 << 10];
        let length = rustix::fs::lgetxattr(path, name, &mut value)?;
        all.extend_from_slice(name);
        all.push(0);
        all.extend_from_slice(&(length as u64).to_le_bytes());
        all.extend_from_slice(&value[..length]);
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn the_second_opinion_sees_each_thing_that_can_differ() {
        let scratch = tempfile::tempdir().unwrap();
        let root = scratch.path();
        std::fs::create_dir(root.join("grows")).unwrap();
        std::fs::write(root.join("grows/1"), "one").unwrap();
        std::fs::write(root.join("file"), "content").unwrap();
        let before = Tree::read(root).unwrap();
        let differences = || before.differences(&Tree::read(root).unwrap(), Path::new("grows"));
        assert_eq!(differences(), Vec::<String>::new());

        std::fs::write(root.join("grows/2"), "two").unwrap();
        assert_eq!(differences(), Vec::<String>::new(), "a new file where the app adds files");
        std::fs::write(root.join("grows/0"), "zero").unwrap();
        assert_eq!(differences(), ["grows/0 was not there"]);
        std::fs::remove_file(root.join("grows/0")).unwrap();

        let file = std::fs::File::options().write(true).open(root.join("file")).unwrap();
        let time = file.metadata().unwrap().modified().unwrap();
        std::os::unix::fs::FileExt::write_all_at(&file, b"C", 0).unwrap();
        file.set_modified(time).unwrap();
        assert_eq!(differences(), ["file has other bytes"], "also when size and time are the same");
        file.set_permissions(std::fs::Permissions::from_mode(0o777)).unwrap();
        file.set_modified(std::time::SystemTime::UNIX_EPOCH).unwrap();
        assert_eq!(differences(), ["file has other bytes", "file has another mode", "file has another time"]);
        std::fs::remove_file(root.join("file")).unwrap();
        assert_eq!(differences(), ["the root has another time", "file is gone"]);
    }
}
