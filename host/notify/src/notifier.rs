//! The rules: what of all that happens is worth a word, to whom, and when it is sent.
//!
//! No word after a good night. One cause is one message with a count: while it waits, more of the same is added to it, and a
//! workload that goes on failing for the same reason is told again once a day. `recovered` is said once. What a night brings
//! is held until the night is over. A message is on disk before it is sent, and is sent by whoever comes next if a crash came
//! between; of several senders one sends.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use reforge_base::effects::effect;
use reforge_base::failure::{Failure, Result};
use reforge_base::lock_file::{self, Locked};
use reforge_base::{Language, Message, durable, random, threads};

use crate::channel::Channel;
use crate::happening::{Happening, Kind};
use crate::notice::{Delivery, Notice, State};
use crate::send;
use crate::standing::{Failing, Standing};
use crate::words;

/// A workload that goes on failing for the same reason is told again after this. Less than a day, so that a night that is a
/// little earlier than the last one counts.
const AGAIN_AFTER: SignedDuration = SignedDuration::from_hours(20);
/// What waits for the end of a night that never ends is sent after this.
const NIGHT_MAX: SignedDuration = SignedDuration::from_hours(12);
/// How often a message is tried, and how long is waited before the second and the third try.
const TRIES_MAX: u32 = 3;
const PAUSES: [Duration; 2] = [Duration::from_secs(60), Duration::from_secs(30 * 60)];
/// Lowers how long is waited, for tests.
const PAUSE_VARIABLE: &str = "REFORGE_NOTIFY_PAUSE_MS";
/// One try on one channel.
pub const TRY_TIME: Duration = Duration::from_secs(15);
/// What was given up is shown for so long.
const SHOWN_FOR: SignedDuration = SignedDuration::from_hours(7 * 24);
/// Messages that wait or are shown, at most: then the oldest goes.
const NOTICES_MAX: usize = 1000;
/// What was told once is remembered for so long after it was last seen.
const REMEMBERED_FOR: SignedDuration = SignedDuration::from_hours(90 * 24);
/// How often a sender looks whether another one is done.
const LOCK_POLL: Duration = Duration::from_millis(50);

const OUTBOX: &str = "outbox";
const STANDING: &str = "standing.json";
/// Held while the files are read and replaced.
const LOCK: &str = "lock";
/// Held while messages are sent.
const SENDING: &str = "sending";

/// All channels of a host, and what is on its way to them.
#[derive(Clone, Debug)]
pub struct Notifier {
    directory: PathBuf,
    channels: Vec<Channel>,
    language: Language,
}

/// How everything stands.
#[derive(Clone, Debug, Default)]
pub struct Overview {
    /// Oldest first.
    pub notices: Vec<Shown>,
    /// Per channel, by name.
    pub channels: BTreeMap<String, ChannelState>,
}

/// A message that waits or was given up.
#[derive(Clone, Debug)]
pub struct Shown {
    pub notice: Notice,
    pub title: Message,
}

/// What became of a channel's messages.
#[derive(Clone, Debug, Default)]
pub struct ChannelState {
    /// That wait.
    pub waiting: u64,
    /// That were given up and are shown.
    pub given_up: u64,
    /// That were ever given up.
    pub failures: u64,
    pub last_sent: Option<Timestamp>,
    pub last_error: Option<Message>,
}

impl Overview {
    pub fn waiting(&self) -> u64 {
        self.channels.values().map(|channel| channel.waiting).sum()
    }

