//! `snapshots`: the archive of this call, and the safety snapshot.

use wasmtime::component::Resource;

use super::handles::{Lease, Safety, Snapshot, Stopped};
use crate::failure::Failure;
use crate::plugins::bindings::reforge::restore::snapshots;
use crate::plugins::limits;
use crate::plugins::sandbox::Sandbox;

impl snapshots::Host for Sandbox {
    fn capture_safety(
        &mut self,
        lease: Resource<Lease>,
        stopped: Resource<Stopped>,
    ) -> Result<Resource<Safety>, Failure> {
        let lease = self.table.get(&lease)?.0;
        let stopped = self.table.get(&stopped)?.0;
        let proof = self.monitor.capture_safety(lease, stopped)?;
        Ok(self.table.push(Safety(proof))?)
    }
}

impl snapshots::HostSnapshot for Sandbox {
    fn descriptor(&mut self, _snapshot: Resource<Snapshot>) -> wasmtime::Result<String> {
        Ok(self.monitor.descriptor_text().to_owned())
    }

    fn size(&mut self, _snapshot: Resource<Snapshot>) -> wasmtime::Result<u64> {
        Ok(self.monitor.archive_bytes())
    }

    fn read_at(&mut self, _snapshot: Resource<Snapshot>, offset: u64, max: u32) -> Result<Vec<u8>, Failure> {
        self.monitor.read_archive(offset, (max as usize).min(limits::PIECE_BYTES_MAX))
    }

    fn drop(&mut self, snapshot: Resource<Snapshot>) -> wasmtime::Result<()> {
        self.table.delete(snapshot)?;
        Ok(())
    }
}

impl snapshots::HostSafety for Sandbox {
    fn drop(&mut self, safety: Resource<Safety>) -> wasmtime::Result<()> {
        self.table.delete(safety)?;
        Ok(())
    }
}
