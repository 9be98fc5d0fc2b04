//! Extended records of PAX, `LENGTH KEY=VALUE\n`, of one entry. Read by their lengths: values may hold anything.
//!
//! A key may stand once. Keys that this format gives no meaning to are passed over, but for those that would change
//! what is restored: they refuse the archive.

use std::ops::Range;

use super::harmless::{self, Class};
use super::headers;
use super::limits::{EXTENDED_RECORDS_MAX, SPARSE_EXTENTS_MAX, XATTR_NAME_BYTES_MAX, XATTR_VALUE_BYTES_MAX};
use super::part;
use super::sparse::Extent;
use crate::host::{Timestamp, Xattr};
use crate::{Failure, Result, escape};
use reforge_text::acl_text;

/// What the records of one entry say.
#[derive(Default)]
pub struct Records {
    bytes: Vec<u8>,
    keys: Vec<Range<usize>>,
    path: Option<Range<usize>>,
    link: Option<Range<usize>>,
    user: Option<Range<usize>>,
    group: Option<Range<usize>>,
    pub size: Option<u64>,
    pub uid: Option<u32>,
    pub gid: Option<u32>,
    pub mtime: Option<Timestamp>,
    xattrs: Vec<(Range<usize>, Range<usize>)>,
    /// Attributes in libarchive's own encoding, which stands beside the other one.
    libarchive_xattrs: bool,
    /// The attributes whose text form stands here for people; what is restored is the attribute itself.
    access_lists: Vec<&'static [u8]>,
    /// Permissions out of an access list that says no more than a mode.
    pub permissions: Option<u32>,
    pub sparse: SparseRecords,
    /// Whether what harms nothing is left out instead of refused, and what was.
    pub lenient: bool,
    pub left: Vec<Class>,
}

/// The `GNU.sparse.*` records.
#[derive(Default)]
pub struct SparseRecords {
    pub major: Option<u64>,
    pub minor: Option<u64>,
    name: Option<Range<usize>>,
    /// `realsize` of 1.0, `size` of 0.x.
    pub real_size: Option<u64>,
    /// How many runs 0.x announces.
    announced: Option<u64>,
    /// 0.0 gives offsets and lengths in turn, 0.1 one list.
    pub extents: Vec<Extent>,
    pending_offset: Option<u64>,
    has_pairs: bool,
    has_list: bool,
}

impl Records {
    /// For a reader that goes on without what harms nothing.
    pub fn lenient() -> Records {
        Records { lenient: true, ..Records::default() }
    }

    /// Forgets the last entry's records and keeps their memory.
    pub fn clear(&mut self) {
        let Records { mut bytes, mut keys, mut xattrs, mut sparse, lenient, mut left, .. } = std::mem::take(self);
        bytes.clear();
        keys.clear();
        xattrs.clear();
        left.clear();
        sparse.extents.clear();
        let sparse = SparseRecords { extents: sparse.extents, ..SparseRecords::default() };
        *self = Records { bytes, keys, xattrs, sparse, lenient, left, ..Records::default() };
    }

    pub fn path(&self) -> Option<&[u8]> {
        self.path.clone().map(|range| &self.bytes[range])
    }

    pub fn link(&self) -> Option<&[u8]> {
        self.link.clone().map(|range| &self.bytes[range])
    }

    /// What the owner is called.
    pub fn user(&self) -> Option<&[u8]> {
        self.user.clone().map(|range| &self.bytes[range])
    }

    pub fn group(&self) -> Option<&[u8]> {
        self.group.clone().map(|range| &self.bytes[range])
    }

    /// The real name of a sparse file, whose header may hold another one.
    pub fn sparse_name(&self) -> Option<&[u8]> {
        self.sparse.name.clone().map(|range| &self.bytes[range])
    }

    /// Goes on without something harmless, or refuses it.
    fn leave(&mut self, class: Class, refused: impl FnOnce() -> Failure) -> Result<()> {
        if !self.lenient {
            return Err(refused());
        }
        if !self.left.contains(&class) {
            self.left.push(class);
        }
        Ok(())
    }

    /// Replaces `into` by the attributes.
    pub fn copy_xattrs(&self, into: &mut Vec<Xattr>) -> Result<()> {
        into.clear();
        for (name, value) in &self.xattrs {
            let name = decode_name(&self.bytes[name.clone()]);
            if into.iter().any(|other| other.name == name) {
                return Err(Failure::archive(format!("attribute `{}` stands twice", escape::bytes(&name))));
            }
            into.push(Xattr { name, value: self.bytes[value.clone()].to_vec() });
        }
        Ok(())
    }

