//! What was a workload of a single container before its project became one, and containers that stand beside.

use serde_json::{Value, json};

use super::engine;
use crate::support::containers;
use crate::support::projects::{Project, STAYS};

const PROJECT: &str = r#"services:
  app: { image: "BUSYBOX", command: ["sh", "-c", "STAYS"], volumes: ["./data:/data"] }
  web: { image: "BUSYBOX", command: ["sh", "-c", "STAYS"], volumes: ["./web:/data"] }
"#;

#[test]
fn a_workload_of_one_container_of_a_project_goes_on_until_the_project_is_one() {
    let project = Project::up(engine(), PROJECT);
    let name = project.member("app")["Name"].as_str().unwrap().trim_start_matches('/').to_owned();
    project.world.ok(&["workload", "adopt", &name, "--id", "app"]);
    let snapshot = project.world.snapshot("app");
    std::fs::write(project.bound("data/since"), "").unwrap();
    project.world.restore("app", &snapshot, &[]).expect(0);
    assert!(!project.bound("data/since").exists());
    // Twins that an earlier version has kept, renamed, beside what runs.
    let short = project.id("app")[..12].to_owned();
    let by_label = |project: &Project<'_>| {
        let host: Value = json!({ "NetworkMode": "none" });
        let labels = json!({ "com.docker.compose.project": project.name, "com.docker.compose.service": "app" });
        (host, labels)
    };
    let (host, labels) = by_label(&project);
    let twin = containers::fresh_id("twin");
    containers::stranger(
        engine(),
        &twin,
        false,
        json!({ "Cmd": ["sh", "-c", STAYS], "HostConfig": host, "Labels": labels }),
    );
    let id = engine().container(&twin)["Id"].as_str().unwrap()[..12].to_owned();
    engine().call("POST", &format!("/containers/{twin}/rename?name=app.kept-{id}"), &Value::Null);
    let refused = project.world.reforge(&["workload", "adopt", "--compose", &project.name]);
    refused.expect(3).expect_said(&format!("({short}) is workload `app` by itself")).expect_clear();
    refused.expect_said(&format!("docker rm {id}")).expect_said("reforge workload forget app");
    // By the commands that it names.
    engine().call("DELETE", &format!("/containers/{id}"), &Value::Null);
    project.world.ok(&["restore", "finish", &project.world.transactions()[0], "--yes"]);
    project.world.ok(&["workload", "forget", "app", "--yes"]);
    project.adopt();
    let snapshot = project.world.snapshot(&project.name);
    project.world.restore(&project.name, &snapshot, &[]).expect(0);
    assert_eq!(project.running(), ["app", "web"]);
}

#[test]
fn a_member_that_was_kept_beside_another_is_named_with_what_removes_it() {
    let project = Project::up(engine(), PROJECT);
    let labels = json!({
        "com.docker.compose.project": project.name,
        "com.docker.compose.service": "app",
        "com.docker.compose.container-number": "1",
        "com.docker.compose.project.working_dir": project.directory,
        "com.docker.compose.project.config_files": "docker-compose.yml",
    });
    let twin = containers::fresh_id("twin");
    containers::stranger(engine(), &twin, false, json!({ "Labels": labels, "HostConfig": { "NetworkMode": "none" } }));
    let id = engine().container(&twin)["Id"].as_str().unwrap()[..12].to_owned();
    engine().call("POST", &format!("/containers/{twin}/rename?name=app.kept-{id}"), &Value::Null);
    let adopted = project.world.ok(&["workload", "adopt", "--compose", &project.name]);
    let says = format!("`docker rm {id}` removes it");
    adopted.expect_said("was kept beside another one").expect_said(&says);
    project.world.ok(&["workload", "show", &project.name]).expect_said(&says);
    let snapshot = project.world.snapshot(&project.name);
    project.world.ok(&["restore", "plan", &project.name, &snapshot]).expect_said(&says);
}
