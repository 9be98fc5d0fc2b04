//! A plugin that lies, forgets or guesses, played by the test at the boundary where every call of a real one arrives.

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

use super::*;
use crate::config::RuntimeKind;
use crate::deployer::fixture::{World, spec, workload};
use crate::deployer::scope::Scope;
use crate::host::Host;
use crate::restore::preflight::{Choice, Look, Preflight};
use crate::restore::progress::Watcher;
use crate::runtime::{AppState, DeploySpec, Health, HealthReport, Observation, Runtime};
use crate::snapshots::tree_digest::{Metadata, Mtime};
use crate::transaction::receipt::Outcome;

/// An app that only knows whether it runs.
struct Switch(AtomicBool);

impl Switch {
    fn is_up(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

impl Runtime for Switch {
    fn observe(&self, name: &str) -> Result<Observation> {
        let state = if self.is_up() { AppState::Running } else { AppState::Stopped };
        Ok(Observation { state, spec: Some(spec(name, "/bin/app")), detail: serde_json::Value::Null })
    }
    fn create(&self, _: &DeploySpec) -> Result<()> {
        self.0.store(true, Ordering::SeqCst);
        Ok(())
    }
    fn bring_back(&self, observation: &Observation) -> Result<()> {
        self.0.store(observation.state.should_run(), Ordering::SeqCst);
        Ok(())
    }
    fn hold(&self, _: &str) -> Result<()> {
        Ok(())
    }
    fn release(&self, _: &str) -> Result<()> {
        Ok(())
    }
    fn stop(&self, _: &str) -> Result<()> {
        self.0.store(false, Ordering::SeqCst);
        Ok(())
    }
    fn members(&self, _: &str) -> Result<Vec<i32>> {
        Ok(Vec::new())
    }
    fn is_down(&self, _: &str) -> Result<bool> {
        Ok(!self.is_up())
    }
    fn await_healthy(&self, _: &str, _: &dyn Fn() -> bool) -> Result<HealthReport> {
        Ok(HealthReport { health: Health::Healthy, reason: "it is switched on".into() })
    }
    fn resolve_image(&self, spec: &DeploySpec) -> Result<String> {
        Ok(spec.image_digest.clone())
    }
}

/// A workload with one volume that holds one file, its snapshot, and a later change.
struct Scene {
    host: Arc<Host>,
    app: Arc<Switch>,
    live: PathBuf,
    snapshot: String,
    metadata: Metadata,
    _world: World,
}

impl Scene {
    fn new() -> Scene {
        let world = World::new().with([workload("notes", "notes", "prod").volume("data", Scope::Project, "data")]);
        let live = world.live("volumes/notes/data");
        std::fs::write(live.join("file"), "captured").unwrap();
        let app = Arc::new(Switch(AtomicBool::new(true)));
        let runtimes = [(RuntimeKind::Process, app.clone() as Arc<dyn Runtime>)].into();
        let state = crate::state_dir::StateDir::open(&world.config).unwrap();
        let host = Arc::new(Host::with_runtimes(Arc::new(world.config.clone()), state, runtimes));
        let notes = host.config.workload("notes").unwrap().clone();
        let snapshot = host.capture(&notes, "manual", false, &Progress::unwatched()).unwrap().id;
        let metadata = metadata_of(&live.join("file"));
        std::fs::write(live.join("file"), "later").unwrap();
        Scene { host, app, live, snapshot, metadata, _world: world }
    }

    fn monitor(&self) -> Monitor {
        self.monitor_with(Progress::unwatched())
    }

    fn monitor_with(&self, progress: Progress) -> Monitor {
        let workload = self.host.config.workload("notes").unwrap().clone();
        let snapshot = self.host.store.open("notes", &self.snapshot).unwrap();
        let choice = Choice::default();
        let plan = Preflight::make(&self.host, &workload, &snapshot, &choice, "plugin", Look::Whole).unwrap();
        let subject = Subject {
            host: self.host.clone(),
            workload,
            snapshot,
            choice,
            plugin_digest: "plugin".into(),
            id: crate::transaction::new_id().unwrap(),
            who: "test".into(),
            plan,
        };
        let lease = self.host.deployer.locks().try_lease("notes", "a test").unwrap();
        Monitor::of_restore(subject, lease, Arc::new(progress))
    }

    /// Locked and begun, with the root and the file staged with this content.
    fn staged(&self, monitor: &Monitor, content: &[u8]) -> (Proof, Proof) {
        let lease = monitor.lock().unwrap();
        let digest = monitor.subject().unwrap().plan.digest.clone();
        let transaction = monitor.begin(lease, &digest, &["data".into()]).unwrap();
        let (_, staging) = monitor.stage(transaction, "data").unwrap();
        staging.directory(b"", &metadata_of(&self.live)).unwrap();
        staging.file(b"file", &self.metadata, content).unwrap();
        (lease, transaction)
    }

    fn is_untouched(&self, why: &str) {
        assert_eq!(std::fs::read_to_string(self.live.join("file")).unwrap(), "later", "{why}");
        assert!(self.app.is_up(), "{why}");
        let siblings: Vec<_> = std::fs::read_dir(self.live.parent().unwrap()).unwrap().collect();
        assert_eq!(siblings.len(), 1, "{why}: {siblings:?}");
    }
}

fn metadata_of(path: &std::path::Path) -> Metadata {
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

#[test]
fn the_whole_way_in_order_restores() {
    let scene = Scene::new();
    let monitor = scene.monitor();
    let (lease, transaction) = scene.staged(&monitor, b"captured");
    let sealed = monitor.seal(0).unwrap();
    let stopped = monitor.stop(lease).unwrap();
    let safety = monitor.capture_safety(lease, stopped).unwrap();
    let swapped = monitor.swap(transaction, &[sealed], stopped, safety).unwrap();
    monitor.redeploy(swapped).unwrap();
    monitor.await_healthy(swapped).unwrap();
    let report = monitor.settle(Ok("done".into()));
    assert_eq!(report.outcome, Outcome::Done, "{report:#?}");
    assert_eq!(std::fs::read_to_string(scene.live.join("file")).unwrap(), "captured");
}

/// What each phase came to.
#[derive(Default)]
struct Phases(std::sync::Mutex<Vec<(String, u64)>>);

impl Watcher for Phases {
    fn phase(&self, name: &str) {
        self.0.lock().unwrap().push((name.to_owned(), 0));
    }

    fn ended(&self, bytes: u64, _entries: u64) {
        if let Some(last) = self.0.lock().unwrap().last_mut() {
            last.1 = bytes;
        }
    }

    fn note(&self, _text: &str) {}
}

#[test]
fn what_can_be_counted_is_counted_towards_a_total_that_is_known_from_the_start() {
    let scene = Scene::new();
    let phases = Arc::new(Phases::default());
    let monitor = scene.monitor_with(Progress::new(phases.clone(), Arc::default()));
    let archive = monitor.subject().unwrap().snapshot.bytes();
    let counted = |phase: &str| {
        let progress = &monitor.progress;
        assert_eq!(progress.phase(), phase);
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        assert_eq!(read(&progress.bytes), read(&progress.bytes_total), "{phase}");
        assert_eq!(read(&progress.entries), read(&progress.entries_total), "{phase}");
        (read(&progress.bytes_total), read(&progress.entries_total))
    };
    let (lease, _) = scene.staged(&monitor, b"captured");
    monitor.seal(0).unwrap();
    assert_eq!(counted("sealing"), ("captured".len() as u64, 2));
    let stopped = monitor.stop(lease).unwrap();
    monitor.capture_safety(lease, stopped).unwrap();
    assert_eq!(counted("safety snapshot"), ("later".len() as u64, 2));
    monitor.settle(Ok("never swapped".into()));
    let checked = phases.0.lock().unwrap().iter().find(|(phase, _)| phase == "checking the archive").cloned();
    assert_eq!(checked, Some(("checking the archive".into(), archive)));
}

#[test]
fn a_plugin_that_stages_other_bytes_than_were_captured_is_caught_at_the_seal() {
    let scene = Scene::new();
    let monitor = scene.monitor();
    let (lease, _) = scene.staged(&monitor, b"captureD");
    assert_eq!(monitor.seal(0).unwrap_err().code, Code::SnapshotDamaged);
    assert_eq!(monitor.stop(lease).unwrap_err().code, Code::OutOfOrder);
    let report = monitor.settle(Ok("all is well".into()));
    assert_ne!(report.outcome, Outcome::Done);
    scene.is_untouched("other bytes");
}

#[test]
fn a_plugin_that_claims_success_without_doing_anything_is_not_believed() {
    let scene = Scene::new();
    let report = scene.monitor().settle(Ok("all is well".into()));
    assert_eq!((report.outcome, report.receipt.is_none()), (Outcome::Failed, true));
    scene.is_untouched("nothing done");
    let monitor = scene.monitor();
    let (lease, _) = scene.staged(&monitor, b"captured");
    monitor.seal(0).unwrap();
    monitor.stop(lease).unwrap();
    assert!(!scene.app.is_up());
    let report = monitor.settle(Ok("all is well".into()));
    assert_eq!(report.outcome, Outcome::Failed, "{report:#?}");
    scene.is_untouched("stopped and left");
}

#[test]
fn forged_missing_and_reused_proofs_are_refused_everywhere() {
    let scene = Scene::new();
    let monitor = scene.monitor();
    let forged = Proof(4711);
    let refused = |result: Result<Proof>, what: &str| {
        assert_eq!(result.map(drop).unwrap_err().code, Code::OutOfOrder, "{what}");
    };
    refused(monitor.begin(forged, "", &[]), "begin before the lock");
    refused(monitor.stop(forged), "stop before the lock");
    let lease = monitor.lock().unwrap();
    refused(monitor.lock(), "a second lease");
    let digest = monitor.subject().unwrap().plan.digest.clone();
    refused(monitor.begin(lease, &digest, &[]), "begin without the volume");
    refused(monitor.begin(lease, &digest, &["data".into(), "data".into()]), "begin with it twice");
    assert_eq!(monitor.begin(lease, "another", &["data".into()]).unwrap_err().code, Code::Drift);
    let transaction = monitor.begin(lease, &digest, &["data".into()]).unwrap();
    refused(monitor.begin(lease, &digest, &["data".into()]), "a second transaction");
    assert!(monitor.stage(forged, "data").is_err() && monitor.stage(transaction, "other").is_err());
    let (_, staging) = monitor.stage(transaction, "data").unwrap();
    assert!(monitor.stage(transaction, "data").is_err(), "a second staging");
    staging.directory(b"", &metadata_of(&scene.live)).unwrap();
    staging.file(b"file", &scene.metadata, b"captured").unwrap();
    refused(monitor.stop(lease), "stop before the seal");
    refused(monitor.seal(1), "a seal of no volume");
    let sealed = monitor.seal(0).unwrap();
    refused(monitor.seal(0), "a second seal");
    refused(monitor.capture_safety(lease, forged), "a safety snapshot before the stop");
    let stopped = monitor.stop(lease).unwrap();
    refused(monitor.stop(lease), "a second stop");
    refused(monitor.swap(transaction, &[sealed], stopped, forged), "swap without a safety snapshot");
    let safety = monitor.capture_safety(lease, stopped).unwrap();
    for (what, sealed, stopped, safety) in [
        ("no seal", vec![], stopped, safety),
        ("a seal twice", vec![sealed, sealed], stopped, safety),
        ("a forged seal", vec![forged], stopped, safety),
        ("another proof for the stop", vec![sealed], safety, safety),
        ("another proof for the safety snapshot", vec![sealed], stopped, stopped),
    ] {
        refused(monitor.swap(transaction, &sealed, stopped, safety), what);
    }
    assert!(monitor.redeploy(forged).is_err() && monitor.revert(forged).is_err());
    let swapped = monitor.swap(transaction, &[sealed], stopped, safety).unwrap();
    refused(monitor.swap(transaction, &[sealed], stopped, safety), "a second swap");
    assert!(monitor.await_healthy(swapped).is_err(), "health before the start");
    assert!(monitor.revert(swapped).is_err(), "a revert of a good app");
    // The plugin goes away right after the commit: the host finishes by itself.
    let report = monitor.settle(Err(Failure::new(Code::Plugin, "trapped")));
    assert_eq!(report.outcome, Outcome::Done, "{report:#?}");
    assert!(scene.app.is_up());
    assert_eq!(std::fs::read_to_string(scene.live.join("file")).unwrap(), "captured");
}

#[test]
fn what_is_no_restore_can_lock_and_stage_nothing() {
    let scene = Scene::new();
    for purpose in [Purpose::Plan, Purpose::Inspect, Purpose::Describe] {
        let monitor = Monitor { purpose, ..scene.monitor() };
        assert_eq!(monitor.lock().unwrap_err().code, Code::OutOfOrder);
    }
    assert!(Monitor::without_handles().read_archive(0, 1).is_err());
}

#[test]
fn a_plugin_that_keeps_the_app_down_for_too_long_before_the_commit_is_ended_and_after_it_never() {
    let scene = Scene::new();
    let monitor = scene.monitor();
    let (lease, transaction) = scene.staged(&monitor, b"captured");
    let sealed = monitor.seal(0).unwrap();
    monitor.steps().stop_to_commit_max = Duration::ZERO;
    monitor.interrupt().expect("the app is up");
    let stopped = monitor.stop(lease).unwrap();
    let failure = monitor.interrupt().unwrap_err();
    assert_eq!(failure.code, Code::Plugin);
    assert!(failure.message.contains("did not swap within 0 s of the stop"), "{failure}");
    let safety = monitor.capture_safety(lease, stopped).unwrap();
    monitor.swap(transaction, &[sealed], stopped, safety).unwrap();
    monitor.interrupt().expect("nothing is undone after the commit");
}
