//! Which ports that a container is to publish are taken: by another container, or by anything else that listens where the
//! engine would. A port that only the workload's own containers have is free. Looks only.
//!
//! What listens is read where the engine is, which may be in another network than this program. Without a word on that,
//! nothing is taken for granted and nothing is refused.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use bollard::models::{HostConfig, NetworkInspect, PortMap};
use bollard::query_parameters::ListContainersOptions;

use super::client::Client;
use super::container::Found;
use super::errors::refused;
use reforge_base::Message;
use reforge_base::escape;
use reforge_base::failure::{Failure, Result};
use reforge_base::message;

/// A network's option that says where its ports are published if they say nothing themselves.
const DEFAULT_ADDRESS: &str = "com.docker.network.bridge.host_binding_ipv4";
/// As the kernel writes the state of a TCP socket that listens, and of a UDP socket that takes from everybody.
const TCP_LISTENS: &str = "0A";
const UDP_LISTENS: &str = "07";

/// Somewhere on this machine. An address that is not said is all of them.
#[derive(Clone, Debug, PartialEq, Eq)]
struct PublishedPort {
    address: Option<IpAddr>,
    port: u16,
    protocol: String,
}

/// Who has it, in words, and where.
struct Taken {
    published: PublishedPort,
    by: Message,
    hint: Message,
}

/// Ports of this request that somebody has who is not `own`. `network` is the one that they are published from.
pub(crate) fn taken(
    client: &Client,
    own: &[Found],
    host: &HostConfig,
    network: Option<&NetworkInspect>,
) -> Result<Vec<Failure>> {
    let address = network.and_then(|network| network.options.as_ref()?.get(DEFAULT_ADDRESS)?.parse::<IpAddr>().ok());
    let address = address.filter(|address| !address.is_unspecified());
    let with_default = |published: PublishedPort| PublishedPort { address: published.address.or(address), ..published };
    // What one of ours has right now is given to its successor as it is.
    let up: Vec<&Found> = own.iter().filter(|found| found.is_up()).collect();
    let kept: Vec<PublishedPort> = up.iter().filter_map(|found| actual(found)).flat_map(published_ports).collect();
    let asked = up.iter().filter(|found| actual(found).is_some_and(|ports| !ports.is_empty()));
    let has_it: Vec<PublishedPort> = asked
        .filter_map(|found| found.inspect.host_config.as_ref()?.port_bindings.as_ref())
        .flat_map(published_ports)
        .collect();
    let wanted = host.port_bindings.as_ref().map(published_ports).unwrap_or_default();
    let wanted: Vec<PublishedPort> =
        wanted.into_iter().filter(|published| !has_it.contains(published)).map(with_default).collect();
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let mut others = published(client, own)?;
    others.extend(listening(client).into_iter().filter(|taken| !kept.contains(&taken.published)));
    let refusal = |published: &PublishedPort| {
        others.iter().find(|other| published.meets(&other.published)).map(|other| refuse(published, other))
    };
    Ok(wanted.iter().filter_map(refusal).collect())
}

fn refuse(wanted: &PublishedPort, other: &Taken) -> Failure {
    let (shown, by, theirs) = (wanted.shown(), &other.by, other.published.shown());
    let message = match theirs == shown {
        true => message!("the-port-is-taken-by", shown, by),
        false => message!("the-port-is-taken", shown, by, theirs),
    };
    refused(message).hint(&other.hint)
}

/// What a container really has; an engine lists no port of one that waits to be started again.
fn actual(found: &Found) -> Option<&PortMap> {
    found.inspect.network_settings.as_ref()?.ports.as_ref()
}

/// Fixed ones alone: one that the engine chooses is free.
fn published_ports(ports: &PortMap) -> Vec<PublishedPort> {
    let mut all = Vec::new();
    for (inside, bindings) in ports {
        let protocol = inside.split_once('/').map_or("tcp", |(_, protocol)| protocol).to_lowercase();
        for binding in bindings.iter().flatten() {
            let port = binding.host_port.as_deref().and_then(|port| port.parse().ok()).filter(|port: &u16| *port > 0);
            let address = binding.host_ip.as_deref().and_then(|address| address.parse().ok());
            all.extend(port.map(|port| PublishedPort { address, port, protocol: protocol.clone() }));
        }
    }
    all.sort_by_key(PublishedPort::shown);
    all
}

/// What other containers have.
fn published(client: &Client, own: &[Found]) -> Result<Vec<Taken>> {
    let options = None::<ListContainersOptions>;
    let listed = client
        .ask(|docker| docker.list_containers(options))
        .map_err(client.failed(message!("list-the-containers-that-run")))?;
    let foreign = listed.into_iter().filter(|summary| own.iter().all(|found| Some(&found.id) != summary.id.as_ref()));
    let mut all = Vec::new();
    for summary in foreign {
        let name = summary.names.iter().flatten().next().map_or("", |name| name.trim_start_matches('/'));
        let shown = format!("`{}`", escape::text(name));
        for port in summary.ports.iter().flatten() {
            let (Some(public), Some(protocol)) = (port.public_port, port.typ) else { continue };
            let address = port.ip.as_deref().and_then(|address| address.parse().ok());
            let published = PublishedPort { address, port: public, protocol: protocol.to_string() };
            all.push(Taken {
                published,
                by: message!("the-container", shown),
                hint: message!("stop-that-container-or-publish-another"),
            });
        }
    }
    Ok(all)
}

