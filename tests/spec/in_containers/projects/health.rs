//! The check that a project has in the configuration: it is run in the member that it names, on top of the members' own.

use super::engine;
use crate::support::projects::Project;

const PROJECT: &str = r#"services:
  app: { image: "BUSYBOX", command: ["sh", "-c", "STAYS"], volumes: ["./data:/data"] }
  web: { image: "BUSYBOX", command: ["sh", "-c", "STAYS"] }
"#;

/// Adopted, with a check that passes as long as there is a file in its volume.
fn checked() -> Project<'static> {
    let project = Project::up(engine(), PROJECT);
    std::fs::write(project.bound("data/ready"), "").unwrap();
    project.adopt();
    let file = project.world.path("reforge.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    let runtime = "runtime = \"compose\"\n";
    assert_eq!(text.matches(runtime).count(), 1, "{text}");
    let command = r#"["test", "-e", "/data/ready"]"#;
    let health = format!("health = {{ member = \"app\", command = {command}, interval = \"50ms\", limit = \"2s\" }}\n");
    std::fs::write(file, text.replace(runtime, &(runtime.to_owned() + &health))).unwrap();
    project
}

#[test]
fn a_projects_own_check_is_run_in_the_member_that_it_names() {
    let project = checked();
    let good = project.world.snapshot(&project.name);
    std::fs::remove_file(project.bound("data/ready")).unwrap();
    // It comes up again and is in order for its members' own checks: only this one says what it lacks.
    let bad =
        project.world.ok(&["snapshot", "create", &project.name, "--json"]).json()["id"].as_str().unwrap().to_owned();
    project.world.restore(&project.name, &good, &[]).expect(0);
    assert_eq!(project.world.receipt()["outcome"], "done");
    let unsure = project.world.restore(&project.name, &bad, &[]);
    unsure.expect_said("did not settle: the health check ended with status 1, until the limit of 2.0 s");
    assert_eq!(project.world.receipt()["outcome"], "unconfirmed");
    assert!(!project.bound("data/ready").exists(), "nobody knows: that is no reason to go back");
    assert_eq!(project.running(), ["app", "web"]);
}

#[test]
fn a_check_of_a_member_that_is_not_there_refuses_before_anything_is_stopped() {
    let project = checked();
    let snapshot = project.world.snapshot(&project.name);
    let file = project.world.path("reforge.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(file, text.replace("member = \"app\"", "member = \"application\"")).unwrap();
    let started = project.member("app")["State"]["StartedAt"].clone();
    let name = project.name.as_str();
    for words in [
        &["restore", "plan", name, &snapshot][..],
        &["restore", "run", name, &snapshot, "--yes"],
        &["snapshot", "create", name],
    ] {
        let refused = project.world.reforge(words);
        refused.expect(3).expect_said("`health` names `application`").expect_said("there are: app, web");
    }
    assert_eq!(project.member("app")["State"]["StartedAt"], started, "it was not touched");
}
