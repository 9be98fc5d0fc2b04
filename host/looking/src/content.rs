//! The content of one file, in order, to whoever wants it. What a link leads to is never followed; a hard link is its leader.
//!
//! What went out is compared with the list's digest at the end, so one that does not match fails after its bytes.

use std::io::Write;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};

use super::judge::Judge;
use super::look::{Look, Looked};
use super::parts;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::limits::PIECE_BYTES_MAX;
use reforge_base::{Message, Phase, escape, message, threads};
use reforge_plugins::calls::Order;
use reforge_snapshots::entries::{Entry, Kind};
use reforge_volumes::content::{Ascending, Blocks};
use reforge_volumes::receiver::{Pieces, Receiver};
use reforge_volumes::tree_digest::Metadata;

/// Pieces that wait for whoever takes them.
const PIECES_WAITING: usize = 8;

/// A file of a snapshot, whatever name it was asked for by.
pub struct Content {
    number: u64,
    volume: usize,
    pub entry: Entry,
    pub size: u64,
}

impl Looked {
    /// The file of this number. Fails for what is none.
    pub fn content(&self, number: u64) -> Result<Content> {
        let gone = || Failure::new(Code::NotFound, message!("there-is-no-entry-of-this-number", number));
        let (entry, volume) = self.list.get(number)?.zip(self.list.volume_of(number)).ok_or_else(gone)?;
        let path = escape::bytes(&entry.path);
        match &entry.kind {
            Kind::File { size, .. } => Ok(Content { number, volume, size: *size, entry }),
            Kind::HardLink { leader } => {
                let number = self.list.find(volume, leader)?.unwrap_or(u64::MAX);
                match self.list.get(number)? {
                    Some(entry @ Entry { kind: Kind::File { size, .. }, .. }) => {
                        Ok(Content { number, volume, size, entry })
                    }
                    _ => Err(Failure::new(Code::SnapshotDamaged, message!("entry-is-a-link-to-no-file", path))),
                }
            }
            Kind::Symlink { target } => {
                let target = escape::bytes(target);
                let failure = Failure::new(Code::Usage, message!("entry-is-a-symbolic-link", path, target));
                Err(failure.hint(message!("no-link-is-followed-here")))
            }
            Kind::Directory => {
                let failure = Failure::new(Code::Usage, message!("entry-is-a-directory", path));
                Err(failure.hint(message!("browse-it-or-extract-it")))
            }
        }
    }
}

impl Look<'_> {
    /// Writes it to `out`, which people know as `called`; audited.
    pub fn write_content(
        &self,
        looked: &Looked,
        content: &Content,
        out: &mut dyn Write,
        called: &Message,
    ) -> Result<()> {
        let details = serde_json::json!({
            "workload": looked.workload.id,
            "snapshot": looked.descriptor().id,
            "entry": escape::bytes(&content.entry.path),
        });
        self.host.audit_event("read", self.who, details)?;
        self.progress.begin(Phase::ReadingTheArchive, content.size, 0);
        let (pieces, taken) = sync_channel(PIECES_WAITING);
        let totals = &looked.descriptor().volumes[content.volume];
        let wanted = [(content.number, content.volume, &content.entry)];
        let parts = parts::holding(looked.descriptor(), wanted.into_iter());
        let inner = Arc::new(Inner {
            path: content.entry.path.clone(),
            size: content.size,
            judge: Judge::new(totals, self.progress.cancelled.clone()),
            out: Mutex::new(Out { pieces, at: 0 }),
            blocks: Blocks::default(),
            handles_left: AtomicUsize::new(parts.len()),
            is_whole: AtomicBool::new(false),
        });
        let into = vec![(content.volume as u32, Arc::new(OneFile(inner.clone())) as Arc<dyn Receiver>)];
        let reading = self.reading(&looked.workload, &looked.snapshot, into)?;
        let end = Mutex::new(None);
        let read = std::thread::scope(|scope| {
            let end = &end;
            let reader = threads::spawn_in(scope, "reader", move || {
                let read = reading.run((&parts, Order::Kept));
                let is_whole = inner.is_whole.load(Ordering::Acquire);
                let digest = is_whole.then(|| inner.blocks.digest(inner.size));
                *end.lock().unwrap_or_else(PoisonError::into_inner) = digest;
                read
            })?;
            let written = taken.into_iter().try_for_each(|piece: Piece| piece.write(out));
            let written = written.and_then(|()| out.flush());
            let read = reader.join().map_err(|_| Failure::new(Code::Io, message!("a-thread-of-the-snapshot-ended")))?;
            // Why nobody took it is the reason; else why it did not come.
            written.map_err(|error| Failure::cannot(message!("doing-write"), called, &error))?;
            Ok::<_, Failure>(read)
        })?;
        // Once all of it is there nothing else is read, which the plugin is told as a failure.
        match end.into_inner().unwrap_or_else(PoisonError::into_inner) {
            None => Err(read.err().unwrap_or_else(|| damaged(content))),
            Some(digest) if content.entry.content().is_some_and(|known| *known != digest) => Err(damaged(content)),
            Some(_) => Ok(()),
        }
    }
}

fn damaged(content: &Content) -> Failure {
    let path = escape::bytes(&content.entry.path);
    Failure::new(Code::SnapshotDamaged, message!("what-was-read-is-not-the-file", path))
        .hint(message!("restore-another-snapshot"))
}

/// What goes out next.
enum Piece {
    Bytes(Vec<u8>),
    Zeros(u64),
}

