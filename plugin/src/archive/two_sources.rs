//! What a header's field and a record both say of one entry: readers that believe one and readers that believe the other
//! would restore different things, or take content for headers.
//!
//! A field may contradict a record only where it cannot hold the value. A header's name is no such source: it is cut,
//! or made up, wherever the name stands in a record.

use tar::Header;

use super::headers::{self, Kind};
use super::pax::Records;
use super::policy;
use super::reader::{Entry, Named};
use crate::host::{Metadata, Timestamp};
use crate::{Failure, Result};

/// The largest numbers of eleven and of seven octal digits: what a field with its end can hold.
const OCTAL_SIZE_MAX: u64 = 0o77_777_777_777;
const OCTAL_ID_MAX: u64 = 0o7_777_777;
/// Type bits in a mode, as `stat` knows them.
const TYPE_BITS: u64 = 0o170_000;
const PERMISSIONS: u32 = 0o777;
const MODE_MAX: u64 = 0o177_777;

/// The name and the link's name, of which two long forms may not disagree.
pub(super) fn names(
    header: &Header,
    long_name: Option<&[u8]>,
    long_link: Option<&[u8]>,
    records: &Records,
    entry: &mut Entry,
) -> Result<()> {
    let agree = |long: Option<&[u8]>, record: Option<&[u8]>| long.is_none() || record.is_none() || long == record;
    let set = |into: &mut Vec<u8>, name: &[u8]| {
        into.clear();
        into.extend_from_slice(name);
    };
    let name = headers::name(header);
    let link = header.link_name_bytes().unwrap_or_default();
    set(&mut entry.path, records.sparse_name().or(records.path()).or(long_name).unwrap_or(&name));
    set(&mut entry.link, records.link().or(long_link).unwrap_or(&link));
    let sparse_agrees = match (records.sparse_name(), records.path().or(long_name)) {
        (Some(name), Some(other)) => name == other || is_stand_in(other, name),
        _ => true,
    };
    if !agree(long_name, records.path()) || !agree(long_link, records.link()) || !sparse_agrees {
        return Err(policy::about(entry, Failure::archive("has two long names that disagree")));
    }
    Ok(())
}

/// Whether `path` is what GNU tar calls the sparse file `name` for readers that do not know such files:
/// `directory/GNUSparseFile.PID/file`.
fn is_stand_in(path: &[u8], name: &[u8]) -> bool {
    let at = name.iter().rposition(|byte| *byte == b'/').map_or(0, |slash| slash + 1);
    let rest = path.strip_prefix(&name[..at]).and_then(|rest| rest.strip_prefix(b"GNUSparseFile."));
    let rest = rest.map(|rest| &rest[rest.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(rest.len())..]);
    rest.and_then(|rest| rest.strip_prefix(b"/")) == Some(&name[at..])
}

/// Mode, owner, time and attributes.
pub(super) fn metadata(header: &Header, kind: Kind, records: &Records, metadata: &mut Metadata) -> Result<()> {
    let fields = header.as_old();
    metadata.mode = mode(headers::unsigned(&fields.mode, "mode")?, kind)?;
    let permissions = metadata.mode & PERMISSIONS;
    if let Some(listed) = records.permissions.filter(|listed| *listed != permissions) {
        return Err(disagree("mode", format!("{listed:o}"), format!("{permissions:o}")));
    }
    metadata.uid = id(&fields.uid, records.uid, "owner")?;
    metadata.gid = id(&fields.gid, records.gid, "group")?;
    metadata.mtime = mtime(&fields.mtime, records.mtime)?;
    records.copy_xattrs(&mut metadata.xattrs)
}

/// What owner and group are called, and whether there are numbers.
pub(super) fn owners(header: &Header, records: &Records, named: &mut Named) {
    let fields = header.as_old();
    let set = |into: &mut Vec<u8>, record: Option<&[u8]>, field: Option<&[u8]>| {
        into.clear();
        into.extend_from_slice(record.or(field).unwrap_or_default());
    };
    set(&mut named.user, records.user(), header.username_bytes());
    set(&mut named.group, records.group(), header.groupname_bytes());
    named.lacks_uid = records.uid.is_none() && headers::is_blank(&fields.uid);
    named.lacks_gid = records.gid.is_none() && headers::is_blank(&fields.gid);
}

