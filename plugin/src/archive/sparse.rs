//! Maps of sparse files: where in a file its stored bytes go. GNU's three PAX forms and its old header.
//!
//! A map is believed only when its runs ascend, do not touch twice, lie within the file and hold together exactly the
//! bytes that are stored.

use tar::{GnuExtSparseHeader, GnuHeader, GnuSparseHeader};

use super::headers;
use super::limits::{SPARSE_EXTENTS_MAX, TAR_BLOCK_BYTES};
use super::stream::Stream;
use crate::host::ArchiveBytes;
use crate::{Failure, Result};

/// A run of data in a sparse file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    pub offset: u64,
    pub length: u64,
}

/// Checks a map against the file's size and the bytes stored for it.
pub fn check(extents: &[Extent], size: u64, stored: u64) -> Result<()> {
    let mut from = 0;
    let mut total = 0u64;
    for extent in extents {
        let end = extent.offset.checked_add(extent.length).filter(|end| extent.offset >= from && *end <= size);
        from = end.ok_or_else(|| Failure::archive("its sparse map is out of order or leaves the file"))?;
        // Cannot overflow: the runs do not overlap and lie within the size.
        total += extent.length;
    }
    if total != stored {
        return Err(Failure::archive(format!("its sparse map holds {total} bytes and {stored} are stored")));
    }
    Ok(())
}

/// The runs in an old GNU header. Whether extension blocks follow is its `isextended`.
pub fn old_gnu(header: &GnuHeader, extents: &mut Vec<Extent>) -> Result<u64> {
    extents.clear();
    let is_full = push_all(&header.sparse, extents)?;
    if header.is_extended() && !is_full {
        return Err(malformed());
    }
    headers::unsigned(&header.realsize, "real size")
}

/// The runs in the extension blocks behind an old GNU header.
pub fn old_gnu_extensions<A: ArchiveBytes + ?Sized>(
    stream: &mut Stream<'_, A>,
    extents: &mut Vec<Extent>,
) -> Result<()> {
    loop {
        let mut extension = GnuExtSparseHeader::new();
        extension.as_mut_bytes().copy_from_slice(stream.take(TAR_BLOCK_BYTES)?);
        let is_full = push_all(&extension.sparse, extents)?;
        if !extension.is_extended() {
            return Ok(());
        }
        // Otherwise a chain of blocks with nothing in them would never reach the limit.
        if !is_full {
            return Err(malformed());
        }
    }
}

/// Takes the used slots, behind which there are only unused ones: some readers end at the first of those, others pass
/// over it. Answers whether all were used.
fn push_all(slots: &[GnuSparseHeader], extents: &mut Vec<Extent>) -> Result<bool> {
    // An unused slot begins with NULs.
    let used = slots.iter().take_while(|slot| slot.offset[0] != 0 && slot.numbytes[0] != 0).count();
    if slots[used..].iter().any(|slot| slot.offset[0] != 0 || slot.numbytes[0] != 0) {
        return Err(malformed());
    }
    for slot in &slots[..used] {
        if extents.len() == SPARSE_EXTENTS_MAX {
            return Err(too_many());
        }
        extents.push(Extent {
            offset: headers::unsigned(&slot.offset, "sparse offset")?,
            length: headers::unsigned(&slot.numbytes, "sparse length")?,
        });
    }
    Ok(used == slots.len())
}

/// Format 1.0: the map stands before the data, as decimal lines padded to a block: how many runs, then offset and
/// length of each. Answers how many stored bytes it took.
pub fn map_before_data<A: ArchiveBytes + ?Sized>(
    stream: &mut Stream<'_, A>,
    stored: u64,
    extents: &mut Vec<Extent>,
) -> Result<u64> {
    extents.clear();
    let mut taken = 0u64;
    let mut count = None;
    let mut offset = None;
    let mut number = None::<u64>;
    while count != Some(extents.len() as u64) {
        taken += TAR_BLOCK_BYTES as u64;
        if taken > stored {
            return Err(malformed());
        }
        for byte in stream.take(TAR_BLOCK_BYTES)? {
            if byte.is_ascii_digit() {
                let digit = u64::from(byte - b'0');
                let next = number.unwrap_or(0).checked_mul(10).and_then(|value| value.checked_add(digit));
                number = Some(next.ok_or_else(malformed)?);
                continue;
            }
            let value = number.take().filter(|_| *byte == b'\n').ok_or_else(malformed)?;
            match (count, offset.take()) {
                (None, _) if value > SPARSE_EXTENTS_MAX as u64 => return Err(too_many()),
                (None, _) => {
                    extents.reserve_exact(value as usize);
                    count = Some(value);
                }
                (Some(_), None) => offset = Some(value),
                (Some(_), Some(offset)) => extents.push(Extent { offset, length: value }),
            }
            if count == Some(extents.len() as u64) {
                break;
            }
        }
    }
    Ok(taken)
}

fn malformed() -> Failure {
    Failure::archive("its sparse map is malformed")
}

fn too_many() -> Failure {
    Failure::archive(format!("it has more than {SPARSE_EXTENTS_MAX} runs of data"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_map_is_believed_only_when_it_adds_up() {
        let extent = |offset, length| Extent { offset, length };
        check(&[extent(0, 2), extent(2, 2), extent(10, 0)], 10, 4).unwrap();
        check(&[], 10, 0).unwrap();
        for (extents, size, stored) in [
            (vec![extent(4, 2), extent(0, 2)], 10, 4),
            (vec![extent(0, 4), extent(2, 2)], 10, 6),
            (vec![extent(8, 4)], 10, 4),
            (vec![extent(0, 4)], 10, 5),
            (vec![extent(u64::MAX, 4)], 10, 4),
        ] {
            assert!(check(&extents, size, stored).is_err(), "{extents:?}");
        }
    }
}
