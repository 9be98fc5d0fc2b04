//! An app under attack: archives are thrown at it, as an import and as a snapshot that somebody rewrote, and each must
//! bounce off whole.
//!
//! A refused restore leaves the world as it was. That is the claim, so it is checked after every archive, and the next
//! one meets the same world. At the end the app is restored from the snapshot that nobody touched.

use std::path::PathBuf;

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::process::Output;
use super::signature::{self, Signature, assert_same};
use super::tarball::Tarball;
use super::world::{Volume, Workload, World};

/// What one sandbox may take while anything hostile is read.
pub(crate) const SANDBOX_MIB: u32 = 64;

/// What the descriptor of a rewritten snapshot promises beyond what was captured, so that it is not the counts that
/// refuse an archive.
const ROOM_ENTRIES: u64 = 1000;
const ROOM_BYTES: u64 = 1 << 20;

/// One hostile archive.
pub(crate) struct Row {
    /// What it is, and where it comes from if it has a history.
    pub name: &'static str,
    /// Puts it behind the manifest and the roots of both volumes.
    pub make: fn(Tarball) -> Tarball,
    /// The code of the refusal: of an import, and of a restore.
    pub codes: (&'static str, &'static str),
    /// What the message holds: the entry's name, escaped, or what is wrong where there is no entry.
    pub says: &'static str,
}

/// An archive that is refused in one way wherever it is met.
pub(crate) fn row(name: &'static str, make: fn(Tarball) -> Tarball, code: &'static str, says: &'static str) -> Row {
    Row { name, make, codes: (code, code), says }
}

impl Row {
    /// A restore refuses it for another reason than an import does.
    pub(crate) fn restored(mut self, code: &'static str) -> Row {
        self.codes.1 = code;
        self
    }
}

/// What is compared before and after each attack.
#[derive(Clone, PartialEq)]
struct Surroundings {
    tree: Signature,
    processes: (Vec<i32>, Vec<i32>),
}

pub(crate) struct Attacked {
    pub world: World,
    pub snapshot: String,
    /// The archive and the descriptor as they were captured.
    archive: (PathBuf, Vec<u8>),
    descriptor: (PathBuf, Vec<u8>),
}

impl Attacked {
    /// An app with two volumes, a neighbour, and a directory beside them that nothing may come to.
    pub(crate) fn new(links: bool) -> Attacked {
        Attacked::with(links, |_| ())
    }

    /// The same with more in the volumes when they are captured.
    pub(crate) fn with(links: bool, fill: impl FnOnce(&World)) -> Attacked {
        let mut app = Workload::idle("app", [Volume::project("data"), Volume::project("more")]);
        app.links = links;
        let mut world = World::deployed([app, Workload::idle("other", [Volume::project("its")])]);
        world.sandbox_mib = Some(SANDBOX_MIB);
        for (workload, name) in [("app", "data"), ("app", "more"), ("other", "its")] {
            std::fs::create_dir(world.volume(workload, name).join("below")).unwrap();
            std::fs::write(world.volume(workload, name).join("file"), "old").unwrap();
        }
        std::fs::create_dir(world.path("outside")).unwrap();
        std::fs::write(world.path("outside/precious"), "precious").unwrap();
        fill(&world);
        let snapshot = world.snapshot("app");
        let (archive, descriptor) = world.snapshot_files("app", &snapshot);
        let kept = |path: PathBuf| (path.clone(), std::fs::read(path).unwrap());
        std::fs::write(world.volume("app", "data").join("file"), "new").unwrap();
        Attacked { archive: kept(archive), descriptor: kept(descriptor), snapshot, world }
    }

    pub(crate) fn manifest(&self) -> Value {
        self.captured()["manifest"].clone()
    }

    fn captured(&self) -> Value {
        serde_json::from_slice(&self.descriptor.1).unwrap()
    }

    /// An archive with its manifest and the roots of both volumes.
    pub(crate) fn tarball(&self) -> Tarball {
        let manifest = serde_json::to_vec(&self.manifest()).unwrap();
        Tarball::beginning_with(&manifest, 2).directory("volumes/0/").directory("volumes/1/")
    }

    /// Throws every archive in both ways.
    #[track_caller]
    pub(crate) fn refuses(&self, rows: &[Row]) {
        for Row { name, make, codes, says } in rows {
            let (bytes, parts) = make(self.tarball()).end().finish();
            self.refuses_import(name, &bytes, codes.0, says);
            self.refuses_restore(name, &bytes, parts, codes.1, says);
        }
        self.can_still_be_restored();
    }

    /// As a foreign archive.
    #[track_caller]
    pub(crate) fn refuses_import(&self, name: &str, bytes: &[u8], code: &str, says: &str) {
        let file = self.world.path("run/foreign.tar.gz");
        std::fs::write(&file, bytes).unwrap();
        self.bounces(&format!("import: {name}"), &[code], says, || {
            let file = file.to_str().unwrap();
            self.world.reforge(&["snapshot", "import", file, "--workload", "app", "--strict", "--json"])
        });
    }

