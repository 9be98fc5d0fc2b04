//! What a file is that is no archive of ours, by how it begins: for the words of a refusal, and nothing is decided by it.
//! One table, with the commands that make each of them importable.

use super::codec::Codec;
use super::headers;
use super::limits::TAR_BLOCK_BYTES;
use crate::host::ArchiveBytes;
use crate::{Failure, Result};

/// What to do about a file of an unknown kind.
const LAYOUT_HINT: &str = "an archive is a tar of `manifest.json` and `volumes/`, compressed by gzip";
const UNKNOWN_HINT: &str = "a tar is taken in, in gzip, zstd, xz, bzip2, lz4 or none: unpack this with the program that made it, and \
                            import the directory";
/// A database's own copy of its contents is no volume of it.
const DUMP_HINT: &str = "a dump is loaded into a running server by its own program, and is put in no volume's place";

/// What a file is, and what to do to take in what it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Known {
    what: &'static str,
    hint: &'static str,
}

/// How a file begins, what it is, and the commands that make it importable.
const KINDS: &[(&[u8], &str, &str)] = &[
    (b"\x1f\x8b", "a gzip stream", "`gzip -dc FILE | reforge import - …` takes one wrapping off"),
    (b"\x28\xb5\x2f\xfd", "a zstd stream", "`zstd -dc FILE | gzip > NEW.tar.gz` makes one of it"),
    (b"\xfd7zXZ\0", "an xz stream", "`xz -dc FILE | gzip > NEW.tar.gz` makes one of it"),
    (b"BZh", "a bzip2 stream", "`bzip2 -dc FILE | gzip > NEW.tar.gz` makes one of it"),
    (b"\x04\x22\x4d\x18", "an lz4 stream", "`lz4 -dc FILE | gzip > NEW.tar.gz` makes one of it"),
    (b"\x02\x21\x4c\x18", "an lz4 stream of the old format", "`lz4 -dc FILE | reforge import - …` takes it in"),
    (b"LZIP", "an lzip archive", "`lzip -dc FILE | reforge import - …` takes it in"),
    (b"\x1f\x9d", "an archive of `compress`", "`gzip -dc FILE | reforge import - …` takes it in"),
    (b"\x89LZO\0\r\n\x1a\n", "an lzop archive", "`lzop -dc FILE | reforge import - …` takes it in"),
    (b"PK\x03\x04", "a zip archive", ZIP_HINT),
    (b"PK\x05\x06", "an empty zip archive", ZIP_HINT),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", "`7z x -oDIRECTORY FILE`, then `reforge import DIRECTORY …`"),
    (b"Rar!\x1a\x07", "a RAR archive", "`unrar x FILE DIRECTORY/`, then `reforge import DIRECTORY …`"),
    (b"MSCF", "a cabinet of Windows", "`cabextract -d DIRECTORY FILE`, then `reforge import DIRECTORY …`"),
    (b"hsqs", "an image of squashfs", "`unsquashfs -d DIRECTORY FILE`, then `reforge import DIRECTORY …`"),
    (b"070701", CPIO, CPIO_HINT),
    (b"070707", CPIO, CPIO_HINT),
    (b"!<arch>", "an `ar` archive or a package", "`ar x FILE` unpacks it; import what holds the data"),
    (b"-----BEGIN PGP MESSAGE", GPG, GPG_HINT),
    (b"age-encryption.org/", "a file encrypted by age", AGE_HINT),
    (b"-----BEGIN AGE ENCRYPTED FILE", "a file encrypted by age", AGE_HINT),
    (
        b"Salted__",
        "a file encrypted by openssl",
        "`openssl enc -d -aes-256-cbc -pbkdf2 -in FILE | reforge import - …` decrypts it, with the cipher it was made with",
    ),
    (
        b"AES\x02",
        "a file encrypted by AES Crypt, as Duplicati and others write them",
        "restore it with the program that made it into a directory, then `reforge import DIRECTORY …`",
    ),
    (
        b"SecureTar",
        "an encrypted backup of Home Assistant",
        "decrypt it with `securetar` and the key of the backup first",
    ),
    (b"VMA\0", "a virtual machine of Proxmox (`.vma`)", "restore the machine, and import the app's directory from it"),
    (b"KDMV", "a disk of VMware", DISK_HINT),
    (b"QFI\xfb", "a disk of QEMU (`qcow2`)", DISK_HINT),
    (b"conectix", "a disk of Hyper-V", DISK_HINT),
    (b"vhdxfile", "a disk of Hyper-V", DISK_HINT),
    (b"SQLite format 3\0", "a database of SQLite", SQLITE_HINT),
    (b"PGDMP", "a dump of PostgreSQL (`pg_dump -Fc`)", DUMP_HINT),
    (b"REDIS", "a dump of Redis (`dump.rdb`)", "put it into a directory as `dump.rdb`, and import the directory"),
    (b"\x6d\xe2\x99\x81", "a dump of MongoDB (`mongodump --archive`)", DUMP_HINT),
    (b"-- PostgreSQL database", "a dump of PostgreSQL (SQL)", DUMP_HINT),
    (b"--\n-- PostgreSQL database", "a dump of PostgreSQL (SQL)", DUMP_HINT),
    (b"-- MySQL dump", "a dump of MySQL (SQL)", DUMP_HINT),
    (b"-- MariaDB dump", "a dump of MariaDB (SQL)", DUMP_HINT),
    (b"/*!999999", "a dump of MariaDB (SQL)", DUMP_HINT),
    (b"/*M!999999", "a dump of MariaDB (SQL)", DUMP_HINT),
    (b"-- phpMyAdmin SQL Dump", "a dump of a database (SQL)", DUMP_HINT),
    (
        b"PRAGMA foreign_keys",
        "a dump of SQLite (SQL)",
        "`sqlite3 DIRECTORY/NAME.db < FILE`, then `reforge import DIRECTORY …`",
    ),
    (
        b"KOPIA",
        "a file of a kopia repository",
        "`kopia snapshot restore ID DIRECTORY`, then `reforge import DIRECTORY …`",
    ),
    (
        b"BORG_SEG",
        "a file of a borg repository",
        "`reforge import --from borg:REPOSITORY::ARCHIVE --workload W` reads it",
    ),
    (b"duplicity", "a file of duplicity", "`duplicity restore URL DIRECTORY`, then `reforge import DIRECTORY …`"),
];
const ZIP_HINT: &str =
    "`unzip -d DIRECTORY FILE`, then `reforge import DIRECTORY …`; a zip holds no owners, so look at them";
