//! What transactions see of the deployer: each workload's lock, and the apps that it starts and stops.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::deployed;
use crate::dispatch::Deployer;
use reforge_base::Message;
use reforge_base::failure::{Failure, Result};
use reforge_base::spec::{DeploySpec, HealthReport, Observation};
use reforge_runtime::Runtime;
use reforge_transaction::app::{Apps, Lifecycle, Used};
use reforge_transaction::generation::Generations;
use reforge_transaction::lease::{Lease, Locks};

impl Apps for Deployer {
    fn locks(&self) -> &Locks {
        self.locks()
    }

    fn host_id(&self) -> &str {
        self.host_id()
    }

    fn generations(&self) -> &Generations {
        self.generations()
    }

    fn lifecycle(&self, runtime: &str) -> Result<Box<dyn Lifecycle>> {
        let runtime = self.runtime_named(runtime)?.clone();
        Ok(Box::new(OfRuntime { deployer: self.clone(), runtime }))
    }
}

/// The apps of one runtime.
struct OfRuntime {
    deployer: Deployer,
    runtime: Arc<dyn Runtime>,
}

impl Lifecycle for OfRuntime {
    fn observe(&self, workload: &str) -> Result<Observation> {
        self.runtime.observe(workload)
    }

    fn elsewhere(&self, workload: &str, used: &[Used], left: &[String]) -> Result<Option<Failure>> {
        Ok(Failure::of_all(&deployed::refusals(&*self.runtime, workload, used, left)?))
    }

    fn hold(&self, workload: &str) -> Result<()> {
        self.runtime.hold(workload)
    }

    fn release(&self, workload: &str) -> Result<()> {
        self.runtime.release(workload)
    }

    fn stop(&self, workload: &str) -> Result<()> {
        self.runtime.stop(workload)
    }

    fn is_down(&self, workload: &str) -> Result<bool> {
        self.runtime.is_down(workload)
    }

    fn not_down(&self, workload: &str) -> Result<Option<Message>> {
        self.runtime.not_down(workload)
    }

    fn ran_meanwhile(&self, workload: &str, live: &[(String, PathBuf)]) -> Result<Vec<Message>> {
        self.runtime.ran_meanwhile(workload, live)
    }

    fn suspects(&self, workload: &str) -> Result<Vec<Message>> {
        self.runtime.suspects(workload)
    }

    fn member_downtimes(&self, workload: &str) -> Result<Vec<(String, Duration)>> {
        self.runtime.member_downtimes(workload)
    }

    fn starts_by_others(&self) -> bool {
        self.runtime.starts_by_others()
    }

    fn refuse_missing(&self, workload: &str) -> Result<()> {
        self.runtime.refuse_missing(workload)
    }

    fn create(&self, lease: &Lease, spec: &DeploySpec) -> Result<()> {
        self.deployer.create_under(lease, spec, &self.runtime)
    }

    fn await_healthy(&self, lease: &Lease, cancelled: &dyn Fn() -> bool) -> Result<HealthReport> {
        self.deployer.await_under(lease, &self.runtime, cancelled)
    }

    fn bring_back(&self, observation: &Observation) -> Result<()> {
        self.runtime.bring_back(observation)
    }

    fn discard(&self, observation: &Observation) -> Result<()> {
        self.runtime.discard(observation)
    }
}
