//! What an image and the engine say of every container, and what one says besides: only that is its own, and goes on to
//! a container of another image in its place.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::{Map, Value};

use super::client::Client;
use super::container::Found;
use super::request;
use reforge_base::escape;
use reforge_base::failure::Result;
use reforge_base::message;
use reforge_base::spec::DeploySpec;

/// What an engine fills in where nothing was said.
const ENGINES: [(&str, &str); 6] = [
    ("Runtime", "\"runc\""),
    ("IpcMode", "\"private\""),
    ("NetworkMode", "\"default\""),
    ("ShmSize", "67108864"),
    ("LogConfig", "{\"Config\":{},\"Type\":\"json-file\"}"),
    ("LogConfig", "{\"Type\":\"json-file\"}"),
];
/// Lists that an engine fills in itself, each with an entry that tells its own: an empty one means that there is none.
const ENGINES_LISTS: [(&str, &str); 2] = [("MaskedPaths", "/proc/kcore"), ("ReadonlyPaths", "/proc/sysrq-trigger")];
/// Where a false or a zero is not the same as nothing.
const MEAN_NOTHING_TOO: [&str; 3] = ["Init", "MemorySwappiness", "PidsLimit"];
/// There where control groups are of version 2, for which an engine has another default.
const OF_VERSION_2: &str = "/sys/fs/cgroup/cgroup.controllers";

/// See the module. Of an image that is gone nothing is known: then everything is the container's own.
pub(crate) struct ImageDefaults(Map<String, Value>);

impl ImageDefaults {
    /// Of the image that a container was made from.
    pub(crate) fn of(client: &Client, found: &Found) -> Result<ImageDefaults> {
        let image = match client.ask(|docker| docker.inspect_image(found.image_id())) {
            Ok(image) => image.config,
            Err(error) if error.is_gone() => None,
            Err(error) => {
                let image = escape::text(found.image_name());
                return Err(client.failed(message!("find-the-image", image))(error));
            }
        };
        Ok(ImageDefaults(match serde_json::to_value(image) {
            Ok(Value::Object(config)) => config,
            _ => Map::new(),
        }))
    }

    /// Variables that the image does not set, or sets to something else.
    pub(crate) fn own_environment(&self, found: &Found) -> Vec<(String, String)> {
        let listed = self.0.get("Env").and_then(Value::as_array);
        let of_image: BTreeSet<&str> = listed.into_iter().flatten().filter_map(Value::as_str).collect();
        let own = found.environment().iter().filter(|variable| !of_image.contains(variable.as_str()));
        let pairs: BTreeMap<&str, &str> = own.filter_map(|variable| variable.split_once('=')).collect();
        pairs.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }

    /// Whether the image sets a variable to just that.
    pub(crate) fn says(&self, name: &str, value: &str) -> bool {
        let listed = self.0.get("Env").and_then(Value::as_array);
        listed.into_iter().flatten().filter_map(Value::as_str).any(|said| said.split_once('=') == Some((name, value)))
    }

    /// Takes out of a spec that was read off a container what its image and the engine say anyway, and the environment,
    /// which stays with the container.
    pub(crate) fn strip(&self, spec: &mut DeploySpec) {
        spec.environment.clear();
        let listed = |key: &str| -> Vec<String> {
            let words = self.0.get(key).and_then(Value::as_array).into_iter().flatten();
            words.filter_map(|word| word.as_str().map(str::to_owned)).collect()
        };
        let (entrypoint, command) = (listed("Entrypoint"), listed("Cmd"));
        match spec.container.entrypoint.take().unwrap_or_default() {
            own if own == entrypoint => {
                if spec.command == command {
                    spec.command.clear();
                }
            }
            // Asked for as an empty one; the image's command does not count then.
            own if own.is_empty() => spec.container.entrypoint = Some(vec![String::new()]),
            own => spec.container.entrypoint = Some(own),
        }
        if spec.user.as_deref() == self.0.get("User").and_then(Value::as_str) {
            spec.user = None;
        }
        let labels = self.0.get("Labels");
        let is_own = |name: &String, value: &mut String| {
            labels.and_then(|labels| labels.get(name)).and_then(Value::as_str) != Some(value)
        };
        spec.container.labels.retain(is_own);
        let request = &mut spec.container.request;
        request.retain(|key, value| match (value.as_object_mut(), self.0.get(key).and_then(Value::as_object)) {
            (Some(own), Some(of_image)) if ["ExposedPorts", "Volumes"].contains(&key.as_str()) => {
                own.retain(|name, _| !of_image.contains_key(name));
                !own.is_empty()
            }
            _ => self.0.get(key) != Some(value) && !says_nothing(key, value),
        });
        strip_engines(request);
    }
}

