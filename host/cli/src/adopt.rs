//! `workload adopt`: a container that runs already becomes a workload, without being touched.

use std::path::Path;

use reforge_base::Code;
use reforge_base::Failure;
use reforge_base::Result;
use reforge_base::durable;
use reforge_base::escape;
use reforge_base::lock_file;
use reforge_config::{Config, adopted};
use reforge_docker::{Adoption, DockerRuntime};
use reforge_host::host::Host;
use serde_json::json;

use super::answer::Answer;
use super::exit::Exit;
use super::session::Session;

/// The lock of whoever adds to the configuration. No workload is called so.
const TURN: &str = ".configuration.lock";

/// What to call it; what is not said is made from the container's name and Compose's labels.
#[derive(Clone)]
pub(crate) struct Names {
    pub id: Option<String>,
    pub project: Option<String>,
    pub stage: Option<String>,
}

/// One after the other; what was adopted before one that cannot be stays adopted, and is told.
pub(crate) fn adopt(session: &Session, containers: &[String], names: Names) -> Result<Answer> {
    if let [container] = containers {
        return one(session, container, names);
    }
    if names.id.is_some() {
        let message = "`--id` names one workload, and there are several containers";
        return Err(Failure::new(Code::Usage, message).hint("adopt that one by itself"));
    }
    let (mut texts, mut adopted) = (Vec::new(), Vec::new());
    for container in containers {
        match one(session, container, names.clone()) {
            Ok(answer) => {
                texts.push(answer.text);
                adopted.push(answer.json);
            }
            Err(failure) => {
                let exit = Exit::of_failure(&failure);
                let json = json!({ "adopted": adopted, "error": failure });
                return Ok(Answer { failure: Some(failure), exit, ..Answer::done(texts.join("\n"), json) });
            }
        }
    }
    Ok(Answer::done(texts.join("\n"), json!({ "adopted": adopted })))
}

fn one(session: &Session, container: &str, names: Names) -> Result<Answer> {
    let host = session.changing()?;
    let file = host.config.path.canonicalize().map_err(|error| Failure::io("find", &host.config.path, &error))?;
    // Two adoptions take turns. Whoever else edits the file is found out when it is replaced.
    let _turn = lock_file::lock(&host.state.locks().join(TURN))?;
    let (before, config) = read(host, &file)?;
    let id = names.id.unwrap_or_else(|| plain(container));
    if config.workloads.iter().any(|workload| workload.id == id) {
        let message = format!("there is a workload `{}` already", escape::text(&id));
        return Err(Failure::new(Code::Usage, message).hint("choose another name with `--id`"));
    }
    let socket = config.host.docker_socket.clone();
    let runtime = DockerRuntime::new(socket, host.state.host_id(), host.state.docker());
    let adoption = runtime.look_to_adopt(container, &id)?;
    for workload in config.workloads.iter().filter(|workload| workload.runtime.is_docker()) {
        if runtime.is_adopted_as(&adoption, &workload.id)? {
            let message = format!("the container {} is workload `{}` already", adoption.container, workload.id);
            return Err(Failure::new(Code::Usage, message).hint("see `reforge workload list`"));
        }
    }
    let project =
        names.project.unwrap_or_else(|| adoption.compose.as_ref().map_or(&id, |(project, _)| project).clone());
    let stage = names.stage.unwrap_or_else(|| "prod".to_owned());
    let text = adopted::add(&config, &before, &adoption.spec, &project, &stage)?;
    let lease = host.lease(&id, "an adoption", false, &session.cancelled)?;
    runtime.adopt(&adoption)?;
    let written = host
        .deployer
        .history_of_adopted(&lease, &adoption.spec)
        .and_then(|()| durable::replace_unchanged(&file, before.as_bytes(), text.as_bytes()));
    if let Err(failure) = written {
        // A workload of that name that a person writes later is not this container.
        runtime.disown(&adoption)?;
        return Err(failure);
    }
    let volumes: Vec<_> = adoption.spec.mounts.iter().map(|mount| &mount.volume).collect();
    let details = json!({ "workload": id, "container": adoption.container, "volumes": volumes });
    host.audit_event("adopt", &session.who(), details.clone())?;
    Ok(Answer::done(words(&id, &file, &adoption), details))
}

/// The configuration as it is now, and as text. The host was opened by what it was a moment ago.
fn read(host: &Host, file: &Path) -> Result<(String, Config)> {
    let before = std::fs::read_to_string(file).map_err(|error| Failure::io("read", file, &error))?;
    let config = Config::read(&before, &host.config.path)?;
    let mut known = host.config.host.clone();
    known.allowed_roots.clone_from(&config.host.allowed_roots);
    if config.host != known {
        let message = format!("`[host]` of `{}` changed meanwhile", escape::path(file));
        return Err(Failure::new(Code::Drift, message).hint("try again"));
    }
    Ok((before, config))
}

fn words(id: &str, file: &Path, adoption: &Adoption) -> String {
    let shown = escape::text(id);
    let mut lines = vec![
        format!("the container {} is workload `{shown}` now; it was not touched", adoption.container),
        format!("written to `{}`, which only its owner may read now: it holds the environment", escape::path(file)),
    ];
    for mount in &adoption.spec.mounts {
        lines.push(format!("volume  {}: {}", escape::text(&mount.volume), escape::path(&mount.live)));
    }
    for target in &adoption.left {
        let target = escape::text(target);
        lines.push(format!("note: the engine's own volume at `{target}` stays with the app and is never captured"));
    }
    if let Some((project, service)) = &adoption.compose {
        let (project, service) = (escape::text(project), escape::text(service));
        lines.push(format!(
            "note: Compose created it (project `{project}`, service `{service}`) and its labels are kept: \
             `docker compose up` goes past the lock, so never run it during a restore, and while a container that was \
             replaced is kept beside it takes both for its own and removes one: use `reforge deploy {shown}` instead"
        ));
    }
    lines.push(format!("next: reforge snapshot create {shown}"));
    lines.join("\n")
}

/// A container's name as a workload's.
fn plain(container: &str) -> String {
    let plain = |letter: char| if letter.is_ascii_alphanumeric() || "._-".contains(letter) { letter } else { '-' };
    container.trim_start_matches('/').to_lowercase().chars().map(plain).take(63).collect()
}
