//! A record of a journal as one aligned sector, with its sequence number and a checksum that the journal's id is part of.

use super::event::Record;
use reforge_base::Message;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;

/// What disks write as one: the unit of a record.
pub const SECTOR_BYTES: usize = 512;
const CHECKSUM_BYTES: usize = 32;
/// Magic, sequence number, payload length.
const HEADER_BYTES: usize = 18;
const SEQUENCE: std::ops::Range<usize> = 8..16;
pub const PAYLOAD_BYTES_MAX: usize = SECTOR_BYTES - CHECKSUM_BYTES - HEADER_BYTES;
/// A sector that nothing was written to.
pub(super) const BLANK: [u8; SECTOR_BYTES] = [0; SECTOR_BYTES];
const MAGIC: [u8; 8] = *b"RFJRNL\x00\x01";

pub(super) fn encode(id: &str, sequence: u64, record: &Record) -> Result<[u8; SECTOR_BYTES]> {
    let payload = serde_json::to_vec(record).map_err(|error| Failure::new(Code::Io, error.to_string()))?;
    if payload.len() > PAYLOAD_BYTES_MAX {
        let message = message!("the-record-does-not-fit", event = record.event.name(), n = payload.len());
        return Err(Failure::new(Code::TooLarge, message));
    }
    Ok(sector(id, sequence, &payload))
}

/// The sector of a payload that fits.
pub fn sector(id: &str, sequence: u64, payload: &[u8]) -> [u8; SECTOR_BYTES] {
    let mut sector = [0; SECTOR_BYTES];
    sector[..8].copy_from_slice(&MAGIC);
    sector[SEQUENCE].copy_from_slice(&sequence.to_le_bytes());
    sector[16..18].copy_from_slice(&(payload.len() as u16).to_le_bytes());
    sector[HEADER_BYTES..HEADER_BYTES + payload.len()].copy_from_slice(payload);
    let checksum = checksum(id, &sector[..SECTOR_BYTES - CHECKSUM_BYTES]);
    sector[SECTOR_BYTES - CHECKSUM_BYTES..].copy_from_slice(&checksum);
    sector
}

/// One record, or none if the sector does not check.
fn decode(id: &str, sequence: u64, sector: &[u8]) -> Option<Record> {
    let (body, sum) = sector.split_at(SECTOR_BYTES - CHECKSUM_BYTES);
    let length = u16::from_le_bytes(body[16..18].try_into().ok()?) as usize;
    let stands = body[..8] == MAGIC
        && body[SEQUENCE] == sequence.to_le_bytes()
        && length <= PAYLOAD_BYTES_MAX
        && checksum(id, body) == sum;
    stands.then(|| serde_json::from_slice(&body[HEADER_BYTES..HEADER_BYTES + length]).ok()).flatten()
}

/// The record in a file of one sector, and its number.
pub(super) fn decode_alone(id: &str, bytes: &[u8]) -> Option<(u64, Record)> {
    let sequence = u64::from_le_bytes(bytes.get(SEQUENCE)?.try_into().ok()?);
    if bytes.len() != SECTOR_BYTES {
        return None;
    }
    Some((sequence, decode(id, sequence, bytes)?))
}

/// Every record and the number of a torn sector behind the last good one.
pub fn decode_all(id: &str, bytes: &[u8]) -> Result<(Vec<Record>, Option<usize>), Message> {
    if bytes.is_empty() || !bytes.len().is_multiple_of(SECTOR_BYTES) {
        return Err(message!("it-is-so-many-bytes-long", n = bytes.len()));
    }
    let mut records = Vec::new();
    let mut sectors = bytes.chunks_exact(SECTOR_BYTES).enumerate();
    for (number, sector) in sectors.by_ref() {
        match decode(id, number as u64, sector) {
            Some(record) => records.push(record),
            None if number == 0 => return Err(message!("its-first-record-does-not-check")),
            None => {
                let torn = (sector != BLANK).then_some(number);
                let rest = sectors.find(|(_, sector)| *sector != BLANK);
                return match rest {
                    Some((after, _)) => Err(message!("record-does-not-check-and-record", number, after)),
                    None => Ok((records, torn)),
                };
            }
        }
    }
    Ok((records, None))
}

pub(super) fn checksum(id: &str, body: &[u8]) -> [u8; CHECKSUM_BYTES] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&(id.len() as u64).to_le_bytes()).update(id.as_bytes()).update(body);
    *hasher.finalize().as_bytes()
}
