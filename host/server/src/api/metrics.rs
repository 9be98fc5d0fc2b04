//! Figures for Prometheus. No label holds anything from outside: routes are those of the code, channels those of the
//! configuration.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use super::figures::Figures;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;
use reforge_host::host::Host;

pub(super) const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Asked {
    method: &'static str,
    route: String,
    status: u16,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Ended {
    outcome: String,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Told {
    channel: String,
}

/// Counters of one server. Clones share them.
#[derive(Clone)]
pub(super) struct Metrics {
    registry: Arc<Registry>,
    requests: Family<Asked, Counter>,
    restores: Family<Ended, Counter>,
    running: Gauge,
    listeners: Gauge,
    events: Counter,
    failed_tries: Counter,
    notify_failures: Family<Told, Counter>,
    notify_waiting: Gauge,
    figures: Figures,
}

impl Metrics {
    pub(super) fn new() -> Metrics {
        let mut registry = Registry::with_prefix("reforge");
        let (requests, restores) = (Family::default(), Family::default());
        let (running, listeners, events, failed_tries) =
            (Gauge::default(), Gauge::default(), Counter::default(), Counter::default());
        registry.register("requests", "Requests that were answered", requests.clone());
        registry.register("restores", "Restores and undos begun here that ended", restores.clone());
        registry.register("restores_running", "Restores and undos that run", running.clone());
        registry.register("event_listeners", "Open event streams", listeners.clone());
        registry.register("events", "Events sent to listeners", events.clone());
        registry.register("failed_tries", "Requests without a valid token or signature", failed_tries.clone());
        let (notify_failures, notify_waiting) = (Family::default(), Gauge::default());
        let about = "Notifications that were tried three times and given up";
        registry.register("notify_failures", about, notify_failures.clone());
        registry.register("notify_waiting", "Notifications that wait to be sent", notify_waiting.clone());
        let figures = Figures::new(&mut registry);
        Metrics {
            registry: Arc::new(registry),
            requests,
            restores,
            running,
            listeners,
            events,
            failed_tries,
            notify_failures,
            notify_waiting,
            figures,
        }
    }

    pub(super) fn text(&self, host: &Host, running: usize) -> Result<String> {
        let notifications = host.notifier().overview()?;
        self.figures.look(host)?;
        self.running.set(running as i64);
        // Kept on disk: what a command gave up counts as what this server did.
        for (name, channel) in &notifications.channels {
            let failures = self.notify_failures.get_or_create(&Told { channel: name.clone() });
            failures.inner().store(channel.failures, Ordering::Relaxed);
        }
        self.notify_waiting.set(i64::try_from(notifications.waiting()).unwrap_or(i64::MAX));
        let mut text = String::new();
        text::encode(&mut text, &self.registry)
            .map_err(|error| Failure::new(Code::Io, message!("the-figures-cannot-be-written", error)))?;
        Ok(text)
    }

    pub(super) fn answered(&self, method: &'static str, route: String, status: u16) {
        self.requests.get_or_create(&Asked { method, route, status }).inc();
    }

    pub(super) fn ended(&self, outcome: &str) {
        self.restores.get_or_create(&Ended { outcome: outcome.to_owned() }).inc();
    }

    pub(super) fn told(&self) {
        self.events.inc();
    }

    pub(super) fn failed_try(&self) {
        self.failed_tries.inc();
    }

    /// One more listener, until it is dropped.
    pub(super) fn listening(&self) -> Listening {
        self.listeners.inc();
        Listening(self.listeners.clone())
    }
}

/// An open event stream.
pub(super) struct Listening(Gauge);

impl Drop for Listening {
    fn drop(&mut self) {
        self.0.dec();
    }
}
