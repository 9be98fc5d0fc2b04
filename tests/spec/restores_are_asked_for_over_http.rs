//! The API does what the commands do: a restore is begun, seen, cancelled and undone over HTTP, goes on without its
//! client, and a stop of the server leaves nothing half done.

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::support::api::{CONFIRM, Server};
use crate::support::bench::{Bench, fill, signatures};
use crate::support::disks::Disk;
use crate::support::{Volume, Workload, World, eventually};

/// A deployment that says `new`, and whose snapshot says `old`.
fn changed() -> Bench {
    let bench = Bench::new();
    bench.lives.iter().for_each(|live| fill(live, "new"));
    bench
}

/// The id of a restore that has begun.
#[track_caller]
fn begun(server: &Server, bench: &Bench) -> String {
    let answer = server.restore(&bench.snapshot).send().expect(202);
    let id = answer.json()["id"].as_str().unwrap().to_owned();
    assert_eq!(answer.header("location"), format!("/api/v1/restores/{id}"));
    id
}

fn text<'a>(document: &'a Value, name: &str) -> &'a str {
    document[name].as_str().unwrap_or_else(|| panic!("no `{name}`: {document}"))
}

#[test]
fn a_restore_is_planned_begun_seen_to_its_receipt_undone_and_finished() {
    let bench = changed();
    let new = signatures(&bench.lives);
    let server = Server::start(&bench.world);
    let asked = json!({ "snapshot": bench.snapshot });
    let plan = server.as_viewer("POST", "/api/v1/workloads/app/plan").json(&asked).send().expect(200).json();
    assert_eq!(plan["refusals"], json!([]));
    assert_eq!(text(&plan, "digest"), bench.world.plan("app", &bench.snapshot), "the command's plan is the same");
    let asked = json!({ "snapshot": bench.snapshot, "plan": plan["digest"] });
    let restore = server.as_admin("POST", "/api/v1/workloads/app/restores").header(CONFIRM, &bench.snapshot);
    let begun = restore.json(&asked).send().expect(202).json();
    let ended = server.ended(text(&begun, "id"));
    assert_eq!(ended["receipt"]["outcome"], "done", "{ended}");
    assert_eq!(text(&ended["receipt"], "who"), "token admin0");
    assert_eq!(signatures(&bench.lives), bench.old);

    let path = format!("/api/v1/restores/{}", text(&begun, "id"));
    let undo = server.as_admin("POST", &format!("{path}/undo")).header(CONFIRM, text(&begun, "id"));
    let undo = undo.send().expect(202).json();
    let undone = server.ended(text(&undo, "id"));
    assert_eq!(undone["receipt"]["outcome"], "done", "{undone}");
    assert_eq!(signatures(&bench.lives), new);

    let path = format!("/api/v1/restores/{}/finish", text(&undo, "id"));
    server.as_admin("POST", &path).header(CONFIRM, text(&undo, "id")).send().expect(200);
    bench.lives.iter().for_each(|live| assert_eq!(bench.world.siblings(live), Vec::<std::path::PathBuf>::new()));
    let output = server.stop();
    assert_eq!(output.code, Some(0), "{output:?}");
}

#[test]
fn an_image_is_promoted_from_a_stage_and_rolled_back() {
    let stage = |id: &str, seconds: &str| {
        let mut workload = Workload::idle(id, []);
        workload.project = "app".into();
        workload.stage = id.into();
        workload.command = ["/bin/sleep", seconds].map(String::from).into();
        workload
    };
    let world = World::deployed([stage("app", "1000001"), stage("app-test", "1000002")]);
    let server = Server::start(&world);
    let ask = |verb: &str| server.as_admin("POST", &format!("/api/v1/workloads/app/{verb}"));
    let image = || server.get("/api/v1/workloads/app")["image"]["reference"].as_str().unwrap().to_owned();
    ask("rollback").send().expect_problem(404, "not-found");
    ask("promote").json(&json!({ "from": "app" })).send().expect_problem(400, "usage");
    ask("promote").json(&json!({ "from": "app-test" })).send().expect(200);
    assert_eq!(image(), "/bin/sleep 1000002");
    ask("rollback").send().expect(200);
    assert_eq!(image(), "/bin/sleep 1000001");
    assert!(world.is_running("app"));
}

