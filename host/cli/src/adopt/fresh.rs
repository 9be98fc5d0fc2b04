//! The configuration that the first adoption makes, where there is none.

use std::path::PathBuf;

use reforge_base::Result;
use reforge_base::escape;
use reforge_docker::DockerRuntime;
use serde_json::json;

use super::super::session::Session;
use super::super::words::say;
use super::super::{configuration, engine};
use reforge_config::Config;

/// Nothing is made before it is clear that there is something to adopt.
pub(super) fn make(session: &Session, containers: &[String]) -> Result<()> {
    let place = configuration::usual_place()?;
    let socket = match engine::of_environment()? {
        Some(socket) => socket,
        None => Config::new("/").host.docker_socket,
    };
    let runtime = DockerRuntime::new(socket.clone(), "", PathBuf::new());
    for container in containers.iter().take(1) {
        runtime.look_to_adopt(container, "nobody")?;
    }
    let (config, _) = configuration::make(&place, Some(&socket))?;
    let (file, state) = (escape::path(&place), escape::path(&config.host.state_dir));
    session.terminal.say(&say!("made-a-configuration", file, state, socket = escape::path(&socket)));
    session.beside("configuration", json!(place));
    Ok(())
}
