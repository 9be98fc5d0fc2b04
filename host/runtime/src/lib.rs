//! What runs workloads. A deployer that embeds the host implements [`Runtime`] for its own engine.
//!
//! A runtime never touches volumes and never takes locks: whoever deploys calls it with the lease held.
//!
//! Internal: `reforge-host` is what others depend on, and this changes from one version to the next.

use std::path::PathBuf;
use std::time::Duration;

use reforge_base::Message;
use reforge_base::consistency::Hook;
use reforge_base::escape;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;
use reforge_base::not_captured::NotCaptured;
use reforge_base::project::Project;
use reforge_base::spec::{DeploySpec, HealthReport, Mount, Observation};
use reforge_volumes::identity::Identity;
use serde::{Deserialize, Serialize};

pub mod limited;
pub mod process;
pub mod stopped;

/// A directory that belongs to what is deployed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeployedMount {
    pub volume: String,
    /// Where the next start of what is deployed looks for it.
    pub live: PathBuf,
    /// What an app that runs was given at its start; none if nothing runs, or nobody knows.
    pub given: Option<Identity>,
}

/// Whether exactly the image that was deployed can be started again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageAtHand {
    /// What its reference means right now; none if it means nothing any more.
    pub now: Option<String>,
    /// Whether the app would be started with what it ran, as opposed to what the reference means now.
    pub pinned: bool,
}

/// What a runtime sees around a workload that a plan has to say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Survey {
    pub refusals: Vec<Failure>,
    pub warnings: Vec<Failure>,
}

/// What a deploy would put an end to: something that nobody here made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replaced {
    /// What it is, in words.
    pub what: Message,
    /// What would be otherwise afterwards.
    pub changes: Vec<Message>,
}

/// What a freeze of an app freezes. It is written down before anything is frozen, so that whoever comes after a crash can thaw it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Freezable {
    /// Its parts by the runtime's names; none of an app that is one.
    pub members: Vec<String>,
    /// The runtime's own words, opaque to the host.
    pub detail: serde_json::Value,
}

impl Freezable {
    /// An app that is one.
    pub fn new(detail: serde_json::Value) -> Freezable {
        Freezable { members: Vec::new(), detail }
    }

    /// One of these parts.
    pub fn with_members(self, members: impl IntoIterator<Item = String>) -> Freezable {
        Freezable { members: members.into_iter().collect(), ..self }
    }
}

/// How a command ended that was run beside the app.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HookEnd {
    /// What was wrong; none if it ended with 0.
    pub failure: Option<Message>,
    /// The end of what it said, as it said it.
    pub output: Vec<u8>,
}

/// How much of what a hook says is kept.
pub const HOOK_OUTPUT_BYTES_MAX: usize = 4096;

/// Runs workloads. Every method is called with the workload's lease held, may be called again after a crash, and
/// answers what it sees, not what it remembers.
pub trait Runtime: Send + Sync {
    /// What the workload is doing. Changes nothing.
    fn observe(&self, workload: &str) -> Result<Observation>;

    /// Ids of everything that is deployed here, configured or not, previews too. Changes nothing.
    fn deployed(&self) -> Result<Vec<String>> {
        Ok(Vec::new())
    }

    /// The directories of what is deployed, asked of what runs and not of a configuration; none if nothing is. Changes
    /// nothing.
    fn deployed_mounts(&self, workload: &str) -> Result<Vec<DeployedMount>> {
        let mounts = self.observe(workload)?.spec.map(|spec| spec.mounts).unwrap_or_default();
        let deployed = |mount: Mount| DeployedMount { volume: mount.volume, live: mount.live, given: None };
        Ok(mounts.into_iter().map(deployed).collect())
    }

    /// Replaces whatever runs by a new instance of `spec` and starts it. Under a hold, what somebody else made is started
    /// again as it is instead. Returns when the instance was started; an instance that cannot be started at all is an error with the code `app-bad`.
    fn create(&self, spec: &DeploySpec) -> Result<()>;

