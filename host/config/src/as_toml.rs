//! A configuration as the text of a file: every key that says something, as a person would write it.

use std::path::Path;

use toml::{Table, Value};

use crate::{Api, Config, Host, Links, Volume, Workload, capturing, drill, duration, schedule, size, written};
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::project::ProjectFiles;
use reforge_base::spec::Container;
use reforge_base::{Message, message};
use reforge_notify::{Channel, Way};
use reforge_schedule::retention::{self, Keep};

impl Config {
    /// All of it as the text of a file.
    pub(crate) fn as_toml(&self) -> Result<String> {
        let mut text = format!("[host]\n{}", lines(&host(&self.host)?));
        text.push_str(&format!("\n[api]\n{}", lines(&api(&self.api)?)));
        for one in &self.workloads {
            text.push_str(&format!("\n{}", written::listed("workload", &workload(one)?)));
        }
        for one in &self.notify {
            text.push_str(&format!("\n{}", written::listed("notify", &channel(one)?)));
        }
        Ok(text)
    }
}

/// The keys of a table that is being made.
#[derive(Default)]
struct Keys(Table);

impl Keys {
    fn put(&mut self, key: &str, value: impl Into<Value>) {
        self.0.insert(key.to_owned(), value.into());
    }

    fn put_some(&mut self, key: &str, value: Option<impl Into<Value>>) {
        if let Some(value) = value {
            self.put(key, value);
        }
    }

    /// A list with something in it.
    fn put_all(&mut self, key: &str, values: impl IntoIterator<Item = impl Into<Value>>) {
        let values: Vec<Value> = values.into_iter().map(Into::into).collect();
        self.put_some(key, Some(values).filter(|values| !values.is_empty()));
    }
}

fn lines(table: &Table) -> String {
    table.iter().map(|(key, value)| format!("{key} = {}\n", written::inline(value))).collect()
}

fn host(host: &Host) -> Result<Table> {
    let mut keys = Keys::default();
    keys.put("state_dir", path(&host.state_dir)?);
    keys.put("snapshot_dir", path(&host.snapshot_dir)?);
    keys.put_some("volume_root", host.volume_root.as_deref().map(path).transpose()?);
    keys.put_all("allowed_roots", host.allowed_roots.iter().map(|root| path(root)).collect::<Result<Vec<_>>>()?);
    keys.put("preview_dir", path(&host.preview_dir)?);
    keys.put("undo_window", duration::text(host.undo_window));
    keys.put_some("previous_max", host.previous_max.map(size::text));
    keys.put("docker_socket", path(&host.docker_socket)?);
    keys.put_some("plugin", host.plugin.as_deref().map(path).transpose()?);
    keys.put("plugin_stall_limit", duration::text(host.plugin_stall_limit));
    keys.put_all("plugin_keys", host.plugin_keys.iter().cloned());
    keys.put_some("language", host.language.map(|language| language.tag()));
    keys.put("snapshots_at_once", i64::from(host.snapshots_at_once));
    let number = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    keys.put_some("import_entries_max", host.import_entries_max.map(number));
    keys.put_some("import_ratio_max", host.import_ratio_max.map(number));
    keys.put("drill_dir", path(&host.drill_dir)?);
    keys.put("drill_host_commands", host.drill_host_commands);
    Ok(keys.0)
}

fn api(api: &Api) -> Result<Table> {
    let mut keys = Keys::default();
    keys.put("listen", api.listen.to_string());
    keys.put_all("hosts", api.hosts.iter().cloned());
    keys.put_all("trusted_proxies", api.trusted_proxies.iter().map(ToString::to_string));
    keys.put_some("webhook_secret_file", api.webhook_secret_file.as_deref().map(path).transpose()?);
    Ok(keys.0)
}

/// A channel as a table, secrets and all.
fn channel(channel: &Channel) -> Result<Table> {
    let mut keys = Keys::default();
    keys.put("name", channel.name.clone());
    match &channel.way {
        Way::Address(address) => keys.put("url", address.secret_text()),
        Way::Command(words) => keys.put("command", words.iter().cloned().map(Value::from).collect::<Vec<_>>()),
    }
    keys.put_some("token_file", channel.token_file.as_deref().map(path).transpose()?);
    if !channel.way.is_pinged() {
        keys.put("on", channel.on.iter().map(|kind| Value::from(kind.as_str())).collect::<Vec<_>>());
    }
    keys.put_all("workloads", channel.workloads.iter().cloned());
    Ok(keys.0)
}

