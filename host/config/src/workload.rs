//! `[[workload]]`: what an app is and how it is run.

use std::collections::BTreeMap;
use std::time::Duration;

use toml::Spanned;

use super::host::duration_or;
use super::problems::Problems;
use super::raw::{RawHealth, RawLinks, RawSettings, RawWorkload};
use super::words::words;
use super::{
    BUILT_IN, Links, PREVIEW_SUFFIX, RuntimeName, Workload, capturing, compose, container, deploy_spec, drill, names,
    schedule, size, volume,
};
use reforge_base::escape;
use reforge_base::message;
use reforge_base::spec::{HealthCheck, STOP_SIGNAL, STOP_TIMEOUT};

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
                let message = message!("a-second-workload-has-the-id", get_ref = escape::text(id.get_ref()));
                problems.say(id.span(), message, message!("give-each-workload-its-own-id"));
            }
            check(raw, runtimes, problems)
        })
        .collect()
}

fn check(raw: RawWorkload, runtimes: &[&str], problems: &mut Problems<'_>) -> Workload {
    let RawWorkload { mut settings, volumes } = raw;
    let (id_at, runtime) = (settings.id.span(), check_runtime(&settings.runtime, runtimes, problems));
    if runtime.is_compose() {
        compose::refuse_others(&settings, problems);
    } else {
        check_image(&runtime, &settings, problems);
    }
    let compose = compose::check(&runtime, &settings, problems);
    let project_files = settings.compose.as_ref().map(|raw| raw.get_ref().project_files).unwrap_or_default();
    let capturing = capturing::check(&runtime, &mut settings, problems);
    let (container, allow_containers) = container::check(&runtime, &settings, problems);
    let id = names::check("id", settings.id, problems);
    if id.ends_with(PREVIEW_SUFFIX) {
        let message = message!("id-is-and-names-that-end", id = escape::text(&id), preview_suffix = PREVIEW_SUFFIX);
        problems.say(id_at, message, message!("give-the-workload-another-id"));
    }
    let command = settings.command.map(|command| words("command", command, problems)).unwrap_or_default();
    let health = settings.health.map(|health| check_health(health, &runtime, problems));
    let volumes = volume::check_all(&runtime, volumes, problems);
    let around = drill::Around { runtime: &runtime, volumes: &volumes };
    let drill = settings.drill.take().map(|raw| drill::check(raw, &around, problems)).unwrap_or_default();
    let environment = settings.environment.map(|all| check_environment(all, problems)).unwrap_or_default();
    let workload = Workload {
        project: names::check("project", settings.project, problems),
        stage: names::check("stage", settings.stage, problems),
        volumes,
        runtime,
        image: settings.image.map(Spanned::into_inner),
        command,
        user: settings.user.and_then(|user| check_user(user, problems)),
        environment,
        stop_signal: check_signal(settings.stop_signal, problems),
        stop_timeout: duration_or("stop_timeout", settings.stop_timeout, STOP_TIMEOUT, problems),
        health,
        container,
        compose,
        project_files,
        allow_containers,
        links: match settings.links {
            Some(RawLinks::Contained) => Links::Contained,
            Some(RawLinks::Refuse) | None => Links::Refuse,
        },
        privileged: settings.privileged,
        schedule: settings.schedule.and_then(|raw| schedule::check(raw, problems)),
        keep: schedule::check_keep(settings.keep, problems),
        min_free: size::check_size("min_free", settings.min_free, problems),
        capturing,
        drill,
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
        let message = message!("the-key-runtime-cannot-be", text = escape::text(text));
        let hint = match BUILT_IN.contains(&text.as_str()) || runtimes == BUILT_IN {
            true => message!("use", known = known.join(" or ")),
            false => message!("use-or-register-a-runtime", known = known.join(" or ")),
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
            message!("the-workload-is-a-process-and", id),
            message!("add-command-usr-bin-app"),
        ),
        (None, _) if runtime.is_docker() => problems.say(
            settings.id.span(),
            message!("the-workload-runs-in-docker", id),
            message!("add-image-registry-name-tag"),
        ),
        (None, None) => problems.say(
            settings.id.span(),
            message!("the-workload-has-neither-an-image", id),
            message!("add-the-one-that-its-runtime"),
        ),
        _ => {}
    }
    match &settings.image {
        Some(image) if runtime.is_process() => problems.say(
            image.span(),
            message!("the-workload-is-a-process-and-has", id),
            message!("the-image-of-a-process"),
        ),
        Some(image) if image.get_ref().trim().is_empty() => {
            problems.say(image.span(), message!("image-is-empty"), message!("write-for-example-registry-name-tag"));
        }
        _ => {}
    }
}

fn check_health(raw: RawHealth, runtime: &RuntimeName, problems: &mut Problems<'_>) -> HealthCheck {
    let at = raw.command.span();
    match (&raw.member, runtime.is_compose()) {
        (None, true) => problems.say(at, message!("health-of-no-member"), message!("add-the-member-of-a-hook")),
        (Some(member), false) => {
            problems.say(member.span(), message!("health-of-a-member"), message!("leave-the-member-of-a-hook-out"));
        }
        // Each member sees a volume at a place of its own.
        (Some(_), true)
            if raw.command.get_ref().iter().any(|word| deploy_spec::placeholders(word).next().is_some()) =>
        {
            problems.say(
                at,
                message!("health-of-a-member-names-a-volume"),
                message!("write-the-path-that-the-member-sees"),
            );
        }
        _ => {}
    }
    let mut positive = |key: &str, value: Option<Spanned<String>>, default| {
        let at = value.as_ref().map(Spanned::span).unwrap_or_default();
        let duration = duration_or(key, value, default, problems);
        if duration.is_zero() {
            problems.say(at, message!("of-health-is-zero", key), message!("write-for-example-1s"));
        }
        duration
    };
    HealthCheck {
        member: raw.member.map(Spanned::into_inner),
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
            let message = message!("environment-has-the-name", name = escape::text(name));
            problems.say(at.clone(), message, message!("a-name-is-not-empty"));
        } else if value.contains('\0') {
            let message = message!("the-value-of-in-environment-holds", name = escape::text(name));
            problems.say(at.clone(), message, message!("remove-it"));
        }
    }
    environment.into_inner()
}

fn check_user(user: Spanned<String>, problems: &mut Problems<'_>) -> Option<String> {
    let name = user.get_ref();
    if name.is_empty() || name.contains(|character: char| character.is_control() || character.is_whitespace()) {
        let message = message!("user-is-which", name = escape::text(name));
        problems.say(user.span(), message, message!("write-a-name-or-uid-gid"));
    }
    Some(user.into_inner())
}

fn check_signal(signal: Option<Spanned<String>>, problems: &mut Problems<'_>) -> String {
    let Some(signal) = signal else { return STOP_SIGNAL.to_owned() };
    if !STOP_SIGNALS.contains(&signal.get_ref().as_str()) {
        let message = message!("stop-signal-is", get_ref = escape::text(signal.get_ref()));
        problems.say(signal.span(), message, message!("use-one-of", known = STOP_SIGNALS.join(", ")));
    }
    signal.into_inner()
}
