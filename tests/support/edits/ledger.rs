//! Everything that was ever written, and what was attempted with it.
//!
//! **The rule.** A line that an app or a person wrote is at every instant in a tree on the disk (live, sibling, aside,
//! hidden below a mount) or in a snapshot. It may cease to be anywhere in these ways alone:
//!
//! 1. a safety snapshot held it last, and that went by the rule of retention: three newer ones of the workload are there,
//!    and no restore names it that can still be undone or is not over;
//! 2. a person finished, or a window ended, of a restore whose trees a person had chosen between (`resolve`), or whose
//!    receipt had said that the tree holds later writes.
//!
//! That a tree was the previous one of a restore is no third way: its safety snapshot holds what it held when it went.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::picture::{Picture, Tree};
use super::stored::Stored;
use crate::support::world::read_json;

/// So many safety snapshots of a workload are kept whatever they are of.
const SAFETY_KEPT: usize = 3;

/// A restore or an undo that began.
#[derive(Clone, Debug)]
pub(crate) struct Attempt {
    pub id: String,
    /// Of the workload, whatever it is called.
    pub number: usize,
    /// The restore that it undoes.
    pub of: Option<String>,
    pub volumes: Vec<AttemptedVolume>,
    /// Something was written since by others, or changed by hand.
    pub touched: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct AttemptedVolume {
    pub name: String,
    pub live: PathBuf,
    /// What was live.
    pub old: Option<Tree>,
    /// What was to be live.
    pub new: Option<Tree>,
}

/// What is where, before or after a command.
pub(crate) struct Held<'a> {
    pub picture: &'a Picture,
    pub stored: &'a Stored,
}

impl Held<'_> {
    fn lines(&self) -> BTreeSet<String> {
        let trees = self.stored.values().flat_map(|snapshot| snapshot.volumes.values());
        self.picture.lines().into_iter().chain(trees.flat_map(|tree| tree.lines.iter().cloned())).collect()
    }
}

#[derive(Default)]
pub(crate) struct Ledger {
    /// Every line that has to be somewhere.
    written: BTreeSet<String>,
}

/// What a command removed that it must not have.
#[derive(Debug, Default)]
pub(crate) struct Losses {
    pub lines: BTreeSet<String>,
    pub snapshots: Vec<String>,
}

impl Ledger {
    /// Takes in what was written since.
    pub(crate) fn note(&mut self, now: &Held<'_>) {
        self.written.extend(now.lines());
    }

    /// What is gone. It is forgotten then, so that each loss is told once. `named` are safety snapshots that a restore
    /// names which can still be undone or is not over; `given_up` says whether siblings of a restore may hold the last
    /// copy of something when they go.
    pub(crate) fn settle(
        &mut self,
        before: &Held<'_>,
        after: &Held<'_>,
        named: &BTreeSet<String>,
        given_up: impl Fn(&str) -> bool,
    ) -> Losses {
        let now = after.lines();
        let mut losses = Losses::default();
        let mut retired = BTreeSet::new();
        for (id, snapshot) in before.stored.iter().filter(|(id, _)| !after.stored.contains_key(*id)) {
            let newer = after.stored.values().filter(|other| other.is_safety && other.workload == snapshot.workload);
            let newer = newer.filter(|other| other.made > snapshot.made).count();
            if snapshot.is_safety && newer >= SAFETY_KEPT && !named.contains(id) {
                retired.extend(snapshot.volumes.values().flat_map(|tree| tree.lines.iter().cloned()));
            } else {
                let kind = if snapshot.is_safety { "safety" } else { "by hand" };
                let named = if named.contains(id) { ", named" } else { "" };
                losses.snapshots.push(format!("{id} ({kind}{named}, {newer} newer safety snapshots)"));
            }
        }
        for (path, tree) in before.picture.siblings() {
            let id = path.file_name().unwrap().to_str().unwrap();
            let id = id.trim_start_matches(".reforge-").rsplit_once('-').map_or("", |(id, _)| id);
            if given_up(id) {
                retired.extend(tree.lines);
            }
        }
        losses.lines = self.written.difference(&now).filter(|line| !retired.contains(*line)).cloned().collect();
        self.written = now;
        losses
    }
}

/// A restore's receipt; none if it is not over.
pub(crate) fn receipt(state_dir: &Path, id: &str) -> Option<Value> {
    let path = state_dir.join("receipts").join(format!("{id}.json"));
    path.exists().then(|| read_json(&path))
}

/// By the directory of each volume, what was there or was to be.
pub(crate) fn by_place(attempt: &Attempt, new: bool) -> BTreeMap<&Path, Option<&Tree>> {
    attempt
        .volumes
        .iter()
        .map(|volume| (volume.live.as_path(), if new { volume.new.as_ref() } else { volume.old.as_ref() }))
        .collect()
}
