//! Who held nothing a moment ago and looks the same: a restore looks three times within a fraction of a second, and most
//! processes of a machine do nothing meanwhile.
//!
//! A process with one thread that has the same program, directories, number of descriptors and size of memory as when it
//! was looked at whole has opened, mapped and entered nothing since, unless it gave something else up for that within
//! [`TRUSTED`]. Whoever came since, runs another program or has several threads is looked at whole. So is everybody when
//! other directories are asked about. Not seen within that time: a directory that somebody moves into a volume while an
//! idle process stands in it. What such a process writes is in the tree that is kept, and is found before that goes.

use std::collections::HashMap;
use std::fs::File;
use std::io::Read as _;
use std::time::{Duration, Instant};

use rustix::fs::{AtFlags, OFlags, StatxFlags};

use super::task::{Seen, Spot, Task};
use super::{LiveDirectory, Process};
use reforge_base::failure::Result;
use reforge_base::mounts::DevicePath;

/// For how long a whole look counts.
const TRUSTED: Duration = Duration::from_secs(1);

/// What the first pass of several leaves to the next.
#[derive(Debug, Default)]
pub struct Idle {
    /// The directories that were asked about, in any order: an exchange makes them no others.
    device_paths: Vec<DevicePath>,
    processes: HashMap<Process, (Fingerprint, Instant)>,
}

/// What a process cannot open, map or enter anything without changing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fingerprint {
    program: Spot,
    directories: [Spot; 2],
    descriptors: u64,
    /// The beginning of `statm`: the size of all that is mapped, in pages.
    memory: Vec<u8>,
}

impl Idle {
    pub(super) fn about(live: &[LiveDirectory]) -> Idle {
        Idle { device_paths: live.iter().map(|live| live.device_path.clone()).collect(), processes: HashMap::new() }
    }

    /// Whether it was asked about all of these.
    pub(super) fn covers(&self, live: &[LiveDirectory]) -> bool {
        live.iter().all(|live| self.device_paths.contains(&live.device_path))
    }

    #[cfg(test)]
    pub(super) fn knows(&self, process: &Process) -> bool {
        self.processes.contains_key(process)
    }

    /// When a process was looked at whole that looks the same still; none if it has to be looked at.
    pub(super) fn since(&self, process: &Process, now: &Fingerprint) -> Option<Instant> {
        let (then, at) = self.processes.get(process)?;
        (then == now && at.elapsed() < TRUSTED).then_some(*at)
    }

    pub(super) fn note(&mut self, process: Process, fingerprint: Fingerprint, at: Instant) {
        self.processes.insert(process, (fingerprint, at));
    }
}

impl Fingerprint {
    /// None if it cannot be told: the kernel (before 6.2) does not count descriptors, or something cannot be followed.
    pub(super) fn of(task: &Task<'_>, program: &Seen) -> Result<Option<Fingerprint>> {
        let (Seen::At(program), Seen::At(cwd), Seen::At(root)) =
            (program, task.follow_own(c"cwd")?, task.follow_own(c"root")?)
        else {
            return Ok(None);
        };
        let list = rustix::fs::statx(task.directory(), c"fd", AtFlags::STATX_DONT_SYNC, StatxFlags::SIZE);
        let descriptors = list.map_or(0, |list| list.stx_size);
        let mut line = [0; 32];
        let memory = task.open_beneath("statm", OFlags::empty()).ok();
        let length = memory.and_then(|file| File::from(file).read(&mut line).ok()).unwrap_or(0);
        let end = line[..length].iter().position(|byte| *byte == b' ');
        Ok(end.filter(|_| descriptors > 0).map(|end| Fingerprint {
            program: *program,
            directories: [cwd, root],
            descriptors,
            memory: line[..end].to_vec(),
        }))
    }
}
