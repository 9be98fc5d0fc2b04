//! `lifecycle`: the lock and the stop.

use wasmtime::component::Resource;

use super::handles::{Lease, Stopped};
use crate::bindings::reforge::restore::lifecycle;
use crate::sandbox::Sandbox;
use reforge_base::failure::Failure;

impl lifecycle::Host for Sandbox {
    fn lock(&mut self) -> Result<Resource<Lease>, Failure> {
        let token = self.calls.lock()?;
        self.handles.push(Lease(token))
    }

    fn stop(&mut self, lease: Resource<Lease>) -> Result<Resource<Stopped>, Failure> {
        let token = self.calls.stop(self.handles.get(&lease)?.0)?;
        self.handles.push(Stopped(token))
    }
}

impl lifecycle::HostLease for Sandbox {
    fn drop(&mut self, lease: Resource<Lease>) -> wasmtime::Result<()> {
        self.handles.delete(lease)?;
        Ok(())
    }
}

impl lifecycle::HostStopped for Sandbox {
    fn drop(&mut self, stopped: Resource<Stopped>) -> wasmtime::Result<()> {
        self.handles.delete(stopped)?;
        Ok(())
    }
}
