//! Makes a history happen in a world, and remembers what has to be known to judge it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Child;

use super::app::App;
use super::commands::{Done, Instant};
use super::edit::Edit;
use super::judge::Harm;
use super::ledger::{self, Attempt, Ledger};
use super::stored::Reader;
use crate::support::{Volume, Workload, World};

const WORKLOADS: usize = 2;
/// A sick app is waited for as long as this.
const HEALTH_LIMIT: &str = "1s";
/// A window so short that every command ends those that are open.
pub(crate) const NO_WINDOW: &str = "undo_window = \"1ms\"\n";

/// How a world differs from the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Kind {
    pub windows_end_at_once: bool,
    /// Whether the app of the first workload holds its directories open.
    pub holds: bool,
}

pub(crate) struct Player {
    pub world: World,
    /// The mount that the world is on.
    pub disk: PathBuf,
    pub kind: Kind,
    pub(super) apps: Vec<App>,
    pub(super) holds: Vec<bool>,
    /// What the app uses each volume for, by the volume's name.
    pub(super) roles: Vec<BTreeMap<String, String>>,
    /// How it was started last.
    pub(super) started_with: Vec<Option<Vec<String>>>,
    pub(super) hands: Vec<Child>,
    /// Where directories were moved to, and from where.
    pub(super) asides: Vec<(PathBuf, PathBuf)>,
    /// Where something below a volume is seen.
    pub(super) outside: Vec<PathBuf>,
    pub(super) generation: u64,
    names: u64,
    pub(super) attempts: Vec<Attempt>,
    /// Restores between whose trees a person has chosen.
    pub(super) resolved: BTreeSet<String>,
    pub(super) ledger: Ledger,
    pub(super) reader: Reader,
    /// What happened, as commands.
    pub history: Vec<String>,
    /// How often what happened.
    pub counts: BTreeMap<String, u64>,
}

impl Player {
    /// Two workloads of two volumes that run, with data in them and a snapshot of it.
    pub(crate) fn new(disk: &Path, kind: Kind) -> Player {
        let mut world = World::below(disk);
        for name in ["aside", "elsewhere"] {
            std::fs::create_dir(world.path(name)).unwrap();
        }
        if kind.windows_end_at_once {
            world.host_lines = NO_WINDOW.into();
        }
        let apps: Vec<App> = (0..WORKLOADS).map(|number| App::new(&world, number)).collect();
        for app in &apps {
            let volumes = [Volume::project("a"), Volume::project("b")];
            let mut workload = Workload::idle(&format!("w{}", world.workloads.len()), volumes);
            let sick = app.run.join("sick").to_str().unwrap().to_owned();
            let check = ["/usr/bin/test", "!", "-e", &sick].map(str::to_owned).into();
            workload.health = Some((check, HEALTH_LIMIT.into()));
            world.workloads.push(workload);
        }
        let roles = || BTreeMap::from([("a".to_owned(), "A".to_owned()), ("b".to_owned(), "B".to_owned())]);
        let mut player = Player {
            world,
            disk: disk.to_owned(),
            kind,
            apps,
            holds: (0..WORKLOADS).map(|number| kind.holds == (number == 0)).collect(),
            roles: (0..WORKLOADS).map(|_| roles()).collect(),
            started_with: vec![None; WORKLOADS],
            hands: Vec::new(),
            asides: Vec::new(),
            outside: Vec::new(),
            generation: 0,
            names: 0,
            attempts: Vec::new(),
            resolved: BTreeSet::new(),
            ledger: Ledger::default(),
            reader: Reader::default(),
            history: Vec::new(),
            counts: BTreeMap::new(),
        };
        (0..WORKLOADS).for_each(|workload| player.begin(workload));
        player
    }

    fn begin(&mut self, workload: usize) {
        self.configure(workload);
        for (_, place) in self.places(workload) {
            std::fs::create_dir_all(place).unwrap();
        }
        let id = self.world.workloads[workload].id.clone();
        self.world.ok(&["deploy", &id]);
        self.write(workload);
        self.world.snapshot(&id);
        self.history.push(format!("reforge deploy {id}; reforge snapshot create {id}"));
    }

