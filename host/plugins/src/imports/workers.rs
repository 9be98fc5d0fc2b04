//! `workers`: extraction side by side.

use wasmtime::component::Resource;

use super::handles::{Snapshot, Staging};
use crate::bindings::reforge::restore::workers::{self, Part};
use crate::limits::workers_max;
use crate::sandbox::{Role, Sandbox};
use reforge_base::failure::Failure;

impl workers::Host for Sandbox {
    fn run(
        &mut self,
        _snapshot: Resource<Snapshot>,
        parts: Vec<Part>,
        indexes: Vec<u32>,
        into: Vec<Resource<Staging>>,
    ) -> Result<(), Failure> {
        self.calls.workers(self.role == Role::Worker)?;
        let into =
            into.iter().map(|staging| Ok(self.handles.get(staging)?.clone())).collect::<Result<Vec<_>, Failure>>()?;
        crate::workers::run(&self.prepared, &self.calls, (&parts, workers_max()), &indexes, &into)
    }
}
