//! Webhooks: signed over the body, each delivery taken once, also after a new start; they wait for a busy workload.

use std::os::unix::fs::PermissionsExt as _;

use serde_json::{Value, json};

use crate::support::api::{Server, sign_webhooks};
use crate::support::bench::{Bench, fill};
use crate::support::eventually;

const SECRET: &str = "a secret that nobody guesses";
const DEPLOY: &str = "/api/v1/workloads/app/hooks/deploy";

fn bench() -> Bench {
    let mut bench = Bench::new();
    sign_webhooks(&mut bench.world, SECRET);
    bench
}

/// Outcomes of a webhook's deploys of a kind, as the audit log has them.
fn done(server: &Server, what: &str) -> Vec<Value> {
    let lines = server.get("/api/v1/audit?lines=1000")["lines"].as_array().unwrap().clone();
    lines.into_iter().filter(|line| line["what"] == what && line["who"] == "a webhook").collect()
}

#[test]
fn only_what_is_signed_is_taken_and_only_once() {
    let bench = bench();
    let server = Server::start(&bench.world);
    server.deliver(DEPLOY, "{}", "another secret of this length").expect_problem(401, "unauthorized");
    server.without_token("POST", DEPLOY).body("{}").send().expect_problem(401, "unauthorized");
    assert_eq!(server.deliver(DEPLOY, "{}", SECRET).expect(202).json()["taken"], true);
    assert_eq!(server.deliver(DEPLOY, "{}", SECRET).expect(200).json()["taken"], false);
    eventually("it is deployed", || done(&server, "deploy").len() == 1);
    let server = server.killed_and_started(&bench.world);
    assert_eq!(server.deliver(DEPLOY, "{}", SECRET).expect(200).json()["taken"], false, "it is written down");
    let ask = json!({ "delivery": "1", "action": { "preview": { "workload": "app", "image": "/bin/sleep 5000" } } });
    server.deliver("/api/v1/hooks", &ask.to_string(), SECRET).expect(202);
    eventually("the preview is there", || done(&server, "preview").len() == 1);
    assert!(done(&server, "preview")[0]["details"]["failure"].is_null(), "{:?}", done(&server, "preview"));
    let again = json!({ "action": { "rollback": { "workload": "app" } }, "delivery": "1" });
    assert_eq!(server.deliver("/api/v1/hooks", &again.to_string(), SECRET).expect(200).json()["taken"], false);
    let nobody = json!({ "delivery": "2", "action": { "deploy": { "workload": "nobody" } } }).to_string();
    server.deliver("/api/v1/hooks", &nobody, SECRET).expect_problem(404, "not-found");
    let refused = done(&server, "deploy").into_iter().filter(|line| line["details"]["workload"] == "nobody");
    assert_eq!(refused.map(|line| line["details"]["failure"]["code"].clone()).collect::<Vec<_>>(), ["not-found"]);
    server.deliver("/api/v1/hooks", "{}", SECRET).expect_problem(400, "usage");
    // A forge's may be long, since nothing of it is kept.
    server.deliver(DEPLOY, &"x".repeat(1 << 20), SECRET).expect(202);
    server.deliver(DEPLOY, &"x".repeat((1 << 20) + 1), SECRET).expect_problem(413, "too-large");
    server.deliver("/api/v1/hooks", &"x".repeat(1 << 17), SECRET).expect_problem(413, "too-large");
}

/// A restore that stands in the way of every deploy of its workload.
fn held(effect: &str) -> (Bench, Server) {
    let bench = bench();
    bench.lives.iter().for_each(|live| fill(live, "new"));
    let mut server = Server::pausing_at(&bench.world, effect, &[]);
    server.restore(&bench.snapshot).send().expect(202);
    server.reaches_its_pause();
    (bench, server)
}

/// How the deploy of the only delivery ended.
#[track_caller]
fn outcome(server: &Server) -> Value {
    eventually("the delivery is accounted for", || done(server, "deploy").len() == 1);
    assert_eq!(server.deliver(DEPLOY, "1", SECRET).expect(200).json()["taken"], false, "it was taken before");
    done(server, "deploy")[0]["details"].clone()
}

