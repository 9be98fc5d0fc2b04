//! The real program on a terminal of its own, typed to and looked at as a person does.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::{FromRawFd as _, OwnedFd};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use super::eventually;

/// Ctrl-C.
const INTERRUPT: &str = "\x03";
/// Ctrl-D, once for what was typed so far and once for the end.
const END_OF_INPUT: &str = "\x04\x04";

/// A program on a terminal. Dropping it kills it.
pub(crate) struct Terminal {
    keyboard: File,
    child: Child,
    screen: Arc<Mutex<Vec<u8>>>,
    watcher: Option<JoinHandle<()>>,
}

impl Terminal {
    pub(crate) fn start(command: &mut Command) -> Terminal {
        let (ours, theirs) = open();
        command.env("TERM", "xterm");
        command.stdin(Stdio::from(theirs.try_clone().unwrap()));
        command.stdout(Stdio::from(theirs.try_clone().unwrap())).stderr(Stdio::from(theirs));
        // SAFETY: only system calls between fork and exec; without a terminal of its own Ctrl-C would reach nobody.
        unsafe {
            command.pre_exec(|| {
                let made = libc::setsid() != -1 && libc::ioctl(libc::STDIN_FILENO, libc::TIOCSCTTY, 0) != -1;
                if made { Ok(()) } else { Err(std::io::Error::last_os_error()) }
            });
        }
        let child = command.spawn().unwrap_or_else(|error| panic!("cannot run {command:?}: {error}"));
        // The command still holds the other end, which would keep the terminal from ending.
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let screen = Arc::new(Mutex::new(Vec::new()));
        let mut output = ours.try_clone().unwrap();
        let seen = screen.clone();
        let watcher = std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            // It fails once nobody has the other end any more.
            while let Ok(read @ 1..) = output.read(&mut bytes) {
                seen.lock().unwrap().extend_from_slice(&bytes[..read]);
            }
        });
        Terminal { keyboard: ours, child, screen, watcher: Some(watcher) }
    }

    /// Everything that was written to it, control sequences included.
    pub(crate) fn shown(&self) -> String {
        String::from_utf8_lossy(&self.screen.lock().unwrap()).into_owned()
    }

    /// Waits until something is shown.
    #[track_caller]
    pub(crate) fn shows(&self, text: &str) {
        eventually(&format!("`{text}` is shown"), || self.shown().contains(text));
    }

    pub(crate) fn types(&mut self, text: &str) {
        self.keyboard.write_all(text.as_bytes()).unwrap();
    }

    pub(crate) fn interrupts(&mut self) {
        self.types(INTERRUPT);
    }

    pub(crate) fn ends_its_input(&mut self) {
        self.types(END_OF_INPUT);
    }

    /// Waits for its end. Answers its exit code and everything that was shown.
    pub(crate) fn ends(mut self) -> (Option<i32>, String) {
        let mut status = None;
        eventually("the command on the terminal ends", || {
            status = self.child.try_wait().unwrap();
            status.is_some()
        });
        self.watcher.take().unwrap().join().unwrap();
        (status.unwrap().code(), self.shown())
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        if self.child.try_wait().is_ok_and(|status| status.is_none()) {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

/// Both ends of a new terminal, 100 columns wide.
pub(crate) fn open() -> (File, OwnedFd) {
    let (mut ours, mut theirs) = (-1, -1);
    let size = libc::winsize { ws_row: 40, ws_col: 100, ws_xpixel: 0, ws_ypixel: 0 };
    // SAFETY: both descriptors are written before they are read, and are nobody else's.
    unsafe {
        let made = libc::openpty(&mut ours, &mut theirs, std::ptr::null_mut(), std::ptr::null(), &size);
        assert_eq!(made, 0, "no terminal: {}", std::io::Error::last_os_error());
        for end in [ours, theirs] {
            libc::fcntl(end, libc::F_SETFD, libc::FD_CLOEXEC);
        }
        (File::from_raw_fd(ours), OwnedFd::from_raw_fd(theirs))
    }
}
