//! What an undo stands on: the directories that it exchanges back are those that are configured and deployed.

use super::{space, sum, volumes};
use crate::host::Host;
use reforge_base::Message;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;
use reforge_config::Workload;
use reforge_deployer::deployed;
use reforge_deployer::resolve;
use reforge_holders::{self as holders, LiveDirectory};
use reforge_transaction::app::Used;
use reforge_transaction::event::Begin;
use reforge_volumes::live_tree;
use reforge_volumes::parent::Parent;

/// Bytes and entries that an undo takes out of live, unless something stands in its way: its safety snapshot must be
/// restorable and fit, nobody else may use a volume, and nothing may be unfinished.
pub fn of_undo(host: &Host, workload: &Workload, begin: &Begin) -> Result<(u64, u64)> {
    let mut refusals = host.blocked(workload)?;
    refusals.extend(not_configured(host, workload, begin)?);
    let mut lives = Vec::new();
    let mut counts = Vec::new();
    for volume in &begin.volumes {
        let path = volume.parent.join(&volume.live);
        let live = Parent::open(&volume.parent)?.open_live(&volume.live)?;
        let live = live.ok_or_else(|| {
            Failure::new(Code::VolumeRefused, message!("volume-has-no-live-directory", name = volume.name))
        })?;
        lives.push((volume.name.clone(), LiveDirectory::of(&live, &path)?));
        counts.push(live_tree::totals(&live)?);
    }
    let named = begin.volumes.iter().map(|volume| volume.name.as_str()).zip(&counts);
    refusals.extend(volumes::not_restorable(named, workload));
    let runtime = host.runtime(workload)?;
    if refusals.is_empty() {
        let used = begin.volumes.iter().map(|volume| Used::at(&volume.name, volume.parent.join(&volume.live)));
        refusals.extend(deployed::refusals(&*runtime, &workload.id, &used.collect::<Result<Vec<_>>>()?, &begin.left)?);
    }
    let own_mounts = runtime.own_mounts(&workload.id)?;
    refusals.extend(holders::foreign(&lives, &own_mounts, || runtime.members(&workload.id))?.refusals);
    let paths: Vec<_> =
        begin.volumes.iter().map(|volume| (volume.name.clone(), volume.parent.join(&volume.live))).collect();
    refusals.extend(runtime.survey(&workload.id, &workload.allow_containers, &paths)?.refusals);
    refusals.extend(space::refusals(&space::safety_alone(&counts, host)?));
    Failure::of_all(&refusals).map_or_else(|| Ok(sum(&counts)), Err)
}

/// What an undo would exchange has to be what is configured, all of it: else the app would have a part of each.
fn not_configured(host: &Host, workload: &Workload, begin: &Begin) -> Result<Vec<Failure>> {
    let resolution = resolve::resolve(&host.config, workload);
    let mut refusals = resolution.refusals;
    let mut used = Vec::new();
    for volume in &begin.volumes {
        used.push(Used::at(&volume.name, volume.parent.join(&volume.live))?);
    }
    let mut configured = Vec::new();
    for volume in &resolution.volumes {
        configured.push(Used::at(&volume.name, volume.path.clone())?);
    }
    let is_one_of = |all: &[Used], one: &Used| all.iter().any(|other| other.is(one));
    let refuse = |message: Message| {
        Failure::new(Code::VolumeRefused, message).hint(message!("an-undo-exchanges-what-the-restore"))
    };
    for used in used.iter().filter(|used| !is_one_of(&configured, used)) {
        let path = reforge_base::escape::path(&used.path);
        let message = match configured.iter().find(|volume| volume.volume == used.volume) {
            Some(now) => message!(
                "volume-was-exchanged",
                volume = used.volume,
                path,
                path_2 = reforge_base::escape::path(&now.path)
            ),
            None => {
                message!("volume-was-exchanged-at", volume = used.volume, path)
            }
        };
        refusals.push(refuse(message));
    }
    for volume in configured.iter().filter(|volume| !begin.left.contains(&volume.volume) && !is_one_of(&used, volume)) {
        // One that moved was named above.
        if begin.volumes.iter().all(|of| of.name != volume.volume) {
            let path = reforge_base::escape::path(&volume.path);
            refusals.push(refuse(message!("volume-at-was-not-part", volume = volume.volume, path)));
        }
    }
    Ok(refusals)
}
