//! `conversions`: where a plugin writes what it makes of a foreign archive.

use crate::bindings::importing::reforge::restore::conversions;
use crate::sandbox::Sandbox;
use reforge_base::failure::{Code, Failure};
use reforge_base::limits::PIECE_BYTES_MAX;
use reforge_base::message;

impl conversions::Host for Sandbox {
    fn put(&mut self, bytes: Vec<u8>) -> Result<(), Failure> {
        if bytes.len() > PIECE_BYTES_MAX {
            return Err(Failure::new(Code::TooLarge, message!("the-plugin-puts-too-much", limit = PIECE_BYTES_MAX)));
        }
        self.calls.put(&bytes)
    }
}
