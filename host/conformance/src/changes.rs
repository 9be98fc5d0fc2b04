//! Changes of the installed plugins as somebody asks for them: audited, whatever becomes of them.

use serde_json::json;

use super::OUR_FORMAT;
use reforge_base::Phase;
use reforge_base::escape;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;
use reforge_host::host::Host;
use reforge_plugins::PluginEngine;
use reforge_plugins::registry::Installed;
use reforge_plugins::registry::install::{InstallContext, InstallRequest};

/// Checks a plugin and keeps it for use. `step` is told before each step.
pub fn install(
    host: &Host,
    engine: &PluginEngine,
    step: &dyn Fn(Phase),
    request: &InstallRequest,
) -> Result<Installed> {
    let context = InstallContext {
        engine,
        cache: &host.state.cache(),
        compiler: &host.compiler,
        keeps_promises: &|plugin| super::require(plugin, &host.state.plugins()),
        step,
    };
    let installed = host.registry().install(&context, request);
    audit(host, "plugin-install", &request.who, &request.source.name(), installed.as_ref().map(Some))?;
    installed
}

/// Puts a plugin in use; none is the one that was built in.
pub fn select(host: &Host, engine: &PluginEngine, wanted: &str, who: &str) -> Result<Option<Installed>> {
    let registry = host.registry();
    let selected = registry.find(wanted).and_then(|meant| {
        registry.select(engine, meant.as_ref())?;
        Ok(meant)
    });
    audit(host, "plugin-use", who, wanted, selected.as_ref().map(Option::as_ref))?;
    selected
}

/// Removes a plugin that is not in use.
pub fn remove(host: &Host, wanted: &str, who: &str) -> Result<Installed> {
    let registry = host.registry();
    let removed = registry.find(wanted).and_then(|meant| match meant {
        Some(installed) => registry.remove(&installed).map(|()| installed),
        None => Err(Failure::new(Code::Usage, message!("the-plugin-that-was-built"))),
    });
    audit(host, "plugin-remove", who, wanted, removed.as_ref().map(Some))?;
    removed
}

/// How many snapshots of this host there are, if a plugin says that it reads none of them. One that says it reads them was
/// seen to ([`super::require`]); what was imported may be in a format of its own.
pub fn reads_none_of(host: &Host, plugin: &Installed) -> Result<Option<usize>> {
    if plugin.formats.iter().any(|format| format == OUR_FORMAT) {
        return Ok(None);
    }
    let mut ours = 0;
    for workload in &host.config.workloads {
        let listed = host.store.list(&workload.id)?;
        ours += listed.iter().filter(|one| one.descriptor.as_ref().is_ok_and(|known| !known.imported)).count();
    }
    Ok((ours > 0).then_some(ours))
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
