//! Random bytes from the kernel: for names that nobody can guess and secrets.

use crate::failure::{Code, Failure, Result};
use crate::message;

/// So many bytes.
pub fn bytes<const BYTES: usize>() -> Result<[u8; BYTES]> {
    let mut bytes = [0; BYTES];
    getrandom::fill(&mut bytes)
        .map_err(|error| Failure::new(Code::Io, message!("the-system-gives-no-random-bytes", error)))?;
    Ok(bytes)
}
