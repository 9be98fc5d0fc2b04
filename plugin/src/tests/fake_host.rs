//! A host in memory: it writes down what it is asked for and fails where it is told to.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use super::tarball::Archive;
use crate::archive::limits::PIECE_BYTES_MAX;
use crate::host::{Health, Host, LargeFile, LiveEntry, LiveTree, Metadata, Part, Report, Staging, Volume, VolumeFacts};
use crate::{Failure, Result, extract};

/// What stands at a path of a staging.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Node {
    Directory(Metadata),
    File { metadata: Option<Metadata>, content: Vec<u8> },
    Symlink(Vec<u8>),
    HardLink(Vec<u8>),
}

pub(super) type Tree = Rc<RefCell<BTreeMap<Vec<u8>, Node>>>;

#[derive(Default)]
pub(super) struct FakeHost {
    pub calls: RefCell<Vec<String>>,
    /// Fails the call of this name.
    pub fail: Option<&'static str>,
    pub health: Cell<Option<Health>>,
    pub policy: Vec<String>,
    pub trees: RefCell<BTreeMap<String, Tree>>,
    pub live: BTreeMap<String, Vec<LiveEntry>>,
    pub cancelled: bool,
}

impl FakeHost {
    fn call(&self, name: &str) -> Result<()> {
        self.calls.borrow_mut().push(name.to_owned());
        match self.fail == Some(name) {
            true => Err(Failure::new("io", format!("{name} failed"))),
            false => Ok(()),
        }
    }

    pub(super) fn node(&self, volume: &str, path: &str) -> Option<Node> {
        self.trees.borrow()[volume].borrow().get(path.as_bytes()).cloned()
    }
}

impl Report for FakeHost {
    fn phase(&self, _: &str) {}
    fn progress(&self, _: u64, _: u64) {}
    fn note(&self, _: &str) {}
    fn cancelled(&self) -> bool {
        self.cancelled
    }
}

pub(super) struct FakeVolume {
    live: Option<Vec<LiveEntry>>,
}

impl Volume for FakeVolume {
    type Tree = FakeLive;

    fn facts(&self) -> VolumeFacts {
        let entries = self.live.as_ref().map_or(0, |live| live.len() as u64);
        VolumeFacts { exists: self.live.is_some(), entries, bytes: 0 }
    }

    fn live(&self) -> Result<FakeLive> {
        let live = self.live.clone().ok_or_else(|| Failure::new("io", "there is no live directory"))?;
        Ok(FakeLive(RefCell::new(live)))
    }
}

pub(super) struct FakeLive(RefCell<Vec<LiveEntry>>);

impl LiveTree for FakeLive {
    fn next(&self, max: u32) -> Result<Vec<LiveEntry>> {
        // Fewer than asked for, so that batches are crossed.
        let mut rest = self.0.borrow_mut();
        let count = rest.len().min(max as usize).min(2);
        Ok(rest.drain(..count).collect())
    }
}

#[derive(Clone, Default)]
pub(super) struct FakeStaging(pub Tree);

impl FakeStaging {
    fn put(&self, path: &[u8], node: Node) -> Result<()> {
        match self.0.borrow_mut().insert(path.to_vec(), node) {
            None => Ok(()),
            Some(_) => Err(Failure::archive("given twice")),
        }
    }
}

pub(super) struct FakeLarge {
    tree: Tree,
    path: Vec<u8>,
    next: Cell<u64>,
    is_finished: Cell<bool>,
}

impl Drop for FakeLarge {
    fn drop(&mut self) {
        // A handle that was not finished leaves a mark that no test expects.
        if !self.is_finished.get() {
            self.tree.borrow_mut().insert(b"unfinished".to_vec(), Node::Symlink(self.path.clone()));
        }
    }
}

impl LargeFile for FakeLarge {
    fn write(&self, offset: u64, bytes: &[u8]) -> Result<()> {
        let end = offset + bytes.len() as u64;
        let crosses = !bytes.is_empty() && offset >> 20 != (end - 1) >> 20;
        if offset < self.next.get() || crosses || bytes.is_empty() {
            return Err(Failure::usage(format!("a piece of {} bytes at {offset}", bytes.len())));
        }
        self.next.set(end);
        match self.tree.borrow_mut().get_mut(&self.path) {
            Some(Node::File { content, .. }) => content[offset as usize..end as usize].copy_from_slice(bytes),
            _ => return Err(Failure::usage("no such file")),
        }
        Ok(())
    }

