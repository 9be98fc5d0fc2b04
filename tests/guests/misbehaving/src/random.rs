//! Everything in random order with random arguments; the seed is in the workload's name.

use crate::bindings::exports::reforge::restore::restorer::Job;
use crate::bindings::reforge::restore::lifecycle::{self, Lease, Stopped};
use crate::bindings::reforge::restore::report;
use crate::bindings::reforge::restore::snapshots::{self, Safety, Snapshot};
use crate::bindings::reforge::restore::transactions::{self, LargeFile, Sealed, Staging, Swapped, Transaction};
use crate::bindings::reforge::restore::types::{Failure, Metadata, Timestamp, Xattr};
use crate::bindings::reforge::restore::volumes::{self, Volume, VolumeReference};
use crate::bindings::reforge::restore::workers::{self, Part};
use crate::honest::VOLUMES;

/// Enough to reach most states, and done in a second.
const CALLS: usize = 3000;

/// xorshift64*: the same calls for the same seed on every machine.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.roll() % bound as u64) as usize
    }

    fn one<'a, T>(&mut self, of: &'a [T]) -> Option<&'a T> {
        let index = self.below(of.len().max(1));
        of.get(index)
    }

    fn bytes(&mut self, most: usize) -> Vec<u8> {
        let length = self.below(most + 1);
        (0..length).map(|_| self.roll() as u8).collect()
    }

    fn name(&mut self) -> Vec<u8> {
        match self.below(4) {
            0 => Vec::new(),
            1 => b"file".to_vec(),
            2 => [b"../".repeat(self.below(3)), b"a".to_vec()].concat(),
            _ => self.bytes(300),
        }
    }

    fn metadata(&mut self) -> Metadata {
        let xattrs = (0..self.below(3)).map(|_| Xattr { name: self.bytes(20), value: self.bytes(20) }).collect();
        let mtime = Timestamp { seconds: self.roll() as i64, nanoseconds: self.roll() as u32 };
        Metadata { mode: self.roll() as u32, uid: self.roll() as u32, gid: self.roll() as u32, mtime, xattrs }
    }
}

/// Whatever handles were given so far.
#[derive(Default)]
struct Held {
    leases: Vec<Lease>,
    volumes: Vec<Volume>,
    transactions: Vec<Transaction>,
    stagings: Vec<Staging>,
    files: Vec<LargeFile>,
    sealed: Vec<Sealed>,
    stopped: Vec<Stopped>,
    safety: Vec<Safety>,
    swapped: Vec<Swapped>,
}

pub(crate) fn calls(snapshot: &Snapshot, job: &Job) -> Result<(), Failure> {
    let seed = job.workload.rsplit('-').next().and_then(|seed| seed.parse::<u64>().ok());
    let mut dice = Dice(seed.unwrap_or(1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let mut held = Held::default();
    for _ in 0..CALLS {
        // What a call answers does not matter to someone who calls everything.
        let _answer = held.call(&mut dice, snapshot, job);
    }
    std::mem::forget(held);
    Ok(())
}

impl Held {
    fn call(&mut self, dice: &mut Dice, snapshot: &Snapshot, job: &Job) -> Option<()> {
        match dice.below(20) {
            0 => self.leases.extend(lifecycle::lock().ok()),
            1 => {
                let name = dice.one(&VOLUMES)?.to_string();
                let scope = dice.one(&["project", "absolute", "stage"])?.to_string();
                self.volumes.extend(volumes::resolve(&VolumeReference { name, scope }).ok());
            }
            2 => {
                let digest = if dice.below(8) == 0 { "0".repeat(64) } else { job.plan_digest.clone() };
                let given: Vec<&Volume> = self.volumes.iter().take(dice.below(5)).collect();
                self.transactions.extend(transactions::begin(dice.one(&self.leases)?, &digest, &given).ok());
            }
            3 => self.stagings.extend(dice.one(&self.transactions)?.stage(dice.one(&VOLUMES)?).ok()),
            4 => drop(dice.one(&self.stagings)?.directory(&dice.name(), &dice.metadata())),
            5 => drop(dice.one(&self.stagings)?.file(&dice.name(), &dice.metadata(), &dice.bytes(64))),
            6 => {
                let (name, metadata, size) = (dice.name(), dice.metadata(), dice.roll());
                self.files.extend(dice.one(&self.stagings)?.large_file(&name, &metadata, size).ok());
            }
            7 => self.files.extend(dice.one(&self.stagings)?.large_file_part(&dice.name(), dice.roll()).ok()),
            8 => drop(dice.one(&self.files)?.write(dice.roll(), &dice.bytes(64))),
            9 => drop(dice.one(&self.files)?.finish()),
            10 => drop(dice.one(&self.stagings)?.symlink(&dice.name(), &dice.metadata(), &dice.bytes(64))),
            11 => drop(dice.one(&self.stagings)?.hard_link(&dice.name(), &dice.metadata(), &dice.name())),
            12 => self.sealed.extend(transactions::seal(dice.one(&self.stagings)?).ok()),
            13 => self.stopped.extend(lifecycle::stop(dice.one(&self.leases)?).ok()),
            14 => {
                let safety = snapshots::capture_safety(dice.one(&self.leases)?, dice.one(&self.stopped)?);
                self.safety.extend(safety.ok());
            }
            15 => {
                let sealed: Vec<&Sealed> = self.sealed.iter().collect();
                let (stopped, safety) = (dice.one(&self.stopped)?, dice.one(&self.safety)?);
                self.swapped.extend(transactions::swap(dice.one(&self.transactions)?, &sealed, stopped, safety).ok());
            }
            16 => {
                let swapped = dice.one(&self.swapped)?;
                let _answers = (swapped.redeploy(), swapped.await_healthy(), swapped.revert());
            }
            17 => drop(snapshot.read_at(dice.roll(), dice.roll() as u32)),
            18 => {
                let part = Part { offset: dice.roll(), length: dice.roll(), inside: None };
                let into: Vec<&Staging> = self.stagings.iter().collect();
                let _answer = workers::run(snapshot, &[part], &[dice.roll() as u32], &into);
            }
            _ => {
                report::note(&String::from_utf8_lossy(&dice.bytes(2000)));
                report::phase(&String::from_utf8_lossy(&dice.bytes(20)));
                drop(dice.one(&self.volumes)?.live().ok()?.next(dice.roll() as u32));
            }
        }
        Some(())
    }
}
