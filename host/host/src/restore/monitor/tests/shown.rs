//! What is seen of a restore meanwhile, and how long a plugin may take.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::super::*;
use super::scene::{Scene, TO_SWAPPED, Way, pretend, pretend_swapped_ago};
use crate::restore::progress::Watcher;
use reforge_base::Phase;
use reforge_plugins::host_calls::HostCalls as _;
use reforge_plugins::limits::NOTES_BYTES_MAX;

/// What each phase came to.
#[derive(Default)]
struct Phases(std::sync::Mutex<Vec<(Phase, u64)>>);

impl Watcher for Phases {
    fn phase(&self, phase: Phase) {
        self.0.lock().unwrap().push((phase, 0));
    }

    fn ended(&self, bytes: u64, _entries: u64) {
        if let Some(last) = self.0.lock().unwrap().last_mut() {
            last.1 = bytes;
        }
    }

    fn note(&self, _text: &reforge_base::Message) {}
}

#[test]
fn what_can_be_counted_is_counted_towards_a_total_that_is_known_from_the_start() {
    let scene = Scene::new();
    let phases = Arc::new(Phases::default());
    let monitor = scene.monitor_with(Progress::new(phases.clone(), Arc::default()));
    let archive = monitor.archive_bytes();
    let counted = |phase: Phase| {
        let progress = &monitor.progress;
        assert_eq!(progress.phase(), phase);
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        assert_eq!(read(&progress.bytes), read(&progress.bytes_total), "{phase}");
        assert_eq!(read(&progress.entries), read(&progress.entries_total), "{phase}");
        (read(&progress.bytes_total), read(&progress.entries_total))
    };
    let (lease, _) = scene.staged(&monitor, b"captured");
    monitor.seal(0).unwrap();
    assert_eq!(counted(Phase::Sealing), ("captured".len() as u64, 2));
    let stopped = monitor.stop(lease).unwrap();
    monitor.capture_safety(lease, stopped).unwrap();
    assert_eq!(counted(Phase::SafetySnapshot), ("later".len() as u64, 2));
    monitor.conclude(Ok("never swapped".into()));
    let checked = phases.0.lock().unwrap().iter().find(|(phase, _)| *phase == Phase::CheckingTheArchive).copied();
    assert_eq!(checked, Some((Phase::CheckingTheArchive, archive)));
}

#[test]
fn a_plugin_that_keeps_the_app_down_for_too_long_is_ended_before_the_commit_and_after_it() {
    let scene = Scene::new();
    let monitor = scene.monitor();
    let (lease, transaction) = scene.staged(&monitor, b"captured");
    let sealed = monitor.seal(0).unwrap();
    pretend(&monitor, |underway| underway.stop_to_commit_max = Duration::ZERO);
    monitor.watch_guest().expect("the app is up");
    let stopped = monitor.stop(lease).unwrap();
    let failure = monitor.watch_guest().unwrap_err();
    assert_eq!(failure.code, Code::Plugin);
    assert!(failure.message.contains("did not swap within 0 s of the stop"), "{failure}");
    let safety = monitor.capture_safety(lease, stopped).unwrap();
    let swapped = monitor.swap(transaction, &[sealed], stopped, safety).unwrap();
    monitor.watch_guest().expect("it has just been given the swap");
    pretend_swapped_ago(&monitor, 61);
    monitor.phase("a new one is no progress");
    let failure = monitor.watch_guest().unwrap_err();
    assert!(failure.message.contains("did not go on within 60 s of the commit"), "{failure}");
    monitor.redeploy(swapped).unwrap();
    monitor.watch_guest().expect("a step of the host is progress");
}

#[test]
fn a_cancel_after_the_commit_takes_nothing_back_and_leaves_a_plugin_little_time() {
    let scene = Scene::new();
    let monitor = scene.monitor();
    Way::walk(&scene, &monitor, TO_SWAPPED);
    monitor.progress.cancelled.store(true, Ordering::Relaxed);
    monitor.watch_guest().expect("it may go on for a moment");
    pretend_swapped_ago(&monitor, 2);
    assert_eq!(monitor.watch_guest().unwrap_err().code, Code::Plugin);
}

#[test]
fn the_notes_of_all_sandboxes_of_a_call_are_bounded_together() {
    struct Heard(std::sync::Mutex<usize>);
    impl Watcher for Heard {
        fn phase(&self, _: Phase) {}
        fn note(&self, text: &reforge_base::Message) {
            *self.0.lock().unwrap() += text.len();
        }
    }
    let heard = Arc::new(Heard(Default::default()));
    let progress = Progress::new(heard.clone(), Arc::default());
    let monitor = Scene::new().monitor_with(progress);
    (0..1000).for_each(|_| monitor.note(&"x".repeat(1024)));
    assert_eq!(*heard.0.lock().unwrap(), NOTES_BYTES_MAX);
}
