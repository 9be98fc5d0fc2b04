//! A network namespace, asked from inside: what can be reached from it, what its kernel has counted, and what a server in it answers.
//!
//! A thread enters it and ends there; nothing else of this process does.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream, UdpSocket};
use std::os::fd::AsRawFd as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use reforge_base::failure::{Code, Failure, Result};
use reforge_base::{message, threads};
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

/// How long an address on the same link has to answer. Nobody is there: so long is waited for each.
const LINK_LIMIT: Duration = Duration::from_millis(500);
/// Where nobody may be reached, whatever this machine's own addresses are: a resolver and its like of the internet, what clouds tell
/// their machines, and names and services announced to everybody around.
const FAR: [IpAddr; 6] = [
    IpAddr::V4(Ipv4Addr::new(1, 1, 1, 1)),
    IpAddr::V4(Ipv4Addr::new(169, 254, 169, 254)),
    IpAddr::V4(Ipv4Addr::new(224, 0, 0, 251)),
    IpAddr::V4(Ipv4Addr::BROADCAST),
    IpAddr::V6(Ipv6Addr::new(0x2606, 0x4700, 0x4700, 0, 0, 0, 0, 0x1111)),
    IpAddr::V6(Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 0xfb)),
];
/// An engine gives one.
const DEFAULT_ROUTES_MAX: usize = 8;
/// Of a port that is asked nothing: only whether there is a way.
const ANY_PORT: u16 = 53;

/// Does something in the network of a process.
pub(crate) fn within<T: Send>(process: i32, act: impl FnOnce() -> T + Send) -> Result<T> {
    within_opened(&open(process)?, act)
}

/// The network of a process, which stays as long as it is open.
pub(crate) fn open(process: i32) -> Result<std::fs::File> {
    let path = PathBuf::from(format!("/proc/{process}/ns/net"));
    std::fs::File::open(&path).map_err(|error| Failure::io("enter", &path, &error).with_code(Code::Runtime))
}

/// Does something in a network that was opened.
pub(crate) fn within_opened<T: Send>(namespace: &std::fs::File, act: impl FnOnce() -> T + Send) -> Result<T> {
    let failed =
        |error: &io::Error| Failure::io("enter", Path::new("/proc/self/ns/net"), error).with_code(Code::Runtime);
    std::thread::scope(|scope| {
        let entered = threads::spawn_in(scope, "drill-network", || {
            move_into_link_name_space(std::os::fd::AsFd::as_fd(namespace), Some(LinkNameSpaceType::Network))
                .map_err(|errno| failed(&errno.into()))?;
            Ok(act())
        })?;
        entered.join().unwrap_or_else(|_| Err(Failure::new(Code::Runtime, message!("a-thread-of-a-drill-died"))))
    })
}

/// Takes away the ways out that an engine gives a container although its network leads nowhere: what has none is counted.
pub(crate) fn drop_default_routes(namespace: &std::fs::File) -> Result<()> {
    let dropped = within_opened(namespace, || {
        let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?;
        for _ in 0..DEFAULT_ROUTES_MAX {
            // SAFETY: all zeroes is a request: of whatever way leads everywhere.
            let mut route: libc::rtentry = unsafe { std::mem::zeroed() };
            for address in [&mut route.rt_dst, &mut route.rt_gateway, &mut route.rt_genmask] {
                address.sa_family = libc::AF_INET as libc::sa_family_t;
            }
            route.rt_flags = (libc::RTF_UP | libc::RTF_GATEWAY) as libc::c_ushort;
            // SAFETY: the request is of the kind that this call reads, and lives until it returns.
            if unsafe { libc::ioctl(socket.as_raw_fd(), libc::SIOCDELRT, &route) } != 0 {
                let error = io::Error::last_os_error();
                return if error.raw_os_error() == Some(libc::ESRCH) { Ok(()) } else { Err(error) };
            }
        }
        Ok(())
    })?;
    dropped.map_err(|error| Failure::io("enter", Path::new("/proc/self/ns/net"), &error).with_code(Code::Runtime))
}

/// What of the world outside can be reached from the network of a process; nothing, if it is isolated. `on_link` are addresses that
/// it has a way to, at which nobody may be.
pub(crate) fn reachable(process: i32, on_link: &[IpAddr]) -> Result<Vec<IpAddr>> {
    let own = own_addresses()?;
    let link = on_link.to_vec();
    within(process, move || {
        let far = FAR.into_iter().chain(own).filter(|address| !link.contains(address) && has_route(*address));
        let mut found: Vec<IpAddr> = far.collect();
        found.extend(link.iter().copied().filter(|address| answers(*address)));
        found
    })
}

