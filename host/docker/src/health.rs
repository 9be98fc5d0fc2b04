//! Waiting for a container after a start: healthy, confirmed bad, or unknown.
//!
//! The workload's own check is run in the container; without one the image's counts, and without either that it has run
//! for a while. What was reported before this start does not count. Confirmed bad makes the host go back to the old
//! data, so it is said only of a container that ended; "unhealthy" may be a database that still replays its log.

use std::time::{Duration, Instant};

use bollard::exec::StartExecOptions;
use bollard::models::{ExecConfig, HealthStatusEnum};
use bollard::query_parameters::LogsOptions;
use futures_util::StreamExt as _;
use rustix::process::Signal;

use super::client::{CHANGE_LIMIT, Client};
use super::container::Found;
use super::{DockerRuntime, View, container, events};
use reforge_base::Message;
use reforge_base::escape;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;
use reforge_base::spec::{DeploySpec, Health, HealthCheck, HealthReport, Restart};
use reforge_runtime::process::{ProcessId, descendants};

/// How long an app without any check must have run.
const SETTLE: Duration = Duration::from_secs(1);
/// The same of one that has ended since: an engine waits longer each time, and begins anew after this.
const SETTLE_AFTER_ENDS: Duration = Duration::from_secs(10);
/// How long one run of a check may take.
const PROBE_LIMIT: Duration = Duration::from_secs(10);
/// What an engine takes for interval and timeout of an image's check that does not say so, and how often it tries.
const CHECK_DEFAULT: Duration = Duration::from_secs(30);
const CHECK_TRIES_DEFAULT: u32 = 3;
/// How long an app without a check of the workload's own is waited for, at least.
pub(crate) const LIMIT: Duration = Duration::from_secs(120);
/// Ends that confirm that an app with a check is bad; without one it is the first.
const ENDS_MAX: i64 = 3;
/// How long a check that was killed may take to be gone.
const END_LIMIT: Duration = Duration::from_secs(5);
const POLL: Duration = Duration::from_millis(50);
/// How much of what the app said is shown.
const OUTPUT_LINES: &str = "5";
const OUTPUT_BYTES_MAX: usize = 2048;

/// See [`reforge_runtime::Runtime::await_healthy`].
pub(crate) fn wait(runtime: &DockerRuntime, workload: &str, cancelled: &dyn Fn() -> bool) -> Result<HealthReport> {
    let view = runtime.view(workload)?;
    let Some(first) = view.current() else {
        let message = message!("was-never-deployed", workload = escape::text(workload));
        return Err(Failure::new(Code::NotFound, message));
    };
    let spec = view.spec_of(first)?;
    let held = view.record.hold.is_some();
    let limit = spec.health.as_ref().map_or_else(|| LIMIT.max(takes_at_most(first)), |check| check.limit);
    let deadline = Instant::now() + limit;
    let looped = view.record.hold.as_ref().is_some_and(|hold| hold.looped);
    let check = spec.health.as_ref().map(|check| Check::of(check, &spec)).transpose()?;
    let mut wait = Wait { view: &view, spec: &spec, held, looped, check, images_last: None };
    loop {
        if cancelled() {
            return Ok(unknown(message!("cancelled-before-the-app-was-known")));
        }
        let Some(found) = container::inspect(&view.client, &first.id)? else {
            return Ok(unknown(message!("something-removed-the-container-so-nobody")));
        };
        if let Some(report) = wait.look(&found, deadline)? {
            return Ok(report);
        }
        if Instant::now() >= deadline {
            if let Some(report) = wait.at_the_limit(&found) {
                return Ok(report);
            }
            let last = wait.check.and_then(|check| check.last).or(wait.images_last);
            let why = last.unwrap_or_else(|| message!("the-app-did-not-settle"));
            return Ok(unknown(with_last_output(&view.client, &found, message!("until-the-limit-of", why, limit))));
        }
        std::thread::sleep(POLL.min(deadline.saturating_duration_since(Instant::now())));
    }
}