    /// In the place of the snapshot's own archive, with a descriptor that fits it but for the tree digests.
    #[track_caller]
    pub(crate) fn refuses_restore(&self, name: &str, bytes: &[u8], parts: Vec<Value>, code: &str, says: &str) {
        self.rewrite(bytes, |descriptor| {
            descriptor["parts"] = parts.into();
            for volume in descriptor["volumes"].as_array_mut().unwrap() {
                volume["entries"] = (volume["entries"].as_u64().unwrap() + ROOM_ENTRIES).into();
                volume["bytes"] = (volume["bytes"].as_u64().unwrap() + ROOM_BYTES).into();
            }
        });
        self.refuses_snapshot(name, code, says);
    }

    /// Rewrites the snapshot: the descriptor as it was captured but for the archive's size and digest and what
    /// `change` does.
    pub(crate) fn rewrite(&self, bytes: &[u8], change: impl FnOnce(&mut Value)) {
        let mut descriptor = self.captured();
        descriptor["archive"] = json!({ "bytes": bytes.len(), "sha256": hex::encode(Sha256::digest(bytes)) });
        change(&mut descriptor);
        std::fs::write(&self.archive.0, bytes).unwrap();
        std::fs::write(&self.descriptor.0, serde_json::to_vec(&descriptor).unwrap()).unwrap();
    }

    /// The archive as it was captured.
    pub(crate) fn captured_archive(&self) -> &[u8] {
        &self.archive.1
    }

    /// Restores the snapshot as it is now.
    #[track_caller]
    pub(crate) fn refuses_snapshot(&self, name: &str, code: &str, says: &str) {
        self.refuses_snapshot_as(name, &[code], says);
    }

    /// With one of these codes.
    #[track_caller]
    pub(crate) fn refuses_snapshot_as(&self, name: &str, codes: &[&str], says: &str) {
        let restore = || self.world.restore("app", &self.snapshot, &["--json"]);
        self.bounces(&format!("restore: {name}"), codes, says, restore);
    }

    #[track_caller]
    pub(crate) fn bounces(&self, name: &str, codes: &[&str], says: &str, attack: impl FnOnce() -> Output) {
        let before = self.surroundings();
        let output = attack();
        assert_eq!(output.code, Some(3), "{name}: {output:?}");
        let error = &output.json()["error"];
        assert!(codes.iter().any(|code| error["code"] == *code), "{name}, {codes:?}: {output:?}");
        assert!(error["message"].as_str().unwrap().contains(says), "{name}: {says:?} is not in {error}");
        let steers = |character: char| character.is_control() && character != '\n' || character == '\u{202e}';
        assert!(!output.said().contains(steers), "{name}: what was said steers a terminal: {output:?}");
        output.expect_unsaid("panicked");
        let after = self.surroundings();
        assert_same(&after.tree, &before.tree, name);
        assert_eq!(after.processes, before.processes, "{name}: the app was stopped");
    }

    /// After everything that was thrown: nothing is left that would stand in the way.
    #[track_caller]
    pub(crate) fn can_still_be_restored(&self) {
        std::fs::write(&self.archive.0, &self.archive.1).unwrap();
        std::fs::write(&self.descriptor.0, &self.descriptor.1).unwrap();
        self.world.restore("app", &self.snapshot, &[]).expect(0);
        assert_eq!(std::fs::read_to_string(self.world.volume("app", "data").join("file")).unwrap(), "old");
        std::fs::write(self.world.volume("app", "data").join("file"), "new").unwrap();
    }

    /// Everything in the world but the app's own volumes and snapshots.
    pub(crate) fn outside(&self) -> Signature {
        let mut tree = self.surroundings().tree;
        tree.retain(|path, _| !path.starts_with(b"volumes/app") && !path.starts_with(b"snapshots/app"));
        tree
    }

    /// Both volumes, as they are live.
    pub(crate) fn volumes(&self) -> (Signature, Signature) {
        (signature::of(&self.world.volume("app", "data")), signature::of(&self.world.volume("app", "more")))
    }

    /// Everything in the world but what the host writes down about its own doing, and when directories changed in which
    /// staging and unpublished snapshots come and go.
    fn surroundings(&self) -> Surroundings {
        let mut tree = signature::of(&self.world.path(""));
        tree.retain(|path, _| !path.starts_with(b"state/") && !path.starts_with(b"run/"));
        for path in [&b""[..], b"state", b"run", b"snapshots/app", b"volumes/app"] {
            tree.get_mut(path).unwrap_or_else(|| panic!("{}", path.escape_ascii())).mtime = (0, 0);
        }
        Surroundings { tree, processes: (self.world.processes("app"), self.world.processes("other")) }
    }
}

/// A file whose name stands in a record: one that no header can hold.
pub(crate) fn file_by_record(tarball: Tarball, name: &[u8]) -> Tarball {
    tarball.pax(&[("path", name)]).file("x", b"evil")
}
