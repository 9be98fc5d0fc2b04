//! Containers stand still, and go on: the engine's own freezer. What somebody else has paused is neither frozen nor woken.

use bollard::models::ContainerStateStatusEnum as Status;
use serde::{Deserialize, Serialize};

use super::client::{CHANGE_LIMIT, Client};
use super::container::{self, Found};
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::in_order;
use reforge_base::message;
use reforge_runtime::Freezable;

/// What a freeze freezes: containers by id.
#[derive(Serialize, Deserialize)]
struct Ids {
    ids: Vec<String>,
}

/// Those of these containers that run.
pub(crate) fn plan(found: &[&Found], is_one: bool) -> Result<Freezable> {
    let running: Vec<&&Found> =
        found.iter().filter(|found| found.is_up() && found.status() != Status::PAUSED).collect();
    let ids = Ids { ids: running.iter().map(|found| found.id.clone()).collect() };
    let detail = serde_json::to_value(ids).map_err(not_understood)?;
    let members = running.iter().filter(|_| !is_one).map(|found| found.name.clone());
    Ok(Freezable::new(detail).with_members(members))
}

/// All at the same time. Returns when the engine says of each that it is paused.
pub(crate) fn freeze(client: &Client, freezable: &Freezable) -> Result<()> {
    let ids = ids(freezable)?;
    each(&ids, &|id| {
        let paused = client.change("docker-pause", CHANGE_LIMIT, |docker| docker.pause_container(id));
        match (paused, container::inspect(client, id)?) {
            (_, Some(found)) if found.status() == Status::PAUSED => Ok(()),
            (_, None) => Ok(()),
            // It has ended by itself: it writes nothing.
            (_, Some(found)) if !found.is_up() => Ok(()),
            (Err(error), Some(found)) => {
                Err(client.failed(message!("pause-the-container", shown = found.shown()))(error))
            }
            (Ok(()), Some(found)) => {
                let message = message!("the-container-is-not-paused", shown = found.shown());
                Err(Failure::new(Code::Runtime, message))
            }
        }
    })
}

/// Whether nothing of these runs.
pub(crate) fn is_still(found: &[&Found]) -> bool {
    found.iter().all(|found| !found.is_up() || found.status() == Status::PAUSED)
}

/// Those go on that still are paused: one that a person has stopped meanwhile stays so.
pub(crate) fn thaw(client: &Client, freezable: &Freezable) -> Result<()> {
    let ids = ids(freezable)?;
    each(&ids, &|id| {
        let Some(found) = container::inspect(client, id)?.filter(|found| found.status() == Status::PAUSED) else {
            return Ok(());
        };
        let woken = client.change("docker-unpause", CHANGE_LIMIT, |docker| docker.unpause_container(id));
        match (woken, container::inspect(client, id)?) {
            (_, None) => Ok(()),
            (_, Some(now)) if now.status() != Status::PAUSED => Ok(()),
            (Err(error), _) => Err(client.failed(message!("wake-the-container", shown = found.shown()))(error)),
            (Ok(()), Some(now)) => {
                Err(Failure::new(Code::Runtime, message!("the-container-stays-paused", shown = now.shown())))
            }
        }
    })
}

fn each(ids: &[String], act: &(dyn Fn(&str) -> Result<()> + Sync)) -> Result<()> {
    let failures = in_order::run(ids.len(), &|_| Vec::new(), &|one| act(&ids[one]));
    Failure::of_all(&failures).map_or(Ok(()), Err)
}

fn ids(freezable: &Freezable) -> Result<Vec<String>> {
    let ids: Ids = serde_json::from_value(freezable.detail.clone()).map_err(not_understood)?;
    Ok(ids.ids)
}

fn not_understood(error: serde_json::Error) -> Failure {
    Failure::new(Code::Runtime, message!("what-is-frozen-is-not-understood", error))
}
