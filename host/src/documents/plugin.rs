//! Plugins: those that are installed and the one that was built in.

use serde_json::{Value, json};

use crate::escape;
use crate::plugins::bindings::exports::reforge::restore::restorer::Description;
use crate::plugins::registry::Installed;
use crate::plugins::{Plugin, WIT_VERSIONS};

/// Every plugin that can be used, and the versions of the WIT that one may be built against; `in_use` is the digest of the
/// one that is, none being one of another file.
pub fn list(installed_ones: &[Installed], in_use: Option<&str>, built_in: &Plugin, says: &Description) -> Value {
    let plugins: Vec<Value> =
        installed_ones.iter().map(|one| installed(one, in_use == Some(one.digest.as_str()))).collect();
    let built_in = json!({
        "name": escape::text(&says.name),
        "version": escape::text(&says.version),
        "digest": built_in.digest(),
        "in_use": in_use == Some(built_in.digest()),
    });
    json!({ "built_in": built_in, "plugins": plugins, "wit_versions": WIT_VERSIONS })
}

/// The one that was selected, none being the one that was built in; unless a file that is named goes before it, it is in use.
pub fn selected(selected: Option<&Installed>, in_use: bool) -> Value {
    selected.map_or_else(|| json!({ "digest": null, "in_use": in_use }), |one| installed(one, in_use))
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
