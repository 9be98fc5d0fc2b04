//! What a start does about snapshots that were cut short: the app is brought back as it was, and the hooks that were to run do.
//!
//! An app that was frozen and that a person has stopped meanwhile stays stopped: a thaw wakes and starts nothing. One that was
//! stopped for the snapshot is started: nobody can tell that stop from another.

use super::super::Host;
use super::record::{self, CaptureRecord, Interrupts};
use super::{HookTime, hooks};
use reforge_base::escape;
use reforge_base::failure::Result;
use reforge_base::message;
use reforge_runtime::stopped;
use reforge_transaction::registry;

impl Host {
    /// One after the other. What cannot be settled is told, and blocks its own workload only.
    pub(in crate::host) fn settle_captures(&self) {
        let directory = self.state.captures();
        let workloads = record::workloads(&directory).unwrap_or_else(|failure| {
            self.deployer.tell(failure.message);
            Vec::new()
        });
        for workload in workloads {
            if let Err(failure) = self.unless_busy(&workload, || self.settle_capture(&workload)) {
                let workload = escape::text(&workload);
                self.deployer.tell(message!("a-cut-short-snapshot-is-not-settled", workload, failure));
            }
        }
    }

    fn settle_capture(&self, workload: &str) -> Result<()> {
        let directory = self.state.captures();
        // Somebody may have done it since.
        let Some(record) = record::read(&directory, workload)? else { return Ok(()) };
        // A restore that is not over knows what the app shall do.
        if registry::blocking(&registry::read_open(&self.state.transactions())?, workload).is_some() {
            return Ok(());
        }
        let runtime = self.deployer.runtime_named(&record.runtime)?.clone();
        match &record.interrupts {
            Interrupts::Nothing => {}
            Interrupts::Stop => stopped::bring_up_after_a_crash(&*runtime, workload, &record.before)?,
            Interrupts::Pause(freezable) => runtime.thaw(workload, freezable)?,
        }
        let after = self.after_a_crash(&record)?;
        record::remove(&directory, workload)?;
        self.deployer.tell(message!("a-snapshot-was-cut-short-and-settled", workload = escape::text(workload)));
        let details = serde_json::json!({ "workload": workload, "began": record.began, "hooks": after });
        self.audit.append("snapshot-cut-short", "host", details)
    }

    /// A hook that fails is told, and is not tried for ever.
    fn after_a_crash(&self, record: &CaptureRecord) -> Result<Vec<reforge_base::consistency::HookRun>> {
        let mut runs = Vec::new();
        if record.after.is_empty() {
            return Ok(runs);
        }
        let runtime = self.deployer.runtime_named(&record.runtime)?;
        if record.interrupts == Interrupts::Stop {
            runtime.await_healthy(&record.workload, &|| false)?;
        }
        for hook in &record.after {
            let run = hooks::run(&**runtime, &record.workload, HookTime::After, hook);
            if let Some(failure) = hooks::failure(&run) {
                self.deployer.tell(failure.message);
            }
            runs.push(run);
        }
        Ok(runs)
    }
}
