//! `lifecycle`: the lock and the stop.

use wasmtime::component::Resource;

use super::handles::{Lease, Stopped};
use crate::failure::Failure;
use crate::plugins::bindings::reforge::restore::lifecycle;
use crate::plugins::sandbox::Sandbox;

impl lifecycle::Host for Sandbox {
    fn lock(&mut self) -> Result<Resource<Lease>, Failure> {
        let proof = self.monitor.lock()?;
        Ok(self.table.push(Lease(proof))?)
    }

    fn stop(&mut self, lease: Resource<Lease>) -> Result<Resource<Stopped>, Failure> {
        let proof = self.monitor.stop(self.table.get(&lease)?.0)?;
        Ok(self.table.push(Stopped(proof))?)
    }
}

impl lifecycle::HostLease for Sandbox {
    fn drop(&mut self, lease: Resource<Lease>) -> wasmtime::Result<()> {
        self.table.delete(lease)?;
        Ok(())
    }
}

impl lifecycle::HostStopped for Sandbox {
    fn drop(&mut self, stopped: Resource<Stopped>) -> wasmtime::Result<()> {
        self.table.delete(stopped)?;
        Ok(())
    }
}
