//! Which processes belong to a workload.
//!
//! While its supervisor lives that is exact: the supervisor is the child subreaper, so every descendant stays below
//! it whatever sessions it makes. When the supervisor was killed, the kernel hands orphans to another process; then
//! they are known by the main process's tree and session and by a variable that the supervisor put into their
//! environment. That can miss a daemon that wiped its environment: [`crate::runtime::holders`] is the second net.

use std::collections::{HashMap, HashSet};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::identity::{ProcessId, boot_id};
use crate::failure::{Failure, Result};
use crate::runtime::proc_stat::{self, ProcStat};

/// The variable in the environment of an app and of all that it starts; its value is the workload's directory.
pub const MARK: &str = "REFORGE_WORKLOAD_DIRECTORY";

/// Everything alive below a process, without the process itself.
pub fn descendants(root: i32) -> Result<Vec<ProcessId>> {
    below(&everything()?, HashSet::from([root]), &[root])
}

/// Everything alive that belongs to the workload in `directory`, whose supervisor is gone. `known` are processes that
/// were found before: their parent may have ended since.
pub fn orphans(directory: &Path, main: Option<&ProcessId>, known: &[ProcessId]) -> Result<Vec<ProcessId>> {
    let all = everything()?;
    let boot = boot_id()?;
    let own = std::process::id() as i32;
    let main = main.filter(|main| main.boot == boot);
    let mark = [MARK.as_bytes(), b"=", directory.as_os_str().as_bytes()].concat();
    // A pid is not given out again while a session of that number exists, unless that is a new session.
    let reused =
        |main: &ProcessId| all.iter().any(|process| process.pid == main.pid && process.start_ticks != main.start_ticks);
    let session = main.filter(|main| !reused(main)).map(|main| main.pid);
    let belongs = |process: &ProcStat| {
        let id = ProcessId::of(process, &boot);
        session.is_some_and(|session| process.session == session)
            || main == Some(&id)
            || known.contains(&id)
            || is_marked(process.pid, &mark)
    };
    let roots: HashSet<i32> =
        all.iter().filter(|process| process.pid != own && belongs(process)).map(|process| process.pid).collect();
    below(&all, roots, &[own])
}

/// The living among `roots` and all that is below them, without the `excluded`.
fn below(all: &[ProcStat], roots: HashSet<i32>, excluded: &[i32]) -> Result<Vec<ProcessId>> {
    let boot = boot_id()?;
    let mut children: HashMap<i32, Vec<&ProcStat>> = HashMap::new();
    all.iter().for_each(|process| children.entry(process.parent).or_default().push(process));
    let mut family = roots.clone();
    let mut pending: Vec<i32> = roots.into_iter().collect();
    while let Some(parent) = pending.pop() {
        for child in children.get(&parent).into_iter().flatten() {
            if family.insert(child.pid) {
                pending.push(child.pid);
            }
        }
    }
    let living = all.iter().filter(|process| process.is_alive() && family.contains(&process.pid));
    Ok(living.filter(|process| !excluded.contains(&process.pid)).map(|process| ProcessId::of(process, &boot)).collect())
}

fn everything() -> Result<Vec<ProcStat>> {
    let failed = |error: std::io::Error| Failure::io("list", Path::new("/proc"), &error);
    let mut all = Vec::new();
    for pid in proc_stat::pids().map_err(failed)? {
        match ProcStat::read(pid) {
            Ok(process) => all.extend(process),
            // Somebody else's, where `/proc` hides those. Whether a supervisor has children left is asked of the kernel.
            Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {}
            Err(error) => return Err(failed(error)),
        }
    }
    Ok(all)
}

/// Whether a process was started by the supervisor or a descendant. One whose environment may not be read is not: only
/// a host that is not root meets those, and it cannot have started them.
fn is_marked(pid: i32, mark: &[u8]) -> bool {
    std::fs::read(format!("/proc/{pid}/environ"))
        .is_ok_and(|environment| environment.split(|byte| *byte == 0).any(|variable| variable == mark))
}
