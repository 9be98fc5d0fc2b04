//! The keys of `[[workload]]` that only a container has.

use toml::Spanned;

use super::RuntimeName;
use super::problems::Problems;
use super::raw::RawSettings;
use reforge_base::escape;
use reforge_base::message;
use reforge_base::spec::Container;
use reforge_base::spec::{Port, Restart};

/// Least that the engine takes for a memory limit.
const MEMORY_BYTES_MIN: i64 = 6 << 20;
/// Labels that start like this are ours.
const LABEL_PREFIX: &str = "reforge.";

/// What a container is made of, and who else may have its volumes.
pub(super) fn check(
    runtime: &RuntimeName,
    settings: &RawSettings,
    problems: &mut Problems<'_>,
) -> (Container, Vec<String>) {
    if runtime.is_process() {
        refuse_all(settings, problems);
    }
    let container = Container {
        name: settings.container_name.as_ref().map(|name| check_name(name, problems)),
        entrypoint: settings.entrypoint.as_ref().map(|words| words.get_ref().clone()),
        ports: settings.ports.iter().flatten().map(|port| check_port(port, problems)).collect(),
        restart: settings.restart.as_ref().map(|policy| check_restart(policy, problems)).unwrap_or_default(),
        memory_bytes: settings.memory.as_ref().map(|memory| check_memory(memory, problems)),
        nano_cpus: settings.cpus.as_ref().map(|cpus| check_cpus(cpus, problems)),
        pids_max: settings.pids.as_ref().map(|pids| {
            positive("pids", pids.span(), *pids.get_ref(), problems);
            *pids.get_ref()
        }),
        networks: settings.networks.as_ref().map(|networks| networks.get_ref().clone()).unwrap_or_default(),
        labels: settings.labels.as_ref().map(|labels| check_labels(labels, problems)).unwrap_or_default(),
        request: settings.request.as_ref().map(|request| check_request(request, problems)).unwrap_or_default(),
        instances_max: settings.max_instances.as_ref().map(|max| {
            if *max.get_ref() < 2 {
                let message = message!("max-instances-is-which-leaves", get_ref = max.get_ref());
                problems.say(max.span(), message, message!("one-runs-and-one-is-kept"));
            }
            *max.get_ref()
        }),
    };
    (container, settings.allow_containers.as_ref().map(|names| names.get_ref().clone()).unwrap_or_default())
}

/// A key that would be read and mean nothing.
fn refuse_all(settings: &RawSettings, problems: &mut Problems<'_>) {
    for (key, span) in keys(settings) {
        let id = escape::text(settings.id.get_ref());
        let message = message!("the-workload-is-a-process", id, key);
        problems.say(span, message, message!("only-a-container"));
    }
}

/// Those that are there, and where.
pub(super) fn keys(settings: &RawSettings) -> Vec<(&'static str, std::ops::Range<usize>)> {
    let at = |key, span: Option<std::ops::Range<usize>>| span.map(|span| (key, span));
    let said = [
        at("container_name", settings.container_name.as_ref().map(Spanned::span)),
        at("entrypoint", settings.entrypoint.as_ref().map(Spanned::span)),
        at("ports", settings.ports.as_ref().map(|ports| ports.first().map(Spanned::span).unwrap_or_default())),
        at("restart", settings.restart.as_ref().map(Spanned::span)),
        at("memory", settings.memory.as_ref().map(Spanned::span)),
        at("cpus", settings.cpus.as_ref().map(Spanned::span)),
        at("pids", settings.pids.as_ref().map(Spanned::span)),
        at("networks", settings.networks.as_ref().map(Spanned::span)),
        at("labels", settings.labels.as_ref().map(Spanned::span)),
        at("request", settings.request.as_ref().map(Spanned::span)),
        at("max_instances", settings.max_instances.as_ref().map(Spanned::span)),
        at("allow_containers", settings.allow_containers.as_ref().map(Spanned::span)),
    ];
    said.into_iter().flatten().collect()
}

