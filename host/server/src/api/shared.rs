//! What all requests share, and how they reach the host: on threads that may block, so many at once, and each told when
//! nobody wants it any more.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use serde_json::Value;
use tokio::sync::watch;

use super::hooks::Hooks;
use super::metrics::Metrics;
use super::permits::{Permit, Permits};
use super::problem::Problem;
use super::runs::Runs;
use super::sending::Sending;
use super::throttle::Throttle;
use crate::tokens::Tokens;
use reforge_base::failure::{Code, Failure, Result as HostResult};
use reforge_base::message;
use reforge_documents::restore::RecoveredRestore;
use reforge_drills::drill::{Drilling, Makers};
use reforge_host::host::Host;
use reforge_host::restore::progress::{Progress, Unwatched, Watcher};
use reforge_plugins::{ActivePlugin, Plugin};

/// Requests that only look, at once.
const LOOKS_MAX: u32 = 16;
/// Plans and checks of archives, at once: viewers may ask for them, and must not take the turns of those who may more.
const STUDIES_MAX: u32 = 4;
/// Restores to begin, captures, copies and deploys, at once.
const WORKS_MAX: u32 = 8;
/// Uploads and downloads, at once: their clients may be slow, and must not take the turns of others.
const CARRIES_MAX: u32 = 32;
/// Lines of the audit log that are written apart from these, at once: each waits for the disk.
const LINES_MAX: u32 = 4;

/// One per server.
pub(super) struct Shared {
    pub host: Arc<Host>,
    pub active_plugin: Arc<ActivePlugin>,
    makers: Makers,
    pub tokens: Tokens,
    pub throttle: Throttle,
    pub runs: Arc<Runs>,
    /// None without a secret for them.
    pub hooks: Option<Arc<Hooks>>,
    /// None without a channel.
    sending: Option<Sending>,
    pub metrics: Metrics,
    /// Whether the configuration or the command line names the plugin, so that no selection counts.
    pub plugin_file: Option<PathBuf>,
    /// What the start did.
    pub recovered: Vec<RecoveredRestore>,
    /// Of this start, so that numbers of events of an earlier one are not taken for those of this one.
    pub boot: String,
    looks: Permits,
    studies: Permits,
    works: Permits,
    carries: Permits,
    pub lines: Permits,
    stopping: watch::Sender<bool>,
    /// Flags of what may be cancelled at the end.
    cancels: Mutex<Vec<Weak<AtomicBool>>>,
}

/// What a server is made of.
pub(super) struct Made {
    pub host: Arc<Host>,
    pub active_plugin: Arc<ActivePlugin>,
    pub makers: Makers,
    pub tokens: Tokens,
    pub plugin_file: Option<PathBuf>,
    pub recovered: Vec<RecoveredRestore>,
}

impl Shared {
    pub(super) fn new(made: Made) -> HostResult<Shared> {
        let Made { host, active_plugin, makers, tokens, plugin_file, recovered } = made;
        let metrics = Metrics::new();
        if let Err(failure) = tokens.list() {
            host.deployer.tell(message!("nobody-is-admitted", failure, hint = failure.hint));
        }
        Ok(Shared {
            makers,
            tokens,
            throttle: Throttle::default(),
            runs: Arc::new(Runs::new(metrics.clone())),
            hooks: Hooks::new(&host)?,
            sending: Sending::start(&host)?,
            metrics,
            boot: hex::encode(reforge_base::random::bytes::<4>()?),
            looks: Permits::new(LOOKS_MAX),
            studies: Permits::new(STUDIES_MAX),
            works: Permits::new(WORKS_MAX),
            carries: Permits::new(CARRIES_MAX),
            lines: Permits::new(LINES_MAX),
            stopping: watch::channel(false).0,
            cancels: Mutex::default(),
            host,
            active_plugin,
            plugin_file,
            recovered,
        })
    }

