//! Volumes of a snapshot against those of the configuration: which goes onto which, and which stay.
//!
//! Which volume is which is told by its name, and by where the app sees it: two that changed their names would change their
//! contents. A volume of a snapshot with another target than the one of its name here is refused unless it was mapped by
//! hand. Where a volume is on disk is never the snapshot's to say.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::scope::Scope;
use crate::{Volume, Workload};
use reforge_base::Message;
use reforge_base::escape;
use reforge_base::failure::{Code, Failure};
use reforge_base::message;

/// A volume as a snapshot speaks of it.
#[derive(Clone, Copy, Debug)]
pub struct Taken<'a> {
    pub index: u32,
    pub name: &'a str,
    pub scope: &'a str,
    /// Where the app saw it; empty if that is not known.
    pub target: &'a str,
}

/// What somebody says of volumes.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// These stay as they are.
    pub leave: &'a [String],
    /// Volumes of the snapshot that go onto configured ones, by the snapshot's names.
    pub map: &'a BTreeMap<String, String>,
}

/// Which volume of a snapshot goes onto which configured one.
#[derive(Debug, Default)]
pub struct Matched {
    pub pairs: Vec<Pair>,
    /// Volumes that stay as they are.
    pub left: Vec<String>,
    /// Of the snapshot's volumes, those that are not restored.
    pub not_restored: Vec<String>,
    pub warnings: Vec<Failure>,
    pub refusals: Vec<Failure>,
}

/// One volume of a snapshot, and where it goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    pub index: u32,
    /// As the snapshot calls it.
    pub called: Called,
    /// As the configuration does.
    pub volume: String,
}

/// How a snapshot speaks of a volume: so does the plugin, which knows no other names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Called {
    pub name: String,
    pub scope: String,
}

/// Everything that does not match is a refusal, unless it was asked to stay.
pub fn match_volumes(workload: &Workload, taken: &[Taken<'_>], asked: Asked<'_>) -> Matched {
    let (met, stay) = (BTreeSet::new(), BTreeSet::new());
    let mut matching = Matching { workload, asked, met, stay, matched: Matched::default() };
    let mut seen = BTreeSet::new();
    for volume in taken {
        if seen.insert(volume.name) {
            matching.take(volume);
        } else {
            matching.refuse(message!("the-snapshot-names-volume-twice", shown = escape::text(volume.name)));
        }
    }
    matching.take_those_that_it_does_not_have();
    matching.refuse_unknown_names(&seen);
    let mut matched = matching.matched;
    if matched.pairs.is_empty() && matched.refusals.is_empty() {
        matched.refusals.push(refused(message!("there-is-no-volume-to-restore")));
    }
    matched
}

struct Matching<'a> {
    workload: &'a Workload,
    asked: Asked<'a>,
    /// Configured volumes that a volume of the snapshot was meant for.
    met: BTreeSet<&'a str>,
    /// Names of volumes of the snapshot that are not restored: the configured ones of these names stay, too, unless another
    /// is mapped onto them.
    stay: BTreeSet<&'a str>,
    matched: Matched,
}

impl<'a> Matching<'a> {
    /// One volume of the snapshot.
    fn take(&mut self, volume: &Taken<'a>) {
        let shown = escape::text(volume.name);
        let mapped = self.asked.map.get(volume.name).map(String::as_str);
        if mapped.is_none() && self.asked.leave.iter().any(|name| name == volume.name) {
            self.stay.insert(volume.name);
            return self.leave(volume.name);
        }
        let name = mapped.unwrap_or(volume.name);
        let Some(declared) = self.workload.volumes.iter().find(|declared| declared.name == *name) else {
            let message = match mapped {
                Some(_) => message!("has-no-volume", id = self.workload.id, name = escape::text(name)),
                None => message!("volume-of-the-snapshot", shown, id = self.workload.id),
            };
            let hint = match self.seen_at(volume.target) {
                Some(there) => message!("map-says-that-it-is", shown, there),
                None => message!("declare-it-or-leave", shown),
            };
            return self.matched.refusals.push(refused(message).hint(hint));
        };
        if !self.met.insert(&declared.name) {
            return self.refuse(message!("two-volumes-of-the-snapshot-onto", name = escape::text(name)));
        }
        if !declared.capture && mapped.is_none() {
            let message = message!("volume-is-only-mounted-now", shown);
            let hint = message!("capture-false-says-that-it-stays");
            self.matched.warnings.push(Failure::warning("only-mounted", message).hint(hint));
            return self.leave(volume.name);
        }
        if let Some(refusal) = self.unfit(volume, declared, mapped.is_some()) {
            return self.matched.refusals.push(refusal);
        }
        let called = Called { name: volume.name.to_owned(), scope: volume.scope.to_owned() };
        self.matched.pairs.push(Pair { index: volume.index, called, volume: declared.name.clone() });
    }

