//! The one seam through which every effect on disk and every lifecycle call passes.
//!
//! Effects are numbered in the order in which they happen. `REFORGE_FAULT` names one of them and what shall go wrong
//! there: `17:before` ends the process before effect 17, `17:after` right after it, `17:ENOSPC` fails it with that
//! error, `17:stall` never returns from it, `17:pause` waits before it. Instead of its number, its name may stand: then the first
//! effect of that name is meant, and in a server the order of all others does not matter. `REFORGE_EFFECTS=FILE` appends the name of each
//! effect to a file, so that a test knows how many there are; a pause makes `FILE.paused` and ends when that is removed. Without these variables an effect costs one load of a static.

use std::io;
use std::io::Write as _;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use rustix::io::Errno;

/// What goes wrong, and where.
enum Fault {
    Before,
    After,
    Stall,
    Pause(std::path::PathBuf),
    Error(Errno),
}

/// How often a paused process looks whether it may go on.
const PAUSE_POLL: std::time::Duration = std::time::Duration::from_millis(5);

/// Which effect is meant.
enum At {
    Number(u64),
    FirstOf(String),
}

struct Seam {
    fault: Option<(At, Fault)>,
    /// Whether the first of that name was there already.
    met: AtomicBool,
    list: Option<std::fs::File>,
    count: AtomicU64,
}

/// None when no variable is set.
static SEAM: OnceLock<Option<Seam>> = OnceLock::new();

/// Runs one effect under its name.
pub fn effect<T>(name: &str, run: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    match SEAM.get_or_init(Seam::from_environment) {
        None => run(),
        Some(seam) => seam.run(name, run),
    }
}

impl Seam {
    fn from_environment() -> Option<Seam> {
        let fault = std::env::var("REFORGE_FAULT").ok().map(|text| {
            Fault::parse(&text)
                .unwrap_or_else(|| panic!("REFORGE_FAULT is not NUMBER|NAME:before|after|stall|pause|ERRNO: {text}"))
        });
        let list = std::env::var_os("REFORGE_EFFECTS").map(|path| {
            let mut options = std::fs::OpenOptions::new();
            options.append(true).create(true).open(path).expect("REFORGE_EFFECTS names a file that can be written")
        });
        (fault.is_some() || list.is_some()).then(|| Seam {
            fault,
            met: AtomicBool::new(false),
            list,
            count: AtomicU64::new(0),
        })
    }

    fn run<T>(&self, name: &str, run: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
        let number = self.count.fetch_add(1, Ordering::SeqCst) + 1;
        if let Some(list) = &self.list {
            let mut list = list;
            list.write_all(format!("{number} {name}\n").as_bytes())?;
        }
        match &self.fault {
            Some((at, fault)) if self.is_meant(at, number, name) => match fault {
                Fault::Before => end(),
                Fault::Stall => loop {
                    std::thread::park();
                },
                Fault::Pause(until_removed) => {
                    std::fs::write(until_removed, name)?;
                    while until_removed.exists() {
                        std::thread::sleep(PAUSE_POLL);
                    }
                    run()
                }
                Fault::Error(errno) => Err((*errno).into()),
                Fault::After => {
                    let _done = run();
                    end()
                }
            },
            _ => run(),
        }
    }
}

impl Seam {
    fn is_meant(&self, at: &At, number: u64, name: &str) -> bool {
        match at {
            At::Number(at) => *at == number,
            At::FirstOf(meant) => meant == name && !self.met.swap(true, Ordering::SeqCst),
        }
    }
}

/// Ends the process at once: no destructor, no buffer, no signal handler runs.
fn end() -> ! {
    let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
    std::process::abort()
}

impl Fault {
    fn parse(text: &str) -> Option<(At, Fault)> {
        let (at, what) = text.split_once(':')?;
        let at = at.parse().map_or_else(|_| At::FirstOf(at.to_owned()), At::Number);
        let fault = match what {
            "before" => Fault::Before,
            "after" => Fault::After,
            "stall" => Fault::Stall,
            "pause" => {
                let mut file = std::env::var_os("REFORGE_EFFECTS")?;
                file.push(".paused");
                Fault::Pause(file.into())
            }
            "EXDEV" => Fault::Error(Errno::XDEV),
            "EBUSY" => Fault::Error(Errno::BUSY),
            "EACCES" => Fault::Error(Errno::ACCESS),
            "EPERM" => Fault::Error(Errno::PERM),
            "EROFS" => Fault::Error(Errno::ROFS),
            "ENOSPC" => Fault::Error(Errno::NOSPC),
            "EDQUOT" => Fault::Error(Errno::DQUOT),
            "EIO" => Fault::Error(Errno::IO),
            "ENAMETOOLONG" => Fault::Error(Errno::NAMETOOLONG),
            _ => return None,
        };
        Some((at, fault))
    }
}
