//! Ctrl-C and `SIGTERM`: the first asks to stop, and whatever runs ends safely; nothing is ever torn off.
//!
//! After a commit nothing stops any more, and a supervisor never sees these signals: it has a session of its own.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use reforge_host::{Code, Failure, Result};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use super::terminal::Terminal;

/// The flag that a signal sets, watched by whatever runs.
pub fn watch(terminal: &Terminal) -> Result<Arc<AtomicBool>> {
    let cancelled = Arc::new(AtomicBool::new(false));
    let mut signals = Signals::new([SIGINT, SIGTERM])
        .map_err(|error| Failure::new(Code::Io, format!("cannot watch for signals: {error}")))?;
    let (flag, terminal) = (cancelled.clone(), terminal.clone());
    std::thread::spawn(move || {
        for _ in signals.forever() {
            let again = flag.swap(true, Ordering::Relaxed);
            terminal.say(if again { "still ending safely" } else { "\nstopping safely" });
        }
    });
    Ok(cancelled)
}
