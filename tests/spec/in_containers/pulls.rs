//! An image that is not there is pulled by the deploy that wants it, says how far that is, and is not asked for again: a
//! restore needs no registry.

use serde_json::Value;

use crate::support::containers::{self, COUNTER};
use crate::support::engine::Engine;
use crate::support::registry::Registry;
use crate::support::{apps, eventually};

#[test]
fn a_pull_can_be_cancelled_and_leaves_everything_as_it_was() {
    let engine = Engine::shared();
    let registry = Registry::start();
    let id = containers::fresh_id("cancelled");
    let world = containers::world(engine, [containers::shell(engine, &id, COUNTER)]);
    world.ok(&["deploy", &id]);
    let before = containers::of(engine, &id)[0]["Id"].clone();
    let preview = ["preview", &id, &registry.image()];
    let deploy = world.start(&preview);
    eventually("it pulls", || deploy.complaints().contains(&format!("pulling `{}`: ", registry.image())));
    deploy.interrupt();
    deploy.wait().expect(130).expect_said(&format!("cancelled while `{}` was pulled", registry.image()));
    apps::writes_on(&world.volume(&id, "data"));
    assert_eq!(containers::of(engine, &id)[0]["Id"], before, "nothing was replaced");
    assert_eq!(containers::of(engine, &format!("{id}-preview")), [] as [Value; 0]);
    world.ok(&["stop", &id]);
}

#[test]
fn a_deploy_pulls_with_progress_and_a_restore_needs_no_registry() {
    let engine = Engine::shared();
    let registry = Registry::start();
    let id = containers::fresh_id("pulled");
    let mut workload = containers::shell(engine, &id, COUNTER);
    workload.image = Some(registry.image());
    let world = containers::world(engine, [workload]);
    let deploy = world.start(&["deploy", &id]);
    eventually("it says how far the pull is", || {
        deploy.complaints().contains(&format!("pulling `{}`: ", registry.image()))
    });
    assert_eq!(containers::of(engine, &id), [] as [Value; 0], "nothing runs before the image is there");
    registry.go_on();
    deploy.wait().expect(0).expect_said("is not there: asking its registry").expect_said("` is there");
    apps::writes_on(&world.volume(&id, "data"));
    let snapshot = world.snapshot(&id);
    let pulls = registry.pulls();
    world.ok(&["deploy", &id]).expect_unsaid("registry");
    assert_eq!((pulls, registry.pulls()), (1, 1));
    drop(registry);
    world.restore(&id, &snapshot, &[]).expect(0);
    world.undo(&world.transactions()[0]).expect(0);
    apps::writes_on(&world.volume(&id, "data"));
    world.ok(&["stop", &id]);
}
