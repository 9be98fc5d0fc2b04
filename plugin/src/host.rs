//! What the logic needs from outside, as traits: the component gives it the WIT, tests give it a fake in memory.
//!
//! The handles are capabilities. What order they must be used in is in their types; that the plugin keeps to it is
//! the host's to check.

use crate::Result;

/// Seconds since the epoch, before 1970 negative, and nanoseconds in 0..1_000_000_000 counted forward.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timestamp {
    pub seconds: i64,
    pub nanoseconds: u32,
}

/// One extended attribute under its full name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Xattr {
    pub name: Vec<u8>,
    pub value: Vec<u8>,
}

/// Everything about an entry but its name, type and content.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Metadata {
    pub mode: u32,
    pub uid: u32,
    pub gid: u32,
    pub mtime: Timestamp,
    pub xattrs: Vec<Xattr>,
}

/// What the host asks for.
#[derive(Clone, Debug, Default)]
pub struct Job {
    pub workload: String,
    pub plan_digest: String,
    /// Names of volumes that stay as they are.
    pub leave: Vec<String>,
    /// `links`, `privileged`.
    pub policy: Vec<String>,
    pub imported: bool,
    /// Whether a plan reads every header.
    pub thorough: bool,
}

/// A run of whole gzip members.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    pub offset: u64,
    pub length: u64,
    pub inside: Option<PartFile>,
}

/// A file that a part begins inside of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartFile {
    /// Index of its volume in the archive.
    pub volume: u32,
    pub path: Vec<u8>,
    pub size: u64,
    pub at: u64,
}

/// A stored snapshot: its descriptor and the bytes of its archive.
pub trait ArchiveBytes {
    /// JSON; empty for a foreign archive.
    fn descriptor(&self) -> String;
    fn size(&self) -> u64;
    /// Fewer bytes than `max` only at the end.
    fn read_at(&self, offset: u64, max: u32) -> Result<Vec<u8>>;
}

/// Kinds of live entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LiveKind {
    File,
    Directory,
    Symlink,
    Other,
}

/// One entry of a live tree, no content.
#[derive(Clone, Debug)]
pub struct LiveEntry {
    pub path: Vec<u8>,
    pub kind: LiveKind,
    pub size: u64,
    pub mtime: Timestamp,
}

/// A live tree, depth first, siblings in byte order, root first.
pub trait LiveTree {
    /// Up to `max` further entries, none at the end.
    fn next(&self, max: u32) -> Result<Vec<LiveEntry>>;
}

/// What a volume is right now.
#[derive(Clone, Debug)]
pub struct VolumeFacts {
    pub exists: bool,
    pub entries: u64,
    pub bytes: u64,
}

/// A volume as the current configuration resolves it.
pub trait Volume {
    type Tree: LiveTree;
    fn facts(&self) -> VolumeFacts;
    fn live(&self) -> Result<Self::Tree>;
}

/// The new tree of one volume while it is filled. Each path once.
pub trait Staging {
    type Large: LargeFile;
    fn directory(&self, path: &[u8], metadata: &Metadata) -> Result<()>;
    /// At most 1 MiB.
    fn file(&self, path: &[u8], metadata: &Metadata, content: &[u8]) -> Result<()>;
    fn large_file(&self, path: &[u8], metadata: &Metadata, size: u64) -> Result<Self::Large>;
    fn large_file_part(&self, path: &[u8], size: u64) -> Result<Self::Large>;
    fn symlink(&self, path: &[u8], metadata: &Metadata, target: &[u8]) -> Result<()>;
    fn hard_link(&self, path: &[u8], metadata: &Metadata, leader: &[u8]) -> Result<()>;
}

/// Pieces of one large file, at ascending offsets.
pub trait LargeFile {
    /// At most 1 MiB.
    fn write(&self, offset: u64, content: &[u8]) -> Result<()>;
    fn finish(&self) -> Result<()>;
}

/// What an import writes: the archive that comes of it.
pub trait Output {
    /// At most 1 MiB.
    fn put(&self, bytes: &[u8]) -> Result<()>;
}

/// How the app is after it was started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Health {
    Healthy,
    Unknown,
    ConfirmedBad,
}

/// What a phase says while it works. None of it decides anything but `cancelled`.
pub trait Report {
    fn phase(&self, name: &str);
    fn progress(&self, done: u64, total: u64);
    fn note(&self, text: &str);
    fn cancelled(&self) -> bool;
}

/// The steps of the protocol that a plugin asks for, each with the proofs it needs.
pub trait Host: Report {
    type Archive: ArchiveBytes;
    type Volume: Volume;
    type Lease;
    type Transaction;
    type Staging: Staging;
    type Sealed;
    type Stopped;
    type Safety;
    type Swapped;

    fn resolve(&self, name: &str, scope: &str) -> Result<Self::Volume>;
    fn lock(&self) -> Result<Self::Lease>;
    fn begin(&self, lease: &Self::Lease, plan_digest: &str, volumes: &[&Self::Volume]) -> Result<Self::Transaction>;
    fn stage(&self, transaction: &Self::Transaction, volume: &str) -> Result<Self::Staging>;
    /// `into[k]` takes the entries of archive index `indexes[k]`.
    fn extract(&self, archive: &Self::Archive, parts: &[Part], indexes: &[u32], into: &[&Self::Staging]) -> Result<()>;
    fn seal(&self, staging: &Self::Staging) -> Result<Self::Sealed>;
    fn stop(&self, lease: &Self::Lease) -> Result<Self::Stopped>;
    fn capture_safety(&self, lease: &Self::Lease, stopped: &Self::Stopped) -> Result<Self::Safety>;
    fn swap(
        &self,
        transaction: &Self::Transaction,
        sealed: &[&Self::Sealed],
        stopped: &Self::Stopped,
        safety: &Self::Safety,
    ) -> Result<Self::Swapped>;
    fn redeploy(&self, swapped: &Self::Swapped) -> Result<()>;
    fn await_healthy(&self, swapped: &Self::Swapped) -> Result<Health>;
    fn revert(&self, swapped: &Self::Swapped) -> Result<()>;
}
