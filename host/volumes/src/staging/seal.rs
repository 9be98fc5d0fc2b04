//! The end of a staging: final metadata, links, the comparison with what was captured, the sync (protocol, step 4).
//!
//! Order: large files after their last write; the comparison; hard and symbolic links, made only now so that nothing
//! could ever be written through one; directories deepest first, since making anything in one moves its time; the root
//! last, and still closed; then one sync of the file system through the descriptor that was opened before the first byte,
//! and a look at what was sealed.

use std::os::fd::AsFd as _;
use std::sync::PoisonError;

use rustix::fs::Statx;

use super::attributes::{self, Present};
use super::entries::{EntryKind, SortedEntries};
use super::entry_path::{refused, split};
use super::quota::Expected;
use super::{Inner, Link, Open, staged};
use crate::beneath::{self, Name};
use crate::sealed::{self, SealedTree};
use crate::syscalls;
use crate::tree_digest::{self, DigestedKind, Metadata, TreeHasher, path_order};
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;
use reforge_base::remark::Gathered;

/// What a sealed staging holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed {
    pub entries: u64,
    pub bytes: u64,
    pub tree_digest: String,
    /// Entries that could not be given their inode flags.
    pub without_flags: Gathered,
    /// The tree itself, until it is exchanged.
    pub tree: SealedTree,
}

/// Seals what was staged. Nothing of it is open afterwards, whatever the outcome.
pub(super) fn seal(inner: &Inner, mut open: Open) -> Result<Sealed> {
    finish_large_files(inner, &mut open)?;
    let entries = std::mem::take(&mut open.entries).into_sorted();
    refuse_gaps(&entries)?;
    let mut links = std::mem::take(&mut open.links).into_inner().unwrap_or_else(PoisonError::into_inner);
    refuse_leaders(&entries, &links)?;
    let tree_digest = compare(&entries, inner.quota_use.announced_bytes(), &inner.quota.expected)?;
    // Symbolic links after hard ones, each in path order.
    links.sort_by(|left, right| left.order().cmp(&right.order()).then_with(|| path_order(&left.path, &right.path)));
    for link in &links {
        inner.quota.refuse_cancelled()?;
        staged("stage-link", &link.path, || make_link(&open, link))?;
    }
    let root = finish_directories(inner, &mut open)?;
    inner.quota.refuse_cancelled()?;
    drop(open.write_out);
    open.file_system.sync()?;
    let tree = SealedTree::remember(open.directories.root(), root, open.creation)?;
    let (bytes, without_flags) = (inner.quota_use.announced_bytes(), open.flags.missing());
    Ok(Sealed { entries: entries.len(), bytes, tree_digest, without_flags, tree })
}

fn finish_large_files(inner: &Inner, open: &mut Open) -> Result<()> {
    let large = std::mem::take(&mut open.large).into_inner().unwrap_or_else(PoisonError::into_inner);
    let mut files: Vec<_> = large.into_values().collect();
    files.sort_by(|left, right| path_order(&left.path, &right.path));
    for file in files {
        inner.quota.refuse_cancelled()?;
        let (metadata, content) = file.complete()?;
        staged("stage-attributes", &file.path, || {
            let (above, name) = split(&file.path);
            let above = open.directories.open(above)?;
            let made = Name::from_bytes(name).and_then(|name| beneath::made_file(&above, name));
            let made = made.map_err(|error| attributes::io("open", &file.path, error))?;
            let present = Present { mode: 0o600 & !open.creation.umask };
            open.creation.finish(made.as_fd(), &file.path, &metadata, present)
        })?;
        let kind = DigestedKind::File { size: file.size, content: &content };
        open.entries.push(EntryKind::File, &file.path, &tree_digest::entry(&file.path, &metadata, kind));
    }
    Ok(())
}

/// Every path once, and everything in a directory that the archive holds too.
fn refuse_gaps(entries: &SortedEntries) -> Result<()> {
    let mut around: Vec<&[u8]> = Vec::new();
    let mut last: Option<&[u8]> = None;
    for entry in entries.iter() {
        if last == Some(entry.path) {
            return Err(refused(entry.path, message!("is-in-the-archive-twice")));
        }
        last = Some(entry.path);
        if !entry.path.is_empty() {
            let parent = split(entry.path).0;
            while around.last().is_some_and(|directory| *directory != parent) {
                around.pop();
            }
            if around.is_empty() {
                return Err(refused(parent, message!("holds-entries-and")));
            }
        }
        if entry.kind == EntryKind::Directory {
            around.push(entry.path);
        }
    }
    if last.is_none() {
        return Err(Failure::new(Code::ArchiveRefused, message!("the-archive-does-not-hold")));
    }
    Ok(())
}

