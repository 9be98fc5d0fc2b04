//! `workload adopt`: a container that runs already becomes a workload, without being touched.

mod fresh;
pub(super) mod measure;
pub(super) mod outlook;

use std::path::Path;

use reforge_base::Code;
use reforge_base::Failure;
use reforge_base::Result;
use reforge_base::durable;
use reforge_base::escape;
use reforge_base::message;
use reforge_base::spec::Mount;
use reforge_config::{Config, Volume, Workload, adopted};
use reforge_docker::{Adoption, DockerRuntime};
use reforge_host::host::Host;
use serde_json::json;

use super::answer::Answer;
use super::exit::Exit;
use super::session::Session;
use super::words::{self, say};
use super::{configuration, engine};

/// What to call it; what is not said is made from the container's name and Compose's labels.
#[derive(Clone)]
pub(crate) struct Names {
    pub id: Option<String>,
    pub project: Option<String>,
    pub stage: Option<String>,
}

/// One after the other; what was adopted before one that cannot be stays adopted, and is told.
pub(crate) fn adopt(session: &Session, containers: &[String], names: Names) -> Result<Answer> {
    make_configuration(session, containers)?;
    if let [container] = containers {
        return one(session, container, names);
    }
    if names.id.is_some() {
        let message = message!("id-names-one-workload");
        return Err(Failure::new(Code::Usage, message).hint(message!("adopt-that-one-by-itself")));
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

/// Makes a configuration where there is none.
pub(super) fn make_configuration(session: &Session, containers: &[String]) -> Result<()> {
    match session.config_place() {
        Some(_) => Ok(()),
        None => fresh::make(session, containers),
    }
}

fn one(session: &Session, container: &str, names: Names) -> Result<Answer> {
    let host = session.changing()?;
    let file = host.config.path.canonicalize().map_err(|error| Failure::io("find", &host.config.path, &error))?;
    let _turn = configuration::take_turn(host)?;
    let (before, config) = configuration::read(host, &file)?;
    let (base, config) = engine::written_down(config, &before)?;
    let id = names.id.clone().unwrap_or_else(|| plain(container));
    let socket = config.host.docker_socket.clone();
    let runtime = DockerRuntime::new(socket, host.state.host_id(), host.state.docker());
    let adoption = runtime.look_to_adopt(container, &id)?;
    for workload in config.workloads.iter().filter(|workload| workload.runtime.is_docker()) {
        if runtime.is_adopted_as(&adoption, &workload.id)? {
            if names.id.as_ref().is_none_or(|id| *id == workload.id) {
                return Ok(already(&workload.id, &adoption));
            }
            let message =
                message!("the-container-is-workload-already", shown = adoption.container, owner = workload.id);
            return Err(Failure::new(Code::Usage, message).hint(message!("see-reforge-workload-list")));
        }
    }
    if let Some(workload) = config.workloads.iter().find(|workload| workload.id == id) {
        return again(session, host, &runtime, workload, &adoption);
    }
    let measured = measure::all(&adoption.spec.mounts);
    let links = measure::links(&measured);
    let project =
        names.project.unwrap_or_else(|| adoption.compose.as_ref().map_or(&id, |(project, _)| project).clone());
    let stage = names.stage.unwrap_or_else(|| "prod".to_owned());
    let text = adopted::add(&config, &base, &adoption.spec, &project, &stage, links)?;
    let added = Config::read(&text, &config.path)?;
    let lease = host.lease(&id, message!("an-adoption"), false, &session.cancelled)?;
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
    let mut outlook = outlook::of(&added, &id, measured, &runtime)?.with_barred(&adoption.barred);
    let has_volumes = adoption.spec.mounts.iter().any(|mount| mount.engine_volume.is_some());
    if has_volumes || !adoption.left.is_empty() {
        outlook = outlook.with_volumes_of_engine(&adoption.engine);
    }
    let details = json!({
        "workload": id,
        "container": adoption.container,
        "volumes": names_of(&adoption),
        "links": links.as_str(),
        "measured": outlook.measured(),
        "in_the_way": outlook.in_the_way,
        "warnings": outlook.warnings,
    });
    host.audit_event("adopt", &session.who(), details.clone())?;
    Ok(Answer::done(said(session, &id, &file, &adoption, &outlook), details))
}

fn names_of(adoption: &Adoption) -> Vec<&String> {
    adoption.spec.mounts.iter().map(|mount| &mount.volume).collect()
}

/// The same container again: nothing is to be done.
fn already(id: &str, adoption: &Adoption) -> Answer {
    let details =
        json!({ "workload": id, "container": adoption.container, "volumes": names_of(adoption), "already": true });
    let shown = escape::text(id);
    Answer::done(say!("the-container-is-this-workload-already", container = adoption.container, shown), details)
}

/// What has come in the place of a container that was adopted before. The configuration stays as it is.
fn again(
    session: &Session,
    host: &Host,
    runtime: &DockerRuntime,
    workload: &Workload,
    adoption: &Adoption,
) -> Result<Answer> {
    let id = &workload.id;
    if !workload.runtime.is_docker() {
        let message = message!("there-is-a-workload-already", id = escape::text(id));
        return Err(Failure::new(Code::Usage, message).hint(message!("choose-another-name-with-id")));
    }
    let mount = |volume: &Volume| Some(Mount::new(&volume.name, volume.source.as_ref()?, volume.target.as_ref()?));
    let volumes: Vec<Mount> = workload.volumes.iter().filter_map(mount).collect();
    let _lease = host.lease(id, message!("an-adoption"), false, &session.cancelled)?;
    // A restore that is not over stands on the container that was there.
    Failure::of_all(&host.blocked(workload)?).map_or(Ok(()), Err)?;
    runtime.adopt_again(adoption, &volumes)?;
    let names: Vec<_> = volumes.iter().map(|mount| &mount.volume).collect();
    let details = json!({ "workload": id, "container": adoption.container, "volumes": names });
    host.audit_event("adopt", &session.who(), details.clone())?;
    let shown = escape::text(id);
    let mut lines = vec![say!("the-container-is-workload-now", container = adoption.container, shown)];
    lines.push(say!("the-configuration-stays-as-it-is", shown));
    lines.extend(adoption.obstacles.iter().map(obstacle));
    Ok(Answer::done(lines.join("\n"), details))
}

pub(super) fn obstacle(obstacle: &Failure) -> String {
    say!("note-an-obstacle", what = words::read(&obstacle.message), hint = words::read(&obstacle.hint))
}

fn said(session: &Session, id: &str, file: &Path, adoption: &Adoption, outlook: &outlook::Outlook) -> String {
    let shown = escape::text(id);
    let mut lines = vec![
        say!("the-container-is-workload-now", container = adoption.container, shown),
        say!("written-to-which-only-its-owner", file = escape::path(file)),
    ];
    lines.extend(outlook.volumes());
    for target in &adoption.left {
        let target = escape::text(target);
        lines.push(say!("note-the-engines-own-volume", target));
    }
    lines.extend(adoption.obstacles.iter().map(obstacle));
    if let Some((project, service)) = &adoption.compose {
        let (project, service) = (escape::text(project), escape::text(service));
        lines.push(say!("note-compose-created-it-project-service", project, service, shown));
    }
    lines.extend(adoption.obstacles.iter().map(obstacle));
    lines.extend(outlook.lines());
    lines.extend(next_commands(session, &shown));
    lines.join("\n")
}

/// What a person does next with a workload that was adopted.
pub(super) fn next_commands(session: &Session, shown: &str) -> [String; 2] {
    let [first, second] =
        ["snapshot create ", "restore plan "].map(|command| session.command(&format!("{command}{shown}")));
    [say!("next-command", first), say!("then-command", second)]
}

/// A container's name as a workload's.
pub(super) fn plain(container: &str) -> String {
    let plain = |letter: char| if letter.is_ascii_alphanumeric() || "._-".contains(letter) { letter } else { '-' };
    container.trim_start_matches('/').to_lowercase().chars().map(plain).take(63).collect()
}
