//! `[[workload]]`: what an app is and how it is run.

use std::collections::BTreeMap;
use std::time::Duration;

use toml::Spanned;

use super::host::duration_or;
use super::problems::Problems;
use super::raw::{RawHealth, RawLinks, RawSettings, RawWorkload};
use super::{BUILT_IN, Links, PREVIEW_SUFFIX, RuntimeName, Workload, container, names, volume};
use reforge_base::escape;
use reforge_base::spec::HealthCheck;

/// How long an app may take to stop before it is killed.
pub(super) const STOP_TIMEOUT: Duration = Duration::from_secs(10);
const HEALTH_INTERVAL: Duration = Duration::from_secs(1);
const HEALTH_LIMIT: Duration = Duration::from_secs(60);

/// Signals that can ask an app to end, the usual one first. `SIGKILL` asks nothing, and stopping is not ending.
pub(super) const STOP_SIGNALS: &[&str] = &[
    "SIGTERM", "SIGINT", "SIGQUIT", "SIGHUP", "SIGUSR1", "SIGUSR2", "SIGWINCH", "SIGABRT", "SIGALRM", "SIGPIPE",
    "SIGPWR",
];

pub(super) fn check_all(raw: Vec<RawWorkload>, runtimes: &[&str], problems: &mut Problems<'_>) -> Vec<Workload> {
    let mut seen: BTreeMap<String, ()> = BTreeMap::new();
    raw.into_iter()
        .map(|raw| {
            let id = raw.settings.id.clone();
            if seen.insert(id.get_ref().clone(), ()).is_some() {
                let message = format!("a second workload has the id `{}`", escape::text(id.get_ref()));
                problems.say(id.span(), message, "give each workload its own `id`");
            }
            check(raw, runtimes, problems)
        })
        .collect()
}

fn check(raw: RawWorkload, runtimes: &[&str], problems: &mut Problems<'_>) -> Workload {
    let RawWorkload { settings, volumes } = raw;
    let (id_at, runtime) = (settings.id.span(), check_runtime(&settings.runtime, runtimes, problems));
    check_image(&runtime, &settings, problems);
    let (container, allow_containers) = container::check(&runtime, &settings, problems);
    let id = names::check("id", settings.id, problems);
    if id.ends_with(PREVIEW_SUFFIX) {
        let message =
            format!("`id` is `{}`, and names that end in `{PREVIEW_SUFFIX}` are for previews", escape::text(&id));
        problems.say(id_at, message, "give the workload another `id`");
    }
    let command = settings.command.map(|command| words("command", command, problems)).unwrap_or_default();
    let health = settings.health.map(|health| check_health(health, problems));
    let environment = settings.environment.map(|all| check_environment(all, problems)).unwrap_or_default();
    let workload = Workload {
        project: names::check("project", settings.project, problems),
        stage: names::check("stage", settings.stage, problems),
        volumes: volume::check_all(&runtime, volumes, problems),
        runtime,
        image: settings.image.map(Spanned::into_inner),
        command,
        user: settings.user.and_then(|user| check_user(user, problems)),
        environment,
        stop_signal: check_signal(settings.stop_signal, problems),
        stop_timeout: duration_or("stop_timeout", settings.stop_timeout, STOP_TIMEOUT, problems),
        health,
        container,
        allow_containers,
        links: match settings.links {
            Some(RawLinks::Contained) => Links::Contained,
            Some(RawLinks::Refuse) | None => Links::Refuse,
        },
        privileged: settings.privileged,
        id,
    };
    volume::check_placeholders(&workload, settings.runtime.span(), problems);
    workload
}

/// One that this host has. The names that it may be are told, in the order in which they were registered.
fn check_runtime(name: &Spanned<String>, runtimes: &[&str], problems: &mut Problems<'_>) -> RuntimeName {
    let text = name.get_ref();
    if !runtimes.contains(&text.as_str()) {
        let known: Vec<String> = runtimes.iter().map(|known| format!("`{known}`")).collect();
        let message = format!("the key `runtime` cannot be `{}`", escape::text(text));
        let hint = match BUILT_IN.contains(&text.as_str()) || runtimes == BUILT_IN {
            true => format!("use {}", known.join(" or ")),
            false => format!("use {}, or register a runtime of that name when the host is built", known.join(" or ")),
        };
        problems.say(name.span(), message, hint);
    }
    RuntimeName::from(text.as_str())
}

