//! Two hundred listeners on one restore while other clients ask on: nobody sees an error, and memory stays bounded.

use std::io::Read as _;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use crate::support::api::Server;
use crate::support::bench::{Bench, fill};
use crate::support::eventually;

const LISTENERS: usize = 200;
const ASKERS: usize = 4;
/// What they may add to the server's memory: 200 connections of some 100 KiB, and a restore.
const GROWTH_KIB_MAX: u64 = 128 << 10;

/// The most memory that a process has had.
fn peak_kib(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[test]
fn two_hundred_listeners_and_a_steady_load_see_no_error_and_take_bounded_memory() {
    let bench = Bench::new();
    bench.lives.iter().for_each(|live| fill(live, "new"));
    let mut server = Server::pausing_at(&bench.world, "exchange", &[]);
    let begun = server.restore(&bench.snapshot).send().expect(202).json();
    let id = begun["id"].as_str().unwrap().to_owned();
    server.reaches_its_pause();
    let before = peak_kib(server.pid());
    let listened: Vec<_> =
        (0..LISTENERS).map(|_| server.as_viewer("GET", &format!("/api/v1/restores/{id}/events"))).collect();
    let (over, asked) = (AtomicBool::new(false), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        let listeners: Vec<_> = listened
            .into_iter()
            .map(|request| {
                scope.spawn(move || {
                    let open = request.open();
                    assert_eq!(open.status(), 200);
                    let mut told = String::new();
                    open.reader().read_to_string(&mut told).unwrap();
                    told
                })
            })
            .collect();
        eventually("all listen", || {
            let figures = server.as_viewer("GET", "/metrics").send().expect(200).text();
            figures.contains(&format!("reforge_event_listeners {LISTENERS}\n"))
        });
        let paths = ["/api/v1/workloads", "/api/v1/restores", "/api/v1/workloads/app/snapshots", "/readyz"];
        let asking: Vec<_> = (0..ASKERS)
            .map(|asker| {
                let requests = move |server: &Server| server.as_viewer("GET", paths[asker % paths.len()]).send();
                let (server, over, asked) = (&server, &over, &asked);
                scope.spawn(move || {
                    while !over.load(Ordering::Relaxed) {
                        requests(server).expect(200);
                        asked.fetch_add(1, Ordering::Relaxed);
                    }
                })
            })
            .collect();
        eventually("they ask on", || asked.load(Ordering::Relaxed) > 200);
        server.go_on();
        for listener in listeners {
            let told = listener.join().unwrap();
            assert!(told.contains("event: end") && told.contains("\"outcome\":\"done\""), "{told}");
        }
        over.store(true, Ordering::Relaxed);
        asking.into_iter().for_each(|asking| asking.join().unwrap());
    });
    let growth = peak_kib(server.pid()) - before;
    assert!(growth < GROWTH_KIB_MAX, "{growth} KiB more");
    let figures = server.as_viewer("GET", "/metrics").send().expect(200).text();
    assert!(figures.contains("reforge_event_listeners 0\n"), "{figures}");
    assert!(figures.contains("reforge_restores_total{outcome=\"done\"} 1\n"), "{figures}");
}
