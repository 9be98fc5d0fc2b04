//! `workload adopt --compose`: a Compose project that runs already becomes one workload, without being touched.

use std::path::{Path, PathBuf};

use reforge_base::Code;
use reforge_base::Failure;
use reforge_base::Message;
use reforge_base::Result;
use reforge_base::durable;
use reforge_base::escape;
use reforge_base::message;
use reforge_base::spec::Mount;
use reforge_config::scope::Scope;
use reforge_config::{COMPOSE, Config, Links, Volume, Workload, adopted};
use reforge_docker::{ComposeAdoption, ComposeRuntime, UnitVolume};
use reforge_host::host::Host;
use serde_json::json;

use super::adopt::outlook::{self, Outlook};
use super::adopt::{self, Names, measure, plain};
use super::answer::Answer;
use super::session::Session;
use super::words::{self, say};
use super::{configuration, engine};

pub(crate) fn adopt(session: &Session, project: &str, names: Names) -> Result<Answer> {
    adopt::make_configuration(session, &[])?;
    let host = session.changing()?;
    let file = host.config.path.canonicalize().map_err(|error| Failure::io("find", &host.config.path, &error))?;
    let _turn = configuration::take_turn(host)?;
    let (before, config) = configuration::read(host, &file)?;
    let (base, config) = engine::written_down(config, &before)?;
    let of_project = |workload: &&Workload| workload.compose.as_ref().is_some_and(|compose| compose.name == project);
    let known = config.workloads.iter().find(of_project);
    let id = known.map(|workload| workload.id.clone()).or(names.id.clone()).unwrap_or_else(|| plain(project));
    let runtime = ComposeRuntime::new(
        config.host.docker_socket.clone(),
        host.state.compose(),
        host.state.docker(),
        Default::default(),
    );
    // Before anything is looked at: a restore beside it moves what is there.
    let lease = host.lease(&id, message!("an-adoption"), false, &session.cancelled)?;
    let adoption = runtime.look_to_adopt(project, &id)?;
    // One that is no workload any more keeps its label.
    let is_there = |(_, workload): &&(String, String)| config.workloads.iter().any(|there| there.id == *workload);
    if let Some((shown, workload)) = adoption.workloads.iter().find(is_there) {
        let workload = escape::text(workload);
        let message = message!("member-is-a-workload", shown, workload = workload.as_str());
        let kept = adoption.kept.iter().map(|kept| kept.message.clone());
        let hints = adoption.kept.iter().map(|kept| kept.hint.clone());
        return Err(Failure::new(Code::PolicyRefused, Message::all(std::iter::once(message).chain(kept)))
            .hint(Message::all(hints.chain([message!("forget-it-then-adopt-the-project", workload)]))));
    }
    if let Some(known) = known {
        refuse_another(known, &adoption)?;
        // A restore that is not over stands on what was there.
        Failure::of_all(&host.blocked(known)?).map_or(Ok(()), Err)?;
        let read = Read { file: &file, before: &before, base: &base, config: &config };
        return again(session, host, &runtime, &read, known, &adoption);
    }
    if config.workloads.iter().any(|workload| workload.id == id) {
        let message = message!("there-is-a-workload-already", id = escape::text(&id));
        return Err(Failure::new(Code::Usage, message).hint(message!("choose-another-name-with-id")));
    }
    let stage = names.stage.as_deref().unwrap_or("prod");
    let mounts = adoption.volumes.iter().map(|volume| Mount::new(&volume.name, &volume.source, &volume.target));
    let measured = measure::all(&mounts.collect::<Vec<_>>());
    let links = measure::links(&measured);
    let workload = workload(&id, stage, links, &adoption);
    let text = adopted::add_compose(&config, &base, &workload)?;
    let added = Config::read(&text, &config.path)?;
    runtime.adopt(&adoption, &id)?;
    if let Err(failure) = durable::replace_unchanged(&file, before.as_bytes(), text.as_bytes()) {
        runtime.disown(&id)?;
        return Err(failure);
    }
    let mut outlook = outlook::of(&added, &id, measured, &runtime.with(&id, &adoption.project))?;
    if adoption.volumes.iter().any(|volume| volume.engine_volume.is_some()) {
        outlook = outlook.with_volumes_of_engine(&adoption.engine);
    }
    let volumes: Vec<_> = adoption.volumes.iter().map(|volume| &volume.name).collect();
    let details = json!({
        "workload": id,
        "links": links.as_str(),
        "measured": outlook.measured(),
        "in_the_way": outlook.in_the_way,
        "warnings": outlook.warnings,
        "compose": adoption.project,
        "members": adoption.members.iter().map(|(_, name, _)| name).collect::<Vec<_>>(),
        "volumes": volumes,
    });
    host.audit_event("adopt", &session.who(), details.clone())?;
    drop(lease);
    Ok(Answer::done(told(session, &id, &file, &adoption, &outlook), details))
}

