//! Promise 7 in one host that lives on: after plugins that take all they can get, its memory is back where it was, and the
//! default plugin restores.
//!
//! A process of its own, since memory is counted for all of it.

#![allow(clippy::unwrap_used, reason = "a test ends where something unexpected happens")]

use std::sync::Arc;

use reforge_host::restore::progress::Progress;
use reforge_plugins::{Plugin, PluginEngine};
use reforge_transaction::receipt::Outcome;

mod fixture;
#[path = "../../../tests/support/guest_build.rs"]
mod guest_build;

/// What each of them takes is up to 256 MiB of memory, 4,096 handles, the whole stack, or it leaves a restore half way.
const BEHAVIOURS: [&str; 9] = [
    "allocates-without-end",
    "recurses",
    "passes-too-much",
    "hoards-handles",
    "keeps-handles",
    "drops-everything-at-once",
    "workers-in-workers",
    "returns-garbage",
    "traps-when-begun",
];
/// What an allocator may keep for itself, far below what any of them takes.
const GROWTH_BYTES_MAX: u64 = 16 << 20;

#[test]
fn a_host_that_ran_plugins_which_take_without_end_has_its_memory_back() {
    let directory = tempfile::tempdir().unwrap();
    let more = "[[workload.volume]]\nname = \"more\"\nscope = \"project\"\nsource = \"more\"\ntarget = \"/more\"";
    let host = fixture::host(directory.path(), "command = [\"/bin/true\"]", more);
    for volume in ["data", "more"] {
        let live = directory.path().join("volumes/notes").join(volume);
        std::fs::create_dir_all(&live).unwrap();
        std::fs::write(live.join("file"), "captured").unwrap();
    }
    let workload = host.config.workload("notes").unwrap().clone();
    let snapshot = host.capture(&workload, "manual", false, &Progress::unwatched()).unwrap().id;
    let engine = PluginEngine::new(None).unwrap();
    let guests = BEHAVIOURS.map(|behaviour| {
        let (_directory, file) = guest_build::behaving(behaviour);
        Plugin::from_file(&engine, &file).unwrap()
    });
    let all = || {
        for (behaviour, guest) in BEHAVIOURS.iter().zip(&guests) {
            let report = fixture::restore(&host, guest, &snapshot);
            assert_ne!(report.outcome, Outcome::Done, "{behaviour}: {report:#?}");
        }
    };
    // The first round makes what stays: threads' stacks, caches, the allocator's own.
    all();
    let before = resident_bytes();
    all();
    all();
    let grown = resident_bytes().saturating_sub(before);
    assert!(grown < GROWTH_BYTES_MAX, "{} KiB more than before", grown >> 10);
    let report = fixture::restore(&host, &fixture::plugin(), &snapshot);
    assert_eq!(report.outcome, Outcome::Done, "{report:#?}");
    drop(Arc::into_inner(host).expect("nobody else holds the host"));
}

/// Resident memory of this process.
fn resident_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().strip_suffix(" kB").unwrap().parse::<u64>().unwrap() << 10
}
