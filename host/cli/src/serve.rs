//! `serve`: the API, until somebody asks it to stop.

use std::net::SocketAddr;

use reforge_base::Result;
use reforge_server::api::{self, Setup};
use serde_json::json;

use super::answer::Answer;
use super::session::Session;
use super::words::say;

/// Says where it listens at once, on a line of its own, for people and programs that wait for it.
pub(crate) fn serve(session: &Session, listen: Option<SocketAddr>, wait: bool) -> Result<Answer> {
    let host = session.open()?;
    let active_plugin = session.active_plugin()?;
    if let Some(refused) = active_plugin.refused() {
        session.terminal.say(&say!("nothing-can-be-restored-until", refused));
    }
    let setup = Setup {
        host: host.clone(),
        active_plugin,
        makers: session.makers(host),
        plugin_file: session.plugin_file()?.map(|(_, file)| file),
        listen,
        stop: session.cancelled.clone(),
        wait,
    };
    let listening = |address| {
        let line = match session.terminal.json {
            true => json!({ "listening": address }).to_string(),
            false => say!("listening-on", address),
        };
        session.terminal.print(&line);
    };
    api::serve(setup, |recovered| session.tell(recovered), listening)?;
    Ok(Answer::done("stopped", json!({ "stopped": true })))
}
