//! The exports of a plugin as functions: each in a sandbox of its own.

use std::sync::Arc;

use wasmtime::component::Resource;

use super::bindings::exports::reforge::restore::restorer::{Description, Inspection, Job, RestorePlan};
use super::bindings::importing::Importing;
use super::bindings::importing::exports::reforge::restore::importer::{Contents, Remark, Rules, Source};
use super::bindings::reforge::restore::workers::Part;
pub use super::foreign::own;
use super::foreign::shortened;
use super::host_calls::{HostCalls, NothingGiven};
use super::imports::handles::{Snapshot, Staging};
use super::limits;
use super::plugin::Plugin;
use super::sandbox::{Instance, Role};
use super::workers;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;
use reforge_volumes::receiver::Receiver;

/// Whether parts may be read in any order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    Any,
    Kept,
}

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

    /// Reads parts of an archive for whoever only looks: `into[k]` takes the entries of archive index `indexes[k]`. Side by
    /// side, unless whoever takes them needs them in order.
    pub fn read_parts(
        &self,
        calls: Arc<dyn HostCalls>,
        (parts, order): (&[Part], Order),
        indexes: &[u32],
        into: &[Arc<dyn Receiver>],
    ) -> Result<()> {
        let workers = match order {
            Order::Any => limits::workers_max(),
            Order::Kept => 1,
        };
        let staging = |(volume, tree): (usize, &Arc<dyn Receiver>)| Staging { volume, tree: tree.clone() };
        let into: Vec<Staging> = into.iter().enumerate().map(staging).collect();
        workers::run(&self.prepared, &calls, (parts, workers), indexes, &into)
    }

    /// Whether it takes in more than archives of its own.
    pub fn imports(&self) -> bool {
        self.prepared.importing.is_some()
    }

    /// What a foreign archive holds. Writes nothing.
    pub fn survey(&self, calls: Arc<dyn HostCalls>, rules: &Rules) -> Result<Contents> {
        let (mut instance, archive) = self.open_importing(calls)?;
        let answer = instance.exports.reforge_restore_importer().call_survey(&mut instance.store, archive, rules);
        instance.answer(answer)
    }

    /// Makes an archive that it reads of a foreign one.
    pub fn convert(
        &self,
        calls: Arc<dyn HostCalls>,
        manifest: &str,
        sources: &[Source],
        rules: &Rules,
    ) -> Result<Vec<Remark>> {
        let (mut instance, archive) = self.open_importing(calls)?;
        let importer = instance.exports.reforge_restore_importer();
        let answer = importer.call_convert(&mut instance.store, archive, manifest, sources, rules);
        instance.answer(answer)
    }

    fn open_importing(&self, calls: Arc<dyn HostCalls>) -> Result<(Instance<Importing>, Resource<Snapshot>)> {
        let none = || Failure::new(Code::PluginRefused, message!("the-plugin-takes-in-no-foreign-archives"));
        let mut instance = Instance::importing(&self.prepared, calls).ok_or_else(none)??;
        let archive = instance.store.data_mut().handles.push(Snapshot)?;
        Ok((instance, archive))
    }

    fn open(&self, calls: Arc<dyn HostCalls>) -> Result<(Instance, Resource<Snapshot>)> {
        let mut instance = Instance::new(&self.prepared, Role::Caller, calls)?;
        let snapshot = instance.store.data_mut().handles.push(Snapshot)?;
        Ok((instance, snapshot))
    }
}
