//! Everything about a tree that a restore must bring back, made without the code under test.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

/// What counts beside names, kinds, bytes, modes, owners, times and hard links.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum With {
    Everything,
    NoXattrs,
}

/// One line per path, in a map so that a difference is easy to read.
pub(super) fn of(root: &Path, with: With) -> BTreeMap<String, String> {
    let mut lines = BTreeMap::new();
    let mut first_names = HashMap::new();
    visit(root, root, with, &mut first_names, &mut lines);
    lines
}

fn visit(
    root: &Path,
    path: &Path,
    with: With,
    first_names: &mut HashMap<u64, String>,
    lines: &mut BTreeMap<String, String>,
) {
    let name = path.strip_prefix(root).unwrap().as_os_str().as_bytes().escape_ascii().to_string();
    let stat = std::fs::symlink_metadata(path).unwrap();
    let mut line = format!("{:o} {}:{} {}.{:09}", stat.mode(), stat.uid(), stat.gid(), stat.mtime(), stat.mtime_nsec());
    if stat.is_file() {
        let first = first_names.entry(stat.ino()).or_insert_with(|| name.clone());
        let content = std::fs::read(path).unwrap();
        let data = data_runs(path, stat.size());
        write!(line, " first={first} size={} {} data={data:?}", stat.size(), blake3::hash(&content)).unwrap();
    } else if stat.is_symlink() {
        write!(line, " -> {:?}", std::fs::read_link(path).unwrap()).unwrap();
    }
    if with == With::Everything {
        let mut names = vec![0; 1 << 16];
        let listed = rustix::fs::llistxattr(path, &mut names[..]).unwrap();
        let mut names: Vec<&[u8]> = names[..listed].split(|byte| *byte == 0).filter(|name| !name.is_empty()).collect();
        names.sort_unstable();
        for xattr in names {
            let mut value = vec![0; 1 << 16];
            let bytes = rustix::fs::lgetxattr(path, xattr, &mut value[..]).unwrap();
            write!(line, " {}={}", xattr.escape_ascii(), value[..bytes].escape_ascii()).unwrap();
        }
    }
    lines.insert(name, line);
    if stat.is_dir() {
        let mut children: Vec<_> = std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()).collect();
        children.sort();
        children.iter().for_each(|child| visit(root, child, with, first_names, lines));
    }
}

fn data_runs(path: &Path, size: u64) -> Vec<(u64, u64)> {
    let file = std::fs::File::open(path).unwrap();
    let mut runs = Vec::new();
    let mut at = 0;
    while at < size {
        let Ok(start) = rustix::fs::seek(&file, rustix::fs::SeekFrom::Data(at)) else { break };
        at = rustix::fs::seek(&file, rustix::fs::SeekFrom::Hole(start)).unwrap();
        runs.push((start, at));
    }
    runs
}
