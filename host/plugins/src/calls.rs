//! The exports of a plugin as functions: each in a sandbox of its own.

use std::sync::Arc;

use wasmtime::component::Resource;

use super::bindings::exports::reforge::restore::restorer::{Description, Inspection, Job, RestorePlan};
pub use super::foreign::own;
use super::foreign::shortened;
use super::host_calls::{HostCalls, NothingGiven};
use super::imports::handles::Snapshot;
use super::limits;
use super::plugin::Plugin;
use super::sandbox::{Instance, Role};
use reforge_base::failure::Result;

impl Plugin {
    /// Who the plugin says it is. It has no handles at all.
    pub fn describe(&self) -> Result<Description> {
        let mut instance = Instance::new(&self.prepared, Role::Caller, Arc::new(NothingGiven::new()))?;
        let answer = instance.exports.reforge_restore_restorer().call_describe(&mut instance.store);
        let said = instance.answer(answer.map(Ok))?;
        let short = |text: &String| shortened(text, limits::NAME_CHARACTERS_MAX);
        let formats = said.formats.iter().take(limits::FAILURES_MAX).map(short).collect();
        Ok(Description { name: short(&said.name), version: short(&said.version), formats })
    }

    /// What a restore would change. Changes nothing.
    pub fn plan(&self, calls: Arc<dyn HostCalls>, job: &Job) -> Result<RestorePlan> {
        let (mut instance, snapshot) = self.open(calls)?;
        let answer = instance.exports.reforge_restore_restorer().call_plan(&mut instance.store, snapshot, job);
        instance.answer(answer)
    }

    /// The whole restore as far as the plugin takes it; the caller settles what it leaves. Answers its summary.
    pub fn restore(&self, calls: Arc<dyn HostCalls>, job: &Job) -> Result<String> {
        let (mut instance, snapshot) = self.open(calls)?;
        let answer = instance.exports.reforge_restore_restorer().call_restore(&mut instance.store, snapshot, job);
        let summary = instance.answer(answer)?.summary;
        Ok(reforge_base::escape::text(&shortened(&summary, limits::SENTENCE_CHARACTERS_MAX)))
    }

    /// Reads a foreign archive whole.
    pub fn inspect(&self, calls: Arc<dyn HostCalls>, job: &Job) -> Result<Inspection> {
        let (mut instance, archive) = self.open(calls)?;
        let answer = instance.exports.reforge_restore_restorer().call_inspect(&mut instance.store, archive, job);
        instance.answer(answer)
    }

    fn open(&self, calls: Arc<dyn HostCalls>) -> Result<(Instance, Resource<Snapshot>)> {
        let mut instance = Instance::new(&self.prepared, Role::Caller, calls)?;
        let snapshot = instance.store.data_mut().handles.push(Snapshot)?;
        Ok((instance, snapshot))
    }
}