    /// Reads one entry's extended header.
    pub fn parse(&mut self, bytes: &[u8]) -> Result<()> {
        self.bytes.extend_from_slice(bytes);
        let mut at = 0;
        while at < bytes.len() {
            let (key, value) = record(bytes, &mut at)?;
            self.remember(key.clone())?;
            self.apply(&bytes[key.clone()], &bytes[value.clone()], key.start, value)
                .map_err(|failure| failure.context(format!("record `{}`", escape::bytes(&bytes[key]))))?;
        }
        if self.libarchive_xattrs && self.xattrs.is_empty() {
            self.leave(Class::Attributes, || Failure::archive("its attributes are in libarchive's own encoding only"))?;
        }
        let has = |name: &[u8]| self.xattrs.iter().any(|(known, _)| self.bytes[known.clone()] == *name);
        if !self.access_lists.iter().all(|name| has(name)) {
            return Err(text_only());
        }
        self.sparse.check()
    }

    fn remember(&mut self, key: Range<usize>) -> Result<()> {
        let name = &self.bytes[key.clone()];
        // Format 0.0 of sparse files repeats these by design; they have a limit of their own.
        if matches!(name, b"GNU.sparse.offset" | b"GNU.sparse.numbytes") {
            return Ok(());
        }
        if self.keys.iter().any(|other| self.bytes[other.clone()] == *name) {
            return Err(Failure::archive(format!("record `{}` stands twice", escape::bytes(name))));
        }
        if self.keys.len() == EXTENDED_RECORDS_MAX {
            return Err(Failure::archive(format!("it has more than {EXTENDED_RECORDS_MAX} extended records")));
        }
        self.keys.push(key);
        Ok(())
    }

    fn apply(&mut self, key: &[u8], value: &[u8], key_start: usize, range: Range<usize>) -> Result<()> {
        match key {
            b"path" => self.path = Some(range),
            b"linkpath" => self.link = Some(range),
            b"size" => self.size = Some(decimal(value)?),
            b"uname" => self.user = Some(range),
            b"gname" => self.group = Some(range),
            b"uid" => self.uid = Some(headers::id(decimal(value)?, "owner")?),
            b"gid" => self.gid = Some(headers::id(decimal(value)?, "group")?),
            b"mtime" => self.mtime = Some(time(value)?),
            b"GNU.sparse.name" => self.sparse.name = Some(range),
            _ if key.starts_with(b"SCHILY.xattr.") => {
                let name = &key[b"SCHILY.xattr.".len()..];
                let harmless = harmless::of_attribute(&decode_name(name)).filter(|_| self.lenient);
                match (harmless, check_xattr(name, value)) {
                    (Some(class), _) => self.leave(class, || Failure::archive("it is left out"))?,
                    (None, Err(failure)) => self.leave(Class::Attributes, || failure)?,
                    (None, Ok(())) => {
                        self.xattrs.push((key_start + b"SCHILY.xattr.".len()..key_start + key.len(), range));
                    }
                }
            }
            _ if key.starts_with(b"LIBARCHIVE.xattr.") => self.libarchive_xattrs = true,
            _ if key.starts_with(b"GNU.sparse.") => self.sparse.apply(&key[b"GNU.sparse.".len()..], value)?,
            b"SCHILY.acl.access" => match acl_text::as_mode(value) {
                Some(permissions) => self.permissions = Some(permissions),
                None => self.access_lists.push(b"system.posix_acl_access"),
            },
            b"SCHILY.acl.default" => self.access_lists.push(b"system.posix_acl_default"),
            b"SCHILY.acl.ace" => self.leave(Class::Attributes, text_only)?,
            _ if key.starts_with(b"SCHILY.acl.") => return Err(text_only()),
            b"GNU.dumpdir" => part::refuse_increment(value)?,
            _ if is_half_a_file(key) => return Err(part::of_several(key)),
            b"RHT.security.selinux" => self.leave(Class::Labels, || {
                Failure::archive("security labels in a form of their own are not restored")
                    .hint("archive again with `--no-selinux`, or with `--xattrs`")
            })?,
            // Other times, comments: nothing restores them.
            _ => {}
        }
        Ok(())
    }
}

impl SparseRecords {
    /// Whether no record says that the file is sparse.
    pub fn is_empty(&self) -> bool {
        let numbers = [self.major, self.minor, self.real_size];
        numbers.iter().all(Option::is_none) && self.name.is_none() && !self.has_map()
    }

    /// Whether the records hold the map itself.
    pub fn has_map(&self) -> bool {
        self.has_pairs || self.has_list || self.announced.is_some()
    }

