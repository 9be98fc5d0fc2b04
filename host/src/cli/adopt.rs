//! `workload adopt`: a container that runs already becomes a workload, without being touched.

use std::path::Path;

use reforge_host::config::adopted;
use reforge_host::runtime::docker::{Adoption, DockerRuntime};
use reforge_host::{Code, Failure, Result, durable, escape};
use serde_json::json;

use super::answer::Answer;
use super::session::Session;

/// What to call it; what is not said is made from the container's name and Compose's labels.
pub struct Names {
    pub id: Option<String>,
    pub project: Option<String>,
    pub stage: Option<String>,
}

pub fn adopt(session: &Session, container: &str, names: Names) -> Result<Answer> {
    let host = session.changing()?;
    let id = names.id.unwrap_or_else(|| plain(container));
    if host.config.workloads.iter().any(|workload| workload.id == id) {
        let message = format!("there is a workload `{}` already", escape::text(&id));
        return Err(Failure::new(Code::Usage, message).hint("choose another name with `--id`"));
    }
    let socket = host.config.host.docker_socket.clone();
    let runtime = DockerRuntime::new(socket, host.state.host_id(), host.state.docker());
    let adoption = runtime.look_to_adopt(container, &id)?;
    let project =
        names.project.unwrap_or_else(|| adoption.compose.as_ref().map_or(&id, |(project, _)| project).clone());
    let stage = names.stage.unwrap_or_else(|| "prod".to_owned());
    let file = host.config.path.canonicalize().map_err(|error| Failure::io("find", &host.config.path, &error))?;
    let before = std::fs::read_to_string(&file).map_err(|error| Failure::io("read", &file, &error))?;
    let text = adopted::add(&host.config, &before, &adoption.spec, &project, &stage)?;
    let lease = host.lease(&id, "an adoption", false, &session.cancelled)?;
    runtime.adopt(&adoption)?;
    host.deployer.history_of_adopted(&lease, &adoption.spec)?;
    // It holds the environment, and secrets with it.
    let directory = file.parent().unwrap_or(Path::new("/"));
    durable::write_durably(directory, file.file_name().unwrap_or_default(), text.as_bytes(), durable::PRIVATE_FILE)?;
    let volumes: Vec<_> = adoption.spec.mounts.iter().map(|mount| &mount.volume).collect();
    let details = json!({ "workload": id, "container": adoption.container, "volumes": volumes });
    host.audit_event("adopt", &session.who(), details.clone())?;
    Ok(Answer::done(words(&id, &file, &adoption), details))
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