    /// Runs what only looks.
    pub(super) async fn look<T: Send + 'static>(
        self: &Arc<Self>,
        look: impl FnOnce(&Shared) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let permit = self.looks.take().await?;
        self.clone().blocking(permit, look).await
    }

    /// Runs what only looks and takes long.
    pub(super) async fn study<T: Send + 'static>(
        self: &Arc<Self>,
        study: impl FnOnce(&Shared) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let permit = self.unless_stopping(&self.studies).await?;
        self.clone().blocking(permit, study).await
    }

    /// Writes a line of the audit log before something is done that nobody else writes down.
    pub(super) async fn note(self: &Arc<Self>, what: &'static str, who: String, details: Value) -> Result<(), Problem> {
        let permit = self.lines.take().await?;
        self.clone().blocking(permit, move |shared| Ok(shared.host.audit_event(what, &who, details)?)).await
    }

    /// Runs what takes long or changes something. What a crash of another process left is settled first.
    pub(super) async fn change<T: Send + 'static>(
        self: &Arc<Self>,
        change: impl FnOnce(&Shared) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        self.work(|shared| {
            shared.host.recover()?;
            change(shared)
        })
        .await
    }

    /// The same without that.
    pub(super) async fn work<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Shared) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let permit = self.unless_stopping(&self.works).await?;
        self.clone().blocking(permit, work).await
    }

    async fn blocking<T: Send + 'static>(
        self: Arc<Self>,
        permit: Permit,
        call: impl FnOnce(&Shared) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let called = tokio::task::spawn_blocking(move || {
            // Given back when the call is over, not when its client is gone.
            let _turn = permit;
            call(&self)
        });
        called.await.unwrap_or_else(|_| Err(Failure::new(Code::Io, message!("the-host-failed-at-this-request")).into()))
    }

    /// The plugin in use. A restore ends on the one that it began with.
    pub(super) fn plugin(&self) -> reforge_base::Result<Plugin> {
        self.active_plugin.current()
    }

    /// A turn to carry an archive or a plugin, which takes as long as its client does.
    pub(super) async fn carrying(&self) -> Result<Permit, Problem> {
        self.unless_stopping(&self.carries).await
    }

    async fn unless_stopping(&self, permits: &Permits) -> Result<Permit, Problem> {
        if self.is_stopping() {
            return Err(Problem::stopping());
        }
        let permit = permits.take().await?;
        // It may have waited until the stop.
        match self.is_stopping() {
            true => Err(Problem::stopping()),
            false => Ok(permit),
        }
    }

    /// A progress that is cancelled when the server stops.
    pub(super) fn progress(&self) -> Arc<Progress> {
        self.progress_for(Arc::new(Unwatched))
    }

    /// The same of something that is done to a workload.
    pub(super) fn progress_of(&self, workload: &str) -> Arc<Progress> {
        self.progress_for(self.host.watched(workload, Arc::new(Unwatched)))
    }

    /// Lets somebody drill.
    pub(super) fn drilling<T>(
        &self,
        progress: &Arc<Progress>,
        who: &str,
        drill: impl FnOnce(&Drilling<'_>) -> HostResult<T>,
    ) -> HostResult<T> {
        let plugin = || self.active_plugin.current();
        drill(&Drilling { host: &self.host, plugin: &plugin, makers: &self.makers, progress, who })
    }

    fn progress_for(&self, watcher: Arc<dyn Watcher>) -> Arc<Progress> {
        let flag = Arc::new(AtomicBool::new(self.is_stopping()));
        let mut cancels = self.cancels.lock().unwrap_or_else(PoisonError::into_inner);
        cancels.retain(|flag| flag.strong_count() > 0);
        cancels.push(Arc::downgrade(&flag));
        Arc::new(Progress::new(watcher, flag))
    }

    pub(super) fn is_stopping(&self) -> bool {
        *self.stopping.borrow()
    }

    /// Nothing begins any more, and what only reads or can be repeated is told to end.
    pub(super) fn stop(&self) {
        self.stopping.send_replace(true);
        self.hooks.iter().for_each(|hooks| hooks.close());
        self.sending.iter().for_each(Sending::stop);
        let cancels = self.cancels.lock().unwrap_or_else(PoisonError::into_inner);
        cancels.iter().filter_map(Weak::upgrade).for_each(|flag| flag.store(true, Ordering::Relaxed));
    }

    /// Nothing begins any more, and what runs ends: cancelled as far as it can be, unless it is waited for.
    pub(super) async fn end(&self, wait: bool) {
        self.runs.close(!wait);
        self.stop();
        self.idle().await;
    }

    /// Waits until nothing is being worked on.
    pub(super) async fn idle(&self) {
        self.runs.idle().await;
        self.studies.idle().await;
        // A delivery is taken in a turn of these, so the deploys come after them.
        self.works.idle().await;
        if let Some(hooks) = &self.hooks {
            hooks.idle().await;
        }
    }
}

/// Cancels when its request is dropped, since nobody is there to read the answer.
pub(super) struct CancelOnDrop(Arc<Progress>);

impl CancelOnDrop {
    pub(super) fn new(progress: &Arc<Progress>) -> CancelOnDrop {
        CancelOnDrop(progress.clone())
    }
}

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.0.cancelled.store(true, Ordering::Relaxed);
    }
}
