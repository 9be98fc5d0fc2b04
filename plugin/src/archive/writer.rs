//! Writes the archive that an import leaves behind: the layout that the reader takes, every value in a record if a header
//! cannot hold it. It must never write what [`super::reader`] would refuse.

use tar::{EntryType, Header};

use super::limits::{PIECE_BYTES_MAX, TAR_BLOCK_BYTES};
use super::sparse::Extent;
use crate::Result;
use crate::host::{Metadata, Output, Timestamp};

const NAME_BYTES: usize = 100;
/// The largest numbers in seven and eleven octal digits.
const ID_MAX: u64 = 0o7_777_777;
const NUMBER_MAX: u64 = 0o77_777_777_777;
const NANOSECONDS: u32 = 1_000_000_000;

/// What an entry is, with what belongs to it.
#[derive(Clone, Copy, Debug)]
pub enum Shape<'a> {
    Directory,
    File { size: u64 },
    Sparse { size: u64, extents: &'a [Extent] },
    Symlink { target: &'a [u8] },
    HardLink { leader: &'a [u8] },
}

/// The archive, handed over in large pieces.
pub struct Writer<'a, O: ?Sized> {
    out: &'a O,
    piece: Vec<u8>,
    /// Content bytes of the current entry that are still to come, and the zeros behind them.
    left: u64,
    padding: usize,
}

impl<'a, O: Output + ?Sized> Writer<'a, O> {
    pub fn new(out: &'a O) -> Self {
        Writer { out, piece: Vec::with_capacity(PIECE_BYTES_MAX), left: 0, padding: 0 }
    }

    /// Begins an entry. What its file holds, of a sparse one its runs in order, follows by [`Writer::content`].
    pub fn entry(&mut self, path: &[u8], metadata: &Metadata, shape: Shape<'_>) -> Result<()> {
        debug_assert_eq!(self.left, 0, "an entry follows one that is not whole");
        let mut path = path.to_vec();
        if matches!(shape, Shape::Directory) && !path.ends_with(b"/") {
            path.push(b'/');
        }
        let map = match shape {
            Shape::Sparse { extents, .. } => map(extents),
            _ => Vec::new(),
        };
        let (kind, link, stored) = match shape {
            Shape::Directory => (EntryType::Directory, &b""[..], 0),
            Shape::File { size } => (EntryType::Regular, &b""[..], size),
            Shape::Sparse { extents, .. } => {
                let data: u64 = extents.iter().map(|extent| extent.length).sum();
                (EntryType::Regular, &b""[..], map.len() as u64 + data)
            }
            Shape::Symlink { target } => (EntryType::Symlink, target, 0),
            Shape::HardLink { leader } => (EntryType::Link, leader, 0),
        };
        let records = records(&path, link, stored, metadata, shape);
        if !records.is_empty() {
            let plain = Metadata { mode: 0o644, ..Metadata::default() };
            self.put(&block(EntryType::XHeader, b"PaxHeaders/entry", b"", records.len() as u64, &plain))?;
            self.put(&records)?;
            self.zeros(padding(records.len() as u64))?;
        }
        self.put(&block(kind, &path, link, stored, metadata))?;
        self.put(&map)?;
        self.left = stored - map.len() as u64;
        self.padding = padding(stored);
        self.pad()
    }

    /// Further content of the current entry's file.
    pub fn content(&mut self, bytes: &[u8]) -> Result<()> {
        debug_assert!(bytes.len() as u64 <= self.left, "more content than was announced");
        self.left = self.left.saturating_sub(bytes.len() as u64);
        self.put(bytes)?;
        self.pad()
    }

    /// Ends the archive.
    pub fn finish(mut self) -> Result<()> {
        self.zeros(2 * TAR_BLOCK_BYTES)?;
        self.flush()
    }

    fn pad(&mut self) -> Result<()> {
        match self.left {
            0 => {
                let padding = std::mem::take(&mut self.padding);
                self.zeros(padding)
            }
            _ => Ok(()),
        }
    }

    fn zeros(&mut self, count: usize) -> Result<()> {
        self.put(&[0; 2 * TAR_BLOCK_BYTES][..count])
    }

    fn put(&mut self, mut bytes: &[u8]) -> Result<()> {
        while !bytes.is_empty() {
            let (now, later) = bytes.split_at(bytes.len().min(PIECE_BYTES_MAX - self.piece.len()));
            self.piece.extend_from_slice(now);
            bytes = later;
            if self.piece.len() == PIECE_BYTES_MAX {
                self.flush()?;
            }
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<()> {
        if !self.piece.is_empty() {
            self.out.put(&self.piece)?;
            self.piece.clear();
        }
        Ok(())
    }
}

fn padding(size: u64) -> usize {
    (size.wrapping_neg() % TAR_BLOCK_BYTES as u64) as usize
}

/// Where the runs of a sparse file go, in blocks before its data.
fn map(extents: &[Extent]) -> Vec<u8> {
    let mut text = format!("{}\n", extents.len());
    for Extent { offset, length } in extents {
        text.push_str(&format!("{offset}\n{length}\n"));
    }
    let mut map = text.into_bytes();
    map.resize(map.len() + padding(map.len() as u64), 0);
    map
}

fn records(path: &[u8], link: &[u8], stored: u64, metadata: &Metadata, shape: Shape<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    let mut push = |key: &[u8], value: &[u8]| {
        // The length counts itself.
        let rest = key.len() + value.len() + b" =\n".len();
        let mut length = rest + 1;
        while length != rest + length.to_string().len() {
            length = rest + length.to_string().len();
        }
        out.extend_from_slice(length.to_string().as_bytes());
        for piece in [b" ", key, b"=", value, b"\n"] {
            out.extend_from_slice(piece);
        }
    };
    match shape {
        Shape::Sparse { size, .. } => {
            push(b"GNU.sparse.major", b"1");
            push(b"GNU.sparse.minor", b"0");
            push(b"GNU.sparse.name", path);
            push(b"GNU.sparse.realsize", size.to_string().as_bytes());
        }
        _ if path.len() > NAME_BYTES => push(b"path", path),
        _ => {}
    }
    if link.len() > NAME_BYTES {
        push(b"linkpath", link);
    }
    if stored > NUMBER_MAX {
        push(b"size", stored.to_string().as_bytes());
    }
    for (key, id) in [(&b"uid"[..], metadata.uid), (b"gid", metadata.gid)] {
        if u64::from(id) > ID_MAX {
            push(key, id.to_string().as_bytes());
        }
    }
    let Timestamp { seconds, nanoseconds } = metadata.mtime;
    if nanoseconds != 0 || u64::try_from(seconds).is_err() || seconds as u64 > NUMBER_MAX {
        push(b"mtime", decimal(metadata.mtime).as_bytes());
    }
    for xattr in &metadata.xattrs {
        push(&[b"SCHILY.xattr.", &encoded(&xattr.name)[..]].concat(), &xattr.value);
    }
    out
}

/// `=` would end a key, so it is written as `%3D`, and the sign of that as `%25`.
fn encoded(name: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(name.len());
    for byte in name {
        match byte {
            b'%' => out.extend_from_slice(b"%25"),
            b'=' => out.extend_from_slice(b"%3D"),
            byte => out.push(*byte),
        }
    }
    out
}

/// A time as a decimal number: nanoseconds count forward, digits after the point go away from zero.
fn decimal(Timestamp { seconds, nanoseconds }: Timestamp) -> String {
    if seconds >= 0 || nanoseconds == 0 {
        let fraction = if nanoseconds == 0 { String::new() } else { format!(".{nanoseconds:09}") };
        return format!("{seconds}{fraction}");
    }
    format!("-{}.{:09}", (seconds + 1).unsigned_abs(), NANOSECONDS - nanoseconds)
}

/// One plain header; what does not fit stands in a record before it and is cut here.
fn block(kind: EntryType, path: &[u8], link: &[u8], size: u64, metadata: &Metadata) -> [u8; TAR_BLOCK_BYTES] {
    let cut = |bytes: &[u8]| {
        let mut field = [0; NAME_BYTES];
        let length = bytes.len().min(NAME_BYTES);
        field[..length].copy_from_slice(&bytes[..length]);
        field
    };
    let mut header = Header::new_ustar();
    header.set_entry_type(kind);
    header.set_mode(metadata.mode);
    header.set_uid(u64::from(metadata.uid).min(ID_MAX));
    header.set_gid(u64::from(metadata.gid).min(ID_MAX));
    header.set_size(size.min(NUMBER_MAX));
    header.set_mtime(u64::try_from(metadata.mtime.seconds).unwrap_or(0).min(NUMBER_MAX));
    if let Some(ustar) = header.as_ustar_mut() {
        ustar.name = cut(path);
        ustar.linkname = cut(link);
    }
    header.set_cksum();
    *header.as_bytes()
}
