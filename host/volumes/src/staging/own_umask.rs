//! Threads that do nothing but stage take no bits from the mode of what they create: a file then has its mode at once, and one
//! call less is needed for each. A staging is closed to everybody else until its exchange.

use std::cell::Cell;

use rustix::fs::Mode;
use rustix::thread::UnshareFlags;

thread_local! {
    static IS_CLEAR: Cell<bool> = const { Cell::new(false) };
}

/// From here on this thread, and no other, creates everything with the mode that is asked for. Where the system does not
/// allow that, it goes on as before.
pub fn clear() {
    // SAFETY: what is parted from the other threads is the umask, the root and the working directory of this one.
    if unsafe { rustix::thread::unshare_unsafe(UnshareFlags::FS) }.is_ok() {
        rustix::process::umask(Mode::empty());
        IS_CLEAR.set(true);
    }
}

/// The mode that this thread's new file has got. `umask` is the process's.
pub(super) fn mode_of_new(mode: u32, umask: u32) -> u32 {
    if IS_CLEAR.get() { mode } else { mode & !umask }
}
