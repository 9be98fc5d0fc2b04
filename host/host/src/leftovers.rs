//! Files that a crash left half-written in the state directory.
//!
//! Each means nothing: what it was to replace is whole. It is removed only under the lock that everybody takes who writes
//! such a file, so that it is nobody's who is alive: the workload's, and for what supervisors write also the
//! supervisor's (one that begins removes what the one before it left). What cannot be told to be somebody's stays. Must never touch a file of another name.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use reforge_base::durable;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::state_dir::StateDir;
use reforge_config::PREVIEW_SUFFIX;
use reforge_runtime::process::workload_dir::{self, WorkloadDir};
use reforge_transaction::journal;
use reforge_transaction::lease::Locks;

/// One directory with files that were not finished, and whose they are.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Leftover {
    workload: String,
    directory: PathBuf,
    /// The file that it was to become.
    target: String,
    by_supervisor: bool,
}

/// Removes all that nobody writes any more. What belongs to a busy workload waits for the next start. `done` is told of
/// each: one that cannot be removed keeps no other.
pub(crate) fn sweep(state: &StateDir, locks: &Locks, done: &dyn Fn(Result<()>)) -> Result<()> {
    find(state)?.iter().for_each(|leftover| done(leftover.remove(locks)));
    Ok(())
}

impl Leftover {
    fn remove(&self, locks: &Locks) -> Result<()> {
        let lease = match locks.try_lease(&self.workload, "sweeping") {
            Ok(lease) => lease,
            Err(failure) if failure.code == Code::Busy => return Ok(()),
            Err(failure) => return Err(failure),
        };
        let workload_dir = WorkloadDir { directory: self.directory.clone() };
        let supervisor = if self.by_supervisor { Some(workload_dir.try_lock()?) } else { None };
        // There is a supervisor: it may be writing.
        if matches!(supervisor, Some(None)) {
            return Ok(());
        }
        durable::remove_temporaries(&self.directory, |target| target == self.target)?;
        drop((supervisor, lease));
        Ok(())
    }
}

fn find(state: &StateDir) -> Result<BTreeSet<Leftover>> {
    let transactions = state.transactions();
    let of_transaction = |id: &str| journal::workload_of(&transactions.join(id));
    let mut found = BTreeSet::new();
    for directory in [state.deployments(), state.captures()] {
        for target in temporaries(&directory)? {
            let workload = target.strip_suffix(".json").map(str::to_owned);
            found.extend(leftover(workload, &directory, target, false));
        }
    }
    for target in temporaries(&state.generations())? {
        found.extend(leftover(Some(target.clone()), &state.generations(), target, false));
    }
    for target in temporaries(&state.receipts())? {
        let workload = target.strip_suffix(".json").and_then(of_transaction);
        found.extend(leftover(workload, &state.receipts(), target, false));
    }
    // A preview's is written under its workload's lock, too.
    let of_runtime = |name: &str| name.strip_suffix(PREVIEW_SUFFIX).unwrap_or(name).to_owned();
    for target in temporaries(&state.docker())? {
        let workload = target.strip_suffix(".json").map(of_runtime);
        found.extend(leftover(workload, &state.docker(), target, false));
    }
    for target in temporaries(&state.compose())? {
        let workload = target.strip_suffix(".json").map(str::to_owned);
        found.extend(leftover(workload, &state.compose(), target, false));
    }
    for directory in directories(&transactions)? {
        for target in temporaries(&directory)? {
            found.extend(leftover(journal::workload_of(&directory), &directory, target, false));
        }
    }
    for directory in directories(&state.process())? {
        let workload = directory.file_name().and_then(|name| name.to_str()).map(of_runtime);
        for target in temporaries(&directory)? {
            let by_supervisor = target == workload_dir::STATE;
            found.extend(leftover(workload.clone(), &directory, target, by_supervisor));
        }
    }
    Ok(found)
}

fn leftover(workload: Option<String>, directory: &Path, target: String, by_supervisor: bool) -> Option<Leftover> {
    Some(Leftover { workload: workload?, directory: directory.to_owned(), target, by_supervisor })
}

