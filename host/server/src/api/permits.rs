//! How many requests of one kind are worked on at once. The rest wait a while for their turn: whatever is asked for too
//! often holds up nothing but its own kind.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::problem::Problem;

/// How long a request waits for its turn.
const PATIENCE: Duration = Duration::from_secs(10);

/// One of so many, until it is dropped.
pub(super) type Permit = OwnedSemaphorePermit;

/// The turns of one kind.
pub(super) struct Permits {
    free: Arc<Semaphore>,
    all: u32,
}

impl Permits {
    pub(super) fn new(all: u32) -> Permits {
        Permits { free: Arc::new(Semaphore::new(all as usize)), all }
    }

    pub(super) async fn take(&self) -> Result<Permit, Problem> {
        match tokio::time::timeout(PATIENCE, self.free.clone().acquire_owned()).await {
            Ok(Ok(permit)) => Ok(permit),
            Ok(Err(_)) | Err(_) => Err(Problem::overloaded()),
        }
    }

    /// Waits until none is taken.
    pub(super) async fn idle(&self) {
        // It is never closed.
        let _ = self.free.acquire_many(self.all).await;
    }
}
