//! A start and a stop. What a crash left is settled **before** the listener is there; a stop leaves nothing half done.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::watch;

use super::connection;
use super::routes;
use super::schedule;
use super::shared::{Made, Shared};
use crate::tokens::Tokens;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;
use reforge_documents::history::recovered as document;
use reforge_drills::drill::Makers;
use reforge_host::host::Host;
use reforge_plugins::ActivePlugin;
use reforge_transaction::recover::Recovered;

/// How often it is looked whether to stop.
const STOP_POLL: Duration = Duration::from_millis(50);
/// How often windows that ended are swept, and what another process left is settled.
const SWEEP_INTERVAL: Duration = Duration::from_secs(60);
/// Threads that carry connections; what blocks has others.
const THREADS: usize = 2;

/// What a server needs.
pub struct Setup {
    pub host: Arc<Host>,
    pub active_plugin: ActivePlugin,
    /// What drills are made by.
    pub makers: Makers,
    /// The file that names the plugin, if one does.
    pub plugin_file: Option<PathBuf>,
    /// Instead of the configuration's.
    pub listen: Option<SocketAddr>,
    /// Becomes true when the server shall stop.
    pub stop: Arc<AtomicBool>,
    /// At a stop, let restores end instead of cancelling those that can be.
    pub wait: bool,
}

/// Serves until it is told to stop. `settled` is told what a crash had left; then `listening` is told the address.
pub fn serve(setup: Setup, settled: impl FnOnce(&[Recovered]), listening: impl FnOnce(SocketAddr)) -> Result<()> {
    let Setup { host, active_plugin, makers, plugin_file, listen, stop, wait } = setup;
    let recovered = host.recover()?;
    host.or_tell(reforge_drills::sweep::sweep(&host, &makers).map(drop));
    settled(&recovered);
    let recovered = recovered.iter().map(document).collect();
    let address = listen.unwrap_or(host.config.api.listen);
    let (active_plugin, tokens) = (Arc::new(active_plugin), Tokens::of(&host.state));
    let shared = Arc::new(Shared::new(Made { host, active_plugin, makers, tokens, plugin_file, recovered })?);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(THREADS)
        .enable_all()
        .build()
        .map_err(|error| Failure::new(Code::Io, message!("cannot-start-the-server", error)))?;
    runtime.block_on(async {
        let failed = |error: std::io::Error| {
            Failure::new(
                Code::Io,
                message!("cannot-listen-on", address, reason = reforge_base::failure::reason(&error)),
            )
            .hint(message!("name-another-address-with-listen"))
        };
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        if let Some(hooks) = &shared.hooks {
            hooks.resume()?;
        }
        listening(listener.local_addr().map_err(failed)?);
        run(&shared, listener, &stop, wait).await;
        Ok(())
    })
}

async fn run(shared: &Arc<Shared>, listener: TcpListener, stop: &AtomicBool, wait: bool) {
    let (closing, closed) = watch::channel(false);
    let router = routes::router(shared);
    let serving = tokio::spawn(connection::serve(listener, router, closed));
    let sweeping = tokio::spawn(sweep(Arc::downgrade(shared)));
    let scheduling = tokio::spawn(schedule::take_due(Arc::downgrade(shared)));
    while !stop.load(Ordering::Relaxed) {
        tokio::time::sleep(STOP_POLL).await;
    }
    // In this order: nothing begins, what runs ends and is told, then the connections go.
    shared.end(wait).await;
    closing.send_replace(true);
    sweeping.abort();
    scheduling.abort();
    // It ends by itself, and a panic in it was told when it happened.
    let _ = serving.await;
}

/// Goes on for as long as anybody else has what is shared.
pub(super) async fn sweep(shared: Weak<Shared>) {
    loop {
        tokio::time::sleep(SWEEP_INTERVAL).await;
        let Some(shared) = shared.upgrade() else { return };
        // What could not be settled blocks its workload and is told there.
        let _ = shared.work(|shared| Ok(shared.host.recover()?)).await;
    }
}
