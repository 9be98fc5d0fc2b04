//! Everyday commands in the undo window: everything behaves as if nothing had been there.

use serde_json::Value;

use super::engine;
use crate::support::projects::Project;

const PROJECT: &str = r#"services:
  app:
    image: "BUSYBOX"
    command: ["sh", "-c", "STAYS"]
    environment: { V: "1" }
    volumes: ["./data:/data", "named:/named"]
    restart: unless-stopped
volumes: { named: {} }
"#;

#[track_caller]
fn sees_the_snapshot(project: &Project<'_>, after: &str) {
    assert_eq!(project.inside("app", "cat /data/who /named/who"), "snapshot\nsnapshot", "{after}");
    let members = project.members();
    assert_eq!(members.len(), 1, "{after}");
    assert_eq!(members[0]["HostConfig"]["RestartPolicy"]["Name"], "unless-stopped", "{after}");
}

#[test]
fn compose_goes_on_as_if_nothing_had_been_there() {
    let project = Project::up(engine(), PROJECT);
    let lives = [project.bound("data"), project.volume("named")];
    let write = |text: &str| lives.iter().for_each(|live| std::fs::write(live.join("who"), text).unwrap());
    write("snapshot\n");
    project.adopt();
    let snapshot = project.world.snapshot(&project.name);
    write("later\n");
    let before = project.id("app");
    project.world.restore(&project.name, &snapshot, &[]).expect(0);
    for words in [&["ps"][..], &["up", "-d"], &["restart"], &["logs"], &["stop"], &["start"]] {
        project.compose(words);
        if words != ["stop"] {
            sees_the_snapshot(&project, &words.join(" "));
        }
        assert_eq!(project.id("app"), before, "{words:?}");
    }
    project.write(&PROJECT.replace("V: \"1\"", "V: \"2\""));
    for words in [&["up", "-d"][..], &["up", "-d", "--force-recreate"], &["down"], &["up", "-d"]] {
        project.compose(words);
        if words != ["down"] {
            sees_the_snapshot(&project, &words.join(" "));
        }
    }
    // Another container in its place is followed, and said.
    let undone = project.world.undo(&project.world.transactions()[0]);
    undone.expect(0);
    assert_eq!(project.inside("app", "cat /data/who /named/who"), "later\nlater", "undone");
}

#[test]
fn a_project_that_is_stopped_stays_stopped_and_one_that_was_paused_is_paused_again() {
    let project = Project::up(engine(), PROJECT);
    project.adopt();
    let id = project.id("app");
    project.engine.call("POST", &format!("/containers/{id}/pause"), &Value::Null);
    let snapshot = project.world.snapshot(&project.name);
    assert_eq!(project.member("app")["State"]["Paused"], true);
    project.world.restore(&project.name, &snapshot, &[]).expect(0);
    assert_eq!(project.member("app")["State"]["Paused"], true);
    project.engine.call("POST", &format!("/containers/{id}/unpause"), &Value::Null);
    project.world.ok(&["stop", &project.name]);
    assert_eq!(project.running(), Vec::<String>::new());
    project.world.restore(&project.name, &snapshot, &[]).expect(0);
    assert_eq!(project.running(), Vec::<String>::new());
    project.world.ok(&["start", &project.name]);
    assert_eq!((project.running(), project.id("app")), (vec!["app".to_owned()], id));
}

#[test]
fn a_host_that_ends_while_a_snapshot_is_taken_brings_the_project_up_at_its_next_start() {
    let project = Project::up(engine(), PROJECT);
    project.adopt();
    let policies = project.policies();
    project.world.faulty("docker-start:before", &["snapshot", "create", &project.name]);
    assert_eq!(project.running(), Vec::<String>::new());
    project.world.ok(&["recover"]);
    project.eventually_runs(&["app"]);
    assert_eq!(project.policies(), policies);
}
