//! A drill starts the app a second time on a snapshot, cut off from everything, and asks it whether the data is right.
//!
//! Here are the claims for plain processes; those for containers are in `in_containers`.

#[path = "a_snapshot_is_proven/isolation.rs"]
mod isolation;
#[path = "a_snapshot_is_proven/killed.rs"]
mod killed;
#[path = "a_snapshot_is_proven/probes.rs"]
mod probes;
#[path = "a_snapshot_is_proven/schedule.rs"]
mod schedule;

use serde_json::Value;

use crate::support::{Volume, Workload, World};

/// An app that needs its data to start, and goes on.
const APP: &str = "test -s {volume:data}/rows && exec sleep 1000000";

/// A workload of that app. `drill` are lines of `[workload.drill]`.
fn with_rows(rows: &str, drill: &str) -> World {
    let lines = format!("[workload.drill]\nlimit = \"60s\"\n{drill}");
    let app = Workload { lines, ..Workload::idle("app", [Volume::project("data")]) };
    let mut world = World::new([app.command(&["/bin/sleep", "1000000"])]);
    world.ok(&["deploy", "app"]);
    std::fs::write(world.volume("app", "data").join("rows"), rows).unwrap();
    // What is deployed is what is started; live had no rows when it was deployed first.
    world.workload("app").command = ["/bin/sh", "-c", APP].map(String::from).into();
    world.write_config();
    world.ok(&["deploy", "app"]);
    world
}

const COUNTED: &str = r#"[[workload.drill.probe]]
name = "rows"
command = ["/bin/sh", "-c", "wc -l < {volume:data}/rows"]
at_least = 1
not_below_last = "90%"
"#;

fn drill(world: &World, arguments: &[&str]) -> Value {
    let all: Vec<&str> = ["drill", "app"].iter().chain(arguments).copied().collect();
    world.reforge(&[&["--json"], &all[..]].concat()).json()
}

fn probe<'a>(receipt: &'a Value, name: &str) -> &'a Value {
    let found = receipt["probes"].as_array().unwrap().iter().find(|probe| probe["name"] == name);
    found.unwrap_or_else(|| panic!("{name}: {receipt:#}"))
}

/// Nothing of any drill is left, and the app runs as it did.
fn nothing_is_left(world: &World) {
    let left: Vec<_> = std::fs::read_dir(world.path("state-drills")).into_iter().flatten().collect();
    assert!(left.is_empty(), "{left:?}");
    assert!(world.is_running("app"));
}
