//! What people elsewhere are told of: snapshots, restores, what only a person can decide, windows that end, weeks. Whether
//! anybody is told, and when it is sent, is the notifier's; here it is only said what happened.

use jiff::civil::Weekday;
use jiff::{SignedDuration, Timestamp, Zoned};

use super::Host;
use super::due::{Listener, Occasion};
use super::schedule::{Dealt, DueOutcome};
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::{Language, Message, escape, message};
use reforge_config::Config;
use reforge_notify::{Failed, Happening, Kind, Notifier, Tried};
use reforge_snapshots::capture::SAFETY;
use reforge_snapshots::format::Descriptor;
use reforge_transaction::event::{Moment, TransactionKind};
use reforge_transaction::receipt::{Outcome, Receipt};
use reforge_transaction::recover::Recovered;
use reforge_transaction::registry::{self, KnownTransaction};
use reforge_transaction::{later_writes, window};

/// How long before its end an undo window is told of. One that is no longer than this is not.
const UNDO_ENDS_MS: u64 = 2 * 3600 * 1000;
/// When a week is told of, in the host's zone.
const WEEKLY_DAY: Weekday = Weekday::Monday;
const WEEKLY_HOUR: i8 = 9;

/// All channels of a configuration. In the language that it names, else in that of the environment.
pub(super) fn notifier(config: &Config, directory: std::path::PathBuf) -> Notifier {
    let of_environment = || Language::of_environment(|name| std::env::var(name).ok());
    Notifier::new(directory, config.notify.clone(), config.host.language.unwrap_or_else(of_environment))
}

impl Host {
    pub fn notifier(&self) -> &Notifier {
        &self.notifier
    }

    /// The one door for whatever happens: it is written down for whoever is to be told, and sent by whoever sends next. That it
    /// cannot be written down stops nothing and is told here.
    pub fn notify(&self, happening: &Happening) {
        if let Err(failure) = self.notifier.tell(happening) {
            self.deployer.tell(message!("nobody-can-be-notified", failure));
        }
    }

    /// Sends a message of its own for real, to one channel or to all, and answers what came back.
    pub fn test_channels(&self, name: Option<&str>, who: &str) -> Result<Vec<Tried>> {
        let known: Vec<&str> = self.notifier.channels().iter().map(|channel| channel.name.as_str()).collect();
        match name {
            _ if known.is_empty() => {
                let failure = Failure::new(Code::NotFound, message!("there-is-no-channel"));
                return Err(failure.hint(message!("add-notify-to-the-configuration")));
            }
            Some(name) if !known.contains(&name) => {
                let message = message!("no-channel-is-called", name = escape::text(name));
                return Err(
                    Failure::new(Code::NotFound, message).hint(message!("there-are-these", known = known.join(", ")))
                );
            }
            _ => {}
        }
        let tried = self.notifier.test(name, who);
        let told = tried.iter().map(|one| (one.channel.clone(), serde_json::json!(one.result.as_ref().err())));
        let details: serde_json::Map<String, serde_json::Value> = told.collect();
        self.audit.append("notify-test", who, serde_json::json!({ "channels": details }))?;
        Ok(tried)
    }

    /// A snapshot was taken or was not. What somebody asked for in the wrong way, or gave up, is no news.
    pub(super) fn notify_of_snapshot(&self, workload: &str, taken: &Result<Descriptor>) {
        let workload = workload.to_owned();
        match taken {
            Ok(_) => self.notify(&Happening::SnapshotTaken { workload }),
            Err(failure) if matches!(failure.code, Code::Usage | Code::NotFound | Code::Cancelled | Code::Busy) => {}
            Err(failure) => self.notify_of_failed_snapshot(workload, failure),
        }
    }

    pub(super) fn notify_of_failed_snapshot(&self, workload: String, failure: &Failure) {
        let last_good = self.last_good(&workload);
        let (code, why) = (failure.code.to_string(), failure.message.clone());
        self.notify(&Happening::SnapshotFailed { workload, code, why, last_good });
    }