/// What the unfinished files of a directory were to become.
fn temporaries(directory: &Path) -> Result<Vec<String>> {
    let names = names(directory)?;
    Ok(names.iter().filter_map(|name| durable::target_of_temporary(name)).map(str::to_owned).collect())
}

fn directories(directory: &Path) -> Result<Vec<PathBuf>> {
    let paths = names(directory)?.into_iter().map(|name| directory.join(name));
    Ok(paths.filter(|path| path.symlink_metadata().is_ok_and(|metadata| metadata.is_dir())).collect())
}

/// A directory that is gone has none.
fn names(directory: &Path) -> Result<Vec<std::ffi::OsString>> {
    let listed = |error: std::io::Error| Failure::io("list", directory, &error);
    match std::fs::read_dir(directory) {
        Ok(entries) => entries.map(|entry| entry.map(|entry| entry.file_name()).map_err(listed)).collect(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(listed(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use reforge_config::Config;

    /// A state directory in which every kind of writer was killed.
    fn crashed() -> (tempfile::TempDir, StateDir, Vec<PathBuf>) {
        let directory = tempfile::tempdir().unwrap();
        let config = directory.path().join("reforge.toml");
        std::fs::write(&config, "[host]\nstate_dir = \"state\"\n").unwrap();
        let state = Config::load(&config).unwrap().init_state().unwrap();
        let transaction = state.transactions().join("20260102T030405.678-abcdef");
        let process = state.process().join("notes");
        let preview = state.process().join("notes-preview");
        for directory in [&transaction, &process, &preview, &state.docker()] {
            std::fs::create_dir(directory).unwrap();
        }
        std::fs::write(transaction.join("workload"), "notes").unwrap();
        std::fs::write(process.join("lock"), "").unwrap();
        let left = [
            state.deployments().join(".notes.json.0011223344556677.unfinished"),
            state.receipts().join(".20260102T030405.678-abcdef.json.0011223344556677.unfinished"),
            transaction.join(".window.0011223344556677.unfinished"),
            state.docker().join(".notes.json.0011223344556677.unfinished"),
            state.docker().join(".notes-preview.json.0011223344556677.unfinished"),
            preview.join(".spec.json.0011223344556677.unfinished"),
            process.join(".state.json.0011223344556677.unfinished"),
        ];
        left.iter().for_each(|path| std::fs::write(path, "half").unwrap());
        (directory, state, left.to_vec())
    }

    fn still_there(left: &[PathBuf]) -> Vec<bool> {
        left.iter().map(|path| path.exists()).collect()
    }

    #[test]
    fn what_a_crash_left_goes_and_nothing_else() {
        let (_directory, state, left) = crashed();
        let of_nobody = state.receipts().join(".unknown.json.0011223344556677.unfinished");
        let foreign = state.deployments().join("notes.json.unfinished");
        for kept in [&of_nobody, &foreign] {
            std::fs::write(kept, "").unwrap();
        }
        sweep(&state, &Locks::new(&state), &Result::unwrap).unwrap();
        assert_eq!(still_there(&left), [false; 7]);
        assert!(of_nobody.exists() && foreign.exists());
    }

    #[test]
    fn what_somebody_may_be_writing_stays() {
        let (_directory, state, left) = crashed();
        let locks = Locks::new(&state);
        let lease = locks.try_lease("notes", "a test").unwrap();
        sweep(&state, &locks, &Result::unwrap).unwrap();
        assert_eq!(still_there(&left), [true; 7], "the workload is busy");
        drop(lease);
        let workload_dir = WorkloadDir { directory: state.process().join("notes") };
        let supervisor = workload_dir.try_lock().unwrap().expect("nobody has it");
        let by_host = workload_dir.directory.join(".spec.json.0011223344556677.unfinished");
        std::fs::write(&by_host, "half").unwrap();
        sweep(&state, &locks, &Result::unwrap).unwrap();
        assert_eq!(still_there(&left), [false, false, false, false, false, false, true], "a supervisor is alive");
        assert!(!by_host.exists(), "a supervisor does not write this one");
        drop(supervisor);
        sweep(&state, &locks, &Result::unwrap).unwrap();
        assert_eq!(still_there(&left), [false; 7]);
    }
}
