//! The crash explorer: one deployment on which a command is run again and again, each time failed or ended at another
//! effect (`host/src/effects.rs`), settled by a start of the host, and looked at from outside.
//!
//! In reading order: this file is the deployment and how it is brought back to where it began; [`points`] where
//! something goes wrong; [`verdict`] what must hold afterwards; [`scene`] the commands and how each may end;
//! [`durable_state`] which crashes leave the same behind; [`exploration`]
//! the loop over all of it.

pub(crate) mod durable_state;
pub(crate) mod exploration;
pub(crate) mod points;
pub(crate) mod scene;
pub(crate) mod verdict;

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use super::disks::Disk;
use super::process::Output;
use super::signature::{self, Signature};
use super::{Volume, Workload, World};

/// Of the three volumes; none where there is no directory.
pub(crate) type Signatures = [Option<Signature>; 3];

/// Volumes `data` and `late` are on one file system, `other` is on another. Before a restore `late` does not exist.
pub(crate) struct Explorer {
    pub world: World,
    /// The parents of the lives, and their names.
    pub lives: [PathBuf; 3],
    /// A snapshot on which the app runs, and what it holds.
    pub old: (String, Signatures),
    /// One on which it ends at once.
    pub bad: (String, Signatures),
    /// Where `other` is.
    pub disk: Disk,
    /// Where all the rest is.
    _home: Disk,
}

/// Of a file system: what is in use, and the reserve that a restore leaves.
const DISK_MEGABYTES: u64 = 160;

/// Holds its volumes open, as apps do. On data with `poison` it cannot run.
const APP: &str = "test ! -e \"$1/poison\" || exit 3\nfd=3\n\
    for volume; do test -d \"$volume\" && eval \"exec $fd<\\\"\\$volume\\\"\"; fd=$((fd + 1)); done\nexec sleep 1000000\n";

impl Explorer {
    pub(crate) fn new() -> Explorer {
        let (home, disk) = (Disk::in_memory(DISK_MEGABYTES), Disk::in_memory(DISK_MEGABYTES));
        let mut world = World::below(home.path());
        let lives = [world.volume("app", "data"), disk.path().join("other"), world.volume("app", "late")];
        let volumes = [Volume::project("data"), Volume::absolute("other", &lives[1]), Volume::project("late")];
        let app = world.script("app", APP);
        let mut workload = Workload::idle("app", volumes);
        workload.command = [&app, "{volume:data}", "{volume:other}", "{volume:late}"].map(str::to_owned).into();
        let check = ["/bin/sh", "-c", "test ! -e \"$0/poison\"", "{volume:data}"].map(str::to_owned);
        workload.health = Some((check.into(), "30s".into()));
        world.workloads = vec![workload];
        world.allowed_roots.push(disk.path().to_owned());
        world.write_config();
        world.ok(&["deploy", "app"]);
        let mut explorer =
            Explorer { world, lives, old: Default::default(), bad: Default::default(), disk, _home: home };
        explorer.old = explorer.captured("old");
        explorer.bad = explorer.captured("bad");
        explorer
    }

    fn captured(&self, say: &str) -> (String, Signatures) {
        self.lives.iter().for_each(|live| fill(live, say));
        if say == "bad" {
            std::fs::write(self.lives[0].join("poison"), say).unwrap();
        }
        // The app is left alone: of the bad one it could not be started again.
        (self.world.live_snapshot("app"), self.signatures())
    }

    pub(crate) fn signatures(&self) -> Signatures {
        self.lives.each_ref().map(|live| live.exists().then(|| signature::of(live)))
    }

    /// Later data in two volumes, no third one, the app running, nothing beside anything.
    pub(crate) fn reset(&self) {
        self.end_windows();
        self.forget_what_is_over();
        self.lives[..2].iter().for_each(|live| fill(live, "new"));
        if self.lives[2].exists() {
            std::fs::remove_dir_all(&self.lives[2]).unwrap();
        }
        if self.world.processes("app").len() != 1 {
            self.world.ok(&["deploy", "app", "--make-empty", "late"]);
            std::fs::remove_dir_all(&self.lives[2]).unwrap();
        }
    }

    /// A start reads every journal, and the verdict all of the state directory: what is over takes only time.
    fn forget_what_is_over(&self) {
        for name in ["transactions", "receipts"] {
            super::world::names(&self.world.state_dir().join(name)).iter().for_each(|path| remove(path));
        }
    }

    /// Finishes whatever transaction keeps something: after an undo that did not happen, the restore before it.
    pub(crate) fn end_windows(&self) {
        for id in self.world.transactions().iter().rev() {
            if !self.siblings().is_empty() {
                self.world.reforge(&["restore", "finish", id, "--yes"]);
            }
        }
        assert_eq!(self.siblings(), Vec::<PathBuf>::new(), "beside the volumes after the window ended");
    }

    /// The newest transaction if it can be undone or finished.
    pub(crate) fn in_window(&self) -> Option<String> {
        let newest = self.newest()?;
        let journal = self.world.state_dir().join("transactions").join(&newest).join("journal");
        let records = durable_state::records(&std::fs::read(journal).unwrap());
        (records.last()? == "completed").then_some(newest)
    }

    /// The newest transaction.
    pub(crate) fn newest(&self) -> Option<String> {
        self.world.transactions().pop()
    }

    /// Everything of a restore that lies beside a volume.
    pub(crate) fn siblings(&self) -> Vec<PathBuf> {
        self.lives[..2].iter().flat_map(|live| self.world.siblings(live)).collect()
    }

    pub(crate) fn run(&self, arguments: &[String], faults: &str) -> Output {
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        match faults {
            "" => self.world.reforge(&arguments),
            faults => self.world.faulty(faults, &arguments),
        }
    }
}

fn remove(path: &Path) {
    if path.is_dir() { std::fs::remove_dir_all(path).unwrap() } else { std::fs::remove_file(path).unwrap() }
}

/// A small tree that says which one it is.
pub(crate) fn fill(live: &Path, say: &str) {
    std::fs::create_dir_all(live).unwrap();
    for name in super::world::names(live) {
        remove(&name);
    }
    let is = |name: &str| live.file_name().is_some_and(|live| live == name);
    std::fs::write(live.join(format!("only-in-{say}")), say).unwrap();
    if is("data") {
        std::fs::create_dir(live.join("below")).unwrap();
        std::fs::write(live.join("below/file"), say.repeat(100)).unwrap();
        std::fs::set_permissions(live.join("below/file"), std::fs::Permissions::from_mode(0o640)).unwrap();
    }
    if is("other") {
        // Longer than what is staged in one piece.
        std::fs::write(live.join("large"), say.repeat((1 << 20) / say.len() + 5)).unwrap();
    }
    std::fs::set_permissions(live, std::fs::Permissions::from_mode(0o751)).unwrap();
}