/// A container needs an image; the image of a process is its command; any other runtime takes either.
fn check_image(runtime: &RuntimeName, settings: &RawSettings, problems: &mut Problems<'_>) {
    let id = escape::text(settings.id.get_ref());
    match (&settings.image, &settings.command) {
        (_, None) if runtime.is_process() => problems.say(
            settings.id.span(),
            format!("the workload `{id}` is a process and has no `command`"),
            "add `command = [\"/usr/bin/app\"]`",
        ),
        (None, _) if runtime.is_docker() => problems.say(
            settings.id.span(),
            format!("the workload `{id}` runs in docker and has no `image`"),
            "add `image = \"registry/name:tag\"`",
        ),
        (None, None) => problems.say(
            settings.id.span(),
            format!("the workload `{id}` has neither an `image` nor a `command`"),
            "add the one that its runtime takes",
        ),
        _ => {}
    }
    match &settings.image {
        Some(image) if runtime.is_process() => problems.say(
            image.span(),
            format!("the workload `{id}` is a process and has an `image`"),
            "the image of a process is its `command`: remove `image`, or set `runtime = \"docker\"`",
        ),
        Some(image) if image.get_ref().trim().is_empty() => {
            problems.say(image.span(), "`image` is empty", "write for example `registry/name:tag`");
        }
        _ => {}
    }
}

fn words(key: &str, command: Spanned<Vec<String>>, problems: &mut Problems<'_>) -> Vec<String> {
    let words = command.get_ref();
    if words.first().is_none_or(String::is_empty) {
        problems.say(command.span(), format!("`{key}` is empty"), "write for example `[\"/usr/bin/app\", \"--flag\"]`");
    } else if words.iter().any(|word| word.contains('\0')) {
        problems.say(command.span(), format!("`{key}` holds a zero byte"), "remove it");
    }
    command.into_inner()
}

fn check_health(raw: RawHealth, problems: &mut Problems<'_>) -> HealthCheck {
    let mut positive = |key: &str, value: Option<Spanned<String>>, default| {
        let at = value.as_ref().map(Spanned::span).unwrap_or_default();
        let duration = duration_or(key, value, default, problems);
        if duration.is_zero() {
            problems.say(at, format!("`{key}` of `health` is zero"), "write for example `1s`");
        }
        duration
    };
    HealthCheck {
        interval: positive("interval", raw.interval, HEALTH_INTERVAL),
        limit: positive("limit", raw.limit, HEALTH_LIMIT),
        command: words("command", raw.command, problems),
    }
}

fn check_environment(
    environment: Spanned<BTreeMap<String, String>>,
    problems: &mut Problems<'_>,
) -> BTreeMap<String, String> {
    let at = environment.span();
    for (name, value) in environment.get_ref() {
        if name.is_empty() || name.contains(['=', '\0']) {
            let message = format!("`environment` has the name `{}`, which no variable can have", escape::text(name));
            problems.say(at.clone(), message, "a name is not empty and holds no `=`");
        } else if value.contains('\0') {
            let message = format!("the value of `{}` in `environment` holds a zero byte", escape::text(name));
            problems.say(at.clone(), message, "remove it");
        }
    }
    environment.into_inner()
}

fn check_user(user: Spanned<String>, problems: &mut Problems<'_>) -> Option<String> {
    let name = user.get_ref();
    if name.is_empty() || name.contains(|character: char| character.is_control() || character.is_whitespace()) {
        let message = format!("`user` is `{}`, which is not a user", escape::text(name));
        problems.say(user.span(), message, "write a name or `UID:GID`");
    }
    Some(user.into_inner())
}

fn check_signal(signal: Option<Spanned<String>>, problems: &mut Problems<'_>) -> String {
    let Some(signal) = signal else { return STOP_SIGNALS[0].to_owned() };
    if !STOP_SIGNALS.contains(&signal.get_ref().as_str()) {
        let message =
            format!("`stop_signal` is `{}`, which does not ask an app to end", escape::text(signal.get_ref()));
        problems.say(signal.span(), message, format!("use one of {}", STOP_SIGNALS.join(", ")));
    }
    signal.into_inner()
}