/// One wait for one container.
struct Wait<'a> {
    view: &'a View<'a>,
    spec: &'a DeploySpec,
    held: bool,
    /// It ended again and again before it was stopped: that it does so once more says nothing.
    looped: bool,
    check: Option<Check>,
    /// What the image's own said last.
    images_last: Option<Message>,
}

/// The workload's own check, as often as it was run.
pub(crate) struct Check {
    words: Vec<String>,
    interval: Duration,
    next: Instant,
    /// Why it has not passed yet.
    pub last: Option<Message>,
}

impl Check {
    fn of(check: &HealthCheck, spec: &DeploySpec) -> Result<Check> {
        let words = check.command.iter().map(|word| spec.fill(word, |mount| &mount.target));
        let words: Result<Vec<String>> = words.map(|word| Ok(word?.to_string_lossy().into_owned())).collect();
        Ok(Check::of_words(words?, check.interval))
    }

    /// Of a command as it is.
    pub(crate) fn of_words(words: Vec<String>, interval: Duration) -> Check {
        Check { words, interval: interval.max(POLL), next: Instant::now(), last: None }
    }

    /// Runs it when it is time. Whether it has passed now.
    pub(crate) fn passes(&mut self, client: &Client, found: &Found, deadline: Instant) -> Result<bool> {
        if Instant::now() < self.next {
            return Ok(false);
        }
        let limit = PROBE_LIMIT.min(deadline.saturating_duration_since(Instant::now())).max(POLL);
        let result = probe(client, found, self.words.clone(), limit)?;
        self.next = Instant::now() + self.interval;
        self.last = Some(match result {
            // Something else may have answered in the place of an app that is not there.
            None if is_same(client, found)? => return Ok(true),
            None => message!("the-health-check-passed-but"),
            Some(why) => message!("the-health-check", why),
        });
        Ok(false)
    }
}

fn is_same(client: &Client, before: &Found) -> Result<bool> {
    let after = container::inspect(client, &before.id)?;
    Ok(after.is_some_and(|after| after.is_running() && after.started() == before.started()))
}

impl Wait<'_> {
    /// What is certain by now.
    fn look(&mut self, found: &Found, deadline: Instant) -> Result<Option<HealthReport>> {
        let has_check = self.check.is_some();
        let images_own = !has_check && images_check(found).is_some();
        if let Some(report) = self.ended(found, has_check || images_own) {
            return Ok(Some(report));
        }
        if !found.is_running() {
            return Ok(None);
        }
        if let Some(failure) = self.view.sees_another(found, self.spec)? {
            return Ok(Some(HealthReport::new(Health::ConfirmedBad, failure.message)));
        }
        match &mut self.check {
            Some(check) => {
                let passed = check.passes(&self.view.client, found, deadline)?;
                Ok(passed.then(|| healthy(message!("the-health-check-passed"))))
            }
            None if images_own => Ok(self.ask_image(found)),
            None => {
                let up = found.started().map(|started| jiff::Timestamp::now().duration_since(started));
                // One that was started more than once must have run longer than it takes to end again.
                let settle = if found.restarts() > 0 && !found.is_ours() { SETTLE_AFTER_ENDS } else { SETTLE };
                let settled = up.and_then(|up| Duration::try_from(up).ok()).is_some_and(|up| up >= settle);
                Ok(settled.then(|| healthy(message!("ran-for", settle))))
            }
        }
    }

    /// What its end says, if it has ended.
    fn ended(&self, found: &Found, has_check: bool) -> Option<HealthReport> {
        if found.is_ours() {
            let ends = confirmed_bad(found, self.held, has_check)?;
            let how = self.how_it_ended(found);
            let why = match ends {
                ..=1 => message!("the-app", how),
                _ => message!("the-app-ended-times-and-last", ends, how),
            };
            return Some(self.bad(found, why));
        }
        // Its policy is on: as long as that brings it back it has not failed.
        let over = found.started().is_some() && !found.is_up();
        if !over || (found.policy().brings_back(found.exit_code()) && !is_given_up(found)) {
            return None;
        }
        let why = message!("the-app", how = message!("ended-with-status", code = found.exit_code()));
        match found.exit_code() {
            // Something that had to be done, and is.
            0 => Some(unknown(why)),
            _ if self.looped => Some(unknown(with_last_output(&self.view.client, found, why))),
            _ => Some(self.bad(found, why)),
        }
    }

    fn how_it_ended(&self, found: &Found) -> Message {
        let status = match found.is_running() {
            // Its policy has brought it back already.
            true => events::last_status(&self.view.client, &found.id),
            false => Some(found.exit_code()),
        };
        status.map_or_else(|| message!("ended-and-runs-again"), |code| message!("ended-with-status", code))
    }

    /// What its policy has not brought up by then does not run, unless it never did.
    fn at_the_limit(&self, found: &Found) -> Option<HealthReport> {
        if found.is_ours() || found.is_running() || self.looped {
            return None;
        }
        let how = message!("ended-with-status", code = found.exit_code());
        let ends = found.restarts() + 1;
        Some(self.bad(found, message!("the-app-ended-times-and-last", ends, how)))
    }

    fn bad(&self, found: &Found, why: Message) -> HealthReport {
        HealthReport::new(Health::ConfirmedBad, with_last_output(&self.view.client, found, why))
    }

    /// What the engine says of the image's own check, as far as it is about this start.
    fn ask_image(&mut self, found: &Found) -> Option<HealthReport> {
        let health = images_check(found)?;
        let last = health.log.iter().flatten().next_back();
        let began = last.and_then(|result| result.start.as_deref()).and_then(|text| text.parse().ok());
        let of_this_start =
            began.zip(found.started()).is_some_and(|(began, started): (jiff::Timestamp, _)| began >= started);
        if !of_this_start {
            return None;
        }
        let code = last.and_then(|result| result.exit_code).unwrap_or_default();
        self.images_last = Some(message!("the-images-health-check-ended", code));
        let passed = health.status == Some(HealthStatusEnum::HEALTHY) && code == 0;
        passed.then(|| healthy(message!("the-images-health-check-passed")))
    }
}

