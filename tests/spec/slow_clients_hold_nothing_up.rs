//! Clients that take their time, say half of what they want, or only hold on: each costs a bounded time and a turn of
//! its own kind, and none takes what a restore needs.

use serde_json::json;

use crate::support::api::{CONFIRM, Connection, Server, sign_webhooks};
use crate::support::bench::{Bench, fill};
use crate::support::{described, eventually};

/// What the descriptors of a server lead to.
fn open_files(server: &Server) -> Vec<String> {
    let directory = format!("/proc/{}/fd", server.pid());
    let links = std::fs::read_dir(directory).unwrap().flatten();
    links.filter_map(|entry| Some(entry.path().read_link().ok()?.to_str()?.to_owned())).collect()
}

#[test]
fn a_head_or_a_body_that_does_not_come_is_given_up() {
    let bench = Bench::new();
    let server = Server::start(&bench.world);
    let half = |bytes: &str| server.connection().sent(bytes);
    let silent = server.connection();
    let heads = [half("GET /api"), half("GET /api/v1/workloads HTTP/1.1\r\nHost: localhost\r\nX: ")];
    let authorization = format!("Authorization: Bearer {}", server.admin);
    let body = half(&format!(
        "POST /api/v1/workloads/app/plan HTTP/1.1\r\nHost: localhost\r\n{authorization}\r\n\
         Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{{"
    ));
    let asked = json!({ "snapshot": bench.snapshot });
    server.as_viewer("POST", "/api/v1/workloads/app/plan").json(&asked).send().expect(200);
    for connection in heads.into_iter().chain([silent]) {
        let answer = connection.answer();
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 408"), "{answer}");
    }
    let answer = body.answer();
    assert!(answer.starts_with("HTTP/1.1 408") && answer.contains("\"timeout\""), "{answer}");
}

/// What each route answers to a body of so many bytes, of which so much is sent, and whether it reads bodies.
fn answers(length: usize, sent: &str) -> Vec<(String, bool, String)> {
    let mut bench = Bench::new();
    sign_webhooks(&mut bench.world, "a secret that nobody guesses");
    let server = Server::start(&bench.world);
    let mut connections = Vec::new();
    for (method, path, operation) in described::operations() {
        let body = &operation["requestBody"];
        let kind = body["content"].as_object().and_then(|content| content.keys().next()).cloned().unwrap_or_default();
        let asked = path.replace("{workload}", "app").replace(['{', '}'], "");
        let head = format!(
            "{method} {asked} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\n{CONFIRM}: nothing\r\n\
             X-Hub-Signature-256: sha256={}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n",
            server.admin,
            "0".repeat(64),
        );
        connections.push((format!("{method} {path}"), body.is_object(), server.connection().sent(&head).sent(sent)));
    }
    connections.into_iter().map(|(what, reads, connection)| (what, reads, connection.answer())).collect()
}

#[test]
fn no_route_waits_for_a_body_that_does_not_come() {
    for (what, reads, answer) in answers(100, "{") {
        assert!(answer.starts_with("HTTP/1.1 "), "{what}: {answer}");
        assert_eq!(answer.starts_with("HTTP/1.1 408"), reads, "{what}: {answer}");
    }
}

#[test]
fn every_route_answers_a_body_that_is_larger_than_it_takes() {
    let body = "x".repeat(2 << 20);
    for (what, reads, answer) in answers(body.len(), &body) {
        let uploads = what.ends_with("/import") || what.ends_with("/plugins");
        assert!(answer.starts_with("HTTP/1.1 "), "{what}: {answer}");
        assert_eq!(answer.starts_with("HTTP/1.1 413"), reads && !uploads, "{what}: {answer}");
    }
}

#[test]
fn what_is_read_of_a_body_that_nobody_wants_is_bounded() {
    let bench = Bench::new();
    let server = Server::start(&bench.world);
    let head = "POST /api/v1/plugins HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000000000\r\n\r\n";
    let taken = server.connection().sent(head).taken_of(&[b'x'; 1 << 20], 1 << 10);
    assert!((4..256).contains(&taken), "{taken} MiB");
}

#[test]
fn a_client_that_asks_before_it_sends_is_told_to_only_when_its_body_is_wanted() {
    let bench = Bench::new();
    let server = Server::start(&bench.world);
    let asked = |more: &str| {
        server.connection().sent(&format!(
            "POST /api/v1/workloads/app/snapshots/import HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\n\
             Content-Type: application/gzip\r\nContent-Length: 4\r\nConnection: close\r\n{more}\r\n"
        ))
    };
    let answer = asked("").answer();
    assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
    let answer = asked(&format!("Authorization: Bearer {}\r\n", server.admin)).sent("gzip").answer();
    assert!(answer.starts_with("HTTP/1.1 100") && answer.contains("HTTP/1.1 422"), "{answer}");
}

