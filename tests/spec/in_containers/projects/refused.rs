//! What is refused before anything is stopped, by name.

use serde_json::json;

use super::engine;
use crate::support::projects::{Project, STAYS};
use crate::support::{containers, eventually};

const ONE: &str = r#"services:
  app: { image: "BUSYBOX", command: ["sh", "-c", "STAYS"], volumes: ["data:/data"] }
volumes: { data: {} }
"#;

#[track_caller]
fn refused(project: &Project<'_>, snapshot: &str, said: &str) {
    let started = project.member("app")["State"]["StartedAt"].clone();
    project.world.restore(&project.name, snapshot, &[]).expect(3).expect_said(said).expect_clear();
    project.world.reforge(&["snapshot", "create", &project.name]).expect(3).expect_said(said).expect_clear();
    assert_eq!(project.member("app")["State"]["StartedAt"], started, "it was not touched");
}

#[test]
fn another_container_that_has_a_volume() {
    let project = Project::up(engine(), ONE);
    project.adopt();
    let snapshot = project.world.snapshot(&project.name);
    let other = format!("{}-other", project.name);
    let bind = format!("{}_data:/seen", project.name);
    containers::stranger(
        project.engine,
        &other,
        true,
        json!({ "Cmd": ["sh", "-c", STAYS], "HostConfig": { "NetworkMode": "none", "Binds": [bind] } }),
    );
    refused(&project, &snapshot, &other);
    containers::remove(project.engine, &other);
    project.world.restore(&project.name, &snapshot, &[]).expect(0);
}

#[test]
fn a_member_that_removes_itself() {
    let project = Project::up(engine(), ONE);
    project.adopt();
    let snapshot = project.world.snapshot(&project.name);
    let name = format!("{}-task", project.name);
    containers::stranger(
        project.engine,
        &name,
        true,
        json!({
            "Cmd": ["sh", "-c", STAYS],
            "Labels": {
                "com.docker.compose.project": project.name,
                "com.docker.compose.service": "app",
                "com.docker.compose.oneoff": "True",
            },
            "HostConfig": { "NetworkMode": "none", "AutoRemove": true },
        }),
    );
    refused(&project, &snapshot, "was made with `--rm`");
    assert_eq!(project.engine.container(&name)["State"]["Running"], true);
    containers::remove(project.engine, &name);
}

#[test]
fn somebody_who_starts_the_project_again_as_soon_as_it_stops() {
    let project = Project::up(engine(), ONE);
    project.adopt();
    let snapshot = project.world.snapshot(&project.name);
    let mut supervised = project.compose_command(&["up"]).stdout(std::process::Stdio::null()).spawn().unwrap();
    let cmdline = format!("/proc/{}/cmdline", supervised.id());
    eventually("Compose runs", || std::fs::read(&cmdline).is_ok_and(|line| line.ends_with(b"up\0")));
    refused(&project, &snapshot, &format!("process {}", supervised.id()));
    supervised.kill().unwrap();
    supervised.wait().unwrap();
}

#[test]
fn another_project_of_the_same_name() {
    let project = Project::up(engine(), ONE);
    project.adopt();
    let snapshot = project.world.snapshot(&project.name);
    let other = project.world.path("elsewhere/other");
    std::fs::create_dir_all(&other).unwrap();
    std::fs::copy(project.bound("docker-compose.yml"), other.join("docker-compose.yml")).unwrap();
    let output = project.compose_command(&["up", "-d", "--force-recreate"]).current_dir(&other).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    refused(&project, &snapshot, other.to_str().unwrap());
}

#[test]
fn a_network_that_is_gone_and_a_deploy() {
    let project = Project::up(engine(), ONE);
    project.adopt();
    let deployed = project.world.reforge(&["deploy", &project.name]);
    deployed.expect(3).expect_said("docker compose up -d").expect_clear();
    project.eventually_runs(&["app"]);
}
