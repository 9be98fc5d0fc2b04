//! What an app in a container has when it comes back: its image, its volumes of every kind, its policy; and the old
//! container only if it goes back.

use serde_json::{Value, json};

use crate::support::containers::{self, COUNTER, STAY, contained};
use crate::support::engine::Engine;
use crate::support::{Volume, Workload, World, apps, eventually};

fn inspect(engine: &Engine, workload: &str) -> Value {
    let all = containers::of(engine, workload);
    let up = all.iter().find(|container| container["State"] == "running").expect("one runs");
    engine.container(up["Id"].as_str().unwrap())
}

#[test]
fn two_volumes_are_restored_and_named_and_anonymous_ones_stay_with_the_app() {
    let engine = Engine::shared();
    let id = containers::fresh_id("two");
    let script = "test -e /cache/since || date > /cache/since; test -e /named/since || date > /named/since;
        echo x > /outside; "
        .to_owned()
        + STAY;
    let mut workload = Workload::idle(&id, [Volume::project("one"), Volume::project("two")]);
    workload = workload.command(&["sh", "-c", &script]);
    workload = contained(workload, engine.busybox("1"), &[]);
    workload.lines = workload.lines.replace(
        "Mounts = []",
        &format!(
            "Mounts = [{{ Type = \"volume\", Target = \"/cache\" }}, \
             {{ Type = \"volume\", Source = \"named-{id}\", Target = \"/named\" }}]"
        ),
    ) + "restart = \"always\"\n";
    let world = containers::world(engine, [workload]);
    world.ok(&["deploy", &id]);
    let write = |text: &str| {
        for volume in ["one", "two"] {
            std::fs::write(world.volume(&id, volume).join("file"), text).unwrap();
        }
    };
    let read = || ["one", "two"].map(|name| std::fs::read_to_string(world.volume(&id, name).join("file")).unwrap());
    write("old");
    let snapshot = world.snapshot(&id);
    write("new");
    let before = inspect(engine, &id);
    let others = |container: &Value| {
        let mounts = container["Mounts"].as_array().unwrap().iter();
        let volumes = mounts.filter(|mount| mount["Type"] == "volume");
        let mut names: Vec<_> = volumes.map(|mount| (mount["Destination"].clone(), mount["Name"].clone())).collect();
        names.sort_by_key(|(at, _)| at.to_string());
        names
    };
    assert_eq!(others(&before).len(), 2);
    let plan = world.ok(&["restore", "plan", &id, &snapshot]);
    plan.expect_said("outside of its volumes: `/outside`");
    world.restore(&id, &snapshot, &[]).expect(0);
    assert_eq!(read(), ["old", "old"]);
    let after = inspect(engine, &id);
    assert_ne!(after["Id"], before["Id"]);
    assert_eq!(others(&after), others(&before));
    assert_eq!(after["HostConfig"]["RestartPolicy"]["Name"], "always");
    assert_eq!(after["Name"], before["Name"]);
    assert_eq!(engine.container(before["Id"].as_str().unwrap()), Value::Null, "nothing may start it");
    assert_eq!(others(&inspect(engine, &id)), others(&before), "volumes are never removed");
}

#[test]
fn the_image_that_ran_comes_back_whatever_its_tag_means_now() {
    let engine = Engine::shared();
    let id = containers::fresh_id("tag");
    engine.busybox("1");
    let other = engine.busybox("2");
    let tag = |image: &str| {
        engine.call("POST", &format!("/images/{image}/tag?repo=test/moving&tag={id}"), &Value::Null);
    };
    tag("test/busybox:1");
    let image = format!("test/moving:{id}");
    let workload = Workload::idle(&id, [Volume::project("data")]).command(&["sh", "-c", COUNTER]);
    let world = containers::world(engine, [contained(workload, image.clone(), &[])]);
    world.ok(&["deploy", &id]);
    let snapshot = world.snapshot(&id);
    let ran = inspect(engine, &id)["Image"].clone();
    tag(&other);
    world.ok(&["restore", "plan", &id, &snapshot]).expect_said("is not what it was when it was deployed");
    world.restore(&id, &snapshot, &[]).expect(0);
    assert_eq!(inspect(engine, &id)["Image"], ran);
    apps::writes_on(&world.volume(&id, "data"));
    // A deploy takes the new one, and a rollback goes back.
    world.ok(&["deploy", &id]);
    assert_ne!(inspect(engine, &id)["Image"], ran);
    world.ok(&["rollback", &id]);
    assert_eq!(inspect(engine, &id)["Image"], ran);
}

