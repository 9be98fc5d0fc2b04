//! What must hold after every command, whatever was edited before it.
//!
//! The app is asked, and what it answers counts: that a volume's directory holds the snapshot helps nobody whose app
//! runs on another one.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::app::{Says, Seen, SeenVolume};
use super::commands::{Done, Instant};
use super::edit::{Fault, Order};
use super::ledger::{self, Attempt};
use super::picture::Tree;
use super::player::Player;

/// What is broken, in the order of harm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Rule {
    /// The only copy of something that was written is gone.
    NothingIsLost,
    /// A snapshot is gone that nobody deleted and that retention keeps.
    SnapshotsStay,
    /// It was called done, and the app that runs sees something else than that.
    DoneIsWhatTheAppSees,
    /// The volumes are not what the end that was told says.
    TheEndIsTrue,
    /// Something changed although the exit code says that nothing did.
    RefusalsChangeNothing,
    /// A restore or undo is done, and its safety snapshot does not hold what it took out of live.
    SafetyHoldsWhatGoes,
    /// Done although something was mounted on, below or out of a volume.
    NothingIsExchangedBelowAMount,
    /// Directories were deployed, captured or restored while a restore of them waits.
    WhatWaitsIsLeftAlone,
    /// A capture holds something else than the app sees.
    CapturedIsWhatTheAppSees,
    /// The app runs on an empty directory instead of its data.
    NoDeployOntoNothing,
    /// A directory was made and not named.
    MadeDirectoriesAreNamed,
    /// Deployed, and none of it runs on the directories, or two of it do, under two names.
    OneAppRuns,
    /// The app does not run as it ran before, though it should.
    TheAppComesBack,
    /// A panic, or an end that no exit code tells.
    EndsAreTold,
}

/// One broken rule.
#[derive(Clone, Debug)]
pub(crate) struct Harm {
    pub rule: Rule,
    pub text: String,
}

impl fmt::Display for Harm {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:?}: {}", self.rule, self.text)
    }
}

/// How a command says that it ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Done,
    Unchanged,
    Reverted,
    NeedsOperator,
    Killed,
}

pub(crate) fn judge(player: &mut Player, done: &Done<'_>) -> Vec<Harm> {
    let mut harms = Vec::new();
    let mut say = |rule, text: String| harms.push(Harm { rule, text });
    let end = match done.output.code {
        Some(0 | 7) => End::Done,
        Some(1 | 2 | 3 | 6 | 130) => End::Unchanged,
        Some(4) => End::Reverted,
        Some(5) => End::NeedsOperator,
        None if matches!(done.fault, Some(Fault::At(_))) => End::Killed,
        _ => {
            say(Rule::EndsAreTold, format!("ended with {:?}: {}", done.output.code, done.output.said()));
            End::Killed
        }
    };
    if done.output.said().contains("panicked") {
        say(Rule::EndsAreTold, done.output.said());
    }
    losses(player, done, end, &mut say);
    let judged = Judged { player, done, end };
    judged.unchanged(&mut say);
    judged.settled(&mut say);
    judged.own_attempt(&mut say);
    judged.what_waits(&mut say);
    judged.came_back(&mut say);
    match done.order {
        Order::Capture if end == End::Done => judged.captured(&mut say),
        Order::Deploy { make_empty } if end == End::Done => judged.deployed(*make_empty, &mut say),
        Order::Stop if end == End::Done && player.world.is_running(&player.world.workloads[done.number].id) => {
            say(Rule::TheEndIsTrue, "stopped, and it runs".into());
        }
        _ => {}
    }
    harms
}

