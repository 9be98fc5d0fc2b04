//! The plugin in Python (`tests/guests/python`), built by componentize-py.
//!
//! The tool is `COMPONENTIZE_PY`, or found in `PATH`. A component is kept under the digest of what it was built from, so
//! that its compiled code, which takes a minute to make, is found again by the next run.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use sha2::{Digest as _, Sha256};

use super::World;
use super::world::names;

const INSTALL: &str = "the plugin in Python is built by componentize-py 0.25.1, which is not there; run \
    `python3 -m venv DIRECTORY && DIRECTORY/bin/pip install componentize-py==0.25.1` and set \
    COMPONENTIZE_PY=DIRECTORY/bin/componentize-py";

/// The component, built and compiled before anybody waits for it.
pub(crate) fn plugin() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap();
        let (wit, sources) = (workspace.join("wit"), workspace.join("tests/guests/python"));
        let component = PathBuf::from(env!("CARGO_TARGET_TMPDIR"))
            .join(format!("python-plugin-{}.wasm", digest(&[&wit, &sources])));
        if !component.exists() {
            build(&wit, &sources, &component);
        }
        World::new([]).compile(&component);
        component
    })
}

fn digest(directories: &[&Path]) -> String {
    let mut sha256 = Sha256::new_with_prefix(INSTALL);
    for path in directories.iter().flat_map(|directory| names(directory)).filter(|path| path.is_file()) {
        sha256.update(std::fs::read(path).unwrap());
    }
    hex::encode(&sha256.finalize()[..8])
}

fn build(wit: &Path, sources: &Path, component: &Path) {
    let tool = std::env::var_os("COMPONENTIZE_PY").unwrap_or_else(|| "componentize-py".into());
    // The tool leaves its compiled files beside the sources.
    let copies = tempfile::tempdir().unwrap();
    for source in names(sources).iter().filter(|path| path.is_file()) {
        std::fs::copy(source, copies.path().join(source.file_name().unwrap())).unwrap();
    }
    // Another run may build at the same time: whole or not at all.
    let new = tempfile::NamedTempFile::new_in(component.parent().unwrap()).unwrap();
    let output = Command::new(tool)
        .args(["--world", "restore-plugin", "--wit-path"])
        .arg(wit)
        .args(["componentize", "plugin", "--python-path"])
        .arg(copies.path())
        .arg("--output")
        .arg(new.path())
        .output()
        .unwrap_or_else(|error| panic!("{INSTALL} ({error})"));
    assert!(output.status.success(), "the plugin in Python does not build: {output:?}");
    new.persist(component).unwrap();
}
