//! The shape of `reforge.toml`, before anything is checked.
//!
//! Each table is read by itself, so that a problem in one does not hide those of the others.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeTable, DeValue, ValueDeserializer};

use super::problems::Problems;
use reforge_base::escape;
use reforge_base::message;
use reforge_base::project::ProjectFiles;

pub(super) struct RawConfig {
    pub host: RawHost,
    pub api: RawApi,
    pub workloads: Vec<RawWorkload>,
    pub notify: Vec<Spanned<RawNotify>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawHost {
    pub state_dir: Spanned<String>,
    pub snapshot_dir: Option<Spanned<String>>,
    pub volume_root: Option<Spanned<String>>,
    #[serde(default)]
    pub allowed_roots: Vec<Spanned<String>>,
    pub preview_dir: Option<Spanned<String>>,
    pub undo_window: Option<Spanned<String>>,
    pub plugin: Option<Spanned<String>>,
    pub plugin_stall_limit: Option<Spanned<String>>,
    #[serde(default)]
    pub plugin_keys: Vec<Spanned<String>>,
    pub docker_socket: Option<Spanned<String>>,
    pub language: Option<Spanned<String>>,
    pub snapshots_at_once: Option<Spanned<u32>>,
    pub previous_max: Option<Spanned<String>>,
    pub import_entries_max: Option<u64>,
    pub import_ratio_max: Option<u64>,
    pub drill_dir: Option<Spanned<String>>,
    #[serde(default)]
    pub drill_host_commands: bool,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawApi {
    pub listen: Option<Spanned<String>>,
    #[serde(default)]
    pub hosts: Vec<Spanned<String>>,
    #[serde(default)]
    pub trusted_proxies: Vec<Spanned<String>>,
    pub webhook_secret_file: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawNotify {
    pub name: Option<Spanned<String>>,
    pub url: Option<Spanned<String>>,
    pub command: Option<Spanned<Vec<String>>>,
    pub token_file: Option<Spanned<String>>,
    pub on: Option<Vec<Spanned<String>>>,
    pub workloads: Option<Vec<Spanned<String>>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawSettings {
    pub id: Spanned<String>,
    pub project: Spanned<String>,
    pub stage: Spanned<String>,
    pub runtime: Spanned<String>,
    pub image: Option<Spanned<String>>,
    pub command: Option<Spanned<Vec<String>>>,
    pub user: Option<Spanned<String>>,
    pub environment: Option<Spanned<BTreeMap<String, String>>>,
    pub stop_signal: Option<Spanned<String>>,
    pub stop_timeout: Option<Spanned<String>>,
    pub health: Option<RawHealth>,
    pub links: Option<RawLinks>,
    #[serde(default)]
    pub privileged: bool,
    pub container_name: Option<Spanned<String>>,
    pub entrypoint: Option<Spanned<Vec<String>>>,
    pub ports: Option<Vec<Spanned<String>>>,
    pub restart: Option<Spanned<String>>,
    pub memory: Option<Spanned<String>>,
    pub cpus: Option<Spanned<f64>>,
    pub pids: Option<Spanned<i64>>,
    pub networks: Option<Spanned<Vec<String>>>,
    pub labels: Option<Spanned<BTreeMap<String, String>>>,
    pub request: Option<Spanned<toml::Table>>,
    pub max_instances: Option<Spanned<u32>>,
    pub allow_containers: Option<Spanned<Vec<String>>>,
    pub consistency: Option<Spanned<String>>,
    pub pause_limit: Option<Spanned<String>>,
    pub before_snapshot: Option<Vec<RawHook>>,
    pub after_snapshot: Option<Vec<RawHook>>,
    pub compose: Option<Spanned<RawCompose>>,
    pub schedule: Option<Spanned<RawSchedule>>,
    pub keep: Option<Spanned<RawKeep>>,
    pub min_free: Option<Spanned<String>>,
    pub drill: Option<Spanned<RawDrill>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawSchedule {
    pub at: Option<Spanned<String>>,
    pub cron: Option<Spanned<String>>,
    pub every: Option<Spanned<String>>,
    pub zone: Option<Spanned<String>>,
    pub jitter: Option<Spanned<String>>,
    pub catch_up: Option<bool>,
    pub wait: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawDrill {
    pub at: Option<Spanned<String>>,
    pub cron: Option<Spanned<String>>,
    pub every: Option<Spanned<String>>,
    pub zone: Option<Spanned<String>>,
    pub jitter: Option<Spanned<String>>,
    pub catch_up: Option<bool>,
    pub wait: Option<Spanned<String>>,
    pub limit: Option<Spanned<String>>,
    pub memory: Option<Spanned<String>>,
    pub cpus: Option<Spanned<f64>>,
    pub environment: Option<BTreeMap<String, String>>,
    pub empty: Option<Vec<Spanned<String>>>,
    pub read_only: Option<Vec<Spanned<String>>>,
    pub quiet: Option<Spanned<Vec<toml::Value>>>,
    #[serde(default)]
    pub probe: Vec<Spanned<RawProbe>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawProbe {
    pub name: Spanned<String>,
    pub member: Option<String>,
    pub command: Option<Spanned<Vec<String>>>,
    pub http: Option<RawHttpProbe>,
    pub file: Option<RawFileProbe>,
    pub host_command: Option<Spanned<Vec<String>>>,
    pub at_least: Option<f64>,
    pub equals: Option<String>,
    pub matches: Option<Spanned<String>>,
    pub newest: Option<Spanned<String>>,
    pub not_below_last: Option<Spanned<String>>,
    pub limit: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawHttpProbe {
    pub port: u16,
    pub path: Option<String>,
    pub status: Option<u16>,
    pub contains: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawFileProbe {
    pub volume: Spanned<String>,
    pub path: Option<String>,
    pub newest: Option<Spanned<String>>,
    pub at_least: Option<f64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawKeep {
    #[serde(default)]
    pub last: u32,
    #[serde(default)]
    pub hourly: u32,
    #[serde(default)]
    pub daily: u32,
    #[serde(default)]
    pub weekly: u32,
    #[serde(default)]
    pub monthly: u32,
    #[serde(default)]
    pub yearly: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawHook {
    pub member: Option<Spanned<String>>,
    pub command: Spanned<Vec<String>>,
    pub limit: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawCompose {
    pub project: Spanned<String>,
    pub working_dir: Spanned<String>,
    pub config_files: Vec<Spanned<String>>,
    #[serde(default)]
    pub project_files: ProjectFiles,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum RawLinks {
    Refuse,
    Contained,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawHealth {
    pub member: Option<Spanned<String>>,
    pub command: Spanned<Vec<String>>,
    pub interval: Option<Spanned<String>>,
    pub limit: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawVolume {
    pub name: Spanned<String>,
    pub scope: Spanned<String>,
    pub source: Option<Spanned<String>>,
    pub target: Option<Spanned<String>>,
    pub engine_volume: Option<Spanned<String>>,
    pub capture: Option<Spanned<bool>>,
}

pub(super) struct RawWorkload {
    pub settings: RawSettings,
    pub volumes: Vec<RawVolume>,
}

/// Reads the text. None when too little of it could be read to go on; the problems say why.
pub(super) fn parse(problems: &mut Problems<'_>) -> Option<RawConfig> {
    let text = problems.text;
    let (table, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        errors.iter().for_each(|error| problems.toml(error));
        return None;
    }
    let (mut host, mut api, mut whole) = (None, Some(RawApi::default()), true);
    let (mut workloads, mut notify) = (Some(Vec::new()), Some(Vec::new()));
    for (key, value) in table.into_inner() {
        match key.get_ref().as_ref() {
            "host" => host = read::<RawHost>(value, problems),
            "api" => api = read::<RawApi>(value, problems),
            "workload" => workloads = read_workloads(value, problems),
            "notify" => notify = read_notify(value, problems),
            name => {
                let message = message!("unknown-key", key = escape::text(name));
                problems.say(key.span(), message, message!("the-tables-are-host-api"));
                whole = false;
            }
        }
    }
    if host.is_none() && !text_has_host(text) {
        problems.say(0..0, message!("the-table-host-is-missing"), message!("add-host-with-state-dir"));
    }
    Some(RawConfig { host: host?, api: api?, workloads: workloads?, notify: notify? }).filter(|_| whole)
}

/// Whether a `host` table was there and only could not be read, which was reported already.
fn text_has_host(text: &str) -> bool {
    DeTable::parse(text).is_ok_and(|table| table.get_ref().contains_key("host"))
}

fn read_workloads(value: Spanned<DeValue<'_>>, problems: &mut Problems<'_>) -> Option<Vec<RawWorkload>> {
    let tables = tables(value, "workload", "[[workload]]", problems)?;
    let count = tables.len();
    let read: Vec<RawWorkload> = tables.into_iter().filter_map(|table| read_workload(table, problems)).collect();
    (read.len() == count).then_some(read)
}

fn read_notify(value: Spanned<DeValue<'_>>, problems: &mut Problems<'_>) -> Option<Vec<Spanned<RawNotify>>> {
    let tables = tables(value, "notify", "[[notify]]", problems)?;
    let count = tables.len();
    let one = |table: Spanned<DeValue<'_>>| {
        let span = table.span();
        Some(Spanned::new(span, read::<RawNotify>(table, problems)?))
    };
    let read: Vec<Spanned<RawNotify>> = tables.into_iter().filter_map(one).collect();
    (read.len() == count).then_some(read)
}

fn read_workload(mut table: Spanned<DeValue<'_>>, problems: &mut Problems<'_>) -> Option<RawWorkload> {
    let volumes = match table.get_mut() {
        DeValue::Table(table) => table.remove("volume"),
        _ => None,
    };
    let settings = read::<RawSettings>(table, problems);
    let volumes = match volumes {
        None => Some(Vec::new()),
        Some(value) => tables(value, "volume", "[[workload.volume]]", problems).and_then(|tables| {
            let count = tables.len();
            let read: Vec<RawVolume> = tables.into_iter().filter_map(|table| read(table, problems)).collect();
            (read.len() == count).then_some(read)
        }),
    };
    Some(RawWorkload { settings: settings?, volumes: volumes? })
}

/// An array of tables.
fn tables<'i>(
    value: Spanned<DeValue<'i>>,
    key: &str,
    header: &str,
    problems: &mut Problems<'_>,
) -> Option<Vec<Spanned<DeValue<'i>>>> {
    let span = value.span();
    match value.into_inner() {
        DeValue::Array(array) => Some(array.into_iter().collect()),
        _ => {
            problems.say(span, message!("is-not-a-list-of-tables", key), message!("write", header));
            None
        }
    }
}

fn read<T: DeserializeOwned>(value: Spanned<DeValue<'_>>, problems: &mut Problems<'_>) -> Option<T> {
    T::deserialize(ValueDeserializer::from(value)).map_err(|error| problems.toml(&error)).ok()
}
