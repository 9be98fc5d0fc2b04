//! The built-in runtime keeps every claim of a runtime, and survives what only it can meet: a supervisor that is killed.

#[macro_use]
mod runtime_claims;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use reforge_base::spec::{AppState, Health, HealthCheck};
use reforge_runtime::Runtime;
use reforge_runtime::process::ProcessRuntime;
use runtime_claims::{BRIEF, STEADY, World, eventually, is_alive, state};

/// A runtime whose state lies beside the world's volume. Nothing of it is left at the end of a test.
struct Processes {
    runtime: ProcessRuntime,
    directory: PathBuf,
}

impl Processes {
    fn new(world: &World) -> Processes {
        Self::within(world.root.path().join("state"))
    }

    fn within(state_dir: PathBuf) -> Processes {
        let command: Vec<OsString> = vec![env!("CARGO_BIN_EXE_reforge").into(), "supervise".into()];
        let directory = state_dir.join("process/notes");
        Processes { runtime: ProcessRuntime::new(state_dir, command), directory }
    }

    /// A process that state.json names.
    fn pid(&self, who: &str) -> i32 {
        let text = std::fs::read(self.directory.join("state.json")).expect("written");
        let state: serde_json::Value = serde_json::from_slice(&text).expect("json");
        i32::try_from(state[who]["pid"].as_i64().expect("a pid")).expect("fits")
    }

    fn kill(&self, who: &str) {
        let pid = self.pid(who);
        let known = rustix::process::Pid::from_raw(pid).expect("a pid");
        rustix::process::kill_process(known, rustix::process::Signal::KILL).expect("killed");
        eventually("ended", || !is_alive(&pid.to_string()));
    }
}

impl Drop for Processes {
    fn drop(&mut self) {
        self.runtime.stop("notes").expect("everything ends");
    }
}

macro_rules! claims {
    ($($claim:ident)*) => {$(
        #[test]
        fn $claim() {
            let world = World::new();
            let processes = Processes::new(&world);
            runtime_claims::$claim(&processes.runtime, &world);
        }
    )*};
}

every_claim!(claims);

#[test]
fn the_supervisor_and_the_app_have_left_the_command_that_started_them() {
    let world = World::new();
    let processes = Processes::new(&world);
    // An inherited descriptor without close-on-exec would keep a lock for ever.
    let leaked = std::fs::File::create(world.root.path().join("leaked")).expect("made");
    rustix::io::fcntl_setfd(&leaked, rustix::io::FdFlags::empty()).expect("inheritable");
    processes.runtime.create(&world.spec(STEADY)).expect("created");
    world.wait_for_mark("starts");
    let own = std::process::id().to_string();
    for who in ["supervisor", "main"] {
        let pid = processes.pid(who);
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).expect("alive");
        let fields: Vec<&str> = stat.rsplit(')').next().expect("fields").split_whitespace().collect();
        let (parent, group, session) = (fields[1], fields[2], fields[3]);
        assert_ne!(parent, own, "{who}");
        assert_eq!((group, session), (pid.to_string().as_str(), pid.to_string().as_str()), "{who}");
        let fds = std::fs::read_dir(format!("/proc/{pid}/fd")).expect("listed");
        let open = fds.filter_map(|fd| fd.expect("entry").path().read_link().ok()).collect::<Vec<_>>();
        assert!(!open.iter().any(|path| path.ends_with("leaked")), "{who}: {open:?}");
        if who == "main" {
            // What it says goes through a pipe: nobody's log can be filled past its bound.
            let is_pipe = |path: &Path| path.to_string_lossy().starts_with("pipe:");
            assert_eq!(open.len(), 3, "{open:?}");
            assert!(open.iter().all(|path| is_pipe(path) || path == Path::new("/dev/null")), "{open:?}");
        }
    }
}

