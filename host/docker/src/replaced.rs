//! What a deploy would put an end to: a container that somebody else made, and what would be otherwise afterwards. Names
//! settings, and never a value of the environment. Looks only.

use std::collections::BTreeMap;

use serde_json::Value;

use super::container::Found;
use super::image_defaults::{self, ImageDefaults};
use super::{DockerRuntime, View, mounts, request};
use reforge_base::Message;
use reforge_base::escape;
use reforge_base::failure::Result;
use reforge_base::message;
use reforge_base::spec::definition::{differing, named, shown};
use reforge_base::spec::{DeploySpec, Mount};
use reforge_runtime::Replaced;

/// See [`reforge_runtime::Runtime::replaced_by`].
pub(crate) fn replaced(runtime: &DockerRuntime, wanted: &DeploySpec) -> Result<Option<Replaced>> {
    let view = runtime.view(&wanted.workload)?;
    let Some(found) = view.adopted() else { return Ok(None) };
    let what = message!("made-by-something-else", shown = found.shown());
    Ok(Some(Replaced { what, changes: view.changes(found, wanted)? }))
}

impl View<'_> {
    fn changes(&self, found: &Found, wanted: &DeploySpec) -> Result<Vec<Message>> {
        let defaults = ImageDefaults::of(&self.client, found)?;
        let mut now = self.spec_of(found)?;
        let environment = defaults.own_environment(found);
        defaults.strip(&mut now);
        let with_own = self.with_own_environment(wanted)?;
        let mut wanted = wanted.clone();
        // A version before this one wrote down what the image and the engine say, too. Of another image it is said otherwise.
        match now.image_digest == wanted.image_digest {
            true => defaults.strip(&mut wanted),
            false => image_defaults::strip_engines(&mut wanted.container.request),
        }
        let mut changes = Vec::new();
        if now.image_digest != wanted.image_digest || now.image != wanted.image {
            let (before, after) = (named(&now.image, &now.image_digest), named(&wanted.image, &wanted.image_digest));
            changes.push(message!("would-change-image", before, after));
        }
        let variables = |pairs: &[(String, String)]| pairs.iter().cloned().collect::<BTreeMap<_, _>>();
        let names = differing(&variables(&environment), &self.unlike_image(&defaults, &with_own));
        if !names.is_empty() {
            changes.push(message!("would-change-environment", names = shown(names)));
        }
        let names = differing(&settings(&now), &settings(&wanted));
        if !names.is_empty() {
            changes.push(message!("would-change-settings", names = shown(names)));
        }
        let sees = |spec: &DeploySpec| -> BTreeMap<String, String> {
            let source = |mount: &Mount| match &mount.engine_volume {
                Some(name) => escape::text(name),
                None => escape::path(&mount.live),
            };
            spec.mounts.iter().map(|mount| (escape::path(&mount.target), source(mount))).collect()
        };
        let (before, after) = (self.all_binds(found), sees(&wanted));
        for (target, after) in &after {
            match before.get(target) {
                Some(before) if before == after => {}
                Some(before) => changes.push(message!("differs-mount", target, before, now = after)),
                None => changes.push(message!("differs-mount-new", target, now = after)),
            }
        }
        for (target, before) in sees(&now).iter().filter(|(target, _)| !after.contains_key(*target)) {
            changes.push(message!("differs-mount-gone", target, before));
        }
        Ok(changes)
    }

    /// What a container of a spec would have in its environment that the image of the one before it does not say.
    fn unlike_image(&self, defaults: &ImageDefaults, spec: &DeploySpec) -> BTreeMap<String, String> {
        let differs = |(name, value): &&(String, String)| !defaults.says(name, value);
        spec.environment.iter().filter(differs).cloned().collect()
    }

    fn all_binds(&self, found: &Found) -> BTreeMap<String, String> {
        let mounts = mounts::inherited(found, &[], true);
        let pair = |mount: bollard::models::Mount| Some((escape::text(&mount.target?), escape::text(&mount.source?)));
        mounts.into_iter().filter_map(pair).collect()
    }
}

/// Every setting by its name, as a value to compare.
fn settings(spec: &DeploySpec) -> BTreeMap<String, Value> {
    let mut settings = BTreeMap::new();
    let container = &spec.container;
    let mut put = |name: &str, value: Value| {
        if !value.is_null() && value != Value::Array(Vec::new()) {
            settings.insert(name.to_owned(), value);
        }
    };
    put("command", spec.command.clone().into());
    put("entrypoint", container.entrypoint.clone().into());
    put("user", spec.user.clone().into());
    put("stop_signal", spec.stop_signal.clone().into());
    put("stop_timeout", request::stop_seconds(spec.stop_timeout).into());
    put("restart", container.restart.text().into());
    put("container_name", container.name.clone().into());
    put("ports", container.ports.clone().into());
    put("networks", container.networks.clone().into());
    put("memory", container.memory_bytes.into());
    put("cpus", container.nano_cpus.into());
    put("pids", container.pids_max.into());
    for (name, value) in &container.labels {
        put(&format!("labels.{name}"), value.clone().into());
    }
    let targets: Vec<String> = spec.mounts.iter().map(|mount| mount.target.to_string_lossy().into_owned()).collect();
    for (key, value) in &container.request {
        match value.as_object().filter(|_| ["HostConfig", "NetworkingConfig"].contains(&key.as_str())) {
            Some(inner) => {
                inner.iter().for_each(|(name, value)| put(&format!("{key}.{name}"), without(value, &targets)))
            }
            None => put(key, value.clone()),
        }
    }
    settings
}

/// Mounts without those that are volumes, in one order; everything else as it is.
fn without(value: &Value, targets: &[String]) -> Value {
    let Some(list) = value.as_array() else { return value.clone() };
    let is_volume = |mount: &Value| targets.iter().any(|target| mount["Target"] == target.as_str());
    let mut rest: Vec<Value> = list.iter().filter(|mount| !is_volume(mount)).cloned().collect();
    rest.sort_by_key(|mount| mount["Target"].to_string());
    rest.into()
}
