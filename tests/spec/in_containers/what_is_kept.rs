//! What a restore keeps of a container goes when it cannot be gone back to any more, however that came about.

use serde_json::Value;

use super::crashes::one_at_a_time;
use super::pair::Pair;
use crate::support::World;
use crate::support::containers::{self, STAY};
use crate::support::engine::Engine;

/// Containers of the workload by id, oldest first.
fn ids(engine: &Engine, workload: &str) -> Vec<String> {
    let all = containers::of(engine, workload);
    all.iter().rev().map(|container| container["Id"].as_str().unwrap().to_owned()).collect()
}

/// What our tags keep for the workload: ids of images.
fn images(engine: &Engine, workload: &str) -> Vec<Value> {
    let images = engine.call("GET", "/images/json", &Value::Null);
    let ours = |tag: &Value| {
        let tag = tag.as_str().unwrap();
        tag.starts_with("reforge-kept:") && tag.contains(&format!("-{workload}-"))
    };
    let tagged = |image: &&Value| image["RepoTags"].as_array().is_some_and(|tags| tags.iter().any(ours));
    images.as_array().unwrap().iter().filter(tagged).map(|image| image["Id"].clone()).collect()
}

fn finish(world: &World, id: &str) {
    let finished = world.ok(&["restore", "finish", id, "--yes"]);
    finished.expect_unsaid("what the runtime kept");
}

#[test]
fn a_restore_that_was_undone_and_its_undo_keep_nothing_when_the_window_is_over() {
    let engine = Engine::shared();
    let id = containers::fresh_id("undone");
    let mut world = containers::world(engine, [containers::shell(engine, &id, STAY)]);
    world.ok(&["deploy", &id]);
    let snapshot = world.snapshot(&id);
    world.restore(&id, &snapshot, &[]).expect(0);
    world.undo(&world.transactions()[0]).expect(0);
    let [before, restored, undone] = ids(engine, &id).try_into().unwrap();
    world.workload(&id).image = Some(engine.busybox("2"));
    world.write_config();
    world.ok(&["deploy", &id]);
    containers::remove(engine, &undone);
    finish(&world, &world.transactions()[1]);
    let left = ids(engine, &id);
    assert!(left.len() == 1 && ![before, restored].contains(&left[0]), "{left:?}");
    assert_eq!(images(engine, &id), [engine.container(&left[0])["Image"].clone()]);
}

#[test]
fn a_prune_of_stopped_containers_and_images_leaves_what_a_rollback_and_an_undo_need() {
    let _one = one_at_a_time();
    // A prune asks nobody whose it is.
    let engine = &Engine::start(&[]);
    let id = containers::fresh_id("pruned");
    let mut world = containers::world(engine, [containers::shell(engine, &id, STAY)]);
    let prune = || {
        for what in ["containers", "images"] {
            engine.call("POST", &format!("/{what}/prune"), &Value::Null);
        }
    };
    world.ok(&["deploy", &id]);
    let first = ids(engine, &id).remove(0);
    let image = engine.container(&first)["Image"].clone();
    world.workload(&id).image = Some(engine.busybox("2"));
    world.write_config();
    world.ok(&["deploy", &id]);
    engine.call("DELETE", "/images/test/busybox:1?noprune=1", &Value::Null);
    prune();
    assert_eq!(engine.container(&first), Value::Null);
    world.ok(&["rollback", &id]);
    let now = ids(engine, &id).pop().unwrap();
    assert_eq!(engine.container(&now)["Image"], image);
    let snapshot = world.snapshot(&id);
    world.restore(&id, &snapshot, &[]).expect(0);
    prune();
    world.undo(&world.transactions()[0]).expect(0);
    prune();
    finish(&world, &world.transactions()[1]);
    let left = ids(engine, &id);
    assert_eq!(left.len(), 1);
    assert_eq!(engine.container(&left[0])["Image"], image);
}

#[test]
fn what_two_restores_may_go_back_to_stays_until_both_windows_are_over() {
    let engine = Engine::shared();
    let id = containers::fresh_id("badundo");
    let script = "test ! -e {volume:data}/poison || exit 3; ".to_owned() + STAY;
    let world = containers::world(engine, [containers::shell(engine, &id, &script)]);
    world.ok(&["deploy", &id]);
    let snapshot = world.snapshot(&id);
    std::fs::write(world.volume(&id, "data").join("poison"), "").unwrap();
    world.restore(&id, &snapshot, &[]).expect(0);
    let [before, restored] = ids(engine, &id).try_into().unwrap();
    // An undo that is reverted brings the restored container back, and the next restore replaces it once more.
    world.undo(&world.transactions()[0]).expect(4);
    world.restore(&id, &snapshot, &[]).expect(0);
    let [first, _, last] = world.transactions().try_into().unwrap();
    finish(&world, &first);
    let left = ids(engine, &id);
    assert!(!left.contains(&before) && left.contains(&restored), "{left:?}");
    finish(&world, &last);
    assert!(!ids(engine, &id).contains(&restored));
}

#[test]
fn a_restore_that_a_person_resolved_keeps_nothing_when_it_is_finished() {
    let engine = Engine::shared();
    let pair = Pair::deployed(engine);
    pair.world.faulty("docker-start:after", &pair.restore());
    let id = pair.world.transactions().pop().unwrap();
    let [live, _] = pair.volumes();
    let (sibling, aside) = (pair.world.siblings(&live).remove(0), live.with_extension("aside"));
    for (from, to) in [(&live, &aside), (&sibling, &live), (&aside, &sibling)] {
        std::fs::rename(from, to).unwrap();
    }
    pair.world.reforge(&["recover"]).expect(5);
    assert_eq!(ids(engine, &pair.id).len(), 2);
    pair.world.ok(&["restore", "resolve", &id, "--keep", "new", "--yes"]);
    finish(&pair.world, &id);
    assert_eq!(ids(engine, &pair.id).len(), 1);
    pair.world.ok(&["deploy", &pair.id]);
    pair.assert_settled("resolved");
    assert_eq!(pair.which().as_deref(), Some("old"), "what was restored");
}
