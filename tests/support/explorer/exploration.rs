//! One exploration: a command, a share of its points, and what became of each. Violations are collected: one does not
//! hide another, and the next point gets a deployment of its own.

use std::collections::{BTreeMap, HashSet};
use std::io::Write as _;
use std::sync::Mutex;
use std::time::Instant;

use super::Explorer;
use super::points::{self, ERRNOS, Extent, Point, Sample};
use super::scene::Scene;

/// How a command is made ready.
pub(crate) type Arrange = dyn Fn(&Explorer) -> Scene;

/// Durable states from which recovery was explored already, by whichever test.
static EXPLORED: Mutex<Option<HashSet<String>>> = Mutex::new(None);

/// How many explorations share what a sample asks for: of two halves that run side by side, one may well meet every state
/// first.
const EXPLORATIONS: usize = 5;

/// A start looks whether it can write before anything else: these effects are not part of what it recovers.
const FIRST_OF_RECOVERY: usize = 5;

pub(crate) struct Exploration<'a> {
    name: String,
    arrange: &'a Arrange,
    explorer: Explorer,
    began: Instant,
    endings: BTreeMap<&'static str, usize>,
    kills: usize,
    errors: usize,
    missed: usize,
    /// Crashes that left something new behind.
    states: Vec<(String, Point)>,
    /// How many of them there were, and from how many recovery was explored.
    found: usize,
    recovered: usize,
    sample: Sample,
    /// How many pairs of a crash and what goes wrong in its recovery there are, and how many were explored.
    pairs: (usize, usize),
    recovery_kills: usize,
    recovery_errors: usize,
    violations: Vec<String>,
}

impl<'a> Exploration<'a> {
    pub(crate) fn new(name: &str, arrange: &'a Arrange) -> Exploration<'a> {
        Exploration {
            name: name.to_owned(),
            arrange,
            explorer: Explorer::new(),
            began: Instant::now(),
            endings: BTreeMap::new(),
            kills: 0,
            errors: 0,
            missed: 0,
            states: Vec::new(),
            found: 0,
            recovered: 0,
            sample: points::sample(),
            pairs: (0, 0),
            recovery_kills: 0,
            recovery_errors: 0,
            violations: Vec::new(),
        }
    }

    /// The effects of the command when nothing more goes wrong than its scene says.
    pub(crate) fn effects(&self) -> Vec<String> {
        let scene = (self.arrange)(&self.explorer);
        let known = self.explorer.world.transactions();
        let arguments: Vec<&str> = scene.arguments.iter().map(String::as_str).collect();
        let (effects, output) = self.explorer.world.effects_and_output(&arguments, &scene.faults);
        let told = self.explorer.told_the_truth(&scene, &output);
        let ending = told.and_then(|()| self.explorer.settled(&scene, &known));
        ending.unwrap_or_else(|violation| panic!("{}, with nothing more going wrong: {violation}", self.name));
        effects
    }

    pub(crate) fn explore(&mut self, points: &[Point]) {
        for point in points {
            let explored = self.at(point);
            self.take(&point.to_string(), explored);
        }
    }

    /// Crashes recovery itself, from every durable state that was found.
    pub(crate) fn explore_recovery(&mut self) {
        let found = std::mem::take(&mut self.states);
        self.found = found.len();
        let states = points::recovered(found, self.sample.seed);
        self.recovered = states.len();
        for (state, point) in &states {
            for how in ["kills", "errors"] {
                let explored = self.chain(point, how);
                self.take(&format!("{point}, then {how} of the recovery, from {state}"), explored);
            }
            if points::extent() == Extent::Full {
                let seconds = points::of(&self.recovery_of(point));
                let sampled = self.sample.of(seconds.clone(), &point.to_string(), states.len(), EXPLORATIONS);
                self.pairs = (self.pairs.0 + seconds.len(), self.pairs.1 + sampled.len());
                for second in sampled {
                    let explored = self.crash_of_recovery(point, &second);
                    self.take(&format!("{point}, then {second} in the recovery, from {state}"), explored);
                }
            }
        }
    }

    /// Says what was covered; fails if anything was violated.
    pub(crate) fn conclude(self) {
        let text = format!(
            "explorer: {}: {} kills and {} errors, endings {:?}; in the recovery {} kills and {} errors, from {} of {} states, seed {}; {} missed; {:.0?}",
            self.name,
            self.kills,
            self.errors,
            self.endings,
            self.recovery_kills,
            self.recovery_errors,
            self.recovered,
            self.found,
            self.sample.seed,
            self.missed,
            self.began.elapsed()
        );
        let text = match self.pairs {
            (0, _) => text,
            (all, explored) => format!("{text}; {explored} of {all} pairs"),
        };
        // Said although it is a test that says it.
        let _ = writeln!(std::io::stderr(), "{text}");
        assert!(self.violations.is_empty(), "{} violations:\n{}", self.violations.len(), self.violations.join("\n"));
        // A recovery that waits for something has more effects or fewer.
        let went_wrong = self.kills + self.errors + self.recovery_kills + self.recovery_errors;
        assert!(self.kills > 0 && self.missed * 20 < went_wrong, "{text}");
    }

    fn take(&mut self, at: &str, explored: Result<&'static str, String>) {
        match explored {
            Ok(ending) => *self.endings.entry(ending).or_default() += 1,
            Err(violation) => {
                let violation = format!("{} at {at}: {violation}", self.name);
                let _ = writeln!(std::io::stderr(), "explorer: {violation}");
                self.violations.push(violation);
                self.explorer = Explorer::new();
            }
        }
    }

    fn at(&mut self, point: &Point) -> Result<&'static str, String> {
        let scene = (self.arrange)(&self.explorer);
        let known = self.explorer.world.transactions();
        let output = self.explorer.run(&scene.arguments, &with(&scene.faults, point));
        match output.code {
            None => {
                self.kills += 1;
                self.remember(point);
            }
            Some(_) if !point.is_error() => self.missed += 1,
            Some(_) => {
                self.errors += 1;
                self.explorer.told_the_truth(&scene, &output)?;
            }
        }
        self.explorer.settled(&scene, &known)
    }

