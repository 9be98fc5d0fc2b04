//! The headers of a PAX archive.
//!
//! A record is written only when the plain header cannot say it; times nearly always need one. Names and values are
//! bytes. As GNU tar does it, `%` and `=` in the name of an extended attribute are written `%25` and `%3D`, since a
//! record's key ends at its first `=`.

use reforge_text::acl_text;
use reforge_volumes::tree_digest::{Metadata, Mtime};

/// Everything in a tar archive is a multiple of this.
pub(super) const TAR_BLOCK_BYTES: usize = 512;
/// Two empty blocks.
pub(super) const END: [u8; 2 * TAR_BLOCK_BYTES] = [0; 2 * TAR_BLOCK_BYTES];

const NAME_BYTES: usize = 100;
/// Largest numbers in seven and eleven octal digits.
const ID_MAX: u64 = 0o7_777_777;
const NUMBER_MAX: u64 = 0o77_777_777_777;
const NANOSECONDS: u32 = 1_000_000_000;

/// What the header is of. Paths are those of the archive.
pub(super) enum HeaderKind<'a> {
    Directory,
    File {
        size: u64,
    },
    /// `stored` is the map and the data.
    Sparse {
        size: u64,
        stored: u64,
    },
    Symlink {
        target: &'a [u8],
    },
    HardLink {
        leader: &'a [u8],
    },
}

/// The zeros after content of this size.
pub(super) fn padding(size: u64) -> usize {
    let block = TAR_BLOCK_BYTES as u64;
    ((block - size % block) % block) as usize
}

/// Writes all headers of one entry.
pub(super) fn header(out: &mut Vec<u8>, path: &[u8], metadata: &Metadata, kind: &HeaderKind<'_>) {
    let mut path = path.to_vec();
    let (entry_type, link, stored) = match kind {
        HeaderKind::Directory => (tar::EntryType::Directory, &b""[..], 0),
        HeaderKind::File { size } => (tar::EntryType::Regular, &b""[..], *size),
        HeaderKind::Sparse { stored, .. } => (tar::EntryType::Regular, &b""[..], *stored),
        HeaderKind::Symlink { target } => (tar::EntryType::Symlink, *target, 0),
        HeaderKind::HardLink { leader } => (tar::EntryType::Link, *leader, 0),
    };
    if matches!(kind, HeaderKind::Directory) && !path.ends_with(b"/") {
        path.push(b'/');
    }
    let records = records(&path, link, stored, metadata, kind);
    out.reserve(3 * TAR_BLOCK_BYTES);
    if !records.is_empty() {
        let name = [b"PaxHeaders/", cut(last_component(&path), NAME_BYTES - b"PaxHeaders/".len())].concat();
        let plain = Metadata { mode: 0o644, ..Metadata::default() };
        out.extend_from_slice(&block(tar::EntryType::XHeader, &name, b"", records.len() as u64, &plain));
        out.extend_from_slice(&records);
        out.resize(out.len() + padding(records.len() as u64), 0);
    }
    out.extend_from_slice(&block(entry_type, &path, link, stored, metadata));
}

fn records(path: &[u8], link: &[u8], stored: u64, metadata: &Metadata, kind: &HeaderKind<'_>) -> Vec<u8> {
    let mut records = Records(Vec::new());
    match kind {
        HeaderKind::Sparse { size, .. } => {
            records.push(b"GNU.sparse.major", b"1");
            records.push(b"GNU.sparse.minor", b"0");
            records.push(b"GNU.sparse.name", path);
            records.push(b"GNU.sparse.realsize", size.to_string().as_bytes());
        }
        _ if path.len() > NAME_BYTES => records.push(b"path", path),
        _ => {}
    }
    if link.len() > NAME_BYTES {
        records.push(b"linkpath", link);
    }
    if stored > NUMBER_MAX {
        records.push(b"size", stored.to_string().as_bytes());
    }
    for (key, id) in [(&b"uid"[..], metadata.uid), (b"gid", metadata.gid)] {
        if u64::from(id) > ID_MAX {
            records.push(key, id.to_string().as_bytes());
        }
    }
    let mtime = metadata.mtime;
    if mtime.nanoseconds != 0 || u64::try_from(mtime.seconds).is_err() || mtime.seconds as u64 > NUMBER_MAX {
        records.push(b"mtime", decimal(mtime).as_bytes());
    }
    for (name, value) in &metadata.xattrs {
        records.push(&[b"SCHILY.xattr.", &encode_name(name)[..]].concat(), value);
        let text_key: &[u8] = match &name[..] {
            b"system.posix_acl_access" => b"SCHILY.acl.access",
            b"system.posix_acl_default" => b"SCHILY.acl.default",
            _ => continue,
        };
        if let Some(text) = acl_text::of(value) {
            records.push(text_key, text.as_bytes());
        }
    }
    records.0
}

