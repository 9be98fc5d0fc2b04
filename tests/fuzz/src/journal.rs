//! The journal: whatever stands in the file, it is damage or a state that its records lead to; and no single changed
//! bit turns a journal into another one.
//!
//! An input is a line per record, put into a sector with its checksum; a line that begins with `!` is a sector as it is.

use reforge_host::fuzzing::{self, SECTOR_BYTES};

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
            None => bytes.extend(fuzzing::journal_sector(ID, sequence as u64, line).unwrap_or([0; SECTOR_BYTES])),
        }
    }
    let Ok(records) = fuzzing::journal_records(ID, &bytes) else { return };
    for is_aborted in [false, true] {
        // A move that is illegal is an answer as well.
        let _ = fuzzing::journal_state(&records, VOLUMES, is_aborted);
    }
    let sum = input.iter().fold(7usize, |sum, byte| sum.wrapping_mul(31).wrapping_add(usize::from(*byte)));
    let bit = sum % (records.len() * SECTOR_BYTES * 8);
    bytes[bit / 8] ^= 1 << (bit % 8);
    match fuzzing::journal_records(ID, &bytes) {
        // The last record is torn, which is what it would be after a power cut.
        Ok(shorter) => assert!(shorter.len() + 1 == records.len() && shorter[..] == records[..shorter.len()]),
        Err(_) => assert!(!records.is_empty()),
    }
}
