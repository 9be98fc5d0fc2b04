//! What only a person can decide about a restore, as somebody asks for it: audited, whatever becomes of it.

use serde_json::json;

use crate::failure::{Code, Failure, Result};
use crate::host::Host;
use crate::transaction::registry::{self, Entry};
use crate::transaction::resolve::{self, Keep, Tree};

/// A restore that was named by its id or by a beginning that no other has.
pub struct Subject {
    /// The whole id.
    pub id: String,
    pub workload: String,
}

/// Which restore is meant.
pub fn subject(host: &Host, id: &str) -> Result<Subject> {
    match registry::find(&host.state.transactions(), id)? {
        Entry::Open(_, begin) => Ok(Subject { id: begin.id, workload: begin.workload }),
        Entry::Damaged { id, workload: Some(workload), .. } => Ok(Subject { id, workload }),
        Entry::Damaged { id, workload: None, failure } => {
            let id = crate::escape::text(&id);
            let message = format!("restore `{id}` does not even say of which workload it is: {failure}");
            Err(Failure::new(Code::NeedsOperator, message).hint(failure.hint))
        }
    }
}

/// Its trees, if it waits for a decision. Changes nothing.
pub fn trees(host: &Host, id: &str) -> Result<(Subject, Vec<Tree>)> {
    let entry = registry::find(&host.state.transactions(), id)?;
    if entry.blocks().is_none() {
        let message = format!("restore `{}` needs no decision", crate::escape::text(entry.id()));
        return Err(Failure::new(Code::Usage, message).hint("`reforge restore show` says how it stands"));
    }
    let subject = subject(host, id)?;
    let trees = resolve::show(&host.state.transactions(), &subject.id)?;
    Ok((subject, trees))
}

/// Does what a person chose, and answers what stays beside the volumes.
pub fn keep(host: &Host, id: &str, keep: Keep, who: &str) -> Result<(Subject, Vec<Tree>)> {
    let subject = subject(host, id)?;
    let resolved = resolve::resolve(&host.state.transactions(), &subject.id, keep, who, &host.deployer);
    let failure = resolved.as_ref().err();
    let details = json!({ "restore": subject.id, "workload": subject.workload, "keep": keep, "failure": failure });
    host.audit_event("resolve", who, details)?;
    resolved?;
    // One whose journal does not read has no trees that could be told apart.
    let kept = resolve::unchosen(&host.state.transactions(), &subject.id).unwrap_or_default();
    Ok((subject, kept))
}