#[test]
fn a_disk_that_is_full_is_507_and_nothing_is_begun() {
    let disk = Disk::tmpfs(128);
    let mut world = World::new([]);
    world.keep_state_in(&world.path(""), disk.path());
    world.workloads = vec![Workload::idle("app", [Volume::project("data")])];
    world.write_config();
    world.ok(&["deploy", "app"]);
    let snapshot = world.snapshot("app");
    let server = Server::start(&world);
    std::fs::write(disk.path().join("filler"), vec![1; 100 << 20]).unwrap();
    let stored = world.stored("app");
    server.restore(&snapshot).send().expect_problem(507, "no-space");
    let import = server.as_admin("POST", "/api/v1/workloads/app/snapshots/import");
    import.header("Content-Type", "application/gzip").body("x".repeat(16 << 20)).send().expect_problem(507, "no-space");
    assert_eq!((world.stored("app"), world.transactions()), (stored, Vec::new()));
    std::fs::remove_file(disk.path().join("filler")).unwrap();
    let begun = server.restore(&snapshot).send().expect(202).json();
    assert_eq!(server.ended(text(&begun, "id"))["receipt"]["outcome"], "done");
}

#[test]
fn a_list_has_the_newest_and_any_other_is_found_by_its_id() {
    let bench = changed();
    bench.world.ok(&bench.restore());
    let newest = bench.world.receipt();
    let receipts = bench.world.state_dir().join("receipts");
    let id = |number: usize| format!("20200101T000000.000-{number:06}");
    for number in 0..105 {
        let mut old = newest.clone();
        old["id"] = id(number).into();
        std::fs::write(receipts.join(format!("{}.json", id(number))), old.to_string()).unwrap();
    }
    let server = Server::start(&bench.world);
    let listed = server.get("/api/v1/restores?workload=app");
    let ids: Vec<&str> = listed["restores"].as_array().unwrap().iter().map(|one| text(one, "id")).collect();
    assert_eq!((ids.len(), ids[0]), (101, text(&newest, "id")));
    assert_eq!((ids[1], ids[100]), (id(104).as_str(), id(5).as_str()));
    assert_eq!(listed["older"], true);
    assert_eq!(text(&server.get(&format!("/api/v1/restores/{}", id(0))), "id"), id(0));
}

#[test]
fn a_hundred_requests_at_once_begin_exactly_one_restore() {
    let bench = changed();
    let mut server = Server::pausing_at(&bench.world, "exchange", &[]);
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let asked: Vec<_> = (0..100).map(|_| scope.spawn(|| server.restore(&bench.snapshot).send().status)).collect();
        asked.into_iter().map(|asked| asked.join().unwrap()).collect()
    });
    let count = |status: u16| statuses.iter().filter(|one| **one == status).count();
    assert_eq!((count(202), count(409)), (1, 99), "{statuses:?}");
    server.reaches_its_pause();
    // While it runs, every other way to change the workload is busy, over HTTP and on the command line.
    server.restore(&bench.snapshot).send().expect_problem(409, "busy");
    for verb in ["deploy", "rollback", "stop", "start"] {
        server.as_admin("POST", &format!("/api/v1/workloads/app/{verb}")).send().expect_problem(409, "busy");
    }
    bench.world.restore("app", &bench.snapshot, &[]).expect(6);
    server.go_on();
    let restores = server.get("/api/v1/restores");
    let id = text(&restores["restores"][0], "id").to_owned();
    assert_eq!(server.ended(&id)["receipt"]["outcome"], "done");
    assert_eq!(bench.world.receipts().len(), 1, "the others left nothing");
}

#[test]
fn a_restore_that_runs_is_seen_by_everybody_and_goes_on_when_its_client_is_gone() {
    let bench = changed();
    let mut server = Server::pausing_at(&bench.world, "exchange", &[]);
    let id = begun(&server, &bench);
    server.reaches_its_pause();
    let seen = server.as_viewer("GET", &format!("/api/v1/restores/{id}")).send().expect(200).json();
    assert_eq!(text(&seen, "now"), "running");
    assert!(seen["running"]["phase"].is_string() && seen["running"]["bytes"].is_u64(), "{seen}");
    let listed = server.as_viewer("GET", "/api/v1/restores?workload=app").send().expect(200).json();
    assert_eq!(text(&listed["restores"][0], "id"), id);
    assert!(listed["restores"][0]["running"].is_object(), "{listed}");
    server.go_on();
    assert_eq!(server.ended(&id)["receipt"]["outcome"], "done");
    assert_eq!(signatures(&bench.lives), bench.old);
}