fn losses(player: &mut Player, done: &Done<'_>, end: End, say: &mut impl FnMut(Rule, String)) {
    let state = player.world.state_dir();
    if let (Order::Resolve { .. }, End::Done, Some(target)) = (done.order, end, &done.target) {
        player.resolved.insert(target.clone());
    }
    let receipt = |id: &str| ledger::receipt(&state, id);
    let later_writes_were_told = |id: &str| receipt(id).is_some_and(|receipt| tells_of_later_writes(&receipt));
    let chosen = |id: &str| player.resolved.contains(id) || later_writes_were_told(id);
    let goes = matches!(done.order, Order::Finish { .. }) || player.kind.windows_end_at_once;
    let of = |id: &str| player.attempts.iter().find(|attempt| attempt.of.as_deref() == Some(id));
    let given_up = |id: &str| goes && (chosen(id) || of(id).is_some_and(|undo| chosen(&undo.id)));
    // Windows may end while a command runs, so none of these are named for sure where they end at once.
    let named = done.before.known.iter().filter(|_| !player.kind.windows_end_at_once).filter_map(|id| {
        let receipt = receipt(id).filter(|_| player.siblings_of(id, &done.before))?;
        receipt["safety"].as_str().map(str::to_owned)
    });
    let named: BTreeSet<String> = named.collect();
    let (before, after) = (done.before.held(), done.after.held());
    let losses = player.ledger.settle(&before, &after, &named, given_up);
    if !losses.lines.is_empty() {
        say(Rule::NothingIsLost, format!("nowhere any more: {:?}", losses.lines));
    }
    if !losses.snapshots.is_empty() {
        say(Rule::SnapshotsStay, format!("gone: {:?}", losses.snapshots));
    }
}

/// Whether a person who reads the receipt knows that a tree that is kept holds what was written last.
fn tells_of_later_writes(receipt: &Value) -> bool {
    receipt["outcome"] == "reverted" || receipt["later_writes"].as_array().is_some_and(|trees| !trees.is_empty())
}

struct Judged<'a> {
    player: &'a Player,
    done: &'a Done<'a>,
    end: End,
}

