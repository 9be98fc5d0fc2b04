//! What of all that happens is worth a word, to whom, and when it is due.
//!
//! No word after a good night. One cause is one message with a count: while it waits, more of the same is added to it, and a
//! workload that goes on failing for the same reason is told again once a day. `recovered` is said once. What a night brings
//! is held until the night is over.

use jiff::{SignedDuration, Timestamp};
use reforge_base::failure::Result;

use crate::channel::Channel;
use crate::happening::{Happening, Kind};
use crate::notice::{Delivery, Notice, State};
use crate::notifier::{Notifier, new_id};
use crate::standing::{Failing, Standing};

/// A workload that goes on failing for the same reason is told again after this. Less than a day, so that a night that is a
/// little earlier than the last one counts.
const AGAIN_AFTER: SignedDuration = SignedDuration::from_hours(20);
/// What waits for the end of a night that never ends is sent after this.
const NIGHT_MAX: SignedDuration = SignedDuration::from_hours(12);
/// Messages that wait or are shown, at most: then the oldest goes.
const NOTICES_MAX: usize = 1000;
/// What was told once is remembered for so long after it was last seen.
const REMEMBERED_FOR: SignedDuration = SignedDuration::from_hours(90 * 24);

impl Notifier {
    /// Whether any channel hears of such things.
    pub fn is_heard(&self, kind: Kind) -> bool {
        self.channels.iter().any(|channel| channel.hears(kind))
    }

    /// Writes down what happened, if anybody is to be told. Sends nothing. Answers whether there is something to send.
    pub fn tell(&self, happening: &Happening) -> Result<bool> {
        self.tell_at(happening, Timestamp::now())
    }

    /// [`Notifier::tell`] of something that happened at an instant.
    pub fn tell_at(&self, happening: &Happening, at: Timestamp) -> Result<bool> {
        if self.channels.is_empty() {
            return Ok(false);
        }
        let _alone = self.outbox.lock()?;
        let mut standing = self.outbox.standing();
        let before = standing.clone();
        let told = self.weigh(happening, at, &mut standing);
        let is_more = told.is_some();
        if let Some(notice) = told {
            self.put(notice, &standing)?;
        }
        if matches!(happening, Happening::NightOver { .. }) {
            self.release(at)?;
        }
        if standing != before {
            self.outbox.keep_standing(&standing)?;
        }
        Ok(is_more)
    }

    /// What is to be told of it, if anything; what is to be remembered of it goes into `standing`.
    fn weigh(&self, happening: &Happening, at: Timestamp, standing: &mut Standing) -> Option<Notice> {
        let notice = |happening: &Happening, standing: &Standing| {
            let kind = happening.kind().filter(|kind| self.is_heard(*kind))?;
            let mut notice = Notice::new(new_id(at), happening.clone(), at);
            notice.of_a_night = kind == Kind::Failed && standing.night.is_some_and(|began| at < began + NIGHT_MAX);
            Some(notice)
        };
        standing.told.retain(|_, told| at < *told + REMEMBERED_FOR);
        let cause = happening.cause();
        match happening {
            Happening::SnapshotTaken { workload } => {
                standing.told.remove(&format!("overdue/{workload}"));
                let was = standing.failing.remove(workload)?;
                let (workload, failures, since) = (workload.clone(), was.failures, was.since);
                notice(&Happening::Recovered { workload, failures, since }, standing)
            }
            Happening::SnapshotFailed { workload, .. } => {
                let failing = standing.failing.entry(workload.clone()).or_insert_with(|| Failing::since(at));
                failing.failures += 1;
                failing.untold += 1;
                if failing.cause == cause && at < failing.told + AGAIN_AFTER {
                    return None;
                }
                let (count, since) = match failing.cause == cause {
                    true => (failing.untold, failing.told),
                    false => (1, at),
                };
                (failing.cause, failing.untold, failing.told) = (cause, 0, at);
                Some(Notice { count, first: since, ..notice(happening, standing)? })
            }
            Happening::Overdue { workload, .. } => {
                let is_new = is_new(standing, cause, at);
                // What comes after it is `recovered`, also when nothing has failed.
                standing.failing.entry(workload.clone()).or_insert_with(|| Failing::since(at));
                notice(happening, standing).filter(|_| is_new)
            }
            Happening::Decision { .. } | Happening::UndoEnds { .. } => {
                let is_new = is_new(standing, cause, at);
                notice(happening, standing).filter(|_| is_new)
            }
            Happening::NightBegan { .. } => {
                standing.night = Some(at);
                notice(happening, standing)
            }
            Happening::NightOver { .. } => {
                standing.night = None;
                notice(happening, standing)
            }
            Happening::Weekly { .. } => {
                standing.weekly = Some(at);
                notice(happening, standing)
            }
            _ => notice(happening, standing),
        }
    }

