//! A restore plugin that misbehaves: one component, and the name of the workload says how, or one that was written into it.
//!
//! `honest` is the way that a good plugin goes, over the one snapshot that the tests make; each behaviour leaves it
//! somewhere. Every behaviour is a row of `BEHAVIOURS`, and the tests go through all of them by `describe`,
//! so that none is without a test.
#![cfg(target_family = "wasm")]
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "guests that trap and that print are what is tested")]

mod exhaustion;
mod handles;
mod hoarding;
mod honest;
mod lies;
mod outside;
mod random;
mod staging;
mod waiting;

mod bindings {
    wit_bindgen::generate!({ path: "../../../wit", world: "restore-plugin" });
}

use bindings::exports::reforge::restore::{extractor, restorer};
use bindings::reforge::restore::{snapshots, transactions, types, workers};

/// What a behaviour is called with: the host's job. It ends as the export ends.
type Behaviour = fn(&snapshots::Snapshot, &restorer::Job) -> Result<(), types::Failure>;

/// Every behaviour by its name, in order.
const BEHAVIOURS: &[(&str, Behaviour)] = &[
    ("good", honest::restore),
    ("forged-seal", handles::forged_seal),
    ("forged-stop", handles::forged_stop),
    ("reused-seal", handles::reused_seal),
    ("dropped-handle", handles::dropped_handle),
    ("drops-parents-first", handles::drops_parents_first),
    ("drops-everything-at-once", handles::drops_everything_at_once),
    ("drops-in-order", handles::drops_in_order),
    ("keeps-handles", handles::keeps_handles),
    ("hoards-handles", handles::hoards_handles),
    ("swaps-a-part", lies::swaps_a_part),
    ("other-bytes", staging::other_bytes),
    ("other-owner", staging::other_owner),
    ("one-file-too-many", staging::one_file_too_many),
    ("one-file-too-few", staging::one_file_too_few),
    ("stages-outside", staging::outside),
    ("stages-too-much", staging::too_much),
    ("stages-after-the-seal", staging::after_the_seal),
    ("names-a-neighbour", lies::names_a_neighbour),
    ("never-swaps", lies::never_swaps),
    ("claims-success", lies::claims_success),
    ("returns-garbage", lies::returns_garbage),
    ("says-busy", lies::says_busy),
    ("says-cancelled", lies::says_cancelled),
    ("says-needs-operator", lies::says_needs_operator),
    ("reverts-a-good-app", lies::reverts_a_good_app),
    ("never-returns", exhaustion::never_returns),
    ("never-returns-while-the-app-is-down", exhaustion::never_returns_while_the_app_is_down),
    ("prints-without-end", exhaustion::prints_without_end),
    ("notes-without-end", exhaustion::notes_without_end),
    ("asks-without-end", exhaustion::asks_without_end),
    ("asks-a-million-times", exhaustion::asks_a_million_times),
    ("allocates-without-end", exhaustion::allocates_without_end),
    ("recurses", exhaustion::recurses),
    ("passes-too-much", exhaustion::passes_too_much),
    ("workers-in-workers", exhaustion::workers_in_workers),
    ("exits", exhaustion::exits),
    ("hoards-live-trees", hoarding::live_trees),
    ("hoards-large-files", hoarding::large_files),
    ("writes-zeros-without-end", hoarding::zeros),
    ("waits-before-the-lock", waiting::before_the_lock),
    ("waits-when-begun", waiting::when_begun),
    ("waits-when-staged", waiting::when_staged),
    ("waits-when-stopped", waiting::when_stopped),
    ("waits-when-swapped", waiting::when_swapped),
    ("waits-in-naps", waiting::in_naps),
    ("waits-in-workers", waiting::in_workers),
    ("waits-behind-phases", waiting::behind_phases),
    ("good-with-naps", waiting::good_with_naps),
    ("opens-sockets", outside::opens_sockets),
    ("reads-environment-and-files", outside::reads_environment_and_files),
    ("traps-before-the-lock", lies::traps_before_the_lock),
    ("traps-when-locked", lies::traps_when_locked),
    ("traps-when-begun", lies::traps_when_begun),
    ("traps-when-staged", lies::traps_when_staged),
    ("traps-when-sealed", lies::traps_when_sealed),
    ("traps-when-stopped", lies::traps_when_stopped),
    ("traps-when-safe", lies::traps_when_safe),
    ("traps-when-swapped", lies::traps_when_swapped),
    ("traps-when-started", lies::traps_when_started),
    ("traps-when-healthy", lies::traps_when_healthy),
    ("random-calls-1", random::calls),
    ("random-calls-2", random::calls),
    ("random-calls-3", random::calls),
    ("random-calls-4", random::calls),
];

/// Says how it behaves when the workload's name does not: tests write a name over this text in the built component.
#[used]
static CHOSEN: [u8; 48] = *b"behaves as the name of the workload says........";

/// The name that was written there; none while the text stands.
fn chosen() -> Option<String> {
    let written = std::hint::black_box(CHOSEN);
    let end = written.iter().position(|byte| *byte == 0)?;
    Some(String::from_utf8_lossy(&written[..end]).into_owned())
}

/// What was written after the name of the behaviour, behind a space.
fn order() -> usize {
    chosen().and_then(|name| name.split_once(' ')?.1.parse().ok()).unwrap_or_default()
}

struct Component;

bindings::export!(Component with_types_in bindings);

impl restorer::Guest for Component {
    /// Its formats are its behaviours, so that the tests have the list; with one behaviour only, it claims to read what
    /// the host writes.
    fn describe() -> restorer::Description {
        let formats = match chosen() {
            Some(_) => vec!["reforge tar 1".into()],
            None => BEHAVIOURS.iter().map(|(name, _)| (*name).to_owned()).collect(),
        };
        restorer::Description { name: "misbehaving-guest".into(), version: "0".into(), formats }
    }

    /// Good, but for two workloads.
    fn plan(_: &snapshots::Snapshot, job: restorer::Job) -> Result<restorer::RestorePlan, types::Failure> {
        match job.workload.as_str() {
            "waits-in-a-plan" => waiting::forever(),
            "plans-too-much" => Ok(hoarding::a_plan()),
            "counts-wrongly" => Ok(lies::wrong_counts()),
            _ => Ok(restorer::RestorePlan { volumes: Vec::new(), warnings: Vec::new(), refusals: Vec::new() }),
        }
    }

    fn restore(snapshot: &snapshots::Snapshot, job: restorer::Job) -> Result<restorer::Report, types::Failure> {
        let wanted = chosen().unwrap_or_else(|| job.workload.clone());
        let (_, behaviour) = BEHAVIOURS.iter().find(|(name, _)| wanted.split(' ').next() == Some(*name)).unwrap();
        behaviour(snapshot, &job)?;
        Ok(restorer::Report { summary: "all is well".into() })
    }

    fn inspect(_: &snapshots::Snapshot, _: restorer::Job) -> Result<restorer::Inspection, types::Failure> {
        Ok(restorer::Inspection { manifest: String::new(), volumes: Vec::new() })
    }
}

impl extractor::Guest for Component {
    /// Only those come here that run workers.
    fn extract(
        snapshot: &snapshots::Snapshot,
        part: workers::Part,
        _: Vec<String>,
        indexes: Vec<u32>,
        into: Vec<transactions::Staging>,
    ) -> Result<(), types::Failure> {
        match part.length {
            waiting::A_MOMENT => {
                waiting::a_moment();
                Ok(())
            }
            _ => exhaustion::again(snapshot, &part, &indexes, &into),
        }
    }
}
