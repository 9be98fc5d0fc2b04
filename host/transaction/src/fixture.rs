//! What the tests of this crate share.

use reforge_base::state_dir::StateDir;
use reforge_volumes::identity::Identity;

/// A state directory that goes with it.
pub(crate) struct World {
    pub state: StateDir,
    // Dropped last.
    _directory: tempfile::TempDir,
}

impl World {
    pub(crate) fn new() -> World {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path().join("state");
        let state = StateDir::init(&root, &root.join("snapshots")).unwrap();
        World { state, _directory: directory }
    }
}

/// The identity of a directory that there is not.
pub(crate) fn identity(name: &str) -> Identity {
    let bytes = [&[0; 16], name.as_bytes()].concat();
    serde_json::from_value(hex::encode(bytes).into()).unwrap()
}
