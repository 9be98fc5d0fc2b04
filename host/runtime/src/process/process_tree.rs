//! Which processes belong to a workload.
//!
//! While its supervisor lives that is exact: the supervisor is the child subreaper, so every descendant stays below
//! it whatever sessions it makes. When the supervisor was killed, the kernel hands orphans to another process; then
//! they are known by the main process's tree and session and by a variable that the supervisor put into their
//! environment. That can miss a daemon that wiped its environment: [`reforge_holders`] is the second net.

use std::collections::{HashMap, HashSet};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::identity::ProcessId;
use reforge_base::boot;
use reforge_base::failure::{Failure, Result};
use reforge_base::side_by_side::side_by_side;
use reforge_holders::proc_stat::{self, ProcStat};

/// How many processes a thread takes at once.
const AT_ONCE: usize = 16;

/// The variable in the environment of an app and of all that it starts; its value is the workload's directory.
pub(super) const MARK: &str = "REFORGE_WORKLOAD_DIRECTORY";

/// The variable beside it, which tells the runs of an app apart: see [`super::state::State::start`].
pub(super) const START: &str = "REFORGE_WORKLOAD_START";

/// Of which run a process is; none if it does not say.
pub(super) fn start_of(process: &ProcessId) -> Option<u64> {
    let environment = std::fs::read(format!("/proc/{}/environ", process.pid)).ok()?;
    let mark = [START.as_bytes(), b"="].concat();
    let value = environment.split(|byte| *byte == 0).find_map(|variable| variable.strip_prefix(&*mark))?;
    std::str::from_utf8(value).ok()?.parse().ok()
}

/// Everything alive below a process, without the process itself.
pub fn descendants(root: i32) -> Result<Vec<ProcessId>> {
    below(&everything()?, HashSet::from([root]), &[root])
}

/// Everything alive that belongs to the workload in `directory`, whose supervisor is gone. `known` are processes that
/// were found before: their parent may have ended since.
pub(super) fn orphans(directory: &Path, main: Option<&ProcessId>, known: &[ProcessId]) -> Result<Vec<ProcessId>> {
    let all = everything()?;
    let boot = boot::id()?;
    let own = std::process::id() as i32;
    let main = main.filter(|main| main.boot == boot);
    let mark = [MARK.as_bytes(), b"=", directory.as_os_str().as_bytes()].concat();
    // A pid is not given out again while a session of that number exists, unless that is a new session.
    let reused =
        |main: &ProcessId| all.iter().any(|process| process.pid == main.pid && process.start_ticks != main.start_ticks);
    let session = main.filter(|main| !reused(main)).map(|main| main.pid);
    let marked = Mutex::new(HashSet::new());
    side_by_side(&all, AT_ONCE, |process| {
        if is_marked(process.pid, &mark) {
            locked(&marked).insert(process.pid);
        }
        Ok(())
    })?;
    let marked = marked.into_inner().unwrap_or_else(PoisonError::into_inner);
    let belongs = |process: &ProcStat| {
        let id = ProcessId::of(process, &boot);
        session.is_some_and(|session| process.session == session)
            || main == Some(&id)
            || known.contains(&id)
            || marked.contains(&process.pid)
    };
    let roots: HashSet<i32> =
        all.iter().filter(|process| process.pid != own && belongs(process)).map(|process| process.pid).collect();
    below(&all, roots, &[own])
}

/// The living among `roots` and all that is below them, without the `excluded`.
fn below(all: &[ProcStat], roots: HashSet<i32>, excluded: &[i32]) -> Result<Vec<ProcessId>> {
    let boot = boot::id()?;
    let mut children: HashMap<i32, Vec<&ProcStat>> = HashMap::new();
    all.iter().for_each(|process| children.entry(process.parent).or_default().push(process));
    let mut process_tree = roots.clone();
    let mut pending: Vec<i32> = roots.into_iter().collect();
    while let Some(parent) = pending.pop() {
        for child in children.get(&parent).into_iter().flatten() {
            if process_tree.insert(child.pid) {
                pending.push(child.pid);
            }
        }
    }
    let living = all.iter().filter(|process| process.is_alive() && process_tree.contains(&process.pid));
    Ok(living.filter(|process| !excluded.contains(&process.pid)).map(|process| ProcessId::of(process, &boot)).collect())
}

fn everything() -> Result<Vec<ProcStat>> {
    let failed = |error: std::io::Error| Failure::io("list", Path::new("/proc"), &error);
    let all = Mutex::new(Vec::new());
    side_by_side(&proc_stat::pids().map_err(failed)?, AT_ONCE, |pid| match ProcStat::read(*pid) {
        Ok(process) => {
            locked(&all).extend(process);
            Ok(())
        }
        // Somebody else's, where `/proc` hides those. Whether a supervisor has children left is asked of the kernel.
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => Ok(()),
        Err(error) => Err(failed(error)),
    })?;
    let mut all = all.into_inner().unwrap_or_else(PoisonError::into_inner);
    all.sort_unstable_by_key(|process| process.pid);
    Ok(all)
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether a process was started by the supervisor or a descendant. One whose environment may not be read is not: only
/// a host that is not root meets those, and it cannot have started them.
fn is_marked(pid: i32, mark: &[u8]) -> bool {
    std::fs::read(format!("/proc/{pid}/environ"))
        .is_ok_and(|environment| environment.split(|byte| *byte == 0).any(|variable| variable == mark))
}