    /// Into the outbox: beside more of the same that waits, or as one of its own.
    fn put(&self, mut notice: Notice, standing: &Standing) -> Result<()> {
        let cause = notice.happening.cause();
        let kind = notice.happening.kind();
        let known = self.outbox.notices()?;
        if kind == Some(Kind::Night) {
            // A ping that is late says what is no longer so.
            for mut older in known.iter().filter(|older| older.happening.kind() == kind).cloned() {
                older.deliveries.retain(|delivery| delivery.state == State::GivenUp);
                self.outbox.keep(&older)?;
            }
        } else if let Some(same) = self.open_for_more(&known, &cause, notice.at)? {
            let mut workloads = same.workloads.clone();
            workloads.extend(notice.workloads.iter().filter(|workload| !same.workloads.contains(workload)).cloned());
            workloads.sort();
            let (id, first, count) = (same.id.clone(), same.first.min(notice.first), same.count + notice.count);
            notice = Notice { id, first, count, workloads, ..notice };
        }
        let due = match (notice.of_a_night, standing.night) {
            (true, Some(began)) => began + NIGHT_MAX,
            _ => notice.at,
        };
        let is_of_all = notice.workloads.is_empty();
        let hears = |channel: &&Channel| {
            kind.is_some_and(|kind| channel.hears(kind)) && (is_of_all || !channel.of(&notice.workloads).is_empty())
        };
        notice.deliveries =
            self.channels.iter().filter(hears).map(|channel| Delivery::new(&channel.name, due)).collect();
        if notice.deliveries.is_empty() {
            return Ok(());
        }
        self.outbox.keep(&notice)?;
        for old in known.iter().take((known.len() + 1).saturating_sub(NOTICES_MAX)) {
            self.outbox.remove(&old.id)?;
        }
        Ok(())
    }

    /// One of the same cause that nobody was told of, and that nobody is being told of right now.
    fn open_for_more<'a>(&self, known: &'a [Notice], cause: &str, at: Timestamp) -> Result<Option<&'a Notice>> {
        let Some(same) = known.iter().find(|known| known.is_untold() && known.happening.cause() == cause) else {
            return Ok(None);
        };
        let is_held = same.deliveries.iter().all(|delivery| delivery.next > at);
        // A sender reads a message under the lock that whoever comes here holds: it has this one already, or sees what is
        // added to it.
        let is_open = is_held || self.outbox.try_sending()?.is_some();
        Ok(Some(same).filter(|_| is_open))
    }

    /// The night is over: what it brought is due.
    fn release(&self, at: Timestamp) -> Result<()> {
        for mut notice in self.outbox.notices()? {
            let held = notice.deliveries.iter_mut().filter(|delivery| delivery.tries == 0 && delivery.next > at);
            let held = held.map(|delivery| delivery.next = at).count();
            if held > 0 {
                self.outbox.keep(&notice)?;
            }
        }
        Ok(())
    }
}

/// Whether it was not told yet, or long ago. From here on it was.
fn is_new(standing: &mut Standing, cause: String, at: Timestamp) -> bool {
    let is_new = !standing.told.contains_key(&cause);
    standing.told.entry(cause).or_insert(at);
    is_new
}

#[cfg(test)]
#[path = "rules_tests.rs"]
mod tests;
