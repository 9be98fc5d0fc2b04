//! The one engine: its settings, the compilation cache, and the ticker that bounds time in guests.

use std::path::Path;
use std::sync::Arc;

use wasmtime::{Cache, CacheConfig, Config, Engine};

use super::limits;
use reforge_base::Message;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;
use reforge_base::threads;

/// The engine that every plugin of this process runs on.
#[derive(Clone)]
pub struct PluginEngine {
    engine: Engine,
    /// Ends the ticker with the last clone.
    _ticker: Arc<()>,
}

impl PluginEngine {
    /// Makes the engine. Compiled code is kept in `cache`, keyed by its content and the engine's version; without a
    /// cache directory every load compiles.
    pub fn new(cache: Option<&Path>) -> Result<PluginEngine> {
        start_compilers()?;
        // The cache has one, the ticker another.
        threads::require(2)?;
        let mut config = Config::new();
        config
            .epoch_interruption(true)
            .concurrency_support(false)
            .wasm_component_model(true)
            .max_wasm_stack(limits::STACK_BYTES_MAX);
        if let Some(directory) = cache {
            let mut settings = CacheConfig::new();
            settings.with_directory(directory);
            config
                .cache(Some(Cache::new(settings).map_err(|error| broken(message!("its-compilation-cache"), &error))?));
        }
        let engine = Engine::new(&config).map_err(|error| broken(message!("the-engine"), &error))?;
        let alive = Arc::new(());
        spawn_ticker(&engine, &alive)?;
        Ok(PluginEngine { engine, _ticker: alive })
    }

    pub(super) fn engine(&self) -> &Engine {
        &self.engine
    }
}

/// The threads that compile, which the engine would start when it needs them, and panic if there were none.
fn start_compilers() -> Result<()> {
    match rayon_core::ThreadPoolBuilder::new().build_global() {
        // An engine of before has them, too.
        Err(error) if std::error::Error::source(&error).is_some() => {
            let message = message!("the-system-gives-no-thread-to", error = error.to_string());
            Err(Failure::new(Code::Io, message).hint(message!("see-the-limits-of-this-process")))
        }
        _ => Ok(()),
    }
}

/// Ticks on a thread of its own: a guest that spins cannot keep it from running.
fn spawn_ticker(engine: &Engine, alive: &Arc<()>) -> Result<()> {
    let engine = engine.weak();
    let alive = Arc::downgrade(alive);
    let tick = move || {
        while alive.strong_count() > 0 {
            std::thread::sleep(limits::TICK);
            match engine.upgrade() {
                Some(engine) => engine.increment_epoch(),
                None => break,
            }
        }
    };
    threads::spawn("ticker", tick).map(drop)
}

fn broken(what: Message, error: &wasmtime::Error) -> Failure {
    let error = format!("{error:#}");
    Failure::new(Code::Plugin, message!("cannot-be-made", what, error))
}
