//! The default plugin's own code without a sandbox: the same calls to the same monitor, as plain functions.
//!
//! What the component's bindings and the host's imports do for a sandboxed plugin is done here by hand, and nothing more,
//! so that the difference between the two is the price of the sandbox.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use reforge_base::Code;
use reforge_base::Failure as HostFailure;
use reforge_base::limits::PIECE_BYTES_MAX;
use reforge_base::spec;
use reforge_host::restore::monitor::Monitor;
use reforge_host::restore::run::Logic;
use reforge_plugin::host::{
    ArchiveBytes, Health, Host, Job, LargeFile, LiveEntry, LiveKind, LiveTree, Metadata, Part, Report, Staging,
    Timestamp, Volume, VolumeFacts,
};
use reforge_plugin::{Failure, Result};
use reforge_plugins::bindings::exports::reforge::restore::restorer;
use reforge_plugins::host_calls::{HostCalls, Token};
use reforge_plugins::limits;
use reforge_plugins::policy;
use reforge_volumes::live_tree;
use reforge_volumes::receiver::{Pieces, Receiver};
use reforge_volumes::tree_digest;

/// The plugin's code, linked into this program.
pub(crate) struct Linked;

impl Logic for Linked {
    fn digest(&self) -> &str {
        "native"
    }

    fn restore(&self, monitor: Arc<Monitor>, job: &restorer::Job) -> Result<String, HostFailure> {
        let archive = Archive(monitor.clone());
        reforge_plugin::restore::restore(&Native(monitor), &archive, &own(job)).map_err(to_host)
    }
}

fn own(job: &restorer::Job) -> Job {
    Job {
        workload: job.workload.clone(),
        plan_digest: job.plan_digest.clone(),
        leave: job.leave.clone(),
        policy: job.policy.clone(),
        imported: job.imported,
        thorough: job.thorough,
    }
}

/// Everything that the host offers.
struct Native(Arc<Monitor>);

struct Archive(Arc<Monitor>);

struct NamedVolume {
    monitor: Arc<Monitor>,
    name: String,
}

struct Tree(Mutex<live_tree::LiveTree>);

struct Staged {
    monitor: Arc<Monitor>,
    volume: usize,
    tree: Arc<dyn Receiver>,
}

struct Large {
    monitor: Arc<Monitor>,
    file: Mutex<Box<dyn Pieces>>,
}

impl Report for Native {
    fn phase(&self, name: &str) {
        self.0.phase(name);
    }

    fn progress(&self, done: u64, total: u64) {
        self.0.progress(done, total);
    }

    fn note(&self, text: &str) {
        self.0.note(text);
    }

    fn cancelled(&self) -> bool {
        self.0.is_cancelled()
    }
}

impl Host for Native {
    type Archive = Archive;
    type Volume = NamedVolume;
    type Lease = Token;
    type Transaction = Token;
    type Staging = Staged;
    type Sealed = Token;
    type Stopped = Token;
    type Safety = Token;
    type Swapped = Token;

    fn resolve(&self, name: &str, scope: &str) -> Result<NamedVolume> {
        self.0.resolve(name, scope).map_err(from_host)?;
        Ok(NamedVolume { monitor: self.0.clone(), name: name.to_owned() })
    }

    fn lock(&self) -> Result<Token> {
        self.0.lock().map_err(from_host)
    }

    fn begin(&self, lease: &Token, plan_digest: &str, volumes: &[&NamedVolume]) -> Result<Token> {
        let names: Vec<String> = volumes.iter().map(|volume| volume.name.clone()).collect();
        self.0.begin(*lease, plan_digest, &names).map_err(from_host)
    }

    fn stage(&self, transaction: &Token, volume: &str) -> Result<Staged> {
        let (volume, tree) = self.0.stage(*transaction, volume).map_err(from_host)?;
        Ok(Staged { monitor: self.0.clone(), volume, tree })
    }

    /// As `reforge_plugins` spreads parts over sandboxes: half of the threads begin at the end.
    fn extract(&self, archive: &Archive, parts: &[Part], indexes: &[u32], into: &[&Staged]) -> Result<()> {
        let waiting: Mutex<VecDeque<&Part>> = Mutex::new(parts.iter().collect());
        let failed: Mutex<Option<Failure>> = Mutex::new(None);
        let policy = policy::words(self.0.policy());
        let work = |from_the_end: bool| {
            let next = || if from_the_end { locked(&waiting).pop_back() } else { locked(&waiting).pop_front() };
            while let Some(part) = next() {
                if let Err(failure) = reforge_plugin::extract::extract(archive, part, &policy, indexes, into) {
                    locked(&failed).get_or_insert(failure);
                    locked(&waiting).clear();
                }
            }
        };
        let work = &work;
        std::thread::scope(|scope| {
            for worker in 0..limits::workers_max().min(parts.len()) {
                scope.spawn(move || work(worker % 2 == 1));
            }
        });
        failed.into_inner().unwrap_or_else(PoisonError::into_inner).map_or(Ok(()), Err)
    }

    fn seal(&self, staging: &Staged) -> Result<Token> {
        self.0.seal(staging.volume).map_err(from_host)
    }

    fn stop(&self, lease: &Token) -> Result<Token> {
        self.0.stop(*lease).map_err(from_host)
    }

    fn capture_safety(&self, lease: &Token, stopped: &Token) -> Result<Token> {
        self.0.capture_safety(*lease, *stopped).map_err(from_host)
    }

    fn swap(&self, transaction: &Token, sealed: &[&Token], stopped: &Token, safety: &Token) -> Result<Token> {
        let sealed: Vec<Token> = sealed.iter().map(|token| **token).collect();
        self.0.swap(*transaction, &sealed, *stopped, *safety).map_err(from_host)
    }

