//! A configuration that is made in code, by whoever embeds the host. It is written as TOML ([`super::as_toml`]) and read back
//! by the same rules as a file, so that there are no others.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::scope::Scope;
use crate::{Api, Config, Drill, Host, Volume, Workload, problems};
use reforge_base::consistency::{Consistency, Hook};
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;
use reforge_base::spec::HealthCheck;
use reforge_notify::Channel;

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

    /// How its snapshots are proven.
    pub fn with_drill(mut self, drill: Drill) -> Workload {
        self.drill = drill;
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
