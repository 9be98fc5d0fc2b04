//! How the crates and files of the host depend on each other: in one direction only, and none of them without end.
//!
//! `order` compares what `cargo metadata` says with the order of the crates, `sources` finds their files, `imports` what
//! each of them names of its own crate, `circles` those that come back to where they began, `doors` what opens paths in the
//! crates that work in volumes, `limits` that host and plugin agree where each checks for itself. Each is shown by a small example that it can find something wrong.

#![allow(clippy::unwrap_used)]

#[path = "structure/circles.rs"]
mod circles;
#[path = "structure/doors.rs"]
mod doors;
#[path = "structure/imports.rs"]
mod imports;
#[path = "structure/limits.rs"]
mod limits;
#[path = "structure/order.rs"]
mod order;
#[path = "structure/sources.rs"]
mod sources;

/// What a person can hold in mind, and what a crate is split at.
const CRATE_LINES_MAX: usize = 8000;

#[test]
fn no_crate_imports_one_that_comes_after_it() {
    let metadata = order::metadata();
    let wrong = order::against_the_order(&order::crates(&metadata));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_crate_is_longer_than_8000_lines() {
    for (name, files) in sources::crates() {
        let lines: usize = files.iter().map(|file| sources::production(&file.text).lines().count()).sum();
        assert!(
            (1..=CRATE_LINES_MAX).contains(&lines),
            "{name} has {lines} lines, and {CRATE_LINES_MAX} at most are meant"
        );
    }
}

#[test]
fn no_files_import_each_other_in_a_circle() {
    let mut wrong = Vec::new();
    for (name, files) in sources::crates() {
        let edges = circles::edges(&files);
        // A crate of several files whose files need nothing of each other was not read.
        assert!(files.len() < 10 || edges.values().any(|needed| !needed.is_empty()), "{name}");
        wrong.extend(circles::circles(&edges).into_iter().map(|circle| format!("{name}: {}", circle.join(", "))));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