    fn remember(&mut self, point: &Point) {
        let state = self.explorer.durable_state();
        let mut explored = EXPLORED.lock().unwrap();
        if explored.get_or_insert_default().insert(state.clone()) {
            self.states.push((state, point.clone()));
        }
    }

    /// A recovery that is ended after its first effect, then after its second, and so on, each going on from what the one
    /// before left; or that fails so.
    fn chain(&mut self, point: &Point, how: &str) -> Result<&'static str, String> {
        let (scene, known) = self.crash(point);
        for number in FIRST_OF_RECOVERY.. {
            let fault = match how {
                "kills" => format!("{number}:after"),
                _ => format!("{number}:{}", ERRNOS[number % ERRNOS.len()]),
            };
            let (effects, output) = self.explorer.world.effects_and_output(&["recover", "--json"], &fault);
            if output.said().contains("panicked") {
                return Err(format!("the recovery panicked at {fault}: {output:?}"));
            }
            match output.code {
                None => self.recovery_kills += 1,
                Some(_) if effects.len() < number => break,
                Some(_) => self.recovery_errors += 1,
            }
        }
        self.explorer.settled(&scene, &known)
    }

    fn recovery_of(&mut self, point: &Point) -> Vec<String> {
        let (scene, known) = self.crash(point);
        let (effects, _) = self.explorer.world.effects_and_output(&["recover", "--json"], "");
        let settled = self.explorer.settled(&scene, &known);
        self.take(&format!("{point}, recovered"), settled);
        effects
    }

    fn crash_of_recovery(&mut self, point: &Point, second: &Point) -> Result<&'static str, String> {
        let (scene, known) = self.crash(point);
        let output = self.explorer.world.faulty(&second.to_string(), &["recover", "--json"]);
        match output.code {
            None => self.recovery_kills += 1,
            Some(_) if !second.is_error() => self.missed += 1,
            Some(_) => self.recovery_errors += 1,
        }
        if output.said().contains("panicked") {
            return Err(format!("the recovery panicked: {output:?}"));
        }
        self.explorer.settled(&scene, &known)
    }

    fn crash(&mut self, point: &Point) -> (Scene, Vec<String>) {
        let scene = (self.arrange)(&self.explorer);
        let known = self.explorer.world.transactions();
        self.explorer.run(&scene.arguments, &with(&scene.faults, point));
        (scene, known)
    }
}

/// A scene's own faults and one more.
fn with(faults: &str, point: &Point) -> String {
    if faults.is_empty() { point.to_string() } else { format!("{faults},{point}") }
}