    /// One map, whole, of as many runs as were announced.
    fn check(&self) -> Result<()> {
        if self.pending_offset.is_some() {
            return Err(Failure::archive("its sparse map ends with an offset without a length"));
        }
        if self.has_pairs && self.has_list {
            return Err(Failure::archive("its sparse map stands in two forms"));
        }
        match self.announced {
            Some(runs) if runs != self.extents.len() as u64 => {
                let found = self.extents.len();
                Err(Failure::archive(format!("its sparse map has {found} runs in one place and {runs} in another")))
            }
            _ => Ok(()),
        }
    }

    fn apply(&mut self, key: &[u8], value: &[u8]) -> Result<()> {
        match key {
            b"major" => self.major = Some(decimal(value)?),
            b"minor" => self.minor = Some(decimal(value)?),
            b"realsize" | b"size" => {
                if self.real_size.replace(decimal(value)?).is_some() {
                    return Err(Failure::archive("its real size stands twice"));
                }
            }
            b"offset" => {
                if self.pending_offset.replace(decimal(value)?).is_some() {
                    return Err(Failure::archive("an offset follows an offset"));
                }
            }
            b"numbytes" => {
                let offset = self.pending_offset.take();
                let offset = offset.ok_or_else(|| Failure::archive("a length stands without an offset"))?;
                self.has_pairs = true;
                self.push(offset, decimal(value)?)?;
            }
            b"map" => {
                let mut numbers = value.split(|byte| *byte == b',').filter(|_| !value.is_empty());
                while let Some(offset) = numbers.next() {
                    let length = numbers.next().ok_or_else(|| Failure::archive("an offset stands without a length"))?;
                    self.push(decimal(offset)?, decimal(length)?)?;
                }
                self.has_list = true;
            }
            b"numblocks" => self.announced = Some(decimal(value)?),
            _ => return Err(Failure::archive("it belongs to no known format of sparse files")),
        }
        Ok(())
    }

    fn push(&mut self, offset: u64, length: u64) -> Result<()> {
        if self.extents.len() == SPARSE_EXTENTS_MAX {
            return Err(Failure::archive(format!("it has more than {SPARSE_EXTENTS_MAX} runs of data")));
        }
        self.extents.push(Extent { offset, length });
        Ok(())
    }
}

/// Records of volumes of several media, and of the sparse files of `star` and Solaris: what stands in the archive is not the
/// file.
fn is_half_a_file(key: &[u8]) -> bool {
    let of_several_media = key.starts_with(b"GNU.volume.") && key != b"GNU.volume.label";
    of_several_media || matches!(key, b"SCHILY.realsize" | b"SUN.holesdata")
}

fn text_only() -> Failure {
    Failure::archive("access control lists in text form alone are not restored")
        .hint("archive again with `--no-acls`, or with a tar that stores them as `system.posix_acl_*` attributes")
}

/// Checks a global header: it may say nothing that any entry would take from it.
pub fn check_global(bytes: &[u8]) -> Result<()> {
    let mut at = 0;
    while at < bytes.len() {
        let (key, _) = record(bytes, &mut at)?;
        let key = &bytes[key];
        let counts = matches!(key, b"path" | b"linkpath" | b"size" | b"uid" | b"gid" | b"mtime")
            || is_half_a_file(key)
            || [&b"GNU.sparse."[..], b"SCHILY.xattr.", b"SCHILY.acl.", b"LIBARCHIVE.xattr.", b"RHT."]
                .iter()
                .any(|prefix| key.starts_with(prefix));
        if counts {
            let key = escape::bytes(key);
            return Err(Failure::archive(format!("a global header changes `{key}` of every entry")));
        }
    }
    Ok(())
}

/// The record at `at`: ranges of its key and its value.
fn record(bytes: &[u8], at: &mut usize) -> Result<(Range<usize>, Range<usize>)> {
    let broken = || Failure::archive("its extended header is malformed");
    let rest = &bytes[*at..];
    // No length in a header this small has more than eight digits.
    let digits = rest.iter().take(8).position(|byte| *byte == b' ').ok_or_else(broken)?;
    let length = decimal(&rest[..digits]).map_err(|_| broken())? as usize;
    if length <= digits + 1 || rest.len() < length || rest[length - 1] != b'\n' {
        return Err(broken());
    }
    let body = &rest[digits + 1..length - 1];
    let equals = body.iter().position(|byte| *byte == b'=').filter(|at| *at > 0).ok_or_else(broken)?;
    let key = *at + digits + 1..*at + digits + 1 + equals;
    let value = key.end + 1..*at + length - 1;
    *at += length;
    Ok((key, value))
}

