//! Something else starts a member, or writes to a volume, while the app is down, and is gone before anybody looks.

use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use super::engine;
use crate::support::projects::Project;

const PROJECT: &str = r#"services:
  app: { image: "BUSYBOX", command: ["sh", "-c", "echo start >> /data/log; STAYS"], volumes: ["data:/data", "other:/other"] }
volumes: { data: {}, other: {} }
"#;

/// Does something between the two exchanges. The restore goes back, says this, and every volume is as it was.
#[track_caller]
fn goes_back(what: impl FnOnce(&Project<'_>), said: &str) {
    let project = Project::up(engine(), PROJECT);
    project.adopt();
    let snapshot = project.world.snapshot(&project.name);
    let lives: [PathBuf; 2] = ["data", "other"].map(|name| project.volume(name));
    lives.iter().for_each(|live| std::fs::write(live.join("since"), "").unwrap());
    let arguments = ["restore", "run", &project.name, &snapshot, "--yes"];
    let mut restore = project.world.start_pausing("exchange#4", &arguments);
    assert!(restore.reaches_its_pause(), "{}", restore.complaints());
    what(&project);
    restore.go_on();
    restore.wait().expect(4).expect_said(said).expect_clear();
    assert!(lives.iter().all(|live| live.join("since").exists()), "all volumes are as they were");
}

fn docker(project: &Project<'_>, words: &[&str]) {
    let socket = format!("unix://{}", project.engine.socket().display());
    let output = Command::new("docker").env("DOCKER_HOST", socket).args(words).output().unwrap();
    assert!(output.status.success(), "{words:?}: {output:?}");
}

#[test]
fn a_member_that_ran_for_a_moment_is_named() {
    goes_back(
        |project| {
            let id = project.id("app");
            project.engine.call("POST", &format!("/containers/{id}/start"), &Value::Null);
            project.engine.call("POST", &format!("/containers/{id}/stop?t=1"), &Value::Null);
        },
        "was started while the app had to be down",
    );
}

#[test]
fn what_a_container_wrote_that_is_gone_again_is_named() {
    goes_back(
        |project| {
            let volume = format!("{}_data:/data", project.name);
            let image = project.engine.busybox("1");
            let script = "echo x >> /data/log; touch -d '2001-01-01 00:00' /data/log";
            docker(project, &["run", "--rm", "--network", "none", "-v", &volume, &image, "sh", "-c", script]);
        },
        "`log` changed after it was exchanged",
    );
}

#[test]
fn what_was_copied_into_a_stopped_member_is_named() {
    goes_back(
        |project| {
            let file = project.world.path("copied");
            std::fs::write(&file, "x").unwrap();
            docker(project, &["cp", file.to_str().unwrap(), &format!("{}:/data/log", project.id("app"))]);
        },
        "`log` changed after it was exchanged",
    );
}

#[test]
fn a_member_that_was_made_anew_meanwhile_is_named() {
    goes_back(
        |project| {
            project.compose(&["up", "-d", "--force-recreate"]);
        },
        "runs",
    );
}
