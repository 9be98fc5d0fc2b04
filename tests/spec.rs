//! The promises of the README, each a module of claims that drive the real `reforge` as a person would.
//!
//! `cargo test -p reforge-host --test spec` runs them all, as root; with `REFORGE_TEST_EVERY_EFFECT=1` it
//! kills at instants, too, that differ from others in nothing on the disk. Never here: a sleep that hopes, a skip for a
//! missing program.

// Every line here is a test's, but only functions marked as tests are known to the linter.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

mod support;

#[path = "spec/every_volume_or_none.rs"]
mod every_volume_or_none;
#[path = "spec/no_first_rename_without_a_way_back.rs"]
mod no_first_rename_without_a_way_back;
#[path = "spec/the_app_comes_back.rs"]
mod the_app_comes_back;
