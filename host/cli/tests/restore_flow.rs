//! The whole flow through the library: capture, damage, restore through the embedded plugin, undo.

#![allow(clippy::unwrap_used, reason = "a test ends where something unexpected happens")]

use std::sync::Arc;

use reforge_deployer::dispatch::DeployRequest;
use reforge_host::restore::progress::Progress;
use reforge_host::restore::{run, undo};
use reforge_transaction::receipt::Outcome;

mod fixture;

const COUNTING: &str = r#"
command = ["/bin/sh", "-c", "while :; do date >> {volume:data}/log; sleep 0.05; done"]
stop_timeout = "2s"
"#;

const MEDIA: &str = r#"
[[workload.volume]]
name = "media"
scope = "stage"
source = "media"
target = "/media"
"#;

#[test]
fn a_restore_and_its_undo_bring_back_exactly_what_was_there() {
    let directory = tempfile::tempdir().unwrap();
    let host = fixture::host(directory.path(), COUNTING, MEDIA);
    let deploy = DeployRequest::Deploy { workload: "notes".into(), make_empty: Vec::new(), replace: false };
    host.deployer.dispatch(&deploy, false, &|| false).unwrap();
    let volumes = directory.path().join("volumes/notes");
    std::fs::write(volumes.join("prod/media/a"), vec![7; 3 << 20]).unwrap();
    std::fs::create_dir(volumes.join("prod/media/sub")).unwrap();
    std::fs::write(volumes.join("prod/media/sub/b"), "b").unwrap();
    let workload = host.config.workload("notes").unwrap().clone();
    let snapshot = host.capture(&workload, "manual", false, &Progress::unwatched()).unwrap();

    std::fs::write(volumes.join("prod/media/stray"), "new").unwrap();
    std::fs::remove_file(volumes.join("prod/media/a")).unwrap();
    let plugin = fixture::plugin();
    let request = fixture::request(&snapshot.id);
    let planned = run::plan(&host, &plugin, &request, &Arc::new(Progress::unwatched())).unwrap();
    assert!(planned.preflight.refusals.is_empty(), "{:?}", planned.preflight.refusals);
    let changes = planned.changes.unwrap();
    let media = changes.iter().find(|volume| volume.name == "media").unwrap();
    let counts = media.changes.as_ref().unwrap();
    assert_eq!((counts.added, counts.removed), (1, 1), "{counts:?}");
    let report = fixture::restore(&host, &plugin, &snapshot.id);
    assert_eq!(report.outcome, Outcome::Done, "{report:#?}");
    assert!(!volumes.join("prod/media/stray").exists());
    assert_eq!(std::fs::read(volumes.join("prod/media/a")).unwrap(), vec![7; 3 << 20]);

    let id = report.receipt.unwrap().id;
    let request = undo::Request { id, wait: false, who: "test".into() };
    let report = undo::run(&host, &request, &Arc::new(Progress::unwatched()));
    assert_eq!(report.outcome, Outcome::Done, "{report:#?}");
    assert!(volumes.join("prod/media/stray").exists());
    assert!(!volumes.join("prod/media/a").exists());
    host.deployer.dispatch(&DeployRequest::Stop { workload: "notes".into() }, false, &|| false).unwrap();
}
