//! The journal: whatever stands in the file, it is damage or a state that its records lead to; and no single changed
//! bit turns a journal into another one.
//!
//! An input is a line per record, put into a sector with its checksum; a line that begins with `!` is a sector as it is.

use reforge_transaction::event::Record;
use reforge_transaction::journal;
use reforge_transaction::sector::{self, PAYLOAD_BYTES_MAX, SECTOR_BYTES};

const ID: &str = "20260101T000000.000-abcdef";
const VOLUMES: usize = 2;

pub fn run(input: &[u8]) {
    let mut bytes = Vec::new();
    for (sequence, line) in input.split(|byte| *byte == b'\n').enumerate() {
        match line.strip_prefix(b"!") {
            Some(raw) => {
                let mut sector = [0; SECTOR_BYTES];
                let length = raw.len().min(SECTOR_BYTES);
                sector[..length].copy_from_slice(&raw[..length]);
                bytes.extend_from_slice(&sector);
            }
            None => bytes.extend(sector_of(sequence as u64, line)),
        }
    }
    let Ok(records) = records_of(&bytes) else { return };
    for is_aborted in [false, true] {
        // A move that is illegal is an answer as well.
        let last = records.iter().enumerate().next_back().filter(|_| is_aborted);
        let aborted = last.map(|(number, record)| (number as u64, record.event.clone()));
        let _ = journal::replay(&records, VOLUMES, aborted.as_ref());
    }
    let sum = input.iter().fold(7usize, |sum, byte| sum.wrapping_mul(31).wrapping_add(usize::from(*byte)));
    let bit = sum % (records.len() * SECTOR_BYTES * 8);
    bytes[bit / 8] ^= 1 << (bit % 8);
    match records_of(&bytes) {
        // The last record is torn, which is what it would be after a power cut.
        Ok(shorter) => assert!(shorter.len() + 1 == records.len() && shorter[..] == records[..shorter.len()]),
        Err(_) => assert!(!records.is_empty()),
    }
}

/// A sector with a payload that may be anything; zeros if it does not fit.
fn sector_of(sequence: u64, payload: &[u8]) -> [u8; SECTOR_BYTES] {
    match payload.len() <= PAYLOAD_BYTES_MAX {
        true => sector::sector(ID, sequence, payload),
        false => [0; SECTOR_BYTES],
    }
}

fn records_of(bytes: &[u8]) -> Result<Vec<Record>, String> {
    sector::decode_all(ID, bytes).map(|(records, _)| records).map_err(String::from)
}
