//! A loaded plugin: its bytes were read once, its imports and exports fit the world.

use std::path::Path;
use std::sync::Arc;

use wasmtime::component::{Component, HasSelf, Linker};

use super::bindings::{RestorePlugin, RestorePluginPre};
use super::engine::PluginEngine;
use super::sandbox::Sandbox;
use crate::failure::{Code, Failure, Result};

/// The plugin that this host was built with.
pub const DEFAULT: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/default-plugin.wasm"));

/// Every published version of the WIT that this host loads.
pub const WIT_VERSIONS: &[&str] = &["0.1.0"];
const WIT_PACKAGE: &str = "reforge:restore";

/// A component that can be instantiated. Cheap to clone; a restore keeps the one it began with.
#[derive(Clone)]
pub struct Plugin {
    pub(super) engine: PluginEngine,
    pub(super) pre: Arc<RestorePluginPre<Sandbox>>,
    digest: String,
}

impl Plugin {
    /// Loads the plugin that was built in.
    pub fn embedded(engine: &PluginEngine) -> Result<Plugin> {
        Plugin::from_bytes(engine, DEFAULT, "the default plugin")
    }

    /// Loads a plugin from a file that a person named.
    pub fn from_file(engine: &PluginEngine, path: &Path) -> Result<Plugin> {
        let bytes = std::fs::read(path).map_err(|error| {
            let failure = Failure::io("read the plugin", path, &error);
            Failure { code: Code::Usage, ..failure }
        })?;
        Plugin::from_bytes(engine, &bytes, &format!("`{}`", crate::escape::path(path)))
    }

    /// Loads a plugin from its bytes. `name` is for messages.
    pub fn from_bytes(engine: &PluginEngine, bytes: &[u8], name: &str) -> Result<Plugin> {
        let component = compile(engine, bytes, name)?;
        refuse_other_version(engine, &component, name)?;
        let pre = linker(engine)
            .and_then(|linker| linker.instantiate_pre(&component))
            .and_then(RestorePluginPre::new)
            .map_err(|error| refused(name, &error))?;
        let digest = blake3::hash(bytes).to_hex().to_string();
        Ok(Plugin { engine: engine.clone(), pre: Arc::new(pre), digest })
    }

    /// BLAKE3 of the file, hexadecimal: what plans, journals and receipts name.
    pub fn digest(&self) -> &str {
        &self.digest
    }
}

/// Compiles a component, or takes it from the cache. Whether it fits the world is not looked at.
pub(super) fn compile(engine: &PluginEngine, bytes: &[u8], name: &str) -> Result<Component> {
    Component::new(engine.engine(), bytes).map_err(|error| refused(name, &error))
}

fn refused(name: &str, error: &wasmtime::Error) -> Failure {
    Failure::new(Code::Plugin, format!("{name} is not a plugin for this host: {}", one_line(error)))
        .hint("a plugin is a component of the world `reforge:restore/restore-plugin@0.1.0`")
}

/// A plugin of another version would fail in many words about a single function.
fn refuse_other_version(engine: &PluginEngine, component: &Component, name: &str) -> Result<()> {
    let world = component.component_type();
    let imports = world.imports(engine.engine()).map(|(name, _)| name);
    let exports = world.exports(engine.engine()).map(|(name, _)| name);
    let version = |interface: &str| {
        let (_, version) = interface.strip_prefix(WIT_PACKAGE)?.strip_prefix('/')?.split_once('@')?;
        Some(version.to_owned())
    };
    match imports.chain(exports).filter_map(version).find(|version| !WIT_VERSIONS.contains(&version.as_str())) {
        None => Ok(()),
        Some(version) => {
            let (version, loads) = (crate::escape::text(&version), WIT_VERSIONS.join(", "));
            let message =
                format!("{name} was built against version {version} of `{WIT_PACKAGE}`, and this host loads {loads}");
            Err(Failure::new(Code::Plugin, message).hint("use a plugin that was built for this host"))
        }
    }
}

/// Everything a guest can call: WASI whole, with nothing behind it, and the world's own imports.
fn linker(engine: &PluginEngine) -> wasmtime::Result<Linker<Sandbox>> {
    let mut linker = Linker::new(engine.engine());
    wasmtime_wasi::p2::add_to_linker_sync(&mut linker)?;
    RestorePlugin::add_to_linker::<_, HasSelf<Sandbox>>(&mut linker, |sandbox| sandbox)?;
    Ok(linker)
}

fn one_line(error: &wasmtime::Error) -> String {
    crate::escape::text(&format!("{error:#}").replace('\n', " "))
}
