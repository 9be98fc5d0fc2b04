//! The promises of the README, each a module of claims that drive the real `reforge` as a person would.
//!
//! `cargo test --test spec` runs them all, as root; `at_every_instant` and `campaign` can be told to do
//! more. Never here: a sleep that hopes, a skip for a missing program.

// Every line here is a test's, but only functions marked as tests are known to the linter.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

#[path = "model/mod.rs"]
mod model;
#[path = "power/mod.rs"]
mod power;
mod support;

#[path = "spec/a_bundle_is_the_same_snapshot_elsewhere.rs"]
mod a_bundle_is_the_same_snapshot_elsewhere;
#[path = "spec/a_capture_tells_the_truth.rs"]
mod a_capture_tells_the_truth;
#[path = "spec/a_home_is_its_owners.rs"]
mod a_home_is_its_owners;
#[path = "spec/a_running_restore_is_shown_as_running.rs"]
mod a_running_restore_is_shown_as_running;
#[path = "spec/a_snapshot_is_proven.rs"]
mod a_snapshot_is_proven;
#[path = "spec/another_format.rs"]
mod another_format;
#[path = "spec/another_language.rs"]
mod another_language;
#[path = "spec/any_backup_comes_in.rs"]
mod any_backup_comes_in;
#[path = "spec/archives_and_plugins_go_over_http.rs"]
mod archives_and_plugins_go_over_http;
#[path = "spec/at_every_instant.rs"]
mod at_every_instant;
#[path = "spec/campaign.rs"]
mod campaign;
#[path = "spec/disks_that_fail.rs"]
mod disks_that_fail;
#[path = "spec/down_means_that_nothing_lands.rs"]
mod down_means_that_nothing_lands;
#[path = "spec/events_are_told_as_they_happen.rs"]
mod events_are_told_as_they_happen;
#[path = "spec/every_effect_is_seen.rs"]
mod every_effect_is_seen;
#[path = "spec/every_volume_or_none.rs"]
mod every_volume_or_none;
#[path = "spec/in_containers/mod.rs"]
mod in_containers;
#[path = "spec/later_writes_are_kept.rs"]
mod later_writes_are_kept;
#[path = "spec/made_by_older_hosts.rs"]
mod made_by_older_hosts;
#[path = "spec/many_listen_at_once.rs"]
mod many_listen_at_once;
#[path = "spec/misbehaving_plugins.rs"]
mod misbehaving_plugins;
#[path = "spec/no_first_rename_without_a_way_back.rs"]
mod no_first_rename_without_a_way_back;
#[path = "spec/nothing_live_changes_before_the_swap.rs"]
mod nothing_live_changes_before_the_swap;
#[path = "spec/nothing_outside_is_emptied.rs"]
mod nothing_outside_is_emptied;
#[path = "spec/one_at_a_time.rs"]
mod one_at_a_time;
#[path = "spec/one_file_harms_its_own_workload.rs"]
mod one_file_harms_its_own_workload;
#[path = "spec/people_elsewhere_are_told.rs"]
mod people_elsewhere_are_told;
#[path = "spec/people_read_their_language.rs"]
mod people_read_their_language;
#[path = "spec/plugins_are_installed_and_swapped.rs"]
mod plugins_are_installed_and_swapped;
#[path = "spec/published_wit.rs"]
mod published_wit;
#[path = "spec/recovery_comes_first.rs"]
mod recovery_comes_first;
#[path = "spec/restores_are_asked_for_over_http.rs"]
mod restores_are_asked_for_over_http;
#[path = "spec/short_downtime.rs"]
mod short_downtime;
#[path = "spec/slow_clients_hold_nothing_up.rs"]
mod slow_clients_hold_nothing_up;
#[path = "spec/snapshots_are_consistent.rs"]
mod snapshots_are_consistent;
#[path = "spec/snapshots_are_looked_into.rs"]
mod snapshots_are_looked_into;
#[path = "spec/snapshots_are_taken_by_themselves.rs"]
mod snapshots_are_taken_by_themselves;
#[path = "spec/the_api_is_described.rs"]
mod the_api_is_described;
#[path = "spec/the_api_is_guarded.rs"]
mod the_api_is_guarded;
#[path = "spec/the_app_comes_back.rs"]
mod the_app_comes_back;
#[path = "spec/the_archive_is_an_enemy.rs"]
mod the_archive_is_an_enemy;
#[path = "spec/the_explorer_can_fail.rs"]
mod the_explorer_can_fail;
#[path = "spec/the_page/mod.rs"]
mod the_page;
#[path = "spec/the_plugin_is_a_stranger.rs"]
mod the_plugin_is_a_stranger;
#[path = "spec/trees_are_known_by_identity.rs"]
mod trees_are_known_by_identity;
#[path = "spec/webhooks_are_taken_once.rs"]
mod webhooks_are_taken_once;
#[path = "spec/what_a_person_decides.rs"]
mod what_a_person_decides;
#[path = "spec/what_comes_back_is_what_was_there.rs"]
mod what_comes_back_is_what_was_there;
#[path = "spec/what_is_deployed_is_what_is_used.rs"]
mod what_is_deployed_is_what_is_used;
#[path = "spec/what_runs_decides.rs"]
mod what_runs_decides;
#[path = "spec/what_you_were_shown_is_what_is_done.rs"]
mod what_you_were_shown_is_what_is_done;
#[path = "spec/who_does_not_read_holds_nothing_up.rs"]
mod who_does_not_read_holds_nothing_up;
#[path = "spec/without_privileges.rs"]
mod without_privileges;
#[path = "spec/you_are_asked_on_a_terminal.rs"]
mod you_are_asked_on_a_terminal;
#[path = "spec/you_can_see_it_and_stop_it.rs"]
mod you_can_see_it_and_stop_it;
