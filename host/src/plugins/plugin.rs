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
