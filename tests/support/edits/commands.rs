//! The commands of a history: what is typed, what was there before, and what is there afterwards.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::app::Seen;
use super::edit::{Fault, Order};
use super::judge::{self, Harm};
use super::ledger::{self, Attempt, AttemptedVolume, Held};
use super::picture::Picture;
use super::player::Player;
use super::stored::Stored;
use crate::support::process::Output;
use crate::support::world::names;

/// Everything below a world that is somebody's data.
const DATA: [&str; 4] = ["volumes", "data", "aside", "elsewhere"];

/// What there is at one instant.
pub(crate) struct Instant {
    pub picture: Picture,
    pub stored: Stored,
    /// Who runs, per workload, and what it sees; without whom a person started.
    pub seen: Vec<Vec<Seen>>,
    pub by_hand: Vec<Vec<Seen>>,
    /// Restores and undos that a journal or a receipt knows of, and those that are not over.
    pub known: BTreeSet<String>,
    pub open: BTreeSet<String>,
    /// Mount points on, below or out of the directories of the workload in question.
    pub mounts: Vec<PathBuf>,
}

/// A command that was run.
pub(crate) struct Done<'a> {
    pub number: usize,
    pub order: &'a Order,
    pub fault: Option<&'a Fault>,
    /// The restore that is undone, finished or resolved.
    pub target: Option<String>,
    pub output: Output,
    pub before: Instant,
    pub after: Instant,
}

impl Instant {
    pub(crate) fn held(&self) -> Held<'_> {
        Held { picture: &self.picture, stored: &self.stored }
    }
}

impl Player {
    pub(super) fn command(&mut self, number: usize, order: &Order, fault: Option<&Fault>) -> Vec<Harm> {
        let Some((arguments, target)) = self.arguments(number, order) else { return Vec::new() };
        let before = self.instant(number);
        self.ledger.note(&before.held());
        let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let output = self.run_command(&words, fault);
        let after = self.instant(number);
        let code = output.code.map_or("killed".to_owned(), |code| code.to_string());
        let faulty = if fault.is_some() { " with a fault" } else { "" };
        self.count(format!("{}{faulty}, exit {code}", order.kind()));
        let given = match fault {
            None => String::new(),
            Some(Fault::At(point)) => format!("REFORGE_FAULT={point} "),
            Some(Fault::StateCopiedAt(point)) => format!("REFORGE_FAULT={point}:pause "),
        };
        let said = output.stderr.lines().last().unwrap_or_default().to_owned();
        self.tell(format!("{given}reforge {}    # exit {code}: {said}", arguments.join(" ")));
        self.note_attempts(number, order, target.as_deref(), &before, &after);
        for seen in after.seen.iter().enumerate().flat_map(|(number, all)| all.iter().map(move |seen| (number, seen))) {
            self.started_with[seen.0] = Some(seen.1.arguments.clone());
        }
        let done = Done { number, order, fault, target, output, before, after };
        let harms = judge::judge(self, &done);
        for harm in &harms {
            self.tell(format!("# HARM: {harm}"));
        }
        harms
    }

    fn run_command(&mut self, words: &[&str], fault: Option<&Fault>) -> Output {
        match fault {
            None => self.world.reforge(words),
            Some(Fault::At(point)) => self.world.faulty(point, words),
            Some(Fault::StateCopiedAt(point)) => {
                let mut running = self.world.start_pausing(point, words);
                if running.reaches_its_pause() {
                    self.copy_state();
                    running.go_on();
                }
                running.wait()
            }
        }
    }

    /// What is typed, and the restore that it is about. None if there is nothing that it could be about.
    fn arguments(&self, number: usize, order: &Order) -> Option<(Vec<String>, Option<String>)> {
        let id = self.world.workloads[number].id.as_str();
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        let plain = |given: &[&str]| Some((words(given), None));
        let about = |newer: usize, given: &dyn Fn(&str) -> Vec<String>| {
            let mut attempts = self.attempts.iter().rev().filter(|attempt| attempt.number == number).peekable();
            attempts.peek()?;
            let all: Vec<&Attempt> = attempts.collect();
            let target = all[newer % all.len()].id.clone();
            Some((given(&target), Some(target)))
        };
        match order {
            Order::Deploy { make_empty } => {
                let missing = self.places(number).into_iter().filter(|(_, place)| *make_empty && !place.exists());
                let told = missing.flat_map(|(name, _)| ["--make-empty".to_owned(), name]);
                Some((words(&["deploy", id]).into_iter().chain(told).collect(), None))
            }
            Order::Stop => plain(&["stop", id]),
            Order::Rollback => plain(&["rollback", id]),
            Order::Capture => plain(&["snapshot", "create", id, "--json"]),
            Order::Recover => plain(&["recover"]),
            Order::Accept => plain(&["recover", "--accept", id]),
            Order::Restore { newer, leave } => {
                let (snapshot, lacking) = self.snapshot_for(number, *newer)?;
                let mut given = words(&["restore", "run", id, &snapshot, "--yes"]);
                if *leave {
                    given.extend(lacking.into_iter().flat_map(|name| ["--leave".to_owned(), name]));
                }
                Some((given, None))
            }
            Order::Undo { newer } => about(*newer, &|id| words(&["restore", "undo", id, "--yes"])),
            Order::Finish { newer } => about(*newer, &|id| words(&["restore", "finish", id, "--yes"])),
            Order::Resolve { newer, keep } => {
                about(*newer, &|id| words(&["restore", "resolve", id, "--keep", keep, "--yes"]))
            }
        }
    }

