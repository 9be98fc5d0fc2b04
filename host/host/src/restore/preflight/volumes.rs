//! The volumes of a plan on disk: what they are, who has them, and what of them could not be brought back. Looks only.

use super::{Choice, Look, Target};
use reforge_base::Message;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;
use reforge_base::remark::About;
use reforge_config::matching::{self, Asked, Matched, Pair, Taken};
use reforge_config::{Links, Workload};
use reforge_deployer::resolve::ResolvedVolume;
use reforge_holders::{self as holders, Foreign};
use reforge_runtime::Runtime;
use reforge_snapshots::format::{Descriptor, VolumeTotals};
use reforge_snapshots::store::{OpenSnapshot, Store};
use reforge_transaction::app::Used;
use reforge_volumes::abilities;
use reforge_volumes::live_tree::{self, Totals};
use reforge_volumes::parent::Parent;

/// Which volume of the snapshot goes onto which configured one.
pub(super) fn matched(workload: &Workload, snapshot: &OpenSnapshot, choice: &Choice) -> Matched {
    let volumes = snapshot.descriptor.manifest.volumes.iter();
    let taken = volumes.map(|volume| Taken {
        index: volume.index,
        name: &volume.name,
        scope: &volume.scope,
        target: &volume.target,
    });
    let asked = Asked { leave: &choice.leave, map: &choice.map };
    matching::match_volumes(workload, &taken.collect::<Vec<_>>(), asked)
}

/// Looks at one volume on disk: its parent can be trusted, its identity can be had, its contents can be counted.
pub(super) fn target(pair: Pair, resolved: ResolvedVolume, totals: VolumeTotals, look: Look) -> Result<Target> {
    let Pair { index, called, .. } = pair;
    let about = |failure: Failure| failure.context(message!("volume-named", name = resolved.name));

    let parent = Parent::open(&resolved.parent).map_err(about)?;
    parent.refuse_untrusted(&resolved.live).map_err(about)?;
    let parent_identity = parent.own_identity().map_err(about)?;
    let identity = parent.identity(&resolved.live).map_err(about)?;
    let live = match parent.open_live(&resolved.live).map_err(about)? {
        Some(live) if look == Look::Whole => live_tree::totals(&live).map_err(about)?,
        _ => Totals::default(),
    };
    Ok(Target { index, called, identity, parent_identity, totals, live, resolved })
}

/// What the file system of a target cannot hold.
pub(super) fn not_held(store: &Store, workload: &str, of: &Descriptor, targets: &[Target]) -> Result<Vec<Failure>> {
    let demands = store.demands(workload, of)?;
    let refusals = targets.iter().flat_map(|target| {
        let asked = demands.iter().filter(|asked| asked.volume == target.index);
        asked.flat_map(|asked| abilities::refusals(&target.resolved.name, &target.resolved.parent, asked))
    });
    Ok(refusals.collect())
}

/// What of live a snapshot of an earlier version does not hold: said before anything is replaced.
pub(super) fn not_brought_back(name: &str, live: &Totals) -> Option<Failure> {
    let first = reforge_base::escape::bytes(&live.first_flagged);
    let message = match live.flagged {
        0 => return None,
        1 => message!("volume-has-inode-flags", name, first),
        more => message!("volume-entries-have-inode-flags", name, more, first),
    };
    Some(
        Failure::new(Code::Other("not-captured".to_owned()), message)
            .hint(message!("set-them-again-afterwards-lsattr-rp")),
    )
}

/// What of live nobody can remove, when it is the previous data and its time is over.
pub(super) fn not_removable(name: &str, live: &Totals) -> Option<Failure> {
    let fixed = live.fixed.clone().remark(name, About::Other)?;
    let message = message!("volume-holds-what-cannot-be-removed", name, n = fixed.count, names = fixed.told());
    let path = fixed.names.first().cloned().unwrap_or_default();
    Some(Failure::warning("not-removable", message).hint(message!("it-stays-beside-the-volume-chattr", path)))
}