fn refuse_leaders(entries: &SortedEntries, links: &[Link]) -> Result<()> {
    for link in links {
        if let Some(leader) = &link.leader
            && entries.find(leader).is_none_or(|entry| entry.kind != EntryKind::File)
        {
            return Err(refused(&link.path, message!("is-a-hard-link-to-something")));
        }
    }
    Ok(())
}

/// Answers the tree digest.
fn compare(entries: &SortedEntries, bytes: u64, expected: &Expected) -> Result<String> {
    let mut hasher = TreeHasher::default();
    entries.iter().for_each(|entry| hasher.push(entry.digest));
    let tree_digest = hasher.finish();
    let difference = if entries.len() != expected.entries {
        message!("entries-came-out-of-the-archive", n = entries.len(), entries = expected.entries)
    } else if bytes != expected.bytes {
        message!("bytes-came-out-of-the-archive", bytes, bytes_2 = expected.bytes)
    } else if expected.tree_digest.as_ref().is_some_and(|digest| *digest != tree_digest) {
        message!("what-came-out-of-the-archive")
    } else {
        return Ok(tree_digest);
    };
    Err(Failure::new(Code::SnapshotDamaged, difference).hint(message!("nothing-was-changed-verify-the-snapshot")))
}

fn make_link(open: &Open, link: &Link) -> Result<()> {
    let not_made = |error| super::not_made(&link.path, error);
    let (above, name) = split(&link.path);
    let (above, name) = (open.directories.open(above)?, Name::from_bytes(name).map_err(not_made)?);
    let Some(leader) = &link.leader else {
        beneath::make_symlink(&above, name, &link.target).map_err(not_made)?;
        return open.creation.finish_symlink(&above, name, &link.path, &link.metadata);
    };
    let (leader_above, leader_name) = split(leader);
    let leader_above = open.directories.open(leader_above)?;
    let leader_name = Name::from_bytes(leader_name).map_err(not_made)?;
    beneath::make_hard_link((&leader_above, leader_name), &above, name).map_err(not_made)?;
    let facts = syscalls::facts_of(&above, name).map_err(|error| attributes::io("inspect", &link.path, error))?;
    if is_as_wanted(&facts, &link.metadata) {
        Ok(())
    } else {
        Err(refused(&link.path, message!("is-a-hard-link-whose-owner")))
    }
}

fn is_as_wanted(facts: &Statx, wanted: &Metadata) -> bool {
    let time = (wanted.mtime.seconds, wanted.mtime.nanoseconds);
    (u32::from(facts.stx_mode) & 0o7777, facts.stx_uid, facts.stx_gid) == (wanted.mode, wanted.uid, wanted.gid)
        && (facts.stx_mtime.tv_sec, facts.stx_mtime.tv_nsec) == time
}

/// Answers what the root will have once it is opened up.
fn finish_directories(inner: &Inner, open: &mut Open) -> Result<Metadata> {
    let mut made = std::mem::take(&mut open.made).into_inner().unwrap_or_else(PoisonError::into_inner);
    // Backwards in path order everything comes before the directory it is in, and the root comes last.
    made.sort_by(|left, right| path_order(&right.0, &left.0));
    let mut root = Metadata::default();
    for (path, mut metadata) in made {
        if path.is_empty() {
            root = std::mem::take(&mut metadata);
            metadata = sealed::closed(&root, &open.creation);
        }
        inner.quota.refuse_cancelled()?;
        staged("stage-attributes", &path, || {
            let directory = open.directories.open(&path)?;
            let present = Present { mode: 0o700 & !open.creation.umask };
            // The root was given its mode past the umask.
            let present = if path.is_empty() { Present { mode: 0o700 } } else { present };
            open.creation.finish(directory.as_fd(), &path, &metadata, present)
        })?;
    }
    Ok(root)
}