#[test]
fn what_the_app_says_is_in_the_log() {
    let world = World::new();
    let processes = Processes::new(&world);
    processes.runtime.create(&world.spec("echo out; echo err >&2; exec sleep 60")).expect("created");
    let log = processes.directory.join("log");
    eventually("both lines", || std::fs::read(&log).expect("there") == b"out\nerr\n");
}

#[test]
fn what_an_app_says_after_its_supervisor_was_killed_is_in_the_log_too() {
    let world = World::new();
    let processes = Processes::new(&world);
    let script = "echo one; echo $$ > {volume:data}/pid; while [ ! -e {volume:data}/go ]; do sleep 0.02; done; \
                  for word in two three; do echo $word || echo lost > {volume:data}/lost; done; exec sleep 60";
    processes.runtime.create(&world.spec(script)).expect("created");
    let pid = world.wait_for_mark("pid");
    let log = processes.directory.join("log");
    eventually("the first line", || std::fs::read(&log).expect("there") == b"one\n");
    processes.kill("supervisor");
    std::fs::write(world.live.join("go"), "").expect("written");
    eventually("all lines", || std::fs::read(&log).expect("there") == b"one\ntwo\nthree\n");
    assert!(is_alive(&pid) && !world.live.join("lost").exists());
}

#[test]
fn the_user_of_an_app_may_open_its_output_again() {
    let world = World::new();
    let processes = Processes::new(&world);
    let mut spec = world.spec("echo again > /dev/stderr; echo more > /dev/stdout; exec sleep 60");
    spec.user = Some("nobody".to_owned());
    processes.runtime.create(&spec).expect("created");
    let log = processes.directory.join("log");
    eventually("both lines", || std::fs::read(&log).expect("there") == b"again\nmore\n");
}

#[test]
fn an_app_that_is_alive_is_running_whatever_could_be_written_down_about_it() {
    let world = World::new();
    let processes = Processes::new(&world);
    let runtime = &processes.runtime;
    let spec = world.spec("echo $$ > {volume:data}/pid; exec sleep 60");
    for written in [
        None,
        Some(
            "{\"hold\":false,\"phase\":\"stopped\",\"supervisor\":null,\"main\":null,\"starts\":0,\"ends\":0,\"short_ends\":0,\"last_end\":null,\"log_start_bytes\":0}",
        ),
    ] {
        runtime.create(&spec).expect("created");
        let pid = world.wait_for_mark("pid");
        processes.kill("supervisor");
        let file = processes.directory.join("state.json");
        std::fs::remove_file(&file).expect("there");
        if let Some(written) = written {
            std::fs::write(&file, written).expect("written");
        }
        assert_eq!(state(runtime), AppState::Running, "{written:?}");
        assert!(!runtime.is_down("notes").expect("told"));
        std::fs::remove_file(world.live.join("pid")).expect("there");
        runtime.create(&spec).expect("a new one in its place");
        world.wait_for_mark("pid");
        assert!(!is_alive(&pid), "two of it run");
        std::fs::remove_file(world.live.join("pid")).expect("there");
    }
}

#[test]
fn a_state_directory_with_a_path_longer_than_a_socket_address_works() {
    let world = World::new();
    let processes = Processes::within(world.root.path().join("x".repeat(200)));
    processes.runtime.create(&world.spec(STEADY)).expect("created");
    processes.runtime.hold("notes").expect("the supervisor answers");
    assert_eq!(state(&processes.runtime), AppState::Running);
}

#[test]
fn an_app_whose_supervisor_was_killed_is_running_and_can_be_held_and_stopped() {
    let world = World::new();
    let processes = Processes::new(&world);
    let runtime = &processes.runtime;
    let script =
        "trap 'echo term > {volume:data}/got; exit' TERM; echo $$ > {volume:data}/pid; while :; do sleep 0.02; done";
    runtime.create(&world.spec(script)).expect("created");
    let pid = world.wait_for_mark("pid");
    processes.kill("supervisor");
    assert_eq!(state(runtime), AppState::Running);
    assert!(!runtime.is_down("notes").expect("told"));
    let ran = runtime.observe("notes").expect("observed");
    runtime.bring_back(&ran).expect("nothing to do");
    assert!(is_alive(&pid));
    assert_eq!(runtime.await_healthy("notes", &|| false).expect("told").health, Health::Unknown);
    runtime.hold("notes").expect("held");
    runtime.stop("notes").expect("stopped");
    assert_eq!(world.mark("got"), "term", "asked before it was killed");
    assert!(!is_alive(&pid));
    assert_eq!(state(runtime), AppState::Stopped);
    runtime.create(&world.spec(BRIEF)).expect("created");
    eventually("not started again: the hold was kept", || state(runtime) == AppState::Stopped);
}

