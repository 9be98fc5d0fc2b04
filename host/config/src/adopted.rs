//! A workload that was adopted, added to a configuration: what differs from what leaving it out means, and no value of the
//! environment. Nothing is believed about the text that this makes: it is read
//! back, and must mean what the one before it meant, and one workload more, which is the container but for its environment.

use std::path::Path;

use toml::{Table, Value};

use super::{Config, Links, Volume, Workload, additions, as_toml, duration, roots};
use crate::deploy_spec;
use crate::workload::STOP_SIGNALS;
use reforge_base::Message;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;
use reforge_base::spec::{DeploySpec, Mount, Restart, STOP_SIGNAL, STOP_TIMEOUT};

/// Where the directories that may be volumes are listed.
const ROOTS: &str = "allowed_roots";

/// The text with one more workload, and with its directories allowed. `config` is what the text means.
pub fn add(config: &Config, text: &str, spec: &DeploySpec, project: &str, stage: &str, links: Links) -> Result<String> {
    let mut table = table(spec, project, stage)?;
    if links != Links::default() {
        table.insert("links".to_owned(), Value::String(links.as_str().to_owned()));
    }
    let roots = roots::to_allow(config, spec.mounts.iter().map(|mount| mount.live.as_path()));
    let roots: Vec<&str> = roots.iter().map(String::as_str).collect();
    let added = additions::add(text, &table, ROOTS, &roots)?;
    check_text(text, &added, &table, &roots).map_err(|what| changed(config, what))?;
    let read = Config::read(&added, &config.path)?;
    check_meaning(config, &read, spec, &roots).map_err(|what| changed(config, what))?;
    if read.workloads.last().is_none_or(|new| new.links != links) {
        return Err(changed(config, message!("the-workload-would-not-be-what")));
    }
    Ok(added)
}

/// The same with a Compose project, as it was made in code.
pub fn add_compose(config: &Config, text: &str, workload: &Workload) -> Result<String> {
    let table = as_toml::workload(workload)?;
    let sources = workload.volumes.iter().filter_map(|volume| volume.source.as_deref()).map(Path::new);
    let roots = roots::to_allow(config, sources);
    let roots: Vec<&str> = roots.iter().map(String::as_str).collect();
    let added = additions::add(text, &table, ROOTS, &roots)?;
    check_text(text, &added, &table, &roots).map_err(|what| changed(config, what))?;
    let read = Config::read(&added, &config.path)?;
    let new = check_others(config, &read, &roots).map_err(|what| changed(config, what))?;
    match new == workload {
        true => Ok(added),
        false => Err(changed(config, message!("the-workload-would-not-be-what"))),
    }
}

/// The text with more volumes in a workload that it has, and with their directories allowed.
pub fn add_volumes(config: &Config, text: &str, id: &str, volumes: &[Volume]) -> Result<String> {
    let mut meant = config.workload(id)?.clone();
    let number = config.workloads.iter().position(|workload| workload.id == id).unwrap_or_default();
    let sources = volumes.iter().filter_map(|volume| volume.source.as_deref()).map(Path::new);
    let roots = roots::to_allow(config, sources);
    let roots: Vec<&str> = roots.iter().map(String::as_str).collect();
    let tables: Vec<Table> = volumes.iter().map(as_toml::volume).collect::<Result<_>>()?;
    let added = additions::volumes(text, number, &tables, ROOTS, &roots)?;
    let more_volumes = |table: &mut Table| {
        let workload = table.get_mut("workload").and_then(|list| list.get_mut(number)).and_then(Value::as_table_mut);
        let workload = workload.ok_or_else(|| message!("it-has-no-such-list"))?;
        more(workload, "volume", tables.iter().cloned().map(Value::Table).collect())
    };
    check_additions(text, &added, more_volumes, &roots).map_err(|what| changed(config, what))?;
    let read = Config::read(&added, &config.path)?;
    meant.volumes.extend_from_slice(volumes);
    let mut expected = config.clone();
    expected.workloads[number] = meant;
    expected.host.allowed_roots.extend(roots.iter().map(Into::into));
    match read == expected {
        true => Ok(added),
        false => Err(changed(config, message!("something-else-would-change"))),
    }
}

