//! What listeners cost: the processor time that a server takes more for each 1,000 events it sends.
//!
//! `cargo bench --bench events`. A restore is watched by nobody and by many; connections are there before
//! it is timed.

#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::print_stderr)]

use std::io::Read as _;

#[path = "../../../../tests/support/mod.rs"]
#[allow(dead_code, unused_imports, reason = "it is what the tests are made with, and this needs little of it")]
mod support;

use support::api::Server;
use support::{Volume, Workload, World, eventually};

const LISTENERS: usize = 200;
const FILES: usize = 20_000;
const TURNS: usize = 3;

fn main() {
    let (options, asked): (Vec<_>, Vec<_>) = std::env::args().skip(1).partition(|argument| argument.starts_with("--"));
    // Somebody who asks for a figure of another benchmark does not mean this one.
    if !options.iter().any(|option| option == "--bench") || asked.iter().any(|name| name != "events") {
        return;
    }
    let world = World::deployed([Workload::idle("app", [Volume::project("data")])]);
    for number in 0..FILES {
        std::fs::write(world.volume("app", "data").join(format!("file-{number}")), vec![b'x'; 4096]).unwrap();
    }
    let snapshot = world.snapshot("app");
    let mut added = Vec::new();
    for _ in 0..TURNS {
        let (alone, _) = turn(&world, &snapshot, 0);
        let (watched, events) = turn(&world, &snapshot, LISTENERS);
        let cost = (watched - alone) * 1e6 / events;
        println!(
            "{events} events to {LISTENERS} listeners: {watched:.2} s, {alone:.2} s alone; {cost:.1} ms per 1,000"
        );
        added.push(cost);
    }
    added.sort_by(f64::total_cmp);
    println!("added processor time per 1,000 events: {:.1} ms", added[TURNS / 2]);
}

/// Seconds of processor time from the first exchange to the end of a restore, and how many events were sent meanwhile.
fn turn(world: &World, snapshot: &str, listeners: usize) -> (f64, f64) {
    let mut server = Server::pausing_at(world, "exchange", &[]);
    let begun = server.restore(snapshot).send().expect(202).json();
    let id = begun["id"].as_str().unwrap().to_owned();
    server.reaches_its_pause();
    let path = format!("/api/v1/restores/{id}/events");
    let requests: Vec<_> = (0..listeners).map(|_| server.as_viewer("GET", &path)).collect();
    let seconds = std::thread::scope(|scope| {
        for request in requests {
            scope.spawn(move || request.open().reader().read_to_string(&mut String::new()).unwrap());
        }
        eventually("all listen", || figure(&server, "reforge_event_listeners") == listeners as f64);
        let before = processor_seconds(server.pid());
        server.go_on();
        eventually("the restore ends", || figure(&server, "reforge_restores_running") == 0.0);
        eventually("all were told", || figure(&server, "reforge_event_listeners") == 0.0);
        processor_seconds(server.pid()) - before
    });
    let events = figure(&server, "reforge_events_total");
    assert_eq!(server.stop().code, Some(0));
    world.ok(&["restore", "finish", &id, "--yes"]);
    (seconds, events)
}

fn figure(server: &Server, name: &str) -> f64 {
    // As seldom as a person would: asking costs, too.
    std::thread::sleep(std::time::Duration::from_millis(100));
    let figures = server.as_viewer("GET", "/metrics").send().expect(200).text();
    let line = figures.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok());
    line.unwrap_or_else(|| panic!("no `{name}`: {figures}"))
}

fn processor_seconds(pid: u32) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
    let ticks: u64 = fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
    ticks as f64 / rustix::param::clock_ticks_per_second() as f64
}
