//! How far a restore got. Each step has what the calls after it need, and nothing that a later one makes.
//!
//! From its beginning on the transaction stays in one place, [`Underway`], whatever fails or panics: [`Steps::conclude`]
//! finds it there and takes it back or completes it.
//!
//! [`Steps::conclude`]: super::steps::Steps::settle

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::archive::ArchiveCheck;
use super::out_of_order;
use reforge_base::Message;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;
use reforge_base::spec::{Health, HealthReport};
use reforge_plugins::host_calls::Token;
use reforge_transaction::Transaction;
use reforge_transaction::lease::Lease;
use reforge_transaction::revert::Reverted;
use reforge_volumes::staging::Staging;

pub(crate) enum Step {
    /// The lease is held from the preparation on, for whoever asks for it.
    Prepared(Lease),
    Locked {
        lease: Token,
        held: Lease,
    },
    /// The plan under the lock is being made, or was refused. The lease is held all the same.
    Replanned {
        lease: Token,
        held: Lease,
    },
    /// The transaction was to begin, and did not.
    Spent {
        lease: Token,
    },
    Underway(Box<Underway>),
}

/// A transaction that has begun.
pub(crate) struct Underway {
    pub lease: Token,
    pub token: Token,
    pub transaction: Transaction,
    /// One per volume of the transaction.
    pub volumes: Vec<VolumeStep>,
    /// Bytes and entries that were live when it began.
    pub live: (u64, u64),
    /// How long the app may be down before the commit.
    pub stop_to_commit_max: Duration,
    pub at: At,
}

/// How far one volume is: they are staged and sealed beside each other.
pub(crate) enum VolumeStep {
    Unstaged,
    Staged(Arc<Staging>),
    Sealed(Arc<Staging>, Token),
}

/// How far a transaction is.
pub(crate) enum At {
    /// The check of the archive has not begun.
    Begun,
    Extracting(ArchiveCheck),
    /// Every volume is sealed, and that is in the journal.
    Sealed(ArchiveCheck),
    /// A stop was tried, and the app may be down since then.
    Stopping(Option<Instant>),
    Stopped(Stopped),
    Safe(Safe),
    Swapped(Swapped),
    Ended,
}

#[derive(Clone, Copy)]
pub(crate) struct Stopped {
    pub token: Token,
    /// When the app was told to stop.
    pub since: Instant,
}

#[derive(Clone, Copy)]
pub(crate) struct Safe {
    pub stopped: Stopped,
    pub token: Token,
}

pub(crate) struct Swapped {
    pub safe: Safe,
    pub token: Token,
    /// When the plugin was last given back control.
    pub unattended_since: Instant,
    pub app: AppStep,
    pub back: Option<Box<WentBack>>,
}

/// How far the app is after the commit.
pub(crate) enum AppStep {
    Down,
    NotStarted(Failure),
    Started,
    /// What it was found to be, if that could be told.
    Awaited(Option<HealthReport>),
}

/// A revert that the plugin asked for.
pub(crate) struct WentBack {
    pub why: Failure,
    pub how: Result<Reverted>,
}

impl Step {
    /// The proof of the lease, once it was given.
    pub(crate) fn lease(&self) -> Option<Token> {
        match self {
            Step::Prepared(_) => None,
            Step::Locked { lease, .. } | Step::Replanned { lease, .. } | Step::Spent { lease } => Some(*lease),
            Step::Underway(underway) => Some(underway.lease),
        }
    }

    pub(crate) fn underway(&self) -> Option<&Underway> {
        match self {
            Step::Underway(underway) => Some(underway),
            _ => None,
        }
    }

    pub(crate) fn underway_mut(&mut self) -> Option<&mut Underway> {
        match self {
            Step::Underway(underway) => Some(underway),
            _ => None,
        }
    }

    /// The transaction whose beginning this proves.
    pub(crate) fn begun(&mut self, given: Token) -> Result<&mut Underway> {
        let underway = self.underway_mut().filter(|underway| !matches!(underway.at, At::Ended));
        underway.filter(|underway| underway.token == given).ok_or_else(|| no_proof(message!("proof-transaction")))
    }

    /// The transaction for which this proves that the app was stopped.
    pub(crate) fn stopped(&mut self, given: Token) -> Result<&mut Underway> {
        let underway = self.underway_mut();
        underway.filter(|underway| underway.at.is_stopped_by(given)).ok_or_else(|| no_proof(message!("proof-stop")))
    }