/// PAX records: `LENGTH KEY=VALUE\n`, the length counting itself.
struct Records(Vec<u8>);

impl Records {
    fn push(&mut self, key: &[u8], value: &[u8]) {
        let rest = key.len() + value.len() + b" =\n".len();
        let mut length = rest + 1;
        while length != rest + length.to_string().len() {
            length = rest + length.to_string().len();
        }
        self.0.extend_from_slice(length.to_string().as_bytes());
        for piece in [b" ", key, b"=", value, b"\n"] {
            self.0.extend_from_slice(piece);
        }
    }
}

fn encode_name(name: &[u8]) -> Vec<u8> {
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
fn decimal(mtime: Mtime) -> String {
    let Mtime { seconds, nanoseconds } = mtime;
    if seconds >= 0 || nanoseconds == 0 {
        let fraction = if nanoseconds == 0 { String::new() } else { format!(".{nanoseconds:09}") };
        return format!("{seconds}{fraction}");
    }
    format!("-{}.{:09}", (seconds + 1).unsigned_abs(), NANOSECONDS - nanoseconds)
}

/// One plain header. What does not fit stands in a record before it and is cut or clamped here.
fn block(entry_type: tar::EntryType, path: &[u8], link: &[u8], size: u64, metadata: &Metadata) -> [u8; 512] {
    let mut header = tar::Header::new_ustar();
    header.set_entry_type(entry_type);
    header.set_mode(metadata.mode);
    header.set_uid(u64::from(metadata.uid).min(ID_MAX));
    header.set_gid(u64::from(metadata.gid).min(ID_MAX));
    header.set_size(size.min(NUMBER_MAX));
    header.set_mtime(u64::try_from(metadata.mtime.seconds).unwrap_or(0).min(NUMBER_MAX));
    if let Some(ustar) = header.as_ustar_mut() {
        fill(&mut ustar.name, path);
        fill(&mut ustar.linkname, link);
    }
    header.set_cksum();
    *header.as_bytes()
}

fn fill(field: &mut [u8; NAME_BYTES], bytes: &[u8]) {
    let bytes = cut(bytes, NAME_BYTES);
    field[..bytes.len()].copy_from_slice(bytes);
}

fn cut(bytes: &[u8], len: usize) -> &[u8] {
    &bytes[..bytes.len().min(len)]
}

fn last_component(path: &[u8]) -> &[u8] {
    let path = path.strip_suffix(b"/").unwrap_or(path);
    path.rsplit(|byte| *byte == b'/').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_before_1970_reads_as_gnu_tar_reads_it() {
        for (seconds, nanoseconds, text) in [
            (0, 0, "0"),
            (1, 5, "1.000000005"),
            (-1, 0, "-1"),
            (-1, 250_000_000, "-0.750000000"),
            (-5, 999_999_999, "-4.000000001"),
            (i64::MIN, 1, "-9223372036854775807.999999999"),
        ] {
            assert_eq!(decimal(Mtime { seconds, nanoseconds }), text);
        }
    }

    #[test]
    fn a_record_counts_its_own_length() {
        for value_bytes in [0, 1, 90, 91, 92, 93, 94, 990, 991, 992, 993, 994, 70_000] {
            let mut records = Records(Vec::new());
            records.push(b"key", &vec![b'v'; value_bytes]);
            let length = records.0.split(|byte| *byte == b' ').next().unwrap();
            assert_eq!(String::from_utf8_lossy(length), records.0.len().to_string());
        }
    }

    #[test]
    fn a_record_is_written_only_when_the_header_cannot_say_it() {
        let plain = Metadata { mode: 0o644, mtime: Mtime { seconds: 5, nanoseconds: 0 }, ..Metadata::default() };
        let blocks = |path: &[u8], metadata: &Metadata, kind: &HeaderKind<'_>| {
            let mut out = vec![7];
            header(&mut out, path, metadata, kind);
            (out.len() - 1) / TAR_BLOCK_BYTES
        };
        assert_eq!(blocks(b"a", &plain, &HeaderKind::File { size: NUMBER_MAX }), 1);
        assert_eq!(blocks(b"a", &plain, &HeaderKind::File { size: NUMBER_MAX + 1 }), 3);
        assert_eq!(blocks(&[b'a'; 101], &plain, &HeaderKind::Directory), 3);
        assert_eq!(blocks(b"a", &Metadata { uid: 2_097_152, ..plain.clone() }, &HeaderKind::Directory), 3);
    }
}