/// Whether the kernel knows a way to an address.
fn has_route(address: IpAddr) -> bool {
    let any: IpAddr = match address {
        IpAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        IpAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    let tried = UdpSocket::bind((any, 0)).and_then(|socket| {
        socket.set_broadcast(true)?;
        socket.connect((address, ANY_PORT))
    });
    tried.is_ok()
}

/// Whether somebody is there: one who refuses is there, too.
fn answers(address: IpAddr) -> bool {
    match TcpStream::connect_timeout(&SocketAddr::new(address, ANY_PORT), LINK_LIMIT) {
        Ok(_) => true,
        Err(error) => matches!(error.kind(), io::ErrorKind::ConnectionRefused | io::ErrorKind::ConnectionReset),
    }
}

/// Every address of this machine but those that each namespace has itself.
fn own_addresses() -> Result<Vec<IpAddr>> {
    let read = |path: &str| match std::fs::read_to_string(path) {
        Ok(text) => Ok(text),
        // A kernel without that family has no such file.
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(String::new()),
        Err(error) => Err(Failure::io("read", path.as_ref(), &error)),
    };
    let mut addresses = v4_addresses(&read("/proc/net/fib_trie")?);
    addresses.extend(v6_addresses(&read("/proc/net/if_inet6")?));
    addresses.retain(|address| !address.is_loopback());
    addresses.sort();
    addresses.dedup();
    Ok(addresses)
}

/// Of the routing trie: a line with an address, and one below it that calls it local.
fn v4_addresses(trie: &str) -> Vec<IpAddr> {
    let mut last = None;
    let mut found = Vec::new();
    for line in trie.lines() {
        let line = line.trim();
        if let Some(address) = line.strip_prefix("|-- ") {
            last = address.parse().ok();
        } else if line.ends_with("host LOCAL") {
            found.extend(last.map(|address: Ipv4Addr| IpAddr::V4(address)));
        }
    }
    found
}

/// One per line, as 32 hexadecimal digits first.
fn v6_addresses(table: &str) -> Vec<IpAddr> {
    let digits = table.lines().filter_map(|line| line.split_whitespace().next());
    digits.filter_map(|digits| u128::from_str_radix(digits, 16).ok()).map(|bits| Ipv6Addr::from(bits).into()).collect()
}

/// How many connections and datagrams from the network of a process had no way out, since it is there.
pub(crate) fn out_no_routes(process: i32) -> Result<u64> {
    read_out_no_routes(&format!("/proc/{process}/net/snmp"))
}

/// The same of a network that was opened, whether there is a process in it or not.
pub(crate) fn out_no_routes_of(namespace: &std::fs::File) -> Result<u64> {
    within_opened(namespace, || read_out_no_routes("/proc/thread-self/net/snmp"))?
}

fn read_out_no_routes(path: &str) -> Result<u64> {
    let path = PathBuf::from(path);
    let text = std::fs::read_to_string(&path).map_err(|error| Failure::io("read", &path, &error))?;
    counted(&text).ok_or_else(|| {
        Failure::new(
            Code::Runtime,
            message!("the-kernel-does-not-count-routes", path = reforge_base::escape::path(&path)),
        )
    })
}

/// Two lines begin with `Ip:`, the names and the numbers.
fn counted(text: &str) -> Option<u64> {
    let mut lines = text.lines().filter_map(|line| line.strip_prefix("Ip: "));
    let (names, numbers) = (lines.next()?, lines.next()?);
    let at = names.split_whitespace().position(|name| name == "OutNoRoutes")?;
    numbers.split_whitespace().nth(at)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_this_machine_are_read_off_its_routes() {
        let trie = "Main:\n  +-- 0.0.0.0/0 3 0 5\n     |-- 10.0.0.0\n        /24 link UNICAST\n     |-- 10.0.0.7\n        /32 host LOCAL\n";
        assert_eq!(v4_addresses(trie), ["10.0.0.7".parse::<IpAddr>().unwrap()]);
        let table = "fe800000000000000042acfffe110002 05 40 20 80 docker0\n";
        assert_eq!(v6_addresses(table), ["fe80::42:acff:fe11:2".parse::<IpAddr>().unwrap()]);
    }

    #[test]
    fn what_had_no_way_out_is_counted() {
        let text = "Ip: Forwarding OutDiscards OutNoRoutes ReasmTimeout\nIp: 1 0 14 0\nIcmp: InMsgs\n";
        assert_eq!(counted(text), Some(14));
        assert_eq!(counted("Ip: Forwarding\nIp: 1\n"), None);
    }

    #[test]
    fn this_machine_is_reached_from_its_own_network() {
        let own = i32::try_from(std::process::id()).unwrap();
        let loopback = [IpAddr::from(Ipv4Addr::LOCALHOST)];
        // Somebody is on the link that is oneself: a port that refuses is an answer.
        assert!(reachable(own, &loopback).unwrap().contains(&loopback[0]));
        assert!(out_no_routes(own).is_ok());
    }
}
