//! How a path names its volume. `VOLUME/PATH` says it; where there is one volume alone, `PATH` is enough; and an absolute path is
//! one that the app sees, or where live is. A volume that is named beside the path leaves nothing open.

use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use super::look::Looked;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::{escape, message};
use reforge_config::{Config, Workload};
use reforge_deployer::resolve;
use reforge_snapshots::entries::Entry;
use reforge_snapshots::format::Descriptor;

/// Where something is in a snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The volume's index.
    pub volume: usize,
    /// Inside it; empty for its root.
    pub path: Vec<u8>,
}

/// A path, and the volume that it lies in if that is said beside it.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    pub volume: Option<&'a str>,
    pub path: &'a [u8],
}

impl<'a> From<&'a [u8]> for Asked<'a> {
    fn from(path: &'a [u8]) -> Asked<'a> {
        Asked { volume: None, path }
    }
}

/// Every place that a path may mean, the likeliest first. None at all: it names no volume.
pub fn places(config: &Config, workload: &Workload, descriptor: &Descriptor, asked: Asked<'_>) -> Vec<Place> {
    let volumes = &descriptor.manifest.volumes;
    let path = asked.path;
    if let Some(name) = asked.volume {
        let rest = path.iter().position(|byte| *byte != b'/').map_or(&b""[..], |first| &path[first..]);
        let named = volumes.iter().position(|volume| volume.name == name);
        return named.map(|volume| Place { volume, path: plain(rest).to_vec() }).into_iter().collect();
    }
    if path.first() == Some(&b'/') {
        let resolved = resolve::resolve(config, workload).volumes;
        let mut found = Vec::new();
        for (index, volume) in volumes.iter().enumerate() {
            let live = resolved.iter().find(|resolved| resolved.name == volume.name);
            let live = live.map(|live| live.path.as_os_str().as_bytes());
            for root in [Some(volume.target.as_bytes()), live].into_iter().flatten().filter(|root| !root.is_empty()) {
                found.extend(below(root, path).map(|path| (root.len(), Place { volume: index, path })));
            }
        }
        found.sort_by_key(|(length, _)| std::cmp::Reverse(*length));
        return found.into_iter().map(|(_, place)| place).collect();
    }
    let path = plain(path);
    let first = path.split(|byte| *byte == b'/').next().unwrap_or_default();
    let named = volumes.iter().position(|volume| volume.name.as_bytes() == first);
    let named = named.map(|volume| Place { volume, path: path.get(first.len() + 1..).unwrap_or_default().to_vec() });
    let alone = (volumes.len() == 1).then(|| Place { volume: 0, path: path.to_vec() });
    alone.into_iter().chain(named).collect()
}

/// The number of what a path means in a snapshot, with its entry.
pub fn find(config: &Config, looked: &Looked, asked: Asked<'_>) -> Result<(u64, Entry)> {
    let places = places(config, &looked.workload, looked.descriptor(), asked);
    for place in &places {
        if let Some(number) = looked.list.find(place.volume, &place.path)?
            && let Some(entry) = looked.list.get(number)?
        {
            return Ok((number, entry));
        }
    }
    let volumes = looked.volume_names().map(escape::text).collect::<Vec<_>>().join(", ");
    let (id, path) = (&looked.descriptor().id, escape::bytes(asked.path));
    let failure = Failure::new(Code::NotFound, message!("there-is-nothing-in-the-snapshot", id, path));
    Err(failure.hint(message!("a-path-begins-with-its-volume", volumes)))
}

/// Without what leads nowhere.
fn plain(path: &[u8]) -> &[u8] {
    let mut path = path;
    while let Some(rest) = path.strip_prefix(b"./") {
        path = rest;
    }
    while let Some(rest) = path.strip_suffix(b"/") {
        path = rest;
    }
    if path == b"." { b"" } else { path }
}

fn below(root: &[u8], path: &[u8]) -> Option<Vec<u8>> {
    let below = Path::new(std::ffi::OsStr::from_bytes(path)).strip_prefix(std::ffi::OsStr::from_bytes(root)).ok()?;
    Some(below.as_os_str().as_bytes().to_vec())
}
