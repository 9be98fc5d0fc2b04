//! The plugins of `tests/guests`, and the one snapshot that those know which misbehave.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use super::guest_build::build;
pub(crate) use super::guest_build::{behaving, misbehaving};
use super::{Volume, Workload, World};

/// What `honest.rs` of the guest stages.
pub(crate) const VOLUMES: [&str; 2] = ["data", "more"];
const CONTENT: &str = "captured";
const SECONDS: i64 = 1_000_000_000;

/// The plugin that reads another archive layout.
pub(crate) fn zstd() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| build("zstd-guest"))
}

/// A workload of that name with the snapshot that guests know, and `later` in its live volumes. Beside it lies a
/// neighbour, `neighbour`, with a volume `its`.
pub(crate) fn scene(behaviour: &str) -> (World, String) {
    let volumes = VOLUMES.map(Volume::project);
    let neighbour = Workload::idle("neighbour", [Volume::project("its")]);
    let mut world = World::new([Workload::idle(behaviour, volumes), neighbour]);
    world.host_lines = "plugin_stall_limit = \"2s\"\n".into();
    world.write_config();
    world.ok(&["deploy", behaviour]);
    world.ok(&["deploy", "neighbour"]);
    for name in VOLUMES {
        let live = world.volume(behaviour, name);
        std::fs::write(live.join("file"), CONTENT).unwrap();
        for (path, mode) in [(live.join("file"), "644"), (live, "755")] {
            super::process::run("chmod", &[mode, path.to_str().unwrap()]);
            super::process::run("touch", &["-d", &format!("@{SECONDS}"), path.to_str().unwrap()]);
        }
    }
    let snapshot = world.snapshot(behaviour);
    VOLUMES.iter().for_each(|name| std::fs::write(world.volume(behaviour, name).join("file"), "later").unwrap());
    std::fs::write(world.volume("neighbour", "its").join("file"), "its").unwrap();
    (world, snapshot)
}
