//! Deliveries that were taken, on disk: each counts once, whatever crashes.
//!
//! A delivery is written down with what it asks for before anybody is told that it was taken, and once more before the
//! first effect of the deploy. So a crash loses none: one that had not begun is asked for again at the next start. And it
//! does none twice (a rollback that was done twice would be none): what a crash found in the middle is told, not repeated.
//!
//! The file is replaced whole. One server of a host has it.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

use reforge_base::durable::{self, PRIVATE_FILE};
use reforge_base::escape;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::lock_file::{self, Locked};
use reforge_base::message;
use reforge_base::state_dir::StateDir;
use reforge_deployer::dispatch::DeployRequest;

/// Deliveries that are remembered, besides those that are open.
const TAKEN_MAX: usize = 1024;

/// One delivery.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Delivery {
    /// What no other has.
    id: String,
    /// Until what it asks for has ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    open: Option<Open>,
}

/// A delivery whose deploy has not ended.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Open {
    pub request: DeployRequest,
    /// Whether anything of it may have been done.
    pub begun: bool,
}

/// All of them.
pub(super) struct Deliveries {
    directory: PathBuf,
    file: PathBuf,
    /// The newest last.
    known: Mutex<Vec<Delivery>>,
    /// Why it is not known what was taken before: then nothing is taken, and all else of the host goes on.
    damaged: Option<Failure>,
    /// Held as long as this.
    _lock: Locked,
}

impl Deliveries {
    pub(super) fn open(state: &StateDir) -> Result<Deliveries> {
        let (directory, file) = (state.root().to_owned(), state.deliveries());
        // Two servers would each take a delivery once.
        let lock = lock_file::try_lock(&directory.join("deliveries.lock"))?.ok_or_else(|| {
            Failure::new(Code::Busy, message!("another-server-takes-the-webhooks"))
                .hint(message!("stop-that-one-first"))
        })?;
        let name = file.file_name().unwrap_or_default().to_owned();
        durable::remove_temporaries(&directory, |target| name == target)?;
        let (known, damaged) = match read(&file) {
            Ok(known) => (known, None),
            Err(failure) => (Vec::new(), Some(failure)),
        };
        Ok(Deliveries { directory, file, known: Mutex::new(known), damaged, _lock: lock })
    }

    /// Why none is taken, if so.
    pub(super) fn damaged(&self) -> Option<&Failure> {
        self.damaged.as_ref()
    }

    /// Writes one down. False if it was taken before.
    pub(super) fn take(&self, id: &str, request: DeployRequest) -> Result<bool> {
        if let Some(damaged) = &self.damaged {
            return Err(damaged.clone());
        }
        let known = self.known();
        if known.iter().any(|one| one.id == id) {
            return Ok(false);
        }
        let mut now = known.clone();
        now.push(Delivery { id: id.to_owned(), open: Some(Open { request, begun: false }) });
        let mut surplus = now.len().saturating_sub(TAKEN_MAX);
        now.retain(|one| {
            let goes = surplus > 0 && one.open.is_none();
            surplus -= usize::from(goes);
            !goes
        });
        self.write(known, now)?;
        Ok(true)
    }

    /// From here on it is not asked for again.
    pub(super) fn begin(&self, id: &str) -> Result<()> {
        self.change(id, |delivery| {
            if let Some(open) = &mut delivery.open {
                open.begun = true;
            }
        })
    }

    /// What it asks for has ended, one way or the other.
    pub(super) fn end(&self, id: &str) -> Result<()> {
        self.change(id, |delivery| delivery.open = None)
    }

    /// It was not taken after all.
    pub(super) fn give_back(&self, id: &str) -> Result<()> {
        let known = self.known();
        let now = known.iter().filter(|one| one.id != id).cloned().collect();
        self.write(known, now)
    }

    /// Those that an earlier start took and did not end, oldest first.
    pub(super) fn unfinished(&self) -> Vec<(String, Open)> {
        self.known().iter().filter_map(|one| Some((one.id.clone(), one.open.clone()?))).collect()
    }

    fn change(&self, id: &str, change: impl FnMut(&mut Delivery)) -> Result<()> {
        let known = self.known();
        let mut now = known.clone();
        now.iter_mut().find(|one| one.id == id).into_iter().for_each(change);
        self.write(known, now)
    }

