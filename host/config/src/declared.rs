//! A workload as the configuration has it, as one document: what the digest of a plan is made of. It is kept as it is: a plan
//! that was made by the version before is still a plan.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use serde::Serialize;

use crate::{Volume, Workload};
use reforge_base::project::ProjectFiles;
use reforge_base::spec::{ComposeProject, Container, HealthCheck};

/// All of it.
#[derive(Serialize)]
pub struct Declared<'a> {
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
    #[serde(skip_serializing_if = "Option::is_none")]
    compose: &'a Option<ComposeProject>,
    /// What versions before took for granted is not said.
    #[serde(skip_serializing_if = "Option::is_none")]
    project_files: Option<&'a str>,
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
    target: &'a Option<PathBuf>,
    #[serde(skip_serializing_if = "Option::is_none")]
    engine_volume: &'a Option<String>,
    #[serde(skip_serializing_if = "is_captured")]
    capture: bool,
}

/// What versions before took for granted.
fn is_captured(capture: &bool) -> bool {
    *capture
}

impl<'a> Declared<'a> {
    /// Taken apart whole, so that what a workload gains later does not compile before it is in the digest.
    pub fn of(workload: &'a Workload) -> Self {
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
            compose,
            project_files,
            allow_containers,
            links,
            privileged,
            // When snapshots are taken and which of them stay changes nothing about what is restored.
            schedule: _,
            keep: _,
            min_free: _,
            // What is restored, and onto what, does not depend on it.
            capturing: _,
            drill: _,
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
            compose,
            project_files: Some(project_files.as_str()).filter(|_| *project_files != ProjectFiles::default()),
            allow_containers,
            links: links.as_str(),
            privileged: *privileged,
            volumes: volumes.iter().map(DeclaredVolume::of).collect(),
        }
    }
}

impl<'a> DeclaredVolume<'a> {
    fn of(volume: &'a Volume) -> Self {
        let Volume { name, scope, source, target, engine_volume, capture } = volume;
        DeclaredVolume { name, scope: scope.as_str(), source, target, engine_volume, capture: *capture }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::scope::Scope;
    use crate::{Links, PROCESS};

    type Change = fn(&mut Workload);

    #[test]
    fn whatever_a_workload_declares_is_in_what_the_digest_is_made_of() {
        let volume = || Volume::new("data", Scope::Project, "data");
        let declared = || Workload::new("notes", "notes", "prod", PROCESS).with_volume(volume());
        let written = |workload: &Workload| serde_json::to_string(&Declared::of(workload)).unwrap();
        let mut seen = BTreeSet::from([written(&declared())]);
        let changes: [(&str, Change); 12] = [
            ("environment", |workload| drop(workload.environment.insert("KEY".into(), "value".into()))),
            ("command", |workload| workload.command.push("--more".into())),
            ("user", |workload| workload.user = Some("nobody".into())),
            ("stop timeout", |workload| workload.stop_timeout += Duration::from_secs(1)),
            ("links", |workload| workload.links = Links::Contained),
            ("privileged", |workload| workload.privileged = true),
            ("containers", |workload| workload.allow_containers.push("other".into())),
            ("compose", |workload| workload.compose = Some(ComposeProject::new("a", "/a", Vec::new()))),
            ("files", |workload| workload.project_files = ProjectFiles::All),
            ("volume", |workload| workload.volumes[0].target = Some("/elsewhere".into())),
            ("engine's volume", |workload| workload.volumes[0].engine_volume = Some("notes_data".into())),
            ("capture", |workload| workload.volumes[0].capture = false),
        ];
        for (what, change) in changes {
            let mut workload = declared();
            change(&mut workload);
            assert!(seen.insert(written(&workload)), "{what}");
        }
    }

    #[test]
    fn a_plan_of_the_version_before_is_still_one_where_nothing_new_is_said() {
        let workload =
            Workload::new("a", "a", "prod", PROCESS).with_volume(Volume::new("data", Scope::Project, "data"));
        let written = serde_json::to_value(Declared::of(&workload)).unwrap();
        let volume = serde_json::json!({ "name": "data", "scope": "project", "source": "data", "target": null });
        assert_eq!(written["volumes"], serde_json::json!([volume]));
    }
}