impl Judged<'_> {
    fn seen(&self) -> &[Seen] {
        &self.done.after.seen[self.done.number]
    }

    /// What runs of a workload under the id that it has now. One that was deployed under another id and is not
    /// configured any more is another app to whoever looks.
    fn under_its_id<'a>(&self, instant: &'a Instant, number: usize) -> impl Iterator<Item = &'a Seen> {
        let id = self.player.world.workloads[number].id.clone();
        instant.seen[number].iter().filter(move |seen| seen.workload.as_ref().is_none_or(|of| *of == id))
    }

    /// What says that nothing changed has changed nothing. What settles an earlier one first, or ends a window, may; a start
    /// ends those that a later restore has superseded.
    fn unchanged(&self, say: &mut impl FnMut(Rule, String)) {
        let Done { before, after, number, .. } = self.done;
        if self.end != End::Unchanged || !before.open.is_empty() || self.player.kind.windows_end_at_once {
            return;
        }
        // What could not be removed, since that was made to fail, is left and named.
        let but = self.done.fault.is_some().then_some(".reforge-");
        let differences = before.picture.differences(&after.picture, but);
        let said = self.done.output.said();
        let unexplained: Vec<&PathBuf> =
            differences.iter().filter(|path| !self.is_made(path, &said) && !self.is_superseded(path)).collect();
        if !unexplained.is_empty() {
            say(Rule::RefusalsChangeNothing, format!("{unexplained:?} changed"));
        }
        let view =
            |instant: &Instant| -> Vec<_> { instant.seen[*number].iter().map(|seen| seen.volumes.clone()).collect() };
        let is_deploy = matches!(self.done.order, Order::Deploy { .. } | Order::Rollback | Order::Stop);
        // One that ended by itself is started again and again until it can run.
        let ran = !view(before).is_empty();
        if ran && view(before) != view(after) && !is_deploy && self.player.by_hand_was_idle(self.done) {
            say(Rule::RefusalsChangeNothing, format!("the app sees {:?}, not {:?}", view(after), view(before)));
        }
    }

    /// A deploy that fails late has made directories, and volumes' parents have another look then.
    fn is_made(&self, path: &Path, said: &str) -> bool {
        let is_deploy = matches!(self.done.order, Order::Deploy { .. } | Order::Rollback);
        is_deploy && self.done.output.code == Some(1)
            || path.file_name().is_some_and(|name| is_deploy && said.contains(&*name.to_string_lossy()))
    }

    /// Whether it was kept by a restore after which another one of the workload is done.
    fn is_superseded(&self, path: &Path) -> bool {
        let path = path.to_string_lossy();
        let attempts = &self.player.attempts;
        let Some(at) = attempts.iter().position(|attempt| path.contains(&attempt.id)) else { return false };
        attempts[at + 1..].iter().filter(|later| later.number == attempts[at].number).any(|later| {
            let receipt = ledger::receipt(&self.player.world.state_dir(), &later.id);
            receipt.is_some_and(|receipt| matches!(receipt["outcome"].as_str(), Some("done" | "unconfirmed")))
        })
    }

    /// Everything that is over now and was not before ended as its receipt says.
    fn settled(&self, say: &mut impl FnMut(Rule, String)) {
        let Done { before, after, order, .. } = self.done;
        for attempt in &self.player.attempts {
            let is_new = !before.known.contains(&attempt.id);
            if after.open.contains(&attempt.id) || !(is_new || before.open.contains(&attempt.id)) {
                continue;
            }
            let Some(receipt) = ledger::receipt(&self.player.world.state_dir(), &attempt.id) else { continue };
            let new = match receipt["outcome"].as_str() {
                Some("done" | "unconfirmed") => true,
                Some("failed" | "refused" | "cancelled" | "reverted") => false,
                _ => continue,
            };
            let is_last = self.player.attempts.last().is_some_and(|last| last.id == attempt.id);
            if !attempt.touched && is_last && self.end != End::Killed {
                self.volumes_hold(attempt, new, say);
            }
            if matches!(order, Order::Restore { .. } | Order::Undo { .. } | Order::Recover | Order::Accept) && is_last {
                self.app_sees(attempt, new, say);
            }
        }
    }

    fn volumes_hold(&self, attempt: &Attempt, new: bool, say: &mut impl FnMut(Rule, String)) {
        for (live, wanted) in ledger::by_place(attempt, new) {
            let is = self.done.after.picture.tree(live);
            let nothing = |tree: Option<&Tree>| tree.is_none_or(|tree| *tree == Tree::default());
            if is.as_ref() != wanted && !(nothing(is.as_ref()) && nothing(wanted)) {
                let which = if new { "new" } else { "previous" };
                let says = |tree: Option<&Tree>| tree.map(|tree| tree.says.clone());
                say(
                    Rule::TheEndIsTrue,
                    format!("{} says {:?}; its {which} tree {:?}", live.display(), says(is.as_ref()), says(wanted)),
                );
            }
        }
    }

    /// What the app that was started again sees is one set.
    fn app_sees(&self, attempt: &Attempt, new: bool, say: &mut impl FnMut(Rule, String)) {
        let roles = roles(attempt, new);
        let places = ledger::by_place(attempt, new);
        for seen in self.under_its_id(&self.done.after, attempt.number) {
            let told: Vec<String> = seen
                .volumes
                .iter()
                .map(|volume| format!("{}={}", volume.name, volume.says.as_ref().map_or("-".into(), Says::to_string)))
                .collect();
            if attempt.touched {
                if !self.is_one_set(attempt, seen) {
                    say(Rule::DoneIsWhatTheAppSees, format!("the app runs on a mixture: {}", told.join(", ")));
                }
                continue;
            }
            for volume in &seen.volumes {
                // Back is where the app was: by place. Forward is what was promised: by name and by use, too.
                let by_place =
                    volume.at.as_deref().and_then(|at| places.get(at)).filter(|_| !new || attempt.of.is_some());
                let by_name = attempt.volumes.iter().find(|one| one.name == volume.name);
                let by_name = by_name.filter(|_| new && attempt.of.is_none()).map(|one| one.new.as_ref());
                let by_role = volume.says.as_ref().and_then(|says| roles.get(&says.role)).filter(|_| new);
                let wanted = by_place.copied().or(by_name).map(|tree| tree.and_then(|tree| tree.says.clone()));
                let is_wanted = wanted.as_ref().is_none_or(|wanted| *wanted == volume.says);
                if !is_wanted || by_role.is_some_and(|wanted| Some(wanted) != volume.says.as_ref()) {
                    let wanted: Vec<String> = roles.values().map(Says::to_string).collect();
                    let text = format!("the app sees {}, and it was to be {}", told.join(", "), wanted.join(", "));
                    say(Rule::DoneIsWhatTheAppSees, text);
                    break;
                }
            }
        }
    }

    /// After others wrote: all of the old, all of the new, or all of what was written later.
    fn is_one_set(&self, attempt: &Attempt, seen: &Seen) -> bool {
        let (old, new) = (roles(attempt, false), roles(attempt, true));
        let says: Vec<&Says> = seen.volumes.iter().filter_map(|volume| volume.says.as_ref()).collect();
        let says: Vec<&&Says> =
            says.iter().filter(|says| old.contains_key(&says.role) || new.contains_key(&says.role)).collect();
        let all_of = |set: &BTreeMap<String, Says>| {
            says.iter().all(|says| set.get(&says.role).is_none_or(|wanted| wanted == **says))
        };
        let is_later = |says: &&&&Says| {
            old.get(&says.role).is_none_or(|old| says.generation > old.generation)
                && new.get(&says.role).is_none_or(|new| says.generation > new.generation)
        };
        let later: Vec<_> = says.iter().filter(is_later).collect();
        let is_one = later.windows(2).all(|pair| pair[0].generation == pair[1].generation);
        all_of(&old) || all_of(&new) || later.len() == says.len() && is_one
    }

    /// The restore or undo that this command was.
    fn own_attempt(&self, say: &mut impl FnMut(Rule, String)) {
        let Done { before, after, order, output, .. } = self.done;
        if !matches!(order, Order::Restore { .. } | Order::Undo { .. }) || self.end == End::Killed {
            return;
        }
        let is_new = |id: &String| after.known.contains(id) && !before.known.contains(id);
        let last = self.player.attempts.last().filter(|attempt| is_new(&attempt.id));
        let Some(attempt) = last else {
            if matches!(self.end, End::Done | End::Reverted) {
                say(Rule::TheEndIsTrue, format!("exit {:?}, and nothing began", output.code));
            }
            return;
        };
        let Some(receipt) = ledger::receipt(&self.player.world.state_dir(), &attempt.id) else {
            if self.end != End::NeedsOperator && self.done.fault.is_none() {
                say(Rule::EndsAreTold, format!("exit {:?}, and there is no receipt", output.code));
            }
            return;
        };
        let code = match receipt["outcome"].as_str() {
            Some("done") => 0,
            Some("unconfirmed") => 7,
            Some("reverted") => 4,
            Some("cancelled") => 130,
            Some("needs-operator") => 5,
            Some("failed") => 1,
            _ => 3,
        };
        if output.code != Some(code) && !(code == 3 && self.end == End::Unchanged) {
            say(Rule::EndsAreTold, format!("exit {:?}, and the receipt says {}", output.code, receipt["outcome"]));
        }
        if self.end != End::Done {
            return;
        }
        if !before.mounts.is_empty() {
            say(Rule::NothingIsExchangedBelowAMount, format!("there was {:?}", before.mounts));
        }
        let safety = receipt["safety"].as_str().and_then(|id| after.stored.get(id));
        let held: BTreeSet<&String> =
            safety.iter().flat_map(|snapshot| snapshot.volumes.values()).flat_map(|tree| &tree.lines).collect();
        for volume in &attempt.volumes {
            let lines = volume.old.iter().flat_map(|tree| &tree.lines);
            let lacks: Vec<&String> = lines.filter(|line| !held.contains(line)).collect();
            if !lacks.is_empty() {
                let text = format!("{:?} lacks {lacks:?} of `{}`", receipt["safety"], volume.name);
                say(Rule::SafetyHoldsWhatGoes, text);
            }
        }
    }

    /// Directories of a restore that is not over are nobody's.
    fn what_waits(&self, say: &mut impl FnMut(Rule, String)) {
        let acts = !matches!(
            self.done.order,
            Order::Stop | Order::Recover | Order::Accept | Order::Resolve { .. } | Order::Finish { .. }
        );
        if self.end != End::Done || !acts {
            return;
        }
        let ours: BTreeSet<PathBuf> =
            self.player.places(self.done.number).into_iter().map(|(_, place)| place).collect();
        let waiting = self.player.attempts.iter().filter(|attempt| {
            let is_open = self.done.before.open.contains(&attempt.id) && self.done.after.open.contains(&attempt.id);
            is_open && !self.player.resolved.contains(&attempt.id)
        });
        for attempt in waiting {
            if let Some(volume) = attempt.volumes.iter().find(|volume| ours.contains(&volume.live)) {
                let text = format!("{} waits for a person, and has {}", attempt.id, volume.live.display());
                say(Rule::WhatWaitsIsLeftAlone, text);
            }
        }
    }

    fn came_back(&self, say: &mut impl FnMut(Rule, String)) {
        let Done { before, order, number, .. } = self.done;
        let only_looks =
            matches!(order, Order::Restore { .. } | Order::Undo { .. } | Order::Capture | Order::Finish { .. });
        let ended = matches!(self.end, End::Done | End::Unchanged | End::Reverted);
        // One whose directory was moved away has nothing that it could come back on.
        let places = self.player.places(*number);
        let is_there = |volume: &SeenVolume| places.iter().any(|(_, place)| volume.at.as_ref() == Some(place));
        let could = before.seen[*number].iter().any(|seen| seen.volumes.iter().all(is_there));
        if only_looks && ended && before.open.is_empty() && could && self.seen().is_empty() {
            say(Rule::TheAppComesBack, format!("it ran before, and not after exit {:?}", self.done.output.code));
        }
    }

    fn captured(&self, say: &mut impl FnMut(Rule, String)) {
        let Done { before, after, number, .. } = self.done;
        let id = self.done.output.json()["id"].as_str().unwrap().to_owned();
        let Some(snapshot) = after.stored.get(&id) else {
            return say(Rule::TheEndIsTrue, format!("there is no snapshot {id}"));
        };
        // What it settled first may have exchanged something back.
        let picture = if before.open.is_empty() { &before.picture } else { &after.picture };
        for (name, place) in self.player.places(*number) {
            let (live, held) = (picture.tree(&place), snapshot.volumes.get(&name));
            if before.mounts.is_empty() && live.as_ref() != held {
                say(Rule::TheEndIsTrue, format!("the snapshot's `{name}` is not {}", place.display()));
            }
        }
        let seen = self.under_its_id(before, *number).filter(|_| before.open.is_empty());
        for volume in seen.flat_map(|seen| &seen.volumes) {
            let by_role = || {
                let role = &volume.says.as_ref()?.role;
                snapshot.volumes.values().find(|tree| tree.says.as_ref().is_some_and(|says| says.role == *role))
            };
            let held = snapshot.volumes.get(&volume.name).or_else(by_role);
            if let Some(held) = held.filter(|held| held.says != volume.says) {
                let text =
                    format!("`{}`: the app sees {:?}, the snapshot has {:?}", volume.name, volume.says, held.says);
                say(Rule::CapturedIsWhatTheAppSees, text);
            }
        }
    }

    fn deployed(&self, make_empty: bool, say: &mut impl FnMut(Rule, String)) {
        let Done { before, after, number, output, .. } = self.done;
        let places = self.player.places(*number);
        let is_at = |volume: &SeenVolume| places.iter().any(|(_, place)| volume.at.as_ref() == Some(place));
        let on_them: Vec<&Seen> = after.seen[*number].iter().filter(|seen| seen.volumes.iter().any(is_at)).collect();
        let [seen] = on_them.as_slice() else {
            return say(Rule::OneAppRuns, format!("{} of the app run on its directories", on_them.len()));
        };
        let id = &self.player.world.workloads[*number].id;
        for (name, place) in self.player.places(*number) {
            let volume = seen.volumes.iter().find(|volume| volume.name == name);
            let at = volume.and_then(|volume| volume.at.clone());
            if at.as_deref() != Some(&*place) {
                say(Rule::DoneIsWhatTheAppSees, format!("`{name}` is {}, and the app has {at:?}", place.display()));
            }
            if before.picture.tree(&place).is_some() {
                continue;
            }
            let last = place.file_name().unwrap().to_string_lossy();
            if !output.said().contains(&*last) {
                say(Rule::MadeDirectoriesAreNamed, place.display().to_string());
            }
            let has_data = |tree: &Tree| tree.says.is_some();
            let snapshots = before.stored.values().filter(|snapshot| snapshot.workload == *id);
            let snapshot =
                snapshots.filter(|one| one.volumes.get(&name).is_some_and(has_data)).max_by_key(|one| &one.made);
            let mut running = self.under_its_id(before, *number).flat_map(|seen| &seen.volumes);
            let running = running.find(|volume| volume.name == name && volume.says.is_some());
            if !make_empty && (snapshot.is_some() || running.is_some()) {
                let text = format!("`{name}` was made at {}: it has data elsewhere", place.display());
                say(Rule::NoDeployOntoNothing, text);
            }
        }
    }
}

/// What each use of the app's data was in a set, where that is one thing.
fn roles(attempt: &Attempt, new: bool) -> BTreeMap<String, Says> {
    let mut roles = BTreeMap::new();
    let mut twice = BTreeSet::new();
    let trees = attempt.volumes.iter().filter_map(|volume| if new { volume.new.as_ref() } else { volume.old.as_ref() });
    for says in trees.filter_map(|tree| tree.says.clone()) {
        if roles.insert(says.role.clone(), says.clone()).is_some() {
            twice.insert(says.role);
        }
    }
    roles.retain(|role, _| !twice.contains(role));
    roles
}
