//! `snapshots`: the archive of this call, and the safety snapshot.

use wasmtime::component::Resource;

use super::handles::{Lease, Safety, Snapshot, Stopped};
use crate::bindings::reforge::restore::snapshots;
use crate::sandbox::Sandbox;
use reforge_base::failure::Failure;
use reforge_base::limits::PIECE_BYTES_MAX;

impl snapshots::Host for Sandbox {
    fn capture_safety(
        &mut self,
        lease: Resource<Lease>,
        stopped: Resource<Stopped>,
    ) -> Result<Resource<Safety>, Failure> {
        let lease = self.handles.get(&lease)?.0;
        let stopped = self.handles.get(&stopped)?.0;
        let token = self.calls.capture_safety(lease, stopped)?;
        self.handles.push(Safety(token))
    }
}

impl snapshots::HostSnapshot for Sandbox {
    fn descriptor(&mut self, _snapshot: Resource<Snapshot>) -> wasmtime::Result<String> {
        Ok(self.calls.descriptor_text().to_owned())
    }

    fn size(&mut self, _snapshot: Resource<Snapshot>) -> wasmtime::Result<u64> {
        Ok(self.calls.archive_bytes())
    }

    fn read_at(&mut self, _snapshot: Resource<Snapshot>, offset: u64, max: u32) -> Result<Vec<u8>, Failure> {
        self.calls.read_archive(offset, (max as usize).min(PIECE_BYTES_MAX))
    }

    fn drop(&mut self, snapshot: Resource<Snapshot>) -> wasmtime::Result<()> {
        self.handles.delete(snapshot)?;
        Ok(())
    }
}

impl snapshots::HostSafety for Sandbox {
    fn drop(&mut self, safety: Resource<Safety>) -> wasmtime::Result<()> {
        self.handles.delete(safety)?;
        Ok(())
    }
}
