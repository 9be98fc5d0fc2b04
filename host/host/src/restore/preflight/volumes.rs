//! Manifest volumes against the volumes of the configuration, by exact name: the target is never the snapshot's to say.

use std::collections::BTreeSet;

use super::{Choice, Look, Target};
use crate::deployer::resolve::ResolvedVolume;
use reforge_base::Message;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;
use reforge_config::scope::Scope;
use reforge_config::{Links, Workload};
use reforge_holders::{self as holders, Foreign};
use reforge_snapshots::format::VolumeTotals;
use reforge_snapshots::store::OpenSnapshot;
use reforge_transaction::app::Used;
use reforge_volumes::live_tree::{self, Totals};
use reforge_volumes::parent::Parent;

/// Which manifest volume goes onto which configured one.
pub(super) struct Matched {
    pub pairs: Vec<(u32, ResolvedVolume)>,
    pub left: Vec<String>,
    pub refusals: Vec<Failure>,
}

/// Matches by name and scope; everything that does not match is a refusal, unless it was asked to stay.
pub(super) fn match_manifest(
    workload: &Workload,
    resolved: &[ResolvedVolume],
    snapshot: &OpenSnapshot,
    choice: &Choice,
) -> Matched {
    let mut matched = Matched { pairs: Vec::new(), left: Vec::new(), refusals: Vec::new() };
    let manifest = &snapshot.descriptor.manifest;
    let mut seen = BTreeSet::new();
    for volume in &manifest.volumes {
        let shown = reforge_base::escape::text(&volume.name);
        if !seen.insert(volume.name.as_str()) {
            matched.refusals.push(refused(message!("the-snapshot-names-volume-twice", shown)));
            continue;
        }
        if choice.leave.contains(&volume.name) {
            matched.left.push(volume.name.clone());
            continue;
        }
        let Some(declared) = workload.volumes.iter().find(|declared| declared.name == volume.name) else {
            let message = message!("volume-of-the-snapshot", shown, id = workload.id);
            matched.refusals.push(refused(message).hint(message!("declare-it-or-leave", shown)));
            continue;
        };
        if Scope::parse(&volume.scope) != Some(declared.scope) {
            let message = message!(
                "volume-has-the-scope",
                shown,
                scope = reforge_base::escape::text(&volume.scope),
                scope_2 = declared.scope.as_str()
            );
            matched.refusals.push(refused(message));
            continue;
        }
        if !declared.scope.is_supported() {
            let message = message!("volume-has-the-scope-which", shown, scope = declared.scope.as_str());
            matched.refusals.push(refused(message));
            continue;
        }
        // One that does not resolve has its own refusal already.
        if let Some(resolved) = resolved.iter().find(|resolved| resolved.name == volume.name) {
            matched.pairs.push((volume.index, resolved.clone()));
        }
    }
    for volume in workload.volumes.iter().filter(|volume| !seen.contains(volume.name.as_str())) {
        if !volume.scope.is_supported() || choice.leave.contains(&volume.name) {
            matched.left.push(volume.name.clone());
        } else {
            let message = message!("volume-is-not-in-the-snapshot", name = volume.name);
            let hint = message!("leave-says-that-it-stays", name = volume.name);
            matched.refusals.push(refused(message).hint(hint));
        }
    }
    for name in &choice.leave {
        if !seen.contains(name.as_str()) && workload.volumes.iter().all(|volume| volume.name != *name) {
            let message = message!("there-is-no-volume-to-leave", name = reforge_base::escape::text(name));
            matched.refusals.push(Failure::new(Code::Usage, message));
        }
    }
    if matched.pairs.is_empty() && matched.refusals.is_empty() {
        matched.refusals.push(refused(message!("there-is-no-volume-to-restore")));
    }
    matched
}

/// Looks at one volume on disk: its parent can be trusted, its identity can be had, its contents can be counted.
pub(super) fn target(index: u32, resolved: ResolvedVolume, totals: VolumeTotals, look: Look) -> Result<Target> {
    let about = |failure: Failure| failure.context(message!("volume-named", name = resolved.name));

    let parent = Parent::open(&resolved.parent).map_err(about)?;
    parent.refuse_untrusted().map_err(about)?;
    let parent_identity = parent.own_identity().map_err(about)?;
    let identity = parent.identity(&resolved.live).map_err(about)?;
    let live = match parent.open_live(&resolved.live).map_err(about)? {
        Some(live) if look == Look::Whole => live_tree::totals(&live).map_err(about)?,
        _ => Totals::default(),
    };
    Ok(Target { index, identity, parent_identity, totals, live, resolved })
}

/// What of live no snapshot holds: said before anything is taken or replaced.
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
pub(super) fn foreign_holders(targets: &[Target], members: impl FnMut() -> Result<Vec<i32>>) -> Result<Foreign> {
    let live: Result<Vec<_>> = targets
        .iter()
        .filter(|target| target.identity.is_some())
        .map(|target| Ok((target.resolved.name.clone(), holders::LiveDirectory::open(&target.resolved.path)?)))
        .collect();
    holders::foreign(&live?, members)
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

fn refused(message: Message) -> Failure {
    Failure::new(Code::VolumeRefused, message)
}