#[test]
fn what_is_left_when_supervisor_and_app_were_killed_is_not_down_and_is_ended() {
    let world = World::new();
    let processes = Processes::new(&world);
    let runtime = &processes.runtime;
    let script = "(setsid sh -c 'trap \"\" TERM; echo $$ > {volume:data}/child; while :; do sleep 0.02; done' &)
        while :; do sleep 0.02; done";
    let mut spec = world.spec(script);
    spec.stop_timeout = Duration::from_millis(100);
    runtime.create(&spec).expect("created");
    let child = world.wait_for_mark("child");
    processes.kill("supervisor");
    processes.kill("main");
    assert!(is_alive(&child));
    assert_eq!(state(runtime), AppState::Stopped);
    assert!(!runtime.is_down("notes").expect("told"));
    runtime.stop("notes").expect("stopped");
    assert!(!is_alive(&child));
    assert!(runtime.is_down("notes").expect("told"));
}

#[test]
fn a_new_app_ends_what_a_killed_supervisor_left() {
    let world = World::new();
    let processes = Processes::new(&world);
    let script = "echo $$ > {volume:data}/pid; while :; do sleep 0.02; done";
    processes.runtime.create(&world.spec(script)).expect("created");
    let pid = world.wait_for_mark("pid");
    processes.kill("supervisor");
    processes.runtime.create(&world.spec(STEADY)).expect("created");
    assert!(!is_alive(&pid));
    assert_eq!(state(&processes.runtime), AppState::Running);
}

#[test]
fn after_a_reboot_nothing_runs_whatever_the_state_says_and_the_hold_stands() {
    let world = World::new();
    let processes = Processes::new(&world);
    let runtime = &processes.runtime;
    runtime.create(&world.spec(STEADY)).expect("created");
    runtime.hold("notes").expect("held");
    let path = processes.directory.join("state.json");
    let before = std::fs::read_to_string(&path).expect("written");
    runtime.stop("notes").expect("stopped");
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").expect("readable");
    let own = std::process::id().to_string();
    // A pid of before the reboot that is somebody else's now.
    let main = processes_pid(&before, "main");
    let after = before.replace(boot.trim(), "11111111-0000-0000-0000-000000000000").replace(&main, &own);
    std::fs::write(&path, after).expect("written");
    assert_eq!(state(runtime), AppState::Stopped);
    assert!(runtime.is_down("notes").expect("told"));
    runtime.stop("notes").expect("nothing to do, and this test goes on");
    runtime.create(&world.spec(BRIEF)).expect("created");
    eventually("ended once", || state(runtime) == AppState::Stopped);
}

fn processes_pid(state: &str, who: &str) -> String {
    let state: serde_json::Value = serde_json::from_str(state).expect("json");
    state[who]["pid"].to_string()
}

#[test]
fn a_removed_workload_is_absent() {
    let world = World::new();
    let processes = Processes::new(&world);
    processes.runtime.create(&world.spec(STEADY)).expect("created");
    world.wait_for_mark("starts");
    processes.runtime.remove("notes").expect("removed");
    assert_eq!(state(&processes.runtime), AppState::Absent);
    assert!(!processes.directory.exists());
    assert_eq!(world.count("starts"), 1, "its volume is not touched");
}

