//! A plugin that lies, forgets or guesses, played by the test at the boundary where every call of a real one arrives.

mod scene;
mod shown;

use std::sync::atomic::Ordering;

use self::scene::{Scene, TO_SWAPPED, WHOLE_WAY, Way, digest, metadata_of};
use super::*;
use reforge_plugins::host_calls::{HostCalls as _, Token};
use reforge_transaction::receipt::Outcome;

#[test]
fn the_whole_way_in_order_restores() {
    let scene = Scene::new();
    let monitor = scene.monitor();
    Way::walk(&scene, &monitor, WHOLE_WAY);
    let report = monitor.conclude(Ok("done".into()));
    assert_eq!(report.outcome, Outcome::Done, "{report:#?}");
    assert_eq!(std::fs::read_to_string(scene.live.join("file")).unwrap(), "captured");
}

#[test]
fn a_plugin_that_stages_other_bytes_than_were_captured_is_caught_at_the_seal() {
    let scene = Scene::new();
    let monitor = scene.monitor();
    let (lease, _) = scene.staged(&monitor, b"captureD");
    assert_eq!(monitor.seal(0).unwrap_err().code, Code::SnapshotDamaged);
    assert_eq!(monitor.stop(lease).unwrap_err().code, Code::OutOfOrder);
    let report = monitor.conclude(Ok("all is well".into()));
    assert_ne!(report.outcome, Outcome::Done);
    scene.is_untouched("other bytes");
}

#[test]
fn a_plugin_that_claims_success_without_doing_anything_is_not_believed() {
    let scene = Scene::new();
    let report = scene.monitor().conclude(Ok("all is well".into()));
    assert_eq!((report.outcome, report.receipt.is_none()), (Outcome::Failed, true));
    scene.is_untouched("nothing done");
    let monitor = scene.monitor();
    let (lease, _) = scene.staged(&monitor, b"captured");
    monitor.seal(0).unwrap();
    monitor.stop(lease).unwrap();
    assert!(!scene.app.is_up());
    let report = monitor.conclude(Ok("all is well".into()));
    assert_eq!(report.outcome, Outcome::Failed, "{report:#?}");
    scene.is_untouched("stopped and left");
}

#[test]
fn forged_missing_and_reused_proofs_are_refused_everywhere() {
    let scene = Scene::new();
    let monitor = scene.monitor();
    let forged = Token(4711);
    let refused = |result: Result<Token>, what: &str| {
        assert_eq!(result.map(drop).unwrap_err().code, Code::OutOfOrder, "{what}");
    };
    refused(monitor.begin(forged, "", &[]), "begin before the lock");
    refused(monitor.stop(forged), "stop before the lock");
    let lease = monitor.lock().unwrap();
    refused(monitor.lock(), "a second lease");
    let digest = digest(&monitor);
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
    let report = monitor.conclude(Err(Failure::new(Code::Plugin, "trapped")));
    assert_eq!(report.outcome, Outcome::Done, "{report:#?}");
    assert!(scene.app.is_up());
    assert_eq!(std::fs::read_to_string(scene.live.join("file")).unwrap(), "captured");
}

#[test]
fn what_is_no_restore_can_lock_and_stage_nothing() {
    let scene = Scene::new();
    let progress = || Arc::new(Progress::unwatched());
    let plan = Monitor::of_plan(scene.given(), scene.plan(&scene.given()), progress());
    let inspection = Monitor::of_inspection(scene.given(), progress());
    assert!(plan.resolve("data", "project").is_ok());
    assert_eq!(inspection.resolve("data", "project").unwrap_err().code, Code::NotFound);
    assert_eq!(inspection.volume_facts("data").unwrap_err().code, Code::NotFound);
    for monitor in [plan, inspection] {
        let any = Token(1);
        for (call, answer) in [
            ("lock", monitor.lock().map(drop)),
            ("begin", monitor.begin(any, "", &[]).map(drop)),
            ("stage", monitor.stage(any, "data").map(drop)),
            ("seal", monitor.seal(0).map(drop)),
            ("stop", monitor.stop(any).map(drop)),
            ("capture-safety", monitor.capture_safety(any, any).map(drop)),
            ("swap", monitor.swap(any, &[any], any, any).map(drop)),
            ("redeploy", monitor.redeploy(any)),
            ("await-healthy", monitor.await_healthy(any).map(drop)),
            ("revert", monitor.revert(any)),
        ] {
            let failure = answer.unwrap_err();
            assert_eq!(failure.code, Code::OutOfOrder, "{call}");
            assert_eq!(failure.message, format!("`{call}` belongs to a restore, and this is none"));
        }
        monitor.workers(false).unwrap();
    }
    scene.is_untouched("not a restore");
}

