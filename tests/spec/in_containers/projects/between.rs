//! Something else starts a member, or writes to a volume, while the app is down, and is gone before anybody looks.

use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use super::engine;
use crate::support::containers;
use crate::support::engine::Engine;
use crate::support::projects::Project;

const PROJECT: &str = r#"services:
  app: { image: "BUSYBOX", command: ["sh", "-c", "echo start >> /data/log; STAYS"], volumes: ["data:/data", "other:/other"] }
volumes: { data: {}, other: {} }
"#;

/// Does something between the two exchanges. The restore goes back, says what that answers, and every volume is as it was.
#[track_caller]
fn goes_back(engine: &Engine, what: impl FnOnce(&Project<'_>) -> Vec<String>) {
    let project = Project::up(engine, PROJECT);
    project.adopt();
    let snapshot = project.world.snapshot(&project.name);
    let lives: [PathBuf; 2] = ["data", "other"].map(|name| project.volume(name));
    lives.iter().for_each(|live| std::fs::write(live.join("since"), "").unwrap());
    let arguments = ["restore", "run", &project.name, &snapshot, "--yes"];
    let mut restore = project.world.start_pausing("exchange#4", &arguments);
    assert!(restore.reaches_its_pause(), "{}", restore.complaints());
    let said = what(&project);
    restore.go_on();
    let ended = restore.wait();
    ended.expect(4).expect_clear();
    for said in &said {
        ended.expect_said(said);
    }
    assert!(lives.iter().all(|live| live.join("since").exists()), "all volumes are as they were");
}

fn docker(project: &Project<'_>, words: &[&str]) {
    let socket = format!("unix://{}", project.engine.socket().display());
    let output = Command::new("docker").env("DOCKER_HOST", socket).args(words).output().unwrap();
    assert!(output.status.success(), "{words:?}: {output:?}");
}

/// Runs a script in a container that has something at `/data` and is gone again. Answers its name.
fn run(project: &Project<'_>, source: &str, script: &str) -> String {
    let name = containers::fresh_id("passing");
    let (bind, image) = (format!("{source}:/data"), project.engine.busybox("1"));
    docker(project, &["run", "--rm", "--name", &name, "--network", "none", "-v", &bind, &image, "sh", "-c", script]);
    name
}

/// What is said of it.
fn named(project: &Project<'_>, name: &str) -> Vec<String> {
    let image = project.engine.busybox("1");
    vec![format!("`{name}` ("), format!(") of the image `{image}` ran while the app was down"), "volume `".to_owned()]
}

#[test]
fn a_member_that_ran_for_a_moment_is_named() {
    goes_back(engine(), |project| {
        let id = project.id("app");
        project.engine.call("POST", &format!("/containers/{id}/start"), &Value::Null);
        project.engine.call("POST", &format!("/containers/{id}/stop?t=1"), &Value::Null);
        vec!["was started while the app had to be down".to_owned()]
    });
}

#[test]
fn a_container_that_had_a_volume_by_its_name_and_is_gone_again_is_named() {
    goes_back(engine(), |project| {
        let script = "echo x >> /data/log; touch -d '2001-01-01 00:00' /data/log";
        let name = run(project, &format!("{}_data", project.name), script);
        named(project, &name)
    });
}

#[test]
fn a_container_that_had_a_volumes_directory_and_is_gone_again_is_named() {
    goes_back(engine(), |project| {
        let script = "echo x >> /data/log; usleep 500000";
        let name = run(project, project.volume("other").to_str().unwrap(), script);
        named(project, &name)
    });
}

#[test]
fn one_that_could_only_read_or_had_something_else_is_none_of_them() {
    let project = Project::up(engine(), PROJECT);
    project.adopt();
    let snapshot = project.world.snapshot(&project.name);
    let elsewhere = project.world.path("elsewhere/more");
    std::fs::create_dir(&elsewhere).unwrap();
    let mut restore = project.world.start_pausing("exchange#4", &["restore", "run", &project.name, &snapshot, "--yes"]);
    assert!(restore.reaches_its_pause(), "{}", restore.complaints());
    run(&project, elsewhere.to_str().unwrap(), "echo x > /data/x");
    let (bind, image) = (format!("{}_data:/data:ro", project.name), project.engine.busybox("1"));
    docker(&project, &["run", "--rm", "--network", "none", "-v", &bind, &image, "ls", "/data"]);
    restore.go_on();
    restore.wait().expect(0);
    assert!(elsewhere.join("x").exists());
}

#[test]
fn an_engine_that_ended_in_between_takes_no_name_along_and_what_nobody_saw_is_found_on_the_disk() {
    let engine = Engine::apart();
    let again = || {
        engine.kill();
        engine.run();
    };
    goes_back(&engine, |project| {
        let name = run(project, &format!("{}_data", project.name), "echo x >> /data/log");
        again();
        named(project, &name)
    });
    goes_back(&engine, |project| {
        again();
        std::fs::write(project.volume("data").join("log"), "x").unwrap();
        ["`log` changed after it was exchanged", "events broke off"].map(str::to_owned).to_vec()
    });
}

#[test]
fn what_was_copied_into_a_stopped_member_is_named() {
    goes_back(engine(), |project| {
        let file = project.world.path("copied");
        std::fs::write(&file, "x").unwrap();
        docker(project, &["cp", file.to_str().unwrap(), &format!("{}:/data/log", project.id("app"))]);
        ["`log` changed after it was exchanged", "something was copied into the container"].map(str::to_owned).to_vec()
    });
}

#[test]
fn a_member_that_was_made_anew_meanwhile_is_named() {
    goes_back(engine(), |project| {
        project.compose(&["up", "-d", "--force-recreate"]);
        vec!["runs".to_owned()]
    });
}
