//! The one seam through which every effect on disk and every lifecycle call passes.
//!
//! `REFORGE_FAULT=POINT:WHAT` makes one effect go wrong; several are separated by commas. A point is the number of an
//! effect (`17`), or better a name and how many of that name there were (`exchange#2`; `exchange` is the first), which
//! stays the same one however threads take turns. What: `before` ends the process before it, `after` right after it,
//! an error such as `ENOSPC` fails it, `skip` leaves it out and says that it was done, `stall` never returns from it,
//! `pause` waits before it. `REFORGE_EFFECTS=FILE` appends each effect to a file: `17 exchange` before it and `17 done`
//! after it, so that a test knows what there is, and that nothing happens outside; a pause makes `FILE.paused` and ends
//! when that is removed. Without these variables an effect costs one load of a static.

use std::any::Any;
use std::collections::HashMap;
use std::io;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};

use rustix::io::Errno;

use crate::failure::Failure;

/// Where something goes wrong.
#[derive(Debug, PartialEq, Eq)]
enum Point {
    Number(u64),
    Name(String, u64),
}

/// What goes wrong.
#[derive(Debug, PartialEq, Eq)]
enum Fault {
    Before,
    After,
    Skip,
    Stall,
    Pause,
    Error(Errno),
}

/// Every error number that an effect is tested with.
const ERRNOS: [(&str, Errno); 9] = [
    ("EXDEV", Errno::XDEV),
    ("EBUSY", Errno::BUSY),
    ("EACCES", Errno::ACCESS),
    ("EPERM", Errno::PERM),
    ("EROFS", Errno::ROFS),
    ("ENOSPC", Errno::NOSPC),
    ("EDQUOT", Errno::DQUOT),
    ("EIO", Errno::IO),
    ("ENAMETOOLONG", Errno::NAMETOOLONG),
];

/// How often a paused process looks whether it may go on.
const PAUSE_POLL: std::time::Duration = std::time::Duration::from_millis(5);

struct Seam {
    faults: Vec<(Point, Fault)>,
    list: Option<std::fs::File>,
    /// Made by a pause.
    paused: PathBuf,
    counts: Mutex<Counts>,
}

#[derive(Default)]
struct Counts {
    all: u64,
    by_name: HashMap<String, u64>,
}

/// None when no variable is set.
static SEAM: OnceLock<Option<Seam>> = OnceLock::new();

/// Runs one effect under its name.
pub fn effect<T: 'static>(name: &str, run: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    match SEAM.get_or_init(Seam::from_environment) {
        None => run(),
        Some(seam) => seam.run(name, run),
    }
}

impl Seam {
    fn from_environment() -> Option<Seam> {
        let faults = std::env::var("REFORGE_FAULT").ok().map(|text| {
            parse(&text)
                .unwrap_or_else(|| panic!("REFORGE_FAULT is not POINT:before|after|skip|stall|pause|ERRNO: {text}"))
        });
        let path = std::env::var_os("REFORGE_EFFECTS");
        let mut paused = path.clone().unwrap_or_default();
        paused.push(".paused");
        let list = path.map(|path| {
            let mut options = std::fs::OpenOptions::new();
            options.append(true).create(true).open(path).expect("REFORGE_EFFECTS names a file that can be written")
        });
        let is_on = faults.is_some() || list.is_some();
        let faults = faults.unwrap_or_default();
        is_on.then(|| Seam { faults, list, paused: paused.into(), counts: Mutex::default() })
    }

