//! What the fuzz targets in `tests/fuzz` need of private parsers: bytes in, a value or a failure out. It touches nothing.

use crate::failure::Result;
use crate::snapshots::format::Descriptor;
use crate::snapshots::store;
use crate::transaction::event::Record;
pub use crate::transaction::journal::SECTOR_BYTES;
use crate::transaction::journal::{self, PAYLOAD_BYTES_MAX};
use crate::transaction::state::{IllegalMove, State};

/// A stored descriptor, checked as the store checks it.
pub fn descriptor(text: &[u8], workload: &str, id: &str) -> Result<Descriptor> {
    store::checked_descriptor(text, workload, id)
}

/// A sector of a journal with a payload that may be anything. None if it does not fit.
pub fn journal_sector(id: &str, sequence: u64, payload: &[u8]) -> Option<[u8; SECTOR_BYTES]> {
    (payload.len() <= PAYLOAD_BYTES_MAX).then(|| journal::sector(id, sequence, payload))
}

/// The records of a journal, or why it is damaged.
pub fn journal_records(id: &str, bytes: &[u8]) -> Result<Vec<Record>, String> {
    journal::decode_all(id, bytes).map(|(records, _)| records)
}

/// The state that they lead to, the last of them perhaps decided against.
pub fn journal_state(records: &[Record], volumes: usize, is_aborted: bool) -> Result<State, IllegalMove> {
    let last = records.iter().enumerate().next_back();
    let aborted = last.filter(|_| is_aborted).map(|(number, record)| (number as u64, record.event.clone()));
    journal::replay(records, volumes, aborted.as_ref())
}
