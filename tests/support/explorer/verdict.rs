//! What must hold after a command went wrong and the host was started again: one of the endings that the command may
//! have, whole: volumes, app, receipt, and nothing left behind. Looked at from outside, without a line of the code under
//! test. A violation is answered, not panicked about, so that a test can prove that there are some.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

use super::super::World;
use super::super::process::Output;
use super::super::signature::{self, Signature};
use super::scene::Scene;
use super::{Explorer, Signatures};

/// One way in which a command may end.
#[derive(Clone, Debug)]
pub(crate) struct Ending {
    pub name: &'static str,
    pub volumes: Signatures,
    /// What is kept beside the volumes.
    pub siblings: usize,
    /// What a receipt may say.
    pub outcomes: &'static [&'static str],
    /// Whether the app runs; none where both is right.
    pub app: Option<bool>,
}

/// How long processes that were told to end may take.
const PATIENCE: Duration = Duration::from_secs(10);

impl Ending {
    pub(crate) fn new(
        name: &'static str,
        volumes: Signatures,
        siblings: usize,
        outcomes: &'static [&'static str],
    ) -> Ending {
        Ending { name, volumes, siblings, outcomes, app: Some(true) }
    }
}

impl Explorer {
    /// What a command that ended by itself said must be true before any start. Answers whether a start is needed.
    pub(crate) fn told_the_truth(&self, scene: &Scene, output: &Output) -> Result<(), String> {
        if output.said().contains("panicked") {
            return Err(format!("it panicked: {output:?}"));
        }
        let document = output.json();
        let happened = match output.code {
            Some(0 | 7) => true,
            Some(1..=4) => false,
            // Only the next start knows.
            Some(5) => return typed(&document),
            code => return Err(format!("it ended with {code:?}: {output:?}")),
        };
        if !happened {
            typed(&document)?;
        }
        let now = self.signatures();
        let matching = scene.endings.iter().find(|ending| ending.volumes == now);
        let ending = matching.ok_or_else(|| format!("a mixture: {}", self.differences(scene, &now)))?;
        let is_as_it_was = ending.volumes == scene.endings[0].volumes;
        if happened == is_as_it_was && scene.endings[0].volumes != scene.endings[1].volumes {
            return Err(format!("it said {:?} and the volumes say `{}`: {output:?}", output.code, ending.name));
        }
        Ok(())
    }

