//! The exports of a plugin as functions: each in a sandbox of its own.

use std::sync::Arc;

use wasmtime::component::Resource;

use super::bindings::exports::reforge::restore::restorer::{Description, Inspection, Job, RestorePlan};
use super::imports::handles::Snapshot;
use super::plugin::Plugin;
use super::sandbox::{Instance, Role};
use crate::failure::{Code, Failure, Result};
use crate::restore::monitor::Monitor;

impl Plugin {
    /// Who the plugin says it is. It has no handles at all.
    pub fn describe(&self) -> Result<Description> {
        let mut instance = Instance::new(self, Role::Caller, Arc::new(Monitor::without_handles()))?;
        let answer = instance.exports.reforge_restore_restorer().call_describe(&mut instance.store);
        instance.answer(answer.map(Ok))
    }

    /// What a restore would change. Changes nothing.
    pub fn plan(&self, monitor: Arc<Monitor>, job: &Job) -> Result<RestorePlan> {
        let (mut instance, snapshot) = self.open(monitor)?;
        let answer = instance.exports.reforge_restore_restorer().call_plan(&mut instance.store, snapshot, job);
        instance.answer(answer)
    }

    /// The whole restore as far as the plugin takes it; the caller settles what it leaves. Answers its summary.
    pub fn restore(&self, monitor: Arc<Monitor>, job: &Job) -> Result<String> {
        let (mut instance, snapshot) = self.open(monitor)?;
        let answer = instance.exports.reforge_restore_restorer().call_restore(&mut instance.store, snapshot, job);
        instance.answer(answer).map(|report| crate::escape::text(&report.summary))
    }

    /// Reads a foreign archive whole.
    pub fn inspect(&self, monitor: Arc<Monitor>, job: &Job) -> Result<Inspection> {
        let (mut instance, archive) = self.open(monitor)?;
        let answer = instance.exports.reforge_restore_restorer().call_inspect(&mut instance.store, archive, job);
        instance.answer(answer)
    }

    fn open(&self, monitor: Arc<Monitor>) -> Result<(Instance, Resource<Snapshot>)> {
        let mut instance = Instance::new(self, Role::Caller, monitor)?;
        let snapshot = instance.store.data_mut().table.push(Snapshot)?;
        Ok((instance, snapshot))
    }
}

/// A failure in the guest's words: its text is foreign. Guests escape names themselves, so backslashes stay as they
/// are; control characters and the like do not.
pub fn own(failure: &super::bindings::reforge::restore::types::Failure) -> Failure {
    let code = match Code::parse(&failure.code) {
        Code::Other(name) => Code::Other(crate::escape::text(&name)),
        known => known,
    };
    let own = Failure::new(code, text(&failure.message));
    if failure.hint.trim().is_empty() { own } else { own.hint(text(&failure.hint)) }
}

fn text(foreign: &str) -> String {
    crate::escape::prose(foreign)
}
