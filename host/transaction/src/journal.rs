//! The journal file: protocol rules 6 and 7.
//!
//! One directory per transaction holds `journal`, written ahead to its full size, so that a full disk cannot stop a
//! revert; every record is one aligned 512-byte sector with its sequence number and a checksum. Longer things are
//! attachments: files of their own, named by digest and synced before the record that names them. An `abort` file
//! outranks a direction whose sync failed. The last sector that does not check is torn and zeroed in place; one
//! before a good one is damage, and damage is for a person to judge. One that was only read holds no file open.

use std::fs::File;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::io::Errno;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::beginning::beginning;
use super::event::{Aborted, Begin, Event, Record};
use super::sector::{BLANK, SECTOR_BYTES, decode_all, decode_alone, encode};
use super::state::{self, IllegalMove, State};
use super::state_files;
use super::summary::{self, Summary};
use reforge_base::durable;
use reforge_base::effects::effect;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::{Message, message};

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
    /// None until something is written.
    file: Option<File>,
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
        let _beginning = beginning(transactions)?;
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
            file: Some(file),
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
        if let Some(found) = Journal::of_summary(directory, &id) {
            return Ok(found);
        }
        match Journal::read_records(directory, id.clone(), mend)? {
            // Its attachments may have gone meanwhile, since it is over.
            Found::Damaged(failure) => Ok(Journal::of_summary(directory, &id).unwrap_or(Found::Damaged(failure))),
            found => Ok(found),
        }
    }

    /// One that is over as its summary tells it: nothing can follow what it says, so nothing is ever written.
    fn of_summary(directory: &Path, id: &str) -> Option<Found> {
        let Summary { begin, records, aborted, observation } = summary::read(directory, id)?;
        let mut state = replay(&records, begin.volumes.len(), aborted.as_ref()).ok().filter(State::is_over)?;
        state.observation = observation;
        let (directory, next) = (directory.to_owned(), records.len() as u64);
        let journal = Journal { directory, id: id.to_owned(), file: None, next, sectors: next, state, records };
        Some(Found::Journal(Box::new(journal), Box::new(begin)))
    }

    fn read_records(directory: &Path, id: String, mend: bool) -> Result<Found> {
        // What this process lacks is not the journal's: damage is what does not read whoever tries.
        let damaged = |failure: Failure| match failure.code {
            Code::NeedsOperator => Ok(Found::Damaged(damage(&id, &failure.message))),
            _ => Err(failure),
        };
        let bytes = match read_file(&directory.join(FILE)) {
            Ok(Some(bytes)) => bytes,
            Ok(None) => return Ok(Found::Nothing),
            Err(failure) => return damaged(failure),
        };
        let (records, torn) = match decode_all(&id, &bytes) {
            Ok(decoded) => decoded,
            Err(reason) => return Ok(Found::Damaged(damage(&id, &reason))),
        };
        let begin: Begin = match &records[0].event {
            Event::Begin { attachment } => match read_attachment(directory, attachment) {
                Ok(begin) => begin,
                Err(failure) => return damaged(failure),
            },
            other => return Ok(Found::Damaged(damage(&id, &message!("its-first-record-is", other = other.name())))),
        };
        if bytes.len() != sectors(&begin) * SECTOR_BYTES {
            let reason = message!("it-is-bytes-long", n = bytes.len(), sector_bytes = sectors(&begin) * SECTOR_BYTES);
            return Ok(Found::Damaged(damage(&id, &reason)));
        }
        let aborted = match read_abort(&id, directory) {
            Ok(aborted) => aborted,
            Err(failure) => return damaged(failure),
        };
        let state = match replay(&records, begin.volumes.len(), aborted.as_ref()) {
            Ok(state) => state,
            Err(illegal) => return Ok(Found::Damaged(damage(&id, &illegal.message()))),
        };
        let mut journal = Journal {
            directory: directory.to_owned(),
            id,
            file: None,
            next: records.len() as u64,
            sectors: (bytes.len() / SECTOR_BYTES) as u64,
            state,
            records,
        };
        if mend {
            journal.rewrite_newest(torn, &bytes)?;
        }
        Ok(Found::Journal(Box::new(journal), Box::new(begin)))
    }

    /// Whether the transaction of a directory began.
    pub(super) fn exists(directory: &Path) -> Result<bool> {
        let path = directory.join(FILE);
        state_files::try_exists(&path).map_err(|error| Failure::io("look for", &path, &error))
    }

    /// From here on nothing is looked for of one volume: its number is the next one's. What is on the disk stays.
    pub(super) fn leave_out(&mut self, volume: usize) {
        self.state.siblings.remove(volume);
        self.state.made.remove(volume);
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
        let state = state::next(&self.state, &record.event).map_err(|illegal| {
            Failure::new(Code::OutOfOrder, message!("journal-of", id = self.id, illegal = illegal.message()))
        })?;
        if self.next >= self.sectors {
            let message = message!("the-journal-of-is-full", id = self.id, next = self.next);
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
        let state = state::next(&self.state, direction).map_err(|illegal| {
            Failure::new(Code::OutOfOrder, message!("journal-of", id = self.id, illegal = illegal.message()))
        })?;
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
    fn rewrite_newest(&mut self, torn: Option<usize>, bytes: &[u8]) -> Result<()> {
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
    fn write_sector(&mut self, record: &str, sector: u64, bytes: &[u8; SECTOR_BYTES]) -> Result<()> {
        let path = self.directory.join(FILE);
        let file = match &self.file {
            Some(file) => file,
            None => self.file.insert(open(&self.directory)?),
        };
        effect(&format!("record-{record}"), || file.write_all_at(bytes, sector * SECTOR_BYTES as u64))
            .map_err(|error| Failure::io("write", &path, &error))?;
        durable::sync_file_as(&format!("sync-{record}"), file)
    }

    /// What was decided against, if anything was.
    pub(super) fn aborted(&self) -> Result<Option<Aborted>> {
        read_abort(&self.id, &self.directory)
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

/// The state that records lead to, the first of which is `begin`.
pub fn replay(records: &[Record], volumes: usize, aborted: Option<&Aborted>) -> Result<State, IllegalMove> {
    records.iter().enumerate().skip(1).try_fold(State::begun(volumes), |state, (sequence, record)| {
        let state = state::next(&state, &record.event)?;
        let is_aborted = aborted.is_some_and(|(number, event)| *number == sequence as u64 && *event == record.event);
        Ok(if is_aborted { state.abort() } else { state })
    })
}

/// The record that was decided against, as it stands in its sector. One that the journal does not hold never reached the
/// disk: the record before it already means the same.
fn read_abort(id: &str, directory: &Path) -> Result<Option<Aborted>> {
    let Some(sector) = read_file(&directory.join(ABORT))? else { return Ok(None) };
    let decided = decode_alone(id, &sector).map(|(sequence, record)| (sequence, record.event));
    decided.map(Some).ok_or_else(|| Failure::new(Code::NeedsOperator, message!("its-abort-file-does-not-check")))
}

/// All of a file; none if it is not there. What this process lacks says nothing about the file and is `io`; whatever else
/// keeps it from being read is for a person to look at.
fn read_file(path: &Path) -> Result<Option<Vec<u8>>> {
    match state_files::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => {
            let failure = Failure::io("read", path, &error);
            let is_ours = matches!(Errno::from_io_error(&error), Some(Errno::MFILE | Errno::NFILE | Errno::NOMEM));
            Err(if is_ours { failure } else { failure.with_code(Code::NeedsOperator) })
        }
    }
}

/// How long the journal of a transaction is, from its first byte on disk to its last.
fn sectors(begin: &Begin) -> usize {
    RECORDS + RECORDS_PER_VOLUME * begin.volumes.len()
}

fn open(directory: &Path) -> Result<File> {
    let path = directory.join(FILE);
    let mut options = std::fs::OpenOptions::new();
    options.read(true).write(true).custom_flags(libc::O_NOFOLLOW);
    state_files::open_with(&path, &options).map_err(|error| Failure::io("open", &path, &error))
}

/// Whose transaction a directory is, also when its journal does not read. What checks speaks first: an attachment is
/// named by its digest.
pub fn workload_of(directory: &Path) -> Option<String> {
    let named = || state_files::read_to_string(&directory.join(WORKLOAD)).ok().filter(|name| is_workload(name));
    begin_of(directory).map(|begin| begin.workload).or_else(named)
}

fn is_workload(name: &str) -> bool {
    !name.is_empty() && !name.starts_with('.') && !name.contains(['/', '\0'])
}

/// What a transaction began with, from whichever attachment says so.
fn begin_of(directory: &Path) -> Option<Begin> {
    let id = directory.file_name()?.to_str()?;
    attachments(directory).ok()?.iter().find_map(|name| {
        let begin: Begin = read_attachment(directory, name.strip_suffix(".json")?).ok()?;
        (begin.id == id).then_some(begin)
    })
}

/// The names of a transaction's attachments, those included that no record names.
pub(super) fn attachments(directory: &Path) -> Result<Vec<String>> {
    let failed = |error: std::io::Error| Failure::io("list", directory, &error);
    let mut names = Vec::new();
    for name in state_files::list(directory).map_err(failed)? {
        names.extend(name.to_str().filter(|name| is_attachment(name)).map(str::to_owned));
    }
    Ok(names)
}

/// Whether a journal's records check by themselves and say that the transaction is over: then it waits for nothing,
/// whatever became of what they name.
pub(super) fn is_over(directory: &Path) -> bool {
    let id = directory.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let Ok(bytes) = state_files::read(&directory.join(FILE)) else { return false };
    let Ok((records, None)) = decode_all(id, &bytes) else { return false };
    let volumes = records.iter().map(|record| match &record.event {
        Event::Sibling { volume, .. } | Event::LiveMade { volume, .. } => volume.saturating_add(1),
        _ => 0,
    });
    // Each volume has a record of its own, or the records do not fit.
    let volumes = volumes.max().unwrap_or_default().min(records.len());
    let Ok(aborted) = read_abort(id, directory) else { return false };
    replay(&records, volumes, aborted.as_ref()).is_ok_and(|state| state.is_over())
}

fn damage(id: &str, reason: &Message) -> Failure {
    Failure::new(
        Code::NeedsOperator,
        message!("the-journal-of-is-damaged", id = reforge_base::escape::text(id), reason),
    )
    .hint(message!("nothing-was-guessed-and-nothing-removed"))
}

fn write_attachment(directory: &Path, value: &impl Serialize) -> Result<String> {
    let bytes = serde_json::to_vec(value)
        .map_err(|error| Failure::new(Code::VolumeRefused, message!("cannot-be-written-down", error)))?;
    let digest = blake3::hash(&bytes).to_hex().to_string();
    durable::write_durably(directory, attachment_name(&digest), &bytes, 0o600)?;
    Ok(digest)
}

fn read_attachment<T: DeserializeOwned>(directory: &Path, digest: &str) -> Result<T> {
    let missing = || Failure::new(Code::NeedsOperator, message!("attachment-is-missing", digest));
    let bytes = read_file(&directory.join(attachment_name(digest)))?.ok_or_else(missing)?;
    if blake3::hash(&bytes).to_hex().as_str() != digest {
        return Err(Failure::new(Code::NeedsOperator, message!("attachment-does-not-match-its-digest", digest)));
    }
    serde_json::from_slice(&bytes)
        .map_err(|error| Failure::new(Code::NeedsOperator, message!("attachment-does-not-read", digest, error)))
}

pub(super) fn attachment_name(digest: &str) -> String {
    format!("{digest}.json")
}

#[cfg(test)]
#[path = "journal_damage_tests.rs"]
mod damage_tests;
#[cfg(test)]
#[path = "journal_tests.rs"]
pub(super) mod tests;
