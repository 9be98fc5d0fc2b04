//! The sending: what is due goes out, a channel beside the other, and what became of it is written down.
//!
//! A message is on disk before it is sent, and is sent by whoever comes next if a crash came between; of several senders one
//! sends. What does not arrive is tried three times, then shown.

use std::path::Path;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use reforge_base::effects::effect;
use reforge_base::failure::{Failure, Result};
use reforge_base::threads;

use crate::channel::Channel;
use crate::happening::Happening;
use crate::notice::{Delivery, Notice, State};
use crate::notifier::{Notifier, new_id};
use crate::send;
use crate::words;

/// How often a message is tried, and how long is waited before the second and the third try.
const TRIES_MAX: u32 = 3;
const PAUSES: [Duration; 2] = [Duration::from_secs(60), Duration::from_secs(30 * 60)];
/// Lowers how long is waited, for tests.
const PAUSE_VARIABLE: &str = "REFORGE_NOTIFY_PAUSE_MS";
/// One try on one channel.
pub const TRY_TIME: Duration = Duration::from_secs(15);
/// What was given up is shown for so long.
const SHOWN_FOR: SignedDuration = SignedDuration::from_hours(7 * 24);

/// What a try of a channel led to.
#[derive(Debug)]
pub struct Tried {
    pub channel: String,
    pub result: Result<String>,
    pub took: Duration,
}

/// How much is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// What is due.
    Due,
    /// All that was tried and did not arrive, also what was given up.
    Everything,
}

impl Notifier {
    /// Sends what is due, as long as there is time; another sender is waited for. Answers when something is due next. What
    /// does not arrive stays in the outbox and fails nothing here.
    pub fn send(&self, which: Which, time: Duration) -> Result<Option<Timestamp>> {
        if self.channels.is_empty() || !self.outbox.exists() {
            return Ok(None);
        }
        let until = Instant::now() + time;
        let Some(_sending) = self.outbox.sending(until)? else { return Ok(Some(Timestamp::now())) };
        self.forget_what_is_over()?;
        let due = self.due(which)?;
        let (told, over) = mpsc::channel();
        // A channel each: one that hangs holds no other up.
        let begun = due.into_iter().try_for_each(|(channel, notices)| {
            let (notifier, told) = (self.clone(), told.clone());
            let deliver = move || {
                let sent = notices.iter().try_for_each(|id| notifier.deliver(&channel, id, until));
                // It is waited for until the end.
                let _ = told.send(sent);
            };
            threads::spawn("notify", deliver).map(drop)
        });
        drop(told);
        // Each try is bounded by what is left of the time. Until the last is over nobody else may send.
        let sent: Vec<Result<()>> = over.iter().collect();
        sent.into_iter().chain([begun]).collect::<Result<()>>()?;
        self.next()
    }

    /// Ids of what is to be sent, oldest first, by channel.
    fn due(&self, which: Which) -> Result<Vec<(Channel, Vec<String>)>> {
        let now = Timestamp::now();
        let notices = self.outbox.notices()?;
        let is_due = |delivery: &Delivery| match (delivery.state, which) {
            (State::Sent, _) | (State::GivenUp, Which::Due) => false,
            (State::GivenUp, Which::Everything) => true,
            // What is held for the end of a night was not tried.
            (State::Waiting, Which::Everything) if delivery.tries > 0 => true,
            (State::Waiting, _) => delivery.next <= now,
        };
        let of = |channel: &Channel| {
            let of_it =
                |notice: &&Notice| notice.deliveries.iter().any(|one| one.channel == channel.name && is_due(one));
            notices.iter().filter(of_it).map(|notice| notice.id.clone()).collect::<Vec<_>>()
        };
        let all = self.channels.iter().map(|channel| (channel.clone(), of(channel)));
        Ok(all.filter(|(_, ids)| !ids.is_empty()).collect())
    }

