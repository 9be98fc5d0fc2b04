//! Sends notifications, on a thread of its own: whatever a receiver does, no request waits for it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use reforge_base::failure::Result;
use reforge_base::{message, threads};
use reforge_host::host::Host;
use reforge_notify::delivery::Which;

/// How often it is looked whether there is something to send, and whether to stop.
const POLL: Duration = Duration::from_millis(500);
/// How often it is looked what the time brings.
const TIME_POLL: Duration = Duration::from_secs(60);
/// For one round. What is left of it is sent in the next.
const ROUND: Duration = Duration::from_secs(60);

/// The thread, until this is dropped or told to stop.
pub(super) struct Sending {
    stop: Arc<AtomicBool>,
}

impl Sending {
    /// None without a channel.
    pub(super) fn start(host: &Arc<Host>) -> Result<Option<Sending>> {
        if host.notifier().channels().is_empty() {
            return Ok(None);
        }
        let stop = Arc::new(AtomicBool::new(false));
        let (host, stopped) = (host.clone(), stop.clone());
        threads::spawn("notify", move || run(&host, &stopped))?;
        Ok(Some(Sending { stop }))
    }

    /// Begins nothing more. What waits is sent by the next start.
    pub(super) fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

impl Drop for Sending {
    fn drop(&mut self) {
        self.stop();
    }
}

fn run(host: &Host, stop: &AtomicBool) {
    let mut looked: Option<Instant> = None;
    let mut complained = false;
    while !stop.load(Ordering::Relaxed) {
        if looked.is_none_or(|looked| looked.elapsed() >= TIME_POLL) {
            looked = Some(Instant::now());
            host.notify_of_time();
        }
        let sent = host.notifier().send(Which::Due, ROUND);
        // Once, not twice a second.
        match sent {
            Err(failure) if !complained => {
                complained = true;
                host.deployer.tell(message!("nobody-can-be-notified", failure));
            }
            Err(_) => {}
            Ok(_) => complained = false,
        }
        std::thread::sleep(POLL);
    }
}
