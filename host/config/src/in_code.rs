//! A configuration that is made in code, by whoever embeds the host. It is written as TOML and read back by the same rules as
//! a file, so that there are no others.

use std::path::{Path, PathBuf};
use std::time::Duration;

use toml::{Table, Value};

use crate::scope::Scope;
use crate::{Api, Config, Host, Links, Schedule, Volume, Workload, capturing, duration, problems, size, written};
use reforge_base::consistency::{Consistency, Hook};
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::project::ProjectFiles;
use reforge_base::spec::{Container, HealthCheck};
use reforge_base::{Message, message};
use reforge_notify::{Channel, Way};
use reforge_schedule::calendar::Rule;
use reforge_schedule::retention::{self, Keep};

impl Config {
    /// One with no workload and no volume root yet, and all else as where a file says nothing.
    pub fn new(state_dir: impl Into<PathBuf>) -> Config {
        Config {
            path: PathBuf::new(),
            host: Host::new(state_dir.into()),
            api: Api::default(),
            workloads: Vec::new(),
            notify: Vec::new(),
        }
    }

    /// Volumes of the scopes `project` and `stage` live below it, and previews get theirs there.
    pub fn with_volume_root(mut self, root: impl Into<PathBuf>) -> Config {
        let root = root.into();
        self.host.preview_dir = root.join(crate::host::PREVIEWS);
        self.host.volume_root = Some(root);
        self
    }

    /// Volumes of the scope `absolute` may live below it.
    pub fn with_allowed_root(mut self, root: impl Into<PathBuf>) -> Config {
        self.host.allowed_roots.push(root.into());
        self
    }

    /// How long an undo is possible.
    pub fn with_undo_window(mut self, window: Duration) -> Config {
        self.host.undo_window = window;
        self
    }

    pub fn with_workload(mut self, workload: Workload) -> Config {
        self.workloads.push(workload);
        self
    }

    /// Where people elsewhere are told of what happens.
    pub fn with_channel(mut self, channel: Channel) -> Config {
        self.notify.push(channel);
        self
    }

    /// The same, checked as a file is, for a host that has the runtimes of these names.
    pub fn checked(&self, runtimes: &[&str]) -> Result<Config> {
        let host = &self.host;
        let named = [&host.state_dir, &host.snapshot_dir, &host.preview_dir, &host.docker_socket];
        let all = named.into_iter().chain(&host.volume_root).chain(&host.plugin).chain(&host.allowed_roots);
        let tokens = self.notify.iter().filter_map(|channel| channel.token_file.as_ref());
        if let Some(path) = all.chain(&self.api.webhook_secret_file).chain(tokens).find(|path| path.is_relative()) {
            let message = message!("in-the-configuration-is-not-absolute", path = reforge_base::escape::path(path));
            return Err(Failure::new(Code::Usage, message).hint(message!("a-configuration-that-is-made")));
        }
        let text = self.as_toml()?;
        let mut problems = problems::Problems::in_code(&text);
        let read = Config::read_with(&mut problems, Path::new("/"), runtimes);
        match (read, problems.finish()) {
            (Some(read), found) if found.is_empty() => Ok(Config { path: self.path.clone(), ..read }),
            (_, found) => Err(problems::one(None, found)),
        }
    }

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

impl Workload {
    pub fn with_command(mut self, words: impl IntoIterator<Item = impl Into<String>>) -> Workload {
        self.command = words.into_iter().map(Into::into).collect();
        self
    }

    pub fn with_image(mut self, reference: &str) -> Workload {
        self.image = Some(reference.to_owned());
        self
    }

    /// An environment variable.
    pub fn with_variable(mut self, name: &str, value: &str) -> Workload {
        self.environment.insert(name.to_owned(), value.to_owned());
        self
    }

    pub fn with_health(mut self, check: HealthCheck) -> Workload {
        self.health = Some(check);
        self
    }

    /// What is done to the app while a snapshot is taken.
    pub fn with_consistency(mut self, consistency: Consistency) -> Workload {
        self.capturing.consistency = consistency;
        self
    }

    /// How long the app is frozen at most.
    pub fn with_pause_limit(mut self, limit: Duration) -> Workload {
        self.capturing.pause_limit = limit;
        self
    }

    /// A command that runs before a snapshot is taken.
    pub fn with_before_snapshot(mut self, hook: Hook) -> Workload {
        self.capturing.before.push(hook);
        self
    }

    /// A command that runs afterwards, whatever became of the snapshot.
    pub fn with_after_snapshot(mut self, hook: Hook) -> Workload {
        self.capturing.after.push(hook);
        self
    }

    pub fn with_volume(mut self, volume: Volume) -> Workload {
        self.volumes.push(volume);
        self
    }
}

impl Volume {
    /// `source` is a path below the volume root, or an absolute one where the scope is that.
    pub fn new(name: &str, scope: Scope, source: &str) -> Volume {
        let (name, source) = (name.to_owned(), Some(source.to_owned()));
        Volume { name, scope, source, target: None, engine_volume: None, capture: true }
    }

    /// Where the app sees it, if that is another place than the directory itself.
    pub fn with_target(mut self, target: impl Into<PathBuf>) -> Volume {
        self.target = Some(target.into());
        self
    }

    /// As the named volume of a container engine whose directory it is.
    pub fn with_engine_volume(mut self, name: &str) -> Volume {
        self.engine_volume = Some(name.to_owned());
        self
    }

