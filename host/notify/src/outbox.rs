//! What is on disk: a file for each message that is on its way, and one of what was told already.
//!
//! The files are read and replaced under one lock, and messages are sent under another.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use reforge_base::durable;
use reforge_base::effects::effect;
use reforge_base::failure::{Failure, Result};
use reforge_base::lock_file::{self, Locked};

use crate::notice::Notice;
use crate::standing::Standing;

/// How often a sender looks whether another one is done.
const LOCK_POLL: Duration = Duration::from_millis(50);

pub(crate) const OUTBOX: &str = "outbox";
pub(crate) const STANDING: &str = "standing.json";
/// Held while the files are read and replaced.
const LOCK: &str = "lock";
/// Held while messages are sent.
const SENDING: &str = "sending";

/// See the module.
#[derive(Clone, Debug)]
pub(crate) struct Outbox {
    directory: PathBuf,
}

impl Outbox {
    /// Touches nothing. `directory` is made when there is something to write into it.
    pub(crate) fn new(directory: PathBuf) -> Outbox {
        Outbox { directory }
    }

    /// Whether there ever was a message.
    pub(crate) fn exists(&self) -> bool {
        self.directory.join(OUTBOX).is_dir()
    }

    /// The right to send, if nobody has it.
    pub(crate) fn try_sending(&self) -> Result<Option<Locked>> {
        lock_file::try_lock(&self.directory.join(SENDING))
    }

    /// The only sender, as soon as there is none other; none if that takes too long.
    pub(crate) fn sending(&self, until: Instant) -> Result<Option<Locked>> {
        loop {
            if let Some(locked) = self.try_sending()? {
                return Ok(Some(locked));
            }
            if Instant::now() >= until {
                return Ok(None);
            }
            std::thread::sleep(LOCK_POLL);
        }
    }

    /// Makes the directories, too.
    pub(crate) fn lock(&self) -> Result<Locked> {
        durable::make_directories_durably(&self.directory.join(OUTBOX), durable::PRIVATE_DIRECTORY)?;
        lock_file::lock(&self.directory.join(LOCK))
    }

    /// One that cannot be read is none.
    pub(crate) fn standing(&self) -> Standing {
        let bytes = std::fs::read(self.directory.join(STANDING)).unwrap_or_default();
        serde_json::from_slice(&bytes).unwrap_or_default()
    }

    pub(crate) fn keep_standing(&self, standing: &Standing) -> Result<()> {
        let bytes = serde_json::to_vec(standing).unwrap_or_default();
        durable::write_durably(&self.directory, STANDING, &bytes, durable::PRIVATE_FILE)
    }

    /// All of the outbox, oldest first. What does not read is left where it is: nobody can be told what it says.
    pub(crate) fn notices(&self) -> Result<Vec<Notice>> {
        let directory = self.directory.join(OUTBOX);
        let mut notices = Vec::new();
        for id in durable::names(&directory, ".json")? {
            notices.extend(self.notice(&id)?);
        }
        notices.sort_by(|one, other| (one.first, &one.id).cmp(&(other.first, &other.id)));
        Ok(notices)
    }

    pub(crate) fn notice(&self, id: &str) -> Result<Option<Notice>> {
        let path = self.file(id);
        match std::fs::read(&path) {
            Ok(bytes) => Ok(serde_json::from_slice(&bytes).ok()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Failure::io("read", &path, &error)),
        }
    }

    /// Writes it, or removes it when it is over.
    pub(crate) fn keep(&self, notice: &Notice) -> Result<()> {
        if notice.is_over() {
            return self.remove(&notice.id);
        }
        let bytes = serde_json::to_vec(notice).unwrap_or_default();
        let name = format!("{}.json", notice.id);
        durable::write_durably(&self.directory.join(OUTBOX), name, &bytes, durable::PRIVATE_FILE)
    }

    pub(crate) fn remove(&self, id: &str) -> Result<()> {
        let path = self.file(id);
        match effect("remove-notice", || std::fs::remove_file(&path)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Failure::io("remove", &path, &error)),
            _ => durable::sync_directory(self.directory.join(OUTBOX)),
        }
    }

    fn file(&self, id: &str) -> PathBuf {
        self.directory.join(OUTBOX).join(format!("{id}.json"))
    }
}
