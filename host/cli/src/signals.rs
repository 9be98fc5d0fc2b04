//! Ctrl-C, a terminal that goes away, and every signal that asks a program to end: the first asks to stop, and whatever
//! runs ends safely; nothing is ever torn off.
//!
//! After a commit nothing stops any more, and a supervisor never sees these signals: it has a session of its own.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use reforge_base::Code;
use reforge_base::Failure;
use reforge_base::Result;
use reforge_base::message;
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGXCPU, SIGXFSZ};
use signal_hook::iterator::Signals;

use super::terminal::Terminal;
use super::words::say;

/// Has signals set the terminal's flag, which is watched by whatever runs.
pub(crate) fn watch(terminal: &Terminal) -> Result<()> {
    let failed = |error: std::io::Error| Failure::new(Code::Io, message!("cannot-watch-for-signals", error));

    // A file beyond the limit of its size is then an error of that write. A handler, since one that is ignored would be
    // ignored by the app, too.
    signal_hook::flag::register(SIGXFSZ, Arc::new(AtomicBool::new(false))).map_err(failed)?;
    let mut watched = vec![SIGINT, SIGTERM, SIGQUIT, SIGXCPU];
    // Under `nohup` a terminal may go away.
    if !is_ignored(SIGHUP) {
        watched.push(SIGHUP);
    }
    let mut signals = Signals::new(watched).map_err(failed)?;
    let terminal = terminal.clone();
    let watch = move || {
        for _ in signals.forever() {
            let again = terminal.cancelled.swap(true, Ordering::Relaxed);
            terminal.say(&match (terminal.committed.load(Ordering::Relaxed), again) {
                (true, _) => format!("\n{}", say!("already-committed-finishing")),
                (false, false) => format!("\n{}", say!("stopping-safely")),
                (false, true) => say!("still-ending-safely"),
            });
        }
    };
    std::thread::Builder::new().name("signals".to_owned()).spawn(watch).map(drop).map_err(failed)
}

fn is_ignored(signal: i32) -> bool {
    // SAFETY: the action is written before it is read, and none is set.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        libc::sigaction(signal, std::ptr::null(), &mut action) == 0 && action.sa_sigaction == libc::SIG_IGN
    }
}
