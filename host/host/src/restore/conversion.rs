//! What comes of a foreign archive: compressed as the plugin puts it, and looked at by nobody here. It never fills the disk.

use std::fs::File;
use std::io::{self, Write};
use std::sync::{Mutex, PoisonError};

use flate2::Compression;
use flate2::write::GzEncoder;
use reforge_base::Message;
use reforge_base::effects::effect;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;
use reforge_snapshots::format::Archive;
use sha2::{Digest as _, Sha256};

use super::preflight::RESERVE_BYTES;

/// How often it is looked whether there is room.
const ROOM_EVERY_BYTES: u64 = 16 << 20;

/// See the module. The first failure is that of every call after it.
pub(crate) struct Output(Mutex<Result<GzEncoder<Digested>>>);

impl Output {
    pub(crate) fn new(file: File, called: Message) -> Output {
        let out = Digested { file, called, sha256: Sha256::new(), bytes: 0, looked_at: 0 };
        Output(Mutex::new(Ok(GzEncoder::new(out, Compression::fast()))))
    }

    pub(crate) fn put(&self, bytes: &[u8]) -> Result<()> {
        let mut out = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let encoder = out.as_mut().map_err(|failure| failure.clone())?;
        let put = encoder.write_all(bytes).map_err(|error| encoder.get_ref().failure(error));
        put.inspect_err(|failure| *out = Err(failure.clone()))
    }

    /// Ends the archive.
    pub(crate) fn finish(&self) -> Result<Archive> {
        let mut out = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let over = Failure::new(Code::OutOfOrder, message!("nothing-is-being-converted"));
        let mut encoder = std::mem::replace(&mut *out, Err(over))?;
        encoder.try_finish().map_err(|error| encoder.get_ref().failure(error))?;
        let Digested { sha256, bytes, .. } = encoder.get_ref();
        Ok(Archive { bytes: *bytes, sha256: hex::encode(sha256.clone().finalize()) })
    }
}

/// The file, with the digest of what is written to it.
struct Digested {
    file: File,
    /// What the import is called, for people.
    called: Message,
    sha256: Sha256,
    bytes: u64,
    looked_at: u64,
}

impl Digested {
    fn failure(&self, error: io::Error) -> Failure {
        match error.downcast::<Failure>() {
            Ok(failure) => failure,
            Err(error) => Failure::cannot(message!("doing-copy-the-archive"), &self.called, &error),
        }
    }

    fn look_for_room(&mut self) -> Result<()> {
        self.looked_at = self.bytes;
        let Ok(room) = rustix::fs::fstatvfs(&self.file) else { return Ok(()) };
        match room.f_bavail.saturating_mul(room.f_frsize) < RESERVE_BYTES {
            true => Err(Failure::new(Code::NoSpace, message!("the-import-would-fill-the-disk"))
                .hint(message!("free-some-space-where-snapshots"))),
            false => Ok(()),
        }
    }
}

impl Write for Digested {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.bytes == 0 || self.bytes - self.looked_at >= ROOM_EVERY_BYTES {
            self.look_for_room().map_err(io::Error::other)?;
        }
        effect("import-write", || self.file.write_all(bytes))?;
        self.sha256.update(bytes);
        self.bytes += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