    /// The transaction whose swap this proves.
    pub(crate) fn swapped(&mut self, given: Token) -> Result<(&mut Transaction, &mut Swapped)> {
        match self.underway_mut() {
            Some(Underway { transaction, at: At::Swapped(swapped), .. }) if swapped.token == given => {
                Ok((transaction, swapped))
            }
            _ => Err(no_proof(message!("proof-swap"))),
        }
    }

    /// Whether the app may still be up.
    pub(crate) fn is_before_the_stop(&self) -> bool {
        let is_at = |at: &At| matches!(at, At::Begun | At::Extracting(_) | At::Sealed(_));
        self.underway().is_none_or(|underway| is_at(&underway.at))
    }
}

impl Underway {
    /// Bytes and entries of all volumes that are restored.
    pub(crate) fn totals(&self) -> (u64, u64) {
        let volumes = self.transaction.spec().volumes.iter();
        volumes.fold((0, 0), |(bytes, entries), volume| (bytes + volume.bytes, entries + volume.entries))
    }

    /// Bytes and entries that were staged so far, as one number.
    pub(crate) fn staged(&self) -> u64 {
        self.volumes.iter().map(VolumeStep::staged).sum()
    }

    /// Every volume is sealed.
    pub(crate) fn is_sealed(&self) -> bool {
        self.volumes.iter().all(VolumeStep::is_sealed)
    }

    /// The proofs of all seals, if there are all; in their order as numbers.
    pub(crate) fn seals(&self) -> Option<Vec<Token>> {
        let seals: Option<Vec<Token>> = self.volumes.iter().map(VolumeStep::seal).collect();
        seals.map(|mut seals| {
            seals.sort_unstable();
            seals
        })
    }

    /// From the extraction to the seal of all of it.
    pub(crate) fn become_sealed(&mut self) {
        self.at = match std::mem::replace(&mut self.at, At::Begun) {
            At::Extracting(check) => At::Sealed(check),
            at => at,
        };
    }

    /// From the seal to a stop, which is tried once: what is still to be waited for before it.
    pub(crate) fn try_to_stop(&mut self) -> Option<ArchiveCheck> {
        match std::mem::replace(&mut self.at, At::Stopping(None)) {
            At::Sealed(check) => Some(check),
            at => {
                self.at = at;
                None
            }
        }
    }
}

impl VolumeStep {
    pub(crate) fn is_sealed(&self) -> bool {
        self.seal().is_some()
    }

    fn seal(&self) -> Option<Token> {
        match self {
            VolumeStep::Sealed(_, token) => Some(*token),
            VolumeStep::Unstaged | VolumeStep::Staged(_) => None,
        }
    }

    fn staged(&self) -> u64 {
        match self {
            VolumeStep::Unstaged => 0,
            VolumeStep::Staged(staging) | VolumeStep::Sealed(staging, _) => {
                let progress = staging.progress();
                progress.bytes.load(Ordering::Relaxed) + progress.entries.load(Ordering::Relaxed)
            }
        }
    }
}

impl At {
    fn stopped(&self) -> Option<&Stopped> {
        match self {
            At::Stopped(stopped) => Some(stopped),
            At::Safe(safe) | At::Swapped(Swapped { safe, .. }) => Some(&safe.stopped),
            At::Begun | At::Extracting(_) | At::Sealed(_) | At::Stopping(_) | At::Ended => None,
        }
    }

    pub(crate) fn is_stopped_by(&self, given: Token) -> bool {
        self.stopped().is_some_and(|stopped| stopped.token == given)
    }

    pub(crate) fn is_safe_by(&self, given: Token) -> bool {
        match self {
            At::Safe(safe) | At::Swapped(Swapped { safe, .. }) => safe.token == given,
            _ => false,
        }
    }

    /// Since when the app may be down, before the commit.
    pub(crate) fn down_since(&self) -> Option<Instant> {
        match self {
            At::Stopping(since) => *since,
            at => at.stopped().map(|stopped| stopped.since),
        }
    }
}

impl AppStep {
    /// Why going back is right, if the app failed for certain.
    pub(crate) fn bad(&self) -> Option<Failure> {
        match self {
            AppStep::NotStarted(failure) if failure.code == Code::AppBad => Some(failure.clone()),
            AppStep::Awaited(Some(report)) if report.health == Health::ConfirmedBad => Some(app_bad(report)),
            _ => None,
        }
    }
}

pub(crate) fn no_proof(what: Message) -> Failure {
    out_of_order(message!("this-is-not-the-proof", what))
}

/// What is said of an app that failed for certain.
pub(crate) fn app_bad(report: &HealthReport) -> Failure {
    Failure::new(Code::AppBad, message!("the-app-is-bad", reason = report.reason))
        .hint(message!("its-log-says-more-the-previous"))
}
