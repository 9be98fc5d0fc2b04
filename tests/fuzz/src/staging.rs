//! A staging in memory that holds names and sizes. It has the host's rules for paths and for where data may go.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use reforge_plugin::Failure;
use reforge_plugin::host::{LargeFile, Metadata, Report, Staging};

type Result<T> = std::result::Result<T, Failure>;

const PIECE_BYTES_MAX: usize = 1 << 20;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Directory,
    File,
    Link,
}

/// What one volume was given.
#[derive(Default)]
pub(crate) struct Volume(Rc<RefCell<BTreeMap<Vec<u8>, Kind>>>);

/// One file being written.
pub(crate) struct Large {
    size: u64,
    at: RefCell<u64>,
}

impl Volume {
    fn take(&self, path: &[u8], kind: Kind) -> Result<()> {
        assert_leads_down(path);
        assert!(!path.is_empty() || kind == Kind::Directory, "a root that is no directory");
        match self.0.borrow_mut().insert(path.to_vec(), kind) {
            None => Ok(()),
            Some(_) => Err(Failure::archive("twice")),
        }
    }

    /// What the host finds at the seal: every parent is a directory of its own.
    pub(crate) fn assert_is_a_tree(&self) {
        let tree = self.0.borrow();
        for path in tree.keys().filter(|path| !path.is_empty()) {
            let parent = &path[..path.iter().rposition(|byte| *byte == b'/').unwrap_or(0)];
            assert_eq!(tree.get(parent), Some(&Kind::Directory), "{}", path.escape_ascii());
        }
    }
}

fn assert_leads_down(path: &[u8]) {
    assert!(path.len() <= 4096 && !path.contains(&0), "{}", path.escape_ascii());
    if !path.is_empty() {
        let plain = |name: &[u8]| !matches!(name, b"" | b"." | b"..") && name.len() <= 255;
        assert!(path.split(|byte| *byte == b'/').all(plain), "{}", path.escape_ascii());
    }
}

impl Staging for Volume {
    type Large = Large;

    fn directory(&self, path: &[u8], _: &Metadata) -> Result<()> {
        self.take(path, Kind::Directory)
    }

    fn file(&self, path: &[u8], metadata: &Metadata, content: &[u8]) -> Result<()> {
        assert!(content.len() <= PIECE_BYTES_MAX && metadata.mode <= 0o7777);
        self.take(path, Kind::File)
    }

    fn large_file(&self, path: &[u8], _: &Metadata, size: u64) -> Result<Large> {
        self.take(path, Kind::File)?;
        Ok(Large { size, at: RefCell::new(0) })
    }

    fn large_file_part(&self, _: &[u8], _: u64) -> Result<Large> {
        panic!("a foreign archive is one part");
    }

    fn symlink(&self, path: &[u8], _: &Metadata, target: &[u8]) -> Result<()> {
        assert!(!target.is_empty() && target.len() <= 4095 && !target.contains(&0));
        self.take(path, Kind::Link)
    }

    fn hard_link(&self, path: &[u8], _: &Metadata, leader: &[u8]) -> Result<()> {
        assert_leads_down(leader);
        assert_eq!(self.0.borrow().get(leader), Some(&Kind::File), "{}", leader.escape_ascii());
        self.take(path, Kind::Link)
    }
}

impl LargeFile for Large {
    fn write(&self, offset: u64, content: &[u8]) -> Result<()> {
        let end = offset.checked_add(content.len() as u64).expect("no overflow");
        assert!(offset >= *self.at.borrow() && end <= self.size && content.len() <= PIECE_BYTES_MAX);
        *self.at.borrow_mut() = end;
        Ok(())
    }

    fn finish(&self) -> Result<()> {
        Ok(())
    }
}

/// Nobody looks and nobody cancels.
pub(crate) struct Unwatched;

impl Report for Unwatched {
    fn phase(&self, _: &str) {}

    fn progress(&self, _: u64, _: u64) {}

    fn note(&self, _: &str) {}

    fn cancelled(&self) -> bool {
        false
    }
}