/// What the engine filled in.
pub(crate) fn strip_engines(request: &mut Map<String, Value>) {
    if let Some(host) = request.get_mut("HostConfig").and_then(Value::as_object_mut) {
        host.remove("RestartPolicy");
        host.remove("ConsoleSize");
        let cgroup_namespace = if Path::new(OF_VERSION_2).exists() { "private" } else { "host" };
        host.retain(|key, value| {
            let text = value.to_string();
            let is_namespace = key == "CgroupnsMode" && value == cgroup_namespace;
            let is_engines = ENGINES.iter().any(|(name, default)| key == name && text == *default);
            let is_list = ENGINES_LISTS.iter().any(|(name, entry)| {
                key == name && value.as_array().is_some_and(|paths| paths.iter().any(|path| path == entry))
            });
            let is_kept_empty = ENGINES_LISTS.iter().any(|(name, _)| key == name);
            !is_engines && !is_namespace && !is_list && (is_kept_empty || !says_nothing(key, value))
        });
    }
    if let Some(networking) = request.get_mut("NetworkingConfig").and_then(Value::as_object_mut)
        && let Some(endpoints) = networking.get_mut("EndpointsConfig").and_then(Value::as_object_mut)
    {
        endpoints.retain(|network, _| !request::is_plain(network));
        if endpoints.is_empty() {
            networking.clear();
        }
    }
    request.retain(|key, value| !says_nothing(key, value));
}

/// Whether a value is what the engine takes where nothing is said.
fn says_nothing(key: &str, value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(value) => !value && !MEAN_NOTHING_TOO.contains(&key),
        Value::Number(number) => number.as_f64() == Some(0.0) && !MEAN_NOTHING_TOO.contains(&key),
        Value::String(text) => text.is_empty(),
        Value::Array(list) => list.is_empty(),
        Value::Object(map) => map.is_empty(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn stripped(image: Value, edit: impl FnOnce(&mut DeploySpec)) -> DeploySpec {
        let mut spec = DeploySpec::new("a", "image:1");
        edit(&mut spec);
        let Value::Object(image) = image else { unreachable!() };
        ImageDefaults(image).strip(&mut spec);
        spec
    }

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    #[test]
    fn what_the_image_says_is_not_the_containers_own() {
        let image = json!({ "Entrypoint": ["/init"], "Cmd": ["run"], "User": "app", "Labels": { "a": "1", "b": "2" },
            "WorkingDir": "/app", "ExposedPorts": { "80/tcp": {} }, "Env": ["A=1"] });
        let spec = stripped(image, |spec| {
            (spec.container.entrypoint, spec.command) = (Some(words(&["/init"])), words(&["run"]));
            spec.user = Some("app".to_owned());
            spec.environment = vec![("A".to_owned(), "1".to_owned()), ("B".to_owned(), "2".to_owned())];
            spec.container.labels = [("a", "1"), ("b", "3")].map(|(k, v)| (k.to_owned(), v.to_owned())).into();
            let request = json!({ "WorkingDir": "/app", "ExposedPorts": { "80/tcp": {}, "81/tcp": {} }, "Tty": false,
                "HostConfig": { "Memory": 0, "Privileged": true, "ShmSize": 67108864, "Init": false,
                    "MaskedPaths": ["/proc/kcore"], "ReadonlyPaths": [], "LogConfig": { "Type": "json-file", "Config": {} } },
                "NetworkingConfig": { "EndpointsConfig": { "bridge": {} } } });
            let Value::Object(request) = request else { unreachable!() };
            spec.container.request = request;
        });
        assert_eq!((spec.container.entrypoint, spec.command, spec.user), (None, Vec::new(), None));
        assert_eq!(spec.environment, []);
        assert_eq!(spec.container.labels, [("b".to_owned(), "3".to_owned())].into());
        let own = json!({ "ExposedPorts": { "81/tcp": {} },
            "HostConfig": { "Privileged": true, "Init": false, "ReadonlyPaths": [] } });
        assert_eq!(Value::Object(spec.container.request), own);
    }

    #[test]
    fn a_command_belongs_to_its_entrypoint() {
        let image = || json!({ "Entrypoint": ["/init"], "Cmd": ["run"] });
        type Words = &'static [&'static str];
        let rows: [(Words, Words, Option<Words>, Words); 4] = [
            (&["/init"], &["other"], None, &["other"]),
            (&["/bin/sh"], &["run"], Some(&["/bin/sh"]), &["run"]),
            (&["/bin/sh"], &[], Some(&["/bin/sh"]), &[]),
            (&[], &["sh"], Some(&[""]), &["sh"]),
        ];
        for (entrypoint, command, own_entrypoint, own_command) in rows {
            let spec = stripped(image(), |spec| {
                spec.container.entrypoint = Some(words(entrypoint)).filter(|words| !words.is_empty());
                spec.command = words(command);
            });
            assert_eq!(spec.container.entrypoint, own_entrypoint.map(words), "{entrypoint:?}");
            assert_eq!(spec.command, words(own_command), "{entrypoint:?}");
        }
    }
}
