//! Clocks, and what a guest waits for by them.

use std::time::{Duration, Instant};

use wasmtime::component::Resource;
use wasmtime_wasi::p2::bindings::clocks::monotonic_clock;
use wasmtime_wasi::p2::{DynPollable, Pollable, subscribe};
use wasmtime_wasi_io::async_trait;

use super::waiting;
use crate::sandbox::Sandbox;

/// A time, or none at all, that a guest can wait for.
struct Timer(Option<Instant>);

#[async_trait]
impl Pollable for Timer {
    async fn ready(&mut self) {
        waiting::ready_at(self.0).await;
    }
}

/// Nanoseconds since the sandbox was made.
impl monotonic_clock::Host for Sandbox {
    fn now(&mut self) -> wasmtime::Result<u64> {
        Ok(u64::try_from(self.made.elapsed().as_nanos()).unwrap_or(u64::MAX))
    }

    fn resolution(&mut self) -> wasmtime::Result<u64> {
        Ok(1)
    }

    fn subscribe_instant(&mut self, when: u64) -> wasmtime::Result<Resource<DynPollable>> {
        let timer = Timer(self.made.checked_add(Duration::from_nanos(when)));
        let timer = self.handles.0.push(timer)?;
        subscribe(&mut self.handles.0, timer)
    }

    fn subscribe_duration(&mut self, duration: u64) -> wasmtime::Result<Resource<DynPollable>> {
        let timer = Timer(Instant::now().checked_add(Duration::from_nanos(duration)));
        let timer = self.handles.0.push(timer)?;
        subscribe(&mut self.handles.0, timer)
    }
}
