//! What hosts of earlier versions left on disk is recovered, undone, verified and restored by this one.
//!
//! `tests/fixtures/state-VERSION.ext4.zst` are file systems that such a host left in the middle of its work;
//! `make-state.sh` beside them says what is on one. None is ever made again: that would be this version's.

use std::path::Path;
use std::process::Command;

use crate::support::process::run;

/// The content of each file `file` of a workload's volumes.
const CONTENT: &str = "content() { cat volumes/$1/*/file | tr '\\n' ' '; ls volumes/$1/*; }";

/// The file systems that there are.
fn fixtures() -> Vec<std::path::PathBuf> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap().join("tests/fixtures");
    let entries = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let found: Vec<_> = entries.filter(|path| path.to_string_lossy().ends_with(".ext4.zst")).collect();
    assert!(!found.is_empty());
    found
}

/// What a script prints that is run on a copy of each file system, mounted where it was, as on a machine that was started
/// again. `reforge` is this version's. Processes and mounts go with it.
fn on_each(script: &str, judge: impl Fn(&str)) {
    for fixture in fixtures() {
        let directory = tempfile::tempdir().unwrap();
        let image = directory.path().join("image");
        run("zstd", &["-d", "-q", fixture.to_str().unwrap(), "-o", image.to_str().unwrap()]);
        let inside = format!(
            "mount -o loop {} /mnt; cd /mnt; reforge() {{ {} --config /mnt/reforge.toml \"$@\"; }}; {CONTENT}\n{script}",
            image.display(),
            env!("CARGO_BIN_EXE_reforge"),
        );
        let namespaces = ["--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "--propagation", "private"];
        let output = Command::new("unshare").args(namespaces).args(["sh", "-euc", &inside]).output().unwrap();
        let (said, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{}: {said}{errors}", fixture.display());
        judge(&said);
    }
}

/// What `content` prints of a workload whose volumes hold that content, and no other's.
fn all(workload: &str, content: &str) -> String {
    let listed = |name: &str| format!("volumes/{workload}/{name}:\nfile\nonly-in-{content}\n");
    format!("{content} {content} {}\n{}", listed("data"), listed("more"))
}

#[test]
fn what_was_between_two_steps_is_recovered_and_a_second_start_finds_nothing_to_do() {
    on_each("reforge recover 2>&1; content forward; content back; content undone; reforge recover 2>&1", |said| {
        assert!(said.contains(&all("forward", "old")), "committed, so it is complete: {said}");
        assert!(said.contains(&all("back", "new")), "not committed, so it is as before: {said}");
        assert!(said.contains(&all("undone", "old")), "over, so nothing is done to it: {said}");
        assert_eq!(said.matches("recovered `").count(), 2, "{said}");
    });
}

#[test]
fn a_restore_is_undone_and_so_is_its_undo() {
    let script = "
        reforge recover >/dev/null 2>&1
        id=$(ls state/receipts | sed -n 's/.json$//p' | head -n 1)
        reforge restore undo $id --yes >/dev/null 2>&1; content undone
        reforge restore undo $(ls state/receipts | sed -n 's/.json$//p' | tail -n 1) --yes >/dev/null 2>&1; content undone";
    on_each(script, |said| assert_eq!(said, all("undone", "new") + &all("undone", "old")));
}

#[test]
fn snapshots_are_listed_verified_and_restored() {
    let script = "
        reforge recover >/dev/null 2>&1
        for id in undone forward back; do reforge --json snapshot list $id; done
        id=$(basename $(ls snapshots/back/*.json | head -n 1) .json)
        reforge snapshot verify back $id >/dev/null
        reforge restore run back $id --yes >/dev/null 2>&1; content back
        reforge restore list; reforge audit";
    on_each(script, |said| {
        // The three that a person took, and what each restore took before its exchange.
        assert_eq!(said.matches("\"reason\":\"").count() + said.matches("\"reason\": \"").count(), 6, "{said}");
        assert!(said.contains(&all("back", "old")), "{said}");
        for workload in ["undone", "forward", "back"] {
            assert!(said.contains(workload), "{said}");
        }
    });
}
