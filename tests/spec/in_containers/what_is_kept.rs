//! What a restore or a deploy replaces goes once the new container is healthy; what is kept of one that nobody could confirm
//! is named, and goes when it cannot be gone back to any more, however that came about.

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
fn nothing_that_could_be_started_stands_beside_a_container_that_is_healthy() {
    let engine = Engine::shared();
    let id = containers::fresh_id("undone");
    let mut world = containers::world(engine, [containers::shell(engine, &id, STAY)]);
    let only = || {
        let [only] = ids(engine, &id).try_into().unwrap();
        only
    };
    world.ok(&["deploy", &id]);
    let deployed = only();
    let snapshot = world.snapshot(&id);
    world.restore(&id, &snapshot, &[]).expect(0);
    let restored = only();
    world.undo(&world.transactions()[0]).expect(0);
    let undone = only();
    assert!(deployed != restored && restored != undone);
    let before = engine.container(&undone)["Image"].clone();
    world.workload(&id).image = Some(engine.busybox("2"));
    world.write_config();
    world.ok(&["deploy", &id]);
    finish(&world, &world.transactions()[1]);
    let mut wanted = vec![before, engine.container(&only())["Image"].clone()];
    let mut kept = images(engine, &id);
    [&mut wanted, &mut kept].into_iter().for_each(|ids| ids.sort_by_key(Value::to_string));
    assert_eq!(kept, wanted, "what runs, and what a rollback needs");
    world.ok(&["rollback", &id]);
    only();
}

#[test]
fn what_was_replaced_by_one_that_nobody_could_confirm_is_named_with_the_command_that_removes_it() {
    let engine = Engine::shared();
    let id = containers::fresh_id("unsure");
    let mut workload = containers::shell(engine, &id, STAY);
    workload.lines += "max_instances = 3\n";
    workload.health = Some((["test", "-e", "{volume:data}/well"].map(String::from).into(), "1s".into()));
    let world = containers::world(engine, [workload]);
    world.reforge(&["deploy", &id]).expect(7);
    let first = ids(engine, &id).remove(0);
    let snapshot = world.snapshot(&id);
    world.ok(&["workload", "show", &id]).expect_unsaid("docker rm");
    world.restore(&id, &snapshot, &[]).expect(7);
    let kept = engine.container(&first);
    assert_eq!(
        (&kept["State"]["Status"], &kept["HostConfig"]["RestartPolicy"]["Name"]),
        (&"exited".into(), &"no".into())
    );
    let removes = format!("docker rm {}", &first[..12]);
    world.ok(&["workload", "show", &id]).expect_said("a second app").expect_said(&removes);
    let shown = world.ok(&["workload", "show", &id, "--json"]).json();
    assert_eq!(shown["beside"][0]["code"], "kept-beside");
    world.ok(&["restore", "plan", &id, &snapshot]).expect_said(&removes);
    // Started by somebody, it is a second app on live.
    engine.call("POST", &format!("/containers/{first}/start"), &Value::Null);
    world.ok(&["restore", "plan", &id, &snapshot]).expect_said("runs more than once");
    engine.call("POST", &format!("/containers/{first}/stop?t=0"), &Value::Null);
    // What an earlier restore keeps goes with a later one: no deploy is in the way of how many may be kept.
    world.restore(&id, &snapshot, &[]).expect(7);
    world.reforge(&["deploy", &id]).expect(7);
    finish(&world, world.transactions().last().unwrap());
    std::fs::write(world.volume(&id, "data").join("well"), "").unwrap();
    world.ok(&["deploy", &id]);
    assert_eq!(ids(engine, &id).len(), 1);
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
fn what_was_created_in_vain_goes_when_the_one_before_it_is_back() {
    let engine = Engine::shared();
    let id = containers::fresh_id("badundo");
    let script = "test ! -e {volume:data}/poison || exit 3; ".to_owned() + STAY;
    let world = containers::world(engine, [containers::shell(engine, &id, &script)]);
    world.ok(&["deploy", &id]);
    let snapshot = world.snapshot(&id);
    std::fs::write(world.volume(&id, "data").join("poison"), "").unwrap();
    world.restore(&id, &snapshot, &[]).expect(0);
    let restored = ids(engine, &id);
    world.undo(&world.transactions()[0]).expect(4);
    assert_eq!(ids(engine, &id), restored, "the container that ran, and nothing else");
    assert_eq!(containers::running(engine, &id), 1);
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
