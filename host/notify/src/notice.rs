//! One message on its way: what happened, and how far it came on each channel that hears of it. One file, replaced whole.

use jiff::Timestamp;
use reforge_base::Message;
use reforge_base::message::whole;
use serde::{Deserialize, Serialize};

use crate::happening::Happening;

/// One message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Notice {
    pub id: String,
    pub happening: Happening,
    /// When it happened last.
    pub at: Timestamp,
    /// When it happened first, and how often it did.
    pub first: Timestamp,
    pub count: u64,
    /// All that it happened to.
    pub workloads: Vec<String>,
    /// Whether it happened in a night of snapshots, at whose end it is sent.
    #[serde(default)]
    pub of_a_night: bool,
    pub deliveries: Vec<Delivery>,
}

/// One message on one channel.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Delivery {
    pub channel: String,
    pub state: State,
    pub tries: u32,
    /// Not before this.
    pub next: Timestamp,
    /// Why the last try failed.
    #[serde(default, with = "whole::optional")]
    pub error: Option<Message>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    Waiting,
    Sent,
    GivenUp,
}

impl State {
    pub fn as_str(self) -> &'static str {
        match self {
            State::Waiting => "waiting",
            State::Sent => "sent",
            State::GivenUp => "given-up",
        }
    }
}

impl Notice {
    pub(crate) fn new(id: String, happening: Happening, at: Timestamp) -> Notice {
        let workloads = happening.workloads();
        Notice { id, happening, at, first: at, count: 1, workloads, of_a_night: false, deliveries: Vec::new() }
    }

    /// Whether nobody was told of it yet, so that more can be said in it.
    pub(crate) fn is_untold(&self) -> bool {
        self.deliveries.iter().all(|delivery| delivery.state == State::Waiting && delivery.tries == 0)
    }

    pub(crate) fn delivery(&mut self, channel: &str) -> Option<&mut Delivery> {
        self.deliveries.iter_mut().find(|delivery| delivery.channel == channel)
    }

    /// Whether nothing is left to do about it, and nothing to show.
    pub(crate) fn is_over(&self) -> bool {
        self.deliveries.iter().all(|delivery| delivery.state == State::Sent)
    }
}

impl Delivery {
    pub fn is_waiting(&self) -> bool {
        self.state == State::Waiting
    }

    /// One that is not tried before an instant.
    pub(crate) fn new(channel: &str, at: Timestamp) -> Delivery {
        Delivery { channel: channel.to_owned(), state: State::Waiting, tries: 0, next: at, error: None }
    }
}
