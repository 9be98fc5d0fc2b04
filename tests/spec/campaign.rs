//! A campaign: random trees, random commands, random faults, kills from outside at random times, deploys and captures at
//! the same time. After each turn every volume is one of the two trees that it may be, and all are the same one.
//!
//! `REFORGE_CAMPAIGN=TURNS` sets the length and `REFORGE_CAMPAIGN_SEED=N` repeats the choices of an earlier campaign
//! (how fast the machine was is not among them). Seed and counts are printed.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::process::Signal;

use crate::support::chance::Chance;
use crate::support::disks::Disk;
use crate::support::environment;
use crate::support::explorer::points::ERRNOS;
use crate::support::explorer::verdict::{is_said_to_be_left, litter_below};
use crate::support::signature::{self, Signature};
use crate::support::{Running, Volume, Workload, World, eventually};

/// How long it is when nobody says.
const TURNS: usize = 15;
/// Later faults than this do not happen.
const EFFECTS: u64 = 130;
/// How long a restore may take before it is killed from outside.
const KILL_AFTER_MS: u64 = 600;

struct Campaign {
    world: World,
    lives: [PathBuf; 3],
    chance: Chance,
    counts: BTreeMap<String, usize>,
    _disks: [Disk; 2],
}

impl Campaign {
    fn new(seed: u64) -> Campaign {
        let disks = [Disk::in_memory(400), Disk::in_memory(400)];
        let mut world = World::below(disks[0].path());
        let lives = [world.volume("app", "a"), disks[1].path().join("b"), world.volume("app", "c")];
        let volumes = [Volume::project("a"), Volume::absolute("b", &lives[1]), Volume::project("c")];
        world.workloads = vec![Workload::idle("app", volumes)];
        world.allowed_roots.push(disks[1].path().to_owned());
        world.write_config();
        world.ok(&["deploy", "app"]);
        Campaign { world, lives, chance: Chance::new(seed), counts: BTreeMap::new(), _disks: disks }
    }

    fn signatures(&self) -> Vec<Signature> {
        self.lives.iter().map(|live| signature::of(live)).collect()
    }

    /// Other data in every volume.
    fn scribble(&mut self) {
        for live in self.lives.clone() {
            for path in crate::support::world::names(&live) {
                if path.is_dir() { std::fs::remove_dir_all(path).unwrap() } else { std::fs::remove_file(path).unwrap() }
            }
            self.tree(&live, 3);
        }
    }

    fn tree(&mut self, directory: &Path, depth: u64) {
        for number in 0..=self.chance.below(5) {
            let path = directory.join(format!("{number}-{}", self.chance.below(1000)));
            if depth > 0 && self.chance.below(3) == 0 {
                std::fs::create_dir(&path).unwrap();
                self.tree(&path, depth - 1);
            } else {
                let length = *self.chance.of(&[0, 1, 100, 5000, 70_000, (1 << 20) + 7]);
                std::fs::write(&path, vec![self.chance.below(256) as u8; length]).unwrap();
            }
        }
    }

    fn count(&mut self, what: &str) {
        *self.counts.entry(what.to_owned()).or_default() += 1;
    }

    /// One command that goes wrong, another one beside it, and what a start makes of both.
    fn turn(&mut self, number: usize) {
        self.scribble();
        let snapshot = self.world.snapshot("app");
        let old = self.signatures();
        self.scribble();
        let mut new = self.signatures();
        let mut wanted = old;
        let mut arguments =
            vec!["restore".to_owned(), "run".into(), "app".into(), snapshot.clone(), "--yes".into(), "--wait".into()];
        if self.chance.below(3) == 0 {
            // An undo of what went well.
            self.world.ok(&["restore", "run", "app", &snapshot, "--yes"]);
            let id = self.world.transactions().pop().unwrap();
            arguments = vec!["restore".to_owned(), "undo".into(), id, "--yes".into(), "--wait".into()];
            std::mem::swap(&mut new, &mut wanted);
        }
        let beside = match self.chance.below(4) {
            0 => Some(self.world.start(&["deploy", "app", "--wait"])),
            1 => Some(self.world.start(&["snapshot", "create", "app", "--wait"])),
            _ => None,
        };
        let what = self.wrong(&arguments);
        let beside = beside.map(Running::wait);
        let at = format!("turn {number}, {what}, {arguments:?}, beside it {beside:?}");
        for _ in 0..self.chance.below(3) {
            let fault = self.fault();
            self.world.faulty(&fault, &["recover"]);
            self.count("faults in a recovery");
        }
        let recovered = self.world.reforge(&["recover"]);
        assert_eq!(recovered.code, Some(0), "{at}: {recovered:?}");
        let now = self.signatures();
        assert!(now == new || now == wanted, "{at}: a mixture");
        self.count(if now == new { "went back" } else { "went forward" });
        eventually(&format!("{at}: the app runs"), || self.world.processes("app").len() == 1);
        self.nothing_is_left(&at);
    }

