//! A host with one app that is only a switch, and a plugin that does everything in order.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::super::step::{At, Underway};
use super::super::*;
use crate::host::Host;
use crate::restore::preflight::{Choice, Look};
use reforge_base::spec::{AppState, DeploySpec, Health, HealthReport, Observation};
use reforge_config::PROCESS;
use reforge_config::scope::Scope;
use reforge_plugins::host_calls::{HostCalls as _, Token};
use reforge_runtime::Runtime;
use reforge_testing::{
    spec,
    world::{WithVolume as _, World, workload},
};
use reforge_volumes::tree_digest::{Metadata, Mtime};

/// An app that only knows whether it runs.
pub(super) struct Switch {
    up: AtomicBool,
    /// Its next stop panics.
    pub panics: AtomicBool,
}

impl Switch {
    pub(super) fn is_up(&self) -> bool {
        self.up.load(Ordering::SeqCst)
    }
}

impl Runtime for Switch {
    fn observe(&self, name: &str) -> Result<Observation> {
        let state = if self.is_up() { AppState::Running } else { AppState::Stopped };
        Ok(Observation::new(state, Some(spec(name, "/bin/app"))))
    }
    fn create(&self, _: &DeploySpec) -> Result<()> {
        self.up.store(true, Ordering::SeqCst);
        Ok(())
    }
    fn bring_back(&self, observation: &Observation) -> Result<()> {
        self.up.store(observation.state.should_run(), Ordering::SeqCst);
        Ok(())
    }
    fn hold(&self, _: &str) -> Result<()> {
        Ok(())
    }
    fn release(&self, _: &str) -> Result<()> {
        Ok(())
    }
    fn stop(&self, _: &str) -> Result<()> {
        assert!(!self.panics.swap(false, Ordering::SeqCst), "the runtime panics");
        self.up.store(false, Ordering::SeqCst);
        Ok(())
    }
    fn members(&self, _: &str) -> Result<Vec<i32>> {
        Ok(Vec::new())
    }
    fn is_down(&self, _: &str) -> Result<bool> {
        Ok(!self.is_up())
    }
    fn await_healthy(&self, _: &str, _: &dyn Fn() -> bool) -> Result<HealthReport> {
        Ok(HealthReport::new(Health::Healthy, "it is switched on"))
    }
    fn resolve_image(&self, spec: &DeploySpec) -> Result<String> {
        Ok(spec.image_digest.clone())
    }
}

/// A workload with one volume that holds one file, its snapshot, and a later change.
pub(super) struct Scene {
    pub host: Arc<Host>,
    pub app: Arc<Switch>,
    pub live: PathBuf,
    pub snapshot: String,
    pub metadata: Metadata,
    _world: World,
}

impl Scene {
    pub(super) fn new() -> Scene {
        let world = World::new().with([workload("notes", "notes", "prod").volume("data", Scope::Project, "data")]);
        let live = world.live("volumes/notes/data");
        std::fs::write(live.join("file"), "captured").unwrap();
        let app = Arc::new(Switch { up: AtomicBool::new(true), panics: AtomicBool::new(false) });
        let runtimes = [(PROCESS.into(), app.clone() as Arc<dyn Runtime>)].into();
        let state = world.config.open_state().unwrap();
        let host = Arc::new(Host::with_runtimes(Arc::new(world.config.clone()), state, runtimes));
        let notes = host.config.workload("notes").unwrap().clone();
        let snapshot = host.capture(&notes, "manual", false, &Progress::unwatched()).unwrap().id;
        let metadata = metadata_of(&live.join("file"));
        std::fs::write(live.join("file"), "later").unwrap();
        Scene { host, app, live, snapshot, metadata, _world: world }
    }

    pub(super) fn monitor(&self) -> Monitor {
        self.monitor_with(Progress::unwatched())
    }

    pub(super) fn monitor_with(&self, progress: Progress) -> Monitor {
        let given = self.given();
        let choice = Choice::default();
        let subject = Subject {
            plan: self.plan(&given),
            given,
            choice,
            plugin_digest: "plugin".into(),
            id: reforge_transaction::id::new_id(&self.host.state.transactions(), &self.host.state.receipts()).unwrap(),
            who: "test".into(),
        };
        let lease = self.host.deployer.locks().try_lease("notes", "a test").unwrap();
        Monitor::of_restore(subject, lease, Vec::new(), Arc::new(progress))
    }

    pub(super) fn given(&self) -> Given {
        let workload = self.host.config.workload("notes").unwrap().clone();
        let snapshot = Arc::new(self.host.store.open("notes", &self.snapshot).unwrap());
        Given { host: self.host.clone(), workload, snapshot }
    }

