//! A workload that was adopted, added to a configuration. Nothing is believed about the text that this makes: it is read
//! back, and must mean what the one before it meant, and one workload more, which is what the container was created with.

use std::path::Path;

use toml::{Table, Value};

use super::{Config, additions, duration};
use crate::deploy_spec;
use reforge_base::Message;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;
use reforge_base::spec::{DeploySpec, Mount};

/// Where the directories that may be volumes are listed.
const ROOTS: &str = "allowed_roots";

/// The text with one more workload, and with its directories allowed. `config` is what the text means.
pub fn add(config: &Config, text: &str, spec: &DeploySpec, project: &str, stage: &str) -> Result<String> {
    let table = table(spec, project, stage)?;
    let roots = roots_to_allow(config, spec);
    let roots: Vec<&str> = roots.iter().map(String::as_str).collect();
    let added = additions::add(text, &table, ROOTS, &roots)?;
    check_text(text, &added, &table, &roots).map_err(|what| changed(config, what))?;
    let read = Config::read(&added, &config.path)?;
    check_meaning(config, &read, spec, &roots).map_err(|what| changed(config, what))?;
    Ok(added)
}

/// As TOML, the new text is the old one with these additions and nothing else.
fn check_text(text: &str, added: &str, table: &Table, roots: &[&str]) -> Result<(), Message> {
    let (Ok(mut meant), Ok(read)) = (text.parse::<Table>(), added.parse::<Table>()) else {
        return Err(message!("it-would-be-no-toml"));
    };
    let more = |within: &mut Table, key: &str, values: Vec<Value>| {
        let list = within.entry(key).or_insert_with(|| Value::Array(Vec::new()));
        list.as_array_mut().map(|list| list.extend(values)).ok_or_else(|| message!("it-has-no-such-list"))
    };
    more(&mut meant, "workload", vec![Value::Table(table.clone())])?;
    if !roots.is_empty() {
        let host = meant.get_mut("host").and_then(Value::as_table_mut).ok_or_else(|| message!("it-has-no-host"))?;
        more(host, ROOTS, roots.iter().map(|root| Value::String((*root).to_owned())).collect())?;
    }
    if meant == read { Ok(()) } else { Err(message!("another-key-would-change")) }
}

/// For this host, all that was there is the same, and a deploy of the new workload would run what was adopted.
fn check_meaning(before: &Config, after: &Config, spec: &DeploySpec, roots: &[&str]) -> Result<(), Message> {
    let Some((new, others)) = after.workloads.split_last() else {
        return Err(message!("the-workload-would-be-missing"));
    };
    let mut host = before.host.clone();
    host.allowed_roots.extend(roots.iter().map(Into::into));
    if others != before.workloads || after.host != host || after.api != before.api {
        return Err(message!("something-else-would-change"));
    }
    let mount = |volume: &super::Volume| {
        let (source, target) = (volume.source.as_ref()?, volume.target.as_ref()?);
        Some(Mount::new(&volume.name, source, target).with_engine_volume(volume.engine_volume.clone()))
    };
    let mounts: Option<Vec<Mount>> = new.volumes.iter().map(mount).collect();
    let read = mounts.and_then(|mounts| deploy_spec::spec(new, &new.id, new.image.as_deref()?, mounts).ok());
    let mut meant = spec.clone();
    meant.image_digest.clear();
    // One name has one value, the last, as it is for the app.
    let environment: std::collections::BTreeMap<_, _> = meant.environment.into_iter().collect();
    meant.environment = environment.into_iter().collect();
    if read.as_ref() == Some(&meant) { Ok(()) } else { Err(message!("the-workload-would-not-be-what")) }
}

fn changed(config: &Config, what: Message) -> Failure {
    let message = message!("nothing-was-written-to", path = reforge_base::escape::path(&config.path), what);
    Failure::new(Code::Usage, message).hint(message!("add-the-workload-by-hand-docs"))
}

fn table(spec: &DeploySpec, project: &str, stage: &str) -> Result<Table> {
    let text = |text: &str| Value::String(text.to_owned());
    let words = |words: &[String]| Value::Array(words.iter().map(|word| text(word)).collect());
    let mut table = Table::new();
    let mut put = |key: &str, value: Value| table.insert(key.to_owned(), value);
    put("id", text(&spec.workload));
    put("project", text(project));
    put("stage", text(stage));
    put("runtime", text("docker"));
    put("image", text(&spec.image));
    if !spec.command.is_empty() {
        put("command", words(&spec.command));
    }
    if let Some(entrypoint) = &spec.container.entrypoint {
        put("entrypoint", words(entrypoint));
    }
    if let Some(user) = &spec.user {
        put("user", text(user));
    }
    if let Some(name) = &spec.container.name {
        put("container_name", text(name));
    }
    let environment: Table = spec.environment.iter().map(|(name, value)| (name.clone(), text(value))).collect();
    if !environment.is_empty() {
        put("environment", Value::Table(environment));
    }
    put("stop_signal", text(&spec.stop_signal));
    put("stop_timeout", text(&duration::text(spec.stop_timeout)));
    put("restart", text(&spec.container.restart.text()));
    let labels: Table = spec.container.labels.iter().map(|(name, value)| (name.clone(), text(value))).collect();
    if !labels.is_empty() {
        put("labels", Value::Table(labels));
    }
    let request = Value::try_from(&spec.container.request).map_err(|error| {
        Failure::new(Code::Usage, message!("what-the-container-was-created-with", error = error.to_string()))
    })?;
    put("request", request);
    put("volume", Value::Array(spec.mounts.iter().map(volume).collect::<Result<_>>()?));
    Ok(table)
}

fn volume(mount: &Mount) -> Result<Value> {
    let path = |path: &Path| {
        path.to_str().map(|text| Value::String(text.to_owned())).ok_or_else(|| {
            Failure::new(Code::Usage, message!("is-not-utf-8-as", path = reforge_base::escape::path(path)))
        })
    };
    let mut table = Table::from_iter([
        ("name".to_owned(), Value::String(mount.volume.clone())),
        ("scope".to_owned(), Value::String("absolute".to_owned())),
        ("source".to_owned(), path(&mount.live)?),
        ("target".to_owned(), path(&mount.target)?),
    ]);
    if let Some(name) = &mount.engine_volume {
        table.insert("engine_volume".to_owned(), Value::String(name.clone()));
    }
    Ok(Value::Table(table))
}

/// The parent of each directory that no allowed root contains.
fn roots_to_allow(config: &Config, spec: &DeploySpec) -> Vec<String> {
    let allowed = |path: &Path| config.host.allowed_roots.iter().any(|root| path != root && path.starts_with(root));
    let mut missing: Vec<String> = Vec::new();
    for parent in spec.mounts.iter().filter(|mount| !allowed(&mount.live)).filter_map(|mount| mount.live.parent()) {
        let parent = parent.to_string_lossy().into_owned();
        if !missing.contains(&parent) {
            missing.push(parent);
        }
    }
    missing
}