    fn finish(&self) -> Result<()> {
        self.is_finished.set(true);
        Ok(())
    }
}

impl Staging for FakeStaging {
    type Large = FakeLarge;

    fn directory(&self, path: &[u8], metadata: &Metadata) -> Result<()> {
        self.put(path, Node::Directory(metadata.clone()))
    }

    fn file(&self, path: &[u8], metadata: &Metadata, content: &[u8]) -> Result<()> {
        assert!(content.len() <= PIECE_BYTES_MAX);
        self.put(path, Node::File { metadata: Some(metadata.clone()), content: content.to_vec() })
    }

    fn large_file(&self, path: &[u8], metadata: &Metadata, size: u64) -> Result<FakeLarge> {
        self.open(path, Some(metadata.clone()), size)
    }

    fn large_file_part(&self, path: &[u8], size: u64) -> Result<FakeLarge> {
        self.open(path, None, size)
    }

    fn symlink(&self, path: &[u8], _: &Metadata, target: &[u8]) -> Result<()> {
        self.put(path, Node::Symlink(target.to_vec()))
    }

    fn hard_link(&self, path: &[u8], _: &Metadata, leader: &[u8]) -> Result<()> {
        self.put(path, Node::HardLink(leader.to_vec()))
    }
}

impl FakeStaging {
    /// Parts come in any order: whichever is first makes the file.
    fn open(&self, path: &[u8], header: Option<Metadata>, size: u64) -> Result<FakeLarge> {
        let mut tree = self.0.borrow_mut();
        let fresh = Node::File { metadata: None, content: vec![0; size as usize] };
        match tree.entry(path.to_vec()).or_insert(fresh) {
            Node::File { metadata, content } if content.len() as u64 == size => {
                if header.is_some() && std::mem::replace(metadata, header).is_some() {
                    return Err(Failure::archive("given twice"));
                }
            }
            _ => return Err(Failure::archive("another size")),
        }
        Ok(FakeLarge { tree: self.0.clone(), path: path.to_vec(), next: Cell::new(0), is_finished: Cell::new(false) })
    }
}

impl Host for FakeHost {
    type Archive = Archive;
    type Volume = FakeVolume;
    type Lease = ();
    type Transaction = ();
    type Staging = FakeStaging;
    type Sealed = ();
    type Stopped = ();
    type Safety = ();
    type Swapped = ();

    fn resolve(&self, name: &str, scope: &str) -> Result<FakeVolume> {
        assert_eq!(scope, "project");
        self.call(&format!("resolve {name}"))?;
        Ok(FakeVolume { live: self.live.get(name).cloned() })
    }

    fn lock(&self) -> Result<()> {
        self.call("lock")
    }

    fn begin(&self, (): &(), plan_digest: &str, volumes: &[&FakeVolume]) -> Result<()> {
        assert_eq!(plan_digest, "digest");
        self.call(&format!("begin {}", volumes.len()))
    }

    fn stage(&self, (): &(), volume: &str) -> Result<FakeStaging> {
        self.call(&format!("stage {volume}"))?;
        let staging = FakeStaging::default();
        self.trees.borrow_mut().insert(volume.to_owned(), staging.0.clone());
        Ok(staging)
    }

    /// Last part first: no part may depend on another.
    fn extract(&self, archive: &Archive, parts: &[Part], indexes: &[u32], into: &[&FakeStaging]) -> Result<()> {
        self.call("extract")?;
        parts.iter().rev().try_for_each(|part| extract::extract(archive, part, &self.policy, indexes, into))
    }

    fn seal(&self, _: &FakeStaging) -> Result<()> {
        self.call("seal")
    }

    fn stop(&self, (): &()) -> Result<()> {
        self.call("stop")
    }

    fn capture_safety(&self, (): &(), (): &()) -> Result<()> {
        self.call("safety")
    }

    fn swap(&self, (): &(), sealed: &[&()], (): &(), (): &()) -> Result<()> {
        self.call(&format!("swap {}", sealed.len()))
    }

    fn redeploy(&self, (): &()) -> Result<()> {
        self.call("redeploy")
    }

    fn await_healthy(&self, (): &()) -> Result<Health> {
        self.call("await-healthy")?;
        Ok(self.health.get().unwrap_or(Health::Healthy))
    }

    fn revert(&self, (): &()) -> Result<()> {
        self.call("revert")
    }
}