/// A workload as a table.
pub(super) fn workload(workload: &Workload) -> Result<Table> {
    let mut keys = Keys::default();
    keys.put("id", workload.id.clone());
    keys.put("project", workload.project.clone());
    keys.put("stage", workload.stage.clone());
    keys.put("runtime", workload.runtime.as_str());
    keys.put_some("image", workload.image.clone());
    keys.put_all("command", workload.command.iter().cloned());
    keys.put_some("user", workload.user.clone());
    keys.put_some("environment", table(&workload.environment));
    if !workload.runtime.is_compose() {
        keys.put("stop_signal", workload.stop_signal.clone());
        keys.put("stop_timeout", duration::text(workload.stop_timeout));
    }
    if let Some(check) = &workload.health {
        let mut health = Keys::default();
        health.put_some("member", check.member.clone());
        health.put("command", check.command.iter().cloned().map(Value::from).collect::<Vec<_>>());
        health.put("interval", duration::text(check.interval));
        health.put("limit", duration::text(check.limit));
        keys.put("health", health.0);
    }
    if workload.links != Links::default() || !workload.runtime.is_compose() {
        keys.put("links", workload.links.as_str());
    }
    if workload.privileged || !workload.runtime.is_compose() {
        keys.put("privileged", workload.privileged);
    }
    keys.0.extend(capturing::keys(&workload.capturing));
    if !workload.container.is_plain() {
        container(&workload.container, &mut keys)?;
    }
    if let Some(project) = &workload.compose {
        let mut compose = Keys::default();
        compose.put("project", project.name.clone());
        compose.put("working_dir", path(&project.working_dir)?);
        compose.put("config_files", project.config_files.iter().map(|file| path(file)).collect::<Result<Vec<_>>>()?);
        if workload.project_files != ProjectFiles::default() {
            compose.put("project_files", workload.project_files.as_str());
        }
        keys.put("compose", compose.0);
    }
    keys.put_all("allow_containers", workload.allow_containers.iter().cloned());
    keys.put_some("keep", keep(&workload.keep));
    keys.put_some("min_free", workload.min_free.map(size::text));
    keys.put_some("schedule", workload.schedule.as_ref().map(schedule::keys));
    keys.put_some("drill", drill::keys(&workload.drill));
    keys.put_all("volume", workload.volumes.iter().map(volume).collect::<Result<Vec<_>>>()?);
    Ok(keys.0)
}

/// None if it says nothing.
fn keep(keep: &Keep) -> Option<Table> {
    let said = retention::Rule::ALL.iter().filter(|rule| keep.of(**rule) > 0);
    let table: Table = said.map(|rule| (rule.as_str().to_owned(), i64::from(keep.of(*rule)).into())).collect();
    (!table.is_empty()).then_some(table)
}

fn container(container: &Container, keys: &mut Keys) -> Result<()> {
    keys.put_some("container_name", container.name.clone());
    keys.put_some("entrypoint", container.entrypoint.clone());
    keys.put_all("ports", container.ports.iter().cloned());
    keys.put("restart", container.restart.text());
    if let Some(bytes) = container.memory_bytes {
        if bytes % 1024 != 0 {
            let message = message!("a-memory-limit-of-bytes-cannot", bytes);
            return Err(Failure::new(Code::Usage, message).hint(message!("give-one-that-is-a-multiple")));
        }
        keys.put("memory", format!("{} KiB", bytes / 1024));
    }
    keys.put_some("cpus", container.nano_cpus.map(|nano| nano as f64 / 1e9));
    keys.put_some("pids", container.pids_max);
    keys.put_all("networks", container.networks.iter().cloned());
    keys.put_some("labels", table(&container.labels));
    if !container.request.is_empty() {
        let request = Value::try_from(&container.request);
        let failed =
            |error: toml::ser::Error| Failure::new(Code::Usage, error.to_string()).context(Message::from("`request`"));
        keys.put("request", request.map_err(failed)?);
    }
    keys.put_some("max_instances", container.instances_max.map(i64::from));
    Ok(())
}

pub(super) fn volume(volume: &Volume) -> Result<Table> {
    let mut keys = Keys::default();
    keys.put("name", volume.name.clone());
    keys.put("scope", volume.scope.as_str());
    keys.put_some("source", volume.source.clone());
    keys.put_some("target", volume.target.as_deref().map(path).transpose()?);
    keys.put_some("engine_volume", volume.engine_volume.clone());
    if !volume.capture {
        keys.put("capture", false);
    }
    Ok(keys.0)
}

fn table(map: &std::collections::BTreeMap<String, String>) -> Option<Table> {
    let table: Table = map.iter().map(|(key, value)| (key.clone(), Value::from(value.clone()))).collect();
    (!table.is_empty()).then_some(table)
}

fn path(path: &Path) -> Result<String> {
    path.to_str().map(str::to_owned).ok_or_else(|| {
        let message = message!("is-not-utf-8-as", path = reforge_base::escape::path(path));
        Failure::new(Code::Usage, message)
    })
}