#[test]
fn a_cancel_before_the_commit_means_that_the_swap_never_happened() {
    let bench = changed();
    let new = signatures(&bench.lives);
    let mut server = Server::pausing_at(&bench.world, "exchange", &[]);
    let id = begun(&server, &bench);
    server.reaches_its_pause();
    let path = format!("/api/v1/restores/{id}/cancel");
    server.as_viewer("POST", &path).send().expect_problem(403, "forbidden");
    server.as_admin("POST", &path).send().expect(202);
    server.go_on();
    let ended = server.ended(&id);
    assert_eq!(ended["outcome"], "cancelled", "{ended}");
    assert_eq!(signatures(&bench.lives), new);
    server.as_admin("POST", &path).send().expect_problem(409, "not-running");
    assert!(bench.world.is_running("app"));
}

#[test]
fn a_stop_before_the_commit_cancels_cleanly() {
    let bench = changed();
    let new = signatures(&bench.lives);
    let mut server = Server::pausing_at(&bench.world, "exchange", &[]);
    let id = begun(&server, &bench);
    server.reaches_its_pause();
    server.signal(Signal::TERM);
    eventually("it says that it is not ready", || server.without_token("GET", "/readyz").send().status == 503);
    server.restore(&bench.snapshot).send().expect_problem(503, "stopping");
    server.go_on();
    let output = server.wait();
    assert_eq!(output.code, Some(0), "{output:?}");
    assert_eq!(signatures(&bench.lives), new);
    assert_eq!(bench.world.receipt()["outcome"], "cancelled");
    assert_eq!(bench.world.receipt()["id"], id.as_str());
    assert!(bench.world.is_running("app"));
    let recovered = bench.world.ok(&["recover", "--json"]).json();
    assert_eq!(recovered["recovered"], json!([]), "nothing was left half done");
}

/// A stop while the restore stands before that effect, after which it is done all the same.
fn done_although_stopped(effect: &str, arguments: &[&str]) {
    let bench = changed();
    let mut server = Server::pausing_at(&bench.world, effect, arguments);
    begun(&server, &bench);
    server.reaches_its_pause();
    server.signal(Signal::TERM);
    eventually("it says that it is not ready", || server.without_token("GET", "/readyz").send().status == 503);
    server.go_on();
    assert_eq!(server.wait().code, Some(0));
    assert_eq!(signatures(&bench.lives), bench.old);
    assert_eq!(bench.world.receipt()["outcome"], "done");
}

#[test]
fn a_stop_that_is_told_to_wait_lets_the_restore_end() {
    done_although_stopped("exchange", &["--wait"]);
}

#[test]
fn a_stop_after_the_commit_ends_with_the_restore_complete() {
    done_although_stopped("create-app", &[]);
}

#[test]
fn nobody_can_connect_before_what_a_crash_left_is_settled() {
    let bench = changed();
    let new = signatures(&bench.lives);
    let mut server = Server::pausing_at(&bench.world, "record-swapped", &[]);
    let id = begun(&server, &bench);
    server.reaches_its_pause();
    let address = server.killed().address;
    let mut next = bench.world.start_pausing("exchange", &["serve", "--listen", &address]);
    assert!(next.reaches_its_pause(), "it has a volume to exchange back: {}", next.complaints());
    let refused = std::net::TcpStream::connect(&address).map(drop).unwrap_err();
    assert_eq!(refused.kind(), std::io::ErrorKind::ConnectionRefused);
    next.go_on();
    eventually("it listens", || std::net::TcpStream::connect(&address).is_ok());
    assert_eq!(signatures(&bench.lives), new);
    assert_eq!(bench.world.receipt()["id"], id.as_str());
}

#[test]
fn what_a_killed_server_left_is_settled_before_the_next_one_answers() {
    let bench = changed();
    let new = signatures(&bench.lives);
    let mut server = Server::pausing_at(&bench.world, "exchange", &[]);
    let id = begun(&server, &bench);
    server.reaches_its_pause();
    let server = server.killed_and_started(&bench.world);
    server.without_token("GET", "/readyz").send().expect(200);
    let recovery = server.get("/api/v1/recovery");
    assert_eq!(recovery["recovered"][0]["id"], id.as_str(), "{recovery}");
    assert_eq!(recovery["unfinished"], json!([]));
    assert_eq!(signatures(&bench.lives), new);
    let document = server.get(&format!("/api/v1/restores/{id}"));
    assert!(document["running"].is_null() && document["receipt"].is_object(), "{document}");
}
