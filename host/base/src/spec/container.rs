//! What a deploy spec says of a container beyond what every app has.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// All of it. The default is a container that says nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Container {
    /// Its name on the engine; none for one made from the workload's id.
    pub name: Option<String>,
    /// Instead of the image's.
    pub entrypoint: Option<Vec<String>>,
    /// `[ADDRESS:]HOST:CONTAINER[/tcp|udp|sctp]`.
    pub ports: Vec<String>,
    pub restart: Restart,
    pub memory_bytes: Option<i64>,
    /// Thousand-millionths of a processor.
    pub nano_cpus: Option<i64>,
    pub pids_max: Option<i64>,
    /// Joined in this order; the workload's id is an alias in each that can have one.
    pub networks: Vec<String>,
    pub labels: BTreeMap<String, String>,
    /// The rest of a create request in the engine's own words: what has no key of its own here.
    pub request: serde_json::Map<String, serde_json::Value>,
    /// How many containers of the workload there may be, the stopped ones that are kept included.
    pub instances_max: Option<u32>,
}

impl Container {
    /// Whether nothing was said.
    pub fn is_plain(&self) -> bool {
        *self == Container::default()
    }
}

/// When the engine starts a container by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Restart {
    No,
    Always,
    UnlessStopped,
    OnFailure { retries_max: Option<u32> },
}

impl Default for Restart {
    /// What a deployer that also restores means by "it runs".
    fn default() -> Restart {
        Restart::UnlessStopped
    }
}

impl Restart {
    /// As Docker writes it: `no`, `always`, `unless-stopped`, `on-failure[:N]`.
    pub fn parse(text: &str) -> Option<Restart> {
        match text {
            "no" => Some(Restart::No),
            "always" => Some(Restart::Always),
            "unless-stopped" => Some(Restart::UnlessStopped),
            "on-failure" => Some(Restart::OnFailure { retries_max: None }),
            other => {
                let retries = other.strip_prefix("on-failure:")?.parse().ok().filter(|retries| *retries > 0)?;
                Some(Restart::OnFailure { retries_max: Some(retries) })
            }
        }
    }

    pub fn text(&self) -> String {
        match self {
            Restart::No => "no".to_owned(),
            Restart::Always => "always".to_owned(),
            Restart::UnlessStopped => "unless-stopped".to_owned(),
            Restart::OnFailure { retries_max: None } => "on-failure".to_owned(),
            Restart::OnFailure { retries_max: Some(retries) } => format!("on-failure:{retries}"),
        }
    }

    /// Whether the engine would start one again that ended so.
    pub fn brings_back(&self, exit_code: i64) -> bool {
        match self {
            Restart::No => false,
            Restart::Always | Restart::UnlessStopped => true,
            Restart::OnFailure { .. } => exit_code != 0,
        }
    }
}

/// One published port.
pub struct Port {
    /// Of this machine; none for all of them.
    pub address: Option<std::net::IpAddr>,
    pub host: u16,
    /// In the container.
    pub inside: u16,
    pub protocol: &'static str,
}

impl Port {
    /// Reads `[ADDRESS:]HOST:CONTAINER[/tcp|udp|sctp]`.
    pub fn parse(text: &str) -> Option<Port> {
        let (text, protocol) = text.split_once('/').unwrap_or((text, "tcp"));
        let protocol = ["tcp", "udp", "sctp"].into_iter().find(|known| *known == protocol)?;
        let (before, inside) = text.rsplit_once(':')?;
        let (address, host) = match before.rsplit_once(':') {
            Some((address, host)) => (Some(address.trim_matches(['[', ']']).parse::<std::net::IpAddr>().ok()?), host),
            None => (None, before),
        };
        let number = |text: &str| text.parse::<u16>().ok().filter(|port| *port > 0);
        Some(Port { address, host: number(host)?, inside: number(inside)?, protocol })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_reads_as_it_is_written_and_nothing_else_does() {
        for text in ["no", "always", "unless-stopped", "on-failure", "on-failure:3"] {
            assert_eq!(Restart::parse(text).map(|policy| policy.text()).as_deref(), Some(text));
        }
        for text in ["", "never", "on-failure:", "on-failure:0", "on-failure:-1", "always:3"] {
            assert_eq!(Restart::parse(text), None, "{text}");
        }
    }
}
