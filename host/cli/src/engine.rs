//! Which engine is meant where the configuration does not say so: the one that `docker` would ask here. `DOCKER_HOST`
//! comes first, then the chosen context, then the usual socket.
//!
//! Only an engine of this machine can be meant, since its directories are. Another one is refused and never passed over:
//! the usual socket would then be an engine that nobody meant.

use std::path::{Path, PathBuf};

use reforge_base::Code;
use reforge_base::Failure;
use reforge_base::Message;
use reforge_base::Result;
use reforge_base::escape;
use reforge_base::message;
use reforge_config::{Config, engine};
use serde_json::Value;

const HOST: &str = "DOCKER_HOST";
const CONTEXT: &str = "DOCKER_CONTEXT";
const DIRECTORY: &str = "DOCKER_CONFIG";
/// The context that stands for no context.
const DEFAULT_CONTEXT: &str = "default";
const SCHEME: &str = "unix://";

/// A variable of the environment.
type Variable<'a> = &'a dyn Fn(&str) -> Option<String>;

fn variable(name: &str) -> Option<String> {
    std::env::var_os(name).map(|value| value.to_string_lossy().into_owned())
}

/// The socket that the environment means; none if it says nothing.
pub(crate) fn of_environment() -> Result<Option<PathBuf>> {
    meant(&variable)
}

/// The same configuration with the engine that is meant, if it has containers and does not say which engine's.
pub(crate) fn believed(mut config: Config) -> Result<Config> {
    if uses_engine(&config)
        && !is_said(&config)?
        && let Some(socket) = of_environment()?
    {
        config.host.docker_socket = socket;
    }
    Ok(config)
}

/// The text of a configuration that is about to get a container, which says from now on which engine's that is.
pub(crate) fn written_down(config: Config, text: &str) -> Result<(String, Config)> {
    if engine::is_said(text) {
        return Ok((text.to_owned(), config));
    }
    match of_environment()? {
        Some(socket) if uses_engine(&config) && socket != config.host.docker_socket => {
            let (file, socket) = (escape::path(&config.path), escape::path(&socket));
            let message = message!("the-configuration-has-containers-of-another-engine", file, socket);
            Err(Failure::new(Code::Usage, message).hint(message!("say-which-engine-is-meant")))
        }
        chosen => {
            let socket = chosen.unwrap_or_else(|| config.host.docker_socket.clone());
            engine::say(&config, text, &socket)
        }
    }
}

fn uses_engine(config: &Config) -> bool {
    config.workloads.iter().any(|workload| workload.runtime.is_docker() || workload.runtime.is_compose())
}

fn is_said(config: &Config) -> Result<bool> {
    let text = std::fs::read_to_string(&config.path).map_err(|error| Failure::io("read", &config.path, &error))?;
    Ok(engine::is_said(&text))
}

fn meant(variable: Variable<'_>) -> Result<Option<PathBuf>> {
    let set = |name: &str| variable(name).filter(|value| !value.is_empty());
    if let Some(host) = set(HOST) {
        return socket(&host, &message!("the-variable", name = HOST)).map(Some);
    }
    let home = set("HOME").map(|home| Path::new(&home).join(".docker"));
    let Some(directory) = set(DIRECTORY).map(PathBuf::from).or(home) else { return Ok(None) };
    let context = match set(CONTEXT) {
        Some(context) => Some(context),
        None => read(&directory.join("config.json"))?.and_then(|file| text(&file["currentContext"])),
    };
    let Some(context) = context.filter(|context| context != DEFAULT_CONTEXT) else { return Ok(None) };
    let whose = message!("the-docker-context", context = escape::text(&context));
    let host = of_context(&directory.join("contexts/meta"), &context)?;
    let host = host.ok_or_else(|| {
        let message = message!("names-no-engine", whose = &whose, directory = escape::path(&directory));
        Failure::new(Code::Usage, message).hint(message!("say-which-engine-is-meant"))
    })?;
    socket(&host, &whose).map(Some)
}

