//! One run of a health check: a child of the supervisor, so that whatever it leaves behind is ended with the app.

use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::identity::ProcessId;
use super::launch::Program;
use super::log::say;
use super::process_tree;
use super::workload_dir::WorkloadDir;
use reforge_base::Message;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;
use reforge_base::spec::DeploySpec;

/// A probe under way.
pub(super) struct Probe {
    pub pid: i32,
    /// When it is killed.
    pub deadline: Instant,
    limit: Duration,
    /// Set when it has ended: none inside is a success.
    pub ended: Option<Option<Message>>,
    timed_out: bool,
}

impl Probe {
    pub(super) fn start(workload_dir: &WorkloadDir, start: u64, spec: &DeploySpec, limit: Duration) -> Result<Probe> {
        let Some(check) = &spec.health else {
            return Err(Failure::new(Code::Usage, message!("there-is-no-health-check")));
        };
        let pid = Program::prepare(spec, &check.command)?.start(workload_dir, start, None)?;
        Ok(Probe { pid, deadline: Instant::now() + limit, limit, ended: None, timed_out: false })
    }

    /// The result, if it has ended; kills it when its time is over.
    pub(super) fn result(&mut self) -> Option<Option<Message>> {
        if self.ended.is_none() && !self.timed_out && Instant::now() >= self.deadline {
            self.timed_out = true;
            self.kill();
        }
        match (&self.ended, self.timed_out) {
            (None, _) => None,
            (Some(_), true) => Some(Some(message!("took-longer-than", limit = self.limit))),
            (Some(ended), false) => Some(ended.clone()),
        }
    }

    /// Kills it and what it started.
    pub(super) fn kill(&self) {
        let below = process_tree::descendants(self.pid).unwrap_or_default();
        let own = ProcessId::current(self.pid).ok().flatten();
        for process in own.iter().chain(&below) {
            if let Err(failure) = process.signal(Signal::KILL) {
                say(&failure);
            }
        }
    }
}