fn check_name(name: &Spanned<String>, problems: &mut Problems<'_>) -> String {
    let text = name.get_ref();
    let rest = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-');
    if text.len() < 2 || !text.bytes().all(rest) || !text.as_bytes()[0].is_ascii_alphanumeric() {
        let message = message!("container-name-is-which-no-container", text = escape::text(text));
        problems.say(name.span(), message, message!("write-at-least-two-of-letters"));
    }
    text.clone()
}

fn check_port(port: &Spanned<String>, problems: &mut Problems<'_>) -> String {
    if Port::parse(port.get_ref()).is_none() {
        let message = message!("ports-has-which", get_ref = escape::text(port.get_ref()));
        problems.say(port.span(), message, message!("write-8080-80-127-0-0"));
    }
    port.get_ref().clone()
}

fn check_restart(policy: &Spanned<String>, problems: &mut Problems<'_>) -> Restart {
    Restart::parse(policy.get_ref()).unwrap_or_else(|| {
        let message = message!("restart-is-which-is-no-policy", get_ref = escape::text(policy.get_ref()));
        problems.say(policy.span(), message, message!("use-no-always-unless-stopped"));
        Restart::default()
    })
}

fn check_memory(memory: &Spanned<String>, problems: &mut Problems<'_>) -> i64 {
    let text = memory.get_ref();
    let unit = |suffix: &str, bytes: i64| text.strip_suffix(suffix).map(|number| (number, bytes));
    let parsed = unit("KiB", 1 << 10).or_else(|| unit("MiB", 1 << 20)).or_else(|| unit("GiB", 1 << 30));
    let bytes = parsed.and_then(|(number, unit)| number.trim().parse::<i64>().ok()?.checked_mul(unit));
    let bytes = bytes.filter(|bytes| *bytes >= MEMORY_BYTES_MIN);
    bytes.unwrap_or_else(|| {
        let message = message!("memory-is-which-is-no-limit", text = escape::text(text));
        problems.say(memory.span(), message, message!("write-for-example-512-mib"));
        MEMORY_BYTES_MIN
    })
}

fn check_cpus(cpus: &Spanned<f64>, problems: &mut Problems<'_>) -> i64 {
    let nano = (*cpus.get_ref() * 1e9).round();
    if !(1e7..1e13).contains(&nano) {
        let message = message!("cpus-is-which-is-no-limit", get_ref = cpus.get_ref());
        problems.say(cpus.span(), message, message!("write-for-example-1-5"));
    }
    nano as i64
}

fn positive(key: &str, at: std::ops::Range<usize>, number: i64, problems: &mut Problems<'_>) {
    if number < 1 {
        problems.say(at, message!("is-which-is-no-limit", key, number), message!("write-1-or-more"));
    }
}

fn check_labels(
    labels: &Spanned<std::collections::BTreeMap<String, String>>,
    problems: &mut Problems<'_>,
) -> std::collections::BTreeMap<String, String> {
    if let Some(ours) = labels.get_ref().keys().find(|key| key.starts_with(LABEL_PREFIX)) {
        let message = message!("labels-has-and-those-are-ours", ours = escape::text(ours));
        problems.say(labels.span(), message, message!("do-not-start-a-label"));
    }
    labels.get_ref().clone()
}

/// Whether the engine knows its keys is for the engine's own types to say, when a container is created.
fn check_request(
    request: &Spanned<toml::Table>,
    problems: &mut Problems<'_>,
) -> serde_json::Map<String, serde_json::Value> {
    match serde_json::to_value(request.get_ref()) {
        Ok(serde_json::Value::Object(map)) => map,
        _ => {
            problems.say(
                request.span(),
                message!("request-cannot-be-written-as-json"),
                message!("use-strings-numbers-lists-and-tables"),
            );
            serde_json::Map::new()
        }
    }
}
