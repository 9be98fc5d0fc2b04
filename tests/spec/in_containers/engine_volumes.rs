//! A named volume of the engine is a directory like any other, and stays a mount by its name.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::support::containers::{self, STAY, contained};
use crate::support::engine::Engine;
use crate::support::world::names;
use crate::support::{Volume, Workload, World};

/// A named volume, and the directory that the engine names.
struct Named {
    name: String,
    data: PathBuf,
}

impl Named {
    fn new(engine: &Engine, kind: &str, options: Value) -> Named {
        let name = containers::fresh_id(kind);
        let body = json!({ "Name": name, "DriverOpts": options });
        let made = engine.call("POST", "/volumes/create", &body);
        Named { name, data: PathBuf::from(made["Mountpoint"].as_str().unwrap()) }
    }

    /// The engine's directory of it, and the one in which all volumes have theirs.
    fn own(&self) -> &Path {
        self.data.parent().unwrap()
    }

    /// What of ours lies there.
    fn ours_among_all(&self) -> Vec<PathBuf> {
        let is_ours = |path: &PathBuf| path.file_name().unwrap().to_str().unwrap().starts_with(".reforge-");
        names(self.own().parent().unwrap()).into_iter().filter(is_ours).collect()
    }
}

/// A workload with nothing but a volume `db`.
fn app(engine: &Engine, id: &str, volume: Volume) -> Workload {
    let workload = Workload::idle(id, [volume]).command(&["sh", "-c", STAY]);
    contained(workload, engine.busybox("1"), &[])
}

fn world(engine: &'static Engine, id: &str, named: &Named, source: &Path) -> World {
    let mut world = containers::world(engine, [app(engine, id, Volume::of_engine("db", &named.name, source))]);
    world.allowed_roots.push(source.parent().unwrap().to_owned());
    world.write_config();
    world
}

/// The mount of the container that runs, as the engine tells it.
fn mount(engine: &Engine, id: &str) -> Value {
    let all = containers::of(engine, id);
    let up = all.iter().find(|container| container["State"] == "running").expect("one runs");
    engine.container(up["Id"].as_str().unwrap())["Mounts"][0].clone()
}

#[test]
fn a_named_volume_is_exchanged_in_its_own_directory_and_stays_a_mount_by_name() {
    let engine = Engine::shared();
    let (id, named) = (containers::fresh_id("named"), Named::new(engine, "shop-db", json!({})));
    let world = world(engine, &id, &named, &named.data);
    world.ok(&["deploy", &id]);
    let before = mount(engine, &id);
    assert_eq!([&before["Type"], &before["Name"]], [&json!("volume"), &json!(named.name)], "{before}");
    let file = named.data.join("file");
    std::fs::write(&file, "old").unwrap();
    let snapshot = world.snapshot(&id);
    std::fs::write(&file, "new").unwrap();
    world.restore(&id, &snapshot, &[]).expect(0);
    let read = || std::fs::read_to_string(&file).unwrap();
    assert_eq!(read(), "old");
    let after = mount(engine, &id);
    assert_eq!([&after["Type"], &after["Name"]], [&before["Type"], &before["Name"]], "{after}");
    assert_eq!(world.siblings(&named.data).len(), 1, "the previous data lies beside it");
    assert!(named.ours_among_all().is_empty(), "nothing of ours lies among the engine's volumes");
    world.undo(&world.transactions()[0]).expect(0);
    assert_eq!(read(), "new");
    world.ok(&["restore", "finish", world.transactions().last().unwrap(), "--yes"]);
    assert_eq!(names(named.own()).iter().filter(|path| path.is_dir()).count(), 1, "{:?}", names(named.own()));
}

#[test]
fn a_restore_of_an_empty_volume_leaves_it_empty_whatever_the_image_has_there() {
    let engine = Engine::shared();
    let (id, named) = (containers::fresh_id("empty"), Named::new(engine, "empty", json!({})));
    let mut world = world(engine, &id, &named, &named.data);
    world.workload(&id).volumes[0].target = Some("/var".into());
    world.write_config();
    world.ok(&["deploy", &id]);
    let of_the_image = named.data.join("run");
    assert!(of_the_image.is_dir(), "a first deploy gets what any container would");
    std::fs::remove_dir(&of_the_image).unwrap();
    let snapshot = world.snapshot(&id);
    world.restore(&id, &snapshot, &[]).expect(0);
    assert_eq!(mount(engine, &id)["Name"], json!(named.name));
    assert!(names(&named.data).is_empty(), "the engine filled what was restored");
}

