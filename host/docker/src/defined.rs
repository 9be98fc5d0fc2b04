//! Reads a definition off a container. Looks only.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::client::Client;
use super::container::Found;
use super::image_defaults::ImageDefaults;
use super::request;
use reforge_base::failure::Result;
use reforge_base::spec::definition::{Definition, Source};

/// What says whose a container is, how it is called and started, or was given to it by the engine.
const NOT_OF_CONFIG: [&str; 3] = ["Labels", "Image", "NetworkingConfig"];
const NOT_OF_HOST: [&str; 5] = ["RestartPolicy", "Mounts", "Binds", "ContainerIDFile", "ConsoleSize"];

/// See the module.
pub(crate) fn define(client: &Client, found: &Found) -> Result<Definition> {
    Ok(Definition {
        image: found.image_name().to_owned(),
        image_id: found.image_id().to_owned(),
        settings: settings(found),
        sources: sources(found),
        environment: ImageDefaults::of(client, found)?.own_environment(found),
    })
}

fn settings(found: &Found) -> Map<String, Value> {
    let mut settings = request::of_container(found);
    settings.retain(|key, _| !NOT_OF_CONFIG.contains(&key.as_str()));
    if let Some(host) = settings.get_mut("HostConfig").and_then(Value::as_object_mut) {
        host.retain(|key, _| !NOT_OF_HOST.contains(&key.as_str()));
    }
    settings
}

fn sources(found: &Found) -> BTreeMap<String, Source> {
    let source = |point: &bollard::models::MountPoint| {
        let from = if point.typ.as_deref() == Some("volume") { &point.name } else { &point.source };
        let from = from.clone().unwrap_or_default();
        Some((point.destination.clone()?, Source { from, read_only: point.rw == Some(false) }))
    };
    found.inspect.mounts.iter().flatten().filter_map(source).collect()
}