    /// One try. What became of it is written down before anything else is sent.
    fn deliver(&self, channel: &Channel, id: &str, until: Instant) -> Result<()> {
        let left = until.saturating_duration_since(Instant::now());
        let locked = self.outbox.lock()?;
        let Some(notice) = self.outbox.notice(id)?.filter(|_| !left.is_zero()) else { return Ok(()) };
        drop(locked);
        let now = Timestamp::now();
        let workloads = channel.of(&notice.workloads);
        let content = words::content(&notice, &workloads, self.language, now);
        let sent = effect("notify-send", || Ok(send::send(channel, &content, TRY_TIME.min(left))));
        let sent = sent.map_err(|error| Failure::io("send", Path::new(&channel.name), &error))?;
        let _alone = self.outbox.lock()?;
        // It may be gone: there were too many.
        let Some(mut notice) = self.outbox.notice(id)? else { return Ok(()) };
        let Some(delivery) = notice.delivery(&channel.name) else { return Ok(()) };
        let mut standing = self.outbox.standing();
        let given = standing.channels.entry(channel.name.clone()).or_default();
        match sent {
            Ok(_) => {
                *delivery = Delivery { state: State::Sent, tries: delivery.tries + 1, error: None, ..delivery.clone() };
                given.sent = Some(now);
            }
            Err(not_sent) => {
                let was_given_up = delivery.state == State::GivenUp;
                delivery.tries += 1;
                delivery.error = Some(not_sent.failure.message.clone());
                let pause = pause(delivery.tries).map(|pause| pause.max(not_sent.retry_after.unwrap_or_default()));
                match pause {
                    Some(pause) if !was_given_up => {
                        delivery.next = now + SignedDuration::try_from(pause).unwrap_or(SignedDuration::MAX);
                    }
                    _ => {
                        delivery.state = State::GivenUp;
                        given.failures += u64::from(!was_given_up);
                        given.last = Some(now);
                    }
                }
                given.error = Some(not_sent.failure.message);
            }
        }
        self.outbox.keep(&notice)?;
        self.outbox.keep_standing(&standing)
    }

    /// Sends a message of its own for real, past the outbox: to one channel, or to all. Answers what came back.
    pub fn test(&self, name: Option<&str>, who: &str) -> Vec<Tried> {
        let notice = Notice::new(new_id(Timestamp::now()), Happening::Test { who: who.to_owned() }, Timestamp::now());
        let content = words::content(&notice, &[], self.language, notice.at);
        let wanted = |channel: &&Channel| name.is_none_or(|name| channel.name == name);
        let mut tried: Vec<Tried> = Vec::new();
        let (told, over) = mpsc::channel();
        for channel in self.channels.iter().filter(wanted) {
            let (channel, content, told) = (channel.clone(), content.clone(), told.clone());
            let name = channel.name.clone();
            let begun = threads::spawn("notify", move || {
                let began = Instant::now();
                let result = send::send(&channel, &content, TRY_TIME).map_err(|not_sent| not_sent.failure);
                // Whoever asked waits for it.
                let _ = told.send(Tried { channel: channel.name, result, took: began.elapsed() });
            });
            if let Err(failure) = begun {
                tried.push(Tried { channel: name, result: Err(failure), took: Duration::ZERO });
            }
        }
        drop(told);
        tried.extend(over);
        let place = |tried: &Tried| self.channels.iter().position(|channel| channel.name == tried.channel);
        tried.sort_by_key(place);
        tried
    }

    /// When something is due next.
    fn next(&self) -> Result<Option<Timestamp>> {
        let notices = self.outbox.notices()?;
        let waiting = notices.iter().flat_map(|notice| &notice.deliveries).filter(|one| one.state == State::Waiting);
        Ok(waiting.map(|delivery| delivery.next).min())
    }

    /// Removes what was sent everywhere, what was shown for long, and what is of channels that are no more.
    fn forget_what_is_over(&self) -> Result<()> {
        let _alone = self.outbox.lock()?;
        let now = Timestamp::now();
        for mut notice in self.outbox.notices()? {
            let before = notice.clone();
            notice.deliveries.retain(|one| self.channels.iter().any(|channel| channel.name == one.channel));
            let is_old = now > notice.at + SHOWN_FOR;
            notice.deliveries.retain(|one| !(is_old && one.state == State::GivenUp));
            if notice != before || notice.is_over() {
                self.outbox.keep(&notice)?;
            }
        }
        Ok(())
    }
}

/// How long is waited after so many tries; none after the last.
fn pause(tries: u32) -> Option<Duration> {
    let pause = *PAUSES.get(tries.checked_sub(1)? as usize).filter(|_| tries < TRIES_MAX)?;
    let lower = std::env::var(PAUSE_VARIABLE).ok().and_then(|text| text.parse().ok()).map(Duration::from_millis);
    Some(lower.map_or(pause, |lower| lower.min(pause)))
}
