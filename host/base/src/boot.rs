//! Which boot of the machine this is.

use std::path::Path;

use crate::failure::{Failure, Result};

const BOOT_ID: &str = "/proc/sys/kernel/random/boot_id";

/// The id of the running boot.
pub fn id() -> Result<String> {
    let read = std::fs::read_to_string(BOOT_ID);
    read.map(|id| id.trim().to_owned()).map_err(|error| Failure::io("read", Path::new(BOOT_ID), &error))
}
