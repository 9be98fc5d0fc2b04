//! What all requests share, and how they reach the host: on threads that may block, so many at once, and each told when
//! nobody wants it any more.

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use axum::http::request::Parts;
use serde_json::{Value, json};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use super::hooks::Hooks;
use super::metrics::Metrics;
use super::problem::Problem;
use super::runs::Runs;
use super::throttle::Throttle;
use crate::escape;
use crate::failure::{Code, Failure, Result as HostResult};
use crate::host::Host;
use crate::plugins::{Plugin, Slot};
use crate::restore::progress::{Progress, Unwatched};
use crate::tokens::Tokens;

/// Requests that only look, at once.
const LOOKS_MAX: usize = 16;
/// Plans, captures, checks, copies and deploys, at once.
const WORKS_MAX: usize = 8;
/// Uploads and downloads, at once: their clients may be slow, and must not take the turns of others.
const CARRIES_MAX: usize = 32;
/// How long a request waits for its turn.
const TURN_TIME: Duration = Duration::from_secs(10);

/// One per server.
pub struct Shared {
    pub host: Arc<Host>,
    pub slot: Slot,
    pub tokens: Tokens,
    pub throttle: Throttle,
    pub runs: Arc<Runs>,
    /// None without a secret for them.
    pub hooks: Option<Arc<Hooks>>,
    pub metrics: Metrics,
    /// This program.
    pub program: PathBuf,
    /// Whether the configuration or the command line names the plugin, so that no selection counts.
    pub plugin_file: Option<PathBuf>,
    /// What the start did.
    pub recovered: Value,
    /// Of this start, so that numbers of events of an earlier one are not taken for those of this one.
    pub boot: String,
    looks: Arc<Semaphore>,
    works: Arc<Semaphore>,
    carries: Arc<Semaphore>,
    stopping: watch::Sender<bool>,
    /// Flags of what may be cancelled at the end.
    cancels: Mutex<Vec<Weak<AtomicBool>>>,
}

/// What a server is made of.
pub struct Made {
    pub host: Arc<Host>,
    pub slot: Slot,
    pub program: PathBuf,
    pub plugin_file: Option<PathBuf>,
    pub recovered: Value,
}

impl Shared {
    pub fn new(made: Made) -> HostResult<Shared> {
        let Made { host, slot, program, plugin_file, recovered } = made;
        let metrics = Metrics::new();
        Ok(Shared {
            tokens: Tokens::open(&host.state)?,
            throttle: Throttle::default(),
            runs: Arc::new(Runs::new(metrics.clone())),
            hooks: Hooks::new(&host)?,
            metrics,
            boot: hex::encode(crate::random::bytes::<4>()?),
            looks: Arc::new(Semaphore::new(LOOKS_MAX)),
            works: Arc::new(Semaphore::new(WORKS_MAX)),
            carries: Arc::new(Semaphore::new(CARRIES_MAX)),
            stopping: watch::channel(false).0,
            cancels: Mutex::default(),
            host,
            slot,
            program,
            plugin_file,
            recovered,
        })
    }

