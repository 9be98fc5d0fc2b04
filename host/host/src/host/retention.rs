//! Which snapshots of a workload stay, why, and the removal of the others.
//!
//! `keep` counts what was captured here for its own sake. It never touches a safety snapshot, which restores prune by a rule of
//! their own, nor an imported one, nor one that does not read, and these count for no rule. What is pinned or what a restore
//! that is not over names counts and stays in any case, and so does the newest.

use std::sync::atomic::AtomicBool;

use serde_json::json;

use super::Host;
use crate::restore::preflight;
use crate::restore::progress::Progress;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;
use reforge_config::Workload;
use reforge_schedule::retention::Rule;
use reforge_snapshots::capture::SAFETY;
use reforge_snapshots::format::Descriptor;
use reforge_snapshots::proofs::Proofs;
use reforge_snapshots::store::StoredSnapshot;
use reforge_volumes::live_tree::Totals;

/// Why a snapshot stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stays {
    /// A rule of `keep` counts it.
    Rule(Rule),
    /// Nothing says which may go.
    NoRule,
    /// The newest that can be restored.
    Newest,
    Pinned,
    /// A restore that is not over, or its undo window, names it.
    Restore,
    /// A restore took it: restores prune those.
    Safety,
    Imported,
    /// A drill has it right now.
    Drill,
    /// The newest that a drill has proven.
    Proven,
    /// It does not read: nobody can say what would be lost.
    Damaged,
}

impl Stays {
    /// As documents say it.
    pub fn as_str(self) -> &'static str {
        match self {
            Stays::Rule(rule) => rule.as_str(),
            Stays::NoRule => "no-rule",
            Stays::Newest => "newest",
            Stays::Pinned => "pinned",
            Stays::Restore => "restore",
            Stays::Safety => "safety",
            Stays::Imported => "imported",
            Stays::Drill => "drill",
            Stays::Proven => "proven",
            Stays::Damaged => "damaged",
        }
    }
}

/// One snapshot, and why it stays. Without a reason it goes.
#[derive(Clone, Debug)]
pub struct Judged {
    pub id: String,
    /// None if it does not read.
    pub created: Option<jiff::Timestamp>,
    /// Of the archive, in bytes; 0 if it does not read.
    pub bytes: u64,
    pub stays: Vec<Stays>,
}

impl Judged {
    pub fn goes(&self) -> bool {
        self.stays.is_empty()
    }
}

impl Host {
    /// What a pruning would leave and what not, newest first. Changes nothing.
    pub fn judge_snapshots(&self, workload: &Workload) -> Result<Vec<Judged>> {
        let listed = self.store.list(&workload.id)?;
        let named = self.named_snapshots()?;
        let known = Proofs::new(self.state.proofs()).read(&workload.id)?;
        let proven = known.newest_proven(listed.iter().filter_map(|one| one.descriptor.as_ref().ok()));
        let system = jiff::tz::TimeZone::system;
        let zone = workload.schedule.as_ref().map_or_else(system, |schedule| schedule.calendar.zone().clone());
        let instants: Vec<_> =
            listed.iter().filter_map(counted).map(|descriptor| descriptor.manifest.created).collect();
        let mut rules = workload.keep.judge(&instants, &zone).into_iter();
        let mut has_newest = false;
        let judge = |one: &StoredSnapshot| {
            let descriptor = one.descriptor.as_ref().ok();
            let mut stays = match descriptor {
                None => vec![Stays::Damaged],
                Some(descriptor) if descriptor.imported => vec![Stays::Imported],
                Some(descriptor) if is_safety(descriptor) => vec![Stays::Safety],
                Some(_) => {
                    let mut stays: Vec<Stays> = rules.next().unwrap_or_default().into_iter().map(Stays::Rule).collect();
                    stays.extend((!std::mem::replace(&mut has_newest, true)).then_some(Stays::Newest));
                    stays.extend(workload.keep.is_empty().then_some(Stays::NoRule));
                    stays
                }
            };
            stays.extend(one.pinned.then_some(Stays::Pinned));
            stays.extend(named.contains(&one.id).then_some(Stays::Restore));
            stays.extend((known.drilling.as_ref() == Some(&one.id)).then_some(Stays::Drill));
            stays.extend((proven == Some(one.id.as_str())).then_some(Stays::Proven));
            Judged {
                id: one.id.clone(),
                created: descriptor.map(|descriptor| descriptor.manifest.created),
                bytes: descriptor.map_or(0, |descriptor| descriptor.archive.bytes),
                stays,
            }
        };
        Ok(listed.iter().map(judge).collect())
    }

