//! What somebody else created a container with, as far as another container in its place must have the same.
//!
//! One container keeps this for ever: its id is its definition. Only its restart policy, its name, its networks and what
//! its paths lead to can move. Compose's own digest is no proof, and is not looked at.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::Message;
use crate::escape;
use crate::message;

/// See the module.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Definition {
    /// What its image is called.
    pub image: String,
    pub image_id: String,
    /// Its settings in the engine's words.
    pub settings: Map<String, Value>,
    /// What it sees where.
    pub sources: BTreeMap<String, Source>,
    /// Its environment without what its image says.
    pub environment: Vec<(String, String)>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// A path of this machine, or a volume's name.
    pub from: String,
    pub read_only: bool,
}

impl Definition {
    /// What of another container differs, by name: values of the environment may be secrets.
    pub fn differences(&self, now: &Definition) -> Vec<Message> {
        let mut differences = Vec::new();
        if self.image_id != now.image_id {
            let (before, now) = (named(&self.image, &self.image_id), named(&now.image, &now.image_id));
            differences.push(message!("differs-image", before, now));
        }
        let variables: Vec<String> = differing(&variables(&self.settings), &variables(&now.settings));
        if !variables.is_empty() {
            differences.push(message!("differs-environment", names = shown(variables)));
        }
        let other = differing(&flat(&self.settings), &flat(&now.settings));
        if !other.is_empty() {
            differences.push(message!("differs-settings", names = shown(other)));
        }
        for target in differing(&self.sources, &now.sources) {
            let from = |sources: &BTreeMap<String, Source>| sources.get(&target).map(Source::shown);
            let (before, now) = (from(&self.sources), from(&now.sources));
            let target = escape::text(&target);
            differences.push(match (before, now) {
                (Some(before), Some(now)) => message!("differs-mount", target, before, now),
                (None, Some(now)) => message!("differs-mount-new", target, now),
                (before, None) => message!("differs-mount-gone", target, before = before.unwrap_or_default()),
            });
        }
        differences
    }
}

impl Source {
    fn shown(&self) -> String {
        format!("`{}`{}", escape::text(&self.from), if self.read_only { " (ro)" } else { "" })
    }
}

/// Names with another value, or on one side only.
pub fn differing<T: PartialEq>(one: &BTreeMap<String, T>, other: &BTreeMap<String, T>) -> Vec<String> {
    let names: BTreeSet<&String> = one.keys().chain(other.keys()).collect();
    names.into_iter().filter(|name| one.get(*name) != other.get(*name)).cloned().collect()
}

/// For a message.
pub fn shown(names: Vec<String>) -> String {
    names.iter().map(|name| format!("`{}`", escape::text(name))).collect::<Vec<_>>().join(", ")
}

/// A name, with the image's id beside it: one name can stand for both.
pub fn named(image: &str, id: &str) -> String {
    let (image, id) = (escape::text(image), id.strip_prefix("sha256:").unwrap_or(id));
    match id {
        // It is not there yet.
        "" => format!("`{image}`"),
        id => format!("`{image}` ({})", id.get(..12).unwrap_or(id)),
    }
}

fn variables(settings: &Map<String, Value>) -> BTreeMap<String, String> {
    let variables = settings.get("Env").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    let pair = |variable: &str| {
        let (name, value) = variable.split_once('=').unwrap_or((variable, ""));
        (name.to_owned(), value.to_owned())
    };
    variables.map(pair).collect()
}

/// Each setting by its path, but for the environment.
fn flat(settings: &Map<String, Value>) -> BTreeMap<String, &Value> {
    let mut flat = BTreeMap::new();
    for (key, value) in settings.iter().filter(|(key, _)| *key != "Env") {
        match value.as_object().filter(|_| key == "HostConfig") {
            Some(host) => flat.extend(host.iter().map(|(inner, value)| (format!("{key}.{inner}"), value))),
            None => drop(flat.insert(key.clone(), value)),
        }
    }
    flat
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn definition(image: &str, settings: Value, source: &str) -> Definition {
        let Value::Object(settings) = settings else { unreachable!() };
        let sources = [("/data".to_owned(), Source { from: source.to_owned(), read_only: false })].into();
        let image_id = format!("sha256:{image}");
        Definition { image: image.to_owned(), image_id, settings, sources, environment: Vec::new() }
    }

    #[test]
    fn what_differs_is_named_and_no_value_of_the_environment_is() {
        let settings = |secret: &str, memory: i64| json!({ "Env": [format!("S={secret}"), "T=1"], "HostConfig": { "Memory": memory } });
        let before = definition("a:1", settings("hunter2", 1), "/srv/a");
        assert_eq!(before.differences(&before.clone()), Vec::<Message>::new());
        let now = definition("a:2", settings("hunter3", 2), "/srv/b");
        let said: Vec<String> = before.differences(&now).iter().map(|message| message.as_str().to_owned()).collect();
        assert_eq!(
            said,
            [
                "image `a:1` (a:1), now `a:2` (a:2)",
                "environment `S`",
                "settings `HostConfig.Memory`",
                "at `/data` `/srv/a`, now `/srv/b`",
            ]
        );
    }
}
