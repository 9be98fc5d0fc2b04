//! What is on the disk outside of the state directory and the snapshots, also below what is mounted over it.

use std::collections::{BTreeMap, BTreeSet};
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use rustix::mount::OpenTreeFlags;

use super::app::Says;

/// A volume's directory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tree {
    pub says: Option<Says>,
    /// Every line that was ever written into it.
    pub lines: BTreeSet<String>,
}

impl Tree {
    /// Takes in a file of it, by its path below the volume.
    pub(crate) fn add(&mut self, below: &Path, bytes: &[u8]) {
        let text = String::from_utf8_lossy(bytes);
        if below == Path::new("generation") {
            self.says = Says::parse(&text);
        } else if below.file_name().is_some_and(|name| name == "log") {
            self.lines.extend(text.lines().map(str::to_owned));
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Entry {
    Directory { inode: u64 },
    File { inode: u64, bytes: Vec<u8> },
    Other,
}

/// All of a world's directories that hold data, by path below the world.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Picture {
    root: PathBuf,
    entries: BTreeMap<PathBuf, Entry>,
}

impl Picture {
    /// Directly below `root`, these.
    pub(crate) fn of(root: &Path, names: &[&str]) -> Picture {
        // A view of this file system alone that is mounted nowhere: no mount hides anything in it.
        let flags = OpenTreeFlags::OPEN_TREE_CLONE | OpenTreeFlags::OPEN_TREE_CLOEXEC;
        let view = rustix::mount::open_tree(rustix::fs::CWD, root, flags).unwrap();
        let base = PathBuf::from(format!("/proc/self/fd/{}", view.as_raw_fd()));
        let mut picture = Picture { root: root.to_owned(), entries: BTreeMap::new() };
        for name in names {
            picture.visit(&base, Path::new(name));
        }
        picture
    }

    fn visit(&mut self, base: &Path, below: &Path) {
        let path = base.join(below);
        let Ok(metadata) = std::fs::symlink_metadata(&path) else { return };
        let inode = metadata.ino();
        let entry = if metadata.is_dir() {
            let entries = std::fs::read_dir(&path).into_iter().flatten().flatten();
            entries.for_each(|entry| self.visit(base, &below.join(entry.file_name())));
            Entry::Directory { inode }
        } else if metadata.is_file() {
            Entry::File { inode, bytes: std::fs::read(&path).unwrap_or_default() }
        } else {
            Entry::Other
        };
        self.entries.insert(below.to_owned(), entry);
    }

    /// The directory at a path of the world; none if there is none.
    pub(crate) fn tree(&self, path: &Path) -> Option<Tree> {
        let below = path.strip_prefix(&self.root).ok()?;
        let Some(Entry::Directory { .. }) = self.entries.get(below) else { return None };
        let mut tree = Tree::default();
        for (path, entry) in self.entries.range(below.to_owned()..) {
            let Ok(inside) = path.strip_prefix(below) else { break };
            if let Entry::File { bytes, .. } = entry {
                tree.add(inside, bytes);
            }
        }
        Some(tree)
    }

    /// Trees that a restore put beside a volume.
    pub(crate) fn siblings(&self) -> Vec<(PathBuf, Tree)> {
        let is_sibling =
            |path: &&PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(".reforge-"));
        let paths = self.entries.keys().filter(is_sibling).map(|below| self.root.join(below));
        paths.filter_map(|path| self.tree(&path).map(|tree| (path, tree))).collect()
    }

    /// Every line that is anywhere.
    pub(crate) fn lines(&self) -> BTreeSet<String> {
        let mut all = Tree::default();
        for (path, entry) in &self.entries {
            if let Entry::File { bytes, .. } = entry {
                all.add(path, bytes);
            }
        }
        all.lines
    }

    /// What is another one here than there, by path. What stands in a directory of that prefix does not count.
    pub(crate) fn differences(&self, other: &Picture, but: Option<&str>) -> Vec<PathBuf> {
        let paths: BTreeSet<&PathBuf> = self.entries.keys().chain(other.entries.keys()).collect();
        let counts = |path: &Path| {
            let is_excepted = |name: &std::ffi::OsStr| but.is_some_and(|but| name.to_string_lossy().starts_with(but));
            !path.iter().any(is_excepted)
        };
        let differs = |path: &&PathBuf| self.entries.get(*path) != other.entries.get(*path) && counts(path);
        paths.into_iter().filter(differs).cloned().collect()
    }
}