    pub fn given_up(&self) -> u64 {
        self.channels.values().map(|channel| channel.given_up).sum()
    }
}

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
    /// Touches nothing. `directory` is made when there is something to write into it.
    pub fn new(directory: PathBuf, channels: Vec<Channel>, language: Language) -> Notifier {
        Notifier { directory, channels, language }
    }

    pub fn channels(&self) -> &[Channel] {
        &self.channels
    }

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
        let _alone = self.lock()?;
        let mut standing = self.standing();
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
            self.keep(&standing)?;
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
                let failing = standing.failing.entry(workload.clone()).or_insert_with(|| Failing {
                    failures: 0,
                    since: at,
                    cause: String::new(),
                    untold: 0,
                    told: at,
                });
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
                standing.failing.entry(workload.clone()).or_insert_with(|| Failing {
                    failures: 0,
                    since: at,
                    cause: String::new(),
                    untold: 0,
                    told: at,
                });
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
        let known = self.notices()?;
        if kind == Some(Kind::Night) {
            // A ping that is late says what is no longer so.
            for mut older in known.iter().filter(|older| older.happening.kind() == kind).cloned() {
                older.deliveries.retain(|delivery| delivery.state == State::GivenUp);
                self.keep_notice(&older)?;
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
        self.keep_notice(&notice)?;
        for old in known.iter().take((known.len() + 1).saturating_sub(NOTICES_MAX)) {
            self.remove(&old.id)?;
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
        let is_open = is_held || lock_file::try_lock(&self.directory.join(SENDING))?.is_some();
        Ok(Some(same).filter(|_| is_open))
    }

    /// The night is over: what it brought is due.
    fn release(&self, at: Timestamp) -> Result<()> {
        for mut notice in self.notices()? {
            let held = notice.deliveries.iter_mut().filter(|delivery| delivery.tries == 0 && delivery.next > at);
            let held = held.map(|delivery| delivery.next = at).count();
            if held > 0 {
                self.keep_notice(&notice)?;
            }
        }
        Ok(())
    }

    /// Sends what is due, as long as there is time; another sender is waited for. Answers when something is due next. What
    /// does not arrive stays in the outbox and fails nothing here.
    pub fn send(&self, which: Which, time: Duration) -> Result<Option<Timestamp>> {
        if self.channels.is_empty() || !self.directory.join(OUTBOX).is_dir() {
            return Ok(None);
        }
        let until = Instant::now() + time;
        let Some(_sending) = self.alone(until)? else { return Ok(Some(Timestamp::now())) };
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
        let notices = self.notices()?;
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
        let locked = self.lock()?;
        let Some(notice) = self.notice(id)?.filter(|_| !left.is_zero()) else { return Ok(()) };
        drop(locked);
        let now = Timestamp::now();
        let workloads = channel.of(&notice.workloads);
        let content = words::content(&notice, &workloads, self.language, now);
        let sent = effect("notify-send", || Ok(send::send(channel, &content, TRY_TIME.min(left))));
        let sent = sent.map_err(|error| Failure::io("send", Path::new(&channel.name), &error))?;
        let _alone = self.lock()?;
        // It may be gone: there were too many.
        let Some(mut notice) = self.notice(id)? else { return Ok(()) };
        let Some(delivery) = notice.delivery(&channel.name) else { return Ok(()) };
        let mut standing = self.standing();
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
        self.keep_notice(&notice)?;
        self.keep(&standing)
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

    /// How everything stands. Changes nothing.
    pub fn overview(&self) -> Result<Overview> {
        let mut overview = Overview::default();
        if self.channels.is_empty() {
            return Ok(overview);
        }
        let standing = self.standing();
        for channel in &self.channels {
            let given = standing.channels.get(&channel.name).cloned().unwrap_or_default();
            let state = ChannelState {
                failures: given.failures,
                last_sent: given.sent,
                last_error: given.error,
                ..ChannelState::default()
            };
            overview.channels.insert(channel.name.clone(), state);
        }
        for notice in self.notices()? {
            for delivery in &notice.deliveries {
                let Some(channel) = overview.channels.get_mut(&delivery.channel) else { continue };
                channel.waiting += u64::from(delivery.state == State::Waiting);
                channel.given_up += u64::from(delivery.state == State::GivenUp);
            }
            let title = words::title(&notice, &notice.workloads);
            overview.notices.push(Shown { notice, title });
        }
        Ok(overview)
    }

    /// When it was last told how all stand. None if it never was.
    pub fn last_weekly(&self) -> Option<Timestamp> {
        self.standing().weekly
    }

    /// Begins to count weeks at an instant, without telling anybody anything.
    pub fn begin_weeks(&self, at: Timestamp) -> Result<()> {
        let _alone = self.lock()?;
        let standing = Standing { weekly: Some(at), ..self.standing() };
        self.keep(&standing)
    }

    /// When something is due next.
    fn next(&self) -> Result<Option<Timestamp>> {
        let notices = self.notices()?;
        let waiting = notices.iter().flat_map(|notice| &notice.deliveries).filter(|one| one.state == State::Waiting);
        Ok(waiting.map(|delivery| delivery.next).min())
    }

    /// Removes what was sent everywhere, what was shown for long, and what is of channels that are no more.
    fn forget_what_is_over(&self) -> Result<()> {
        let _alone = self.lock()?;
        let now = Timestamp::now();
        for mut notice in self.notices()? {
            let before = notice.clone();
            notice.deliveries.retain(|one| self.channels.iter().any(|channel| channel.name == one.channel));
            let is_old = now > notice.at + SHOWN_FOR;
            notice.deliveries.retain(|one| !(is_old && one.state == State::GivenUp));
            if notice != before || notice.is_over() {
                self.keep_notice(&notice)?;
            }
        }
        Ok(())
    }

    /// The only sender, as soon as there is none other; none if that takes too long.
    fn alone(&self, until: Instant) -> Result<Option<Locked>> {
        let path = self.directory.join(SENDING);
        loop {
            if let Some(locked) = lock_file::try_lock(&path)? {
                return Ok(Some(locked));
            }
            if Instant::now() >= until {
                return Ok(None);
            }
            std::thread::sleep(LOCK_POLL);
        }
    }

    fn lock(&self) -> Result<Locked> {
        durable::make_directories_durably(&self.directory.join(OUTBOX), durable::PRIVATE_DIRECTORY)?;
        lock_file::lock(&self.directory.join(LOCK))
    }

    fn standing(&self) -> Standing {
        let bytes = std::fs::read(self.directory.join(STANDING)).unwrap_or_default();
        serde_json::from_slice(&bytes).unwrap_or_default()
    }

    fn keep(&self, standing: &Standing) -> Result<()> {
        let bytes = serde_json::to_vec(standing).unwrap_or_default();
        durable::write_durably(&self.directory, STANDING, &bytes, durable::PRIVATE_FILE)
    }

    /// All of the outbox, oldest first. What does not read is left where it is: nobody can be told what it says.
    fn notices(&self) -> Result<Vec<Notice>> {
        let directory = self.directory.join(OUTBOX);
        let failed = |error: std::io::Error| Failure::io("list", &directory, &error);
        let entries = match std::fs::read_dir(&directory) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(failed(error)),
        };
        let mut notices = Vec::new();
        for entry in entries {
            let name = entry.map_err(failed)?.file_name();
            let id = name.to_str().and_then(|name| name.strip_suffix(".json")).filter(|id| !id.starts_with('.'));
            notices.extend(id.map(|id| self.notice(id)).transpose()?.flatten());
        }
        notices.sort_by(|one, other| (one.first, &one.id).cmp(&(other.first, &other.id)));
        Ok(notices)
    }

    fn notice(&self, id: &str) -> Result<Option<Notice>> {
        let path = self.file(id);
        match std::fs::read(&path) {
            Ok(bytes) => Ok(serde_json::from_slice(&bytes).ok()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Failure::io("read", &path, &error)),
        }
    }

    /// Writes it, or removes it when it is over.
    fn keep_notice(&self, notice: &Notice) -> Result<()> {
        if notice.is_over() {
            return self.remove(&notice.id);
        }
        let bytes = serde_json::to_vec(notice).unwrap_or_default();
        let name = format!("{}.json", notice.id);
        durable::write_durably(&self.directory.join(OUTBOX), name, &bytes, durable::PRIVATE_FILE)
    }

    fn remove(&self, id: &str) -> Result<()> {
        let path = self.file(id);
        match effect("remove-notice", || std::fs::remove_file(&path)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Failure::io("remove", &path, &error)),
            _ => durable::sync_directory(self.directory.join(OUTBOX)),
        }
    }

    fn file(&self, id: &str) -> PathBuf {
        self.directory.join(OUTBOX).join(format!("{id}.json"))
    }
}

/// Whether it was not told yet, or long ago. From here on it was.
fn is_new(standing: &mut Standing, cause: String, at: Timestamp) -> bool {
    let is_new = !standing.told.contains_key(&cause);
    standing.told.entry(cause).or_insert(at);
    is_new
}

/// How long is waited after so many tries; none after the last.
fn pause(tries: u32) -> Option<Duration> {
    let pause = *PAUSES.get(tries.checked_sub(1)? as usize).filter(|_| tries < TRIES_MAX)?;
    let lower = std::env::var(PAUSE_VARIABLE).ok().and_then(|text| text.parse().ok()).map(Duration::from_millis);
    Some(lower.map_or(pause, |lower| lower.min(pause)))
}

/// By its second and something that no other has.
fn new_id(at: Timestamp) -> String {
    // Without randomness the nanoseconds tell two apart.
    let more = random::bytes::<3>().map(hex::encode).unwrap_or_else(|_| at.subsec_nanosecond().to_string());
    format!("{}-{more}", at.strftime("%Y%m%dT%H%M%SZ"))
}

#[cfg(test)]
#[path = "notifier_tests.rs"]
mod tests;
