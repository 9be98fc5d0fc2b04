//! Manifest volumes against the volumes of the configuration, by exact name: the target is never the snapshot's to say.

use std::collections::BTreeSet;

use super::{Choice, Look, Target};
use crate::deployer::resolve::ResolvedVolume;
use reforge_base::failure::{Code, Failure, Result};
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
            matched.refusals.push(refused(format!("the snapshot names volume `{shown}` twice")));
            continue;
        }
        if choice.leave.contains(&volume.name) {
            matched.left.push(volume.name.clone());
            continue;
        }
        let Some(declared) = workload.volumes.iter().find(|declared| declared.name == volume.name) else {
            let message = format!("volume `{shown}` of the snapshot is not declared by workload `{}`", workload.id);
            matched.refusals.push(refused(message).hint(format!("declare it, or leave it out with `--leave {shown}`")));
            continue;
        };
        if Scope::parse(&volume.scope) != Some(declared.scope) {
            let message = format!(
                "volume `{shown}` has the scope `{}` in the snapshot and `{}` in the configuration",
                reforge_base::escape::text(&volume.scope),
                declared.scope.as_str()
            );
            matched.refusals.push(refused(message));
            continue;
        }
        if !declared.scope.is_supported() {
            let message =
                format!("volume `{shown}` has the scope `{}`, which is never restored", declared.scope.as_str());
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
            let message = format!("volume `{}` is not in the snapshot", volume.name);
            let hint = format!("`--leave {}` says that it stays as it is", volume.name);
            matched.refusals.push(refused(message).hint(hint));
        }
    }
    for name in &choice.leave {
        if !seen.contains(name.as_str()) && workload.volumes.iter().all(|volume| volume.name != *name) {
            let message = format!("there is no volume `{}` to leave as it is", reforge_base::escape::text(name));
            matched.refusals.push(Failure::new(Code::Usage, message));
        }
    }
    if matched.pairs.is_empty() && matched.refusals.is_empty() {
        matched.refusals.push(refused("there is no volume to restore".to_owned()));
    }
    matched
}

/// Looks at one volume on disk: its parent can be trusted, its identity can be had, its contents can be counted.
pub(super) fn target(index: u32, resolved: ResolvedVolume, totals: VolumeTotals, look: Look) -> Result<Target> {
    let about = |failure: Failure| failure.context(format!("volume `{}`", resolved.name));
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
        1 => format!("volume `{name}`: `{first}` has inode flags or a project id, which no restore brings back"),
        more => format!(
            "volume `{name}`: {more} entries have inode flags or a project id, which no restore brings back; the first \
             is `{first}`"
        ),
    };
    Some(Failure::new(Code::Other("not-captured".to_owned()), message).hint(
        "set them again afterwards (`lsattr -Rp` shows them); what is immutable or append-only stays beside the volume \
         when the previous data is removed, until `chattr -ia` and another `restore finish`",
    ))
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

fn links_hint(workload: &Workload) -> String {
    format!("add `links = \"contained\"` to workload `{}` to restore links as data", workload.id)
}

fn unrestorable(name: &str, live: &Totals, workload: &Workload) -> Option<Failure> {
    if live.devices > 0 {
        let message = format!("volume `{name}` holds {} device nodes, which no snapshot can hold", live.devices);
        return Some(Failure::new(Code::PolicyRefused, message));
    }
    if let Some((path, problem)) = &live.out_of_reach {
        let shown =
            if path.is_empty() { "its root".to_owned() } else { format!("`{}`", reforge_base::escape::bytes(path)) };
        let message = format!("volume `{name}`: {shown} {problem}, so that no safety snapshot could bring it back");
        return Some(Failure::new(Code::VolumeRefused, message).unreadable());
    }
    let links = live.symlinks + live.hard_links;
    (links > 0 && workload.links == Links::Refuse).then(|| {
        let message = format!("volume `{name}` holds {links} links now, which could not be put back");
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
        0 => format!("process {pid} (`{name}`) could not be looked at, and may be using a volume"),
        more => format!("process {pid} (`{name}`) and {more} more could not be looked at, and may be using a volume"),
    };
    let hint = "one that does goes on with the previous data; it has rights that this host lacks, and root has most";
    Some(Failure::warning("unseen-process", message).hint(hint))
}

fn refused(message: String) -> Failure {
    Failure::new(Code::VolumeRefused, message)
}
