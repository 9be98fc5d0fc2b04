//! Plugins that reach for what no plugin is given.

use crate::bindings::exports::reforge::restore::restorer::Job;
use crate::bindings::reforge::restore::snapshots::Snapshot;
use crate::bindings::reforge::restore::types::Failure;

fn denied(what: &str) -> Result<(), Failure> {
    Err(Failure { code: "denied".into(), message: format!("{what} is out of reach"), hint: String::new() })
}

/// Claims success if any of it could be done.
pub(crate) fn opens_sockets(_: &Snapshot, _: &Job) -> Result<(), Failure> {
    let connected = std::net::TcpStream::connect(("127.0.0.1", 80)).is_ok();
    let listening = std::net::TcpListener::bind(("127.0.0.1", 0)).is_ok();
    let datagrams = std::net::UdpSocket::bind(("127.0.0.1", 0)).is_ok();
    let names = std::net::ToSocketAddrs::to_socket_addrs(&("localhost", 80)).is_ok();
    if connected || listening || datagrams || names { Ok(()) } else { denied("the network") }
}

pub(crate) fn reads_environment_and_files(_: &Snapshot, _: &Job) -> Result<(), Failure> {
    let environment = std::env::vars().count() + std::env::args().count();
    let read = ["/etc/passwd", ".", "/", "/proc/self/environ", "..", "/dev/null"]
        .iter()
        .any(|path| std::fs::read(path).is_ok() || std::fs::read_dir(path).is_ok());
    let written = std::fs::write("evil", "evil").is_ok() || std::fs::write("/tmp/evil", "evil").is_ok();
    let input = std::io::Read::read(&mut std::io::stdin(), &mut [0; 16]).is_ok_and(|bytes| bytes > 0);
    if environment > 0 || read || written || input { Ok(()) } else { denied("the host") }
}
