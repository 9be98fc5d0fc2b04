//! Live trees on a real file system, a store, and tools that read archives.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::super::*;
use crate::Unwatched;
use crate::format::Image;
use reforge_base::consistency::Consistency;
use reforge_volumes::ambient;

pub(super) struct World {
    pub dir: tempfile::TempDir,
    pub store: Store,
}

impl World {
    pub(super) fn new() -> World {
        World::on(&std::env::temp_dir())
    }

    /// On the file system of a directory.
    pub(super) fn on(directory: &Path) -> World {
        let dir = tempfile::tempdir_in(directory).unwrap();
        std::fs::create_dir(dir.path().join("live")).unwrap();
        let store = Store::new(dir.path().join("state/snapshots"));
        World { dir, store }
    }

    /// A world whose live tree a shell script made, standing in it.
    pub(super) fn made_by(script: &str) -> World {
        let world = World::new();
        world.shell(script);
        world
    }

    pub(super) fn live(&self) -> PathBuf {
        self.dir.path().join("live")
    }

    pub(super) fn shell(&self, script: &str) {
        run(Command::new("bash").args(["-euc", script]).current_dir(self.live()));
    }

    pub(super) fn capture(&self, storage: Storage) -> Result<Descriptor> {
        self.capture_watched(storage, &Unwatched)
    }

    pub(super) fn capture_watched(&self, storage: Storage, progress: &dyn Progress) -> Result<Descriptor> {
        capture_roots(&self.store, &[&self.live()], storage, progress)
    }

    pub(super) fn archive(&self, descriptor: &Descriptor) -> PathBuf {
        self.dir.path().join("state/snapshots/notes").join(format!("{}.tar.gz", descriptor.id))
    }

    /// Every file of the store.
    pub(super) fn stored(&self) -> Vec<String> {
        let Ok(entries) = std::fs::read_dir(self.dir.path().join("state/snapshots/notes")) else { return Vec::new() };
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    /// What GNU tar makes of the archive.
    pub(super) fn extracted(&self, descriptor: &Descriptor, options: &[&str]) -> PathBuf {
        let out = self.dir.path().join(format!("out-{}", options.len()));
        std::fs::create_dir(&out).unwrap();
        run(Command::new("tar").args(options).arg("-xzpf").arg(self.archive(descriptor)).arg("-C").arg(&out));
        out
    }
}

pub(super) fn capture_roots(
    store: &Store,
    roots: &[&Path],
    storage: Storage,
    progress: &dyn Progress,
) -> Result<Descriptor> {
    capture_on(store, roots, Terms::default(), storage, progress)
}

pub(super) fn capture_on(
    store: &Store,
    roots: &[&Path],
    terms: Terms,
    storage: Storage,
    progress: &dyn Progress,
) -> Result<Descriptor> {
    let roots: Vec<Dir> = roots.iter().map(|root| ambient::follow(root).unwrap()).collect();
    let volumes = roots.iter().enumerate().map(|(index, root)| CaptureVolume {
        name: format!("v{index}"),
        scope: "project".into(),
        source: "data".into(),
        target: "/data".into(),
        seen_at: vec!["/data".into()],
        live: root,
    });
    let request = CaptureRequest {
        workload: "notes".into(),
        reason: "manual".into(),
        image: Image { reference: "notes:1".into(), digest: "sha256:1".into() },
        skipped: Vec::new(),
        not_captured: Vec::new(),
        taken_in: None,
        environment: BTreeMap::new(),
        project: None,
        volumes: volumes.collect(),
        storage,
        app_is_down: storage == Storage::Stored,
        terms,
        conclude: &|| Ok(Taken::new(Consistency::Stop, false)),
    };
    capture(store, &request, progress)
}

pub(super) fn run(command: &mut Command) -> Vec<u8> {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}