    /// Removes what `keep` drops, as somebody asks for it. Answers what there was, and what of it is gone.
    pub fn prune_snapshots(
        &self,
        workload: &str,
        wait: bool,
        who: &str,
        cancelled: &AtomicBool,
    ) -> Result<Vec<Judged>> {
        let workload = self.config.workload(workload)?;
        if workload.keep.is_empty() {
            let message = message!("workload-has-no-keep", id = workload.id);
            return Err(Failure::new(Code::Usage, message).hint(message!("write-for-example-keep")));
        }
        let _lease = self.lease(&workload.id, message!("a-pruning"), wait, cancelled)?;
        self.prune_leased(workload, who)
    }

    /// The same under the workload's lease. Whatever happens half-way, what went is in the audit.
    fn prune_leased(&self, workload: &Workload, who: &str) -> Result<Vec<Judged>> {
        let judged = self.judge_snapshots(workload)?;
        let named = self.named_snapshots()?;
        let mut deleted = Vec::new();
        let pruned = judged.iter().filter(|one| one.goes()).try_for_each(|one| {
            self.store.delete(&workload.id, &one.id, &named)?;
            deleted.push(one.id.clone());
            Ok(())
        });
        if !deleted.is_empty() || pruned.is_err() {
            let details = json!({ "workload": workload.id, "deleted": deleted, "failure": pruned.as_ref().err() });
            self.audit.append("prune", who, details)?;
        }
        pruned.map(|()| judged)
    }

    /// Room for a capture, at worst. Where there is none, what `keep` drops anyway goes first. The caller holds the lease.
    pub(super) fn make_room(&self, workload: &Workload, live: &[Totals], progress: &Progress) -> Result<()> {
        match preflight::of_capture(self, workload, live) {
            Err(failure) if failure.code == Code::NoSpace && !workload.keep.is_empty() => {
                let judged = self.prune_leased(workload, "host")?;
                let gone: Vec<&Judged> = judged.iter().filter(|one| one.goes()).collect();
                if gone.is_empty() {
                    return Err(failure);
                }
                let bytes = message::Bytes(gone.iter().map(|one| one.bytes).sum());
                progress.note(message!("pruned-for-room", n = gone.len(), bytes));
                preflight::of_capture(self, workload, live)
            }
            fits => fits,
        }
    }

    /// Pins a snapshot as somebody asks for it. Answers its id.
    pub fn pin_snapshot(&self, workload: &str, name: &str, who: &str, cancelled: &AtomicBool) -> Result<String> {
        let pin = |workload: &str| self.store.pin(workload, name, who, reforge_base::clock::now());
        self.change_pin("pin", workload, name, who, cancelled, pin)
    }

    /// Takes the pin away again. Answers the snapshot's id.
    pub fn unpin_snapshot(&self, workload: &str, name: &str, who: &str, cancelled: &AtomicBool) -> Result<String> {
        self.change_pin("unpin", workload, name, who, cancelled, |workload| self.store.unpin(workload, name))
    }

    fn change_pin(
        &self,
        what: &str,
        workload: &str,
        name: &str,
        who: &str,
        cancelled: &AtomicBool,
        change: impl FnOnce(&str) -> Result<String>,
    ) -> Result<String> {
        let changed = self.config.workload(workload).and_then(|workload| {
            let _lease = self.lease(&workload.id, message!("a-pin"), false, cancelled)?;
            change(&workload.id)
        });
        let snapshot = changed.as_ref().map_or(name, String::as_str);
        let details = json!({
            "workload": reforge_base::escape::text(workload),
            "snapshot": reforge_base::escape::text(snapshot),
            "failure": changed.as_ref().err(),
        });
        self.audit.append(what, who, details)?;
        changed
    }
}

/// What `keep` counts.
fn counted(one: &StoredSnapshot) -> Option<&Descriptor> {
    one.descriptor.as_ref().ok().filter(|descriptor| !descriptor.imported && !is_safety(descriptor))
}

fn is_safety(descriptor: &Descriptor) -> bool {
    descriptor.manifest.reason == SAFETY
}
