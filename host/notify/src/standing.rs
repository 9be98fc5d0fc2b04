//! What is remembered between messages, so that nothing is said twice: who fails since when, what was told, whether it is
//! night, and how often each channel was given up. One file, replaced whole.

use std::collections::BTreeMap;

use jiff::Timestamp;
use reforge_base::Message;
use reforge_base::message::whole;
use serde::{Deserialize, Serialize};

/// What is remembered. A file that does not read is begun anew: the worst is a word too many.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Standing {
    /// Workloads whose last snapshot failed, or that are overdue.
    pub failing: BTreeMap<String, Failing>,
    /// What is told once, by its cause, and when it was.
    pub told: BTreeMap<String, Timestamp>,
    pub channels: BTreeMap<String, Given>,
    /// When a night began that is not over.
    pub night: Option<Timestamp>,
    /// When it was last told how all stand.
    pub weekly: Option<Timestamp>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Failing {
    pub failures: u64,
    pub since: Timestamp,
    /// Of the last failure, and how often it was that since it was told last.
    pub cause: String,
    pub untold: u64,
    pub told: Timestamp,
}

impl Failing {
    /// Nothing has failed yet.
    pub(crate) fn since(at: Timestamp) -> Failing {
        Failing { failures: 0, since: at, cause: String::new(), untold: 0, told: at }
    }
}

/// What a channel was given up for.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Given {
    /// Messages, in all.
    pub failures: u64,
    pub last: Option<Timestamp>,
    #[serde(with = "whole::optional")]
    pub error: Option<Message>,
    /// When the last one was sent.
    pub sent: Option<Timestamp>,
}
