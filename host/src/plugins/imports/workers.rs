//! `workers`: extraction side by side.

use wasmtime::component::Resource;

use super::handles::{Snapshot, Staging};
use crate::failure::Failure;
use crate::plugins::bindings::reforge::restore::workers::{self, Part};
use crate::plugins::sandbox::{Role, Sandbox};

impl workers::Host for Sandbox {
    fn run(
        &mut self,
        _snapshot: Resource<Snapshot>,
        parts: Vec<Part>,
        indexes: Vec<u32>,
        into: Vec<Resource<Staging>>,
    ) -> Result<(), Failure> {
        self.monitor.workers(self.role == Role::Worker)?;
        let into =
            into.iter().map(|staging| Ok(self.table.get(staging)?.clone())).collect::<Result<Vec<_>, Failure>>()?;
        crate::plugins::workers::run(&self.plugin, &self.monitor, &parts, &indexes, &into)
    }
}
