//! A member that is gone is made again by Compose before anything is stopped; if that cannot be done, nothing is stopped.

use super::engine;
use crate::support::containers;
use crate::support::projects::Project;

const APP: &str = r#"services:
  app: { image: "BUSYBOX", command: ["sh", "-c", "STAYS"], volumes: ["data:/data"] }
"#;
const TASK: &str = r#"  task: { image: "BUSYBOX", command: ["sh", "-c", "STAYS"], volumes: ["data:/data"] }
"#;
const VOLUMES: &str = "volumes: { data: {} }\n";

fn whole() -> String {
    [APP, TASK, VOLUMES].concat()
}

/// Adopted whole, with a snapshot, and then without `task`.
fn without_task() -> (Project<'static>, String) {
    let project = Project::up(engine(), &whole());
    project.adopt();
    let snapshot = project.world.snapshot(&project.name);
    containers::remove(project.engine, &project.id("task"));
    (project, snapshot)
}

#[test]
fn a_missing_member_is_made_before_the_stop_and_is_not_started() {
    let (project, snapshot) = without_task();
    let app = project.id("app");
    let planned = project.world.ok(&["restore", "plan", &project.name, &snapshot]);
    planned.expect_said("Compose makes it again before the app is stopped");
    assert_eq!(project.members().len(), 1, "a plan makes nothing");
    let effects = project.world.effects_of(&["restore", "run", &project.name, &snapshot, "--yes"]);
    let first = |name: &str| effects.iter().position(|effect| effect == name).unwrap_or_else(|| panic!("{effects:?}"));
    assert!(first("compose-create") < first("docker-update") && first("docker-update") < first("docker-stop"));
    assert_eq!((project.running(), project.id("app")), (vec!["app".to_owned()], app), "the same, and nobody more");
    assert_eq!(project.member("task")["State"]["Status"], "created");
    // Also for an undo and a snapshot.
    containers::remove(project.engine, &project.id("task"));
    project.world.undo(&project.world.transactions()[0]).expect(0);
    containers::remove(project.engine, &project.id("task"));
    project.world.snapshot(&project.name);
    assert_eq!(project.member("task")["State"]["Status"], "created");
}

#[test]
fn one_that_compose_cannot_make_refuses_before_anything_is_stopped() {
    let (project, snapshot) = without_task();
    project.write(&[APP, VOLUMES].concat());
    let started = project.member("app")["State"]["StartedAt"].clone();
    let refused = project.world.restore(&project.name, &snapshot, &[]);
    refused.expect(3).expect_said("Compose could not make task").expect_said("adopt the project again").expect_clear();
    assert_eq!(project.member("app")["State"]["StartedAt"], started, "it was not touched");
    // Gone for good: the project is what it is now.
    project.adopt();
    project.world.restore(&project.name, &snapshot, &[]).expect(0);
    assert_eq!(project.members().len(), 1);
}
