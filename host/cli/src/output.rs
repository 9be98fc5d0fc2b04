//! Standard output and standard error, each written by a thread of its own: a terminal that stops reading, or a pipe
//! that is full, stops nothing but what is shown.
//!
//! What is only shown is dropped when too much of it waits. An answer is never dropped: whoever has one waits until it
//! was written, or could not be. Must never be waited for while a workload is held.

use std::collections::VecDeque;
use std::io;
use std::os::fd::BorrowedFd;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use reforge_base::message;
use rustix::event::{PollFd, PollFlags};
use rustix::io::Errno;

use super::words::say;

/// What waits to be shown at most: several screens.
const WAITING_BYTES_MAX: usize = 256 << 10;
/// Between two looks at whether whoever waits for its answer to be written was asked to stop.
const LOOK: Duration = Duration::from_millis(50);

/// One of the two.
#[derive(Clone)]
pub(crate) struct Output {
    queue: Arc<Queue>,
}

struct Queue {
    state: Mutex<State>,
    changed: Condvar,
    descriptor: BorrowedFd<'static>,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Vec<u8>>,
    bytes: usize,
    /// The thread has taken something that is not written yet.
    writing: bool,
    /// Something was dropped since the last piece that was taken in.
    left_out: bool,
    /// Why a piece could not be written; the first reason counts.
    failed: Option<Errno>,
}

impl Output {
    pub(crate) fn standard_output() -> Output {
        Output::new(standard(libc::STDOUT_FILENO), 1)
    }

    pub(crate) fn standard_error() -> Output {
        Output::new(standard(libc::STDERR_FILENO), 2)
    }

    fn new(descriptor: BorrowedFd<'static>, number: u32) -> Output {
        let failed = was_closed(number).then_some(Errno::BADF);
        let state = Mutex::new(State { failed, ..State::default() });
        let queue = Arc::new(Queue { state, changed: Condvar::new(), descriptor });
        let of_thread = queue.clone();
        let thread = std::thread::Builder::new().name("output".to_owned()).spawn(move || of_thread.write_all());
        if thread.is_err() {
            // Nothing can be shown then, and whoever has an answer is told so.
            queue.state().failed = Some(Errno::AGAIN);
        }
        Output { queue }
    }

    /// Shows something, now or later or, if too much waits already, not at all.
    pub(crate) fn show(&self, text: impl Into<Vec<u8>>) {
        let text = text.into();
        let mut state = self.queue.state();
        if state.bytes + text.len() > WAITING_BYTES_MAX {
            state.left_out = true;
            return;
        }
        if std::mem::take(&mut state.left_out) {
            state.push(format!("{}\n", say!("some-lines-were-left-out-here")).into_bytes());
        }
        state.push(text);
        self.queue.changed.notify_all();
    }

    /// Writes an answer after all that was shown, however long that takes. Given up once somebody asks to stop.
    pub(crate) fn deliver(&self, text: impl Into<Vec<u8>>, stop: &AtomicBool) -> io::Result<()> {
        let mut state = self.queue.state();
        state.push(text.into());
        self.queue.changed.notify_all();
        // Whoever was cancelled already still gets an answer, if somebody reads it.
        let asked_before = stop.load(Ordering::Relaxed);
        let mut patience = asked_before.then(|| Instant::now() + DRAIN_LIMIT);
        while !state.is_empty() && state.failed.is_none() {
            if stop.load(Ordering::Relaxed) {
                let until = *patience.get_or_insert_with(Instant::now);
                if Instant::now() >= until {
                    return Err(io::Error::new(io::ErrorKind::Interrupted, message!("nobody-reads-it")));
                }
            }
            state = self.queue.wait(state, LOOK);
        }
        state.failed.map_or(Ok(()), |errno| Err(errno.into()))
    }

    /// Waits until everything was written, but not for ever.
    pub(crate) fn drain(&self) {
        let until = Instant::now() + DRAIN_LIMIT;
        let mut state = self.queue.state();
        while !state.is_empty() && state.failed.is_none() && Instant::now() < until {
            state = self.queue.wait(state, LOOK);
        }
    }
}

/// How long the end of a command waits for a reader who may be slow.
const DRAIN_LIMIT: Duration = Duration::from_secs(1);

impl State {
    fn push(&mut self, text: Vec<u8>) {
        self.bytes += text.len();
        self.waiting.push_back(text);
    }

    fn is_empty(&self) -> bool {
        self.waiting.is_empty() && !self.writing
    }
}