    fn run<T: 'static>(&self, name: &str, run: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
        let (number, fault) = self.begin(name)?;
        let done = match fault {
            None => run(),
            Some(Fault::Before) => end(),
            Some(Fault::After) => {
                let _done = run();
                end()
            }
            Some(Fault::Skip) => {
                Ok(nothing().unwrap_or_else(|| panic!("`{name}` answers something: it cannot be skipped")))
            }
            Some(Fault::Stall) => loop {
                std::thread::park();
            },
            Some(Fault::Pause) => {
                pause(&self.paused, name)?;
                run()
            }
            Some(Fault::Error(errno)) => Err((*errno).into()),
        };
        self.say(number, "done")?;
        done
    }

    /// Numbers one more effect, and finds out what goes wrong there.
    fn begin(&self, name: &str) -> io::Result<(u64, Option<&Fault>)> {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.all += 1;
        let number = counts.all;
        let of_name = counts.by_name.entry(name.to_owned()).or_default();
        *of_name += 1;
        let is_here = |point: &Point| match point {
            Point::Number(wanted) => *wanted == number,
            Point::Name(wanted, ordinal) => wanted == name && ordinal == of_name,
        };
        let fault = self.faults.iter().find(|(point, _)| is_here(point)).map(|(_, fault)| fault);
        // Under the lock: the list is in the order of the numbers.
        self.say(number, name)?;
        Ok((number, fault))
    }

    fn say(&self, number: u64, what: &str) -> io::Result<()> {
        let Some(mut list) = self.list.as_ref() else { return Ok(()) };
        list.write_all(format!("{number} {what}\n").as_bytes())
    }
}

fn pause(until_removed: &Path, name: &str) -> io::Result<()> {
    std::fs::write(until_removed, name)?;
    while until_removed.exists() {
        std::thread::sleep(PAUSE_POLL);
    }
    Ok(())
}

/// What an effect answers that was left out. Only one that answers nothing can be.
fn nothing<T: 'static>() -> Option<T> {
    let mut answers: [Box<dyn Any>; 2] = [Box::new(Some(())), Box::new(Some(Ok::<(), Failure>(())))];
    answers.iter_mut().find_map(|answer| answer.downcast_mut::<Option<T>>()?.take())
}

/// Ends the process at once: no destructor, no buffer, no signal handler runs.
fn end() -> ! {
    let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
    std::process::abort()
}

/// `POINT:WHAT`, separated by commas.
fn parse(text: &str) -> Option<Vec<(Point, Fault)>> {
    let one = |text: &str| {
        let (point, what) = text.split_once(':')?;
        Some((Point::parse(point)?, Fault::parse(what)?))
    };
    text.split(',').map(one).collect()
}

impl Point {
    fn parse(text: &str) -> Option<Point> {
        if let Ok(number) = text.parse() {
            return Some(Point::Number(number));
        }
        match text.split_once('#') {
            Some((name, ordinal)) => Some(Point::Name(name.to_owned(), ordinal.parse().ok()?)),
            None => Some(Point::Name(text.to_owned(), 1)),
        }
    }
}

impl Fault {
    fn parse(text: &str) -> Option<Fault> {
        let error = || ERRNOS.iter().find(|(name, _)| *name == text).map(|(_, errno)| Fault::Error(*errno));
        match text {
            "before" => Some(Fault::Before),
            "after" => Some(Fault::After),
            "skip" => Some(Fault::Skip),
            "stall" => Some(Fault::Stall),
            "pause" => Some(Fault::Pause),
            _ => error(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_are_named_by_number_or_by_name_and_turn() {
        let parsed = parse("17:before,exchange#2:EIO,record-commit:skip").unwrap();
        let named = |name: &str, turn| Point::Name(name.to_owned(), turn);
        assert_eq!(parsed[0], (Point::Number(17), Fault::Before));
        assert_eq!(parsed[1], (named("exchange", 2), Fault::Error(Errno::IO)));
        assert_eq!(parsed[2], (named("record-commit", 1), Fault::Skip));
        assert!(["", "17", "17:", "17:ESOMETHING", "a#b:before", "1:before,"].iter().all(|text| parse(text).is_none()));
    }

    #[test]
    fn only_what_answers_nothing_can_be_left_out() {
        assert_eq!(nothing::<()>(), Some(()));
        assert_eq!(nothing::<Result<(), Failure>>(), Some(Ok(())));
        assert_eq!(nothing::<u64>(), None);
    }
}