    /// Starts the host again, twice. Answers which ending it is.
    pub(crate) fn settled(&self, scene: &Scene, known: &[String]) -> Result<&'static str, String> {
        let recovered = self.world.reforge(&["recover"]);
        if recovered.code != Some(0) {
            return Err(format!("the start could not settle it: {recovered:?}"));
        }
        let ending = self.ending(scene, known)?;
        let before = self.durable();
        let again = self.world.reforge(&["recover"]);
        if again.code != Some(0) {
            return Err(format!("the second start: {again:?}"));
        }
        let after = self.durable();
        if before != after {
            return Err(format!("the second start changed something: {}", difference(&after, &before)));
        }
        Ok(ending)
    }

    fn ending(&self, scene: &Scene, known: &[String]) -> Result<&'static str, String> {
        let now = self.signatures();
        let siblings = self.siblings();
        let same: Vec<_> = scene.endings.iter().filter(|ending| ending.volumes == now).collect();
        if same.is_empty() {
            return Err(format!("a mixture: {}", self.differences(scene, &now)));
        }
        // What could not be dropped is left and named (rule 13); everything else is kept on purpose or must be gone.
        let (left, kept): (Vec<_>, Vec<_>) =
            siblings.iter().partition(|sibling| is_said_to_be_left(&self.world, sibling));
        let Some(ending) = same.iter().find(|ending| ending.siblings == kept.len()) else {
            return Err(format!("volumes say `{}`, and this lies beside them: {siblings:?}", same[0].name));
        };
        self.app_is(ending.app)?;
        self.receipt_is(ending, known)?;
        self.nothing_is_left()?;
        left.iter().for_each(|sibling| fs::remove_dir_all(sibling).unwrap());
        Ok(ending.name)
    }

    fn app_is(&self, running: Option<bool>) -> Result<(), String> {
        let Some(running) = running else { return Ok(()) };
        let processes = self.world.processes("app");
        if processes.len() != usize::from(running) {
            let command = |process: &i32| fs::read_to_string(format!("/proc/{process}/cmdline")).unwrap_or_default();
            let commands: Vec<String> = processes.iter().map(command).collect();
            return Err(format!("{} processes of the app run: {processes:?}, {commands:?}", processes.len()));
        }
        for process in processes {
            for (index, live) in self.lives.iter().enumerate() {
                let Ok(held) = fs::metadata(format!("/proc/{process}/fd/{}", 3 + index)) else { continue };
                let is_live = fs::metadata(live).is_ok_and(|live| (live.dev(), live.ino()) == (held.dev(), held.ino()));
                // A volume that was absent when the app began is taken away under it by the test itself.
                if !is_live && live.exists() {
                    return Err(format!("the app holds another directory than what is live: {}", live.display()));
                }
            }
        }
        Ok(())
    }

    /// At most one transaction was begun; its receipt says what the volumes say.
    fn receipt_is(&self, ending: &Ending, known: &[String]) -> Result<(), String> {
        let begun: Vec<String> = self.world.transactions().into_iter().filter(|id| !known.contains(id)).collect();
        let receipts = self.world.receipts();
        match begun.as_slice() {
            [] if ending.name == "nothing happened" => Ok(()),
            [] if ending.siblings == 0 && ending.outcomes.contains(&"done") => Ok(()),
            [id] => {
                let receipt = receipts.iter().find(|receipt| receipt["id"] == id.as_str());
                let outcome = receipt.and_then(|receipt| receipt["outcome"].as_str()).unwrap_or("nothing");
                match ending.outcomes.contains(&outcome) {
                    true => Ok(()),
                    false => Err(format!("volumes say `{}`, and the receipt says {outcome}", ending.name)),
                }
            }
            _ => Err(format!("volumes say `{}`, and these were begun: {begun:?}", ending.name)),
        }
    }

    /// Nothing half made, and no process but the app and its supervisor. A supervisor that was just started may still be
    /// writing, one that was told to end may still be ending.
    fn nothing_is_left(&self) -> Result<(), String> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let (left, strangers) = (self.half_made(), self.world.strangers());
            match (left.is_empty(), strangers) {
                (true, 0 | 1) => return Ok(()),
                _ if Instant::now() < deadline => std::thread::sleep(Duration::from_millis(20)),
                (false, _) => return Err(format!("left behind: {left:?}")),
                (true, _) => return Err(format!("{strangers} supervisors or commands are left running")),
            }
        }
    }

    fn half_made(&self) -> Vec<String> {
        let mut left = litter_below(&[&self.world.state_dir(), &self.world.snapshot_dir]);
        for directory in super::super::world::names(&self.world.state_dir().join("transactions")) {
            if !directory.join("journal").exists() {
                left.push(directory.display().to_string());
            }
        }
        for archive in super::super::world::names(&self.world.snapshot_dir.join("app")) {
            let name = archive.to_str().unwrap();
            // An entry list is of a snapshot, which need not have one.
            let of_one = name.strip_suffix(".tar.gz").or_else(|| name.strip_suffix(".entries"));
            let other = of_one.map(|stem| format!("{stem}.json"));
            let other = other.or_else(|| name.strip_suffix(".json").map(|stem| format!("{stem}.tar.gz")));
            if other.is_none_or(|other| !Path::new(&other).exists()) {
                left.push(name.to_owned());
            }
        }
        left
    }

    /// All that a start could change: volumes, what lies beside them, and the state directory but for the notes that say
    /// when it was looked at.
    fn durable(&self) -> Vec<Signature> {
        let mut state = signature::of(&self.world.state_dir());
        state.retain(|path, _| {
            let name = path.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
            name != b"window" && !path.starts_with(b"locks/") && !path.starts_with(b"process/")
        });
        // A start writes a journal's newest record again, as it is.
        let is_touched = |path: &[u8], kind: &str| kind == "directory" || path.ends_with(b"/journal");
        let touched = state.iter_mut().filter(|(path, entry)| is_touched(path, entry.kind));
        touched.for_each(|(_, entry)| entry.mtime = (0, 0));
        let volumes = self.signatures().into_iter().flatten();
        let siblings = self.siblings().into_iter().map(|path| signature::of(&path));
        std::iter::once(state).chain(volumes).chain(siblings).collect()
    }

    fn differences(&self, scene: &Scene, now: &Signatures) -> String {
        let mut said = String::new();
        for (index, live) in self.lives.iter().enumerate() {
            let is: Vec<&str> = scene
                .endings
                .iter()
                .filter(|ending| ending.volumes[index] == now[index])
                .map(|ending| ending.name)
                .collect();
            said.push_str(&format!("{} is as after {is:?}; ", live.display()));
        }
        said
    }
}

/// A failure has a code that is not made up, and words.
fn typed(document: &serde_json::Value) -> Result<(), String> {
    let error = &document["error"];
    let says = |field: &str| error[field].as_str().is_some_and(|text| !text.is_empty());
    if !says("code") || !says("message") {
        return Err(format!("no typed failure: {document}"));
    }
    // Rule 3: an exchange that is refused says what to do.
    let message = error["message"].as_str().unwrap_or_default();
    let refused = error["code"] == "volume-refused" || error["code"] == "no-space";
    if message.contains("cannot exchange") && refused && !says("hint") {
        return Err(format!("an exchange was refused without a hint: {document}"));
    }
    Ok(())
}

/// A receipt or the audit log says that a sibling could not be removed.
pub(crate) fn is_said_to_be_left(world: &World, sibling: &Path) -> bool {
    let audit = fs::read_to_string(world.state_dir().join("audit.jsonl")).unwrap_or_default();
    let lines = audit.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    let said = lines.map(|line| line["details"]["left_behind"].clone());
    let mut said = said.chain(world.receipts().into_iter().map(|receipt| receipt["left_behind"].clone()));
    said.any(|left| left.to_string().contains(sibling.file_name().unwrap().to_str().unwrap()))
}

/// Files that are being written, or were when their process died.
pub(crate) fn litter_below(directories: &[&Path]) -> Vec<String> {
    let mut left = Vec::new();
    directories.iter().for_each(|directory| litter(directory, &mut left));
    left
}

fn litter(directory: &Path, left: &mut Vec<String>) {
    for path in super::super::world::names(directory) {
        let name = path.file_name().unwrap().to_str().unwrap_or_default();
        let half_made = [".new-", ".gone-", ".probe-"];
        if name.ends_with(".unfinished") || half_made.iter().any(|prefix| name.starts_with(prefix)) {
            left.push(path.display().to_string());
        }
        if path.is_dir() && !path.is_symlink() {
            litter(&path, left);
        }
    }
}

fn difference(found: &[Signature], wanted: &[Signature]) -> String {
    if found.len() != wanted.len() {
        return format!("{} trees instead of {}", found.len(), wanted.len());
    }
    let pairs = found.iter().zip(wanted);
    pairs.flat_map(|(found, wanted)| signature::differences(found, wanted)).collect::<Vec<_>>().join("; ")
}
