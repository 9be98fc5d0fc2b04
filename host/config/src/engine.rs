//! Which engine a configuration means, where it does not say so: what somebody believed is written down in it.

use std::path::Path;

use toml::Table;

use super::{Config, additions};
use reforge_base::escape;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;

const KEY: &str = "docker_socket";

/// Whether a text says where the engine listens.
pub fn is_said(text: &str) -> bool {
    let table: Option<Table> = text.parse().ok();
    table.is_some_and(|table| table.get("host").is_some_and(|host| host.get(KEY).is_some()))
}

/// The text with the engine's socket in it, and what it means then. `config` is what it means now.
pub fn say(config: &Config, text: &str, socket: &Path) -> Result<(String, Config)> {
    let shown = socket
        .to_str()
        .ok_or_else(|| Failure::new(Code::Usage, message!("is-not-utf-8-as", path = escape::path(socket))))?;
    let said = additions::host_value(text, KEY, shown)?;
    let read = Config::read(&said, &config.path)?;
    let mut meant = config.clone();
    meant.host.docker_socket = socket.to_owned();
    if read != meant {
        let what = message!("something-else-would-change");
        let message = message!("nothing-was-written-to", path = escape::path(&config.path), what);
        return Err(Failure::new(Code::Usage, message).hint(message!("write-the-engine-by-hand", socket = shown)));
    }
    Ok((said, read))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_engine_that_was_believed_is_written_down_and_nothing_else_changes() {
        for text in [
            "[host] # ours\nstate_dir = \"/state\" # here\n",
            "host.state_dir = \"/state\"\n[api]\nlisten = \"127.0.0.1:1\"",
            "host = { state_dir = '/state' }\r\n[api]\r\n",
            "[[workload]]\nid = \"a\"\nproject = \"a\"\nstage = \"s\"\nruntime = \"process\"\ncommand = [\"/a\"]\n[host]\nstate_dir = \"/state\"",
        ] {
            assert!(!is_said(text));
            let config = Config::read(text, Path::new("/reforge.toml")).unwrap();
            let (said, read) = say(&config, text, Path::new("/run/user/1000/docker.sock")).unwrap();
            assert!(is_said(&said), "{said}");
            assert_eq!(read.host.docker_socket, Path::new("/run/user/1000/docker.sock"));
            let mut rest = said.chars();
            assert!(text.chars().all(|letter| rest.any(|other| other == letter)), "{said}");
        }
        assert!(is_said("host.docker_socket = '/a'"));
        assert!(!is_said("docker_socket = '/a'"));
    }
}