#[test]
fn an_image_that_something_put_under_a_container_of_ours_is_the_one_that_comes_back() {
    let engine = Engine::shared();
    let id = containers::fresh_id("updated");
    let world = containers::world(engine, [containers::shell(engine, &id, COUNTER)]);
    world.ok(&["deploy", &id]);
    let ours = inspect(engine, &id);
    engine.busybox("2");
    // Tools that look for newer images copy everything, labels included.
    let mut body = ours["Config"].clone();
    body["Image"] = json!("test/busybox:2");
    body["HostConfig"] = ours["HostConfig"].clone();
    containers::remove(engine, ours["Id"].as_str().unwrap());
    let name = ours["Name"].as_str().unwrap().trim_start_matches('/');
    containers::stranger(engine, name, true, body);
    let updated = inspect(engine, &id)["Image"].clone();
    assert_ne!(updated, ours["Image"]);
    let snapshot = world.snapshot(&id);
    let shown = world.ok(&["snapshot", "show", &id, &snapshot, "--json"]).json();
    assert_eq!(shown["descriptor"]["manifest"]["image"]["digest"], updated);
    world.restore(&id, &snapshot, &[]).expect(0);
    assert_eq!(inspect(engine, &id)["Image"], updated);
    apps::writes_on(&world.volume(&id, "data"));
}

#[test]
fn an_app_that_was_stopped_stays_stopped_and_a_bad_one_runs_on_its_old_data_in_its_old_container() {
    let engine = Engine::shared();
    let id = containers::fresh_id("bad");
    let script = "test ! -e {volume:data}/poison || exit 3; echo x > /tmp/mine; ".to_owned() + STAY;
    let world = containers::world(engine, [containers::shell(engine, &id, &script)]);
    world.ok(&["deploy", &id]);
    let poison = world.volume(&id, "data").join("poison");
    std::fs::write(&poison, "").unwrap();
    let bad = world.live_snapshot(&id);
    std::fs::remove_file(&poison).unwrap();
    let before = inspect(engine, &id)["Id"].clone();
    world.restore(&id, &bad, &[]).expect(4).expect_said("status 3");
    assert!(!poison.exists());
    assert_eq!(inspect(engine, &id)["Id"], before, "the old container itself");
    assert_eq!(containers::running(engine, &id), 1);
    world.ok(&["stop", &id]);
    let good = world.snapshot(&id);
    world.restore(&id, &good, &[]).expect(0);
    assert_eq!(containers::running(engine, &id), 0);
}

#[test]
fn a_plan_says_that_image_and_environment_are_others_than_at_the_snapshot_and_never_with_values() {
    let engine = Engine::shared();
    let id = containers::fresh_id("drift");
    let mut world = containers::world(engine, [containers::shell(engine, &id, COUNTER)]);
    let set = |world: &mut World, variables: &[(&str, &str)]| {
        let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        world.workload(&id).environment = variables.collect();
        world.write_config();
        world.ok(&["deploy", &id]);
    };
    set(&mut world, &[("GONE", "alpha1"), ("SAME", "beta2"), ("SECRET", "gamma3")]);
    let snapshot = world.snapshot(&id);
    let plan = world.ok(&["restore", "plan", &id, &snapshot]);
    plan.expect_unsaid("environment variables").expect_unsaid("another image");
    world.workload(&id).image = Some(engine.busybox("2"));
    set(&mut world, &[("NEW", "delta4"), ("SAME", "beta2"), ("SECRET", "epsilon5")]);
    let plan = world.ok(&["restore", "plan", &id, &snapshot]);
    plan.expect_said("environment variables changed since the snapshot: GONE, NEW, SECRET");
    plan.expect_said("the snapshot was taken with another image");
    let shown = world.ok(&["snapshot", "show", &id, &snapshot, "--json"]);
    let restored = world.restore(&id, &snapshot, &[]);
    for value in ["alpha1", "beta2", "gamma3", "delta4", "epsilon5"] {
        for output in [&plan, &shown, restored.expect(0)] {
            output.expect_unsaid(value);
        }
    }
    let runs = inspect(engine, &id);
    let environment = runs["Config"]["Env"].as_array().unwrap();
    assert!(environment.contains(&json!("SECRET=epsilon5")), "what was deployed comes back: {environment:?}");
    assert_eq!(runs["Image"], engine.call("GET", "/images/test/busybox:2/json", &Value::Null)["Id"]);
}

