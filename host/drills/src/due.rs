//! Drills by themselves: what is due is drilled, one after the other, and never while a restore or a capture runs.
//!
//! The newest snapshot that nobody has tried comes first; when all newer ones are tried, an older one by chance: what could not be
//! restored any more is to be found before it is needed.

use jiff::Timestamp;
use reforge_base::failure::{Code, Result};
use reforge_base::lock_file;
use reforge_base::{clock, durable, random};
use reforge_config::{Schedule, Workload};
use reforge_schedule::calendar::Progress;
use reforge_snapshots::capture::SAFETY;
use reforge_snapshots::format::Descriptor;
use reforge_snapshots::proofs::{DueRecord, Known, Proof, Proofs};

use crate::drill::Drilling;
use crate::receipt::DrillReceipt;

/// The lock of whoever does what is due.
const LOCK: &str = ".due.lock";

impl Drilling<'_> {
    /// Drills what is due now. Nothing, if somebody else is at it. A workload that is busy, as any other one is, stays due.
    pub fn take_due(&self) -> Result<Vec<DrillReceipt>> {
        let config = &self.host.config;
        if config.workloads.iter().all(|workload| workload.drill.schedule.is_none()) {
            return Ok(Vec::new());
        }
        durable::make_directories_durably(&self.host.state.drills(), durable::PRIVATE_DIRECTORY)?;
        let Some(_alone) = lock_file::try_lock(&self.host.state.drills().join(LOCK))? else { return Ok(Vec::new()) };
        let mut drilled = Vec::new();
        for workload in &config.workloads {
            let Some(schedule) = &workload.drill.schedule else { continue };
            if self.progress.is_cancelled() || self.is_busy()? {
                break;
            }
            drilled.extend(self.drill_if_due(workload, schedule)?);
        }
        Ok(drilled)
    }

    /// When each workload is drilled next by itself.
    pub fn next_due(&self) -> Result<Vec<(String, Option<Timestamp>)>> {
        let mut next = Vec::new();
        for workload in &self.host.config.workloads {
            let Some(schedule) = &workload.drill.schedule else { continue };
            let record = self.due_record(workload, schedule)?;
            let progress = Progress { since: record.since, last: record.last };
            next.push((workload.id.clone(), schedule.calendar.next(&workload.id, progress).map(|slot| slot.due)));
        }
        Ok(next)
    }

    fn drill_if_due(&self, workload: &Workload, schedule: &Schedule) -> Result<Option<DrillReceipt>> {
        let record = self.due_record(workload, schedule)?;
        let progress = Progress { since: record.since, last: record.last };
        let Some(slot) = schedule.calendar.due(&workload.id, progress, clock::now()) else {
            return self.note(workload, record).map(|()| None);
        };
        let chosen = self.choose(workload)?;
        // Written first: one that ends the host is not drilled again by each start.
        self.note(workload, DueRecord { last: Some(slot.due), ..record })?;
        let Some(snapshot) = chosen else { return Ok(None) };
        match self.drill(&workload.id, Some(&snapshot)) {
            Ok(receipt) => Ok(Some(receipt)),
            // Somebody drills it by hand.
            Err(failure) if failure.code == Code::Busy => Ok(None),
            Err(failure) => Err(failure),
        }
    }

    fn due_record(&self, workload: &Workload, schedule: &Schedule) -> Result<DueRecord> {
        let mark = schedule.calendar.mark();
        let known = self.known(workload)?.due.filter(|record| record.calendar == mark);
        Ok(known.unwrap_or_else(|| DueRecord { calendar: mark, since: clock::now(), last: None }))
    }

    fn note(&self, workload: &Workload, record: DueRecord) -> Result<()> {
        if self.known(workload)?.due.as_ref() == Some(&record) {
            return Ok(());
        }
        Proofs::new(self.host.state.proofs()).change(&workload.id, |known| known.due = Some(record))
    }

    fn known(&self, workload: &Workload) -> Result<Known> {
        Proofs::new(self.host.state.proofs()).read(&workload.id)
    }

    /// Whether anything is done to any workload.
    fn is_busy(&self) -> Result<bool> {
        for workload in &self.host.config.workloads {
            if self.host.deployer.locks().held(&workload.id)?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// None where there is no snapshot.
    fn choose(&self, workload: &Workload) -> Result<Option<String>> {
        let known = self.known(workload)?;
        let listed = self.host.store.list(&workload.id)?;
        let all: Vec<Descriptor> = listed.into_iter().filter_map(|one| one.descriptor.ok()).collect();
        let own: Vec<&Descriptor> = all.iter().filter(|one| one.manifest.reason != SAFETY).collect();
        let untried = |one: &&&Descriptor| known.proof(one) < Proof::Started && known.proof(one) != Proof::Failed;
        if let Some(newest) = own.first().filter(untried) {
            return Ok(Some(newest.id.clone()));
        }
        if own.is_empty() {
            return Ok(None);
        }
        let chance = u64::from_le_bytes(random::bytes::<8>()?);
        let at = usize::try_from(chance % own.len() as u64).unwrap_or_default();
        Ok(own.get(at).map(|descriptor| descriptor.id.clone()))
    }
}