/// What listens where the engine is: nothing is known if the engine cannot be looked at.
fn listening(client: &Client) -> Vec<Taken> {
    let Some(engine) = client.process() else { return Vec::new() };
    let tables = [("tcp", TCP_LISTENS), ("tcp6", TCP_LISTENS), ("udp", UDP_LISTENS), ("udp6", UDP_LISTENS)];
    let mut all = Vec::new();
    for (table, state) in tables {
        let text = std::fs::read_to_string(format!("/proc/{engine}/net/{table}")).unwrap_or_default();
        let published_ports = text.lines().filter_map(|line| listener(line, &table[..3], state));
        all.extend(published_ports.map(|published| Taken {
            published,
            by: message!("something-else-that-listens"),
            hint: message!("end-it-ss-lntup-names"),
        }));
    }
    all
}

/// A line of `/proc/<pid>/net/{tcp,tcp6,udp,udp6}`.
fn listener(line: &str, protocol: &str, state: &str) -> Option<PublishedPort> {
    let mut fields = line.split_ascii_whitespace().skip(1);
    let (address, port) = fields.next()?.split_once(':')?;
    if fields.nth(1)? != state {
        return None;
    }
    Some(PublishedPort {
        address: Some(parse_address(address)?),
        port: u16::from_str_radix(port, 16).ok()?,
        protocol: protocol.to_owned(),
    })
}

/// Words of 32 bits, each as this machine reads it.
fn parse_address(hex: &str) -> Option<IpAddr> {
    let word = |at: usize| u32::from_str_radix(hex.get(at..at + 8)?, 16).ok().map(u32::to_ne_bytes);
    match hex.len() {
        8 => Some(IpAddr::V4(Ipv4Addr::from(word(0)?))),
        32 => {
            let words = [word(0)?, word(8)?, word(16)?, word(24)?].concat();
            Some(IpAddr::V6(Ipv6Addr::from(<[u8; 16]>::try_from(words).ok()?)).to_canonical())
        }
        _ => None,
    }
}

impl PublishedPort {
    /// Whether both can not be had at once. All addresses of version 6 are all of version 4, too, unless somebody took
    /// care that they are not.
    fn meets(&self, there: &PublishedPort) -> bool {
        if (self.port, &self.protocol) != (there.port, &there.protocol) {
            return false;
        }
        let (Some(here), Some(there)) = (self.address, there.address) else { return true };
        match (here, there) {
            (_, IpAddr::V6(there)) if there.is_unspecified() => true,
            (IpAddr::V4(_), IpAddr::V4(_)) | (IpAddr::V6(_), IpAddr::V6(_)) => {
                here == there || here.is_unspecified() || there.is_unspecified()
            }
            _ => false,
        }
    }

    fn shown(&self) -> String {
        match self.address {
            Some(IpAddr::V6(address)) => format!("[{address}]:{}/{}", self.port, self.protocol),
            Some(address) => format!("{address}:{}/{}", self.port, self.protocol),
            None => format!("{}/{}", self.port, self.protocol),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_kernel_says_of_its_sockets_is_read() {
        let line = "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1167";
        let expected = "127.0.0.1:8080/tcp";
        assert_eq!(listener(line, "tcp", TCP_LISTENS).map(|published| published.shown()).as_deref(), Some(expected));
        assert_eq!(listener(line, "udp", UDP_LISTENS), None);
        let any = "   1: 00000000000000000000000000000000:0050 00000000000000000000000000000000:0000 0A 0:0";
        assert_eq!(
            listener(any, "tcp", TCP_LISTENS).map(|published| published.shown()).as_deref(),
            Some("[::]:80/tcp")
        );
        let mapped = parse_address("0000000000000000FFFF00000100007F");
        assert_eq!(mapped, Some(IpAddr::V4(Ipv4Addr::LOCALHOST)));
        for nonsense in ["", "  sl  local_address rem_address   st", "0: 01:02 x 0A", "0: zz00007F:1F90 x 0A"] {
            assert_eq!(listener(nonsense, "tcp", TCP_LISTENS), None, "{nonsense}");
        }
    }

    #[test]
    fn ports_meet_as_sockets_do() {
        let published =
            |address: &str| PublishedPort { address: address.parse().ok(), port: 80, protocol: "tcp".into() };
        for (one, other, meet) in [
            ("", "", true),
            ("", "10.0.0.1", true),
            ("", "fe80::1", true),
            ("0.0.0.0", "10.0.0.1", true),
            ("10.0.0.1", "0.0.0.0", true),
            ("10.0.0.1", "10.0.0.1", true),
            ("10.0.0.1", "10.0.0.2", false),
            ("10.0.0.1", "::", true),
            ("::", "10.0.0.1", false),
            ("::", "fe80::1", true),
            ("fe80::2", "fe80::1", false),
            ("10.0.0.1", "fe80::1", false),
        ] {
            assert_eq!(published(one).meets(&published(other)), meet, "{one} {other}");
        }
        let other = |port, protocol: &str| PublishedPort { address: None, port, protocol: protocol.into() };
        assert!(!published("").meets(&other(81, "tcp")) && !published("").meets(&other(80, "udp")));
    }
}
