//! What is restored while the power is cut, and the judgement of what a start makes of each cut.

use std::path::{Path, PathBuf};

use reforge_transaction::registry::{self, KnownTransaction};
use serde_json::Value;

use super::file_system::FileSystem;
use crate::support::bench::{fill, signatures};
use crate::support::process::{eventually, run};
use crate::support::signature::Signature;
use crate::support::{Volume, Workload, World};

/// Where a disk of the machine is mounted, before the cut and after it.
pub(super) type Place = (&'static FileSystem, PathBuf);

/// A deployment whose volumes say `new` and whose snapshot says `old`. State and one volume lie on the first disk, the other
/// volume on the last.
pub(super) struct Deployment {
    pub world: World,
    places: Vec<Place>,
    lives: [PathBuf; 2],
    pub snapshot: String,
    restored: Vec<Signature>,
    before: Vec<Signature>,
}

/// What became of the cuts.
#[derive(Default, Debug)]
pub(super) struct Count {
    pub cuts: usize,
    pub restored: usize,
    pub before: usize,
    /// Cuts after which something was to be settled.
    pub settled: usize,
    pub wrong: Vec<String>,
}

impl Deployment {
    /// Running, and all of it on its disks.
    pub(super) fn new(places: Vec<Place>) -> Deployment {
        let mut world = World::below(&places[0].1);
        let other = places[places.len() - 1].1.join("other-parent");
        std::fs::create_dir(&other).unwrap();
        world.allowed_roots = vec![other.clone()];
        let volumes = [Volume::project("data"), Volume::absolute("more", &other.join("more"))];
        world.workloads = vec![Workload::idle("app", volumes)];
        world.write_config();
        world.ok(&["deploy", "app"]);
        let lives = [world.volume("app", "data"), other.join("more")];
        lives.iter().for_each(|live| fill_more(live, "old"));
        let (snapshot, restored) = (world.snapshot("app"), signatures(&lives));
        lives.iter().for_each(|live| fill_more(live, "new"));
        let before = signatures(&lives);
        for (_, path) in &places {
            run("sync", &["--file-system", path.to_str().unwrap()]);
        }
        Deployment { world, places, lives, snapshot, restored, before }
    }

    /// What the app runs from now on.
    pub(super) fn app_runs(&mut self, command: &[&str]) {
        let workload = self.world.workload("app");
        *workload = workload.clone().command(command);
        self.world.write_config();
        self.world.ok(&["deploy", "app"]);
    }

    pub(super) fn restore(&self) -> [&str; 5] {
        ["restore", "run", "app", &self.snapshot, "--yes"]
    }

    /// The power is back: mounts what the cut has left, has the real program start, and says whether that may be.
    pub(super) fn judge_cut(&self, images: &[&Path], at: &str, said: &[&str], count: &mut Count) {
        let mounted = self.places.iter().zip(images);
        let mounted = mounted.map(|((file_system, path), image)| file_system.mount_image(image, path));
        let judged = mounted.collect::<Result<(), _>>().and_then(|()| self.judge(said, count));
        count.cuts += 1;
        count.wrong.extend(judged.err().map(|why| format!("{at}, after {said:?}: {why}")));
        self.turn_off();
    }

    /// What the real program makes of it, and whether that may be.
    fn judge(&self, said: &[&str], count: &mut Count) -> Result<(), String> {
        let app_is_held = self.app_is_held();
        let recovered = self.world.reforge(&["recover", "--json"]);
        if recovered.code != Some(0) {
            return Err(format!("a start did not settle it: {recovered:?}"));
        }
        let now = signatures(&self.lives);
        let went = match (now == self.restored, now == self.before) {
            (true, false) => "restored",
            (false, true) => "before",
            _ => return Err(format!("a mixture: {now:#?}; {recovered:?}")),
        };
        *(if went == "restored" { &mut count.restored } else { &mut count.before }) += 1;
        let receipts = self.world.receipts();
        let told = told_by(receipts.last());
        if told != went {
            return Err(format!("the receipt says {told}, and it is {went}: {:?}", receipts.last()));
        }
        let done = receipts.iter().filter(|receipt| is_done(receipt)).count();
        if said.contains(&"restored") && done < 1 || said.contains(&"undone") && done < 2 {
            return Err(format!("{said:?} was said before the cut, and it is undone: {receipts:?}"));
        }
        let settled = recovered.json()["recovered"].as_array().cloned().unwrap_or_default();
        count.settled += usize::from(!settled.is_empty());
        if app_is_held && !self.world.is_running("app") {
            return Err(format!("the app was stopped for it and does not run: {recovered:?}"));
        }
        self.look_for_leftovers(&receipts)
    }

    /// Whether a transaction has stopped the app and has not given it back. At any other time it ends with the power, and a
    /// start leaves it so.
    fn app_is_held(&self) -> bool {
        let entries = registry::read_all(&self.world.state_dir().join("transactions")).unwrap();
        entries.iter().any(|entry| matches!(entry, KnownTransaction::Open(journal, _) if journal.state().holds_app()))
    }

    /// Nothing lies beside the volumes but what a window keeps, and its end takes that away.
    fn look_for_leftovers(&self, receipts: &[Value]) -> Result<(), String> {
        let siblings = || self.lives.each_ref().map(|live| self.world.siblings(live).len());
        let kept = siblings();
        let windows = receipts.iter().any(keeps);
        if kept[0] != kept[1] || kept[0] > usize::from(windows) {
            return Err(format!("left beside the volumes: {kept:?}; {receipts:?}"));
        }
        if kept[0] > 0 {
            let newest = receipts.iter().rfind(|receipt| keeps(receipt)).unwrap()["id"].as_str().unwrap();
            let finished = self.world.reforge(&["restore", "finish", newest, "--yes"]);
            if finished.code != Some(0) || siblings() != [0, 0] {
                return Err(format!("the window of {newest} does not end: {finished:?}, {:?}", siblings()));
            }
        }
        Ok(())
    }

    /// The app ends, and nothing is mounted any more.
    pub(super) fn turn_off(&self) {
        if self.world.state_dir().exists() {
            self.world.reforge(&["stop", "app"]);
        }
        for (file_system, path) in &self.places {
            eventually("a disk is unmounted", || !is_mounted(path) || file_system.unmount(path));
        }
    }
}

/// Whether a directory is a mount point.
fn is_mounted(path: &Path) -> bool {
    std::process::Command::new("mountpoint").arg("--quiet").arg(path).status().is_ok_and(|status| status.success())
}

/// A small tree, and a file that is more than one write.
fn fill_more(live: &Path, say: &str) {
    fill(live, say);
    std::fs::write(live.join("large"), say.repeat(100_000)).unwrap();
}

/// Whether a window began with it: it is done, or was taken back after its commit.
fn keeps(receipt: &Value) -> bool {
    let over_a_commit = |steps: &Vec<Value>| steps.iter().any(|step| step["record"] == "reverting");
    is_done(receipt) || receipt["steps"].as_array().is_some_and(over_a_commit)
}

fn is_done(receipt: &Value) -> bool {
    matches!(receipt["outcome"].as_str(), Some("done" | "unconfirmed"))
}

/// What is live according to the newest receipt.
fn told_by(receipt: Option<&Value>) -> &'static str {
    let is_undo = receipt.is_some_and(|receipt| receipt["kind"] == "undo");
    match (receipt.is_some_and(is_done), is_undo) {
        (true, false) | (false, true) => "restored",
        (true, true) | (false, false) => "before",
    }
}