    /// What somebody else made that [`Runtime::create`] would replace by `spec`, if there is such a thing: a person is asked
    /// first. Changes nothing.
    fn replaced_by(&self, _spec: &DeploySpec) -> Result<Option<Replaced>> {
        Ok(None)
    }

    /// Brings back what [`Runtime::observe`] saw: the old instance if it is still there, else a new one from its spec.
    /// An app that was stopped stays stopped. Does nothing if it is up already.
    fn bring_back(&self, observation: &Observation) -> Result<()>;

    /// Starts again exactly what a stop has stopped, and makes nothing anew of another image. Does nothing if it is up.
    fn start_again(&self, stopped: &Observation) -> Result<()> {
        if let Some(spec) = stopped.spec.as_ref()
            && !self.image_at_hand(spec)?.pinned
        {
            let message = message!("the-image-of-changed-since-the-stop", workload = escape::text(&spec.workload));
            return Err(Failure::new(Code::Drift, message).hint(message!("deploy-it-to-run-what-is-there-now")));
        }
        self.bring_back(stopped)
    }

    /// Switches every restart policy off, first, so that nothing but the host starts the app. Durable.
    fn hold(&self, workload: &str) -> Result<()>;

    /// Puts restart policies back as the spec says.
    fn release(&self, workload: &str) -> Result<()>;

    /// Stops every instance, asks nicely first, and returns when the runtime says that nothing of it is alive; an
    /// instance that is still alive after the limits is an error with the code `not-down`. Works on an app that is
    /// stopped or absent.
    fn stop(&self, workload: &str) -> Result<()>;

    /// Process ids of everything that belongs to the workload right now, as the host sees them: who may hold its volumes
    /// without being a stranger. Changes nothing.
    fn members(&self, workload: &str) -> Result<Vec<i32>>;

    /// Mount points of this machine that the runtime has made for the app alone, and that go when it is down. Changes nothing.
    fn own_mounts(&self, _workload: &str) -> Result<Vec<PathBuf>> {
        Ok(Vec::new())
    }

    /// Whether the runtime sees nothing of the workload alive. An engine that does not answer is an error, not `true`.
    fn is_down(&self, workload: &str) -> Result<bool>;

    /// What of the workload is alive, or was since it was stopped under a hold, in words. None if it is down, and was down all
    /// the time. Changes nothing.
    fn not_down(&self, workload: &str) -> Result<Option<Message>> {
        Ok((!self.is_down(workload)?).then(|| reforge_base::message!("its-runtime-still-has-it")))
    }

    /// Everybody else who was started with one of these while the app was down, in words, although all of them may be gone
    /// again. `live` are the volumes by name and path. Changes nothing.
    fn ran_meanwhile(&self, _workload: &str, _live: &[(String, PathBuf)]) -> Result<Vec<Message>> {
        Ok(Vec::new())
    }

    /// Who may have written to a volume while the app was down, in words, where it is seen that somebody did. Changes nothing.
    fn suspects(&self, _workload: &str) -> Result<Vec<Message>> {
        Ok(Vec::new())
    }

    /// How long each part of an app that has several was down last, by the runtime's names. Changes nothing.
    fn member_downtimes(&self, _workload: &str) -> Result<Vec<(String, Duration)>> {
        Ok(Vec::new())
    }

    /// Whether something other than this host can start the app at any time, and be gone before anybody looks.
    fn starts_by_others(&self) -> bool {
        false
    }

    /// What a freeze would freeze now: nothing that somebody has frozen already. None if this runtime freezes nothing. Changes
    /// nothing.
    fn freezable(&self, _workload: &str) -> Result<Option<Freezable>> {
        Ok(None)
    }

    /// Freezes this, all parts together, and returns when none of it runs.
    fn freeze(&self, workload: &str, _freezable: &Freezable) -> Result<()> {
        Err(cannot_freeze(workload))
    }

    /// Whether nothing of the workload has run since it was frozen, as far as can be seen. Changes nothing.
    fn is_frozen(&self, _workload: &str, _freezable: &Freezable) -> Result<bool> {
        Ok(false)
    }

