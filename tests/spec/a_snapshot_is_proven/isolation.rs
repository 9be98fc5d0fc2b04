//! Whatever a drilled process tries, nothing reaches anybody: not over a network, not by a socket, not by a file.

use std::io::Read as _;
use std::net::{TcpListener, UdpSocket};
use std::os::unix::net::UnixListener;

use super::{drill, nothing_is_left, with_rows};

/// Tries everything, and says of each whether it could.
const TRIES: &str = r#"
import os, socket, sys
def tried(name, act):
    try:
        act()
        print(name)
    except OSError:
        pass
def udp(address, family=socket.AF_INET):
    one = socket.socket(family, socket.SOCK_DGRAM)
    one.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
    one.sendto(b"drilled", address)
def unix(path):
    socket.socket(socket.AF_UNIX).connect(path)
def write(path):
    open(path, "w").write("drilled")
host, tcp, datagrams, path, outside, live = sys.argv[1:]
tried("tcp", lambda: socket.create_connection((host, int(tcp)), 2))
tried("loopback", lambda: socket.create_connection(("127.0.0.1", int(tcp)), 2))
tried("mail", lambda: socket.create_connection(("192.0.2.25", 25), 2))
tried("dns", lambda: udp(("1.1.1.1", 53)))
tried("datagram", lambda: udp((host, int(datagrams))))
tried("multicast", lambda: udp(("224.0.0.251", 5353)))
tried("broadcast", lambda: udp(("255.255.255.255", 9)))
tried("ipv6", lambda: udp(("2606:4700:4700::1111", 53), socket.AF_INET6))
tried("socket", lambda: unix(path))
tried("write", lambda: write(outside))
tried("live", lambda: os.stat(live))
tried("tmp", lambda: os.stat(os.path.dirname(path)))
for name in os.listdir("/proc"):
    if name.isdigit() and int(name) > 100:
        print("process")
        break
print("done")
"#;

#[test]
fn what_a_drilled_process_tries_reaches_nobody_and_is_counted() {
    // Beside the directory of the tests, where everybody has the same.
    let outside = tempfile::Builder::new().prefix("reforge-outside-").tempdir_in("/var/lib").unwrap();
    let path = outside.path().join("socket");
    let (tcp, datagrams) = (TcpListener::bind("0.0.0.0:0").unwrap(), UdpSocket::bind("0.0.0.0:0").unwrap());
    let unix = UnixListener::bind(&path).unwrap();
    tcp.set_nonblocking(true).unwrap();
    datagrams.set_nonblocking(true).unwrap();
    unix.set_nonblocking(true).unwrap();
    let script = outside.path().join("tries.py");
    std::fs::write(&script, TRIES).unwrap();
    let ports = [tcp.local_addr().unwrap().port(), datagrams.local_addr().unwrap().port()].map(|port| port.to_string());
    let secret = outside.path().join("live");
    std::fs::create_dir(&secret).unwrap();
    std::fs::write(secret.join("row"), "of another app").unwrap();
    let probe = format!(
        "[[workload.drill.probe]]\nname = \"tries\"\ncommand = [\"/usr/bin/python3\", {:?}, {:?}, {:?}, {:?}, {:?}, {:?}, {:?}]\nequals = \"tmp\\ndone\"\n",
        script.to_str().unwrap(),
        own_address(),
        ports[0],
        ports[1],
        path.to_str().unwrap(),
        outside.path().join("written").to_str().unwrap(),
        secret.join("row").to_str().unwrap(),
    );
    let mut world = with_rows("one\n", &probe);
    world.allowed_roots.push(outside.path().to_owned());
    let other = crate::support::Volume::absolute("other", &secret);
    world.workloads.push(crate::support::Workload::idle("other", [other]));
    world.write_config();
    world.snapshot("app");
    let receipt = drill(&world, &[]);
    let answer = &super::probe(&receipt, "tries")["answer"];
    assert_eq!(answer, r"tmp\u{a}done", "{receipt:#}");
    // Mail, names, a datagram, several, and what listens here: each is one without a way out.
    assert!(receipt["attempts"].as_u64().unwrap() >= 5, "{receipt:#}");
    assert!(tcp.accept().is_err() && unix.accept().is_err());
    assert!(datagrams.recv(&mut [0; 16]).is_err());
    assert!(!outside.path().join("written").exists());
    let mut row = String::new();
    std::fs::File::open(secret.join("row")).unwrap().read_to_string(&mut row).unwrap();
    assert_eq!(row, "of another app");
    nothing_is_left(&world);
}

/// An address of this machine that is not its loopback.
fn own_address() -> String {
    let socket = UdpSocket::bind("0.0.0.0:0").unwrap();
    match socket.connect("192.0.2.1:9") {
        Ok(()) => socket.local_addr().unwrap().ip().to_string(),
        // A machine without any network has no other.
        Err(_) => "127.0.0.1".to_owned(),
    }
}

#[test]
fn two_of_one_kind_do_not_meet_in_shared_directories() {
    // A live one that has the name, as PostgreSQL has its socket in /tmp.
    let name = format!("/tmp/reforge-shared-{}", std::process::id());
    let _live = UnixListener::bind(&name).unwrap();
    let probe = format!(
        "[[workload.drill.probe]]\nname = \"alone\"\ncommand = [\"/bin/sh\", \"-c\", \"test ! -e {name} && echo mine > {name} && ls /dev/shm /run | wc -l\"]\n"
    );
    let world = with_rows("one\n", &probe);
    world.snapshot("app");
    let receipt = drill(&world, &[]);
    assert_eq!(super::probe(&receipt, "alone")["passed"], true, "{receipt:#}");
    std::fs::remove_file(&name).unwrap();
    nothing_is_left(&world);
}