/// A configuration as it was read.
struct Read<'a> {
    file: &'a Path,
    before: &'a str,
    /// With what had to be written down first.
    base: &'a str,
    config: &'a Config,
}

fn workload(id: &str, stage: &str, links: Links, adoption: &ComposeAdoption) -> Workload {
    let mut workload = Workload::new(id, &plain(&adoption.project.name), stage, COMPOSE);
    workload.compose = Some(adoption.project.clone());
    workload.links = links;
    workload.volumes = adoption.volumes.iter().map(declared).collect();
    workload
}

fn declared(volume: &UnitVolume) -> Volume {
    let source = volume.source.to_string_lossy();
    let mut declared = Volume::new(&volume.name, Scope::Absolute, &source).with_target(&volume.target);
    declared.engine_volume.clone_from(&volume.engine_volume);
    declared
}

/// Of the same name and another directory.
fn refuse_another(known: &Workload, adoption: &ComposeAdoption) -> Result<()> {
    if known.compose.as_ref() == Some(&adoption.project) {
        return Ok(());
    }
    let configured = known.compose.as_ref().map(|compose| escape::path(&compose.working_dir)).unwrap_or_default();
    let now = escape::path(&adoption.project.working_dir);
    let name = escape::text(&adoption.project.name);
    let message = message!("project-is-of-another-directory", name, now, configured);
    Err(Failure::new(Code::VolumeRefused, message).hint(message!("adopt-the-project-under-another-id")))
}

/// A project that is a workload already: what is new in it is said and added. The caller holds its lease.
fn again(
    session: &Session,
    host: &Host,
    runtime: &ComposeRuntime,
    read: &Read<'_>,
    known: &Workload,
    adoption: &ComposeAdoption,
) -> Result<Answer> {
    let id = escape::text(&known.id);
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let has: Vec<PathBuf> =
        known.volumes.iter().filter_map(|volume| Some(real(volume.source.as_ref()?.as_ref()))).collect();
    let new: Vec<&UnitVolume> = adoption.volumes.iter().filter(|volume| !has.contains(&real(&volume.source))).collect();
    let mut lines = vec![say!("the-project-is-workload-already", project = escape::text(&adoption.project.name), id)];
    let new_service = |service: &String| say!("new-service-in-the-project", service = escape::text(service));
    lines.extend(adoption.new_services.iter().map(new_service));
    for volume in &new {
        let (name, source) = (escape::text(&volume.name), escape::path(&volume.source));
        lines.push(say!("new-in-the-project", name, source, target = escape::text(&volume.target)));
    }
    runtime.adopt(adoption, &known.id)?;
    let names: Vec<_> = new.iter().map(|volume| &volume.name).collect();
    let details = json!({ "workload": known.id, "new": names, "new_services": adoption.new_services });
    if !new.is_empty() {
        let volumes: Vec<Volume> = new.iter().map(|volume| declared(volume)).collect();
        let text = adopted::add_volumes(read.config, read.base, &known.id, &volumes)?;
        let added = Config::read(&text, &read.config.path)?;
        durable::replace_unchanged(read.file, read.before.as_bytes(), text.as_bytes())?;
        lines.push(say!("written-to", file = escape::path(read.file)));
        let mounts: Vec<Mount> =
            new.iter().map(|volume| Mount::new(&volume.name, &volume.source, &volume.target)).collect();
        lines.extend(
            outlook::of(&added, &known.id, measure::all(&mounts), &runtime.with(&known.id, &adoption.project))?.lines(),
        );
    }
    host.audit_event("adopt", &session.who(), details.clone())?;
    Ok(Answer::done(lines.join("\n"), details))
}

fn told(session: &Session, id: &str, file: &Path, adoption: &ComposeAdoption, outlook: &Outlook) -> String {
    let shown = escape::text(id);
    let name = escape::text(&adoption.project.name);
    let mut lines = vec![say!("the-project-is-workload-now", name, shown, members = adoption.members.len())];
    lines.push(say!("written-to", file = escape::path(file)));
    for (service, container, state) in &adoption.members {
        let (service, container) = (escape::text(service), escape::text(container));
        lines.push(say!("adopted-member", service, container, state = state.as_str()));
    }
    lines.extend(outlook.volumes());
    for left in &adoption.not_captured {
        lines.push(say!("not-captured-line", what = words::read(&left.message())));
    }
    lines.extend(adoption.kept.iter().map(adopt::obstacle));
    lines.extend(outlook.lines());
    lines.extend(adopt::next_commands(session, &shown));
    lines.join("\n")
}
