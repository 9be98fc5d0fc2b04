//! Archives out of arbitrary bytes: the first byte says what is put around them, so that a mutation need not find a
//! checksum by itself.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use reforge_plugin::Failure;
use reforge_plugin::host::ArchiveBytes;
use serde_json::{Value, json};

const BLOCK_BYTES: usize = 512;
/// Where a header keeps its checksum.
const CHECKSUM: std::ops::Range<usize> = 148..156;

/// Bits of the first byte.
const MEND_CHECKSUMS: u8 = 1;
const BEGIN_WITH_MANIFEST: u8 = 2;
const END_WITH_ZEROS: u8 = 4;
const AS_GZIP_ALREADY: u8 = 8;
const IN_TWO_MEMBERS: u8 = 16;

/// An archive and, once it was inspected, its descriptor.
pub(crate) struct Archive {
    pub descriptor: Value,
    pub bytes: Vec<u8>,
}

impl Archive {
    /// What the bytes of an input stand for.
    pub(crate) fn of(input: &[u8]) -> Option<Archive> {
        let (how, rest) = input.split_first()?;
        let bytes = if how & AS_GZIP_ALREADY != 0 { rest.to_vec() } else { gzip(&tar(*how, rest), *how) };
        Some(Archive { descriptor: Value::Null, bytes })
    }
}

impl ArchiveBytes for Archive {
    fn descriptor(&self) -> String {
        self.descriptor.to_string()
    }

    fn size(&self) -> u64 {
        self.bytes.len() as u64
    }

    fn read_at(&self, offset: u64, max: u32) -> Result<Vec<u8>, Failure> {
        let rest = self.bytes.get(offset as usize..).ok_or_else(|| Failure::new("io", "beyond the end"))?;
        Ok(rest[..rest.len().min(max as usize)].to_vec())
    }
}

/// A manifest of two volumes.
pub fn manifest() -> Value {
    let volume = |index: u32| json!({"index": index, "name": format!("v{index}"), "scope": "project", "source": "", "target": ""});
    json!({
        "format": 1, "workload": "w", "created": "2026-01-01T00:00:00Z", "reason": "manual",
        "image": {"reference": "", "digest": ""}, "volumes": [volume(0), volume(1)],
    })
}

fn tar(how: u8, rest: &[u8]) -> Vec<u8> {
    let mut tar = Vec::new();
    if how & BEGIN_WITH_MANIFEST != 0 {
        let manifest = manifest().to_string();
        tar.extend_from_slice(&header(b"manifest.json", b'0', manifest.len()));
        tar.extend_from_slice(manifest.as_bytes());
        tar.resize(tar.len().next_multiple_of(BLOCK_BYTES), 0);
        tar.extend_from_slice(&header(b"volumes/0/", b'5', 0));
        tar.extend_from_slice(&header(b"volumes/1/", b'5', 0));
    }
    tar.extend_from_slice(rest);
    if how & END_WITH_ZEROS != 0 {
        tar.resize(tar.len().next_multiple_of(BLOCK_BYTES) + 2 * BLOCK_BYTES, 0);
    }
    if how & MEND_CHECKSUMS != 0 {
        tar.chunks_exact_mut(BLOCK_BYTES).filter(|block| is_header(block)).for_each(mend);
    }
    tar
}

fn gzip(tar: &[u8], how: u8) -> Vec<u8> {
    let middle = if how & IN_TWO_MEMBERS != 0 { tar.len() / 2 } else { tar.len() };
    let mut out = Vec::new();
    for member in [&tar[..middle], &tar[middle..]] {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::none());
        gzip.write_all(member).expect("memory takes everything");
        out.extend(gzip.finish().expect("memory takes everything"));
    }
    out
}

fn is_header(block: &[u8]) -> bool {
    block[257..].starts_with(b"ustar")
}

fn mend(block: &mut [u8]) {
    block[CHECKSUM].fill(b' ');
    let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
    block[CHECKSUM].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
}

fn header(name: &[u8], flag: u8, size: usize) -> Vec<u8> {
    let mut block = vec![0; BLOCK_BYTES];
    let mut put = |at: usize, bytes: &[u8]| block[at..at + bytes.len()].copy_from_slice(bytes);
    put(0, name);
    put(100, b"0000644\0");
    put(124, format!("{size:011o}\0").as_bytes());
    put(156, &[flag]);
    put(257, b"ustar\x0000");
    mend(&mut block);
    block
}
