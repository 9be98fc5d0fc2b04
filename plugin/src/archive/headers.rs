//! One tar header block: its checksum, its numbers and its kind. Only the fields; what they mean together is the
//! reader's.

use std::borrow::Cow;

use tar::Header;

use super::limits::TAR_BLOCK_BYTES;
use crate::{Failure, Result, escape};

/// Where a header says by what rules it is written.
const MAGIC: std::ops::Range<usize> = 257..265;

/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    File,
    Directory,
    Symlink,
    HardLink,
    /// Devices, fifos and everything unknown, by type flag: never restored.
    Special(u8),
}

impl Kind {
    /// By type flag. A NUL is how the oldest archives say file.
    pub fn of(flag: u8) -> Kind {
        match flag {
            b'0' | 0 | b'S' => Kind::File,
            b'5' => Kind::Directory,
            b'2' => Kind::Symlink,
            b'1' => Kind::HardLink,
            other => Kind::Special(other),
        }
    }

    /// For messages.
    pub fn describe(self) -> String {
        match self {
            Kind::File => "a file".into(),
            Kind::Directory => "a directory".into(),
            Kind::Symlink => "a symbolic link".into(),
            Kind::HardLink => "a hard link".into(),
            Kind::Special(b'3') => "a character device".into(),
            Kind::Special(b'4') => "a block device".into(),
            Kind::Special(b'6') => "a fifo".into(),
            Kind::Special(b'7') => "a contiguous file".into(),
            Kind::Special(flag) => format!("of unknown type `{}`", escape::bytes(&[flag])),
        }
    }
}

/// The header in a block whose checksum holds.
pub fn checked(block: &[u8]) -> Result<&Header> {
    if block.len() != TAR_BLOCK_BYTES {
        return Err(Failure::damaged("the archive ends in the middle of a tar header"));
    }
    let header = Header::from_byte_slice(block);
    // POSIX, GNU, and the archives from before either. Anything else is read in more than one way.
    if !matches!(&block[MAGIC], b"ustar\x0000" | b"ustar  \0" | [0, 0, 0, 0, 0, 0, 0, 0]) {
        return Err(Failure::archive("a tar header is of no known format").hint("the archive is damaged or is no tar"));
    }
    let field = &header.as_old().cksum;
    // The checksum is taken with its own field as spaces.
    let sum = |bytes: &[u8]| bytes.iter().map(|byte| u32::from(*byte)).sum::<u32>();
    let actual = sum(block) - sum(field) + u32::from(b' ') * field.len() as u32;
    if number(field).ok() != Some(i64::from(actual)) {
        return Err(Failure::archive("a tar header has a wrong checksum").hint("the archive is damaged or is no tar"));
    }
    Ok(header)
}

/// The name field with its prefix; shorter than the whole name if an extended header holds that.
pub fn name(header: &Header) -> Cow<'_, [u8]> {
    header.path_bytes()
}

/// The size field.
pub fn size(header: &Header) -> Result<u64> {
    unsigned(&header.as_old().size, "size")
}

/// A number that must not be negative.
pub fn unsigned(field: &[u8], what: &str) -> Result<u64> {
    let value = number(field).map_err(|why| Failure::archive(format!("its {what} {why}")))?;
    u64::try_from(value).map_err(|_| Failure::archive(format!("its {what} is negative")))
}

/// Whether nothing stands in a field.
pub fn is_blank(field: &[u8]) -> bool {
    field.iter().all(|byte| matches!(byte, b' ' | 0))
}

/// A user or group id. The highest one means "leave it as it is" to the system and is nobody's.
pub fn id(value: u64, what: &str) -> Result<u32> {
    let id = u32::try_from(value).ok().filter(|id| *id != u32::MAX);
    id.ok_or_else(|| Failure::archive(format!("its {what} {value} is no id")))
}

/// Octal digits between blanks, or base 256 with the top bit set.
pub fn number(field: &[u8]) -> Result<i64, &'static str> {
    match field {
        [first, rest @ ..] if first & 0x80 != 0 => base_256(*first, rest),
        _ => octal(field),
    }
}

fn octal(field: &[u8]) -> Result<i64, &'static str> {
    let is_blank = |byte: &u8| *byte == b' ' || *byte == 0;
    let start = field.iter().position(|byte| *byte != b' ').unwrap_or(field.len());
    let digits = &field[start..];
    let end = digits.iter().position(is_blank).unwrap_or(digits.len());
    let (digits, rest) = digits.split_at(end);
    if !rest.iter().all(is_blank) || !digits.iter().all(|byte| (b'0'..=b'7').contains(byte)) {
        return Err("is no octal number");
    }
    // At most 12 digits of 3 bits.
    Ok(digits.iter().fold(0, |value, digit| (value << 3) | i64::from(digit - b'0')))
}

fn base_256(first: u8, rest: &[u8]) -> Result<i64, &'static str> {
    // Two's complement; the flag bit is no part of it. Fields are at most 12 bytes, so an i128 holds all of it.
    let high = i128::from(first & 0x7f) - if first & 0x40 != 0 { 0x80 } else { 0 };
    let value = rest.iter().fold(high, |value, byte| (value << 8) | i128::from(*byte));
    i64::try_from(value).map_err(|_| "is beyond 64 bits")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_octal_or_base_256_and_nothing_else() {
        let mut minus_two = [0xff; 12];
        minus_two[11] = 0xfe;
        let mut large = [0; 12];
        (large[0], large[5]) = (0x80, 1);
        let mut beyond = [0; 12];
        (beyond[0], beyond[3]) = (0x80, 1);
        for (field, value) in [
            (&b"0000644\0"[..], Ok(0o644)),
            (b"  644 \0 ", Ok(0o644)),
            (b"77777777777\0", Ok(0o77_777_777_777)),
            (b"777777777777", Ok(0o777_777_777_777)),
            (b"\0\0\0\0", Ok(0)),
            (b"12x\0", Err("is no octal number")),
            (b"-1\0", Err("is no octal number")),
            (b"8\0", Err("is no octal number")),
            (b"1\x001\0", Err("is no octal number")),
            (&minus_two, Ok(-2)),
            (&large, Ok(1 << 48)),
            (&beyond, Err("is beyond 64 bits")),
        ] {
            assert_eq!(number(field), value, "{field:?}");
        }
    }
}