impl Piece {
    fn write(self, out: &mut dyn Write) -> std::io::Result<()> {
        match self {
            Piece::Bytes(bytes) => out.write_all(&bytes),
            Piece::Zeros(mut left) => {
                let zeros = vec![0; left.min(PIECE_BYTES_MAX as u64) as usize];
                while left > 0 {
                    let now = left.min(zeros.len() as u64);
                    out.write_all(&zeros[..now as usize])?;
                    left -= now;
                }
                Ok(())
            }
        }
    }
}

struct Out {
    pieces: SyncSender<Piece>,
    /// How far it is.
    at: u64,
}

struct Inner {
    path: Vec<u8>,
    size: u64,
    judge: Judge,
    out: Mutex<Out>,
    blocks: Blocks,
    /// Parts of it that have not come: each part of the archive that is read has one.
    handles_left: AtomicUsize,
    is_whole: AtomicBool,
}

impl Inner {
    /// Passes bytes on, with the zeros of the hole before them. Parts are read in order.
    fn pass(&self, offset: u64, bytes: Vec<u8>) -> Result<()> {
        let nobody =
            |_| Failure::new(Code::Cancelled, message!("was-cancelled", what = message!("reading-the-snapshot")));
        let mut out = self.out.lock().unwrap_or_else(PoisonError::into_inner);
        let hole = offset.checked_sub(out.at).ok_or_else(|| not_in_order(&self.path))?;
        out.at = offset + bytes.len() as u64;
        if hole > 0 {
            out.pieces.send(Piece::Zeros(hole)).map_err(nobody)?;
        }
        if bytes.is_empty() { Ok(()) } else { out.pieces.send(Piece::Bytes(bytes)).map_err(nobody) }
    }

    /// Nothing is read once all of it has come.
    fn refuse_more(&self) -> Result<()> {
        match self.is_whole.load(Ordering::Acquire) {
            true => Err(Failure::new(Code::Cancelled, message!("no-more-is-wanted"))),
            false => Ok(()),
        }
    }

    fn end(&self) -> Result<()> {
        self.pass(self.size, Vec::new())?;
        self.is_whole.store(true, Ordering::Release);
        Ok(())
    }
}

fn not_in_order(path: &[u8]) -> Failure {
    reforge_volumes::staging::entry_path::refused(path, message!("is-written-backwards"))
}

/// Takes one file and passes everything else over.
struct OneFile(Arc<Inner>);

impl OneFile {
    fn pieces(&self, path: &[u8], size: u64) -> Result<Box<dyn Pieces>> {
        let is_it = path == self.0.path;
        if is_it && size != self.0.size {
            return Err(reforge_volumes::staging::entry_path::refused(path, message!("has-two-sizes-in-the-archive")));
        }
        let (inner, ascending) = (self.0.clone(), Ascending::default());
        Ok(Box::new(OnePieces { inner, path: path.to_vec(), size, is_it, ascending }))
    }
}

impl Receiver for OneFile {
    fn directory(&self, path: &[u8], metadata: &Metadata) -> Result<()> {
        self.0.refuse_more()?;
        self.0.judge.directory(path, metadata).map(drop)
    }

    fn file(&self, path: &[u8], metadata: &Metadata, content: &[u8]) -> Result<()> {
        self.0.refuse_more()?;
        let size = content.len() as u64;
        self.0.judge.file(path, metadata, size)?;
        self.0.judge.piece(path, size, 0, content)?;
        if path != self.0.path || size != self.0.size {
            return Ok(());
        }
        let mut ascending = Ascending::default();
        ascending.take((0, content), (size, path), &self.0.blocks)?;
        ascending.end(size, &self.0.blocks);
        self.0.pass(0, content.to_vec())?;
        self.0.end()
    }

    fn large_file(&self, path: &[u8], metadata: &Metadata, size: u64) -> Result<Box<dyn Pieces>> {
        self.0.refuse_more()?;
        self.0.judge.file(path, metadata, size)?;
        self.pieces(path, size)
    }

    fn large_file_part(&self, path: &[u8], size: u64) -> Result<Box<dyn Pieces>> {
        self.0.refuse_more()?;
        self.0.judge.rest(path, size)?;
        self.pieces(path, size)
    }

    fn symlink(&self, path: &[u8], metadata: &Metadata, target: &[u8]) -> Result<()> {
        self.0.refuse_more()?;
        self.0.judge.symlink(path, metadata, target).map(drop)
    }

    fn hard_link(&self, path: &[u8], metadata: &Metadata, leader: &[u8]) -> Result<()> {
        self.0.refuse_more()?;
        self.0.judge.hard_link(path, metadata, leader).map(drop)
    }
}

struct OnePieces {
    inner: Arc<Inner>,
    path: Vec<u8>,
    size: u64,
    is_it: bool,
    ascending: Ascending,
}

impl Pieces for OnePieces {
    fn write(&mut self, offset: u64, bytes: &[u8]) -> Result<()> {
        self.inner.judge.piece(&self.path, self.size, offset, bytes)?;
        if !self.is_it {
            return Ok(());
        }
        self.ascending.refuse_backwards(offset, &self.path)?;
        self.ascending.take((offset, bytes), (self.size, &self.path), &self.inner.blocks)?;
        self.inner.pass(offset, bytes.to_vec())
    }

    fn finish(&mut self) -> Result<()> {
        if !std::mem::take(&mut self.is_it) {
            return Ok(());
        }
        self.ascending.end(self.size, &self.inner.blocks);
        match self.inner.handles_left.fetch_sub(1, Ordering::AcqRel) {
            1 => self.inner.end(),
            _ => Ok(()),
        }
    }
}