    /// Only mounted: no snapshot holds it and no restore touches it.
    pub fn uncaptured(mut self) -> Volume {
        self.capture = false;
        self
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
    keys.put_some("schedule", workload.schedule.as_ref().map(schedule));
    keys.put_all("volume", workload.volumes.iter().map(volume).collect::<Result<Vec<_>>>()?);
    Ok(keys.0)
}

/// None if it says nothing.
fn keep(keep: &Keep) -> Option<Table> {
    let said = retention::Rule::ALL.iter().filter(|rule| keep.of(**rule) > 0);
    let table: Table = said.map(|rule| (rule.as_str().to_owned(), i64::from(keep.of(*rule)).into())).collect();
    (!table.is_empty()).then_some(table)
}

fn schedule(schedule: &Schedule) -> Table {
    let mut keys = Keys::default();
    match schedule.calendar.rule() {
        Rule::At(time) => keys.put("at", time.strftime("%H:%M").to_string()),
        Rule::Cron(line) => keys.put("cron", line.clone()),
        Rule::Every(period) => keys.put("every", duration::text(*period)),
    }
    keys.put_some("zone", schedule.zone.clone());
    keys.put("jitter", duration::text(schedule.calendar.jitter()));
    keys.put("catch_up", schedule.catch_up);
    keys.put("wait", duration::text(schedule.wait));
    keys.0
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::PROCESS;

    const ALL_KEYS: &str = r#"
[host]
state_dir = "/s"
snapshot_dir = "/snapshots"
volume_root = "/v"
allowed_roots = ["/a", "/b"]
undo_window = "36h"
snapshots_at_once = 2
previous_max = "1 TiB"
plugin = "/p.wasm"
language = "ru"
[api]
listen = "127.0.0.1:1"
hosts = ["one.example"]
trusted_proxies = ["10.0.0.1"]
webhook_secret_file = "/secret"
[[workload]]
id = "one"
project = "one"
stage = "prod"
runtime = "docker"
image = "acme/one:1"
command = ["serve", "{volume:data}"]
entrypoint = ["/bin/sh", "-c"]
user = "1:2"
environment = { A = "b \" c" }
stop_signal = "SIGINT"
stop_timeout = "90s"
health = { command = ["ask"], interval = "2s", limit = "5s" }
links = "contained"
privileged = true
container_name = "one"
ports = ["8080:80"]
restart = "on-failure:3"
memory = "512 MiB"
cpus = 1.5
pids = 100
networks = ["net"]
labels = { "a.b" = "c" }
max_instances = 3
allow_containers = ["backup"]
keep = { last = 3, hourly = 1, daily = 7, weekly = 5, monthly = 12, yearly = 2 }
min_free = "20 GiB"
schedule = { at = "03:00", zone = "Europe/Berlin", jitter = "10m", catch_up = false, wait = "2h" }
request = { HostConfig = { Init = true, Tmpfs = { "/run" = "" } } }
[[workload.volume]]
name = "data"
scope = "absolute"
source = "/a/data"
target = "/data"
[[workload.volume]]
name = "database"
scope = "absolute"
source = "/a/volumes/one_db/_data"
target = "/db"
engine_volume = "one_db"
[[workload.volume]]
name = "media"
scope = "absolute"
source = "/mnt/media"
target = "/media"
capture = false
[[workload.volume]]
name = "scratch"
scope = "ephemeral"
target = "/scratch"
[[workload]]
id = "two"
project = "one"
stage = "test"
runtime = "mine"
command = ["serve"]
schedule = { cron = "0 3 * * sun" }
[[workload]]
id = "three"
project = "one"
stage = "prod"
runtime = "compose"
compose = { project = "three", working_dir = "/three", config_files = ["/three/compose.yaml", "/three/more.yaml"], project_files = "all" }
[[workload.volume]]
name = "db"
scope = "absolute"
source = "/a/db"
target = "db:/var/lib/db"
[[notify]]
name = "phone"
url = "ntfy://ntfy.example/topic"
token_file = "/token"
on = ["failed", "undo-ends"]
workloads = ["one", "two"]
[[notify]]
command = ["/bin/tell", "them"]
[[notify]]
url = "healthchecks://hc-ping.com/uuid"
"#;

    #[test]
    fn whatever_a_file_can_say_can_be_said_in_code() {
        let known = ["docker", "mine", "compose"];
        let read = Config::check_for(ALL_KEYS, Path::new("/etc/reforge.toml"), &known).unwrap();
        assert_eq!(read.checked(&known).unwrap(), read, "{}", read.as_toml().unwrap());
    }

    #[test]
    fn a_configuration_in_code_is_held_to_the_rules_of_a_file() {
        let app = Workload::new("notes", "notes", "prod", "mine").with_command(["serve"]);
        let of = |workload: Workload| Config::new("/s").with_volume_root("/v").with_workload(workload);
        let data = |source: &str| Volume::new("data", Scope::Project, source);
        let fine = of(app.clone().with_volume(data("data"))).checked(&["mine"]).unwrap();
        assert_eq!(fine.host.preview_dir, Path::new("/v/.previews"));
        assert_eq!(fine.workloads[0].volumes, [data("data")]);
        for (config, said) in [
            (of(app.clone().with_volume(data("../x"))), "`source` is `../x`, which holds `..`"),
            (
                of(Workload::new("Notes", "notes", "prod", "mine").with_command(["x"])),
                "`id` is `Notes`, which is not a name",
            ),
            (of(Workload::new("a", "a", "prod", "mine")), "the workload `a` has neither an `image` nor a `command`"),
            (of(Workload::new("a", "a", "prod", "other")), "the key `runtime` cannot be `other`"),
            (of(Workload::new("a", "a", "prod", PROCESS)), "the key `runtime` cannot be `process`"),
            (Config::new("s"), "`s` in the configuration is not absolute"),
        ] {
            let failure = config.checked(&["mine"]).unwrap_err();
            assert!(failure.message.contains(said), "{failure}");
            assert!(!failure.message.contains("line "), "{failure}");
        }
    }
}
