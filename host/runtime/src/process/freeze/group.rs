//! A control group that is made for one freeze, below the one that the processes are in, and goes with it.
//!
//! Version 1 has a hierarchy for freezing alone; where that is mounted nothing else of the app is touched. In version 2 the group
//! inherits every limit of the one above. Where none can be made, or a process is in another group than the others, there is none.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Instant;

use rustix::io::Errno;
use serde::{Deserialize, Serialize};

use super::super::identity::ProcessId;
use super::{FREEZE_LIMIT, Living, POLL, not_frozen};
use reforge_base::effects::effect;
use reforge_base::failure::{Failure, Result};
use reforge_base::{message, mounts, random};

/// How its name begins.
const NAME: &str = "reforge-frozen-";
const PROCESSES: &str = "cgroup.procs";

/// See the module.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Group {
    version: Version,
    /// What the hierarchy calls the group that the processes are in, and come back to.
    name: PathBuf,
    home: PathBuf,
    path: PathBuf,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Version {
    V1,
    V2,
}

impl Group {
    /// The one that would be made for these processes.
    pub(super) fn beside(processes: &[ProcessId]) -> Result<Option<Group>> {
        let Some(first) = processes.first() else { return Ok(None) };
        let all = mounts::own()?;
        let v1 = all.iter().find(|mount| mount.file_system == "cgroup" && is_freezer(mount));
        let v2 = all.iter().find(|mount| mount.file_system == "cgroup2");
        let mounted = v1.map(|mount| (Version::V1, mount)).or(v2.map(|mount| (Version::V2, mount)));
        let Some((version, mount)) = mounted.filter(|(_, mount)| mount.is_writable()) else { return Ok(None) };
        let Some(name) = group_of(first.pid, version) else { return Ok(None) };
        let Ok(inside) = name.strip_prefix(&mount.root) else { return Ok(None) };
        let home = mount.mount_point.join(inside);
        let path = home.join(format!("{NAME}{}", hex(&random::bytes::<8>()?)));
        let group = Group { version, name, home, path };
        let is_frozen_by_others = group.state(&group.home).is_ok_and(|state| state);
        let together = processes.iter().all(|process| group.place(process.pid) == Place::Home);
        Ok((together && group.home.is_dir() && !is_frozen_by_others).then_some(group))
    }

    pub(super) fn is_there(&self) -> bool {
        self.path.is_dir()
    }

    /// False if it cannot be had after all: then everything is as it was, but for the group, which [`Group::thaw`] removes.
    pub(super) fn freeze(&self, living: Living<'_>) -> Result<bool> {
        if effect("make-freezer", || std::fs::create_dir(&self.path)).is_err() {
            return Ok(false);
        }
        if !self.take_in(living)? || effect("freeze", || self.write(self.control(), self.word(true))).is_err() {
            return Ok(false);
        }
        let deadline = Instant::now() + FREEZE_LIMIT;
        // Whoever was started by one that was not in it yet comes after it.
        while !self.is_frozen(living)? {
            if !self.take_in(living)? {
                return Ok(false);
            }
            if Instant::now() >= deadline {
                self.thaw()?;
                return Err(not_frozen(message!("the-kernel-does-not-freeze-them", limit = FREEZE_LIMIT)));
            }
            std::thread::sleep(POLL);
        }
        Ok(true)
    }

    /// Whether everything is in it and stands still.
    pub(super) fn is_frozen(&self, living: Living<'_>) -> Result<bool> {
        let is_still = || self.state(&self.path).map_err(|error| Failure::io("read", &self.path, &error));
        Ok(living()?.iter().all(|process| matches!(self.place(process.pid), Place::Inside | Place::Gone))
            && is_still()?)
    }