#[test]
fn what_waits_when_the_host_is_killed_is_deployed_after_the_next_start() {
    let (bench, server) = held("exchange");
    server.deliver(DEPLOY, "1", SECRET).expect(202);
    let server = server.killed_and_started(&bench.world);
    assert!(outcome(&server)["image"].is_string(), "{:?}", done(&server, "deploy"));
    assert_eq!(server.stop().code, Some(0));
    let server = Server::start(&bench.world);
    assert_eq!(done(&server, "deploy").len(), 1, "and not again");
}

#[test]
fn what_waits_when_the_host_is_stopped_is_deployed_after_the_next_start() {
    let (bench, server) = held("exchange");
    server.deliver(DEPLOY, "1", SECRET).expect(202);
    server.signal(rustix::process::Signal::TERM);
    eventually("it says that it is not ready", || server.without_token("GET", "/readyz").send().status == 503);
    server.go_on();
    assert_eq!(server.wait().code, Some(0));
    let server = Server::start(&bench.world);
    assert!(outcome(&server)["image"].is_string(), "{:?}", done(&server, "deploy"));
}

#[test]
fn what_a_crash_finds_in_the_middle_is_told_and_not_done_again() {
    let bench = bench();
    let mut server = Server::pausing_at(&bench.world, "create-app", &[]);
    server.deliver(DEPLOY, "1", SECRET).expect(202);
    server.reaches_its_pause();
    let server = server.killed_and_started(&bench.world);
    assert_eq!(outcome(&server)["outcome"], "interrupted");
}

#[test]
fn a_preview_takes_the_place_of_no_deploy() {
    let (_bench, server) = held("exchange");
    // The first waits for the workload; the second waits for the first.
    for body in ["1", "2"] {
        server.deliver(DEPLOY, body, SECRET).expect(202);
    }
    let preview = json!({ "workload": "app", "image": "/bin/sleep 5000" });
    let ask = json!({ "delivery": "3", "action": { "preview": preview } });
    server.deliver("/api/v1/hooks", &ask.to_string(), SECRET).expect(202);
    server.go_on();
    eventually("all are done", || done(&server, "deploy").len() == 2 && done(&server, "preview").len() == 1);
    let lines = [done(&server, "deploy"), done(&server, "preview")].concat();
    assert!(lines.iter().all(|line| line["details"]["image"].is_string()), "{lines:?}");
}

#[test]
fn deliveries_wait_for_a_restore_and_the_newest_wins() {
    let bench = bench();
    bench.lives.iter().for_each(|live| fill(live, "new"));
    let mut server = Server::pausing_at(&bench.world, "exchange", &[]);
    let begun = server.restore(&bench.snapshot).send().expect(202).json();
    server.reaches_its_pause();
    for body in ["1", "2", "3", "4"] {
        server.deliver(DEPLOY, body, SECRET).expect(202);
    }
    // The first waits for the workload, or is about to; of the others only the newest is left.
    eventually("older ones gave way", || done(&server, "deploy").len() >= 2);
    server.go_on();
    assert_eq!(server.ended(begun["id"].as_str().unwrap())["receipt"]["outcome"], "done");
    eventually("every delivery is accounted for", || done(&server, "deploy").len() == 4);
    let deployed = done(&server, "deploy").iter().filter(|line| line["details"]["image"].is_string()).count();
    assert!((1..=2).contains(&deployed), "{:?}", done(&server, "deploy"));
    assert!(bench.world.is_running("app"));
}

#[test]
fn without_a_secret_there_are_no_webhooks_and_a_bad_one_is_refused() {
    let bench = Bench::new();
    let server = Server::start(&bench.world);
    server.deliver(DEPLOY, "{}", SECRET).expect_problem(404, "not-found");
    drop((server, bench));
    let bench = self::bench();
    let file = bench.world.path("webhook-secret");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
    bench.world.reforge(&["serve", "--listen", "127.0.0.1:0"]).expect(2).expect_said("read by others");
    std::fs::write(&file, "short").unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    bench.world.reforge(&["serve", "--listen", "127.0.0.1:0"]).expect(2).expect_said("16 bytes");
}
