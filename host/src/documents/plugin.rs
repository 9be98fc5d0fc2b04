//! Plugins: those that are installed and the one that was built in.

use serde_json::{Value, json};

use crate::escape;
use crate::plugins::bindings::exports::reforge::restore::restorer::Description;
use crate::plugins::registry::Installed;
use crate::plugins::{Plugin, WIT_VERSIONS};

/// Every plugin that can be used, and the versions of the WIT that one may be built against; `active` is the digest of the one that is, none being the one that was built in.
pub fn list(installed_ones: &[Installed], active: Option<&str>, built_in: &Plugin, says: &Description) -> Value {
    let plugins: Vec<Value> =
        installed_ones.iter().map(|one| installed(one, active == Some(one.digest.as_str()))).collect();
    let built_in = json!({
        "name": escape::text(&says.name),
        "version": escape::text(&says.version),
        "digest": built_in.digest(),
        "in_use": active.is_none(),
    });
    json!({ "built_in": built_in, "plugins": plugins, "wit_versions": WIT_VERSIONS })
}

pub fn installed(installed: &Installed, in_use: bool) -> Value {
    json!({
        "name": escape::text(&installed.name),
        "version": escape::text(&installed.version),
        "formats": installed.formats.iter().map(|format| escape::text(format)).collect::<Vec<_>>(),
        "digest": installed.digest,
        "sha256": installed.sha256,
        "bytes": installed.bytes,
        "installed": installed.installed,
        "installed_by": installed.installed_by,
        "signed": installed.signature.is_some(),
        "in_use": in_use,
    })
}