    /// Makes one edit happen. What is not as it must be after a command is told.
    pub(crate) fn play(&mut self, edit: &Edit) -> Vec<Harm> {
        self.count(edit.kind());
        let workload = |number: &usize| *number % WORKLOADS;
        let volume =
            |player: &Player, workload: usize, number: &usize| number % player.world.workloads[workload].volumes.len();
        match edit {
            Edit::Command { workload: number, order, fault } => {
                return self.command(workload(number), order, fault.as_ref());
            }
            Edit::RenameVolume { workload: w, volume: v } => {
                self.rename_volume(workload(w), volume(self, workload(w), v));
            }
            Edit::MoveSource { workload: w, volume: v, data } => {
                self.move_source(workload(w), volume(self, workload(w), v), *data);
            }
            Edit::SwapSources { workload: w } => self.swap_sources(workload(w)),
            Edit::DropVolume { workload: w, volume: v } => self.drop_volume(workload(w), volume(self, workload(w), v)),
            Edit::AddVolume { workload: w } => self.add_volume(workload(w)),
            Edit::ChangeScope { workload: w, volume: v, data } => {
                self.change_scope(workload(w), volume(self, workload(w), v), *data);
            }
            Edit::ChangeProject { workload: w, data } => self.change_project(workload(w), *data),
            Edit::ChangeStage { workload: w, data } => self.change_stage(workload(w), *data),
            Edit::ChangeCommand { workload: w } => self.change_command(workload(w)),
            Edit::RenameWorkload { workload: w } => self.rename_workload(workload(w)),
            Edit::Sicken { workload: w } => self.sicken(workload(w)),
            Edit::PutCopyInPlace { workload: w, volume: v } => {
                self.put_copy_in_place(workload(w), volume(self, workload(w), v));
                self.touch(workload(w));
            }
            Edit::MoveAway { workload: w, volume: v } => {
                self.put_aside(workload(w), volume(self, workload(w), v));
                self.touch(workload(w));
            }
            Edit::MoveBack => self.move_back(),
            Edit::MountOver { workload: w, volume: v } => self.mount_over(workload(w), volume(self, workload(w), v)),
            Edit::MountBelow { workload: w, volume: v } => self.mount_below(workload(w), volume(self, workload(w), v)),
            Edit::BindOut { workload: w, volume: v } => self.bind_out(workload(w), volume(self, workload(w), v)),
            Edit::WriteThroughBind => {
                self.next_generation();
                self.write_through_bind();
            }
            Edit::Unmount => self.unmount(),
            Edit::Write { workload: w } => self.write(workload(w)),
            Edit::StartByHand { workload: w } => self.start_by_hand(workload(w)),
            Edit::StopByHand { workload: w } => self.stop_by_hand(workload(w)),
            Edit::Crash => self.crash(),
            Edit::CopyState => self.copy_state(),
            Edit::PutStateBack => self.put_state_back(),
        }
        Vec::new()
    }

    /// Whether something began that is not over.
    pub(crate) fn is_unfinished(&self) -> bool {
        let state = self.world.state_dir();
        self.attempts.iter().any(|attempt| ledger::receipt(&state, &attempt.id).is_none())
    }

    pub(crate) fn count(&mut self, what: impl Into<String>) {
        *self.counts.entry(what.into()).or_default() += 1;
    }

    pub(super) fn tell(&mut self, line: String) {
        let root = self.world.path("");
        self.history.push(line.replace(root.to_str().unwrap(), ""));
    }

    /// Something wrote where attempts that are not over may have exchanged something.
    pub(super) fn touch(&mut self, workload: usize) {
        self.attempts
            .iter_mut()
            .filter(|attempt| attempt.number == workload)
            .for_each(|attempt| attempt.touched = true);
    }

    /// Whether trees of a restore lay beside the volumes. An undo has those of what it undid.
    pub(super) fn siblings_of(&self, id: &str, instant: &Instant) -> bool {
        let is_undone = self.attempts.iter().any(|undo| undo.of.as_deref() == Some(id) && self.is_done(&undo.id));
        let undone = self.attempts.iter().find(|attempt| attempt.id == id).and_then(|attempt| attempt.of.as_deref());
        let beginning = format!(".reforge-{}-", undone.unwrap_or(id));
        let begins = |path: &Path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(&beginning));
        !is_undone && instant.picture.siblings().iter().any(|(path, _)| begins(path))
    }

    fn is_done(&self, id: &str) -> bool {
        let receipt = ledger::receipt(&self.world.state_dir(), id);
        receipt.is_some_and(|receipt| receipt["outcome"] == "done" || receipt["outcome"] == "unconfirmed")
    }

    /// Whether nobody was there before or after a command who was started by a person.
    pub(super) fn by_hand_was_idle(&self, done: &Done<'_>) -> bool {
        [&done.before, &done.after].iter().all(|instant| instant.by_hand[done.number].is_empty())
    }

    pub(super) fn next_generation(&mut self) -> u64 {
        self.generation += 1;
        self.generation
    }

    /// A name that nothing had yet.
    pub(super) fn fresh(&mut self, beginning: &str) -> String {
        self.names += 1;
        format!("{beginning}{}", self.names)
    }
}

impl Drop for Player {
    fn drop(&mut self) {
        for hand in &mut self.hands {
            let _ = hand.kill();
            let _ = hand.wait();
        }
        while let Some(point) = self.mount_points().pop() {
            self.run("umount", &["-l".as_ref(), point.as_ref()]);
        }
    }
}