    /// Runs a command that something happens to.
    fn wrong(&mut self, arguments: &[String]) -> String {
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        if self.chance.below(2) == 0 {
            let fault = self.fault();
            let output = self.world.faulty(&fault, &arguments);
            assert!(!output.said().contains("panicked"), "{fault}: {output:?}");
            self.count(if output.code.is_none() { "crashes at an effect" } else { "errors at an effect" });
            return fault;
        }
        let delay = Duration::from_millis(self.chance.below(KILL_AFTER_MS));
        let mut running = self.world.start(&arguments);
        // Not to wait for something, but to kill at whatever instant this is.
        std::thread::sleep(delay);
        if running.is_over() {
            self.count("over before the kill");
        } else {
            running.signal(Signal::KILL);
            self.count("kills from outside");
        }
        running.wait();
        format!("killed after {delay:?}")
    }

    fn fault(&mut self) -> String {
        let number = 1 + self.chance.below(EFFECTS);
        match self.chance.below(3) {
            0 => format!("{number}:{}", self.chance.of(&ERRNOS)),
            1 => format!("{number}:before"),
            _ => format!("{number}:after"),
        }
    }

    /// A start reads every journal: those that are over would only make it slower.
    fn forget_what_is_over(&self) {
        for path in crate::support::world::names(&self.world.state_dir().join("transactions")) {
            std::fs::remove_dir_all(path).unwrap();
        }
    }

    /// What the undo window keeps, and nothing else; then the window is ended.
    fn nothing_is_left(&self, at: &str) {
        let siblings = || self.lives[..2].iter().flat_map(|live| self.world.siblings(live)).count();
        // What could not be dropped, since that failed, is left and named.
        for left in self.lives[..2].iter().flat_map(|live| self.world.siblings(live)) {
            if is_said_to_be_left(&self.world, &left) {
                std::fs::remove_dir_all(left).unwrap();
            }
        }
        let ids = self.world.transactions();
        if let Some(id) = ids.last().filter(|_| siblings() > 0) {
            assert_eq!(siblings(), 3, "{at}: beside the volumes");
            let finished = self.world.reforge(&["restore", "finish", id, "--yes"]);
            if finished.code != Some(0) {
                // An undo that did not happen: the restore still has them.
                self.world.ok(&["restore", "finish", &ids[ids.len() - 2], "--yes"]);
            }
        }
        assert_eq!(siblings(), 0, "{at}: left beside the volumes");
        self.forget_what_is_over();
        let litter = litter_below(&[&self.world.state_dir(), &self.world.snapshot_dir]);
        assert_eq!(litter, Vec::<String>::new(), "{at}");
    }
}

#[test]
fn nothing_is_mixed_lost_or_left_whatever_happens_when() {
    let turns = environment::number("REFORGE_CAMPAIGN").map_or(TURNS, |turns| turns as usize);
    let seed = environment::seed("REFORGE_CAMPAIGN_SEED");
    let say = |text: &str| {
        let _ = writeln!(std::io::stderr(), "campaign: seed {seed}: {text}");
    };
    say(&format!("{turns} turns begin"));
    let mut campaign = Campaign::new(seed);
    for turn in 0..turns {
        campaign.turn(turn);
        if turn % 100 == 99 {
            say(&format!("after {} turns {:?}", turn + 1, campaign.counts));
        }
    }
    say(&format!("{turns} turns, nothing mixed, lost or left: {:?}", campaign.counts));
    assert!(campaign.counts.len() > 3, "{:?}", campaign.counts);
}
