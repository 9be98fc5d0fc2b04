//! The plugins of `tests/guests` in Rust, built when they are first asked for.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

const TARGET: &str = "wasm32-wasip2";

/// The plugin that misbehaves.
pub(crate) fn misbehaving() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| build("misbehaving-guest"))
}

/// A component of this workspace, built by a cargo with a target directory of its own.
pub(crate) fn build(package: &str) -> PathBuf {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap();
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("guests");
    let status = Command::new(env!("CARGO"))
        .current_dir(workspace)
        .args(["build", "--quiet", "--locked", "--package", package, "--target", TARGET])
        .arg("--target-dir")
        .arg(&target)
        // Here it only reads the WIT for a macro: to optimise it takes longer than anything it does.
        .args(["--config", "profile.dev.package.wasmparser.opt-level=0"])
        .env_remove("RUSTC_WORKSPACE_WRAPPER")
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .status()
        .unwrap();
    assert!(status.success(), "{package} does not build");
    target.join(TARGET).join("debug").join(package.replace('-', "_")).with_extension("wasm")
}

/// The same component with one behaviour written into it, in a directory that goes with it.
pub(crate) fn behaving(behaviour: &str) -> (tempfile::TempDir, PathBuf) {
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