    /// When the newest snapshot was taken that is no safety snapshot and was not brought from elsewhere.
    fn last_good(&self, workload: &str) -> Option<Timestamp> {
        let listed = self.store.list(workload).unwrap_or_default();
        let own = listed.into_iter().filter_map(|one| one.descriptor.ok());
        let own = own.filter(|one| !one.imported && one.manifest.reason != SAFETY);
        own.map(|one| one.manifest.created).max()
    }

    /// A restore or an undo is over, or stopped where only a person can decide.
    pub fn notify_of_receipt(&self, receipt: &Receipt) {
        let (workload, restore, who) = (receipt.workload.clone(), receipt.id.clone(), receipt.who.clone());
        let downtime_ms = receipt.downtime_ms;
        let failed = || match &receipt.failure {
            Some(failure) => (failure.code.to_string(), failure.message.clone(), failure.hint.clone()),
            None => (Code::Unfinished.to_string(), message!("a-crash-came-and-all-is-as-before"), Message::default()),
        };
        match (receipt.outcome, &receipt.kind) {
            (Outcome::Done | Outcome::Unconfirmed, TransactionKind::Restore { snapshot }) => {
                let taken = self.store.get(&workload, snapshot).ok().map(|descriptor| descriptor.manifest.created);
                let window = receipt.undo_window_ms.and_then(|ms| i64::try_from(ms).ok());
                let undo_until = window.map(|ms| receipt.ended + SignedDuration::from_millis(ms));
                self.notify(&Happening::Restored { workload, restore, who, taken, downtime_ms, undo_until });
            }
            (Outcome::Done | Outcome::Unconfirmed, TransactionKind::Undo { of }) => {
                self.notify(&Happening::Undone { workload, restore: of.clone(), who, downtime_ms });
            }
            (Outcome::NeedsOperator, _) => {
                let (_, why, hint) = failed();
                self.notify(&Happening::Decision { workload: Some(workload), restore, why, hint });
            }
            (Outcome::Failed | Outcome::Reverted, _) => {
                let (code, why, _) = failed();
                self.notify(&Happening::RestoreFailed { workload, restore, who, code, why });
            }
            (Outcome::Cancelled | Outcome::Refused | Outcome::Busy, _) => {}
        }
    }

    /// What a start did about what a crash left. One that could not be settled only now, since its engine is away, settles
    /// itself later: no person is called.
    pub(super) fn notify_of_recovery(&self, recovered: &[Recovered]) {
        for one in recovered {
            let failure = match &one.result {
                Ok(receipt) => {
                    self.notify_of_receipt(receipt);
                    continue;
                }
                Err(failure) => failure,
            };
            let known = registry::find(&self.state.transactions(), &one.id).ok();
            let blocks = known.and_then(|known| known.blocks());
            if blocks.is_some_and(|blocks| blocks.code == Code::NeedsOperator) {
                let (why, hint) = (failure.message.clone(), failure.hint.clone());
                let (workload, restore) = (one.workload.clone(), one.id.clone());
                self.notify(&Happening::Decision { workload, restore, why, hint });
            }
        }
    }

    /// What only the time brings: windows that end, and weeks. For whoever runs for long, or is called by a timer.
    pub fn notify_of_time(&self) {
        let told = self.undo_windows().and_then(|()| self.weeks(&Zoned::now()));
        if let Err(failure) = told {
            self.deployer.tell(message!("nobody-can-be-notified", failure));
        }
    }

    fn undo_windows(&self) -> Result<()> {
        if !self.notifier.is_heard(Kind::UndoEnds) {
            return Ok(());
        }
        for entry in registry::read_open(&self.state.transactions())? {
            let KnownTransaction::Open(journal, begin) = entry else { continue };
            let is_told_of = journal.state().in_window() && !begin.keep_previous && begin.undo_window_ms > UNDO_ENDS_MS;
            let Some(began) = later_writes::window_began(&journal).filter(|_| is_told_of) else { continue };
            let left_ms = window::remaining_ms(journal.directory(), began, begin.undo_window_ms, &Moment::now());
            if (1..=UNDO_ENDS_MS).contains(&left_ms) && matches!(begin.kind, TransactionKind::Restore { .. }) {
                let (workload, restore) = (begin.workload.clone(), begin.id.clone());
                self.notify(&Happening::UndoEnds { workload, restore, left_ms });
            }
        }
        Ok(())
    }

