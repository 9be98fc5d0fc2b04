//! Promise 6: nothing in an archive or manifest says where data goes or leaves its own staging, and one bad entry
//! refuses the whole restore.
//!
//! Each row of the tables below is thrown at the real program, as a foreign archive and as a rewritten snapshot, with a
//! sandbox of 64 MiB, and the world is compared before and after (`support/hostile.rs`).

#[path = "the_archive_is_an_enemy/bombs.rs"]
mod bombs;
#[path = "the_archive_is_an_enemy/collisions.rs"]
mod collisions;
#[path = "the_archive_is_an_enemy/disagreements.rs"]
mod disagreements;
#[path = "the_archive_is_an_enemy/manifests.rs"]
mod manifests;
#[path = "the_archive_is_an_enemy/mutations.rs"]
mod mutations;
#[path = "the_archive_is_an_enemy/names.rs"]
mod names;
#[path = "the_archive_is_an_enemy/parts.rs"]
mod parts;
#[path = "the_archive_is_an_enemy/sizes.rs"]
mod sizes;
#[path = "the_archive_is_an_enemy/streams.rs"]
mod streams;
#[path = "the_archive_is_an_enemy/types.rs"]
mod types;

use serde_json::Value;
use tar::EntryType;

use crate::support::archives::{self, Member};
use crate::support::signature;
use crate::support::{Volume, Workload, World};

/// `app` with a snapshot that says `old`, and a neighbour with a volume of the same parent's making.
fn deployed(links: bool) -> (World, String) {
    let mut app = Workload::idle("app", [Volume::project("data"), Volume::project("more")]);
    app.links = links;
    let world = World::deployed([app, Workload::idle("other", [Volume::project("its")])]);
    for (workload, name) in [("app", "data"), ("app", "more"), ("other", "its")] {
        std::fs::create_dir(world.volume(workload, name).join("below")).unwrap();
        std::fs::write(world.volume(workload, name).join("file"), "old").unwrap();
    }
    std::fs::create_dir(world.path("outside")).unwrap();
    let snapshot = world.snapshot("app");
    for (workload, name) in [("app", "data"), ("app", "more"), ("other", "its")] {
        std::fs::write(world.volume(workload, name).join("file"), "new").unwrap();
    }
    (world, snapshot)
}

fn read(world: &World, workload: &str, name: &str) -> String {
    std::fs::read_to_string(world.volume(workload, name).join("file")).unwrap()
}

#[test]
fn host_paths_in_a_manifest_change_nothing_about_where_data_goes() {
    let (world, snapshot) = deployed(false);
    let outside = world.path("outside").to_str().unwrap().to_owned();
    let other = world.volume("other", "its").to_str().unwrap().to_owned();
    archives::forge_manifest(&world.snapshot_files("app", &snapshot), |manifest| {
        manifest["volumes"][0]["source"] = outside.clone().into();
        manifest["volumes"][0]["target"] = "../../../outside".into();
        manifest["volumes"][1]["source"] = other.clone().into();
        manifest["volumes"][1]["target"] = other.clone().into();
    });
    world.restore("app", &snapshot, &[]).expect(0);
    assert_eq!((read(&world, "app", "data"), read(&world, "app", "more")), ("old".into(), "old".into()));
    assert_eq!(read(&world, "other", "its"), "new");
    assert!(crate::support::world::names(&world.path("outside")).is_empty());
}

type Forgery = (&'static str, fn(&mut Value));

const MANIFESTS: &[Forgery] = &[
    ("a name that goes up", |manifest| manifest["volumes"][0]["name"] = "../../outside".into()),
    ("an absolute name", |manifest| manifest["volumes"][0]["name"] = "/etc".into()),
    ("another workload's volume", |manifest| manifest["volumes"][0]["name"] = "its".into()),
    ("a name that is there twice", |manifest| manifest["volumes"][0]["name"] = "more".into()),
    ("another workload", |manifest| manifest["workload"] = "other".into()),
    ("another scope", |manifest| manifest["volumes"][0]["scope"] = "absolute".into()),
    ("an unsupported scope", |manifest| manifest["volumes"][0]["scope"] = "instance".into()),
    ("an index that is another's", |manifest| manifest["volumes"][0]["index"] = 1.into()),
    ("an index beyond all", |manifest| manifest["volumes"][0]["index"] = 99.into()),
    ("a control sequence in a name", |manifest| manifest["volumes"][0]["name"] = "\u{1b}[2Jx".into()),
];

#[test]
fn a_manifest_with_a_bad_name_is_refused_and_nothing_is_touched() {
    for (what, forge) in MANIFESTS {
        let (world, snapshot) = deployed(false);
        archives::forge_manifest(&world.snapshot_files("app", &snapshot), forge);
        let before = (signature::of_volumes(&world.path("volumes")), world.processes("app"), world.processes("other"));
        let output = world.restore("app", &snapshot, &[]);
        assert_eq!(output.code, Some(3), "{what}: {output:?}");
        assert!(!output.said().contains('\u{1b}'), "{what}: a control sequence reaches the terminal: {output:?}");
        assert_eq!(
            (signature::of_volumes(&world.path("volumes")), world.processes("app"), world.processes("other")),
            before,
            "{what}"
        );
        assert!(crate::support::world::names(&world.path("outside")).is_empty(), "{what}");
    }
}

#[test]
fn a_link_is_never_followed_even_where_links_are_allowed() {
    let (world, snapshot) = deployed(true);
    let outside = world.path("outside").to_str().unwrap().to_owned();
    let (archive, descriptor) = world.snapshot_files("app", &snapshot);
    archives::rewrite(&archive, |members| {
        members.push(Member::link("volumes/0/way", EntryType::Symlink, &outside));
        members.push(Member::file("volumes/0/way/evil", b"evil"));
    });
    archives::fix_descriptor(&archive, &descriptor);
    world.restore("app", &snapshot, &[]).expect(3);
    assert!(crate::support::world::names(&world.path("outside")).is_empty());
    assert_eq!(read(&world, "app", "data"), "new");
}