    fn redeploy(&self, swapped: &Token) -> Result<()> {
        self.0.redeploy(*swapped).map_err(from_host)
    }

    fn await_healthy(&self, swapped: &Token) -> Result<Health> {
        Ok(match self.0.await_healthy(*swapped).map_err(from_host)? {
            spec::Health::Healthy => Health::Healthy,
            spec::Health::Unknown => Health::Unknown,
            spec::Health::ConfirmedBad => Health::ConfirmedBad,
        })
    }

    fn revert(&self, swapped: &Token) -> Result<()> {
        self.0.revert(*swapped).map_err(from_host)
    }
}

impl ArchiveBytes for Archive {
    fn descriptor(&self) -> String {
        self.0.descriptor_text().to_owned()
    }

    fn size(&self) -> u64 {
        self.0.archive_bytes()
    }

    fn read_at(&self, offset: u64, max: u32) -> Result<Vec<u8>> {
        self.0.read_archive(offset, (max as usize).min(PIECE_BYTES_MAX)).map_err(from_host)
    }
}

impl Volume for NamedVolume {
    type Tree = Tree;

    fn facts(&self) -> VolumeFacts {
        self.monitor.volume_facts(&self.name).map_or(VolumeFacts { exists: false, entries: 0, bytes: 0 }, |facts| {
            VolumeFacts { exists: facts.exists, entries: facts.entries, bytes: facts.bytes }
        })
    }

    fn live(&self) -> Result<Tree> {
        self.monitor.live_tree(&self.name).map(|tree| Tree(Mutex::new(tree))).map_err(from_host)
    }
}

impl LiveTree for Tree {
    fn next(&self, max: u32) -> Result<Vec<LiveEntry>> {
        let mut tree = locked(&self.0);
        let entries = tree.by_ref().take(max.min(limits::LIVE_ENTRIES_MAX) as usize);
        entries.map(|entry| entry.map(live_entry).map_err(from_host)).collect()
    }
}

impl Staging for Staged {
    type Large = Large;

    fn directory(&self, path: &[u8], metadata: &Metadata) -> Result<()> {
        self.tree.directory(path, &to_host_metadata(metadata)).map_err(from_host)?;
        self.monitor.staged(1, 0);
        Ok(())
    }

    fn file(&self, path: &[u8], metadata: &Metadata, content: &[u8]) -> Result<()> {
        self.tree.file(path, &to_host_metadata(metadata), content).map_err(from_host)?;
        self.monitor.staged(1, content.len());
        Ok(())
    }

    fn large_file(&self, path: &[u8], metadata: &Metadata, size: u64) -> Result<Large> {
        let file = self.tree.large_file(path, &to_host_metadata(metadata), size).map_err(from_host)?;
        self.monitor.staged(1, 0);
        Ok(Large { monitor: self.monitor.clone(), file: Mutex::new(file) })
    }

    fn large_file_part(&self, path: &[u8], size: u64) -> Result<Large> {
        let file = self.tree.large_file_part(path, size).map_err(from_host)?;
        Ok(Large { monitor: self.monitor.clone(), file: Mutex::new(file) })
    }

    fn symlink(&self, path: &[u8], metadata: &Metadata, target: &[u8]) -> Result<()> {
        self.tree.symlink(path, &to_host_metadata(metadata), target).map_err(from_host)?;
        self.monitor.staged(1, 0);
        Ok(())
    }

    fn hard_link(&self, path: &[u8], metadata: &Metadata, leader: &[u8]) -> Result<()> {
        self.tree.hard_link(path, &to_host_metadata(metadata), leader).map_err(from_host)?;
        self.monitor.staged(1, 0);
        Ok(())
    }
}

impl LargeFile for Large {
    fn write(&self, offset: u64, content: &[u8]) -> Result<()> {
        locked(&self.file).write(offset, content).map_err(from_host)?;
        self.monitor.staged(0, content.len());
        Ok(())
    }

    fn finish(&self) -> Result<()> {
        locked(&self.file).finish().map_err(from_host)
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn from_host(failure: HostFailure) -> Failure {
    Failure::new(failure.code.to_string(), failure.message).hint(failure.hint)
}

fn to_host(failure: Failure) -> HostFailure {
    HostFailure::new(Code::parse(&failure.code), failure.message).hint(failure.hint)
}

fn to_host_metadata(metadata: &Metadata) -> tree_digest::Metadata {
    let mut xattrs: Vec<(Vec<u8>, Vec<u8>)> =
        metadata.xattrs.iter().map(|xattr| (xattr.name.clone(), xattr.value.clone())).collect();
    xattrs.sort();
    tree_digest::Metadata {
        mode: metadata.mode,
        uid: metadata.uid,
        gid: metadata.gid,
        mtime: tree_digest::Mtime { seconds: metadata.mtime.seconds, nanoseconds: metadata.mtime.nanoseconds },
        xattrs,
    }
}

fn live_entry(entry: live_tree::LiveEntry) -> LiveEntry {
    LiveEntry {
        path: entry.path,
        kind: match entry.kind {
            live_tree::LiveKind::File => LiveKind::File,
            live_tree::LiveKind::Directory => LiveKind::Directory,
            live_tree::LiveKind::Symlink => LiveKind::Symlink,
            live_tree::LiveKind::Other => LiveKind::Other,
        },
        size: entry.size,
        mtime: Timestamp { seconds: entry.mtime.seconds, nanoseconds: entry.mtime.nanoseconds },
    }
}