/// Where a context's engine listens. Each has a directory, and says its own name.
fn of_context(contexts: &Path, context: &str) -> Result<Option<String>> {
    let entries = match std::fs::read_dir(contexts) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Failure::io("list", contexts, &error)),
    };
    for entry in entries {
        let entry = entry.map_err(|error| Failure::io("list", contexts, &error))?;
        // One that does not read may be another context's.
        let Ok(Some(meta)) = read(&entry.path().join("meta.json")) else { continue };
        if text(&meta["Name"]).as_deref() == Some(context) {
            return Ok(text(&meta["Endpoints"]["docker"]["Host"]));
        }
    }
    Ok(None)
}

/// A file of Docker's client; none if there is none.
fn read(path: &Path) -> Result<Option<Value>> {
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if matches!(error.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory) => {
            return Ok(None);
        }
        Err(error) => return Err(Failure::io("read", path, &error).hint(message!("say-which-engine-is-meant"))),
    };
    serde_json::from_slice(&bytes).map(Some).map_err(|error| {
        let message = message!("is-not-dockers-configuration", path = escape::path(path), error = error.to_string());
        Failure::new(Code::Usage, message).hint(message!("say-which-engine-is-meant"))
    })
}

fn text(value: &Value) -> Option<String> {
    value.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
}

/// The socket of an engine of this machine.
fn socket(host: &str, whose: &Message) -> Result<PathBuf> {
    match host.strip_prefix(SCHEME).map(Path::new) {
        Some(path) if path.is_absolute() => Ok(path.to_owned()),
        _ => {
            let message = message!("names-an-engine-that-is-not-here", whose, host = escape::text(host));
            Err(Failure::new(Code::Usage, message).hint(message!("say-which-engine-is-meant")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(set: &[(&str, &str)]) -> Result<Option<PathBuf>> {
        meant(&|name| set.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned()))
    }

    #[test]
    fn the_environment_means_what_docker_would_ask() {
        let home = tempfile::tempdir().unwrap();
        let at = |name: &str| home.path().join(".docker").join(name);
        let directory = home.path().to_str().unwrap();
        let docker = at("");
        let docker = docker.to_str().unwrap();
        assert_eq!(asked(&[]).unwrap(), None);
        assert_eq!(asked(&[("HOME", directory), ("DOCKER_HOST", "")]).unwrap(), None);
        for (number, (name, host)) in
            [("mine", "unix:///run/user/7/docker.sock"), ("far", "ssh://far")].iter().enumerate()
        {
            let context = at(&format!("contexts/meta/{number}"));
            std::fs::create_dir_all(&context).unwrap();
            let meta = serde_json::json!({ "Name": name, "Endpoints": { "docker": { "Host": host } } });
            std::fs::write(context.join("meta.json"), meta.to_string()).unwrap();
        }
        std::fs::write(at("config.json"), "{ \"auths\": {}, \"currentContext\": \"mine\" }").unwrap();
        let mine = Some(PathBuf::from("/run/user/7/docker.sock"));
        for set in [
            &[("HOME", directory)][..],
            &[("DOCKER_CONFIG", docker)],
            &[("HOME", "/nonexistent"), ("DOCKER_CONFIG", docker)],
            &[("HOME", directory), ("DOCKER_HOST", "unix:///run/user/7/docker.sock"), ("DOCKER_CONTEXT", "far")],
        ] {
            assert_eq!(asked(set).unwrap(), mine, "{set:?}");
        }
        assert_eq!(asked(&[("HOME", directory), ("DOCKER_CONTEXT", "default")]).unwrap(), None);
        for (set, said) in [
            (("DOCKER_CONTEXT", "far"), "ssh://far"),
            (("DOCKER_CONTEXT", "gone"), "gone"),
            (("DOCKER_HOST", "tcp://127.0.0.1:2375"), "tcp://127.0.0.1:2375"),
            (("DOCKER_HOST", "unix://docker.sock"), "unix://docker.sock"),
            (("DOCKER_HOST", "npipe:////./pipe/docker"), "npipe"),
        ] {
            let failure = asked(&[("HOME", directory), set]).unwrap_err();
            assert_eq!(failure.code, Code::Usage);
            assert!(failure.to_string().contains(said), "{failure}");
        }
        std::fs::write(at("config.json"), "{").unwrap();
        assert!(asked(&[("HOME", directory)]).is_err(), "nobody knows which engine is meant");
    }
}
