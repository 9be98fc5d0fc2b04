//! What a guest may see of the volumes: those of the plan, and nothing else.

use crate::restore::preflight::{Preflight, Target};
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;
use reforge_plugins::host_calls::Facts;
use reforge_volumes::live_tree::LiveTree;
use reforge_volumes::parent::Parent;

/// Looks at the volumes of a plan; an inspection has none.
pub(super) struct VolumeViews<'a>(pub Option<&'a Preflight>);

impl VolumeViews<'_> {
    pub(super) fn resolve(&self, name: &str, scope: &str) -> Result<()> {
        match self.find(name) {
            Some(target) if target.called.scope == scope => Ok(()),
            // What the plan refuses says so by itself, with all the others.
            _ => match self.0.and_then(Preflight::refusal) {
                Some(refusal) => Err(refusal),
                None => {
                    let (name, scope) = (reforge_base::escape::text(name), reforge_base::escape::text(scope));
                    let message = message!("there-is-no-volume-of-scope", name, scope);
                    Err(Failure::new(Code::NotFound, message))
                }
            },
        }
    }

    pub(super) fn facts(&self, name: &str) -> Result<Facts> {
        let target = self.target(name)?;
        Ok(Facts {
            name: name.to_owned(),
            scope: target.called.scope.clone(),
            exists: target.identity.is_some(),
            entries: target.live.entries,
            bytes: target.live.bytes,
        })
    }

    pub(super) fn live_tree(&self, name: &str) -> Result<LiveTree> {
        let resolved = &self.target(name)?.resolved;
        let live = Parent::open(&resolved.parent)?.open_live(&resolved.live)?;
        let live = live.ok_or_else(|| Failure::new(Code::NotFound, message!("volume-has-no-live-directory", name)))?;
        LiveTree::open(live)
    }

    fn target(&self, name: &str) -> Result<&Target> {
        self.find(name).ok_or_else(|| Failure::new(Code::NotFound, message!("there-is-no-volume-so-called")))
    }

    /// By the name that the snapshot has for it: a guest knows no other.
    fn find(&self, name: &str) -> Option<&Target> {
        self.0?.targets.iter().find(|target| target.called.name == name)
    }
}
