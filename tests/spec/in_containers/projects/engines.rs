//! Engines on which no app can be held down are refused by name, before anything is asked of their containers.

use std::io::{Read as _, Write as _};
use std::os::unix::net::{UnixListener, UnixStream};

use crate::support::World;

/// Answers every request with the first of these whose word is in its first line, or that there is no such call.
fn answer(stream: &mut UnixStream, answers: &[(&str, &str)]) {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|read| read == 1) {
        head.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let length = head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length:")?.trim().parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    let _ = stream.read_exact(&mut body);
    let line = head.lines().next().unwrap_or_default();
    let (status, body) = match answers.iter().find(|(word, _)| line.contains(word)) {
        Some((_, body)) => ("200 OK", *body),
        None => ("404 Not Found", "Not Found"),
    };
    let length = body.len();
    let _ = write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    );
}

/// A host whose engine answers so.
fn world(answers: &'static [(&'static str, &'static str)]) -> World {
    let mut world = World::new([]);
    let socket = world.path("engine.sock");
    let listener = UnixListener::bind(&socket).unwrap();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            answer(&mut stream, answers);
        }
    });
    world.host_lines = format!("docker_socket = {socket:?}\n");
    world.write_config();
    world
}

#[track_caller]
fn refused(answers: &'static [(&'static str, &'static str)], said: &str) {
    let world = world(answers);
    let before = std::fs::read(world.path("reforge.toml")).unwrap();
    for words in [&["workload", "adopt", "--compose", "shop"][..], &["workload", "adopt", "web"]] {
        world.reforge(words).expect(3).expect_said(said).expect_clear();
    }
    assert_eq!(std::fs::read(world.path("reforge.toml")).unwrap(), before, "nothing is written");
}

#[test]
fn podman_without_a_way_to_switch_policies_off() {
    let answers = &[
        (
            "/version",
            r#"{ "ApiVersion": "1.41", "Version": "4.3.1", "Components": [{ "Name": "Podman Engine", "Version": "4.3.1" }] }"#,
        ),
        ("/info", "{}"),
    ];
    refused(answers, "Podman 4.3.1, whose API cannot change the restart policy");
}

#[test]
fn a_rootless_engine() {
    let answers = &[
        ("/version", r#"{ "ApiVersion": "1.43", "Version": "26.1.5" }"#),
        ("/info", r#"{ "SecurityOptions": ["name=seccomp,profile=builtin", "name=rootless"] }"#),
    ];
    refused(answers, "this engine is rootless");
}