/// What the image's check may take until it says that the app is not well; an engine fills in what is not said.
pub(crate) fn takes_at_most(found: &Found) -> Duration {
    let Some(check) = found.inspect.config.as_ref().and_then(|config| config.healthcheck.as_ref()) else {
        return Duration::ZERO;
    };
    let said =
        |nanoseconds: Option<i64>| nanoseconds.and_then(|value| u64::try_from(value).ok()).filter(|value| *value > 0);
    let or = |value: Option<i64>, default| said(value).map_or(default, Duration::from_nanos);
    let each = or(check.interval, CHECK_DEFAULT) + or(check.timeout, CHECK_DEFAULT);
    let tries = said(check.retries).and_then(|tries| u32::try_from(tries).ok()).unwrap_or(CHECK_TRIES_DEFAULT);
    or(check.start_period, Duration::ZERO).saturating_add(each.saturating_mul(tries))
}

/// Whether the engine does not start it any more, however its policy reads.
fn is_given_up(found: &Found) -> bool {
    match found.policy() {
        Restart::OnFailure { retries_max: Some(max) } => found.restarts() >= i64::from(max),
        _ => false,
    }
}

/// The engine's account of the image's check; none if it has none.
pub(crate) fn images_check(found: &Found) -> Option<&bollard::models::Health> {
    let health = found.inspect.state.as_ref()?.health.as_ref()?;
    (!matches!(health.status, None | Some(HealthStatusEnum::NONE | HealthStatusEnum::EMPTY))).then_some(health)
}

/// How often it has ended, if that is bad for certain.
fn confirmed_bad(found: &Found, held: bool, has_check: bool) -> Option<i64> {
    let over = found.started().is_some() && !found.is_up();
    let ends = found.restarts() + i64::from(!found.is_running() && found.started().is_some());
    // Held, or of a policy that does not bring it back: nothing starts it again.
    let bad = if over { held || !found.policy().brings_back(found.exit_code()) || !has_check } else { false };
    let bad = bad || ends >= if has_check { ENDS_MAX } else { 1 };
    bad.then_some(ends)
}

