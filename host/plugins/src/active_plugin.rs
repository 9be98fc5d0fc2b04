//! The plugin in use, as a running host sees it: changed at any time, with no restart.
//!
//! Whoever asks gets a plugin and keeps it: a restore ends on the one that it began with. The slot notices a change by
//! the file that says which one is in use, by another process as well as by this one. A plugin that does not load
//! leaves the one so far in its place; where there is none so far, nothing is restored until it is mended, and all else
//! goes on.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError, RwLock};

use super::registry::Registry;
use super::{Plugin, PluginEngine};
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::fingerprint::{Fingerprint, fingerprint};
use reforge_base::message;

/// Where the plugin in use is named.
enum Source {
    /// A file that the command line or the configuration names.
    File(PathBuf),
    /// The selection of the registry; the built-in one while it has none.
    Registry(Registry),
}

struct Loaded {
    plugin: Option<Plugin>,
    fingerprint: Fingerprint,
    /// Why what is named now is not what is used.
    refused: Option<Failure>,
}

/// Holds the plugin in use.
pub struct ActivePlugin {
    engine: PluginEngine,
    source: Source,
    loaded: RwLock<Loaded>,
    /// Held by whoever loads. Others go on with what is there.
    loading: Mutex<()>,
}

impl ActivePlugin {
    /// Loads the plugin in use: `file` when there is one, else what the registry says.
    pub fn open(engine: PluginEngine, file: Option<PathBuf>, registry: Registry) -> ActivePlugin {
        let source = file.map_or(Source::Registry(registry), Source::File);
        let fingerprint = source.fingerprint();
        let (plugin, refused) = match source.load(&engine) {
            Ok(plugin) => (Some(plugin), None),
            Err(failure) => (None, Some(failure)),
        };
        let loaded = RwLock::new(Loaded { plugin, fingerprint, refused });
        ActivePlugin { engine, source, loaded, loading: Mutex::default() }
    }

    /// The plugin in use. Loads what was put in its place meanwhile; while one caller does, others get the one so far.
    /// Fails if none has loaded yet.
    pub fn current(&self) -> Result<Plugin> {
        if self.source.fingerprint() != self.read(|loaded| loaded.fingerprint)
            && let Ok(_loading) = self.loading.try_lock()
        {
            self.reload();
        }
        self.read(|loaded| match (&loaded.plugin, &loaded.refused) {
            (Some(plugin), _) => Ok(plugin.clone()),
            (None, Some(refused)) => Err(refused.clone()),
            (None, None) => Err(Failure::new(Code::Plugin, message!("no-plugin-is-in-use"))),
        })
    }

    /// Why the plugin that is named now is not the one in use, if so.
    pub fn refused(&self) -> Option<Failure> {
        self.read(|loaded| loaded.refused.clone())
    }

    /// The engine that its plugins run on.
    pub fn engine(&self) -> &PluginEngine {
        &self.engine
    }

    fn reload(&self) {
        // The stamp first: a change while it loads is seen the next time.
        let fingerprint = self.source.fingerprint();
        if fingerprint == self.read(|loaded| loaded.fingerprint) {
            return;
        }
        let plugin = self.source.load(&self.engine);
        let mut loaded = self.loaded.write().unwrap_or_else(PoisonError::into_inner);
        loaded.fingerprint = fingerprint;
        match plugin {
            Ok(plugin) => (loaded.plugin, loaded.refused) = (Some(plugin), None),
            Err(failure) => loaded.refused = Some(failure),
        }
    }

    fn read<T>(&self, of: impl FnOnce(&Loaded) -> T) -> T {
        of(&self.loaded.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Source {
    fn load(&self, engine: &PluginEngine) -> Result<Plugin> {
        match self {
            Source::File(file) => Plugin::from_file(engine, file),
            Source::Registry(registry) => registry.load_active(engine),
        }
    }

    fn fingerprint(&self) -> Fingerprint {
        match self {
            Source::File(file) => fingerprint(file),
            Source::Registry(registry) => fingerprint(&registry.selection_file()),
        }
    }
}
