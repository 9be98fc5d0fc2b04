//! Freezes the processes of an app, all of them, and lets them go on.
//!
//! By a control group of their own ([`group`]) where one can be made: that reaches whatever a process waits for. Else by SIGSTOP
//! ([`signals`]). What would be done is written down by whoever asks, before it is done: letting go needs nothing else, may be
//! repeated, and never wakes what somebody else had stopped.

mod group;
mod signals;

use std::time::Duration;

use serde::{Deserialize, Serialize};

use self::group::Group;
use super::identity::ProcessId;
use reforge_base::Message;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;

/// How long processes may take to stand still: one in a write to a slow disk does so when that is over.
const FREEZE_LIMIT: Duration = Duration::from_secs(20);
const POLL: Duration = Duration::from_millis(2);

/// Everything alive of the app, asked anew each time.
pub(super) type Living<'a> = &'a dyn Fn() -> Result<Vec<ProcessId>>;

/// What a freeze does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Plan {
    /// The control group that is made for it, if there can be one.
    group: Option<Group>,
    /// Processes that were stopped already.
    stopped: Vec<ProcessId>,
}

impl Plan {
    /// Looks, and changes nothing.
    pub(super) fn make(living: Living<'_>) -> Result<Plan> {
        let living = living()?;
        let group = Group::beside(&living)?;
        let stopped = living.into_iter().filter(signals::is_stopped).collect();
        Ok(Plan { group, stopped })
    }

    /// Returns when nothing runs.
    pub(super) fn freeze(&self, living: Living<'_>) -> Result<()> {
        if let Some(group) = &self.group {
            if group.freeze(living)? {
                return Ok(());
            }
            group.thaw()?;
        }
        signals::freeze(living)
    }

    pub(super) fn is_frozen(&self, living: Living<'_>) -> Result<bool> {
        match &self.group {
            Some(group) if group.is_there() => group.is_frozen(living),
            _ => Ok(living()?.iter().all(signals::is_stopped)),
        }
    }

    pub(super) fn thaw(&self, living: Living<'_>) -> Result<()> {
        if let Some(group) = &self.group {
            group.thaw()?;
        }
        signals::wake(living, &self.stopped)
    }
}

fn not_frozen(why: impl Into<Message>) -> Failure {
    let failure = Failure::new(Code::Runtime, message!("its-processes-do-not-stand-still", why = why.into()));
    failure.hint(message!("take-it-with-stop-or-live"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::{Child, Command, Stdio};

    /// A shell that starts processes all the time.
    struct Busy(Child);

    impl Busy {
        fn start() -> Busy {
            let script = "while :; do sh -c 'exec true' & wait; done";
            Busy(Command::new("sh").args(["-c", script]).stdout(Stdio::null()).spawn().unwrap())
        }

        fn living(&self) -> Result<Vec<ProcessId>> {
            let pid = self.0.id() as i32;
            let mut all = super::super::process_tree::descendants(pid)?;
            all.extend(ProcessId::current(pid)?);
            Ok(all)
        }

        fn cpu_ticks(&self) -> String {
            let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.0.id())).unwrap();
            stat.split(' ').skip(13).take(4).collect::<Vec<_>>().join(" ")
        }
    }

    impl Drop for Busy {
        fn drop(&mut self) {
            let _ = self.0.kill();
            let _ = self.0.wait();
        }
    }

    fn stands_still_and_goes_on(plan: impl Fn(Plan) -> Plan) {
        let busy = Busy::start();
        let living = || busy.living();
        let plan = plan(Plan::make(&living).unwrap());
        plan.freeze(&living).unwrap();
        assert!(plan.is_frozen(&living).unwrap());
        let (ticks, alive) = (busy.cpu_ticks(), busy.living().unwrap());
        std::thread::sleep(Duration::from_millis(100));
        assert_eq!((busy.cpu_ticks(), busy.living().unwrap()), (ticks, alive));
        plan.thaw(&living).unwrap();
        plan.thaw(&living).unwrap();
        assert!(!plan.is_frozen(&living).unwrap());
        let begun = std::time::Instant::now();
        let before = busy.living().unwrap();
        while busy.living().unwrap() == before {
            assert!(begun.elapsed() < Duration::from_secs(20), "it does not go on");
        }
        assert!(plan.group.is_none_or(|group| !group.is_there()), "nothing is left");
    }

    #[test]
    fn processes_that_start_others_stand_still_by_signals() {
        stands_still_and_goes_on(|plan| Plan { group: None, ..plan });
    }

    #[test]
    fn processes_that_start_others_stand_still_by_a_control_group_where_there_is_one() {
        stands_still_and_goes_on(|plan| plan);
    }

    #[test]
    fn what_somebody_had_stopped_is_not_woken() {
        let busy = Busy::start();
        let living = || busy.living();
        signals::freeze(&living).unwrap();
        let plan = Plan { group: None, ..Plan::make(&living).unwrap() };
        plan.freeze(&living).unwrap();
        plan.thaw(&living).unwrap();
        assert!(plan.is_frozen(&living).unwrap());
        signals::wake(&living, &[]).unwrap();
    }
}
