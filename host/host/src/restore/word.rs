//! What a plugin says of a plan and of an archive, held against what the host knows: its counts against the descriptor, its
//! sentences in number. What cannot be so is not shown, and what can is shown as its word. Must never decide anything.

use reforge_base::failure::{Code, Failure};
use reforge_base::message;
use reforge_plugins::bindings::exports::reforge::restore::restorer::{RestorePlan, VolumePlan};
use reforge_plugins::bindings::reforge::restore::types;
use reforge_plugins::calls;
use reforge_plugins::limits::FAILURES_MAX;
use reforge_snapshots::format::VolumeTotals;

use super::preflight::Preflight;

/// Adds what the plugin says to the host's plan, and answers what it counted: one account of each volume that is restored.
pub(super) fn take(answer: RestorePlan, plan: &mut Preflight) -> Vec<VolumePlan> {
    add(&mut plan.refusals, &answer.refusals);
    add(&mut plan.warnings, &answer.warnings);
    let mut counted = Vec::new();
    for target in &plan.targets {
        let name = &target.resolved.name;
        let is_of_it = |account: &&VolumePlan| account.name == target.called.name;
        let Some(account) = answer.volumes.iter().find(is_of_it) else { continue };
        let is_so = counts_fit(account, &target.totals);
        if !is_so {
            let message = message!("what-the-plugin-counts-in-volume", name);
            let failure = Failure::new(Code::Plugin, message);
            plan.warnings.push(failure.hint(message!("its-comparison-with-what-is-live")));
        }
        let changes = account.changes.filter(|_| is_so);
        counted.push(VolumePlan { name: name.clone(), changes, ..account.clone() });
    }
    counted
}

/// Whether a plugin's account of a volume adds up to what the snapshot's descriptor says.
fn counts_fit(account: &VolumePlan, totals: &VolumeTotals) -> bool {
    let compared = |added: u64, changed: u64, same: u64| added.checked_add(changed)?.checked_add(same);
    (account.snapshot_entries, account.snapshot_bytes) == (totals.entries, totals.bytes)
        && account
            .changes
            .is_none_or(|changes| compared(changes.added, changes.changed, changes.same) == Some(totals.entries))
}

/// Adds what it says unless the host has said it already, and no more than anybody reads.
fn add(to: &mut Vec<Failure>, answer: &[types::Failure]) {
    for failure in answer.iter().take(FAILURES_MAX).map(calls::own) {
        if !to.iter().any(|known| is_known(known, &failure)) {
            to.push(failure);
        }
    }
    if answer.len() > FAILURES_MAX {
        let message = message!("the-plugin-says-things-more", n = answer.len() - FAILURES_MAX);
        to.push(Failure::new(Code::Plugin, message));
    }
}

/// In these words, or as something that the same key of the configuration puts right.
fn is_known(known: &Failure, failure: &Failure) -> bool {
    let same_remedy =
        failure.code == Code::PolicyRefused && key(&failure.hint).is_some_and(|it| key(&known.hint) == Some(it));
    known.code == failure.code && (same_remedy || failure.message.contains(known.message.as_str()))
}

/// The key that a hint says to add: what stands in its first backticks.
fn key(hint: &str) -> Option<&str> {
    hint.split('`').nth(1).filter(|_| hint.starts_with("add"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use reforge_plugins::bindings::exports::reforge::restore::restorer::Changes;

    fn account(entries: u64, bytes: u64, counts: Option<(u64, u64, u64)>) -> VolumePlan {
        let changes = counts.map(|(added, changed, same)| Changes { added, removed: 7, changed, same });
        VolumePlan {
            name: "data".into(),
            snapshot_entries: entries,
            snapshot_bytes: bytes,
            live_entries: 0,
            live_bytes: 0,
            changes,
            newest_live: None,
        }
    }

    #[test]
    fn counts_that_do_not_add_up_to_the_descriptor_are_not_believed() {
        let totals = VolumeTotals { entries: 10, bytes: 100, ..VolumeTotals::default() };
        for (account, is_so) in [
            (account(10, 100, None), true),
            (account(10, 100, Some((1, 2, 7))), true),
            (account(10, 100, Some((1, 2, 8))), false),
            (account(10, 100, Some((u64::MAX, 1, 10))), false),
            (account(9, 100, Some((1, 2, 7))), false),
            (account(10, u64::MAX, None), false),
        ] {
            assert_eq!(counts_fit(&account, &totals), is_so, "{account:?}");
        }
    }

    #[test]
    fn of_many_sentences_only_some_are_told_and_the_rest_are_counted() {
        let one = |number: usize| types::Failure {
            code: "own".into(),
            message: format!("{number} {}", "x".repeat(1 << 20)),
            hint: String::new(),
        };
        let mut told = Vec::new();
        add(&mut told, &(0..FAILURES_MAX + 3).map(one).collect::<Vec<_>>());
        assert_eq!(told.len(), FAILURES_MAX + 1);
        assert!(told.iter().all(|failure| failure.message.len() < 10_000));
        assert_eq!(told[FAILURES_MAX].message, "the plugin says 3 things more, which are not shown");
    }
}