    /// Lets go on what was frozen, and nothing else. Does nothing to what runs already or is gone.
    fn thaw(&self, _workload: &str, _freezable: &Freezable) -> Result<()> {
        Ok(())
    }

    /// Runs a command in the app's container, or as its user, and ends it at its limit.
    fn run_hook(&self, workload: &str, _hook: &Hook) -> Result<HookEnd> {
        let message = message!("its-runtime-runs-no-hooks", workload = escape::text(workload));
        Err(Failure::new(Code::Usage, message).hint(message!("remove-the-hooks")))
    }

    /// Workloads that are held. Changes nothing.
    fn held(&self) -> Result<Vec<String>> {
        Ok(Vec::new())
    }

    /// Ends a hold that nobody has ended: what ran when it began is started again. Does nothing without one.
    fn resume(&self, _workload: &str) -> Result<()> {
        Ok(())
    }

    /// Makes again what of an app of several parts is gone, by whoever has made it, and starts nothing: before the app is stopped.
    /// Fails if that cannot be done, and then nothing is stopped.
    fn make_missing(&self, _workload: &str) -> Result<()> {
        Ok(())
    }

    /// Fails if something that is needed for bringing back what is held down is not there any more. Changes nothing.
    fn refuse_missing(&self, _workload: &str) -> Result<()> {
        Ok(())
    }

    /// Waits for the instance that was started last, up to the limit of its health check; without a check, until it
    /// has run for the settle time. `cancelled` is asked between probes.
    fn await_healthy(&self, workload: &str, cancelled: &dyn Fn() -> bool) -> Result<HealthReport>;

    /// What an image reference means right now: its digest. Changes nothing.
    fn resolve_image(&self, spec: &DeploySpec) -> Result<String>;

    /// Fetches the image of a spec if it is not there, and says how far that is. Given up as soon as `cancelled` says so.
    fn fetch_image(&self, _spec: &DeploySpec, _tell: &dyn Fn(&Message), _cancelled: &dyn Fn() -> bool) -> Result<()> {
        Ok(())
    }

    /// Whether the image that was deployed can be started again; a failure says that nothing can. Changes nothing.
    fn image_at_hand(&self, spec: &DeploySpec) -> Result<ImageAtHand> {
        let now = self.resolve_image(spec)?;
        Ok(ImageAtHand { pinned: now == spec.image_digest, now: Some(now) })
    }

    /// Who else this runtime has on the volumes, and what bringing the app back would lose. `allowed` are those that may
    /// share them, by the runtime's own names; `live` are the volumes by name and path. Changes nothing.
    fn survey(&self, _workload: &str, _allowed: &[String], _live: &[(String, PathBuf)]) -> Result<Survey> {
        Ok(Survey::default())
    }

    /// What was created last is healthy: what it replaced may go.
    fn confirmed(&self, _workload: &str) -> Result<()> {
        Ok(())
    }

    /// What has come in the place of the instance that was known, and what stands beside it and how that is removed, as
    /// warnings. Changes nothing.
    fn beside(&self, _workload: &str) -> Result<Vec<Failure>> {
        Ok(Vec::new())
    }

    /// What the deployed app has that is none of its volumes, and why: nothing of it is in any snapshot. Changes nothing.
    fn not_captured(&self, _workload: &str) -> Result<Vec<NotCaptured>> {
        Ok(Vec::new())
    }

    /// The Compose project that a workload is, with the names of its files, none of which is read. `ask_compose`: the user's own
    /// Compose may be asked for what containers do not tell, which takes a moment. Changes nothing.
    fn project(&self, _workload: &str, _ask_compose: bool) -> Result<Option<Project>> {
        Ok(None)
    }

    /// The undo window of the transaction that observed this is over: what was kept for going back may go.
    fn discard(&self, _observation: &Observation) -> Result<()> {
        Ok(())
    }
}

/// What a runtime says that freezes nothing.
pub fn cannot_freeze(workload: &str) -> Failure {
    let message = message!("its-runtime-freezes-nothing", workload = escape::text(workload));
    Failure::new(Code::Usage, message).hint(message!("take-it-with-stop-or-live"))
}
