//! What runs decides, and later writes are kept: random edits of configuration, directories, mounts, the app and the
//! state directory between any two commands, and after each the app is asked what it sees.
//!
//! `REFORGE_EDITS=ROUNDS` sets how many, in worlds of a few rounds each, and `REFORGE_SEED=N` makes other choices, or
//! repeats those of an earlier run. What went wrong is printed as the commands of its world, with what did not matter left out as far as
//! `REFORGE_SHRINK=SECONDS` allow.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::support::chance::Chance;
use crate::support::disks::Disk;
use crate::support::edits::generate;
use crate::support::edits::player::Kind;
use crate::support::edits::{Edit, Harm, Player, Rule, shrink};
use crate::support::environment;

/// How many rounds when nobody says, and in one world.
const ROUNDS: u64 = 500;
const ROUNDS_OF_A_WORLD: u64 = 15;
/// Whose choices are played when nobody says: the same at each run, so that a change is judged by them.
const SEED: u64 = 500;
/// Worlds side by side: most of a round is waiting.
const SIDE_BY_SIDE: u64 = 4;
const SHRINK_SECONDS: u64 = 60;
const DISK_MEGABYTES: u64 = 500;

/// A world in which a rule was broken, up to where it was.
struct Broken {
    seed: u64,
    kind: Kind,
    round: u64,
    edits: Vec<Edit>,
    history: Vec<String>,
    harm: Harm,
}

/// What all worlds together came to.
#[derive(Default)]
struct Found {
    counts: BTreeMap<String, u64>,
    /// How often each rule was broken, and the first time.
    broken: BTreeMap<Rule, (u64, Broken)>,
}

/// One world from its seed.
fn play(disk: &Disk, seed: u64, rounds: u64, found: &Mutex<Found>) {
    let mut chance = Chance::new(seed);
    let kind = generate::kind(&mut chance);
    let mut player = Player::new(disk.path(), kind);
    let mut edits = Vec::new();
    for round in 0..rounds {
        for edit in generate::round(&mut chance, player.is_unfinished()) {
            edits.push(edit.clone());
            for harm in player.play(&edit) {
                player.count(format!("{:?} broken by {}", harm.rule, edit.kind()));
                let found = &mut found.lock().unwrap().broken;
                let (edits, history) = (edits.clone(), player.history.clone());
                let rule = harm.rule;
                if !found.contains_key(&rule) {
                    let _ = writeln!(std::io::stderr(), "edits: world {seed}, round {round}: {harm}");
                }
                let broken = Broken { seed, kind, round, edits, history, harm };
                found.entry(rule).or_insert((0, broken)).0 += 1;
            }
        }
    }
    let mut found = found.lock().unwrap();
    for (what, times) in &player.counts {
        *found.counts.entry(what.clone()).or_default() += times;
    }
}

#[test]
fn whatever_is_edited_between_commands_nothing_is_mixed_or_lost() {
    let rounds = environment::number("REFORGE_EDITS").unwrap_or(ROUNDS);
    let seed = environment::number("REFORGE_SEED").unwrap_or(SEED);
    let say = |text: &str| {
        let _ = writeln!(std::io::stderr(), "edits: seed {seed}: {text}");
    };
    say(&format!("{rounds} rounds begin"));
    let worlds = rounds.div_ceil(ROUNDS_OF_A_WORLD);
    let (next, found) = (AtomicU64::new(0), Mutex::new(Found::default()));
    std::thread::scope(|scope| {
        for _ in 0..SIDE_BY_SIDE.min(worlds) {
            scope.spawn(|| {
                let disk = Disk::in_memory(DISK_MEGABYTES);
                loop {
                    let world = next.fetch_add(1, Ordering::Relaxed);
                    if world >= worlds {
                        return;
                    }
                    // A world's choices are its own, however many others there are.
                    play(
                        &disk,
                        seed.wrapping_add(world).wrapping_mul(0x9E37_79B9_7F4A_7C15),
                        ROUNDS_OF_A_WORLD.min(rounds),
                        &found,
                    );
                    if world % 50 == 49 {
                        say(&format!("after {} rounds", (world + 1) * ROUNDS_OF_A_WORLD));
                    }
                }
            });
        }
    });
    let Found { counts, broken } = found.into_inner().unwrap();
    for (what, times) in &counts {
        say(&format!("{times:6} {what}"));
    }
    assert!(rounds < ROUNDS || counts.len() > 20, "hardly anything happened: {counts:?}");
    let limit = Duration::from_secs(environment::number("REFORGE_SHRINK").unwrap_or(SHRINK_SECONDS));
    let disk = Disk::in_memory(DISK_MEGABYTES);
    for (rule, (times, first)) in &broken {
        say(&format!(
            "{rule:?} was broken {times} times; first in round {} of world {}: {}",
            first.round, first.seed, first.harm
        ));
        let shrunk = shrink::shrink(disk.path(), first.kind, &first.edits, *rule, limit / broken.len() as u32);
        let (what, history) = match &shrunk {
            Some(shrunk) => (format!("shortened in {} replays, {:?}", shrunk.replays, first.kind), &shrunk.history),
            None => (format!("it does not happen again, {:?}", first.kind), &first.history),
        };
        say(&format!("{what}:\n    {}", history.join("\n    ")));
    }
    assert!(broken.is_empty(), "seed {seed}: broken: {:?}", broken.keys());
}
