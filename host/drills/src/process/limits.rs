//! What a drilled process may take of this machine: a control group of its own, where the kernel's controllers are to be had.

use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use reforge_base::effects::effect;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::{Message, message};

use crate::app::Limits;

const ROOT: &str = "/sys/fs/cgroup";
const PREFIX: &str = "reforge-drill-";
/// What a share of a processor is counted in, in microseconds.
const PERIOD_US: u64 = 100_000;
/// Of 1 to 10,000, where 100 is what everybody has.
const IO_WEIGHT: &str = "default 10\n";
/// How long a group may take to be empty once all of it was killed.
const EMPTY_LIMIT: Duration = Duration::from_secs(5);
const POLL: Duration = Duration::from_millis(10);

/// A control group that is there.
pub(super) struct Cgroup {
    directory: PathBuf,
}

impl Cgroup {
    /// Makes the group of a drill. None, with the reason in words, where there is none to be had.
    pub(super) fn make(drill: &str, limits: &Limits) -> Result<(Option<Cgroup>, Option<Message>)> {
        if limits.memory.is_none() && limits.cpus.is_none() {
            return Ok((None, None));
        }
        let directory = directory(drill);
        let group = Cgroup { directory };
        match effect("limit-drill", || group.set_up(limits)) {
            Ok(()) => Ok((Some(group), None)),
            Err(error) => {
                group.remove()?;
                Ok((None, Some(message!("drill-has-no-limits", error))))
            }
        }
    }

    fn set_up(&self, limits: &Limits) -> io::Result<()> {
        let controllers = Path::new(ROOT).join("cgroup.subtree_control");
        let there = std::fs::read_to_string(&controllers)?;
        for (controller, wanted) in [("memory", limits.memory.is_some()), ("cpu", limits.cpus.is_some())] {
            if wanted && !there.split_whitespace().any(|known| known == controller) {
                std::fs::write(&controllers, format!("+{controller}"))?;
            }
        }
        std::fs::create_dir(&self.directory)?;
        if let Some(bytes) = limits.memory {
            std::fs::write(self.directory.join("memory.max"), bytes.to_string())?;
        }
        if let Some(cpus) = limits.cpus {
            let quota = (cpus * PERIOD_US as f64) as u64;
            std::fs::write(self.directory.join("cpu.max"), format!("{quota} {PERIOD_US}"))?;
        }
        // Not every scheduler of a disk knows weights.
        let weight = self.directory.join("io.weight");
        if weight.exists() { std::fs::write(weight, IO_WEIGHT) } else { Ok(()) }
    }

    /// From now on a process and all that it starts is in it.
    pub(super) fn take(&self, process: i32) -> Result<()> {
        let file = self.directory.join("cgroup.procs");
        effect("take-into-limits", || std::fs::write(&file, process.to_string()))
            .map_err(|error| Failure::io("write", &file, &error))
    }

    pub(super) fn remove(self) -> Result<()> {
        remove_group(&self.directory)
    }
}

fn directory(drill: &str) -> PathBuf {
    Path::new(ROOT).join(format!("{PREFIX}{drill}"))
}

/// Removes the group of a drill, if it is there.
pub(super) fn remove(drill: &str) -> Result<()> {
    remove_group(&directory(drill))
}

/// Drills whose groups are there.
pub(super) fn left() -> Result<Vec<String>> {
    let entries = match std::fs::read_dir(ROOT) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(Failure::io("list", ROOT.as_ref(), &error)),
    };
    let mut left = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|error| Failure::io("list", ROOT.as_ref(), &error))?;
        left.extend(entry.file_name().to_str().and_then(|name| name.strip_prefix(PREFIX)).map(str::to_owned));
    }
    Ok(left)
}

fn remove_group(directory: &Path) -> Result<()> {
    let deadline = Instant::now() + EMPTY_LIMIT;
    loop {
        match effect("remove-limits", || std::fs::remove_dir(directory)) {
            Ok(()) => return Ok(()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            // What was killed is still on its way out.
            Err(error) if error.kind() == io::ErrorKind::ResourceBusy && Instant::now() < deadline => {
                std::thread::sleep(POLL);
            }
            Err(error) => return Err(Failure::io("remove", directory, &error).with_code(Code::Runtime)),
        }
    }
}