impl Queue {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(&self, state: MutexGuard<'a, State>, limit: Duration) -> MutexGuard<'a, State> {
        self.changed.wait_timeout(state, limit).unwrap_or_else(PoisonError::into_inner).0
    }

    /// The thread: ends with the process.
    fn write_all(&self) {
        let mut state = self.state();
        loop {
            let Some(text) = state.waiting.pop_front() else {
                state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            state.bytes -= text.len();
            state.writing = true;
            drop(state);
            let written = write(self.descriptor, &text);
            state = self.state();
            state.writing = false;
            if let Err(errno) = written {
                state.failed.get_or_insert(errno);
            }
            self.changed.notify_all();
        }
    }
}

/// All of it, as fast as it is read.
fn write(descriptor: BorrowedFd<'_>, mut text: &[u8]) -> Result<(), Errno> {
    while !text.is_empty() {
        match rustix::io::write(descriptor, text) {
            Ok(0) => return Err(Errno::IO),
            Ok(count) => text = &text[count..],
            Err(Errno::INTR) => {}
            // Somebody who has the other end made it so for everybody.
            Err(Errno::AGAIN) => {
                let mut watched = [PollFd::from_borrowed_fd(descriptor, PollFlags::OUT)];
                match rustix::event::poll(&mut watched, None) {
                    Ok(_) | Err(Errno::INTR) => {}
                    Err(errno) => return Err(errno),
                }
            }
            Err(errno) => return Err(errno),
        }
    }
    Ok(())
}

fn standard(number: i32) -> BorrowedFd<'static> {
    // SAFETY: the runtime of the language opened it before `main` if nobody had, and nothing in this program closes it.
    unsafe { BorrowedFd::borrow_raw(number) }
}

/// Which of the standard descriptors were closed when the program began, a bit each. The runtime of the language puts
/// `/dev/null` in their place before `main`, where an answer vanishes without an error.
static CLOSED: AtomicU32 = AtomicU32::new(0);

fn was_closed(number: u32) -> bool {
    CLOSED.load(Ordering::Relaxed) & (1 << number) != 0
}

extern "C" fn look_for_closed() {
    for number in 0..3 {
        // SAFETY: it only asks whether the number is that of an open descriptor. Runs before `main`, as one thread.
        if unsafe { libc::fcntl(number, libc::F_GETFD) } == -1 {
            CLOSED.fetch_or(1 << number, Ordering::Relaxed);
        }
    }
}

// SAFETY: the loader calls what stands in this section once, before anything else; it allocates nothing and needs nothing
// that is set up later.
#[used]
#[unsafe(link_section = ".init_array")]
static LOOK_FOR_CLOSED: extern "C" fn() = look_for_closed;

#[cfg(test)]
mod tests {
    use std::io::Read as _;
    use std::os::fd::{AsRawFd as _, IntoRawFd as _};

    use super::*;

    /// An output into a pipe that holds one page.
    fn piped() -> (std::io::PipeReader, Output) {
        let (reader, writer) = std::io::pipe().unwrap();
        rustix::pipe::fcntl_setpipe_size(&writer, 4096).unwrap();
        // SAFETY: it was just made, and is never closed.
        let descriptor = unsafe { BorrowedFd::borrow_raw(writer.into_raw_fd()) };
        (reader, Output::new(descriptor, 31))
    }

    #[test]
    fn what_nobody_reads_is_shown_later_or_dropped_and_holds_nobody_up() {
        let (mut reader, output) = piped();
        let line = "x".repeat(1023) + "\n";
        for _ in 0..1000 {
            output.show(line.as_bytes());
        }
        let stop = Arc::new(AtomicBool::new(false));
        let (waiting, asked) = (output.clone(), stop.clone());
        let answer = std::thread::spawn(move || waiting.deliver("the answer\n", &asked));
        // Room for everything: how much goes out before the first line is dropped is a matter of the moment.
        let mut text = vec![0; 1001 * line.len()];
        let mut read = 0;
        while !text[..read].ends_with(b"the answer\n") {
            let more = reader.read(&mut text[read..]).unwrap();
            assert!(more > 0, "the answer never came");
            read += more;
        }
        assert!(answer.join().unwrap().is_ok());
        assert!(read > WAITING_BYTES_MAX / 2, "{read}");
        output.show("after\n");
        let mut rest = vec![0; 4096];
        let read = reader.read(&mut rest).unwrap();
        assert!(rest[..read].starts_with(b"(some lines were left out here"), "{read}");
    }

    #[test]
    fn an_answer_that_nobody_reads_can_be_given_up() {
        let (_reader, output) = piped();
        let stop = AtomicBool::new(true);
        let failure = output.deliver(vec![b'x'; 10_000], &stop).unwrap_err();
        assert_eq!(failure.kind(), io::ErrorKind::Interrupted);
    }

    #[test]
    fn an_answer_that_cannot_be_written_is_an_error_whatever_the_reason() {
        let stop = AtomicBool::new(false);
        let (reader, output) = piped();
        drop(reader);
        assert_eq!(output.deliver("x", &stop).unwrap_err().kind(), io::ErrorKind::BrokenPipe);
        let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
        // SAFETY: it is open as long as the test runs.
        let output = Output::new(unsafe { BorrowedFd::borrow_raw(full.as_raw_fd()) }, 31);
        assert_eq!(output.deliver("x", &stop).unwrap_err().kind(), io::ErrorKind::StorageFull);
        std::mem::forget(full);
    }
}
