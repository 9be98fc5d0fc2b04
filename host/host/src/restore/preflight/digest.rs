//! The digest of a plan: what it stands on, written down as JSON and hashed.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use serde::Serialize;

use super::{Choice, Target};
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::spec::{AppState, Container, HealthCheck, Observation};
use reforge_config::{Volume, Workload};
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
        deployed: &Observation { detail: serde_json::Value::Null, state: AppState::Absent, ..observation.clone() },
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

/// A workload as the configuration has it, all of it.
#[derive(Serialize)]
struct Declared<'a> {
    id: &'a str,
    project: &'a str,
    stage: &'a str,
    runtime: &'a str,
    image: &'a Option<String>,
    command: &'a [String],
    user: &'a Option<String>,
    environment: &'a BTreeMap<String, String>,
    stop_signal: &'a str,
    stop_timeout: Duration,
    health: &'a Option<HealthCheck>,
    container: &'a Container,
    allow_containers: &'a [String],
    links: &'a str,
    privileged: bool,
    volumes: Vec<DeclaredVolume<'a>>,
}

#[derive(Serialize)]
struct DeclaredVolume<'a> {
    name: &'a str,
    scope: &'a str,
    source: &'a Option<String>,
    target: &'a Option<std::path::PathBuf>,
}

impl<'a> Declared<'a> {
    /// Taken apart whole, so that what a workload gains later does not compile before it is in the digest.
    fn of(workload: &'a Workload) -> Self {
        let Workload {
            id,
            project,
            stage,
            runtime,
            image,
            command,
            user,
            environment,
            stop_signal,
            stop_timeout,
            health,
            container,
            allow_containers,
            links,
            privileged,
            volumes,
        } = workload;
        Declared {
            id,
            project,
            stage,
            runtime: runtime.as_str(),
            image,
            command,
            user,
            environment,
            stop_signal,
            stop_timeout: *stop_timeout,
            health,
            container,
            allow_containers,
            links: links.as_str(),
            privileged: *privileged,
            volumes: volumes.iter().map(DeclaredVolume::of).collect(),
        }
    }
}

impl<'a> DeclaredVolume<'a> {
    fn of(volume: &'a Volume) -> Self {
        let Volume { name, scope, source, target } = volume;
        DeclaredVolume { name, scope: scope.as_str(), source, target }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deployer::fixture::{WithVolume as _, workload};
    use reforge_config::Links;
    use reforge_config::scope::Scope;

    type Change = fn(&mut Workload);

    #[test]
    fn whatever_a_workload_declares_is_in_what_the_digest_is_made_of() {
        let declared = || workload("notes", "notes", "prod").volume("data", Scope::Project, "data");
        let written = |workload: &Workload| serde_json::to_string(&Declared::of(workload)).unwrap();
        let mut seen = BTreeSet::from([written(&declared())]);
        let changes: [(&str, Change); 8] = [
            ("environment", |workload| drop(workload.environment.insert("KEY".into(), "value".into()))),
            ("command", |workload| workload.command.push("--more".into())),
            ("user", |workload| workload.user = Some("nobody".into())),
            ("stop timeout", |workload| workload.stop_timeout += Duration::from_secs(1)),
            ("links", |workload| workload.links = Links::Contained),
            ("privileged", |workload| workload.privileged = true),
            ("containers", |workload| workload.allow_containers.push("other".into())),
            ("volume", |workload| workload.volumes[0].target = Some("/elsewhere".into())),
        ];
        for (what, change) in changes {
            let mut workload = declared();
            change(&mut workload);
            assert!(seen.insert(written(&workload)), "{what}");
        }
    }
}
