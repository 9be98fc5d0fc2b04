//! Commands that run before and after a snapshot: one that does not end with 0, or not within its limit, has failed.

use std::time::Instant;

use reforge_base::consistency::{Hook, HookRun, HookTime, milliseconds};
use reforge_base::escape;
use reforge_base::failure::{Code, Failure};
use reforge_base::message;
use reforge_runtime::Runtime;

/// Runs one to its end, and says how that was.
pub(super) fn run(runtime: &dyn Runtime, workload: &str, when: HookTime, hook: &Hook) -> HookRun {
    let began = Instant::now();
    let ended = runtime.run_hook(workload, hook);
    let took_ms = milliseconds(began.elapsed());
    let (failure, output) = match ended {
        Ok(ended) => (ended.failure, escape::bytes(ended.output.trim_ascii())),
        Err(failure) => (Some(failure.message), String::new()),
    };
    HookRun {
        when,
        member: hook.member.clone(),
        program: hook.command.first().cloned().unwrap_or_default(),
        failure_message: failure.as_ref().and_then(|failure| failure.source().cloned()),
        failure,
        took_ms,
        output,
    }
}

/// What a run that failed does to its snapshot.
pub(super) fn failure(run: &HookRun) -> Option<Failure> {
    run.failure.as_ref()?;
    let what = run.message();
    let failure = match run.when {
        HookTime::Before => Failure::new(Code::HookFailed, message!("a-hook-before-failed", what)),
        HookTime::After => Failure::new(Code::HookFailed, message!("a-hook-after-failed", what)),
    };
    Some(match run.output.is_empty() {
        true => failure,
        false => failure.hint(message!("the-hook-said", said = run.output)),
    })
}
