//! The unit for machines with systemd is sound, and starts the host before the engine.

use std::process::Command;

const UNIT: &str = include_str!("../../../packaging/reforge.service");

/// What systemd finds wrong with a unit; empty if nothing.
fn complaints(unit: &str) -> String {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("reforge.service");
    std::fs::write(&file, unit.replace("/usr/local/bin/reforge", env!("CARGO_BIN_EXE_reforge"))).unwrap();
    let output = Command::new("systemd-analyze").arg("verify").arg(&file).output();
    let output =
        output.unwrap_or_else(|error| panic!("cannot run `systemd-analyze` ({error}): apt-get install systemd"));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    if output.status.success() { said } else { format!("{}: {said}", output.status) }
}

#[test]
fn the_unit_is_sound_and_orders_the_host_before_the_engine() {
    assert_eq!(complaints(UNIT), "");
    assert!(UNIT.lines().any(|line| line == "Before=docker.service"));
    let wrong = UNIT.replace("KillMode=process", "KillMode=proces");
    assert_ne!(complaints(&wrong), "", "systemd finds what is wrong");
}
