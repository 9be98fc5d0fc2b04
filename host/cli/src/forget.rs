//! `workload forget`: one workload out of the configuration. Its app goes on as it is, and what is known of its data stays.

use reforge_base::Code;
use reforge_base::Failure;
use reforge_base::Result;
use reforge_base::durable;
use reforge_base::escape;
use reforge_base::message;
use reforge_config::{forgotten, is_name};
use reforge_docker::{ComposeRuntime, DockerRuntime};
use reforge_host::host::Host;
use reforge_transaction::registry::{self, KnownTransaction};
use reforge_transaction::resolve;
use serde_json::json;

use super::answer::Answer;
use super::configuration;
use super::consent::{must_be_interactive, must_say_yes};
use super::session::Session;
use super::words::say;

pub(crate) fn forget(session: &Session, id: &str, yes: bool) -> Result<Answer> {
    let host = session.changing()?;
    let file = host.config.path.canonicalize().map_err(|error| Failure::io("find", &host.config.path, &error))?;
    let runtime = DockerRuntime::new(host.config.host.docker_socket.clone(), host.state.host_id(), host.state.docker());
    let Ok(workload) = host.config.workload(id) else { return half_forgotten(session, host, &runtime, id) };
    let (shown, place) = (escape::text(&workload.id), escape::path(&file));
    Failure::of_all(&host.in_the_way(workload)?).map_or(Ok(()), Err)?;
    refuse_open(host, id)?;
    if !yes {
        must_be_interactive(session)?;
        must_say_yes(session, &say!("forget-the-workload", shown, place))?;
    }
    let _turn = configuration::take_turn(host)?;
    let lease = host.lease(&workload.id, message!("a-forgetting"), false, &session.cancelled)?;
    Failure::of_all(&host.blocked(workload)?).map_or(Ok(()), Err)?;
    refuse_open(host, id)?;
    let (before, config) = configuration::read(host, &file)?;
    let rest = forgotten::without(&config, &before, &workload.id)?;
    // First of all: without the configuration nobody would put policies back.
    if !workload.runtime.is_docker() || runtime.is_held(&workload.id)? {
        host.deployer.runtime_of(&workload.id)?.release(&workload.id)?;
    }
    durable::replace_unchanged(&file, before.as_bytes(), rest.as_bytes())?;
    let was_adopted = match workload.compose.is_some() {
        true => {
            let socket = host.config.host.docker_socket.clone();
            ComposeRuntime::new(socket, host.state.compose(), host.state.docker(), Default::default())
                .disown(&workload.id)?;
            true
        }
        false => runtime.forget(&workload.id)?,
    };
    drop(lease);
    let snapshots = host.store.list(&workload.id).map_or(0, |listed| listed.len());
    let details = json!({ "workload": workload.id, "adopted": was_adopted, "snapshots": snapshots });
    host.audit_event("forget", &session.who(), details.clone())?;
    let mut lines = vec![say!("the-workload-is-forgotten", shown, place), say!("the-app-goes-on")];
    if snapshots > 0 {
        let directory = escape::path(&host.config.host.snapshot_dir.join(&workload.id));
        lines.push(say!("its-snapshots-stay", snapshots, directory));
    }
    Ok(Answer::done(lines.join("\n"), details))
}

/// One that is not in the configuration: what a forgetting that was broken off has left is done now.
fn half_forgotten(session: &Session, host: &Host, runtime: &DockerRuntime, id: &str) -> Result<Answer> {
    if !is_name(id) || !runtime.has_adopted(id)? {
        host.config.workload(id)?;
    }
    let _lease = host.lease(id, message!("a-forgetting"), false, &session.cancelled)?;
    refuse_open(host, id)?;
    runtime.forget(id)?;
    let details = json!({ "workload": id, "adopted": true, "snapshots": null });
    host.audit_event("forget", &session.who(), details.clone())?;
    Ok(Answer::done(say!("the-rest-of-it-is-forgotten", shown = escape::text(id)), details))
}

/// As long as a way forward or back needs what is known of it.
fn refuse_open(host: &Host, id: &str) -> Result<()> {
    let transactions = host.state.transactions();
    for entry in registry::read_open(&transactions)?.iter().filter(|entry| entry.is_of(id)) {
        if let Some(failure) = entry.blocks() {
            return Err(failure);
        }
        let KnownTransaction::Open(journal, begin) = entry else { continue };
        let keeps_trees = match resolve::is_resolved(journal.directory()) {
            true => !resolve::unchosen(&transactions, &begin.id)?.is_empty(),
            false => !journal.state().is_over(),
        };
        if keeps_trees {
            let of = escape::text(&begin.id);
            let message = message!("its-undo-window-is-open", shown = escape::text(id), of);
            return Err(Failure::new(Code::PolicyRefused, message).hint(message!("restore-finish-ends-it", of)));
        }
    }
    Ok(())
}
