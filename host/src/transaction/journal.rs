//! The journal file: protocol rules 6 and 7.
//!
//! One directory per transaction holds `journal`, written ahead to its full size, so that a full disk cannot stop a
//! revert; every record is one aligned 512-byte sector with its sequence number and a checksum. Longer things are
//! attachments: files of their own, named by digest and synced before the record that names them. An `abort` file
//! outranks a direction whose sync failed. The last sector that does not check is torn and zeroed in place; one
//! before a good one is damage, and damage is for a person to judge.

use std::fs::File;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::event::{Begin, Event, Record};
use super::state::{self, IllegalMove, State};
use super::unbegun;
use crate::durable;
use crate::effects::effect;
use crate::failure::{Code, Failure, Result};

/// What disks write as one: the unit of a record.
pub const SECTOR_BYTES: usize = 512;
const CHECKSUM_BYTES: usize = 32;
/// Magic, sequence number, payload length.
const HEADER_BYTES: usize = 18;
const SEQUENCE: std::ops::Range<usize> = 8..16;
pub(crate) const PAYLOAD_BYTES_MAX: usize = SECTOR_BYTES - CHECKSUM_BYTES - HEADER_BYTES;
/// A sector that nothing was written to.
const BLANK: [u8; SECTOR_BYTES] = [0; SECTOR_BYTES];
const MAGIC: [u8; 8] = *b"RFJRNL\x00\x01";
/// Room for every record of the longest way, recoveries that start the app again and again included.
const RECORDS: usize = 256;
const RECORDS_PER_VOLUME: usize = 2;
const FILE: &str = "journal";
const ABORT: &str = "abort";
/// Whose transaction it is, in plain text: a journal that does not read blocks only its own workload.
const WORKLOAD: &str = "workload";

/// An open journal: what it says, and the only way to say more.
pub struct Journal {
    directory: PathBuf,
    id: String,
    file: File,
    /// Sequence number of the next record.
    next: u64,
    sectors: u64,
    state: State,
    records: Vec<Record>,
}

/// What reading a journal finds.
pub enum Found {
    /// It checks.
    Journal(Box<Journal>, Box<Begin>),
    /// The transaction never began: nothing was made. The directory may go.
    Nothing,
    /// It does not check; nothing is guessed.
    Damaged(Failure),
}

impl Journal {
    /// Makes the journal of a new transaction with its `begin` record, durable up to the directory that existed.
    pub fn create(transactions: &Path, begin: &Begin) -> Result<Journal> {
        let directory = transactions.join(&begin.id);
        durable::make_directories_durably(transactions, 0o700)?;
        // Until there is a journal, the directory looks like one that a crash left behind.
        let _beginning = unbegun::beginning(transactions)?;
        durable::make_directories_durably(&directory, 0o700)?;
        durable::write_durably(&directory, WORKLOAD, begin.workload.as_bytes(), 0o600)?;
        let attachment = write_attachment(&directory, begin)?;
        let record = Record::now(Event::Begin { attachment });
        let sectors = sectors(begin);
        let mut bytes = vec![0; sectors * SECTOR_BYTES];
        bytes[..SECTOR_BYTES].copy_from_slice(&encode(&begin.id, 0, &record)?);
        durable::write_durably(&directory, FILE, &bytes, 0o600)?;
        let file = open(&directory)?;
        Ok(Journal {
            directory,
            id: begin.id.clone(),
            file,
            next: 1,
            sectors: sectors as u64,
            state: State::begun(begin.volumes.len()),
            records: vec![record],
        })
    }

