//! A loaded plugin: its bytes were read once, its imports and exports fit the world.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use wasmtime::component::{Component, HasSelf, Linker};

use super::bindings::importing::{self, ImportingPre};
use super::bindings::{RestorePlugin, RestorePluginPre};
use super::engine::PluginEngine;
use super::registry::read_bounded;
use super::sandbox::{Prepared, Sandbox};
use reforge_base::Message;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;

/// The plugin that this host was built with.
pub const DEFAULT: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/default-plugin.wasm"));

/// Every published version of the WIT that this host loads.
pub const WIT_VERSIONS: &[&str] = &["0.1.0"];
const WIT_PACKAGE: &str = "reforge:restore";

/// How much is told of why a component is none that fits.
const CAUSE_CHARACTERS_MAX: usize = 300;

/// A component that can be instantiated. Cheap to clone; a restore keeps the one it began with.
#[derive(Clone)]
pub struct Plugin {
    pub(super) prepared: Prepared,
    digest: String,
}

impl Plugin {
    /// Loads the plugin that was built in.
    pub fn embedded(engine: &PluginEngine) -> Result<Plugin> {
        Plugin::from_bytes(engine, DEFAULT, message!("the-default-plugin"))
    }

    /// Loads a plugin from a file that a person named.
    pub fn from_file(engine: &PluginEngine, path: &Path) -> Result<Plugin> {
        let bytes = read_file(path)?;
        Plugin::from_bytes(engine, &bytes, Message::from(format!("`{}`", reforge_base::escape::path(path))))
    }

    /// Loads a plugin from its bytes. `name` is for messages.
    pub fn from_bytes(engine: &PluginEngine, bytes: &[u8], name: Message) -> Result<Plugin> {
        let component = compile(engine, bytes, &name)?;
        refuse_other_version(engine, &component, &name)?;
        let any = linker(engine).and_then(|linker| linker.instantiate_pre(&component));
        let any = any.map_err(|error| misfit(&name, &error))?;
        let pre = RestorePluginPre::new(any.clone()).map_err(|error| misfit(&name, &error))?;
        // Not every plugin takes in foreign archives.
        let importing = ImportingPre::new(any).ok().map(Arc::new);
        let digest = blake3::hash(bytes).to_hex().to_string();
        Ok(Plugin { prepared: Prepared { engine: engine.clone(), pre: Arc::new(pre), importing }, digest })
    }

    /// BLAKE3 of the file, hexadecimal: what plans, journals and receipts name.
    pub fn digest(&self) -> &str {
        &self.digest
    }
}

/// Reads a plugin's file, and no more than a plugin may be.
pub(super) fn read_file(path: &Path) -> Result<Vec<u8>> {
    let unreadable = |error: std::io::Error| {
        let failure = Failure::io("read the plugin", path, &error);
        failure.with_code(Code::Usage).hint(message!("name-a-file"))
    };
    // Looked at before it is opened: a fifo would never open.
    let file = path.metadata().and_then(|facts| match facts.is_file() {
        true => File::open(path),
        false => Err(std::io::Error::new(std::io::ErrorKind::InvalidInput, message!("it-is-not-a-file"))),
    });
    read_bounded(file.map_err(unreadable)?, &Message::from(reforge_base::escape::path(path)))
}

/// Compiles a component, or takes it from the cache. Whether it fits the world is not looked at.
pub(super) fn compile(engine: &PluginEngine, bytes: &[u8], name: &Message) -> Result<Component> {
    let refused = |what: Message| Failure::new(Code::PluginRefused, message!("is-not-a-plugin", name, what));
    match bytes {
        [] => return Err(refused(message!("it-is-empty"))),
        [b'\0', b'a', b's', b'm', 1, 0, 0, 0, ..] => {
            return Err(refused(message!("it-is-a-webassembly-module")));
        }
        [b'\0', b'a', b's', b'm', 13, 0, 1, 0, ..] => {}
        _ => return Err(refused(message!("it-is-no-webassembly-component"))),
    }
    Component::new(engine.engine(), bytes).map_err(|error| refused(Message::from(one_sentence(&error))))
}

fn misfit(name: &Message, error: &wasmtime::Error) -> Failure {
    let message = message!("is-not-a-plugin-for", name, one_sentence = one_sentence(error));
    Failure::new(Code::PluginRefused, message)
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
            let (version, loads) = (reforge_base::escape::text(&version), WIT_VERSIONS.join(", "));
            let message = message!("was-built-against-version", name, version, wit_package = WIT_PACKAGE, loads);
            Err(Failure::new(Code::PluginRefused, message).hint(message!("use-a-plugin-that-was-built")))
        }
    }
}

/// Everything a guest can call: WASI, with nothing behind it, and the world's own imports.
fn linker(engine: &PluginEngine) -> wasmtime::Result<Linker<Sandbox>> {
    let mut linker = Linker::new(engine.engine());
    super::wasi::add_to_linker(&mut linker)?;
    RestorePlugin::add_to_linker::<_, HasSelf<Sandbox>>(&mut linker, |sandbox| sandbox)?;
    importing::reforge::restore::conversions::add_to_linker::<_, HasSelf<Sandbox>>(&mut linker, |sandbox| sandbox)?;
    Ok(linker)
}

/// What is at the bottom of it, in one line that is not too long.
fn one_sentence(error: &wasmtime::Error) -> String {
    let root = error.root_cause().to_string();
    let first = root.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    reforge_base::escape::text(&first.chars().take(CAUSE_CHARACTERS_MAX).collect::<String>())
}
