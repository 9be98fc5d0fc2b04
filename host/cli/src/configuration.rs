//! The configuration's file, as commands change it: one at a time, read anew, and made where there is none.

use std::path::{Path, PathBuf};

use reforge_base::Code;
use reforge_base::Failure;
use reforge_base::Result;
use reforge_base::durable;
use reforge_base::escape;
use reforge_base::lock_file::{self, Locked};
use reforge_base::message;
use reforge_base::state_dir::StateDir;
use reforge_config::Config;
use reforge_host::host::Host;

use super::session::{IN_ETC, IN_PLACE};
use super::words::say;

/// The lock of whoever changes the configuration. No workload is called so.
const TURN: &str = ".configuration.lock";
/// Where root's host keeps its things.
const STATE: &str = "/var/lib/reforge";
/// The same for anybody else's, beside the configuration.
const STATE_BESIDE: &str = "reforge-state";

/// Changes take turns. Whoever else edits the file is found out when it is replaced.
pub(crate) fn take_turn(host: &Host) -> Result<Locked> {
    lock_file::lock(&host.state.locks().join(TURN))
}

/// The configuration as it is now, and as text. The host was opened by what it was a moment ago.
pub(crate) fn read(host: &Host, file: &Path) -> Result<(String, Config)> {
    let before = std::fs::read_to_string(file).map_err(|error| Failure::io("read", file, &error))?;
    let config = Config::read(&before, &host.config.path)?;
    let mut known = host.config.host.clone();
    known.allowed_roots.clone_from(&config.host.allowed_roots);
    // Where it says nothing, the environment may have.
    known.docker_socket.clone_from(&config.host.docker_socket);
    if config.host != known {
        let message = message!("host-of-changed-meanwhile", file = escape::path(file));
        return Err(Failure::new(Code::Drift, message).hint(message!("try-again")));
    }
    Ok((before, config))
}

/// Where one is made that nobody named: a place where it is looked for.
pub(crate) fn usual_place() -> Result<PathBuf> {
    let place = if rustix::process::geteuid().is_root() { IN_ETC } else { IN_PLACE };
    std::path::absolute(place).map_err(|error| Failure::io("find", Path::new(place), &error))
}

/// Makes one with comments, and the state directory that it names. It must not be there.
pub(crate) fn make(place: &Path, socket: Option<&Path>) -> Result<(Config, StateDir)> {
    let directory = place.parent().unwrap_or(Path::new("/"));
    let state = match place == Path::new(IN_ETC) {
        true => PathBuf::from(STATE),
        false => directory.join(STATE_BESIDE),
    };
    let text = text(&state, socket);
    let config = Config::read(&text, place)?;
    // Last of all: whoever finds it finds the rest, too.
    let made = config.init_state()?;
    durable::make_directories_durably(directory, durable::PRIVATE_DIRECTORY)?;
    durable::create_durably(place, text.as_bytes(), durable::PRIVATE_FILE)?;
    Ok((config, made))
}

fn text(state: &Path, socket: Option<&Path>) -> String {
    let about = |text: String| text.lines().map(|line| format!("# {line}\n")).collect::<String>();
    let key = |name: &str, value: &Path| format!("{name} = {}\n", toml::Value::from(value.to_string_lossy().as_ref()));
    let socket = socket.map(|socket| key("docker_socket", socket));
    [
        about(say!("configuration-is")),
        "\n[host]\n".to_owned(),
        about(say!("configuration-state-dir")),
        key("state_dir", state),
        about(say!("configuration-docker-socket")),
        socket.unwrap_or_else(|| "# docker_socket = \"/var/run/docker.sock\"\n".to_owned()),
        about(say!("configuration-snapshot-dir")),
        "# snapshot_dir = \"/mnt/backup/reforge\"\n".to_owned(),
        about(say!("configuration-undo-window")),
        "# undo_window = \"24h\"\n\n".to_owned(),
        about(say!("configuration-workloads")),
        "# reforge workload adopt CONTAINER\n".to_owned(),
    ]
    .concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_made_is_read_as_it_was_meant() {
        for socket in [None, Some(Path::new("/run/user/7/docker \"x\".sock"))] {
            let text = text(Path::new("/var/lib/re\\forge"), socket);
            let config = Config::read(&text, Path::new("/etc/reforge/reforge.toml")).unwrap();
            assert_eq!(config.host.state_dir, Path::new("/var/lib/re\\forge"));
            assert_eq!(config.host.docker_socket, socket.unwrap_or(Path::new("/var/run/docker.sock")));
            assert_eq!(reforge_config::engine::is_said(&text), socket.is_some());
            assert!(text.lines().all(|line| line.is_empty() || "#[sd".contains(&line[..1])), "{text}");
        }
    }
}
