//! The upper directories of an archive with what lies below each: what a person chooses from, and where a single volume
//! begins. Bounded: what is deeper, or too many, is counted in the directory above.

use std::collections::BTreeMap;

use crate::archive::limits::{PLACES_MAX, SURVEYED_DEPTH_MAX, SURVEYED_DIRECTORIES_MAX};

#[derive(Default)]
struct Node {
    children: BTreeMap<Vec<u8>, Node>,
    entries: u64,
    bytes: u64,
    /// Whether it has an entry of its own.
    has_entry: bool,
    is_directory: bool,
}

/// See the module.
#[derive(Default)]
pub(super) struct Tree {
    root: Node,
    nodes: usize,
}

/// A directory and what is below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    pub path: Vec<u8>,
    pub entries: u64,
    pub bytes: u64,
}

impl Tree {
    /// Counts an entry by its plain name.
    pub(super) fn add(&mut self, path: &[u8], bytes: u64, is_directory: bool) {
        let mut node = &mut self.root;
        (node.entries, node.bytes, node.is_directory) = (node.entries + 1, node.bytes + bytes, true);
        if path.is_empty() {
            node.has_entry = true;
            return;
        }
        let components = path.split(|byte| *byte == b'/');
        let last = components.clone().count() - 1;
        for (depth, component) in components.enumerate() {
            if !node.children.contains_key(component) {
                if self.nodes == SURVEYED_DIRECTORIES_MAX || depth == SURVEYED_DEPTH_MAX {
                    return;
                }
                self.nodes += 1;
            }
            node = node.children.entry(component.to_vec()).or_default();
            (node.entries, node.bytes) = (node.entries + 1, node.bytes + bytes);
            node.is_directory |= depth < last || is_directory;
            node.has_entry |= depth == last;
        }
    }

    pub(super) fn has(&self, path: &str) -> bool {
        let mut node = Some(&self.root);
        for component in path.split('/') {
            node = node.and_then(|node| node.children.get(component.as_bytes()));
        }
        node.is_some()
    }

    /// The names at the top.
    pub(super) fn top(&self) -> impl Iterator<Item = &[u8]> {
        self.root.children.keys().map(Vec::as_slice)
    }

    /// Where the data of a single volume begins: the archive's root, or the only directory in it. None when that is not
    /// certain: of several directories in each other without entries each could be it.
    pub(super) fn data(&self) -> Option<Vec<u8>> {
        if self.root.has_entry {
            return Some(Vec::new());
        }
        let (path, node, implied) = self.descend(|child| child.has_entry);
        let is_offens = path.starts_with(b"backup/");
        match implied {
            _ if node.has_entry => Some(path),
            0 | 1 => Some(path),
            2 if is_offens => Some(path),
            _ => None,
        }
    }

    /// The directories that could be volumes: those at the first level that has more than one name.
    pub(super) fn places(&self) -> Vec<Place> {
        let (path, node, _) = self.descend(|_| false);
        let place = |path: Vec<u8>, node: &Node| Place { path, entries: node.entries, bytes: node.bytes };
        let mut places = vec![place(path.clone(), node)];
        let directories = node.children.iter().filter(|(_, child)| child.is_directory);
        places.extend(directories.take(PLACES_MAX).map(|(name, child)| place(joined(&path, name), child)));
        places
    }

    /// Down to the first level with more than one name, or to where `stop` says.
    fn descend(&self, stop: impl Fn(&Node) -> bool) -> (Vec<u8>, &Node, usize) {
        let (mut path, mut node, mut implied) = (Vec::new(), &self.root, 0);
        while let (1, Some((name, child))) = (node.children.len(), node.children.iter().next()) {
            // The node itself is no file and was counted whole: nothing beside the child was left uncounted.
            if !child.is_directory || child.entries + u64::from(node.has_entry) != node.entries {
                break;
            }
            path = joined(&path, name);
            node = child;
            if stop(node) {
                break;
            }
            implied += 1;
        }
        (path, node, implied)
    }
}

fn joined(path: &[u8], name: &[u8]) -> Vec<u8> {
    if path.is_empty() { name.to_vec() } else { [path, b"/", name].concat() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(names: &[&str]) -> Tree {
        let mut tree = Tree::default();
        for name in names {
            let path = name.strip_suffix('/').unwrap_or(name);
            tree.add(path.trim_start_matches('.').as_bytes(), 10, name.ends_with('/'));
        }
        tree
    }

    #[test]
    fn a_single_volume_begins_where_that_is_certain() {
        for (names, root) in [
            (&["./", "a", "b/"][..], Some("")),
            (&["./", "only/", "only/x"], Some("")),
            (&["a", "b/"], Some("")),
            (&["data/", "data/a", "data/b"], Some("data")),
            (&["data/", "data/only/", "data/only/x"], Some("data")),
            (&["data/a", "data/b"], Some("data")),
            (&["srv/app/data/", "srv/app/data/a"], Some("srv/app/data")),
            (&["backup/app/PG_VERSION", "backup/app/base/1/112"], Some("backup/app")),
            (&["backup/app/a", "backup/web/b"], Some("backup")),
            (&["srv/app/data/a", "srv/app/data/b"], None),
            (&["file"], Some("")),
        ] {
            let found = tree(names).data();
            assert_eq!(found.as_deref(), root.map(str::as_bytes), "{names:?}");
        }
    }

    #[test]
    fn the_directories_to_choose_from_are_those_of_the_first_level_with_a_choice() {
        let places = tree(&["backup/app/a", "backup/app/b", "backup/web/c", "backup/note"]).places();
        let shown: Vec<_> = places.iter().map(|place| (&*place.path, place.entries, place.bytes)).collect();
        assert_eq!(shown, [(&b"backup"[..], 4, 40), (b"backup/app", 2, 20), (b"backup/web", 1, 10)]);
    }
}
