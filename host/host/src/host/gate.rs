//! Whether a workload may be touched: the gate of every deploy, capture, restore and undo.

use std::collections::BTreeMap;

use super::{Host, capturing};
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;
use reforge_base::state_dir::StateDir;
use reforge_config::{Config, Workload};
use reforge_deployer::resolve;
use reforge_transaction::generation::Generations;
use reforge_transaction::registry::{self, Owner};
use reforge_volumes::parent::Parent;
use reforge_volumes::{ambient, claim};

impl Host {
    /// Why a workload may not be touched now, all reasons at once.
    pub fn blocked(&self, workload: &Workload) -> Result<Vec<Failure>> {
        blocked(&self.state, self.deployer.generations(), &self.config, workload)
    }

    /// [`Host::blocked`] for somebody who does not hold the lease: a restore that somebody is at is no reason to decide
    /// anything.
    pub fn in_the_way(&self, workload: &Workload) -> Result<Vec<Failure>> {
        if self.blocked(workload)?.is_empty() {
            return Ok(Vec::new());
        }
        match self.deployer.locks().held(&workload.id)? {
            Some(held) => {
                let entries = registry::read_open(&self.state.transactions())?;
                let failure = held.failure(&workload.id);
                let phase = registry::phase_of_unfinished(&entries, &workload.id);
                Ok(vec![match phase {
                    Some(phase) => {
                        let message = message!("what-and-why", text = failure.message, more = phase.message());
                        failure.with_message(message)
                    }
                    None => failure,
                }])
            }
            // It may have ended since it was looked at.
            None => self.blocked(workload),
        }
    }
}

/// An unfinished transaction or capture blocks its workload, and so does another host at work beside its volumes, and a sibling that
/// no journal knows: a restore whose journal is gone may have been in the middle of anything.
pub(super) fn blocked(
    state: &StateDir,
    generations: &Generations,
    config: &Config,
    workload: &Workload,
) -> Result<Vec<Failure>> {
    let transactions = state.transactions();
    let mut siblings = BTreeMap::new();
    let mut others = Vec::new();
    let mut older = Vec::new();
    let has_no_generation = generations.is_none(&workload.id);
    let volumes = resolve::resolve(config, workload).volumes;
    for volume in &volumes {
        let parent = Parent::open(&volume.parent)?;
        let anothers = claim::was_anothers(&parent, state.host_id())?;
        siblings.extend(parent.siblings()?.into_iter().map(|sibling| (volume.parent.join(sibling), anothers)));
        older.extend(generations.refuse_older(&workload.id, [&parent]).err());
        others.extend(claim::refusal(&parent, state.host_id())?);
    }
    // Read after the siblings: a restore of another workload makes its journal before anything beside a volume.
    let entries = registry::read_open(&transactions)?;
    let mut reasons: Vec<Failure> = registry::blocking(&entries, &workload.id).into_iter().collect();
    reasons.extend(capturing::blocked(state, &workload.id)?);
    for volume in &volumes {
        // Whatever the workload was called then: its directories are what is in the middle of something.
        let other = registry::blocking_directory(&entries, &workload.id, &volume.parent, &volume.live)?;
        reasons.extend(other.filter(|other| !reasons.contains(other)));
    }
    older.dedup();
    // A state directory from before the workload's first restore has nothing that it could act on.
    let knows_nothing = has_no_generation && !entries.iter().any(|entry| entry.is_of(&workload.id));
    reasons.extend(older.into_iter().filter(|_| !knows_nothing));
    others.dedup();
    if !others.is_empty() {
        // What lies there is that host's to tell.
        return Ok([others, reasons].concat());
    }
    let is_of_another = |of: &str| of != workload.id && config.workload(of).is_ok();
    for (sibling, anothers) in siblings {
        let path = reforge_base::escape::path(&sibling);
        let name = sibling.file_name().unwrap_or_default().to_string_lossy().into_owned();
        match registry::owner(&transactions, &name)? {
            Owner::Transaction => {}
            Owner::Damaged(Some(of), _) | Owner::Nobody(Some(of)) if is_of_another(&of) => {}
            Owner::Damaged(_, failure) if reasons.contains(&failure) => {}
            Owner::Damaged(_, failure) => reasons.push(failure.context(message!("is-here", path))),
            // One that is gone by now was the last of a restore that was forgotten meanwhile.
            Owner::Nobody(_) if ambient::look(&sibling).is_err() => {}
            Owner::Nobody(_) => reasons.push(nobodys(&path, anothers)),
        }
    }
    Ok(reasons)
}

fn nobodys(path: &str, anothers: bool) -> Failure {
    let (message, hint) = match anothers {
        true => (message!("was-left-by-a-restore", path), message!("end-that-restores-undo-window")),
        false => (message!("was-left-by-a-restore-that", path), message!("is-this-the-state-directory")),
    };
    Failure::new(Code::NeedsOperator, message).hint(hint)
}