#[test]
fn heads_that_are_too_large_are_turned_down_by_a_status() {
    let bench = Bench::new();
    let server = Server::start(&bench.world);
    let many: String = (0..65).map(|number| format!("X-{number}: x\r\n")).collect();
    for headers in [many, format!("X: {}\r\n", "x".repeat(17 << 10))] {
        let head = format!("GET /healthz HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n");
        let answer = server.connection().sent(&head).answer();
        assert!(answer.starts_with("HTTP/1.1 431"), "{answer}");
    }
    server.connection().sent("\u{1}\r\n\r\n").answer();
    server.without_token("GET", "/healthz").send().expect(200);
}

#[test]
fn uploads_that_stall_take_the_turns_of_uploads_alone_and_are_given_up() {
    let bench = Bench::new();
    bench.lives.iter().for_each(|live| fill(live, "new"));
    let server = Server::start(&bench.world);
    let stored = bench.world.stored("app");
    let head = format!(
        "POST /api/v1/workloads/app/snapshots/import HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\n\
         Content-Type: application/gzip\r\nContent-Length: 1000000\r\n\r\nhalf",
        server.admin
    );
    let stalled: Vec<Connection> = (0..32).map(|_| server.connection().sent(&head)).collect();
    let import = || {
        let asked = server.as_admin("POST", "/api/v1/workloads/app/snapshots/import");
        asked.header("Content-Type", "application/gzip").body("this is no archive").send()
    };
    // Once each has its turn.
    eventually("uploads wait in vain", || import().status == 503);
    let begun = server.restore(&bench.snapshot).send().expect(202).json();
    assert_eq!(server.ended(begun["id"].as_str().unwrap())["receipt"]["outcome"], "done");
    for connection in stalled {
        let answer = connection.answer();
        assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    }
    import().expect_problem(422, "snapshot-damaged");
    assert_eq!(bench.world.stored("app").len(), stored.len() + 2, "the restore's safety snapshot and nothing else");
}

#[test]
fn an_upload_that_comes_by_drops_is_given_up() {
    let bench = Bench::new();
    let server = Server::start(&bench.world);
    let mut upload = server.connection().sent(&format!(
        "POST /api/v1/workloads/app/snapshots/import HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\n\
         Content-Type: application/gzip\r\nContent-Length: 1000000\r\n\r\n",
        server.admin
    ));
    // Often enough that each piece is in time.
    eventually("it is given up", || {
        upload.drop();
        upload.is_answered()
    });
    let answer = upload.answer();
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
}

#[test]
fn a_client_that_takes_nothing_of_a_download_is_cut_off() {
    let bench = Bench::new();
    // More than what the kernel takes on the way.
    let mut noise = vec![0; 48 << 20];
    std::io::Read::read_exact(&mut std::fs::File::open("/dev/urandom").unwrap(), &mut noise).unwrap();
    std::fs::write(bench.lives[0].join("noise"), noise).unwrap();
    let snapshot = bench.world.snapshot("app");
    let server = Server::start(&bench.world);
    let path = format!("/api/v1/workloads/app/snapshots/{snapshot}/archive");
    let head = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\n\r\n", server.admin);
    let deaf = server.connection().sent(&head);
    let archive = bench.world.snapshot_files("app", &snapshot).0;
    let is_open = || open_files(&server).iter().any(|file| *file == archive.to_str().unwrap());
    eventually("the archive is on its way", is_open);
    eventually("it is given up", || !is_open());
    drop(deaf);
}

#[test]
fn strangers_that_hold_on_take_no_descriptor_that_a_restore_needs() {
    let mut bench = Bench::new();
    bench.lives.iter().for_each(|live| fill(live, "new"));
    bench.world.open_files_max = Some(256);
    let mut server = Server::pausing_at(&bench.world, "exchange", &[]);
    let begun = server.restore(&bench.snapshot).send().expect(202).json();
    server.reaches_its_pause();
    let strangers: Vec<Connection> = (0..300).map(|_| server.connection()).collect();
    let sockets = || open_files(&server).iter().filter(|file| file.starts_with("socket:")).count();
    eventually("there are as many as there may be", || sockets() >= 128);
    server.go_on();
    eventually("the restore is over", || bench.world.receipts().len() == 1);
    assert!(sockets() < 150, "{}", sockets());
    assert_eq!(bench.world.receipt()["outcome"], "done", "{}", bench.world.receipt());
    drop(strangers);
    assert_eq!(server.ended(begun["id"].as_str().unwrap())["receipt"]["outcome"], "done");
}