    fn write(&self, mut known: MutexGuard<'_, Vec<Delivery>>, now: Vec<Delivery>) -> Result<()> {
        let bytes = serde_json::to_vec(&now).map_err(|error| Failure::new(Code::Io, error.to_string()))?;
        let name = self.file.file_name().unwrap_or_default();
        durable::write_durably(&self.directory, name, &bytes, PRIVATE_FILE)?;
        *known = now;
        Ok(())
    }

    fn known(&self) -> MutexGuard<'_, Vec<Delivery>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn read(file: &Path) -> Result<Vec<Delivery>> {
    match std::fs::read(file) {
        Ok(bytes) => serde_json::from_slice(&bytes).map_err(|error| {
            let message = message!("does-not-read", file = escape::path(file), error);
            Failure::new(Code::StateRefused, message).hint(message!("remove-it-and-start-the-host"))
        }),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(Failure::io("read", file, &error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use reforge_config::Config;

    fn state() -> (tempfile::TempDir, StateDir) {
        let directory = tempfile::tempdir().unwrap();
        let config = directory.path().join("reforge.toml");
        std::fs::write(&config, "[host]\nstate_dir = \"state\"\n").unwrap();
        let state = Config::load(&config).unwrap().init_state().unwrap();
        (directory, state)
    }

    fn rollback(workload: &str) -> DeployRequest {
        DeployRequest::Rollback { workload: workload.to_owned() }
    }

    #[test]
    fn what_has_not_ended_is_there_at_the_next_start_and_says_whether_it_had_begun() {
        let (_directory, state) = state();
        let deliveries = Deliveries::open(&state).unwrap();
        for id in ["ended", "waits", "begun", "given back"] {
            assert!(deliveries.take(id, rollback(id)).unwrap());
        }
        deliveries.begin("ended").unwrap();
        deliveries.end("ended").unwrap();
        deliveries.begin("begun").unwrap();
        deliveries.give_back("given back").unwrap();
        drop(deliveries);
        let deliveries = Deliveries::open(&state).unwrap();
        let unfinished: Vec<_> = deliveries.unfinished();
        let seen: Vec<_> = unfinished.iter().map(|(id, open)| (id.as_str(), open.begun)).collect();
        assert_eq!(seen, [("waits", false), ("begun", true)]);
        assert_eq!(unfinished[0].1.request, rollback("waits"));
        assert!(!deliveries.take("ended", rollback("ended")).unwrap(), "it was taken before");
        assert!(deliveries.take("given back", rollback("x")).unwrap());
    }

    #[test]
    fn what_is_open_is_never_forgotten_however_many_come() {
        let (_directory, state) = state();
        let deliveries = Deliveries::open(&state).unwrap();
        let known: Vec<Delivery> =
            (0..TAKEN_MAX + 9).map(|number| Delivery { id: number.to_string(), open: None }).collect();
        *deliveries.known() = known;
        deliveries.take("open", rollback("app")).unwrap();
        for number in 0..3 {
            deliveries.take(&format!("later {number}"), rollback("app")).unwrap();
            deliveries.end(&format!("later {number}")).unwrap();
        }
        assert_eq!(deliveries.known().len(), TAKEN_MAX);
        assert_eq!(deliveries.unfinished().len(), 1);
    }

    #[test]
    fn of_a_damaged_record_nothing_is_taken_until_it_is_removed() {
        let (_directory, state) = state();
        for damage in ["", "[{", "{}"] {
            std::fs::write(state.deliveries(), damage).unwrap();
            let deliveries = Deliveries::open(&state).unwrap();
            assert_eq!(deliveries.take("one", rollback("app")).unwrap_err().code, Code::StateRefused);
            assert_eq!(std::fs::read_to_string(state.deliveries()).unwrap(), damage);
        }
        std::fs::remove_file(state.deliveries()).unwrap();
        assert!(Deliveries::open(&state).unwrap().take("one", rollback("app")).unwrap());
    }

    #[test]
    fn one_server_has_them() {
        let (_directory, state) = state();
        let first = Deliveries::open(&state).unwrap();
        assert_eq!(Deliveries::open(&state).err().unwrap().code, Code::Busy);
        drop(first);
        assert!(Deliveries::open(&state).is_ok());
    }
}