impl Target {
    /// Counts what live holds, where that was not done.
    pub fn count(&mut self) -> Result<()> {
        let live = Parent::open(&self.resolved.parent)?.open_live(&self.resolved.live)?;
        self.live = live.map_or_else(|| Ok(Totals::default()), live_tree::totals)?;
        Ok(())
    }
}

/// Live may hold what this workload's policy could not put back: then the safety snapshot would be no way back.
pub(super) fn not_restorable<'a>(
    lives: impl Iterator<Item = (&'a str, &'a Totals)>,
    workload: &Workload,
) -> Vec<Failure> {
    let refusals = lives.filter_map(|(name, live)| unrestorable(name, live, workload));
    let hint = links_hint(workload);
    let (links, mut refusals): (Vec<_>, Vec<_>) = refusals.partition(|refusal| refusal.hint == hint);
    // One key allows the links of all.
    refusals.extend(Failure::of_all(&links));
    refusals
}

/// What of live no snapshot can hold: said before an app is stopped for one.
pub(super) fn not_capturable(name: &str, live: &Totals) -> Option<Failure> {
    let (path, why) = live.out_of_reach.as_ref()?;
    let path = if path.is_empty() { ".".to_owned() } else { reforge_base::escape::bytes(path) };
    let message = message!("volume-has-what-is-out-of-reach", volume = reforge_base::escape::text(name), path, why);
    Some(Failure::new(Code::VolumeRefused, message).unreadable())
}

fn links_hint(workload: &Workload) -> Message {
    message!("add-links-contained-to-workload", id = workload.id)
}

fn unrestorable(name: &str, live: &Totals, workload: &Workload) -> Option<Failure> {
    if live.devices > 0 {
        let message = message!("volume-holds-device-nodes", name, devices = live.devices);
        return Some(Failure::new(Code::PolicyRefused, message));
    }
    if let Some((path, problem)) = &live.out_of_reach {
        let shown = if path.is_empty() {
            message!("its-root")
        } else {
            message!("entry-in-backticks", path = reforge_base::escape::bytes(path))
        };
        let message = message!("volume-so-that-no-safety-snapshot", name, shown, problem);
        return Some(Failure::new(Code::VolumeRefused, message).unreadable());
    }
    let links = live.symlinks + live.hard_links;
    (links > 0 && workload.links == Links::Refuse).then(|| {
        let message = message!("volume-holds-links-now", name, links);
        Failure::new(Code::PolicyRefused, message).hint(links_hint(workload))
    })
}

/// Processes that hold a volume and are not the app's: a shell that stands in it, another container.
pub(super) fn foreign_holders(targets: &[Target], runtime: &dyn Runtime, workload: &str) -> Result<Foreign> {
    let live: Result<Vec<_>> = targets
        .iter()
        .filter(|target| target.identity.is_some())
        .map(|target| Ok((target.resolved.name.clone(), holders::LiveDirectory::open(&target.resolved.path)?)))
        .collect();
    holders::foreign(&live?, &runtime.own_mounts(workload)?, || runtime.members(workload))
}

/// Where each live directory is, or would be, by its volume's name.
pub(super) fn by_path(targets: &[Target]) -> Vec<(String, std::path::PathBuf)> {
    targets.iter().map(|target| (target.resolved.name.clone(), target.resolved.path.clone())).collect()
}

/// The directories that would be exchanged.
pub(super) fn used(targets: &[Target]) -> Vec<Used> {
    let used = |target: &Target| Used {
        volume: target.resolved.name.clone(),
        path: target.resolved.path.clone(),
        identity: target.identity.clone(),
    };
    targets.iter().map(used).collect()
}

/// Processes that must not be looked at: whatever they hold, nobody knows.
pub(super) fn unseen(foreign: &Foreign) -> Option<Failure> {
    let (first, others) = foreign.unreadable.split_first()?;
    let (pid, name) = (first.pid, &first.name);
    let message = match others.len() {
        0 => message!("process-could-not-be-looked", pid, name),
        more => message!("process-and-more", pid, name, more),
    };
    let hint = message!("one-that-does-goes");
    Some(Failure::warning("unseen-process", message).hint(hint))
}
