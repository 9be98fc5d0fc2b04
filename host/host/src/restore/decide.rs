//! What only a person can decide about a restore, as somebody asks for it: audited, whatever becomes of it.

use serde_json::json;

use crate::host::Host;
use reforge_base::failure::Result;
use reforge_base::message;
use reforge_transaction::registry::{self, KnownTransaction};
use reforge_transaction::resolve::{self, Keep, Tree};

/// A restore that was named by its id or by a beginning that no other has.
pub struct NamedRestore {
    /// The whole id.
    pub id: String,
    /// None if its journal is so damaged that not even this can be told.
    pub workload: Option<String>,
}

/// What became of a decision.
pub struct Decided {
    pub restore: NamedRestore,
    /// Whether the app was stopped for it.
    pub stopped: bool,
    /// What stays beside the volumes.
    pub kept: Vec<Tree>,
}

/// Which restore is meant.
pub fn named(host: &Host, id: &str) -> Result<NamedRestore> {
    match registry::find(&host.state.transactions(), id)? {
        KnownTransaction::Open(_, begin) => Ok(NamedRestore { id: begin.id, workload: Some(begin.workload) }),
        KnownTransaction::Damaged { id, workload, .. } => Ok(NamedRestore { id, workload }),
    }
}

/// Its trees, if it waits for a decision. Changes nothing.
pub fn trees(host: &Host, id: &str) -> Result<(NamedRestore, Vec<Tree>)> {
    let known = registry::find(&host.state.transactions(), id)?;
    if known.blocks().is_none() {
        return Err(resolve::needs_no_decision(&known));
    }
    let named = named(host, id)?;
    if let Some(held) =
        named.workload.as_ref().map(|workload| host.deployer.locks().held(workload)).transpose()?.flatten()
    {
        let workload = named.workload.as_deref().unwrap_or_default();
        return Err(held.failure(workload).hint(message!("whoever-holds-it-settles-it-nothing")));
    }
    let trees = resolve::show(&host.state.transactions(), &named.id)?;
    Ok((named, trees))
}

/// Does what a person chose.
pub fn keep(host: &Host, id: &str, keep: Keep, who: &str) -> Result<Decided> {
    let named = named(host, id)?;
    let resolved = resolve::resolve(&host.state.transactions(), &named.id, keep, who, &host.deployer);
    let failure = resolved.as_ref().err();
    let details = json!({ "restore": named.id, "workload": named.workload, "keep": keep, "failure": failure });
    host.audit_event("resolve", who, details)?;
    let stopped = resolved?;
    // One whose journal does not read has no trees that could be told apart.
    let kept = resolve::unchosen(&host.state.transactions(), &named.id).unwrap_or_default();
    Ok(Decided { restore: named, stopped, kept })
}
