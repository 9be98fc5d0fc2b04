//! What is fuzzed, and what the targets stand on: archives in memory, and a staging that keeps no content and believes
//! nothing.
//!
//! A target fails by a panic, by too much memory or time, and by what is asserted here: no path leaves its staging, no
//! file takes more than it announced, and an archive that was inspected can be extracted. The same functions are run by
//! `cargo test`, without a guide (`tests/fuzz.rs`).

pub mod archive;
#[cfg(feature = "host")]
pub mod config;
#[cfg(feature = "host")]
pub mod descriptor;
#[cfg(feature = "host")]
pub mod journal;
#[cfg(feature = "host")]
pub mod manifest;
pub mod reader;
pub mod staging;
