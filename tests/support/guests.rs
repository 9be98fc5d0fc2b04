//! The plugins of `tests/guests` in Rust, and the one snapshot that those know which misbehave.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use super::{Volume, Workload, World};

const TARGET: &str = "wasm32-wasip2";
/// What `honest.rs` of the guest stages.
pub const VOLUMES: [&str; 2] = ["data", "more"];
const CONTENT: &str = "captured";
const SECONDS: i64 = 1_000_000_000;

/// The plugin that misbehaves.
pub fn misbehaving() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| build("misbehaving-guest"))
}

/// The plugin that reads another archive layout.
pub fn zstd() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| build("zstd-guest"))
}

/// A component of this workspace, built by a cargo with a target directory of its own.
fn build(package: &str) -> PathBuf {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("guests");
    let status = Command::new(env!("CARGO"))
        .current_dir(workspace)
        .args(["build", "--quiet", "--locked", "--package", package, "--target", TARGET])
        .arg("--target-dir")
        .arg(&target)
        .env_remove("RUSTC_WORKSPACE_WRAPPER")
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .status()
        .unwrap();
    assert!(status.success(), "{package} does not build");
    target.join(TARGET).join("debug").join(package.replace('-', "_")).with_extension("wasm")
}

/// The same component with one behaviour written into it, in a directory that goes with it.
pub fn behaving(behaviour: &str) -> (tempfile::TempDir, PathBuf) {
    const CHOSEN: &[u8; 48] = b"behaves as the name of the workload says........";
    let mut component = std::fs::read(misbehaving()).unwrap();
    let places: Vec<usize> =
        component.windows(CHOSEN.len()).enumerate().filter(|(_, bytes)| bytes == CHOSEN).map(|(at, _)| at).collect();
    let [at] = places[..] else { panic!("the text to be written over is there {} times", places.len()) };
    let mut name = behaviour.as_bytes().to_vec();
    name.resize(CHOSEN.len(), 0);
    component[at..at + CHOSEN.len()].copy_from_slice(&name);
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("guest.wasm");
    std::fs::write(&file, component).unwrap();
    (directory, file)
}

/// A workload of that name with the snapshot that guests know, and `later` in its live volumes. Beside it lies a
/// neighbour, `neighbour`, with a volume `its`.
pub fn scene(behaviour: &str) -> (World, String) {
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