const CPIO: &str = "a cpio archive";
const CPIO_HINT: &str = "`cd DIRECTORY && cpio -idm < FILE`, then `reforge import DIRECTORY …`";
const GPG: &str = "a file encrypted by gpg";
const GPG_HINT: &str = "`gpg -d FILE | reforge import - …` decrypts it and takes it in";
const AGE_HINT: &str = "`age -d -i KEY FILE | reforge import - …` decrypts it and takes it in";
const DISK_HINT: &str = "mount it (`guestmount -i -r -a FILE DIRECTORY`), and import the app's directory from it";
const SQLITE_HINT: &str = "put it into a directory under the name that the app looks for, and import the directory";

/// Refuses a file that is not compressed by gzip, as an archive of ours is.
pub fn refuse_no_gzip<A: ArchiveBytes + ?Sized>(archive: &A) -> Result<()> {
    let head = head(archive)?;
    if Codec::of(&head) == Codec::Gzip {
        return Ok(());
    }
    Err(match (head.is_empty(), kind(&head)) {
        (true, _) => Failure::damaged("this is no gzip archive, but an empty file").hint(LAYOUT_HINT),
        _ if is_tar(&head) => Failure::damaged("this is no gzip archive, but a tar that is not compressed")
            .hint("`gzip FILE` makes one of it"),
        (false, Some(Known { what, hint })) => {
            Failure::damaged(format!("this is no gzip archive, but {what}")).hint(hint)
        }
        (false, None) => Failure::damaged("this is no gzip archive").hint(LAYOUT_HINT),
    })
}

/// Refuses a file that is no tar, however it is compressed.
pub fn refuse_no_archive<A: ArchiveBytes + ?Sized>(archive: &A) -> Result<()> {
    let head = head(archive)?;
    if head.is_empty() {
        return Err(
            Failure::damaged("this is an empty file").hint("look at how the backup was made: nothing was written")
        );
    }
    if Codec::of(&head) != Codec::Plain || is_tar(&head) {
        return Ok(());
    }
    Err(match kind(&head) {
        Some(Known { what, hint }) => Failure::damaged(format!("this is {what}")).hint(hint),
        None if head.iter().all(|byte| *byte == 0) => {
            Failure::damaged("this file begins with zeros, and is no archive")
                .hint("it was never written, or was damaged")
        }
        None => Failure::damaged("this is no archive that is known").hint(UNKNOWN_HINT),
    })
}

/// Refuses what was unpacked if it is no tar.
pub fn refuse_no_tar(codec: Codec, block: &[u8]) -> Result<()> {
    // A tar that begins with its end is empty, and has words of its own.
    if is_tar(block) || (block.len() == TAR_BLOCK_BYTES && block.iter().all(|byte| *byte == 0)) {
        return Ok(());
    }
    let packed = if codec == Codec::Plain { String::new() } else { format!("what {} compressed", codec.name()) };
    Err(match kind(block) {
        Some(Known { what, hint }) if packed.is_empty() => Failure::archive(format!("this is {what}")).hint(hint),
        Some(Known { what, hint }) => Failure::archive(format!("{packed} is no tar, but {what}")).hint(hint),
        None if packed.is_empty() => Failure::archive("this is no archive that is known").hint(UNKNOWN_HINT),
        // It may be a tar that is damaged, or from a system of its own.
        None => Failure::archive(format!("{packed} is no tar")).hint(UNKNOWN_HINT),
    })
}

