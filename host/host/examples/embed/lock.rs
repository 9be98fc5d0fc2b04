//! The lock of this deployer, which the host takes before its own.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use reforge_host::{Code, Failure, OuterLock, Result};

/// The panel's lock: whoever works on a workload has its name in here.
#[derive(Clone, Default)]
pub(crate) struct PanelLock(Arc<Mutex<BTreeSet<String>>>);

/// Gives it back.
struct Taken(PanelLock, String);

impl Drop for Taken {
    fn drop(&mut self) {
        self.0.names().remove(&self.1);
    }
}

impl PanelLock {
    fn names(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl OuterLock for PanelLock {
    fn try_lock(&self, workload: &str, what: &str) -> Result<Box<dyn Send + Sync>> {
        if !self.names().insert(workload.to_owned()) {
            return Err(Failure::new(Code::Busy, format!("the panel works on `{workload}`: no {what} now")));
        }
        Ok(Box::new(Taken(self.clone(), workload.to_owned())))
    }
}