/// Runs the check once in the container; none if it passed.
fn probe(client: &Client, found: &Found, words: Vec<String>, limit: Duration) -> Result<Option<Message>> {
    let could_not = |failure: Message| Ok(Some(message!("could-not-be-run", failure)));
    let said = |text: &str| Message::from(escape::text(text));
    let config = ExecConfig { cmd: Some(words), ..Default::default() };
    let made = client.change("docker-exec", CHANGE_LIMIT, |docker| docker.create_exec(&found.id, config));
    let id = match made {
        Ok(made) => made.id,
        Err(error) if error.is_passing() => return Err(client.failed(message!("run-the-health-check"))(error)),
        Err(error) => return could_not(said(error.message())),
    };
    let detached = Some(StartExecOptions { detach: true, ..Default::default() });
    if let Err(error) = client.change("docker-exec-start", CHANGE_LIMIT, |docker| docker.start_exec(&id, detached)) {
        return match error.message() {
            "" => Err(client.failed(message!("run-the-health-check"))(error)),
            text => could_not(said(text)),
        };
    }
    let deadline = Instant::now() + limit;
    loop {
        let state = match client.ask(|docker| docker.inspect_exec(&id)) {
            Ok(state) => state,
            // It went with its container.
            Err(error) if error.is_gone() => return could_not(message!("its-container-ended")),
            Err(error) => return Err(client.failed(message!("look-at-the-health-check"))(error)),
        };
        match (state.running, state.exit_code) {
            (Some(false), Some(0)) => return Ok(None),
            (Some(false), code) => {
                return Ok(Some(message!(
                    "ended-with-status",
                    code = code.map_or("?".to_owned(), |code| code.to_string())
                )));
            }
            _ if Instant::now() >= deadline => {
                end(state.pid)?;
                return Ok(Some(message!("took-longer-than", limit)));
            }
            _ => std::thread::sleep(POLL.min(Duration::from_millis(20))),
        }
    }
}

/// Ends a command in a container that hangs, with what it started. The engine has no call for that.
pub(crate) fn end(pid: Option<i64>) -> Result<()> {
    let Some(pid) = pid.and_then(|pid| i32::try_from(pid).ok()).filter(|pid| *pid > 0) else { return Ok(()) };
    let own = ProcessId::current(pid)?;
    let below = descendants(pid)?;
    let all: Vec<ProcessId> = own.into_iter().chain(below).collect();
    all.iter().try_for_each(|process| process.signal(Signal::KILL))?;
    // A signal is on its way when it was sent, and no more.
    let deadline = Instant::now() + END_LIMIT;
    while Instant::now() < deadline && all.iter().map(ProcessId::is_alive).collect::<Result<Vec<_>>>()?.contains(&true)
    {
        std::thread::sleep(POLL);
    }
    Ok(())
}

/// Adds the last lines that the app has said since this start.
pub(crate) fn with_last_output(client: &Client, found: &Found, reason: Message) -> Message {
    let since = found.started().map_or(0, |started| i32::try_from(started.as_second()).unwrap_or_default());
    let options =
        LogsOptions { stdout: true, stderr: true, since, tail: OUTPUT_LINES.to_owned(), ..Default::default() };
    let output = client.ask(|docker| async move {
        let mut lines = std::pin::pin!(docker.logs(&found.id, Some(options)));
        let mut output = Vec::new();
        while let (Some(line), true) = (lines.next().await, output.len() < OUTPUT_BYTES_MAX) {
            output.extend_from_slice(&line?.into_bytes());
        }
        Ok(output)
    });
    // A log that goes elsewhere cannot be read back; the reason stands without it.
    match output.unwrap_or_default().trim_ascii() {
        [] => reason,
        output => message!("it-said", reason, said = escape::bytes(output)),
    }
}

fn healthy(reason: Message) -> HealthReport {
    HealthReport::new(Health::Healthy, reason)
}

fn unknown(reason: Message) -> HealthReport {
    HealthReport::new(Health::Unknown, reason)
}
