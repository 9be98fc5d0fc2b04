//! What is seen of a long run: bars on a terminal, plain lines elsewhere, nothing beside a JSON document.
//!
//! Counters are read by a thread of its own, so that watching costs the run nothing.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle, TermLike};
use reforge_base::escape;
use reforge_base::message::Bytes;
use reforge_host::restore::progress::{Progress, Watcher};

use super::output::Output;
use super::session::Session;
use super::style::{self, Style, entries_in_words};
use super::terminal::Terminal;
use super::words::{self, say};
use reforge_base::{Message, Phase};

/// How often a bar moves.
const BAR_INTERVAL: Duration = Duration::from_millis(100);
/// How often a line is written where there is no terminal.
const LINE_INTERVAL: Duration = Duration::from_secs(5);

/// Of a terminal that does not say how wide it is.
const COLUMNS: u16 = 80;

/// Shows one run until it is dropped.
pub(crate) struct Display {
    pub progress: Arc<Progress>,
    watch: Arc<Watch>,
    ticker: Option<JoinHandle<()>>,
    over: Arc<AtomicBool>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Drawing {
    Bars,
    Lines,
    Nothing,
}

struct Watch {
    drawing: Drawing,
    terminal: Terminal,
    progress: OnceLock<Weak<Progress>>,
    current: Mutex<Current>,
}

#[derive(Default)]
struct Current {
    phase: Phase,
    began: Option<Instant>,
    bar: Option<ProgressBar>,
    /// When something was last written where there are no bars.
    told: Option<Instant>,
    bytes: u64,
}

impl Display {
    pub(crate) fn new(session: &Session) -> Display {
        use std::io::IsTerminal as _;
        let drawing = match (session.terminal.json, std::io::stderr().is_terminal()) {
            (true, _) => Drawing::Nothing,
            (false, true) => Drawing::Bars,
            (false, false) => Drawing::Lines,
        };
        let watch = Arc::new(Watch {
            drawing,
            terminal: session.terminal.clone(),
            progress: OnceLock::new(),
            current: Mutex::default(),
        });
        let progress = Arc::new(Progress::new(watch.clone(), session.cancelled.clone()));
        let _ = watch.progress.set(Arc::downgrade(&progress));
        let over = Arc::new(AtomicBool::new(false));
        let (ticked, until) = (watch.clone(), over.clone());
        let tick = move || {
            while !until.load(Ordering::Relaxed) {
                ticked.tick();
                std::thread::park_timeout(BAR_INTERVAL);
            }
        };
        // Without a thread less is shown, and nothing else is missing.
        let spawn = || std::thread::Builder::new().name("progress".to_owned()).spawn(tick).ok();
        let ticker = (drawing != Drawing::Nothing).then(spawn).flatten();
        Display { progress, watch, ticker, over }
    }
}

impl Drop for Display {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        if let Some(ticker) = self.ticker.take() {
            ticker.thread().unpark();
            let _ = ticker.join();
        }
        self.watch.tick();
        self.watch.end_phase(&mut self.watch.current());
    }
}

impl Watcher for Watch {
    fn phase(&self, phase: Phase) {
        let mut current = self.current();
        if current.phase == phase {
            return;
        }
        self.end_phase(&mut current);
        *current = Current { phase, began: Some(Instant::now()), ..Current::default() };
        let shown = shown(phase);
        match self.drawing {
            Drawing::Nothing => {}
            Drawing::Lines => self.terminal.say(&format!("{shown} …")),
            Drawing::Bars => {
                let screen = Screen { errors: self.terminal.errors().clone(), frame: Mutex::default() };
                let target = ProgressDrawTarget::term_like(Box::new(screen));
                let bar = ProgressBar::with_draw_target(None, target);
                bar.set_message(shown);
                bar.set_style(template(SPINNER));
                bar.tick();
                current.bar = Some(bar);
            }
        }
    }

    fn ended(&self, bytes: u64, _entries: u64) {
        let mut current = self.current();
        current.bytes = current.bytes.max(bytes);
    }

    fn committed(&self) {
        self.terminal.committed.store(true, Ordering::Relaxed);
    }

    fn note(&self, text: &Message) {
        let line = format!("  {}", escape::prose(&words::read(text)));
        match &self.current().bar {
            Some(bar) => bar.suspend(|| self.terminal.say(&line)),
            None => self.terminal.say(&line),
        }
    }
}