    /// Runs what only looks.
    pub async fn look<T: Send + 'static>(
        self: &Arc<Self>,
        look: impl FnOnce(&Shared) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let turn = turn(&self.looks).await?;
        self.clone().blocking(turn, look).await
    }

    /// Runs what takes long or changes something. What a crash of another process left is settled first.
    pub async fn change<T: Send + 'static>(
        self: &Arc<Self>,
        change: impl FnOnce(&Shared) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        self.work(|shared| {
            shared.host.recover()?;
            change(shared)
        })
        .await
    }

    /// Runs what takes long.
    pub async fn work<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Shared) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        if self.is_stopping() {
            return Err(Problem::stopping());
        }
        let turn = turn(&self.works).await?;
        // It may have waited for its turn until the stop.
        if self.is_stopping() {
            return Err(Problem::stopping());
        }
        self.clone().blocking(turn, work).await
    }

    async fn blocking<T: Send + 'static>(
        self: Arc<Self>,
        turn: OwnedSemaphorePermit,
        call: impl FnOnce(&Shared) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let called = tokio::task::spawn_blocking(move || {
            // Given back when the call is over, not when its client is gone.
            let _turn = turn;
            call(&self)
        });
        called.await.unwrap_or_else(|_| Err(Failure::new(Code::Io, "the host failed at this request").into()))
    }

    /// The plugin in use. A restore ends on the one that it began with.
    pub fn plugin(&self) -> Plugin {
        self.slot.current()
    }

    /// Compiles plugins in a process of its own.
    pub fn compiler(&self) -> Vec<OsString> {
        vec![self.program.clone().into_os_string(), "compile-plugin".into()]
    }

    /// A turn to carry an archive or a plugin, which takes as long as its client does.
    pub async fn carrying(&self) -> Result<OwnedSemaphorePermit, Problem> {
        if self.is_stopping() {
            return Err(Problem::stopping());
        }
        let turn = turn(&self.carries).await?;
        match self.is_stopping() {
            true => Err(Problem::stopping()),
            false => Ok(turn),
        }
    }

    /// A progress that is cancelled when the server stops.
    pub fn progress(&self) -> Arc<Progress> {
        let flag = Arc::new(AtomicBool::new(self.is_stopping()));
        let mut cancels = self.cancels.lock().unwrap_or_else(PoisonError::into_inner);
        cancels.retain(|flag| flag.strong_count() > 0);
        cancels.push(Arc::downgrade(&flag));
        Arc::new(Progress::new(Arc::new(Unwatched), flag))
    }

    pub fn is_stopping(&self) -> bool {
        *self.stopping.borrow()
    }

    /// Nothing begins any more, and what only reads or can be repeated is told to end.
    pub fn stop(&self) {
        self.stopping.send_replace(true);
        self.hooks.iter().for_each(|hooks| hooks.close());
        let cancels = self.cancels.lock().unwrap_or_else(PoisonError::into_inner);
        cancels.iter().filter_map(Weak::upgrade).for_each(|flag| flag.store(true, Ordering::Relaxed));
    }

    /// Waits until nothing is being worked on.
    pub async fn idle(&self) {
        self.runs.idle().await;
        // It is never closed. A delivery is taken in a turn of these, so the deploys come after them.
        let _ = self.works.acquire_many(WORKS_MAX as u32).await;
        if let Some(hooks) = &self.hooks {
            hooks.idle().await;
        }
    }

    /// A try that was turned down before it reached the host is audited, too.
    pub async fn refused(&self, who: &str, parts: &Parts, problem: &Problem) {
        let (method, path) = (parts.method.as_str(), escape::text(parts.uri.path()));
        let details =
            json!({ "method": method, "path": path, "status": problem.status().as_u16(), "code": problem.code() });
        let (host, who) = (self.host.clone(), who.to_owned());
        // That it could not be written down does not make the try any more allowed.
        let _ = tokio::task::spawn_blocking(move || host.audit_event("refused", &who, details)).await;
    }
}

async fn turn(of: &Arc<Semaphore>) -> Result<OwnedSemaphorePermit, Problem> {
    match tokio::time::timeout(TURN_TIME, of.clone().acquire_owned()).await {
        Ok(Ok(turn)) => Ok(turn),
        Ok(Err(_)) | Err(_) => Err(Problem::overloaded()),
    }
}

/// Cancels when its request is dropped, since nobody is there to read the answer.
pub struct WhileAsked(Arc<Progress>);

impl WhileAsked {
    pub fn new(progress: &Arc<Progress>) -> WhileAsked {
        WhileAsked(progress.clone())
    }
}

impl Drop for WhileAsked {
    fn drop(&mut self) {
        self.0.cancelled.store(true, Ordering::Relaxed);
    }
}