#[test]
fn a_paused_app_is_restored_and_runs() {
    let engine = Engine::shared();
    let id = containers::fresh_id("paused");
    let mut workload = containers::shell(engine, &id, COUNTER);
    workload.lines += "restart = \"always\"\n";
    let world = containers::world(engine, [workload]);
    world.ok(&["deploy", &id]);
    let live = world.volume(&id, "data");
    apps::writes_on(&live);
    let snapshot = world.snapshot(&id);
    std::fs::write(live.join("since"), "").unwrap();
    engine.call("POST", &format!("/containers/reforge-{id}/pause"), &Value::Null);
    world.restore(&id, &snapshot, &[]).expect(0);
    assert!(!live.join("since").exists());
    apps::writes_on(&live);
    assert_eq!(inspect(engine, &id)["HostConfig"]["RestartPolicy"]["Name"], "always");
}

#[test]
fn an_app_that_its_data_makes_crash_in_a_loop_runs_again_on_what_is_restored() {
    let engine = Engine::shared();
    let id = containers::fresh_id("loop");
    let script = "trap exit TERM; while test ! -e {volume:data}/poison; do usleep 20000; done; exit 3";
    let mut workload = containers::shell(engine, &id, script);
    workload.lines += "restart = \"always\"\n";
    let world = containers::world(engine, [workload]);
    world.ok(&["deploy", &id]);
    let snapshot = world.snapshot(&id);
    std::fs::write(world.volume(&id, "data").join("poison"), "").unwrap();
    let name = format!("reforge-{id}");
    eventually("it loops", || engine.container(&name)["RestartCount"].as_u64() > Some(2));
    world.restore(&id, &snapshot, &[]).expect(0);
    let after = engine.container(&name);
    assert_eq!((&after["State"]["Status"], &after["RestartCount"]), (&json!("running"), &json!(0)));
    assert_eq!(after["HostConfig"]["RestartPolicy"]["Name"], "always");
    // And back to what makes it crash: nobody is told that it is well.
    world.undo(&world.transactions()[0]).expect(4);
    assert_eq!(inspect(engine, &id)["Id"], after["Id"], "the container that ran");
}

#[test]
fn a_preview_and_a_promotion_run_as_containers_of_their_own() {
    let engine = Engine::shared();
    let (prod, test) = (containers::fresh_id("prod"), containers::fresh_id("test"));
    let mut staged = containers::shell(engine, &test, COUNTER);
    staged.image = Some(engine.busybox("2"));
    (staged.project, staged.stage) = (prod.clone(), "test".into());
    let mut live = containers::shell(engine, &prod, COUNTER);
    for workload in [&mut staged, &mut live] {
        workload.volumes[0].scope = "stage".into();
    }
    let world = containers::world(engine, [live, staged]);
    world.ok(&["deploy", &prod]);
    world.ok(&["deploy", &test]);
    world.ok(&["promote", &test, &prod]);
    assert_eq!(inspect(engine, &prod)["Image"], inspect(engine, &test)["Image"]);
    world.ok(&["preview", &prod, &engine.busybox("1")]);
    let preview = format!("{prod}-preview");
    assert_eq!(containers::running(engine, &preview), 1);
    let mounts = inspect(engine, &preview)["Mounts"].to_string();
    let live = world.path("volumes").join(&prod).join("prod/data");
    assert!(live.is_dir() && !mounts.contains(live.to_str().unwrap()), "{mounts}");
    for container in containers::of(engine, &preview) {
        containers::remove(engine, container["Id"].as_str().unwrap());
    }
}

#[test]
fn an_image_that_is_not_there_refuses_before_anything_is_stopped() {
    let engine = Engine::shared();
    let id = containers::fresh_id("gone");
    let world = containers::world(engine, [containers::shell(engine, &id, COUNTER)]);
    let mut missing = containers::shell(engine, "missing", COUNTER);
    missing.image = Some("localhost:1/none:1".into());
    let mut world: World = world;
    world.workloads.push(missing);
    world.write_config();
    let output = world.reforge(&["deploy", "missing"]);
    output.expect(1).expect_said("cannot pull the image `localhost:1/none:1`").expect_clear();
    assert_eq!(containers::of(engine, "missing"), Vec::<Value>::new());
    assert_eq!(json!(containers::running(engine, &id)), json!(0));
}