    /// The snapshot than which so many are newer, and the configured volumes that it lacks.
    fn snapshot_for(&self, number: usize, newer: usize) -> Option<(String, Vec<String>)> {
        let workload = &self.world.workloads[number];
        let files = names(&self.world.snapshot_dir.join(&workload.id));
        let mut descriptors: Vec<_> =
            files.iter().filter(|path| path.extension().is_some_and(|extension| extension == "json")).collect();
        descriptors.reverse();
        let path = descriptors.get(newer % descriptors.len().max(1))?;
        let manifest = &crate::support::world::read_json(path)["manifest"];
        let held: Vec<&str> =
            manifest["volumes"].as_array().unwrap().iter().filter_map(|volume| volume["name"].as_str()).collect();
        let lacking = workload.volumes.iter().filter(|volume| !held.contains(&&*volume.name));
        let lacking = lacking.map(|volume| volume.name.clone()).collect();
        Some((path.file_stem().unwrap().to_str().unwrap().to_owned(), lacking))
    }

    fn instant(&mut self, number: usize) -> Instant {
        let asked = self.next_generation();
        let all: Vec<Vec<Seen>> = self.apps.iter().map(|app| app.look(asked)).collect();
        let hands: Vec<i32> = self.hands.iter().map(|hand| hand.id() as i32).collect();
        let part = |by_hand: bool| -> Vec<Vec<Seen>> {
            let chosen = |seen: &&Seen| hands.contains(&seen.pid) == by_hand;
            all.iter().map(|seen| seen.iter().filter(chosen).cloned().collect()).collect()
        };
        let state = self.world.state_dir();
        let ids = |below: &str| -> BTreeSet<String> {
            let names = names(&state.join(below)).into_iter();
            let names =
                names.map(|path| path.file_name().unwrap().to_str().unwrap().trim_end_matches(".json").to_owned());
            names.filter(|name| !name.starts_with('.')).collect()
        };
        let (journals, receipts) = (ids("transactions"), ids("receipts"));
        Instant {
            picture: Picture::of(&self.world.path(""), &DATA),
            stored: self.reader.read(&self.world.snapshot_dir),
            seen: part(false),
            by_hand: part(true),
            open: journals.difference(&receipts).cloned().collect(),
            known: journals.union(&receipts).cloned().collect(),
            mounts: self.places(number).iter().flat_map(|(_, place)| self.mounts_at(place)).collect(),
        }
    }

    /// Remembers what a command began.
    fn note_attempts(&mut self, number: usize, order: &Order, target: Option<&str>, before: &Instant, after: &Instant) {
        let Some(id) = after.known.difference(&before.known).next().cloned() else { return };
        let volumes = match order {
            Order::Restore { newer, .. } => self.volumes_of_restore(number, *newer, before),
            Order::Undo { .. } => self.volumes_of_undo(target.unwrap(), before),
            _ => return,
        };
        let of = matches!(order, Order::Undo { .. }).then(|| target.unwrap().to_owned());
        self.attempts.push(Attempt { id, number, of, volumes, touched: false });
    }

    fn volumes_of_restore(&self, number: usize, newer: usize, before: &Instant) -> Vec<AttemptedVolume> {
        let id = &self.world.workloads[number].id;
        let mut snapshots: Vec<_> = before.stored.values().filter(|snapshot| snapshot.workload == *id).collect();
        snapshots.reverse();
        let snapshot = snapshots[newer % snapshots.len()];
        let volumes = self.places(number).into_iter().filter(|(name, _)| snapshot.volumes.contains_key(name));
        volumes
            .map(|(name, live)| AttemptedVolume {
                old: before.picture.tree(&live),
                new: snapshot.volumes.get(&name).cloned(),
                name,
                live,
            })
            .collect()
    }

    fn volumes_of_undo(&self, target: &str, before: &Instant) -> Vec<AttemptedVolume> {
        let Some(undone) = self.attempts.iter().find(|attempt| attempt.id == target) else { return Vec::new() };
        let receipt = ledger::receipt(&self.world.state_dir(), target).unwrap_or_default();
        let previous = |name: &str| {
            let volumes = receipt["volumes"].as_array()?;
            let volume = volumes.iter().find(|volume| volume["name"] == name)?;
            before.picture.tree(volume["previous"].as_str()?.as_ref())
        };
        let volume = |volume: &AttemptedVolume| AttemptedVolume {
            name: volume.name.clone(),
            live: volume.live.clone(),
            old: before.picture.tree(&volume.live),
            new: previous(&volume.name),
        };
        undone.volumes.iter().map(volume).collect()
    }

    /// Mount points of this world, oldest first.
    pub(super) fn mount_points(&self) -> Vec<PathBuf> {
        let root = self.world.path("");
        mounts().into_iter().map(|mount| mount.point).filter(|point| point.starts_with(&root)).collect()
    }

    /// What is mounted on a directory, below it, or out of it.
    fn mounts_at(&self, directory: &std::path::Path) -> Vec<PathBuf> {
        let mounts = mounts();
        let disk = mounts.iter().find(|mount| mount.point == self.disk).unwrap();
        let below = std::path::Path::new("/").join(directory.strip_prefix(&self.disk).unwrap());
        let meets = |mount: &&Mount| {
            let out = mount.device == disk.device && mount.root.starts_with(&below);
            mount.point.starts_with(directory) || out
        };
        mounts.iter().filter(meets).map(|mount| mount.point.clone()).collect()
    }
}

struct Mount {
    device: String,
    root: PathBuf,
    point: PathBuf,
}

/// Of this process's mount namespace.
fn mounts() -> Vec<Mount> {
    let text = std::fs::read_to_string("/proc/self/mountinfo").unwrap();
    let mount = |line: &str| {
        let mut words = line.split(' ').skip(2).map(str::to_owned);
        let mut next = || words.next().unwrap();
        Mount { device: next(), root: next().into(), point: next().into() }
    };
    text.lines().map(mount).collect()
}