/// The permissions. Some archivers write the type into the mode, too.
fn mode(field: u64, kind: Kind) -> Result<u32> {
    let of_kind = match kind {
        Kind::File | Kind::HardLink => 0o100_000,
        Kind::Directory => 0o040_000,
        Kind::Symlink => 0o120_000,
        Kind::Special(_) => field & TYPE_BITS,
    };
    let agrees = field & TYPE_BITS == 0 || field & TYPE_BITS == of_kind;
    if field > MODE_MAX || !agrees {
        return Err(Failure::archive(format!("its mode {field:o} is that of something else")));
    }
    Ok(field as u32 & 0o7777)
}

fn id(field: &[u8], record: Option<u32>, what: &str) -> Result<u32> {
    let Some(record) = record else { return headers::id(headers::unsigned(field, what)?, what) };
    if u64::from(record) > OCTAL_ID_MAX {
        return Ok(record);
    }
    match headers::unsigned(field, what)? {
        field if field == 0 || field == u64::from(record) => Ok(record),
        field => Err(disagree(what, record, field)),
    }
}

fn mtime(field: &[u8], record: Option<Timestamp>) -> Result<Timestamp> {
    let whole = || headers::number(field).map_err(|why| Failure::archive(format!("its time {why}")));
    let Some(record) = record else { return Ok(Timestamp { seconds: whole()?, nanoseconds: 0 }) };
    // The field is in whole seconds, and what it cannot hold is written in many ways.
    let holds = u64::try_from(record.seconds).is_ok_and(|seconds| seconds <= OCTAL_SIZE_MAX);
    if !holds {
        return Ok(record);
    }
    match whole()? {
        field if field == 0 || field.abs_diff(record.seconds) <= 1 => Ok(record),
        field => Err(disagree("time", record.seconds, field)),
    }
}

/// The stored size, of which everything that follows depends.
pub(super) fn stored_size(header: &Header, records: &Records) -> Result<u64> {
    let field = headers::size(header)?;
    match records.size {
        None => Ok(field),
        Some(size) if size == field => Ok(size),
        Some(size) if size > OCTAL_SIZE_MAX && matches!(field, 0 | OCTAL_SIZE_MAX) => Ok(size),
        Some(size) => Err(disagree("size", size, field)),
    }
}

fn disagree(what: &str, record: impl std::fmt::Display, field: impl std::fmt::Display) -> Failure {
    Failure::archive(format!("its {what} is {record} in one place and {field} in another"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sparse_file_has_one_name_and_one_stand_in() {
        for (path, name, is) in [
            (&b"volumes/0/GNUSparseFile.17/f"[..], &b"volumes/0/f"[..], true),
            (b"GNUSparseFile.0/f", b"f", true),
            (b"volumes/0/GNUSparseFile.17/g", b"volumes/0/f", false),
            (b"volumes/0/GNUSparseFile.17/f", b"volumes/1/f", false),
            (b"volumes/0/GNUSparseFile.x/f", b"volumes/0/f", false),
            (b"volumes/0/GNUSparseFile./../f", b"volumes/0/f", false),
            (b"volumes/0/f", b"volumes/0/g", false),
        ] {
            assert_eq!(is_stand_in(path, name), is, "{}", crate::escape::bytes(path));
        }
    }

    #[test]
    fn a_mode_may_hold_the_type_that_the_entry_has() {
        for (field, kind, expected) in [
            (0o644, Kind::File, Some(0o644)),
            (0o100_644, Kind::File, Some(0o644)),
            (0o104_755, Kind::HardLink, Some(0o4755)),
            (0o041_777, Kind::Directory, Some(0o1777)),
            (0o120_777, Kind::Symlink, Some(0o777)),
            (0o120_777, Kind::File, None),
            (0o100_644, Kind::Directory, None),
            (0o020_644, Kind::File, None),
            (0o1_000_644, Kind::File, None),
        ] {
            assert_eq!(mode(field, kind).ok(), expected, "{field:o}");
        }
    }
}
