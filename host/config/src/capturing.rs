//! How snapshots of a workload are taken: `consistency`, `pause_limit`, `before_snapshot`, `after_snapshot`.

use std::time::Duration;

use toml::{Spanned, Table, Value};

use super::host::duration_or;
use super::problems::Problems;
use super::raw::{RawHook, RawSettings};
use super::words::words;
use super::{RuntimeName, duration};
use reforge_base::consistency::{Consistency, Hook};
use reforge_base::escape;
use reforge_base::message;

/// How long an app is frozen at most, where nothing else is said.
pub const PAUSE_LIMIT: Duration = Duration::from_secs(60);
/// How long a hook may take, where nothing else is said.
const HOOK_LIMIT: Duration = Duration::from_secs(60);

/// How snapshots of a workload are taken.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Capturing {
    pub consistency: Consistency,
    /// An app that has been frozen for so long is thawed, and the snapshot goes on as a live one.
    pub pause_limit: Duration,
    /// Run in this order, before the app is stopped or frozen.
    pub before: Vec<Hook>,
    /// Run in this order, after it was started or thawed, whatever became of the snapshot.
    pub after: Vec<Hook>,
}

impl Default for Capturing {
    fn default() -> Capturing {
        let (before, after) = (Vec::new(), Vec::new());
        Capturing { consistency: Consistency::default(), pause_limit: PAUSE_LIMIT, before, after }
    }
}

pub(super) fn check(runtime: &RuntimeName, settings: &mut RawSettings, problems: &mut Problems<'_>) -> Capturing {
    let mut hooks = |key: &str, raw: Option<Vec<RawHook>>| -> Vec<Hook> {
        raw.into_iter().flatten().map(|raw| check_hook(key, runtime, raw, problems)).collect()
    };
    let before = hooks("before_snapshot", settings.before_snapshot.take());
    let after = hooks("after_snapshot", settings.after_snapshot.take());
    let pause_limit = positive("pause_limit", settings.pause_limit.take(), PAUSE_LIMIT, problems);
    let consistency = settings.consistency.take().map(|name| check_consistency(&name, problems));
    Capturing { consistency: consistency.unwrap_or_default(), pause_limit, before, after }
}

fn check_consistency(name: &Spanned<String>, problems: &mut Problems<'_>) -> Consistency {
    Consistency::named(name.get_ref()).unwrap_or_else(|| {
        let message = message!("consistency-is-which-is-none", text = escape::text(name.get_ref()));
        problems.say(name.span(), message, message!("write-stop-pause-or-live"));
        Consistency::default()
    })
}

fn check_hook(key: &str, runtime: &RuntimeName, raw: RawHook, problems: &mut Problems<'_>) -> Hook {
    match (&raw.member, runtime.is_compose()) {
        (None, true) => {
            problems.say(raw.command.span(), message!("hook-of-no-member", key), message!("add-the-member-of-a-hook"));
        }
        (Some(member), false) => {
            problems.say(member.span(), message!("hook-of-a-member", key), message!("leave-the-member-of-a-hook-out"));
        }
        _ => {}
    }
    Hook {
        member: raw.member.map(Spanned::into_inner),
        command: words("command", raw.command, problems),
        limit: positive("limit", raw.limit, HOOK_LIMIT, problems),
    }
}

pub(super) fn positive(
    key: &str,
    value: Option<Spanned<String>>,
    default: Duration,
    problems: &mut Problems<'_>,
) -> Duration {
    let at = value.as_ref().map(Spanned::span).unwrap_or_default();
    let duration = duration_or(key, value, default, problems);
    if duration.is_zero() {
        problems.say(at, message!("limit-is-zero", key), message!("write-for-example-60s"));
    }
    duration
}

/// The keys of a workload, those left out that say what is so anyway.
pub(super) fn keys(capturing: &Capturing) -> Table {
    let default = Capturing::default();
    let mut keys = Table::new();
    if capturing.consistency != default.consistency {
        keys.insert("consistency".to_owned(), capturing.consistency.as_str().into());
    }
    if capturing.pause_limit != default.pause_limit {
        keys.insert("pause_limit".to_owned(), duration::text(capturing.pause_limit).into());
    }
    for (key, hooks) in [("before_snapshot", &capturing.before), ("after_snapshot", &capturing.after)] {
        if !hooks.is_empty() {
            keys.insert(key.to_owned(), Value::Array(hooks.iter().map(hook).collect()));
        }
    }
    keys
}

fn hook(hook: &Hook) -> Value {
    let mut table = Table::new();
    if let Some(member) = &hook.member {
        table.insert("member".to_owned(), member.clone().into());
    }
    let words = hook.command.iter().cloned().map(Value::from).collect();
    table.insert("command".to_owned(), Value::Array(words));
    table.insert("limit".to_owned(), duration::text(hook.limit).into());
    Value::Table(table)
}