/// Decimal digits only, within 63 bits.
pub fn decimal(text: &[u8]) -> Result<u64> {
    let digits = !text.is_empty() && text.iter().all(u8::is_ascii_digit);
    let value = digits.then(|| {
        text.iter().try_fold(0i64, |value, digit| value.checked_mul(10)?.checked_add(i64::from(digit - b'0')))
    });
    let value = value.ok_or_else(|| Failure::archive(format!("`{}` is no number", escape::bytes(text))))?;
    Ok(value.ok_or_else(|| Failure::archive("a number is beyond 63 bits"))? as u64)
}

/// Decimal seconds with a fraction; rounded down to the nanosecond, so that a negative time counts forward too.
fn time(text: &[u8]) -> Result<Timestamp> {
    let (negative, magnitude) = text.strip_prefix(b"-").map_or((false, text), |rest| (true, rest));
    let point = magnitude.iter().position(|byte| *byte == b'.').unwrap_or(magnitude.len());
    let seconds = match &magnitude[..point] {
        // The one magnitude that only a negative number has.
        b"9223372036854775808" if negative => i64::MIN,
        digits if negative => -(decimal(digits)? as i64),
        digits => decimal(digits)? as i64,
    };
    let fraction = magnitude.get(point + 1..).unwrap_or_default();
    if !fraction.iter().all(u8::is_ascii_digit) {
        return Err(Failure::archive("its time is no number"));
    }
    let digit = |locate: usize| u32::from(fraction.get(locate).copied().unwrap_or(b'0') - b'0');
    let nanoseconds = (0..9).fold(0, |value, locate| value * 10 + digit(locate));
    if !negative {
        return Ok(Timestamp { seconds, nanoseconds });
    }
    let below = u32::from(fraction.iter().skip(9).any(|byte| *byte != b'0'));
    let nanoseconds = nanoseconds + below;
    if nanoseconds == 0 {
        return Ok(Timestamp { seconds, nanoseconds });
    }
    let seconds = seconds.checked_sub(1).ok_or_else(|| Failure::archive("its time is beyond 63 bits"))?;
    Ok(Timestamp { seconds, nanoseconds: 1_000_000_000 - nanoseconds })
}

fn check_xattr(name: &[u8], value: &[u8]) -> Result<()> {
    let decoded = decode_name(name);
    if decoded.is_empty() || decoded.len() > XATTR_NAME_BYTES_MAX || decoded.contains(&0) {
        return Err(Failure::archive("it is no name of an attribute"));
    }
    if value.len() > XATTR_VALUE_BYTES_MAX {
        return Err(Failure::archive(format!("an attribute is larger than {XATTR_VALUE_BYTES_MAX} bytes")));
    }
    Ok(())
}

/// `=` would end the key, so writers encode it, and the sign they encode with, as `%3D` and `%25`.
fn decode_name(name: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(name.len());
    let mut rest = name;
    while let [first, ..] = rest {
        let (byte, used) = match rest {
            [b'%', b'3', b'D', ..] => (b'=', 3),
            [b'%', b'2', b'5', ..] => (b'%', 3),
            _ => (*first, 1),
        };
        out.push(byte);
        rest = &rest[used..];
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_decimal_and_round_down() {
        for (text, seconds, nanoseconds) in [
            (&b"0"[..], 0, 0),
            (b"1700000000.123456789", 1_700_000_000, 123_456_789),
            (b"5.5", 5, 500_000_000),
            (b"5.0000000019", 5, 1),
            (b"-1", -1, 0),
            (b"-1.5", -2, 500_000_000),
            (b"-0.000000001", -1, 999_999_999),
            (b"-1.0000000001", -2, 999_999_999),
            (b"-9223372036854775808", i64::MIN, 0),
            (b"-9223372036854775807.999999999", i64::MIN, 1),
        ] {
            assert_eq!(time(text).unwrap(), Timestamp { seconds, nanoseconds }, "{}", escape::bytes(text));
        }
        for text in [
            &b""[..],
            b"-",
            b".5",
            b"1.x",
            b"1e9",
            b"+1",
            b"99999999999999999999",
            b"9223372036854775808",
            b"-9223372036854775808.1",
        ] {
            assert!(time(text).is_err(), "{}", escape::bytes(text));
        }
    }

    #[test]
    fn attribute_names_are_decoded_as_their_writers_encode_them() {
        assert_eq!(decode_name(b"user.a%3Db%25c%20"), b"user.a=b%c%20");
    }
}