/// More values in a list, which is made if it is not there.
fn more(within: &mut Table, key: &str, values: Vec<Value>) -> Result<(), Message> {
    let list = within.entry(key).or_insert_with(|| Value::Array(Vec::new()));
    list.as_array_mut().map(|list| list.extend(values)).ok_or_else(|| message!("it-has-no-such-list"))
}

/// As TOML, the new text is the old one with one more workload and nothing else.
fn check_text(text: &str, added: &str, table: &Table, roots: &[&str]) -> Result<(), Message> {
    let workload = |meant: &mut Table| more(meant, "workload", vec![Value::Table(table.clone())]);
    check_additions(text, added, workload, roots)
}

/// As TOML, the new text is the old one with these additions and nothing else.
fn check_additions(
    text: &str,
    added: &str,
    add: impl FnOnce(&mut Table) -> Result<(), Message>,
    roots: &[&str],
) -> Result<(), Message> {
    let (Ok(mut meant), Ok(read)) = (text.parse::<Table>(), added.parse::<Table>()) else {
        return Err(message!("it-would-be-no-toml"));
    };
    add(&mut meant)?;
    if !roots.is_empty() {
        let host = meant.get_mut("host").and_then(Value::as_table_mut).ok_or_else(|| message!("it-has-no-host"))?;
        more(host, ROOTS, roots.iter().map(|root| Value::String((*root).to_owned())).collect())?;
    }
    if meant == read { Ok(()) } else { Err(message!("another-key-would-change")) }
}

/// For this host, all that was there is the same, and there is one workload more.
fn check_others<'a>(before: &Config, after: &'a Config, roots: &[&str]) -> Result<&'a Workload, Message> {
    let Some((new, others)) = after.workloads.split_last() else {
        return Err(message!("the-workload-would-be-missing"));
    };
    let mut host = before.host.clone();
    host.allowed_roots.extend(roots.iter().map(Into::into));
    if others != before.workloads || after.host != host || after.api != before.api || after.notify != before.notify {
        return Err(message!("something-else-would-change"));
    }
    Ok(new)
}

/// For this host, all that was there is the same, and a deploy of the new workload would run what was adopted.
fn check_meaning(before: &Config, after: &Config, spec: &DeploySpec, roots: &[&str]) -> Result<(), Message> {
    let new = check_others(before, after, roots)?;
    let mount = |volume: &Volume| {
        let (source, target) = (volume.source.as_ref()?, volume.target.as_ref()?);
        Some(Mount::new(&volume.name, source, target).with_engine_volume(volume.engine_volume.clone()))
    };
    let mounts: Option<Vec<Mount>> = new.volumes.iter().map(mount).collect();
    let read = mounts.and_then(|mounts| deploy_spec::spec(new, &new.id, new.image.as_deref()?, mounts).ok());
    let mut meant = spec.clone();
    meant.image_digest.clear();
    // It stays with the container.
    meant.environment.clear();
    meant.stop_signal = stop_signal(spec).to_owned();
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
    if stop_signal(spec) != STOP_SIGNAL {
        put("stop_signal", text(stop_signal(spec)));
    }
    if spec.stop_timeout != STOP_TIMEOUT {
        put("stop_timeout", text(&duration::text(spec.stop_timeout)));
    }
    if spec.container.restart != Restart::default() {
        put("restart", text(&spec.container.restart.text()));
    }
    let labels: Table = spec.container.labels.iter().map(|(name, value)| (name.clone(), text(value))).collect();
    if !labels.is_empty() {
        put("labels", Value::Table(labels));
    }
    let request = Value::try_from(&spec.container.request).map_err(|error| {
        Failure::new(Code::Usage, message!("what-the-container-was-created-with", error = error.to_string()))
    })?;
    if !spec.container.request.is_empty() {
        put("request", request);
    }
    put("volume", Value::Array(spec.mounts.iter().map(volume).collect::<Result<_>>()?));
    Ok(table)
}

/// How a deploy of it would ask the app to end: what a configuration cannot say, such as a number or one that ends nothing,
/// is the usual signal.
fn stop_signal(spec: &DeploySpec) -> &str {
    let known = |name: &str| STOP_SIGNALS.iter().copied().find(|known| *known == name);
    let said = spec.stop_signal.as_str();
    known(said).or_else(|| known(&format!("SIG{said}"))).unwrap_or(STOP_SIGNAL)
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
