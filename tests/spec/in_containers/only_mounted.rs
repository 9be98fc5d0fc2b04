//! What is only mounted is never captured, never exchanged, and listed wherever a person chooses a snapshot; and which volume of
//! a snapshot is which is told by where the app sees it.

use serde_json::{Value, json};

use crate::support::containers::{self, STAY, contained};
use crate::support::engine::Engine;
use crate::support::{Volume, Workload, World};

fn app(engine: &Engine, id: &str, volumes: impl IntoIterator<Item = Volume>) -> Workload {
    contained(Workload::idle(id, volumes).command(&["sh", "-c", STAY]), engine.busybox("1"), &[])
}

fn descriptor(world: &World, id: &str, snapshot: &str) -> Value {
    world.ok(&["snapshot", "show", id, snapshot, "--json"]).json()["descriptor"].clone()
}

/// What a list of what is not captured says: place and reason.
fn whys(list: &Value) -> Vec<[String; 2]> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    list.as_array().unwrap().iter().map(|one| [text(&one["target"]), text(&one["why"])]).collect()
}

#[test]
fn a_mount_point_that_is_only_mounted_stays_as_it_is_and_is_listed() {
    let engine = Engine::shared();
    let id = containers::fresh_id("media");
    let mut world = containers::world(engine, []);
    let media = world.path("data/media");
    std::fs::create_dir_all(&media).unwrap();
    world.mount(&["-t", "tmpfs", "media"], &media);
    std::fs::write(media.join("film"), "before").unwrap();
    world.workloads = vec![app(engine, &id, [Volume::project("data"), Volume::absolute("media", &media).uncaptured()])];
    world.write_config();
    world.ok(&["deploy", &id]);
    let file = world.volume(&id, "data").join("file");
    std::fs::write(&file, "old").unwrap();
    let snapshot = world.snapshot(&id);
    let descriptor = descriptor(&world, &id, &snapshot);
    let volumes = descriptor["manifest"]["volumes"].as_array().unwrap();
    assert_eq!(volumes.len(), 1, "{descriptor}");
    assert_eq!(whys(&descriptor["not_captured"]), [["/volumes/media", "configured"]]);
    assert!(descriptor["manifest"].get("not_captured").is_none(), "plugins of versions before read the manifest");
    std::fs::write(&file, "new").unwrap();
    std::fs::write(media.join("film"), "after").unwrap();
    world.ok(&["restore", "plan", &id, &snapshot]).expect_said("not captured: `/volumes/media`");
    world.restore(&id, &snapshot, &[]).expect(0).expect_said("`/volumes/media`");
    let read = |path: &std::path::Path| std::fs::read_to_string(path).unwrap();
    assert_eq!([read(&file), read(&media.join("film"))], ["old", "after"]);
    assert_eq!(whys(&world.receipt()["not_captured"]), [["/volumes/media", "configured"]]);
    assert_eq!(world.receipt()["left"], json!(["media"]));
    world.undo(&world.transactions()[0]).expect(0);
    assert_eq!([read(&file), read(&media.join("film"))], ["new", "after"]);
    world.ok(&["workload", "show", &id]).expect_said("media");
}

#[test]
fn whatever_else_a_container_has_is_listed_with_its_place_and_why() {
    let engine = Engine::shared();
    let id = containers::fresh_id("listed");
    let mut world = containers::world(engine, []);
    let (file, read_only, other) = (world.path("data/one.conf"), world.path("data/ro"), world.path("data/other"));
    std::fs::write(&file, "x").unwrap();
    [&read_only, &other].iter().for_each(|path| std::fs::create_dir(path).unwrap());
    let memory = containers::fresh_id("memory");
    let options = json!({ "Name": memory, "DriverOpts": { "type": "tmpfs", "device": "tmpfs" } });
    engine.call("POST", "/volumes/create", &options);
    let mut workload = app(engine, &id, [Volume::project("data")]);
    let mounts = [
        "{ Type = \"volume\", Target = \"/a-cache\" }".to_owned(),
        format!("{{ Type = \"volume\", Source = {memory:?}, Target = \"/b-memory\" }}"),
        format!("{{ Type = \"bind\", Source = {file:?}, Target = \"/c.conf\" }}"),
        format!("{{ Type = \"bind\", Source = {read_only:?}, Target = \"/d-ro\", ReadOnly = true }}"),
        format!("{{ Type = \"bind\", Source = {other:?}, Target = \"/e-other\" }}"),
        "{ Type = \"tmpfs\", Target = \"/f-tmp\" }".to_owned(),
        "{ Type = \"bind\", Source = \"/proc\", Target = \"/g-proc\" }".to_owned(),
    ];
    workload.lines = workload.lines.replace("Mounts = []", &format!("Mounts = [{}]", mounts.join(", ")));
    world.workloads = vec![workload];
    world.write_config();
    world.ok(&["deploy", &id]);
    let taken = world.ok(&["snapshot", "create", &id, "--json"]).json();
    let expected = [
        ["/a-cache", "anonymous"],
        ["/b-memory", "mounted-over"],
        ["/c.conf", "single-file"],
        ["/d-ro", "read-only"],
        ["/e-other", "not-a-volume"],
    ];
    assert_eq!(whys(&taken["not_captured"]), expected);
    let snapshot = taken["id"].as_str().unwrap();
    let plan = world.ok(&["restore", "plan", &id, snapshot, "--json"]).json();
    assert_eq!(whys(&plan["not_captured"]), expected);
    world.restore(&id, snapshot, &[]).expect(0);
    assert_eq!(whys(&world.receipt()["not_captured"]), expected);
}

#[test]
fn volumes_that_changed_their_names_are_told_apart_by_where_the_app_sees_them() {
    let engine = Engine::shared();
    let id = containers::fresh_id("crossed");
    let mut world = containers::world(engine, []);
    let (one, other) = (world.path("data/one"), world.path("data/other"));
    for (path, text) in [(&one, "database"), (&other, "files")] {
        std::fs::create_dir(path).unwrap();
        std::fs::write(path.join("what"), text).unwrap();
    }
    let (one_at, other_at) = ("/var/lib/db", "/files");
    let volumes = |names: [&str; 2]| {
        [Volume::absolute(names[0], &one).at(one_at), Volume::absolute(names[1], &other).at(other_at)]
    };
    world.workloads = vec![app(engine, &id, volumes(["data", "data-2"]))];
    world.write_config();
    world.ok(&["deploy", &id]);
    let snapshot = world.snapshot(&id);
    // As another machine's adoption called them.
    world.workloads = vec![app(engine, &id, volumes(["data-2", "data"]))];
    world.write_config();
    world.ok(&["deploy", &id]);
    [&one, &other].iter().for_each(|path| std::fs::write(path.join("what"), "damaged").unwrap());
    let read = || [&one, &other].map(|path| std::fs::read_to_string(path.join("what")).unwrap());
    let refused = world.reforge(&["restore", "plan", &id, &snapshot]);
    refused.expect(3).expect_said("where volume `data-2` is now").expect_said("`--map data=data-2`");
    world.restore(&id, &snapshot, &[]).expect(3);
    assert_eq!(read(), ["damaged", "damaged"]);
    let mapped = ["--map", "data=data-2", "--map", "data-2=data"];
    let plan = world.ok(&[&["restore", "plan", &id, &snapshot][..], &mapped].concat());
    plan.expect_said("data-2 (from data)").expect_said("--map data=data-2");
    world.restore(&id, &snapshot, &mapped).expect(0);
    assert_eq!(read(), ["database", "files"]);
}