    pub(super) fn plan(&self, given: &Given) -> Preflight {
        let Given { host, workload, snapshot } = given;
        Preflight::make(host, workload, snapshot, &Choice::default(), "plugin", Look::Whole).unwrap()
    }

    /// Locked and begun, with the root and the file staged with this content.
    pub(super) fn staged(&self, monitor: &Monitor, content: &[u8]) -> (Token, Token) {
        let lease = monitor.lock().unwrap();
        let digest = digest(monitor);
        let transaction = monitor.begin(lease, &digest, &["data".into()]).unwrap();
        self.stage(monitor, transaction, content).unwrap();
        (lease, transaction)
    }

    /// The root, and the file with this content.
    pub(super) fn stage(&self, monitor: &Monitor, transaction: Token, content: &[u8]) -> Result<()> {
        let (_, staging) = monitor.stage(transaction, "data")?;
        staging.directory(b"", &metadata_of(&self.live))?;
        staging.file(b"file", &self.metadata, content)
    }

    pub(super) fn is_untouched(&self, why: &str) {
        assert_eq!(std::fs::read_to_string(self.live.join("file")).unwrap(), "later", "{why}");
        assert!(self.app.is_up(), "{why}");
        let siblings: Vec<_> = std::fs::read_dir(self.live.parent().unwrap()).unwrap().collect();
        assert_eq!(siblings.len(), 1, "{why}: {siblings:?}");
    }
}

/// Of the plan that a restore stands on.
pub(super) fn digest(monitor: &Monitor) -> String {
    monitor.steps("a test").unwrap().subject.plan.digest.clone()
}

/// Changes what is known of a transaction that has begun.
pub(super) fn pretend(monitor: &Monitor, change: impl FnOnce(&mut Underway)) {
    change(monitor.steps("a test").unwrap().step().underway_mut().unwrap());
}

/// As if the swap had been so long ago.
pub(super) fn pretend_swapped_ago(monitor: &Monitor, seconds: u64) {
    pretend(monitor, |underway| {
        let At::Swapped(swapped) = &mut underway.at else { panic!("it was not swapped") };
        swapped.unattended_since = Instant::now().checked_sub(Duration::from_secs(seconds)).unwrap();
    });
}

pub(super) fn metadata_of(path: &std::path::Path) -> Metadata {
    use std::os::unix::fs::MetadataExt as _;
    let facts = std::fs::symlink_metadata(path).unwrap();
    Metadata {
        mode: facts.mode() & 0o7777,
        uid: facts.uid(),
        gid: facts.gid(),
        mtime: Mtime { seconds: facts.mtime(), nanoseconds: facts.mtime_nsec() as u32 },
        xattrs: Vec::new(),
    }
}

/// A restore by a plugin that does everything in order, with what it was given on the way.
pub(super) struct Way<'a> {
    scene: &'a Scene,
    monitor: &'a Monitor,
    pub lease: Token,
    pub transaction: Token,
    pub sealed: Token,
    pub stopped: Token,
    pub safety: Token,
    pub swapped: Token,
}

/// One step of it.
type Move = fn(&mut Way<'_>) -> Result<()>;

/// All of them: what each gives is what the later ones need.
const MOVES: [Move; WHOLE_WAY] = [
    |way| way.monitor.lock().map(|token| way.lease = token),
    |way| {
        let token = way.monitor.begin(way.lease, &digest(way.monitor), &["data".into()])?;
        way.transaction = token;
        Ok(())
    },
    |way| way.scene.stage(way.monitor, way.transaction, b"captured"),
    |way| way.monitor.seal(0).map(|token| way.sealed = token),
    |way| way.monitor.stop(way.lease).map(|token| way.stopped = token),
    |way| way.monitor.capture_safety(way.lease, way.stopped).map(|token| way.safety = token),
    |way| {
        let token = way.monitor.swap(way.transaction, &[way.sealed], way.stopped, way.safety)?;
        way.swapped = token;
        Ok(())
    },
    |way| way.monitor.redeploy(way.swapped),
    |way| way.monitor.await_healthy(way.swapped).map(drop),
];

pub(super) const WHOLE_WAY: usize = 9;
/// How many of them it takes to the commit.
pub(super) const TO_SWAPPED: usize = 7;

impl Way<'_> {
    /// Takes so many of the steps.
    pub(super) fn walk<'a>(scene: &'a Scene, monitor: &'a Monitor, steps: usize) -> Way<'a> {
        let none = Token(0);
        let (lease, transaction, sealed, stopped, safety, swapped) = (none, none, none, none, none, none);
        let mut way = Way { scene, monitor, lease, transaction, sealed, stopped, safety, swapped };
        MOVES[..steps].iter().try_for_each(|step| step(&mut way)).unwrap();
        way
    }
}
