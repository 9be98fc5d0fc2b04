//! The proof that an archive is on disk: synced, dropped from the page cache, and read back from the disk against the
//! digests that were made of it before it was written.
//!
//! It goes on while the rest is written, stretch by stretch, so that little is left to do once the last byte is there.
//! No byte counts that was read before a sync that covers it; a sync that fails ends the capture and is never repeated.

use std::fs::File;
use std::num::NonZeroU64;
use std::os::unix::fs::FileExt as _;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender};

use super::super::{Progress, check_cancelled};
use super::ordered::join_all;
use super::pipeline::workers;
use super::stopped;
use reforge_base::durable;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;
use reforge_base::threads;
use reforge_volumes::tree_digest::{self, Digest};

/// How much is proved at once: each time costs a commit of the file system's journal.
const STRETCH_BYTES: u64 = 32 << 20;
/// What ends nearer to the end of the file waits: appending writes to the last page again, and a page that is not clean
/// is not dropped from the cache. A multiple of every page size.
const UNSETTLED_BYTES: u64 = 4 << 20;

/// One member in the file.
pub(super) struct Written {
    pub(super) offset: u64,
    pub(super) len: usize,
    pub(super) check: Digest,
}

impl Written {
    fn end(&self) -> u64 {
        self.offset + self.len as u64
    }
}

/// Members that were written and not handed over to be proved.
pub(super) struct Unverified {
    stretches: Sender<Vec<Written>>,
    members: Vec<Written>,
}

impl Unverified {
    pub(super) fn new(stretches: Sender<Vec<Written>>) -> Unverified {
        Unverified { stretches, members: Vec::new() }
    }

    /// The member that was just written at the end of the file.
    pub(super) fn add(&mut self, member: Written) -> Result<()> {
        let settled_until = member.end().saturating_sub(UNSETTLED_BYTES);
        self.members.push(member);
        if settled_until < self.members[0].offset + STRETCH_BYTES {
            return Ok(());
        }
        let settled = self.members.partition_point(|member| member.end() <= settled_until);
        let unsettled = self.members.split_off(settled);
        self.stretches.send(std::mem::replace(&mut self.members, unsettled)).map_err(|_| stopped())
    }

    /// What is left at the end.
    pub(super) fn into_rest(self) -> Vec<Written> {
        self.members
    }
}

/// Proves one stretch after the other until there are no more.
pub(super) fn verify(file: &File, stretches: &Receiver<Vec<Written>>, progress: &dyn Progress) -> Result<()> {
    stretches.iter().try_for_each(|members| {
        durable::sync_file(file)?;
        drop_from_cache(file, &members)?;
        read_members(file, &members, &AtomicUsize::new(0), progress)
    })
}

/// Proves the rest, on all cores. The file must have been synced.
pub(super) fn read_back(file: &File, members: &[Written], progress: &dyn Progress) -> Result<()> {
    drop_from_cache(file, members)?;
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        let read = || read_members(file, members, &next, progress);
        // Beside this one, as many as there are to have.
        let others = (1..workers()).filter_map(|_| threads::spawn_in(scope, "reader", read).ok()).collect();
        let own = read();
        join_all(others).and(own)
    })
}

/// Whole pages: the kernel keeps one of which only a part is named.
fn drop_from_cache(file: &File, members: &[Written]) -> Result<()> {
    let (Some(first), Some(last)) = (members.first(), members.last()) else { return Ok(()) };
    let start = first.offset / UNSETTLED_BYTES * UNSETTLED_BYTES;
    let len = NonZeroU64::new(last.end().next_multiple_of(UNSETTLED_BYTES) - start);
    rustix::fs::fadvise(file, start, len, rustix::fs::Advice::DontNeed)
        .map_err(|error| Failure::io("drop from the page cache", &durable::name_of(file), &error.into()))
}

fn read_members(file: &File, members: &[Written], next: &AtomicUsize, progress: &dyn Progress) -> Result<()> {
    let mut buffer = Vec::new();
    while let Some(member) = members.get(next.fetch_add(1, Ordering::Relaxed)) {
        check_cancelled(progress, message!("the-snapshot"))?;
        buffer.resize(member.len, 0);
        file.read_exact_at(&mut buffer, member.offset)
            .map_err(|error| Failure::io("read back", &durable::name_of(file), &error))?;
        if tree_digest::block(&buffer) != member.check {
            let message = message!("the-new-archive-is-not-what", offset = member.offset);
            return Err(Failure::new(Code::SnapshotDamaged, message).hint(message!("check-the-disk-dmesg-smartctl")));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::super::super::Unwatched;
    use super::*;

    const MEMBER_BYTES: usize = 1 << 20;

    /// A file of members, the content of each its number.
    fn written(members: u64) -> (File, Vec<Written>) {
        let file = tempfile::tempfile().unwrap();
        let members = (0..members).map(|number| {
            let bytes = vec![number as u8; MEMBER_BYTES];
            let offset = number * MEMBER_BYTES as u64;
            file.write_all_at(&bytes, offset).unwrap();
            Written { offset, len: MEMBER_BYTES, check: tree_digest::block(&bytes) }
        });
        let members = members.collect();
        (file, members)
    }

    #[test]
    fn every_member_is_proved_while_others_are_written_or_at_the_end() {
        let (file, members) = written(70);
        let (stretches, queue) = channel();
        let mut unverified = Unverified::new(stretches);
        members.into_iter().for_each(|member| unverified.add(member).unwrap());
        let rest = unverified.into_rest();
        let early: Vec<Vec<Written>> = queue.iter().collect();
        let offsets = early.iter().flatten().chain(&rest).map(|member| member.offset / MEMBER_BYTES as u64);
        assert!(offsets.eq(0..70));
        assert_eq!(early.iter().map(Vec::len).collect::<Vec<_>>(), [32, 32]);
        assert_eq!(rest.len(), 6);
        read_back(&file, &rest, &Unwatched).unwrap();
    }

    #[test]
    fn a_byte_that_is_not_what_was_written_is_found_early_and_at_the_end() {
        let (file, members) = written(4);
        file.write_all_at(b"!", 2 * MEMBER_BYTES as u64 + 17).unwrap();
        assert_eq!(read_back(&file, &members, &Unwatched).unwrap_err().code, Code::SnapshotDamaged);
        let (stretches, queue) = channel();
        stretches.send(members).unwrap();
        drop(stretches);
        let failure = verify(&file, &queue, &Unwatched).unwrap_err();
        assert!(failure.message.contains("at byte 2097152"), "{failure}");
    }

    #[test]
    fn a_sync_that_fails_ends_the_proof() {
        let (_, members) = written(2);
        let (reader, _writer) = rustix::pipe::pipe().unwrap();
        let (stretches, queue) = channel();
        stretches.send(members).unwrap();
        assert_eq!(verify(&File::from(reader), &queue, &Unwatched).unwrap_err().code, Code::SyncFailed);
    }
}