    /// Reads the journal in a transaction's directory. With `mend` what was read may be acted on: a torn last record is
    /// zeroed, and everything else is durable.
    pub fn read(directory: &Path, mend: bool) -> Result<Found> {
        let id = directory.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
        let path = directory.join(FILE);
        let bytes = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Found::Nothing),
            Err(error) => return Err(Failure::io("read", &path, &error)),
        };
        let (records, torn) = match decode_all(&id, &bytes) {
            Ok(decoded) => decoded,
            Err(reason) => return Ok(Found::Damaged(damage(&id, &reason))),
        };
        let begin: Begin = match &records[0].event {
            Event::Begin { attachment } => match read_attachment(directory, attachment) {
                Ok(begin) => begin,
                Err(failure) => return Ok(Found::Damaged(damage(&id, &failure.message))),
            },
            other => return Ok(Found::Damaged(damage(&id, &format!("its first record is `{}`", other.name())))),
        };
        if bytes.len() != sectors(&begin) * SECTOR_BYTES {
            let reason =
                format!("it is {} bytes long and was made with {}", bytes.len(), sectors(&begin) * SECTOR_BYTES);
            return Ok(Found::Damaged(damage(&id, &reason)));
        }
        let aborted = match read_abort(&id, directory) {
            Ok(aborted) => aborted,
            Err(failure) => return Ok(Found::Damaged(damage(&id, &failure.message))),
        };
        let state = match replay(&records, begin.volumes.len(), aborted.as_ref()) {
            Ok(state) => state,
            Err(illegal) => return Ok(Found::Damaged(damage(&id, &illegal.to_string()))),
        };
        let file = open(directory)?;
        let journal = Journal {
            directory: directory.to_owned(),
            id: id.clone(),
            file,
            next: records.len() as u64,
            sectors: (bytes.len() / SECTOR_BYTES) as u64,
            state,
            records,
        };
        if mend {
            journal.settle(torn, &bytes)?;
        }
        Ok(Found::Journal(Box::new(journal), Box::new(begin)))
    }

    /// Whether the transaction of a directory began.
    pub(super) fn exists(directory: &Path) -> Result<bool> {
        let path = directory.join(FILE);
        path.try_exists().map_err(|error| Failure::io("look for", &path, &error))
    }

    /// What the journal says.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// Every record, oldest first.
    pub fn records(&self) -> &[Record] {
        &self.records
    }

    /// The transaction's directory.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Records one event durably. After a failure the event is in doubt; what that means is the caller's to know:
    /// for a direction it is [`Journal::abort`].
    pub fn append(&mut self, event: Event) -> Result<()> {
        let record = Record::now(event);
        let state = state::next(&self.state, &record.event)
            .map_err(|illegal| Failure::new(Code::OutOfOrder, format!("journal of `{}`: {illegal}", self.id)))?;
        if self.next >= self.sectors {
            let message = format!("the journal of `{}` is full after {} records", self.id, self.next);
            return Err(Failure::new(Code::NeedsOperator, message));
        }
        let sector = encode(&self.id, self.next, &record)?;
        self.write_sector(record.event.name(), self.next, &sector)?;
        self.next += 1;
        self.state = state;
        self.records.push(record);
        Ok(())
    }

    /// Decides against the direction whose record just failed to sync. Durable when it returns; when it fails, too,
    /// nothing may be renamed any more.
    pub fn abort(&mut self, direction: &Event) -> Result<()> {
        let state = state::next(&self.state, direction)
            .map_err(|illegal| Failure::new(Code::OutOfOrder, format!("journal of `{}`: {illegal}", self.id)))?;
        let record = Record::now(direction.clone());
        let sector = encode(&self.id, self.next, &record)?;
        durable::write_durably(&self.directory, ABORT, &sector, 0o600)?;
        // The record may or may not be on disk. In memory it counts as written and aborted, as a start would see it;
        // the sector is written again so that what follows does not stand behind a gap.
        self.write_sector(direction.name(), self.next, &sector)?;
        self.next += 1;
        self.state = state.abort();
        self.records.push(record);
        Ok(())
    }

    /// A process that was killed may have written what it never synced, and one whose sync failed may have left in memory
    /// what the disk never took: a sync alone would then say that all is well. So the newest sector is written again
    /// and synced before anything is done because of it.
    fn settle(&self, torn: Option<usize>, bytes: &[u8]) -> Result<()> {
        let mut sector = BLANK;
        let number = torn.unwrap_or_else(|| {
            let newest = self.records.len() - 1;
            sector.copy_from_slice(&bytes[newest * SECTOR_BYTES..(newest + 1) * SECTOR_BYTES]);
            newest
        });
        self.write_sector("again", number as u64, &sector)?;
        durable::sync_directory(&self.directory)
    }

    /// Writes an attachment durably and answers its digest.
    pub fn attach(&self, value: &impl Serialize) -> Result<String> {
        write_attachment(&self.directory, value)
    }

    /// Reads an attachment back and checks it against its digest.
    pub fn attachment<T: DeserializeOwned>(&self, digest: &str) -> Result<T> {
        read_attachment(&self.directory, digest)
    }

    /// The record's name is for the effects: `record-commit`, `sync-commit`.
    fn write_sector(&self, record: &str, sector: u64, bytes: &[u8; SECTOR_BYTES]) -> Result<()> {
        let path = self.directory.join(FILE);
        effect(&format!("record-{record}"), || self.file.write_all_at(bytes, sector * SECTOR_BYTES as u64))
            .map_err(|error| Failure::io("write", &path, &error))?;
        durable::sync_file_as(&format!("sync-{record}"), &self.file)
    }
}

/// Whether a file in a transaction's directory is written before the journal is there, under its name or, while it is
/// `unfinished`, on the way to it.
pub(super) fn is_before_the_journal(file: &str, unfinished: bool) -> bool {
    file == WORKLOAD || is_attachment(file) || (unfinished && file == FILE)
}

