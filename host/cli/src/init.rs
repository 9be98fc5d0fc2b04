//! `init`: the state directory with its host id, and a configuration with comments where there is none.

use std::path::Path;

use reforge_base::Result;
use reforge_base::escape;
use reforge_base::state_dir::StateDir;
use reforge_config::Config;
use serde_json::json;

use super::answer::Answer;
use super::session::Session;
use super::words::{self, say};
use super::{configuration, engine};

pub(crate) fn init(session: &Session) -> Result<Answer> {
    let place = match session.config_place() {
        Some(place) if !is_absent(&place) => {
            let config = session.config()?;
            let state = config.init_state()?;
            return Ok(answer(&config, &state, None));
        }
        Some(named) => {
            std::path::absolute(&named).map_err(|error| reforge_base::Failure::io("find", &named, &error))?
        }
        None => configuration::usual_place()?,
    };
    // An engine that cannot be meant is of no concern to a host of processes.
    let socket = engine::of_environment().unwrap_or_else(|failure| {
        session.terminal.say(&say!("note-of", text = words::read(&failure.message)));
        None
    });
    let (config, state) = configuration::make(&place, socket.as_deref())?;
    Ok(answer(&config, &state, Some(&place)))
}

/// One that cannot be looked at is there: reading it says why.
fn is_absent(path: &Path) -> bool {
    path.symlink_metadata().is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound)
}

fn answer(config: &Config, state: &StateDir, made: Option<&Path>) -> Answer {
    let (root, snapshots) = (escape::path(state.root()), escape::path(&config.host.snapshot_dir));
    let mut lines =
        vec![say!("init-host", id = state.host_id()), say!("init-state", root), say!("init-snapshots", snapshots)];
    let mut document = json!({
        "host_id": state.host_id(),
        "state_dir": state.root(),
        "snapshot_dir": config.host.snapshot_dir,
    });
    if let Some(made) = made {
        lines.push(say!("init-configuration", file = escape::path(made)));
        document["configuration"] = json!(made);
    }
    Answer::done(lines.join("\n"), document)
}
