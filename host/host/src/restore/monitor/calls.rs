//! Each call of a plugin, and which part of the monitor answers it.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::{Monitor, Purpose, out_of_order};
use reforge_base::failure::Result;
use reforge_base::message;
use reforge_base::spec::Health;
use reforge_plugins::descriptors::Descriptors;
use reforge_plugins::host_calls::{Facts, HostCalls, Token};
use reforge_volumes::live_tree::LiveTree;
use reforge_volumes::receiver::Receiver;
use reforge_volumes::staging::Policy;

impl HostCalls for Monitor {
    fn descriptors(&self) -> &Descriptors {
        &self.descriptors
    }

    fn tick(&self) -> Result<()> {
        self.watch_guest()
    }

    // The archive.

    fn descriptor_text(&self) -> &str {
        self.archive.snapshot.plugins_text()
    }

    fn archive_bytes(&self) -> u64 {
        self.archive.snapshot.shown_bytes()
    }

    fn read_archive(&self, offset: u64, max: usize) -> Result<Vec<u8>> {
        let bytes = self.archive.read(offset, max)?;
        if !self.purpose.counts_taken() {
            self.progress.bytes.fetch_max(offset + bytes.len() as u64, Ordering::Relaxed);
        }
        Ok(bytes)
    }

    // The volumes.

    fn resolve(&self, name: &str, scope: &str) -> Result<()> {
        match &self.purpose {
            Purpose::Look(look) => look.facts(name).map(drop),
            _ => self.volumes().resolve(name, scope),
        }
    }

    fn volume_facts(&self, name: &str) -> Result<Facts> {
        match &self.purpose {
            Purpose::Look(look) => look.facts(name),
            _ => self.volumes().facts(name),
        }
    }

    fn live_tree(&self, name: &str) -> Result<LiveTree> {
        self.volumes().live_tree(name)
    }

    // The steps of a restore.

    fn lock(&self) -> Result<Token> {
        match &self.purpose {
            Purpose::Look(look) => look.token(),
            _ => self.steps("lock")?.lock(),
        }
    }

    fn begin(&self, lease: Token, plan_digest: &str, names: &[String]) -> Result<Token> {
        match &self.purpose {
            Purpose::Look(look) => look.token(),
            _ => self.steps("begin")?.begin(lease, plan_digest, names),
        }
    }

    fn stage(&self, transaction: Token, volume: &str) -> Result<(usize, Arc<dyn Receiver>)> {
        if let Purpose::Look(look) = &self.purpose {
            return look.stage(volume);
        }
        let (number, staging) = self.steps("stage")?.stage(transaction, volume)?;
        Ok((number, staging))
    }

    fn seal(&self, volume: usize) -> Result<Token> {
        match &self.purpose {
            Purpose::Look(look) => look.seal(volume),
            _ => self.steps("seal")?.seal(volume),
        }
    }

    fn stop(&self, lease: Token) -> Result<Token> {
        match &self.purpose {
            Purpose::Look(_) => Err(out_of_order(message!("nothing-is-restored-here"))),
            _ => self.steps("stop")?.stop(lease),
        }
    }

    fn capture_safety(&self, lease: Token, stopped: Token) -> Result<Token> {
        self.steps("capture-safety")?.capture_safety(lease, stopped)
    }

    fn swap(&self, transaction: Token, sealed: &[Token], stopped: Token, safety: Token) -> Result<Token> {
        self.steps("swap")?.swap(transaction, sealed, stopped, safety)
    }

    fn redeploy(&self, swapped: Token) -> Result<()> {
        self.steps("redeploy")?.redeploy(swapped)
    }

    fn await_healthy(&self, swapped: Token) -> Result<Health> {
        self.steps("await-healthy")?.await_healthy(swapped)
    }

    fn revert(&self, swapped: Token) -> Result<()> {
        self.steps("revert")?.revert(swapped)
    }

    // Workers.

    fn workers(&self, asked_by_a_worker: bool) -> Result<()> {
        if asked_by_a_worker {
            return Err(out_of_order(message!("a-worker-cannot-have-workers")));
        }
        match &self.purpose {
            // Nothing can be extracted any more, and the app waits.
            Purpose::Restore(steps) if !steps.step().is_before_the_stop() => {
                Err(out_of_order(message!("workers-extract-before-the-app")))
            }
            _ => Ok(()),
        }
    }

    fn policy(&self) -> Policy {
        self.policy
    }

    // An import.

    fn put(&self, bytes: &[u8]) -> Result<()> {
        match &self.purpose {
            Purpose::Convert(_) if self.progress.is_cancelled() => Err(super::cancelled()),
            Purpose::Convert(output) => output.put(bytes),
            _ => Err(out_of_order(message!("nothing-is-being-converted"))),
        }
    }

    // What can be seen and stopped.

    fn staged(&self, entries: u64, bytes: usize) {
        if let Purpose::Look(look) = &self.purpose {
            look.taken.fetch_add(entries + bytes as u64, Ordering::Relaxed);
        }
        self.progress.entries.fetch_add(entries, Ordering::Relaxed);
        self.progress.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    fn phase(&self, name: &str) {
        self.messages.phase(name);
    }

    fn progress(&self, done: u64, total: u64) {
        if !self.purpose.counts_taken() {
            self.progress.bytes.store(done, Ordering::Relaxed);
            self.progress.bytes_total.store(total, Ordering::Relaxed);
        }
    }

    fn note(&self, text: &str) {
        if self.messages.note(text) {
            self.progress.note(text);
        }
    }

    fn is_cancelled(&self) -> bool {
        self.progress.is_cancelled()
    }
}
