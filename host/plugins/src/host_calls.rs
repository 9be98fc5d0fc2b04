//! What a plugin can ask of the host, as a trait: the imports find what a guest's handles stand for and ask it.
//!
//! What a call requires and what refuses it is decided by whoever implements this. A call that is not answered here is
//! refused.

use std::sync::Arc;

use super::descriptors::Descriptors;
use super::limits::DESCRIBE_LIMIT;
use super::watch::Watch;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;
use reforge_base::spec::Health;
use reforge_volumes::live_tree::LiveTree;
use reforge_volumes::receiver::Receiver;
use reforge_volumes::staging::Policy;

/// What a guest holds to show that a step was done: a number that only the host can have given. One that is forged, used
/// or of another restore does not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Token(pub u64);

/// What a plugin may know of a volume.
#[derive(Clone, Debug)]
pub struct Facts {
    pub name: String,
    pub scope: String,
    pub exists: bool,
    pub entries: u64,
    pub bytes: u64,
}

/// Answers one call of a plugin, in all the sandboxes that it makes.
pub trait HostCalls: Send + Sync {
    /// What the handles of this call hold open.
    fn descriptors(&self) -> &Descriptors;

    /// Asked while a guest runs and while it waits for a time, at most once a tick each. A failure ends it.
    fn tick(&self) -> Result<()>;

    // The archive.

    fn descriptor_text(&self) -> &str {
        ""
    }

    fn archive_bytes(&self) -> u64 {
        0
    }

    fn read_archive(&self, _offset: u64, _max: usize) -> Result<Vec<u8>> {
        Err(nothing_given())
    }

    // The volumes.

    /// Whether there is such a volume to restore.
    fn resolve(&self, _name: &str, _scope: &str) -> Result<()> {
        Err(nothing_given())
    }

    fn volume_facts(&self, _name: &str) -> Result<Facts> {
        Err(nothing_given())
    }

    fn live_tree(&self, _name: &str) -> Result<LiveTree> {
        Err(nothing_given())
    }

    // The steps of a restore.

    fn lock(&self) -> Result<Token> {
        Err(nothing_given())
    }

    fn begin(&self, _lease: Token, _plan_digest: &str, _names: &[String]) -> Result<Token> {
        Err(nothing_given())
    }

    /// What takes the entries of a volume, with its number in the transaction.
    fn stage(&self, _transaction: Token, _volume: &str) -> Result<(usize, Arc<dyn Receiver>)> {
        Err(nothing_given())
    }

    fn seal(&self, _volume: usize) -> Result<Token> {
        Err(nothing_given())
    }

    fn stop(&self, _lease: Token) -> Result<Token> {
        Err(nothing_given())
    }

    fn capture_safety(&self, _lease: Token, _stopped: Token) -> Result<Token> {
        Err(nothing_given())
    }

    fn swap(&self, _transaction: Token, _sealed: &[Token], _stopped: Token, _safety: Token) -> Result<Token> {
        Err(nothing_given())
    }

    fn redeploy(&self, _swapped: Token) -> Result<()> {
        Err(nothing_given())
    }

    fn await_healthy(&self, _swapped: Token) -> Result<Health> {
        Err(nothing_given())
    }

    fn revert(&self, _swapped: Token) -> Result<()> {
        Err(nothing_given())
    }

    // Workers.

    /// Whether sandboxes may be made for parts of the archive.
    fn workers(&self, _asked_by_a_worker: bool) -> Result<()> {
        Err(nothing_given())
    }

    /// What a worker may let pass.
    fn policy(&self) -> Policy {
        Policy::default()
    }

    // An import.

    /// Appends to the archive that comes of a conversion.
    fn put(&self, _bytes: &[u8]) -> Result<()> {
        Err(nothing_given())
    }

    // What can be seen and stopped.

    /// So much more was handed to staging: shown, and never what anything is decided by.
    fn staged(&self, _entries: u64, _bytes: usize) {}

    fn phase(&self, _name: &str) {}

    fn progress(&self, _done: u64, _total: u64) {}

    fn note(&self, _text: &str) {}

    fn is_cancelled(&self) -> bool {
        false
    }
}

/// For a plugin that is only asked who it is: it is given nothing at all.
pub(super) struct NothingGiven {
    watch: Watch,
    descriptors: Descriptors,
}

impl NothingGiven {
    pub(crate) fn new() -> NothingGiven {
        NothingGiven { watch: Watch::new(), descriptors: Descriptors::default() }
    }
}

impl HostCalls for NothingGiven {
    fn descriptors(&self) -> &Descriptors {
        &self.descriptors
    }

    fn tick(&self) -> Result<()> {
        self.watch.check(0, DESCRIBE_LIMIT)
    }
}

fn nothing_given() -> Failure {
    Failure::new(Code::OutOfOrder, message!("this-call-was-given-no-snapshot"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_was_given_nothing_can_lock_read_and_see_nothing() {
        let calls = NothingGiven::new();
        let refused = [
            calls.read_archive(0, 1).map(drop),
            calls.resolve("data", "project"),
            calls.volume_facts("data").map(drop),
            calls.lock().map(drop),
            calls.workers(false),
            calls.put(b"bytes"),
        ];
        assert!(refused.iter().all(|answer| answer.as_ref().is_err_and(|failure| failure.code == Code::OutOfOrder)));
        assert_eq!((calls.descriptor_text(), calls.archive_bytes()), ("", 0));
    }
}
