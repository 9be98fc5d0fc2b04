//! The API in a server of whoever embeds the host: its routes, what it does beside them, and how it ends. There is no socket
//! of ours: how many connections there may be, and for how long one may be silent, is that server's to bound.

use std::sync::Arc;

use axum::Router;
use tokio::runtime::Handle;

use super::routes;
use super::schedule;
use super::server::sweep;
use super::shared::{Made, Shared};
use crate::tokens::Tokens;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;
use reforge_documents::history::recovered as document;
use reforge_drills::drill::Makers;
use reforge_host::{Host, Recovered};

/// The API of a host. Clones are the same one.
#[derive(Clone)]
pub struct Api {
    shared: Arc<Shared>,
}

impl Api {
    /// `recovered` is what [`Host::recover`] has answered: that comes before anybody may ask. `tokens` says who may. It is
    /// made within the runtime of tokio that the server has, where it sweeps what ends for as long as it is there.
    pub fn new(host: &Host, tokens: Tokens, recovered: &[Recovered]) -> Result<Api> {
        let handle =
            Handle::try_current().map_err(|_| Failure::new(Code::Usage, message!("the-api-is-made-within")))?;
        let core = host.core().clone();
        let plugin_file = core.config.host.plugin.clone();
        let recovered = recovered.iter().map(document).collect();
        let shared = Arc::new(Shared::new(Made {
            host: core,
            active_plugin: host.active_plugin()?,
            // How its runtimes could be isolated only the embedder knows.
            makers: Makers::new(),
            tokens,
            plugin_file,
            recovered,
        })?);
        if let Some(hooks) = &shared.hooks {
            hooks.resume()?;
        }
        handle.spawn(sweep(Arc::downgrade(&shared)));
        handle.spawn(schedule::take_due(Arc::downgrade(&shared)));
        Ok(Api { shared })
    }

    /// Every route below `/api/v1`, to be merged into the server's own router at its root. Only these are answered.
    ///
    /// The server says where a request comes from by
    /// [`into_make_service_with_connect_info`](Router::into_make_service_with_connect_info): of one address only so many
    /// tries with no valid token are answered.
    pub fn router(&self) -> Router {
        routes::mounted(&self.shared)
    }

    /// The same with the page, which has the routes `/` and `/page`.
    pub fn router_with_page(&self) -> Router {
        routes::mounted_with_page(&self.shared)
    }

    /// Lets nothing begin any more and waits until what runs has ended. What can be cancelled is, unless `wait`.
    pub async fn stop(&self, wait: bool) {
        self.shared.end(wait).await;
    }
}
