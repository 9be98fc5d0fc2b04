//! What the snapshots of a world hold, read without a line of the code under test.

use std::collections::{BTreeMap, HashMap};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use serde_json::Value;

use super::picture::Tree;
use crate::support::world::{names, read_json};

#[derive(Debug)]
pub(crate) struct Snapshot {
    pub workload: String,
    pub id: String,
    /// The second of its id, and when exactly: the order in which they were made.
    pub made: (String, jiff::Timestamp),
    /// Made by a restore, not asked for by a person.
    pub is_safety: bool,
    /// By name.
    pub volumes: BTreeMap<String, Tree>,
}

/// Snapshots by id.
pub(crate) type Stored = BTreeMap<String, Rc<Snapshot>>;

/// Reads each snapshot once.
#[derive(Default)]
pub(crate) struct Reader {
    read: HashMap<PathBuf, Rc<Snapshot>>,
}

impl Reader {
    pub(crate) fn read(&mut self, snapshot_dir: &Path) -> Stored {
        let folders = names(snapshot_dir);
        let descriptors = folders.iter().flat_map(|folder| names(folder)).filter(|path| is_descriptor(path));
        descriptors
            .map(|path| {
                let snapshot = self.read.entry(path).or_insert_with_key(|path| Rc::new(snapshot(path)));
                (snapshot.id.clone(), Rc::clone(snapshot))
            })
            .collect()
    }
}

fn is_descriptor(path: &Path) -> bool {
    let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
    !hidden && path.extension().is_some_and(|extension| extension == "json")
}

fn snapshot(path: &Path) -> Snapshot {
    let descriptor = read_json(path);
    let id = descriptor["id"].as_str().unwrap().to_owned();
    let manifest = &descriptor["manifest"];
    let mut volumes = manifest["volumes"].as_array().unwrap().clone();
    volumes.sort_by_key(|volume| volume["index"].as_u64());
    let mut trees = vec![Tree::default(); volumes.len()];
    let archive = std::fs::File::open(path.with_file_name(format!("{id}.tar.gz"))).unwrap();
    let mut archive = tar::Archive::new(flate2::read::MultiGzDecoder::new(archive));
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        let entry_path = entry.path().unwrap().into_owned();
        let Ok(below) = entry_path.strip_prefix("volumes") else { continue };
        let mut parts = below.iter();
        let index: usize = parts.next().unwrap().to_str().unwrap().parse().unwrap();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).unwrap();
        trees[index].add(parts.as_path(), &bytes);
    }
    let name = |volume: &Value| volume["name"].as_str().unwrap().to_owned();
    let second = id.split_once('-').unwrap().0.to_owned();
    Snapshot {
        made: (second, manifest["created"].as_str().unwrap().parse().unwrap()),
        workload: manifest["workload"].as_str().unwrap().to_owned(),
        id,
        is_safety: manifest["reason"].as_str().unwrap_or_default().contains("safety"),
        volumes: volumes.iter().map(name).zip(trees).collect(),
    }
}
