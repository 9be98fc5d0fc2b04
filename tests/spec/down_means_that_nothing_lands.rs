//! Rule 8: a write that was submitted lands although its process was killed and nobody in `/proc` has the file open. Nothing
//! is captured and nothing is exchanged before that.
//!
//! What is in flight here is a descriptor in a socket that nobody reads: to the kernel the file is open for writing, and no
//! process has it.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::support::containers;
use crate::support::engine::Engine;
use crate::support::process::Output;
use crate::support::signature::{self, assert_same};
use crate::support::{Volume, Workload, World, eventually};

const SEND: &str = "import os, socket, sys, time
here, there = socket.socketpair()
file = os.open(sys.argv[1], os.O_WRONLY)
socket.send_fds(here, [b'.'], [file])
os.close(file)
print('sent', flush=True)
sys.stdin.read()";

/// A file that is open for writing and that nobody has, until it is dropped.
struct InFlight(Child);

impl InFlight {
    fn to(file: &Path) -> InFlight {
        let mut sender = Command::new("/usr/bin/python3");
        sender.args(["-c", SEND]).arg(file).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut sender = sender.spawn().unwrap();
        let mut said = String::new();
        BufReader::new(sender.stdout.take().unwrap()).read_line(&mut said).unwrap();
        assert_eq!(said, "sent\n");
        InFlight(sender)
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// An app that has `held` open for writing, and never opens `other`.
struct Deployed {
    world: World,
    live: PathBuf,
    snapshot: String,
}

impl Deployed {
    fn new() -> Deployed {
        let mut world = World::new([]);
        let app = world.script("app", "exec 9>>\"$1/held\"\nexec sleep 1000000\n");
        world.workloads = vec![Workload::idle("app", [Volume::project("data")]).command(&[&app, "{volume:data}"])];
        world.landing_ms = Some(300);
        world.write_config();
        let live = world.volume("app", "data");
        std::fs::create_dir_all(&live).unwrap();
        std::fs::write(live.join("other"), "old").unwrap();
        let snapshot = world.snapshot("app");
        std::fs::write(live.join("other"), "new").unwrap();
        world.ok(&["deploy", "app"]);
        eventually("the app holds its file", || live.join("held").exists());
        Deployed { world, live, snapshot }
    }

    /// Refused, with everything and the app as it was.
    #[track_caller]
    fn refused(&self, run: impl FnOnce() -> Output, file: &str) {
        let before = signature::of(&self.live);
        run().expect(3).expect_said(file).expect_said("still under way").expect_said("nothing was changed");
        assert_same(&signature::of(&self.live), &before, "the volume is as it was");
        assert!(self.world.is_running("app"), "the app is back");
    }
}

#[test]
fn a_write_to_a_file_that_the_app_had_open_refuses_the_exchange_until_it_has_landed() {
    let it = Deployed::new();
    let in_flight = InFlight::to(&it.live.join("held"));
    it.refused(|| it.world.restore("app", &it.snapshot, &["--keep-previous"]), "held");
    drop(in_flight);
    it.world.restore("app", &it.snapshot, &["--keep-previous"]).expect(0);
}

#[test]
fn a_write_to_a_file_that_nobody_had_open_at_the_stop_refuses_the_safety_snapshot() {
    let it = Deployed::new();
    let in_flight = InFlight::to(&it.live.join("other"));
    it.refused(|| it.world.restore("app", &it.snapshot, &[]), "other");
    drop(in_flight);
    it.world.restore("app", &it.snapshot, &[]).expect(0);
    let undo = it.world.transactions().pop().unwrap();
    let _in_flight = InFlight::to(&it.live.join("other"));
    it.refused(|| it.world.undo(&undo), "other");
}

#[test]
fn a_write_to_a_file_that_a_container_had_open_refuses_the_exchange() {
    let engine = Engine::shared();
    let id = containers::fresh_id("in-flight");
    let script = format!("exec 9>>{{volume:data}}/held; {}", containers::STAY);
    let workload = containers::shell(engine, &id, &script);
    let mut world = containers::world(engine, [Workload { stop_timeout: "1s".into(), ..workload }]);
    world.landing_ms = Some(300);
    world.ok(&["deploy", &id]);
    let held = world.volume(&id, "data").join("held");
    eventually("the container holds its file", || held.exists());
    let snapshot = world.snapshot(&id);
    let in_flight = InFlight::to(&held);
    let refused = world.restore(&id, &snapshot, &["--keep-previous"]);
    refused.expect(3).expect_said("still under way").expect_said("nothing was changed");
    assert_eq!(containers::running(engine, &id), 1, "the app is back");
    drop(in_flight);
    world.restore(&id, &snapshot, &["--keep-previous"]).expect(0);
}

#[test]
fn a_restore_waits_for_a_write_that_lands() {
    let mut it = Deployed::new();
    it.world.landing_ms = None;
    let in_flight = InFlight::to(&it.live.join("held"));
    let mut restore = it.world.start_pausing("await-writes", &["restore", "run", "app", &it.snapshot, "--yes"]);
    assert!(restore.reaches_its_pause(), "a stop ends with a look at what is in flight");
    restore.go_on();
    drop(in_flight);
    restore.wait().expect(0);
}

#[test]
fn a_snapshot_of_a_stopped_app_is_refused_while_a_write_is_in_flight_and_not_for_a_process_that_writes() {
    let it = Deployed::new();
    it.world.ok(&["stop", "app"]);
    let in_flight = InFlight::to(&it.live.join("other"));
    it.world.reforge(&["snapshot", "create", "app"]).expect(3).expect_said("still under way");
    drop(in_flight);
    it.world.snapshot("app");
    let script = format!("exec 9>>\"{}\"; echo; exec sleep 1000", it.live.join("other").display());
    let mut writer = Command::new("/bin/sh").args(["-c", &script]).stdout(Stdio::piped()).spawn().unwrap();
    BufReader::new(writer.stdout.take().unwrap()).read_line(&mut String::new()).unwrap();
    it.world.snapshot("app");
    writer.kill().unwrap();
    writer.wait().unwrap();
}
