//! A named volume that its engine removes takes the previous tree along. That is said, and nothing waits for it.

use super::engine;
use crate::support::projects::Project;

const PROJECT: &str = r#"services:
  app: { image: "BUSYBOX", command: ["sh", "-c", "STAYS"], volumes: ["data:/data", "./bound:/bound"] }
volumes: { data: {} }
"#;

#[test]
fn a_restore_whose_volume_was_removed_ends_and_blocks_nothing() {
    let project = Project::up(engine(), PROJECT);
    project.adopt();
    let snapshot = project.world.snapshot(&project.name);
    std::fs::write(project.bound("bound/since"), "").unwrap();
    project.world.restore(&project.name, &snapshot, &[]).expect(0);
    let restore = project.world.transactions()[0].clone();
    let previous = project.world.siblings(&project.bound("bound"));
    assert_eq!(previous.len(), 1);
    project.compose(&["down", "-v"]);
    let undone = project.world.undo(&restore);
    undone.expect_said("the engine's volume was removed").expect_clear();
    let finished = project.world.ok(&["restore", "finish", &restore, "--yes"]);
    finished.expect_said("the engine has removed volume `data`, and its previous data went with it");
    assert!(!previous[0].exists(), "the other volume's is removed as ever");
    project.world.reforge(&["restore", "finish", &restore, "--yes"]).expect(2);
    project.compose(&["up", "-d"]);
    std::fs::write(project.volume("data").join("new"), "").unwrap();
    project.world.restore(&project.name, &snapshot, &[]).expect(0);
    assert!(!project.volume("data").join("new").exists(), "restored");
}

#[test]
fn another_volume_of_the_same_name_is_not_taken_for_it() {
    let project = Project::up(engine(), PROJECT);
    project.adopt();
    let snapshot = project.world.snapshot(&project.name);
    project.world.restore(&project.name, &snapshot, &[]).expect(0);
    let restore = project.world.transactions()[0].clone();
    project.compose(&["down", "-v"]);
    project.compose(&["up", "-d"]);
    std::fs::write(project.volume("data").join("new"), "").unwrap();
    project.world.ok(&["restore", "finish", &restore, "--yes"]).expect_said("went with it");
    assert!(project.volume("data").join("new").exists(), "nothing of it is touched");
    assert!(project.world.siblings(&project.bound("bound")).is_empty());
}