impl Watch {
    fn current(&self) -> MutexGuard<'_, Current> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tick(&self) {
        let Some(progress) = self.progress.get().and_then(Weak::upgrade) else { return };
        let mut current = self.current();
        if current.phase == Phase::Beginning {
            return;
        }
        let bytes = progress.bytes.load(Ordering::Relaxed);
        let total = progress.bytes_total.load(Ordering::Relaxed);
        let entries = progress.entries.load(Ordering::Relaxed);
        current.bytes = current.bytes.max(bytes);
        match &current.bar {
            Some(bar) => {
                if total > 0 {
                    bar.set_style(template(&bar_with_its_end()));
                    bar.set_length(total);
                    bar.set_position(bytes.min(total));
                } else if bytes > 0 {
                    bar.set_style(template(BYTES));
                    bar.set_position(bytes);
                }
                bar.tick();
            }
            None if self.drawing == Drawing::Lines => {
                let now = Instant::now();
                let before = current.told.or(current.began).unwrap_or(now);
                if now.duration_since(before) >= LINE_INTERVAL {
                    current.told = Some(now);
                    self.terminal.say(&line(&current, bytes, total, entries));
                }
            }
            None => {}
        }
    }

    /// Leaves one line behind for a phase on a terminal; where there are only lines its beginning was told.
    fn end_phase(&self, current: &mut Current) {
        let (Some(bar), Some(began)) = (current.bar.take(), current.began) else { return };
        bar.finish_and_clear();
        let style: Style = self.terminal.error_style;
        let took = style::duration(began.elapsed());
        let bytes = if current.bytes > 0 { style::bytes(current.bytes) } else { String::new() };
        let line = format!("  {:<20} {:>8}  {:>11}", shown(current.phase), took, bytes);
        self.terminal.say(&style.dim(line.trim_end()));
        current.phase = Phase::Beginning;
    }
}

/// The terminal behind standard error, a frame at a time.
struct Screen {
    errors: Output,
    frame: Mutex<String>,
}

impl Screen {
    fn add(&self, text: &str) -> std::io::Result<()> {
        self.frame.lock().unwrap_or_else(PoisonError::into_inner).push_str(text);
        Ok(())
    }

    /// No control sequence where there is nothing to move.
    fn go(&self, by: usize, direction: char) -> std::io::Result<()> {
        if by == 0 { Ok(()) } else { self.add(&format!("\x1b[{by}{direction}")) }
    }
}

impl std::fmt::Debug for Screen {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Screen")
    }
}

impl TermLike for Screen {
    fn width(&self) -> u16 {
        let size = rustix::termios::tcgetwinsize(std::io::stderr());
        size.ok().map(|size| size.ws_col).filter(|columns| *columns > 0).unwrap_or(COLUMNS)
    }

    fn move_cursor_up(&self, lines: usize) -> std::io::Result<()> {
        self.go(lines, 'A')
    }

    fn move_cursor_down(&self, lines: usize) -> std::io::Result<()> {
        self.go(lines, 'B')
    }

    fn move_cursor_right(&self, columns: usize) -> std::io::Result<()> {
        self.go(columns, 'C')
    }

    fn move_cursor_left(&self, columns: usize) -> std::io::Result<()> {
        self.go(columns, 'D')
    }

    fn write_line(&self, text: &str) -> std::io::Result<()> {
        self.add(&format!("{text}\n"))
    }

    fn write_str(&self, text: &str) -> std::io::Result<()> {
        self.add(text)
    }

    fn clear_line(&self) -> std::io::Result<()> {
        self.add("\r\x1b[2K")
    }

    fn flush(&self) -> std::io::Result<()> {
        let frame = std::mem::take(&mut *self.frame.lock().unwrap_or_else(PoisonError::into_inner));
        if !frame.is_empty() {
            self.errors.show(frame);
        }
        Ok(())
    }
}

/// A phase in the reader's language.
fn shown(phase: Phase) -> String {
    words::read(&phase.message())
}

/// `extracting: 1.20 GiB of 3.00 GiB, 88.00 MiB/s, 21 s left`.
fn line(current: &Current, bytes: u64, total: u64, entries: u64) -> String {
    let passed = current.began.map_or(Duration::ZERO, |began| began.elapsed());
    let mut parts = Vec::new();
    if total > 0 {
        parts.push(say!("bytes-of", bytes = Bytes(bytes), total = Bytes(total)));
    } else if bytes > 0 {
        parts.push(style::bytes(bytes));
    }
    if entries > 0 {
        parts.push(entries_in_words(entries));
    }
    let rate = bytes as f64 / passed.as_secs_f64().max(0.001);
    if bytes > 0 {
        parts.push(say!("per-second", bytes = Bytes(rate as u64)));
    }
    if bytes > 0 && total > bytes {
        let left = Duration::from_secs_f64((total - bytes) as f64 / rate.max(1.0));
        parts.push(say!("left", time = left));
    }
    parts.push(say!("after-so-long", passed));
    format!("{}: {}", shown(current.phase), parts.join(", "))
}

const SPINNER: &str = "{spinner} {msg:<20} {elapsed}";
const BYTES: &str = "{spinner} {msg:<20} {binary_bytes}  {binary_bytes_per_sec}  {elapsed}";
const BAR: &str = "{spinner} {msg:<20} [{wide_bar}] {binary_bytes}/{binary_total_bytes} {binary_bytes_per_sec}";

/// With how long it will go on.
fn bar_with_its_end() -> String {
    format!("{BAR} {}", say!("left", time = "{eta}"))
}

/// A template that were wrong would only look plain; the test below says that none is.
fn template(text: &str) -> ProgressStyle {
    ProgressStyle::with_template(text).unwrap_or_else(|_| ProgressStyle::default_spinner()).progress_chars("=> ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_template_can_be_drawn() {
        for style in [SPINNER, BYTES, &bar_with_its_end()] {
            assert!(ProgressStyle::with_template(style).is_ok(), "{style}");
        }
        assert!(bar_with_its_end().ends_with(" {eta} left"), "{}", bar_with_its_end());
    }
}
