//! What a file is that is no archive of ours, by its first bytes: for the words of a refusal, and nothing is decided by it.

use super::headers;
use super::limits::TAR_BLOCK_BYTES;
use crate::host::ArchiveBytes;
use crate::{Failure, Result};

/// How every gzip member begins.
const GZIP: &[u8] = b"\x1f\x8b";
/// What to do about a file of an unknown kind.
const LAYOUT_HINT: &str = "an archive is a tar of `manifest.json` and `volumes/`, compressed by gzip";

/// What a file is, and what to do to have an archive of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Known {
    what: &'static str,
    remedy: Remedy,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Remedy {
    /// By the program of this name.
    Recompress(&'static str),
    Compress,
    Unwrap,
    Unpack,
    Decrypt,
    DecryptByGpg,
    Read,
}

/// How a file begins, and what it is.
const KINDS: &[(&[u8], &str, Remedy)] = &[
    (GZIP, "a gzip archive", Remedy::Unwrap),
    (b"PK\x03\x04", "a zip archive", Remedy::Unpack),
    (b"PK\x05\x06", "a zip archive", Remedy::Unpack),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", Remedy::Unpack),
    (b"\x28\xb5\x2f\xfd", "a zstd archive", Remedy::Recompress("zstd")),
    (b"\xfd7zXZ\0", "an xz archive", Remedy::Recompress("xz")),
    (b"BZh", "a bzip2 archive", Remedy::Recompress("bzip2")),
    (b"\x04\x22\x4d\x18", "an lz4 archive", Remedy::Recompress("lz4")),
    (b"LZIP", "an lzip archive", Remedy::Recompress("lzip")),
    (b"-----BEGIN PGP MESSAGE", GPG, Remedy::DecryptByGpg),
    (b"age-encryption.org/", "a file encrypted by age", Remedy::Decrypt),
    (b"Salted__", "a file encrypted by openssl", Remedy::Decrypt),
];
const GPG: &str = "a file encrypted by gpg";
const TAR: Known = Known { what: "a tar that is not compressed", remedy: Remedy::Compress };

impl Remedy {
    fn hint(self) -> String {
        match self {
            Remedy::Recompress(program) => format!("`{program} -dc FILE | gzip > NEW.tar.gz` makes one of it"),
            Remedy::Compress => "`gzip FILE` makes one of it".to_owned(),
            Remedy::Unwrap => "`gzip -dc FILE > NEW.tar.gz` takes one wrapping off".to_owned(),
            Remedy::Unpack => "unpack it, and pack `manifest.json` and `volumes/` with `tar -czf`".to_owned(),
            Remedy::Decrypt => "decrypt it first".to_owned(),
            Remedy::DecryptByGpg => "`gpg -d FILE > NEW.tar.gz` decrypts it".to_owned(),
            Remedy::Read => {
                "look at what it says: a server may have answered with it instead of the archive".to_owned()
            }
        }
    }
}

/// Refuses a file that is not compressed by gzip.
pub fn refuse_no_gzip<A: ArchiveBytes + ?Sized>(archive: &A) -> Result<()> {
    let head = archive.read_at(0, TAR_BLOCK_BYTES as u32)?;
    if head.starts_with(GZIP) {
        return Ok(());
    }
    Err(match (head.is_empty(), kind(&head)) {
        (true, _) => Failure::damaged("this is no gzip archive, but an empty file").hint(LAYOUT_HINT),
        (false, Some(Known { what, remedy })) => {
            Failure::damaged(format!("this is no gzip archive, but {what}")).hint(remedy.hint())
        }
        (false, None) => Failure::damaged("this is no gzip archive").hint(LAYOUT_HINT),
    })
}

/// Refuses what was unpacked if it is known and no tar. What is not known has its own refusal.
pub fn refuse_no_tar(block: &[u8]) -> Result<()> {
    match kind(block).filter(|known| *known != TAR) {
        Some(Known { what, remedy }) => {
            let hint = if remedy == Remedy::Unwrap { remedy.hint() } else { LAYOUT_HINT.to_owned() };
            Err(Failure::archive(format!("what gzip compressed is no tar, but {what}")).hint(hint))
        }
        None => Ok(()),
    }
}

fn kind(head: &[u8]) -> Option<Known> {
    if head.len() >= TAR_BLOCK_BYTES && headers::checked(&head[..TAR_BLOCK_BYTES]).is_ok() {
        return Some(TAR);
    }
    if let Some((_, what, remedy)) = KINDS.iter().find(|(magic, ..)| head.starts_with(magic)) {
        return Some(Known { what, remedy: *remedy });
    }
    if is_openpgp(head) {
        return Some(Known { what: GPG, remedy: Remedy::DecryptByGpg });
    }
    text(head).map(|what| Known { what, remedy: Remedy::Read })
}

/// What kind of text it is, if it is text.
fn text(head: &[u8]) -> Option<&'static str> {
    let text = match std::str::from_utf8(head) {
        Ok(text) => text,
        Err(error) => std::str::from_utf8(&head[..error.valid_up_to()]).ok()?,
    };
    let begin = text.trim_start_matches('\u{feff}').trim_start().to_ascii_lowercase();
    if ["<!doctype", "<html", "<head"].iter().any(|tag| begin.starts_with(tag)) {
        return Some("a web page (HTML)");
    }
    // A character may be cut at the end of what was read.
    let is_plain = |letter: char| !letter.is_control() || letter.is_ascii_whitespace();
    (!text.is_empty() && head.len() - text.len() < 4 && text.chars().all(is_plain)).then_some("a text")
}

/// Packets that an encrypted message begins with: a session key, for a key or for a passphrase.
fn is_openpgp(head: &[u8]) -> bool {
    let version = |at: usize, of: &[u8]| head.get(at).is_some_and(|version| of.contains(version));
    match head.first() {
        Some(0x84 | 0xc1) => version(2, &[3, 6]) || version(3, &[3, 6]),
        Some(0x85) => version(3, &[3, 6]),
        Some(0x8c | 0xc3) => version(2, &[4, 5, 6]),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_known_by_how_it_begins() {
        for (head, what) in [
            (&b"PK\x03\x04\x14\x00"[..], Some("a zip archive")),
            (b"\x28\xb5\x2f\xfd\x04\x58", Some("a zstd archive")),
            (b"\xfd7zXZ\0\0\x04", Some("an xz archive")),
            (b"BZh91AY&SY", Some("a bzip2 archive")),
            (b"-----BEGIN PGP MESSAGE-----\n", Some(GPG)),
            (b"\x85\x02\x0c\x03\xaa\xbb", Some(GPG)),
            (b"\x84\x5e\x03\xaa\xbb", Some(GPG)),
            (b"\x8c\x0d\x04\x09\x03\x02", Some(GPG)),
            (b"\xc1\xc0\x4c\x03\xaa", Some(GPG)),
            (b"\xef\xbb\xbf\n <!DOCTYPE html>\n<html>", Some("a web page (HTML)")),
            (b"<html>403 Forbidden\n", Some("a web page (HTML)")),
            ("{\"error\": \"жу".as_bytes(), Some("a text")),
            (&"жу".as_bytes()[..3], Some("a text")),
            (b"\x85\x02\x0c\x07", None),
            (b"\x00\x01\x02\x03", None),
            (b"", None),
        ] {
            assert_eq!(kind(head).map(|known| known.what), what, "{head:?}");
        }
    }
}
