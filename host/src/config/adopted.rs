//! A workload that was adopted, added to a configuration by a serialiser. What stands there already stays as it is,
//! comments included.

use std::path::Path;

use toml::{Table, Value};
use toml_edit::{ArrayOfTables, DocumentMut, Item};

use super::{Config, duration, problems};
use crate::failure::{Code, Failure, Result};
use crate::runtime::DeploySpec;

/// The text with one more workload, and with its directories allowed. It is checked like any other.
pub fn add(config: &Config, text: &str, spec: &DeploySpec, project: &str, stage: &str) -> Result<String> {
    let unclear = |error: &dyn std::fmt::Display| {
        Failure::new(Code::Usage, format!("cannot write down `{}`: {error}", crate::escape::text(&spec.workload)))
    };
    let mut document: DocumentMut = text.parse().map_err(|error: toml_edit::TomlError| unclear(&error.message()))?;
    let table =
        Table::from_iter([("workload".to_owned(), Value::Array(vec![Value::Table(table(spec, project, stage)?)]))]);
    let added = toml::to_string(&table).map_err(|error| unclear(&error))?;
    let added: DocumentMut = added.parse().map_err(|error: toml_edit::TomlError| unclear(&error.message()))?;
    let workloads = document.entry("workload").or_insert(Item::ArrayOfTables(ArrayOfTables::new()));
    let (Some(workloads), Some(added)) = (workloads.as_array_of_tables_mut(), added["workload"].as_array_of_tables())
    else {
        return Err(Failure::new(Code::Usage, "`workload` is written as a list of inline tables")
            .hint("write each workload as `[[workload]]`, then adopt again"));
    };
    added.iter().for_each(|table| workloads.push(table.clone()));
    allow(&mut document, config, spec)?;
    let text = document.to_string();
    Config::check(&text, &config.path).map_err(|found| problems::one(&config.path, found))?;
    Ok(text)
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
    put(
        "environment",
        Value::Table(spec.environment.iter().map(|(name, value)| (name.clone(), text(value))).collect()),
    );
    put("stop_signal", text(&spec.stop_signal));
    put("stop_timeout", text(&duration::text(spec.stop_timeout)));
    put("restart", text(&spec.container.restart.text()));
    put(
        "labels",
        Value::Table(spec.container.labels.iter().map(|(name, value)| (name.clone(), text(value))).collect()),
    );
    let request = Value::try_from(&spec.container.request).map_err(|error| {
        Failure::new(Code::Usage, format!("what the container was created with cannot be written as TOML: {error}"))
    })?;
    put("request", request);
    put("volume", Value::Array(spec.mounts.iter().map(volume).collect::<Result<_>>()?));
    Ok(table)
}

fn volume(mount: &crate::runtime::Mount) -> Result<Value> {
    let path = |path: &Path| {
        path.to_str().map(|text| Value::String(text.to_owned())).ok_or_else(|| {
            Failure::new(Code::Usage, format!("`{}` is not UTF-8, as a configuration is", crate::escape::path(path)))
        })
    };
    Ok(Value::Table(Table::from_iter([
        ("name".to_owned(), Value::String(mount.volume.clone())),
        ("scope".to_owned(), Value::String("absolute".to_owned())),
        ("source".to_owned(), path(&mount.live)?),
        ("target".to_owned(), path(&mount.target)?),
    ])))
}

/// Adds the parent of each directory that no allowed root contains.
fn allow(document: &mut DocumentMut, config: &Config, spec: &DeploySpec) -> Result<()> {
    let allowed = |path: &Path| config.host.allowed_roots.iter().any(|root| path != root && path.starts_with(root));
    let mut missing: Vec<&str> = Vec::new();
    for parent in spec.mounts.iter().filter(|mount| !allowed(&mount.live)).filter_map(|mount| mount.live.parent()) {
        missing.extend(parent.to_str().filter(|parent| !missing.contains(parent)));
    }
    let roots = document["host"]["allowed_roots"].or_insert(toml_edit::value(toml_edit::Array::new()));
    let roots = roots.as_array_mut().ok_or_else(|| Failure::new(Code::Usage, "`allowed_roots` is not a list"))?;
    missing.into_iter().for_each(|root| roots.push(root));
    Ok(())
}
