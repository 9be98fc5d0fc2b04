//! A restore that nothing is restored by: whoever only looks takes what the plugin stages.
//!
//! Nothing is locked, begun or sealed: tokens and seals here stand for nothing, and the stop is refused, so no plugin gets any
//! further. What is taken is bounded by whoever takes it.

use std::collections::BTreeSet;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, PoisonError};

use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;
use reforge_plugins::host_calls::{Facts, Token};
use reforge_volumes::receiver::Receiver;

/// A volume of the snapshot, and who takes its entries.
pub struct Shown {
    pub name: String,
    pub scope: String,
    pub into: Arc<dyn Receiver>,
}

/// See the module.
pub(super) struct Looking {
    shown: Vec<Shown>,
    sealed: Mutex<BTreeSet<usize>>,
    /// Entries and bytes so far.
    pub taken: AtomicU64,
}

impl Looking {
    pub(super) fn new(shown: Vec<Shown>) -> Looking {
        Looking { shown, sealed: Mutex::default(), taken: AtomicU64::new(0) }
    }

    /// Stands for nothing.
    pub(super) fn token(&self) -> Result<Token> {
        Ok(Token(0))
    }

    /// Of a volume that is not live anywhere.
    pub(super) fn facts(&self, name: &str) -> Result<Facts> {
        let scope = self.shown[self.find(name)?].scope.clone();
        Ok(Facts { name: name.to_owned(), scope, exists: false, entries: 0, bytes: 0 })
    }

    pub(super) fn stage(&self, name: &str) -> Result<(usize, Arc<dyn Receiver>)> {
        let number = self.find(name)?;
        Ok((number, self.shown[number].into.clone()))
    }

    pub(super) fn seal(&self, number: usize) -> Result<Token> {
        self.sealed.lock().unwrap_or_else(PoisonError::into_inner).insert(number);
        self.token()
    }

    pub(super) fn was_read(&self) -> bool {
        self.sealed.lock().unwrap_or_else(PoisonError::into_inner).len() == self.shown.len()
    }

    fn find(&self, name: &str) -> Result<usize> {
        let found = self.shown.iter().position(|shown| shown.name == name);
        found.ok_or_else(|| Failure::new(Code::NotFound, message!("there-is-no-volume-so-called")))
    }
}