#[test]
fn a_plan_under_the_lock_is_made_once_whether_or_not_it_is_refused() {
    let scene = Scene::new();
    let monitor = scene.monitor();
    let lease = monitor.lock().unwrap();
    let digest = digest(&monitor);
    std::fs::remove_dir_all(&scene.live).unwrap();
    let begin = || monitor.begin(lease, &digest, &["data".into()]).unwrap_err().code;
    assert_eq!(begin(), Code::Drift);
    assert_eq!(begin(), Code::OutOfOrder);
}

#[test]
fn whatever_step_a_plugin_goes_away_after_its_transaction_is_settled_and_nothing_goes_on_from_there() {
    for steps in 1..=WHOLE_WAY {
        let scene = Scene::new();
        let monitor = scene.monitor();
        Way::walk(&scene, &monitor, steps);
        let report = monitor.conclude(Err(Failure::new(Code::Plugin, "trapped")));
        if steps < TO_SWAPPED {
            assert_eq!(report.outcome, Outcome::Failed, "after step {steps}: {report:#?}");
            assert_eq!(report.receipt.is_some(), steps > 1, "after step {steps}");
            scene.is_untouched(&format!("after step {steps}"));
        } else {
            assert_eq!(report.outcome, Outcome::Done, "after step {steps}: {report:#?}");
            assert_eq!(std::fs::read_to_string(scene.live.join("file")).unwrap(), "captured", "after step {steps}");
            assert!(scene.app.is_up(), "after step {steps}");
        }
        if steps > 1 {
            // Every number that was given as a proof.
            for token in (0..16).map(Token) {
                assert!(monitor.stage(token, "data").is_err(), "after step {steps}");
                assert!(monitor.stop(token).is_err(), "after step {steps}");
                assert!(monitor.redeploy(token).is_err(), "after step {steps}");
                assert!(monitor.await_healthy(token).is_err(), "after step {steps}");
                assert!(monitor.revert(token).is_err(), "after step {steps}");
            }
        }
    }
}

#[test]
fn a_transaction_outlives_a_step_that_panics() {
    let scene = Scene::new();
    let monitor = scene.monitor();
    let (lease, _) = scene.staged(&monitor, b"captured");
    monitor.seal(0).unwrap();
    scene.app.panics.store(true, Ordering::SeqCst);
    let stop = std::panic::AssertUnwindSafe(|| monitor.stop(lease));
    assert!(std::panic::catch_unwind(stop).is_err(), "the stop did not panic");
    assert_eq!(monitor.stop(lease).unwrap_err().code, Code::OutOfOrder, "a second stop");
    let report = monitor.conclude(Err(Failure::new(Code::Plugin, "trapped")));
    assert!(report.receipt.is_some(), "{report:#?}");
    scene.is_untouched("a stop that panicked");
}

#[test]
fn workers_are_run_only_before_the_stop() {
    let scene = Scene::new();
    let monitor = scene.monitor();
    let (lease, _) = scene.staged(&monitor, b"captured");
    monitor.seal(0).unwrap();
    monitor.workers(false).unwrap();
    monitor.stop(lease).unwrap();
    assert_eq!(monitor.workers(false).unwrap_err().code, Code::OutOfOrder);
}
