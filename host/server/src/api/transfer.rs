//! What is too large for one piece: uploads into a file, downloads from one. Bounded in size and in how long a client may
//! take; never more in memory than a few pieces.

use std::fs::File;
use std::io::{self, Seek as _, Write};
use std::os::fd::AsFd as _;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::StatusCode;
use futures_util::{StreamExt as _, stream};
use tokio::sync::mpsc;

use super::body::{broken_off, slow};
use super::problem::Problem;
use reforge_base::effects::effect;
use reforge_base::failure::{Code, Failure, Result as HostResult};
use reforge_base::message;
use reforge_host::restore::preflight::RESERVE_BYTES;
use reforge_volumes::space::Space;

/// What an archive may hold, which it cannot be larger than.
pub(super) const ARCHIVE_BYTES_MAX: u64 = 16 << 40;
/// Until the next piece of an upload.
const PIECE_TIME: Duration = Duration::from_secs(30);
/// An upload that is slower on the whole, once it has had this long, is given up.
const RATE_BYTES_MIN: u64 = 4 << 10;
const RATE_AFTER: Duration = Duration::from_secs(60);
/// How often it is looked whether there is room.
const ROOM_BYTES: u64 = 16 << 20;
/// Pieces of a download that wait for their client.
const PIECES_WAITING: usize = 8;

/// Takes a body into a file without a name in a directory, and gives it back at its beginning: whatever ends this host,
/// nothing of it stays.
pub(super) async fn receive(request: Request, directory: PathBuf, bytes_max: u64) -> Result<File, Problem> {
    let made = move || {
        let made = effect("make-upload", || tempfile::tempfile_in(&directory));
        made.map_err(|error| Failure::io("write in", &directory, &error))
    };
    let mut file = blocking(made).await?;
    let mut pieces = request.into_body().into_data_stream();
    let (mut bytes, mut room, began) = (0, 0, Instant::now());
    loop {
        let piece = match tokio::time::timeout(PIECE_TIME, pieces.next()).await {
            Ok(Some(Ok(piece))) => piece,
            Ok(Some(Err(_))) => return Err(broken_off()),
            Ok(None) => {
                file.rewind()
                    .map_err(|error| Failure::cannot(message!("doing-read"), &message!("the-upload"), &error))?;
                return Ok(file);
            }
            Err(_) => return Err(slow()),
        };
        bytes += piece.len() as u64;
        if bytes > bytes_max {
            let detail = message!("the-body-is-longer-than-bytes", limit = bytes_max);
            return Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", detail, ""));
        }
        let passed = began.elapsed();
        if passed > RATE_AFTER && bytes < RATE_BYTES_MIN * passed.as_secs() {
            return Err(slow());
        }
        let look = bytes >= room;
        if look {
            room = bytes + ROOM_BYTES;
        }
        file = blocking(move || write(&mut file, &piece, look).map(|()| file)).await?;
    }
}

/// On a thread that may block.
async fn blocking<T: Send + 'static>(call: impl FnOnce() -> HostResult<T> + Send + 'static) -> Result<T, Problem> {
    let called = tokio::task::spawn_blocking(call).await;
    Ok(called.map_err(|_| Failure::new(Code::Io, message!("the-host-failed-at-this-upload")))??)
}

fn write(file: &mut File, piece: &Bytes, look: bool) -> HostResult<()> {
    if look {
        // What else is on that file system must go on.
        Space::of(file.as_fd())?.refuse_below(RESERVE_BYTES, 0)?;
    }
    effect("upload-write", || file.write_all(piece))
        .map_err(|error| Failure::cannot(message!("doing-write"), &message!("the-upload"), &error))
}

/// A body that `produce` writes on a thread of its own. What it wrote last goes out only once it has flushed, so that a
/// failure at the end is a body that breaks off.
pub(super) fn send(produce: impl FnOnce(&mut dyn Write) -> HostResult<()> + Send + 'static) -> Body {
    let (pieces, sent) = mpsc::channel(PIECES_WAITING);
    tokio::task::spawn_blocking(move || {
        let mut out = Pieces { pieces: pieces.clone(), last: Bytes::new() };
        if let Err(failure) = produce(&mut out) {
            // Nobody may be there to be told.
            let _ = pieces.blocking_send(Err(io::Error::other(failure.message)));
        }
    });
    Body::from_stream(stream::unfold(sent, |mut sent| async move { Some((sent.recv().await?, sent)) }))
}

struct Pieces {
    pieces: mpsc::Sender<io::Result<Bytes>>,
    last: Bytes,
}

impl Pieces {
    fn replace(&mut self, last: Bytes) -> io::Result<()> {
        let piece = std::mem::replace(&mut self.last, last);
        match piece.is_empty() {
            true => Ok(()),
            false => self.pieces.blocking_send(Ok(piece)).map_err(|_| io::ErrorKind::BrokenPipe.into()),
        }
    }
}

impl Write for Pieces {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.replace(Bytes::copy_from_slice(bytes))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.replace(Bytes::new())
    }
}