    /// Why a volume of the snapshot may not go onto a configured one.
    fn unfit(&self, volume: &Taken<'_>, declared: &Volume, is_mapped: bool) -> Option<Failure> {
        let (shown, scope) = (escape::text(volume.name), declared.scope.as_str());
        if !is_mapped && Scope::parse(volume.scope) != Some(declared.scope) {
            let message = message!("volume-has-the-scope", shown, scope = escape::text(volume.scope), scope_2 = scope);
            return Some(refused(message));
        }
        if !declared.capture {
            let message = message!("volume-is-only-mounted", name = escape::text(&declared.name));
            return Some(refused(message).hint(message!("capture-false-says-that-it-stays")));
        }
        if !declared.scope.is_supported() {
            return Some(refused(message!("volume-has-the-scope-which", shown, scope)));
        }
        if is_mapped { None } else { self.another_target(volume, declared) }
    }

    /// Whether the app saw the snapshot's volume at another place than it sees the one of that name at now. A process sees
    /// directories where they are, and what was imported may not say.
    fn another_target(&self, volume: &Taken<'_>, declared: &Volume) -> Option<Failure> {
        let now = declared.target.as_deref().filter(|_| !self.workload.runtime.is_process())?;
        if volume.target.is_empty() || is_one_place(Path::new(volume.target), now) {
            return None;
        }
        let (name, then, now) = (escape::text(volume.name), escape::text(volume.target), escape::path(now));
        Some(match self.seen_at(volume.target) {
            Some(there) => {
                let message = message!("volume-was-seen-where-another-is", name, then, now, there);
                refused(message).hint(message!("map-says-which-of-the-two", name, there))
            }
            None => {
                let message = message!("volume-was-seen-elsewhere", name, then, now);
                refused(message).hint(message!("map-says-that-it-is-the-same", name))
            }
        })
    }

    /// The configured volume that the app sees at a place.
    fn seen_at(&self, target: &str) -> Option<String> {
        let is_there = |volume: &&Volume| {
            volume.target.as_deref().is_some_and(|there| !target.is_empty() && is_one_place(Path::new(target), there))
        };
        self.workload.volumes.iter().find(is_there).map(|volume| escape::text(&volume.name))
    }

    /// Configured volumes that the snapshot does not have.
    fn take_those_that_it_does_not_have(&mut self) {
        let workload = self.workload;
        for volume in workload.volumes.iter().filter(|volume| !self.met.contains(volume.name.as_str())) {
            let stays = self.stay.contains(volume.name.as_str())
                || !volume.scope.is_supported()
                || !volume.capture
                || self.asked.leave.contains(&volume.name);
            if stays && !self.matched.left.contains(&volume.name) {
                self.matched.left.push(volume.name.clone());
            } else if !stays {
                let message = message!("volume-is-not-in-the-snapshot", name = volume.name);
                let hint = message!("leave-says-that-it-stays", name = volume.name);
                self.matched.refusals.push(refused(message).hint(hint));
            }
        }
    }

    /// What was asked for of volumes that there are not.
    fn refuse_unknown_names(&mut self, of_snapshot: &BTreeSet<&str>) {
        let mut refuse = |message| self.matched.refusals.push(Failure::new(Code::Usage, message));
        for name in self.asked.leave {
            if !of_snapshot.contains(name.as_str()) && self.workload.volumes.iter().all(|volume| volume.name != *name) {
                refuse(message!("there-is-no-volume-to-leave", name = escape::text(name)));
            }
        }
        for name in self.asked.map.keys().filter(|name| !of_snapshot.contains(name.as_str())) {
            refuse(message!("the-snapshot-has-no-volume-to-map", name = escape::text(name)));
        }
    }

    fn leave(&mut self, name: &str) {
        self.matched.left.push(name.to_owned());
        self.matched.not_restored.push(name.to_owned());
    }

    fn refuse(&mut self, message: Message) {
        self.matched.refusals.push(refused(message));
    }
}

/// Whether two places in an app are one: a `/` at the end says nothing.
fn is_one_place(one: &Path, other: &Path) -> bool {
    one.components().eq(other.components())
}

fn refused(message: Message) -> Failure {
    Failure::new(Code::VolumeRefused, message)
}

#[cfg(test)]
#[path = "matching_tests.rs"]
mod tests;