#[test]
fn a_volume_made_for_a_directory_is_that_directory() {
    let engine = Engine::shared();
    let (id, place) = (containers::fresh_id("device"), tempfile::tempdir().unwrap());
    let device = place.path().canonicalize().unwrap().join("data");
    std::fs::create_dir(&device).unwrap();
    let named = Named::new(engine, "device", json!({ "type": "none", "o": "bind", "device": device }));
    let mut world = world(engine, &id, &named, &device);
    world.ok(&["deploy", &id]);
    std::fs::write(device.join("file"), "old").unwrap();
    let snapshot = world.snapshot(&id);
    std::fs::write(device.join("file"), "new").unwrap();
    world.restore(&id, &snapshot, &[]).expect(0);
    assert_eq!(std::fs::read_to_string(device.join("file")).unwrap(), "old");
    let seen = mount(engine, &id);
    assert_eq!(seen["Name"], json!(named.name));
    // What the engine mounts it on is not where its data is.
    world.workload(&id).volumes[0].source = named.data.to_str().unwrap().into();
    world.allowed_roots.push(named.own().to_owned());
    world.write_config();
    let refused = world.reforge(&["snapshot", "create", &id]);
    refused.expect(3).expect_said("over which the engine mounts").expect_said(device.to_str().unwrap());
}

#[test]
fn a_volume_that_the_engine_does_not_have_or_has_elsewhere_is_never_made_empty() {
    let engine = Engine::shared();
    let (id, named) = (containers::fresh_id("gone"), Named::new(engine, "gone", json!({})));
    let mut world = world(engine, &id, &named, &named.data);
    let volume = |name: &str| engine.try_call("GET", &format!("/volumes/{name}"), &[]).unwrap().0;
    world.workload(&id).volumes[0].lines = "engine_volume = \"nobodys-volume\"\n".into();
    world.workload(&id).volumes[0].source = world.path("data").to_str().unwrap().into();
    world.write_config();
    world.reforge(&["deploy", &id]).expect(3).expect_said("the engine has none of that name");
    assert_eq!(volume("nobodys-volume"), 404);
    world.workload(&id).volumes[0].lines = format!("engine_volume = {:?}\n", named.name);
    world.write_config();
    let elsewhere = world.reforge(&["deploy", &id]);
    elsewhere.expect(3).expect_said("which is at").expect_said(named.data.to_str().unwrap());
    // The engine's own directory of a volume, and its root, are no volumes.
    for (source, says) in [
        (named.own().to_owned(), "name its `"),
        (named.own().parent().unwrap().to_owned(), "container engine's own"),
        (named.own().parent().unwrap().parent().unwrap().to_owned(), "container engine's own"),
    ] {
        world.workload(&id).volumes[0] = Volume::absolute("db", &source);
        world.allowed_roots = vec![source.parent().unwrap().to_owned()];
        world.write_config();
        world.reforge(&["deploy", &id]).expect(3).expect_said(says);
    }
}

#[test]
fn an_adopted_containers_named_volume_is_a_volume_and_no_line_that_goes_takes_a_mount() {
    let engine = Engine::shared();
    let world = containers::world(engine, []);
    let (name, named) = (containers::fresh_id("theirs"), Named::new(engine, "theirs-db", json!({})));
    let media = world.path("data/media");
    std::fs::create_dir_all(&media).unwrap();
    let mounts = json!([
        { "Type": "volume", "Source": named.name, "Target": "/db" },
        { "Type": "bind", "Source": media, "Target": "/media" },
        { "Type": "volume", "Target": "/cache" },
    ]);
    let more = json!({ "Cmd": ["sh", "-c", STAY], "HostConfig": { "NetworkMode": "none", "Mounts": mounts } });
    containers::stranger(engine, &name, true, more);
    let adopted = world.ok(&["workload", "adopt", &name]);
    adopted.expect_said(named.data.to_str().unwrap()).expect_said("`/cache`").expect_unsaid("own volume at `/db`");
    let config = world.path("reforge.toml");
    let text = std::fs::read_to_string(&config).unwrap();
    assert!(text.contains(&format!("engine_volume = {:?}", named.name)), "{text}");
    std::fs::write(named.data.join("file"), "old").unwrap();
    let snapshot = world.snapshot(&name);
    std::fs::write(named.data.join("file"), "new").unwrap();
    world.restore(&name, &snapshot, &[]).expect(0);
    assert_eq!(std::fs::read_to_string(named.data.join("file")).unwrap(), "old");
    let targets = || {
        let container = engine.container(&name);
        assert_eq!(container["State"]["Running"], true);
        let mounts = container["Mounts"].as_array().unwrap().iter();
        let mut targets: Vec<String> = mounts.map(|mount| mount["Destination"].as_str().unwrap().to_owned()).collect();
        targets.sort();
        targets
    };
    assert_eq!(targets(), ["/cache", "/db", "/media"]);
    world.reforge(&["deploy", &name]).expect(3).expect_unsaid(named.data.to_str().unwrap());
    // Both lines go; the mounts stay.
    let text = std::fs::read_to_string(&config).unwrap();
    let at = text.find("\n[[workload.volume]]").unwrap();
    std::fs::write(&config, &text[..at]).unwrap();
    world.ok(&["deploy", &name, "--yes"]);
    assert_eq!(targets(), ["/cache", "/db", "/media"]);
    world.ok(&["deploy", &name, "--yes"]);
    assert_eq!(targets(), ["/cache", "/db", "/media"], "nor does a later one");
}
