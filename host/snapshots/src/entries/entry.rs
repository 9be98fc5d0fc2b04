//! One entry of a list, and how it is written.
//!
//! A byte with the kind and what follows; how many bytes of the path before it begin this one too, and the rest; mode,
//! owner, group, seconds (zigzag) and nanoseconds; of a file its size and, if known, its content digest; of a link its
//! target or leader; 8 bytes of BLAKE3 over extended attributes, if it has any.

use super::damaged;
use reforge_base::failure::Result;
use reforge_volumes::tree_digest::{Digest, Metadata, Mtime};

const KIND: u8 = 0b11;
const HAS_CONTENT: u8 = 1 << 2;
const HAS_ATTRIBUTES: u8 = 1 << 3;
const IS_PRIVILEGED: u8 = 1 << 4;

/// What a set-id bit is. On a directory the group's gives nobody a right.
const SET_ID_BITS: u32 = 0o6000;
const SET_USER_ID: u32 = 0o4000;

/// What a snapshot holds under one name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Relative to the volume's root, which is the empty path.
    pub path: Vec<u8>,
    pub kind: Kind,
    pub mode: u32,
    pub uid: u32,
    pub gid: u32,
    pub mtime: Mtime,
    /// Of extended attributes; none if it has none.
    pub attributes: Option<u64>,
    /// It has rights that an imported archive may not bring: a set-id bit, a `security.` or `trusted.` attribute.
    pub is_privileged: bool,
}

/// What it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    Directory,
    File {
        size: u64,
        /// As in the tree digest.
        content: Option<Digest>,
    },
    Symlink {
        target: Vec<u8>,
    },
    HardLink {
        leader: Vec<u8>,
    },
}

impl Entry {
    /// What an archive says of it.
    pub fn new(path: &[u8], metadata: &Metadata, kind: Kind) -> Entry {
        let Metadata { mode, uid, gid, mtime, xattrs } = metadata;
        let rights = if kind == Kind::Directory { SET_USER_ID } else { SET_ID_BITS };
        let is_privileged =
            |(name, _): &(Vec<u8>, Vec<u8>)| name.starts_with(b"security.") || name.starts_with(b"trusted.");
        Entry {
            path: path.to_vec(),
            kind,
            mode: *mode,
            uid: *uid,
            gid: *gid,
            mtime: *mtime,
            attributes: (!xattrs.is_empty()).then(|| digest_of(xattrs)),
            is_privileged: mode & rights != 0 || xattrs.iter().any(is_privileged),
        }
    }

    /// Of a file its bytes, of a symbolic link those of its target.
    pub fn size(&self) -> u64 {
        match &self.kind {
            Kind::File { size, .. } => *size,
            Kind::Symlink { target } => target.len() as u64,
            Kind::Directory | Kind::HardLink { .. } => 0,
        }
    }

    pub fn content(&self) -> Option<&Digest> {
        match &self.kind {
            Kind::File { content, .. } => content.as_ref(),
            _ => None,
        }
    }

    /// Appends it behind an entry with the path `before`.
    pub(super) fn write(&self, before: &[u8], out: &mut Vec<u8>) {
        let mut head = match &self.kind {
            Kind::Directory => 0,
            Kind::File { content: None, .. } => 1,
            Kind::File { content: Some(_), .. } => 1 | HAS_CONTENT,
            Kind::Symlink { .. } => 2,
            Kind::HardLink { .. } => 3,
        };
        head |= if self.attributes.is_some() { HAS_ATTRIBUTES } else { 0 };
        head |= if self.is_privileged { IS_PRIVILEGED } else { 0 };
        out.push(head);
        let shared = self.path.iter().zip(before).take_while(|(one, other)| one == other).count();
        varint(shared as u64, out);
        bytes(&self.path[shared..], out);
        [self.mode, self.uid, self.gid].into_iter().for_each(|number| varint(number.into(), out));
        let seconds = self.mtime.seconds;
        varint(((seconds << 1) ^ (seconds >> 63)).cast_unsigned(), out);
        varint(self.mtime.nanoseconds.into(), out);
        match &self.kind {
            Kind::Directory => {}
            Kind::File { size, content } => {
                varint(*size, out);
                out.extend(content.iter().flatten());
            }
            Kind::Symlink { target: other } | Kind::HardLink { leader: other } => bytes(other, out),
        }
        out.extend(self.attributes.iter().flat_map(|digest| digest.to_le_bytes()));
    }

    /// Takes the next one off `rest`, behind an entry with the path `before`.
    pub(super) fn read(before: &[u8], rest: &mut &[u8]) -> Result<Entry> {
        let head = take(rest, 1)?[0];
        let shared = number(rest)?;
        let shared = usize::try_from(shared).ok().and_then(|shared| before.get(..shared)).ok_or_else(damaged)?;
        let path = [shared, text(rest)?].concat();
        let mut small = || u32::try_from(number(rest)?).map_err(|_| damaged());
        let [mode, uid, gid] = [small()?, small()?, small()?];
        let zigzag = number(rest)?;
        let seconds = (zigzag >> 1).cast_signed() ^ -((zigzag & 1).cast_signed());
        let nanoseconds = u32::try_from(number(rest)?).map_err(|_| damaged())?;
        let kind = match head & KIND {
            0 => Kind::Directory,
            1 => {
                let size = number(rest)?;
                let content = if head & HAS_CONTENT != 0 { Some(array::<32>(rest)?) } else { None };
                Kind::File { size, content }
            }
            2 => Kind::Symlink { target: text(rest)?.to_vec() },
            _ => Kind::HardLink { leader: text(rest)?.to_vec() },
        };
        let attributes = if head & HAS_ATTRIBUTES != 0 { Some(u64::from_le_bytes(array(rest)?)) } else { None };
        let is_privileged = head & IS_PRIVILEGED != 0;
        Ok(Entry { path, kind, mode, uid, gid, mtime: Mtime { seconds, nanoseconds }, attributes, is_privileged })
    }
}

fn digest_of(xattrs: &[(Vec<u8>, Vec<u8>)]) -> u64 {
    let mut sorted: Vec<_> = xattrs.iter().collect();
    sorted.sort();
    let mut hasher = blake3::Hasher::new();
    for field in sorted.iter().flat_map(|(name, value)| [name, value]) {
        hasher.update(&(field.len() as u64).to_le_bytes()).update(field);
    }
    let mut first = [0; 8];
    first.copy_from_slice(&hasher.finalize().as_bytes()[..8]);
    u64::from_le_bytes(first)
}

fn varint(mut number: u64, out: &mut Vec<u8>) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

fn bytes(bytes: &[u8], out: &mut Vec<u8>) {
    varint(bytes.len() as u64, out);
    out.extend_from_slice(bytes);
}

fn take<'a>(rest: &mut &'a [u8], count: usize) -> Result<&'a [u8]> {
    let (taken, left) = rest.split_at_checked(count).ok_or_else(damaged)?;
    *rest = left;
    Ok(taken)
}

fn array<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N]> {
    take(rest, N)?.try_into().map_err(|_| damaged())
}

fn number(rest: &mut &[u8]) -> Result<u64> {
    let mut number = 0u64;
    for shift in (0..64).step_by(7) {
        let byte = take(rest, 1)?[0];
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Ok(number);
        }
    }
    Err(damaged())
}

fn text<'a>(rest: &mut &'a [u8]) -> Result<&'a [u8]> {
    let count = usize::try_from(number(rest)?).map_err(|_| damaged())?;
    take(rest, count)
}