    /// Lets go on what is in it, brings that back to where it was, and removes the group.
    pub(super) fn thaw(&self) -> Result<()> {
        let failed = |error: std::io::Error| Failure::io("thaw", &self.path, &error);
        if !self.is_there() {
            return Ok(());
        }
        effect("thaw", || self.write(self.control(), self.word(false))).map_err(failed)?;
        let deadline = Instant::now() + FREEZE_LIMIT;
        loop {
            let inside = std::fs::read_to_string(self.path.join(PROCESSES)).map_err(failed)?;
            for pid in inside.lines() {
                enter(&self.home, pid).map_err(failed)?;
            }
            match effect("remove-freezer", || std::fs::remove_dir(&self.path)) {
                Ok(()) => return Ok(()),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
                // Somebody was started meanwhile, or has not quite ended.
                Err(error) if is(&error, Errno::BUSY) && Instant::now() < deadline => std::thread::sleep(POLL),
                Err(error) => return Err(failed(error)),
            }
        }
    }

    /// Moves everything into it until nobody is outside; false if somebody cannot be.
    fn take_in(&self, living: Living<'_>) -> Result<bool> {
        let deadline = Instant::now() + FREEZE_LIMIT;
        loop {
            let mut moved = false;
            for process in living()? {
                match self.place(process.pid) {
                    Place::Inside | Place::Gone => {}
                    Place::Elsewhere => return Ok(false),
                    Place::Home if enter(&self.path, &process.pid.to_string()).is_err() => return Ok(false),
                    Place::Home => moved = true,
                }
            }
            if !moved {
                return Ok(true);
            }
            if Instant::now() >= deadline {
                return Ok(false);
            }
        }
    }

    fn place(&self, pid: i32) -> Place {
        let Some(group) = group_of(pid, self.version) else { return Place::Gone };
        match group.file_name() {
            Some(own) if Some(own) == self.path.file_name() => Place::Inside,
            _ if group == self.name => Place::Home,
            _ => Place::Elsewhere,
        }
    }

    fn control(&self) -> &'static str {
        match self.version {
            Version::V1 => "freezer.state",
            Version::V2 => "cgroup.freeze",
        }
    }

    fn word(&self, frozen: bool) -> &'static str {
        match (self.version, frozen) {
            (Version::V1, true) => "FROZEN",
            (Version::V1, false) => "THAWED",
            (Version::V2, true) => "1",
            (Version::V2, false) => "0",
        }
    }

    fn write(&self, name: &str, word: &str) -> std::io::Result<()> {
        std::fs::OpenOptions::new().write(true).open(self.path.join(name))?.write_all(word.as_bytes())
    }

    /// Whether a group stands still.
    fn state(&self, group: &Path) -> std::io::Result<bool> {
        match self.version {
            Version::V1 => Ok(std::fs::read_to_string(group.join("freezer.state"))?.trim() == "FROZEN"),
            Version::V2 => {
                Ok(std::fs::read_to_string(group.join("cgroup.events"))?.lines().any(|line| line == "frozen 1"))
            }
        }
    }
}

#[derive(PartialEq, Eq)]
enum Place {
    Home,
    Inside,
    Elsewhere,
    Gone,
}

/// The hierarchy's own name of the group that a process is in.
fn group_of(pid: i32, version: Version) -> Option<PathBuf> {
    let groups = std::fs::read_to_string(format!("/proc/{pid}/cgroup")).ok()?;
    let path = groups.lines().find_map(|line| {
        let (number, rest) = line.split_once(':')?;
        let (controllers, path) = rest.split_once(':')?;
        let is_it = match version {
            Version::V1 => controllers.split(',').any(|name| name == "freezer"),
            Version::V2 => number == "0" && controllers.is_empty(),
        };
        is_it.then(|| path.to_owned())
    })?;
    Some(PathBuf::from(path))
}

fn is_freezer(mount: &mounts::Mount) -> bool {
    mount.super_options.to_string_lossy().split(',').any(|option| option == "freezer")
}

/// Into the group with it. One that has ended needs none.
fn enter(group: &Path, pid: &str) -> std::io::Result<()> {
    let entered = std::fs::OpenOptions::new().write(true).open(group.join(PROCESSES))?.write_all(pid.as_bytes());
    entered.or_else(|error| if is(&error, Errno::SRCH) { Ok(()) } else { Err(error) })
}

fn is(error: &std::io::Error, errno: Errno) -> bool {
    Errno::from_io_error(error) == Some(errno)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
