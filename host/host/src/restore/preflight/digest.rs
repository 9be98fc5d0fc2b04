//! The digest of a plan: what it stands on, written down as JSON and hashed.

use std::collections::BTreeSet;
use std::path::Path;

use serde::Serialize;

use super::{Choice, Target};
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::spec::{AppState, Observation};
use reforge_config::Workload;
use reforge_config::declared::Declared;
use reforge_snapshots::store::OpenSnapshot;
use reforge_volumes::identity::Identity;

/// What the digest of a plan is made from.
pub(super) fn of(
    workload: &Workload,
    snapshot: &OpenSnapshot,
    targets: &[Target],
    choice: &Choice,
    observation: &Observation,
    image: Option<String>,
    plugin: &str,
) -> Result<String> {
    let basis = Basis {
        workload: Declared::of(workload),
        descriptor_sha256: &snapshot.descriptor_sha256,
        volumes: targets.iter().map(BasisVolume::of).collect(),
        leave: choice.leave.iter().map(String::as_str).collect(),
        keep_previous: choice.keep_previous,
        deployed: &Observation::new(AppState::Absent, observation.spec.clone()),
        image,
        plugin,
    };
    let bytes = serde_json::to_vec(&basis).map_err(|error| Failure::new(Code::VolumeRefused, error.to_string()))?;
    Ok(blake3::hash(&bytes).to_hex().to_string())
}

/// Whether this could be the digest of a plan.
pub fn is_digest(text: &str) -> bool {
    text.len() == 2 * blake3::OUT_LEN && text.bytes().all(|byte| byte.is_ascii_hexdigit() && !byte.is_ascii_uppercase())
}

#[derive(Serialize)]
struct Basis<'a> {
    workload: Declared<'a>,
    descriptor_sha256: &'a str,
    volumes: Vec<BasisVolume<'a>>,
    leave: BTreeSet<&'a str>,
    keep_previous: bool,
    deployed: &'a Observation,
    image: Option<String>,
    plugin: &'a str,
}

#[derive(Serialize)]
struct BasisVolume<'a> {
    name: &'a str,
    index: u32,
    path: &'a Path,
    identity: &'a Option<Identity>,
    parent: &'a Identity,
}

impl<'a> BasisVolume<'a> {
    fn of(target: &'a Target) -> Self {
        BasisVolume {
            name: &target.resolved.name,
            index: target.index,
            path: &target.resolved.path,
            identity: &target.identity,
            parent: &target.parent_identity,
        }
    }
}
