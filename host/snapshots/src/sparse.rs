//! Where a file has data and where it has holes, and how GNU tar writes that down (format 1.0).

use std::os::fd::AsFd;

use rustix::io::Errno;

use super::tar_writer::TAR_BLOCK_BYTES;
use reforge_volumes::syscalls;

/// Most runs of data written down for one file. A file in more pieces has its smallest holes written as zeros, so that
/// the map and the memory for it stay small (at most about 2.5 MiB).
const EXTENTS_MAX: usize = 1 << 16;
/// The smallest hole that a file system makes.
const HOLE_BYTES_MIN: u64 = 4096;

/// A run of data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Extent {
    pub(super) offset: u64,
    pub(super) len: u64,
}

impl Extent {
    pub(super) fn end(&self) -> u64 {
        self.offset + self.len
    }
}

/// The runs of data of a file of this size, in order; none if it has no hole, or if the file system cannot tell.
/// Moves the descriptor's offset.
pub(super) fn extents(file: impl AsFd, size: u64) -> rustix::io::Result<Option<Vec<Extent>>> {
    let mut extents: Vec<Extent> = Vec::new();
    let mut smallest_hole = HOLE_BYTES_MIN;
    let mut at = 0;
    while at < size {
        let start = match syscalls::next_data(&file, at) {
            Ok(start) => start.min(size),
            Err(Errno::NXIO) => break,
            Err(Errno::INVAL) => return Ok(None),
            Err(error) => return Err(error),
        };
        let end = match syscalls::next_hole(&file, start) {
            Ok(end) => end.min(size),
            // The file was cut short right here; reading it will say so.
            Err(Errno::NXIO) => break,
            Err(error) => return Err(error),
        };
        if end <= start {
            break;
        }
        extents.push(Extent { offset: start, len: end - start });
        while extents.len() > EXTENTS_MAX {
            smallest_hole *= 2;
            close_holes(&mut extents, smallest_hole);
        }
        at = end;
    }
    let whole = extents == [Extent { offset: 0, len: size }];
    Ok((!whole && size > 0).then_some(extents))
}

fn close_holes(extents: &mut Vec<Extent>, smaller_than: u64) {
    extents.dedup_by(|later, earlier| {
        let close = later.offset - earlier.end() < smaller_than;
        if close {
            earlier.len = later.end() - earlier.offset;
        }
        close
    });
}

/// How many bytes of data there are.
pub(super) fn data_bytes(extents: &[Extent]) -> u64 {
    extents.iter().map(|extent| extent.len).sum()
}

/// The map that comes before the data: decimal lines, filled up with zeros to whole tar blocks. A file that ends in a
/// hole has a last, empty run at its end.
pub(super) fn map(extents: &[Extent], size: u64) -> Vec<u8> {
    let end = Extent { offset: size, len: 0 };
    let ends_in_hole = extents.last().is_none_or(|last| last.end() < size);
    let runs = extents.iter().chain(ends_in_hole.then_some(&end));
    let mut map = format!("{}\n", extents.len() + usize::from(ends_in_hole)).into_bytes();
    for run in runs {
        map.extend_from_slice(format!("{}\n{}\n", run.offset, run.len).as_bytes());
    }
    map.resize(map.len().next_multiple_of(TAR_BLOCK_BYTES), 0);
    map
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_map_says_where_the_data_is_and_where_the_file_ends() {
        let map = |extents: &[(u64, u64)], size| {
            let extents: Vec<Extent> = extents.iter().map(|&(offset, len)| Extent { offset, len }).collect();
            let map = super::map(&extents, size);
            assert_eq!(map.len() % TAR_BLOCK_BYTES, 0);
            String::from_utf8(map).unwrap().trim_end_matches('\0').to_owned()
        };
        assert_eq!(map(&[], 9), "1\n9\n0\n");
        assert_eq!(map(&[(0, 5)], 9), "2\n0\n5\n9\n0\n");
        assert_eq!(map(&[(4, 5)], 9), "1\n4\n5\n");
    }

    #[test]
    fn the_smallest_holes_go_first() {
        let run = |offset, len| Extent { offset, len };
        let mut extents = vec![run(0, 10), run(12, 8), run(100, 10)];
        close_holes(&mut extents, 50);
        assert_eq!(extents, vec![run(0, 20), run(100, 10)]);
    }
}
