//! The app of one workload while its lease is held: every lifecycle call of a transaction, each an effect that can be
//! failed, stalled or cut. To hold one is to hold the lock, so that nothing else can deploy meanwhile.

use std::sync::Arc;

use crate::deployer::dispatch::Deployer;
use crate::deployer::lease::Lease;
use crate::effects::effect;
use crate::failure::{Code, Failure, Result};
use crate::runtime::{DeploySpec, HealthReport, Observation, Runtime};

/// See the module.
pub struct App {
    deployer: Deployer,
    lease: Lease,
    runtime: Arc<dyn Runtime>,
}

impl App {
    /// The app of the lease's workload, run by the runtime of this name.
    pub fn new(deployer: &Deployer, lease: Lease, runtime: &str) -> Result<App> {
        let runtime = deployer.runtime_named(runtime)?.clone();
        Ok(App { deployer: deployer.clone(), lease, runtime })
    }

    pub fn workload(&self) -> &str {
        self.lease.workload()
    }

    /// What it is doing. Changes nothing.
    pub fn observe(&self) -> Result<Observation> {
        self.call("observe", || self.runtime.observe(self.workload()))
    }

    /// Policies off, then stopped. May be repeated.
    pub fn stop(&self) -> Result<()> {
        self.call("hold", || self.runtime.hold(self.workload()))?;
        self.call("stop", || self.runtime.stop(self.workload()))
    }

    /// Whether the runtime says that it is down.
    pub fn is_down(&self) -> Result<bool> {
        self.call("is-down", || self.runtime.is_down(self.workload()))
    }

    /// Created anew, by the function that every deploy goes through. Policies stay off.
    pub fn create(&self, spec: &DeploySpec) -> Result<()> {
        self.deployer.create_under(&self.lease, spec, &self.runtime)
    }

    /// Waits for its health.
    pub fn await_healthy(&self, cancelled: &dyn Fn() -> bool) -> Result<HealthReport> {
        self.deployer.await_under(&self.lease, &self.runtime, cancelled)
    }

    /// As it was observed, the old instance if there is one.
    pub fn bring_back(&self, observation: &Observation) -> Result<()> {
        self.call("bring-back", || self.runtime.bring_back(observation))
    }

    /// The way back to what was observed is not needed any more.
    pub fn forget(&self, observation: &Observation) -> Result<()> {
        self.call("forget", || self.runtime.forget(observation))
    }

    /// Policies as the spec says.
    pub fn release(&self) -> Result<()> {
        self.call("release", || self.runtime.release(self.workload()))
    }

    fn call<T: 'static>(&self, name: &str, call: impl FnOnce() -> Result<T>) -> Result<T> {
        effect(name, || Ok(call())).map_err(|error| {
            let workload = crate::escape::text(self.workload());
            Failure::new(Code::Runtime, format!("cannot {name} `{workload}`: {error}"))
        })?
    }
}
