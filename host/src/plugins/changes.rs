//! Changes of the installed plugins as somebody asks for them: audited, whatever becomes of them.

use serde_json::json;

use super::PluginEngine;
use super::registry::install::{Request, Workshop};
use super::registry::{Installed, Registry};
use crate::escape;
use crate::failure::{Code, Failure, Result};
use crate::host::Host;

/// Checks a plugin and keeps it for use.
pub fn install(host: &Host, workshop: &Workshop<'_>, request: &Request) -> Result<Installed> {
    let installed = registry(host).install(workshop, request);
    audit(host, "plugin-install", &request.who, &request.source.name(), installed.as_ref().map(Some))?;
    installed
}

/// Puts a plugin in use; none is the one that was built in.
pub fn select(host: &Host, engine: &PluginEngine, wanted: &str, who: &str) -> Result<Option<Installed>> {
    let registry = registry(host);
    let selected = registry.find(wanted).and_then(|meant| {
        registry.select(engine, meant.as_ref())?;
        Ok(meant)
    });
    audit(host, "plugin-use", who, wanted, selected.as_ref().map(Option::as_ref))?;
    selected
}

/// Removes a plugin that is not in use.
pub fn remove(host: &Host, wanted: &str, who: &str) -> Result<Installed> {
    let registry = registry(host);
    let removed = registry.find(wanted).and_then(|meant| match meant {
        Some(installed) => registry.remove(&installed).map(|()| installed),
        None => Err(Failure::new(Code::Usage, "the plugin that was built in cannot be removed")),
    });
    audit(host, "plugin-remove", who, wanted, removed.as_ref().map(Some))?;
    removed
}

fn registry(host: &Host) -> Registry {
    Registry::new(&host.state, &host.config)
}

fn audit(
    host: &Host,
    what: &str,
    who: &str,
    asked: &str,
    done: std::result::Result<Option<&Installed>, &Failure>,
) -> Result<()> {
    let details = json!({
        "asked": escape::prose(asked),
        "digest": done.as_ref().ok().and_then(|installed| installed.map(|one| &one.digest)),
        "failure": done.err(),
    });
    host.audit_event(what, who, details)
}