/// Whether a file is named as an attachment is.
pub(super) fn is_attachment(file: &str) -> bool {
    let digest = file.strip_suffix(".json").unwrap_or_default();
    digest.len() == 64 && digest.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// What was decided against: the record's number, and the record.
pub(crate) type Aborted = (u64, Event);

/// The state that records lead to, the first of which is `begin`.
pub(crate) fn replay(records: &[Record], volumes: usize, aborted: Option<&Aborted>) -> Result<State, IllegalMove> {
    records.iter().enumerate().skip(1).try_fold(State::begun(volumes), |state, (sequence, record)| {
        let state = state::next(&state, &record.event)?;
        let is_aborted = aborted.is_some_and(|(number, event)| *number == sequence as u64 && *event == record.event);
        Ok(if is_aborted { state.abort() } else { state })
    })
}

/// The record that was decided against, as it stands in its sector. One that the journal does not hold never reached the
/// disk: the record before it already means the same.
fn read_abort(id: &str, directory: &Path) -> Result<Option<Aborted>> {
    let path = directory.join(ABORT);
    let sector = match std::fs::read(&path) {
        Ok(sector) => sector,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Failure::io("read", &path, &error)),
    };
    let sequence = sector.get(SEQUENCE).and_then(|bytes| bytes.try_into().ok()).map(u64::from_le_bytes);
    let decided = sequence
        .filter(|_| sector.len() == SECTOR_BYTES)
        .and_then(|sequence| decode(id, sequence, &sector).map(|record| (sequence, record.event)));
    decided.map(Some).ok_or_else(|| Failure::new(Code::NeedsOperator, "its abort file does not check"))
}

/// How long the journal of a transaction is, from its first byte on disk to its last.
fn sectors(begin: &Begin) -> usize {
    RECORDS + RECORDS_PER_VOLUME * begin.volumes.len()
}

fn open(directory: &Path) -> Result<File> {
    let path = directory.join(FILE);
    let mut options = std::fs::OpenOptions::new();
    options.read(true).write(true).custom_flags(libc::O_NOFOLLOW);
    options.open(&path).map_err(|error| Failure::io("open", &path, &error))
}

/// Whose transaction a directory is, also when its journal does not read.
pub fn workload_of(directory: &Path) -> Option<String> {
    std::fs::read_to_string(directory.join(WORKLOAD)).ok()
}

fn damage(id: &str, reason: &str) -> Failure {
    Failure::new(Code::NeedsOperator, format!("the journal of `{}` is damaged: {reason}", crate::escape::text(id)))
        .hint("nothing was guessed and nothing removed; `reforge restore resolve` shows what is there")
}

fn write_attachment(directory: &Path, value: &impl Serialize) -> Result<String> {
    let bytes = serde_json::to_vec(value)
        .map_err(|error| Failure::new(Code::VolumeRefused, format!("cannot be written down: {error}")))?;
    let digest = blake3::hash(&bytes).to_hex().to_string();
    durable::write_durably(directory, attachment_name(&digest), &bytes, 0o600)?;
    Ok(digest)
}

fn read_attachment<T: DeserializeOwned>(directory: &Path, digest: &str) -> Result<T> {
    let path = directory.join(attachment_name(digest));
    let bytes = std::fs::read(&path).map_err(|error| Failure::io("read", &path, &error))?;
    if blake3::hash(&bytes).to_hex().as_str() != digest {
        return Err(Failure::new(Code::NeedsOperator, format!("attachment {digest} does not match its digest")));
    }
    serde_json::from_slice(&bytes)
        .map_err(|error| Failure::new(Code::NeedsOperator, format!("attachment {digest} does not read: {error}")))
}

fn attachment_name(digest: &str) -> String {
    format!("{digest}.json")
}

fn encode(id: &str, sequence: u64, record: &Record) -> Result<[u8; SECTOR_BYTES]> {
    let payload = serde_json::to_vec(record).map_err(|error| Failure::new(Code::Io, error.to_string()))?;
    if payload.len() > PAYLOAD_BYTES_MAX {
        let message = format!("the record `{}` does not fit a sector ({} bytes)", record.event.name(), payload.len());
        return Err(Failure::new(Code::TooLarge, message));
    }
    Ok(sector(id, sequence, &payload))
}

/// The sector of a payload that fits.
pub(crate) fn sector(id: &str, sequence: u64, payload: &[u8]) -> [u8; SECTOR_BYTES] {
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

/// Every record and the number of a torn sector behind the last good one.
pub(crate) fn decode_all(id: &str, bytes: &[u8]) -> Result<(Vec<Record>, Option<usize>), String> {
    if bytes.is_empty() || !bytes.len().is_multiple_of(SECTOR_BYTES) {
        return Err(format!("it is {} bytes long", bytes.len()));
    }
    let mut records = Vec::new();
    let mut sectors = bytes.chunks_exact(SECTOR_BYTES).enumerate();
    for (number, sector) in sectors.by_ref() {
        match decode(id, number as u64, sector) {
            Some(record) => records.push(record),
            None if number == 0 => return Err("its first record does not check".into()),
            None => {
                let torn = (sector != BLANK).then_some(number);
                let rest = sectors.find(|(_, sector)| *sector != BLANK);
                return match rest {
                    Some((after, _)) => {
                        Err(format!("record {number} does not check, and record {after} stands behind it"))
                    }
                    None => Ok((records, torn)),
                };
            }
        }
    }
    Ok((records, None))
}

fn checksum(id: &str, body: &[u8]) -> [u8; CHECKSUM_BYTES] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&(id.len() as u64).to_le_bytes()).update(id.as_bytes()).update(body);
    *hasher.finalize().as_bytes()
}

#[cfg(test)]
#[path = "journal_damage_tests.rs"]
mod damage_tests;
#[cfg(test)]
#[path = "journal_tests.rs"]
pub(super) mod tests;
