//! All channels of a host, and what is on its way to them: [`crate::rules`] puts it into the outbox, [`crate::delivery`] takes it
//! out.

use std::collections::BTreeMap;
use std::path::PathBuf;

use jiff::Timestamp;
use reforge_base::failure::Result;
use reforge_base::{Language, Message, random};

use crate::channel::Channel;
use crate::notice::{Notice, State};
use crate::outbox::Outbox;
use crate::standing::Standing;
use crate::words;

/// See the module.
#[derive(Clone, Debug)]
pub struct Notifier {
    pub(crate) outbox: Outbox,
    pub(crate) channels: Vec<Channel>,
    pub(crate) language: Language,
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

impl Notifier {
    /// Touches nothing. `directory` is made when there is something to write into it.
    pub fn new(directory: PathBuf, channels: Vec<Channel>, language: Language) -> Notifier {
        Notifier { outbox: Outbox::new(directory), channels, language }
    }

    pub fn channels(&self) -> &[Channel] {
        &self.channels
    }

    /// How everything stands. Changes nothing.
    pub fn overview(&self) -> Result<Overview> {
        let mut overview = Overview::default();
        if self.channels.is_empty() {
            return Ok(overview);
        }
        let standing = self.outbox.standing();
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
        for notice in self.outbox.notices()? {
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
        self.outbox.standing().weekly
    }

    /// Begins to count weeks at an instant, without telling anybody anything.
    pub fn begin_weeks(&self, at: Timestamp) -> Result<()> {
        let _alone = self.outbox.lock()?;
        let standing = Standing { weekly: Some(at), ..self.outbox.standing() };
        self.outbox.keep_standing(&standing)
    }
}

/// By its second and something that no other has.
pub(crate) fn new_id(at: Timestamp) -> String {
    // Without randomness the nanoseconds tell two apart.
    let more = random::bytes::<3>().map(hex::encode).unwrap_or_else(|_| at.subsec_nanosecond().to_string());
    format!("{}-{more}", at.strftime("%Y%m%dT%H%M%SZ"))
}