#[test]
fn an_image_is_the_digest_of_the_command_s_file() {
    let world = World::new();
    let processes = Processes::new(&world);
    let program = world.root.path().join("program");
    let mut spec = world.spec("");
    spec.command = vec![program.to_str().expect("text").to_owned()];
    let failure = processes.runtime.resolve_image(&spec).expect_err("not there yet");
    assert_eq!(failure.code, reforge_base::Code::AppBad);
    std::fs::write(&program, b"one").expect("written");
    std::fs::set_permissions(&program, std::os::unix::fs::PermissionsExt::from_mode(0o755)).expect("executable");
    let expected = format!("blake3:{}", blake3::hash(b"one").to_hex());
    assert_eq!(processes.runtime.resolve_image(&spec).expect("digest"), expected);
}

#[test]
fn an_interrupt_at_the_terminal_reaches_neither_supervisor_nor_app() {
    let world = World::new();
    let processes = Processes::new(&world);
    let runtime = &processes.runtime;
    runtime.create(&world.spec(STEADY)).expect("created");
    world.wait_for_mark("starts");
    // What a terminal signals is a process group of its session; both have left ours.
    let own = rustix::process::getpgrp().as_raw_pid().to_string();
    for who in ["supervisor", "main"] {
        let group = Command::new("ps").args(["-o", "pgid=,tty=", "-p", &processes.pid(who).to_string()]).output();
        let text = String::from_utf8(group.expect("ps runs").stdout).expect("text");
        let fields: Vec<&str> = text.split_whitespace().collect();
        assert_ne!(fields[0], own, "{who}");
        assert_eq!(fields[1], "?", "{who} has no terminal");
    }
}

#[test]
fn postgresql_runs_as_its_user_and_ends_cleanly_on_sigint() {
    let world = World::new();
    let processes = Processes::new(&world);
    let runtime = &processes.runtime;
    let data = world.live.join("pg");
    let run = |command: &mut Command| {
        let done = command.output().expect("runs");
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8(done.stdout).expect("text")
    };
    let as_postgres = |words: &[&str]| {
        let mut command = Command::new("runuser");
        command.args(["-u", "postgres", "--"]).args(words).current_dir("/");
        command
    };
    let path = data.to_str().expect("text");
    run(&mut as_postgres(&["initdb", "--no-sync", "-A", "trust", "-D", path]));
    let mut spec = world.spec("");
    spec.command =
        ["postgres", "-D", "{volume:data}/pg", "-k", "{volume:data}/pg", "-h", ""].map(str::to_owned).to_vec();
    spec.user = Some("postgres".to_owned());
    spec.stop_signal = "SIGINT".to_owned();
    spec.stop_timeout = Duration::from_secs(20);
    let ready = ["pg_isready", "-h", "{volume:data}/pg"].map(str::to_owned).to_vec();
    let (interval, limit) = (Duration::from_millis(100), Duration::from_secs(30));
    spec.health = Some(HealthCheck { member: None, command: ready, interval, limit });
    runtime.create(&spec).expect("created");
    let report = runtime.await_healthy("notes", &|| false).expect("told");
    assert_eq!(report.health, Health::Healthy, "{}", report.reason);
    // A session that stays open: each backend is in a session of its own, and fast shutdown ends it.
    let mut client = as_postgres(&["psql", "-h", path, "-d", "postgres", "-c", "select pg_sleep(60)"]);
    let mut client = client.stderr(std::process::Stdio::null()).spawn().expect("starts");
    let active = "select count(*) from pg_stat_activity where query like 'select pg_sleep%'";
    let is_active = || run(&mut as_postgres(&["psql", "-h", path, "-d", "postgres", "-tAc", active])).trim() == "1";
    eventually("the session", is_active);
    runtime.stop("notes").expect("stopped");
    assert!(!client.wait().expect("ended").success());
    assert!(!data.join("postmaster.pid").exists(), "a clean shutdown removes it");
    let log = std::fs::read_to_string(processes.directory.join("log")).expect("written");
    assert!(log.contains("received fast shutdown request") && log.contains("database system is shut down"), "{log}");
}