/// Refuses what gzip compressed if it is known and no tar. What is not known has its own refusal.
pub fn refuse_known_no_tar(block: &[u8]) -> Result<()> {
    match kind(block) {
        Some(Known { what, hint }) => {
            let gzip = Codec::of(block) == Codec::Gzip;
            let hint = if gzip { "`gzip -dc FILE > NEW.tar.gz` takes one wrapping off" } else { hint };
            Err(Failure::archive(format!("what gzip compressed is no tar, but {what}")).hint(hint))
        }
        None => Ok(()),
    }
}

fn head<A: ArchiveBytes + ?Sized>(archive: &A) -> Result<Vec<u8>> {
    archive.read_at(0, TAR_BLOCK_BYTES as u32)
}

/// Whether a block is how a tar begins: by its magic, or in the oldest ones by its checksum.
fn is_tar(block: &[u8]) -> bool {
    block.len() >= TAR_BLOCK_BYTES
        && (block[257..262] == *b"ustar" || headers::checked(&block[..TAR_BLOCK_BYTES]).is_ok())
}

fn kind(head: &[u8]) -> Option<Known> {
    if is_tar(head) {
        return None;
    }
    // The first name in a block of Duplicati is this one and no longer.
    if head.starts_with(b"PK\x03\x04") && head.get(26..28) == Some(&[8, 0]) && head.get(30..38) == Some(b"manifest") {
        let hint = "restore it with Duplicati into a directory, then `reforge import DIRECTORY …`";
        return Some(Known { what: "a block file of Duplicati", hint });
    }
    if let Some((_, what, hint)) = KINDS.iter().find(|(magic, ..)| head.starts_with(magic)) {
        return Some(Known { what, hint });
    }
    if is_openpgp(head) {
        return Some(Known { what: GPG, hint: GPG_HINT });
    }
    text(head)
}

/// What kind of text it is, if it is text.
fn text(head: &[u8]) -> Option<Known> {
    let text = match std::str::from_utf8(head) {
        Ok(text) => text,
        Err(error) => std::str::from_utf8(&head[..error.valid_up_to()]).ok()?,
    };
    let begin = text.trim_start_matches('\u{feff}').trim_start().to_ascii_lowercase();
    let hint = "look at what it says: a server may have answered with it instead of the archive";
    if ["<!doctype", "<html", "<head"].iter().any(|tag| begin.starts_with(tag)) {
        return Some(Known { what: "a web page (HTML)", hint });
    }
    let statements =
        ["create table", "create database", "insert into", "begin transaction", "set session", "drop table"];
    if statements.iter().any(|statement| begin.starts_with(statement)) {
        return Some(Known { what: "a dump of a database (SQL)", hint: DUMP_HINT });
    }
    // A character may be cut at the end of what was read.
    let is_plain = |letter: char| !letter.is_control() || letter.is_ascii_whitespace();
    let is_text = !text.is_empty() && head.len() - text.len() < 4 && text.chars().all(is_plain);
    is_text.then_some(Known { what: "a text", hint })
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
            (b"PK\x03\x04......................\x0d\x00\x00\x00manifest.json", Some("a zip archive")),
            (b"PK\x03\x04......................\x08\x00\x00\x00manifest", Some("a block file of Duplicati")),
            (b"\x28\xb5\x2f\xfd\x04\x58", Some("a zstd stream")),
            (b"\xfd7zXZ\0\0\x04", Some("an xz stream")),
            (b"BZh91AY&SY", Some("a bzip2 stream")),
            (b"-----BEGIN PGP MESSAGE-----\n", Some(GPG)),
            (b"\x85\x02\x0c\x03\xaa\xbb", Some(GPG)),
            (b"\x84\x5e\x03\xaa\xbb", Some(GPG)),
            (b"\x8c\x0d\x04\x09\x03\x02", Some(GPG)),
            (b"\xc1\xc0\x4c\x03\xaa", Some(GPG)),
            (b"\xef\xbb\xbf\n <!DOCTYPE html>\n<html>", Some("a web page (HTML)")),
            (b"<html>403 Forbidden\n", Some("a web page (HTML)")),
            (b"CREATE TABLE x();\n", Some("a dump of a database (SQL)")),
            ("{\"error\": \"жу".as_bytes(), Some("a text")),
            (&"жу".as_bytes()[..3], Some("a text")),
            (b"\x85\x02\x0c\x07", None),
            (b"\x00\x01\x02\x03", None),
            (b"", None),
        ] {
            assert_eq!(kind(head).map(|known| known.what), what, "{head:?}");
        }
    }

    #[test]
    fn no_beginning_hides_behind_a_shorter_one() {
        for (position, (magic, what, _)) in KINDS.iter().enumerate() {
            let first = KINDS.iter().position(|(other, ..)| magic.starts_with(other));
            assert_eq!(first, Some(position), "{what}");
        }
    }
}
