//! Notifications: which channels there are, and what waits or was given up. Of an address only scheme and host are shown, of a
//! command its program.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use reforge_base::Message;
use reforge_base::failure::{Code, Failure, Result};
use reforge_host::host::Host;
use reforge_notify::notifier::{ChannelState, Shown};
use reforge_notify::{Channel, Kind, Tried};

/// All channels, and every message that did not arrive.
#[derive(Deserialize, Serialize, ToSchema)]
pub struct Notifications {
    pub channels: Vec<NotificationChannel>,
    /// Oldest first.
    pub messages: Vec<NotificationMessage>,
    pub waiting: u64,
    /// That were tried three times, and are shown for a week.
    pub given_up: u64,
}

/// Where people are told.
#[derive(Deserialize, Serialize, ToSchema)]
pub struct NotificationChannel {
    pub name: String,
    /// Scheme and host, or a program.
    pub to: String,
    /// What it hears of; of nights alone, if it is pinged.
    pub on: Vec<String>,
    /// Of which workloads; of all, if none is named.
    pub workloads: Vec<String>,
    pub waiting: u64,
    pub given_up: u64,
    /// Messages that were ever given up.
    pub failures: u64,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_sent: Option<jiff::Timestamp>,
    pub last_error: Option<Failure>,
}

/// What is to be told.
#[derive(Deserialize, Serialize, ToSchema)]
pub struct NotificationMessage {
    pub id: String,
    pub kind: String,
    pub title: Message,
    pub workloads: Vec<String>,
    /// How often it happened.
    pub count: u64,
    #[schema(value_type = String, format = DateTime)]
    pub at: jiff::Timestamp,
    pub deliveries: Vec<NotificationDelivery>,
}

/// One message on one channel.
#[derive(Deserialize, Serialize, ToSchema)]
pub struct NotificationDelivery {
    pub channel: String,
    /// `waiting`, `sent` or `given-up`.
    pub state: String,
    pub tries: u32,
    /// When it is tried next; none if it is not.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub next: Option<jiff::Timestamp>,
    /// Why the last try failed.
    pub error: Option<Failure>,
}

/// What trying channels led to.
#[derive(Deserialize, Serialize, ToSchema)]
pub struct NotificationTests {
    pub channels: Vec<NotificationTest>,
}

/// What came back of a message that was sent for real.
#[derive(Deserialize, Serialize, ToSchema)]
pub struct NotificationTest {
    pub channel: String,
    pub sent: bool,
    /// What the receiver answered, such as a status.
    pub answer: Option<String>,
    pub error: Option<Failure>,
    pub took_ms: u64,
}

pub fn list(host: &Host) -> Result<Notifications> {
    let overview = host.notifier().overview()?;
    let state = |channel: &Channel| overview.channels.get(&channel.name).cloned().unwrap_or_default();
    let channels = host.notifier().channels().iter().map(|one| channel(one, state(one))).collect();
    let messages = overview.notices.iter().map(message).collect();
    Ok(Notifications { channels, messages, waiting: overview.waiting(), given_up: overview.given_up() })
}

fn channel(channel: &Channel, state: ChannelState) -> NotificationChannel {
    let on = if channel.way.is_pinged() { &[Kind::Night][..] } else { &channel.on };
    NotificationChannel {
        name: channel.name.clone(),
        to: channel.way.to_string(),
        on: on.iter().map(|kind| kind.as_str().to_owned()).collect(),
        workloads: channel.workloads.clone(),
        waiting: state.waiting,
        given_up: state.given_up,
        failures: state.failures,
        last_sent: state.last_sent,
        last_error: state.last_error.map(why),
    }
}

fn why(message: Message) -> Failure {
    Failure::new(Code::Io, message)
}

fn message(shown: &Shown) -> NotificationMessage {
    let notice = &shown.notice;
    let deliveries = notice.deliveries.iter().map(|one| NotificationDelivery {
        channel: one.channel.clone(),
        state: one.state.as_str().to_owned(),
        tries: one.tries,
        next: one.is_waiting().then_some(one.next),
        error: one.error.clone().map(why),
    });
    NotificationMessage {
        id: notice.id.clone(),
        kind: notice.happening.kind().map_or("", Kind::as_str).to_owned(),
        title: shown.title.clone(),
        workloads: notice.workloads.clone(),
        count: notice.count,
        at: notice.at,
        deliveries: deliveries.collect(),
    }
}

pub fn tests(tried: Vec<Tried>) -> NotificationTests {
    let one = |tried: Tried| NotificationTest {
        channel: tried.channel,
        sent: tried.result.is_ok(),
        took_ms: u64::try_from(tried.took.as_millis()).unwrap_or(u64::MAX),
        error: tried.result.as_ref().err().cloned(),
        answer: tried.result.ok(),
    };
    NotificationTests { channels: tried.into_iter().map(one).collect() }
}
