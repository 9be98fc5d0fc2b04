//! How far each workload is with its schedule: durable, so that nothing that is due is forgotten or done twice.
//!
//! A file per workload in the state directory, written by whoever holds the lock of the schedule alone. What it lacks, or does
//! not say, is as if the schedule was seen for the first time. Nothing here takes a snapshot: that is `due`.

use std::path::PathBuf;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Host;
use reforge_base::durable::{self, PRIVATE_DIRECTORY, PRIVATE_FILE};
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::lock_file::{self, Locked};
use reforge_base::{clock, message};
use reforge_config::{Schedule, Workload};
use reforge_schedule::calendar::{Progress, Slot};

const LOCK: &str = ".lock";

/// What became of a snapshot that was due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DueOutcome {
    Done,
    Failed,
    /// Nothing ran that would have taken it, and the schedule does not catch up.
    Missed,
}

impl DueOutcome {
    pub fn as_str(self) -> &'static str {
        match self {
            DueOutcome::Done => "done",
            DueOutcome::Failed => "failed",
            DueOutcome::Missed => "missed",
        }
    }
}

/// One snapshot that was due.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = DueSnapshot)]
pub struct Dealt {
    pub workload: String,
    /// As the schedule says, without jitter.
    #[schema(value_type = String, format = DateTime)]
    pub due: Timestamp,
    /// When it was dealt with.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    pub outcome: DueOutcome,
    pub snapshot: Option<String>,
    /// Why not, or what went wrong beside it.
    pub failure: Option<Failure>,
    /// Ids of older snapshots that `keep` dropped after it.
    #[serde(default)]
    pub pruned: Vec<String>,
    /// How many due ones before it, one after the other, had failed.
    #[serde(default)]
    pub failures_before: u32,
}

/// What is written down of one workload.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Record {
    /// Which calendar this is of: another one begins anew.
    pub calendar: String,
    /// When it was seen first.
    pub since: Timestamp,
    /// The newest instant that was dealt with.
    #[serde(default)]
    pub last: Option<Timestamp>,
    /// How often the one that is due was begun by a host that then ended.
    #[serde(default)]
    pub begun: u32,
    #[serde(default)]
    pub newest: Option<Dealt>,
    /// Failed ones in a row.
    #[serde(default)]
    pub failures: u32,
    /// What was missing when it was told that one is overdue.
    #[serde(default)]
    pub overdue: Option<Timestamp>,
}

impl Record {
    pub(super) fn progress(&self) -> Progress {
        Progress { since: self.since, last: self.last }
    }
}

/// What a person sees of a schedule.
#[derive(Clone, Debug)]
pub struct Scheduled {
    /// What is due next. It may be over already, when nothing runs that would do it.
    pub next: Option<Slot>,
    pub newest: Option<Dealt>,
    /// When the one was due that is missing, if one is.
    pub overdue: Option<Timestamp>,
}

/// The lock of the schedule, held: whoever has it takes what is due.
pub(super) struct ScheduleLock(#[expect(dead_code, reason = "held until it is dropped")] Locked);

impl Host {
    /// How far a workload is; none without a schedule. Changes nothing.
    pub fn scheduled(&self, workload: &Workload) -> Result<Option<Scheduled>> {
        let Some(schedule) = &workload.schedule else { return Ok(None) };
        let now = clock::now();
        let record = self.read_record(&workload.id, schedule)?;
        let newest = record.as_ref().and_then(|record| record.newest.clone());
        let progress = record.as_ref().map_or(Progress { since: now, last: None }, Record::progress);
        let overdue = match record {
            // Nothing that would do it has ever seen it.
            None => None,
            Some(record) => self.overdue(workload, schedule, &record, now)?,
        };
        Ok(Some(Scheduled { next: schedule.calendar.next(&workload.id, progress), newest, overdue }))
    }

    /// When the snapshot was due that is missing, if one is.
    pub(super) fn overdue(
        &self,
        workload: &Workload,
        schedule: &Schedule,
        record: &Record,
        now: Timestamp,
    ) -> Result<Option<Timestamp>> {
        let captured = self.captured(&workload.id)?;
        let (success, took) = captured.map(|captured| (captured.at, captured.took())).unzip();
        let took = took.unwrap_or_default();
        let missing = schedule.calendar.overdue(&workload.id, record.progress(), success, took, now);
        Ok(missing.map(|slot| slot.due))
    }

    /// Becomes the one that takes what is due, or says that somebody else is.
    pub(super) fn lock_schedule(&self) -> Result<ScheduleLock> {
        let directory = self.state.schedules();
        durable::make_directories_durably(&directory, PRIVATE_DIRECTORY)?;
        match lock_file::try_lock(&directory.join(LOCK))? {
            Some(locked) => {
                durable::remove_temporaries(&directory, |_| true)?;
                Ok(ScheduleLock(locked))
            }
            None => Err(Failure::new(Code::Busy, message!("somebody-takes-what-is-due"))
                .hint(message!("it-is-done-when-that-one-is"))),
        }
    }

    /// The record of a workload's present calendar; none if it was never seen. One that does not read is moved aside by
    /// whoever writes the next.
    pub(super) fn read_record(&self, workload: &str, schedule: &Schedule) -> Result<Option<Record>> {
        let path = self.record_file(workload);
        let bytes = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Failure::io("read", &path, &error)),
        };
        let record = serde_json::from_slice(&bytes).ok();
        Ok(record.filter(|record: &Record| record.calendar == schedule.calendar.mark()))
    }

    /// The record of a workload, begun now if there is none of its calendar.
    pub(super) fn record(
        &self,
        lock: &ScheduleLock,
        workload: &Workload,
        schedule: &Schedule,
        now: Timestamp,
    ) -> Result<Record> {
        if let Some(record) = self.read_record(&workload.id, schedule)? {
            return Ok(record);
        }
        let begun = Record {
            calendar: schedule.calendar.mark(),
            since: now,
            last: None,
            begun: 0,
            newest: None,
            failures: 0,
            overdue: None,
        };
        self.write_record(lock, &workload.id, &begun)?;
        Ok(begun)
    }

    pub(super) fn write_record(&self, _: &ScheduleLock, workload: &str, record: &Record) -> Result<()> {
        let bytes = serde_json::to_vec(record).map_err(|error| Failure::new(Code::Io, error.to_string()))?;
        durable::write_durably(&self.state.schedules(), format!("{workload}.json"), &bytes, PRIVATE_FILE)
    }

    fn record_file(&self, workload: &str) -> PathBuf {
        self.state.schedules().join(format!("{workload}.json"))
    }
}