    /// The first week is told of at its end.
    fn weeks(&self, now: &Zoned) -> Result<()> {
        if !self.notifier.is_heard(Kind::Weekly) {
            return Ok(());
        }
        match self.notifier.last_weekly() {
            None => self.notifier.begin_weeks(now.timestamp()),
            Some(last) if is_week_over(last, now) => {
                let stands = |id: &String| (id.clone(), self.last_good(id));
                let workloads = self.config.workloads.iter().map(|workload| stands(&workload.id)).collect();
                self.notify(&Happening::Weekly { workloads });
                Ok(())
            }
            Some(_) => Ok(()),
        }
    }
}

/// What the schedule does. That a snapshot was taken, or was not, is told of where it is taken.
impl Listener for Host {
    fn heard(&self, occasion: &Occasion<'_>) {
        match occasion {
            Occasion::Began(workloads) => self.notify(&Happening::NightBegan { workloads: workloads.to_vec() }),
            // Somebody who asks by hand sees that it is busy; here nobody does.
            Occasion::Dealt(Dealt { workload, failure: Some(failure), .. }) if failure.code == Code::Busy => {
                self.notify_of_failed_snapshot(workload.clone(), failure);
            }
            Occasion::Dealt(_) => {}
            Occasion::Overdue { workload, due, last_success } => {
                let workload = (*workload).to_owned();
                self.notify(&Happening::Overdue { workload, last: *last_success, due: *due, why: None });
            }
            Occasion::Ended(dealt) => {
                let (mut done, mut failed) = (Vec::new(), Vec::new());
                for one in *dealt {
                    let workload = one.workload.clone();
                    match (one.outcome, &one.failure) {
                        (DueOutcome::Done, _) => done.push(workload),
                        (_, Some(failure)) => failed.push(Failed { workload, why: failure.message.clone() }),
                        (_, None) => {}
                    }
                }
                self.notify(&Happening::NightOver { done, failed });
            }
        }
    }
}

/// Whether the hour at which weeks are told of has come since the last one was.
fn is_week_over(last: Timestamp, now: &Zoned) -> bool {
    let days = now.weekday().since(WEEKLY_DAY);
    let monday = now.date().checked_sub(jiff::Span::new().days(days));
    let hour = |date: jiff::civil::Date| date.at(WEEKLY_HOUR, 0, 0, 0).to_zoned(now.time_zone().clone()).ok();
    let newest = monday.ok().and_then(hour);
    // On the day itself, before the hour, the last one was a week ago.
    let newest = newest.and_then(|at| match at > *now {
        true => at.checked_sub(jiff::Span::new().weeks(1)).ok(),
        false => Some(at),
    });
    newest.is_some_and(|newest| last < newest.timestamp())
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;

    #[test]
    fn a_week_is_told_of_once_on_its_morning_whatever_the_clocks_do() {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let at = |text: &str| text.parse::<jiff::civil::DateTime>().unwrap().to_zoned(zone.clone()).unwrap();
        for (last, now, is_over) in [
            ("2026-10-19T09:00", "2026-10-25T23:00", false),
            ("2026-10-19T09:00", "2026-10-26T08:59", false),
            // Clocks were set back in between.
            ("2026-10-19T09:00", "2026-10-26T09:00", true),
            ("2026-10-26T09:01", "2026-10-26T20:00", false),
            // The host was off on Monday, and for weeks.
            ("2026-10-26T09:01", "2026-11-04T10:00", true),
            ("2026-09-01T09:00", "2026-11-04T10:00", true),
        ] {
            assert_eq!(is_week_over(at(last).timestamp(), &at(now)), is_over, "{last} {now}");
        }
    }
}
