//! A member that is gone is made again by Compose before anything is stopped; if that cannot be done, nothing is stopped.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use super::engine;
use crate::support::projects::Project;
use crate::support::{containers, eventually};

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

#[test]
fn a_project_that_was_called_from_elsewhere_is_made_again_from_its_own_files() {
    let project = Project::of(engine(), &whole());
    let above = project.directory.parent().unwrap();
    std::fs::write(above.join("more.yml"), "version: \"3.8\"\nservices: { task: { labels: { more: yes-it-is } } }\n")
        .unwrap();
    // Compose 1.29 writes both names as they were typed.
    let mut up = project.compose_command(&["-f", "project/docker-compose.yml", "-f", "more.yml", "up", "-d"]);
    let up = up.current_dir(above).output().unwrap();
    assert!(up.status.success(), "{up:?}");
    project.adopt();
    let configuration = std::fs::read_to_string(project.world.path("reforge.toml")).unwrap();
    for file in [project.bound("docker-compose.yml"), above.join("more.yml")] {
        assert!(configuration.contains(&format!("{file:?}")), "{file:?}: {configuration}");
    }
    containers::remove(project.engine, &project.id("task"));
    project.world.snapshot(&project.name);
    assert_eq!(project.member("task")["Config"]["Labels"]["more"], "yes-it-is");
}

/// A directory with a program in the place of another.
fn in_the_place_of(project: &Project<'_>, program: &str, script: &str) {
    let file = project.world.path("elsewhere/programs").join(program);
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::fs::write(&file, format!("#!/bin/sh\n{script}\n")).unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn a_compose_that_hangs_is_ended_with_what_it_started_and_named_before_anything_is_stopped() {
    let (project, snapshot) = without_task();
    let started = project.member("app")["State"]["StartedAt"].clone();
    let child = project.world.path("elsewhere/child");
    let hangs = format!("sleep 1000 & echo $! > {}; wait", child.display());
    for (plugin, alone, named) in [(hangs.as_str(), "exit 0", "`docker`"), ("exit 1", &hangs, "`docker-compose`")] {
        in_the_place_of(&project, "docker", plugin);
        in_the_place_of(&project, "docker-compose", alone);
        let path = format!("{}:/usr/bin:/bin", project.world.path("elsewhere/programs").display());
        let mut run = project.world.command(&["restore", "run", &project.name, &snapshot, "--yes"]);
        let output = run.env("PATH", path).env("REFORGE_ENGINE_MS", "3000").output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(3), "{said}");
        assert!(said.contains(&format!("Compose could not make task again: {named} took longer than 3.0 s")), "{said}");
        let child = std::fs::read_to_string(&child).unwrap();
        let stat = Path::new("/proc").join(child.trim()).join("stat");
        // One that nobody waits for may stay as a name.
        let is_over = || std::fs::read_to_string(&stat).map_or(true, |stat| stat.contains(") Z "));
        eventually("what it started is over", is_over);
    }
    assert_eq!(project.member("app")["State"]["StartedAt"], started, "it was not touched");
}
